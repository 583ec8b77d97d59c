//! Progress on a terminal, and none elsewhere.

use std::borrow::Cow;
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
        let bar = total.map_or_else(ProgressBar::no_length, ProgressBar::new);
        // The draw target comes first: a bar begins on a terminal and is hidden only then.
        bar.set_draw_target(if shown { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() });
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
        bar.set_message(Cow::Owned(safe(message).into_owned()));
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
