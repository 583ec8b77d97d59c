//! What can go wrong with the sandbox itself.

use std::io;
use std::path::PathBuf;

/// Says why the sandbox could not start, or could not do its work.
#[derive(Debug, thiserror::Error)]
pub enum SandboxError {
    /// The address is taken or forbidden.
    #[error(
        "The sandbox cannot listen on 127.0.0.1:{port}: {source}. Another port may be free; port 0 takes any."
    )]
    Listen {
        /// The port that was asked for.
        port: u16,
        /// What the system said.
        source: io::Error,
    },
    /// The thread or its event loop could not be made.
    #[error("The sandbox could not start its server thread: {0}.")]
    Thread(#[source] io::Error),
    /// The book's file could not be made.
    #[error("The sandbox's book {} cannot be created: {source}.", path.display())]
    CreateBook {
        /// The file that was asked for.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The book's file is there and cannot be used.
    #[error(
        "The sandbox's book {} cannot be used: {source}. Delete the file to start with an empty book.",
        path.display()
    )]
    OpenBook {
        /// The file that was asked for.
        path: PathBuf,
        /// What SQLite said.
        source: rusqlite::Error,
    },
    /// The book was written by a later program.
    #[error(
        "The sandbox's book {} has version {found}, this program knows up to version {known}. \
         Delete the file to start with an empty book.",
        path.display()
    )]
    NewerBook {
        /// The file that was asked for.
        path: PathBuf,
        /// The version in the file.
        found: i64,
        /// The version this program writes.
        known: i64,
    },
    /// A statement failed while the sandbox was running.
    #[error("The sandbox could not read or write its book: {0}.")]
    Book(#[from] rusqlite::Error),
    /// Something in the book is not what the sandbox writes there.
    #[error("The sandbox's book holds {what}, which is not readable: {text:?}.")]
    OddBook {
        /// Which value.
        what: &'static str,
        /// The value.
        text: String,
    },
    /// A fault plan names something that is not a fault.
    #[error("There is no fault {name:?}; the nearest is {nearest:?}. `billkey help sandbox` lists them.")]
    UnknownFault {
        /// The name as written.
        name: String,
        /// The known name that differs least.
        nearest: &'static str,
    },
    /// A fault plan's item is malformed.
    #[error("The fault {item:?} is not understood: {why}.")]
    BadFault {
        /// The item as written.
        item: String,
        /// What is wrong with it.
        why: String,
    },
}
