//! Payments that are only counted: by mode, currency and outcome.

use crate::domain::money::Amount;
use crate::domain::payment::{Mode, Outcome};
use crate::output::field::{Field, Give, Listed, Value};

/// So many of one outcome and mode in one currency.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Counted {
    pub mode: Mode,
    pub outcome: Outcome,
    pub count: u64,
    /// What was asked for, refunds not taken off.
    pub amount: Amount,
}

type Get = for<'a> fn(&'a Counted) -> Value<'a>;

const fn field(name: &'static str, heading: &'static str, get: Get) -> Field<Counted> {
    Field { name, heading: Some(heading), give: Give::Never, get }
}

impl Listed for Counted {
    const FIELDS: &'static [Field<Counted>] = &[
        field("mode", "MODE", |counted| Value::Word(counted.mode.word())),
        field("currency", "CURRENCY", |counted| {
            Value::Text(counted.amount.currency().code().to_owned().into())
        }),
        field("outcome", "RESULT", |counted| Value::Outcome(counted.outcome)),
        field("count", "COUNT", |counted| Value::Whole(i64::try_from(counted.count).unwrap_or(i64::MAX))),
        field("amount", "AMOUNT", |counted| Value::Money(counted.amount)),
    ];
    const TABLE: &'static [Field<Counted>] = Counted::FIELDS;
    const GIVES: &'static [(usize, usize)] = &[];
    const NOUN: &'static str = "group";
}
