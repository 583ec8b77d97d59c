//! What a charge asks for, read and checked.

use crate::sandbox::decimal::Decimal;
use crate::sandbox::fields::Fields;

/// The longest texts the gateway takes, in characters (facts 2.1).
const LENGTHS_MAX: [(&str, usize); 8] = [
    ("customer_uid", 80),
    ("name", 40),
    ("buyer_name", 16),
    ("buyer_email", 64),
    ("buyer_tel", 16),
    ("buyer_addr", 128),
    ("buyer_postcode", 8),
    ("channel_key", 55),
];
/// The longest `merchant_uid`. The gateway minds it only once it knows the customer.
const MERCHANT_UID_MAX: usize = 40;

/// What a charge asks for, once it is known to be well-formed.
pub(super) struct Order<'a> {
    /// Absent in a payment by card numbers whose card is not kept.
    pub(super) customer_uid: Option<String>,
    pub(super) merchant_uid: String,
    pub(super) amount: Decimal,
    pub(super) currency: String,
    /// Required by the schema, and left out in the guide's own samples (facts 2.1).
    pub(super) name: Option<String>,
    pub(super) card_quota: i64,
    /// The tax parts as sent: absent and 0 are different (facts 15.1).
    pub(super) tax_free: Option<Decimal>,
    pub(super) vat_amount: Option<Decimal>,
    /// What `customer_uid_usage` will say.
    pub(super) usage: Option<&'static str>,
    /// Everything that was sent.
    pub(super) fields: &'a Fields,
    /// The caller's `User-Agent`.
    pub(super) user_agent: &'a str,
}

impl<'a> Order<'a> {
    /// Reads an order that can be charged; an error is the message of a 400.
    pub(super) fn read(fields: &'a Fields, user_agent: &'a str) -> Result<Order<'a>, String> {
        for (field, length_max) in LENGTHS_MAX {
            if fields.text(field).is_some_and(|text| text.chars().count() > length_max) {
                return Err(too_long(field, length_max));
            }
        }
        let order = Order::read_leniently(fields, user_agent)?;
        if !order.amount.is_positive() || (order.currency == "KRW" && !order.amount.is_whole()) {
            return Err("결제금액이 올바르지 않습니다.".to_owned());
        }
        Ok(order)
    }

    /// Reads an order of any length and amount: what is in a book need not have come by a charge.
    pub(super) fn read_leniently(fields: &'a Fields, user_agent: &'a str) -> Result<Order<'a>, String> {
        let merchant_uid = fields.text("merchant_uid").ok_or_else(|| missing("merchant_uid"))?;
        let number =
            |field: &str| fields.amount(field).map_err(|()| format!("{field} 파라메터는 숫자여야 합니다."));
        let amount = number("amount")?.ok_or_else(|| missing("amount"))?;
        let currency = fields.text("currency").unwrap_or_else(|| "KRW".to_owned());
        let card_quota = match fields.text("card_quota") {
            None => 0,
            Some(text) => text.parse().map_err(|_| "card_quota 파라메터는 정수여야 합니다.".to_owned())?,
        };
        let customer_uid = fields.text("customer_uid");
        Ok(Order {
            usage: customer_uid.as_ref().map(|_| "payment"),
            customer_uid,
            merchant_uid,
            amount,
            currency,
            name: fields.text("name"),
            card_quota,
            tax_free: number("tax_free")?,
            vat_amount: number("vat_amount")?,
            fields,
            user_agent,
        })
    }

    /// Says what is wrong with the `merchant_uid`'s length.
    pub(super) fn complaint_about_length(&self) -> Option<String> {
        let length = self.merchant_uid.chars().count();
        (length > MERCHANT_UID_MAX).then(|| too_long("merchant_uid", MERCHANT_UID_MAX))
    }
}

/// Says that a parameter was left out.
pub(super) fn missing(field: &str) -> String {
    format!("{field} 파라메터가 누락되었습니다.")
}

fn too_long(field: &str, length_max: usize) -> String {
    format!("{field} 파라메터는 {length_max}자를 초과할 수 없습니다.")
}

#[cfg(test)]
mod tests {
    use crate::sandbox::fields::Fields;
    use crate::sandbox::order::Order;

    fn terms_of(body: &str) -> Result<String, String> {
        Order::read(&Fields::from_json(body), "").map(|order| format!("{} {}", order.amount, order.currency))
    }

    #[test]
    fn terms_keep_the_digits_of_the_amount() {
        let body = r#"{"customer_uid":"c","merchant_uid":"m","name":"n","amount":14.20,"currency":"USD"}"#;
        assert_eq!(terms_of(body).unwrap(), "14.20 USD");
    }

    #[test]
    fn what_is_missing_or_too_long_is_named() {
        assert!(terms_of(r#"{"customer_uid":"c"}"#).unwrap_err().starts_with("merchant_uid"));
        let long = format!(r#"{{"customer_uid":"c","merchant_uid":"m","name":"{}"}}"#, "주".repeat(41));
        assert!(terms_of(&long).unwrap_err().starts_with("name"));
    }

    #[test]
    fn won_have_no_fractions_and_a_charge_is_more_than_nothing() {
        for amount in ["0", "-1", "8900.5", "\"x\"", "{\"total\":1}"] {
            let body = format!(r#"{{"customer_uid":"c","merchant_uid":"m","name":"n","amount":{amount}}}"#);
            assert!(terms_of(&body).is_err(), "{amount} was taken");
        }
    }
}
