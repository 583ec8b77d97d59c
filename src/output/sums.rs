//! What many payments come to, for programs.

use std::borrow::Cow;
use std::io;

use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};

use crate::domain::money::Amount;
use crate::domain::payment::{Mode, Outcome};
use crate::domain::totals::Totals;
use crate::output::Format;
use crate::output::field::{Columns, Field, Give, Listed, Value, exact_number};
use crate::output::list::payments_footer;
use crate::output::ui::Ui;

/// `{"count": 2, "paid": 1, "net": {"KRW": 8900}, "net_apart": {"test": {…}}, "further": {"count": 0, "held": {}},
/// "noted": {"count": 0, "net": {}}, "refunded": {"live": {"KRW": 3000}}}`.
pub struct SummaryObject<'a>(pub &'a Totals);

impl Serialize for SummaryObject<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Totals { count, net, apart, further, further_held, noted, noted_net, refunded, .. } = self.0;
        let error = serde::ser::Error::custom;
        let further =
            serde_json::json!({"count": further, "held": by_currency(further_held).map_err(error)?});
        let noted = serde_json::json!({"count": noted, "net": by_currency(noted_net).map_err(error)?});
        let mut map = serializer.serialize_map(Some(7))?;
        map.serialize_entry("count", count)?;
        map.serialize_entry("paid", &self.0.count_of(Outcome::Paid))?;
        map.serialize_entry("net", &by_currency(net).map_err(error)?)?;
        map.serialize_entry("net_apart", &by_mode(apart).map_err(error)?)?;
        map.serialize_entry("further", &further)?;
        map.serialize_entry("noted", &noted)?;
        map.serialize_entry("refunded", &by_mode(refunded).map_err(error)?)?;
        map.end()
    }
}

fn by_mode(sums: &[(Mode, Vec<Amount>)]) -> Result<serde_json::Value, serde_json::Error> {
    let mut modes = serde_json::Map::new();
    for (mode, amounts) in sums {
        modes.insert(mode.word().to_owned(), by_currency(amounts)?);
    }
    Ok(serde_json::Value::Object(modes))
}

fn by_currency(amounts: &[Amount]) -> Result<serde_json::Value, serde_json::Error> {
    let mut sums = serde_json::Map::new();
    for amount in amounts {
        sums.insert(amount.currency().code().to_owned(), serde_json::Value::Number(exact_number(amount)?));
    }
    Ok(serde_json::Value::Object(sums))
}

/// One sum, as a line.
struct Sum {
    what: &'static str,
    mode: Option<Mode>,
    amount: Amount,
}

type Get = for<'a> fn(&'a Sum) -> Value<'a>;

const fn field(name: &'static str, get: Get) -> Field<Sum> {
    Field { name, heading: None, give: Give::Never, get }
}

impl Listed for Sum {
    const FIELDS: &'static [Field<Sum>] = &[
        field("sum", |sum| Value::Word(sum.what)),
        field("mode", |sum| sum.mode.map_or(Value::Absent, |mode| Value::Word(mode.word()))),
        field("amount", |sum| Value::Money(sum.amount)),
        field("currency", |sum| Value::Text(Cow::Owned(sum.amount.currency().code().to_owned()))),
    ];
    const TABLE: &'static [Field<Sum>] = &[];
    const GIVES: &'static [(usize, usize)] = &[];
    const NOUN: &'static str = "sum";
}

impl Ui {
    /// What a choice of payments comes to: for programs an object, or a line a sum; for people one line.
    pub fn totals(&mut self, totals: &Totals) -> io::Result<()> {
        match self.format() {
            Format::Table => return self.answer(&payments_footer(totals, totals.count)),
            Format::Json | Format::Jsonl => return self.json(&SummaryObject(totals)),
            Format::Plain | Format::Csv => {}
        }
        let mut list = self.list(Columns::<Sum>::usual())?;
        for sum in sums(totals) {
            list.row(&sum)?;
        }
        list.finish("").map(|_| ())
    }
}

fn sums(totals: &Totals) -> Vec<Sum> {
    let alone = |what: &'static str, amounts: &[Amount]| -> Vec<Sum> {
        amounts.iter().map(|amount| Sum { what, mode: None, amount: *amount }).collect()
    };
    let each = |what: &'static str, sums: &[(Mode, Vec<Amount>)]| -> Vec<Sum> {
        let of = |(mode, amounts): &(Mode, Vec<Amount>)| {
            let mode = *mode;
            amounts
                .iter()
                .map(move |amount| Sum { what, mode: Some(mode), amount: *amount })
                .collect::<Vec<_>>()
        };
        sums.iter().flat_map(of).collect()
    };
    let all = [
        alone("net", &totals.net),
        each("net", &totals.apart),
        alone("further", &totals.further_held),
        alone("noted", &totals.noted_net),
        each("refunded", &totals.refunded),
    ];
    all.into_iter().flatten().collect()
}
