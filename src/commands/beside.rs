//! What a payment's row at a terminal is told with, from the ledger.

use crate::domain::payment::Payment;
use crate::ledger::{Ledger, LedgerError};
use crate::output::history_row::Beside;

/// The person, by the name that is saved or that the payment was asked for with, and the least of the order's id.
pub(in crate::commands) fn beside(ledger: &Ledger, payment: &Payment) -> Result<Beside, LedgerError> {
    let saved = ledger.find_customer(&payment.terms.customer_uid)?;
    let person = saved.and_then(|customer| customer.name).or_else(|| payment.buyer_name.clone());
    Ok(Beside { person, order: ledger.short_order(&payment.terms.merchant_uid)? })
}
