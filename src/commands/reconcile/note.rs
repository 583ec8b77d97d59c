//! `billkey reconcile ID --note`: a person says what became of a payment that the gateway will not show.

use clap::ValueEnum;
use clap::builder::PossibleValue;

use crate::commands::context::Context;
use crate::commands::pasted::command_of;
use crate::commands::reconcile::ReconcileArgs;
use crate::commands::reconcile::tell::Told;
use crate::domain::charge::{Field, check_text};
use crate::domain::payment::{Noted, Outcome, Payment};
use crate::domain::protocol::may_be_noted;
use crate::domain::text::nfc_key;
use crate::failure::{Exit, Failure};
use crate::ledger::{Entry, How, Seen};

/// What a person has found out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Note {
    Charged,
    NotCharged,
}

impl ValueEnum for Note {
    fn value_variants<'a>() -> &'a [Note] {
        &[Note::Charged, Note::NotCharged]
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        Some(PossibleValue::new(match self {
            Note::Charged => "charged",
            Note::NotCharged => "not-charged",
        }))
    }
}

/// Writes the note down, under the payment's lock. The gateway is not asked.
pub(super) fn note(note: Note, args: &ReconcileArgs, context: &mut Context<'_>) -> Result<Exit, Failure> {
    let [id] = args.ids.as_slice() else {
        return Err(Failure::usage(
            "--note is about one payment, and needs exactly one ID. Nothing was noted",
        ));
    };
    let evidence = evidence(args.evidence.as_deref().unwrap_or_default())?;
    let mut told = Told::default();
    let mut ledger = context.ledger_at_hand()?;
    let Some(found) = ledger.find_any(id)? else {
        told.missing(id);
        return told.finish(context, None);
    };
    let uid = found.terms.merchant_uid;
    let busy = || {
        let again = command_of(context.settings, "reconcile", uid.as_str());
        Failure::network(format!("another process is at {uid} now. Nothing was noted"))
            .hinted(format!("what becomes of it: {again}"))
    };
    let Some(_lock) = ledger.lock_payment(&uid)? else { return Err(busy()) };
    let Some(row) = ledger.find(&uid)? else { return Err(busy()) };
    if !may_be_noted(&row) {
        return Err(settled(&row));
    }
    let (charged, by) = (note == Note::Charged, context.settings.operator.clone());
    let noted = Noted { charged, at: context.now(), by, evidence };
    let (seen, before) = (Seen::of(&row), row.outcome);
    let written = ledger.write_one(&Entry::Noted { uid: uid.clone(), seen, noted })?;
    match written.how {
        How::Kept => told.noted(written.payment, before),
        How::Claimed
        | How::Moved
        | How::Similar(_)
        | How::Open(_)
        | How::OverDaily { .. }
        | How::RefundHeld(_) => return Err(busy()),
    }
    told.finish(context, None)
}

fn evidence(text: &str) -> Result<String, Failure> {
    if text.trim().is_empty() {
        return Err(Failure::usage("the evidence is empty: say what shows it. Nothing was noted"));
    }
    check_text(Field::Evidence, Some(text), 500)?;
    Ok(nfc_key(text.trim()))
}

/// What is certain is not for a person to say.
fn settled(row: &Payment) -> Failure {
    let uid = &row.terms.merchant_uid;
    let why = match row.outcome {
        Outcome::Paid => "the gateway has shown it".to_owned(),
        Outcome::NotSent => "no request of it has left".to_owned(),
        Outcome::Declined | Outcome::Rejected | Outcome::Unknown | Outcome::Pending => {
            "it is no doubt whether the card was charged".to_owned()
        }
    };
    Failure::refused(format!(
        "{uid} is {}, and {why}: only what the gateway leaves open is noted by hand. Nothing was noted",
        row.outcome
    ))
}
