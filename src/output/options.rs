//! How to speak, and where to: what every writer of this room is given.

use std::io::{self, BufWriter, Write};

use jiff::tz::TimeZone;

use crate::output::Format;

/// Standard output, buffered.
pub(in crate::output) type Out = BufWriter<Box<dyn Write + Send>>;

/// How to speak; resolved from flags, environment and streams by `settings`.
#[derive(Clone, Debug)]
pub struct UiOptions {
    pub format: Format,
    pub colour_stdout: bool,
    pub colour_stderr: bool,
    /// Progress is drawn only there.
    pub stderr_is_terminal: bool,
    /// `--quiet`: nothing on success.
    pub quiet: bool,
    /// Questions may be asked: stdin and stderr are terminals, and there is no `--no-input`.
    pub interactive: bool,
    /// The zone that times are shown in.
    pub zone: TimeZone,
    /// Columns of the terminal behind stdout; `None` off a terminal.
    pub width: Option<usize>,
    /// The same behind stderr.
    pub width_stderr: Option<usize>,
    /// `--bom`: CSV begins with a byte order mark.
    pub csv_bom: bool,
    /// `-v`: causes are told too.
    pub verbose: bool,
}

/// Whether the reader of stdout went away, as `head` does: no error, but a reason to stop.
#[must_use]
pub fn is_broken_pipe(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::BrokenPipe
}

#[cfg(test)]
mod tests {
    use super::is_broken_pipe;

    #[test]
    fn only_a_broken_pipe_is_one() {
        assert!(is_broken_pipe(&std::io::ErrorKind::BrokenPipe.into()));
        assert!(!is_broken_pipe(&std::io::ErrorKind::StorageFull.into()));
    }
}
