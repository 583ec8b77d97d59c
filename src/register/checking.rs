//! Checks with the gateway, so many at a time.

use std::sync::Arc;

use tokio::sync::Semaphore;

use crate::register::answer::Answer;
use crate::register::body::{Refused, Saved, Why};

/// So many checks wait for the gateway at a time; more are told to come back.
const CHECKS_MAX: usize = 32;

/// The places for checks.
#[derive(Clone)]
pub(super) struct Checks(Arc<Semaphore>);

impl Checks {
    pub(super) fn new() -> Checks {
        Checks(Arc::new(Semaphore::new(CHECKS_MAX)))
    }

    /// Makes a check on a thread that may wait: the gateway's client does, and must not do so where every other
    /// request would wait too.
    pub(super) async fn run(
        &self,
        about: String,
        check: impl FnOnce() -> Result<Saved, Refused> + Send + 'static,
    ) -> Answer {
        let Ok(place) = Arc::clone(&self.0).try_acquire_owned() else {
            let reason = "Too many registrations are being checked. Try again in a few seconds.";
            return Answer::refused(&Refused::new(Why::Busy, reason));
        };
        let checked = tokio::task::spawn_blocking(move || {
            let _place = place;
            check()
        });
        match checked.await {
            Ok(Ok(saved)) => Answer::json(&saved).about(about),
            Ok(Err(refused)) => Answer::refused(&refused).about(format!("{about}: {}", refused.reason)),
            Err(_) => Answer::refused(&Refused::new(Why::Local, "billkey has a bug; nothing was saved.")),
        }
    }
}
