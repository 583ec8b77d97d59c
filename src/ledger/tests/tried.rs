//! Orders that were refused, as they are handed over with what stands beside them; and one moment for many questions.

use std::ops::ControlFlow;

use jiff::Timestamp;

use super::{Asked, Place, answer, at, charged, kept, uid};
use crate::domain::payment::Outcome;
use crate::domain::tries::Case;
use crate::ledger::{Filter, Ledger, LedgerError};

const DAY: i64 = 24 * 3_600;

fn refused(ledger: &Ledger, since: Timestamp, until: Timestamp) -> Vec<Case> {
    let mut all = Vec::new();
    let each = &mut |case: &Case| {
        all.push(case.clone());
        ControlFlow::Continue(())
    };
    ledger.cases((since, until), each).unwrap();
    all.sort_by_key(|case| case.order.requested_at);
    all
}

#[test]
fn an_order_that_was_refused_comes_with_its_attempts_and_with_the_like_of_it() {
    let place = Place::new();
    let mut ledger = place.ledger();
    charged(&mut ledger, &Asked::new("order_1", 8_900, 0), Outcome::Declined);
    let again = Asked::new("order_1", 8_900, DAY).expecting(Outcome::Declined, 1);
    charged(&mut ledger, &again, Outcome::Declined);
    let third = Asked::new("order_1", 8_900, 2 * DAY).expecting(Outcome::Declined, 2);
    charged(&mut ledger, &third, Outcome::Paid);
    // Never refused; of another amount; too long ago to be looked at.
    charged(&mut ledger, &Asked::new("order_2", 8_900, 3 * DAY), Outcome::Paid);
    charged(&mut ledger, &Asked::new("order_3", 9_900, 3 * DAY), Outcome::Paid);
    charged(&mut ledger, &Asked::new("order_4", 8_900, 90 * DAY), Outcome::Paid);
    let [case] = &refused(&ledger, at(-10), at(100 * DAY))[..] else { panic!() };
    let told: Vec<(Timestamp, bool, bool)> =
        case.order.tries.iter().map(|one| (one.at, one.refused, one.paid_at.is_some())).collect();
    assert_eq!(told, [(at(1), true, false), (at(DAY + 1), true, false), (at(2 * DAY + 1), false, true)]);
    assert_eq!(case.beside.iter().map(|other| other.requested_at).collect::<Vec<_>>(), [at(3 * DAY)]);
    assert_eq!(refused(&ledger, at(1), at(100 * DAY)), [], "it was asked for before that time");
    assert_eq!(refused(&ledger, at(-10), at(0)), [], "and not before its end");
}

#[test]
fn what_was_never_answered_is_no_try() {
    let place = Place::new();
    let mut ledger = place.ledger();
    charged(&mut ledger, &Asked::new("order_1", 8_900, 0), Outcome::Unknown);
    assert_eq!(refused(&ledger, at(-10), at(DAY)), []);
    let asked = Asked::new("order_1", 8_900, 0);
    kept(&mut ledger, &answer("order_1", 1, 20, asked.settled(Outcome::Declined)));
    let [case] = &refused(&ledger, at(-10), at(DAY))[..] else { panic!() };
    assert_eq!(case.order.tries.len(), 1);
}

#[test]
fn all_that_is_read_at_one_moment_is_of_it_and_what_is_written_meanwhile_shows_after_it() {
    let place = Place::new();
    let mut writer = place.ledger();
    charged(&mut writer, &Asked::new("order_1", 8_900, 0), Outcome::Declined);
    let reader = place.ledger();
    let count = |ledger: &Ledger| {
        let mut count = 0;
        ledger.visit(&Filter::default(), &mut |_| {
            count += 1;
            ControlFlow::Continue(())
        })?;
        Ok::<_, LedgerError>((count, ledger.find(&uid("order_2"))?.is_some()))
    };
    let seen = reader.at_one_moment(|| {
        let before = count(&reader)?;
        charged(&mut writer, &Asked::new("order_2", 8_900, 5), Outcome::Declined);
        Ok::<_, LedgerError>((before, count(&reader)?))
    });
    assert_eq!(seen.unwrap(), ((1, false), (1, false)));
    assert_eq!(count(&reader).unwrap(), (2, true));
    let failed: Result<(), LedgerError> = reader.at_one_moment(|| {
        reader.find(&uid("order_1"))?;
        Err(LedgerError::Missing { place: reader.place() })
    });
    assert!(failed.is_err());
    assert!(reader.at_one_moment(|| count(&reader)).is_ok(), "an error leaves no moment behind");
}
