//! Money that came and money that went back, as books have it: a sale on the day it was approved, and each refund as
//! a line of its own on its own day (facts 15.3).

use jiff::Timestamp;

use crate::domain::ids::RefundId;
use crate::domain::money::Amount;
use crate::domain::payment::{Outcome, Payment, RefundOutcome};
use crate::domain::refund::Refund;
use crate::domain::tax::TaxRule;
use crate::domain::vat::VatParts;

/// One refund in the history of a payment at the gateway, as it was shown last.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cancellation {
    pub amount: Amount,
    /// `None` where the gateway did not tell.
    pub at: Option<Timestamp>,
    pub reason: Option<String>,
    pub cancellation_id: Option<String>,
    pub receipt_url: Option<String>,
}

/// A payment with everything that went back of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Booked {
    pub payment: Payment,
    /// Refunds of ours, whatever became of them.
    pub refunds: Vec<Refund>,
    /// What the gateway shows of the payment that the order stands for, oldest first.
    pub cancellations: Vec<Cancellation>,
}

/// Which way money went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Way {
    In,
    Back {
        /// Where it is a refund of ours.
        refund: Option<RefundId>,
        /// As it was given to the gateway, where that is known.
        reason: Option<String>,
        /// The PG paid it back without the gateway, as a person has noted.
        outside: bool,
    },
}

/// One line of a book.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Movement {
    pub way: Way,
    /// By the gateway's clock, where it told.
    pub at: Timestamp,
    /// Never negative.
    pub amount: Amount,
    pub parts: VatParts,
}

/// Money that went back, before its parts are known.
struct Back<'b> {
    at: Timestamp,
    amount: Amount,
    ours: Option<&'b Refund>,
    reason: Option<String>,
    outside: bool,
}

impl Booked {
    /// When the card was charged: the gateway's time, else the best there is.
    #[must_use]
    pub fn approved_at(&self) -> Timestamp {
        let payment = &self.payment;
        let sent = || payment.last_send.as_ref().map(|mark| mark.wall);
        payment.paid_at.or_else(sent).unwrap_or(payment.requested_at)
    }

    /// The lines of a payment that was paid, the sale first and then what went back, oldest first; none of any
    /// other. A refund has the tax parts that it was sent with, else its share of the sale's; whatever takes the
    /// last of the money takes the last of each part, so that what is wholly refunded comes to nothing; more than that has
    /// its share once more, so that the parts of each line come to its amount.
    #[must_use]
    pub fn movements(&self, rule: Option<TaxRule>) -> Vec<Movement> {
        let payment = &self.payment;
        if payment.outcome != Outcome::Paid {
            return Vec::new();
        }
        let whole = payment.terms.amount;
        let sale = VatParts::of(whole, payment.tax, rule);
        let mut lines = vec![Movement { way: Way::In, at: self.approved_at(), amount: whole, parts: sale }];
        let (mut left, mut parts_left) = (whole.minor(), sale);
        for back in self.backs() {
            let before = left;
            left = left.saturating_sub(back.amount.minor());
            let named = back
                .ours
                .map(|refund| refund.tax)
                .filter(|tax| tax.tax_free.is_some() || tax.vat_amount.is_some());
            let parts = match named {
                Some(tax) => VatParts::of(back.amount, Some(tax), rule),
                // What went back beyond the whole (at the gateway, after it had gone back outside) is no part of it.
                None if before > 0 && left <= 0 => {
                    let beyond = Amount::from_minor(left.saturating_neg(), whole.currency());
                    parts_left.and(sale.share(beyond, whole))
                }
                None => sale.share(back.amount, whole),
            };
            parts_left = parts_left.less(parts);
            let refund = back.ours.map(|refund| refund.id.clone());
            let way = Way::Back { refund, reason: back.reason, outside: back.outside };
            lines.push(Movement { way, at: back.at, amount: back.amount, parts });
        }
        lines
    }

    /// What went back, oldest first: what the gateway's history shows, where it comes to what the gateway says was
    /// refunded; else what is known of refunds of ours, and the rest at the time that the gateway tells last.
    fn backs(&self) -> Vec<Back<'_>> {
        let payment = &self.payment;
        let currency = payment.terms.amount.currency();
        let refunded = payment.cancel_amount.map_or(0, |amount| amount.minor());
        let ours = || {
            self.refunds.iter().filter(|refund| {
                refund.outcome == RefundOutcome::Refunded && Some(&refund.imp_uid) == payment.imp_uid.as_ref()
            })
        };
        let last = payment.cancelled_at.unwrap_or_else(|| self.approved_at());
        let shown: i64 = self.cancellations.iter().map(|one| one.amount.minor()).sum();
        let mut backs: Vec<Back<'_>> = if shown == refunded {
            let shown = self.cancellations.iter().map(|one| Back {
                at: one.at.unwrap_or(last),
                amount: one.amount,
                ours: ours().find(|refund| is_of(refund, one)),
                reason: one.reason.clone(),
                outside: false,
            });
            shown.collect()
        } else {
            let known = ours().map(|refund| Back {
                at: refund.refunded_at.unwrap_or(refund.sent.wall),
                amount: refund.amount,
                ours: Some(refund),
                reason: Some(refund.reason_sent()),
                outside: false,
            });
            let mut known: Vec<Back<'_>> = known.collect();
            let rest = known.iter().fold(refunded, |rest, back| rest.saturating_sub(back.amount.minor()));
            if rest > 0 {
                let amount = Amount::from_minor(rest, currency);
                known.push(Back { at: last, amount, ours: None, reason: None, outside: false });
            }
            known
        };
        backs.extend(payment.outside.iter().map(|outside| Back {
            at: outside.at,
            amount: outside.amount,
            ours: None,
            reason: Some(outside.evidence.clone()),
            outside: true,
        }));
        backs.sort_by_key(|back| back.at);
        backs
    }
}

fn is_of(refund: &Refund, shown: &Cancellation) -> bool {
    let named = shown.reason.as_deref().is_some_and(|reason| reason.trim_end().ends_with(refund.id.as_str()));
    named || (refund.cancellation_id.is_some() && refund.cancellation_id == shown.cancellation_id)
}

#[cfg(test)]
mod tests;
