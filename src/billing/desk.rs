//! What a charge works with, and what it asks for: a token, the lock, the time, what the gateway knows.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use crate::billing::book::Book;
use crate::billing::report::{Held, held_by, held_without};
use crate::billing::request::Known;
use crate::domain::beside;
use crate::domain::ids::MerchantUid;
use crate::domain::lookup::{self, Finding, LookedUp, LookupReply, Question, doubt_elsewhere_s, judge};
use crate::domain::payment::{Payment, Received, Terms};
use crate::domain::protocol::{DOUBT_LASTS, ends_doubt};
use crate::domain::time::{Clock, Moment, SendMark, later};
use crate::gateway::Client;
use crate::interrupt::Interrupts;
use crate::ledger::{LedgerError, PaymentLock};

/// How often a payment's lock is tried while another process has it.
const LOCK_TRY_EVERY: Duration = Duration::from_millis(20);

/// The longest time that may lie between the intent and its send. The wait before a payment may be
/// sent again is counted from the intent; a process that was stopped in between and then woke up
/// must not send on the strength of an intent that others may meanwhile hold for lost.
const INTENT_AGE_MAX: Duration = Duration::from_secs(5);

/// The least that is allowed for it, however short `settle_after` is: the gateway's clock counts whole seconds,
/// and a busy machine must be able to charge.
const INTENT_AGE_LEAST: Duration = Duration::from_secs(1);

/// The same under a short `settle_after`: half of it, so that the other half is left for the request to arrive
/// before anybody may send it again. Under two seconds there is no such half, which is one of the reasons why
/// so short a wait is warned about.
fn intent_age_max(settle_after: Duration) -> Duration {
    INTENT_AGE_MAX.min((settle_after / 2).max(INTENT_AGE_LEAST))
}

/// What a charge works with.
pub struct Desk<'a> {
    pub ledger: &'a mut dyn Book,
    pub gateway: Arc<Client>,
    pub clock: Arc<dyn Clock>,
    pub interrupts: Interrupts,
}

/// A row at the moment before its question: what is heard is no younger than this.
#[derive(Clone, Copy, Debug)]
struct Before {
    /// By the gateway's clock, epoch seconds.
    at_s: i64,
    /// How long ago the last send was, for certain.
    sent_age: Option<Duration>,
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
        let asked_at = self.clock.now();
        let before = self.before(row);
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
        self.judged(terms, row, (before, settle_after), known, held)
    }

    /// The same of an answer that is there already, whatever was sent before it was asked for: for whoever takes
    /// from it what it shows, and never what it does not.
    pub(super) fn shown(
        &self,
        terms: &Terms,
        row: &Payment,
        settle_after: Duration,
        known: &Known,
    ) -> Result<Asked, LedgerError> {
        self.judged(terms, Some(row), (self.before(Some(row)), settle_after), known.clone(), None)
    }

    fn before(&self, row: Option<&Payment>) -> Before {
        Before {
            at_s: self.gateway.now_s().unwrap_or_else(|| self.clock.now().wall.as_second()),
            sent_age: row.and_then(|row| self.send_age(row)),
        }
    }

    fn judged(
        &self,
        terms: &Terms,
        row: Option<&Payment>,
        (before, settle_after): (Before, Duration),
        known: Known,
        held: Option<Held>,
    ) -> Result<Asked, LedgerError> {
        let declined_before = self.ledger.declined_imp_uids(&terms.merchant_uid)?;
        let unanswered = row.map_or(0, |row| row.unanswered);
        let (mode, declined_before) = (terms.mode, &declined_before[..]);
        let now_s = self.gateway.now_s().unwrap_or_else(|| known.asked_at.wall.as_second());
        let elsewhere =
            doubt_elsewhere_s(row, known.reply.shown(), now_s).map(|at_s| since(at_s, before.at_s));
        let age = [before.sent_age, elsewhere].into_iter().flatten().min();
        let has_waited = |wait: Duration| age.is_none_or(|age| age >= wait);
        let waited = has_waited(settle_after);
        let question = Question { terms, mode, declined_before, unanswered, waited, now_s };
        let finding = judge(&question, &known.reply);
        let finding = match row {
            Some(row) if beside::is_open(row) && !self.is_own_key(row)? => {
                lookup::through_another_key(finding)
            }
            Some(_) | None => finding,
        };
        let ends = |row: &Payment| ends_doubt(row, &finding) && has_waited(DOUBT_LASTS);
        let doubt_ends = waited && row.is_some_and(ends);
        Ok(Asked { known, finding, waited, doubt_ends, held })
    }

    /// Whether the last send that may still show as a charge, if there was one, was long enough ago.
    pub(super) fn has_waited(&self, row: &Payment, wait: Duration) -> bool {
        self.last_age(row).is_none_or(|age| age >= wait)
    }

    /// How long ago that send was, for certain.
    fn last_age(&self, row: &Payment) -> Option<Duration> {
        let now_s = || self.gateway.now_s().unwrap_or_else(|| self.clock.now().wall.as_second());
        let elsewhere = doubt_elsewhere_s(Some(row), &[], i64::MAX).map(|at_s| since(at_s, now_s()));
        [self.send_age(row), elsewhere].into_iter().flatten().min()
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
        let gateway_now_s = if same_boot { by_last_token() } else { self.gateway.now_s_at_least() };
        Some(mark.age(&now, gateway_now_s))
    }

    /// When the wait for a payment to show is over, as far as the wall clock can say it.
    pub(super) fn wait_ends_at(&self, row: &Payment, settle_after: Duration) -> Option<Timestamp> {
        let age = self.last_age(row)?;
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

    /// How long ago a send was, for certain, when `asked_at` was read.
    pub(super) fn age_of(&self, sent: &SendMark, asked_at: &SendMark) -> Duration {
        let now = Moment { wall: asked_at.wall, boot: asked_at.boot.clone() };
        sent.age(&now, asked_at.gateway_s)
    }

    /// When a wait that began with a send is over, as far as the wall clock can say it.
    pub(super) fn settles_at(&self, sent: &SendMark, settle_after: Duration) -> Option<Timestamp> {
        let now = self.take_mark();
        Some(later(now.wall, settle_after.saturating_sub(self.age_of(sent, &now))))
    }

    /// Whether too much time lies between an intent and its send; see [`INTENT_AGE_MAX`].
    pub(super) fn held_up(&self, mark: &SendMark, settle_after: Duration) -> bool {
        let gateway_s = self.gateway.now_s();
        mark.age_at_most(&self.clock.now(), gateway_s) > intent_age_max(settle_after)
    }

    pub(super) fn unsent<T: Send + 'static>(
        &self,
        job: impl FnOnce(&Client) -> T + Send + 'static,
    ) -> Result<T, Held> {
        let gateway = Arc::clone(&self.gateway);
        let value = self.interrupts.run(PATIENCE_UNSENT, move || job(&gateway), &mut || ());
        value.map_err(held_without)
    }
}

fn since(at_s: i64, now_s: i64) -> Duration {
    Duration::from_secs(u64::try_from(now_s.saturating_sub(at_s)).unwrap_or(0))
}

/// What a look-up says.
pub(super) struct Asked {
    /// The answer itself, and when it was asked for.
    pub(super) known: Known,
    pub(super) finding: Finding,
    /// Whether the last send was long enough ago to show, when the gateway was asked.
    pub(super) waited: bool,
    /// It ends the doubt about the row.
    pub(super) doubt_ends: bool,
    /// Why nothing was asked.
    pub(super) held: Option<Held>,
}

impl Asked {
    /// What is written down of a row that stays what it is.
    pub(super) fn nothing_new(&self) -> LookedUp {
        if self.doubt_ends { LookedUp::DoubtEnds } else { LookedUp::Nothing }
    }
}

/// How the wait for a payment's lock ended.
pub(super) enum Waited {
    Locked(PaymentLock),
    Interrupted,
    TooLong,
}

/// Waits for whoever is at a payment, `at_most` as long; `tell` is called once where another process has it.
pub(super) fn wait_for_lock(
    desk: &Desk<'_>,
    uid: &MerchantUid,
    at_most: Duration,
    tell: &mut dyn FnMut(),
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
            tell();
        }
        if waited >= at_most {
            return Ok(Waited::TooLong);
        }
        desk.clock.sleep(LOCK_TRY_EVERY);
        waited = waited.saturating_add(LOCK_TRY_EVERY);
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::intent_age_max;

    #[test]
    fn an_intent_is_sent_within_half_of_the_wait_before_it_may_be_sent_again() {
        for (settle_after_ms, most_ms) in
            [(900_000, 5_000), (10_000, 5_000), (4_000, 2_000), (3_000, 1_500), (2_000, 1_000), (0, 1_000)]
        {
            let most = intent_age_max(Duration::from_millis(settle_after_ms));
            assert_eq!(most, Duration::from_millis(most_ms), "settle_after {settle_after_ms} ms");
        }
    }
}
