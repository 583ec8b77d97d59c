//! The harness: a world of its own for each test, and what came out of the program in one piece.

pub mod gateway;
#[cfg(unix)]
pub mod pty;
pub mod workbook;
pub mod world;
