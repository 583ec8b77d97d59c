//! Progress on a terminal, and none elsewhere.

use std::sync::mpsc;
use std::thread::JoinHandle;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::output::text::safe;

/// How long a wait may be before it is shown.
const QUIET_WAIT: Duration = Duration::from_secs(1);
const TICK: Duration = Duration::from_millis(120);

/// A bar of known length, or a spinner. Gone from the terminal when it is dropped.
#[derive(Debug)]
pub struct Progress {
    bar: ProgressBar,
}

impl Progress {
    pub(in crate::output) fn start(shown: bool, total: Option<u64>, message: &str) -> Progress {
        let target = if shown { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
        let bar = ProgressBar::with_draw_target(total, target);
        let template =
            if total.is_some() { "{msg} [{wide_bar}] {pos}/{len}" } else { "{spinner} {msg} {pos}" };
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style.progress_chars("=> "));
        }
        bar.set_message(safe(message).into_owned());
        if shown {
            bar.enable_steady_tick(TICK);
        }
        Progress { bar }
    }

    /// So many more are done.
    pub fn advance(&self, by: u64) {
        self.bar.inc(by);
    }

    /// Says what is being done now.
    pub fn message(&self, message: &str) {
        self.bar.set_message(safe(message).into_owned());
    }

    pub(in crate::output) fn bar(&self) -> ProgressBar {
        self.bar.clone()
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

/// A spinner for one wait, shown when it takes more than a second. Gone when it is dropped.
#[derive(Debug)]
pub struct Wait {
    bar: ProgressBar,
    /// Dropped to wake the thread.
    over: Option<mpsc::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Wait {
    pub(in crate::output) fn start(shown: bool, message: &str) -> Wait {
        let bar = ProgressBar::hidden();
        if !shown {
            return Wait { bar, over: None, thread: None };
        }
        if let Ok(style) = ProgressStyle::with_template("{spinner} {msg} {elapsed}") {
            bar.set_style(style);
        }
        bar.set_message(safe(message).into_owned());
        let (over, wakes) = mpsc::channel::<()>();
        let spinner = bar.clone();
        let thread = std::thread::spawn(move || {
            if wakes.recv_timeout(QUIET_WAIT) == Err(mpsc::RecvTimeoutError::Timeout) {
                spinner.set_draw_target(ProgressDrawTarget::stderr());
                spinner.enable_steady_tick(TICK);
                // Ends when the wait is dropped, which is all that this channel is for.
                let _ = wakes.recv();
            }
            spinner.finish_and_clear();
        });
        Wait { bar, over: Some(over), thread: Some(thread) }
    }

    pub(in crate::output) fn bar(&self) -> ProgressBar {
        self.bar.clone()
    }
}

impl Drop for Wait {
    fn drop(&mut self) {
        self.over.take();
        if let Some(thread) = self.thread.take() {
            // A spinner that panicked is no reason to.
            let _ = thread.join();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::{Progress, Wait};

    #[test]
    fn nothing_is_drawn_where_nothing_may_be() {
        assert!(Progress::start(false, Some(3), "charging").bar().is_hidden());
        assert!(Wait::start(false, "charging").bar().is_hidden());
    }

    #[test]
    fn a_bar_is_over_when_it_is_dropped_and_counts_until_then() {
        let progress = Progress::start(false, Some(3), "charging");
        let bar = progress.bar();
        progress.advance(2);
        progress.message("hostile\u{1b}[2J");
        assert_eq!((bar.position(), bar.message().as_str()), (2, "hostile\\u{1b}[2J"));
        assert!(!bar.is_finished());
        drop(progress);
        assert!(bar.is_finished());
    }

    #[test]
    fn a_short_wait_ends_at_once_and_was_never_shown() {
        let begun = Instant::now();
        let wait = Wait::start(true, "charging");
        let bar = wait.bar();
        drop(wait);
        assert!(bar.is_hidden() && bar.is_finished());
        assert!(begun.elapsed().as_millis() < 900, "the spinner's thread must not be waited for");
    }
}
