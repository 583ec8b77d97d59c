//! What a closing is sealed over.

use jiff::Timestamp;

use super::{Asked, Place, at, charged, uid};
use crate::domain::closing::Closing;
use crate::domain::payment::Outcome;
use crate::ledger::{Closed, Ledger};

pub(super) fn closing(month: &str) -> Closing {
    Closing {
        month: month.to_owned(),
        zone: "Asia/Seoul".to_owned(),
        at: at(9_000),
        operator: None,
        host: None,
        hash: "0".to_owned(),
        lines: 0,
        sums: Vec::new(),
        corrections: Vec::new(),
    }
}

fn span() -> (Timestamp, Timestamp) {
    (at(0), at(5_000))
}

#[test]
fn a_month_is_not_closed_over_payments_that_have_moved_since_they_were_read() {
    let place = Place::new();
    let mut ledger = place.ledger();
    charged(&mut ledger, &Asked::new("order_1", 8_900, 0), Outcome::Declined);
    let seen = ledger.month_seal(span()).unwrap();
    assert_eq!(seen.misfits, 0);
    // One that is of the time, one that goes on, and one of another time.
    let close = |ledger: &mut Ledger, seen| ledger.close_month(&closing("2023-11"), span(), seen).unwrap();
    charged(&mut ledger, &Asked::new("order_2", 900, 1), Outcome::Declined);
    assert_eq!(close(&mut ledger, &seen), Closed::Moved);
    let seen = ledger.month_seal(span()).unwrap();
    Asked::new("order_1", 8_900, 900).expecting(Outcome::Declined, 1).written(&mut ledger);
    assert_eq!(close(&mut ledger, &seen), Closed::Moved);
    assert_eq!(ledger.closings().unwrap(), [], "nothing is left of it");
    let seen = ledger.month_seal(span()).unwrap();
    charged(&mut ledger, &Asked::new("order_3", 700, 7_000), Outcome::Declined);
    assert_eq!(close(&mut ledger, &seen), Closed::Now);
    assert_eq!(close(&mut ledger, &seen), Closed::Before);
    let kept = ledger.verify_seal("2023-11", span()).unwrap();
    assert!(kept.is_sound() && kept.sealed == Some(2), "{kept:?}");
}

#[test]
fn what_is_written_of_a_payment_after_its_month_was_closed_is_no_other_history() {
    let place = Place::new();
    let mut ledger = place.ledger();
    charged(&mut ledger, &Asked::new("order_1", 8_900, 0), Outcome::Declined);
    let seen = ledger.month_seal(span()).unwrap();
    let _ = ledger.close_month(&closing("2023-11"), span(), &seen).unwrap();
    let again = Asked::new("order_1", 8_900, 20_000).expecting(Outcome::Declined, 1);
    let before = ledger.events(&uid("order_1")).unwrap().len();
    again.written(&mut ledger);
    assert!(ledger.events(&uid("order_1")).unwrap().len() > before);
    assert!(ledger.verify_seal("2023-11", span()).unwrap().is_sound());
    // A later closing is sealed behind it.
    let seen = ledger.month_seal((at(5_000), at(30_000))).unwrap();
    let closed = ledger.close_month(&closing("2023-12"), (at(5_000), at(30_000)), &seen).unwrap();
    assert_eq!((closed, ledger.check_closings().unwrap().len()), (Closed::Now, 0));
}
