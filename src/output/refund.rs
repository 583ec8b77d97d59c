//! A refund, for programs and for people.

use std::borrow::Cow;
use std::io;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::{Serialize, Serializer};

use crate::domain::money::Amount;
use crate::domain::payment::{GatewayRecord, Mode, Payment, RefundOutcome};
use crate::domain::refund::Refund;
use crate::domain::tax::Tax;
use crate::domain::time::from_epoch_s;
use crate::output::field::{Columns, Field, Give, Listed, Object, Shown, Value};
use crate::output::payment::payment_object;
use crate::output::prose::mode_note;
use crate::output::table::facts;
use crate::output::text::{safe, sentence, when};
use crate::output::ui::Ui;

type Get = for<'a> fn(&'a Refund) -> Value<'a>;

const fn field(name: &'static str, give: Give, get: Get) -> Field<Refund> {
    Field { name, heading: None, give, get }
}

impl Listed for Refund {
    const FIELDS: &'static [Field<Refund>] = &[
        field("refund_id", Give::Never, |refund| Value::Text(Cow::Borrowed(refund.id.as_str()))),
        field("outcome", Give::Never, |refund| Value::Word(refund.outcome.word())),
        field("amount", Give::Never, |refund| Value::Money(refund.amount)),
        field("tax_free", Give::Never, |refund| refund.tax.tax_free.map_or(Value::Absent, Value::Money)),
        field("vat_amount", Give::Never, |refund| refund.tax.vat_amount.map_or(Value::Absent, Value::Money)),
        field("reason", Give::Text, |refund| Value::Text(Cow::Borrowed(&refund.reason))),
        field("cancellation_id", Give::Never, |refund| Value::text(refund.cancellation_id.as_ref())),
        field("requested_at", Give::When, |refund| Value::Time(refund.requested_at)),
        field("refunded_at", Give::When, |refund| Value::time(refund.refunded_at)),
        field("code", Give::Never, |refund| refund.code.map_or(Value::Absent, Value::Whole)),
        field("message", Give::Text, |refund| {
            why(refund).map_or(Value::Absent, |why| Value::Text(why.into()))
        }),
        field("operator", Give::Text, |refund| Value::text(refund.operator.as_ref())),
        field("merchant_uid", Give::Never, |refund| Value::Text(Cow::Borrowed(refund.merchant_uid.as_str()))),
        field("imp_uid", Give::Never, |refund| Value::Text(Cow::Borrowed(&refund.imp_uid))),
        field("currency", Give::Never, |refund| {
            Value::Text(Cow::Owned(refund.amount.currency().code().to_owned()))
        }),
    ];
    const TABLE: &'static [Field<Refund>] = &[];
    const GIVES: &'static [(usize, usize)] = &[];
    const NOUN: &'static str = "refund";
}

/// Why it is what it is: as a sentence of ours, else in the gateway's words.
#[must_use]
pub fn why(refund: &Refund) -> Option<String> {
    refund.why.as_ref().map(ToString::to_string).or_else(|| refund.message.clone())
}

/// The refund as an object, in the fields of the contract and three that say what it is of.
#[must_use]
pub fn refund_object<'a>(refund: &'a Refund, zone: &'a TimeZone) -> Object<'a, Refund> {
    let shown = Shown { zone, replayed: false };
    Object { row: refund, columns: Refund::FIELDS.iter().collect(), shown }
}

/// `refund --json`: the payment object, and with it `refund`.
struct RefundedObject<'a> {
    payment: &'a Payment,
    refund: &'a Refund,
    zone: &'a TimeZone,
}

#[derive(Serialize)]
struct With<T: Serialize, U: Serialize> {
    #[serde(flatten)]
    payment: T,
    refund: U,
}

impl Serialize for RefundedObject<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let payment = payment_object(self.payment.into(), self.zone);
        With { payment, refund: refund_object(self.refund, self.zone) }.serialize(serializer)
    }
}

impl Ui {
    /// A refund for programs, on stdout: an object with its payment, or a line of the refund's own fields.
    pub fn refund(&mut self, payment: &Payment, refund: &Refund) -> io::Result<()> {
        if self.format().is_json() {
            let zone = self.zone().clone();
            return self.json(&RefundedObject { payment, refund, zone: &zone });
        }
        let mut list = self.list(Columns::<Refund>::usual())?;
        list.row(refund)?;
        list.finish("").map(|_| ())
    }
}

/// What is about to be refunded.
#[derive(Clone, Debug)]
pub struct RefundCard<'a> {
    /// The order's row; the payment may be another one under it.
    pub payment: &'a Payment,
    /// The payment as the gateway shows it.
    pub record: &'a GatewayRecord,
    pub imp_uid: &'a str,
    pub customer_name: Option<&'a str>,
    pub paid: Amount,
    pub amount: Amount,
    pub refunded: Amount,
    pub left: Amount,
    pub tax: Tax,
    pub reason: &'a str,
}

/// Whose payment it is: the gateway's word, else the order's customer.
#[must_use]
pub fn customer_of<'a>(payment: &'a Payment, record: &'a GatewayRecord) -> &'a str {
    record.customer_uid.as_deref().unwrap_or_else(|| payment.terms.customer_uid.as_str())
}

/// The facts that a person says yes or no to.
#[must_use]
pub fn refund_card(card: &RefundCard<'_>, zone: &TimeZone) -> String {
    let RefundCard { payment, record, .. } = card;
    // What the row says of a card is said of the payment that the order stands for.
    let own = (payment.imp_uid.as_deref() == Some(card.imp_uid)).then_some(*payment);
    let of = |shown: &'_ Option<String>, known: fn(&Payment) -> &Option<String>| -> Option<String> {
        shown.clone().or_else(|| own.and_then(|own| known(own).clone()))
    };
    let flagged = Payment { sandbox: record.sandbox.or(payment.sandbox), ..(*payment).clone() };
    let mode = flagged.mode_shown().word().to_uppercase();
    let name = card.customer_name.map(|name| format!("{}  ", safe(name))).unwrap_or_default();
    let shown =
        [of(&record.card_name, |own| &own.card_name), of(&record.card_number, |own| &own.card_number)];
    let shown: Vec<String> = shown.iter().flatten().map(|part| safe(part).into_owned()).collect();
    let approval = of(&record.apply_num, |own| &own.apply_num);
    let approval = approval.map(|num| format!("  approval {}", safe(&num))).unwrap_or_default();
    let paid_at = record.paid_at_s.and_then(from_epoch_s).or_else(|| own.and_then(|own| own.paid_at));
    let paid_at = paid_at.map(|at| format!("  paid {}", when(at, zone))).unwrap_or_default();
    let product = record.name.as_deref().filter(|_| own.is_none()).unwrap_or(&payment.name);
    let mut rows = vec![
        (mode.as_str(), format!("refund {} of {}   {}", card.amount, card.paid, safe(product))),
        ("to", format!("{name}{}", safe(customer_of(payment, record)))),
        ("card", shown.join("  ")),
        ("order", safe(payment.terms.merchant_uid.as_str()).into_owned()),
        ("payment", format!("{}{approval}{paid_at}", safe(card.imp_uid))),
        ("before", format!("{} refunded before", card.refunded)),
        ("after", format!("{} left", card.left)),
    ];
    rows.extend(tax_parts(&card.tax));
    rows.push(("reason", safe(card.reason).into_owned()));
    format!("\n{}", facts(&rows))
}

fn tax_parts(tax: &Tax) -> Vec<(&'static str, String)> {
    let parts = [("tax-free", tax.tax_free), ("VAT", tax.vat_amount)];
    parts.into_iter().filter_map(|(label, part)| Some((label, part?.to_string()))).collect()
}

/// How a refund ended, in one sentence and more. `mode` is of the money, where it is known.
#[must_use]
pub fn refund_sentence(
    refund: &Refund,
    mode: Option<Mode>,
    settles_at: Option<Timestamp>,
    zone: &TimeZone,
) -> String {
    let why = || why(refund).map_or_else(String::new, |why| format!(": {}", sentence(&safe(&why))));
    match refund.outcome {
        RefundOutcome::Refunded => {
            format!("Refunded {} of {}{}.", refund.amount, refund.paid, mode.map_or("", mode_note))
        }
        RefundOutcome::Refused => format!("Refused{} The gateway does not show this refund.", dotted(&why())),
        RefundOutcome::NotSent => format!("Not refunded{}", dotted(&why())),
        RefundOutcome::Unknown | RefundOutcome::Pending => {
            let until = settles_at.map_or_else(String::new, |at| {
                format!(" It is not sent again; from {} on a look-up settles it for good.", when(at, zone))
            });
            format!("Unknown{} The money may have gone back.{until}", dotted(&why()))
        }
    }
}

fn dotted(why: &str) -> String {
    if why.is_empty() { ".".to_owned() } else { why.to_owned() }
}

/// `the refund abcd2345 of ₩3,000 went back, and the gateway shows ₩0 as refunded now: …`.
#[must_use]
pub fn undone_why(refunds: &[Refund], shown: Amount) -> String {
    let named: Vec<String> =
        refunds.iter().map(|refund| format!("{} of {}", refund.id.as_str(), refund.amount)).collect();
    let which = match named.as_slice() {
        [only] => format!("the refund {only} went back"),
        several => format!("the refunds {} went back", several.join(", ")),
    };
    format!(
        "{which}, and the gateway shows {shown} as refunded in all: the PG may have taken money back from the customer"
    )
}

/// The ids of a refund, each on its own.
#[must_use]
pub fn refund_facts(payment: &Payment, refund: &Refund) -> String {
    let mut rows = vec![
        ("order", safe(payment.terms.merchant_uid.as_str()).into_owned()),
        ("payment", safe(&refund.imp_uid).into_owned()),
        ("refund", refund.id.as_str().to_owned()),
    ];
    if let Some(receipt) = &refund.receipt_url {
        rows.push(("receipt", safe(receipt).into_owned()));
    }
    facts(&rows)
}
