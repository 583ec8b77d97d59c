//! What a person must look at, one item a line, each with the command that settles it.

use std::borrow::Cow;
use std::io;

use jiff::Timestamp;

use crate::domain::money::Amount;
use crate::domain::record::Signed;
use crate::output::Format;
use crate::output::field::{Columns, Field, Give, Listed, Value};
use crate::output::text::{safe, sentence, when};
use crate::output::ui::Ui;

/// One thing that is left for a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    /// A word; scripts are written against it.
    pub kind: &'static str,
    /// Since when it stands.
    pub since: Timestamp,
    /// What `reconcile --acknowledge` takes, where somebody may answer for it.
    pub id: Option<String>,
    pub merchant_uid: Option<String>,
    pub imp_uid: Option<String>,
    pub customer_uid: Option<String>,
    pub amount: Option<Amount>,
    /// What it is, as a sentence.
    pub why: String,
    /// The whole command that settles it.
    pub command: String,
    /// Another one, for a person who has found that it is right as it is.
    pub otherwise: Option<String>,
    /// Who has answered for it.
    pub signed: Option<Signed>,
}

type Get = for<'a> fn(&'a Item) -> Value<'a>;

const fn field(name: &'static str, give: Give, get: Get) -> Field<Item> {
    Field { name, heading: None, give, get }
}

impl Listed for Item {
    const FIELDS: &'static [Field<Item>] = &[
        field("kind", Give::Never, |item| Value::Word(item.kind)),
        field("since", Give::When, |item| Value::Time(item.since)),
        field("id", Give::Never, |item| Value::text(item.id.as_ref())),
        field("merchant_uid", Give::Never, |item| Value::text(item.merchant_uid.as_ref())),
        field("imp_uid", Give::Never, |item| Value::text(item.imp_uid.as_ref())),
        field("customer_uid", Give::Never, |item| Value::text(item.customer_uid.as_ref())),
        field("amount", Give::Never, |item| item.amount.map_or(Value::Absent, Value::Money)),
        field("currency", Give::Never, |item| {
            let code = |amount: Amount| Value::Text(Cow::Owned(amount.currency().code().to_owned()));
            item.amount.map_or(Value::Absent, code)
        }),
        field("why", Give::Text, |item| Value::Text(Cow::Borrowed(&item.why))),
        field("command", Give::Never, |item| Value::Text(Cow::Borrowed(&item.command))),
        field("otherwise", Give::Never, |item| Value::text(item.otherwise.as_ref())),
        field("acknowledged_at", Give::When, |item| {
            Value::time(item.signed.as_ref().map(|signed| signed.at))
        }),
        field("acknowledged_by", Give::Text, |item| {
            Value::text(item.signed.as_ref().and_then(|signed| signed.operator.as_ref()))
        }),
        field("acknowledged_reason", Give::Text, |item| {
            Value::text(item.signed.as_ref().map(|signed| &signed.reason))
        }),
    ];
    const TABLE: &'static [Field<Item>] = &[];
    const GIVES: &'static [(usize, usize)] = &[];
    const NOUN: &'static str = "item";
}

impl Ui {
    /// Writes them, a line each; nothing where there are none, but an array that is empty.
    pub fn attention(&mut self, items: &[Item]) -> io::Result<()> {
        match self.format() {
            Format::Json if !self.quiet() => {}
            _ if items.is_empty() => return Ok(()),
            Format::Table => {
                let lines: Vec<String> = items.iter().map(|item| line(item, self)).collect();
                return self.answer(&lines.join("\n"));
            }
            Format::Plain | Format::Json | Format::Jsonl | Format::Csv => {}
        }
        let mut list = self.list(Columns::<Item>::usual())?;
        for item in items {
            list.row(item)?;
        }
        list.finish("").map(|_| ())
    }
}

/// `2026-11-23 19:30:04  unknown  order_1  ₩8,900  gildong  Why.  billkey reconcile order_1`: no cell is cut,
/// because the last one is there to be pasted.
fn line(item: &Item, ui: &Ui) -> String {
    let named = |id: &Option<String>| id.as_deref().map(|id| safe(id).into_owned());
    let command = match &item.otherwise {
        None => item.command.clone(),
        Some(otherwise) => format!("{}  or: {otherwise}", item.command),
    };
    let signed = item.signed.as_ref().map(|signed| {
        let by = signed.operator.as_deref().map_or_else(String::new, |by| format!(" by {}", safe(by)));
        let at = when(signed.at, ui.zone());
        format!("Acknowledged on {at}{by}: {}", sentence(&safe(&signed.reason)))
    });
    let cells = [
        Some(when(item.since, ui.zone())),
        Some(item.kind.to_owned()),
        named(&item.merchant_uid),
        named(&item.imp_uid),
        item.amount.map(|amount| amount.to_string()),
        named(&item.customer_uid),
        Some(sentence(&safe(&item.why))),
        signed,
        Some(command),
    ];
    cells.into_iter().flatten().collect::<Vec<_>>().join("  ")
}
