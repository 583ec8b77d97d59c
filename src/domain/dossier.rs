//! What a customer's payments say of the customer: the cards that were charged, the months, the declines in a row,
//! what is not settled. Taken in one after the other, so that it does not matter how many there are.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::domain::declines::Standing;
use crate::domain::ids::MerchantUid;
use crate::domain::money::{Amount, Currency};
use crate::domain::payment::{Mode, Outcome, Payment};

/// So many open orders are named.
const OPEN_NAMED: usize = 5;

/// A card, while it was the one that was charged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CardUse {
    pub card_name: Option<String>,
    /// Masked.
    pub card_number: Option<String>,
    /// Of the first and the last payment with it.
    pub first_at: Timestamp,
    pub last_at: Timestamp,
    pub payments: u64,
}

/// A month, by when its payments were asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Month {
    pub year: i16,
    /// From 1.
    pub month: i8,
    pub mode: Mode,
    pub paid: u64,
    /// Declined and rejected.
    pub not_paid: u64,
    /// What was paid less what went back, whenever that was.
    pub net: Amount,
}

/// What a customer's payments say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Dossier {
    /// The newest first; one that came back stands there twice.
    pub cards: Vec<CardUse>,
    pub first_paid_at: Option<Timestamp>,
    pub last_paid_at: Option<Timestamp>,
    /// Declines and rejections since the last payment that was paid.
    pub declines_in_a_row: u64,
    /// Of how many orders it is not certain whether they were charged.
    pub open_count: u64,
    /// The newest of those.
    pub open: Vec<MerchantUid>,
    months: BTreeMap<(i16, i8, &'static str, Currency), Month>,
}

impl Dossier {
    /// Takes the next payment in: the newest comes first.
    pub fn take(&mut self, payment: &Payment, zone: &TimeZone) {
        match payment.outcome {
            Outcome::Paid => self.take_paid(payment),
            Outcome::Declined | Outcome::Rejected if self.last_paid_at.is_none() => {
                self.declines_in_a_row += 1;
            }
            Outcome::Declined
            | Outcome::Rejected
            | Outcome::Unknown
            | Outcome::Pending
            | Outcome::NotSent => {}
        }
        if Standing::of(payment).is_some_and(|standing| standing.is_open()) {
            self.open_count += 1;
            if self.open.len() < OPEN_NAMED {
                self.open.push(payment.terms.merchant_uid.clone());
            }
        }
        self.take_month(payment, zone);
    }

    /// The months in which anything was paid or declined, oldest first; one of several modes or currencies stands there
    /// for each.
    pub fn months(&self) -> impl Iterator<Item = &Month> {
        self.months.values()
    }

    fn take_paid(&mut self, payment: &Payment) {
        let at = payment.paid_at.unwrap_or(payment.requested_at);
        self.first_paid_at = Some(self.first_paid_at.map_or(at, |first| first.min(at)));
        self.last_paid_at = Some(self.last_paid_at.map_or(at, |last| last.max(at)));
        let Payment { card_name, card_number, .. } = payment;
        if card_name.is_none() && card_number.is_none() {
            return;
        }
        match self.cards.last_mut() {
            Some(last) if last.card_number == *card_number && last.card_name == *card_name => {
                last.payments += 1;
                last.first_at = last.first_at.min(at);
                last.last_at = last.last_at.max(at);
            }
            Some(_) | None => self.cards.push(CardUse {
                card_name: card_name.clone(),
                card_number: card_number.clone(),
                first_at: at,
                last_at: at,
                payments: 1,
            }),
        }
    }

    fn take_month(&mut self, payment: &Payment, zone: &TimeZone) {
        let (paid, not_paid) = match payment.outcome {
            Outcome::Paid => (1, 0),
            Outcome::Declined | Outcome::Rejected => (0, 1),
            Outcome::Unknown | Outcome::Pending | Outcome::NotSent => return,
        };
        let day = payment.requested_at.to_zoned_datetime(zone.clone()).date();
        let (mode, left) = (payment.mode_shown(), payment.left());
        let currency = left.currency();
        let (year, month) = (day.year(), day.month());
        let net = Amount::from_minor(0, currency);
        let of = self.months.entry((year, month, mode.word(), currency));
        let of = of.or_insert(Month { year, month, mode, paid: 0, not_paid: 0, net });
        of.paid += paid;
        of.not_paid += not_paid;
        if paid > 0 {
            of.net = of.net.checked_add(left).unwrap_or(of.net);
        }
    }
}

#[cfg(test)]
mod tests {
    use jiff::tz::TimeZone;

    use super::Dossier;
    use crate::domain::charge::ChargeRequest;
    use crate::domain::ids::{CustomerUid, MerchantUid};
    use crate::domain::money::{Amount, Currency};
    use crate::domain::payment::{Mode, Outcome, Payment, Terms};

    fn payment(day: &str, outcome: Outcome, card: &str, won: i64) -> Payment {
        let terms = Terms {
            merchant_uid: MerchantUid::parse(&format!("order_{day}")).unwrap(),
            customer_uid: CustomerUid::parse("gildong").unwrap(),
            amount: Amount::from_minor(won, Currency::KRW),
            mode: Mode::Live,
        };
        let at = format!("{day}T09:00:00+09:00").parse().unwrap();
        let card_number = Some(card.to_owned());
        Payment { outcome, card_number, ..ChargeRequest::new(terms, "Monthly").unsent(at, None, None) }
    }

    fn of(payments: &[Payment]) -> Dossier {
        let mut dossier = Dossier::default();
        let zone = TimeZone::get("Asia/Seoul").unwrap();
        payments.iter().for_each(|payment| dossier.take(payment, &zone));
        dossier
    }

    #[test]
    fn a_card_is_told_for_as_long_as_it_was_charged() {
        let day = |day: &str, card: &str| payment(day, Outcome::Paid, card, 8900);
        let dossier = of(&[
            day("2026-11-23", "1111"),
            day("2026-10-23", "1111"),
            payment("2026-09-24", Outcome::Declined, "3333", 8900),
            day("2026-09-23", "2222"),
            day("2026-08-23", "1111"),
        ]);
        let cards: Vec<_> =
            dossier.cards.iter().map(|card| (card.card_number.as_deref(), card.payments)).collect();
        assert_eq!(cards, [(Some("1111"), 2), (Some("2222"), 1), (Some("1111"), 1)]);
        let at = |day: &str| Some(format!("{day}T09:00:00+09:00").parse().unwrap());
        assert_eq!((dossier.first_paid_at, dossier.last_paid_at), (at("2026-08-23"), at("2026-11-23")));
        assert_eq!(Some(dossier.cards[0].first_at), at("2026-10-23"));
    }

    #[test]
    fn declines_in_a_row_are_those_since_the_last_payment() {
        use Outcome::{Declined, NotSent, Paid, Rejected};
        let days = [("2026-11-23", Declined), ("2026-11-22", NotSent), ("2026-11-21", Rejected)];
        let mut all: Vec<_> = days.iter().map(|(day, outcome)| payment(day, *outcome, "1", 100)).collect();
        assert_eq!(of(&all).declines_in_a_row, 2);
        all.push(payment("2026-11-20", Paid, "1", 100));
        all.push(payment("2026-11-19", Declined, "1", 100));
        assert_eq!(of(&all).declines_in_a_row, 2);
    }

    #[test]
    fn months_come_to_what_is_left_of_their_payments() {
        let refunded = Payment {
            cancel_amount: Some(Amount::from_minor(3000, Currency::KRW)),
            ..payment("2026-10-01", Outcome::Paid, "1", 8900)
        };
        let dossier = of(&[
            payment("2026-11-23", Outcome::Paid, "1", 100),
            payment("2026-10-31", Outcome::Declined, "1", 8900),
            payment("2026-10-02", Outcome::Unknown, "1", 8900),
            refunded,
        ]);
        let months: Vec<_> =
            dossier.months().map(|of| (of.month, of.paid, of.not_paid, of.net.to_string())).collect();
        assert_eq!(months, [(10, 1, 1, "₩5,900".to_owned()), (11, 1, 0, "₩100".to_owned())]);
        assert_eq!(dossier.open_count, 1);
        assert_eq!(dossier.open[0].as_str(), "order_2026-10-02");
    }
}
