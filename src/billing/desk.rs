//! What a charge works with, and what it asks for: a token, the lock, the time, what the gateway knows.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use crate::billing::book::Book;
use crate::billing::report::{Held, held_by, held_without};
use crate::billing::request::{Known, Notice};
use crate::domain::beside;
use crate::domain::ids::MerchantUid;
use crate::domain::lookup::{self, Finding, LookupReply, Question, judge};
use crate::domain::payment::{Payment, Received, Terms};
use crate::domain::time::{Clock, SendMark, later};
use crate::gateway::Client;
use crate::interrupt::Interrupts;
use crate::ledger::{LedgerError, PaymentLock};

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

    /// Judges what the gateway says of every payment under a merchant_uid about the one in `row`. What is
    /// `known` is taken for its answer where it is young enough and this ledger has sent nothing since; else
    /// the gateway is asked.
    pub(super) fn ask(
        &self,
        terms: &Terms,
        row: Option<&Payment>,
        settle_after: Duration,
        known: Option<&Known>,
    ) -> Result<Asked, LedgerError> {
        // Before the look-up: what it shows is no younger than this.
        let waited = row.is_none_or(|row| self.has_waited(row, settle_after));
        let asked_at = self.clock.now();
        let never_sent = row.is_none_or(|row| row.last_send.is_none());
        let known = known.filter(|known| never_sent && known.is_fresh(&asked_at)).cloned();
        let (known, held) = match known {
            Some(known) => (known, None),
            None => match self.look_up(&terms.merchant_uid) {
                Ok(reply) => (Known { reply, asked_at }, None),
                Err(held) => {
                    let (reason, received) = (held.reason(), Received::default());
                    let reply = LookupReply::NoAnswer { reason, reached: false, received };
                    (Known { reply, asked_at }, Some(held))
                }
            },
        };
        let declined_before = self.ledger.declined_imp_uids(&terms.merchant_uid)?;
        let unanswered = row.map_or(0, |row| row.unanswered);
        let (mode, declined_before) = (terms.mode, &declined_before[..]);
        let now_s = self.gateway.now_s().unwrap_or_else(|| known.asked_at.wall.as_second());
        let question = Question { terms, mode, declined_before, unanswered, waited, now_s };
        let finding = judge(&question, &known.reply);
        let finding = match row {
            Some(row) if beside::is_open(row) && !self.is_own_key(row)? => {
                lookup::through_another_key(finding)
            }
            Some(_) | None => finding,
        };
        Ok(Asked { known, finding, waited, held })
    }

    /// Whether the last send, if there was one, was long enough ago.
    pub(super) fn has_waited(&self, row: &Payment, settle_after: Duration) -> bool {
        row.last_send.is_none() || self.send_age(row).is_some_and(|age| age >= settle_after)
    }

    /// Whether the last send, if there was one, was made with the key in use now, or with one that the ledger
    /// knows to be of the same account: another account cannot see it (contract, rule 12).
    fn is_own_key(&self, row: &Payment) -> Result<bool, LedgerError> {
        match row.account.as_deref() {
            Some(account) => self.ledger.one_account(account, self.gateway.account()),
            None => Ok(row.last_send.is_none()),
        }
    }

    /// How long ago the last send was, for certain.
    pub(super) fn send_age(&self, row: &Payment) -> Option<Duration> {
        let mark = row.last_send.as_ref()?;
        let now = self.clock.now();
        let same_boot = match (&mark.boot, &now.boot) {
            (Some(then), Some(now)) => then.boot_id == now.boot_id,
            (None, _) | (_, None) => false,
        };
        // In one boot nobody is asked: what the last token said may contradict the boot clock all the same. It is
        // in whole seconds, and less than one is no contradiction.
        let by_last_token = || self.gateway.now_s().map(|now_s| now_s.saturating_add(1));
        let gateway_now_s = if same_boot { by_last_token() } else { self.gateway.fresh_now_s() };
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

/// What a look-up says.
pub(super) struct Asked {
    /// The answer itself, and when it was asked for.
    pub(super) known: Known,
    pub(super) finding: Finding,
    /// Whether the last send was long enough ago to show, when the gateway was asked.
    pub(super) waited: bool,
    /// Why nothing was asked.
    pub(super) held: Option<Held>,
}

pub(super) enum Waited {
    Locked(PaymentLock),
    Interrupted,
    TooLong,
}

/// Waits for whoever is at a payment, `at_most` as long.
pub(super) fn wait_for_lock(
    desk: &Desk<'_>,
    uid: &MerchantUid,
    at_most: Duration,
    tell: &mut dyn FnMut(Notice),
) -> Result<Waited, LedgerError> {
    let mut waited = Duration::ZERO;
    loop {
        if desk.interrupts.requested() {
            return Ok(Waited::Interrupted);
        }
        if let Some(lock) = desk.ledger.lock_payment(uid)? {
            return Ok(Waited::Locked(lock));
        }
        if waited.is_zero() {
            tell(Notice::WaitingForOther(uid));
        }
        if waited >= at_most {
            return Ok(Waited::TooLong);
        }
        desk.clock.sleep(LOCK_TRY_EVERY);
        waited = waited.saturating_add(LOCK_TRY_EVERY);
    }
}
