//! What many payments come to for whoever keeps the books: numbers alone, and no drawing.
//!
//! Everything is a sum over [`Movement`](crate::domain::movement::Movement)s: a sale counts where it was approved,
//! and a refund where it went back, whatever the sale's day was. Money of a test channel or of the sandbox, and each
//! currency, is a sum of its own.

mod backs;
mod cohort;
mod key;
mod line;
mod overview;
mod reasons;
mod sums;

pub use backs::{Back, Backs, Origin};
pub use cohort::{Cohort, DAYS, TRIES};
pub use key::{By, Key};
pub use line::{Line, LineKind, Seal, lines};
pub use overview::{Overview, Section, Slot};
pub use reasons::{Reason, Reasons};
pub use sums::{Row, Sums, Time};
