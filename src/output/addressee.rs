//! Whom to write to about a payment that they can put right: one line each, for a mail merge.

use std::borrow::Cow;

use crate::domain::customer::Customer;
use crate::domain::declines::{Known, Standing};
use crate::domain::payment::Payment;
use crate::output::field::{Field, Give, Listed, Value};
use crate::output::meaning::again;

/// A customer with a payment that waits for them.
#[derive(Clone, Debug)]
pub struct Addressee {
    payment: Payment,
    name: Option<String>,
    email: Option<String>,
    tel: Option<String>,
}

impl Addressee {
    /// By what is saved of the customer, else by what the payment was asked for with.
    #[must_use]
    pub fn new(payment: Payment, saved: Option<Customer>) -> Addressee {
        let (name, email, tel) =
            saved.map_or((None, None, None), |saved| (saved.name, saved.email, saved.tel));
        Addressee {
            name: name.or_else(|| payment.buyer_name.clone()),
            email: email.or_else(|| payment.buyer_email.clone()),
            tel: tel.or_else(|| payment.buyer_tel.clone()),
            payment,
        }
    }

    fn known(&self) -> Option<&'static Known> {
        Standing::of(&self.payment).and_then(|standing| standing.known)
    }
}

const fn field(name: &'static str, get: for<'a> fn(&'a Addressee) -> Value<'a>) -> Field<Addressee> {
    Field { name, heading: None, give: Give::Text, get }
}

fn text(text: &str) -> Value<'_> {
    Value::Text(Cow::Borrowed(text))
}

impl Listed for Addressee {
    const FIELDS: &'static [Field<Addressee>] = &[
        field("customer_uid", |to| text(to.payment.terms.customer_uid.as_str())),
        field("customer_name", |to| Value::text(to.name.as_ref())),
        field("email", |to| Value::text(to.email.as_ref())),
        field("tel", |to| Value::text(to.tel.as_ref())),
        field("amount", |to| Value::Money(to.payment.terms.amount)),
        field("currency", |to| Value::Text(to.payment.terms.amount.currency().code().to_owned().into())),
        field("name", |to| text(&to.payment.name)),
        field("message", |to| to.payment.why().map_or(Value::Absent, |why| Value::Text(why.into()))),
        field("meaning_ko", |to| to.known().map_or(Value::Absent, |known| text(known.meaning_ko))),
        field("meaning_en", |to| to.known().map_or(Value::Absent, |known| text(known.meaning_en))),
        field("again", |to| to.known().map_or(Value::Absent, |known| Value::Text(again(known).into()))),
        field("merchant_uid", |to| text(to.payment.terms.merchant_uid.as_str())),
        field("requested_at", |to| Value::Time(to.payment.requested_at)),
    ];
    const TABLE: &'static [Field<Addressee>] = &[];
    const GIVES: &'static [(usize, usize)] = &[];
    const NOUN: &'static str = "customer to write to";
}
