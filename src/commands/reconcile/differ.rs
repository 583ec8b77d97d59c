//! What ledger and gateway do not agree on, in sentences.

use crate::commands::reconcile::tell::Told;
use crate::domain::drift::DriftKind;
use crate::domain::payment::{GatewayRecord, Payment};

/// Tells each disagreement between a row and one of the gateway's records.
pub(super) fn tell(told: &mut Told, kinds: &[DriftKind], row: Option<&Payment>, record: &GatewayRecord) {
    for kind in kinds {
        told.to_fix |= matches!(kind, DriftKind::StatusDiffers | DriftKind::RefundDiffers);
        told.drift(*kind, row, Some(record), why(*kind, row, record));
    }
}

/// Tells each disagreement of before that a look-up of its own has ended: there is nothing left to fix.
pub(super) fn tell_taken(told: &mut Told, kinds: &[DriftKind], before: &Payment, record: &GatewayRecord) {
    for kind in kinds {
        let why = why(*kind, Some(before), record);
        told.taken(*kind, before, record, format!("{why}; it is in the ledger now"));
    }
}

/// One disagreement as the end of a sentence.
fn why(kind: DriftKind, row: Option<&Payment>, record: &GatewayRecord) -> String {
    let shown = record.amount_shown();
    let status = record.status.as_deref().unwrap_or("no status");
    let here = |of: fn(&Payment) -> String| row.map_or_else(|| "nothing".to_owned(), of);
    match kind {
        DriftKind::AmountDiffers => {
            format!("the gateway shows {shown}, the ledger {}", here(|row| row.terms.amount.to_string()))
        }
        DriftKind::CustomerDiffers => format!(
            "the gateway shows the customer {}, the ledger {}",
            record.customer_uid.as_deref().unwrap_or("nobody"),
            here(|row| row.terms.customer_uid.to_string())
        ),
        DriftKind::StatusDiffers => format!(
            "the gateway has it as {status}, the ledger as {}",
            here(|row| row.status.clone().unwrap_or_else(|| row.outcome.to_string()))
        ),
        DriftKind::RefundDiffers => format!(
            "of {shown} the gateway shows {} as refunded, the ledger {}",
            row.and_then(|row| record.cancelled_in(row.terms.amount.currency())).map_or_else(
                || record.cancel_amount_text.clone().unwrap_or_else(|| "nothing".to_owned()),
                |back| back.to_string()
            ),
            here(|row| row.cancel_amount.map_or_else(|| "nothing".to_owned(), |back| back.to_string()))
        ),
        DriftKind::SettledOutside => {
            let noted = row.and_then(|row| row.outside.as_ref());
            noted.map_or_else(
                || "it was paid back outside of the gateway".to_owned(),
                |outside| {
                    let by = outside.by.as_deref().map(|by| format!(" by {by}")).unwrap_or_default();
                    format!(
                        "the PG paid {} of {shown} back outside of the gateway, as was noted{by}: {}",
                        outside.amount, outside.evidence
                    )
                },
            )
        }
        DriftKind::RefundUndone => "a refund does not show any more".to_owned(),
        DriftKind::OnlyAtGateway => format!("the gateway has {shown} as {status}, the ledger nothing"),
        DriftKind::OnlyHere => "the ledger has it as paid, and the gateway does not show it".to_owned(),
        DriftKind::TwoPayments => format!(
            "the gateway shows {shown} besides {}, and both took money",
            here(|row| row.imp_uid.clone().unwrap_or_else(|| "the one recorded".to_owned()))
        ),
        DriftKind::TestInLive => format!("{shown} went through a TEST channel, and this profile is live"),
        DriftKind::KeyIssue => format!("registering a card charged {shown}"),
        DriftKind::ChargedBySchedule => format!("a schedule at the gateway charged {shown}"),
        DriftKind::Unconfirmed => "it could not be read to the end".to_owned(),
    }
}
