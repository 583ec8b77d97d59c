use jiff::Timestamp;

use crate::domain::money::{Amount, Currency};
use crate::domain::payment::Mode;
use crate::domain::tries::{Case, Followed, Tried, Try};

fn on(day: i8) -> Timestamp {
    // Days of November; what lies beyond its end is of December.
    let start: Timestamp = "2026-11-01T00:00:00+09:00".parse().unwrap();
    start + jiff::SignedDuration::from_hours(24 * i64::from(day - 1))
}

fn no(day: i8) -> Try {
    Try { at: on(day), refused: true, paid_at: None }
}

fn yes(day: i8) -> Try {
    Try { at: on(day), refused: false, paid_at: Some(on(day)) }
}

fn order(day: i8, tries: &[Try]) -> Tried {
    Tried {
        amount: Amount::from_minor(8_900, Currency::KRW),
        mode: Mode::Live,
        once_per: false,
        requested_at: on(day),
        tries: tries.to_vec(),
    }
}

fn followed(order: Tried, beside: &[Tried]) -> Option<Followed> {
    Case { order, beside: beside.to_vec() }.followed()
}

/// How many tries, and of the one that was paid which, on what day, and whether of another order.
type Told = Option<(usize, Option<(usize, Timestamp, bool)>)>;

fn told(order: Tried, beside: &[Tried]) -> Told {
    followed(order, beside).map(|followed| {
        (followed.tries, followed.paid.map(|paid| (paid.nth, paid.at, paid.by_another_order)))
    })
}

#[test]
fn money_that_was_refused_is_followed_to_the_try_that_was_paid() {
    let period = |order: Tried| Tried { once_per: true, ..order };
    let dearer = |order: Tried| Tried { amount: Amount::from_minor(9_900, Currency::KRW), ..order };
    let test = |order: Tried| Tried { mode: Mode::Test, ..order };
    let turned = Try { at: on(3), refused: true, paid_at: Some(on(5)) };
    let table: Vec<(&str, Told, Told)> = vec![
        ("never refused", told(order(3, &[yes(3)]), &[]), None),
        ("refused once", told(order(3, &[no(3)]), &[]), Some((1, None))),
        ("refused twice", told(order(3, &[no(3), no(4)]), &[]), Some((2, None))),
        ("its second attempt", told(order(3, &[no(3), yes(6)]), &[]), Some((2, Some((2, on(6), false))))),
        ("its third", told(order(3, &[no(3), no(4), yes(9)]), &[]), Some((3, Some((3, on(9), false))))),
        ("it turned out paid by itself", told(order(3, &[turned]), &[]), Some((1, Some((1, on(5), false))))),
        (
            "another order",
            told(order(3, &[no(3)]), &[order(5, &[yes(5)])]),
            Some((2, Some((2, on(5), true)))),
        ),
        (
            "another order, refused too, and its second attempt",
            told(order(3, &[no(3)]), &[order(5, &[no(5), yes(7)])]),
            Some((3, Some((3, on(7), true)))),
        ),
        (
            "a chain of orders, each soon after the last no",
            told(order(3, &[no(3)]), &[order(13, &[no(13)]), order(23, &[yes(23)])]),
            Some((3, Some((3, on(23), true)))),
        ),
        ("an order too long after", told(order(3, &[no(3)]), &[order(17, &[yes(17)])]), Some((1, None))),
        (
            "just not too long",
            told(order(3, &[no(3)]), &[order(16, &[yes(16)])]),
            Some((2, Some((2, on(16), true)))),
        ),
        ("another amount", told(order(3, &[no(3)]), &[dearer(order(5, &[yes(5)]))]), Some((1, None))),
        ("test money", told(order(3, &[no(3)]), &[test(order(5, &[yes(5)]))]), Some((1, None))),
        ("two periods", told(period(order(3, &[no(3)])), &[period(order(5, &[yes(5)]))]), Some((1, None))),
        (
            "a period, and by hand after it",
            told(period(order(3, &[no(3)])), &[order(5, &[yes(5)])]),
            Some((2, Some((2, on(5), true)))),
        ),
        (
            "what was asked for after it was paid is new",
            told(order(3, &[no(3), yes(4)]), &[order(6, &[yes(6)])]),
            Some((2, Some((2, on(4), false)))),
        ),
        ("a further try itself", told(order(5, &[no(5)]), &[order(3, &[no(3)])]), None),
        (
            "behind an earlier one that was paid",
            told(order(5, &[no(5)]), &[order(2, &[no(2), yes(3)])]),
            Some((1, None)),
        ),
        ("behind one that was only paid", told(order(5, &[no(5)]), &[order(2, &[yes(2)])]), Some((1, None))),
        ("long behind an earlier one", told(order(25, &[no(25)]), &[order(3, &[no(3)])]), Some((1, None))),
    ];
    for (case, came, expected) in table {
        assert_eq!(came, expected, "{case}");
    }
}

#[test]
fn the_first_no_is_when_it_was_first_known() {
    let followed = followed(order(3, &[no(4), no(6)]), &[]).unwrap();
    assert_eq!((followed.first_refused_at, followed.tries), (on(4), 2));
}

#[test]
fn a_payment_of_the_same_second_stays_behind_the_no_before_it() {
    let later = |ms| on(3) + jiff::SignedDuration::from_millis(ms);
    let first = Try { at: later(100), refused: true, paid_at: None };
    let second = Try { at: later(600), refused: false, paid_at: Some(on(3)) };
    let followed = followed(order(3, &[first, second]), &[]).unwrap();
    assert_eq!(followed.paid.map(|paid| paid.nth), Some(2));
}
