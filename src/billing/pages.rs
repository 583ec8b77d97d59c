//! Pages of the gateway's lists, asked for so that whoever waits for one can stop it, and a gateway that wants a pause
//! has it: a long list is read to its end in one run.

use std::sync::Arc;
use std::time::Duration;

use crate::domain::pressure::Gate;
use crate::domain::time::Clock;
use crate::gateway::{Client, GatewayFailure, HttpAnswer};
use crate::interrupt::{Interrupts, NoValue};

/// How many interrupts end a question.
const PATIENCE: u32 = 1;

/// A longer pause is not waited for: the same command later does as well, and goes on where it was.
const PAUSE_MAX: Duration = Duration::from_secs(60);

/// So many pauses for one page, and it has no answer.
const PAUSES_MAX: u32 = 2;

/// The longest sleep at a time: whoever waits looks now and then whether somebody wants to stop.
const NAP_MAX: Duration = Duration::from_millis(50);

/// Asks for pages.
pub struct Pages<'a> {
    pub gateway: Arc<Client>,
    pub clock: Arc<dyn Clock>,
    pub interrupts: Interrupts,
    /// Told how long a pause will be before it is waited for, and `None` when it is over.
    pub tell: &'a dyn Fn(Option<Duration>),
}

impl Pages<'_> {
    /// The answer to one page, by its path; `None` where somebody has stopped the run.
    pub fn ask(&self, path: &str) -> Result<Option<HttpAnswer>, GatewayFailure> {
        let mut pauses = 0;
        loop {
            if self.interrupts.requested() {
                return Ok(None);
            }
            let (gateway, asked) = (Arc::clone(&self.gateway), path.to_owned());
            let answer = match self.interrupts.run(PATIENCE, move || gateway.list_page(&asked), &mut || ()) {
                Ok(answer) => answer,
                Err(NoValue::GivenUp) if self.interrupts.requested() => return Ok(None),
                // The system has no thread for it; the answer can be had without.
                Err(NoValue::NeverBegan | NoValue::GivenUp) => self.gateway.list_page(path),
            };
            let put_off = answer.as_ref().map_or(true, |answer| answer.status == 429);
            match self.gateway.gate().0 {
                Gate::Paused(left) if put_off && left <= PAUSE_MAX && pauses < PAUSES_MAX => {
                    pauses += 1;
                    self.wait(left);
                }
                Gate::Open | Gate::Paused(_) | Gate::Halted(_) => return answer.map(Some),
            }
        }
    }

    fn wait(&self, pause: Duration) {
        (self.tell)(Some(pause));
        while let Gate::Paused(left) = self.gateway.gate().0 {
            if self.interrupts.requested() {
                break;
            }
            self.clock.sleep(left.min(NAP_MAX));
        }
        (self.tell)(None);
    }
}
