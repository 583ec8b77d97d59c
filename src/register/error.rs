//! Why there is no server.

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;

use crate::domain::words::os_words;

/// What kept the server from starting.
#[derive(Debug, thiserror::Error)]
pub enum RegisterError {
    /// The address is taken, forbidden, or not of this machine.
    #[error("cannot listen on {address}: {}", os_words(source))]
    Listen { address: SocketAddr, source: io::Error },
    /// The thread or its event loop could not be made.
    #[error("cannot start the server's thread: {}", os_words(.0))]
    Thread(#[source] io::Error),
    /// The files of the links could not be read or written.
    #[error("cannot {doing} the links in {}: {}", folder.display(), os_words(source))]
    Links { doing: &'static str, folder: PathBuf, source: io::Error },
    /// The system has no random numbers.
    #[error("this machine has no random numbers to give")]
    Random,
}
