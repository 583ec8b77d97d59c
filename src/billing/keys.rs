//! Whether the gateway has the billing keys of many customers (facts 5): many ids a call where that shows them, and
//! one by one where it does not, by several workers.

use std::io;
use std::sync::Arc;

use crate::billing::crew::{Crew, Work};
use crate::billing::in_bulk::InBulk;
use crate::domain::ids::CustomerUid;
use crate::domain::time::Clock;
use crate::gateway::{
    BillingKey, Client, GatewayFailure, NotListed, bulk_bytes_of_customer, bulk_bytes_without_ids,
};
use crate::interrupt::Interrupts;

/// How many interrupts end a question; what was learnt before is kept.
const PATIENCE: u32 = 1;

/// What became of one question.
#[derive(Debug)]
pub enum KeyAnswer {
    /// It was not to be asked.
    Unasked,
    Answered(Box<Result<BillingKey, GatewayFailure>>),
    /// Somebody stopped the run before there was an answer.
    Interrupted,
}

/// Begins to ask for the billing key of each of `uids`; where there is none at a place, nothing is asked.
pub fn ask_for_keys(
    gateway: &Arc<Client>,
    clock: Arc<dyn Clock>,
    interrupts: &Interrupts,
    uids: &Arc<Vec<Option<CustomerUid>>>,
) -> io::Result<Crew<KeyAnswer>> {
    let total = uids.len();
    // The gateway may take an id beyond ASCII for another spelling of it: each of them is asked for alone.
    let plain = |uid: &Option<CustomerUid>| uid.clone().filter(|uid| uid.as_str().is_ascii());
    let (for_many, for_call) = (Arc::clone(gateway), Arc::clone(gateway));
    let many = interrupts.clone();
    let ahead = InBulk::new(
        uids.iter().map(plain).collect(),
        (bulk_bytes_of_customer, bulk_bytes_without_ids()),
        Box::new(move || for_many.takes_many() && !many.requested()),
        {
            let interrupts = interrupts.clone();
            Box::new(move |uids: &[CustomerUid]| {
                let (gateway, uids) = (Arc::clone(&for_call), uids.to_vec());
                let shown = interrupts.run(PATIENCE, move || gateway.billing_keys(&uids), &mut || ());
                shown.unwrap_or(Err(NotListed::Unasked))
            })
        },
    );
    let ahead = Arc::new(ahead.ahead());
    let worker = || -> Work<KeyAnswer> {
        let (gateway, uids, ahead) = (Arc::clone(gateway), Arc::clone(uids), Arc::clone(&ahead));
        let interrupts = interrupts.clone();
        Box::new(move |place| {
            let Some(uid) = uids.get(place).cloned().flatten() else { return KeyAnswer::Unasked };
            if let Some(key) = ahead.shown(place) {
                return KeyAnswer::Answered(Box::new(Ok(key)));
            }
            let gateway = Arc::clone(&gateway);
            let asked = interrupts.run(PATIENCE, move || gateway.billing_key(&uid), &mut || ());
            asked.map_or(KeyAnswer::Interrupted, |key| KeyAnswer::Answered(Box::new(key)))
        })
    };
    let failed = |answer: &KeyAnswer| matches!(answer, KeyAnswer::Answered(key) if key.is_err());
    Crew::start((Arc::clone(gateway), clock), interrupts.clone(), total, &worker, failed)
}
