//! A protocol with its first two steps the wrong way round, to see that the simulation finds it.

use std::sync::Arc;

use billkey::billing::desk::Order;
use billkey::domain::answer::Answer;
use billkey::domain::payment::Outcome;
use billkey::domain::time::{Clock, SendMark};
use billkey::gateway::Client;
use billkey::ledger::{Intent, IntentResult, Ledger};

use super::scenario::{Said, said_of};

/// Sends a new order first, and writes down afterwards what it did. `None` when the order is known
/// already: then the protocol goes on as ever.
pub fn send_before_intent(
    ledger: &mut Ledger,
    client: &Client,
    clock: &dyn Clock,
    order: &Order,
) -> Option<Said> {
    let uid = &order.request.terms.merchant_uid;
    let _lock = ledger.lock_payment(uid).unwrap()?;
    if ledger.find(uid).unwrap().is_some() || client.token(false).is_err() {
        return None;
    }
    let reply = client.charge(&order.request);
    let now = clock.now();
    let mark = SendMark { wall: now.wall, boot: now.boot, gateway_s: client.now_s() };
    let intent = Intent {
        request: Arc::clone(&order.request),
        at: mark.wall,
        mark: mark.clone(),
        account: client.account().to_owned(),
        note: None,
        operator: None,
        expected: None,
        guards: order.guards.clone(),
    };
    let IntentResult::Written(_) = ledger.record_intent(&intent).unwrap() else { return Some(Said::Nothing) };
    let (outcome, record) = match &reply.answer {
        Answer::Paid(record) => (Outcome::Paid, Some(&**record)),
        Answer::Declined(record) => (Outcome::Declined, Some(&**record)),
        _ => (Outcome::Unknown, None),
    };
    Some(said_of(&ledger.record_answer(uid, mark.wall, outcome, &reply.received, record, None).unwrap()))
}
