//! What many payments come to for whoever keeps the books: numbers alone, and no drawing.
//!
//! Everything is a sum over [`Movement`](crate::domain::movement::Movement)s: a sale counts where it was approved,
//! and a refund where it went back, whatever the sale's day was. Money of a test channel or of the sandbox, and each
//! currency, is a sum of its own.

mod key;
mod line;
mod sums;

pub use key::{By, Key};
pub use line::{Line, LineKind, Seal, lines};
pub use sums::{Row, Sums, Time};
