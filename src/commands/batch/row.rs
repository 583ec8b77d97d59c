//! One row: what its cells mean.

use std::path::PathBuf;

use crate::commands::batch::columns::COLUMNS;
use crate::commands::once_per::OncePer;
use crate::domain::charge::{ChargeRequest, Field, InvalidValue, check_text};
use crate::domain::ids::{CustomerUid, MerchantUid};
use crate::domain::money::{Amount, Currency, MoneyError};
use crate::domain::payment::{Mode, Terms};
use crate::domain::tax::{Tax, TaxError, TaxRule};
use crate::domain::text::nfc;

pub(super) const CUSTOMER_UID: usize = 0;
pub(super) const AMOUNT: usize = 1;
pub(super) const NAME: usize = 2;
pub(super) const MERCHANT_UID: usize = 3;
pub(super) const CURRENCY: usize = 4;
pub(super) const TAX_FREE: usize = 5;
pub(super) const VAT_AMOUNT: usize = 6;
const QUOTA: usize = 7;
const BUYER_NAME: usize = 8;
const BUYER_EMAIL: usize = 9;
const BUYER_TEL: usize = 10;
const CUSTOM_DATA: usize = 11;
const NOTE: usize = 12;

/// What no PG charges less than, in won. In a file it is the rest of an amount that was cut in two.
const WON_MIN: i64 = 10;

/// In no file: the order that the row means, where the ledger knows it by another id than the row's own.
pub(super) const KNOWN_ORDER: usize = COLUMNS.len();

/// One row's cells, in the order of [`COLUMNS`]; an empty one was not given.
pub(super) type Cells<'a> = [&'a str; COLUMNS.len() + 1];

/// A row in which nothing is given.
pub(super) const NO_CELLS: Cells<'static> = [""; COLUMNS.len() + 1];

/// What is wrong with a row: the column, where it is one cell's fault, and a sentence without an end.
pub(super) type Fault = (Option<usize>, String);

/// What all rows have in common.
#[derive(Clone, Debug)]
pub(super) struct Rules {
    pub mode: Mode,
    /// What the profile sells, by tax.
    pub tax: Option<TaxRule>,
    /// The PG of the profile, for customers whose own is not known.
    pub pg: Option<String>,
    /// Makes the order ids.
    pub once_per: Option<OncePer>,
    /// The ledger that may know what the rows mean.
    pub ledger: Option<PathBuf>,
}

/// One row, read.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Row {
    pub request: ChargeRequest,
    pub note: Option<String>,
}

impl Rules {
    /// Reads one row and checks all that can be checked of it alone.
    pub(super) fn read(&self, cells: &Cells<'_>) -> Result<Row, Vec<Fault>> {
        let mut faults = Vec::new();
        let mut keep = |column, message: String| faults.push((Some(column), message));
        let customer_uid = CustomerUid::parse(cells[CUSTOMER_UID])
            .or_else(|_| CustomerUid::parse(&nfc(cells[CUSTOMER_UID])))
            .map_err(|error| keep(CUSTOMER_UID, error.to_string()))
            .ok();
        let currency = match cells[CURRENCY] {
            "" => Ok(Currency::KRW),
            code => Currency::asked_for(code),
        };
        let currency = currency.map_err(|error| keep(CURRENCY, error.to_string())).ok();
        let mut money = |column: usize, zero: bool| match (cells[column], currency) {
            ("", _) if column != AMOUNT => None,
            (_, None) => None,
            (text, Some(currency)) => {
                let least = if column == AMOUNT && currency == Currency::KRW { WON_MIN } else { 0 };
                money_in(text, currency, zero, least).map_err(|what| keep(column, what)).ok()
            }
        };
        let amount = money(AMOUNT, false);
        let (tax_free, vat_amount) = (money(TAX_FREE, true), money(VAT_AMOUNT, true));
        let card_quota = match cells[QUOTA] {
            "" => None,
            text => match text.parse::<u32>() {
                Ok(months) => Some(months).filter(|months| *months != 0),
                Err(_) => {
                    keep(QUOTA, format!("`{}` is not a number of months", text.escape_debug()));
                    None
                }
            },
        };
        let merchant_uid = customer_uid.as_ref().and_then(|customer| {
            self.merchant_uid(cells, customer).map_err(|why| keep(MERCHANT_UID, why)).ok()
        });
        let (Some(merchant_uid), Some(customer_uid), Some(amount)) = (merchant_uid, customer_uid, amount)
        else {
            return Err(faults);
        };
        let given = Tax { tax_free, vat_amount };
        // What is missing, or not taken at a PG, is told where the ledger is at hand: see `identify`.
        let tax = match self.tax.map_or(Ok(given), |rule| rule.parts(given, amount, None)) {
            Ok(tax) => tax,
            Err(TaxError::Needed { .. } | TaxError::NotTaken { .. }) => given,
            Err(error @ (TaxError::NotWhole { .. } | TaxError::VatOfNone { .. })) => {
                let of_vat = matches!(error, TaxError::VatOfNone { .. });
                faults.push((Some(if of_vat { VAT_AMOUNT } else { TAX_FREE }), error.to_string()));
                given
            }
        };
        let text = |column: usize| Some(cells[column].to_owned()).filter(|text| !text.is_empty());
        let request = ChargeRequest {
            terms: Terms { merchant_uid, customer_uid, amount, mode: self.mode },
            name: cells[NAME].to_owned(),
            tax_free: tax.tax_free,
            vat_amount: tax.vat_amount,
            card_quota,
            buyer_name: text(BUYER_NAME),
            buyer_email: text(BUYER_EMAIL),
            buyer_tel: text(BUYER_TEL),
            custom_data: text(CUSTOM_DATA),
            notice_url: None,
            product_type: None,
            channel_key: None,
            bypass: None,
        }
        .composed();
        let note = text(NOTE);
        let checked = request.check().and_then(|()| check_text(Field::Note, note.as_deref(), 500));
        if let Err(error) = checked {
            faults.push((column_of(&error), error.to_string()));
        }
        if faults.is_empty() { Ok(Row { request, note }) } else { Err(faults) }
    }

    /// The order's id. An id that is in the file has to be spelled right only where the ledger does not know
    /// it: see `identify`.
    fn merchant_uid(&self, cells: &Cells<'_>, customer: &CustomerUid) -> Result<MerchantUid, String> {
        let given = cells[MERCHANT_UID];
        match (&self.once_per, given, cells[KNOWN_ORDER]) {
            (Some(_), given, _) if !given.is_empty() => {
                Err("it is given, and --once-per makes the order ids; leave one of them out".to_owned())
            }
            // Its letters are counted composed: it may be known in another spelling.
            (None, given, "") => MerchantUid::parse(given)
                .or_else(|_| MerchantUid::parse(&nfc(given)))
                .map_err(|error| error.to_string()),
            (Some(once_per), _, "") => once_per.id(customer).map_err(|failure| failure.message),
            (_, _, known) => MerchantUid::parse(known).map_err(|error| error.to_string()),
        }
    }
}

/// The amount in a cell, which may be zero or not, and is not less than so many minor units.
fn money_in(text: &str, currency: Currency, zero: bool, least: i64) -> Result<Amount, String> {
    let amount = if zero { Amount::parse_or_zero(text, currency) } else { Amount::parse(text, currency) };
    let spaced = text.trim().contains(char::is_whitespace);
    match amount {
        Ok(amount) if amount.minor() < least => {
            Err(format!("{amount} is less than any PG charges, which is ₩{least}; was it cut off?"))
        }
        Ok(amount) => Ok(amount),
        Err(error) if spaced && matches!(error, MoneyError::Amount(_)) => {
            Err(format!("`{}` holds a space; write it as 8900", text.escape_debug()))
        }
        Err(error) => Err(error.to_string()),
    }
}

fn column_of(error: &InvalidValue) -> Option<usize> {
    match error {
        InvalidValue::Empty { field }
        | InvalidValue::TooLong { field, .. }
        | InvalidValue::Control { field, .. }
        | InvalidValue::Part { field, .. }
        | InvalidValue::NotJson { field, .. }
        | InvalidValue::NotAnObject { field, .. } => column_with(*field),
        InvalidValue::QuotaOfOne(_) | InvalidValue::QuotaTooLong(_) | InvalidValue::QuotaAmount { .. } => {
            Some(QUOTA)
        }
        InvalidValue::Id(_) | InvalidValue::Money(_) | InvalidValue::NoticeUrl(_) => None,
    }
}

fn column_with(field: Field) -> Option<usize> {
    match field {
        Field::ProductName => Some(NAME),
        Field::BuyerName => Some(BUYER_NAME),
        Field::BuyerEmail => Some(BUYER_EMAIL),
        Field::BuyerTel => Some(BUYER_TEL),
        Field::TaxFree => Some(TAX_FREE),
        Field::VatAmount => Some(VAT_AMOUNT),
        Field::CustomData => Some(CUSTOM_DATA),
        Field::Note => Some(NOTE),
        Field::ChannelKey
        | Field::Bypass
        | Field::Evidence
        | Field::Name
        | Field::Email
        | Field::Tel
        | Field::Product
        | Field::PayMethod
        | Field::RefundReason
        | Field::Pg => None,
    }
}

/// The rows of a batch, in little room.
pub(super) type Rows = crate::commands::packed::Rows<{ COLUMNS.len() + 1 }>;

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::{AMOUNT, CUSTOMER_UID, Cells, MERCHANT_UID, NAME, NOTE, QUOTA, Rules, TAX_FREE};
    use crate::commands::once_per::OncePer;
    use crate::domain::payment::Mode;
    use crate::settings::{Environment, Flags, Folders, Settings};

    fn rules() -> Rules {
        Rules { mode: Mode::Live, tax: None, pg: None, once_per: None, ledger: None }
    }

    fn once_per(period: &str, plan: &str) -> OncePer {
        let folders = Folders { data: Some("/nowhere".into()), ..Folders::default() };
        let environment = Environment::of_values(&[("BILLKEY_IMP_KEY", "k")], folders);
        let settings = Settings::resolve(&Flags::default(), &environment).unwrap();
        OncePer::of(period, plan, &settings, Timestamp::UNIX_EPOCH).unwrap()
    }

    fn good() -> Cells<'static> {
        let mut cells = super::NO_CELLS;
        (cells[CUSTOMER_UID], cells[AMOUNT]) = ("gildong", "8,900");
        (cells[NAME], cells[MERCHANT_UID]) = ("월간 구독", "order_1");
        cells
    }

    fn faults(cells: &Cells<'_>) -> Vec<(Option<usize>, String)> {
        rules().read(cells).unwrap_err()
    }

    #[test]
    fn a_row_is_a_charge() {
        let mut cells = good();
        cells[NOTE] = "vip";
        let row = rules().read(&cells).unwrap();
        assert_eq!((row.request.terms.amount.minor(), row.request.name.as_str()), (8900, "월간 구독"));
        assert_eq!((row.note.as_deref(), row.request.buyer_name), (Some("vip"), None));
    }

    #[test]
    fn every_cell_that_is_wrong_is_named() {
        let mut cells = good();
        (cells[CUSTOMER_UID], cells[AMOUNT], cells[QUOTA]) = ("a/b", "89 00", "x");
        let columns: Vec<Option<usize>> = faults(&cells).into_iter().map(|(column, _)| column).collect();
        assert_eq!(columns, [Some(CUSTOMER_UID), Some(AMOUNT), Some(QUOTA)]);
        for amount in ["", "8900.5", "8.900", "-1", "0", "9", "1e3"] {
            let mut cells = good();
            cells[AMOUNT] = amount;
            assert_eq!(faults(&cells)[0].0, Some(AMOUNT), "{amount}");
        }
        let mut cells = good();
        (cells[NAME], cells[TAX_FREE]) = ("", "8900");
        assert_eq!(
            faults(&cells),
            [(Some(NAME), "the product name is empty; the gateway needs one".to_owned())]
        );
    }

    #[test]
    fn once_per_makes_the_order_ids_and_takes_no_others() {
        let month = once_per("2026-11", "basic");
        let rules = Rules { once_per: Some(month.clone()), ..rules() };
        assert_eq!(rules.read(&good()).unwrap_err()[0].0, Some(MERCHANT_UID));
        let mut cells = good();
        cells[MERCHANT_UID] = "";
        let terms = rules.read(&cells).unwrap().request.terms;
        assert_eq!(Ok(terms.merchant_uid), month.id(&terms.customer_uid));
        cells[super::KNOWN_ORDER] = "order_9";
        assert_eq!(rules.read(&cells).unwrap().request.terms.merchant_uid.as_str(), "order_9");
        cells[super::KNOWN_ORDER] = "";
        assert_eq!(faults(&cells)[0].0, Some(MERCHANT_UID), "without --once-per each row needs one");
    }
}
