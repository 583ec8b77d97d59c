//! The least of an id that means it alone.

use std::ops::ControlFlow;

use super::{Asked, Place, charged};
use crate::domain::payment::Outcome;
use crate::ledger::{Filter, Ledger};

fn short(ledger: &Ledger, id: &str) -> String {
    ledger.short_order(&super::uid(id)).unwrap()
}

fn book(place: &Place, ids: &[&str]) -> Ledger {
    let mut ledger = place.ledger();
    for (second, id) in (0..).zip(ids) {
        charged(&mut ledger, &Asked::new(id, 8900, second), Outcome::Paid);
    }
    ledger
}

#[test]
fn an_id_is_as_short_as_its_neighbours_allow_and_eight_letters_long() {
    let place = Place::new();
    let ledger = book(
        &place,
        &[
            "202611ba40d1c61b",
            "202611ba40d1c99f",
            "202612ffffff",
            "short",
            "주문_2026_11_0001",
            "주문_2026_11_0012",
        ],
    );
    assert_eq!(short(&ledger, "202611ba40d1c61b"), "202611ba40d1c6");
    assert_eq!(short(&ledger, "202611ba40d1c99f"), "202611ba40d1c9");
    assert_eq!(short(&ledger, "202612ffffff"), "202612ff");
    assert_eq!(short(&ledger, "short"), "short");
    assert_eq!(short(&ledger, "주문_2026_11_0001"), "주문_2026_11_000");
    assert_eq!(short(&ledger, "주문_2026_11_0012"), "주문_2026_11_001");
}

#[test]
fn an_id_that_another_one_begins_with_stands_whole() {
    let place = Place::new();
    let ledger = book(&place, &["order_00001", "order_000010", "order_000011"]);
    assert_eq!(short(&ledger, "order_00001"), "order_00001");
    assert_eq!(short(&ledger, "order_000010"), "order_000010");
}

#[test]
fn no_payment_and_no_approval_number_of_another_order_is_meant() {
    let place = Place::new();
    // What is charged here has the imp_uid `imps_ID_paid` and the approval number 30012345.
    let ledger = book(&place, &["other_one", "imps_other_two", "300123456789"]);
    assert_eq!(short(&ledger, "imps_other_two"), "imps_other_t");
    assert_eq!(short(&ledger, "300123456789"), "300123456");
}

#[test]
fn every_short_id_of_a_ledger_is_its_own_payments_alone() {
    let place = Place::new();
    let ids: Vec<String> =
        (0..200).map(|n: u32| format!("{:x}", n.wrapping_mul(2_654_435_761) % 4099)).collect();
    let ids: Vec<String> = ids.iter().map(|id| format!("order_{id}")).collect();
    let ledger = book(&place, &ids.iter().map(String::as_str).collect::<Vec<_>>());
    let mut all = Vec::new();
    let each = &mut |payment: crate::domain::payment::Payment| {
        all.push(payment.terms.merchant_uid);
        ControlFlow::Continue(())
    };
    ledger.visit(&Filter::default(), each).unwrap();
    assert_eq!(all.len(), 200);
    for uid in all {
        let short = ledger.short_order(&uid).unwrap();
        assert!(short.chars().count() >= 8 || short == uid.as_str(), "{short}");
        let meant = match ledger.find_any(&short).unwrap() {
            Some(payment) => vec![payment],
            None => ledger.begun_with(&short, 2).unwrap(),
        };
        let meant: Vec<_> = meant.iter().map(|payment| &payment.terms.merchant_uid).collect();
        assert_eq!(meant, [&uid], "{short}");
    }
}
