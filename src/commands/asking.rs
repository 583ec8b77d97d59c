//! Asks a person before something is done that cannot be taken back.

use crate::failure::Failure;
use crate::interrupt::Interrupts;
use crate::output::ui::{Answer, Reply, Shown, Ui};

/// What a person is asked.
#[derive(Clone, Debug)]
pub(in crate::commands) struct Question<'a> {
    /// Shown above it, where there is somebody to ask; may be empty.
    pub about: &'a str,
    pub question: &'a str,
    /// Why nothing is done where nobody can be asked, and the option that answers beforehand.
    pub unasked: &'a str,
    pub hint: &'a str,
    /// What a no comes to.
    pub declined: &'a str,
    /// What Ctrl-C instead of an answer comes to.
    pub interrupted: &'a str,
}

/// Goes on by a yes alone. An interrupt ends the wait for an answer, which would go on without an end otherwise.
pub(in crate::commands) fn confirm(
    ui: &mut Ui,
    interrupts: &Interrupts,
    question: &Question<'_>,
) -> Result<(), Failure> {
    let unasked = || Failure::refused(question.unasked).hinted(question.hint);
    if !ui.interactive() {
        return Err(unasked());
    }
    let interrupted = || Failure::interrupted(question.interrupted);
    if interrupts.requested() {
        return Err(interrupted());
    }
    if !question.about.is_empty() {
        ui.note(question.about);
    }
    let answer =
        ui.ask(question.question, |reading| interrupts.run(1, move || reading.to_its_end(), &mut || ()).ok());
    match answer {
        Ok(Answer::Yes) => Ok(()),
        Ok(Answer::GivenUp) => Err(interrupted()),
        // The end of a terminal that has gone is an interrupt as well.
        Ok(Answer::No) if interrupts.requested() => Err(interrupted()),
        Ok(Answer::No) => Err(Failure::refused(question.declined)),
        Err(_) => Err(unasked()),
    }
}

/// Asks for a line of text at a terminal. `interrupted` is what Ctrl-C comes to; `unasked` what it comes to where
/// nobody can be asked.
pub(in crate::commands) fn text(
    ui: &mut Ui,
    interrupts: &Interrupts,
    question: &str,
    shown: Shown,
    (unasked, interrupted): (&dyn Fn() -> Failure, &str),
) -> Result<String, Failure> {
    let stopped = || Failure::interrupted(interrupted);
    if interrupts.requested() {
        return Err(stopped());
    }
    let reply = ui.ask_text(question, shown, |reading| {
        interrupts.run(1, move || reading.to_its_end(), &mut || ()).ok()
    });
    match reply {
        Ok(Reply::Line(_)) if interrupts.requested() => Err(stopped()),
        Ok(Reply::Line(line)) => Ok(line),
        // Ctrl-D ends a terminal's input, as a terminal that has gone does.
        Ok(Reply::End | Reply::GivenUp) => Err(stopped()),
        Err(_) => Err(unasked()),
    }
}
