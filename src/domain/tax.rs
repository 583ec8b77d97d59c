//! The tax parts of a charge and of a refund, and what a profile's `tax` makes of them (facts 15.1).

use thiserror::Error;

use crate::domain::money::Amount;

/// The tax parts of a charge or refund as they are sent: `None` is left out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tax {
    pub tax_free: Option<Amount>,
    pub vat_amount: Option<Amount>,
}

/// What a profile sells (`tax`). A `tax_free` that is left out means one thing at one PG and the opposite at
/// another, so that a profile can say what its charges are. A profile that says nothing sends what it is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TaxRule {
    /// All of it with tax: no part is named unless somebody gives it.
    Taxed,
    /// Some of both: each charge names its part.
    Mixed,
    /// None of it with tax: the whole amount is the part.
    TaxFree,
}

/// PGs at which a charge with tax must not name a part: a taxed merchant id of ksnet may not send one, and welcome
/// takes one under a contract of its own only (facts 2.1).
const NAMES_NO_PART: [&str; 2] = ["ksnet", "welcome"];

/// Parts that the profile's `tax` does not go with. A sentence without an end: each caller has its own flags to name.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum TaxError {
    #[error("tax of the profile is mixed: how much of {amount} is free of tax has to be said")]
    Needed { amount: Amount },
    #[error("tax of the profile is tax-free: all of {amount} is free of tax, and not {given}")]
    NotWhole { given: Amount, amount: Amount },
    #[error("tax of the profile is tax-free: there is no VAT in it, and {given} is given")]
    VatOfNone { given: Amount },
    #[error("tax of the profile is taxed: {pg} takes no tax_free and no vat_amount of such a charge")]
    NotTaken { pg: String },
}

impl TaxRule {
    pub const ALL: [TaxRule; 3] = [TaxRule::Taxed, TaxRule::Mixed, TaxRule::TaxFree];

    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            TaxRule::Taxed => "taxed",
            TaxRule::Mixed => "mixed",
            TaxRule::TaxFree => "tax-free",
        }
    }

    #[must_use]
    pub fn from_word(word: &str) -> Option<TaxRule> {
        TaxRule::ALL.into_iter().find(|rule| rule.word() == word)
    }

    /// The parts that a charge of `amount` is sent with, of those that were given for it. `pg` is the customer's,
    /// where it is known.
    pub fn parts(self, given: Tax, amount: Amount, pg: Option<&str>) -> Result<Tax, TaxError> {
        match (self, given) {
            (TaxRule::Taxed, Tax { tax_free: None, vat_amount: None }) => Ok(given),
            (TaxRule::Taxed, _) => match pg.filter(|pg| NAMES_NO_PART.contains(pg)) {
                Some(pg) => Err(TaxError::NotTaken { pg: pg.to_owned() }),
                None => Ok(given),
            },
            (TaxRule::Mixed, Tax { tax_free: None, .. }) => Err(TaxError::Needed { amount }),
            (TaxRule::Mixed, _) => Ok(given),
            (TaxRule::TaxFree, Tax { tax_free: Some(part), .. }) if part != amount => {
                Err(TaxError::NotWhole { given: part, amount })
            }
            (TaxRule::TaxFree, Tax { vat_amount: Some(part), .. }) if part.minor() != 0 => {
                Err(TaxError::VatOfNone { given: part })
            }
            (TaxRule::TaxFree, _) => Ok(Tax { tax_free: Some(amount), ..given }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Tax, TaxError, TaxRule};
    use crate::domain::money::{Amount, Currency};

    fn won(amount: i64) -> Amount {
        Amount::from_minor(amount, Currency::KRW)
    }

    fn tax(tax_free: Option<i64>, vat: Option<i64>) -> Tax {
        Tax { tax_free: tax_free.map(won), vat_amount: vat.map(won) }
    }

    #[test]
    fn a_profile_says_which_parts_a_charge_names() {
        let nothing = tax(None, None);
        let not_taken = |pg: &str| Err(TaxError::NotTaken { pg: pg.to_owned() });
        let table = [
            (TaxRule::Taxed, nothing, Some("kcp"), Ok(nothing)),
            (TaxRule::Taxed, tax(Some(0), None), Some("kcp"), Ok(tax(Some(0), None))),
            (TaxRule::Taxed, tax(Some(100), Some(9)), None, Ok(tax(Some(100), Some(9)))),
            (TaxRule::Taxed, nothing, Some("ksnet"), Ok(nothing)),
            (TaxRule::Taxed, tax(Some(0), None), Some("ksnet"), not_taken("ksnet")),
            (TaxRule::Taxed, tax(None, Some(90)), Some("welcome"), not_taken("welcome")),
            (TaxRule::Mixed, nothing, None, Err(TaxError::Needed { amount: won(1_000) })),
            (TaxRule::Mixed, tax(None, Some(90)), None, Err(TaxError::Needed { amount: won(1_000) })),
            (TaxRule::Mixed, tax(Some(0), None), Some("ksnet"), Ok(tax(Some(0), None))),
            (TaxRule::Mixed, tax(Some(400), Some(54)), None, Ok(tax(Some(400), Some(54)))),
            (TaxRule::TaxFree, nothing, Some("ksnet"), Ok(tax(Some(1_000), None))),
            (TaxRule::TaxFree, tax(Some(1_000), Some(0)), None, Ok(tax(Some(1_000), Some(0)))),
            (
                TaxRule::TaxFree,
                tax(Some(0), None),
                None,
                Err(TaxError::NotWhole { given: won(0), amount: won(1_000) }),
            ),
            (TaxRule::TaxFree, tax(None, Some(90)), None, Err(TaxError::VatOfNone { given: won(90) })),
        ];
        for (rule, given, pg, parts) in table {
            assert_eq!(rule.parts(given, won(1_000), pg), parts, "{rule:?} {given:?} {pg:?}");
        }
    }
}
