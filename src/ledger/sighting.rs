//! What it changes that the gateway showed payments under an order. No SQL, as in `rules.rs`.

use jiff::Timestamp;

use crate::domain::movement::Cancellation;
use crate::domain::payment::{GatewayRecord, Outcome, Payment};
use crate::domain::reason::Reason;
use crate::domain::record::Record;
use crate::ledger::rules::whole_ms;

/// What is to be written because of what was seen.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Sighting {
    /// Which of the order's records are new or other than before, by their places.
    pub records: Vec<usize>,
    /// Whether the row itself is another than before.
    pub moved: bool,
    /// Refunds that nobody here knew of: lines of the history.
    pub refunds: Vec<Refund>,
    /// What of a payment went back, an entry each, where all of it can be read; by imp_uid.
    pub histories: Vec<(String, Vec<Cancellation>)>,
}

/// More of a payment is refunded than was known.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Refund {
    pub imp_uid: String,
    pub reason: Reason,
}

/// Takes what was shown into an order's records. Of the payment that a paid order stands for, its row follows
/// what is shown of refunds and channel.
pub(super) fn see<'a>(
    payment: &mut Payment,
    shown: impl IntoIterator<Item = &'a GatewayRecord>,
    at: Timestamp,
) -> Sighting {
    let mut sighting = Sighting::default();
    let known = shown.into_iter().filter_map(|shown| Some((shown, Record::of(shown, whole_ms(at))?)));
    for (shown, record) in known {
        let place = payment.records.iter().position(|known| known.imp_uid == record.imp_uid);
        let refunded_before = place.and_then(|place| payment.records.get(place)?.cancelled);
        let (place, record) = match place.and_then(|place| Some((place, payment.records.get_mut(place)?))) {
            Some((place, known)) => {
                *known = known.seen_again(record);
                (place, known.clone())
            }
            None => {
                payment.records.push(record.clone());
                (payment.records.len() - 1, record)
            }
        };
        if !sighting.records.contains(&place) {
            sighting.records.push(place);
        }
        let more =
            record.cancelled.filter(|now| now.minor() > refunded_before.map_or(0, |known| known.minor()));
        if let Some(refunded) = more {
            let (imp_uid, refunded) = (record.imp_uid.clone(), refunded.to_string());
            let reason = Reason::RefundSeen { imp_uid: imp_uid.clone(), refunded };
            sighting.refunds.push(Refund { imp_uid, reason });
        }
        // One of which nothing went back has no history to keep.
        let was_touched = refunded_before.is_some_and(|refunded| refunded.minor() > 0);
        if let Some(history) = history(shown, &record).filter(|history| was_touched || !history.is_empty()) {
            sighting.histories.push((record.imp_uid.clone(), history));
        }
        sighting.moved |= follow(payment, &record);
    }
    sighting
}

/// The refunds that a record lists; `None` where it has no list, or an entry of it cannot be read.
fn history(shown: &GatewayRecord, record: &Record) -> Option<Vec<Cancellation>> {
    let currency = record.amount.or(record.cancelled)?.currency();
    let entries = shown.cancel_history.as_ref()?.iter().map(|entry| {
        Some(Cancellation {
            amount: entry.amount_in(currency)?,
            at: entry.at_s.and_then(|at_s| Timestamp::from_second(at_s).ok()),
            reason: entry.reason.clone(),
            cancellation_id: entry.cancellation_id.clone(),
            receipt_url: entry.receipt_url.clone(),
        })
    });
    entries.collect()
}

/// The row of a paid order follows the payment that it stands for; whether that changes it.
fn follow(payment: &mut Payment, record: &Record) -> bool {
    if payment.outcome != Outcome::Paid || !payment.is_own(record) {
        return false;
    }
    let before = (payment.status.clone(), payment.cancel_amount, payment.cancelled_at, payment.sandbox);
    let currency = payment.terms.amount.currency();
    // Told in another currency it is in the record alone.
    let cancelled = record.cancelled.filter(|amount| amount.currency() == currency);
    payment.status = record.status.clone().or_else(|| payment.status.take());
    payment.take_cancelled(cancelled.or(payment.cancel_amount));
    payment.cancelled_at = record.cancelled_at.or(payment.cancelled_at);
    payment.sandbox = record.sandbox.or(payment.sandbox);
    before != (payment.status.clone(), payment.cancel_amount, payment.cancelled_at, payment.sandbox)
}
