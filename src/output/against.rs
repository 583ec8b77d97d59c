//! Another book held against the ledger: what is different, and what it comes to.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::io;

use jiff::Timestamp;
use serde::Serialize;

use crate::domain::money::{Amount, Currency};
use crate::domain::other_book::Span;
use crate::domain::payment::Mode;
use crate::domain::words::number_of;
use crate::output::Format;
use crate::output::field::{Columns, Field, Give, Listed, Object, Shown, Value, exact_number};
use crate::output::text::{safe, when_rfc3339};
use crate::output::ui::Ui;

/// One thing that is different.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// A word; scripts are written against it.
    pub result: &'static str,
    pub merchant_uid: Option<String>,
    pub imp_uid: Option<String>,
    pub apply_num: Option<String>,
    pub customer_uid: Option<String>,
    /// When it was, by the ledger.
    pub at: Option<Timestamp>,
    /// What each side has; what went back is less than nothing.
    pub here: Option<Amount>,
    pub there: Option<Amount>,
    /// Where it stands in the file.
    pub place: Option<String>,
    /// What it is, as a sentence.
    pub why: String,
    /// The whole command that asks the gateway about it.
    pub next: Option<String>,
}

type Get = for<'a> fn(&'a Difference) -> Value<'a>;

const fn field(name: &'static str, get: Get) -> Field<Difference> {
    Field { name, heading: None, give: Give::Never, get }
}

fn money(amount: Option<Amount>) -> Value<'static> {
    amount.map_or(Value::Absent, Value::Money)
}

impl Listed for Difference {
    const FIELDS: &'static [Field<Difference>] = &[
        field("result", |row| Value::Word(row.result)),
        field("merchant_uid", |row| Value::text(row.merchant_uid.as_ref())),
        field("imp_uid", |row| Value::text(row.imp_uid.as_ref())),
        field("apply_num", |row| Value::text(row.apply_num.as_ref())),
        field("customer_uid", |row| Value::text(row.customer_uid.as_ref())),
        field("at", |row| Value::time(row.at)),
        field("here", |row| money(row.here)),
        field("there", |row| money(row.there)),
        field("currency", |row| {
            let code = |amount: Amount| Value::Text(Cow::Owned(amount.currency().code().to_owned()));
            row.here.or(row.there).map_or(Value::Absent, code)
        }),
        field("place", |row| Value::text(row.place.as_ref())),
        field("why", |row| Value::Text(Cow::Borrowed(&row.why))),
        field("next", |row| Value::text(row.next.as_ref())),
    ];
    const TABLE: &'static [Field<Difference>] = &[
        field("result", |row| Value::Word(row.result)),
        field("here", |row| money(row.here)),
        field("there", |row| money(row.there)),
        Field { name: "place", heading: None, give: Give::Text, get: |row| Value::text(row.place.as_ref()) },
        Field { name: "at", heading: Some("WHEN"), give: Give::When, get: |row| Value::time(row.at) },
    ];
    const GIVES: &'static [(usize, usize)] = &[(4, 16), (4, 10), (3, 10), (4, 0), (3, 0)];
    const NOUN: &'static str = "difference";

    /// Each id on its own, why, and the command.
    fn under(&self) -> Vec<Cow<'_, str>> {
        let ids = [("order", &self.merchant_uid), ("payment", &self.imp_uid), ("approval", &self.apply_num)];
        let id = ids.into_iter().find_map(|(word, id)| Some(format!("{word}  {}", safe(id.as_ref()?))));
        let mut lines: Vec<Cow<'_, str>> = id.map(Cow::Owned).into_iter().collect();
        lines.push(safe(&self.why));
        lines.extend(self.next.iter().map(|next| Cow::Owned(format!("next  {next}"))));
        lines
    }
}

/// What one side has of a currency: how many sales, and what they and what went back come to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Side {
    pub paid: u64,
    pub paid_minor: i64,
    pub refunded_minor: i64,
}

impl Side {
    pub fn add(&mut self, paid_minor: i64, refunded_minor: i64) {
        self.paid += u64::from(paid_minor > 0);
        self.paid_minor = self.paid_minor.saturating_add(paid_minor);
        self.refunded_minor = self.refunded_minor.saturating_add(refunded_minor);
    }
}

/// By currency.
pub type Sides = BTreeMap<Currency, Side>;

/// By which ids payments were found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Evidence {
    pub imp_uid: u64,
    pub merchant_uid: u64,
    pub approval: u64,
}

/// All that is told of another book.
#[derive(Clone, Debug)]
pub struct AgainstView {
    /// The file, as it was named.
    pub file: String,
    pub map: Option<String>,
    pub span: Span,
    /// The time is that of its rows, and nobody named one.
    pub is_by_rows: bool,
    pub mode: Mode,
    /// Rows about money that were held against the ledger.
    pub rows: u64,
    /// Rows about no money, such as failed ones.
    pub no_money: u64,
    /// Rows of other times.
    pub left_out: u64,
    /// Rows that are sums.
    pub sums: Vec<String>,
    /// Our name of each column that was read, and the file's.
    pub columns: Vec<(&'static str, String)>,
    /// Payments that are the same on both sides.
    pub matched: u64,
    pub evidence: Evidence,
    pub here: Sides,
    pub there: Sides,
    pub left: Vec<Difference>,
}

#[derive(Serialize)]
struct SideObject<'a> {
    currency: &'a str,
    paid: u64,
    amount: serde_json::Number,
    refunded: serde_json::Number,
}

#[derive(Serialize)]
struct AgainstObject<'a> {
    file: &'a str,
    map: Option<&'a str>,
    since: String,
    until: String,
    range: &'static str,
    mode: &'static str,
    columns: BTreeMap<&'a str, &'a str>,
    rows: u64,
    no_money: u64,
    left_out: u64,
    sums: &'a [String],
    matched: u64,
    evidence: Evidence,
    here: Vec<SideObject<'a>>,
    there: Vec<SideObject<'a>>,
    left: Vec<Object<'a, Difference>>,
}

const NOT_ASKED: &str = "Nothing was asked of the gateway, nothing was sent, and the ledger is unchanged.";

impl Ui {
    /// Tells what is different; nothing with `--quiet` where nothing is.
    pub fn against(&mut self, view: &AgainstView) -> io::Result<()> {
        match self.format() {
            Format::Json => self.against_object(view),
            Format::Table if self.quiet() && view.left.is_empty() => Ok(()),
            Format::Table => {
                let head = head(view);
                self.write_answer(&head)?;
                self.differences(view)?;
                self.told(&format!("{}\n{NOT_ASKED}", tail(view)))
            }
            Format::Plain | Format::Jsonl | Format::Csv => self.differences(view),
        }
    }

    fn differences(&mut self, view: &AgainstView) -> io::Result<()> {
        let mut list = self.list(Columns::<Difference>::usual())?.all_there();
        for difference in &view.left {
            list.row(difference)?;
        }
        list.finish("").map(|_| ())
    }

    fn against_object(&mut self, view: &AgainstView) -> io::Result<()> {
        let zone = self.zone().clone();
        let shown = Shown { zone: &zone, replayed: false };
        let fields = Columns::<Difference>::usual().fields;
        let object = AgainstObject {
            file: &view.file,
            map: view.map.as_deref(),
            since: when_rfc3339(view.span.since, &zone),
            until: when_rfc3339(view.span.until, &zone),
            range: if view.is_by_rows { "rows" } else { "options" },
            mode: view.mode.word(),
            columns: view.columns.iter().map(|(ours, theirs)| (*ours, theirs.as_str())).collect(),
            rows: view.rows,
            no_money: view.no_money,
            left_out: view.left_out,
            sums: &view.sums,
            matched: view.matched,
            evidence: view.evidence,
            here: side_objects(&view.here)?,
            there: side_objects(&view.there)?,
            left: view
                .left
                .iter()
                .map(|row| Object { row, columns: Cow::Borrowed(fields.as_slice()), shown })
                .collect(),
        };
        self.json(&object)
    }
}

fn side_objects(sides: &Sides) -> io::Result<Vec<SideObject<'_>>> {
    let number =
        |minor, currency| exact_number(&Amount::from_minor(minor, currency)).map_err(io::Error::from);
    let object = |(currency, side): (&'_ Currency, &Side)| -> io::Result<_> {
        Ok((number(side.paid_minor, *currency)?, number(side.refunded_minor, *currency)?))
    };
    sides
        .iter()
        .map(|(currency, side)| {
            let (amount, refunded) = object((currency, side))?;
            Ok(SideObject { currency: currency.code(), paid: side.paid, amount, refunded })
        })
        .collect()
}

/// What is held against what, and what both sides come to.
fn head(view: &AgainstView) -> String {
    let zone = &view.span.zone;
    let day = |at: Timestamp| at.to_zoned_datetime(zone.clone()).date();
    let last = view.span.until.checked_sub(jiff::SignedDuration::from_nanos(1)).unwrap_or(view.span.until);
    let by = if view.is_by_rows { ", the days of its rows" } else { "" };
    let mut text = format!(
        " {} against the ledger, {}\n {} to {}{by}\n",
        safe(&view.file),
        view.mode.word().to_uppercase(),
        day(view.span.since),
        day(last)
    );
    for (word, sides) in [("there", &view.there), ("here", &view.here)] {
        let sums: Vec<String> = sides.iter().map(|(currency, side)| side_told(*currency, side)).collect();
        let sums = if sums.is_empty() { "nothing".to_owned() } else { sums.join("; ") };
        text.push_str(&format!("   {word:<5}  {sums}\n"));
    }
    let rows = [(view.no_money, "no money moved by"), (view.left_out, "of other times, left out:")];
    for (count, what) in rows.into_iter().filter(|(count, _)| *count > 0) {
        text.push_str(&format!("   {what} {}\n", number_of(count, "row")));
    }
    if !view.sums.is_empty() {
        text.push_str(&format!("   sums, not counted: {}\n", view.sums.join(", ")));
    }
    text
}

fn side_told(currency: Currency, side: &Side) -> String {
    let money = |minor| Amount::from_minor(minor, currency);
    let back = match side.refunded_minor {
        0 => String::new(),
        back => format!(", refunded {}", money(back.saturating_neg())),
    };
    format!("{} paid {}{back}", side.paid, money(side.paid_minor))
}

fn tail(view: &AgainstView) -> String {
    let ways = [
        (view.evidence.imp_uid, "imp_uid"),
        (view.evidence.merchant_uid, "merchant_uid"),
        (view.evidence.approval, "approval number, amount and day"),
    ];
    let ways: Vec<String> =
        ways.iter().filter(|(count, _)| *count > 0).map(|(count, way)| format!("{count} by {way}")).collect();
    let ways = if ways.is_empty() { String::new() } else { format!(" ({})", ways.join(", ")) };
    let matched = format!("{} the same{ways}", number_of(view.matched, "payment"));
    if view.left.is_empty() {
        return format!("{matched}, nothing is left.");
    }
    let mut counts: BTreeMap<&str, u64> = BTreeMap::new();
    view.left.iter().for_each(|row| *counts.entry(row.result).or_default() += 1);
    let counts: Vec<String> = counts.iter().map(|(word, count)| format!("{count} {word}")).collect();
    format!("{matched}, left: {}.", counts.join(", "))
}
