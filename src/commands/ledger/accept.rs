//! `billkey ledger accept`: a person answers for a doubt.

use serde::Serialize;

use crate::commands::context::Context;
use crate::commands::ledger::AcceptArgs;
use crate::commands::session::answered;
use crate::domain::standing::Account;
use crate::failure::{Exit, Failure};
use crate::ledger::{Acceptance, Accepted, Beginning, Ledger, LedgerError};
use crate::output::standing::distrusted;
use crate::output::text::{when, when_rfc3339};

/// What was accepted, for programs.
#[derive(Serialize)]
struct AcceptAnswer {
    ledger: String,
    /// Among distrust, loss, account and unasked.
    accepted: Vec<&'static str>,
    unasked_until: Option<String>,
    reason: String,
}

/// The same for people, a sentence each.
struct Told {
    words: Vec<&'static str>,
    sentences: Vec<String>,
}

pub(super) fn run(args: &AcceptArgs, context: &mut Context<'_>) -> Result<Exit, Failure> {
    let reason = args.reason.trim().to_owned();
    if reason.is_empty() {
        return Err(Failure::usage("--reason is empty: say why, for whoever reads it later"));
    }
    let acceptance = Acceptance {
        at: context.now(),
        operator: context.settings.operator.clone(),
        reason,
        account: context.key().map(|key| Account::of_key(&key)),
        unasked: args.unasked,
    };
    let (told, unasked_until) = match context.ledger_to_accept() {
        Ok(mut ledger) => accept(&mut ledger, &acceptance, context)?,
        Err(LedgerError::Lost { path }) => {
            if args.unasked {
                return Err(Failure::refused(
                    "the ledger is lost: what it sent is not known, and nothing may be sent unasked",
                )
                .hinted(context.hint("ledger accept --reason \"...\"")));
            }
            let begun = Ledger::begin_anew(
                &path,
                &Beginning { now: context.clock.now(), acceptance: acceptance.clone() },
            )?;
            let sentence = if begun {
                format!(
                    "Began an empty ledger in place of the lost one, {}. Nothing is sent until settle_after has \
                     passed since its last sign.",
                    path.display()
                )
            } else {
                format!("There is a ledger at {} again: nothing was done.", path.display())
            };
            let words = if begun { vec!["loss"] } else { Vec::new() };
            (Told { words, sentences: vec![sentence] }, None)
        }
        Err(error) if error.is_missing() => return Err(Failure::not_found(error.what())),
        Err(error) => return Err(error.into()),
    };
    let zone = context.ui.zone().clone();
    if context.ui.format().is_json() {
        let answer = AcceptAnswer {
            ledger: context.settings.database.display().to_string(),
            accepted: told.words,
            unasked_until: unasked_until.map(|until| when_rfc3339(until, &zone)),
            reason: acceptance.reason,
        };
        return answered(context.ui.json(&answer), Exit::Done);
    }
    answered(context.ui.told(&told.sentences.join("\n")), Exit::Done)
}

fn accept(
    ledger: &mut Ledger,
    acceptance: &Acceptance,
    context: &Context<'_>,
) -> Result<(Told, Option<jiff::Timestamp>), Failure> {
    let doubted = ledger.standing()?.distrusted.filter(|distrust| !distrust.accepted);
    if acceptance.unasked
        && let Some(distrust) = &doubted
    {
        let why = distrusted(distrust, context.ui.zone());
        return Err(Failure::refused(format!(
            "a ledger that is distrusted sends nothing unasked: {}",
            why.trim_end_matches('.')
        ))
        .hinted(context.hint("ledger accept --reason \"...\"")));
    }
    let accepted = ledger.accept(acceptance)?;
    let unasked_until = accepted.unasked_until;
    Ok((told(&accepted, ledger, context), unasked_until))
}

fn told(accepted: &Accepted, ledger: &Ledger, context: &Context<'_>) -> Told {
    let mut told = Told { words: Vec::new(), sentences: Vec::new() };
    let mut tell = |word, sentence: String| {
        told.words.push(word);
        told.sentences.push(sentence);
    };
    if let Some(distrust) = &accepted.distrust {
        let why = distrusted(distrust, context.ui.zone());
        tell("distrust", format!("Accepted: {why} The wait before the next charge stays."));
    }
    if accepted.account {
        tell("account", "Accepted: the API key in use is this ledger's own from now on, and what was sent with another one is \
             waited for as usual."
                .to_owned());
    }
    if let Some(until) = accepted.unasked_until {
        let until = when(until, context.ui.zone());
        tell(
            "unasked",
            format!("Accepted: until {until} this ledger sends what it never sent, also unasked."),
        );
    }
    if told.words.is_empty() {
        told.sentences.push(format!("Nothing is open in {}: nothing was accepted.", ledger.place()));
    }
    told
}
