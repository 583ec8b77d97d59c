//! Key and secret are tried: one token request, and nothing else.

use std::sync::Arc;

use crate::clock::SystemClock;
use crate::commands::asking::{Question, confirm};
use crate::commands::context::Context;
use crate::commands::setup::desk::{Desk, INTERRUPTED};
use crate::domain::secret::Secret;
use crate::failure::{Failure, Kind};
use crate::interrupt::NoValue;
use crate::settings::Draft;

pub(super) enum Tried {
    Taken,
    /// The gateway was not reached, and a person has said to go on.
    LeftUnchecked,
}

/// Asks the gateway of the draft for a token. What it says no to is an error, and so is silence that nobody wants to
/// go on from.
pub(super) fn tried(
    desk: &mut Desk<'_>,
    draft: &Draft,
    profile: &str,
    secret: Option<&Secret>,
) -> Result<Tried, Failure> {
    let settings = draft.to_try(profile, secret, &desk.session.environment)?;
    let gateway = {
        let clock = Arc::new(SystemClock::start());
        let context = Context { settings: &settings, ui: &mut *desk.ui, clock, marks: None };
        context.open_gateway()?
    };
    let client = Arc::clone(&gateway.client);
    let answer = {
        let _wait = desk.ui.waiting("asking the gateway for a token");
        desk.interrupts.run(1, move || client.token(true), &mut || ())
    };
    let failure = match answer {
        Ok(Ok(_)) => {
            desk.ui.status(&format!(
                "Asked {} for an access token, and for nothing else: it takes key and secret.",
                settings.api_url
            ));
            return Ok(Tried::Taken);
        }
        Ok(Err(failure)) => Failure::from(failure),
        Err(NoValue::GivenUp) => return Err(Failure::interrupted("interrupted")),
        Err(NoValue::NeverBegan) => {
            return Err(Failure::local("the system gave no thread to ask the gateway in"));
        }
    };
    if failure.kind == Kind::Auth {
        let message = format!("{} (only a token was asked for)", failure.message);
        return Err(Failure::auth(message)
            .hinted("compare key and secret with the console's, and copy them once more"));
    }
    if failure.kind != Kind::Network || !desk.ui.interactive() {
        return Err(failure.hinted("--unchecked writes them without asking the gateway"));
    }
    confirm(
        desk.ui,
        desk.interrupts,
        &Question {
            about: &format!("  {}. Only a token was asked for.", failure.message.trim_end_matches('.')),
            question: "Write key and secret without having tried them?",
            unasked: &failure.message,
            hint: "--unchecked writes them without asking the gateway",
            declined: &failure.message,
            interrupted: INTERRUPTED,
        },
    )
    .map_err(|declined| Failure { kind: kind_of(&declined, &failure), ..declined })?;
    Ok(Tried::LeftUnchecked)
}

/// A no leaves what it was asked for: the gateway was not reached.
fn kind_of(declined: &Failure, failure: &Failure) -> Kind {
    if declined.kind == Kind::Refused { failure.kind } else { declined.kind }
}
