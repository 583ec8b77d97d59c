//! What of an amount is supply, VAT and free of tax (facts 15.1, 15.3).
//!
//! 0 and absent are different here as well: `tax_free=0, vat_amount=0` means zero-rated, and an absent `vat_amount`
//! means that an eleventh of the taxed part is VAT.

use crate::domain::money::Amount;
use crate::domain::tax::{Tax, TaxRule};

/// Where the VAT of an amount is known from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum VatBasis {
    /// It went with the request.
    Sent,
    /// An eleventh of the taxed part, because nothing was said of it.
    Derived,
    /// Sold with tax, at a rate of zero.
    ZeroRated,
}

impl VatBasis {
    /// The word in JSON and CSV.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            VatBasis::Sent => "sent",
            VatBasis::Derived => "derived",
            VatBasis::ZeroRated => "zero_rated",
        }
    }
}

/// An amount in three parts that come to it, in minor units of its currency.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct VatParts {
    pub supply_minor: i64,
    pub vat_minor: i64,
    pub tax_free_minor: i64,
    pub basis: VatBasis,
}

impl VatParts {
    /// The parts of what was sent with `tax`. Where no part was named the profile's rule says whether it is taxed.
    #[must_use]
    pub fn of(amount: Amount, tax: Option<Tax>, rule: Option<TaxRule>) -> VatParts {
        let given = tax.unwrap_or_default();
        let unnamed = if rule == Some(TaxRule::TaxFree) { amount.minor() } else { 0 };
        let tax_free = given.tax_free.map_or(unnamed, |part| part.minor()).clamp(0, amount.minor().max(0));
        let taxed = amount.minor().saturating_sub(tax_free);
        let (vat, basis) = match given.vat_amount.map(|part| part.minor()) {
            Some(0) if tax_free == 0 => (0, VatBasis::ZeroRated),
            Some(vat) => (vat.clamp(0, taxed), VatBasis::Sent),
            None => (eleventh(taxed), VatBasis::Derived),
        };
        VatParts { supply_minor: taxed.saturating_sub(vat), vat_minor: vat, tax_free_minor: tax_free, basis }
    }

    /// What is left of these parts after others.
    #[must_use]
    pub fn less(self, taken: VatParts) -> VatParts {
        VatParts {
            supply_minor: self.supply_minor.saturating_sub(taken.supply_minor),
            vat_minor: self.vat_minor.saturating_sub(taken.vat_minor),
            tax_free_minor: self.tax_free_minor.saturating_sub(taken.tax_free_minor),
            basis: self.basis,
        }
    }

    /// These parts and others together.
    #[must_use]
    pub fn and(self, more: VatParts) -> VatParts {
        VatParts {
            supply_minor: self.supply_minor.saturating_add(more.supply_minor),
            vat_minor: self.vat_minor.saturating_add(more.vat_minor),
            tax_free_minor: self.tax_free_minor.saturating_add(more.tax_free_minor),
            basis: self.basis,
        }
    }

    /// The share that `amount` has in `whole`, of which these are the parts: each rounded to the nearest unit, and
    /// what rounding leaves over is supply.
    #[must_use]
    pub fn share(self, amount: Amount, whole: Amount) -> VatParts {
        let of = |part: i64| share_of(part, amount.minor(), whole.minor());
        let (vat, tax_free) = (of(self.vat_minor), of(self.tax_free_minor));
        VatParts {
            supply_minor: amount.minor().saturating_sub(vat).saturating_sub(tax_free),
            vat_minor: vat,
            tax_free_minor: tax_free,
            basis: self.basis,
        }
    }
}

/// An eleventh, rounded to the nearest unit as PGs do: 1,364 of 15,000.
fn eleventh(taxed: i64) -> i64 {
    share_of(1, taxed, 11)
}

fn share_of(part: i64, amount: i64, whole: i64) -> i64 {
    let whole = i128::from(whole).max(1);
    let share = i128::from(part) * i128::from(amount);
    i64::try_from((share * 2 + whole) / (whole * 2)).unwrap_or(part)
}

#[cfg(test)]
mod tests {
    use super::{VatBasis, VatParts};
    use crate::domain::money::{Amount, Currency};
    use crate::domain::tax::{Tax, TaxRule};

    fn won(amount: i64) -> Amount {
        Amount::from_minor(amount, Currency::KRW)
    }

    fn tax(tax_free: Option<i64>, vat: Option<i64>) -> Option<Tax> {
        Some(Tax { tax_free: tax_free.map(won), vat_amount: vat.map(won) })
    }

    #[test]
    fn the_parts_of_an_amount_come_to_it() {
        let table = [
            ("nothing was named", 15_000, tax(None, None), None, (13_636, 1_364, 0, VatBasis::Derived)),
            ("nothing is known", 8_900, None, None, (8_091, 809, 0, VatBasis::Derived)),
            (
                "a profile that is free of tax",
                8_900,
                None,
                Some(TaxRule::TaxFree),
                (0, 0, 8_900, VatBasis::Derived),
            ),
            ("a part is free", 10_000, tax(Some(4_500), None), None, (5_000, 500, 4_500, VatBasis::Derived)),
            ("VAT was named", 10_000, tax(None, Some(900)), None, (9_100, 900, 0, VatBasis::Sent)),
            ("both were", 10_000, tax(Some(1_000), Some(818)), None, (8_182, 818, 1_000, VatBasis::Sent)),
            ("zero-rated", 10_000, tax(Some(0), Some(0)), None, (10_000, 0, 0, VatBasis::ZeroRated)),
            (
                "VAT of 0 beside a part",
                10_000,
                tax(Some(400), Some(0)),
                None,
                (9_600, 0, 400, VatBasis::Sent),
            ),
            ("more than all is free", 1_000, tax(Some(2_000), None), None, (0, 0, 1_000, VatBasis::Derived)),
        ];
        for (what, amount, tax, rule, (supply, vat, tax_free, basis)) in table {
            let parts = VatParts::of(won(amount), tax, rule);
            assert_eq!(
                (parts.supply_minor, parts.vat_minor, parts.tax_free_minor),
                (supply, vat, tax_free),
                "{what}"
            );
            assert_eq!(parts.basis, basis, "{what}");
            assert_eq!(supply + vat + tax_free, amount, "{what}");
        }
    }

    #[test]
    fn a_share_and_what_is_left_come_to_the_whole() {
        let whole = VatParts::of(won(10_000), tax(Some(3_333), Some(606)), None);
        let share = whole.share(won(3_000), won(10_000));
        assert_eq!((share.supply_minor, share.vat_minor, share.tax_free_minor), (1_818, 182, 1_000));
        let left = whole.less(share);
        assert_eq!(left.supply_minor + left.vat_minor + left.tax_free_minor, 7_000);
    }
}
