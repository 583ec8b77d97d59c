//! A charge as asked for, checked against every rule of the gateway's that can be checked before
//! anything is written or sent (facts 2.1).

use std::fmt;

use jiff::Timestamp;
use thiserror::Error;

use crate::domain::ids::IdError;
use crate::domain::money::{Amount, Currency, MoneyError};
use crate::domain::payment::{Outcome, Payment, Terms};
use crate::domain::tax::Tax;
use crate::domain::text::{nfc, nfc_key};

/// Instalments are for amounts from here on (facts 2.1).
pub const QUOTA_WON_MIN: i64 = 50_000;

/// Everything that goes into `POST /subscribe/payments/again`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChargeRequest {
    pub terms: Terms,
    /// The product name, at most 40 characters.
    pub name: String,
    /// The part of the amount that is free of tax.
    pub tax_free: Option<Amount>,
    pub vat_amount: Option<Amount>,
    /// Months of instalments; `None` is a lump sum.
    pub card_quota: Option<u32>,
    pub buyer_name: Option<String>,
    pub buyer_email: Option<String>,
    pub buyer_tel: Option<String>,
    pub custom_data: Option<String>,
    /// Where the gateway is to send its webhook for this payment.
    pub notice_url: Option<String>,
    pub product_type: Option<ProductType>,
    /// Picks a channel of a super billing key.
    pub channel_key: Option<String>,
    /// A JSON object for the PG, sent as the text it is.
    pub bypass: Option<String>,
}

/// What is sold; some PGs must know (facts 2.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProductType {
    Real,
    Digital,
}

impl ProductType {
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            ProductType::Real => "real",
            ProductType::Digital => "digital",
        }
    }
}

/// Which text or amount it is about; shown by the name it goes by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Field {
    ProductName,
    BuyerName,
    BuyerEmail,
    BuyerTel,
    TaxFree,
    VatAmount,
    CustomData,
    ChannelKey,
    Bypass,
    Note,
    RefundReason,
    Evidence,
    /// Of a customer: kept here, and not sent with a charge.
    Name,
    Email,
    Tel,
    /// Of a registration window.
    Product,
    PayMethod,
    Pg,
}

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Field::ProductName => "product name",
            Field::BuyerName => "buyer_name",
            Field::BuyerEmail => "buyer_email",
            Field::BuyerTel => "buyer_tel",
            Field::TaxFree => "tax_free",
            Field::VatAmount => "vat_amount",
            Field::CustomData => "custom_data",
            Field::ChannelKey => "channel_key",
            Field::Bypass => "bypass",
            Field::Note => "note",
            Field::RefundReason => "reason",
            Field::Evidence => "evidence",
            Field::Name => "name",
            Field::Email => "e-mail address",
            Field::Tel => "telephone number",
            Field::Product => "product",
            Field::PayMethod => "pay_method",
            Field::Pg => "pg",
        })
    }
}

/// A value that the gateway would refuse or misread, as a sentence that names it.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum InvalidValue {
    #[error(transparent)]
    Id(#[from] IdError),
    #[error(transparent)]
    Money(#[from] MoneyError),
    #[error("the {field} is empty; the gateway needs one")]
    Empty { field: Field },
    #[error("the {field} `{value}` has {chars} characters; the gateway takes {max} at most")]
    TooLong { field: Field, value: String, chars: usize, max: usize },
    #[error("the {field} `{value}` contains a control character or a newline; leave it out")]
    Control { field: Field, value: String },
    #[error("a quota of {0} month is a lump sum; leave --quota out, or give 2 months or more")]
    QuotaOfOne(u32),
    #[error("a quota of {0} months is longer than any card company's; give 2 to 36 months")]
    QuotaTooLong(u32),
    #[error("{amount} cannot be paid in {months} instalments; they begin at ₩50,000. Leave --quota out")]
    QuotaAmount { amount: Amount, months: u32 },
    #[error("the {field} {part} is more than the amount {amount}")]
    Part { field: Field, part: Amount, amount: Amount },
    #[error("the {field} `{value}` is not JSON: {reason}")]
    NotJson { field: Field, value: String, reason: String },
    #[error("the {field} `{value}` is JSON, but not an object")]
    NotAnObject { field: Field, value: String },
    #[error("the notice_url `{0}` is not an http:// or https:// address")]
    NoticeUrl(String),
}

impl ChargeRequest {
    /// A request with nothing but what every charge needs.
    #[must_use]
    pub fn new(terms: Terms, name: impl Into<String>) -> ChargeRequest {
        ChargeRequest {
            terms,
            name: name.into(),
            tax_free: None,
            vat_amount: None,
            card_quota: None,
            buyer_name: None,
            buyer_email: None,
            buyer_tel: None,
            custom_data: None,
            notice_url: None,
            product_type: None,
            channel_key: None,
            bypass: None,
        }
    }

    /// The same with its names in composed letters, as they are counted, kept and sent: a PG that takes 40
    /// characters means syllables.
    #[must_use]
    pub fn composed(self) -> ChargeRequest {
        ChargeRequest {
            name: nfc_key(&self.name),
            buyer_name: self.buyer_name.as_deref().map(nfc_key),
            ..self
        }
    }

    /// The payment as it is before anything was sent for it.
    #[must_use]
    pub fn unsent(&self, at: Timestamp, note: Option<String>, operator: Option<String>) -> Payment {
        Payment {
            terms: self.terms.clone(),
            once_per: false,
            outcome: Outcome::NotSent,
            outcome_before: None,
            name: self.name.clone(),
            attempts: 0,
            unanswered: 0,
            doubts: 0,
            requested_at: at,
            last_send: None,
            account: None,
            imp_uid: None,
            sandbox: None,
            status: None,
            cancel_amount: None,
            outside: None,
            apply_num: None,
            card_name: None,
            card_number: None,
            pg_provider: None,
            customer_pg: None,
            pg_tid: None,
            receipt_url: None,
            code: None,
            message: None,
            reason: None,
            doubt_ended_at: None,
            noted: None,
            paid_at: None,
            cancelled_at: None,
            buyer_name: self.buyer_name.clone(),
            buyer_email: self.buyer_email.clone(),
            buyer_tel: self.buyer_tel.clone(),
            note,
            operator,
            host: None,
            tax: Some(self.tax()),
            records: Vec::new(),
        }
    }

    /// The same with other tax parts.
    #[must_use]
    pub fn with_tax(self, tax: Tax) -> ChargeRequest {
        ChargeRequest { tax_free: tax.tax_free, vat_amount: tax.vat_amount, ..self }
    }

    /// The tax parts that it is sent with.
    #[must_use]
    pub fn tax(&self) -> Tax {
        Tax { tax_free: self.tax_free, vat_amount: self.vat_amount }
    }

    /// Checks every length and rule that does not depend on the PG. The ids and amounts are right
    /// by their types.
    pub fn check(&self) -> Result<(), InvalidValue> {
        if self.name.trim().is_empty() {
            return Err(InvalidValue::Empty { field: Field::ProductName });
        }
        check_text(Field::ProductName, Some(&self.name), 40)?;
        check_text(Field::BuyerName, self.buyer_name.as_deref(), 16)?;
        check_text(Field::BuyerEmail, self.buyer_email.as_deref(), 64)?;
        check_text(Field::BuyerTel, self.buyer_tel.as_deref(), 16)?;
        check_text(Field::ChannelKey, self.channel_key.as_deref(), 55)?;
        self.check_money()?;
        if let Some(bypass) = &self.bypass {
            check_json_object(Field::Bypass, bypass)?;
        }
        // Any text is echoed back (facts 2.1); one that begins like JSON was meant to be JSON.
        if let Some(data) = &self.custom_data
            && data.trim_start().starts_with(['{', '['])
        {
            parse_json(Field::CustomData, data)?;
        }
        if let Some(url) = &self.notice_url {
            let ok = (url.starts_with("https://") || url.starts_with("http://"))
                && !url.chars().any(|c| c.is_control() || c.is_whitespace());
            if !ok {
                return Err(InvalidValue::NoticeUrl(url.escape_debug().to_string()));
            }
        }
        Ok(())
    }

    fn check_money(&self) -> Result<(), InvalidValue> {
        let amount = self.terms.amount;
        for (field, part) in [(Field::TaxFree, self.tax_free), (Field::VatAmount, self.vat_amount)] {
            if let Some(part) = part
                && part.minor() > amount.minor()
            {
                return Err(InvalidValue::Part { field, part, amount });
            }
        }
        match self.card_quota {
            None | Some(0) => Ok(()),
            Some(1) => Err(InvalidValue::QuotaOfOne(1)),
            Some(months) if months > 36 => Err(InvalidValue::QuotaTooLong(months)),
            Some(months) if amount.currency() != Currency::KRW || amount.minor() < QUOTA_WON_MIN => {
                Err(InvalidValue::QuotaAmount { amount, months })
            }
            Some(_) => Ok(()),
        }
    }
}

/// Checks a text for the gateway: characters are counted, not bytes, and composed as they are sent.
pub fn check_text(field: Field, value: Option<&str>, max: usize) -> Result<(), InvalidValue> {
    let Some(value) = value else { return Ok(()) };
    let chars = nfc(value).chars().count();
    if chars > max {
        return Err(InvalidValue::TooLong { field, value: value.escape_debug().to_string(), chars, max });
    }
    if value.chars().any(char::is_control) {
        return Err(InvalidValue::Control { field, value: value.escape_debug().to_string() });
    }
    Ok(())
}

fn check_json_object(field: Field, value: &str) -> Result<(), InvalidValue> {
    if parse_json(field, value)?.is_object() {
        Ok(())
    } else {
        Err(InvalidValue::NotAnObject { field, value: value.to_owned() })
    }
}

fn parse_json(field: Field, value: &str) -> Result<serde_json::Value, InvalidValue> {
    serde_json::from_str(value).map_err(|error| InvalidValue::NotJson {
        field,
        value: value.escape_debug().to_string(),
        reason: error.to_string(),
    })
}

#[cfg(test)]
mod tests {
    use super::{ChargeRequest, InvalidValue};
    use crate::domain::ids::{CustomerUid, MerchantUid};
    use crate::domain::money::{Amount, Currency};
    use crate::domain::payment::{Mode, Terms};

    fn request(won: i64) -> ChargeRequest {
        ChargeRequest::new(
            Terms {
                merchant_uid: MerchantUid::parse("order_1").unwrap(),
                customer_uid: CustomerUid::parse("gildong").unwrap(),
                amount: Amount::from_minor(won, Currency::KRW),
                mode: Mode::Live,
            },
            "Monthly",
        )
    }

    fn checked(change: impl FnOnce(&mut ChargeRequest)) -> Result<(), InvalidValue> {
        let mut request = request(50_000);
        change(&mut request);
        request.check()
    }

    #[test]
    fn lengths_are_counted_in_characters() {
        assert_eq!(checked(|r| r.name = "가".repeat(40)), Ok(()));
        assert!(matches!(
            checked(|r| r.name = "가".repeat(41)),
            Err(InvalidValue::TooLong { chars: 41, .. })
        ));
        assert_eq!(checked(|r| r.buyer_name = Some("홍".repeat(16))), Ok(()));
        assert!(checked(|r| r.buyer_name = Some("홍".repeat(17))).is_err());
        assert!(checked(|r| r.buyer_tel = Some("0".repeat(17))).is_err());
        assert!(checked(|r| r.name = " ".to_owned()).is_err());
        assert!(checked(|r| r.name = "a\nb".to_owned()).is_err());
    }

    #[test]
    fn a_syllable_is_one_character_however_it_is_written() {
        // 가 in two letters, 21 times.
        let name = "\u{1100}\u{1161}".repeat(21);
        assert_eq!(checked(|r| r.name.clone_from(&name)), Ok(()));
        let request = ChargeRequest { name, ..request(50_000) }.composed();
        assert_eq!(request.name, "가".repeat(21));
    }

    #[test]
    fn instalments_are_two_months_or_more_from_fifty_thousand_won() {
        assert_eq!(checked(|r| r.card_quota = Some(2)), Ok(()));
        assert_eq!(checked(|r| r.card_quota = Some(0)), Ok(()));
        assert_eq!(checked(|r| r.card_quota = Some(1)), Err(InvalidValue::QuotaOfOne(1)));
        assert!(checked(|r| r.card_quota = Some(37)).is_err());
        let mut small = request(49_999);
        small.card_quota = Some(2);
        assert!(matches!(small.check(), Err(InvalidValue::QuotaAmount { .. })));
    }

    #[test]
    fn parts_are_not_more_than_the_whole() {
        assert_eq!(checked(|r| r.tax_free = Some(r.terms.amount)), Ok(()));
        assert!(checked(|r| r.vat_amount = Some(Amount::from_minor(50_001, Currency::KRW))).is_err());
    }

    #[test]
    fn json_is_json_where_it_must_be() {
        assert_eq!(checked(|r| r.bypass = Some(r#"{"a":1}"#.to_owned())), Ok(()));
        assert!(matches!(checked(|r| r.bypass = Some("{".to_owned())), Err(InvalidValue::NotJson { .. })));
        assert!(matches!(
            checked(|r| r.bypass = Some("1".to_owned())),
            Err(InvalidValue::NotAnObject { .. })
        ));
        assert_eq!(checked(|r| r.custom_data = Some("plan=basic".to_owned())), Ok(()));
        assert!(checked(|r| r.custom_data = Some("{plan".to_owned())).is_err());
    }

    #[test]
    fn a_notice_url_is_an_address() {
        assert_eq!(checked(|r| r.notice_url = Some("https://shop.example/hook".to_owned())), Ok(()));
        assert!(checked(|r| r.notice_url = Some("shop.example".to_owned())).is_err());
    }
}
