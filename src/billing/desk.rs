//! What a charge is asked with, and what comes before it is driven: the row that is the answer
//! already, and the lock.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use crate::billing::book::Book;
use crate::billing::report::{Ended, Held, Report, finding_record, held_by, held_without};
use crate::domain::charge::ChargeRequest;
use crate::domain::ids::MerchantUid;
use crate::domain::lookup::{Finding, LookupReply, Question, judge};
use crate::domain::payment::{GatewayRecord, Outcome, Payment, Received, Terms};
use crate::domain::protocol::{self, Action, Event, Found, State, Stored};
use crate::domain::time::{Clock, SendMark, later};
use crate::gateway::Client;
use crate::interrupt::Interrupts;
use crate::ledger::{Guards, Ledger, LedgerError, PaymentLock};

/// How often a payment's lock is tried while another process has it.
const LOCK_TRY_EVERY: Duration = Duration::from_millis(20);

/// What a charge works with.
pub struct Desk<'a> {
    pub ledger: &'a mut dyn Book,
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
    fn look_up(&self, uid: &MerchantUid) -> Result<LookupReply, Held> {
        self.have_token()?;
        let uid = uid.clone();
        self.unsent(move |gateway| gateway.look_up(&uid))
    }

    /// Asks the gateway for every payment under a merchant_uid, and judges what it says about the
    /// one in `row`.
    pub(super) fn ask(
        &self,
        terms: &Terms,
        row: Option<&Payment>,
        settle_after: Duration,
    ) -> Result<Asked, LedgerError> {
        // Before the look-up: what it shows is no younger than this.
        let waited = row.is_some_and(|row| self.has_waited(row, settle_after));
        let (reply, held) = match self.look_up(&terms.merchant_uid) {
            Ok(reply) => (reply, None),
            Err(held) => {
                let (reason, received) = (held.to_string(), Received::default());
                (LookupReply::NoAnswer { reason, reached: false, received }, Some(held))
            }
        };
        let declined_before = self.ledger.declined_imp_uids(&terms.merchant_uid)?;
        let unanswered = row.map_or(0, |row| row.unanswered);
        let mode = terms.mode;
        let finding =
            judge(&Question { terms, mode, declined_before: &declined_before, unanswered, waited }, &reply);
        let found = match &finding {
            Finding::Charged { .. } => Found::Charged,
            Finding::Declined { .. } => Found::Declined,
            Finding::Odd { .. } => Found::Odd,
            Finding::Nothing => Found::Nothing { waited },
            Finding::NoAnswer { .. } => Found::NoAnswer,
        };
        Ok(Asked { reply, finding, found, held })
    }

    /// Writes down what a look-up found, as the payment's outcome from now on.
    pub(super) fn record_finding(
        &mut self,
        uid: &MerchantUid,
        outcome: Outcome,
        lookup: &LookupReply,
        finding: &Finding,
        message: Option<&str>,
    ) -> Result<Payment, LedgerError> {
        let received = lookup.received();
        if let (Outcome::Declined, Finding::Declined { records }) = (outcome, finding)
            && let Some((_, older)) = records.split_last()
        {
            self.keep_declines(uid, received, older)?;
        }
        let record = finding_record(finding);
        let imp_uid = record.and_then(|record| record.imp_uid.clone());
        let received = Received { imp_uid: imp_uid.or_else(|| received.imp_uid.clone()), ..received.clone() };
        let at = self.clock.now().wall;
        self.ledger.record_lookup(uid, at, outcome, &received, record, message)
    }

    /// Writes down a look-up that says nothing new of the payment, which has this outcome all the
    /// same.
    pub(super) fn record_nothing_found(
        &mut self,
        uid: &MerchantUid,
        outcome: Outcome,
        lookup: &LookupReply,
        message: Option<&str>,
    ) -> Result<Payment, LedgerError> {
        let at = self.clock.now().wall;
        self.ledger.record_lookup(uid, at, outcome, lookup.received(), None, message)
    }

    /// Writes down declines that were found: each speaks for a request that was made before, and
    /// for none that is made later.
    pub(super) fn keep_declines(
        &mut self,
        uid: &MerchantUid,
        received: &Received,
        records: &[GatewayRecord],
    ) -> Result<Option<Payment>, LedgerError> {
        let mut row = None;
        for record in records {
            let at = self.clock.now().wall;
            let received = Received { imp_uid: record.imp_uid.clone(), ..received.clone() };
            let reason = record.fail_reason.as_deref();
            row = Some(self.ledger.record_lookup(
                uid,
                at,
                Outcome::Declined,
                &received,
                Some(record),
                reason,
            )?);
        }
        Ok(row)
    }

    /// Whether the last send was long enough ago, and was made with the key in use now: another
    /// key may be another account, which cannot see it.
    fn has_waited(&self, row: &Payment, settle_after: Duration) -> bool {
        let same_account = row.account.as_deref() == Some(self.gateway.account());
        same_account && self.send_age(row).is_some_and(|age| age >= settle_after)
    }

    /// How long ago the last send was, for certain.
    fn send_age(&self, row: &Payment) -> Option<Duration> {
        let mark = row.last_send.as_ref()?;
        let now = self.clock.now();
        let same_boot = match (&mark.boot, &now.boot) {
            (Some(then), Some(now)) => then.boot_id == now.boot_id,
            (None, _) | (_, None) => false,
        };
        let gateway_now_s = if same_boot { None } else { self.gateway.fresh_now_s() };
        Some(mark.age(&now, gateway_now_s))
    }

    /// When the wait for a payment to show is over, as far as the wall clock can say it.
    pub(super) fn wait_ends_at(&self, row: &Payment, settle_after: Duration) -> Option<Timestamp> {
        let age = self.send_age(row)?;
        Some(later(self.clock.now().wall, settle_after.saturating_sub(age)))
    }

    /// Now, on every clock there is. Without a boot clock the gateway's is the only one that
    /// counts, and is asked.
    pub(super) fn take_mark(&self) -> SendMark {
        let now = self.clock.now();
        let gateway_s = match &now.boot {
            Some(_) => self.gateway.now_s(),
            None => self.gateway.fresh_now_s(),
        };
        SendMark { wall: now.wall, boot: now.boot, gateway_s }
    }

    fn unsent<T: Send + 'static>(&self, job: impl FnOnce(&Client) -> T + Send + 'static) -> Result<T, Held> {
        let gateway = Arc::clone(&self.gateway);
        let value = self.interrupts.run(PATIENCE_UNSENT, move || job(&gateway), &mut || ());
        value.map_err(held_without)
    }
}

/// A look-up, and what it says.
pub(super) struct Asked {
    pub(super) reply: LookupReply,
    pub(super) finding: Finding,
    pub(super) found: Found,
    /// Why nothing was asked.
    pub(super) held: Option<Held>,
}

/// A charge as asked for, checked, and how to go about it.
pub struct Order {
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
    let payment = ledger.find(&order.request.terms.merchant_uid)?;
    Ok(payment.and_then(|payment| ended_by(payment, order).ok()))
}

/// The end that a stored row is; the row itself when there is more to do.
pub fn ended_by(payment: Payment, order: &Order) -> Result<Ended, Box<Payment>> {
    let event = Event::Row(Some(stored(&payment, &order.request)));
    let (_, action) = protocol::next(State::Opened { retry: order.retry }, event);
    match action {
        Action::Replay => Ok(Ended::Answered(Box::new(Report::of_stored(payment)))),
        Action::RefuseOtherTerms => Ok(Ended::OtherTerms(Box::new(payment))),
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
        | Action::Stop => Err(Box::new(payment)),
    }
}

/// The row as the protocol sees it.
pub(super) fn stored(row: &Payment, request: &ChargeRequest) -> Stored {
    let asked = &request.terms;
    Stored {
        outcome: row.outcome,
        same_terms: row.terms.customer_uid == asked.customer_uid && row.terms.amount == asked.amount,
        same_mode: row.terms.mode == asked.mode,
        unanswered: row.unanswered > 0,
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
