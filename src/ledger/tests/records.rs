//! What the gateway showed under an order is kept, whatever came of it (contract, rule 11).

use super::{Asked, Place, answer, at, attempt, below, charged, kept, look_up, reply, uid, won};
use crate::domain::answer::Settled;
use crate::domain::lookup::LookedUp;
use crate::domain::payment::{EventKind, GatewayRecord, Outcome, Payment};
use crate::domain::reason::Reason;
use crate::ledger::{Acknowledgement, Entry, Intent, Ledger, Seen};

fn paid(imp_uid: &str) -> GatewayRecord {
    GatewayRecord {
        imp_uid: Some(imp_uid.to_owned()),
        merchant_uid: Some("order-1".to_owned()),
        status: Some("paid".to_owned()),
        amount_text: Some("8900".to_owned()),
        cancel_amount_text: Some("0".to_owned()),
        apply_num: Some(format!("no_{imp_uid}")),
        ..GatewayRecord::default()
    }
}

fn refunded(imp_uid: &str, minor: i64) -> GatewayRecord {
    GatewayRecord {
        status: Some("cancelled".to_owned()),
        cancel_amount_text: Some(minor.to_string()),
        cancelled_at_s: Some(1_700_000_900),
        ..paid(imp_uid)
    }
}

fn stored(ledger: &Ledger) -> Payment {
    ledger.find(&uid("order-1")).unwrap().unwrap()
}

/// A look-up that shows these, and settles as it says.
fn shows(ledger: &mut Ledger, looked_up: LookedUp, shown: &[GatewayRecord]) -> Payment {
    let entry = Entry::Lookup {
        uid: uid("order-1"),
        seen: Seen::of(&stored(ledger)),
        at: at(60),
        looked_up,
        received: reply(200),
        shown: shown.to_vec(),
    };
    let payment = kept(ledger, &entry);
    assert_eq!(payment, stored(ledger), "what is handed back is what is kept");
    payment
}

fn ids(payment: &Payment) -> Vec<&str> {
    payment.records.iter().map(|record| record.imp_uid.as_str()).collect()
}

/// Who is named as ours, and who as the other.
fn alarm(payment: &Payment) -> Option<(&str, Vec<&str>)> {
    let alarm = payment.alarm()?;
    let (ours, others) = alarm.held.split_first()?;
    Some((&ours.imp_uid, others.iter().map(|record| record.imp_uid.as_str()).collect()))
}

/// Two payments in every order in which they can be learned: by answers, by look-ups, late, and both at once.
#[test]
fn an_alarm_names_both_payments_in_whatever_order_they_are_learned() {
    let answer_of = |imp_uid: &str, number, second| {
        answer("order-1", number, second, Settled::Paid(Box::new(paid(imp_uid))))
    };
    let found = |imp_uid: &str| LookedUp::Paid(Box::new(paid(imp_uid)));
    let open = |ledger: &mut Ledger, sends: u32| {
        Asked::new("order-1", 8900, 0).written(ledger);
        for number in 1..sends {
            let asked = Asked::new("order-1", 8900, i64::from(number) * 1000);
            asked.expecting(Outcome::Pending, number).written(ledger);
        }
    };
    type Learn<'a> = &'a dyn Fn(&mut Ledger);
    let ways: [(&str, &str, Learn<'_>); 8] = [
        ("answered, then another shown", "ours", &|ledger| {
            open(ledger, 1);
            kept(ledger, &answer_of("ours", 1, 1));
            shows(ledger, LookedUp::Nothing, &[paid("other"), paid("ours")]);
        }),
        ("found, then another shown", "ours", &|ledger| {
            open(ledger, 1);
            shows(ledger, found("ours"), &[paid("ours")]);
            shows(ledger, LookedUp::Nothing, &[paid("ours"), paid("other")]);
        }),
        ("both found at once", "ours", &|ledger| {
            open(ledger, 1);
            shows(ledger, found("ours"), &[paid("other"), paid("ours")]);
        }),
        ("another found, then the answer comes late", "other", &|ledger| {
            open(ledger, 1);
            shows(ledger, found("other"), &[paid("other")]);
            kept(ledger, &answer_of("ours", 1, 90));
        }),
        ("both attempts answered, the first one late", "ours", &|ledger| {
            open(ledger, 2);
            kept(ledger, &answer_of("ours", 2, 1001));
            kept(ledger, &answer_of("other", 1, 1002));
        }),
        ("both attempts answered, the second one last", "other", &|ledger| {
            open(ledger, 2);
            kept(ledger, &answer_of("other", 1, 1001));
            kept(ledger, &answer_of("ours", 2, 1002));
        }),
        ("paid, then another found as if it were the one", "ours", &|ledger| {
            open(ledger, 1);
            kept(ledger, &answer_of("ours", 1, 1));
            shows(ledger, found("other"), &[paid("other")]);
        }),
        ("both late, after it was taken for lost", "ours", &|ledger| {
            open(ledger, 1);
            shows(ledger, LookedUp::NotSent(Reason::NoTrace), &[]);
            shows(ledger, found("ours"), &[paid("ours")]);
            shows(ledger, LookedUp::Nothing, &[paid("other"), paid("ours")]);
        }),
    ];
    for (way, first, learn) in ways {
        let place = Place::new();
        let mut ledger = place.ledger();
        learn(&mut ledger);
        let payment = stored(&ledger);
        let second = if first == "ours" { "other" } else { "ours" };
        assert_eq!(payment.outcome, Outcome::Paid, "{way}");
        assert_eq!(alarm(&payment), Some((first, vec![second])), "{way}");
        for imp_uid in ["ours", "other"] {
            let found = ledger.find_any(imp_uid).unwrap().map(|payment| payment.terms.merchant_uid);
            assert_eq!(found, Some(uid("order-1")), "{way}: {imp_uid}");
        }
        assert_eq!(ledger.alarms().unwrap(), [payment], "{way}");
    }
}

#[test]
fn what_is_shown_before_a_send_is_kept_with_its_intent() {
    let place = Place::new();
    let mut ledger = place.ledger();
    let registration = GatewayRecord { customer_uid_usage: Some("issue".to_owned()), ..paid("imp_issue") };
    let asked = Asked::new("order-1", 8900, 0);
    let intent = Intent { shown: vec![registration.clone()], ..asked.intent() };
    let written = ledger.write_one(&Entry::Intent(intent)).unwrap();
    assert_eq!(written.payment, stored(&ledger));
    assert_eq!(ids(&stored(&ledger)), ["imp_issue"]);
    kept(&mut ledger, &answer("order-1", 1, 1, Settled::Paid(Box::new(paid("imps_1")))));
    assert_eq!((ids(&stored(&ledger)), alarm(&stored(&ledger))), (vec!["imp_issue", "imps_1"], None));
}

#[test]
fn what_stands_in_the_way_is_kept_under_an_order_that_is_not_sent() {
    let place = Place::new();
    let mut ledger = place.ledger();
    let other = GatewayRecord { amount_text: Some("100".to_owned()), ..paid("imps_other") };
    let intent = Intent { shown: vec![other], ..Asked::new("order-1", 8900, 0).intent() };
    let reason = Reason::ForOtherAmount { shown: "₩100".to_owned(), asked: "₩8,900".to_owned() };
    kept(&mut ledger, &Entry::NeverBegun { intent, reason });
    let payment = stored(&ledger);
    assert_eq!((payment.outcome, payment.imp_uid.as_deref()), (Outcome::NotSent, None));
    assert_eq!(payment.records[0].amount, Some(won(100)));
    assert_eq!(ledger.find_any("imps_other").unwrap(), Some(payment));
}

#[test]
fn a_payment_in_an_answer_that_settles_nothing_is_kept() {
    let place = Place::new();
    let mut ledger = place.ledger();
    Asked::new("order-1", 8900, 0).written(&mut ledger);
    let odd = GatewayRecord { amount_text: Some("100".to_owned()), ..paid("imps_odd") };
    let settled = Settled::Unknown(Reason::WaitGivenUp);
    let (attempt, received) = (attempt("order-1", 1), reply(200));
    kept(&mut ledger, &Entry::Answer { attempt, at: at(1), settled, received, shown: vec![odd] });
    let payment = stored(&ledger);
    assert_eq!(
        (payment.outcome, payment.imp_uid.as_deref(), ids(&payment)),
        (Outcome::Unknown, None, vec!["imps_odd"])
    );
}

#[test]
fn a_refund_that_is_seen_is_in_the_row_in_the_record_and_in_the_history_once() {
    let place = Place::new();
    let mut ledger = place.ledger();
    Asked::new("order-1", 8900, 0).written(&mut ledger);
    kept(&mut ledger, &answer("order-1", 1, 1, Settled::Paid(Box::new(paid("imps_1")))));
    for (shown, sum, lines) in [
        (refunded("imps_1", 900), 900, 1),
        (refunded("imps_1", 900), 900, 1),
        (refunded("imps_1", 8900), 8900, 2),
    ] {
        let payment = shows(&mut ledger, LookedUp::Nothing, &[shown]);
        assert_eq!((payment.outcome, payment.status.as_deref()), (Outcome::Paid, Some("cancelled")));
        assert_eq!((payment.cancel_amount, payment.records[0].cancelled), (Some(won(sum)), Some(won(sum))));
        assert_eq!(payment.cancelled_at, Some(at(900)));
        let events = ledger.events(&uid("order-1")).unwrap();
        let refunds: Vec<_> = events.iter().filter(|event| event.kind == EventKind::Refund).collect();
        assert_eq!(refunds.len(), lines);
        let reason = Reason::RefundSeen { imp_uid: "imps_1".to_owned(), refunded: won(sum).to_string() };
        assert_eq!(refunds.last().unwrap().received.reason, Some(reason));
    }
    let other = shows(&mut ledger, LookedUp::Nothing, &[refunded("imps_2", 100)]);
    assert_eq!(other.cancel_amount, Some(won(8900)), "another payment's refund is not the order's own");
    assert_eq!(other.records[1].cancelled, Some(won(100)));
}

#[test]
fn the_refund_of_another_payment_is_no_decline() {
    let place = Place::new();
    let mut ledger = place.ledger();
    charged(&mut ledger, &Asked::new("order-1", 8900, 0), Outcome::Declined);
    shows(&mut ledger, LookedUp::Nothing, &[refunded("imps_2", 8900)]);
    assert_eq!(ledger.declined_imp_uids(&uid("order-1")).unwrap(), ["imps_order-1_failed"]);
}

#[test]
fn whoever_answers_for_a_payment_is_kept_and_may_take_it_back() {
    let place = Place::new();
    let mut ledger = place.ledger();
    Asked::new("order-1", 8900, 0).written(&mut ledger);
    kept(&mut ledger, &answer("order-1", 1, 1, Settled::Paid(Box::new(paid("imps_1")))));
    shows(&mut ledger, LookedUp::Nothing, &[paid("imps_2")]);
    let sign = |given, second| Acknowledgement {
        imp_uid: "imps_2".to_owned(),
        at: at(second),
        operator: Some("mina".to_owned()),
        reason: "two seats".to_owned(),
        given,
    };
    assert!(ledger.acknowledge(&sign(true, 100)).unwrap());
    let payment = stored(&ledger);
    assert_eq!((alarm(&payment), ledger.alarms().unwrap().len()), (None, 0));
    let signed = payment.records[1].signed.clone().unwrap();
    assert_eq!(
        (signed.at, signed.operator.as_deref(), &*signed.reason),
        (at(100), Some("mina"), "two seats")
    );
    let again = shows(&mut ledger, LookedUp::Nothing, &[paid("imps_2")]);
    assert_eq!(alarm(&again), None, "it is signed for, and stays so");
    assert!(ledger.acknowledge(&sign(false, 200)).unwrap());
    assert_eq!(alarm(&stored(&ledger)), Some(("imps_1", vec!["imps_2"])));
    let unknown = Acknowledgement { imp_uid: "imps_9".to_owned(), ..sign(true, 300) };
    assert!(!ledger.acknowledge(&unknown).unwrap());
    for sql in
        ["UPDATE acknowledgements SET reason = 'x'", "DELETE FROM acknowledgements", "DELETE FROM records"]
    {
        assert!(below(&ledger, sql).is_err(), "{sql}");
    }
}

#[test]
fn what_is_seen_again_costs_no_second_row_and_is_seen_by_look_ups_of_every_kind() {
    let place = Place::new();
    let mut ledger = place.ledger();
    charged(&mut ledger, &Asked::new("order-1", 8900, 0), Outcome::Paid);
    let entry = look_up(&ledger, "order-1", 500, Asked::new("order-1", 8900, 0).looked_up(Outcome::Paid));
    kept(&mut ledger, &entry);
    let payment = stored(&ledger);
    assert_eq!(payment.records.len(), 1);
    assert_eq!((payment.records[0].first_seen, payment.records[0].last_seen), (at(1), at(500)));
}
