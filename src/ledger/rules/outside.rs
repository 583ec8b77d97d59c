//! What a person's note of money that was paid back outside of the gateway makes of a row. No SQL.

use jiff::Timestamp;

use crate::domain::money::Amount;
use crate::domain::outside::Outside;
use crate::domain::payment::{Outcome, Payment};
use crate::domain::reason::Reason;
use crate::ledger::rules::whole_ms;

/// A person's note: so much more of the payment was paid back without the gateway, or none of it was after all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutsideNote {
    /// `None` takes back all that was noted.
    pub amount: Option<Amount>,
    pub at: Timestamp,
    /// The operating system's user.
    pub by: Option<String>,
    /// What shows it. Never empty.
    pub evidence: String,
}

impl OutsideNote {
    /// What it is to the payment's history.
    #[must_use]
    pub fn reason(&self) -> Reason {
        let evidence = self.evidence.clone();
        match self.amount {
            Some(amount) => Reason::NotedRefundedOutside { amount: amount.to_string(), evidence },
            None => Reason::NotedNotRefundedOutside { evidence },
        }
    }
}

/// The payment from then on; as it is where the note is not about it: not paid, more than is left of it, or nothing
/// to take back.
pub(in crate::ledger) fn refunded_outside(
    payment: Payment,
    note: &OutsideNote,
) -> Result<Payment, Box<Payment>> {
    let before = payment.outside.as_ref().map_or(0, |outside| outside.amount.minor());
    let left = payment.left();
    let outside = match note.amount {
        Some(more)
            if payment.outcome == Outcome::Paid
                && more.minor() > 0
                && more.currency() == left.currency()
                && more <= left =>
        {
            let amount = Amount::from_minor(before.saturating_add(more.minor()), left.currency());
            let (at, by, evidence) = (whole_ms(note.at), note.by.clone(), note.evidence.clone());
            Some(Outside { amount, at, by, evidence })
        }
        None if before > 0 => None,
        Some(_) | None => return Err(Box::new(payment)),
    };
    Ok(Payment { outside, ..payment })
}
