//! What is known beside a declined order: tries on the customer's card, orders of the same amount.

use std::ops::ControlFlow;

use super::{Asked, Place, at, charged, kept, not_sent, uid};
use crate::domain::due::Tried;
use crate::domain::payment::{Mode, Outcome};
use crate::ledger::{Ledger, Refused};

fn tried(ledger: &Ledger, order: &str) -> Tried {
    let payment = ledger.find(&uid(order)).unwrap().unwrap();
    ledger.tried(&payment, at(-1_000)).unwrap()
}

fn listed(ledger: &Ledger, mode: Mode) -> Vec<String> {
    let of = Refused { mode, since: at(-1_000), until: at(1_000_000), customer: None };
    let mut orders = Vec::new();
    ledger
        .refused(&of, &mut |payment| {
            orders.push(payment.terms.merchant_uid.to_string());
            ControlFlow::Continue(())
        })
        .unwrap();
    orders
}

#[test]
fn a_try_is_a_request_that_left_and_was_not_paid() {
    let place = Place::new();
    let mut ledger = place.ledger();
    charged(&mut ledger, &Asked::new("order_1", 8900, 0), Outcome::Declined);
    let again = |second, attempts| Asked::new("order_1", 8900, second).expecting(Outcome::Declined, attempts);
    charged(&mut ledger, &again(100, 1), Outcome::Declined);
    again(200, 2).written(&mut ledger);
    kept(&mut ledger, &not_sent("order_1", 3, 201));
    charged(&mut ledger, &Asked::new("order_2", 5000, 300), Outcome::Declined);
    let of_order_1 = tried(&ledger, "order_1");
    let times: Vec<_> = of_order_1.tries.iter().map(|one| (one.at, one.own)).collect();
    assert_eq!(times, [(at(0), true), (at(100), true), (at(300), false)]);
    assert_eq!((of_order_1.paid_since, of_order_1.open_beside, of_order_1.key_since), (false, false, None));

    charged(&mut ledger, &Asked::new("order_2", 5000, 400).expecting(Outcome::Declined, 1), Outcome::Paid);
    assert_eq!(
        tried(&ledger, "order_1").tries.len(),
        3,
        "its first request was declined, and its second is no try"
    );
    assert_eq!(listed(&ledger, Mode::Live), ["order_1"]);
    assert_eq!(listed(&ledger, Mode::Test), [""; 0]);
}

#[test]
fn a_later_order_of_the_same_amount_counts_and_an_earlier_one_or_another_amount_does_not() {
    let place = Place::new();
    let mut ledger = place.ledger();
    charged(&mut ledger, &Asked::new("earlier", 8900, -100), Outcome::Paid);
    charged(&mut ledger, &Asked::new("order_1", 8900, 0), Outcome::Declined);
    charged(&mut ledger, &Asked::new("other_amount", 5000, 50), Outcome::Paid);
    assert!(!tried(&ledger, "order_1").paid_since);
    charged(&mut ledger, &Asked::new("later", 8900, 100), Outcome::Paid);
    assert!(tried(&ledger, "order_1").paid_since && !tried(&ledger, "order_1").open_beside);
    charged(&mut ledger, &Asked::new("open", 8900, 200), Outcome::Unknown);
    assert!(tried(&ledger, "order_1").open_beside);
    assert_eq!((ledger.open_count(Mode::Live).unwrap(), ledger.open_count(Mode::Test).unwrap()), (1, 0));
    assert!(ledger.refused_before(Mode::Live, at(1)).unwrap());
    assert!(!ledger.refused_before(Mode::Live, at(0)).unwrap());
}
