//! What a row becomes: a row and what was heard, in; the row from then on and what to append, out. No SQL, so
//! that every engine obeys the same rules, and tables test them.

use jiff::Timestamp;

use crate::domain::answer::Settled;
use crate::domain::beside;
use crate::domain::charge::ChargeRequest;
use crate::domain::declines::in_doubt_by_words;
use crate::domain::ids::RefundId;
use crate::domain::lookup::{LookedUp, Open, leaves_doubt};
use crate::domain::money::Currency;
use crate::domain::payment::{
    EventKind, GatewayRecord, Noted, Outcome, Payment, Received, RefundOutcome, Terms,
};
use crate::domain::protocol::may_be_noted;
use crate::domain::reason::Reason;

use crate::domain::time::{SendMark, from_epoch_s};
use crate::ledger::imported::Imported;
use crate::ledger::intent::{DailyLimit, Intent, Passed};
use crate::ledger::seen::Seen;

pub(super) mod outside;
pub(super) mod refund;

/// What a row becomes.
#[derive(Debug)]
pub(super) struct Change<'a> {
    pub payment: Payment,
    /// Whether the row itself is another than before.
    pub moved: bool,
    /// What is appended to its history, oldest first.
    pub happened: Vec<Happened<'a>>,
    /// The entry was made for a row that is not there any more.
    pub lost: bool,
}

/// One more line of a payment's history.
#[derive(Debug)]
pub(super) struct Happened<'a> {
    pub kind: EventKind,
    pub at: Timestamp,
    pub attempt: u32,
    /// Of the payment from then on; of an attempt that was overtaken, its own.
    pub outcome: Outcome,
    pub operator: Option<&'a str>,
    pub host: Option<&'a str>,
    pub reason: Option<&'a Reason>,
    /// The gateway's id of what the payment is from then on: an imp_uid that a payment has is found by its
    /// history. Where there is none, the answer's own.
    pub imp_uid: Option<&'a str>,
    pub received: Option<&'a Received>,
    /// The refund that it is of.
    pub refund: Option<(&'a RefundId, RefundOutcome)>,
}

impl<'a> Happened<'a> {
    /// Of a payment as it is from then on.
    pub(super) fn to(payment: &Payment, kind: EventKind, at: Timestamp) -> Happened<'a> {
        Happened {
            kind,
            at,
            attempt: payment.attempts,
            outcome: payment.outcome,
            operator: None,
            host: None,
            reason: None,
            imp_uid: None,
            received: None,
            refund: None,
        }
    }
}

/// Whether the row is what the intent's caller saw and decided on.
pub(super) fn is_as_expected(payment: &Payment, intent: &Intent) -> bool {
    intent.expected.as_ref() == Some(&Seen::of(payment))
        && payment.outcome != Outcome::Paid
        && !payment.is_noted_charged()
        && same_terms(payment, &intent.request.terms)
}

/// Whether the row is for the same customer, amount and currency as asked for now.
pub(super) fn same_terms(payment: &Payment, asked: &Terms) -> bool {
    payment.terms.customer_uid == asked.customer_uid && payment.terms.amount == asked.amount
}

/// A row that was never sent, with the terms that are asked for now, and what its history says of that. The
/// time when it was first asked for stays.
pub(super) fn with_terms(payment: Payment, intent: &Intent) -> (Payment, Reason) {
    let before = &payment.terms;
    let customer_uid = before.customer_uid.to_string();
    let reason = Reason::NewTerms { customer_uid, amount: before.amount.to_string() };
    let terms = Terms { merchant_uid: before.merchant_uid.clone(), ..intent.request.terms.clone() };
    (Payment { terms, name: intent.request.name.clone(), ..payment }, reason)
}

/// A row as it is asked for, before anything was sent.
pub(super) fn never_begun(intent: &Intent, reason: Option<&Reason>) -> Payment {
    let unsent = intent.request.unsent(whole_ms(intent.at), intent.note.clone(), intent.operator.clone());
    Payment { reason: reason.cloned(), host: intent.host.clone(), once_per: intent.once_per, ..unsent }
}

/// The first attempt at a payment that nobody has asked for before.
pub(super) fn first_attempt(intent: &Intent) -> Payment {
    Payment {
        outcome: Outcome::Pending,
        attempts: 1,
        unanswered: 1,
        last_send: Some(as_kept(&intent.mark)),
        account: Some(intent.account.clone()),
        ..never_begun(intent, None)
    }
}

/// A further attempt: the row keeps what the gateway said of the earlier one until it is settled, to go back
/// to. One that was answered in doubt is counted from then on, because the answer to this one speaks for this one
/// alone (contract, rule 10). `None` where attempts cannot be counted any more.
pub(super) fn next_attempt(payment: Payment, intent: &Intent) -> Option<Payment> {
    let request = &intent.request;
    let doubts = if payment.doubt_ended_at.is_some() { 0 } else { payment.doubts };
    let doubts = doubts.saturating_add(u32::from(in_doubt_by_words(&payment)));
    let terms = Terms { mode: request.terms.mode, ..payment.terms };
    Some(Payment {
        terms,
        once_per: payment.once_per || intent.once_per,
        outcome: Outcome::Pending,
        outcome_before: Some(payment.outcome),
        name: request.name.clone(),
        attempts: payment.attempts.checked_add(1)?,
        unanswered: payment.unanswered.checked_add(1)?,
        doubts,
        last_send: Some(as_kept(&intent.mark)),
        account: Some(intent.account.clone()),
        buyer_name: request.buyer_name.clone(),
        buyer_email: request.buyer_email.clone(),
        buyer_tel: request.buyer_tel.clone(),
        noted: None,
        note: intent.note.clone().or(payment.note),
        operator: intent.operator.clone(),
        host: intent.host.clone(),
        tax: Some(request.tax()),
        ..payment
    })
}

/// The second send of an attempt. `None` unless the attempt is the one that is pending: another one has begun
/// since, or somebody has settled it, and this one must not be sent.
pub(super) fn resent<'a>(
    mut payment: Payment,
    attempt: u32,
    at: Timestamp,
    mark: &SendMark,
    refused: &'a Received,
) -> Option<Change<'a>> {
    if (payment.outcome, payment.attempts) != (Outcome::Pending, attempt) {
        return None;
    }
    payment.last_send = Some(as_kept(mark));
    let answer = Happened { received: Some(refused), ..Happened::to(&payment, EventKind::Answer, at) };
    let resend = Happened::to(&payment, EventKind::Resend, at);
    Some(Change { payment, moved: true, happened: vec![answer, resend], lost: false })
}

/// A refusal that is about to be looked up changes nothing yet.
pub(super) fn refused(payment: Payment, attempt: u32, at: Timestamp, received: &Received) -> Change<'_> {
    let mut happened = Happened { received: Some(received), ..Happened::to(&payment, EventKind::Answer, at) };
    happened.attempt = attempt;
    Change { payment, moved: false, happened: vec![happened], lost: false }
}

/// The answer to an attempt. One that a later attempt has overtaken counts as an answer, and moves the row to
/// paid alone: what it says of itself it does not say of the request that left after it.
pub(super) fn answered<'a>(
    mut payment: Payment,
    attempt: u32,
    at: Timestamp,
    settled: &'a Settled,
    received: &'a Received,
) -> Change<'a> {
    let late = attempt < payment.attempts;
    let before = (payment.outcome, payment.unanswered, payment.doubts);
    match settled {
        Settled::Paid(_) | Settled::Declined(_) => payment.unanswered = one_less(&payment, late),
        Settled::Unknown(_) => {}
    }
    let takes = match settled {
        Settled::Paid(record) => !is_another(&payment, record),
        Settled::Declined(_) | Settled::Unknown(_) => !late && payment.outcome != Outcome::Paid,
    };
    if takes {
        settle(&mut payment, settled.outcome(), settled.record());
        payment.code = received.code.filter(|code| *code != 0);
        match settled {
            Settled::Unknown(reason) => payment.reason = Some(reason.clone()),
            Settled::Declined(_) => payment.message.clone_from(&received.message),
            Settled::Paid(_) => {}
        }
    } else if settled.record().is_some_and(leaves_doubt) {
        payment.doubts = payment.doubts.saturating_add(1);
    }
    let happened = Happened {
        attempt,
        outcome: if late { settled.outcome() } else { payment.outcome },
        reason: match settled {
            Settled::Unknown(reason) => Some(reason),
            Settled::Paid(_) | Settled::Declined(_) => None,
        },
        imp_uid: settled.record().and_then(|record| record.imp_uid.as_deref()),
        received: Some(received),
        ..Happened::to(&payment, EventKind::Answer, at)
    };
    let moved = takes || before != (payment.outcome, payment.unanswered, payment.doubts);
    Change { payment, moved, happened: vec![happened], lost: false }
}

/// An attempt that certainly never reached the gateway: the row is again what it was before it, or not sent
/// where it was the first. A row that is not pending any more stays as it is.
pub(super) fn not_sent<'a>(
    mut payment: Payment,
    attempt: u32,
    at: Timestamp,
    reason: &'a Reason,
    received: &'a Received,
) -> Change<'a> {
    let late = attempt < payment.attempts;
    let before = payment.unanswered;
    let taken_back = !late && payment.outcome == Outcome::Pending;
    if taken_back {
        payment.outcome = payment.outcome_before.take().unwrap_or(Outcome::NotSent);
        if payment.outcome == Outcome::NotSent {
            payment.code = None;
            payment.message = None;
            payment.reason = Some(reason.clone());
        }
    }
    if taken_back || late {
        payment.unanswered = one_less(&payment, late);
    }
    // Its own words say it again.
    if taken_back {
        payment.doubts = payment.doubts.saturating_sub(u32::from(in_doubt_by_words(&payment)));
    }
    let happened = Happened {
        attempt,
        outcome: if late { Outcome::NotSent } else { payment.outcome },
        reason: Some(reason),
        received: Some(received),
        ..Happened::to(&payment, EventKind::NotSent, at)
    };
    let moved = taken_back || before != payment.unanswered;
    Change { payment, moved, happened: vec![happened], lost: false }
}

/// What the gateway knows of the payment. It was judged by the row as `seen`: where that has moved since, a
/// decline or an absence may be of another attempt than it seems, and only money that was taken is believed.
/// `refusal_code` is the code of the newest answer to the row's attempt: the row's code is that of the
/// refusal that was looked up, not of the look-up.
pub(super) fn looked_up<'a>(
    mut payment: Payment,
    seen: &Seen,
    at: Timestamp,
    looked_up: &'a LookedUp,
    received: &'a Received,
    refusal_code: Option<i64>,
) -> Change<'a> {
    let as_seen = *seen == Seen::of(&payment);
    let open = as_seen && payment.outcome != Outcome::Paid;
    let mut happened = Vec::new();
    let mut tell = |payment: &Payment, record: Option<&'a GatewayRecord>, reason: Option<&'a Reason>| {
        let imp_uid = record.and_then(|record| record.imp_uid.as_deref());
        let line = Happened::to(payment, EventKind::Lookup, at);
        happened.push(Happened { reason, imp_uid, received: Some(received), ..line });
    };
    let moved = match looked_up {
        LookedUp::Paid(record) => {
            let (another, unanswered) = (is_another(&payment, record), payment.unanswered);
            if as_seen {
                payment.unanswered = 0;
            }
            if !another {
                take_paid(&mut payment, record);
            }
            tell(&payment, Some(record), None);
            !another || unanswered != payment.unanswered
        }
        LookedUp::Declined(declines) if open => {
            Open { unanswered: payment.unanswered, doubts: payment.doubts } = declines.leave_open(&payment);
            for record in declines.earlier.iter().chain([&*declines.last]) {
                settle(&mut payment, Outcome::Declined, Some(record));
                payment.message.clone_from(&record.fail_reason);
                payment.code = None;
                tell(&payment, Some(record), None);
            }
            true
        }
        LookedUp::Rejected(words) if open => {
            payment.unanswered = payment.unanswered.saturating_sub(1);
            settle(&mut payment, Outcome::Rejected, None);
            payment.message.clone_from(words);
            payment.code = refusal_code;
            tell(&payment, None, None);
            true
        }
        LookedUp::Unknown(reason) if open => {
            if payment.outcome != Outcome::Unknown {
                settle(&mut payment, Outcome::Unknown, None);
                payment.code = refusal_code;
            }
            payment.reason = Some(reason.clone());
            tell(&payment, None, Some(reason));
            true
        }
        // Only after the whole wait; the requests stay unanswered.
        LookedUp::NotSent(reason) if open && payment.outcome.may_have_charged() => {
            settle(&mut payment, Outcome::NotSent, None);
            payment.reason = Some(reason.clone());
            payment.code = None;
            tell(&payment, None, Some(reason));
            true
        }
        LookedUp::DoubtEnds if as_seen && !payment.outcome.is_open() => {
            payment.doubt_ended_at = Some(whole_ms(at));
            tell(&payment, None, Some(&Reason::NoMoneyShown));
            true
        }
        LookedUp::Unknown(reason) | LookedUp::NotSent(reason) => {
            tell(&payment, None, Some(reason));
            false
        }
        LookedUp::DoubtEnds | LookedUp::Declined(_) | LookedUp::Rejected(_) | LookedUp::Nothing => {
            tell(&payment, None, None);
            false
        }
    };
    let lost = !as_seen && !matches!(looked_up, LookedUp::Paid(_) | LookedUp::DoubtEnds | LookedUp::Nothing);
    Change { payment, moved, happened, lost }
}

/// A payment of which a person has noted what became of it; the payment as it is where the note is not about it, or
/// where nothing is open. One that was charged is never sent again, and is unknown to the gateway until that shows
/// it; one that was not has nothing left to wait for, and is asked about before it is sent.
pub(super) fn noted(payment: Payment, seen: &Seen, noted: &Noted) -> Result<Payment, Box<Payment>> {
    if *seen != Seen::of(&payment) || !may_be_noted(&payment) {
        return Err(Box::new(payment));
    }
    let note = Some(Noted { at: whole_ms(noted.at), ..noted.clone() });
    let outcome = match (noted.charged, payment.outcome) {
        (true, _) => Outcome::Unknown,
        (false, Outcome::Unknown | Outcome::Pending) => Outcome::NotSent,
        (false, declined_or_rejected) => declined_or_rejected,
    };
    if outcome == payment.outcome && !outcome.is_open() {
        return Ok(Payment { noted: note, ..payment });
    }
    Ok(Payment { outcome, outcome_before: None, reason: Some(noted.reason()), noted: note, ..payment })
}

/// A row of a payment that was made elsewhere, before its record is taken over: nothing of it was sent from here.
pub(super) fn imported_row(imported: &Imported) -> Payment {
    let Imported { terms, record, requested_at, .. } = imported;
    let mut request = ChargeRequest::new(terms.clone(), record.name.clone().unwrap_or_default());
    request.buyer_name.clone_from(&record.buyer_name);
    Payment { tax: None, ..request.unsent(whole_ms(*requested_at), None, None) }
}

/// What the gateway's record makes of a row that was imported just now, or before. A decline beside money says
/// nothing new, and neither does what is known. Money that is not what the row is for is drift, and not the row's.
pub(super) fn imported(mut payment: Payment, imported: &Imported) -> Change<'_> {
    let record = &*imported.record;
    let paid = matches!(record.status.as_deref(), Some("paid" | "cancelled" | "canceled"));
    let is_new = payment.outcome == Outcome::NotSent;
    let turned = paid && payment.outcome == Outcome::Declined;
    if payment.attempts > 0 || !same_terms(&payment, &imported.terms) || !(is_new || turned) {
        return Change { payment, moved: false, happened: Vec::new(), lost: true };
    }
    settle(&mut payment, if paid { Outcome::Paid } else { Outcome::Declined }, Some(record));
    if !paid {
        payment.message.clone_from(&record.fail_reason);
    }
    let happened = Happened {
        operator: imported.operator.as_deref(),
        imp_uid: record.imp_uid.as_deref(),
        ..Happened::to(&payment, EventKind::Imported, imported.at)
    };
    Change { payment, moved: true, happened: vec![happened], lost: false }
}

/// Whether a payment counts for a day's limit: it is paid or may be, and was asked for or last sent on that
/// day, in the limit's currency.
pub(super) fn counts(payment: &Payment, day: &DailyLimit) -> bool {
    let on_the_day =
        |at: Timestamp| (day.from.as_millisecond()..day.to.as_millisecond()).contains(&at.as_millisecond());
    payment.outcome.may_have_charged()
        && payment.terms.amount.currency() == day.max.currency()
        && (on_the_day(payment.requested_at)
            || payment.last_send.as_ref().is_some_and(|mark| on_the_day(mark.wall)))
}

/// Whether a payment is like the one that is asked for: the same customer's, of the same amount, under
/// another merchant_uid, paid, and asked for or last sent at or after `since`. A retry counts by its last send
/// too: that is when the card is charged. Two orders of periods are two periods or plans, and never alike. One
/// that is open is no matter of minutes: see [`stands_open`].
pub(super) fn is_similar(payment: &Payment, asked: &Terms, once_per: bool, since: Timestamp) -> bool {
    let recent = |at: Timestamp| at.as_millisecond() >= since.as_millisecond();
    (payment.outcome == Outcome::Paid || payment.is_noted_charged())
        && !(once_per && payment.once_per)
        && payment.terms.customer_uid == asked.customer_uid
        && payment.terms.merchant_uid != asked.merchant_uid
        && payment.terms.amount == asked.amount
        && (recent(payment.requested_at) || payment.last_send.as_ref().is_some_and(|mark| recent(mark.wall)))
}

/// Whether a payment of the same customer and amount, under another merchant_uid, has to be cleared up before
/// the one that is asked for goes out (contract, rule 12). `passed` are those that were, and how they stood.
pub(super) fn stands_open(payment: &Payment, asked: &Terms, passed: &[Passed]) -> bool {
    payment.terms.customer_uid == asked.customer_uid
        && payment.terms.amount == asked.amount
        && payment.terms.merchant_uid != asked.merchant_uid
        && beside::is_open(payment)
        && !passed
            .iter()
            .any(|other| other.uid == payment.terms.merchant_uid && other.seen == Seen::of(payment))
}

/// One request of a payment is answered. While the newest attempt is open, one request at least is not.
fn one_less(payment: &Payment, late: bool) -> u32 {
    let newest_is_open = late && matches!(payment.outcome, Outcome::Pending | Outcome::Unknown);
    payment.unanswered.saturating_sub(1).max(u32::from(newest_is_open && payment.unanswered > 0))
}

/// The outcome, and the gateway's record of it and nothing of an earlier attempt's.
fn settle(payment: &mut Payment, outcome: Outcome, record: Option<&GatewayRecord>) {
    payment.outcome = outcome;
    payment.outcome_before = None;
    payment.message = None;
    payment.reason = None;
    payment.doubt_ended_at = None;
    payment.noted = None;
    take_over(payment, record.unwrap_or(&GatewayRecord::default()));
}

/// Whether a paid order stands for another payment than this one, which is money beside it: who came first stays,
/// and both are in the order's records (contract, rule 11).
fn is_another(payment: &Payment, record: &GatewayRecord) -> bool {
    payment.outcome == Outcome::Paid
        && payment.imp_uid.is_some()
        && record.imp_uid.is_some()
        && payment.imp_uid != record.imp_uid
}

/// Money that the gateway shows. Of a payment that is paid already only what is shown may have changed: it was
/// refunded since.
fn take_paid(payment: &mut Payment, record: &GatewayRecord) {
    if payment.outcome == Outcome::Paid {
        take_over(payment, record);
    } else {
        settle(payment, Outcome::Paid, Some(record));
        payment.code = None;
    }
}

fn take_over(payment: &mut Payment, record: &GatewayRecord) {
    let currency: Currency = payment.terms.amount.currency();
    payment.imp_uid.clone_from(&record.imp_uid);
    payment.sandbox = record.sandbox;
    payment.status.clone_from(&record.status);
    // Told in another currency it is in the history alone.
    payment.take_cancelled(record.cancelled_in(currency));
    payment.apply_num.clone_from(&record.apply_num);
    payment.card_name.clone_from(&record.card_name);
    payment.card_number.clone_from(&record.card_number);
    payment.pg_provider.clone_from(&record.pg_provider);
    payment.pg_tid.clone_from(&record.pg_tid);
    payment.receipt_url.clone_from(&record.receipt_url);
    payment.paid_at = record.paid_at_s.and_then(from_epoch_s);
    payment.cancelled_at = record.cancelled_at_s.and_then(from_epoch_s);
    payment.sandbox = record.sandbox;
}

/// A time as the ledger keeps it.
pub(super) fn whole_ms(at: Timestamp) -> Timestamp {
    Timestamp::from_millisecond(at.as_millisecond()).unwrap_or(at)
}

/// A mark as the row keeps it.
pub(super) fn as_kept(mark: &SendMark) -> SendMark {
    SendMark { wall: whole_ms(mark.wall), ..mark.clone() }
}

#[cfg(test)]
mod tests;
