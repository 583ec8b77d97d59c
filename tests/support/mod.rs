//! The harness: a world of its own for each test, and what came out of the program in one piece.

pub mod gateway;
#[cfg(unix)]
pub mod pty;
pub mod sums;
pub mod workbook;
pub mod world;

/// The name of who runs the tests, as the program records it.
pub fn user() -> String {
    nix::unistd::User::from_uid(nix::unistd::getuid()).unwrap().map_or("tester".to_owned(), |user| user.name)
}
