//! What a batch says: its plan, its progress and its summary.

use std::collections::BTreeMap;
use std::io;
use std::time::Duration;

use serde::Serialize;
use serde_json::Number;

use crate::billing::batch::Stop;
use crate::billing::brake::StoppedPg;
use crate::commands::batch::charges::{Charges, Shown};
use crate::commands::batch::fate::{Fate, RowRefusal};
use crate::commands::batch::row::{CUSTOMER_UID, MERCHANT_UID};
use crate::commands::batch::tally::{Counted, Sum, Tally, amounts, whole_seconds};
use crate::domain::declines::Standing;
use crate::domain::pressure::{Halt, PAUSE_MAX};
use crate::domain::time::format_duration;
use crate::domain::words::number_of;
use crate::failure::{Exit, Failure};
use crate::ledger::Ledger;
use crate::output::field::Columns;
use crate::output::meaning::meaning_and_next;
use crate::output::payment::PaymentView;
use crate::output::table::facts;
use crate::output::text::safe;
use crate::output::ui::Ui;

/// What kept rows from being sent, and how to go on.
#[derive(Debug, Default)]
pub(super) struct Ending {
    pub stop: Option<Stop>,
    pub pgs: Vec<StoppedPg>,
    /// The command that sends what was left, where it can be pasted.
    pub again: Option<String>,
}

/// How many rows are named that somebody has to look at.
const NAMED_MAX: usize = 20;

pub(super) fn tally_of(charges: &Charges, fates: &[Fate]) -> Tally {
    let fate = |row: u32| usize::try_from(row).ok().and_then(|row| fates.get(row)).copied();
    Tally::of(charges, |row| fate(row).unwrap_or(Fate::NotTried)).unwrap_or_default()
}

/// How many customers that nobody saved are named.
const STRANGERS_NAMED_MAX: usize = 3;

/// One line for all rows whose customers nobody saved: a file of another shop's looks like that.
pub(super) fn unsaved(charges: &Charges, rows: &[u32], ui: &mut Ui) {
    if rows.is_empty() {
        return;
    }
    let mut named: Vec<&str> = Vec::new();
    for row in rows {
        let uid = charges.rows.cells(*row)[CUSTOMER_UID];
        if !named.contains(&uid) {
            named.push(uid);
        }
        if named.len() > STRANGERS_NAMED_MAX {
            break;
        }
    }
    let more = if named.len() > STRANGERS_NAMED_MAX { " and others" } else { "" };
    let named: Vec<_> = named.into_iter().take(STRANGERS_NAMED_MAX).map(safe).collect();
    let count = u64::try_from(rows.len()).unwrap_or(u64::MAX);
    ui.warning(&format!(
        "{} whose customers are not saved here: {}{more}",
        number_of(count, "row"),
        named.join(", ")
    ));
}

/// The plan on stderr.
pub(super) fn plan(charges: &Charges, fates: &[Fate], ui: &mut Ui) {
    ui.note(&plan_text(charges, fates));
}

/// The plan for people.
pub(super) fn plan_text(charges: &Charges, fates: &[Fate]) -> String {
    let tally = tally_of(charges, fates);
    let all = tally.over(|_| true);
    let mode = charges.settings.mode.word().to_uppercase();
    let mut text = format!("{mode}  {}, {}\n", number_of(all.rows, "row"), all.shown());
    let parts: [(&str, &dyn Fn(Fate) -> bool); 8] = [
        ("to send", &|fate| fate == Fate::Send),
        ("to look up first", &|fate| fate == Fate::Settle),
        ("already paid", &|fate| fate == Fate::AlreadyPaid),
        ("declined or rejected before", &|fate| matches!(fate, Fate::DeclinedBefore | Fate::RejectedBefore)),
        ("unknown, to wait for", &|fate| fate == Fate::Unknown),
        ("not to send yet", &|fate| matches!(fate, Fate::NotSent | Fate::KeyRefused | Fate::Busy)),
        ("not looked at", &|fate| matches!(fate, Fate::NotTried | Fate::Failed)),
        ("refused", &|fate| fate.refused().is_some()),
    ];
    text.push_str(&counted(parts.iter().map(|(words, wanted)| (*words, tally.over(wanted)))));
    text.push_str(&refused_text(charges, fates));
    text
}

/// `label  count  amounts` for what there is any of.
fn counted<'a>(parts: impl Iterator<Item = (&'a str, Sum)>) -> String {
    let parts: Vec<(&str, Sum)> = parts.filter(|(_, sum)| sum.rows > 0).collect();
    let digits = parts.iter().map(|(_, sum)| sum.rows.to_string().len()).max().unwrap_or(0);
    let line = |(words, sum): &(&'a str, Sum)| (*words, format!("{:>digits$}  {}", sum.rows, sum.shown()));
    facts(&parts.iter().map(line).collect::<Vec<_>>())
}

fn refused_text(charges: &Charges, fates: &[Fate]) -> String {
    let refused = charges.rows.all().zip(fates).filter_map(|(row, fate)| Some((row, fate.refused()?)));
    let mut text = String::new();
    for (row, why) in refused.clone().take(NAMED_MAX) {
        let cells = charges.rows.cells(row);
        let name = if cells[MERCHANT_UID].is_empty() { cells[CUSTOMER_UID] } else { cells[MERCHANT_UID] };
        let (line, name, why) = (charges.rows.line(row), safe(name), why.reason());
        text.push_str(&format!("  line {line}, {name}: {why}\n"));
    }
    match refused.count().checked_sub(NAMED_MAX) {
        Some(more @ 1..) => text + &format!("  and {more} more\n"),
        Some(0) | None => text,
    }
}

type Totals = BTreeMap<&'static str, BTreeMap<String, Number>>;

/// The summary of a dry run for programs.
#[derive(Serialize)]
pub(super) struct PlanObject {
    dry_run: bool,
    mode: &'static str,
    to_send: u64,
    /// By currency.
    to_send_totals: BTreeMap<String, Number>,
    /// Rows of which it could not be found out whether they would be sent.
    not_checked: u64,
    refused_rows: Vec<RefusedRow>,
    #[serde(flatten)]
    summary: SummaryObject,
}

#[derive(Serialize)]
struct RefusedRow {
    line: u64,
    merchant_uid: Option<String>,
    customer_uid: String,
    refused: &'static str,
}

/// The numbers of a dry run; `summary` is what the run would come to, as far as it can be foreseen.
pub(super) fn plan_object(
    charges: &Charges,
    fates: &[Fate],
    not_checked: u64,
    summary: SummaryObject,
) -> PlanObject {
    let tally = tally_of(charges, fates);
    let refused_row = |(row, fate): (u32, &Fate)| {
        let order = charges.order(row)?;
        let terms = &order.request.terms;
        Some(RefusedRow {
            line: charges.rows.line(row),
            merchant_uid: Some(terms.merchant_uid.to_string()),
            customer_uid: terms.customer_uid.to_string(),
            refused: fate.refused().map(RowRefusal::word)?,
        })
    };
    PlanObject {
        dry_run: true,
        mode: charges.settings.mode.word(),
        to_send: tally.rows(Fate::Send),
        to_send_totals: amounts(&tally.over(|fate| fate == Fate::Send)),
        not_checked,
        refused_rows: charges.rows.all().zip(fates).filter_map(refused_row).collect(),
        summary,
    }
}

/// `paid 12, declined 1, unknown 0, 34/s, 2m left`.
pub(super) fn progress_short(done: Counted, total: u64, ms: i64) -> String {
    let Counted { ended, paid, declined, unknown } = done;
    let mut text = format!("paid {paid}, declined {declined}, unknown {unknown}");
    let ms = u64::try_from(ms).unwrap_or(0);
    if ended > 0 && ms >= 1000 {
        let left_ms = total.saturating_sub(ended).saturating_mul(ms) / ended;
        let left = whole_seconds(i64::try_from(left_ms).unwrap_or(i64::MAX));
        text.push_str(&format!(", {}/s, {left} left", ended.saturating_mul(1000) / ms));
    }
    text
}

/// The same as a line of its own.
pub(super) fn progress(done: Counted, total: u64, ms: i64) -> String {
    format!("{} of {total}: {}", done.ended, progress_short(done, total, ms))
}

/// The gateway wants a pause.
pub(super) fn paused(left: Duration) -> String {
    let whole = Duration::from_secs(left.as_secs().saturating_add(u64::from(left.subsec_nanos() > 0)));
    format!(
        "The gateway asks for a pause (HTTP 429): nothing is sent for {}, and then one row at a time.",
        format_duration(whole)
    )
}

/// What stopped, how many rows that left, and how to go on: a sentence for the whole, and one for each PG.
pub(super) fn stopped(ending: &Ending, tally: &Tally) -> Vec<String> {
    let go_on = match &ending.again {
        Some(command) => format!("To go on: {command}"),
        None => "Run the same command again to go on.".to_owned(),
    };
    let whole = ending.stop.map(|stop| match (why_stopped(stop), tally.rows(Fate::NotTried)) {
        (why, 0) => format!("{why}; no row was left."),
        (why, left) => format!("{why}; {} not tried. {go_on}", number_of(left, "row")),
    });
    let left = number_of(tally.rows(Fate::PgStopped), "row");
    let of_pg = |StoppedPg { pg, said }: &StoppedPg| {
        format!("No more rows were sent to {pg}, which refuses the merchant's own account: {}", safe(said))
    };
    let pgs: Vec<String> = ending.pgs.iter().map(of_pg).collect();
    let left = (!pgs.is_empty()).then(|| {
        format!(
            "{left} not sent for that; those of other PGs went on. When the PG has settled it: {}",
            match &ending.again {
                Some(command) => command,
                None => "run the same command again",
            }
        )
    });
    whole.into_iter().chain(pgs).chain(left).collect()
}

/// Why no further row was begun, without an end.
pub(super) fn why_stopped(stop: Stop) -> String {
    match stop {
        Stop::Interrupted => "Interrupted".to_owned(),
        Stop::Failures(count) => format!("Stopped after {count} failures in a row (--max-failures)"),
        Stop::KeyRefused => "Stopped, because the gateway refused the API key".to_owned(),
        Stop::Ledger => "Stopped, because the ledger could not be written".to_owned(),
        Stop::Gateway(Halt::Busy(pause)) => format!(
            "Stopped, because the gateway asks for a pause of {} (HTTP 429), and a batch waits {} at most",
            format_duration(pause),
            format_duration(PAUSE_MAX)
        ),
        Stop::Gateway(Halt::BusyStill) => format!(
            "Stopped, because the gateway answers HTTP 429 after each pause, and a batch waits {} at most",
            format_duration(PAUSE_MAX)
        ),
        Stop::Gateway(Halt::Barred) => {
            "Stopped, because the gateway answered twice with HTTP 403 or a web page, and not as itself in between"
                .to_owned()
        }
    }
}

const FATES: [Fate; 13] = [
    Fate::Paid,
    Fate::AlreadyPaid,
    Fate::Declined,
    Fate::DeclinedBefore,
    Fate::Rejected,
    Fate::RejectedBefore,
    Fate::Unknown,
    Fate::NotSent,
    Fate::KeyRefused,
    Fate::Busy,
    Fate::Failed,
    Fate::NotTried,
    Fate::PgStopped,
];

/// The numbers for people.
pub(super) fn summary_text(tally: &Tally) -> String {
    let paid = tally.over(|fate| matches!(fate, Fate::Paid | Fate::AlreadyPaid));
    let all = tally.over(|_| true);
    let total = if paid.rows > 0 { format!(": {}", paid.shown()) } else { String::new() };
    let mut text = format!("{} of {} paid{total}.\n", paid.rows, number_of(all.rows, "row"));
    let refused = tally.over(|fate| fate.refused().is_some());
    let parts = FATES.iter().map(|fate| (fate.words(), tally.over(|other| other == *fate)));
    text.push_str(&counted(parts.chain([("refused", refused)])));
    text
}

/// `2 of 6 rows are paid; 1 declined, 3 refused`.
pub(super) fn summary_line(tally: &Tally) -> String {
    let paid = tally.over(|fate| matches!(fate, Fate::Paid | Fate::AlreadyPaid)).rows;
    let all = tally.over(|_| true).rows;
    let others = FATES.iter().skip(2).map(|fate| (fate.words(), tally.rows(*fate)));
    let refused = ("refused", tally.over(|fate| fate.refused().is_some()).rows);
    let others = others.chain([refused]).filter(|(_, count)| *count > 0);
    let others: Vec<String> = others.map(|(words, count)| format!("{count} {words}")).collect();
    format!("{paid} of {} are paid; {}", number_of(all, "row"), others.join(", "))
}

/// The numbers, and the rows that need a person.
pub(super) fn summary(
    charges: &Charges,
    fate: &dyn Fn(u32) -> Fate,
    tally: &Tally,
    ledger: &Ledger,
    ui: &mut Ui,
) -> Result<io::Result<()>, Failure> {
    let mut text = summary_text(tally);
    let needs = |row: &u32| fate(*row).exit() != Exit::Done;
    let count = charges.rows.all().filter(needs).count();
    if count > 0 {
        text.push_str("\nTo look at:\n");
    }
    for row in charges.rows.all().filter(needs).take(NAMED_MAX) {
        let fate = fate(row);
        let Shown { payment, .. } = charges.shown(row, fate, Some(ledger))?;
        let why = payment.why().map(|why| format!(": {}", safe(&why))).unwrap_or_default();
        let known = Standing::of(&payment).and_then(|standing| standing.known);
        let meaning = known.map(|known| format!("      {}\n", meaning_and_next(known))).unwrap_or_default();
        let terms = &payment.terms;
        text.push_str(&format!(
            "  line {}  {}  {}  {}  {}{why}\n{meaning}",
            charges.rows.line(row),
            fate.words(),
            safe(terms.merchant_uid.as_str()),
            safe(terms.customer_uid.as_str()),
            terms.amount,
        ));
    }
    if let Some(more @ 1..) = count.checked_sub(NAMED_MAX) {
        text.push_str(&format!("  and {more} more; --results FILE has them all\n"));
    }
    if tally.rows(Fate::Unknown) > 0 {
        text.push_str("\nThe unknown ones may have been charged. Run the same command again later; it asks before it sends.\n");
    }
    if ui.quiet() {
        // Nobody watches, and the rest of the mail is on stderr too.
        ui.note(&text);
        return Ok(Ok(()));
    }
    Ok(ui.answer(&text))
}

/// The numbers for programs.
#[derive(Serialize)]
pub(super) struct SummaryObject {
    rows: u64,
    paid: u64,
    declined: u64,
    rejected: u64,
    unknown: u64,
    not_sent: u64,
    refused: u64,
    failed: u64,
    not_tried: u64,
    /// Of all these, the stored results of earlier runs.
    replayed: u64,
    /// By outcome and currency.
    totals: Totals,
    stopped: Option<&'static str>,
    /// PGs to which no more rows were sent.
    stopped_pgs: Vec<String>,
    took_ms: i64,
    exit: u8,
}

pub(super) fn summary_object(tally: &Tally, ending: &Ending, exit: Exit, took_ms: i64) -> SummaryObject {
    let paid = tally.over(|fate| matches!(fate, Fate::Paid | Fate::AlreadyPaid));
    let declined = tally.over(|fate| matches!(fate, Fate::Declined | Fate::DeclinedBefore));
    let rejected = tally.over(|fate| matches!(fate, Fate::Rejected | Fate::RejectedBefore));
    let unknown = tally.over(|fate| fate == Fate::Unknown);
    let unsent = |fate| matches!(fate, Fate::NotSent | Fate::KeyRefused | Fate::Busy | Fate::PgStopped);
    let not_sent = tally.over(unsent);
    let refused = tally.over(|fate| fate.refused().is_some());
    let sums = [
        ("paid", &paid),
        ("declined", &declined),
        ("rejected", &rejected),
        ("unknown", &unknown),
        ("not_sent", &not_sent),
        ("refused", &refused),
    ];
    SummaryObject {
        rows: tally.over(|_| true).rows,
        paid: paid.rows,
        declined: declined.rows,
        rejected: rejected.rows,
        unknown: unknown.rows,
        not_sent: not_sent.rows,
        refused: refused.rows,
        failed: tally.rows(Fate::Failed),
        not_tried: tally.rows(Fate::NotTried),
        replayed: tally.over(Fate::is_replayed).rows,
        totals: sums
            .iter()
            .filter(|(_, sum)| sum.rows > 0)
            .map(|(word, sum)| (*word, amounts(sum)))
            .collect(),
        stopped: ending.stop.map(|stop| match stop {
            Stop::Interrupted => "interrupted",
            Stop::Failures(_) => "max_failures",
            Stop::KeyRefused => "key_refused",
            Stop::Ledger => "ledger",
            Stop::Gateway(Halt::Busy(_) | Halt::BusyStill) => "rate_limited",
            Stop::Gateway(Halt::Barred) => "barred",
        }),
        stopped_pgs: ending.pgs.iter().map(|stopped| stopped.pg.clone()).collect(),
        took_ms,
        exit: exit.code(),
    }
}

type Each<'a> = &'a dyn Fn(u32) -> Result<Shown, Failure>;

/// `{"summary": …, "payments": […]}`, in the order of the file.
pub(super) fn json(
    charges: &Charges,
    summary: &impl Serialize,
    rows: impl Iterator<Item = u32>,
    each: Each<'_>,
    ui: &mut Ui,
) -> Result<io::Result<()>, Failure> {
    let mut failed = None;
    let mut rows = rows;
    let written = ui.rows_under(summary, &mut |write| {
        for row in rows.by_ref() {
            match each(row) {
                Ok(shown) => write(shown.view(charges.rows.line(row)))?,
                Err(failure) => {
                    failed = Some(failure);
                    break;
                }
            }
        }
        Ok(())
    });
    failed.map_or(Ok(written), Err)
}

/// All rows as a list, in the order of the file.
pub(super) fn list(charges: &Charges, each: Each<'_>, ui: &mut Ui) -> Result<io::Result<()>, Failure> {
    let mut lister = match ui.list(Columns::usual()) {
        Ok(lister) => lister,
        Err(error) => return Ok(Err(error)),
    };
    for row in charges.rows.all() {
        let shown = each(row)?;
        if let Err(error) = lister.payment(PaymentView { payment: &shown.payment, replayed: shown.replayed })
        {
            return Ok(Err(error));
        }
    }
    Ok(lister.finish("").map(drop))
}
