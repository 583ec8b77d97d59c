//! Commands as they can be pasted into a shell: whole, with the same order, the same profile and the same
//! ledger as this run's.

use std::iter;

use crate::billing::refund::RefundOrder;
use crate::domain::charge::ChargeRequest;
use crate::domain::money::{Amount, Currency};
use crate::domain::payment::Payment;
use crate::output::text::shell_word;
use crate::settings::Settings;

/// `billkey charge …` for the same order. The id is named, however it was made: the same id is the same
/// order, also when the period is over.
pub(in crate::commands) fn charge_command(
    settings: &Settings,
    request: &ChargeRequest,
    more: &[&str],
) -> String {
    let terms = &request.terms;
    let currency = terms.amount.currency();
    let mut line = Line::begin(settings, "charge", terms.customer_uid.as_str());
    line.give("--amount", Some(terms.amount.to_digits()));
    line.give("--currency", (currency != Currency::KRW).then(|| currency.code().to_owned()));
    line.give("--name", Some(request.name.clone()));
    line.give("--merchant-uid", Some(terms.merchant_uid.to_string()));
    line.give("--tax-free", request.tax_free.as_ref().map(Amount::to_digits));
    line.give("--vat", request.vat_amount.as_ref().map(Amount::to_digits));
    line.give("--quota", request.card_quota.map(|months| months.to_string()));
    line.give("--buyer-name", request.buyer_name.clone());
    line.give("--buyer-email", request.buyer_email.clone());
    line.give("--buyer-tel", request.buyer_tel.clone());
    line.give("--custom-data", request.custom_data.clone());
    line.give("--notice-url", request.notice_url.clone());
    line.give("--product-type", request.product_type.map(|kind| kind.word().to_owned()));
    line.give("--channel-key", request.channel_key.clone());
    line.give("--bypass", request.bypass.clone());
    line.options.extend(more.iter().map(|word| (*word).to_owned()));
    line.text()
}

/// The same for a payment that stands in the ledger.
pub(in crate::commands) fn charge_command_of(
    settings: &Settings,
    payment: &Payment,
    more: &[&str],
) -> String {
    let tax = payment.tax.unwrap_or_default();
    let request = ChargeRequest {
        tax_free: tax.tax_free,
        vat_amount: tax.vat_amount,
        buyer_name: payment.buyer_name.clone(),
        buyer_email: payment.buyer_email.clone(),
        buyer_tel: payment.buyer_tel.clone(),
        ..ChargeRequest::new(payment.terms.clone(), payment.name.clone())
    };
    charge_command(settings, &request, more)
}

/// `billkey refund …` for the same part of the same payment.
pub(in crate::commands) fn refund_command(settings: &Settings, order: &RefundOrder, more: &[&str]) -> String {
    let id = order.merchant_uid.as_str();
    let mut line = Line::begin(settings, "refund", if order.by_imp_uid { &order.imp_uid } else { id });
    match &order.amount {
        Some(amount) => line.give("--amount", Some(amount.to_digits())),
        None => line.options.push("--full".to_owned()),
    }
    line.give("--tax-free", order.tax.tax_free.as_ref().map(Amount::to_digits));
    line.give("--vat", order.tax.vat_amount.as_ref().map(Amount::to_digits));
    line.give("--reason", Some(order.reason.clone()));
    line.options.extend(order.notify.then(|| "--notify-webhook".to_owned()));
    line.options.extend(more.iter().map(|word| (*word).to_owned()));
    line.text()
}

/// `billkey COMMAND ID`, such as `billkey reconcile order_1` or `billkey customer add gildong`.
pub(in crate::commands) fn command_of(settings: &Settings, command: &str, id: &str) -> String {
    Line::begin(settings, command, id).text()
}

/// `billkey COMMAND ID …` with options: each with its value, or alone.
pub(in crate::commands) fn command_with(
    settings: &Settings,
    command: &str,
    id: &str,
    options: Vec<(&str, Option<String>)>,
) -> String {
    let mut line = Line::begin(settings, command, id);
    line.options.extend(options.into_iter().map(|(flag, value)| option(flag, value.as_deref())));
    line.text()
}

/// `billkey reconcile ID --note WHAT`, for a person to fill in what shows it.
pub(in crate::commands) fn note_command(settings: &Settings, id: &str, what: &str) -> String {
    let options = vec![("--note", Some(what.to_owned())), ("--evidence", Some("...".to_owned()))];
    command_with(settings, "reconcile", id, options)
}

/// Words of a command line as a shell reads them, and options behind them.
pub(in crate::commands) fn words_of(words: &str, options: Vec<(&str, Option<String>)>) -> String {
    let options = options.into_iter().map(|(flag, value)| option(flag, value.as_deref()));
    iter::once(words.to_owned()).chain(options).collect::<Vec<_>>().join(" ")
}

/// `billkey WORDS`, with the flags that have led to this gateway and this ledger. The words are as a shell reads
/// them.
pub(in crate::commands) fn command_line(settings: &Settings, words: &str) -> String {
    let flags = settings.flags_as_given().iter().map(|(flag, value)| option(flag, value.as_deref()));
    let parts: Vec<String> =
        iter::once("billkey".to_owned()).chain(flags).chain([words.to_owned()]).collect();
    parts.join(" ")
}

/// A command line in the making, its words quoted.
struct Line {
    /// Program, global flags and command.
    begin: Vec<String>,
    /// The one argument that has no name.
    id: String,
    options: Vec<String>,
}

impl Line {
    fn begin(settings: &Settings, command: &str, id: &str) -> Line {
        Line { begin: vec![command_line(settings, command)], id: id.to_owned(), options: Vec::new() }
    }

    fn give(&mut self, flag: &str, value: Option<String>) {
        self.options.extend(value.map(|value| option(flag, Some(&value))));
    }

    fn text(mut self) -> String {
        let id = shell_word(&self.id);
        // What begins with a dash is taken for an option, unless all of those are over.
        if self.id.starts_with('-') {
            self.begin.append(&mut self.options);
            self.begin.extend(["--".to_owned(), id]);
        } else {
            self.begin.push(id);
            self.begin.append(&mut self.options);
        }
        self.begin.join(" ")
    }
}

fn option(flag: &str, value: Option<&str>) -> String {
    match value {
        None => flag.to_owned(),
        Some(value) if value.starts_with('-') => shell_word(&format!("{flag}={value}")),
        Some(value) => format!("{flag} {}", shell_word(value)),
    }
}

#[cfg(test)]
mod tests {
    use super::{charge_command, command_of};
    use crate::domain::charge::ChargeRequest;
    use crate::domain::ids::{CustomerUid, MerchantUid};
    use crate::domain::money::{Amount, Currency};
    use crate::domain::payment::{Mode, Terms};
    use crate::settings::{Environment, Flags, Folders, Settings};

    fn settings(flags: &Flags) -> Settings {
        let folder = tempfile::tempdir().unwrap().path().to_owned();
        let folders = Folders { home: None, config: None, data: Some(folder), cache: None };
        Settings::resolve(flags, &Environment::of_values(&[], folders)).unwrap()
    }

    fn request(customer: &str, name: &str, order: &str) -> ChargeRequest {
        let terms = Terms {
            merchant_uid: MerchantUid::parse(order).unwrap(),
            customer_uid: CustomerUid::parse(customer).unwrap(),
            amount: Amount::from_minor(8900, Currency::KRW),
            mode: Mode::Live,
        };
        ChargeRequest::new(terms, name)
    }

    #[test]
    fn a_command_is_whole_and_quoted_where_a_shell_reads_more() {
        let command =
            charge_command(&settings(&Flags::default()), &request("gildong", "월 구독", "o'1"), &["--retry"]);
        assert_eq!(
            command,
            r"billkey charge gildong --amount 8900 --name '월 구독' --merchant-uid 'o'\''1' --retry"
        );
        let dashes = charge_command(&settings(&Flags::default()), &request("-x", "-n", "-o"), &[]);
        assert_eq!(dashes, "billkey charge --amount 8900 '--name=-n' '--merchant-uid=-o' -- '-x'");
    }

    #[test]
    fn a_command_reaches_the_same_ledger_and_gateway() {
        let flags = Flags { sandbox: true, database: Some("/tmp/my ledger.db".into()), ..Flags::default() };
        assert_eq!(
            command_of(&settings(&flags), "history show", "order_1"),
            "billkey --sandbox --database '/tmp/my ledger.db' history show order_1"
        );
    }
}
