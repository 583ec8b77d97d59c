//! What many payments come to.

use crate::domain::money::Amount;
use crate::domain::payment::{Mode, Outcome};

/// What a choice of payments comes to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    pub count: u64,
    /// How many of each outcome, in the order of [`Outcome::ALL`]; outcomes without any are left out.
    pub by_outcome: Vec<(Outcome, u64)>,
    /// What was paid less what was refunded, one a currency that anything was paid in, by code.
    ///
    /// Of one mode, as the gateway's flag says it: live, where anything live was paid.
    pub net: Vec<Amount>,
    /// How many a person has noted as charged; they are among the unknown ones.
    pub noted: u64,
    /// What those come to, one a currency, by code.
    pub noted_net: Vec<Amount>,
    /// Which mode that is, where a flag has denied the profile's: it must not pass for what the profile says.
    pub net_mode: Option<Mode>,
    /// The same of each other mode.
    pub apart: Vec<(Mode, Vec<Amount>)>,
    /// Further payments under the same orders, in no other sum, and what they hold (contract, rule 11).
    pub further: u64,
    pub further_held: Vec<Amount>,
    /// What went back in the time that the choice is of, of whatever day's payments; of each mode, in that order.
    /// Empty where it is of no time.
    pub refunded: Vec<(Mode, Vec<Amount>)>,
}

impl Totals {
    /// How many have this outcome.
    #[must_use]
    pub fn count_of(&self, outcome: Outcome) -> u64 {
        self.by_outcome.iter().find(|(of, _)| *of == outcome).map_or(0, |(_, count)| *count)
    }
}
