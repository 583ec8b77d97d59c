use std::sync::Arc;

use jiff::Timestamp;

use super::{not_deleted, refuse_while_unsettled};
use crate::domain::charge::ChargeRequest;
use crate::domain::ids::{CustomerUid, MerchantUid};
use crate::domain::lookup::LookedUp;
use crate::domain::money::{Amount, Currency};
use crate::domain::payment::{Mode, Received, Terms};
use crate::domain::reason::{Reason, Said};
use crate::domain::time::SendMark;
use crate::failure::Kind;
use crate::gateway::GatewayFailure;
use crate::ledger::{Create, Entry, Guards, How, Intent, Ledger, Seen};

fn uid(text: &str) -> CustomerUid {
    CustomerUid::parse(text).unwrap()
}

/// Writes a charge that is about to leave, and nothing of its end.
fn begin(ledger: &mut Ledger, order: &str, customer: &str) {
    let request = ChargeRequest::new(
        Terms {
            merchant_uid: MerchantUid::parse(order).unwrap(),
            customer_uid: uid(customer),
            amount: Amount::from_minor(8900, Currency::KRW),
            mode: Mode::Live,
        },
        "Monthly subscription",
    );
    let at = Timestamp::from_second(1_795_000_000).unwrap();
    let mark = SendMark { wall: at, boot: None, gateway_s: None };
    let intent = Intent {
        request: Arc::new(request),
        once_per: false,
        at,
        mark,
        account: "0123456789abcdef".to_owned(),
        note: None,
        operator: None,
        host: None,
        expected: None,
        guards: Guards::default(),
        shown: Vec::new(),
    };
    assert_eq!(ledger.write_one(&Entry::Intent(intent)).unwrap().how, How::Claimed);
}

#[test]
fn a_billing_key_with_unsettled_payments_is_kept_and_they_are_named() {
    let place = tempfile::tempdir().unwrap();
    let mut ledger = Ledger::open_at(&place.path().join("ledger.db"), Create::IfMissing).unwrap().ledger;
    begin(&mut ledger, "order_1", "gildong");
    begin(&mut ledger, "order_2", "gildong");
    begin(&mut ledger, "order_3", "younghee");
    let refused = refuse_while_unsettled(&ledger, &uid("gildong")).unwrap_err();
    assert_eq!(refused.kind, Kind::Refused);
    assert_eq!(
        refused.message,
        "gildong has 2 payments whose outcome is not known yet; its billing key was not deleted"
    );
    assert_eq!(refused.details, ["  order_1  pending  ₩8,900", "  order_2  pending  ₩8,900"]);
    assert_eq!(refused.hints, ["settle it first: billkey reconcile order_1"]);

    for order in 4..14 {
        begin(&mut ledger, &format!("order_{order}"), "gildong");
    }
    let refused = refuse_while_unsettled(&ledger, &uid("gildong")).unwrap_err();
    assert_eq!((refused.details.len(), refused.details[10].as_str()), (11, "  and 2 more"));

    let order = MerchantUid::parse("order_3").unwrap();
    let seen = Seen::of(&ledger.find(&order).unwrap().unwrap());
    let looked_up = LookedUp::Rejected(None);
    let at = Timestamp::from_second(1_795_000_001).unwrap();
    let entry =
        Entry::Lookup { uid: order, seen, at, looked_up, received: Received::default(), shown: Vec::new() };
    let _ = ledger.write_one(&entry).unwrap();
    assert_eq!(refuse_while_unsettled(&ledger, &uid("younghee")), Ok(()));
}

#[test]
fn no_answer_to_a_deletion_is_not_told_as_if_nothing_had_happened() {
    let told = |failure| {
        let failure = not_deleted(failure, &uid("gildong"));
        (failure.kind, failure.message)
    };
    assert_eq!(
        told(GatewayFailure::NoAnswer { reason: Reason::NoAnswerWithin { within: "30 s".to_owned() } }),
        (
            Kind::Network,
            "the gateway did not answer within 30 s. The billing key of gildong may or may not be deleted; \
             gildong was not removed here."
                .to_owned()
        )
    );
    let (kind, message) =
        told(GatewayFailure::Refused { code: 1, said: Said::Words("안 됩니다.".to_owned()) });
    assert_eq!(kind, Kind::Rejected);
    assert!(message.ends_with("안 됩니다. Nothing was deleted, and gildong was not removed."), "{message}");
}
