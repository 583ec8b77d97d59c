//! One run of one charge, step by step, as pure functions: what is known, in; what to do next, out.
//!
//! The driver in `billing` holds the payment's lock and does what it is told. Every rule of "was the customer
//! charged?" that depends on order stands here and nowhere else. A step carries what the next one needs, so
//! that none of them can be taken without it.

use crate::domain::answer::{Answer, Refusal, Settled};
use std::time::Duration;

use crate::domain::declines::{Proof, Standing};
use crate::domain::lookup::{Declines, Finding, LookedUp};
use crate::domain::payment::{GatewayRecord, Outcome, Payment};
use crate::domain::reason::{Reason, Said};

/// What the ledger said of the merchant_uid when it was opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stored {
    pub outcome: Outcome,
    /// Same customer, amount and currency as asked for now.
    pub same_terms: bool,
    /// Same mode: a test payment is no answer to a live charge.
    pub same_mode: bool,
    /// Some request for it may have arrived and was never answered.
    pub unanswered: bool,
    /// A person has noted that it was charged (contract, rule 11).
    pub noted_charged: bool,
    /// The words of the gateway's no do not prove one, and no look-up has ended that doubt (contract, rule 10).
    pub uncertain: bool,
}

/// What to do with a stored row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Opening {
    /// The stored row is the answer; nothing is sent.
    Replay,
    /// The merchant_uid was asked for with other terms; nothing is sent.
    RefuseOtherTerms,
    /// Ask the gateway for every payment under the merchant_uid.
    Ask(Before),
}

/// What a look-up comes before. Nothing is sent without one (contract, rule 8).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Before {
    /// This ledger has never sent it: another one may have.
    First {
        /// `--retry` was given.
        retry: bool,
        /// Somebody has accepted that it is sent although the gateway gives no answer.
        unasked: bool,
    },
    /// An earlier request may have charged.
    Send,
    /// A declined or rejected charge is to be sent again: some turn to paid later (facts 2.6).
    Retry {
        /// It may have charged all the same, or beside it there is a request that was never answered.
        doubted: bool,
        /// It may have charged all the same, by its own words: no later answer says otherwise.
        uncertain: bool,
    },
    /// A declined or rejected charge is to be replayed, and may have charged all the same.
    Replay {
        /// Beside it there is a request that was never answered.
        unanswered: bool,
    },
}

/// What to do after a look-up that came before a send.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BeforeSend {
    /// This is the outcome; nothing is sent.
    Settle(LookedUp),
    /// Nothing is sent, and the row stays as it was: the gateway gave no answer.
    GiveUp(Reason),
    /// Nothing is sent: the customer may still pay in a window, until then (epoch seconds).
    HoldUntil(Reason, i64),
    /// Nothing is sent: the order stands for another payment at the gateway.
    Refuse(Box<GatewayRecord>, Reason),
    /// Nothing is sent: the stored row is the answer. `in_vain` is why the gateway did not confirm it.
    Replay { in_vain: Option<Reason> },
    /// Nothing is sent: an earlier request may still show as a charge, whatever the row says.
    Doubt(Reason),
    /// Write the intent and commit; declines that were found are written down first. What else the gateway
    /// shows is told.
    Claim { declines: Option<Declines>, aside: Option<Reason> },
}

impl BeforeSend {
    /// Whether the request may go, as far as the gateway's answer goes.
    #[must_use]
    pub fn sends(&self) -> bool {
        matches!(self, BeforeSend::Claim { .. })
    }
}

/// What to do after an answer to a send.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AfterSend {
    /// This is the outcome.
    Settle(Settled),
    /// The gateway refused the request: is there a payment all the same?
    LookUp(Refusal),
    /// Nothing was processed, for want of a valid token: get a fresh one, write the second send down, and let
    /// the request go once more.
    Renew,
    /// Nothing was processed: the row is again what it was before the intent.
    TakeBack(Unprocessed),
}

/// Why a request was certainly not processed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unprocessed {
    /// No byte of it reached the gateway.
    NotReached(Reason),
    /// A fresh token was not taken either.
    KeyRefused,
}

/// What to do with a stored row. `retry` is `--retry`; `unasked` as in [`Before::First`].
#[must_use]
pub fn open(stored: &Stored, retry: bool, unasked: bool) -> Opening {
    if !stored.same_terms {
        return Opening::RefuseOtherTerms;
    }
    match stored.outcome {
        _ if stored.noted_charged && stored.same_mode => Opening::Replay,
        Outcome::Paid if stored.same_mode => Opening::Replay,
        Outcome::Paid => Opening::RefuseOtherTerms,
        _ if stored.noted_charged => Opening::RefuseOtherTerms,
        Outcome::Declined | Outcome::Rejected if retry => {
            let uncertain = stored.uncertain;
            Opening::Ask(Before::Retry { doubted: stored.unanswered || uncertain, uncertain })
        }
        Outcome::Declined | Outcome::Rejected if stored.unanswered || stored.uncertain => {
            Opening::Ask(Before::Replay { unanswered: stored.unanswered })
        }
        Outcome::Declined | Outcome::Rejected => Opening::Replay,
        Outcome::NotSent => Opening::Ask(Before::First { retry, unasked: unasked && !stored.unanswered }),
        Outcome::Pending | Outcome::Unknown => Opening::Ask(Before::Send),
    }
}

/// What to do after a look-up that came before a send. `waited`: the last send that may still show as a charge, if
/// there was one, was at least `settle_after` ago, be it this ledger's or another one's.
#[must_use]
pub fn found_before(before: Before, finding: Finding, waited: bool) -> BeforeSend {
    match finding {
        Finding::Charged { record, .. } => BeforeSend::Settle(LookedUp::Paid(record)),
        Finding::Declined(declines) => match before {
            Before::First { retry: true, .. } | Before::Retry { uncertain: false, .. }
                if waited || !declines.leave_doubt() =>
            {
                BeforeSend::Claim { declines: Some(declines), aside: None }
            }
            Before::Retry { uncertain: true, .. } if waited => {
                BeforeSend::Claim { declines: Some(declines), aside: None }
            }
            // With `--retry` too: some request before may still show as a charge.
            Before::First { .. } | Before::Send | Before::Retry { .. } | Before::Replay { .. } => {
                BeforeSend::Settle(LookedUp::Declined(declines))
            }
        },
        Finding::Nothing { aside } => match before {
            Before::Send if !waited => BeforeSend::Settle(LookedUp::Unknown(Reason::NotShownYet)),
            Before::Retry { doubted: true, .. } | Before::Replay { unanswered: true } if !waited => {
                BeforeSend::Doubt(Reason::Unanswered)
            }
            Before::Replay { .. } => BeforeSend::Replay { in_vain: None },
            Before::First { .. } | Before::Send | Before::Retry { .. } => {
                BeforeSend::Claim { declines: None, aside }
            }
        },
        Finding::Other { record, why } => match before {
            Before::First { .. } | Before::Retry { doubted: false, .. } => BeforeSend::Refuse(record, why),
            Before::Send => BeforeSend::Settle(LookedUp::Unknown(odd(&record, why))),
            Before::Retry { doubted: true, .. } | Before::Replay { .. } => {
                BeforeSend::Doubt(odd(&record, why))
            }
        },
        Finding::Strange { record, why } => match before {
            Before::First { .. } | Before::Send | Before::Retry { .. } => {
                BeforeSend::Settle(LookedUp::Unknown(odd(&record, why)))
            }
            Before::Replay { .. } => BeforeSend::Doubt(odd(&record, why)),
        },
        Finding::InWindow { record, until_s } => {
            let why = Reason::WindowOpen { imp_uid: record.imp_uid.unwrap_or_default() };
            match before {
                Before::First { .. } | Before::Retry { doubted: false, .. } => {
                    BeforeSend::HoldUntil(why, until_s)
                }
                Before::Send => BeforeSend::Settle(LookedUp::Unknown(why)),
                Before::Retry { doubted: true, .. } | Before::Replay { .. } => BeforeSend::Doubt(why),
            }
        }
        Finding::NoAnswer { reason, .. } => match before {
            Before::First { unasked: true, .. } => {
                let aside = Some(Reason::SentUnasked { why: Box::new(reason) });
                BeforeSend::Claim { declines: None, aside }
            }
            Before::First { unasked: false, .. } | Before::Retry { doubted: false, .. } => {
                BeforeSend::GiveUp(Reason::NoWordOfOrder { why: Box::new(reason) })
            }
            Before::Send => BeforeSend::Settle(LookedUp::Unknown(no_answer(reason))),
            Before::Retry { doubted: true, .. } | Before::Replay { unanswered: true } => {
                BeforeSend::Doubt(no_answer(reason))
            }
            // It was answered, and what it is told as says no more than is known.
            Before::Replay { unanswered: false } => {
                BeforeSend::Replay { in_vain: Some(Reason::NoWordOfOrder { why: Box::new(reason) }) }
            }
        },
    }
}

/// How long after its last send a payment that was not paid may still show as charged (facts 2.6; contract,
/// rule 10).
pub const DOUBT_LASTS: Duration = Duration::from_secs(72 * 3600);

/// Whether a person may note what became of a payment: nobody else says it for certain.
#[must_use]
pub fn may_be_noted(row: &Payment) -> bool {
    row.outcome != Outcome::Paid
        && (row.noted.is_some() || Standing::of(row).is_some_and(|standing| standing.is_open()))
}

/// Whether a finding ends a doubt about the row, where it was made [`DOUBT_LASTS`] or more after the last send: it
/// shows no money that the row does not have.
#[must_use]
pub fn ends_doubt(row: &Payment, finding: &Finding) -> bool {
    match row.outcome {
        Outcome::Declined | Outcome::Rejected => {
            matches!(finding, Finding::Nothing { .. }) && Standing::of(row).is_some_and(|it| it.is_open())
        }
        Outcome::Paid => {
            let alone = matches!(finding, Finding::Charged { others, .. } if others.is_empty());
            alone && row.is_beside_doubt() && row.doubt_ended_at.is_none()
        }
        Outcome::Unknown | Outcome::NotSent | Outcome::Pending => false,
    }
}

/// What to do after an answer to a send. `renewed`: it went out with a token that was got for it.
#[must_use]
pub fn answered(answer: Answer, renewed: bool) -> AfterSend {
    match answer {
        Answer::Paid(record) => AfterSend::Settle(Settled::Paid(record)),
        Answer::Declined(record) => AfterSend::Settle(Settled::Declined(record)),
        Answer::Refused(refusal) => AfterSend::LookUp(refusal),
        Answer::Unauthorized if renewed => AfterSend::TakeBack(Unprocessed::KeyRefused),
        Answer::Unauthorized => AfterSend::Renew,
        Answer::NotSent(reason) => AfterSend::TakeBack(Unprocessed::NotReached(reason)),
        Answer::Unclear { reason, .. } => AfterSend::Settle(Settled::Unknown(reason)),
    }
}

/// What a look-up after a refusal makes of the payment: words that prove a no need no more than that nothing
/// speaks against them, and words of doubt end in doubt unless a payment shows (contract, rule 10). `proof` is what
/// the refusal says ([`Refusal::proof`]).
#[must_use]
pub fn found_after(refusal: &Refusal, proof: Proof, finding: Finding) -> LookedUp {
    let said = || Said::words_or_code(refusal.words.as_deref(), refusal.code);
    let rejected = || LookedUp::Rejected(refusal.words.clone());
    let not_shown = || LookedUp::Unknown(Reason::RefusedNotShown { said: said() });
    match (finding, proof) {
        (Finding::Charged { record, .. }, _) => LookedUp::Paid(record),
        // The gateway said it was paid before and shows no such payment: one of the two is late.
        (Finding::Declined(_), Proof::Question) => not_shown(),
        (Finding::Declined(mut declines), Proof::Proved | Proof::Doubt(_) | Proof::Unknown) => {
            if declines.last.fail_reason.is_none() {
                declines.last.fail_reason.clone_from(&refusal.words);
            }
            LookedUp::Declined(declines)
        }
        (Finding::Nothing { .. }, Proof::Question | Proof::Doubt(_)) => not_shown(),
        (Finding::Nothing { .. }, Proof::Proved | Proof::Unknown) => rejected(),
        (Finding::Other { record, why } | Finding::Strange { record, why }, _) => {
            LookedUp::Unknown(odd(&record, why))
        }
        (Finding::InWindow { record, .. }, _) => {
            LookedUp::Unknown(Reason::WindowOpen { imp_uid: record.imp_uid.unwrap_or_default() })
        }
        (Finding::NoAnswer { .. }, Proof::Proved) => rejected(),
        (Finding::NoAnswer { reason, .. }, Proof::Question | Proof::Doubt(_) | Proof::Unknown) => {
            LookedUp::Unknown(Reason::RefusedNotLookedUp { said: said(), why: Box::new(reason) })
        }
    }
}

/// What a look-up means for a payment that is only reviewed: nothing is sent, whatever it says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Review {
    /// The payment has this outcome from now on.
    Settle(LookedUp),
    /// It stays open, and must be asked for again.
    StayUnknown(Reason),
    /// The look-up says nothing against what is recorded.
    Keep,
    /// The look-up contradicts what is recorded, in a way that a person has to look at.
    Contradicted(Reason),
}

/// Holds what is recorded against what the gateway shows. `waited` as in [`found_before`].
#[must_use]
pub fn review(recorded: Outcome, finding: &Finding, waited: bool) -> Review {
    let open = matches!(recorded, Outcome::Pending | Outcome::Unknown);
    match finding {
        Finding::Charged { .. } if recorded == Outcome::Paid => Review::Keep,
        Finding::Charged { record, .. } => Review::Settle(LookedUp::Paid(record.clone())),
        Finding::Declined(declines) => match recorded {
            Outcome::Pending | Outcome::Unknown | Outcome::NotSent => {
                Review::Settle(LookedUp::Declined(declines.clone()))
            }
            Outcome::Declined | Outcome::Rejected => Review::Keep,
            Outcome::Paid => Review::Contradicted(Reason::DeclinedOnly),
        },
        // As certain as a look-up can be after the whole wait; a charge asks once more before it sends.
        Finding::Nothing { .. } if open && waited => Review::Settle(LookedUp::NotSent(Reason::NoTrace)),
        Finding::Nothing { .. } if open => Review::StayUnknown(Reason::NotShownYet),
        Finding::Nothing { .. } if recorded == Outcome::Paid => Review::Contradicted(Reason::NotShown),
        Finding::Other { record, why } | Finding::Strange { record, why } => {
            let why = odd(record, why.clone());
            if open { Review::StayUnknown(why) } else { Review::Contradicted(why) }
        }
        Finding::InWindow { record, .. } if open => {
            Review::StayUnknown(Reason::WindowOpen { imp_uid: record.imp_uid.clone().unwrap_or_default() })
        }
        Finding::NoAnswer { reason, .. } if open => Review::StayUnknown(no_answer(reason.clone())),
        Finding::Nothing { .. } | Finding::InWindow { .. } | Finding::NoAnswer { .. } => Review::Keep,
    }
}

/// The same of a payment that a person has noted as charged: a record that the gateway shows beats the note, and
/// where it shows none the note stands.
#[must_use]
pub fn review_noted(finding: &Finding) -> Review {
    match finding {
        Finding::Charged { record, .. } => Review::Settle(LookedUp::Paid(record.clone())),
        Finding::Declined(declines) => Review::Settle(LookedUp::Declined(declines.clone())),
        Finding::Other { record, why } | Finding::Strange { record, why } => {
            Review::Contradicted(odd(record, why.clone()))
        }
        Finding::InWindow { .. } | Finding::Nothing { .. } | Finding::NoAnswer { .. } => Review::Keep,
    }
}

fn odd(record: &GatewayRecord, why: Reason) -> Reason {
    let why = Box::new(why);
    match &record.imp_uid {
        Some(imp_uid) => Reason::ShownOdd { imp_uid: imp_uid.clone(), why },
        None => Reason::ShownOddNameless { why },
    }
}

fn no_answer(why: Reason) -> Reason {
    Reason::LookupNoAnswer { why: Box::new(why) }
}

#[cfg(test)]
mod tests;
