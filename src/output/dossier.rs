//! What a customer's payments say of the customer, for `customer show`: in lines, and as an object.

use jiff::tz::TimeZone;
use serde::Serialize;
use serde_json::Number;

use crate::domain::dossier::{CardUse, Dossier, Month};
use crate::domain::ids::MerchantUid;
use crate::domain::payment::Mode;
use crate::domain::words::number_of;
use crate::output::bars::bar;
use crate::output::field::exact_number;
use crate::output::table::facts;
use crate::output::text::{pad, safe, when, when_rfc3339, width};

/// So many months are shown, the newest.
const MONTHS_SHOWN: usize = 12;

/// The longest bar.
const BAR_COLUMNS: usize = 24;

/// The facts of a customer's payments, and their months; `bars` draws those. Empty where there are none. `reconcile`
/// makes the command that looks an order up.
#[must_use]
pub fn dossier_lines(
    dossier: &Dossier,
    zone: &TimeZone,
    bars: bool,
    reconcile: &dyn Fn(&str) -> String,
) -> String {
    let mut rows: Vec<(&str, String)> = Vec::new();
    rows.extend(dossier.first_paid_at.map(|at| ("first paid", when(at, zone))));
    rows.extend(dossier.last_paid_at.map(|at| ("last paid", when(at, zone))));
    let label = |index| if index == 0 { "charged to" } else { "" };
    rows.extend(dossier.cards.iter().enumerate().map(|(index, card)| (label(index), card_line(card, zone))));
    if dossier.declines_in_a_row > 0 {
        let since = if dossier.last_paid_at.is_some() { " since the last payment" } else { "" };
        rows.push(("declines", format!("{} in a row{since}", dossier.declines_in_a_row)));
    }
    if dossier.open_count > 0 {
        let orders = number_of(dossier.open_count, "order");
        rows.push(("in doubt", format!("{orders} of which it is not certain whether it was charged:")));
        rows.extend(dossier.open.iter().map(|order| ("", reconcile(order.as_str()))));
    }
    let mut text = facts(&rows);
    let months = months_lines(dossier, bars);
    if !text.is_empty() && !months.is_empty() {
        text.push('\n');
    }
    text + &months
}

/// `신한카드  5409-26**-****-1234   2026-08-23 to 2026-11-23, 3 payments`
fn card_line(card: &CardUse, zone: &TimeZone) -> String {
    let named =
        [&card.card_name, &card.card_number].map(|part| part.as_deref().map(safe).unwrap_or_default());
    let day = |at| when(at, zone).get(..10).unwrap_or_default().to_owned();
    let (first, last) = (day(card.first_at), day(card.last_at));
    let time = if first == last { first } else { format!("{first} to {last}") };
    format!("{}   {time}, {}", named.join("  ").trim(), number_of(card.payments, "payment"))
}

fn months_lines(dossier: &Dossier, bars: bool) -> String {
    let all: Vec<&Month> = dossier.months().collect();
    let shown = all.get(all.len().saturating_sub(MONTHS_SHOWN)..).unwrap_or_default();
    let most = shown.iter().map(|month| month.net.minor()).max().unwrap_or(0);
    let nets: Vec<String> = shown.iter().map(|month| month.net.to_string()).collect();
    let widest = nets.iter().map(|net| width(net)).max().unwrap_or(0);
    let mut text = String::new();
    for (month, net) in shown.iter().zip(&nets) {
        let mode = match month.mode {
            Mode::Live => "",
            Mode::Test | Mode::Sandbox => month.mode.word(),
        };
        let not_paid = if month.not_paid > 0 { format!(", {} not", month.not_paid) } else { String::new() };
        let bar = if bars {
            format!("{}  ", pad(&bar_of(month, most), widest_bar(shown, most)))
        } else {
            String::new()
        };
        let before = " ".repeat(widest.saturating_sub(width(net)));
        let line = format!(
            "  {:04}-{:02}  {before}{net}  {bar}{} paid{not_paid}  {}",
            month.year,
            month.month,
            month.paid,
            mode.to_uppercase()
        );
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

fn bar_of(month: &Month, most: i64) -> String {
    bar(month.net.minor(), most, BAR_COLUMNS)
}

fn widest_bar(shown: &[&Month], most: i64) -> usize {
    shown.iter().map(|month| width(&bar_of(month, most))).max().unwrap_or(0)
}

/// The same for programs.
#[derive(Serialize)]
pub struct DossierObject<'a> {
    first_paid_at: Option<String>,
    last_paid_at: Option<String>,
    cards: Vec<CardObject<'a>>,
    months: Vec<MonthObject>,
    declines_in_a_row: u64,
    open_count: u64,
    /// The newest merchant_uids of those.
    open: Vec<&'a str>,
}

#[derive(Serialize)]
struct CardObject<'a> {
    card_name: Option<&'a str>,
    card_number: Option<&'a str>,
    first_at: String,
    last_at: String,
    payments: u64,
}

#[derive(Serialize)]
struct MonthObject {
    month: String,
    mode: &'static str,
    currency: String,
    paid: u64,
    not_paid: u64,
    net: Option<Number>,
}

impl<'a> DossierObject<'a> {
    #[must_use]
    pub fn new(dossier: &'a Dossier, zone: &TimeZone) -> DossierObject<'a> {
        let time = |at| when_rfc3339(at, zone);
        let card = |card: &'a CardUse| CardObject {
            card_name: card.card_name.as_deref(),
            card_number: card.card_number.as_deref(),
            first_at: time(card.first_at),
            last_at: time(card.last_at),
            payments: card.payments,
        };
        let month = |of: &Month| MonthObject {
            month: format!("{:04}-{:02}", of.year, of.month),
            mode: of.mode.word(),
            currency: of.net.currency().code().to_owned(),
            paid: of.paid,
            not_paid: of.not_paid,
            net: exact_number(&of.net).ok(),
        };
        DossierObject {
            first_paid_at: dossier.first_paid_at.map(time),
            last_paid_at: dossier.last_paid_at.map(time),
            cards: dossier.cards.iter().map(card).collect(),
            months: dossier.months().map(month).collect(),
            declines_in_a_row: dossier.declines_in_a_row,
            open_count: dossier.open_count,
            open: dossier.open.iter().map(MerchantUid::as_str).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{DossierObject, dossier_lines};
    use crate::domain::dossier::Dossier;
    use crate::domain::payment::{Outcome, Payment};
    use crate::output::json;
    use crate::output::samples::{at, declined, paid, seoul, shown, won};

    fn dossier() -> Dossier {
        let mut dossier = Dossier::default();
        let older = |payment: Payment, month: u32, number: &str| Payment {
            requested_at: at(&format!("2026-{month:02}-23T09:00:00+09:00")),
            paid_at: payment.paid_at.map(|_| at(&format!("2026-{month:02}-23T09:00:00+09:00"))),
            card_number: Some(number.to_owned()),
            ..payment
        };
        let open = Payment { outcome: Outcome::Unknown, paid_at: None, ..paid() };
        let refunded = Payment { cancel_amount: Some(won(7000)), ..older(paid(), 9, "9999-12**-****-2222") };
        for payment in [open, declined(), older(paid(), 10, "5409-26**-****-1234"), refunded] {
            dossier.take(&payment, &seoul());
        }
        dossier
    }

    #[test]
    fn a_customers_payments_are_told_in_lines_with_bars_at_a_terminal() {
        let lines =
            |bars| dossier_lines(&dossier(), &seoul(), bars, &|order| format!("billkey reconcile {order}"));
        insta::assert_snapshot!(shown(&lines(true)), @"
        $
          first paid  2026-09-23 09:00:00
          last paid   2026-10-23 09:00:00
          charged to  신한카드  5409-26**-****-1234   2026-10-23, 1 payment
                      신한카드  9999-12**-****-2222   2026-09-23, 1 payment
          declines    1 in a row since the last payment
          in doubt    1 order of which it is not certain whether it was charged:
                      billkey reconcile order_monthly_0001

          2026-09  ₩1,900  █████▏                    1 paid
          2026-10  ₩8,900  ████████████████████████  1 paid, 1 not
        ");
        assert!(!lines(false).contains('█'));
        assert_eq!(dossier_lines(&Dossier::default(), &seoul(), true, &|_| String::new()), "");
    }

    #[test]
    fn programs_get_the_same() {
        let json = json::line(&DossierObject::new(&dossier(), &seoul())).unwrap();
        let value: serde_json::Value = serde_json::from_str(&json).unwrap();
        assert_eq!(value["cards"].as_array().map(Vec::len), Some(2), "{json}");
        assert_eq!((&value["declines_in_a_row"], &value["open_count"]), (&1.into(), &1.into()), "{json}");
        assert!(
            json.contains(
                r#"{"month":"2026-09","mode":"live","currency":"KRW","paid":1,"not_paid":0,"net":1900}"#
            ),
            "{json}"
        );
    }
}
