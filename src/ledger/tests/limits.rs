//! What stands in the way of an intent: a similar charge, the day's limit.

use super::{Asked, Place, answer, at, charged, kept, not_sent, uid, won};
use crate::domain::ids::CustomerUid;
use crate::domain::money::{Amount, Currency};
use crate::domain::payment::Outcome;
use crate::ledger::{DailyLimit, Guards, How};

#[test]
fn a_similar_charge_of_the_same_customer_is_in_the_way() {
    let place = Place::new();
    let mut ledger = place.ledger();
    charged(&mut ledger, &Asked::new("order-1", 8900, 0), Outcome::Paid);
    let similar = |uid: &str, minor, since| {
        let mut asked = Asked::new(uid, minor, 60);
        asked.guards.similar_since = Some(at(since));
        asked
    };
    let first = ledger.find(&uid("order-1")).unwrap().unwrap();
    assert_eq!(similar("order-2", 8900, 0).how(&mut ledger), How::Similar(Box::new(first)));
    assert_eq!(ledger.find(&uid("order-2")).unwrap(), None, "nothing was written");
    similar("order-3", 8900, 1).written(&mut ledger);
    similar("order-4", 8901, 0).written(&mut ledger);
    let mut other_customer = similar("order-5", 8900, 0);
    other_customer.request.terms.customer_uid = CustomerUid::parse("other").unwrap();
    other_customer.written(&mut ledger);
}

#[test]
fn a_declined_charge_is_not_in_the_way_but_its_retry_is() {
    let place = Place::new();
    let mut ledger = place.ledger();
    charged(&mut ledger, &Asked::new("order-1", 8900, 0), Outcome::Declined);
    let guards = Guards { similar_since: Some(at(0)), passed: Some(Vec::new()), daily: None };
    let mut asked = Asked::new("order-2", 8900, 500);
    asked.guards = guards.clone();
    asked.written(&mut ledger);
    kept(&mut ledger, &not_sent("order-2", 1, 501));
    Asked::new("order-1", 8900, 900).expecting(Outcome::Declined, 1).written(&mut ledger);
    let mut asked = Asked::new("order-3", 8900, 1000);
    asked.guards = guards;
    assert!(matches!(asked.how(&mut ledger), How::Open(_)), "sent at 900 for the second time");
    let settled = Asked::new("order-1", 8900, 900).settled(Outcome::Paid);
    kept(&mut ledger, &answer("order-1", 2, 901, settled));
    asked.guards.similar_since = Some(at(800));
    assert!(matches!(asked.how(&mut ledger), How::Similar(_)), "and paid");
}

#[test]
fn a_retry_is_not_in_its_own_way() {
    let place = Place::new();
    let mut ledger = place.ledger();
    charged(&mut ledger, &Asked::new("order-1", 8900, 0), Outcome::Unknown);
    let mut again = Asked::new("order-1", 8900, 60).expecting(Outcome::Unknown, 1);
    again.guards = Guards {
        similar_since: Some(at(0)),
        passed: Some(Vec::new()),
        daily: Some(DailyLimit { max: won(8900), from: at(0), to: at(1000) }),
    };
    again.written(&mut ledger);
}

#[test]
fn the_days_limit_counts_what_was_or_may_have_been_charged() {
    let place = Place::new();
    let mut ledger = place.ledger();
    charged(&mut ledger, &Asked::new("paid", 1000, 10), Outcome::Paid);
    charged(&mut ledger, &Asked::new("unknown", 200, 10), Outcome::Unknown);
    Asked::new("pending", 30, 10).written(&mut ledger);
    charged(&mut ledger, &Asked::new("declined", 4, 10), Outcome::Declined);
    charged(&mut ledger, &Asked::new("yesterday", 5, 9), Outcome::Paid);
    charged(&mut ledger, &Asked::new("tomorrow", 6, 100), Outcome::Paid);
    let mut dollars = Asked::new("dollars", 7, 10);
    dollars.request.terms.amount = Amount::from_minor(7, Currency::parse("USD").unwrap());
    charged(&mut ledger, &dollars, Outcome::Paid);
    let within = |uid, minor, max| {
        let mut asked = Asked::new(uid, minor, 20);
        asked.guards.daily = Some(DailyLimit { max: won(max), from: at(10), to: at(100) });
        asked
    };
    let over = How::OverDaily { spent: won(1230), max: won(2000) };
    assert_eq!(within("one-too-many", 771, 2000).how(&mut ledger), over);
    assert_eq!(ledger.find(&uid("one-too-many")).unwrap(), None, "nothing was written");
    within("just-enough", 770, 2000).written(&mut ledger);
    let all = within("too-large-to-add", i64::MAX, i64::MAX).how(&mut ledger);
    assert!(matches!(all, How::OverDaily { .. }), "{all:?}");
}

#[test]
fn a_retry_of_an_older_payment_counts_on_the_day_it_is_sent() {
    let place = Place::new();
    let mut ledger = place.ledger();
    charged(&mut ledger, &Asked::new("old", 1000, 0), Outcome::Declined);
    Asked::new("old", 1000, 50).expecting(Outcome::Declined, 1).written(&mut ledger);
    let mut asked = Asked::new("new", 1, 60);
    asked.guards.daily = Some(DailyLimit { max: won(1000), from: at(40), to: at(100) });
    let over = How::OverDaily { spent: won(1000), max: won(1000) };
    assert_eq!(asked.how(&mut ledger), over);
}
