//! What becomes of a refund after its own run: by a later look-up, and by a person who knows what no look-up shows.

use jiff::Timestamp;

use crate::domain::money::Amount;
use crate::domain::payment::RefundOutcome;
use crate::domain::reason::Reason;
use crate::domain::refund::{Found, Look, Refund, RefundEnd, find, find_by_id, silence_proves};

/// What a person knows of a refund, with what shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefundNote {
    /// The money is with the customer.
    pub back: bool,
    pub at: Timestamp,
    /// The operating system's user.
    pub by: Option<String>,
    /// Never empty.
    pub evidence: String,
}

impl Refund {
    /// That it went back was found by a later look-up: whoever asked for it was not told by that run.
    #[must_use]
    pub fn was_found_later(&self) -> bool {
        matches!(self.why, Some(Reason::RefundFoundLater | Reason::RefundFoundAndTold))
    }

    /// The same, and no run of `refund` has told it since: whoever repeats the command that asked for it, as an
    /// unknown end says to do, must learn it first.
    #[must_use]
    pub fn is_untold(&self) -> bool {
        self.why == Some(Reason::RefundFoundLater)
    }

    /// The gateway took it, and its end is what is missing: no silence proves that there was none.
    #[must_use]
    pub fn was_taken(&self) -> bool {
        self.why == Some(Reason::RefundTaken)
    }

    /// That it went back is a person's word: the gateway does not show it.
    #[must_use]
    pub fn is_noted_back(&self) -> bool {
        matches!(self.why, Some(Reason::RefundNotedBack { .. }))
    }

    /// It went back, and the PG took it back since (facts 15.2), as a person has noted.
    #[must_use]
    pub fn was_taken_back(&self) -> bool {
        matches!(self.why, Some(Reason::RefundTakenBack { .. }))
    }

    /// The gateway has shown it, and goes on showing it unless the PG takes it back.
    #[must_use]
    pub fn is_to_show(&self) -> bool {
        self.outcome == RefundOutcome::Refunded && !self.is_noted_back() && !self.was_taken_back()
    }

    /// It was asked for, and did not show in its time or was refused: a look-up may find it all the same.
    #[must_use]
    pub fn may_show_late(&self) -> bool {
        let no_trace = matches!(self.why, Some(Reason::NoTrace | Reason::RefundNotedNotBack { .. }));
        match self.outcome {
            RefundOutcome::Refused => true,
            RefundOutcome::NotSent => no_trace,
            RefundOutcome::Pending | RefundOutcome::Unknown | RefundOutcome::Refunded => false,
        }
    }

    /// Whether look-ups that do not show it settle it in the end; else it ends by being shown, or by a person's
    /// word. `pg` is the payment's `pg_provider`.
    #[must_use]
    pub fn is_settled_by_silence(&self, pg: Option<&str>) -> bool {
        silence_proves(pg) && !self.was_taken() && self.why != Some(Reason::RefundUndecided)
    }

    /// Whether a person may say that it went back, or that it did not: of one that is open, and that one which was
    /// shown has been taken back since.
    #[must_use]
    pub fn may_be_noted(&self, back: bool) -> bool {
        self.outcome.is_open() || (!back && self.outcome == RefundOutcome::Refunded && !self.was_taken_back())
    }

    /// The refund as a person has noted it; `None` where the note cannot be about it.
    #[must_use]
    pub fn noted(&self, note: &RefundNote) -> Option<Refund> {
        if !self.may_be_noted(note.back) {
            return None;
        }
        let by = note.by.clone().unwrap_or_else(|| "somebody".to_owned());
        let evidence = note.evidence.clone();
        // What was open, or is back by a person's word alone, ends as that word has it.
        let (outcome, why) = match (note.back, self.outcome.is_open() || self.is_noted_back()) {
            (true, _) => (RefundOutcome::Refunded, Reason::RefundNotedBack { by, evidence }),
            (false, true) => (RefundOutcome::NotSent, Reason::RefundNotedNotBack { by, evidence }),
            (false, false) => (RefundOutcome::Refunded, Reason::RefundTakenBack { by, evidence }),
        };
        Some(Refund { outcome, why: Some(why), ..self.clone() })
    }
}

/// The refunds of one payment that the gateway has shown and cannot be showing any more, now that it shows `shown`
/// of it as refunded: the PG has taken money back (facts 15.2). Those of just what is missing, else all that may be.
#[must_use]
pub fn undone<'a>(refunds: &'a [Refund], imp_uid: &str, shown: Amount) -> Vec<&'a Refund> {
    let known: Vec<&Refund> =
        refunds.iter().filter(|refund| refund.imp_uid == imp_uid && refund.is_to_show()).collect();
    let sum: i64 = known.iter().map(|refund| refund.amount.minor()).sum();
    let missing = sum.saturating_sub(shown.minor());
    if missing <= 0 {
        return Vec::new();
    }
    let of_it: Vec<&Refund> =
        known.iter().copied().filter(|refund| refund.amount.minor() == missing).collect();
    if of_it.is_empty() { known } else { of_it }
}

fn cannot_hold(refund: &Refund, look: &Look) -> bool {
    matches!(look, Look::Shown(shown) if shown.balance() < refund.amount)
}

/// What a later look-up makes of an open refund, or of one that was taken for refused or not sent. `waited`: it
/// was sent `settle_after` ago or longer, and silence proves something by then ([`silence_proves`]). `None` where
/// nothing changes.
#[must_use]
pub fn review(refund: &Refund, others: &[Refund], look: &Look, waited: bool) -> Option<RefundEnd> {
    if refund.outcome == RefundOutcome::Refunded {
        return None;
    }
    let open = refund.outcome.is_open();
    let found = match look {
        // What has ended is not seen again in something that may be another's.
        Look::Shown(shown) if !open => find_by_id(refund, shown),
        Look::Shown(shown) => find(refund, others, shown),
        Look::Odd(reason) | Look::NoAnswer(reason) => {
            let why = Box::new(reason.clone());
            let asks = open && !refund.was_taken();
            return asks.then_some(RefundEnd::Unknown(Reason::LookupNoAnswer { why }));
        }
    };
    match found {
        Found::Ours(entry) => Some(RefundEnd::FoundLater(entry)),
        // It cannot come any more: others have taken what it would take.
        Found::NotThere if refund.was_taken() && waited && cannot_hold(refund, look) => {
            Some(RefundEnd::NotSent(Reason::NoTrace))
        }
        Found::Undecided | Found::NotThere if !open || refund.was_taken() => None,
        Found::Undecided => Some(RefundEnd::Unknown(Reason::RefundUndecided)),
        Found::NotThere if waited => Some(match &refund.message {
            Some(words) => RefundEnd::Refused(Some(words.clone())),
            None => RefundEnd::NotSent(Reason::NoTrace),
        }),
        Found::NotThere => Some(RefundEnd::Unknown(Reason::RefundNotShownYet)),
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::{Refund, RefundNote, undone};
    use crate::domain::payment::RefundOutcome;
    use crate::domain::reason::Reason;
    use crate::domain::refund::tests::{refund, won};

    fn note(back: bool) -> RefundNote {
        let (at, by, evidence) = (Timestamp::UNIX_EPOCH, Some("mina".to_owned()), "letter".to_owned());
        RefundNote { back, at, by, evidence }
    }

    #[test]
    fn a_person_ends_what_no_look_up_does_and_undoes_what_the_pg_took_back() {
        use RefundOutcome::{NotSent, Pending, Refunded, Refused, Unknown};
        let table = [
            ("an open one went back", Unknown, None, true, Some((Refunded, "refund_noted_back"))),
            ("one that nobody was told of", Pending, None, true, Some((Refunded, "refund_noted_back"))),
            ("an open one did not", Unknown, None, false, Some((NotSent, "refund_noted_not_back"))),
            (
                "one that was taken did not",
                Unknown,
                Some(Reason::RefundTaken),
                false,
                Some((NotSent, "refund_noted_not_back")),
            ),
            (
                "one that was shown was taken back",
                Refunded,
                None,
                false,
                Some((Refunded, "refund_taken_back")),
            ),
            ("one that was shown needs no word", Refunded, None, true, None),
            ("a refused one is settled", Refused, None, true, None),
            ("a refused one did not go back", Refused, None, false, None),
            ("one that was not sent is settled", NotSent, None, true, None),
        ];
        for (rule, outcome, why, back, expected) in table {
            let before = Refund { outcome, why, ..refund("aaaaaaaa", 3_000, 10_000) };
            let noted = before.noted(&note(back));
            let told = noted.as_ref().map(|noted| (noted.outcome, noted.why.as_ref().unwrap().word()));
            assert_eq!(told, expected, "{rule}");
            // Said twice it is said once.
            assert_eq!(noted.and_then(|noted| noted.noted(&note(back))), None, "{rule}");
        }
        let wrongly = refund("aaaaaaaa", 3_000, 10_000).noted(&note(true)).unwrap();
        let corrected = wrongly.noted(&note(false)).unwrap();
        assert_eq!((corrected.outcome, corrected.why.unwrap().word()), (NotSent, "refund_noted_not_back"));
        let mut once = Refund { outcome: Refunded, ..refund("aaaaaaaa", 3_000, 10_000) };
        once = once.noted(&note(false)).unwrap();
        assert_eq!(once.noted(&note(false)), None);
        assert!(!once.is_to_show());
    }

    #[test]
    fn what_the_gateway_shows_no_more_was_taken_back() {
        let done = |id: &str, amount: i64| {
            let outcome = RefundOutcome::Refunded;
            Refund { outcome, ..refund(id, amount, 10_000) }
        };
        let noted = done("cccccccc", 2_000).noted(&note(false)).unwrap();
        let open = refund("dddddddd", 2_000, 10_000);
        let refunds = [done("aaaaaaaa", 3_000), done("bbbbbbbb", 1_000), noted, open];
        let table: [(&str, i64, &[&str]); 6] = [
            ("both show", 4_000, &[]),
            ("more shows than is ours", 9_000, &[]),
            ("one of just that sum is missing", 3_000, &["bbbbbbbb"]),
            ("the other", 1_000, &["aaaaaaaa"]),
            ("both", 0, &["aaaaaaaa", "bbbbbbbb"]),
            ("some of it, and nobody knows of which", 3_500, &["aaaaaaaa", "bbbbbbbb"]),
        ];
        for (rule, shown, expected) in table {
            let found: Vec<&str> =
                undone(&refunds, "imps_1", won(shown)).iter().map(|refund| refund.id.as_str()).collect();
            assert_eq!(found, expected, "{rule}");
        }
        assert_eq!(undone(&refunds, "imps_2", won(0)), Vec::<&Refund>::new());
    }

    #[test]
    fn what_ended_without_a_proof_may_show_late() {
        let of = |outcome, why: Option<Reason>| Refund { outcome, why, ..refund("aaaaaaaa", 3_000, 10_000) };
        assert!(of(RefundOutcome::Refused, None).may_show_late());
        assert!(of(RefundOutcome::NotSent, Some(Reason::NoTrace)).may_show_late());
        // It never left.
        assert!(!of(RefundOutcome::NotSent, Some(Reason::HeldUp)).may_show_late());
        assert!(!of(RefundOutcome::Unknown, Some(Reason::RefundTaken)).may_show_late());
        assert!(!of(RefundOutcome::Refunded, None).may_show_late());
    }
}
