//! What is said of a note that a person has made.

use crate::commands::reconcile::tell::Told;
use crate::domain::outside::Outside;
use crate::domain::payment::{Outcome, Payment};
use crate::output::text::safe;

impl Told {
    /// A person has noted what became of one that was this before.
    pub(in crate::commands::reconcile) fn noted(&mut self, payment: Payment, before: Outcome) {
        let uid = safe(payment.terms.merchant_uid.as_str()).into_owned();
        let word = if payment.is_noted_charged() { "charged" } else { "not charged" };
        let after = if payment.is_noted_charged() {
            "It is not sent again, and counts as paid, until the gateway shows something else."
        } else {
            "It may be sent again at once; the gateway is asked about it before."
        };
        self.lines.push(format!("{uid}  Noted as {word}. It was {before}. {after}"));
        self.settled.push(payment);
    }

    /// A person has noted what the PG paid back without the gateway, or that it did not.
    pub(in crate::commands::reconcile) fn noted_outside(&mut self, payment: Payment) {
        let uid = safe(payment.terms.merchant_uid.as_str()).into_owned();
        let left = payment.left();
        self.lines.push(match &payment.outside {
            Some(Outside { amount, .. }) => format!(
                "{uid}  Noted: {amount} was paid back outside of the gateway, {left} is left. It is not refunded again."
            ),
            None => format!("{uid}  Noted: nothing was paid back outside of the gateway, {left} is left."),
        });
        self.settled.push(payment);
    }
}
