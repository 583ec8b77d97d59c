//! `billkey attention`: the one daily line for cron.

use clap::Args;

use crate::commands::context::Context;
use crate::commands::session::answered;
use crate::domain::standing::Standing;
use crate::domain::time::Moment;
use crate::failure::{Exit, Failure, Kind};
use crate::ledger::{Access, Create, Ledger, LedgerError, OpenOptions};
use crate::output::attention::Item;

mod differences;
mod money;
mod standing;

const AFTER_HELP: &str = "\
An item is one line, with the command that settles it at its end:
  unknown            pending or unknown for longer than settle_after
  doubt              a no that proves nothing, or a request never answered
                     beside a payment
  two_payments       two payments under one order hold money
  refund_unknown     it is not known whether the money went back
  refund_refused     it did not, and nobody has tried again
  refund_undone      it did, and the gateway does not show it any more
  amount_differs, only_at_gateway and the other words of `billkey help
  reconcile`         what the last reconcile found and nobody has settled
  schedule           the gateway is going to charge by itself
  distrusted, lost   the ledger is older than it was, or gone

Examples:
  billkey --sandbox reconcile --since 7d
  billkey --sandbox attention
  billkey --sandbox attention --all --json

Exit codes:
  0 nothing is left for a person: not a word is said
  8 a person must look
  10 there is no ledger
  1, 2, 3 as usual; see `billkey help exit-codes`";

/// Tell what a person must look at, each with the command that settles it
///
/// Oldest first, one line each. It reads the ledger alone: nothing is asked of the gateway, and nothing is
/// written, so that it says what the last `reconcile` has left. Run that first; cron mails what is said here. What
/// somebody has answered for (`reconcile --acknowledge`) is not told again, but with --all.
#[derive(Debug, Args)]
#[command(after_long_help = AFTER_HELP)]
pub struct AttentionArgs {
    /// Also what somebody has acknowledged, marked with who, when and why
    #[arg(long, help_heading = "Which items")]
    pub all: bool,
}

/// Tells what is left for a person.
pub fn run(args: &AttentionArgs, context: &mut Context<'_>) -> Result<Exit, Failure> {
    let (now, path) = (context.clock.now(), context.settings.database.clone());
    let options =
        OpenOptions { access: Access::Read, now: Some(now.clone()), ..OpenOptions::new(Create::Never) };
    let opened = match Ledger::open_with(&path, &options) {
        Ok(opened) => opened,
        // The sandbox's is made by its first use, and one that was lost begins anew.
        Err(LedgerError::Missing { .. } | LedgerError::Lost { .. }) if context.settings.sandbox() => {
            return answered(context.ui.attention(&[]), Exit::Done);
        }
        Err(error) if error.is_missing() => {
            let items = [standing::none(context, &error)];
            return answered(context.ui.attention(&items), Exit::With(Kind::NotFound));
        }
        Err(error @ LedgerError::Lost { .. }) => {
            let items = [standing::lost(context, &error)];
            return answered(context.ui.attention(&items), Exit::With(Kind::Refused));
        }
        Err(error) => return Err(error.into()),
    };
    context.marks = Some(opened.ledger.mark_trouble());
    let ledger = opened.ledger;
    let stands = opened.standing.map_or_else(|| ledger.standing(), Ok)?;
    let mut items = left(context, &ledger, &stands, &now)?;
    items.retain(|item| args.all || item.signed.is_none());
    let is_left = |item: &Item| item.signed.is_none();
    let exit = if items.iter().any(is_left) { Exit::With(Kind::Refused) } else { Exit::Done };
    answered(context.ui.attention(&items), exit)
}

/// Everything that is left for a person, oldest first, and what somebody has answered for.
pub(in crate::commands) fn left(
    context: &Context<'_>,
    ledger: &Ledger,
    stands: &Standing,
    now: &Moment,
) -> Result<Vec<Item>, LedgerError> {
    let mut items = standing::distrusted(context, stands);
    items.extend(money::payments(context, ledger, now)?);
    items.extend(money::refunds(context, ledger, now)?);
    items.extend(differences::drift(context, ledger)?);
    items.extend(differences::schedules(context, ledger)?);
    items.sort_by_key(|item| item.since);
    Ok(items)
}
