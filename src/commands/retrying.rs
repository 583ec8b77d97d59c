//! What the profile's rules say of declined orders, as the ledger knows them: for a list, a batch, and a customer.

use std::ops::ControlFlow;
use std::time::Duration;

use jiff::Timestamp;

use crate::domain::due::{Judged, State, behind, judge};
use crate::domain::payment::{Mode, Payment};
use crate::domain::retry_rules::RetryRules;
use crate::ledger::{Ledger, LedgerError, Refused};

/// The rules at one moment.
pub(in crate::commands) struct Retrying {
    pub rules: RetryRules,
    pub mode: Mode,
    pub now: Timestamp,
}

impl Retrying {
    /// Before this nothing that was asked for is tried any more.
    pub(in crate::commands) fn since(&self) -> Timestamp {
        ago(self.now, self.rules.give_up)
    }

    /// What is said of one order.
    pub(in crate::commands) fn judge(
        &self,
        ledger: &Ledger,
        payment: &Payment,
    ) -> Result<Judged, LedgerError> {
        let judged = self.alone(ledger, payment)?;
        if judged.state != State::Due {
            return Ok(judged);
        }
        // Two orders that are due are two tries on one card: the older one is first.
        let until = Timestamp::from_millisecond(payment.requested_at.as_millisecond().saturating_add(1));
        let of = Refused {
            mode: self.mode,
            since: self.since(),
            until: until.unwrap_or(payment.requested_at),
            customer: Some(payment.terms.customer_uid.clone()),
        };
        let uid = &payment.terms.merchant_uid;
        let mut older = None;
        each_refused(ledger, &of, |other| {
            // They come in one order, in which this one has its place.
            if other.terms.merchant_uid == *uid {
                return Ok(ControlFlow::Break(()));
            }
            if self.alone(ledger, &other)?.state != State::Due {
                return Ok(ControlFlow::Continue(()));
            }
            older = Some(other.terms.merchant_uid);
            Ok(ControlFlow::Break(()))
        })?;
        Ok(match older {
            Some(older) => behind(&judged, older, &self.rules, self.now),
            None => judged,
        })
    }

    fn alone(&self, ledger: &Ledger, payment: &Payment) -> Result<Judged, LedgerError> {
        let tried = ledger.tried(payment, ago(self.now, self.rules.within))?;
        Ok(judge(payment, &tried, &self.rules, self.now))
    }
}

/// Visits declined and rejected orders until told to stop or until something fails.
pub(in crate::commands) fn each_refused<E: From<LedgerError>>(
    ledger: &Ledger,
    of: &Refused,
    mut each: impl FnMut(Payment) -> Result<ControlFlow<()>, E>,
) -> Result<(), E> {
    let mut failed = Ok(());
    ledger.refused(of, &mut |payment| {
        each(payment).unwrap_or_else(|error| {
            failed = Err(error);
            ControlFlow::Break(())
        })
    })?;
    failed
}

fn ago(now: Timestamp, time: Duration) -> Timestamp {
    now.checked_sub(time).unwrap_or(Timestamp::MIN)
}
