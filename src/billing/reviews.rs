//! Many payments settled at once: each is reviewed as one alone is, by several workers with one writer between them.
//!
//! Where there are more than the workers have hands for, the gateway is asked about those that are open in calls of
//! many ids first. What such a call shows as paid settles a payment that was sent once; whatever else it says, or
//! does not say, the payment is asked about alone (contract, rule 8).

use std::io;
use std::sync::Arc;
use std::time::Duration;

use crate::billing::ask_ahead::took_money;
use crate::billing::crew::{Crew, Next, WORKERS, Work};
use crate::billing::desk::Desk;
use crate::billing::in_bulk::{AskedAhead, InBulk};
use crate::billing::reconcile::{ReviewError, Reviewed, TakeWord, look_into_knowing};
use crate::billing::request::Known;
use crate::billing::writer::{Reader, Writer};
use crate::domain::ids::MerchantUid;
use crate::domain::payment::{Mode, Payment};
use crate::domain::pressure::Halt;
use crate::domain::time::Clock;
use crate::gateway::{Client, NotListed, bulk_bytes, bulk_bytes_without_ids};
use crate::interrupt::Interrupts;
use crate::ledger::Ledger;

/// How many interrupts end a call of many ids.
const PATIENCE: u32 = 1;

/// What came of one payment.
pub type Review = Result<Reviewed, ReviewError>;

/// What many reviews are begun with.
pub struct ReviewJob {
    /// A connection to write with, and another one to look with.
    pub ledger: Ledger,
    pub reader: Reader,
    pub gateway: Arc<Client>,
    pub clock: Arc<dyn Clock>,
    pub interrupts: Interrupts,
    /// The profile's.
    pub mode: Mode,
    pub settle_after: Duration,
    pub take_word: TakeWord,
}

/// Reviews under way. What is handed out is recorded already.
pub struct Reviews {
    crew: Crew<Box<Review>>,
    _writer: Writer,
}

impl Reviews {
    /// Begins. An error means that no worker could be started.
    pub fn start(job: ReviewJob, uids: &Arc<Vec<MerchantUid>>) -> io::Result<Reviews> {
        let shown = shown_together(&job, uids).map(Arc::new);
        let ReviewJob { ledger, reader, gateway, clock, interrupts, mode, settle_after, take_word } = job;
        let writer = Writer::start(ledger, reader)?;
        let handle = writer.handle();
        let worker = || -> Work<Box<Review>> {
            let (mut book, uids, shown) = (handle.of_worker(), Arc::clone(uids), shown.clone());
            let (gateway, clock) = (Arc::clone(&gateway), Arc::clone(&clock));
            let interrupts = interrupts.clone();
            Box::new(move |place| {
                let Some(uid) = uids.get(place) else { return Box::new(Err(ReviewError::NoSuchPayment)) };
                let known = shown.as_ref().and_then(|shown| shown.shown(place));
                let mut desk = Desk {
                    ledger: &mut book,
                    gateway: Arc::clone(&gateway),
                    clock: Arc::clone(&clock),
                    interrupts: interrupts.clone(),
                };
                let known = known.as_ref();
                Box::new(look_into_knowing(&mut desk, uid, mode, settle_after, take_word, known))
            })
        };
        let at_work = (Arc::clone(&gateway), Arc::clone(&clock));
        // One that is told to wait is told of at once: whoever looks after the run decides whether it goes on.
        let crew = Crew::start(at_work, interrupts.clone(), uids.len(), &worker, |_| false)?;
        Ok(Reviews { crew, _writer: writer })
    }

    /// Takes what was reviewed, in the order of the payments, or waits for it; each with its place.
    pub fn next(&self, at_most: Duration) -> Next<Box<Review>> {
        self.crew.next(at_most)
    }

    /// Begins no further review.
    pub fn stop(&self) {
        self.crew.stop();
    }

    /// Why the gateway is sent nothing more, if that is so.
    #[must_use]
    pub fn halted(&self) -> Option<Halt> {
        self.crew.halted()
    }

    /// How long the gateway wants to hear nothing more, if it does.
    #[must_use]
    pub fn paused(&self) -> Option<Duration> {
        self.crew.paused()
    }
}

/// The calls of many ids; `None` where the workers ask as quickly without.
fn shown_together(job: &ReviewJob, uids: &Arc<Vec<MerchantUid>>) -> Option<AskedAhead<MerchantUid, Known>> {
    if uids.len() <= WORKERS {
        return None;
    }
    // A ledger that cannot be read is told of by the review itself.
    let rows = job.reader.look().find_many(uids).ok()?;
    let wanted = uids.iter().zip(rows);
    let wanted: Vec<Option<MerchantUid>> =
        wanted.map(|(uid, row)| row.is_some_and(|row| may_be_shown(&row)).then(|| uid.clone())).collect();
    if wanted.iter().flatten().count() <= WORKERS {
        return None;
    }
    let (for_many, for_call) = (Arc::clone(&job.gateway), Arc::clone(&job.gateway));
    let (many, interrupts, clock) = (job.interrupts.clone(), job.interrupts.clone(), Arc::clone(&job.clock));
    let ahead = InBulk::new(
        wanted,
        (bulk_bytes, bulk_bytes_without_ids()),
        Box::new(move || for_many.takes_many() && !many.requested()),
        Box::new(move |uids: &[MerchantUid]| {
            let (gateway, asked, asked_at) = (Arc::clone(&for_call), uids.to_vec(), clock.now());
            let bulk = interrupts.run(PATIENCE, move || gateway.look_up_shown(&asked), &mut || ());
            let bulk = bulk.unwrap_or(Err(NotListed::Unasked))?;
            took_money(uids, bulk, &asked_at).ok_or(NotListed::Refused)
        }),
    );
    Some(ahead.ahead())
}

/// Whether a record among many can settle it: it is open and was sent once, and nobody has noted anything else. Ids
/// beyond ASCII may be equal to the gateway and not to the letter.
fn may_be_shown(row: &Payment) -> bool {
    row.outcome.is_open()
        && row.attempts == 1
        && row.noted.is_none()
        && row.terms.merchant_uid.as_str().is_ascii()
}
