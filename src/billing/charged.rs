//! A charge that is over, but for the writing down.

use std::sync::Arc;

use crate::billing::book::Writing;
use crate::billing::report::{ChargeError, Ended, Report, mode_denied, not_recorded, sandbox_flag};
use crate::domain::answer::ChargeReply;
use crate::domain::charge::ChargeRequest;
use crate::domain::payment::Outcome;

/// How a charge ended, as far as it is durable.
#[must_use = "how it ended is known after the wait"]
pub(super) enum Charged {
    Known(Ended),
    Paid(Box<Paid>),
}

/// The gateway said paid in answer to this run's own request, and it is being written down.
pub(super) struct Paid {
    pub(super) writing: Writing,
    pub(super) request: Arc<ChargeRequest>,
    pub(super) reply: Arc<ChargeReply>,
}

impl Charged {
    /// Waits until the end is durable.
    pub(super) fn wait(self) -> Result<Ended, ChargeError> {
        match self {
            Charged::Known(ended) => Ok(ended),
            Charged::Paid(paid) => paid.wait(),
        }
    }
}

impl Paid {
    /// Waits until the answer is durable.
    pub(super) fn wait(self) -> Result<Ended, ChargeError> {
        let Paid { writing, request, reply } = self;
        let terms = &request.terms;
        let written = writing.wait();
        let payment = written
            .map_err(|error| not_recorded(error, &terms.merchant_uid, Outcome::Paid, &reply.received))?;
        let mode_denied = mode_denied(terms.mode, &payment, sandbox_flag(&reply.answer));
        Ok(Ended::Answered(Box::new(Report { mode_denied, ..Report::of_own(payment) })))
    }
}
