//! `billkey reconcile`.

use std::sync::Arc;

use clap::Args;
use jiff::{SignedDuration, Timestamp};

use crate::billing::desk::Desk;
use crate::commands::belonging::recognise;
use crate::commands::context::{Context, Gateway};
use crate::commands::reconcile::against::AgainstArgs;
use crate::commands::reconcile::books::Books;
use crate::commands::reconcile::note::Note;
use crate::commands::reconcile::settle::{Asking, settle, which};
use crate::commands::reconcile::tell::Told;
use crate::commands::schedules;
use crate::commands::when::{self, in_option};
use crate::domain::drift::DriftKind;
use crate::domain::ids::CustomerUid;
use crate::failure::{Exit, Failure};
use crate::gateway::Ahead;
use crate::interrupt::Interrupts;
use crate::ledger::Ledger;
use crate::output::text::{safe, shell_word};

mod acknowledge;
mod against;
mod answer_for;
mod books;
mod differ;
mod drifted;
mod in_vain;
mod note;
mod objects;
mod refunds;
mod settle;
mod tell;

const AFTER_HELP: &str = "\
WHEN is 2026-11-23, 2026-11, 2026-11-23T09:00, today, yesterday, or as long ago
as 7d, 2w, 3mo, 2y or 12h.

With --since every disagreement of ledger and gateway is told by a word:
amount_differs, customer_differs, status_differs, refund_differs, settled_outside
(noted by hand, and nothing that is left), refund_undone (it went back, and does
not show any more),
only_at_gateway, only_here, two_payments, test_in_live, key_issue (registering a
card charged it), charged_by_schedule, unconfirmed (a list that changed each
time it was read).

Examples:
  billkey --sandbox reconcile
  billkey --sandbox reconcile order_monthly_0001
  billkey --sandbox reconcile --since 30d --json
  billkey --sandbox reconcile --since 2026-11 --import --fix
  billkey reconcile --against settlement.xlsx --since 2026-11

Exit codes:
  0 nothing is open, or noted   7 something is still unknown
  8 a person must look
  9 settled as not sent, or a question had no answer
  6, 5 settled as rejected, as declined
  10 there is no such payment, or no ledger   130 interrupted
  1, 2, 3, 4 as usual; see `billkey help exit-codes`
  Of several the most serious, in the order 7, 1, 4, 3, 9, 11, 8, 6, 5, 10, 0";

/// Settle what is open, and hold ledger and gateway against each other
///
/// Asks I'mport for every payment under the merchant_uid of each pending and unknown charge, and
/// records what it shows. Charges nothing. Declines and rejections that prove nothing are asked about again until
/// three days after they were sent, and so are paid charges beside a request that was never answered; recent
/// declines, rejections and charges that left no trace as well, because some turn to paid later. What was sent less
/// than settle_after ago and does not show yet is left open. Refunds that are open are looked for in the history of
/// their payment. Two payments that hold money under one order are told, and asked about again, until one is
/// refunded or somebody answers for it. With --since every payment at the gateway from then on is compared with the ledger as
/// well; --import records what was made elsewhere, --fix takes the gateway's word for status and refunds. A run
/// that was stopped goes on where it was.
#[derive(Debug, Args)]
#[command(after_long_help = AFTER_HELP)]
pub struct ReconcileArgs {
    /// These payments alone: merchant_uids or imp_uids [default: all that are open, or recent]
    #[arg(value_name = "ID", conflicts_with_all = ["since", "until"])]
    pub ids: Vec<String>,

    /// Hold ledger and gateway against each other, from this time on
    #[arg(long, value_name = "WHEN", help_heading = "Which payments")]
    pub since: Option<String>,

    /// The same up to this time; a day or month is included
    #[arg(long, value_name = "WHEN", requires = "since", help_heading = "Which payments")]
    pub until: Option<String>,

    /// Note by hand what became of the one payment ID, which the gateway will not show
    ///
    /// Of a payment that is pending, unknown or a doubt: one noted as charged counts as paid, and is
    /// not sent again; one noted as not charged has nothing left to wait for. Of a paid one: what the
    /// PG paid back by hand, of which the gateway knows nothing (refunded-outside), is not refunded
    /// again; not-refunded-outside takes that back. Of a refund (ID is its own, or its payment's) of which
    /// nobody knows whether it went back: refunded or not-refunded; not-refunded as well where it went back
    /// and the PG has taken the money again. What the gateway shows later counts for more.
    #[arg(
        long,
        value_name = "WHAT",
        value_enum,
        requires = "evidence",
        conflicts_with_all = ["since", "until"],
        help_heading = "What a person settles"
    )]
    pub note: Option<Note>,

    /// With --note refunded-outside: how much, where it was not all that is left
    #[arg(long, value_name = "AMOUNT", requires = "note", help_heading = "What a person settles")]
    pub amount: Option<String>,

    /// What shows it, such as the card company's statement; kept with the note
    #[arg(long, value_name = "TEXT", requires = "note", help_heading = "What a person settles")]
    pub evidence: Option<String>,

    /// Answer for what `billkey attention` tells: it is right as it is
    ///
    /// ID is the imp_uid of a payment beside another one under its order, or the id of a difference, of a
    /// schedule at the gateway or of a refund that was refused. Who, when and why are kept. Two payments under
    /// one order stay an alarm until one is wholly refunded or acknowledged. An answer is for what was seen: a
    /// difference that has changed is another one. Nothing is asked of the gateway.
    #[arg(
        long,
        value_name = "ID",
        requires = "reason",
        conflicts_with_all = ["ids", "since", "until", "unacknowledge"],
        help_heading = "What a person settles"
    )]
    pub acknowledge: Option<String>,

    /// Take that back
    #[arg(
        long,
        value_name = "ID",
        requires = "reason",
        conflicts_with_all = ["ids", "since", "until"],
        help_heading = "What a person settles"
    )]
    pub unacknowledge: Option<String>,

    /// Why, for whoever reads it later
    #[arg(long, value_name = "TEXT", help_heading = "What a person settles")]
    pub reason: Option<String>,

    /// Those of one customer alone
    #[arg(long, value_name = "CUSTOMER_UID", conflicts_with = "ids", help_heading = "Which payments")]
    pub customer: Option<String>,

    /// Also list what is no charge with a billing key, and drift that was acknowledged, instead of counting it
    #[arg(long, requires = "since", help_heading = "Which payments")]
    pub all: bool,

    /// Record payments that were made elsewhere
    #[arg(long, requires = "since", help_heading = "What to record")]
    pub import: bool,

    /// Take the gateway's word for status and refunds
    #[arg(long, help_heading = "What to record")]
    pub fix: bool,

    #[command(flatten)]
    pub other: AgainstArgs,
}

/// How long a decline may still turn to paid (facts 2.6: two to three days at some PGs). What is older is seen in
/// the gateway's lists.
const RECENT: SignedDuration = SignedDuration::from_hours(72);

/// The time in which ledger and gateway are held against each other: `since <= t < until`.
#[derive(Clone, Copy, Debug)]
struct Span {
    since: Timestamp,
    until: Option<Timestamp>,
}

/// Settles, and tells how.
pub fn run(args: &ReconcileArgs, context: &mut Context<'_>) -> Result<Exit, Failure> {
    if let Some(what) = args.note {
        return note::note(what, args, context);
    }
    if let Some(signed) = acknowledge::run(args, context) {
        return signed;
    }
    let span = span(args, context)?;
    args.other.check()?;
    if let Some(file) = &args.other.against {
        let time = span.map(|span| (span.since, span.until));
        return against::run(file, &args.other, time, context);
    }
    let customer = args.customer.as_deref().map(CustomerUid::parse).transpose()?;
    // Where there is no ledger there is nothing to settle, and none is created but by what records payments.
    let mut ledger = if args.import { context.open_ledger()? } else { context.ledger_at_hand()? };
    let mut told = Told::default();
    let now = context.now();
    let recent = now.checked_sub(RECENT).unwrap_or(now);
    let mut uids = which(args, &ledger, recent, customer.as_ref(), &mut told)?;
    if args.ids.is_empty() {
        let gone_back = refunds::gone_back(&ledger, customer.as_ref(), now)?;
        uids.extend(gone_back.into_iter().filter(|uid| !uids.contains(uid)).collect::<Vec<_>>());
    }
    // What a run with --since reads again it asks about as well.
    let late = span.map_or(recent, |span| span.since.min(recent));
    let refunds = refunds::to_ask(args, &ledger, &uids, customer.as_ref(), late)?;
    if uids.is_empty() && refunds.is_empty() && span.is_none() && ledger.undone_refunds()?.is_empty() {
        return told.finish(context, None);
    }
    let gateway = context.open_gateway()?;
    recognise(context, &mut ledger, &gateway)?;
    let interrupts = Interrupts::watch().map_err(|error| Failure::io("watch for Ctrl-C", &error))?;
    let mut desk = Desk {
        ledger: &mut ledger,
        gateway: Arc::clone(&gateway.client),
        clock: Arc::clone(&context.clock),
        interrupts: interrupts.clone(),
    };
    // Our own refunds first: one that is found now is no difference between the two books.
    let mut stopped = refunds::settle(&mut desk, &refunds, context, &mut told)?;
    if stopped.is_none() {
        let asking =
            Asking { gateway: Arc::clone(&gateway.client), interrupts: interrupts.clone(), fix: args.fix };
        stopped = settle(&ledger, uids.clone(), &asking, context, &mut told)?;
    } else {
        told.none_asked(&ledger, &uids)?;
    }
    if let Some(span) = span
        && stopped.is_none()
    {
        told.comparing();
        let books = Books::new(args, &mut ledger, &gateway, interrupts, span, customer.clone());
        stopped = books.hold_against(context, &mut told)?;
        refunds::tell_taken_back(ledger.taken_back(span.since)?, customer.as_ref(), &mut told);
        if stopped.is_none() {
            look_ahead(context, &gateway, &mut ledger, customer.as_ref())?;
        }
    }
    let about = (args, &uids[..], customer.as_ref());
    refunds::tell_undone(ledger.undone_refunds()?, about, context, &mut told);
    if args.ids.is_empty() {
        told.alarms_left(&ledger.alarms()?, context.settings, context.ui);
    }
    told.sign_off(&mut ledger, context.now(), args.all)?;
    let commands = [next(args, &told), told.to_sign()];
    commands.into_iter().flatten().for_each(|command| told.next(&context.hint(&command)));
    told.finish(context, stopped)
}

/// Reads what the gateway is going to charge by itself, for `attention` to tell.
fn look_ahead(
    context: &mut Context<'_>,
    gateway: &Gateway,
    ledger: &mut Ledger,
    customer: Option<&CustomerUid>,
) -> Result<(), Failure> {
    if let Err(failure) = schedules::look(context, &gateway.client, ledger, customer, Ahead::Far)?
        && context.settings.presentation.verbose
    {
        context.ui.note(&format!("* scheduled payments were not read: {failure}"));
    }
    Ok(())
}

/// The same run, with what would settle more of it; `None` where only a person can.
fn next(args: &ReconcileArgs, told: &Told) -> Option<String> {
    use DriftKind::{ChargedBySchedule, KeyIssue, OnlyAtGateway, TestInLive, Unconfirmed};
    let may_import = args.since.is_some() && !args.import;
    let import = may_import && told.has(&[OnlyAtGateway, ChargedBySchedule, KeyIssue, TestInLive]);
    let fix = !args.fix && told.to_fix;
    if !import && !fix && !told.has(&[Unconfirmed]) {
        return None;
    }
    let mut words = vec!["reconcile".to_owned()];
    let options = [("--since", &args.since), ("--until", &args.until), ("--customer", &args.customer)];
    for (flag, value) in options {
        words.extend(value.iter().flat_map(|value| [flag.to_owned(), shell_word(value)]));
    }
    let flags = [("--import", import || args.import), ("--fix", fix || args.fix)];
    words.extend(flags.into_iter().filter(|(_, given)| *given).map(|(flag, _)| flag.to_owned()));
    if !args.ids.is_empty() {
        words.push("--".to_owned());
        words.extend(args.ids.iter().map(|id| shell_word(id)));
    }
    Some(words.join(" "))
}

fn span(args: &ReconcileArgs, context: &Context<'_>) -> Result<Option<Span>, Failure> {
    let (now, zone) = (context.now(), &context.settings.zone);
    let Some(since) = &args.since else { return Ok(None) };
    let since = when::since(since, now, zone).map_err(in_option("--since"))?;
    let until = args.until.as_deref().map(|text| when::until(text, now, zone));
    let until = until.transpose().map_err(in_option("--until"))?;
    if until.is_some_and(|until| since >= until) {
        let [from, to] = [&args.since, &args.until].map(|text| text.as_deref().unwrap_or_default());
        return Err(Failure::usage(format!(
            "--since {} is not before --until {}; no payment can lie between them. Nothing was asked",
            safe(from),
            safe(to)
        )));
    }
    Ok(Some(Span { since, until }))
}
