//! Two payments under one order, told by every command that meets them (contract, rule 11).

use crate::commands::pasted::{command_line, command_of};
use crate::commands::session::complain;
use crate::domain::payment::Payment;
use crate::failure::{Exit, Failure, Kind};
use crate::output::alarm::alarm_text;
use crate::output::text::shell_word;
use crate::output::ui::Ui;
use crate::settings::Settings;

/// Tells of an order's alarm, if it has one, with `--quiet` too; whether it has.
pub(in crate::commands) fn tell(payment: &Payment, settings: &Settings, ui: &mut Ui) -> bool {
    let Some(alarm) = payment.alarm() else { return false };
    let text = alarm_text(payment, &alarm, ui.zone());
    let hints = hints(payment, settings);
    if ui.format().is_json() {
        let mut failure = Failure::alarm(text.sentence);
        failure.details = text.payments.lines().map(|line| line.trim_start().to_owned()).collect();
        failure.hints = hints;
        complain(&failure, ui);
    } else {
        ui.warning(&text.sentence);
        let hints: Vec<String> = hints.iter().map(|hint| format!("  next   {hint}\n")).collect();
        ui.note(&format!("{}{}", text.payments, hints.concat()));
    }
    true
}

/// What settles it.
fn hints(payment: &Payment, settings: &Settings) -> Vec<String> {
    let order = payment.terms.merchant_uid.as_str();
    let look = command_of(settings, "reconcile", order);
    let others = payment.alarm().map(|alarm| alarm.held).unwrap_or_default();
    let each = others.iter().filter(|record| !payment.is_own(record)).flat_map(|record| {
        let imp_uid = shell_word(&record.imp_uid);
        let refund = command_line(settings, &format!("refund {imp_uid} --full --reason \"…\""));
        let sign = command_line(settings, &format!("reconcile --acknowledge {imp_uid} --reason \"…\""));
        [format!("if it is too much, give it back: {refund}"), format!("if it is right, sign for it: {sign}")]
    });
    each.chain([format!("what was refunded in the console is seen by: {look}")]).collect()
}

/// The exit of an order's run, alarm or not: 11 instead of 0.
pub(in crate::commands) fn exit(exit: Exit, alarm: bool) -> Exit {
    if alarm && exit == Exit::Done { Exit::With(Kind::Alarm) } else { exit }
}
