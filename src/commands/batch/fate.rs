//! What becomes of a row, as one small value.

use crate::billing::ahead::Ahead;
use crate::billing::beside::Cleared;
use crate::billing::report::Held;
use crate::billing::report::{Ended, Report};
use crate::domain::lookup::LookedUp;
use crate::domain::payment::{Outcome, Payment};
use crate::domain::protocol::BeforeSend;
use crate::domain::reason::Reason;
use crate::failure::{Exit, Kind};

/// Why billkey refuses a row. Nothing was sent for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum RowRefusal {
    MaxAmount,
    DailyAmount,
    Similar,
    OtherTerms,
    OtherAtGateway,
    UnknownCustomer,
    RemovedCustomer,
    /// Declined before, and the profile's rules do not try it again now.
    BeyondRules,
}

impl RowRefusal {
    pub(super) fn word(self) -> &'static str {
        match self {
            RowRefusal::MaxAmount => "max_amount",
            RowRefusal::DailyAmount => "daily_amount",
            RowRefusal::Similar => "similar_charge",
            RowRefusal::OtherTerms => "other_terms",
            RowRefusal::OtherAtGateway => "other_at_gateway",
            RowRefusal::UnknownCustomer => "unknown_customer",
            RowRefusal::RemovedCustomer => "removed_customer",
            RowRefusal::BeyondRules => "beyond_rules",
        }
    }

    pub(super) fn reason(self) -> Reason {
        match self {
            RowRefusal::MaxAmount => Reason::OverMaxAmount,
            RowRefusal::DailyAmount => Reason::OverDailyAmount,
            RowRefusal::Similar => Reason::SimilarCharge,
            RowRefusal::OtherTerms => Reason::OtherTerms,
            RowRefusal::OtherAtGateway => Reason::OtherAtGateway,
            RowRefusal::UnknownCustomer => Reason::UnknownCustomer,
            RowRefusal::RemovedCustomer => Reason::RemovedCustomer,
            RowRefusal::BeyondRules => Reason::BeyondRetryRules,
        }
    }
}

/// Where a row stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Fate {
    /// To be sent.
    Send,
    /// Its last request may have been made: to be looked up, and sent only if the rules allow it.
    Settle,
    Paid,
    /// Paid by an earlier run.
    AlreadyPaid,
    Declined,
    DeclinedBefore,
    Rejected,
    RejectedBefore,
    Unknown,
    /// The gateway was not reached.
    NotSent,
    KeyRefused,
    /// Another process kept the payment to itself.
    Busy,
    /// The ledger could not be written, or a bug.
    Failed,
    /// The batch stopped before it.
    NotTried,
    /// Its PG refuses the merchant's own account.
    PgStopped,
    Refused(RowRefusal),
}

impl Fate {
    /// Nothing more happens to it.
    pub(super) fn is_final(self) -> bool {
        !matches!(self, Fate::Send | Fate::Settle)
    }

    /// The stored result of an earlier run is the answer.
    pub(super) fn is_replayed(self) -> bool {
        matches!(self, Fate::AlreadyPaid | Fate::DeclinedBefore | Fate::RejectedBefore)
    }

    /// What the payment was before this run, where that is all there is to tell of it.
    pub(super) fn outcome_before(self) -> Option<Outcome> {
        match self {
            Fate::AlreadyPaid => Some(Outcome::Paid),
            Fate::DeclinedBefore => Some(Outcome::Declined),
            Fate::RejectedBefore => Some(Outcome::Rejected),
            Fate::Unknown => Some(Outcome::Unknown),
            Fate::Send
            | Fate::Settle
            | Fate::Paid
            | Fate::Declined
            | Fate::Rejected
            | Fate::NotSent
            | Fate::KeyRefused
            | Fate::Busy
            | Fate::Failed
            | Fate::NotTried
            | Fate::PgStopped
            | Fate::Refused(_) => None,
        }
    }

    pub(super) fn refused(self) -> Option<RowRefusal> {
        if let Fate::Refused(why) = self { Some(why) } else { None }
    }

    /// What is shown to people.
    pub(super) fn words(self) -> &'static str {
        match self {
            Fate::Send => "to send",
            Fate::Settle => "to look up first",
            Fate::Paid => "paid",
            Fate::AlreadyPaid => "already paid",
            Fate::Declined => "declined",
            Fate::DeclinedBefore => "declined before",
            Fate::Rejected => "rejected",
            Fate::RejectedBefore => "rejected before",
            Fate::Unknown => "unknown",
            Fate::NotSent | Fate::KeyRefused | Fate::PgStopped => "not sent",
            Fate::Busy => "busy",
            Fate::Failed => "failed",
            Fate::NotTried => "not tried",
            Fate::Refused(_) => "refused",
        }
    }

    /// The exit code of a single charge with this end. A row that was not tried has none: what
    /// stopped the batch has.
    pub(super) fn exit(self) -> Exit {
        match self {
            Fate::Send | Fate::Settle | Fate::Paid | Fate::AlreadyPaid | Fate::NotTried => Exit::Done,
            Fate::Declined | Fate::DeclinedBefore => Exit::With(Kind::Declined),
            Fate::Rejected | Fate::RejectedBefore => Exit::With(Kind::Rejected),
            Fate::Unknown => Exit::With(Kind::Unknown),
            Fate::NotSent | Fate::Busy => Exit::With(Kind::Network),
            Fate::KeyRefused => Exit::With(Kind::Auth),
            Fate::Failed => Exit::With(Kind::Local),
            Fate::PgStopped | Fate::Refused(_) => Exit::With(Kind::Refused),
        }
    }

    /// The same of a row that was this before: one that may have been charged by an earlier run is not made
    /// surer by a run that stopped before it.
    pub(super) fn after(self, before: Fate) -> Fate {
        match (before, self) {
            (Fate::Settle, Fate::NotTried | Fate::PgStopped) => Fate::Unknown,
            (_, fate) => fate,
        }
    }

    /// Of a charge that came to its end.
    pub(super) fn of(ended: &Ended) -> Fate {
        match ended {
            Ended::Answered(report) => answered(report),
            Ended::OtherTerms(_) => Fate::Refused(RowRefusal::OtherTerms),
            Ended::OtherAtGateway { .. } => Fate::Refused(RowRefusal::OtherAtGateway),
            Ended::Similar(_) => Fate::Refused(RowRefusal::Similar),
            Ended::OverDaily { .. } => Fate::Refused(RowRefusal::DailyAmount),
            Ended::Busy { .. } => Fate::Busy,
            Ended::Interrupted => Fate::NotTried,
        }
    }

    /// Of a charge that is only looked ahead to. `holds`: the ledger lets nothing go yet.
    pub(super) fn foreseen(ahead: &Ahead, beside: &Cleared, holds: bool) -> Fate {
        let (row, would, held) = match ahead {
            Ahead::Stored(ended) => return Fate::of(ended),
            Ahead::Asked { row, would, held, .. } => (row, would.as_ref(), held),
        };
        let open = row.as_ref().is_some_and(|row| matches!(row.outcome, Outcome::Unknown | Outcome::Pending));
        match (would, held) {
            (BeforeSend::Settle(looked_up), _) => Fate::before(LookedUp::outcome(looked_up)),
            (BeforeSend::Doubt(_), _) => Fate::Unknown,
            (_, Some(_)) if open => Fate::Unknown,
            (_, Some(Held::KeyRefused(_))) => Fate::KeyRefused,
            (_, Some(Held::Interrupted)) => Fate::NotTried,
            (BeforeSend::GiveUp(_) | BeforeSend::HoldUntil(..), _) => Fate::NotSent,
            (BeforeSend::Refuse(..), _) => Fate::Refused(RowRefusal::OtherAtGateway),
            (BeforeSend::Replay { .. }, _) => Fate::before(row.as_ref().map(|row| row.outcome)),
            (BeforeSend::Claim { .. }, _) if holds => Fate::NotSent,
            (BeforeSend::Claim { .. }, _) => match beside {
                Cleared::Passed { .. } => Fate::Send,
                Cleared::Alike(_) => Fate::Refused(RowRefusal::Similar),
                Cleared::Waits(_) => Fate::NotSent,
                Cleared::Interrupted => Fate::NotTried,
            },
        }
    }

    /// What was so before this run.
    fn before(outcome: Option<Outcome>) -> Fate {
        match outcome {
            Some(Outcome::Paid) => Fate::AlreadyPaid,
            Some(Outcome::Declined) => Fate::DeclinedBefore,
            Some(Outcome::Rejected) => Fate::RejectedBefore,
            Some(Outcome::NotSent) => Fate::NotSent,
            Some(Outcome::Unknown | Outcome::Pending) | None => Fate::Unknown,
        }
    }

    /// Of a row that was to be looked up, and was not: it stands as it did.
    pub(super) fn of_not_asked(payment: Option<&Payment>) -> Fate {
        match payment.map(|payment| payment.outcome) {
            Some(Outcome::Declined) => Fate::DeclinedBefore,
            Some(Outcome::Rejected) => Fate::RejectedBefore,
            // Another process has found it.
            Some(Outcome::Paid) => Fate::AlreadyPaid,
            Some(Outcome::Pending | Outcome::Unknown | Outcome::NotSent) | None => Fate::Unknown,
        }
    }

    /// Of a row that was begun and whose end nobody saw.
    pub(super) fn of_unseen(payment: Option<&Payment>) -> Fate {
        match payment.map(|payment| payment.outcome) {
            Some(Outcome::Pending | Outcome::Unknown) => Fate::Unknown,
            Some(Outcome::Paid) => Fate::Paid,
            Some(Outcome::Declined) => Fate::Declined,
            Some(Outcome::Rejected) => Fate::Rejected,
            Some(Outcome::NotSent) | None => Fate::NotTried,
        }
    }
}

fn answered(report: &Report) -> Fate {
    match (report.payment.outcome, &report.held) {
        (Outcome::Unknown, _) if report.payment.is_noted_charged() => Fate::AlreadyPaid,
        (Outcome::Unknown | Outcome::Pending, _) => Fate::Unknown,
        (_, Some(Held::Interrupted)) => Fate::NotTried,
        (_, Some(Held::KeyRefused(_))) => Fate::KeyRefused,
        (_, Some(Held::NotReached(_))) => Fate::NotSent,
        (Outcome::Paid, None) if report.replayed => Fate::AlreadyPaid,
        (Outcome::Paid, None) => Fate::Paid,
        (Outcome::Declined, None) if report.replayed => Fate::DeclinedBefore,
        (Outcome::Declined, None) => Fate::Declined,
        (Outcome::Rejected, None) if report.replayed => Fate::RejectedBefore,
        (Outcome::Rejected, None) => Fate::Rejected,
        (Outcome::NotSent, None) => Fate::NotSent,
    }
}

#[cfg(test)]
mod tests {
    use super::{Fate, RowRefusal};

    #[test]
    fn a_fate_has_the_exit_code_of_its_charge() {
        let codes = [
            (Fate::Paid, 0),
            (Fate::AlreadyPaid, 0),
            (Fate::DeclinedBefore, 5),
            (Fate::Rejected, 6),
            (Fate::Unknown, 7),
            (Fate::Refused(RowRefusal::Similar), 8),
            (Fate::NotSent, 9),
            (Fate::KeyRefused, 4),
            (Fate::Failed, 1),
            (Fate::NotTried, 0),
            (Fate::PgStopped, 8),
        ];
        for (fate, code) in codes {
            assert_eq!(fate.exit().code(), code, "{fate:?}");
        }
        assert!(size_of::<Fate>() <= 2, "there is one for each of a million rows");
    }
}
