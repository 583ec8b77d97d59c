//! What is said of a note that a person has made.

use crate::commands::reconcile::drifted::as_shown;
use crate::commands::reconcile::tell::Told;
use crate::domain::drift::DriftKind;
use crate::domain::outside::Outside;
use crate::domain::payment::{Outcome, Payment};
use crate::domain::record::Record;
use crate::domain::refund::Refund;
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

    /// A person has noted what became of a refund.
    pub(in crate::commands::reconcile) fn noted_refund(&mut self, payment: Payment, refund: Refund) {
        let uid = safe(payment.terms.merchant_uid.as_str()).into_owned();
        let (id, amount, left) = (refund.id.as_str(), refund.amount, payment.left());
        self.lines.push(if refund.is_noted_back() {
            format!(
                "{uid}  Noted: the refund {id} of {amount} went back, and {left} is left. It is not refunded again."
            )
        } else if refund.was_taken_back() {
            format!(
                "{uid}  Noted: the PG has taken the refund {id} of {amount} back. What is left of the payment is what the \
                 gateway shows: {left}."
            )
        } else {
            format!(
                "{uid}  Noted: the refund {id} of {amount} did not go back, and {left} is left. It may be asked for again."
            )
        });
        self.settled.push(payment);
        self.refunds.push(refund);
        self.noted = true;
    }

    /// One that the gateway shows, and the PG took back.
    pub(in crate::commands::reconcile) fn taken_back(
        &mut self,
        payment: &Payment,
        record: Option<&Record>,
        refund: &Refund,
    ) {
        let (id, amount) = (refund.id.as_str(), refund.amount);
        let noted = refund.why.as_ref().map(ToString::to_string).unwrap_or_default();
        let why = format!("of the refund {id} of {amount}, which the gateway shows, {noted}");
        self.drift(DriftKind::SettledOutside, Some(payment), record.map(as_shown).as_ref(), why);
    }

    /// Refunds that went back and show no more.
    pub(in crate::commands::reconcile) fn undone(
        &mut self,
        payment: &Payment,
        record: Option<&Record>,
        why: String,
    ) {
        self.drift(DriftKind::RefundUndone, Some(payment), record.map(as_shown).as_ref(), why);
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
