//! Looking after a ledger's file: whether all of it is what was written, copies of it, and putting one back.

mod alone;
mod backup;
mod check;
mod compact;
mod restore;
mod stamp;
mod stats;
mod survey;

pub use backup::BackedUp;
pub use check::Chains;
pub use compact::{Compacted, compact};
pub use restore::{Restored, restore};
pub use stamp::Stamp;
pub use stats::{Group, Stats};
pub use survey::Misfit;
