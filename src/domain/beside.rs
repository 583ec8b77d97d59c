//! Other orders of the same customer and amount: what has to be cleared up before a new one goes out beside them
//! (contract, rule 12). A person who runs a command again under another id means the same money, as often as not.

use std::time::Duration;

use crate::domain::declines::{Certainty, Standing};
use crate::domain::payment::{Outcome, Payment};

/// For so long a payment that was found is like the new one: then it is another day's.
pub const ALIKE_FOR: Duration = Duration::from_secs(86_400);

/// An open order as it stands after it was looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seen {
    pub outcome: Outcome,
    /// Whether it is still not certain that it took no money ([`is_open`]).
    pub open: bool,
    /// Whether the gateway has answered, and shows no payment of it.
    pub nothing_shown: bool,
    /// Whether its last send is at least `settle_after` ago.
    pub waited: bool,
    /// How long its last send is ago, for certain; nothing where that cannot be said.
    pub sent_ago: Duration,
    /// `--allow-similar`, or both are orders of periods.
    pub may_be_alike: bool,
}

/// Whether a new order may go out beside it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Beside {
    Goes,
    /// It took the same money a moment ago.
    Alike,
    /// Nobody knows yet.
    Waits,
}

/// Whether it is not certain that a payment took no money, though it is not known to be paid.
#[must_use]
pub fn is_open(payment: &Payment) -> bool {
    Standing::of(payment).is_some_and(|standing| standing.is_open())
}

/// Whether the gateway has to be asked about it first. A refusal in words that nobody knows was looked up when it
/// came: it has only to have its time.
#[must_use]
pub fn needs_a_look(payment: &Payment, waited: bool) -> bool {
    Standing::of(payment).is_some_and(|standing| match standing.certainty {
        Certainty::MayHaveCharged | Certainty::NotCertain => true,
        Certainty::RefusedAndNotShown => !waited,
        Certainty::NothingCharged | Certainty::HeldAsFailed => false,
    })
}

/// What an order that was looked at means for the one that is to go out beside it.
#[must_use]
pub fn judge(seen: &Seen) -> Beside {
    if seen.outcome == Outcome::Paid {
        let alike = seen.sent_ago < ALIKE_FOR && !seen.may_be_alike;
        return if alike { Beside::Alike } else { Beside::Goes };
    }
    let settled = !seen.open || (seen.nothing_shown && seen.waited);
    if settled { Beside::Goes } else { Beside::Waits }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{ALIKE_FOR, Beside, Seen, judge};
    use crate::domain::payment::Outcome;

    /// Open, not shown, waited, sent an hour ago, no leave.
    fn seen(outcome: Outcome) -> Seen {
        Seen {
            outcome,
            open: true,
            nothing_shown: true,
            waited: true,
            sent_ago: Duration::from_secs(3600),
            may_be_alike: false,
        }
    }

    #[test]
    fn every_rule_of_what_goes_out_beside_an_open_order_holds() {
        let paid = Seen { open: false, nothing_shown: false, ..seen(Outcome::Paid) };
        let no = |outcome| Seen { open: false, nothing_shown: false, waited: false, ..seen(outcome) };
        for (rule, seen, expected) in [
            ("found paid, sent less than a day ago: a similar charge", paid, Beside::Alike),
            (
                "a time of which nothing is certain is no day",
                Seen { sent_ago: Duration::ZERO, ..paid },
                Beside::Alike,
            ),
            ("found paid, sent a day ago: another day's", Seen { sent_ago: ALIKE_FOR, ..paid }, Beside::Goes),
            (
                "just less than a day",
                Seen { sent_ago: ALIKE_FOR - Duration::from_millis(1), ..paid },
                Beside::Alike,
            ),
            ("--allow-similar, or two periods", Seen { may_be_alike: true, ..paid }, Beside::Goes),
            ("settled as a decline that proves it", no(Outcome::Declined), Beside::Goes),
            ("settled as a rejection that proves it", no(Outcome::Rejected), Beside::Goes),
            ("settled as never sent", no(Outcome::NotSent), Beside::Goes),
            ("nothing is shown, and the wait is over", seen(Outcome::Unknown), Beside::Goes),
            ("a doubtful decline, after the wait", seen(Outcome::Declined), Beside::Goes),
            ("nothing is shown yet", Seen { waited: false, ..seen(Outcome::Unknown) }, Beside::Waits),
            ("a doubtful decline, before", Seen { waited: false, ..seen(Outcome::Declined) }, Beside::Waits),
            ("no answer", Seen { nothing_shown: false, ..seen(Outcome::Unknown) }, Beside::Waits),
            (
                "no answer about a doubt",
                Seen { nothing_shown: false, ..seen(Outcome::Declined) },
                Beside::Waits,
            ),
            (
                "another process has not come to its end",
                Seen { nothing_shown: false, ..seen(Outcome::Pending) },
                Beside::Waits,
            ),
            (
                "a leave for similar charges is none for open ones",
                Seen { may_be_alike: true, waited: false, ..seen(Outcome::Unknown) },
                Beside::Waits,
            ),
        ] {
            assert_eq!(judge(&seen), expected, "{rule}");
        }
    }
}
