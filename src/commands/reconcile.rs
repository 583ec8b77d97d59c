//! `billkey reconcile`.

use std::collections::HashSet;
use std::ops::ControlFlow;
use std::sync::Arc;

use clap::Args;
use jiff::{SignedDuration, Timestamp};

use crate::billing::desk::Desk;
use crate::billing::reconcile::{ReviewError, Reviewed, Verdict, reconcile};
use crate::billing::report::Held;
use crate::commands::context::Context;
use crate::commands::reconcile::tell::Told;
use crate::commands::when::{self, in_option};
use crate::domain::ids::MerchantUid;
use crate::domain::payment::{Outcome, Payment};
use crate::failure::{Exit, Failure};
use crate::interrupt::Interrupts;
use crate::ledger::{Filter, Ledger, LedgerError};

mod tell;

const AFTER_HELP: &str = "\
WHEN is 2026-11-23, 2026-11, 2026-11-23T09:00, today, yesterday, or as long ago
as 7d or 12h.

Examples:
  billkey --sandbox reconcile
  billkey --sandbox reconcile order_monthly_0001
  billkey --sandbox reconcile --since 30d --json

Exit codes:
  0 nothing is open   7 something is still unknown
  8 ledger and gateway contradict each other
  9 settled as not sent, or the gateway was not reached
  6, 5 settled as rejected, as declined
  10 there is no such payment   130 interrupted
  1, 2, 3, 4 as usual; see `billkey help exit-codes`
  Of several the most serious, in the order 7, 1, 4, 3, 9, 8, 6, 5, 10, 0";

/// Settle what is open, by asking the gateway
///
/// Asks I'mport for every payment under the merchant_uid of each pending and unknown charge, and
/// records what it shows. Charges nothing. Declines and rejections that prove nothing are asked
/// about again until three days after they were sent, and so are paid charges beside a request
/// that was never answered; recent declines, rejections and charges that left no trace as well,
/// because some turn to paid later. What was sent less than settle_after ago and does not show
/// yet is left open.
#[derive(Debug, Args)]
#[command(after_long_help = AFTER_HELP)]
pub struct ReconcileArgs {
    /// These payments alone: merchant_uids or imp_uids [default: all that are open, or recent]
    #[arg(value_name = "ID", conflicts_with_all = ["since", "until"])]
    pub ids: Vec<String>,

    /// Ask again about those declined, rejected or not sent from this time on [default: 3d]
    #[arg(long, value_name = "WHEN", help_heading = "Which payments")]
    pub since: Option<String>,

    /// Ask again about those before this time; a day or month is included
    #[arg(long, value_name = "WHEN", help_heading = "Which payments")]
    pub until: Option<String>,
}

/// How long a decline may still turn to paid (facts 2.6: two to three days at some PGs).
const RECENT: SignedDuration = SignedDuration::from_hours(72);

/// Settles, and tells how.
pub fn run(args: &ReconcileArgs, context: &mut Context<'_>) -> Result<Exit, Failure> {
    let (since, until) = window(args, context)?;
    // It settles what a ledger holds: where there is none there is nothing to settle, and none is created.
    let mut ledger = context.ledger_at_hand()?;
    let mut told = Told::default();
    let uids = which(args, &ledger, since, until, &mut told)?;
    if uids.is_empty() {
        return told.finish(context, None);
    }
    let gateway = context.open_gateway()?;
    let interrupts = Interrupts::watch().map_err(|error| Failure::io("watch for Ctrl-C", &error))?;
    let mut desk = Desk {
        ledger: &mut ledger,
        gateway: Arc::clone(&gateway.client),
        clock: Arc::clone(&context.clock),
        interrupts,
    };
    let total = u64::try_from(uids.len()).ok();
    let progress = context.ui.progress(total, "asking the gateway");
    let mut stopped = None;
    for uid in &uids {
        match one(&mut desk, uid, context, &mut told) {
            ControlFlow::Continue(()) => progress.advance(1),
            ControlFlow::Break(failure) => {
                stopped = Some(failure);
                break;
            }
        }
    }
    drop(progress);
    told.finish(context, stopped)
}

/// Reviews one payment. A failure that would meet the next one too stops the work; what was
/// settled before stays settled.
fn one(
    desk: &mut Desk<'_>,
    uid: &MerchantUid,
    context: &mut Context<'_>,
    told: &mut Told,
) -> ControlFlow<Failure> {
    let settings = context.settings;
    match reconcile(desk, uid, settings.mode, settings.settle_after) {
        Ok(reviewed) => {
            let unreached = matches!(reviewed.verdict, Verdict::Open { reached: false, .. });
            let failure = unreached.then(|| not_reached(&reviewed));
            told.add(context.ui, reviewed);
            failure.map_or(ControlFlow::Continue(()), ControlFlow::Break)
        }
        Err(ReviewError::NoSuchPayment) => ControlFlow::Continue(()),
        Err(ReviewError::Ledger(error)) => ControlFlow::Break(Failure::from(error)),
        Err(ReviewError::Held(held)) => ControlFlow::Break(match held {
            Held::NotReached(why) => {
                Failure::network(format!("{why}; what was settled before stays settled"))
            }
            Held::KeyRefused(said) => Failure::auth(format!("the gateway refused the API key: {said}")),
            Held::Interrupted => Failure::interrupted("interrupted; what was settled before stays settled"),
        }),
    }
}

fn not_reached(reviewed: &Reviewed) -> Failure {
    let why = match &reviewed.verdict {
        Verdict::Open { why, .. } => why.to_string(),
        Verdict::Settled | Verdict::Stands | Verdict::Contradicted { .. } | Verdict::Busy => String::new(),
    };
    Failure::network(format!("{why}; what was settled before stays settled"))
        .hinted("run the same command again")
}

fn window(args: &ReconcileArgs, context: &Context<'_>) -> Result<(Timestamp, Option<Timestamp>), Failure> {
    let now = context.now();
    let zone = &context.settings.zone;
    let since = match &args.since {
        Some(text) => when::since(text, now, zone).map_err(in_option("--since"))?,
        None => now.checked_sub(RECENT).unwrap_or(now),
    };
    let until = args.until.as_deref().map(|text| when::until(text, now, zone));
    let until = until.transpose().map_err(in_option("--until"))?;
    Ok((since, until))
}

/// The payments to ask about: those named, or all that are open and those that may have changed.
fn which(
    args: &ReconcileArgs,
    ledger: &Ledger,
    since: Timestamp,
    until: Option<Timestamp>,
    told: &mut Told,
) -> Result<Vec<MerchantUid>, LedgerError> {
    let mut uids = Vec::new();
    for id in &args.ids {
        match ledger.find_any(id)? {
            Some(payment) => uids.push(payment.terms.merchant_uid),
            None => told.missing(id),
        }
    }
    if !args.ids.is_empty() {
        return Ok(uids);
    }
    uids.extend(ledger.unsettled()?.into_iter().map(|payment| payment.terms.merchant_uid));
    if args.since.is_none() && args.until.is_none() {
        uids.extend(ledger.doubtful()?.into_iter().map(|payment| payment.terms.merchant_uid));
    }
    let mut known: HashSet<MerchantUid> = uids.iter().cloned().collect();
    let may_turn = vec![Outcome::Declined, Outcome::Rejected, Outcome::NotSent];
    let filter = Filter { outcomes: may_turn, since: Some(since), until, ..Filter::default() };
    ledger.visit(&filter, &mut |payment: Payment| {
        // One that was never let go, or whose every request was answered, leaves nothing to ask.
        let uid = payment.terms.merchant_uid;
        if (payment.outcome != Outcome::NotSent || payment.unanswered > 0) && known.insert(uid.clone()) {
            uids.push(uid);
        }
        ControlFlow::Continue(())
    })?;
    Ok(uids)
}
