//! What a charge says at its end: on stdout the answer, on stderr what belongs to it, and the exit.

use jiff::Timestamp;

use crate::billing::report::{Ended, Held, Report};
use crate::commands::alarm;
use crate::commands::context::Context;
use crate::commands::ending::warn;
use crate::commands::pasted::{charge_command, charge_command_of, command_of};
use crate::commands::session::answered;
use crate::domain::charge::ChargeRequest;
use crate::domain::customer::Customer;
use crate::domain::payment::{GatewayRecord, Outcome, Payment};
use crate::domain::reason::Reason;
use crate::domain::time::format_duration;
use crate::failure::{Exit, Failure, Kind};
use crate::output::Format;
use crate::output::payment::PaymentView;
use crate::output::prose::{self, ChargeStory, Commands, Story, order_fact};
use crate::output::table::comparison;
use crate::output::text::{sentence, when};
use crate::output::ui::Ui;

/// Tells how it ended.
pub(super) fn ended(
    context: &mut Context<'_>,
    request: &ChargeRequest,
    saved: Option<&Customer>,
    ended: Ended,
) -> Result<Exit, Failure> {
    let uid = &request.terms.merchant_uid;
    match ended {
        Ended::Answered(end) => report(context, request, saved, &end),
        Ended::OtherTerms(payment) => {
            let _ = alarm::tell(&payment, context.settings, context.ui);
            Err(other_terms(context, &payment, request))
        }
        Ended::Similar(other) => Err(similar(context, &other, request)),
        Ended::OtherAtGateway { payment, record, why } => {
            if let Some(payment) = &payment {
                let _ = alarm::tell(payment, context.settings, context.ui);
            }
            Err(other_at_gateway(request, &record, &why))
        }
        Ended::OverDaily { spent, max } => Err(Failure::refused(format!(
            "{} and the {spent} charged today are over the day's limit of {max} (daily_amount of the profile {})",
            request.terms.amount, context.settings.profile,
        ))
        .nothing_sent()),
        Ended::Busy { payment, waited } => {
            if let Some(payment) = &payment {
                object(context.ui, payment, true)?;
            }
            Err(Failure::network(format!(
                "another process has been charging {uid} for {}",
                format_duration(waited)
            ))
            .hinted(format!(
                "this tells what became of it: {}",
                charge_command(context.settings, request, &[])
            ))
            .nothing_sent())
        }
        Ended::Interrupted => Err(interrupted(context, request)),
    }
}

fn interrupted(context: &Context<'_>, request: &ChargeRequest) -> Failure {
    Failure::interrupted(format!("interrupted before {} was sent", request.terms.merchant_uid))
        .hinted(format!("to go on with it: {}", charge_command(context.settings, request, &[])))
        .nothing_sent()
}

/// A charge like this one was made a moment ago. One that is open is settled before anything goes beside it.
fn similar(context: &Context<'_>, other: &Payment, request: &ChargeRequest) -> Failure {
    let settings = context.settings;
    let at = when(other.requested_at, context.ui.zone());
    let (state, hint) = if other.outcome == Outcome::Paid || other.is_noted_charged() {
        let again = charge_command(settings, request, &["--allow-similar"]);
        let state = if other.is_noted_charged() { "is noted as charged" } else { "paid" };
        (state, format!("if the customer is to pay the same amount twice: {again}"))
    } else {
        let first = charge_command_of(settings, other, &[]);
        (
            "asked for",
            format!("whether that one was charged is not known yet; this asks the gateway: {first}"),
        )
    };
    Failure::refused(format!(
        "{} {state} {} as {} on {at}, a moment ago",
        request.terms.customer_uid, other.terms.amount, other.terms.merchant_uid,
    ))
    .hinted(hint)
    .nothing_sent()
}

fn report(
    context: &mut Context<'_>,
    request: &ChargeRequest,
    saved: Option<&Customer>,
    end: &Report,
) -> Result<Exit, Failure> {
    warn(context.ui, end, saved, context.settings);
    let alarm = alarm::tell(&end.payment, context.settings, context.ui);
    let exit = alarm::exit(exit_of(end), alarm);
    let commands = Commands {
        reconcile: command_of(context.settings, "reconcile", request.terms.merchant_uid.as_str()),
        again: charge_command(context.settings, request, &[]),
        retry: charge_command(context.settings, request, &["--retry"]),
    };
    let mut story = story(context.ui, end, &commands, context.now());
    if let Some(other) = &end.beside {
        let other = other.terms.merchant_uid.as_str();
        let ask = command_of(context.settings, "reconcile", other);
        story = story.and_advised(format!("To ask the gateway about {other}:"), Some(ask));
    }
    if is_of_another_key(&end.payment) {
        let accept = context.hint("ledger accept --reason \"...\"");
        story = story.and_advised("If both keys are of one account, say so:", Some(accept));
    }
    let ui = &mut *context.ui;
    match exit {
        Exit::With(Kind::Interrupted) => Err(complaint(Kind::Interrupted, &story)),
        Exit::With(Kind::Auth) => {
            object(ui, &end.payment, end.replayed)?;
            Err(complaint(Kind::Auth, &story))
        }
        // Where nobody watches, all that is said goes into the mail, and is named there.
        Exit::With(kind) if ui.format() == Format::Table && ui.quiet() => Err(complaint(kind, &story)),
        Exit::Done | Exit::With(_) if ui.format() == Format::Table => answered(ui.outcome(&story), exit),
        // The alarm has been told.
        Exit::Done | Exit::With(Kind::Alarm) => object(ui, &end.payment, end.replayed).map(|()| exit),
        Exit::With(kind) => {
            object(ui, &end.payment, end.replayed)?;
            Err(complaint(kind, &story))
        }
    }
}

/// Whether it is open for no other reason than that another key cannot say more.
fn is_of_another_key(payment: &Payment) -> bool {
    match &payment.reason {
        Some(Reason::LookupNoAnswer { why } | Reason::NoWordOfOrder { why }) => **why == Reason::OtherKey,
        _ => false,
    }
}

/// The payment on stdout in a form for programs; a paid one is a success, and silent with
/// `--quiet`. In a table there are no objects: the sentences say it all.
fn object(ui: &mut Ui, payment: &Payment, replayed: bool) -> Result<(), Failure> {
    let counts_as_paid = payment.outcome == Outcome::Paid || payment.is_noted_charged();
    let silent = ui.quiet() && counts_as_paid && payment.alarm().is_none();
    if ui.format() != Format::Table && !silent {
        answered(ui.payment(PaymentView { payment, replayed }), Exit::Done)?;
    }
    Ok(())
}

fn exit_of(report: &Report) -> Exit {
    match (report.payment.outcome, &report.held) {
        (Outcome::Unknown, _) if report.payment.is_noted_charged() => Exit::Done,
        (Outcome::Unknown | Outcome::Pending, _) => Exit::With(Kind::Unknown),
        (_, Some(Held::Interrupted)) => Exit::With(Kind::Interrupted),
        (_, Some(Held::KeyRefused(_))) => Exit::With(Kind::Auth),
        (_, Some(Held::NotReached(_))) => Exit::With(Kind::Network),
        (outcome, None) => Exit::of_outcome(outcome),
    }
}

/// What is said of it.
fn story(ui: &Ui, report: &Report, commands: &Commands, now: Timestamp) -> Story {
    let payment = &report.payment;
    match (&report.held, payment.outcome) {
        (Some(held), Outcome::Declined | Outcome::Rejected | Outcome::NotSent) => {
            let until = report.try_again_at.filter(|at| *at > now).map(|at| when(at, ui.zone()));
            held_back(held, payment, commands, until.as_deref())
        }
        (Some(_) | None, _) => prose::charge(&ChargeStory {
            payment,
            replayed: report.replayed,
            not_before: report.try_again_at.filter(|at| *at > now),
            now,
            zone: ui.zone(),
            commands,
        }),
    }
}

/// Nothing was sent now, and what was known before stands.
fn held_back(held: &Held, payment: &Payment, commands: &Commands, until: Option<&str>) -> Story {
    let (stands, again) = match payment.outcome {
        Outcome::Declined => (" The earlier decline stands.", &commands.retry),
        Outcome::Rejected => (" The earlier rejection stands.", &commands.retry),
        Outcome::Paid | Outcome::Unknown | Outcome::NotSent | Outcome::Pending => ("", &commands.again),
    };
    // Of a request that was let go and twice not taken; what was not let go proves nothing of an earlier one.
    let certain = if payment.was_never_sent() && payment.attempts > 0 {
        " Nothing was charged."
    } else {
        " Nothing was sent."
    };
    let (opening, why, next) = match held {
        Held::NotReached(why) => {
            let next =
                until.map_or("To go on with it:".to_owned(), |at| format!("To go on with it from {at} on:"));
            ("Not sent", format!(": {} Nothing was sent.", sentence(&why.to_string())), next)
        }
        Held::KeyRefused(said) => (
            "",
            format!("The gateway refused the API key: {}{certain}", sentence(&said.to_string())),
            "Check the key with `billkey token --refresh`. Then, to go on with it:".to_owned(),
        ),
        Held::Interrupted => {
            ("", "Interrupted. Nothing was sent.".to_owned(), "To go on with it:".to_owned())
        }
    };
    let rest = format!("{why}{stands}");
    let story = Story::new(payment.outcome, opening, rest).advised(next, Some(again.clone()));
    Story { facts: vec![order_fact(payment)], ..story }
}

/// The gateway knows the order as another payment: both are shown.
pub(super) fn other_at_gateway(request: &ChargeRequest, record: &GatewayRecord, why: &Reason) -> Failure {
    let terms = &request.terms;
    let shown = |text: &Option<String>| text.clone().unwrap_or_else(|| "not told".to_owned());
    let rows = [
        ("order", shown(&record.merchant_uid), terms.merchant_uid.to_string()),
        ("payment", shown(&record.imp_uid), "none yet".to_owned()),
        ("amount", record.amount_shown(), terms.amount.to_string()),
        ("customer", shown(&record.customer_uid), terms.customer_uid.to_string()),
        ("status", shown(&record.status), "to be charged".to_owned()),
    ];
    let imp_uid = record.imp_uid.as_deref().unwrap_or("without an imp_uid");
    let message = format!("the gateway knows {} as another payment, {imp_uid}: {why}", terms.merchant_uid);
    let mut failure = Failure::refused(message)
        .hinted("if that payment is this order's, nothing is left to charge; if it is not, this order needs an id of its own: --merchant-uid")
        .nothing_sent();
    for line in comparison("gateway", "asked for", &rows).lines() {
        failure = failure.detailed(line);
    }
    failure
}

/// The story as an error: its first line, and what to do as hints.
fn complaint(kind: Kind, story: &Story) -> Failure {
    let failure = Failure::new(kind, story.first_line());
    story.advice.iter().chain(&story.further).fold(failure, |failure, advice| failure.hinted(advice.line()))
}

fn other_terms(context: &Context<'_>, payment: &Payment, request: &ChargeRequest) -> Failure {
    let (then, now) = (&payment.terms, &request.terms);
    let mut rows = Vec::new();
    let mut differ = |label, then: String, now: String| {
        if then != now {
            rows.push((label, then, now));
        }
    };
    differ("customer", then.customer_uid.to_string(), now.customer_uid.to_string());
    differ("amount", then.amount.to_string(), now.amount.to_string());
    differ("mode", then.mode.word().to_uppercase(), now.mode.word().to_uppercase());
    let uid = &now.merchant_uid;
    let mut message = format!("{uid} was asked for before with other terms");
    if context.ui.format().is_json() {
        let sides: Vec<String> =
            rows.iter().map(|(label, then, now)| format!("{label} {then} then, {now} now")).collect();
        message = format!("{message}: {}", sides.join("; "));
    }
    let keeps = if then.amount == now.amount {
        "this order keeps its terms. Under --once-per the new ones count from the next period."
    } else {
        "this order keeps its price. Under --once-per the new price counts from the next period."
    };
    let mut failure = Failure::refused(message)
        .hinted(keeps)
        .hinted(format!("what became of it: {}", command_of(context.settings, "history show", uid.as_str())))
        .nothing_sent();
    for line in comparison("then", "now", &rows).lines() {
        failure = failure.detailed(line);
    }
    failure
}
