//! A charge as it is asked for, and the end that a stored row is to it.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use crate::billing::report::{Ended, Report};
use crate::domain::charge::ChargeRequest;
use crate::domain::declines::in_doubt_by_words;
use crate::domain::ids::MerchantUid;
use crate::domain::lookup::LookupReply;
use crate::domain::money::Amount;
use crate::domain::payment::{Mode, Outcome, Payment, Terms};
use crate::domain::protocol::{self, Opening, Stored};
use crate::domain::reason::Reason;
use crate::domain::time::Moment;
use crate::ledger::{Guards, Ledger, LedgerError, Passed};

/// A charge as asked for, checked, and how to go about it.
pub struct Charge {
    pub request: Arc<ChargeRequest>,
    /// Send a declined or rejected one once more.
    pub retry: bool,
    pub guards: Guards,
    /// How long an unanswered request may take to show in a look-up.
    pub settle_after: Duration,
    /// How long to wait for another process that is at the same payment.
    pub lock_wait_max: Duration,
    pub note: Option<String>,
    pub operator: Option<String>,
    pub host: Option<String>,
    /// What the gateway said of the order a moment ago, in this run.
    pub known: Option<Known>,
    pub beside: BesideOthers,
    pub leave: Leave,
}

/// What is known of the other orders of its customer and amount.
#[derive(Clone, Debug, Default)]
pub struct BesideOthers {
    /// Its id was made of a period.
    pub once_per: bool,
    /// Charge beside one that was paid a moment ago.
    pub allow_similar: bool,
    /// Looked at with what is `known`, and as good as that.
    pub passed: Vec<Passed>,
}

/// What lets a charge go, besides the gateway.
#[derive(Clone, Debug, Default)]
pub struct Leave {
    /// Somebody has accepted that a first send goes although the gateway gives no answer.
    pub unasked: bool,
    /// Why this ledger sends nothing yet, and until when.
    pub hold: Option<Hold>,
    /// A person is to be asked, and was not: what stood in the way was told in place of the question.
    pub unconfirmed: bool,
    /// Asked at the last moment before the intent, where one of many is charged.
    pub gate: Option<SendGate>,
}

/// Whether a request may leave now: something that is not this charge's own may have closed the way meanwhile.
#[derive(Clone)]
pub struct SendGate(Arc<dyn Fn() -> bool + Send + Sync>);

impl SendGate {
    #[must_use]
    pub fn new(is_open: impl Fn() -> bool + Send + Sync + 'static) -> SendGate {
        SendGate(Arc::new(is_open))
    }

    #[must_use]
    pub fn is_open(&self) -> bool {
        (self.0)()
    }
}

impl fmt::Debug for SendGate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SendGate")
    }
}

/// Makes the charge of one row of a batch: its number in, the charge out. `None` where it cannot be made.
pub type Charges = Arc<dyn Fn(u32) -> Option<Charge> + Send + Sync>;

/// A look-up's answer, and when it was asked for.
#[derive(Clone, Debug)]
pub struct Known {
    pub reply: LookupReply,
    pub asked_at: Moment,
}

/// Nothing is sent before then; what the gateway shows is recorded as usual.
#[derive(Clone, Debug)]
pub struct Hold {
    pub why: Reason,
    pub until: Option<Timestamp>,
}

/// How long an answer of the gateway's is good for a send (contract, rule 8).
pub const KNOWN_FOR: Duration = Duration::from_secs(60);

impl Known {
    /// Whether it is young enough to send by.
    #[must_use]
    pub fn is_fresh(&self, now: &Moment) -> bool {
        now.since(&self.asked_at).is_some_and(|age| age <= KNOWN_FOR)
    }
}

/// What happens meanwhile, for whoever watches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Notice<'a> {
    /// Another process is at this payment: at the same one, or at another of its customer and amount.
    WaitingForOther(&'a MerchantUid),
    /// The request goes, and the gateway shows something under the order that is no charge, or was not asked.
    Aside(&'a Reason),
    /// The request is out.
    Sent,
    /// An interrupt came while the request was out.
    StillWaiting,
}

/// Why a charge would not be sent although the gateway does not know it.
#[derive(Debug)]
pub enum Guarded {
    Similar(Box<Payment>),
    OverDaily { spent: Amount, max: Amount },
}

impl From<Guarded> for Ended {
    fn from(guarded: Guarded) -> Ended {
        match guarded {
            Guarded::Similar(other) => Ended::Similar(other),
            Guarded::OverDaily { spent, max } => Ended::OverDaily { spent, max },
        }
    }
}

/// What would keep a charge from being sent, as the ledger stands now. The send itself asks again, in the
/// transaction of its intent.
pub fn guarded(ledger: &Ledger, order: &Charge) -> Result<Option<Guarded>, LedgerError> {
    let terms = &order.request.terms;
    if let Some(since) = order.guards.similar_since
        && let Some(other) = ledger.similar(terms, order.beside.once_per, since)?
    {
        return Ok(Some(Guarded::Similar(Box::new(other))));
    }
    let Some(limit) = &order.guards.daily else { return Ok(None) };
    let (spent, max) = (ledger.spent(limit)?, limit.max);
    let within = spent.checked_add(terms.amount).is_some_and(|sum| sum <= max);
    Ok((!within).then_some(Guarded::OverDaily { spent, max }))
}

/// The end of a charge that needs neither the gateway nor the lock, because the stored row is the
/// answer or stands in the way; `None` when there is more to do.
pub fn ended_before(ledger: &Ledger, order: &Charge) -> Result<Option<Ended>, LedgerError> {
    let payment = ledger.find(&order.request.terms.merchant_uid)?;
    Ok(payment.and_then(|payment| ended_by(payment, order).ok()))
}

/// The end that a stored row is; the row itself when there is more to do.
pub fn ended_by(payment: Payment, order: &Charge) -> Result<Ended, Box<Payment>> {
    match protocol::open(&stored(&payment, &order.request), order.retry, order.leave.unasked) {
        Opening::Replay => Ok(Ended::Answered(Box::new(Report::of_stored(payment)))),
        Opening::RefuseOtherTerms => Ok(Ended::OtherTerms(Box::new(payment))),
        Opening::Ask(_) => Err(Box::new(payment)),
    }
}

/// Whether a row is for what is asked for now, or may become that: one that was never sent takes new terms.
#[must_use]
pub fn same_terms(row: &Payment, asked: &Terms) -> bool {
    let same = row.terms.customer_uid == asked.customer_uid && row.terms.amount == asked.amount;
    same || row.was_never_sent()
}

/// Whether a row is of the same kind of money. A payment of which the gateway's own flag says so is, whatever the
/// profile was said to be when it was made (contract, rule 12).
fn of_same_mode(row: &Payment, asked: Mode) -> bool {
    let by_its_flag =
        row.outcome == Outcome::Paid && row.sandbox.is_some() && !asked.disagrees_with(row.sandbox);
    row.terms.mode == asked || by_its_flag
}

/// The row as the protocol sees it.
pub(super) fn stored(row: &Payment, request: &ChargeRequest) -> Stored {
    let asked = &request.terms;
    Stored {
        outcome: row.outcome,
        same_terms: same_terms(row, asked),
        same_mode: of_same_mode(row, asked.mode),
        unanswered: row.is_beside_doubt() && row.doubt_ended_at.is_none(),
        noted_charged: row.is_noted_charged(),
        uncertain: in_doubt_by_words(row),
    }
}
