//! Money that a PG paid back without the gateway: by hand, or by force where the merchant's settlement was too
//! small (facts 15.2). The gateway goes on saying paid, so that only a person can tell of it.

use jiff::Timestamp;

use crate::domain::money::Amount;

/// What of a payment was paid back outside of the gateway, by the last note of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outside {
    /// All of it, by all notes.
    pub amount: Amount,
    pub at: Timestamp,
    /// The operating system's user.
    pub by: Option<String>,
    /// Why that is known. Never empty.
    pub evidence: String,
}

impl Outside {
    /// What is left of the note once the gateway shows `now` of `whole` as refunded, where it showed `before`. The
    /// gateway is told of such money in the end, and then shows it as its own: just as much more, or all there is.
    #[must_use]
    pub fn beside(self, before: Amount, now: Amount, whole: Amount) -> Option<Outside> {
        let more = now.minor().saturating_sub(before.minor());
        if more == self.amount.minor() { None } else { self.within(now, whole) }
    }

    /// The note, of no more than the gateway does not show as refunded.
    #[must_use]
    pub fn within(self, refunded: Amount, whole: Amount) -> Option<Outside> {
        let left = whole.minor().saturating_sub(refunded.minor());
        let amount = Amount::from_minor(self.amount.minor().min(left), whole.currency());
        (amount.minor() > 0).then_some(Outside { amount, ..self })
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::Outside;
    use crate::domain::money::{Amount, Currency};

    #[test]
    fn what_the_gateway_shows_in_the_end_is_not_counted_twice() {
        let won = |amount| Amount::from_minor(amount, Currency::KRW);
        let table = [
            ("nothing new", 3_000, 0, 0, 3_000),
            ("the gateway was told of it", 3_000, 0, 3_000, 0),
            ("it was told of it beside an earlier refund", 3_000, 1_000, 4_000, 0),
            ("another refund", 3_000, 0, 2_000, 3_000),
            ("all of it is refunded there", 3_000, 0, 10_000, 0),
            ("less is left than was noted", 8_000, 0, 5_000, 5_000),
            ("a refund was undone", 3_000, 3_000, 0, 3_000),
        ];
        for (what, noted, before, now, left) in table {
            let note = Outside {
                amount: won(noted),
                at: Timestamp::UNIX_EPOCH,
                by: None,
                evidence: "letter".to_owned(),
            };
            let beside = note.beside(won(before), won(now), won(10_000));
            assert_eq!(beside.map_or(0, |note| note.amount.minor()), left, "{what}");
        }
    }
}
