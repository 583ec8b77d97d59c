//! Charges and refunds of which nobody knows how they ended, or that ended as nobody meant them to.

use std::time::Duration;

use jiff::Timestamp;

use crate::commands::context::Context;
use crate::commands::pasted::{command_of, command_with, note_command};
use crate::domain::declines::Standing;
use crate::domain::money::Amount;
use crate::domain::payment::{EventKind, Outcome, Payment, RefundOutcome};
use crate::domain::protocol::DOUBT_LASTS;
use crate::domain::protocol::may_be_noted;
use crate::domain::record::Record;
use crate::domain::refund::{Refund, is_short_settlement};
use crate::domain::time::{Moment, SendMark};
use crate::ledger::{Ledger, LedgerError, Undone};
use crate::output::attention::Item;
use crate::output::refund::{undone_why, why as why_of};
use crate::output::text::shell_word;

/// Charges that may have been made, and orders that were paid twice.
pub(super) fn payments(
    context: &Context<'_>,
    ledger: &Ledger,
    now: &Moment,
) -> Result<Vec<Item>, LedgerError> {
    let settle_after = context.settings.settle_after;
    let mut items = Vec::new();
    for payment in ledger.unsettled()? {
        // One that a person has noted is closed until the gateway shows something.
        if payment.noted.is_none() && is_past(&payment, settle_after, now) {
            let why = format!(
                "the card may have been charged: it is {} for longer than settle_after",
                payment.outcome.word()
            );
            items.push(Item { why, ..open(context, ledger, "unknown", &payment, settle_after)? });
        }
    }
    for payment in ledger.doubtful()? {
        if !payment.outcome.is_open() && payment.noted.is_none() {
            // What is looked up again by itself is for a person to end only when that has come to nothing.
            let why = doubt(&payment);
            items.push(Item { why, ..open(context, ledger, "doubt", &payment, DOUBT_LASTS)? });
        }
    }
    for payment in ledger.alarms()? {
        items.extend(twice(context, &payment));
    }
    Ok(items)
}

/// Refunds that are open, and those that were refused and never tried again.
pub(super) fn refunds(
    context: &Context<'_>,
    ledger: &Ledger,
    now: &Moment,
) -> Result<Vec<Item>, LedgerError> {
    let settle_after = context.settings.settle_after;
    let mut items = Vec::new();
    for refund in ledger.open_refunds()? {
        if has_passed(&refund.sent, settle_after, now) {
            let pending = refund.outcome == RefundOutcome::Pending;
            let word = if pending { "pending" } else { "unknown" };
            let (command, otherwise) = ends_by(context, ledger, &refund)?;
            items.push(Item {
                why: format!("it is not known whether the money went back: the refund is {word}"),
                otherwise,
                ..of_refund("refund_unknown", &refund, command)
            });
        }
    }
    for Undone { shown, refunds, .. } in ledger.undone_refunds()? {
        let why = undone_why(&refunds, shown);
        for refund in &refunds {
            let order = refund.merchant_uid.as_str();
            let id = refund.id.as_str();
            items.push(Item {
                why: why.clone(),
                otherwise: Some(command_of(context.settings, "reconcile", order)),
                ..of_refund("refund_undone", refund, note_command(context.settings, id, "not-refunded"))
            });
        }
    }
    for refund in ledger.refused_refunds()? {
        let payment = ledger.find(&refund.merchant_uid)?;
        if payment.as_ref().is_some_and(|payment| is_back_since(payment, &refund)) {
            continue;
        }
        let left = payment.as_ref().map(Payment::left);
        let why = why_of(&refund).unwrap_or_else(|| "no reason was given".to_owned());
        let pg = payment.as_ref().and_then(Payment::pg);
        let is_short = refund.message.as_deref().is_some_and(|words| is_short_settlement(pg, words));
        items.push(Item {
            why: format!("the money did not go back: {why}"),
            otherwise: Some(if is_short {
                outside(context, &refund)
            } else {
                acknowledge(context, refund.id.as_str())
            }),
            id: Some(refund.id.as_str().to_owned()),
            signed: ledger.answer_for(refund.id.as_str())?,
            ..of_refund("refund_refused", &refund, again(context, &refund, left))
        });
    }
    Ok(items)
}

/// Somebody has given it all back since, here or in the console, or the PG so much without the gateway.
fn is_back_since(payment: &Payment, refund: &Refund) -> bool {
    let is_all = payment.cancel_amount.is_some_and(|back| back >= refund.paid);
    let noted = payment.outside.as_ref();
    is_all || noted.is_some_and(|noted| noted.at >= refund.requested_at && noted.amount >= refund.amount)
}

/// That a PG which is short of settlement money has paid it back by hand.
fn outside(context: &Context<'_>, refund: &Refund) -> String {
    let options = vec![
        ("--note", Some("refunded-outside".to_owned())),
        ("--amount", Some(refund.amount.to_digits())),
        ("--evidence", Some("...".to_owned())),
    ];
    command_with(context.settings, "reconcile", refund.merchant_uid.as_str(), options)
}

/// What ends an open refund: a look-up; where one was answered after all the time that it takes, and has not, a person
/// who knows.
fn ends_by(
    context: &Context<'_>,
    ledger: &Ledger,
    refund: &Refund,
) -> Result<(String, Option<String>), LedgerError> {
    let settings = context.settings;
    let payment = ledger.find(&refund.merchant_uid)?;
    let pg = payment.as_ref().and_then(Payment::pg);
    // Where it may show days later it is looked up for as long as a doubt about a charge is.
    let time = if refund.is_settled_by_silence(pg) { settings.settle_after } else { DOUBT_LASTS };
    let events = ledger.events(&refund.merchant_uid)?;
    let in_vain = events.iter().any(|event| {
        let of_it = event.refund.as_ref().is_some_and(|(id, _)| *id == refund.id);
        of_it && event.received.http_status == Some(200) && elapsed(refund.sent.wall, event.at) >= time
    });
    let note = |what: &str| note_command(settings, refund.id.as_str(), what);
    Ok(if in_vain {
        (note("refunded"), Some(note("not-refunded")))
    } else {
        (command_of(settings, "reconcile", refund.merchant_uid.as_str()), None)
    })
}

/// The command that somebody answers with for what is right as it is.
pub(super) fn acknowledge(context: &Context<'_>, id: &str) -> String {
    context.hint(&format!("reconcile --acknowledge {} --reason \"...\"", shell_word(id)))
}

/// A payment that a look-up may settle. One that was looked up after all its time, and is open still, is looked up
/// no more: what shows what became of it is at the card company's.
fn open(
    context: &Context<'_>,
    ledger: &Ledger,
    kind: &'static str,
    payment: &Payment,
    time: Duration,
) -> Result<Item, LedgerError> {
    let order = payment.terms.merchant_uid.as_str();
    let in_vain = may_be_noted(payment) && was_answered(ledger, payment, time)?;
    let (command, otherwise) = if in_vain {
        let order = shell_word(order);
        let note =
            |what: &str| context.hint(&format!("reconcile --note {what} --evidence \"...\" -- {order}"));
        (note("charged"), Some(note("not-charged")))
    } else {
        (command_of(context.settings, "reconcile", order), None)
    };
    Ok(Item { command, otherwise, ..of_payment(kind, payment, payment.requested_at) })
}

/// Whether the gateway has answered a question about it that was asked after this time.
fn was_answered(ledger: &Ledger, payment: &Payment, time: Duration) -> Result<bool, LedgerError> {
    let sent = payment.last_send.as_ref().map_or(payment.requested_at, |sent| sent.wall);
    let events = ledger.events(&payment.terms.merchant_uid)?;
    Ok(events.iter().any(|event| {
        let answered = matches!(event.received.http_status, Some(200 | 404));
        event.kind == EventKind::Lookup && answered && elapsed(sent, event.at) >= time
    }))
}

fn doubt(payment: &Payment) -> String {
    let said = payment.why().map_or_else(String::new, |why| format!(": {why}"));
    if payment.outcome == Outcome::Paid {
        return "paid, and another request of it was never answered".to_owned();
    }
    let unread = Standing::of(payment).is_some_and(|standing| standing.doubt.is_none());
    let end = if unread { "and the gateway's word alone says so" } else { "and that proves nothing" };
    format!("{} {end}{said}", payment.outcome.word())
}

/// Each payment beside the order's own.
fn twice(context: &Context<'_>, payment: &Payment) -> Vec<Item> {
    let Some(alarm) = payment.alarm() else { return Vec::new() };
    let first = alarm.held.first().map_or("", |record| record.imp_uid.as_str());
    let others = alarm.held.iter().skip(1);
    let item = |record: &Record| {
        let imp_uid = record.imp_uid.as_str();
        let options = vec![("--full", None), ("--reason", Some("charged twice".to_owned()))];
        Item {
            id: Some(imp_uid.to_owned()),
            imp_uid: Some(imp_uid.to_owned()),
            amount: record.amount.or(Some(payment.terms.amount)),
            why: format!("it holds money, and {first} under the same order does too"),
            command: command_with(context.settings, "refund", imp_uid, options),
            otherwise: Some(acknowledge(context, imp_uid)),
            ..of_payment("two_payments", payment, record.first_seen)
        }
    };
    others.map(|record| item(record)).collect()
}

/// The same refund once more, with the tax parts that it had. Where the console was faster and less is left, all that
/// is left.
fn again(context: &Context<'_>, refund: &Refund, left: Option<Amount>) -> String {
    if left.is_some_and(|left| left < refund.amount) {
        let options = vec![("--full", None), ("--reason", Some(refund.reason.clone()))];
        return command_with(context.settings, "refund", &refund.imp_uid, options);
    }
    let digits = |part: &Option<Amount>| part.as_ref().map(Amount::to_digits);
    let parts = [("--tax-free", digits(&refund.tax.tax_free)), ("--vat", digits(&refund.tax.vat_amount))];
    let mut options = vec![("--amount", Some(refund.amount.to_digits()))];
    options.extend(parts.into_iter().filter(|(_, value)| value.is_some()));
    options.push(("--reason", Some(refund.reason.clone())));
    command_with(context.settings, "refund", &refund.imp_uid, options)
}

fn of_payment(kind: &'static str, payment: &Payment, since: Timestamp) -> Item {
    Item {
        kind,
        since,
        id: None,
        merchant_uid: Some(payment.terms.merchant_uid.to_string()),
        imp_uid: payment.imp_uid.clone(),
        customer_uid: Some(payment.terms.customer_uid.to_string()),
        amount: Some(payment.terms.amount),
        why: String::new(),
        command: String::new(),
        otherwise: None,
        signed: None,
    }
}

fn of_refund(kind: &'static str, refund: &Refund, command: String) -> Item {
    Item {
        kind,
        since: refund.requested_at,
        id: None,
        merchant_uid: Some(refund.merchant_uid.to_string()),
        imp_uid: Some(refund.imp_uid.clone()),
        customer_uid: None,
        amount: Some(refund.amount),
        why: String::new(),
        command,
        otherwise: None,
        signed: None,
    }
}

fn is_past(payment: &Payment, settle_after: Duration, now: &Moment) -> bool {
    match &payment.last_send {
        Some(sent) => has_passed(sent, settle_after, now),
        None => elapsed(payment.requested_at, now.wall) >= settle_after,
    }
}

/// The boot clock says it, or the wall clock: nothing is sent because of it, and a payment of before the machine was
/// started again has no other clock here.
fn has_passed(sent: &SendMark, time: Duration, now: &Moment) -> bool {
    sent.age(now, None) >= time || elapsed(sent.wall, now.wall) >= time
}

fn elapsed(from: Timestamp, to: Timestamp) -> Duration {
    Duration::try_from(to.duration_since(from)).unwrap_or_default()
}
