//! What the words of a PG or of the gateway prove when they did not do what was asked (facts 19).
//!
//! A word is believed only where it is known: a code with its PG, a text as a whole. Where two readings fit, the
//! more doubtful one counts, because a look-up too many costs less than a charge too many.

mod table;
mod words;

use crate::domain::declines::words::Suspicion;
use crate::domain::payment::{Outcome, Payment};

/// PGs at which a failed payment was seen to turn paid later: a decline in words that nobody knows proves
/// nothing there (contract, rule 10).
const FAILED_MAY_TURN_PAID: [&str; 4] = ["paymentwall", "paypal", "paypal_v2", "daou"];

/// Which kind of "no" the words came with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `status: failed`: the words are its `fail_reason`.
    Decline,
    /// `code` is not 0: the words are its `message`.
    Refusal,
}

/// What the words say of the request that they answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Proof {
    /// It was refused before or instead of charging: nothing was charged by this request.
    Proved,
    /// It may have been charged, or may show later.
    Doubt(Doubt),
    /// They speak of another request, perhaps of an earlier one under the same order.
    Question,
    /// Nobody knows these words.
    Unknown,
}

/// Why it is not certain that nothing was charged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Doubt {
    /// Somebody between here and the card company gave up waiting.
    Timeout,
    /// The same order or payment is said to have been asked for before.
    Duplicate,
    /// It was approved and taken back, and the customer may see both.
    Reversed,
    /// What came of the request was never said in a usable way.
    Unanswered,
}

impl Doubt {
    /// The word in JSON.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Doubt::Timeout => "timeout",
            Doubt::Duplicate => "duplicate",
            Doubt::Reversed => "reversed",
            Doubt::Unanswered => "unanswered",
        }
    }
}

/// Whom the same words will meet again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// This request alone.
    Row,
    /// This customer's card, account, card company or bank.
    Card,
    /// Every request through this PG: the merchant's contract, limit or key, or maintenance.
    Account,
}

/// Who has to do something before it can work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Who {
    Customer,
    Merchant,
    Pg,
    /// Nobody: it passes.
    Later,
}

impl Who {
    pub const ALL: [Who; 4] = [Who::Customer, Who::Merchant, Who::Pg, Who::Later];

    #[must_use]
    pub fn from_word(word: &str) -> Option<Who> {
        Who::ALL.into_iter().find(|who| who.word() == word)
    }

    /// The word in JSON.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Who::Customer => "customer",
            Who::Merchant => "merchant",
            Who::Pg => "pg",
            Who::Later => "later",
        }
    }
}

/// Whether it is worth to try again. Advice: no wait of this program hangs on it (contract, rule 10).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Retry {
    No,
    Yes,
    /// Not before a look-up has said what came of this one.
    LookFirst,
    NewCard,
    /// Once whoever has to act has acted.
    AfterFix,
}

/// The earliest time at which it is worth to try again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RetryAfter {
    QuarterHour,
    Hour,
    Day,
    ThreeDays,
    NextMonth,
}

/// What is known of a code or a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Known {
    pub reach: Reach,
    pub who: Who,
    pub retry: Retry,
    /// `None` where the advice knows no time of its own.
    pub retry_after: Option<RetryAfter>,
    /// One sentence to read aloud, beside the PG's own words and never in their place: some of those give
    /// harmful advice.
    pub meaning_ko: &'static str,
    pub meaning_en: &'static str,
}

impl Known {
    /// How often at most it is worth trying on one card: once in this time. `None` where the words are not about the
    /// card, or ask for more than time.
    #[must_use]
    pub fn once_in(&self) -> Option<RetryAfter> {
        self.retry_after.filter(|_| self.reach == Reach::Card && self.retry == Retry::Yes)
    }
}

/// What some words mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Meaning {
    pub proof: Proof,
    /// `None` where single words alone gave the doubt away, and where nobody knows the words.
    pub known: Option<&'static Known>,
}

impl Meaning {
    /// Why it is not certain; `None` where the words prove it, and where nobody knows them.
    #[must_use]
    pub fn doubt(&self) -> Option<Doubt> {
        match self.proof {
            Proof::Doubt(doubt) => Some(doubt),
            Proof::Question => Some(Doubt::Duplicate),
            Proof::Proved | Proof::Unknown => None,
        }
    }
}

/// What the words of a decline or refusal of a charge mean (facts 19). `pg` is the `pg_provider` of the record,
/// else of the saved customer: without one no code counts.
///
/// The HTTP status comes first: nothing here makes a proof of a 403 or a 5xx (contract, rule 4).
#[must_use]
pub fn read(pg: Option<&str>, message: &str, kind: Kind) -> Meaning {
    let best = table::best(pg, &words::split(message));
    let proof = best.map_or(Proof::Unknown, |row| row.says.of_a_charge());
    match proof {
        Proof::Doubt(_) | Proof::Question => Meaning { proof, known: best.map(|row| &row.known) },
        Proof::Proved | Proof::Unknown => match words::suspicion(message) {
            Some(Suspicion::Doubt(doubt)) => Meaning { proof: Proof::Doubt(doubt), known: None },
            Some(Suspicion::Question) => Meaning { proof: Proof::Question, known: None },
            None if proof == Proof::Unknown && kind == Kind::Decline && may_turn_paid(pg) => {
                Meaning { proof: Proof::Doubt(Doubt::Unanswered), known: None }
            }
            None => Meaning { proof, known: best.map(|row| &row.known) },
        },
    }
}

/// Whether words are those of an answer to a refund, as a code of this PG's or as a whole text.
#[must_use]
pub fn is_of_a_refund(pg: Option<&str>, message: &str) -> bool {
    table::best(pg, &words::split(message)).is_some_and(|row| row.says.is_of_a_refund())
}

/// Whether single words of a message speak of a time-out, of the wire, or of another request.
#[must_use]
pub fn names_a_doubt(message: &str) -> bool {
    words::suspicion(message).is_some()
}

/// What is known of a PG's code, with the PGs that have it, commas between them; without a PG of each that has it.
#[must_use]
pub fn coded(pg: Option<&str>, code: &str) -> Vec<(&'static str, &'static Known)> {
    table::coded(pg, code)
}

/// Every code that an answer to a charge may have, each with the PGs that have it.
pub fn codes() -> impl Iterator<Item = (&'static str, &'static str)> {
    table::codes()
}

fn may_turn_paid(pg: Option<&str>) -> bool {
    pg.is_some_and(|pg| FAILED_MAY_TURN_PAID.contains(&pg))
}

/// How much is known of whether a payment that is not paid was charged: each is one sentence of contract,
/// rule 10.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Certainty {
    NothingCharged,
    HeldAsFailed,
    RefusedAndNotShown,
    NotCertain,
    MayHaveCharged,
}

impl Certainty {
    fn must_wait(self) -> bool {
        match self {
            Certainty::NothingCharged | Certainty::HeldAsFailed => false,
            Certainty::RefusedAndNotShown | Certainty::NotCertain | Certainty::MayHaveCharged => true,
        }
    }
}

/// How a payment stands that is not paid and whose request left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    pub certainty: Certainty,
    pub doubt: Option<Doubt>,
    /// What is known of the gateway's words.
    pub known: Option<&'static Known>,
    /// A look-up has ended the doubt: it was made long after the last send, and showed no money. Or a person has
    /// noted what became of it.
    pub ended: bool,
}

impl Standing {
    /// `None` where there is nothing to ask: paid, or never sent.
    #[must_use]
    pub fn of(payment: &Payment) -> Option<Standing> {
        let words = payment.message.as_deref().or_else(|| payment.reason.as_ref()?.gateway_words());
        let read = |kind| read(payment.pg(), words.unwrap_or_default(), kind);
        // A note that it was not charged ends it too, and one that it was is no doubt.
        let noted = payment.noted.is_some();
        let ended = payment.doubt_ended_at.is_some() || noted;
        match payment.outcome {
            Outcome::Paid | Outcome::NotSent => None,
            Outcome::Declined => Some(Standing::no(
                read(Kind::Decline),
                Certainty::HeldAsFailed,
                payment.is_beside_doubt(),
                ended,
            )),
            Outcome::Rejected => {
                let unread = Certainty::RefusedAndNotShown;
                Some(Standing::no(read(Kind::Refusal), unread, payment.is_beside_doubt(), ended))
            }
            Outcome::Unknown | Outcome::Pending => {
                let meaning = read(Kind::Refusal);
                let doubt = meaning.doubt();
                // Words that prove a no did not prove it here, or it would not be open.
                let known = if doubt.is_some() { meaning.known } else { None };
                let silent = payment.is_beside_doubt().then_some(Doubt::Unanswered);
                let certainty = Certainty::MayHaveCharged;
                let doubt = if noted { None } else { doubt.or(silent) };
                Some(Standing { certainty, doubt, known, ended: noted })
            }
        }
    }

    /// A "no", and whether some request beside it may still have charged: it speaks for none of those. Where the
    /// doubt was ended by a look-up, nothing is proved all the same.
    fn no(meaning: Meaning, unread: Certainty, beside_doubt: bool, ended: bool) -> Standing {
        let silent = beside_doubt.then_some(Doubt::Unanswered);
        let doubted = meaning.doubt().or(silent);
        let certainty = match (doubted, meaning.proof) {
            (Some(_), _) if ended => unread,
            (Some(_), _) => Certainty::NotCertain,
            (None, Proof::Proved) => Certainty::NothingCharged,
            (None, Proof::Unknown | Proof::Doubt(_) | Proof::Question) => unread,
        };
        let doubt = if ended { None } else { doubted };
        Standing { certainty, doubt, known: meaning.known, ended }
    }

    /// Whether the payment may still show as charged: whoever meets it asks the gateway again, and its requests
    /// must have had their time before another one goes out for the same order (contract, rule 10).
    #[must_use]
    pub fn is_open(&self) -> bool {
        !self.ended && self.certainty.must_wait()
    }
}

/// Whether the request that a decline or rejection answered may have charged all the same, by the gateway's words
/// alone: whatever is known of other requests.
#[must_use]
pub fn in_doubt_by_words(payment: &Payment) -> bool {
    let is_no = matches!(payment.outcome, Outcome::Declined | Outcome::Rejected);
    let alone = Payment { unanswered: 0, doubts: 0, ..payment.clone() };
    is_no && Standing::of(&alone).is_some_and(|standing| standing.is_open())
}

/// Whether a failed payment may turn out to have charged all the same, by its words.
#[must_use]
pub fn failed_in_doubt(pg: Option<&str>, fail_reason: Option<&str>) -> bool {
    read(pg, fail_reason.unwrap_or_default(), Kind::Decline).doubt().is_some()
}

#[cfg(test)]
mod tests;
