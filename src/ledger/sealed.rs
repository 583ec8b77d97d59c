//! What a closed month is sealed over, and what came of closing one.

use ring::digest::SHA256_OUTPUT_LEN;

use crate::ledger::upkeep::Misfit;

/// The payments of a month as they stand: what a closing is sealed over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MonthSeal {
    /// The numbers of the payments, in their order.
    pub(super) payments: Vec<i64>,
    /// One hash over their histories.
    pub(super) histories: [u8; SHA256_OUTPUT_LEN],
    /// How many of them are not what was written, and the first of those.
    pub misfits: u64,
    pub shown: Vec<Misfit>,
}

/// Whether the payments of a closed month are what they were, and what was written since.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SealKept {
    /// How many payments it was sealed over; `None` where an earlier program closed it, which sealed none.
    pub sealed: Option<u64>,
    /// How many of these are not there any more.
    pub gone: u64,
    /// Whether the histories of all that are there are what they were then.
    pub histories: bool,
    /// How many payments, of the month as it was or as it is, are not what was written last; and the first of them.
    pub misfits: u64,
    pub shown: Vec<Misfit>,
    /// What is wrong with closings themselves, a sentence each.
    pub closings: Vec<String>,
}

impl SealKept {
    /// Whether nothing was changed but by this program.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        self.gone == 0 && self.histories && self.misfits == 0 && self.closings.is_empty()
    }
}

/// What came of closing a month.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Closed {
    Now,
    /// Another process has closed it meanwhile.
    Before,
    /// Payments of it have changed since they were read.
    Moved,
}
