//! Asks a person before something is done that cannot be taken back.

use crate::failure::Failure;
use crate::output::ui::{Answer, Ui};

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
}

/// Goes on by a yes alone.
pub(in crate::commands) fn confirm(ui: &mut Ui, question: &Question<'_>) -> Result<(), Failure> {
    let unasked = || Failure::refused(question.unasked).hinted(question.hint);
    if !ui.interactive() {
        return Err(unasked());
    }
    if !question.about.is_empty() {
        ui.note(question.about);
    }
    match ui.ask(question.question) {
        Ok(Answer::Yes) => Ok(()),
        Ok(Answer::No) => Err(Failure::refused(question.declined)),
        Err(_) => Err(unasked()),
    }
}
