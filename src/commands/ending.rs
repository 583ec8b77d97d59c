//! What has to be said of a charge that has ended, whether it was one or a row of many.

use crate::billing::report::{ChargeError, NotRecorded, Report};
use crate::commands::pasted::command_of;
use crate::domain::customer::Customer;
use crate::domain::payment::Outcome;
use crate::failure::Failure;
use crate::output::prose;
use crate::output::text::shell_word;
use crate::output::ui::Ui;
use crate::settings::Settings;

/// What went wrong on this side. An answer that could not be written is printed whole.
pub(in crate::commands) fn failed(ui: &mut Ui, error: ChargeError) -> Failure {
    match error {
        ChargeError::Ledger(error) => Failure::from(error).nothing_sent(),
        ChargeError::AnswerNotRecorded(lost) => {
            let NotRecorded { error, merchant_uid, outcome, received } = *lost;
            let status = received.http_status.map_or_else(String::new, |status| format!(" (HTTP {status})"));
            let body = received.body.clone().or_else(|| received.why());
            let body = body.unwrap_or_else(|| "no answer came".to_owned());
            ui.note(&format!("The answer to {merchant_uid}{status}, which means {outcome}:\n{body}"));
            let what = match outcome {
                Outcome::NotSent => "was not sent".to_owned(),
                Outcome::Paid
                | Outcome::Declined
                | Outcome::Rejected
                | Outcome::Unknown
                | Outcome::Pending => {
                    format!("was sent and its outcome is {outcome}")
                }
            };
            Failure::local(format!(
                "{merchant_uid} {what}, but that could not be written to the ledger: {error}"
            ))
            .hinted(format!(
                "keep the answer above and fix the ledger; the same charge with --merchant-uid {} then asks the \
                 gateway first",
                shell_word(&merchant_uid)
            ))
        }
    }
}

/// What must not be overlooked, whatever the format.
///
/// `saved` is the customer as the ledger knew it before: what the question showed.
pub(in crate::commands) fn warn(ui: &mut Ui, report: &Report, saved: Option<&Customer>, settings: &Settings) {
    let payment = &report.payment;
    if payment.outcome == Outcome::Paid
        && !report.replayed
        && let Some(saved) = saved
        && let Some(warning) = prose::other_card(payment, saved)
    {
        let check = command_of(settings, "customer check", saved.customer_uid.as_str());
        ui.warning(&format!("{warning}; this saves the new one: {check}"));
    }
    if report.found {
        ui.warning(&prose::found(payment));
    }
    if let Some(why) = &report.in_vain {
        ui.warning(&prose::not_confirmed(payment, why));
    }
    for aside in &report.asides {
        ui.warning(&format!("{}: {aside}", payment.terms.merchant_uid));
    }
    if let Some(profile) = report.mode_denied {
        ui.warning(&prose::wrong_channel(payment, profile));
    }
}
