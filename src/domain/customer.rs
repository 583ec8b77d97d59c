//! A customer whose card is registered.

use jiff::Timestamp;

use crate::domain::ids::CustomerUid;
use crate::domain::payment::Mode;

/// What the gateway says of the card behind a customer_uid (facts 5). Absent, null and empty are
/// `None`: some PGs tell nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Card {
    pub card_name: Option<String>,
    /// KFTC code; a string, with its leading zeros (facts 9).
    pub card_code: Option<String>,
    /// Masked by the PG.
    pub card_number: Option<String>,
    pub pg_provider: Option<String>,
    /// The merchant's id at the PG (MID).
    pub pg_id: Option<String>,
    /// True for a billing key of a test channel.
    pub sandbox: Option<bool>,
    /// When the billing key was issued and last replaced, epoch seconds.
    pub inserted_s: Option<i64>,
    pub updated_s: Option<i64>,
}

impl Card {
    /// Whether this is another card than `before`: another number, company or PG. A value that
    /// either side does not tell is no difference.
    #[must_use]
    pub fn differs_from(&self, before: &Card) -> bool {
        fn other(a: Option<&String>, b: Option<&String>) -> bool {
            matches!((a, b), (Some(a), Some(b)) if a != b)
        }
        other(self.card_number.as_ref(), before.card_number.as_ref())
            || other(self.card_code.as_ref(), before.card_code.as_ref())
            || other(self.pg_provider.as_ref(), before.pg_provider.as_ref())
            || other(self.pg_id.as_ref(), before.pg_id.as_ref())
    }

    /// `신한카드 5409-26**-****-1234`, as far as it is known.
    #[must_use]
    pub fn shown(&self) -> Option<String> {
        match (&self.card_name, &self.card_number) {
            (Some(name), Some(number)) => Some(format!("{name} {number}")),
            (Some(one), None) | (None, Some(one)) => Some(one.clone()),
            (None, None) => None,
        }
    }
}

/// One saved customer_uid.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Customer {
    pub customer_uid: CustomerUid,
    pub name: Option<String>,
    pub email: Option<String>,
    pub tel: Option<String>,
    pub note: Option<String>,
    pub card: Card,
    pub mode: Mode,
    pub added_at: Timestamp,
    /// When the gateway last confirmed the billing key; `None` for one never verified.
    pub checked_at: Option<Timestamp>,
    /// When it was removed here; its payments stay.
    pub removed_at: Option<Timestamp>,
}

#[cfg(test)]
mod tests {
    use super::Card;

    fn card(number: Option<&str>, code: Option<&str>) -> Card {
        Card { card_number: number.map(str::to_owned), card_code: code.map(str::to_owned), ..Card::default() }
    }

    #[test]
    fn another_number_or_company_is_another_card() {
        let before = card(Some("5409-26**-****-1234"), Some("366"));
        assert!(card(Some("5409-26**-****-9999"), Some("366")).differs_from(&before));
        assert!(card(None, Some("361")).differs_from(&before));
        assert!(!before.differs_from(&before.clone()));
    }

    #[test]
    fn what_one_side_does_not_tell_is_no_difference() {
        assert!(!card(None, None).differs_from(&card(Some("1"), Some("366"))));
    }
}
