//! What a charge is asked with, and what comes before it is driven: the row that is the answer
//! already, and the lock.

use std::sync::Arc;
use std::time::Duration;

use crate::billing::report::{Ended, Held, Report, held_by, held_without};
use crate::domain::charge::ChargeRequest;
use crate::domain::ids::MerchantUid;
use crate::domain::lookup::LookupReply;
use crate::domain::payment::Payment;
use crate::domain::protocol::{self, Action, Event, State, Stored};
use crate::domain::time::Clock;
use crate::gateway::Client;
use crate::interrupt::Interrupts;
use crate::ledger::{Guards, Ledger, LedgerError, PaymentLock};

/// How often a payment's lock is tried while another process has it.
const LOCK_TRY_EVERY: Duration = Duration::from_millis(20);

/// What a charge works with.
pub struct Desk<'a> {
    pub ledger: &'a mut Ledger,
    pub gateway: Arc<Client>,
    pub clock: Arc<dyn Clock>,
    pub interrupts: Interrupts,
}

/// How many interrupts end a wait while nothing is out.
const PATIENCE_UNSENT: u32 = 1;

impl Desk<'_> {
    /// Sees to a token that is good for the next request. Nothing is out, so that an interrupt
    /// ends the wait at once.
    pub(super) fn have_token(&self) -> Result<(), Held> {
        self.unsent(|gateway| gateway.token(false).map(|_| ()))?.map_err(|failure| held_by(&failure))
    }

    /// Gets a token in place of one that was not taken.
    pub(super) fn renew_token(&self) -> Result<(), Held> {
        self.unsent(Client::renew_token)?.map_err(|failure| held_by(&failure))
    }

    /// Asks for every payment under a merchant_uid.
    pub(super) fn look_up(&self, uid: &MerchantUid) -> Result<LookupReply, Held> {
        self.have_token()?;
        let uid = uid.clone();
        self.unsent(move |gateway| gateway.look_up(&uid))
    }

    fn unsent<T: Send + 'static>(&self, job: impl FnOnce(&Client) -> T + Send + 'static) -> Result<T, Held> {
        let gateway = Arc::clone(&self.gateway);
        let value = self.interrupts.run(PATIENCE_UNSENT, move || job(&gateway), &mut || ());
        value.map_err(held_without)
    }
}

/// A charge as asked for, checked, and how to go about it.
pub struct Order {
    pub request: ChargeRequest,
    /// Send a declined or rejected one once more.
    pub retry: bool,
    pub guards: Guards,
    /// How long an unanswered request may take to show in a look-up.
    pub settle_after: Duration,
    /// How long to wait for another process that is at the same payment.
    pub lock_wait_max: Duration,
    pub note: Option<String>,
    pub operator: Option<String>,
}

/// What happens meanwhile, for whoever watches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Notice {
    /// Another process is at the same payment.
    WaitingForOther,
    /// The request is out.
    Sent,
    /// An interrupt came while the request was out.
    StillWaiting,
}

/// The end of a charge that needs neither the gateway nor the lock, because the stored row is the
/// answer or stands in the way; `None` when there is more to do.
pub fn ended_before(ledger: &Ledger, order: &Order) -> Result<Option<Ended>, LedgerError> {
    let asked = &order.request.terms;
    let Some(payment) = ledger.find(&asked.merchant_uid)? else { return Ok(None) };
    let event = Event::Row(Some(stored(&payment, &order.request)));
    let (_, action) = protocol::next(State::Opened { retry: order.retry }, event);
    Ok(match action {
        Action::Replay => Some(Ended::Answered(Box::new(Report::of_stored(payment)))),
        Action::RefuseOtherTerms => Some(Ended::OtherTerms(Box::new(payment))),
        Action::LookUp
        | Action::Claim
        | Action::Send
        | Action::RenewToken
        | Action::SendAgain
        | Action::Settle(_)
        | Action::StayUnknown
        | Action::GiveUp
        | Action::Revert
        | Action::Reopen
        | Action::Stop => None,
    })
}

/// The row as the protocol sees it.
pub(super) fn stored(row: &Payment, request: &ChargeRequest) -> Stored {
    let asked = &request.terms;
    Stored {
        outcome: row.outcome,
        same_terms: row.terms.customer_uid == asked.customer_uid && row.terms.amount == asked.amount,
        same_mode: row.terms.mode == asked.mode,
    }
}

pub(super) enum Waited {
    Locked(PaymentLock),
    Interrupted,
    TooLong,
}

pub(super) fn wait_for_lock(
    desk: &Desk<'_>,
    order: &Order,
    tell: &mut dyn FnMut(Notice),
) -> Result<Waited, LedgerError> {
    let mut waited = Duration::ZERO;
    loop {
        if desk.interrupts.requested() {
            return Ok(Waited::Interrupted);
        }
        if let Some(lock) = desk.ledger.lock_payment(&order.request.terms.merchant_uid)? {
            return Ok(Waited::Locked(lock));
        }
        if waited.is_zero() {
            tell(Notice::WaitingForOther);
        }
        if waited >= order.lock_wait_max {
            return Ok(Waited::TooLong);
        }
        desk.clock.sleep(LOCK_TRY_EVERY);
        waited = waited.saturating_add(LOCK_TRY_EVERY);
    }
}
