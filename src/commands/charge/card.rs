//! What a charge is shown with: the customer, the card, the amount.

use crate::billing::request::Charge;
use crate::domain::customer::Customer;
use crate::failure::Failure;
use crate::ledger::{Ledger, LedgerError};
use crate::output::prose::{ChargeCard, confirmation};

/// The saved customer, unless that was removed.
pub(super) fn known_customer(ledger: Option<&Ledger>, order: &Charge) -> Result<Option<Customer>, Failure> {
    let uid = &order.request.terms.customer_uid;
    let customer = ledger.map(|ledger| ledger.find_customer(uid)).transpose().map_err(unsent)?.flatten();
    match customer {
        Some(Customer { removed_at: Some(_), customer_uid, .. }) => {
            Err(Failure::refused(format!("the customer {customer_uid} was removed"))
                .hinted(format!("to charge again: billkey customer add {customer_uid}"))
                .nothing_sent())
        }
        customer => Ok(customer),
    }
}

/// What is about to be charged, for people.
pub(super) fn charge_card(order: &Charge, customer: Option<&Customer>) -> String {
    let request = &order.request;
    let mut more = Vec::new();
    for (part, amount) in [("tax-free", request.tax_free), ("VAT", request.vat_amount)] {
        more.extend(amount.map(|amount| (part, amount.to_string())));
    }
    if let Some(months) = request.card_quota {
        more.push(("quota", format!("{months} months")));
    }
    if order.retry {
        more.push(("retry", "a declined or rejected one is sent once more".to_owned()));
    }
    confirmation(&ChargeCard {
        mode: request.terms.mode,
        amount: request.terms.amount,
        product: &request.name,
        customer_name: customer.and_then(|customer| customer.name.as_deref()),
        customer_uid: request.terms.customer_uid.as_str(),
        card: customer.and_then(|customer| customer.card.shown()).as_deref(),
        merchant_uid: request.terms.merchant_uid.as_str(),
        more: &more,
    })
}

pub(super) fn unsent(error: LedgerError) -> Failure {
    Failure::from(error).nothing_sent()
}
