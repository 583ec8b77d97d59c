//! A charge that is over, but for the writing down.

use crate::billing::book::Writing;
use crate::billing::report::{ChargeError, Ended, Report, mode_denied, not_recorded};
use crate::domain::payment::{Outcome, Payment, Received, Terms};
use crate::domain::reason::Reason;

/// How a charge ended, as far as it is durable.
#[must_use = "how it ended is known after the wait"]
pub(super) enum Charged {
    Known(Ended),
    /// The gateway said paid in answer to this run's own request.
    Paid(Box<Own>),
}

/// The end of a run's own request, on its way to the disk.
pub(super) struct Own {
    pub(super) writing: Writing,
    pub(super) terms: Terms,
    /// What the answer means, for whoever has to be told that it could not be written.
    pub(super) outcome: Outcome,
    pub(super) received: Received,
    pub(super) sandbox_flag: Option<bool>,
    /// What is to be told of other orders.
    pub(super) asides: Vec<Reason>,
}

impl Charged {
    /// Waits until the end is durable.
    pub(super) fn wait(self) -> Result<Ended, ChargeError> {
        match self {
            Charged::Known(ended) => Ok(ended),
            Charged::Paid(own) => own.wait(),
        }
    }
}

impl Own {
    /// Waits until it is durable; the payment as it is then.
    pub(super) fn written(self) -> Result<Payment, ChargeError> {
        let Own { writing, terms, outcome, received, .. } = self;
        match writing.wait() {
            Ok(written) => Ok(written.payment),
            Err(error) => Err(not_recorded(error, &terms.merchant_uid, outcome, &received)),
        }
    }

    /// The same as an end, with nothing more to say.
    pub(super) fn wait(mut self) -> Result<Ended, ChargeError> {
        let asides = std::mem::take(&mut self.asides);
        let (mode, flag) = (self.terms.mode, self.sandbox_flag);
        let payment = self.written()?;
        let mode_denied = mode_denied(mode, &payment, flag);
        Ok(Ended::Answered(Box::new(Report { mode_denied, asides, ..Report::of_own(payment) })))
    }
}
