//! One run of one charge, as a pure function: what happened, and what to do next.
//!
//! The driver in `billing` holds the payment's lock, does what it is told, and reports back. Every
//! rule of "was the customer charged?" that depends on order stands here and nowhere else.

use crate::domain::payment::Outcome;

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
}

/// Where the run stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// The lock is held and the row is about to be read.
    Opened {
        /// `--retry` was given.
        retry: bool,
    },
    /// An earlier request may have charged: the gateway is asked before anything is sent.
    AskingFirst,
    /// A declined or rejected charge is to be sent again: some turn to paid later (facts 2.6).
    AskingBeforeRetry,
    /// The intent is about to be written.
    Claiming,
    /// The intent is durable and this run's alone; its request leaves, or has left.
    Claimed,
    /// The request was not processed for want of a valid token; a new one is being fetched.
    Renewing,
    /// The request leaves, or has left, for the second time, with the new token.
    Resent,
    /// The gateway refused the request: is there a payment all the same?
    AskingAfterRefusal {
        /// Because the merchant_uid was paid or refunded before (facts 2.5).
        duplicate: bool,
    },
    /// Nothing is left to do.
    Done,
}

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    Row(Option<Stored>),
    Found(Found),
    /// The intent was committed by this run.
    Won,
    /// The row was not what it had been: somebody else came first.
    Lost,
    Answered(Answered),
    TokenRenewed,
    TokenFailed,
    /// Ctrl-C, or too much time went by between the intent and the send.
    HeldBack,
    /// A second Ctrl-C, with the request out.
    Abandoned,
}

/// A look-up's finding, without its details.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Found {
    Charged,
    Declined,
    Odd,
    Nothing {
        /// The last send was at least `settle_after` ago, and with the API key in use now.
        waited: bool,
    },
    NoAnswer,
}

/// An answer to a charge, without its details.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answered {
    Paid,
    Declined,
    /// `code` was not 0 and there was no payment in the answer.
    Refused {
        duplicate: bool,
    },
    /// 401: authentication comes before processing, so nothing was processed.
    Unauthorized,
    /// No byte of the request reached the gateway.
    NotSent,
    /// Anything else.
    Unclear,
}

/// What to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// The stored row is the answer; nothing is sent.
    Replay,
    /// The merchant_uid was asked for with other terms; nothing is sent.
    RefuseOtherTerms,
    /// Ask the gateway for every payment under the merchant_uid.
    LookUp,
    /// Write the intent and commit.
    Claim,
    /// Let the request go.
    Send,
    /// Get a fresh token.
    RenewToken,
    /// Write down the second send, then let the request go once more.
    SendAgain,
    /// Record the outcome; it is the answer.
    Settle(Outcome),
    /// Record that the gateway was asked; the row stays unknown and nothing is sent.
    StayUnknown,
    /// Record that the gateway was asked in vain; the row stays as it was and nothing is sent.
    GiveUp,
    /// Record that the request did not leave: the row is again what it was before the intent.
    Revert,
    /// Read the row again.
    Reopen,
    /// The driver reported something that cannot happen here. The row is left as it is: pending or
    /// unknown, which the next run settles.
    Stop,
}

/// The next state and what to do to get there.
#[must_use]
pub fn next(state: State, event: Event) -> (State, Action) {
    match (state, event) {
        (State::Opened { retry }, Event::Row(row)) => open(row, retry),
        (State::AskingFirst, Event::Found(found)) => match found {
            Found::Charged => settle(Outcome::Paid),
            Found::Declined => settle(Outcome::Declined),
            Found::Nothing { waited: true } => (State::Claiming, Action::Claim),
            Found::Nothing { waited: false } | Found::Odd | Found::NoAnswer => {
                (State::Done, Action::StayUnknown)
            }
        },
        (State::AskingBeforeRetry, Event::Found(found)) => match found {
            Found::Charged => settle(Outcome::Paid),
            Found::Declined | Found::Nothing { .. } => (State::Claiming, Action::Claim),
            Found::Odd => settle(Outcome::Unknown),
            Found::NoAnswer => (State::Done, Action::GiveUp),
        },
        (State::Claiming, Event::Won) => (State::Claimed, Action::Send),
        (State::Claiming, Event::Lost) => (State::Opened { retry: false }, Action::Reopen),
        (State::Claimed, Event::Answered(answer)) => answered(answer, false),
        (State::Resent, Event::Answered(answer)) => answered(answer, true),
        (State::Claimed | State::Resent, Event::HeldBack) => (State::Done, Action::Revert),
        (State::Claimed | State::Resent, Event::Abandoned) => settle(Outcome::Unknown),
        (State::Renewing, Event::TokenRenewed) => (State::Resent, Action::SendAgain),
        (State::Renewing, Event::TokenFailed | Event::HeldBack) => (State::Done, Action::Revert),
        (State::AskingAfterRefusal { duplicate }, Event::Found(found)) => match found {
            Found::Charged => settle(Outcome::Paid),
            Found::Declined if !duplicate => settle(Outcome::Declined),
            Found::Nothing { .. } if !duplicate => settle(Outcome::Rejected),
            // The gateway said it was paid before and shows no such payment: one of the two is late.
            Found::Declined | Found::Nothing { .. } | Found::Odd | Found::NoAnswer => {
                settle(Outcome::Unknown)
            }
        },
        (_, _) => (State::Done, Action::Stop),
    }
}

fn settle(outcome: Outcome) -> (State, Action) {
    (State::Done, Action::Settle(outcome))
}

fn open(row: Option<Stored>, retry: bool) -> (State, Action) {
    let Some(stored) = row else { return (State::Claiming, Action::Claim) };
    if !stored.same_terms {
        return (State::Done, Action::RefuseOtherTerms);
    }
    match stored.outcome {
        Outcome::Paid if stored.same_mode => (State::Done, Action::Replay),
        Outcome::Paid => (State::Done, Action::RefuseOtherTerms),
        Outcome::Declined | Outcome::Rejected if retry => (State::AskingBeforeRetry, Action::LookUp),
        Outcome::Declined | Outcome::Rejected => (State::Done, Action::Replay),
        // A reconcile found no trace of it; it may have been hidden for longer than that.
        Outcome::NotSent if stored.unanswered => (State::AskingFirst, Action::LookUp),
        Outcome::NotSent => (State::Claiming, Action::Claim),
        Outcome::Pending | Outcome::Unknown => (State::AskingFirst, Action::LookUp),
    }
}

/// What a look-up means for a payment that is only reviewed: nothing is sent, whatever it says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Review {
    /// The payment has this outcome from now on.
    Settle(Outcome),
    /// It stays open, and must be asked for again.
    StayUnknown,
    /// The look-up says nothing against what is recorded.
    Keep,
    /// The look-up contradicts what is recorded, in a way that a person has to look at.
    Contradicted,
}

/// Holds what is recorded against what the gateway shows.
#[must_use]
pub fn review(recorded: Outcome, found: Found) -> Review {
    match (recorded, found) {
        (Outcome::Paid, Found::Charged) => Review::Keep,
        (_, Found::Charged) => Review::Settle(Outcome::Paid),
        (Outcome::Pending | Outcome::Unknown, Found::Declined) => Review::Settle(Outcome::Declined),
        // As certain as a look-up can be after the whole wait; a charge asks once more before it
        // sends.
        (Outcome::Pending | Outcome::Unknown, Found::Nothing { waited: true }) => {
            Review::Settle(Outcome::NotSent)
        }
        (
            Outcome::Pending | Outcome::Unknown,
            Found::Nothing { waited: false } | Found::Odd | Found::NoAnswer,
        ) => Review::StayUnknown,
        (Outcome::NotSent, Found::Declined) => Review::Settle(Outcome::Declined),
        (Outcome::Paid, Found::Declined | Found::Nothing { .. } | Found::Odd) => Review::Contradicted,
        (Outcome::Declined | Outcome::Rejected | Outcome::NotSent, Found::Odd) => Review::Contradicted,
        (Outcome::Declined | Outcome::Rejected, Found::Declined | Found::Nothing { .. }) => Review::Keep,
        (Outcome::NotSent, Found::Nothing { .. }) => Review::Keep,
        (Outcome::Paid | Outcome::Declined | Outcome::Rejected | Outcome::NotSent, Found::NoAnswer) => {
            Review::Keep
        }
    }
}

fn answered(answer: Answered, renewed: bool) -> (State, Action) {
    match answer {
        Answered::Paid => settle(Outcome::Paid),
        Answered::Declined => settle(Outcome::Declined),
        Answered::Refused { duplicate } => (State::AskingAfterRefusal { duplicate }, Action::LookUp),
        Answered::Unauthorized if renewed => (State::Done, Action::Revert),
        Answered::Unauthorized => (State::Renewing, Action::RenewToken),
        Answered::NotSent => (State::Done, Action::Revert),
        Answered::Unclear => settle(Outcome::Unknown),
    }
}

#[cfg(test)]
mod tests {
    use super::{Action, Answered, Event, Found, Review, State, Stored, next, review};
    use crate::domain::payment::Outcome;

    const OPENED: State = State::Opened { retry: false };
    const RETRY: State = State::Opened { retry: true };
    const AFTER_REFUSAL: State = State::AskingAfterRefusal { duplicate: false };
    const AFTER_DUPLICATE: State = State::AskingAfterRefusal { duplicate: true };

    fn row(outcome: Outcome) -> Event {
        Event::Row(Some(Stored { outcome, same_terms: true, same_mode: true, unanswered: false }))
    }

    fn other_terms(outcome: Outcome) -> Event {
        Event::Row(Some(Stored { outcome, same_terms: false, same_mode: true, unanswered: false }))
    }

    fn found(found: Found) -> Event {
        Event::Found(found)
    }

    fn answered(answered: Answered) -> Event {
        Event::Answered(answered)
    }

    const NOT_YET: Found = Found::Nothing { waited: false };
    const NOTHING: Found = Found::Nothing { waited: true };

    /// A rule as a sentence, where the run stands, what happened, and what must follow.
    #[rustfmt::skip]
    fn rules() -> Vec<(&'static str, State, Event, Action)> {
        use Outcome::{Declined, NotSent, Paid, Pending, Rejected, Unknown};
        vec![
            // Opening the row.
            ("a new merchant_uid is claimed", OPENED, Event::Row(None), Action::Claim),
            ("a new merchant_uid is claimed with --retry too", RETRY, Event::Row(None), Action::Claim),
            ("a paid one is never sent again", OPENED, row(Paid), Action::Replay),
            ("a paid one is never sent again with --retry", RETRY, row(Paid), Action::Replay),
            ("a payment of another mode is no answer", OPENED,
                Event::Row(Some(Stored { outcome: Paid, same_terms: true, same_mode: false, unanswered: false })),
                Action::RefuseOtherTerms),
            ("one that left no trace is looked up once more", OPENED,
                Event::Row(Some(Stored { outcome: NotSent, same_terms: true, same_mode: true, unanswered: true })),
                Action::LookUp),
            ("a declined one is not sent by itself", OPENED, row(Declined), Action::Replay),
            ("a rejected one is not sent by itself", OPENED, row(Rejected), Action::Replay),
            ("a declined one is looked up before a retry", RETRY, row(Declined), Action::LookUp),
            ("a rejected one is looked up before a retry", RETRY, row(Rejected), Action::LookUp),
            ("a pending one is looked up first", OPENED, row(Pending), Action::LookUp),
            ("an unknown one is looked up first", OPENED, row(Unknown), Action::LookUp),
            ("an unknown one is looked up first with --retry", RETRY, row(Unknown), Action::LookUp),
            ("one that was not sent may be sent", OPENED, row(NotSent), Action::Claim),
            ("other terms refuse a paid one", OPENED, other_terms(Paid), Action::RefuseOtherTerms),
            ("other terms refuse a pending one", OPENED, other_terms(Pending), Action::RefuseOtherTerms),
            ("other terms refuse an unknown one", RETRY, other_terms(Unknown), Action::RefuseOtherTerms),
            ("other terms refuse a declined one", RETRY, other_terms(Declined), Action::RefuseOtherTerms),
            ("other terms refuse one not sent", OPENED, other_terms(NotSent), Action::RefuseOtherTerms),
            // Asking first.
            ("a charge found is recorded", State::AskingFirst, found(Found::Charged), Action::Settle(Paid)),
            ("a decline found is recorded", State::AskingFirst, found(Found::Declined), Action::Settle(Declined)),
            ("not found at once proves nothing", State::AskingFirst, found(NOT_YET), Action::StayUnknown),
            ("not found after the wait may be sent", State::AskingFirst, found(NOTHING), Action::Claim),
            ("a payment that is not ours stops the send", State::AskingFirst, found(Found::Odd), Action::StayUnknown),
            ("no answer is not a no", State::AskingFirst, found(Found::NoAnswer), Action::StayUnknown),
            // Asking before a retry.
            ("a decline that turned to paid is not sent", State::AskingBeforeRetry, found(Found::Charged), Action::Settle(Paid)),
            ("a decline that stands is sent", State::AskingBeforeRetry, found(NOT_YET), Action::Claim),
            ("another decline does not stop a retry", State::AskingBeforeRetry, found(Found::Declined), Action::Claim),
            ("an odd payment stops a retry", State::AskingBeforeRetry, found(Found::Odd), Action::Settle(Unknown)),
            ("a retry is not sent unasked", State::AskingBeforeRetry, found(Found::NoAnswer), Action::GiveUp),
            // Claiming and sending.
            ("only a committed intent is sent", State::Claiming, Event::Won, Action::Send),
            ("a lost race is not sent", State::Claiming, Event::Lost, Action::Reopen),
            ("an interrupt before the send sends nothing", State::Claimed, Event::HeldBack, Action::Revert),
            ("an interrupt before the second send sends nothing", State::Resent, Event::HeldBack, Action::Revert),
            ("a second interrupt leaves it unknown", State::Claimed, Event::Abandoned, Action::Settle(Unknown)),
            ("a second interrupt after a renewal leaves it unknown", State::Resent, Event::Abandoned, Action::Settle(Unknown)),
            // Answers.
            ("paid is paid", State::Claimed, answered(Answered::Paid), Action::Settle(Paid)),
            ("failed is declined", State::Claimed, answered(Answered::Declined), Action::Settle(Declined)),
            ("anything unclear is unknown", State::Claimed, answered(Answered::Unclear), Action::Settle(Unknown)),
            ("a request that never left is taken back", State::Claimed, answered(Answered::NotSent), Action::Revert),
            ("a refusal is looked up", State::Claimed, answered(Answered::Refused { duplicate: false }), Action::LookUp),
            ("a duplicate is looked up", State::Claimed, answered(Answered::Refused { duplicate: true }), Action::LookUp),
            ("a 401 renews the token", State::Claimed, answered(Answered::Unauthorized), Action::RenewToken),
            ("a new token is used once", State::Renewing, Event::TokenRenewed, Action::SendAgain),
            ("no new token, nothing processed", State::Renewing, Event::TokenFailed, Action::Revert),
            ("an interrupt while renewing sends nothing more", State::Renewing, Event::HeldBack, Action::Revert),
            ("a second 401 is the end", State::Resent, answered(Answered::Unauthorized), Action::Revert),
            ("paid at the second send is paid", State::Resent, answered(Answered::Paid), Action::Settle(Paid)),
            ("unclear at the second send is unknown", State::Resent, answered(Answered::Unclear), Action::Settle(Unknown)),
            // After a refusal.
            ("a refusal with no payment is a rejection", AFTER_REFUSAL, found(NOT_YET), Action::Settle(Rejected)),
            ("a refusal with a charge is paid", AFTER_REFUSAL, found(Found::Charged), Action::Settle(Paid)),
            ("a refusal with a failed record is a decline", AFTER_REFUSAL, found(Found::Declined), Action::Settle(Declined)),
            ("a refusal that cannot be checked is unknown", AFTER_REFUSAL, found(Found::NoAnswer), Action::Settle(Unknown)),
            ("a refusal with an odd payment is unknown", AFTER_REFUSAL, found(Found::Odd), Action::Settle(Unknown)),
            ("a duplicate of our charge is paid", AFTER_DUPLICATE, found(Found::Charged), Action::Settle(Paid)),
            ("a duplicate that is not shown is unknown", AFTER_DUPLICATE, found(NOTHING), Action::Settle(Unknown)),
            ("a duplicate is no decline", AFTER_DUPLICATE, found(Found::Declined), Action::Settle(Unknown)),
            ("a duplicate that cannot be checked is unknown", AFTER_DUPLICATE, found(Found::NoAnswer), Action::Settle(Unknown)),
        ]
    }

    #[test]
    fn every_rule_holds() {
        for (rule, state, event, action) in rules() {
            assert_eq!(next(state, event).1, action, "{rule}");
        }
    }

    #[rustfmt::skip]
    fn reviews() -> Vec<(&'static str, Outcome, Found, Review)> {
        use Outcome::{Declined, NotSent, Paid, Pending, Rejected, Unknown};
        vec![
            ("a charge found is recorded", Unknown, Found::Charged, Review::Settle(Paid)),
            ("a charge of a killed process is recorded", Pending, Found::Charged, Review::Settle(Paid)),
            ("a decline that turned to paid is recorded", Declined, Found::Charged, Review::Settle(Paid)),
            ("a rejection that was a charge is recorded", Rejected, Found::Charged, Review::Settle(Paid)),
            ("a charge that showed late is recorded", NotSent, Found::Charged, Review::Settle(Paid)),
            ("a decline found is recorded", Unknown, Found::Declined, Review::Settle(Declined)),
            ("a decline that showed late is recorded", NotSent, Found::Declined, Review::Settle(Declined)),
            ("no trace within the wait proves nothing", Unknown, NOT_YET, Review::StayUnknown),
            ("no trace after the wait means that it did not arrive", Unknown, NOTHING, Review::Settle(NotSent)),
            ("an odd payment leaves it open", Pending, Found::Odd, Review::StayUnknown),
            ("no answer leaves it open", Unknown, Found::NoAnswer, Review::StayUnknown),
            ("a paid one that shows is as it should be", Paid, Found::Charged, Review::Keep),
            ("a paid one that does not show is an alarm", Paid, NOTHING, Review::Contradicted),
            ("a paid one that was declined is an alarm", Paid, Found::Declined, Review::Contradicted),
            ("a paid one that is another is an alarm", Paid, Found::Odd, Review::Contradicted),
            ("a decline beside an odd payment is an alarm", Declined, Found::Odd, Review::Contradicted),
            ("a decline that stands stays", Declined, NOTHING, Review::Keep),
            ("a rejection that stands stays", Rejected, Found::Declined, Review::Keep),
            ("no answer changes nothing", Declined, Found::NoAnswer, Review::Keep),
        ]
    }

    #[test]
    fn every_review_holds() {
        for (rule, recorded, found, expected) in reviews() {
            assert_eq!(review(recorded, found), expected, "{rule}");
        }
    }

    #[test]
    fn no_review_takes_a_payment_back() {
        for found in [Found::Charged, Found::Declined, Found::Odd, NOTHING, NOT_YET, Found::NoAnswer] {
            assert!(!matches!(review(Outcome::Paid, found), Review::Settle(_) | Review::StayUnknown));
        }
    }

    #[test]
    fn nothing_is_sent_but_after_an_intent_of_our_own() {
        for (rule, state, event, _) in rules() {
            let action = next(state, event).1;
            if action == Action::Send {
                assert_eq!((state, event), (State::Claiming, Event::Won), "{rule}");
            }
            if action == Action::SendAgain {
                assert_eq!((state, event), (State::Renewing, Event::TokenRenewed), "{rule}");
            }
        }
    }

    #[test]
    fn what_cannot_happen_stops_and_sends_nothing() {
        for (_, state, _, _) in rules() {
            assert_eq!(next(State::Done, found(Found::Charged)).1, Action::Stop);
            let impossible = if state == State::Claiming { found(NOTHING) } else { Event::Won };
            assert_eq!(next(state, impossible), (State::Done, Action::Stop));
        }
    }
}
