//! What a row becomes by a person's note of money that was paid back without the gateway.

use super::{at, row, won};
use crate::domain::money::{Amount, Currency};
use crate::domain::outside::Outside;
use crate::domain::payment::{Outcome, Payment};
use crate::domain::reason::Reason;
use crate::ledger::rules::outside::{OutsideNote, refunded_outside};

fn note(amount: Option<Amount>) -> OutsideNote {
    OutsideNote { amount, at: at(9), by: Some("mina".to_owned()), evidence: "letter of the PG".to_owned() }
}

/// Paid ₩8,900, with so much refunded at the gateway and noted as paid back outside of it.
fn paid(refunded: Option<i64>, outside: Option<i64>) -> Payment {
    let earlier =
        |amount| Outside { amount: won(amount), at: at(3), by: None, evidence: "telephone".to_owned() };
    Payment { cancel_amount: refunded.map(won), outside: outside.map(earlier), ..row(Outcome::Paid, 1, 0) }
}

#[test]
fn no_more_is_noted_as_paid_back_outside_than_is_left() {
    let table = [
        ("a part", paid(None, None), 3_000, Some(3_000)),
        ("all of it", paid(None, None), 8_900, Some(8_900)),
        ("more than was paid", paid(None, None), 8_901, None),
        ("all that the gateway has left", paid(Some(900), None), 8_000, Some(8_000)),
        ("more than the gateway has left", paid(Some(900), None), 8_001, None),
        ("a second part", paid(None, Some(3_000)), 2_000, Some(5_000)),
        ("all that two notes and a refund leave", paid(Some(900), Some(3_000)), 5_000, Some(8_000)),
        ("more than that", paid(Some(900), Some(3_000)), 5_001, None),
        ("where nothing is left", paid(Some(8_900), None), 1, None),
        ("where everything was noted", paid(None, Some(8_900)), 1, None),
        ("nothing", paid(None, None), 0, None),
        ("less than nothing", paid(None, Some(3_000)), -1_000, None),
    ];
    for (rule, before, more, expected) in table {
        let written = refunded_outside(before.clone(), &note(Some(won(more))));
        let Some(expected) = expected else {
            assert_eq!(written, Err(Box::new(before)), "{rule}: the row is as it was");
            continue;
        };
        let payment = written.unwrap_or_else(|_| panic!("{rule}"));
        let outside = Outside {
            amount: won(expected),
            at: at(9),
            by: Some("mina".to_owned()),
            evidence: "letter of the PG".to_owned(),
        };
        assert_eq!(payment, Payment { outside: Some(outside), ..before }, "{rule}: nothing else has changed");
    }
}

#[test]
fn only_what_was_paid_was_paid_back_outside() {
    use Outcome::{Declined, NotSent, Pending, Rejected, Unknown};
    for outcome in [Declined, NotSent, Pending, Rejected, Unknown] {
        let before = row(outcome, 1, 1);
        let written = refunded_outside(before.clone(), &note(Some(won(1_000))));
        assert_eq!(written, Err(Box::new(before)), "{outcome}");
    }
}

#[test]
fn a_note_in_another_currency_is_about_no_part_of_the_payment() {
    let before = paid(None, None);
    let dollars = Amount::from_minor(1_000, Currency::parse("USD").unwrap());
    assert_eq!(refunded_outside(before.clone(), &note(Some(dollars))), Err(Box::new(before)));
}

#[test]
fn what_was_noted_is_taken_back_whole_and_nothing_is_taken_back_where_nothing_was_noted() {
    for refunded in [None, Some(900)] {
        let written = refunded_outside(paid(refunded, Some(3_000)), &note(None));
        assert_eq!(written, Ok(paid(refunded, None)));
        let before = paid(refunded, None);
        assert_eq!(refunded_outside(before.clone(), &note(None)), Err(Box::new(before)));
    }
}

#[test]
fn a_note_is_told_with_its_sum_and_its_evidence() {
    let evidence = || "letter of the PG".to_owned();
    let noted = Reason::NotedRefundedOutside { amount: "₩3,000".to_owned(), evidence: evidence() };
    assert_eq!(note(Some(won(3_000))).reason(), noted);
    assert_eq!(note(None).reason(), Reason::NotedNotRefundedOutside { evidence: evidence() });
}
