//! Declined orders and when each may be tried again: in a table, as objects, and as a file for `billkey batch`.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::io;

use jiff::tz::TimeZone;
use serde::Serialize;

use crate::domain::declines::{Known, Standing, Who};
use crate::domain::due::{Judged, State, Why};
use crate::domain::ids::MerchantUid;
use crate::domain::money::{Amount, Currency};
use crate::domain::payment::Payment;
use crate::domain::tax::Tax;
use crate::output::field::{Columns, Field, Give, Listed, Value};
use crate::output::layout::MOVED;
use crate::output::list::Lister;
use crate::output::meaning::meaning_and_who;
use crate::output::table::facts;
use crate::output::text::{when, when_rfc3339};

/// One declined order, and what the rules say of it.
#[derive(Clone, Debug)]
pub struct RetryRow {
    pub payment: Payment,
    pub judged: Judged,
}

type Get = for<'a> fn(&'a RetryRow) -> Value<'a>;

const fn field(name: &'static str, give: Give, get: Get) -> Field<RetryRow> {
    Field { name, heading: None, give, get }
}

const fn column(name: &'static str, heading: &'static str, give: Give, get: Get) -> Field<RetryRow> {
    Field { name, heading: Some(heading), give, get }
}

fn borrowed(text: &str) -> Value<'_> {
    Value::Text(Cow::Borrowed(text))
}

fn order(row: &RetryRow) -> Value<'_> {
    borrowed(row.payment.terms.merchant_uid.as_str())
}

fn customer(row: &RetryRow) -> Value<'_> {
    borrowed(row.payment.terms.customer_uid.as_str())
}

fn state(row: &RetryRow) -> Value<'_> {
    Value::Word(row.judged.state.word())
}

fn tax(row: &RetryRow, part: fn(&Tax) -> Option<Amount>) -> Value<'_> {
    row.payment.tax.as_ref().and_then(part).map_or(Value::Absent, Value::Money)
}

fn meaning(row: &RetryRow, text: fn(&Known) -> &'static str) -> Value<'_> {
    let known = Standing::of(&row.payment).and_then(|standing| standing.known);
    known.map_or(Value::Absent, |known| Value::Word(text(known)))
}

impl Listed for RetryRow {
    const FIELDS: &'static [Field<RetryRow>] = &[
        field("merchant_uid", Give::Never, order),
        field("customer_uid", Give::Text, customer),
        field("amount", Give::Never, |row| Value::Money(row.payment.terms.amount)),
        field("currency", Give::Never, |row| {
            Value::Text(Cow::Owned(row.payment.terms.amount.currency().code().to_owned()))
        }),
        field("name", Give::Text, |row| borrowed(&row.payment.name)),
        field("tax_free", Give::Never, |row| tax(row, |tax| tax.tax_free)),
        field("vat_amount", Give::Never, |row| tax(row, |tax| tax.vat_amount)),
        field("buyer_name", Give::Text, |row| Value::text(row.payment.buyer_name.as_ref())),
        field("buyer_email", Give::Text, |row| Value::text(row.payment.buyer_email.as_ref())),
        field("buyer_tel", Give::Text, |row| Value::text(row.payment.buyer_tel.as_ref())),
        field("note", Give::Text, |row| Value::text(row.payment.note.as_ref())),
        field("state", Give::Never, state),
        field("next_try_at", Give::When, |row| Value::time(row.judged.next_at)),
        field("tries", Give::Never, |row| Value::Whole(i64::from(row.judged.tries))),
        field("tries_left", Give::Never, |row| Value::Whole(i64::from(row.judged.tries_left))),
        field("reason", Give::Never, |row| Value::Word(row.judged.group.word())),
        field("who_acts", Give::Never, |row| {
            row.judged.who.map_or(Value::Absent, |who| Value::Word(who.word()))
        }),
        field("message", Give::Text, |row| {
            row.payment.why().map_or(Value::Absent, |why| Value::Text(why.into()))
        }),
        field("meaning_ko", Give::Text, |row| meaning(row, |known| known.meaning_ko)),
        field("meaning_en", Give::Text, |row| meaning(row, |known| known.meaning_en)),
        field("outcome", Give::Never, |row| Value::Outcome(row.payment.outcome)),
        field("mode", Give::Never, |row| Value::Word(row.payment.mode_shown().word())),
        field("requested_at", Give::When, |row| Value::Time(row.payment.requested_at)),
        field("tried_at", Give::When, |row| Value::Time(row.judged.tried_at)),
        field("behind", Give::Never, |row| {
            row.judged.behind.as_ref().map_or(Value::Absent, |older| borrowed(older.as_str()))
        }),
    ];

    const TABLE: &'static [Field<RetryRow>] = &[
        column("state", "STATE", Give::Never, state),
        column("next_try_at", "NEXT", Give::When, |row| Value::time(row.judged.next_at)),
        column("amount", "AMOUNT", Give::Never, |row| Value::Money(row.payment.terms.amount)),
        column("customer_uid", "CUSTOMER", Give::Text, customer),
        column("name", "PRODUCT", Give::Text, |row| borrowed(&row.payment.name)),
        column("tries", "TRIES", Give::Never, |row| {
            Value::Text(Cow::Owned(format!("{}, {} left", row.judged.tries, row.judged.tries_left)))
        }),
        column("merchant_uid", "ORDER", Give::Never, order),
    ];

    const GIVES: &'static [(usize, usize)] = &[
        (PRODUCT, 12),
        (NEXT, 16),
        (CUSTOMER, 16),
        (PRODUCT, 6),
        (NEXT, 10),
        (ORDER, MOVED),
        (PRODUCT, 0),
        (CUSTOMER, 8),
        (CUSTOMER, 0),
    ];

    const NOUN: &'static str = "declined order";

    fn under(&self) -> Vec<Cow<'_, str>> {
        let known = Standing::of(&self.payment).and_then(|standing| standing.known);
        let mut lines: Vec<Cow<'_, str>> = self.payment.why().map(Cow::Owned).into_iter().collect();
        lines.extend(known.map(|known| Cow::Owned(meaning_and_who(known))));
        lines.extend(
            self.judged
                .behind
                .as_ref()
                .map(|older| Cow::Owned(format!("{older} of the same customer is due, and goes first"))),
        );
        lines.extend(self.judged.state.left().map(|why| Cow::Borrowed(sentence(why))));
        lines
    }
}

const NEXT: usize = 1;
const CUSTOMER: usize = 3;
const PRODUCT: usize = 4;
const ORDER: usize = 6;

impl RetryRow {
    /// The columns that `billkey batch` takes: of the orders that are due these are all there is, so that a list with
    /// others in it is no file that could be charged.
    #[must_use]
    pub fn for_batch() -> Columns<RetryRow> {
        const COLUMNS: [&str; 11] = [
            "customer_uid",
            "amount",
            "name",
            "merchant_uid",
            "currency",
            "tax_free",
            "vat_amount",
            "buyer_name",
            "buyer_email",
            "buyer_tel",
            "note",
        ];
        Columns::of(&COLUMNS)
    }
}

impl Lister<'_, RetryRow> {
    /// Writes one order; an id that has no room stands under its row.
    pub fn retry(&mut self, row: &RetryRow) -> io::Result<()> {
        let id = format!("order  {}", row.payment.terms.merchant_uid);
        self.write(row, false, |laid_out| laid_out.moved = Some((ORDER, id)))
    }
}

/// Why an order is left out, as a sentence without an end.
fn sentence(why: Why) -> &'static str {
    match why {
        Why::InDoubt => "it is not certain that it was not charged",
        Why::OpenBeside => "another order of the customer and amount is pending or unknown",
        Why::MoneySeen => {
            "the gateway shows money under it, refunded or not, or somebody has noted it as charged"
        }
        Why::PaidSince => "a later order of the customer and amount is paid",
        Why::OtherCustomer => "the gateway shows it as another customer's",
        Why::CustomerRemoved => "the customer was removed here",
        Why::OtherMode => "the gateway's flag denies the profile's mode",
        Why::TooOld => "it was asked for too long ago",
    }
}

/// What a list comes to.
#[derive(Debug, Default)]
pub struct Found {
    /// By state: how many, and their sums by currency.
    states: BTreeMap<State, (u64, BTreeMap<Currency, i64>)>,
    /// Pending and unknown orders of the ledger, which are never on it.
    pub open: u64,
    /// Whether there are declined orders from before the time that was looked at.
    pub older: bool,
}

impl Found {
    pub fn add(&mut self, state: State, amount: Amount) {
        let (count, sums) = self.states.entry(state).or_default();
        *count += 1;
        let sum = sums.entry(amount.currency()).or_default();
        *sum = sum.saturating_add(amount.minor());
    }

    fn count(&self, state: State) -> u64 {
        self.states.get(&state).map_or(0, |(count, _)| *count)
    }

    /// `2 due, ₩17,800 + USD 10.00`; nothing of none.
    fn told(&self, state: State, words: &str) -> Option<String> {
        let (count, sums) = self.states.get(&state)?;
        let sums = sums.iter().map(|(currency, minor)| Amount::from_minor(*minor, *currency).to_string());
        Some(format!("{count} {words}, {}", sums.collect::<Vec<_>>().join(" + ")))
    }
}

/// `2 due, ₩17,800; 1 needs a new card, ₩8,900; left out: 1 in doubt`
#[must_use]
pub fn footer(found: &Found) -> String {
    let one = |state, one: &'static str, many: &'static str| if found.count(state) == 1 { one } else { many };
    let listed = [
        found.told(State::Due, "due"),
        found.told(State::Waits, one(State::Waits, "waits", "wait")),
        found.told(State::NewCard, one(State::NewCard, "needs a new card", "need a new card")),
        found.told(State::Person, one(State::Person, "needs a person", "need a person")),
        found.told(State::Over, one(State::Over, "has no tries left", "have no tries left")),
    ];
    let mut left: Vec<String> = Vec::new();
    for why in Why::ALL {
        if let count @ 1.. = found.count(State::Left(why)) {
            left.push(format!("{count} {}", left_words(why)));
        }
    }
    left.extend((found.open > 0).then(|| format!("{} pending or unknown", found.open)));
    left.extend(found.older.then(|| "older ones".to_owned()));
    let left = (!left.is_empty()).then(|| format!("left out: {}", left.join(", ")));
    listed.into_iter().chain([left]).flatten().collect::<Vec<_>>().join("; ")
}

fn left_words(why: Why) -> &'static str {
    match why {
        Why::InDoubt => "in doubt",
        Why::OpenBeside => "beside an open order of the customer and amount",
        Why::MoneySeen => "with money at the gateway",
        Why::PaidSince => "with a later order of the customer and amount that is paid",
        Why::OtherCustomer => "shown as another customer's",
        Why::CustomerRemoved => "of a removed customer",
        Why::OtherMode => "of another mode",
        Why::TooOld => "too old",
    }
}

/// Whole commands that go on from the list.
#[derive(Clone, Debug)]
pub struct GoOn {
    pub reconcile: String,
    pub due: String,
    pub batch: String,
    pub all: String,
    pub one: Option<String>,
}

/// The last lines of a table.
#[must_use]
pub fn more(found: &Found, go_on: &GoOn) -> String {
    let doubts = found.count(State::Left(Why::InDoubt)) + found.count(State::Left(Why::OpenBeside));
    let left = Why::ALL.into_iter().map(|why| found.count(State::Left(why))).sum::<u64>();
    let mut lines = Vec::new();
    if found.count(State::Due) > 0 {
        lines.push(format!("try again  {} | {}", go_on.due, go_on.batch));
    }
    if found.open + doubts > 0 {
        lines.push(format!("find out   {}", go_on.reconcile));
    }
    if left > 0 {
        lines.push(format!("left out   {}", go_on.all));
    }
    lines.extend(go_on.one.as_ref().map(|one| format!("one        {one}")));
    lines.join("\n")
}

/// `next try 2026-12-02 10:00, 2 tries left`, or why there is none: for one order of a customer.
fn next_try(judged: &Judged, zone: &TimeZone) -> String {
    let left = number_of_tries(judged.tries_left);
    let at = judged.next_at.map(|at| when(at, zone));
    let at = at.as_deref().and_then(|at| at.get(..16)).unwrap_or_default();
    match (judged.state, &judged.behind) {
        (State::Due, _) => format!("due since {at}, {left}"),
        (State::Waits, Some(older)) => format!("next try {at}, after {older}, {left}"),
        (State::Waits, None) => format!("next try {at}, {left}"),
        (State::NewCard, _) => "needs a new card".to_owned(),
        (State::Person, _) => match judged.who {
            Some(who) => format!("not tried again before somebody has acted: {}", who.word()),
            None => "not tried again: nobody knows these words".to_owned(),
        },
        (State::Over, _) => "no tries left".to_owned(),
        (State::Left(why), _) => format!("not tried again: {}", sentence(why)),
    }
}

/// So many orders of a customer are named.
const NAMED: usize = 5;

/// When the declined orders of a customer are tried next, in lines.
#[must_use]
pub fn retry_lines(retries: &[(MerchantUid, Judged)], zone: &TimeZone) -> String {
    let told = |(at, (order, judged)): (usize, &(MerchantUid, Judged))| {
        (if at == 0 { "retries" } else { "" }, format!("{order}  {}", next_try(judged, zone)))
    };
    let mut rows: Vec<(&str, String)> = retries.iter().take(NAMED).enumerate().map(told).collect();
    if let Some(rest @ 1..) = retries.len().checked_sub(NAMED) {
        rows.push(("", format!("and {rest} more")));
    }
    facts(&rows)
}

/// The same for programs.
#[derive(Debug, Serialize)]
pub struct RetryObject<'a> {
    merchant_uid: &'a str,
    state: &'static str,
    next_try_at: Option<String>,
    tries: u32,
    tries_left: u32,
    reason: &'static str,
    who_acts: Option<&'static str>,
    behind: Option<&'a str>,
}

impl<'a> RetryObject<'a> {
    #[must_use]
    pub fn new(order: &'a MerchantUid, judged: &'a Judged, zone: &TimeZone) -> RetryObject<'a> {
        RetryObject {
            merchant_uid: order.as_str(),
            state: judged.state.word(),
            next_try_at: judged.next_at.map(|at| when_rfc3339(at, zone)),
            tries: judged.tries,
            tries_left: judged.tries_left,
            reason: judged.group.word(),
            who_acts: judged.who.map(Who::word),
            behind: judged.behind.as_ref().map(MerchantUid::as_str),
        }
    }
}

fn number_of_tries(left: u32) -> String {
    if left == 1 { "1 try left".to_owned() } else { format!("{left} tries left") }
}

#[cfg(test)]
mod tests {
    use super::{Found, GoOn, RetryRow, footer, more, retry_lines};
    use crate::domain::due::{Judged, State, Why};
    use crate::domain::ids::MerchantUid;
    use crate::domain::money::{Amount, Currency};
    use crate::domain::retry_rules::Group;
    use crate::output::Format;
    use crate::output::field::Columns;
    use crate::output::options::UiOptions;
    use crate::output::samples::{at, declined, options, seoul, shown, ui, won};
    use crate::output::text::width;

    fn judged(state: State, next: Option<&str>, tries_left: u32) -> Judged {
        Judged {
            state,
            group: Group::Time,
            who: None,
            next_at: next.map(at),
            tries: 1,
            tries_left,
            tried_at: at("2026-10-23T19:30:02+09:00"),
            behind: None,
        }
    }

    #[test]
    fn currencies_are_summed_apart_and_what_is_left_out_is_counted() {
        let mut found = Found { open: 2, ..Found::default() };
        let dollars = Amount::parse("10.00", Currency::parse("USD").unwrap()).unwrap();
        for (state, amount) in [
            (State::Due, won(8900)),
            (State::Due, dollars),
            (State::Waits, won(5000)),
            (State::Left(Why::InDoubt), won(1)),
            (State::Left(Why::PaidSince), won(1)),
        ] {
            found.add(state, amount);
        }
        let told = footer(&found);
        assert!(
            told.starts_with("2 due, ₩8,900 + USD 10.00; 1 waits, ₩5,000; left out: 1 in doubt, 1 with a "),
            "{told}"
        );
        assert!(told.ends_with("that is paid, 2 pending or unknown"), "{told}");
        let command = |words: &str| format!("billkey {words}");
        let go_on = GoOn {
            reconcile: command("reconcile"),
            due: command("retry-list --due"),
            batch: command("batch -"),
            all: command("retry-list --all"),
            one: None,
        };
        let lines = more(&found, &go_on);
        assert_eq!(lines.lines().count(), 3, "{lines}");
        assert_eq!(
            (footer(&Found::default()), more(&Found::default(), &go_on)),
            (String::new(), String::new())
        );
    }

    #[test]
    fn a_list_fits_a_terminal_and_an_id_without_room_stands_under_its_row() {
        let mut payment = declined();
        payment.terms.merchant_uid = MerchantUid::parse("202611ba40d1c61bc66e014de94ed18446abd7be").unwrap();
        let row = RetryRow { payment, judged: judged(State::Due, Some("2026-10-24T10:00:00+09:00"), 3) };
        for columns in [150, 80, 60] {
            let (mut ui, out, _) = ui(UiOptions { width: Some(columns), ..options(Format::Table) }, "");
            let mut list = ui.list::<RetryRow>(Columns::usual()).unwrap();
            list.retry(&row).unwrap();
            list.finish("").unwrap();
            let text = shown(&out.text());
            assert!(text.lines().all(|line| width(line) <= columns + 1), "{text}");
            assert!(
                text.contains("202611ba40d1c61bc66e014de94ed18446abd7be") && text.contains("1, 3 left"),
                "{text}"
            );
        }
    }

    #[test]
    fn a_customers_orders_are_told_with_their_next_tries() {
        let order = |name: &str| MerchantUid::parse(name).unwrap();
        let waits = judged(State::Waits, Some("2026-12-02T10:00:00+09:00"), 2);
        let mut orders = vec![
            (order("order_1"), waits.clone()),
            (
                order("order_2"),
                Judged {
                    behind: Some(order("order_1")),
                    ..judged(State::Waits, Some("2026-12-03T10:00:00+09:00"), 1)
                },
            ),
            (order("order_3"), judged(State::NewCard, None, 0)),
            (order("order_4"), judged(State::Over, None, 0)),
        ];
        let told = retry_lines(&orders, &seoul());
        assert!(told.contains("retries  order_1  next try 2026-12-02 10:00, 2 tries left\n"), "{told}");
        assert!(told.contains("order_2  next try 2026-12-03 10:00, after order_1, 1 try left\n"), "{told}");
        assert!(
            told.contains("order_3  needs a new card\n") && told.contains("order_4  no tries left\n"),
            "{told}"
        );
        orders.extend((0..3).map(|_| (order("order_9"), waits.clone())));
        assert!(retry_lines(&orders, &seoul()).ends_with("and 2 more\n"));
        assert_eq!(retry_lines(&[], &seoul()), "");
    }
}
