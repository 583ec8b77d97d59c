//! Who is asked.

use crate::commands::asking;
use crate::commands::session::Session;
use crate::commands::setup::SetupArgs;
use crate::failure::{Failure, Kind};
use crate::interrupt::Interrupts;
use crate::output::ui::{Shown, Ui};

/// What Ctrl-C comes to at every question.
pub(super) const INTERRUPTED: &str = "interrupted. Nothing was written";

/// Who is asked, and what was said beforehand.
pub(super) struct Desk<'a> {
    pub(super) ui: &'a mut Ui,
    pub(super) interrupts: &'a Interrupts,
    pub(super) session: &'a Session,
    pub(super) args: &'a SetupArgs,
}

impl Desk<'_> {
    /// A line that was typed, without blanks around it.
    pub(super) fn text(&mut self, question: &str, shown: Shown) -> Result<String, Failure> {
        let unasked = || {
            Failure::usage("the secret cannot be asked for here without being shown. Nothing was written")
                .hinted("give --secret-from FILE, or -- and a program that prints it")
        };
        let asked = asking::text(self.ui, self.interrupts, question, shown, (&unasked, INTERRUPTED))?;
        Ok(asked.trim().to_owned())
    }

    /// Asks until the answer can be taken. What was given beforehand is taken, or ends the command.
    pub(super) fn until<T>(
        &mut self,
        given: Option<&str>,
        question: &str,
        mut take: impl FnMut(&str) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        if let Some(given) = given {
            return take(given).map_err(unwritten);
        }
        loop {
            let answer = self.text(question, Shown::AsTyped)?;
            match take(&answer) {
                Err(failure) if failure.kind == Kind::Usage => self.tell(&failure),
                taken => return taken,
            }
        }
    }

    /// Why an answer was not taken; the question comes again.
    pub(super) fn tell(&mut self, failure: &Failure) {
        self.ui.note(&format!("  {}.", failure.message.trim_end_matches('.')));
        failure.hints.iter().for_each(|hint| self.ui.note(&format!("  {hint}")));
    }
}

/// That a failure has left everything as it was.
pub(super) fn unwritten(failure: Failure) -> Failure {
    let message = format!("{}. Nothing was written", failure.message.trim_end_matches('.'));
    Failure { message, ..failure }
}
