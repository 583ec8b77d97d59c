use std::slice::from_ref;

use super::{Asked, Place, at, below, charged, mark, reply, uid, won};
use crate::domain::ids::RefundId;
use crate::domain::payment::{CancelRecord, EventKind, GatewayRecord, Outcome, RefundOutcome};
use crate::domain::reason::{Reason, Said};
use crate::domain::refund::{Refund, RefundEnd, RefundNote};
use crate::domain::tax::Tax;
use crate::ledger::{Entry, How, Ledger, RefundHeld, RefundIntent};

fn refund(id: &str, minor: i64, second: i64) -> Refund {
    let id = RefundId::parse(id).unwrap();
    Refund {
        amount: won(minor),
        tax: Tax { tax_free: Some(won(0)), vat_amount: None },
        reason: "늦게 옴".to_owned(),
        requested_at: at(second),
        account: "0123456789abcdef".to_owned(),
        operator: Some("mina".to_owned()),
        ..Refund::asked(id, uid("order_1"), "imps_order_1_paid", won(8900), mark(second))
    }
}

fn begin(ledger: &mut Ledger, refund: &Refund, similar_since: Option<i64>) -> How {
    let intent = RefundIntent { refund: refund.clone(), similar_since: similar_since.map(at) };
    ledger.write_one(&Entry::Refund(Box::new(intent))).unwrap().how
}

fn end(ledger: &mut Ledger, id: &str, end: RefundEnd, record: Option<GatewayRecord>) -> Refund {
    let id = RefundId::parse(id).unwrap();
    let (record, received) = (record.map(Box::new), reply(200));
    let entry = Entry::RefundEnd { id: id.clone(), at: at(99), end: Some(end), record, received };
    assert_eq!(ledger.write_one(&entry).unwrap().how, How::Kept);
    ledger.find_refund(&id).unwrap().unwrap()
}

fn made() -> RefundEnd {
    RefundEnd::Refunded(Box::new(CancelRecord {
        at_s: Some(1_700_000_090),
        cancellation_id: Some("cancellation_1".to_owned()),
        ..CancelRecord::default()
    }))
}

/// A ledger with one paid order of ₩8,900.
fn ledger(place: &Place) -> Ledger {
    let mut ledger = place.ledger();
    charged(&mut ledger, &Asked::new("order_1", 8900, 0), Outcome::Paid);
    ledger
}

#[test]
fn a_note_counts_as_paid_back_outside_and_can_be_taken_back() {
    let place = Place::new();
    let mut ledger = ledger(&place);
    let asked = refund("aaaaaaaa", 3000, 10);
    assert_eq!(begin(&mut ledger, &asked, None), How::Claimed);
    let mut note = |back: bool| {
        let (at, by, evidence) = (at(50), Some("mina".to_owned()), "letter".to_owned());
        let note = RefundNote { back, at, by, evidence };
        let written = ledger.write_one(&Entry::RefundNoted { id: asked.id.clone(), note }).unwrap();
        let refund = ledger.find_refund(&asked.id).unwrap().unwrap();
        (written.how, refund.outcome, written.payment.outside.map(|outside| outside.amount))
    };
    assert_eq!(note(true), (How::Kept, RefundOutcome::Refunded, Some(won(3000))));
    assert_eq!(note(true), (How::Moved, RefundOutcome::Refunded, Some(won(3000))));
    assert_eq!(note(false), (How::Kept, RefundOutcome::NotSent, None));
    assert_eq!(note(true), (How::Moved, RefundOutcome::NotSent, None));
    let events = ledger.events(&uid("order_1")).unwrap();
    let told: Vec<_> = events.iter().filter(|event| event.kind == EventKind::Refund).collect();
    assert_eq!(told.last().unwrap().operator.as_deref(), Some("mina"));
    // One that the gateway has shown is on record, whatever is noted of it.
    assert_eq!(begin(&mut ledger, &refund("bbbbbbbb", 1000, 60), None), How::Claimed);
    let shown = end(&mut ledger, "bbbbbbbb", made(), None);
    let evidence = "PG admin".to_owned();
    let note = RefundNote { back: false, at: at(70), by: None, evidence };
    let written = ledger.write_one(&Entry::RefundNoted { id: shown.id.clone(), note }).unwrap();
    let now = ledger.find_refund(&shown.id).unwrap().unwrap();
    assert_eq!((written.how, now.outcome, now.was_taken_back()), (How::Kept, RefundOutcome::Refunded, true));
    assert_eq!(now.cancellation_id, shown.cancellation_id);
}

#[test]
fn what_the_gateway_showed_and_shows_no_more_is_found_until_it_is_noted() {
    let place = Place::new();
    let mut ledger = ledger(&place);
    assert_eq!(begin(&mut ledger, &refund("aaaaaaaa", 3000, 10), None), How::Claimed);
    let shown = |refunded: &str| GatewayRecord {
        imp_uid: Some("imps_order_1_paid".to_owned()),
        status: Some(if refunded == "0" { "paid" } else { "cancelled" }.to_owned()),
        amount_text: Some("8900".to_owned()),
        cancel_amount_text: Some(refunded.to_owned()),
        ..GatewayRecord::default()
    };
    let refund = end(&mut ledger, "aaaaaaaa", made(), Some(shown("3000")));
    assert_eq!(ledger.undone_refunds().unwrap(), []);
    assert_eq!(ledger.gone_back(at(0)).unwrap(), [uid("order_1")]);
    assert_eq!(ledger.gone_back(at(1_000)).unwrap(), []);
    end(&mut ledger, "aaaaaaaa", RefundEnd::Told, Some(shown("0")));
    let undone = ledger.undone_refunds().unwrap();
    assert_eq!((undone.len(), undone[0].shown, &undone[0].refunds), (1, won(0), &vec![refund.clone()]));
    let (id, evidence) = (refund.id, "PG admin".to_owned());
    let note = RefundNote { back: false, at: at(70), by: None, evidence };
    assert_eq!(ledger.write_one(&Entry::RefundNoted { id, note }).unwrap().how, How::Kept);
    assert_eq!(ledger.undone_refunds().unwrap(), []);
    assert_eq!(ledger.taken_back(at(0)).unwrap().len(), 1);
    assert_eq!(ledger.refunds_that_may_show(at(0)).unwrap(), []);
}

#[test]
fn a_refund_is_kept_as_it_was_asked_for_and_as_it_ended() {
    let place = Place::new();
    let mut ledger = ledger(&place);
    let asked = refund("aaaaaaaa", 3000, 10);
    assert_eq!(begin(&mut ledger, &asked, None), How::Claimed);
    assert_eq!(ledger.refunds(&uid("order_1")).unwrap(), from_ref(&asked));
    assert_eq!(ledger.open_refunds().unwrap(), from_ref(&asked));
    let record = GatewayRecord {
        imp_uid: Some("imps_order_1_paid".to_owned()),
        status: Some("cancelled".to_owned()),
        amount_text: Some("8900".to_owned()),
        cancel_amount_text: Some("3000".to_owned()),
        ..GatewayRecord::default()
    };
    let ended = end(&mut ledger, "aaaaaaaa", made(), Some(record));
    assert_eq!(
        (ended.outcome, ended.cancellation_id.as_deref()),
        (RefundOutcome::Refunded, Some("cancellation_1"))
    );
    assert_eq!(ledger.open_refunds().unwrap(), []);
    let payment = ledger.find(&uid("order_1")).unwrap().unwrap();
    assert_eq!((payment.outcome, payment.cancel_amount), (Outcome::Paid, Some(won(3000))));
    let events = ledger.events(&uid("order_1")).unwrap();
    let refunds: Vec<_> = events.iter().filter(|event| event.kind == EventKind::Refund).collect();
    let told: Vec<_> = refunds.iter().map(|event| event.refund.clone().unwrap().1).collect();
    assert_eq!(told, [RefundOutcome::Pending, RefundOutcome::Refunded]);
    assert_eq!(refunds[0].operator.as_deref(), Some("mina"));
}

#[test]
fn a_refund_is_begun_beside_nothing_that_may_have_refunded_the_same() {
    for (rule, before, similar_since, amount, held) in [
        ("nothing is in the way", None, Some(0), 3000, false),
        ("one is open", Some(RefundEnd::Unknown(Reason::WaitGivenUp)), None, 1000, true),
        ("the same went back a moment ago", Some(made()), Some(0), 3000, true),
        ("the same went back long ago", Some(made()), Some(60), 3000, false),
        ("another amount went back a moment ago", Some(made()), Some(0), 1000, false),
        ("the same went back, and is to go back again", Some(made()), None, 3000, false),
        ("the same was refused", Some(RefundEnd::Refused(None)), Some(0), 3000, false),
        ("the same was never sent", Some(RefundEnd::NotSent(Reason::NotTls)), Some(0), 3000, false),
    ] {
        let place = Place::new();
        let mut ledger = ledger(&place);
        if let Some(before) = before {
            assert_eq!(begin(&mut ledger, &refund("aaaaaaaa", 3000, 10), None), How::Claimed);
            end(&mut ledger, "aaaaaaaa", before, None);
        }
        let how = begin(&mut ledger, &refund("bbbbbbbb", amount, 70), similar_since);
        assert_eq!(matches!(how, How::RefundHeld(RefundHeld::InTheWay(_))), held, "{rule}: {how:?}");
        assert_eq!(how == How::Claimed, !held, "{rule}");
    }
}

#[test]
fn a_payment_that_is_not_paid_has_nothing_to_refund() {
    let place = Place::new();
    let mut ledger = place.ledger();
    charged(&mut ledger, &Asked::new("order_1", 8900, 0), Outcome::Unknown);
    let how = begin(&mut ledger, &refund("aaaaaaaa", 3000, 10), None);
    assert_eq!(how, How::RefundHeld(RefundHeld::NotPaid));
    assert_eq!(ledger.refunds(&uid("order_1")).unwrap(), []);
}

#[test]
fn money_that_went_back_stays_on_record() {
    let place = Place::new();
    let mut ledger = ledger(&place);
    assert_eq!(begin(&mut ledger, &refund("aaaaaaaa", 3000, 10), None), How::Claimed);
    end(&mut ledger, "aaaaaaaa", made(), None);
    let late = end(&mut ledger, "aaaaaaaa", RefundEnd::Refused(Some("no".to_owned())), None);
    assert_eq!(late.outcome, RefundOutcome::Refunded);
    let forged = below(&ledger, "UPDATE refunds SET outcome = 'refused'");
    assert!(forged.is_err());
    assert!(below(&ledger, "DELETE FROM refunds").is_err());
    assert!(below(&ledger, "UPDATE refunds SET amount_minor = 1").is_err());
}

#[test]
fn words_of_doubt_are_kept_until_a_look_up_ends_them() {
    let place = Place::new();
    let mut ledger = ledger(&place);
    assert_eq!(begin(&mut ledger, &refund("aaaaaaaa", 3000, 10), None), How::Claimed);
    let said = Said::Words("기취소거래".to_owned());
    let unknown = RefundEnd::Unknown(Reason::RefundRefusedInDoubt { said });
    let in_doubt = end(&mut ledger, "aaaaaaaa", unknown, None);
    assert_eq!(in_doubt.message.as_deref(), Some("기취소거래"));
    let silent = RefundEnd::Unknown(Reason::LookupNoAnswer { why: Box::new(Reason::ListEmpty) });
    assert_eq!(end(&mut ledger, "aaaaaaaa", silent, None).message.as_deref(), Some("기취소거래"));
    let refused = end(&mut ledger, "aaaaaaaa", RefundEnd::Refused(None), None);
    assert_eq!(
        (refused.outcome, refused.message.as_deref(), refused.why),
        (RefundOutcome::Refused, Some("기취소거래"), None)
    );
}

#[test]
fn a_look_at_another_payment_of_the_order_changes_nothing_of_its_own() {
    let place = Place::new();
    let mut ledger = ledger(&place);
    let twin = Refund { imp_uid: "imps_twin".to_owned(), ..refund("aaaaaaaa", 8900, 10) };
    assert_eq!(begin(&mut ledger, &twin, None), How::Claimed);
    let record = GatewayRecord {
        imp_uid: Some("imps_twin".to_owned()),
        status: Some("cancelled".to_owned()),
        amount_text: Some("8900".to_owned()),
        cancel_amount_text: Some("8900".to_owned()),
        ..GatewayRecord::default()
    };
    end(&mut ledger, "aaaaaaaa", made(), Some(record));
    let payment = ledger.find(&uid("order_1")).unwrap().unwrap();
    assert_eq!(payment.imp_uid.as_deref(), Some("imps_order_1_paid"));
    assert_eq!(payment.cancel_amount, Some(won(0)));
}
