//! What is left for a person when a run is over: in what ledger and gateway did not agree, and what the gateway is
//! going to charge by itself. The ledger keeps it, and `attention` tells it without a network.

use jiff::Timestamp;
use ring::digest;

use crate::domain::drift::DriftKind;
use crate::domain::payment::{GatewayRecord, Outcome, Payment};
use crate::domain::record::Signed;
use crate::domain::words::hex;

/// Letters of a hash that an id has: enough for a whole account's differences, and few enough to be read out.
const ID_LETTERS: usize = 12;

/// One disagreement of ledger and gateway, as it was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    pub kind: DriftKind,
    pub merchant_uid: Option<String>,
    pub imp_uid: Option<String>,
    pub customer_uid: Option<String>,
    /// As the gateway wrote them, where it shows a payment.
    pub amount: Option<String>,
    pub currency: Option<String>,
    pub cancel_amount: Option<String>,
    /// The gateway's word.
    pub status: Option<String>,
    /// The ledger's; `None` where it has no such order.
    pub outcome: Option<Outcome>,
    /// What the ledger has as refunded, in digits.
    pub refunded_here: Option<String>,
    /// As a sentence, for people alone.
    pub why: String,
    /// The earliest and the latest time of what it is about, epoch seconds: whoever reads all of that time finds it
    /// again, if it is still there.
    pub times: Option<(i64, i64)>,
}

impl Found {
    /// A row and a record that do not agree, or one of them alone.
    #[must_use]
    pub fn of(kind: DriftKind, row: Option<&Payment>, record: Option<&GatewayRecord>, why: String) -> Found {
        let shown =
            |get: fn(&GatewayRecord) -> &Option<String>| record.and_then(|record| get(record).clone());
        let row_uid = row.map(|row| row.terms.merchant_uid.to_string());
        let row_customer = row.map(|row| row.terms.customer_uid.to_string());
        Found {
            kind,
            merchant_uid: row_uid.or_else(|| shown(|record| &record.merchant_uid)),
            imp_uid: shown(|record| &record.imp_uid),
            customer_uid: shown(|record| &record.customer_uid).or(row_customer),
            amount: shown(|record| &record.amount_text),
            currency: shown(|record| &record.currency_text),
            cancel_amount: shown(|record| &record.cancel_amount_text),
            status: shown(|record| &record.status),
            outcome: row.map(|row| row.outcome),
            refunded_here: row.and_then(|row| row.cancel_amount).map(|back| back.to_digits()),
            why,
            times: record.and_then(times_of_record).or_else(|| row.map(times_of_row)),
        }
    }

    /// A part of the gateway's list that could not be read, from a second on.
    #[must_use]
    pub fn unread(from_s: i64, to_s: i64, why: String) -> Found {
        Found { times: Some((from_s, to_s)), ..Found::of(DriftKind::Unconfirmed, None, None, why) }
    }

    /// By which a person answers for it. It is made of what both sides show: more refunded than before is another
    /// difference, and an answer for the one does not cover the other.
    #[must_use]
    pub fn id(&self) -> String {
        // What was not read has no name but where it begins: its end is the moment of the run.
        let begin =
            if self.kind == DriftKind::Unconfirmed { self.times.map(|(from_s, _)| from_s) } else { None };
        let begin = begin.map(|from_s| from_s.to_string());
        let outcome = self.outcome.map(|outcome| outcome.word().to_owned());
        let parts = [
            &self.merchant_uid,
            &self.imp_uid,
            &self.customer_uid,
            &self.amount,
            &self.currency,
            &self.cancel_amount,
            &self.status,
            &outcome,
            &self.refunded_here,
            &begin,
        ];
        named("drift", self.kind.word(), &parts)
    }
}

/// A charge that the gateway is going to make by itself (facts 16).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Schedule {
    pub merchant_uid: String,
    pub customer_uid: Option<String>,
    pub at: Timestamp,
    /// As the gateway wrote it.
    pub amount: Option<String>,
    pub currency: Option<String>,
    pub name: Option<String>,
}

impl Schedule {
    /// By which a person answers for it: at another time, or of another amount, it is another one.
    #[must_use]
    pub fn id(&self) -> String {
        let at = Some(self.at.as_second().to_string());
        let parts = [&self.customer_uid, &at, &self.amount, &self.currency];
        named("schedule", &self.merchant_uid, &parts)
    }
}

/// What the ledger keeps of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept<T> {
    pub what: T,
    pub id: String,
    pub first_seen: Timestamp,
    /// Who has answered for it.
    pub signed: Option<Signed>,
}

/// `drift_3f9a…`: one word for a double click, the same for the same parts in every ledger.
fn named(noun: &str, first: &str, parts: &[&Option<String>]) -> String {
    let mut hash = digest::Context::new(&digest::SHA256);
    let first = Some(first.to_owned());
    for part in [&first].into_iter().chain(parts.iter().copied()) {
        // The length goes first, so that no two lists of parts are the same bytes.
        let text = part.as_deref().map_or_else(|| "-:".to_owned(), |text| format!("{}:{text}", text.len()));
        hash.update(text.as_bytes());
    }
    let digits = hex(hash.finish().as_ref());
    format!("{noun}_{}", digits.get(..ID_LETTERS).unwrap_or(&digits))
}

fn times_of_record(record: &GatewayRecord) -> Option<(i64, i64)> {
    let times = [record.started_at_s, record.paid_at_s, record.failed_at_s, record.cancelled_at_s];
    let known = || times.iter().copied().flatten().filter(|second| *second > 0);
    known().min().zip(known().max())
}

fn times_of_row(row: &Payment) -> (i64, i64) {
    let begun = row.requested_at.as_second();
    (begun, row.paid_at.map_or(begun, Timestamp::as_second).max(begun))
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::{Found, Schedule};
    use crate::domain::drift::DriftKind;
    use crate::domain::payment::GatewayRecord;

    fn record() -> GatewayRecord {
        GatewayRecord {
            imp_uid: Some("imp_1".into()),
            merchant_uid: Some("order_1".into()),
            amount_text: Some("8900".into()),
            status: Some("paid".into()),
            started_at_s: Some(90),
            paid_at_s: Some(100),
            cancelled_at_s: Some(0),
            ..GatewayRecord::default()
        }
    }

    fn found(record: &GatewayRecord) -> Found {
        Found::of(DriftKind::RefundDiffers, None, Some(record), "it differs".into())
    }

    #[test]
    fn the_same_difference_has_the_same_id_whatever_is_said_of_it() {
        let first = found(&record());
        let again = Found { why: "in other words".into(), ..first.clone() };
        assert_eq!(first.id(), again.id());
        assert!(first.id().starts_with("drift_") && first.id().len() == 18, "{}", first.id());
    }

    #[test]
    fn an_answer_for_one_difference_covers_no_other_one() {
        let first = found(&record());
        let more = GatewayRecord { cancel_amount_text: Some("1000".into()), ..record() };
        let status = GatewayRecord { status: Some("cancelled".into()), ..record() };
        let kind = Found { kind: DriftKind::StatusDiffers, ..first.clone() };
        let here = Found { refunded_here: Some("1000".into()), ..first.clone() };
        for other in [found(&more), found(&status), kind, here] {
            assert_ne!(first.id(), other.id(), "{other:?}");
        }
    }

    #[test]
    fn what_was_not_read_is_the_same_however_late_it_is() {
        let unread = |from_s, to_s| Found::unread(from_s, to_s, String::new()).id();
        assert_eq!(unread(100, 200), unread(100, 300));
        assert_ne!(unread(100, 200), unread(101, 200));
    }

    #[test]
    fn a_zero_is_no_time() {
        assert_eq!(found(&record()).times, Some((90, 100)));
    }

    #[test]
    fn a_schedule_that_was_moved_or_made_dearer_is_another_one() {
        let schedule = Schedule {
            merchant_uid: "order_1".into(),
            customer_uid: Some("gildong".into()),
            at: Timestamp::from_second(100).unwrap(),
            amount: Some("8900".into()),
            currency: None,
            name: Some("plan".into()),
        };
        let moved = Schedule { at: Timestamp::from_second(101).unwrap(), ..schedule.clone() };
        let dearer = Schedule { amount: Some("9900".into()), ..schedule.clone() };
        let renamed = Schedule { name: None, ..schedule.clone() };
        assert_ne!(schedule.id(), moved.id());
        assert_ne!(schedule.id(), dearer.id());
        assert_eq!(schedule.id(), renamed.id());
    }
}
