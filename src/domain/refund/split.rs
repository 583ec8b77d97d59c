//! The tax parts of a refund (facts 15.1).
//!
//! 0 and absent are different: `tax_free=0, vat_amount=0` means zero-rated, an absent `vat_amount` means a
//! tenth of the taxed part, and an absent `tax_free` means one thing at one PG and the opposite at another. So a
//! refund names a part if and only if its charge did.

use crate::domain::money::Amount;
use crate::domain::tax::Tax;

/// The parts that a person gave for a refund.
pub type TaxGiven = Tax;

/// What is known of the money that a refund is a part of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Split<'a> {
    /// The whole charge.
    pub paid: Amount,
    /// What the charge was sent with; `None` where that was not recorded.
    pub charged: Option<Tax>,
    /// Whether the profile says that tax parts matter (`tax`).
    pub matters: bool,
    /// What can still be refunded.
    pub balance: Amount,
    /// The parts of all earlier refunds; `None` where one of them is not ours, so that its parts are not known.
    pub refunded: Option<&'a [Tax]>,
    /// What goes back now.
    pub amount: Amount,
}

/// Why the tax parts of a refund are for a person to say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SplitError {
    /// The charge had parts and this is not all of it: how much of each goes back has to be said. The
    /// proportional split is proposed.
    Needed { proposed: Tax },
    /// What the charge was sent with was not recorded, and the profile says that it matters. `amount` goes back.
    NotRecorded { amount: Amount },
    /// A part is more than what is left of it, or than the refund itself.
    TooMuch { part: &'static str, given: Amount, most: Amount },
}

/// The tax parts that a refund is sent with.
pub fn split(money: &Split<'_>, given: &TaxGiven) -> Result<Tax, SplitError> {
    let Some(charged) = money.charged else {
        if money.matters && given.tax_free.is_none() {
            return Err(SplitError::NotRecorded { amount: money.amount });
        }
        return within(money, given, given.tax_free, given.vat_amount).map(|()| *given);
    };
    let left = |part: fn(&Tax) -> Option<Amount>| -> Option<Option<Amount>> {
        let Some(whole) = part(&charged) else { return Some(None) };
        let taken = money.refunded?.iter().filter_map(part).map(|taken| taken.minor()).sum::<i64>();
        Some(Some(Amount::from_minor(whole.minor().saturating_sub(taken), whole.currency())))
    };
    let (tax_free_left, vat_left) = (left(|tax| tax.tax_free), left(|tax| tax.vat_amount));
    let takes_the_rest = money.amount == money.balance;
    let part =
        |given: Option<Amount>, whole: Option<Amount>, left: Option<Option<Amount>>| match (given, whole) {
            (Some(given), _) => Ok(Some(given)),
            (None, None) => Ok(None),
            (None, Some(_)) => match left {
                Some(left) if takes_the_rest => Ok(left),
                Some(_) | None => Err(SplitError::Needed { proposed: proposed(money, &charged) }),
            },
        };
    let tax = Tax {
        tax_free: part(given.tax_free, charged.tax_free, tax_free_left)?,
        vat_amount: part(given.vat_amount, charged.vat_amount, vat_left)?,
    };
    within(money, &tax, tax_free_left.flatten(), vat_left.flatten()).map(|()| tax)
}

/// No part is more than the refund, or than what is left of it.
fn within(
    money: &Split<'_>,
    tax: &Tax,
    tax_free_left: Option<Amount>,
    vat_left: Option<Amount>,
) -> Result<(), SplitError> {
    let amount = money.amount;
    let taxed = amount.minor().saturating_sub(tax.tax_free.map_or(0, |part| part.minor()));
    for (part, given, most, left) in [
        ("tax_free", tax.tax_free, amount, tax_free_left),
        ("vat_amount", tax.vat_amount, Amount::from_minor(taxed.max(0), amount.currency()), vat_left),
    ] {
        let Some(given) = given else { continue };
        let most = left.map_or(most, |left| most.min(left));
        if given > most || given.minor() < 0 {
            return Err(SplitError::TooMuch { part, given, most });
        }
    }
    Ok(())
}

/// The share of each part that the refund has in the charge, rounded to the nearest unit.
fn proposed(money: &Split<'_>, charged: &Tax) -> Tax {
    let share = |part: Option<Amount>| part.map(|part| proportional(part, money.amount, money.paid));
    Tax { tax_free: share(charged.tax_free), vat_amount: share(charged.vat_amount) }
}

fn proportional(part: Amount, amount: Amount, paid: Amount) -> Amount {
    let whole = i128::from(paid.minor()).max(1);
    let share = i128::from(part.minor()) * i128::from(amount.minor());
    let rounded = (share * 2 + whole) / (whole * 2);
    Amount::from_minor(i64::try_from(rounded).unwrap_or(part.minor()), part.currency())
}
