//! Which payments to show, and what they come to.

use jiff::Timestamp;

use crate::domain::declines::{Standing, Who};
use crate::domain::ids::CustomerUid;
use crate::domain::payment::{Mode, Outcome, Payment};

/// Which time `since` and `until` are about, and what "newest" means.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum By {
    /// The first time it was asked for.
    #[default]
    Requested,
    /// When the card was charged, by the gateway's clock; payments that never were are left out.
    Paid,
    /// When it was refunded the last time, by the gateway's clock; payments that never were are left out.
    Cancelled,
}

/// A choice of payments; the default is all of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// What a caller reads out: a piece of an id, a name, an e-mail, a product name, a telephone
    /// number or an approval number; a whole amount; the last four digits of a card.
    pub text: Option<String>,
    pub customer: Option<CustomerUid>,
    /// One of these outcomes, or one of `statuses`; both empty is any.
    pub outcomes: Vec<Outcome>,
    /// The gateway's words, such as `cancelled`.
    pub statuses: Vec<String>,
    /// `since <= t < until`.
    pub since: Option<Timestamp>,
    pub until: Option<Timestamp>,
    pub by: By,
    /// In minor units of each payment's own currency.
    pub min: Option<i64>,
    pub max: Option<i64>,
    /// The last four digits of the card.
    pub card: Option<String>,
    /// An approval number, to the letter.
    pub approval: Option<String>,
    /// As the payment is shown: the gateway's flag beats the profile's.
    pub mode: Option<Mode>,
    /// Who asked for it last.
    pub operator: Option<String>,
    /// Who has to act before it can be paid, by what the gateway's words mean.
    pub who: Option<Who>,
    /// Refunded, in part or whole.
    pub refunded: bool,
    /// More than one payment took money under its order.
    pub doubles: bool,
    /// At most so many, the newest; `None` is all.
    pub limit: Option<u64>,
}

impl Filter {
    /// Whether those whom it is about have to act before a payment can be paid. That is no column and no condition of
    /// an engine's: it is what the gateway's words mean today. One that a person has noted needs nobody.
    pub(super) fn is_for(&self, payment: &Payment) -> bool {
        let known = || Standing::of(payment).and_then(|standing| standing.known);
        self.who.is_none_or(|who| payment.noted.is_none() && known().is_some_and(|known| known.who == who))
    }
}

/// Which declined and rejected orders.
#[derive(Clone, Debug)]
pub struct Refused {
    /// The profile's, as they were asked for.
    pub mode: Mode,
    /// `since <= t < until`, by when they were asked for.
    pub since: Timestamp,
    pub until: Timestamp,
    pub customer: Option<CustomerUid>,
}
