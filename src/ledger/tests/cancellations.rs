//! The history of a payment's refunds, as the gateway showed it last.

use std::ops::ControlFlow;

use jiff::Timestamp;

use super::{Asked, Place, answer, at, charged, kept, record_of, reply, uid};
use crate::domain::answer::Settled;
use crate::domain::lookup::LookedUp;
use crate::domain::movement::{Booked, Movement, Way};
use crate::domain::payment::{CancelRecord, GatewayRecord, Outcome};
use crate::ledger::{By, Entry, Ledger, Seen};

fn shown(refunded: i64, history: &[(&str, i64)]) -> GatewayRecord {
    let entry = |(amount, at_s): &(&str, i64)| CancelRecord {
        amount_text: Some((*amount).to_owned()),
        at_s: Some(*at_s),
        reason: Some("관리자페이지취소".to_owned()),
        ..CancelRecord::default()
    };
    GatewayRecord {
        imp_uid: Some("imps_order_1_paid".to_owned()),
        status: Some(if refunded > 0 { "cancelled" } else { "paid" }.to_owned()),
        amount_text: Some("8900".to_owned()),
        cancel_amount_text: Some(refunded.to_string()),
        cancelled_at_s: history.last().map(|(_, at_s)| *at_s),
        cancel_history: Some(history.iter().map(entry).collect()),
        ..GatewayRecord::default()
    }
}

fn look_up(ledger: &mut Ledger, record: GatewayRecord) {
    let payment = ledger.find(&uid("order_1")).unwrap().unwrap();
    let entry = Entry::Lookup {
        uid: uid("order_1"),
        seen: Seen::of(&payment),
        at: at(2_000_000),
        looked_up: LookedUp::Nothing,
        received: reply(200),
        shown: vec![record],
    };
    let _ = ledger.write_one(&entry).unwrap();
}

fn second(epoch: i64) -> Timestamp {
    Timestamp::from_second(epoch).unwrap()
}

/// All that moved in a time, as seconds and won.
fn moved(ledger: &Ledger, by: By, since: i64, until: i64) -> Vec<(i64, i64)> {
    let mut all: Vec<Booked> = Vec::new();
    let each = &mut |booked: &Booked| {
        all.push(booked.clone());
        ControlFlow::Continue(())
    };
    ledger.booked(by, (second(since), second(until)), each).unwrap();
    let signed = |line: &Movement| match line.way {
        Way::In => line.amount.minor(),
        Way::Back { .. } => -line.amount.minor(),
    };
    let lines = all.iter().flat_map(|booked| booked.movements(None));
    lines
        .map(|line| (line.at.as_second(), signed(&line)))
        .filter(|(at, _)| (since..until).contains(at))
        .collect()
}

#[test]
fn a_refund_of_an_earlier_month_stays_there_when_another_one_comes() {
    let place = Place::new();
    let mut ledger = place.ledger();
    charged(&mut ledger, &Asked::new("order_1", 8_900, 0), Outcome::Paid);
    let paid_at = ledger.find(&uid("order_1")).unwrap().unwrap().paid_at.unwrap().as_second();
    let (first, later) = (paid_at + 1_000_000, paid_at + 4_000_000);
    for (what, record, expected) in [
        ("nothing", shown(0, &[]), vec![(paid_at, 8_900)]),
        ("one", shown(900, &[("900", first)]), vec![(paid_at, 8_900), (first, -900)]),
        (
            "another one, a month later",
            shown(1_900, &[("900", first), ("1000", later)]),
            vec![(paid_at, 8_900), (first, -900), (later, -1_000)],
        ),
        (
            "the PG took the first one back",
            shown(1_000, &[("1000", later)]),
            vec![(paid_at, 8_900), (later, -1_000)],
        ),
    ] {
        look_up(&mut ledger, record);
        assert_eq!(moved(&ledger, By::Paid, paid_at, later + 1), expected, "{what}");
    }
    assert_eq!(moved(&ledger, By::Paid, paid_at + 1, later), []);
    assert_eq!(moved(&ledger, By::Paid, later, later + 1), [(later, -1_000)], "without its sale");
    assert_eq!(moved(&ledger, By::Requested, later, later + 1), [(later, -1_000)]);
}

#[test]
fn a_history_that_cannot_be_read_is_not_kept() {
    let place = Place::new();
    let mut ledger = place.ledger();
    charged(&mut ledger, &Asked::new("order_1", 8_900, 0), Outcome::Paid);
    let paid_at = ledger.find(&uid("order_1")).unwrap().unwrap().paid_at.unwrap().as_second();
    let (first, later) = (paid_at + 1_000, paid_at + 2_000);
    look_up(&mut ledger, shown(1_900, &[("900", first), ("a lot", later)]));
    let expected = [(paid_at, 8_900), (later, -1_900)];
    assert_eq!(moved(&ledger, By::Paid, paid_at, later + 1), expected, "all of it is of the last time told");
}

#[test]
fn a_payment_that_the_gateway_tells_no_time_of_is_of_the_time_at_which_its_request_left() {
    let place = Place::new();
    let mut ledger = place.ledger();
    charged(&mut ledger, &Asked::new("order_1", 8_900, 0), Outcome::Declined);
    // A month later, under the same order.
    let again = Asked::new("order_1", 8_900, 4_000_000).expecting(Outcome::Declined, 1);
    let number = again.written(&mut ledger).attempts;
    let record = GatewayRecord { paid_at_s: None, ..record_of(&again.request, Outcome::Paid).unwrap() };
    kept(&mut ledger, &answer("order_1", number, 4_000_001, Settled::Paid(Box::new(record))));
    let (asked, left) = (at(0).as_second(), at(4_000_000).as_second());
    assert_eq!(moved(&ledger, By::Paid, left, left + 1), [(left, 8_900)]);
    assert_eq!(moved(&ledger, By::Paid, asked, left), []);
    assert_eq!(moved(&ledger, By::Requested, left, left + 1), [], "it was asked for before");
}
