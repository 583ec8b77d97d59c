//! Why the settings cannot be used, as sentences.

use std::path::Path;

use thiserror::Error;

use crate::domain::words::os_words;

/// Whose mistake it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Flags that do not go together.
    Usage,
    /// A file or variable that is missing, unreadable, unsafe or wrong.
    Config,
}

/// A sentence that names the value and where it stands, and how to fix it. It never quotes a line
/// of a file, which may hold a secret.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{message}")]
pub struct SettingsError {
    pub fault: Fault,
    pub message: String,
    pub hint: Option<String>,
}

impl SettingsError {
    pub(super) fn config(message: impl Into<String>) -> SettingsError {
        SettingsError { fault: Fault::Config, message: message.into(), hint: None }
    }

    pub(super) fn usage(message: impl Into<String>) -> SettingsError {
        SettingsError { fault: Fault::Usage, message: message.into(), hint: None }
    }

    #[must_use]
    pub(super) fn hinted(mut self, hint: impl Into<String>) -> SettingsError {
        self.hint = Some(hint.into());
        self
    }

    /// An error of the operating system's about a file: "cannot read the config file X: ...".
    pub(super) fn file(doing: &str, path: &Path, error: &std::io::Error) -> SettingsError {
        SettingsError::config(format!("cannot {doing} {}: {}", path.display(), os_words(error)))
    }
}
