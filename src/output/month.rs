//! A month as people hand it over: what it comes to, by what means, and what is left of it.

use std::io;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::Serialize;

use crate::domain::closing::{Closing, MonthSum};
use crate::domain::money::Amount;
use crate::domain::payment::Mode;
use crate::domain::words::number_of;
use crate::output::Format;
use crate::output::field::{Columns, Give, Object, Shown, exact_number};
use crate::output::report::{objects, of_mode, zone_name};
use crate::output::table::{Heading, TableRow, TableWriter};
use crate::output::text::{pad, safe, when, when_rfc3339, width};
use crate::output::ui::Ui;
use crate::report::{Row, Time};

/// What a month is of, and what is left of it for a person.
#[derive(Clone, Debug)]
pub struct Head {
    /// `2026-11`.
    pub month: String,
    pub time: Time,
    pub is_over: bool,
    pub profile: String,
    pub mode: Mode,
    /// Fingerprints of the account's API keys.
    pub accounts: Vec<String>,
    pub ledger_id: String,
    pub distrusted: bool,
    /// Charges and refunds of which it is not known whether they were made.
    pub unknown: u64,
    pub doubts: u64,
    pub doubles: u64,
    pub drift: u64,
    /// From when on nobody has held it against the gateway since its end.
    pub unread_from: Option<Timestamp>,
    /// The whole command that tells what is left.
    pub attention: String,
}

impl Head {
    /// What of it a person has to settle, `2 unknown, 1 in doubt`; `None` where nothing is left.
    #[must_use]
    pub fn left(&self) -> Option<String> {
        let left: Vec<String> = [
            (self.unknown, "unknown"),
            (self.doubts, "in doubt"),
            (self.doubles, "charged twice"),
            (self.drift, "different at the gateway"),
        ]
        .into_iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, what)| format!("{count} {what}"))
        .collect();
        (!left.is_empty()).then(|| left.join(", "))
    }
}

/// All that is shown of a month.
#[derive(Clone, Debug)]
pub struct MonthView<'a> {
    pub head: &'a Head,
    pub totals: Vec<Row>,
    /// By means of payment and what the VAT is known from.
    pub rows: Vec<Row>,
    /// By card company.
    pub companies: Vec<Row>,
    pub closing: Option<&'a Closing>,
    /// What this month takes over of earlier ones that were closed.
    pub corrections: &'a [(String, MonthSum)],
    /// What it comes to beyond what is in the books of it.
    pub changed: &'a [MonthSum],
    pub hash: &'a str,
    pub lines: u64,
}

/// What came of holding a closed month against the ledger as it is now.
#[derive(Clone, Debug)]
pub struct Verified {
    /// Whether lines and sums are what they were.
    pub is_as_closed: bool,
    /// How many payments it was sealed over; `None` where an earlier version closed it.
    pub payments: Option<u64>,
    /// What was changed by other means than this program, a sentence each.
    pub trouble: Vec<String>,
    pub distrusted: bool,
    /// The whole command that looks at all of the ledger.
    pub check: String,
}

#[derive(Serialize)]
struct VerifiedObject<'a> {
    as_closed: bool,
    payments: Option<u64>,
    trouble: &'a [String],
}

#[derive(Serialize)]
struct HeadObject<'a> {
    month: &'a str,
    since: String,
    until: String,
    over: bool,
    basis: &'static str,
    zone: &'a str,
    profile: &'a str,
    mode: &'static str,
    accounts: &'a [String],
    ledger_id: &'a str,
    distrusted: bool,
    unknown: u64,
    doubts: u64,
    doubles: u64,
    drift: u64,
    unread_from: Option<String>,
    lines: u64,
    hash: &'a str,
    closed_at: Option<String>,
    closed_by: Option<&'a str>,
}

#[derive(Serialize)]
struct SumObject<'a> {
    month: &'a str,
    mode: &'static str,
    currency: &'a str,
    count: i64,
    gross: serde_json::Number,
    refunded: serde_json::Number,
    refunded_same: serde_json::Number,
    refunded_earlier: serde_json::Number,
    net: serde_json::Number,
    supply: serde_json::Number,
    vat: serde_json::Number,
    tax_free: serde_json::Number,
}

#[derive(Serialize)]
struct MonthObject<'a> {
    head: HeadObject<'a>,
    totals: Vec<Object<'a, Row>>,
    rows: Vec<Object<'a, Row>>,
    companies: Vec<Object<'a, Row>>,
    /// As it was closed.
    closed: Option<Vec<SumObject<'a>>>,
    corrections: Vec<SumObject<'a>>,
    changed: Vec<SumObject<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    verified: Option<VerifiedObject<'a>>,
}

impl Ui {
    /// Shows a month.
    pub fn month(&mut self, view: &MonthView<'_>) -> io::Result<()> {
        match self.format() {
            Format::Json => self.month_object(view, None),
            Format::Table => {
                let text = self.month_text(view);
                self.write_answer(&text)
            }
            Format::Plain | Format::Jsonl | Format::Csv => {
                let mut list = self.list(Columns::<Row>::usual())?;
                for row in &view.rows {
                    list.row(row)?;
                }
                list.finish("").map(|_| ())
            }
        }
    }

    /// Says whether a closed month is what was closed, and whether its payments are what was written of them.
    pub fn month_verified(&mut self, view: &MonthView<'_>, verified: &Verified) -> io::Result<()> {
        match self.format() {
            Format::Table => {}
            Format::Json => return self.month_object(view, Some(verified)),
            Format::Plain | Format::Jsonl | Format::Csv => return self.month(view),
        }
        let text = verification(view, verified, self.zone());
        if verified.is_as_closed && verified.trouble.is_empty() {
            self.done(&text)
        } else {
            self.answer(&text)
        }
    }

    fn month_object(&mut self, view: &MonthView<'_>, verified: Option<&Verified>) -> io::Result<()> {
        let zone = self.zone().clone();
        let shown = Shown { zone: &zone, replayed: false };
        let head = view.head;
        let closed = view.closing.map(|closing| {
            closing.sums.iter().map(|sum| sum_object(&closing.month, sum)).collect::<io::Result<Vec<_>>>()
        });
        let object = MonthObject {
            head: HeadObject {
                month: &head.month,
                since: when_rfc3339(head.time.since, &zone),
                until: when_rfc3339(head.time.until, &zone),
                over: head.is_over,
                basis: "approval",
                zone: zone_name(&head.time.zone),
                profile: &head.profile,
                mode: head.mode.word(),
                accounts: &head.accounts,
                ledger_id: &head.ledger_id,
                distrusted: head.distrusted,
                unknown: head.unknown,
                doubts: head.doubts,
                doubles: head.doubles,
                drift: head.drift,
                unread_from: head.unread_from.map(|at| when_rfc3339(at, &zone)),
                lines: view.lines,
                hash: view.hash,
                closed_at: view.closing.map(|closing| when_rfc3339(closing.at, &zone)),
                closed_by: view.closing.and_then(|closing| closing.operator.as_deref()),
            },
            totals: objects(&view.totals, shown),
            rows: objects(&view.rows, shown),
            companies: objects(&view.companies, shown),
            closed: closed.transpose()?,
            corrections: view
                .corrections
                .iter()
                .map(|(month, sum)| sum_object(month, sum))
                .collect::<io::Result<_>>()?,
            changed: view
                .changed
                .iter()
                .map(|sum| sum_object(&head.month, sum))
                .collect::<io::Result<_>>()?,
            verified: verified.map(|verified| VerifiedObject {
                as_closed: verified.is_as_closed,
                payments: verified.payments,
                trouble: &verified.trouble,
            }),
        };
        self.json(&object)
    }

    fn month_text(&self, view: &MonthView<'_>) -> String {
        let (head, zone) = (view.head, self.zone());
        let mut text = format!(" {}, by the time of approval ({})", head.month, zone_name(&head.time.zone));
        match view.closing {
            Some(closing) => {
                let by =
                    closing.operator.as_deref().map_or_else(String::new, |by| format!(" by {}", safe(by)));
                text.push_str(&format!("\n closed on {}{by}", when(closing.at, zone)));
            }
            None if head.is_over => text.push_str(", not closed"),
            None => text.push_str(", not over yet"),
        }
        let mode = head.mode.word().to_uppercase();
        let accounts =
            if head.accounts.is_empty() { "none yet".to_owned() } else { head.accounts.join(", ") };
        text.push_str(&format!("\n profile {} ({mode}), account {accounts}", safe(&head.profile)));
        text.push_str(&format!("\n ledger {}\n", head.ledger_id));
        for line in left(head, zone) {
            text.push_str(&format!(" {line}\n"));
        }
        if view.totals.is_empty() {
            text.push_str("\n Nothing was charged in it, and nothing refunded.\n");
        }
        for total in &view.totals {
            text.push('\n');
            text.push_str(&statement(total));
        }
        for (heading, rows) in [("MEANS", &view.rows), ("CARD", &view.companies)] {
            if !rows.is_empty() {
                text.push('\n');
                text.push_str(&self.month_table(heading, rows));
            }
        }
        for (title, sums) in [
            ("Corrections of months that were closed before, to be booked with this one:", corrections(view)),
            ("Changed since it was closed, and a correction in the month that is open now:", changed(view)),
        ] {
            if !sums.is_empty() {
                text.push_str(&format!("\n {title}\n"));
                sums.iter().for_each(|sum| text.push_str(&format!("   {sum}\n")));
            }
        }
        text
    }

    fn month_table(&self, heading: &str, rows: &[Row]) -> String {
        let with_mode = rows.iter().any(|row| row.mode != Mode::Live);
        let mut headings = vec![Heading::left(heading, Give::Text)];
        headings.extend(with_mode.then(|| Heading::left("MODE", Give::Never)));
        headings.push(Heading::left("VAT IS", Give::Never));
        let numbers = ["PAID", "GROSS", "REFUNDED", "NET", "VAT", "TAX-FREE"];
        headings.extend(numbers.map(Heading::right));
        let last = headings.len() - 1;
        let gives = vec![(0, 12), (last, 0), (0, 6)];
        let options = self.options();
        let mut writer = TableWriter::new(headings, gives, 0, options.width, options.colour_stdout);
        let lines: Vec<TableRow> = rows.iter().map(|row| month_row(row, with_mode)).collect();
        let table = writer.block(&lines);
        match writer.left_out().join(", ").as_str() {
            "" => table,
            left_out => format!("{table} No room here for {left_out}.\n"),
        }
    }
}

/// The sentences of `--verify`.
fn verification(view: &MonthView<'_>, verified: &Verified, zone: &TimeZone) -> String {
    let month = &view.head.month;
    let at = view.closing.map_or_else(String::new, |closing| when(closing.at, zone));
    let mut text = if verified.is_as_closed {
        let over = match verified.payments {
            Some(payments) => format!("over {}", number_of(payments, "payment")),
            None => "closed by an earlier version, which kept no histories".to_owned(),
        };
        format!("{month} comes to what was closed on {at}: {} lines, {}, {over}.", view.lines, view.hash)
    } else {
        let mut text = format!("{month} is not any more what was closed on {at}.");
        if view.changed.is_empty() {
            text.push_str("\n  Its sums are the same or stand in a later month; its lines are others.");
        }
        view.changed.iter().for_each(|sum| text.push_str(&format!("\n  {}", difference(sum))));
        text.push_str(
            "\n  What was closed stays as it is. The difference is a correction in the month that is open now.",
        );
        text
    };
    if !verified.trouble.is_empty() {
        text.push_str("\n  Somebody has changed the ledger by other means than billkey:");
        verified.trouble.iter().for_each(|one| text.push_str(&format!("\n    {one}")));
        text.push_str(&format!("\n  next     {}", verified.check));
    }
    if verified.distrusted {
        text.push_str("\n  The ledger is older than it was: what was written after that is not in it.");
    }
    text
}

fn month_row(row: &Row, with_mode: bool) -> TableRow {
    let key = row.key.as_ref();
    let named = key.map(|key| safe(&key.text).into_owned()).filter(|text| !text.is_empty());
    let money = |minor| row.amount(minor).to_string();
    let mut cells = vec![named.unwrap_or_else(|| "(not known)".to_owned())];
    cells.extend(with_mode.then(|| row.mode.word().to_owned()));
    cells.push(key.and_then(|key| key.vat).map_or("", |basis| basis.word()).to_owned());
    cells.push(row.count.to_string());
    let sums = [row.gross_minor, row.refunded_minor(), row.net_minor(), row.vat_minor, row.tax_free_minor];
    cells.extend(sums.map(money));
    TableRow { cells: cells.into_iter().map(|cell| (cell, None)).collect(), ..TableRow::default() }
}

/// What is left of the month for a person, a sentence each.
fn left(head: &Head, zone: &TimeZone) -> Vec<String> {
    let mut lines = Vec::new();
    if head.distrusted {
        lines.push("The ledger is older than it was: payments may be missing in it.".to_owned());
    }
    if let Some(left) = head.left() {
        lines.push(format!("left for a person: {left}: {}", head.attention));
    }
    if let Some(unread) = head.unread_from.filter(|_| head.is_over && head.mode != Mode::Sandbox) {
        lines.push(format!("not held against the gateway since its end, from {} on", when(unread, zone)));
    }
    lines
}

/// The sums of one mode and currency, a line each, as an accountant reads them.
fn statement(total: &Row) -> String {
    let of_mode = of_mode(total.mode);
    let money = |minor| total.amount(minor).to_string();
    let back = |minor: i64| total.amount(minor.saturating_neg()).to_string();
    let lines = [
        (format!("{} paid", total.count), money(total.gross_minor)),
        ("refunded, of payments of this month".to_owned(), back(total.refunded_same_minor)),
        ("refunded, of earlier ones".to_owned(), back(total.refunded_earlier_minor)),
        ("net".to_owned(), money(total.net_minor())),
        ("  supply".to_owned(), money(total.supply_minor)),
        ("  VAT".to_owned(), money(total.vat_minor)),
        ("  tax-free".to_owned(), money(total.tax_free_minor)),
        ("fees".to_owned(), "not known here".to_owned()),
    ];
    let label = lines.iter().map(|(label, _)| width(label)).max().unwrap_or(0);
    let amount = lines.iter().map(|(_, amount)| width(amount)).max().unwrap_or(0);
    let mut text = format!(" {of_mode}{}\n", total.currency.code());
    for (name, sum) in &lines {
        let before = " ".repeat(amount.saturating_sub(width(sum)));
        text.push_str(&format!("   {}  {before}{sum}\n", pad(name, label)));
    }
    text
}

fn corrections(view: &MonthView<'_>) -> Vec<String> {
    view.corrections.iter().map(|(month, sum)| format!("{month}  {}", difference(sum))).collect()
}

fn changed(view: &MonthView<'_>) -> Vec<String> {
    view.changed.iter().map(difference).collect()
}

/// `1 payment, gross ₩8,900, refunded ₩0, net ₩8,900, VAT ₩809`; each may be less than nothing.
fn difference(sum: &MonthSum) -> String {
    let money = |minor| Amount::from_minor(minor, sum.currency).to_string();
    let of_mode = of_mode(sum.mode);
    let refunded = sum.same_minor.saturating_add(sum.earlier_minor);
    format!(
        "{of_mode}{} paid, gross {}, refunded {}, net {}, VAT {}",
        sum.count,
        money(sum.gross_minor),
        money(refunded),
        money(sum.net_minor()),
        money(sum.vat_minor)
    )
}

fn sum_object<'a>(month: &'a str, sum: &'a MonthSum) -> io::Result<SumObject<'a>> {
    let number = |minor| exact_number(&Amount::from_minor(minor, sum.currency)).map_err(io::Error::from);
    Ok(SumObject {
        month,
        mode: sum.mode.word(),
        currency: sum.currency.code(),
        count: sum.count,
        gross: number(sum.gross_minor)?,
        refunded: number(sum.same_minor.saturating_add(sum.earlier_minor))?,
        refunded_same: number(sum.same_minor)?,
        refunded_earlier: number(sum.earlier_minor)?,
        net: number(sum.net_minor())?,
        supply: number(sum.supply_minor)?,
        vat: number(sum.vat_minor)?,
        tax_free: number(sum.tax_free_minor)?,
    })
}
