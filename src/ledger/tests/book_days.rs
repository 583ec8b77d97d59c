//! What days come to.

use super::{Asked, Place, at, charged, uid};
use crate::domain::book_day::BookDay;
use crate::domain::payment::Outcome;
use crate::domain::tax::TaxRule;
use crate::ledger::book_days::{DAYS, FURTHER};
use crate::ledger::booked::GONE_BACK;
use crate::ledger::{Ledger, Piece};

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

/// A month of ten million payments is as quick as one of ten.
#[test]
fn nobody_reads_all_payments_to_add_up_days() {
    let place = Place::new();
    let ledger = place.ledger();
    let plan = |sql: &str| -> String {
        let mut statement = ledger.connection.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).unwrap();
        let bound = statement.parameter_count();
        let values = rusqlite::params_from_iter(std::iter::repeat_n(1, bound));
        let steps = statement.query_map(values, |row| row.get::<_, String>("detail")).unwrap();
        steps.collect::<Result<Vec<_>, _>>().unwrap().join("; ")
    };
    assert_eq!(plan(DAYS), "SEARCH book_days USING PRIMARY KEY (day>? AND day<?)");
    for condition in [GONE_BACK, FURTHER] {
        let plan = plan(&format!("SELECT * FROM payments WHERE {condition}"));
        let whole = plan.split("; ").filter(|step| step.starts_with("SCAN"));
        let whole: Vec<&str> = whole
            .filter(|step| !step.contains("further_payments") && !step.contains("given_back_some_time"))
            .collect();
        assert!(plan.contains("SEARCH payments USING INTEGER PRIMARY KEY") && whole.is_empty(), "{plan}");
    }
}
