//! `billkey retry-list`: declined orders that are still unpaid, and when each may be tried again.

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use clap::Args;
use jiff::Timestamp;

use crate::commands::context::Context;
use crate::commands::naming::customer_meant;
use crate::commands::pasted::{command_line, command_of};
use crate::commands::retrying::{Retrying, each_refused};
use crate::commands::session::answered;
use crate::commands::when::{self, in_option};
use crate::domain::declines::Standing;
use crate::domain::due::{Judged, State};
use crate::domain::ids::{CustomerUid, MerchantUid};
use crate::domain::payment::{Outcome, Payment};
use crate::domain::retry_rules::Reasons;
use crate::failure::{Exit, Failure};
use crate::ledger::{Ledger, Refused};
use crate::output::Format;
use crate::output::field::Columns;
use crate::output::retry_list::{Found, GoOn, RetryRow, footer, more};
use crate::output::text::safe;

/// So many orders are read together when they are written.
const AT_ONCE: usize = 500;

const AFTER_HELP: &str = "\
An order is
  due        to be tried again now
  waits      not before its time
  new_card   of no use without another card: lost, expired, a wrong number
  person     of no use before somebody has acted (who_acts)
  over       tried as often as its rule says
When and how often is said in [profile.NAME.retry] of the config, reason
by reason; without it after 1, 3 and 7 days, at 10:00, four tries in 30
days on one card, and only where time alone may help. One order of a
customer is due at a time, and a card is tried once a day.

Left out, with their number: orders in doubt or with money at the
gateway, those of a removed customer, those of which a later order of the
same customer and amount is paid, and those that are too old (--all shows
them). Pending and unknown ones never come up: run `billkey reconcile`
first.

With --due, every format but the table is a file for `billkey batch`. It
has what the ledger keeps of an order: instalments, custom_data, a
notice_url and a channel_key are not in it. Such orders are tried again
with their own file, and rules in the config keep what is not due from
being sent.

Examples:
  billkey --sandbox retry-list
  billkey --sandbox retry-list --due --format csv > due.csv
  billkey --sandbox retry-list --customer sandbox_declined --all --json
  billkey --sandbox retry-list --reason time --since 7d

Exit codes:
  0 done   10 --customer, --reason, --since or --until finds nothing
  10 also where there is no ledger
  1, 2, 3 as usual; see `billkey help exit-codes`";

/// List declined orders that are unpaid, and when each may be tried again
///
/// From the ledger alone; nothing is asked of the gateway, and nothing is sent: `billkey batch
/// --retry-declined` does that, with what `--due` prints. Each order keeps its id, so that it is
/// charged once, however often list and batch are run.
#[derive(Debug, Args)]
#[command(after_long_help = AFTER_HELP)]
pub struct RetryListArgs {
    /// Only orders that are due now; but for a table, as a file for `billkey batch`
    #[arg(long, conflicts_with = "all", help_heading = "Which orders")]
    pub due: bool,

    /// Also the orders that are left out, each with why
    #[arg(long, help_heading = "Which orders")]
    pub all: bool,

    /// Declined for this reason: time, customer, merchant, pg, unknown, new_card, never, or a code
    ///
    /// A code is the PG's, as it stands in brackets, alone (CC10) or with its PG (kcp:CC10).
    #[arg(long, value_name = "REASON", help_heading = "Which orders")]
    pub reason: Option<String>,

    /// Orders of this customer alone
    #[arg(long, value_name = "CUSTOMER_UID", help_heading = "Which orders")]
    pub customer: Option<String>,

    /// Asked for from this time on [default: as long ago as the rules try]
    #[arg(long, value_name = "WHEN", help_heading = "Which orders")]
    pub since: Option<String>,

    /// Asked for before this time; a day or month is included
    #[arg(long, value_name = "WHEN", help_heading = "Which orders")]
    pub until: Option<String>,
}

impl RetryListArgs {
    fn chooses(&self) -> bool {
        [&self.reason, &self.customer, &self.since, &self.until].iter().any(|given| given.is_some())
    }

    fn shows(&self, state: State) -> bool {
        match state {
            State::Due => true,
            State::Left(_) => self.all,
            State::Waits | State::NewCard | State::Person | State::Over => !self.due,
        }
    }
}

/// Lists them.
pub fn run(args: &RetryListArgs, context: &mut Context<'_>) -> Result<Exit, Failure> {
    let (now, settings) = (context.now(), context.settings);
    let reasons = args.reason.as_deref().map(Reasons::parse).transpose();
    let reasons = reasons.map_err(|error| Failure::usage(format!("--reason: {error}")))?;
    let retrying = Retrying { rules: settings.retry_rules(), mode: settings.mode, now };
    let (since, until) = time(args, &retrying, &settings.zone)?;
    let customer = args.customer.as_deref().map(CustomerUid::parse).transpose()?;
    let ledger = context.read_ledger()?;
    let customer = match customer {
        Some(customer) => Some(customer_meant(customer.as_str(), Some(&ledger))?),
        None => None,
    };
    let of = Refused { mode: settings.mode, since, until, customer };
    let (mut listed, mut found) = choose(args, &ledger, &retrying, &of, reasons.as_ref())?;
    found.open = ledger.open_count(settings.mode)?;
    found.older = args.since.is_none() && ledger.refused_before(settings.mode, since)?;
    // What is to be done first; among equals what is due first.
    listed.sort_by(|(a, one), (b, other)| {
        (one.state, one.next_at, one.tried_at, a).cmp(&(other.state, other.next_at, other.tried_at, b))
    });
    let go_on = GoOn {
        reconcile: context.hint("reconcile"),
        due: command_line(settings, "retry-list --due --format csv"),
        batch: command_line(settings, "batch - --retry-declined --yes"),
        all: command_line(settings, "retry-list --all"),
        one: listed.first().map(|(uid, _)| command_of(settings, "history show", uid.as_str())),
    };
    let shown = match write(args, &ledger, listed, &found, &go_on, context)? {
        Ok(shown) => shown,
        Err(error) => return answered(Err(error), Exit::Done),
    };
    if shown > 0 {
        return Ok(Exit::Done);
    }
    let place = ledger.place();
    let none = if args.due { "order is due" } else { "declined order is to be tried again" };
    if args.chooses() {
        return Err(Failure::not_found(format!("no {none} in {place}, of those asked for")));
    }
    let left = footer(&found);
    let rest = if left.is_empty() { String::new() } else { format!("; {left}") };
    context.ui.status(&format!("No {none} in {place}{rest}."));
    Ok(Exit::Done)
}

fn time(
    args: &RetryListArgs,
    retrying: &Retrying,
    zone: &jiff::tz::TimeZone,
) -> Result<(Timestamp, Timestamp), Failure> {
    let since = match &args.since {
        Some(text) => when::since(text, retrying.now, zone).map_err(in_option("--since"))?,
        None => retrying.since(),
    };
    let until = match &args.until {
        Some(text) => when::until(text, retrying.now, zone).map_err(in_option("--until"))?,
        None => Timestamp::MAX,
    };
    if since >= until {
        let [from, to] = [&args.since, &args.until].map(|text| safe(text.as_deref().unwrap_or("30d")));
        let message = format!("--since {from} is not before --until {to}; no order can lie between them");
        return Err(Failure::usage(message));
    }
    Ok((since, until))
}

/// The orders to show, by their ids with what is said of each, and what all of them come to. Of each not more is held
/// than that, however many there are.
fn choose(
    args: &RetryListArgs,
    ledger: &Ledger,
    retrying: &Retrying,
    of: &Refused,
    reasons: Option<&Reasons>,
) -> Result<(Vec<(MerchantUid, Judged)>, Found), Failure> {
    let (mut listed, mut found) = (Vec::new(), Found::default());
    each_refused(ledger, of, |payment| {
        let known = Standing::of(&payment).and_then(|standing| standing.known);
        if reasons.is_none_or(|reasons| reasons.fit(known)) {
            let judged = retrying.judge(ledger, &payment)?;
            found.add(judged.state, payment.terms.amount);
            if args.shows(judged.state) {
                listed.push((payment.terms.merchant_uid, judged));
            }
        }
        Ok::<_, Failure>(ControlFlow::Continue(()))
    })?;
    Ok((listed, found))
}

/// Writes them. The inner error is one of writing; the number is how many were written.
fn write(
    args: &RetryListArgs,
    ledger: &Ledger,
    listed: Vec<(MerchantUid, Judged)>,
    found: &Found,
    go_on: &GoOn,
    context: &mut Context<'_>,
) -> Result<std::io::Result<u64>, Failure> {
    let for_batch = args.due && context.ui.format() != Format::Table;
    let columns = if for_batch { RetryRow::for_batch() } else { Columns::usual() };
    let mut list = match context.ui.list::<RetryRow>(columns) {
        Ok(list) => list.all_there(),
        Err(error) => return Ok(Err(error)),
    };
    let mut rest = listed.into_iter();
    loop {
        let mut some: BTreeMap<usize, Judged> = BTreeMap::new();
        let mut uids = Vec::new();
        for (uid, judged) in rest.by_ref().take(AT_ONCE) {
            some.insert(uids.len(), judged);
            uids.push(uid);
        }
        if uids.is_empty() {
            break;
        }
        let payments = ledger.find_many(&uids)?;
        for (payment, judged) in payments.into_iter().zip(some.into_values()) {
            // One that was paid a moment ago is none any more.
            let Some(payment) = payment.filter(is_refused) else { continue };
            if let Err(error) = list.retry(&RetryRow { payment, judged }) {
                return Ok(Err(error));
            }
        }
    }
    Ok(list.finish_with(&footer(found), &more(found, go_on)))
}

fn is_refused(payment: &Payment) -> bool {
    matches!(payment.outcome, Outcome::Declined | Outcome::Rejected)
}
