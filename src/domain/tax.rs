//! The tax parts of a charge and of a refund.

use crate::domain::money::Amount;

/// The tax parts of a charge or refund as they are sent: `None` is left out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tax {
    pub tax_free: Option<Amount>,
    pub vat_amount: Option<Amount>,
}
