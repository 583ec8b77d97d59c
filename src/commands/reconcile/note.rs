//! `billkey reconcile ID --note`: a person says what became of a payment that the gateway will not show.

use clap::ValueEnum;
use clap::builder::PossibleValue;

use crate::commands::context::Context;
use crate::commands::pasted::{command_of, note_command};
use crate::commands::reconcile::ReconcileArgs;
use crate::commands::reconcile::tell::Told;
use crate::domain::charge::{Field, check_text};
use crate::domain::money::Amount;
use crate::domain::payment::{Noted, Outcome, Payment};
use crate::domain::protocol::may_be_noted;
use crate::domain::record::Record;
use crate::domain::refund::Refund;
use crate::domain::text::nfc_key;
use crate::failure::{Exit, Failure};
use crate::ledger::{Entry, How, OutsideNote, Seen};

mod refund;

/// What a person has found out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Note {
    Charged,
    NotCharged,
    Refunded,
    NotRefunded,
    RefundedOutside,
    NotRefundedOutside,
}

impl ValueEnum for Note {
    fn value_variants<'a>() -> &'a [Note] {
        &[
            Note::Charged,
            Note::NotCharged,
            Note::Refunded,
            Note::NotRefunded,
            Note::RefundedOutside,
            Note::NotRefundedOutside,
        ]
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        Some(PossibleValue::new(match self {
            Note::Charged => "charged",
            Note::NotCharged => "not-charged",
            Note::Refunded => "refunded",
            Note::NotRefunded => "not-refunded",
            Note::RefundedOutside => "refunded-outside",
            Note::NotRefundedOutside => "not-refunded-outside",
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
    if let Note::Refunded | Note::NotRefunded = note {
        let back = note == Note::Refunded;
        return refund::note(back, (id, evidence), args, context, ledger);
    }
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
    let charged = match note {
        Note::Charged => true,
        Note::NotCharged | Note::Refunded | Note::NotRefunded => false,
        Note::RefundedOutside | Note::NotRefundedOutside => {
            let open = ledger.refunds(&uid)?.into_iter().find(|refund| refund.outcome.is_open());
            let note = outside(note, args, (&row, id, open), evidence, context)?;
            let written = ledger.write_one(&Entry::Outside { uid: uid.clone(), note })?;
            if written.how != How::Kept {
                return Err(busy());
            }
            told.noted_outside(written.payment);
            return told.finish(context, None);
        }
    };
    if args.amount.is_some() {
        return Err(Failure::usage("--amount is of --note refunded-outside alone. Nothing was noted"));
    }
    if !may_be_noted(&row) {
        return Err(settled(&row));
    }
    let by = context.settings.operator.clone();
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

/// A note of money that the PG paid back without the gateway; `open` is a refund of the payment of which nobody knows
/// what became of it.
fn outside(
    note: Note,
    args: &ReconcileArgs,
    (row, id, open): (&Payment, &str, Option<Refund>),
    evidence: String,
    context: &Context<'_>,
) -> Result<OutsideNote, Failure> {
    let uid = &row.terms.merchant_uid;
    let no = |why: String| Err(Failure::refused(format!("{why}. Nothing was noted")));
    if row.outcome != Outcome::Paid {
        return no(format!("{uid} is {}, and only of a paid one is anything paid back", row.outcome));
    }
    let is_of_it = |record: &&Record| record.imp_uid == id || record.apply_num.as_deref() == Some(id);
    if let Some(other) = row.others().find(is_of_it) {
        let (other, own) = (&other.imp_uid, row.imp_uid.as_deref().unwrap_or("the order's own"));
        return no(format!(
            "{other} is a payment beside {own} under {uid}; --acknowledge {other} answers for that"
        ));
    }
    let (at, by, left) = (context.now(), context.settings.operator.clone(), row.left());
    if note == Note::NotRefundedOutside {
        if args.amount.is_some() {
            let why =
                "--note not-refunded-outside takes all of it back, and needs no --amount. Nothing was noted";
            return Err(Failure::usage(why));
        }
        if row.outside.is_none() {
            return no(format!(
                "nobody has noted that anything of {uid} was paid back outside of the gateway"
            ));
        }
        return Ok(OutsideNote { amount: None, at, by, evidence });
    }
    if let Some(open) = open {
        let refund = open.id.as_str();
        let again = command_of(context.settings, "reconcile", uid.as_str());
        let why = format!("whether the refund {refund} of {} went through is not known yet", open.amount);
        let back = note_command(context.settings, refund, "refunded");
        return no(why).map_err(|failure: Failure| {
            failure
                .hinted(format!("to find out: {again}"))
                .hinted(format!("if that is what the PG paid back: {back}"))
        });
    }
    let currency = left.currency();
    let amount = args.amount.as_deref().map(|text| Amount::parse(text, currency)).transpose()?;
    let amount = amount.unwrap_or(left);
    if amount > left || left.minor() == 0 {
        let noted = row.outside.as_ref().map_or_else(String::new, |outside| {
            let by = outside.by.as_deref().map(|by| format!(" by {by}")).unwrap_or_default();
            format!(": {} is noted{by} as paid back outside of the gateway", outside.amount)
        });
        if left.minor() == 0 {
            return no(format!("nothing of {uid} is left{noted}"));
        }
        return no(format!("{left} of {uid} is left{noted}, and {amount} is more"));
    }
    Ok(OutsideNote { amount: Some(amount), at, by, evidence })
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
