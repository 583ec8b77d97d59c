//! The lines of a book by their columns: what CSV and a workbook have.

use std::borrow::Cow;

use crate::output::field::{Field, Give, Listed, Value};
use crate::report::Line;

type Get = for<'a> fn(&'a Line) -> Value<'a>;

const fn field(name: &'static str, get: Get) -> Field<Line> {
    Field { name, heading: None, give: Give::Never, get }
}

impl Listed for Line {
    const FIELDS: &'static [Field<Line>] = &[
        field("at", |line| Value::Time(line.at)),
        field("kind", |line| Value::Word(line.kind.word())),
        field("merchant_uid", |line| Value::Text(Cow::Borrowed(&line.merchant_uid))),
        field("imp_uid", |line| Value::text(line.imp_uid.as_ref())),
        field("customer_uid", |line| Value::Text(Cow::Borrowed(&line.customer_uid))),
        field("buyer_name", |line| Value::text(line.buyer_name.as_ref())),
        field("name", |line| Value::Text(Cow::Borrowed(&line.name))),
        field("amount", |line| Value::Money(line.signed())),
        field("supply", |line| Value::Money(line.signed_part(line.parts.supply_minor))),
        field("vat", |line| Value::Money(line.signed_part(line.parts.vat_minor))),
        field("tax_free", |line| Value::Money(line.signed_part(line.parts.tax_free_minor))),
        field("vat_basis", |line| Value::Word(line.parts.basis.word())),
        field("fee", |_| Value::Absent),
        field("currency", |line| Value::Text(Cow::Owned(line.amount.currency().code().to_owned()))),
        field("mode", |line| Value::Word(line.mode.word())),
        field("apply_num", |line| Value::text(line.apply_num.as_ref())),
        field("card_name", |line| Value::text(line.card_name.as_ref())),
        field("card_number", |line| Value::text(line.card_number.as_ref())),
        field("pg_provider", |line| Value::text(line.pg_provider.as_ref())),
        field("refund_id", |line| Value::text(line.refund_id.as_ref())),
        field("reason", |line| Value::text(line.reason.as_ref())),
        field("receipt_url", |line| Value::text(line.receipt_url.as_ref())),
    ];
    const TABLE: &'static [Field<Line>] = &[];
    const GIVES: &'static [(usize, usize)] = &[];
    const NOUN: &'static str = "line";
}
