//! What a refund says at its end, and the exit.

use crate::billing::refund::{NotSent, Prepared, RefundError, RefundOrder, RefundReport};
use crate::billing::report::Held;
use crate::billing::request::Hold;
use crate::commands::context::Context;
use crate::commands::pasted::{command_of, command_with, note_command, refund_command};
use crate::commands::session::answered;
use crate::domain::money::Amount;
use crate::domain::payment::{Payment, RefundOutcome};
use crate::domain::reason::Reason;
use crate::domain::refund::{NotRefundable, Refund, SplitError, is_short_settlement};
use crate::domain::tax::Tax;
use crate::domain::time::format_duration;
use crate::failure::{Exit, Failure, Kind};
use crate::output::Format;
use crate::output::refund::{refund_facts, refund_sentence, why};
use crate::output::text::{safe, when};

/// Tells how it ended. The payment goes to stdout whatever the end is.
pub(super) fn ended(context: &mut Context<'_>, report: &RefundReport) -> Result<Exit, Failure> {
    let RefundReport { refund, payment, shown, held, settles_at } = report;
    let exit = exit_of(refund, held.as_ref());
    let zone = context.ui.zone().clone();
    let mut first = refund_sentence(refund, Some(payment.mode_shown()), *settles_at, &zone);
    let balance = shown.as_ref().map(crate::domain::refund::Shown::balance);
    if let Some(balance) = balance {
        first = match refund.outcome.is_open() {
            // What the gateway shows is not what will be.
            true => format!("{first} The gateway shows {balance} as left."),
            false => format!("{first} {balance} is left."),
        };
    }
    let hints = match refund.outcome {
        RefundOutcome::Unknown | RefundOutcome::Pending => to_find_out(context, payment.pg(), refund),
        RefundOutcome::Refused => way_out(context, payment, refund),
        RefundOutcome::Refunded | RefundOutcome::NotSent => Vec::new(),
    };
    let silent = context.ui.quiet() && refund.outcome == RefundOutcome::Refunded;
    if context.ui.format() == Format::Table {
        let rest: String = hints.iter().map(|hint| format!("  {hint}\n")).collect();
        let text = format!("{first}\n{}{rest}", refund_facts(payment, refund));
        return match exit {
            // Where nobody watches, all that is said goes into the mail, and is named there.
            Exit::With(kind) if context.ui.quiet() => {
                let failure =
                    refund_facts(payment, refund).lines().fold(Failure::new(kind, first), Failure::detailed);
                Err(hints.into_iter().fold(failure, Failure::hinted))
            }
            Exit::Done if silent => Ok(exit),
            Exit::Done | Exit::With(_) => answered(context.ui.told(text.trim_end()), exit),
        };
    }
    if !silent {
        answered(context.ui.refund(payment, refund), Exit::Done)?;
    }
    match exit {
        Exit::Done => Ok(exit),
        Exit::With(kind) => {
            let failure = Failure::new(kind, first);
            Err(hints.into_iter().fold(failure, Failure::hinted))
        }
    }
}

/// How it is found out what became of an open refund; and, where look-ups alone may never tell, how it ends.
fn to_find_out(context: &Context<'_>, pg: Option<&str>, refund: &Refund) -> Vec<String> {
    let settings = context.settings;
    let reconcile = command_of(settings, "reconcile", refund.merchant_uid.as_str());
    let mut hints = vec![format!("to find out: {reconcile}")];
    if !refund.is_settled_by_silence(pg) {
        let note = |what: &str| note_command(settings, refund.id.as_str(), what);
        hints.push(format!("once the PG says that the money went back: {}", note("refunded")));
        hints.push(format!("once it says that it did not: {}", note("not-refunded")));
    }
    hints
}

/// A PG that is short of the merchant's settlement money will pay back by hand or by force, and nobody tells the
/// gateway (facts 15.2).
fn way_out(context: &Context<'_>, payment: &Payment, refund: &Refund) -> Vec<String> {
    let words = refund.message.as_deref().unwrap_or_default();
    if !is_short_settlement(payment.pg(), words) {
        return Vec::new();
    }
    let mut options = vec![("--note", Some("refunded-outside".to_owned()))];
    if refund.amount != payment.left() {
        options.push(("--amount", Some(refund.amount.to_digits())));
    }
    options.push(("--evidence", Some("...".to_owned())));
    let note = command_with(context.settings, "reconcile", payment.terms.merchant_uid.as_str(), options);
    vec![
        "the PG has less of your coming settlement than this refund: pay it in there and try again, or have the PG \
         pay it back by hand or by force"
            .to_owned(),
        format!("the gateway will go on saying paid; once the PG has paid it back, note that: {note}"),
    ]
}

fn exit_of(refund: &Refund, held: Option<&Held>) -> Exit {
    match (refund.outcome, held) {
        (RefundOutcome::Refunded, _) => Exit::Done,
        (RefundOutcome::Refused, _) => Exit::With(Kind::Rejected),
        (RefundOutcome::Unknown | RefundOutcome::Pending, _) => Exit::With(Kind::Unknown),
        (RefundOutcome::NotSent, Some(Held::Interrupted)) => Exit::With(Kind::Interrupted),
        (RefundOutcome::NotSent, Some(Held::KeyRefused(_))) => Exit::With(Kind::Auth),
        // A token that was got for it was not taken either: it is the key (contract, rule 4).
        (RefundOutcome::NotSent, None) if matches!(refund.why, Some(Reason::NewTokenNotTaken { .. })) => {
            Exit::With(Kind::Auth)
        }
        (RefundOutcome::NotSent, Some(Held::NotReached(_)) | None) => Exit::With(Kind::Network),
    }
}

/// Nothing was sent.
pub(super) fn not_sent(
    context: &Context<'_>,
    order: &RefundOrder,
    pg: Option<&str>,
    why: NotSent,
) -> Failure {
    let uid = &order.merchant_uid;
    let again = || format!("to try it again: {}", refund_command(context.settings, order, &[]));
    let failure = match why {
        NotSent::NotPaid(payment) => Failure::refused(format!(
            "{uid} was never paid, as far as the ledger knows: it is {}",
            payment.outcome
        )),
        NotSent::NotRefundable(why) => not_refundable(context, order, &why),
        NotSent::Tax(error) => tax(context, order, error),
        NotSent::InTheWay(other) => return in_the_way(context, order, pg, &other),
        // The same as the gateway's own no to a balance that has changed, found out a moment earlier.
        NotSent::Moved { shown, balance } => Failure::new(Kind::Rejected, format!(
            "{shown} was left of {} when it was shown, and {balance} is now: another refund came in between",
            order.imp_uid
        ))
        .hinted(again()),
        NotSent::NoAnswer(reason @ Reason::RefundsNotShown { .. }) => {
            Failure::network(format!("it is not certain what is left of {}: {reason}", order.imp_uid))
                .hinted(format!(
                    "to look again, and to see what to note if the PG has taken a refund back: {}",
                    command_of(context.settings, "reconcile", uid.as_str())
                ))
        }
        NotSent::NoAnswer(reason) => {
            Failure::network(format!("the gateway did not say what is left of {}: {reason}", order.imp_uid))
                .hinted(again())
        }
        NotSent::Held(Held::NotReached(reason)) => Failure::network(reason.to_string()).hinted(again()),
        NotSent::Held(Held::KeyRefused(said)) => {
            Failure::auth(format!("the gateway refused the API key: {said}"))
        }
        NotSent::Held(Held::Interrupted) => {
            Failure::interrupted(format!("interrupted before {uid} was refunded"))
        }
        NotSent::Busy { waited } => {
            Failure::network(format!("another process has been at {uid} for {}", format_duration(waited)))
                .hinted(again())
        }
    };
    failure.nothing_sent()
}

fn not_refundable(context: &Context<'_>, order: &RefundOrder, why: &NotRefundable) -> Failure {
    let imp_uid = &order.imp_uid;
    let see = command_of(context.settings, "reconcile", order.merchant_uid.as_str());
    match why {
        NotRefundable::NotPaid(status) => {
            let status = status.as_deref().unwrap_or("no status");
            Failure::refused(format!("the gateway does not show {imp_uid} as paid, but as {}", safe(status)))
                .hinted(format!("to hold the ledger against the gateway: {see}"))
        }
        NotRefundable::AllRefunded => Failure::refused(format!("all of {imp_uid} was refunded before")),
        NotRefundable::OverBalance { balance } => {
            let asked =
                order.amount.map_or_else(String::new, |amount| format!("{amount} is more than is left: "));
            Failure::refused(format!("{asked}{balance} of {imp_uid} can be refunded")).hinted(format!(
                "all that is left: {}",
                refund_command(context.settings, &RefundOrder { amount: None, ..order.clone() }, &[])
            ))
        }
        NotRefundable::PaidBackOutside { left } => Failure::refused(format!(
            "the PG paid it back outside of the gateway, as was noted by hand: {left} of {imp_uid} is left"
        ))
        .hinted(format!(
            "who noted it, and by what evidence: {}",
            command_of(context.settings, "history show", order.merchant_uid.as_str())
        )),
        NotRefundable::Unreadable => Failure::refused(format!(
            "the gateway shows {imp_uid} with an amount or refunds that are not this payment's"
        ))
        .hinted(format!("to hold the ledger against the gateway: {see}")),
    }
}

fn tax(context: &Context<'_>, order: &RefundOrder, error: SplitError) -> Failure {
    match error {
        SplitError::Needed { proposed } => {
            let failure = Failure::usage(format!(
                "{} was charged with tax parts: how much of each goes back is for you to say",
                order.merchant_uid
            ));
            failure.hinted(format!(
                "in proportion: {}",
                refund_command(context.settings, &RefundOrder { tax: proposed, ..order.clone() }, &[])
            ))
        }
        SplitError::NotRecorded { amount } => {
            let with = |part: Amount| {
                let tax = Tax { tax_free: Some(part), ..order.tax };
                refund_command(context.settings, &RefundOrder { tax, ..order.clone() }, &[])
            };
            Failure::usage(format!(
                "the tax parts of {} were not recorded, and the profile has a `tax`: how much of {amount} is free of \
                 tax has to be said, with --tax-free",
                order.imp_uid
            ))
            .hinted(format!("where none of it is: {}", with(Amount::from_minor(0, amount.currency()))))
            .hinted(format!("where all of it is: {}", with(amount)))
        }
        SplitError::TooMuch { part, given, most } => {
            Failure::usage(format!("{part} of {given} is more than this refund can have: {most} at most"))
        }
    }
}

/// Another refund of the same payment is open, or was made a moment ago.
pub(super) fn in_the_way(
    context: &Context<'_>,
    order: &RefundOrder,
    pg: Option<&str>,
    other: &Refund,
) -> Failure {
    let at = when(other.requested_at, context.ui.zone());
    let id = other.id.as_str();
    if other.outcome.is_open() {
        let why = why(other).map_or_else(String::new, |why| format!(": {why}"));
        let failure = Failure::unknown(format!(
            "whether the refund {id} of {} went through ({at}) is not known yet{why}",
            other.amount
        ));
        return to_find_out(context, pg, other).into_iter().fold(failure, Failure::hinted).nothing_sent();
    }
    let (amount, imp_uid) = (other.amount, &order.imp_uid);
    let story = if other.was_found_later() {
        format!(
            "{amount} of {imp_uid} went back, as {id}, which was asked for {at}: a look-up has found what its own \
             run could not tell"
        )
    } else {
        format!("{amount} of {imp_uid} went back a moment ago ({at}), as {id}")
    };
    Failure::refused(story)
        .hinted(format!(
            "to refund the same amount once more: {}",
            refund_command(context.settings, order, &["--again"])
        ))
        .nothing_sent()
}

/// The ledger lets nothing go yet.
pub(super) fn held_by_ledger(context: &Context<'_>, hold: &Hold) -> Failure {
    let until = hold.until.map_or_else(String::new, |at| format!(" before {}", when(at, context.ui.zone())));
    Failure::network(format!("{}: nothing is refunded{until}", hold.why)).nothing_sent()
}

/// What would be sent.
pub(super) fn dry_run(
    context: &mut Context<'_>,
    card: &str,
    order: &RefundOrder,
    prepared: &Prepared,
) -> Result<Exit, Failure> {
    if context.ui.format() != Format::Table {
        let parts = serde_json::json!({
            "dry_run": true,
            "merchant_uid": order.merchant_uid.as_str(),
            "imp_uid": order.imp_uid,
            "amount": crate::output::field::exact_number(&prepared.amount).ok(),
            "checksum": crate::output::field::exact_number(&prepared.shown.balance()).ok(),
            "tax_free": prepared.tax.tax_free.and_then(|part| crate::output::field::exact_number(&part).ok()),
            "vat_amount": prepared.tax.vat_amount.and_then(|part| crate::output::field::exact_number(&part).ok()),
            "reason": order.reason,
        });
        return answered(context.ui.json(&parts), Exit::Done);
    }
    let text = format!("This would be refunded:\n{card}Nothing was sent.");
    answered(context.ui.answer(&text), Exit::Done)
}

/// What went wrong on this side. An answer that could not be written is printed whole.
pub(super) fn failed(context: &mut Context<'_>, error: RefundError) -> Failure {
    match error {
        RefundError::Ledger(error) => Failure::from(error).nothing_sent(),
        RefundError::AnswerNotRecorded { error, refund, outcome, received } => {
            let body = received.body.clone().or_else(|| received.why());
            let body = body.unwrap_or_else(|| "no answer came".to_owned());
            let uid = &refund.merchant_uid;
            context
                .ui
                .note(&format!("The answer to the refund of {uid}, which means {}:\n{body}", outcome.word()));
            Failure::local(format!(
                "the refund {} of {uid} was sent and its outcome is {}, but that could not be written to the \
                 ledger: {error}",
                refund.id.as_str(),
                outcome.word()
            ))
            .hinted(format!(
                "keep the answer above and fix the ledger; then: {}",
                command_of(context.settings, "reconcile", uid.as_str())
            ))
        }
    }
}
