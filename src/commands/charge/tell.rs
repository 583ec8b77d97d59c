//! What a charge says at its end: on stdout the answer, on stderr what belongs to it, and the exit.

use jiff::Timestamp;

use crate::billing::report::{Ended, Held, Report};
use crate::commands::context::Context;
use crate::commands::ending::warn;
use crate::commands::session::answered;
use crate::domain::charge::ChargeRequest;
use crate::domain::payment::{GatewayRecord, Outcome, Payment};
use crate::domain::reason::Reason;
use crate::domain::time::format_duration;
use crate::failure::{Exit, Failure, Kind};
use crate::output::Format;
use crate::output::payment::PaymentView;
use crate::output::prose::{self, ChargeStory, Story};
use crate::output::table::comparison;
use crate::output::text::{sentence, shell_word, when};
use crate::output::ui::Ui;

/// Tells how it ended.
pub(super) fn ended(
    context: &mut Context<'_>,
    request: &ChargeRequest,
    ended: Ended,
) -> Result<Exit, Failure> {
    let uid = &request.terms.merchant_uid;
    match ended {
        Ended::Answered(end) => report(context, &end),
        Ended::OtherTerms(payment) => Err(other_terms(context.ui, &payment, request)),
        Ended::OtherAtGateway { record, why, .. } => Err(other_at_gateway(request, &record, &why)),
        Ended::Similar(other) => {
            let at = when(other.requested_at, context.ui.zone());
            let state = if other.outcome == Outcome::Paid { "paid" } else { "asked for" };
            Err(Failure::refused(format!(
                "{} {state} {} as {} on {at}, a moment ago",
                request.terms.customer_uid, other.terms.amount, other.terms.merchant_uid,
            ))
            .hinted("if the customer is to pay the same amount twice: add --allow-similar")
            .nothing_sent())
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
            .hinted("run the same command again: it tells what became of it")
            .nothing_sent())
        }
        Ended::Interrupted => Err(interrupted(request)),
    }
}

fn interrupted(request: &ChargeRequest) -> Failure {
    Failure::interrupted(format!("interrupted before {} was sent", request.terms.merchant_uid))
        .hinted("run the same command again")
        .nothing_sent()
}

fn report(context: &mut Context<'_>, end: &Report) -> Result<Exit, Failure> {
    warn(context.ui, end);
    let exit = exit_of(end);
    let now = context.now();
    let ui = &mut *context.ui;
    let story = story(ui, end, now);
    match exit {
        Exit::With(kind @ (Kind::Auth | Kind::Interrupted)) => Err(complaint(kind, end, &story)),
        Exit::Done | Exit::With(_) if ui.format() == Format::Table => answered(ui.outcome(&story), exit),
        Exit::Done => object(ui, &end.payment, end.replayed).map(|()| exit),
        Exit::With(kind) => {
            object(ui, &end.payment, end.replayed)?;
            Err(complaint(kind, end, &story))
        }
    }
}

/// The payment on stdout in a form for programs; a paid one is a success, and silent with
/// `--quiet`. In a table there are no objects: the sentences say it all.
fn object(ui: &mut Ui, payment: &Payment, replayed: bool) -> Result<(), Failure> {
    let silent = ui.quiet() && payment.outcome == Outcome::Paid;
    if ui.format() != Format::Table && !silent {
        answered(ui.payment(PaymentView { payment, replayed }), Exit::Done)?;
    }
    Ok(())
}

fn exit_of(report: &Report) -> Exit {
    match (report.payment.outcome, &report.held) {
        (Outcome::Unknown | Outcome::Pending, _) => Exit::With(Kind::Unknown),
        (_, Some(Held::Interrupted)) => Exit::With(Kind::Interrupted),
        (_, Some(Held::KeyRefused(_))) => Exit::With(Kind::Auth),
        (_, Some(Held::NotReached(_))) => Exit::With(Kind::Network),
        (outcome, None) => Exit::of_outcome(outcome),
    }
}

/// What is said of it.
fn story(ui: &Ui, report: &Report, now: Timestamp) -> Story {
    let payment = &report.payment;
    let stands = match payment.outcome {
        Outcome::Declined => " The earlier decline stands.",
        Outcome::Rejected => " The earlier rejection stands.",
        Outcome::Paid | Outcome::Unknown | Outcome::NotSent | Outcome::Pending => "",
    };
    match (&report.held, payment.outcome) {
        (Some(held), outcome @ (Outcome::Declined | Outcome::Rejected | Outcome::NotSent)) => match held {
            Held::NotReached(why) => {
                let until = report.try_again_at.filter(|at| *at > now);
                let next = until.map_or_else(
                    || "Run the same command again.".to_owned(),
                    |at| format!("Run the same command again from {} on.", when(at, ui.zone())),
                );
                let rest = format!(": {} Nothing was sent.{stands}", sentence(&why.to_string()));
                Story::new(outcome, "Not sent", rest).advised(next, None)
            }
            Held::KeyRefused(said) => {
                let words = sentence(&said.to_string());
                let rest = format!("The gateway refused the API key: {words} Nothing was charged.{stands}");
                Story::new(outcome, "", rest)
            }
            Held::Interrupted => Story::new(
                outcome,
                "",
                format!("Interrupted before it was sent. Nothing was charged.{stands}"),
            ),
        },
        (Some(_) | None, _) => prose::charge(&ChargeStory {
            payment,
            replayed: report.replayed,
            not_before: report.try_again_at.filter(|at| *at > now),
            now,
            zone: ui.zone(),
        }),
    }
}

/// The story as an error: its first line, and what to do as a hint.
fn complaint(kind: Kind, report: &Report, story: &Story) -> Failure {
    let mut failure = Failure::new(kind, story.first_line());
    if let Some(advice) = &story.advice {
        failure = failure.hinted(advice.line());
    }
    if kind == Kind::Auth {
        failure = failure.hinted(format!(
            "check the key with: billkey token --refresh; then run {} again",
            shell_word(report.payment.terms.merchant_uid.as_str())
        ));
    }
    failure
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

fn other_terms(ui: &Ui, payment: &Payment, request: &ChargeRequest) -> Failure {
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
    if ui.format().is_json() {
        let sides: Vec<String> =
            rows.iter().map(|(label, then, now)| format!("{label} {then} then, {now} now")).collect();
        message = format!("{message}: {}", sides.join("; "));
    }
    let mut failure =
        Failure::refused(message).hinted("a new charge needs a new merchant_uid.").nothing_sent();
    for line in comparison("then", "now", &rows).lines() {
        failure = failure.detailed(line);
    }
    failure
}
