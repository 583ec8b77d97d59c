//! A protocol with its first two steps the wrong way round, and a ledger that forgets what it is shown, to see
//! that the simulation finds them.

use std::sync::Arc;

use billkey::billing::book::{Book, Writing};
use billkey::billing::request::Charge;
use billkey::domain::answer::{Answer, Settled};
use billkey::domain::ids::{MerchantUid, RefundId};
use billkey::domain::payment::{GatewayRecord, Payment, Terms};
use billkey::domain::reason::Reason;
use billkey::domain::refund::{Refund, RefundEnd};
use billkey::domain::time::{Clock, SendMark};
use billkey::gateway::Client;
use billkey::ledger::{Claiming, Closing, Entry, Intent, Ledger, LedgerError, PaymentLock, Written};

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

/// A ledger that keeps something else than it is told.
pub struct Forgetful<'a> {
    pub book: &'a mut dyn Book,
    pub forgotten: fn(Entry) -> Entry,
}

impl Book for Forgetful<'_> {
    fn find(&self, uid: &MerchantUid) -> Result<Option<Payment>, LedgerError> {
        self.book.find(uid)
    }

    fn declined_imp_uids(&self, uid: &MerchantUid) -> Result<Vec<String>, LedgerError> {
        self.book.declined_imp_uids(uid)
    }

    fn refunds(&self, uid: &MerchantUid) -> Result<Vec<Refund>, LedgerError> {
        self.book.refunds(uid)
    }

    fn find_refund(&self, id: &RefundId) -> Result<Option<Refund>, LedgerError> {
        self.book.find_refund(id)
    }

    fn open_beside(&self, terms: &Terms) -> Result<Vec<Payment>, LedgerError> {
        self.book.open_beside(terms)
    }

    fn one_account(&self, key: &str, other: &str) -> Result<bool, LedgerError> {
        self.book.one_account(key, other)
    }

    fn lock_payment(&self, uid: &MerchantUid) -> Result<Option<PaymentLock>, LedgerError> {
        self.book.lock_payment(uid)
    }

    fn write(&mut self, entry: Entry) -> Result<Written, LedgerError> {
        self.book.write((self.forgotten)(entry))
    }

    fn begin(&mut self, closing: Closing) -> Writing {
        let Closing { entry, lock } = closing;
        self.book.begin(Closing { entry: (self.forgotten)(entry), lock })
    }
}

/// Keeps that a later look-up has found a refund as if its own run had told it.
pub fn found_as_told(mut entry: Entry) -> Entry {
    if let Entry::RefundEnd { end: Some(end), .. } = &mut entry
        && let RefundEnd::FoundLater(found) = end
    {
        *end = RefundEnd::Refunded(found.clone());
    }
    entry
}

/// Keeps that the gateway took a refund as if it had not answered.
pub fn taken_as_lost(mut entry: Entry) -> Entry {
    if let Entry::RefundEnd { end: Some(end), .. } = &mut entry
        && *end == RefundEnd::Unknown(Reason::RefundTaken)
    {
        *end = RefundEnd::Unknown(Reason::RefundNotShownYet);
    }
    entry
}

/// Keeps that a refund is found where it may be one of two.
pub fn undecided_as_found(mut entry: Entry) -> Entry {
    if let Entry::RefundEnd { end: Some(end), .. } = &mut entry
        && *end == RefundEnd::Unknown(Reason::RefundUndecided)
    {
        *end = RefundEnd::FoundLater(Box::default());
    }
    entry
}

/// Keeps nothing of what a look-up of the order shows: what is known to be refunded stays it.
pub fn refunded_for_ever(mut entry: Entry) -> Entry {
    if let Entry::Lookup { shown, .. } = &mut entry {
        shown.clear();
    }
    entry
}

/// Keeps of a look-up what settles the order, and not what else is shown.
pub fn all_but_one(mut entry: Entry) -> Entry {
    if let Entry::Lookup { shown, .. } = &mut entry {
        let is_paid = |record: &GatewayRecord| record.status.as_deref() == Some("paid");
        // The oldest comes last, and is what the order stands for.
        let first = shown.iter().rposition(is_paid);
        let mut at = 0..;
        shown.retain(|record| at.next() == first || !is_paid(record));
    }
    entry
}
