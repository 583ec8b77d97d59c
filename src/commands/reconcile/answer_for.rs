//! `billkey reconcile --acknowledge` of what is no alarm: a difference, a schedule at the gateway, or a refund that
//! was refused.

use serde::Serialize;

use crate::commands::context::Context;
use crate::commands::reconcile::drifted::acknowledged;
use crate::commands::session::answered;
use crate::domain::record::Signed;
use crate::failure::{Exit, Failure};
use crate::ledger::{AnswerFor, Ledger, LedgerError};
use crate::output::text::{safe, shell_word, when_rfc3339};

/// Something that a person may answer for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Subject {
    pub id: String,
    /// A word of `attention`.
    pub kind: &'static str,
    pub merchant_uid: Option<String>,
    pub imp_uid: Option<String>,
}

/// The answer, for programs.
#[derive(Serialize)]
struct Answer<'a> {
    id: &'a str,
    kind: &'static str,
    merchant_uid: Option<&'a str>,
    imp_uid: Option<&'a str>,
    acknowledged: bool,
    acknowledged_at: Option<String>,
    acknowledged_by: Option<&'a str>,
    acknowledged_reason: Option<&'a str>,
}

/// Everything that is left and may be answered for.
pub(super) fn subjects(ledger: &Ledger) -> Result<Vec<Subject>, LedgerError> {
    let mut all = Vec::new();
    for kept in ledger.drift_left()? {
        let (kind, found) = (kept.what.kind.word(), kept.what);
        all.push(Subject { id: kept.id, kind, merchant_uid: found.merchant_uid, imp_uid: found.imp_uid });
    }
    for kept in ledger.schedules_left()? {
        let merchant_uid = Some(kept.what.merchant_uid);
        all.push(Subject { id: kept.id, kind: "schedule", merchant_uid, imp_uid: None });
    }
    for refund in ledger.refused_refunds()? {
        all.push(Subject {
            id: refund.id.as_str().to_owned(),
            kind: "refund_refused",
            merchant_uid: Some(refund.merchant_uid.to_string()),
            imp_uid: Some(refund.imp_uid),
        });
    }
    Ok(all)
}

/// The one that has this id of its own.
pub(super) fn named<'a>(subjects: &'a [Subject], id: &str) -> Option<&'a Subject> {
    subjects.iter().find(|subject| subject.id == id)
}

/// The one that is about this order or payment. Two are told, and neither is taken.
pub(super) fn about<'a>(
    subjects: &'a [Subject],
    (flag, id): (&str, &str),
    context: &Context<'_>,
) -> Result<Option<&'a Subject>, Failure> {
    let is_about = |subject: &&Subject| {
        [&subject.merchant_uid, &subject.imp_uid].into_iter().flatten().any(|known| known == id)
    };
    let fitting: Vec<&Subject> = subjects.iter().filter(is_about).collect();
    match fitting.as_slice() {
        [] => Ok(None),
        [only] => Ok(Some(only)),
        several => {
            let message = format!(
                "{} is about {} things that somebody may answer for. Nothing was written",
                safe(id),
                several.len()
            );
            let each = |subject: &&Subject| {
                let command = format!("reconcile {flag} {} --reason \"...\"", shell_word(&subject.id));
                format!("{}: {}", subject.kind, context.hint(&command))
            };
            Err(several
                .iter()
                .fold(Failure::refused(message), |refused, subject| refused.hinted(each(subject))))
        }
    }
}

/// Keeps who answers for it, or who takes that back. Said twice it is said once.
pub(super) fn answer(
    subject: &Subject,
    (given, reason): (bool, &str),
    ledger: &mut Ledger,
    context: &mut Context<'_>,
) -> Result<Exit, Failure> {
    let before = ledger.answer_for(&subject.id)?;
    if before.is_some() != given {
        ledger.keep_answer_for(&AnswerFor {
            subject: subject.id.clone(),
            at: context.now(),
            operator: context.settings.operator.clone(),
            reason: reason.to_owned(),
            given,
        })?;
    }
    tell(subject, ledger.answer_for(&subject.id)?.as_ref(), context)
}

fn tell(subject: &Subject, signed: Option<&Signed>, context: &mut Context<'_>) -> Result<Exit, Failure> {
    let ui = &mut *context.ui;
    let Subject { id, kind, merchant_uid, imp_uid } = subject;
    if ui.format().is_json() {
        let answer = Answer {
            id,
            kind,
            merchant_uid: merchant_uid.as_deref(),
            imp_uid: imp_uid.as_deref(),
            acknowledged: signed.is_some(),
            acknowledged_at: signed.map(|signed| when_rfc3339(signed.at, ui.zone())),
            acknowledged_by: signed.and_then(|signed| signed.operator.as_deref()),
            acknowledged_reason: signed.map(|signed| signed.reason.as_str()),
        };
        return answered(ui.json(&answer), Exit::Done);
    }
    let of =
        merchant_uid.as_deref().map_or_else(String::new, |order| format!(" of the order {}", safe(order)));
    let text = match signed {
        Some(signed) => format!("{id}  {kind}{of}. {}", acknowledged(signed, ui.zone())),
        None => format!("{id}  {kind}{of}. It is not acknowledged any more."),
    };
    answered(ui.done(&text), Exit::Done)
}
