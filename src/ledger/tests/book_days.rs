//! What days come to.

use super::{Asked, Place, at, charged, uid};
use crate::domain::book_day::{BookDay, Piece};
use crate::domain::payment::Outcome;
use crate::domain::tax::TaxRule;
use crate::ledger::Ledger;

fn days(ledger: &Ledger) -> Vec<BookDay> {
    let mut days = Vec::new();
    let each = &mut |piece: Piece<'_>| {
        if let Piece::Day(day) = piece {
            days.push(*day);
        }
    };
    ledger.book_days((0, 40_000), (at(0), at(99_999_999)), each).unwrap();
    days
}

#[test]
fn a_payment_is_of_the_day_that_it_was_asked_for_until_it_is_paid() {
    let place = Place::new();
    let mut ledger = place.ledger();
    // 2023-11-15 07:13:20 in Korea, and approved eight minutes later by the gateway's clock.
    let asked = Asked::new("order-1", 8_900, 0);
    asked.written(&mut ledger);
    let [day] = days(&ledger)[..] else { panic!() };
    assert_eq!(
        (day.day.to_string().as_str(), day.unknown, day.paid, day.gross_minor),
        ("2023-11-15", 1, 0, 0)
    );
    let number = ledger.find(&uid("order-1")).unwrap().unwrap().attempts;
    super::kept(&mut ledger, &super::answer("order-1", number, 1, asked.settled(Outcome::Paid)));
    charged(&mut ledger, &Asked::new("order-2", 500, 3), Outcome::Declined);
    let [day] = days(&ledger)[..] else { panic!() };
    assert_eq!((day.paid, day.failed, day.unknown, day.gross_minor, day.failed_minor), (1, 1, 0, 8_900, 500));
    assert_eq!(day.vat_and_tax_free(None), (809, 0));
    assert_eq!(day.vat_and_tax_free(Some(TaxRule::TaxFree)), (0, 8_900));
}
