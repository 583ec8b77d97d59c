//! `billkey ledger stats`.

use serde::Serialize;
use serde_json::Number;

use crate::commands::context::Context;
use crate::commands::session::answered;
use crate::domain::words::number_of;
use crate::failure::{Exit, Failure};
use crate::ledger::{Group, Ledger, Stats};
use crate::output::Format;
use crate::output::counted::Counted;
use crate::output::field::{Columns, exact_number};
use crate::output::text::{size, when, when_rfc3339};

#[derive(Serialize)]
struct StatsAnswer {
    ledger: String,
    id: String,
    epoch: i64,
    schema: i64,
    size_bytes: u64,
    log_bytes: u64,
    payments: u64,
    events: u64,
    refunds: u64,
    customers: u64,
    customers_removed: u64,
    first_requested_at: Option<String>,
    last_requested_at: Option<String>,
    /// Of a backup: when it was made.
    backup_made_at: Option<String>,
    groups: Vec<GroupAnswer>,
}

#[derive(Serialize)]
struct GroupAnswer {
    mode: &'static str,
    currency: String,
    outcome: &'static str,
    count: u64,
    amount: Number,
}

pub(super) fn run(context: &mut Context<'_>) -> Result<Exit, Failure> {
    let ledger = context.ledger_to_look_after()?;
    let stats = {
        let _wait = context.ui.waiting("counting");
        ledger.stats()
    };
    let stats = stats.map_err(|error| context.ledger_failure(error))?;
    match context.ui.format() {
        Format::Json | Format::Jsonl => {
            let answer = object(&ledger, &stats, context).map_err(std::io::Error::other)?;
            answered(context.ui.json(&answer), Exit::Done)
        }
        Format::Table => {
            let text = told(&ledger, &stats, context);
            let written = context.ui.answer(&text).and_then(|()| listed(&stats, context));
            answered(written, Exit::Done)
        }
        Format::Plain | Format::Csv => answered(listed(&stats, context), Exit::Done),
    }
}

fn listed(stats: &Stats, context: &mut Context<'_>) -> std::io::Result<()> {
    let mut list = context.ui.list::<Counted>(Columns::usual())?;
    for Group { outcome, mode, count, amount } in &stats.groups {
        list.row(&Counted { mode: *mode, outcome: *outcome, count: *count, amount: *amount })?;
    }
    list.finish(&number_of(payments(stats), "payment")).map(|_| ())
}

fn payments(stats: &Stats) -> u64 {
    stats.groups.iter().map(|group| group.count).sum()
}

fn object(ledger: &Ledger, stats: &Stats, context: &Context<'_>) -> Result<StatsAnswer, serde_json::Error> {
    let at = |at: Option<jiff::Timestamp>| at.map(|at| when_rfc3339(at, context.ui.zone()));
    let group = |group: &Group| {
        Ok(GroupAnswer {
            mode: group.mode.word(),
            currency: group.amount.currency().code().to_owned(),
            outcome: group.outcome.word(),
            count: group.count,
            amount: exact_number(&group.amount)?,
        })
    };
    Ok(StatsAnswer {
        ledger: ledger.place().to_string(),
        id: stats.id.clone(),
        epoch: stats.epoch,
        schema: stats.schema,
        size_bytes: stats.size_bytes,
        log_bytes: stats.log_bytes,
        payments: payments(stats),
        events: stats.events,
        refunds: stats.refunds,
        customers: stats.customers,
        customers_removed: stats.customers_removed,
        first_requested_at: at(stats.first),
        last_requested_at: at(stats.last),
        backup_made_at: at(stats.stamped),
        groups: stats.groups.iter().map(group).collect::<Result<_, serde_json::Error>>()?,
    })
}

fn told(ledger: &Ledger, stats: &Stats, context: &Context<'_>) -> String {
    let zone = context.ui.zone();
    let mut lines = vec![
        format!("  ledger     {}", ledger.place()),
        format!("  id         {}, epoch {}, schema {}", stats.id, stats.epoch, stats.schema),
        format!("  size       {}, and a log of {}", size(stats.size_bytes), size(stats.log_bytes)),
    ];
    if let Some(at) = stats.stamped {
        lines.push(format!("  backup     made {}", when(at, zone)));
    }
    if let Some((first, last)) = stats.first.zip(stats.last) {
        lines.push(format!("  payments   from {} to {}", when(first, zone), when(last, zone)));
    }
    let removed = match stats.customers_removed {
        0 => String::new(),
        removed => format!(", {removed} of them removed"),
    };
    lines.push(format!(
        "  history    {}, {}",
        number_of(stats.events, "event"),
        number_of(stats.refunds, "refund")
    ));
    lines.push(format!("  customers  {}{removed}", stats.customers));
    lines.join("\n")
}
