//! Where each value comes from, for `billkey config show`.

use std::fmt;
use std::path::PathBuf;

/// Where a value comes from. Flags beat environment beats file beats default.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// A flag, such as `--profile`.
    Flag(&'static str),
    /// An environment variable.
    Environment(&'static str),
    /// The config file, and the line of it, from 1.
    File {
        path: PathBuf,
        line: usize,
    },
    Default,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Origin::Flag(flag) => f.write_str(flag),
            Origin::Environment(name) => f.write_str(name),
            Origin::File { path, line } => write!(f, "{} line {line}", path.display()),
            Origin::Default => f.write_str("default"),
        }
    }
}

/// A value and where it comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sourced<T> {
    pub value: T,
    pub origin: Origin,
}

impl<T> Sourced<T> {
    pub(super) fn new(value: T, origin: Origin) -> Sourced<T> {
        Sourced { value, origin }
    }

    pub(super) fn default(value: T) -> Sourced<T> {
        Sourced::new(value, Origin::Default)
    }
}

/// One line of `billkey config show`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shown {
    /// The key as the config file names it, such as `limits.max_amount`.
    pub key: &'static str,
    /// `None` for a value that is not set. A secret is `set`, never itself.
    pub value: Option<String>,
    /// `None` for a value that is not set.
    pub origin: Option<Origin>,
}
