//! Settles what is open by asking the gateway; nothing is ever sent to be charged.

use std::time::Duration;

use jiff::Timestamp;

use crate::billing::desk::{Asked, Desk};
use crate::billing::report::{Held, mode_denied};
use crate::billing::request::Known;
use crate::domain::ids::MerchantUid;
use crate::domain::lookup::{Finding, LookedUp};
use crate::domain::payment::{GatewayRecord, Mode, Payment, Terms};
use crate::domain::protocol::{Review, review, review_noted};
use crate::domain::reason::Reason;
use crate::ledger::{Entry, How, LedgerError, Seen, Written};

/// What became of one payment.
#[derive(Debug)]
pub struct Reviewed {
    /// As it is recorded now.
    pub payment: Payment,
    /// As it was recorded before: a paid row follows at once what is shown of its refunds.
    pub row_before: Payment,
    pub verdict: Verdict,
    /// Everything that the gateway showed under the order.
    pub records: Vec<GatewayRecord>,
    /// The profile's mode, where the gateway's flag says that another kind of money moved.
    pub mode_denied: Option<Mode>,
}

/// How a review ended.
#[derive(Debug)]
pub enum Verdict {
    /// Its outcome was found out.
    Settled,
    /// What was recorded stands.
    Stands,
    /// The gateway has answered, and nothing certain is known yet: why, and from when on it may be sent again.
    Open { why: Reason, try_again_at: Option<Timestamp> },
    /// The gateway gave no answer, or was not reached: nothing was learnt, whatever is recorded.
    Unanswered { why: Reason, reached: bool },
    /// The gateway shows something that contradicts what is recorded.
    Contradicted { why: Reason, record: Option<Box<GatewayRecord>> },
    /// Another process is at it now.
    Busy,
}

/// Why a review could not be made at all.
#[derive(Debug)]
pub enum ReviewError {
    Ledger(LedgerError),
    /// Stopped, or without a token: nothing was asked.
    Held(Held),
    /// The ledger does not know the merchant_uid.
    NoSuchPayment,
}

impl From<LedgerError> for ReviewError {
    fn from(error: LedgerError) -> ReviewError {
        ReviewError::Ledger(error)
    }
}

/// Asks the gateway about one payment and records what it says. `mode` is the profile's: whether
/// money should be real.
pub fn reconcile(
    desk: &mut Desk<'_>,
    uid: &MerchantUid,
    mode: Mode,
    settle_after: Duration,
) -> Result<Reviewed, ReviewError> {
    look_into(desk, uid, mode, settle_after, TakeWord::No)
}

/// Whether the gateway's word on the refunds of a payment that is paid is taken (`--fix`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TakeWord {
    Yes,
    No,
}

/// The same as [`reconcile`]. With [`TakeWord::Yes`] a paid row takes over what its own record at the gateway
/// says of refunds, as one more event.
pub fn look_into(
    desk: &mut Desk<'_>,
    uid: &MerchantUid,
    mode: Mode,
    settle_after: Duration,
    take_word: TakeWord,
) -> Result<Reviewed, ReviewError> {
    look_into_knowing(desk, uid, mode, settle_after, take_word, None)
}

/// The same; what is `known` is what the gateway has just shown of the payment among many others. It settles one that
/// is open and was sent once, where it shows that payment as charged. For all else the gateway is asked.
pub(super) fn look_into_knowing(
    desk: &mut Desk<'_>,
    uid: &MerchantUid,
    mode: Mode,
    settle_after: Duration,
    take_word: TakeWord,
    known: Option<&Known>,
) -> Result<Reviewed, ReviewError> {
    let lock = desk.ledger.lock_payment(uid)?;
    let row_before = desk.ledger.find(uid)?.ok_or(ReviewError::NoSuchPayment)?;
    if lock.is_none() {
        let (payment, verdict, records) = (row_before.clone(), Verdict::Busy, Vec::new());
        return Ok(Reviewed { payment, row_before, verdict, records, mode_denied: None });
    }
    desk.have_token().map_err(ReviewError::Held)?;
    let terms = Terms { mode, ..row_before.terms.clone() };
    let asked = match shown(desk, &terms, &row_before, settle_after, known)? {
        Some(shown) => shown,
        None => desk.ask(&terms, Some(&row_before), settle_after, None)?,
    };
    let nothing_new = asked.nothing_new();
    let Asked { known, finding, waited, held, .. } = asked;
    if let Some(Held::Interrupted) = held {
        return Err(ReviewError::Held(Held::Interrupted));
    }
    let review = if row_before.is_noted_charged() {
        review_noted(&finding)
    } else {
        review(row_before.outcome, &finding, waited)
    };
    let looked_up = match &review {
        Review::Settle(looked_up) => looked_up.clone(),
        Review::StayUnknown(reason) => LookedUp::Unknown(reason.clone()),
        Review::Keep if take_word == TakeWord::Yes => taken_over(&row_before, &finding),
        // A row that is right already is not written anew; only what was asked is kept.
        Review::Keep | Review::Contradicted(_) => nothing_new,
    };
    let flag = match &finding {
        Finding::Charged { record, .. } => record.sandbox,
        Finding::Declined(_)
        | Finding::Other { .. }
        | Finding::Strange { .. }
        | Finding::InWindow { .. }
        | Finding::Nothing { .. }
        | Finding::NoAnswer { .. } => None,
    };
    let (seen, at) = (Seen::of(&row_before), desk.clock.now().wall);
    let received = known.reply.received().clone();
    let records = known.reply.shown().to_vec();
    let shown = records.clone();
    let entry = Entry::Lookup { uid: uid.clone(), seen, at, looked_up, received, shown };
    let Written { payment, how } = desk.ledger.write(entry)?;
    let verdict = match how {
        // Another host's run has come in between: what it does is for it to tell.
        How::Moved => Verdict::Busy,
        How::Kept
        | How::Claimed
        | How::Similar(_)
        | How::Open(_)
        | How::OverDaily { .. }
        | How::RefundHeld(_) => {
            let verdict = verdict(desk, &payment, &finding, review, settle_after);
            // The gateway's word was taken, and it was another one.
            let differs =
                payment.status != row_before.status || payment.cancel_amount != row_before.cancel_amount;
            let taken = take_word == TakeWord::Yes && differs;
            if taken && matches!(verdict, Verdict::Stands) { Verdict::Settled } else { verdict }
        }
    };
    let mode_denied = mode_denied(mode, &payment, flag);
    Ok(Reviewed { payment, row_before, verdict, records, mode_denied })
}

/// What is known already, where it settles an open payment as charged.
fn shown(
    desk: &Desk<'_>,
    terms: &Terms,
    row: &Payment,
    settle_after: Duration,
    known: Option<&Known>,
) -> Result<Option<Asked>, LedgerError> {
    let once = row.outcome.is_open() && row.attempts == 1 && !row.is_noted_charged();
    let known = known.filter(|known| once && known.is_fresh(&desk.clock.now()));
    let Some(known) = known else { return Ok(None) };
    let asked = desk.shown(terms, row, settle_after, known)?;
    Ok(matches!(asked.finding, Finding::Charged { .. }).then_some(asked))
}

/// The gateway's record of this very payment. Another one under the same order is for a person.
fn taken_over(payment: &Payment, finding: &Finding) -> LookedUp {
    match finding {
        Finding::Charged { record, .. } if record.imp_uid == payment.imp_uid => {
            LookedUp::Paid(record.clone())
        }
        Finding::Charged { .. }
        | Finding::Declined(_)
        | Finding::Other { .. }
        | Finding::Strange { .. }
        | Finding::InWindow { .. }
        | Finding::Nothing { .. }
        | Finding::NoAnswer { .. } => LookedUp::Nothing,
    }
}

fn verdict(
    desk: &Desk<'_>,
    payment: &Payment,
    finding: &Finding,
    review: Review,
    settle_after: Duration,
) -> Verdict {
    match (review, finding) {
        (Review::Settle(_), _) => Verdict::Settled,
        (Review::Keep | Review::StayUnknown(_), Finding::NoAnswer { reason, reached }) => {
            Verdict::Unanswered { why: reason.clone(), reached: *reached }
        }
        (Review::Keep, _) => Verdict::Stands,
        (Review::StayUnknown(why), finding) => {
            let by_time = matches!(finding, Finding::Nothing { .. });
            let try_again_at = by_time.then(|| desk.wait_ends_at(payment, settle_after)).flatten();
            Verdict::Open { why, try_again_at }
        }
        (Review::Contradicted(why), finding) => Verdict::Contradicted {
            why,
            record: match finding {
                Finding::Other { record, .. } | Finding::Strange { record, .. } => Some(record.clone()),
                Finding::Declined(declines) => Some(declines.last.clone()),
                Finding::Charged { .. }
                | Finding::InWindow { .. }
                | Finding::Nothing { .. }
                | Finding::NoAnswer { .. } => None,
            },
        },
    }
}
