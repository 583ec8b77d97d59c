//! Writing the charge protocol down. Each function is one transaction.

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension};

use crate::domain::ids::MerchantUid;
use crate::domain::money::Amount;
use crate::domain::payment::{EventKind, GatewayRecord, Outcome, Payment, Received};
use crate::domain::time::{SendMark, from_epoch_s};
use crate::ledger::day::DaySum;
use crate::ledger::fault::Fault;
use crate::ledger::read::find_stored;
use crate::ledger::row::Stored;
use crate::ledger::write::{Entry, append, insert, whole_ms, write_answer, write_attempt};
use crate::ledger::{Intent, IntentResult, Ledger, LedgerError, guard};

/// The gateway's code in the newest answer to one attempt.
const ANSWER_CODE: &str = "SELECT code FROM events \
     WHERE payment_id = ?1 AND attempt = ?2 AND kind = 'answer' ORDER BY id DESC LIMIT 1";

impl Ledger {
    /// Claims a payment for the caller: a new row, or an existing one that is still as expected,
    /// becomes pending. Only [`IntentResult::Written`] may be sent; after an error nothing may,
    /// for the commit may be durable or not. A paid row, and one with other terms, is never claimed.
    pub fn record_intent(&mut self, intent: &Intent) -> Result<IntentResult, LedgerError> {
        self.write_before_send(|tx, day| {
            let written = match intent.expected {
                None => claim_new(tx, day, intent)?,
                Some(_) => claim_again(tx, day, intent)?,
            };
            let after = match written {
                Ok(after) => after,
                Err(not_written) => return Ok(not_written),
            };
            let entry = Entry::new(EventKind::Intent, intent.at).by(intent.operator.as_deref());
            append(tx, &after, &entry, &Received::default())?;
            Ok(IntentResult::Written(after.payment))
        })
    }

    /// Writes down that the pending attempt is sent a second time, after an answer that proved the
    /// first was not processed (contract.md, rule 4). An error if the row is not pending any more:
    /// then nothing may be sent.
    pub fn record_resend(
        &mut self,
        uid: &MerchantUid,
        at: Timestamp,
        mark: &SendMark,
        refused: &Received,
    ) -> Result<(), LedgerError> {
        self.write_before_send(|tx, day| {
            let mut stored = stored_or_error(tx, uid)?;
            let counted = day.part(Some(&stored.payment));
            if stored.payment.outcome != Outcome::Pending {
                return Err(Fault::Changed(uid.clone()));
            }
            append(tx, &stored, &Entry::new(EventKind::Answer, at), refused)?;
            stored.payment.last_send = Some(as_kept(mark));
            write_attempt(tx, &stored)?;
            day.moved(counted, &stored.payment);
            append(tx, &stored, &Entry::new(EventKind::Resend, at), &Received::default())
        })
    }

    /// Writes down the answer to the pending attempt, or its absence, and what it makes of the
    /// payment. Paid, declined and rejected answer one request; unknown answers none. With
    /// `Outcome::Pending` only the event is kept: a refusal that is still being looked up.
    pub fn record_answer(
        &mut self,
        uid: &MerchantUid,
        at: Timestamp,
        outcome: Outcome,
        reply: &Received,
        record: Option<&GatewayRecord>,
        message: Option<&str>,
    ) -> Result<Payment, LedgerError> {
        self.write_payment(|tx, day| {
            let mut stored = stored_or_error(tx, uid)?;
            let counted = day.part(Some(&stored.payment));
            if may_become(stored.payment.outcome, outcome) {
                let payment = &mut stored.payment;
                match outcome {
                    Outcome::Paid | Outcome::Declined | Outcome::Rejected => {
                        payment.unanswered = payment.unanswered.saturating_sub(1);
                    }
                    Outcome::Unknown | Outcome::NotSent | Outcome::Pending => {}
                }
                settle(payment, outcome, record, message);
                payment.code = reply.code.filter(|code| *code != 0);
                write_answer(tx, &stored)?;
            }
            append(tx, &stored, &Entry::new(EventKind::Answer, at).about(record), reply)?;
            day.moved(counted, &stored.payment);
            Ok(stored.payment)
        })
    }

    /// Writes down what the gateway knows of the payment. Paid and declined speak for every
    /// request there was, rejected for the one that was refused. With the outcome the row has
    /// already, only what is given of record and message is taken over.
    pub fn record_lookup(
        &mut self,
        uid: &MerchantUid,
        at: Timestamp,
        outcome: Outcome,
        reply: &Received,
        record: Option<&GatewayRecord>,
        message: Option<&str>,
    ) -> Result<Payment, LedgerError> {
        self.write_payment(|tx, day| {
            let mut stored = stored_or_error(tx, uid)?;
            let counted = day.part(Some(&stored.payment));
            let before = stored.payment.outcome;
            if outcome == before {
                if record.is_some() || message.is_some() {
                    take_over(&mut stored.payment, record, message);
                    write_answer(tx, &stored)?;
                }
            } else if may_become(before, outcome) {
                // The row's code is that of the refusal that was looked up, not of the look-up.
                let code = match outcome {
                    Outcome::Rejected | Outcome::Unknown => answer_code(tx, &stored)?,
                    Outcome::Paid | Outcome::Declined | Outcome::NotSent | Outcome::Pending => None,
                };
                let payment = &mut stored.payment;
                payment.unanswered = match outcome {
                    Outcome::Paid | Outcome::Declined => 0,
                    Outcome::Rejected => payment.unanswered.saturating_sub(1),
                    Outcome::Unknown | Outcome::NotSent | Outcome::Pending => payment.unanswered,
                };
                settle(payment, outcome, record, message);
                payment.code = code;
                write_answer(tx, &stored)?;
            }
            append(tx, &stored, &Entry::new(EventKind::Lookup, at).about(record), reply)?;
            day.moved(counted, &stored.payment);
            Ok(stored.payment)
        })
    }

    /// Writes down that the pending attempt certainly never reached the gateway: the row is again
    /// what it was before it, or not sent where it was the first. A row that is not pending any
    /// more stays as it is.
    pub fn record_not_sent(
        &mut self,
        uid: &MerchantUid,
        at: Timestamp,
        reason: &str,
        reply: &Received,
    ) -> Result<Payment, LedgerError> {
        self.write_payment(|tx, day| {
            let mut stored = stored_or_error(tx, uid)?;
            let counted = day.part(Some(&stored.payment));
            let payment = &mut stored.payment;
            if payment.outcome == Outcome::Pending {
                payment.outcome = payment.outcome_before.take().unwrap_or(Outcome::NotSent);
                payment.unanswered = payment.unanswered.saturating_sub(1);
                if payment.outcome == Outcome::NotSent {
                    payment.code = None;
                    payment.message = Some(reason.to_owned());
                }
                write_answer(tx, &stored)?;
            }
            append(tx, &stored, &Entry::new(EventKind::NotSent, at).because(reason), reply)?;
            day.moved(counted, &stored.payment);
            Ok(stored.payment)
        })
    }

    /// Writes down that a charge was asked for and could not even begin, for want of a token: a
    /// new row that is not sent, or one more event of an existing one.
    pub fn record_never_begun(&mut self, intent: &Intent, reason: &str) -> Result<Payment, LedgerError> {
        self.write(|tx| {
            let stored = match find_stored(tx, &intent.request.terms.merchant_uid)? {
                Some(stored) => stored,
                None => {
                    let uid = &intent.request.terms.merchant_uid;
                    insert(tx, never_begun(intent, reason))?.ok_or_else(|| Fault::Changed(uid.clone()))?
                }
            };
            let entry =
                Entry::new(EventKind::NotSent, intent.at).by(intent.operator.as_deref()).because(reason);
            append(tx, &stored, &entry, &Received::default())?;
            Ok(stored.payment)
        })
    }
}

/// An intent's row, or why it was not written.
type Claimed = Result<Stored, IntentResult>;

/// The first attempt at a payment that nobody has asked for before. The row itself finds out whether that
/// is so: to look for it first would be to look twice.
fn claim_new(tx: &Connection, day: &mut DaySum, intent: &Intent) -> Result<Claimed, Fault> {
    if let Some(refusal) = guard::refusal(tx, day, intent, None)? {
        // Somebody may have come first, and be what stands in the way.
        let came_first = find_stored(tx, &intent.request.terms.merchant_uid)?.is_some();
        return Ok(Err(if came_first { IntentResult::Lost } else { refusal }));
    }
    let Some(after) = insert(tx, first_attempt(intent))? else { return Ok(Err(IntentResult::Lost)) };
    day.moved(0, &after.payment);
    Ok(Ok(after))
}

/// A further attempt at a payment that is as its caller saw it.
fn claim_again(tx: &Connection, day: &mut DaySum, intent: &Intent) -> Result<Claimed, Fault> {
    let before = find_stored(tx, &intent.request.terms.merchant_uid)?;
    let Some(before) = before.filter(|before| is_as_expected(&before.payment, intent)) else {
        return Ok(Err(IntentResult::Lost));
    };
    if let Some(refusal) = guard::refusal(tx, day, intent, Some(&before.payment))? {
        return Ok(Err(refusal));
    }
    let counted = day.part(Some(&before.payment));
    let after = next_attempt(before, intent)?;
    write_attempt(tx, &after)?;
    day.moved(counted, &after.payment);
    Ok(Ok(after))
}

fn is_as_expected(payment: &Payment, intent: &Intent) -> bool {
    let (terms, asked) = (&payment.terms, &intent.request.terms);
    intent.expected == Some((payment.outcome, payment.attempts))
        && payment.outcome != Outcome::Paid
        && terms.customer_uid == asked.customer_uid
        && terms.amount == asked.amount
}

/// A row as it is asked for, before anything was sent.
fn never_begun(intent: &Intent, reason: &str) -> Payment {
    let Intent { request, at, note, operator, .. } = intent;
    Payment {
        terms: request.terms.clone(),
        outcome: Outcome::NotSent,
        outcome_before: None,
        name: request.name.clone(),
        attempts: 0,
        unanswered: 0,
        requested_at: whole_ms(*at),
        last_send: None,
        account: None,
        imp_uid: None,
        status: None,
        cancel_amount: None,
        apply_num: None,
        card_name: None,
        card_number: None,
        pg_provider: None,
        pg_tid: None,
        receipt_url: None,
        code: None,
        message: Some(reason.to_owned()),
        paid_at: None,
        cancelled_at: None,
        buyer_name: request.buyer_name.clone(),
        buyer_email: request.buyer_email.clone(),
        buyer_tel: request.buyer_tel.clone(),
        note: note.clone(),
        operator: operator.clone(),
    }
}

fn first_attempt(intent: &Intent) -> Payment {
    Payment {
        outcome: Outcome::Pending,
        attempts: 1,
        unanswered: 1,
        last_send: Some(as_kept(&intent.mark)),
        account: Some(intent.account.clone()),
        message: None,
        ..never_begun(intent, "")
    }
}

/// A mark as the row keeps it.
fn as_kept(mark: &SendMark) -> SendMark {
    SendMark { wall: whole_ms(mark.wall), ..mark.clone() }
}

/// The row keeps what the gateway said of the earlier attempt until it is settled, to go back to.
fn next_attempt(before: Stored, intent: &Intent) -> Result<Stored, Fault> {
    let Stored { id, payment } = before;
    let request = &intent.request;
    let one_more = |count: u32| count.checked_add(1).ok_or(Fault::TooLarge("number of attempts"));
    let mut terms = payment.terms;
    terms.mode = request.terms.mode;
    let payment = Payment {
        terms,
        outcome: Outcome::Pending,
        outcome_before: Some(payment.outcome),
        name: request.name.clone(),
        attempts: one_more(payment.attempts)?,
        unanswered: one_more(payment.unanswered)?,
        last_send: Some(as_kept(&intent.mark)),
        account: Some(intent.account.clone()),
        buyer_name: request.buyer_name.clone(),
        buyer_email: request.buyer_email.clone(),
        buyer_tel: request.buyer_tel.clone(),
        note: intent.note.clone().or(payment.note),
        operator: intent.operator.clone(),
        ..payment
    };
    Ok(Stored { id, payment })
}

/// Whether an answer or a look-up may move a row. Money that was taken stays on record, and what
/// is not an outcome of a request moves nothing.
fn may_become(before: Outcome, after: Outcome) -> bool {
    match after {
        Outcome::Paid => true,
        Outcome::Declined | Outcome::Rejected | Outcome::Unknown => before != Outcome::Paid,
        // Only a look-up may say so, after the whole wait; the requests stay unanswered.
        Outcome::NotSent => matches!(before, Outcome::Pending | Outcome::Unknown),
        Outcome::Pending => false,
    }
}

/// The outcome, and the gateway's record of it and nothing of an earlier attempt's.
fn settle(payment: &mut Payment, outcome: Outcome, record: Option<&GatewayRecord>, message: Option<&str>) {
    payment.outcome = outcome;
    payment.outcome_before = None;
    payment.message = None;
    let nothing = GatewayRecord::default();
    take_over(payment, Some(record.unwrap_or(&nothing)), message);
}

fn take_over(payment: &mut Payment, record: Option<&GatewayRecord>, message: Option<&str>) {
    if let Some(message) = message {
        payment.message = Some(message.to_owned());
    }
    let Some(record) = record else { return };
    payment.imp_uid.clone_from(&record.imp_uid);
    payment.status.clone_from(&record.status);
    payment.cancel_amount = cancel_amount(payment, record);
    payment.apply_num.clone_from(&record.apply_num);
    payment.card_name.clone_from(&record.card_name);
    payment.card_number.clone_from(&record.card_number);
    payment.pg_provider.clone_from(&record.pg_provider);
    payment.pg_tid.clone_from(&record.pg_tid);
    payment.receipt_url.clone_from(&record.receipt_url);
    payment.paid_at = record.paid_at_s.and_then(from_epoch_s);
    payment.cancelled_at = record.cancelled_at_s.and_then(from_epoch_s);
}

/// What was refunded, when it is told in the payment's own currency; the event keeps the rest.
fn cancel_amount(payment: &Payment, record: &GatewayRecord) -> Option<Amount> {
    let currency = payment.terms.amount.currency();
    let named = record.currency_text.as_deref().unwrap_or("KRW");
    let text = record.cancel_amount_text.as_deref().filter(|_| named.eq_ignore_ascii_case(currency.code()));
    text.and_then(|text| Amount::from_wire(text, currency))
}

fn stored_or_error(tx: &Connection, uid: &MerchantUid) -> Result<Stored, Fault> {
    find_stored(tx, uid)?.ok_or_else(|| Fault::NoSuchPayment(uid.clone()))
}

fn answer_code(tx: &Connection, stored: &Stored) -> Result<Option<i64>, Fault> {
    let mut statement = tx.prepare_cached(ANSWER_CODE)?;
    let code: Option<Option<i64>> =
        statement.query_row((stored.id, stored.payment.attempts), |row| row.get("code")).optional()?;
    Ok(code.flatten().filter(|code| *code != 0))
}
