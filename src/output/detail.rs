//! Everything about one payment or one customer: `history show`, `customer show`.

use std::io;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};

use crate::domain::customer::Customer;
use crate::domain::declines::{Certainty, Standing};
use crate::domain::dossier::Dossier;
use crate::domain::due::Judged;
use crate::domain::ids::MerchantUid;
use crate::domain::left::Schedule;
use crate::domain::payment::{Back, HistoryEntry, Outcome, Payment};
use crate::domain::record::Signed;
use crate::domain::refund::Refund;
use crate::domain::totals::Totals;
use crate::output::Format;
use crate::output::alarm::{alarm_text, record_line};
use crate::output::customer::customer_object;
use crate::output::dossier::{DossierObject, dossier_lines};
use crate::output::field::{Columns, Object, Shown};
use crate::output::history_row::{Beside, dress};
use crate::output::list::{payments_footer, table_row, table_writer};
use crate::output::meaning::{again, certainty, who};
use crate::output::options::UiOptions;
use crate::output::payment::{CUSTOMER, EventObject, RecordObject, payment_object};
use crate::output::prose::{Commands, doubt_ended, noted_by};
use crate::output::refund::{refund_object, why};
use crate::output::retry_list::{RetryObject, retry_lines};
use crate::output::table::{TableRow, facts};
use crate::output::text::{safe, when, when_rfc3339};
use crate::output::timeline::timeline;
use crate::output::ui::Ui;

use crate::output::detail::scheduled::{schedule_object, scheduled};
use crate::output::sums::SummaryObject;

mod scheduled;

/// One payment and its whole history, oldest first.
#[derive(Clone, Copy, Debug)]
pub struct PaymentDetail<'a> {
    pub payment: &'a Payment,
    pub events: &'a [HistoryEntry],
    /// Of ours, oldest first.
    pub refunds: &'a [Refund],
    pub customer_name: Option<&'a str>,
    /// What can be pasted to go on with it.
    pub commands: &'a Commands,
}

/// One customer, what they paid, and their last payments.
#[derive(Clone, Copy)]
pub struct CustomerDetail<'a> {
    pub customer: &'a Customer,
    pub summary: &'a Totals,
    /// Newest first.
    pub payments: &'a [Payment],
    /// What the gateway is going to charge by itself, the next one first, each with who has answered for it.
    pub schedules: &'a [(Schedule, Option<Signed>)],
    /// Everything that is due before this was read; `None` where the gateway gave no answer, and these are what was
    /// seen last.
    pub schedules_until: Option<Timestamp>,
    /// What each of their rows is told with at a terminal, one for one; none elsewhere.
    pub beside: &'a [Beside],
    /// The year that goes without saying.
    pub year: i16,
    pub dossier: &'a Dossier,
    /// The declined orders of which the rules for retries say something, the oldest first.
    pub retries: &'a [(MerchantUid, Judged)],
    /// The command that looks an order up.
    pub reconcile: &'a dyn Fn(&str) -> String,
}

impl Ui {
    /// Everything about one payment on stdout: with `json` and `jsonl` an object, with `csv` and
    /// `plain` the payment alone.
    pub fn payment_detail(&mut self, detail: &PaymentDetail<'_>) -> io::Result<()> {
        let zone = self.zone().clone();
        match self.format() {
            Format::Table => self.write_answer(&payment_detail(detail, self.options())),
            Format::Json | Format::Jsonl => self.json(&PaymentDetailObject::new(*detail, &zone)),
            Format::Plain | Format::Csv => self.payment(detail.payment.into()),
        }
    }

    /// Everything about one customer on stdout, in the way of [`Ui::payment_detail`].
    pub fn customer_detail(&mut self, detail: &CustomerDetail<'_>) -> io::Result<()> {
        let zone = self.zone().clone();
        match self.format() {
            Format::Table => self.write_answer(&customer_detail(detail, self.options())),
            Format::Json | Format::Jsonl => self.json(&CustomerDetailObject::new(*detail, &zone)),
            Format::Plain | Format::Csv => self.customer(detail.customer),
        }
    }
}

type Facts = Vec<(&'static str, String)>;

fn fact(rows: &mut Facts, label: &'static str, parts: &[Option<&str>]) {
    let parts: Vec<_> =
        parts.iter().flatten().filter(|part| !part.is_empty()).map(|part| safe(part)).collect();
    if !parts.is_empty() {
        rows.push((label, parts.join("  ")));
    }
}

fn fact_time(rows: &mut Facts, label: &'static str, at: Option<Timestamp>, zone: &TimeZone) {
    rows.extend(at.map(|at| (label, when(at, zone))));
}

/// The facts of a payment, its history as a table, and what can be done about it. Lines with their
/// line breaks, coloured as the options say, safe for a terminal.
#[must_use]
pub fn payment_detail(detail: &PaymentDetail<'_>, options: &UiOptions) -> String {
    let (payment, zone) = (detail.payment, &options.zone);
    let terms = &payment.terms;
    let mut rows: Facts = Vec::new();
    fact(&mut rows, "order", &[Some(terms.merchant_uid.as_str())]);
    fact(&mut rows, "payment", &[payment.imp_uid.as_deref()]);
    let back = payment.back().map(|back| match back {
        Back::Part => "part of it refunded",
        Back::Whole => "all of it refunded",
    });
    fact(&mut rows, "result", &[Some(payment.outcome.word()), back]);
    fact(&mut rows, "reason", &[payment.why().as_deref()]);
    let standing = Standing::of(payment);
    if let Some(known) = standing.and_then(|standing| standing.known) {
        fact(&mut rows, "meaning", &[Some(known.meaning_en)]);
        fact(&mut rows, "to act", &[Some(who(known))]);
        fact(&mut rows, "again", &[Some(&again(known))]);
    }
    fact(&mut rows, "code", &[payment.code.map(|code| code.to_string()).as_deref()]);
    fact(&mut rows, "amount", &[Some(&terms.amount.to_string()), Some(&mode_fact(payment))]);
    let refunded = payment.cancel_amount.filter(|refund| refund.minor() > 0).map(|refund| refund.to_string());
    let refunded_at = payment.cancelled_at.map(|at| when(at, zone));
    fact(&mut rows, "refunded", &[refunded.as_deref(), refunded_at.as_deref()]);
    fact(&mut rows, "outside", &[outside(payment, zone).as_deref()]);
    fact(&mut rows, "product", &[Some(&payment.name)]);
    fact(&mut rows, "customer", &[detail.customer_name, Some(terms.customer_uid.as_str())]);
    let buyer = [&payment.buyer_name, &payment.buyer_email, &payment.buyer_tel].map(|part| part.as_deref());
    fact(&mut rows, "buyer", &buyer);
    fact(&mut rows, "card", &[payment.card_name.as_deref(), payment.card_number.as_deref()]);
    fact(&mut rows, "approval", &[payment.apply_num.as_deref()]);
    fact(&mut rows, "PG", &[payment.pg_provider.as_deref(), payment.pg_tid.as_deref()]);
    fact(&mut rows, "status", &[payment.status.as_deref()]);
    fact(&mut rows, "receipt", &[payment.receipt_url.as_deref()]);
    fact_time(&mut rows, "asked", Some(payment.requested_at), zone);
    fact_time(&mut rows, "paid", payment.paid_at, zone);
    fact(&mut rows, "attempts", &[Some(&payment.attempts.to_string())]);
    fact(&mut rows, "run by", &[payment.operator.as_deref()]);
    fact(&mut rows, "on host", &[payment.host.as_deref()]);
    fact(&mut rows, "note", &[payment.note.as_deref()]);
    fact(&mut rows, "noted", &[noted_by(payment, zone).as_deref()]);
    let mut text = facts(&rows);
    text.push_str(&records_facts(payment, zone));
    if !detail.events.is_empty() {
        text.push('\n');
        text.push_str(&timeline(payment, detail.events, detail.refunds, zone, options.width));
    }
    for refund in detail.refunds {
        text.push('\n');
        text.push_str(&refund_detail(refund, zone));
    }
    text + &next_step(detail, standing, zone)
}

/// What the PG paid back without the gateway, and who says so by what evidence.
fn outside(payment: &Payment, zone: &TimeZone) -> Option<String> {
    let outside = payment.outside.as_ref()?;
    let by = outside.by.as_deref().map(|by| format!(" by {by}")).unwrap_or_default();
    let (amount, at) = (outside.amount, when(outside.at, zone));
    Some(format!("{amount} paid back outside of the gateway, noted{by} {at}: {}", outside.evidence))
}

/// One refund of ours: how much, why, who, and how it ended.
fn refund_detail(refund: &Refund, zone: &TimeZone) -> String {
    let mut rows: Facts = Vec::new();
    let amount = format!("{} of {}", refund.amount, refund.paid);
    fact(&mut rows, "refund", &[Some(refund.id.as_str()), Some(refund.outcome.word()), Some(&amount)]);
    fact(&mut rows, "of", &[Some(&refund.imp_uid)]);
    fact(&mut rows, "because", &[Some(&refund.reason)]);
    fact(&mut rows, "told", &[why(refund).as_deref()]);
    fact_time(&mut rows, "asked", Some(refund.requested_at), zone);
    fact_time(&mut rows, "back", refund.refunded_at, zone);
    fact(&mut rows, "receipt", &[refund.receipt_url.as_deref()]);
    fact(&mut rows, "run by", &[refund.operator.as_deref()]);
    facts(&rows)
}

/// `LIVE`; where the gateway's flag says otherwise than the profile did, both.
fn mode_fact(payment: &Payment) -> String {
    let (shown, profile) = (payment.mode_shown(), payment.terms.mode);
    let shown_word = shown.word().to_uppercase();
    if shown == profile {
        shown_word
    } else {
        format!("{shown_word} channel, of a profile that is {profile}")
    }
}

/// Every payment that the gateway showed under the order, where there is another than the order's own; who has
/// answered for one; and what an alarm needs.
fn records_facts(payment: &Payment, zone: &TimeZone) -> String {
    if payment.records.iter().all(|record| payment.is_own(record)) {
        return String::new();
    }
    let mut rows: Facts = Vec::new();
    for record in &payment.records {
        let whose = if payment.is_own(record) { "ours" } else { "other" };
        let status = record.status.as_deref().map(|status| format!("   {}", safe(status)));
        rows.push((whose, format!("{}{}", record_line(record, zone), status.unwrap_or_default())));
        if let Some(signed) = &record.signed {
            let by = signed.operator.as_deref().map(|by| format!(" by {}", safe(by))).unwrap_or_default();
            let line = format!("acknowledged{by}, {}: {}", when(signed.at, zone), safe(&signed.reason));
            rows.push(("", line));
        }
    }
    let alarm = payment.alarm().map(|alarm| alarm_text(payment, &alarm, zone).sentence);
    let alarm = alarm.map(|sentence| format!("  {sentence}\n")).unwrap_or_default();
    format!("\n  The gateway shows under this order:\n{}{alarm}", facts(&rows))
}

/// What can be done about a payment, as hint lines.
fn next_step(detail: &PaymentDetail<'_>, standing: Option<Standing>, zone: &TimeZone) -> String {
    let PaymentDetail { payment, commands, .. } = *detail;
    let Some(standing) = standing else {
        return match payment.outcome {
            Outcome::NotSent => format!("\n  To send it:\n    {}\n", commands.again),
            Outcome::Paid | Outcome::Declined | Outcome::Rejected | Outcome::Unknown | Outcome::Pending => {
                String::new()
            }
        };
    };
    let over = payment.doubt_ended_at.map_or_else(String::new, |at| format!(" {}", doubt_ended(at, zone)));
    let sentence = format!("{}{over}", certainty(standing.certainty));
    if payment.is_noted_charged() {
        return format!(
            "\n  It counts as paid. To ask the gateway about it again:\n    {}\n",
            commands.reconcile
        );
    }
    match standing.certainty {
        Certainty::NotCertain | Certainty::MayHaveCharged => {
            format!("\n  {sentence} To find out:\n    {}\n", commands.reconcile)
        }
        Certainty::NothingCharged | Certainty::HeldAsFailed | Certainty::RefusedAndNotShown => {
            format!("\n  {sentence} To try the same order again:\n    {}\n", commands.retry)
        }
    }
}

/// `history show --json`: the payment object, and with it `history` and `refunds`.
pub struct PaymentDetailObject<'a> {
    detail: PaymentDetail<'a>,
    zone: &'a TimeZone,
}

impl<'a> PaymentDetailObject<'a> {
    #[must_use]
    pub fn new(detail: PaymentDetail<'a>, zone: &'a TimeZone) -> PaymentDetailObject<'a> {
        PaymentDetailObject { detail, zone }
    }
}

/// An object and the lists that stand in it beside its own fields.
#[derive(Serialize)]
struct With<T: Serialize, U: Serialize> {
    #[serde(flatten)]
    object: T,
    #[serde(flatten)]
    more: U,
}

#[derive(Serialize)]
struct Histories<'a> {
    history: Vec<EventObject<'a>>,
    refunds: Vec<Object<'a, Refund>>,
    records: Vec<RecordObject<'a>>,
}

impl Serialize for PaymentDetailObject<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let (events, zone) = (self.detail.events, self.zone);
        let more = Histories {
            history: events.iter().map(|event| EventObject::new(event, zone)).collect(),
            refunds: self.detail.refunds.iter().map(|refund| refund_object(refund, zone)).collect(),
            records: self
                .detail
                .payment
                .records
                .iter()
                .map(|record| RecordObject::new(record, zone))
                .collect(),
        };
        With { object: payment_object(self.detail.payment.into(), zone), more }.serialize(serializer)
    }
}

/// The facts of a customer, and their last payments as a table with totals under it.
#[must_use]
pub fn customer_detail(detail: &CustomerDetail<'_>, options: &UiOptions) -> String {
    let (customer, zone) = (detail.customer, &options.zone);
    let card = &customer.card;
    let mut rows: Facts = Vec::new();
    fact(&mut rows, "customer", &[Some(customer.customer_uid.as_str())]);
    fact(&mut rows, "name", &[customer.name.as_deref()]);
    fact(&mut rows, "e-mail", &[customer.email.as_deref()]);
    fact(&mut rows, "phone", &[customer.tel.as_deref()]);
    fact(&mut rows, "card", &[card.card_name.as_deref(), card.card_number.as_deref()]);
    fact(&mut rows, "PG", &[card.pg_provider.as_deref(), card.pg_id.as_deref()]);
    fact(&mut rows, "mode", &[Some(&customer.mode.word().to_uppercase())]);
    fact_time(&mut rows, "added", Some(customer.added_at), zone);
    let checked = customer.checked_at.map_or_else(|| "never".to_owned(), |at| when(at, zone));
    fact(&mut rows, "checked", &[Some(&checked)]);
    fact_time(&mut rows, "removed", customer.removed_at, zone);
    fact(&mut rows, "note", &[customer.note.as_deref()]);
    scheduled(&mut rows, detail, zone);
    let mut text = facts(&rows) + "\n";
    if detail.payments.is_empty() {
        return text + "  No payments yet.\n";
    }
    let told = dossier_lines(detail.dossier, zone, options.width.is_some(), detail.reconcile);
    let retries = retry_lines(detail.retries, zone);
    let between = if told.is_empty() || retries.is_empty() { "" } else { "\n" };
    let told = format!("{told}{between}{retries}");
    text.push_str(&told);
    text.push_str(if told.is_empty() { "" } else { "\n" });
    let shown = Shown { zone, replayed: false };
    let columns = Columns::<Payment>::usual();
    let mut writer = table_writer(&columns, options.width, options.colour_stdout).without(CUSTOMER);
    let mut table: Vec<TableRow> =
        detail.payments.iter().map(|payment| table_row(&columns, payment, shown)).collect();
    for ((row, payment), beside) in table.iter_mut().zip(detail.payments).zip(detail.beside) {
        dress(row, payment, beside, detail.year);
    }
    text.push_str(&writer.block(&table));
    let shown = u64::try_from(detail.payments.len()).unwrap_or(u64::MAX);
    text + &format!(" {}\n", payments_footer(detail.summary, shown))
}

/// `customer show --json`: the customer object, and with it `totals`, `payments`, `schedules` and `schedules_until`.
pub struct CustomerDetailObject<'a> {
    detail: CustomerDetail<'a>,
    zone: &'a TimeZone,
}

impl<'a> CustomerDetailObject<'a> {
    #[must_use]
    pub fn new(detail: CustomerDetail<'a>, zone: &'a TimeZone) -> CustomerDetailObject<'a> {
        CustomerDetailObject { detail, zone }
    }
}

struct CustomerMore<'a, 'b>(&'b CustomerDetailObject<'a>);

impl Serialize for CustomerMore<'_, '_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let CustomerDetailObject { detail, zone } = self.0;
        let payments: Vec<_> =
            detail.payments.iter().map(|payment| payment_object(payment.into(), zone)).collect();
        let schedules: Vec<_> =
            detail.schedules.iter().map(|scheduled| schedule_object(scheduled, zone)).collect();
        let retries: Vec<_> =
            detail.retries.iter().map(|(order, judged)| RetryObject::new(order, judged, zone)).collect();
        let mut map = serializer.serialize_map(Some(6))?;
        map.serialize_entry("totals", &SummaryObject(detail.summary))?;
        map.serialize_entry("dossier", &DossierObject::new(detail.dossier, zone))?;
        map.serialize_entry("retries", &retries)?;
        map.serialize_entry("payments", &payments)?;
        map.serialize_entry("schedules", &schedules)?;
        map.serialize_entry("schedules_until", &detail.schedules_until.map(|at| when_rfc3339(at, zone)))?;
        map.end()
    }
}

impl Serialize for CustomerDetailObject<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        With { object: customer_object(self.detail.customer, self.zone), more: CustomerMore(self) }
            .serialize(serializer)
    }
}

#[cfg(test)]
mod tests;
