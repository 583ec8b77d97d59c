//! How far a long job over a ledger's file has come, on a terminal.

use crate::ledger::Job;
use crate::output::progress::Progress;
use crate::output::ui::Ui;

/// A bar for whatever is being done, on a terminal.
#[derive(Default)]
pub(super) struct Bar {
    shown: Option<(Job, Progress, u64)>,
}

impl Bar {
    pub(super) fn show(&mut self, ui: &mut Ui, job: Job, done: u64, all: u64) {
        if self.shown.as_ref().is_none_or(|(shown, ..)| *shown != job) {
            let words = match job {
                Job::Copying => "copying pages",
                Job::Comparing => "comparing payments",
            };
            self.shown = Some((job, ui.progress(Some(all), words), 0));
        }
        if let Some((_, progress, before)) = &mut self.shown {
            progress.advance(done.saturating_sub(*before));
            *before = done;
        }
    }
}
