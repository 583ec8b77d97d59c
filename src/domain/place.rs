//! Where a ledger is kept.

use std::fmt;
use std::path::{Path, PathBuf};

/// The place of a ledger, as settings name it and as errors tell it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// A file of its own on this machine.
    File(PathBuf),
}

impl Place {
    /// The file, where it is kept in one.
    #[must_use]
    pub fn file(&self) -> Option<&Path> {
        match self {
            Place::File(path) => Some(path),
        }
    }
}

/// As people read it, in a sentence or to find it again.
impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Place::File(path) => path.display().fmt(f),
        }
    }
}

impl From<PathBuf> for Place {
    fn from(path: PathBuf) -> Place {
        Place::File(path)
    }
}

impl From<&PathBuf> for Place {
    fn from(path: &PathBuf) -> Place {
        Place::File(path.clone())
    }
}

impl From<&Path> for Place {
    fn from(path: &Path) -> Place {
        Place::File(path.to_owned())
    }
}

impl From<&Place> for Place {
    fn from(place: &Place) -> Place {
        place.clone()
    }
}
