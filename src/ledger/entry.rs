//! What is written into the ledger, as data, and what a write hands back.
//!
//! Whoever has a payment's lock and writes an intent gets a [`Claim`]: it owns the lock and the attempt, it
//! cannot be copied, and every later write of the run is made of it. So nothing is written for an attempt that
//! was not claimed, nothing is answered twice, and a write of an attempt that somebody has overtaken is known
//! for what it is.

use jiff::Timestamp;

use crate::domain::answer::Settled;
use crate::domain::ids::{MerchantUid, RefundId};
use crate::domain::lookup::LookedUp;
use crate::domain::money::Amount;
use crate::domain::payment::{GatewayRecord, Noted, Payment, Received};
use crate::domain::reason::Reason;
use crate::domain::refund::{RefundEnd, RefundNote};
use crate::domain::time::SendMark;
use crate::ledger::imported::Imported;
use crate::ledger::intent::{Intent, RefundIntent};
use crate::ledger::lock::PaymentLock;
use crate::ledger::rules::as_kept;
use crate::ledger::rules::outside::OutsideNote;
use crate::ledger::rules::refund::RefundHeld;
use crate::ledger::seen::Seen;

/// One thing to write down. All of it is written or nothing; `Ledger::write` takes many.
#[derive(Clone, Debug)]
pub enum Entry {
    /// Claims a payment: a new row, or an existing one that is still as its caller saw it, becomes pending.
    /// A paid row, and one with other terms, is never claimed.
    Intent(Intent),
    /// A charge that was asked for and could not even begin: a new row that is not sent, or one more event.
    NeverBegun { intent: Intent, reason: Reason },
    /// The pending attempt is sent a second time, after an answer that proved that the first was not processed
    /// (contract, rule 4). An error if the attempt is not the pending one any more: then nothing may be sent.
    Resend { attempt: Attempt, at: Timestamp, mark: SendMark, refused: Received },
    /// The gateway refused the attempt, and is about to be asked whether there is a payment all the same.
    Refusal { attempt: Attempt, at: Timestamp, received: Received },
    /// The answer to the attempt, or its absence.
    /// `shown` is a payment in it that is not what was asked for.
    Answer {
        attempt: Attempt,
        at: Timestamp,
        settled: Settled,
        received: Received,
        shown: Vec<GatewayRecord>,
    },
    /// The attempt certainly never reached the gateway: the row is again what it was before it.
    NotSent { attempt: Attempt, at: Timestamp, reason: Reason, received: Received },
    /// What the gateway knows of an order that the ledger had no row of.
    Found { intent: Intent, looked_up: LookedUp, received: Received },
    /// A payment that was made elsewhere, as the gateway shows it.
    Imported(Imported),
    /// What the gateway knows of the payment, as judged by a row that was `seen` so. Where the row has moved
    /// since, only a charge that was found still counts.
    /// `shown` is all that it shows, whatever comes of it.
    Lookup {
        uid: MerchantUid,
        seen: Seen,
        at: Timestamp,
        looked_up: LookedUp,
        received: Received,
        shown: Vec<GatewayRecord>,
    },
    /// Claims a refund: a new row, pending, unless another refund stands in its way.
    Refund(Box<RefundIntent>),
    /// The pending refund is sent a second time, as in [`Entry::Resend`].
    RefundResend { id: RefundId, at: Timestamp, mark: SendMark, refused: Received },
    /// How a refund ended, or what a later look-up makes of it (`None`: nothing new), and the gateway's record of
    /// the payment where it showed one.
    RefundEnd {
        id: RefundId,
        at: Timestamp,
        end: Option<RefundEnd>,
        record: Option<Box<GatewayRecord>>,
        received: Received,
    },
    /// What a person knows of a refund and no look-up shows; with it that the money was paid back outside of the
    /// gateway, where it went back. It counts while the refund is open, or was shown and may have been taken back.
    RefundNoted { id: RefundId, note: RefundNote },
    /// What a person knows of the payment and the gateway will not show. It counts for the row that was `seen`,
    /// where that is open or doubtful.
    Noted { uid: MerchantUid, seen: Seen, noted: Noted },
    /// What a person knows of money that the PG paid back without the gateway. It counts while the payment is paid
    /// and so much of it is left.
    Outside { uid: MerchantUid, note: OutsideNote },
}

/// What an entry is about, by the id that it names.
#[derive(Clone, Copy, Debug)]
pub(super) enum Order<'a> {
    Payment(&'a MerchantUid),
    /// A refund of ours, of whatever payment.
    Refund(&'a RefundId),
}

impl Entry {
    pub(super) fn order(&self) -> Order<'_> {
        match self {
            Entry::Intent(intent) | Entry::NeverBegun { intent, .. } | Entry::Found { intent, .. } => {
                Order::Payment(&intent.request.terms.merchant_uid)
            }
            Entry::Resend { attempt, .. }
            | Entry::Refusal { attempt, .. }
            | Entry::Answer { attempt, .. }
            | Entry::NotSent { attempt, .. } => Order::Payment(&attempt.uid),
            Entry::Imported(imported) => Order::Payment(&imported.terms.merchant_uid),
            Entry::Lookup { uid, .. } | Entry::Noted { uid, .. } | Entry::Outside { uid, .. } => {
                Order::Payment(uid)
            }
            Entry::Refund(intent) => Order::Payment(&intent.refund.merchant_uid),
            Entry::RefundResend { id, .. } | Entry::RefundEnd { id, .. } | Entry::RefundNoted { id, .. } => {
                Order::Refund(id)
            }
        }
    }

    /// When the request is sent that leaves once the entry is durable; `None` where none does.
    pub(super) fn send(&self) -> Option<&SendMark> {
        match self {
            Entry::Intent(intent) => Some(&intent.mark),
            Entry::Refund(intent) => Some(&intent.refund.sent),
            Entry::Resend { mark, .. } | Entry::RefundResend { mark, .. } => Some(mark),
            Entry::NeverBegun { .. }
            | Entry::Found { .. }
            | Entry::Refusal { .. }
            | Entry::Answer { .. }
            | Entry::NotSent { .. }
            | Entry::Imported(_)
            | Entry::Lookup { .. }
            | Entry::Noted { .. }
            | Entry::Outside { .. }
            | Entry::RefundEnd { .. }
            | Entry::RefundNoted { .. } => None,
        }
    }

    /// Whether a request leaves once it is durable.
    pub(super) fn comes_before_a_send(&self) -> bool {
        self.send().is_some()
    }
}

/// One attempt at a payment. Only a claim has one to give.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attempt {
    pub(super) uid: MerchantUid,
    /// From 1.
    pub(super) number: u32,
}

/// What became of an entry, once it is durable.
#[derive(Debug, PartialEq, Eq)]
#[must_use = "only a claim may be sent"]
pub struct Written {
    /// The payment as it is in the ledger from now on; where that has no row of it, as it was asked for.
    pub payment: Payment,
    pub how: How,
}

/// How an entry was written.
#[derive(Debug, PartialEq, Eq)]
pub enum How {
    Kept,
    /// The intent's payment is pending and the caller's alone: [`Written::claim`] makes the claim.
    Claimed,
    /// The row is not what the entry was made for: read it again. Of a look-up the event is kept.
    Moved,
    /// A charge like the intent's is in the way; nothing was written.
    Similar(Box<Payment>),
    /// Another order of the same customer and amount is open and has to be looked at first; nothing was written.
    Open(Box<Payment>),
    /// The intent would go over the day's limit; nothing was written.
    OverDaily {
        spent: Amount,
        max: Amount,
    },
    /// The refund is not begun; nothing was written.
    RefundHeld(RefundHeld),
}

/// What became of an intent.
#[derive(Debug)]
#[must_use = "only what was won may be sent"]
pub enum Claiming {
    /// It is durable and the caller's alone: the request may leave, once.
    Won(Claim, Box<Payment>),
    /// The row is not what was expected: read it again.
    Lost,
    /// A charge like this one is in the way; nothing was written.
    Similar(Box<Payment>),
    /// Another order of the same customer and amount has to be looked at first; nothing was written.
    Open(Box<Payment>),
    /// It would go over the day's limit; nothing was written.
    OverDaily { spent: Amount, max: Amount },
}

impl Written {
    /// What became of an intent that was written under this lock.
    pub fn claim(self, lock: PaymentLock) -> Claiming {
        let Written { payment, how } = self;
        match how {
            How::Claimed => {
                let uid = payment.terms.merchant_uid.clone();
                let attempt = Attempt { uid, number: payment.attempts };
                let seen = Seen::of(&payment);
                Claiming::Won(Claim { attempt, seen, lock }, Box::new(payment))
            }
            How::Similar(other) => Claiming::Similar(other),
            How::Open(other) => Claiming::Open(other),
            How::OverDaily { spent, max } => Claiming::OverDaily { spent, max },
            How::Moved | How::Kept | How::RefundHeld(_) => Claiming::Lost,
        }
    }

    /// What became of the intent of a refund that was written under this lock.
    pub fn refund_claim(self, id: RefundId, lock: PaymentLock) -> Result<RefundClaim, RefundHeld> {
        match self.how {
            How::Claimed => Ok(RefundClaim { id, lock }),
            How::RefundHeld(held) => Err(held),
            How::Kept | How::Moved | How::Similar(_) | How::Open(_) | How::OverDaily { .. } => {
                Err(RefundHeld::NotPaid)
            }
        }
    }

    /// The payment, if it was as the entry took it for.
    #[must_use]
    pub fn as_asked(self) -> Option<Payment> {
        (self.how != How::Moved).then_some(self.payment)
    }
}

/// The right to send one attempt at one payment, and to write down what became of it.
#[derive(Debug)]
#[must_use = "the payment's lock is let go when it is dropped"]
pub struct Claim {
    attempt: Attempt,
    /// The row as this run has left it.
    seen: Seen,
    lock: PaymentLock,
}

/// The right to send one refund, and to write down what became of it.
#[derive(Debug)]
#[must_use = "the payment's lock is let go when it is dropped"]
pub struct RefundClaim {
    id: RefundId,
    lock: PaymentLock,
}

impl RefundClaim {
    /// The second send: to be durable before it leaves.
    #[must_use]
    pub fn resend(&self, at: Timestamp, mark: SendMark, refused: Received) -> Entry {
        Entry::RefundResend { id: self.id.clone(), at, mark, refused }
    }

    /// A refusal that is about to be looked up: the process may not live to do it.
    #[must_use]
    pub fn refused(&self, at: Timestamp, received: Received) -> Entry {
        Entry::RefundEnd { id: self.id.clone(), at, end: None, record: None, received }
    }

    /// The gateway took it, and what became of it is about to be looked up: a process that does not live to do it
    /// must not leave behind a refund that silence may settle.
    #[must_use]
    pub fn taken(&self, at: Timestamp, received: Received) -> Entry {
        let end = Some(RefundEnd::Unknown(Reason::RefundTaken));
        Entry::RefundEnd { id: self.id.clone(), at, end, record: None, received }
    }

    pub fn ended(
        self,
        at: Timestamp,
        end: RefundEnd,
        record: Option<Box<GatewayRecord>>,
        received: Received,
    ) -> Closing {
        let RefundClaim { id, lock } = self;
        Closing { entry: Entry::RefundEnd { id, at, end: Some(end), record, received }, lock }
    }
}

/// The last entry of a run, and the lock that is let go when it is durable.
#[derive(Debug)]
#[must_use = "nothing of it is written yet"]
pub struct Closing {
    pub entry: Entry,
    pub lock: PaymentLock,
}

impl Claim {
    /// The second send: to be durable before it leaves, because the wait counts from it.
    #[must_use]
    pub fn resend(&mut self, at: Timestamp, mark: SendMark, refused: Received) -> Entry {
        self.seen.last_send = Some(as_kept(&mark));
        Entry::Resend { attempt: self.attempt.clone(), at, mark, refused }
    }

    /// A refusal that is about to be looked up: the process may not live to do it.
    #[must_use]
    pub fn refused(&self, at: Timestamp, received: Received) -> Entry {
        Entry::Refusal { attempt: self.attempt.clone(), at, received }
    }

    pub fn answered(
        self,
        at: Timestamp,
        settled: Settled,
        received: Received,
        shown: Vec<GatewayRecord>,
    ) -> Closing {
        let Claim { attempt, lock, .. } = self;
        Closing { entry: Entry::Answer { attempt, at, settled, received, shown }, lock }
    }

    pub fn not_sent(self, at: Timestamp, reason: Reason, received: Received) -> Closing {
        let Claim { attempt, lock, .. } = self;
        Closing { entry: Entry::NotSent { attempt, at, reason, received }, lock }
    }

    /// What a look-up after a refusal makes of the pending attempt.
    pub fn looked_up(
        self,
        at: Timestamp,
        looked_up: LookedUp,
        received: Received,
        shown: Vec<GatewayRecord>,
    ) -> Closing {
        let Claim { attempt: Attempt { uid, .. }, seen, lock } = self;
        Closing { entry: Entry::Lookup { uid, seen, at, looked_up, received, shown }, lock }
    }
}
