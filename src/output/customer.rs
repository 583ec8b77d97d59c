//! The customer object of the contract, and the columns of the customer table.

use std::borrow::Cow;

use jiff::tz::TimeZone;

use crate::domain::customer::Customer;
use crate::output::field::{Field, Give, Listed, Object, Shown, Value};
use crate::output::payment::short_card;

type Get = for<'a> fn(&'a Customer) -> Value<'a>;

const fn field(name: &'static str, give: Give, get: Get) -> Field<Customer> {
    Field { name, heading: None, give, get }
}

const fn column(name: &'static str, heading: &'static str, give: Give, get: Get) -> Field<Customer> {
    Field { name, heading: Some(heading), give, get }
}

fn uid(customer: &Customer) -> Value<'_> {
    Value::Text(Cow::Borrowed(customer.customer_uid.as_str()))
}

impl Listed for Customer {
    const FIELDS: &'static [Field<Customer>] = &[
        field("customer_uid", Give::Never, uid),
        field("name", Give::Text, |customer| Value::text(customer.name.as_ref())),
        field("email", Give::Text, |customer| Value::text(customer.email.as_ref())),
        field("tel", Give::Text, |customer| Value::text(customer.tel.as_ref())),
        field("note", Give::Text, |customer| Value::text(customer.note.as_ref())),
        field("card_name", Give::Text, |customer| Value::text(customer.card.card_name.as_ref())),
        field("card_code", Give::Never, |customer| Value::text(customer.card.card_code.as_ref())),
        field("card_number", Give::Never, |customer| Value::text(customer.card.card_number.as_ref())),
        field("pg_provider", Give::Text, |customer| Value::text(customer.card.pg_provider.as_ref())),
        field("pg_id", Give::Text, |customer| Value::text(customer.card.pg_id.as_ref())),
        field("mode", Give::Never, |customer| Value::Word(customer.mode.word())),
        field("added_at", Give::When, |customer| Value::Time(customer.added_at)),
        field("checked_at", Give::When, |customer| Value::time(customer.checked_at)),
        field("removed_at", Give::When, |customer| Value::time(customer.removed_at)),
    ];

    const TABLE: &'static [Field<Customer>] = &[
        column("customer_uid", "CUSTOMER", Give::Never, uid),
        column("name", "NAME", Give::Text, |customer| Value::text(customer.name.as_ref())),
        column("card", "CARD", Give::Card, |customer| {
            short_card(customer.card.card_name.as_deref(), customer.card.card_number.as_deref())
        }),
        column("tel", "TEL", Give::Text, |customer| Value::text(customer.tel.as_ref())),
        column("checked_at", "CHECKED", Give::When, |customer| {
            if customer.removed_at.is_some() {
                Value::Word("removed")
            } else {
                Value::time(customer.checked_at)
            }
        }),
    ];

    const GIVES: &'static [(usize, usize)] =
        &[(NAME, 12), (CHECKED, 16), (NAME, 6), (CHECKED, 10), (TEL, 0), (CHECKED, 0), (CARD, 4), (CARD, 0)];

    const NOUN: &'static str = "customer";
}

const NAME: usize = 1;
const CARD: usize = 2;
const TEL: usize = 3;
const CHECKED: usize = 4;

/// The customer object of the contract: serialise it into whatever holds it.
#[must_use]
pub fn customer_object<'a>(customer: &'a Customer, zone: &'a TimeZone) -> Object<'a, Customer> {
    Object {
        row: customer,
        columns: Customer::FIELDS.iter().collect(),
        shown: Shown { zone, replayed: false },
    }
}
