//! A charge that is over, but for the writing down.

use crate::billing::book::Writing;
use crate::billing::report::{ChargeError, Ended, Report, mode_denied, not_recorded};
use crate::domain::ids::MerchantUid;
use crate::domain::payment::{Mode, Outcome, Received};

/// How a charge ended, as far as it is durable.
#[must_use = "how it ended is known after the wait"]
pub(super) enum Charged {
    Known(Ended),
    Paid(Box<Paid>),
}

/// The gateway said paid in answer to this run's own request, and it is being written down.
pub(super) struct Paid {
    pub(super) writing: Writing,
    pub(super) merchant_uid: MerchantUid,
    pub(super) received: Received,
    /// The profile's, and what the gateway's flag says to it.
    pub(super) mode: Mode,
    pub(super) sandbox_flag: Option<bool>,
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
        let Paid { writing, merchant_uid, received, mode, sandbox_flag } = self;
        let written = writing.wait();
        let payment =
            written.map_err(|error| not_recorded(error, &merchant_uid, Outcome::Paid, &received))?;
        let mode_denied = mode_denied(mode, &payment, sandbox_flag);
        Ok(Ended::Answered(Box::new(Report { mode_denied, ..Report::of_own(payment) })))
    }
}
