//! What is put together of several questions to the engine, whichever that is.

use std::ops::ControlFlow;

use jiff::Timestamp;

use crate::domain::customer::{Card, Customer};
use crate::domain::ids::CustomerUid;
use crate::domain::money::Amount;
use crate::domain::near::{Near, NearIds};
use crate::domain::payment::Payment;
use crate::domain::refund::{Refund, undone};
use crate::domain::totals::Totals;
use crate::ledger::{Filter, Ledger, LedgerError};

/// Refunds of one payment that the gateway has shown and does not show any more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Undone {
    /// The order, as it is now.
    pub payment: Payment,
    pub imp_uid: String,
    /// What the gateway shows of it as refunded.
    pub shown: Amount,
    /// Never empty.
    pub refunds: Vec<Refund>,
}

impl Ledger {
    /// What one customer's payments come to.
    pub fn customer_totals(&self, uid: &CustomerUid) -> Result<Totals, LedgerError> {
        self.totals(&Filter { customer: Some(uid.clone()), ..Filter::default() })
    }

    /// Refunds that the gateway has shown and does not show any more.
    pub fn undone_refunds(&self) -> Result<Vec<Undone>, LedgerError> {
        let mut all = Vec::new();
        for uid in self.orders_undone()? {
            let Some(payment) = self.find(&uid)? else { continue };
            let refunds = self.refunds(&uid)?;
            for record in &payment.records {
                let Some(shown) = record.cancelled else { continue };
                let undone: Vec<Refund> =
                    undone(&refunds, &record.imp_uid, shown).into_iter().cloned().collect();
                if !undone.is_empty() {
                    let (payment, imp_uid) = (payment.clone(), record.imp_uid.clone());
                    all.push(Undone { payment, imp_uid, shown, refunds: undone });
                }
            }
        }
        Ok(all)
    }

    /// Refunds asked for from a time on of which a person has noted that the PG took them back; each with the order.
    pub fn taken_back(&self, since: Timestamp) -> Result<Vec<(Payment, Refund)>, LedgerError> {
        let mut all = Vec::new();
        for uid in self.orders_taken_back(since)? {
            let Some(payment) = self.find(&uid)? else { continue };
            let taken_back = self.refunds(&uid)?.into_iter().filter(Refund::was_taken_back);
            all.extend(taken_back.map(|refund| (payment.clone(), refund)));
        }
        Ok(all)
    }

    /// Customers by their customer_uid; with `removed`, those that were removed as well. The text is a piece of what
    /// [`Ledger::visit_customers`] looks at.
    pub fn customers(&self, text: Option<&str>, removed: bool) -> Result<Vec<Customer>, LedgerError> {
        let mut customers = Vec::new();
        self.visit_customers(text, removed, &mut |customer| {
            customers.push(customer);
            ControlFlow::Continue(())
        })?;
        Ok(customers)
    }

    /// The saved customer whose customer_uid is nearest to this one: at most two letters put in, left out,
    /// replaced or swapped with the next one.
    pub fn near_customer(&self, uid: &CustomerUid) -> Result<Option<CustomerUid>, LedgerError> {
        let (meant, mut nearest) = (Near::new(uid.as_str()), None);
        self.visit_customer_uids(&mut |saved| {
            if let Some(far) = meant.edits(saved)
                && nearest.as_ref().is_none_or(|(least, _)| far < *least)
            {
                nearest = Some((far, saved.to_owned()));
            }
        })?;
        Ok(nearest.and_then(|(_, saved)| CustomerUid::parse(&saved).ok()))
    }

    /// All saved customers, for many that may be near one of them.
    pub fn near_customers(&self) -> Result<NearIds, LedgerError> {
        let mut uids = Vec::new();
        self.visit_customer_uids(&mut |saved| uids.push(saved.to_owned()))?;
        Ok(NearIds::new(uids))
    }

    /// Takes over what the gateway says of the card now.
    pub fn record_check(&mut self, uid: &CustomerUid, card: &Card, at: Timestamp) -> Result<(), LedgerError> {
        self.record_checks(&[(uid, card)], at)
    }
}
