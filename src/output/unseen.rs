//! A terminal that does not show what is typed, for as long as a secret is asked for.
//!
//! Crates that ask for passwords read the terminal by themselves, and leave it without an echo where the wait is given
//! up from another thread, as it is here on Ctrl-C.

/// Stdin's terminal shows nothing until this is dropped.
#[cfg(unix)]
pub(in crate::output) struct Unseen {
    before: rustix::termios::Termios,
}

#[cfg(unix)]
impl Unseen {
    /// `None` where stdin is no terminal, or does as it likes: then a secret must not be asked for.
    pub(in crate::output) fn begin() -> Option<Unseen> {
        use rustix::termios::{LocalModes, OptionalActions, tcgetattr, tcsetattr};

        let before = tcgetattr(std::io::stdin()).ok()?;
        let mut unseen = before.clone();
        unseen.local_modes.remove(LocalModes::ECHO);
        // What was typed before the question was asked is nobody's secret.
        tcsetattr(std::io::stdin(), OptionalActions::Drain, &unseen).ok()?;
        Some(Unseen { before })
    }
}

#[cfg(unix)]
impl Drop for Unseen {
    fn drop(&mut self) {
        use rustix::termios::{OptionalActions, tcsetattr};

        // A terminal that is gone has nothing to show.
        let _ = tcsetattr(std::io::stdin(), OptionalActions::Drain, &self.before);
    }
}

/// Nowhere else: a secret comes from a pipe or a file there.
#[cfg(not(unix))]
pub(in crate::output) struct Unseen;

#[cfg(not(unix))]
impl Unseen {
    pub(in crate::output) fn begin() -> Option<Unseen> {
        None
    }
}
