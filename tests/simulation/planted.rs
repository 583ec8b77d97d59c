//! A protocol with its first two steps the wrong way round, to see that the simulation finds it.

use std::sync::Arc;

use billkey::billing::request::Charge;
use billkey::domain::answer::{Answer, Settled};
use billkey::domain::reason::Reason;
use billkey::domain::time::{Clock, SendMark};
use billkey::gateway::Client;
use billkey::ledger::{Claiming, Closing, Entry, Intent, Ledger};

use super::scenario::{Said, said_of};

/// Sends a new order first, and writes down afterwards what it did. `None` when the order is known
/// already: then the protocol goes on as usual.
pub fn send_before_intent(
    ledger: &mut Ledger,
    client: &Client,
    clock: &dyn Clock,
    order: &Charge,
) -> Option<Said> {
    let uid = &order.request.terms.merchant_uid;
    let lock = ledger.lock_payment(uid).unwrap()?;
    if ledger.find(uid).unwrap().is_some() || client.token(false).is_err() {
        return None;
    }
    let reply = client.charge(&order.request);
    let now = clock.now();
    let mark = SendMark { wall: now.wall, boot: now.boot, gateway_s: client.now_s() };
    let intent = Intent {
        once_per: false,
        request: Arc::clone(&order.request),
        at: mark.wall,
        mark: mark.clone(),
        account: client.account().to_owned(),
        note: None,
        operator: None,
        host: None,
        expected: None,
        guards: order.guards.clone(),
        shown: Vec::new(),
    };
    let written = ledger.write_one(&Entry::Intent(intent)).unwrap();
    let Claiming::Won(claim, _) = written.claim(lock) else { return Some(Said::Nothing) };
    let settled = match reply.answer {
        Answer::Paid(record) => Settled::Paid(record),
        Answer::Declined(record) => Settled::Declined(record),
        _ => Settled::Unknown(Reason::WaitGivenUp),
    };
    let Closing { entry, lock: _lock } = claim.answered(mark.wall, settled, reply.received, Vec::new());
    Some(said_of(&ledger.write_one(&entry).unwrap().payment))
}
