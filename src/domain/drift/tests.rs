use jiff::Timestamp;

use super::{DriftKind, drift, is_ours, terms_of};
use crate::domain::charge::ChargeRequest;
use crate::domain::ids::{CustomerUid, MerchantUid};
use crate::domain::money::{Amount, Currency};
use crate::domain::outside::Outside;
use crate::domain::payment::{GatewayRecord, Mode, Outcome, Payment, Terms};
use crate::domain::reason::Reason;

fn won(minor: i64) -> Amount {
    Amount::from_minor(minor, Currency::KRW)
}

/// A live row of ₩8,900, `imps_1` where it is paid.
fn row(outcome: Outcome, refunded: i64) -> Payment {
    let terms = Terms {
        merchant_uid: MerchantUid::parse("order_1").unwrap(),
        customer_uid: CustomerUid::parse("gildong").unwrap(),
        amount: won(8_900),
        mode: Mode::Live,
    };
    let unsent = ChargeRequest::new(terms, "Monthly").unsent(Timestamp::UNIX_EPOCH, None, None);
    let paid = outcome == Outcome::Paid;
    Payment {
        outcome,
        imp_uid: paid.then(|| "imps_1".to_owned()),
        status: paid.then(|| if refunded > 0 { "cancelled" } else { "paid" }.to_owned()),
        cancel_amount: paid.then(|| won(refunded)),
        ..unsent
    }
}

/// The gateway's side of it.
fn record(status: &str, refunded: i64) -> GatewayRecord {
    let text = |text: &str| Some(text.to_owned());
    GatewayRecord {
        imp_uid: text("imps_1"),
        merchant_uid: text("order_1"),
        customer_uid: text("gildong"),
        customer_uid_usage: text("payment"),
        channel: text("api"),
        status: text(status),
        amount_text: text("8900"),
        currency_text: text("KRW"),
        cancel_amount_text: text(&refunded.to_string()),
        sandbox: Some(false),
        ..GatewayRecord::default()
    }
}

fn other(status: &str, refunded: i64) -> GatewayRecord {
    GatewayRecord { imp_uid: Some("imps_2".to_owned()), ..record(status, refunded) }
}

fn of_usage(usage: &str, record: GatewayRecord) -> GatewayRecord {
    GatewayRecord { customer_uid_usage: Some(usage.to_owned()), ..record }
}

fn of_amount(amount: &str, record: GatewayRecord) -> GatewayRecord {
    GatewayRecord { amount_text: Some(amount.to_owned()), ..record }
}

fn of_test(record: GatewayRecord) -> GatewayRecord {
    GatewayRecord { sandbox: Some(true), ..record }
}

fn of_kakao(record: GatewayRecord) -> GatewayRecord {
    GatewayRecord { pg_provider: Some("kakaopay".to_owned()), ..record }
}

#[test]
fn what_was_paid_back_without_the_gateway_is_no_refund_that_differs() {
    let outside = |refunded: i64, amount: i64| {
        let (at, by, evidence) = (Timestamp::UNIX_EPOCH, None, "letter".to_owned());
        Payment {
            outside: Some(Outside { amount: won(amount), at, by, evidence }),
            ..row(Outcome::Paid, refunded)
        }
    };
    for (what, row, record, kinds) in [
        ("all of it", outside(0, 8_900), record("paid", 0), &[DriftKind::SettledOutside][..]),
        ("beside a part", outside(900, 3_000), record("cancelled", 900), &[DriftKind::SettledOutside]),
        (
            "and the console refunded too",
            outside(0, 3_000),
            record("cancelled", 500),
            &[DriftKind::RefundDiffers],
        ),
    ] {
        assert_eq!(drift(Some(&row), &record, Mode::Live), kinds, "{what}");
    }
    assert!(!DriftKind::SettledOutside.is_left() && DriftKind::RefundDiffers.is_left());
}

#[test]
fn every_disagreement_has_its_word() {
    use DriftKind::{
        AmountDiffers, ChargedBySchedule, CustomerDiffers, KeyIssue, OnlyAtGateway, RefundDiffers,
        StatusDiffers, TestInLive, TwoPayments,
    };
    use Outcome::{Declined, NotSent, Paid, Pending, Rejected, Unknown};
    let dollars = GatewayRecord { currency_text: Some("USD".to_owned()), ..record("paid", 0) };
    let stranger = GatewayRecord { customer_uid: Some("younghee".to_owned()), ..record("paid", 0) };
    let bare_cancel = GatewayRecord { cancel_amount_text: None, ..record("cancelled", 0) };
    let here = |outcome| Some(row(outcome, 0));
    for (rule, row, record, expected) in [
        ("what both have is no drift", here(Paid), record("paid", 0), vec![]),
        (
            "what both have as refunded is none either",
            Some(row(Paid, 8_900)),
            record("cancelled", 8_900),
            vec![],
        ),
        ("another amount", here(Paid), of_amount("9900", record("paid", 0)), vec![AmountDiffers]),
        ("another currency is another amount", here(Paid), dollars, vec![AmountDiffers]),
        ("another customer", here(Paid), stranger, vec![CustomerDiffers]),
        ("a part was refunded elsewhere", here(Paid), record("cancelled", 3_000), vec![RefundDiffers]),
        (
            "one more part was refunded",
            Some(row(Paid, 3_000)),
            record("cancelled", 5_000),
            vec![RefundDiffers],
        ),
        (
            "the whole was refunded elsewhere",
            here(Paid),
            record("cancelled", 8_900),
            vec![StatusDiffers, RefundDiffers],
        ),
        (
            "a refund was taken back",
            Some(row(Paid, 8_900)),
            record("paid", 0),
            vec![StatusDiffers, RefundDiffers],
        ),
        ("cancelled without a sum", here(Paid), bare_cancel, vec![StatusDiffers]),
        ("paid here, failed there", here(Paid), record("failed", 0), vec![StatusDiffers]),
        ("a failed record of another attempt", here(Paid), other("failed", 0), vec![]),
        ("declined here, paid there", here(Declined), record("paid", 0), vec![StatusDiffers]),
        ("not sent here, failed there", here(NotSent), record("failed", 0), vec![StatusDiffers]),
        ("declined on both sides", here(Declined), record("failed", 0), vec![]),
        ("rejected here, failed there", here(Rejected), record("failed", 0), vec![]),
        ("what is open is listed as open", here(Unknown), record("failed", 0), vec![]),
        ("what is open and paid there differs", here(Pending), record("paid", 0), vec![StatusDiffers]),
        ("a second payment", here(Paid), other("paid", 0), vec![TwoPayments]),
        ("a second payment, refunded in part", here(Paid), other("cancelled", 1), vec![TwoPayments]),
        ("a second payment, wholly refunded", here(Paid), other("cancelled", 8_900), vec![]),
        ("a second payment, ours refunded", Some(row(Paid, 8_900)), other("paid", 0), vec![]),
        ("a test channel took it", here(Paid), of_test(record("paid", 0)), vec![TestInLive]),
        ("nobody knows it here", None, record("paid", 0), vec![OnlyAtGateway]),
        ("nobody knows its decline here", None, record("failed", 0), vec![OnlyAtGateway]),
        ("a window nobody finished", None, record("ready", 0), vec![]),
        ("a test payment nobody knows here", None, of_test(record("paid", 0)), vec![TestInLive]),
        (
            "a schedule charged",
            None,
            of_usage("payment.scheduled", record("paid", 0)),
            vec![ChargedBySchedule],
        ),
        (
            "a schedule charged what was declined here",
            here(Declined),
            of_usage("payment.scheduled", record("paid", 0)),
            vec![ChargedBySchedule, StatusDiffers],
        ),
        ("the registration of a card", None, of_usage("issue", of_amount("0", record("paid", 0))), vec![]),
        ("a registration that only shows an amount", None, of_usage("issue", record("paid", 0)), vec![]),
        ("a registration that charged", None, of_kakao(of_usage("issue", record("paid", 0))), vec![KeyIssue]),
    ] {
        assert_eq!(drift(row.as_ref(), &record, Mode::Live), expected, "{rule}");
    }
}

#[test]
fn a_test_profile_finds_nothing_odd_in_a_test_payment() {
    assert_eq!(drift(None, &of_test(record("paid", 0)), Mode::Test), [DriftKind::OnlyAtGateway]);
}

#[test]
fn only_charges_with_a_billing_key_and_known_orders_are_ours() {
    let window =
        GatewayRecord { channel: Some("pc".to_owned()), customer_uid_usage: None, ..record("paid", 0) };
    let api = GatewayRecord { channel: Some("api".to_owned()), ..window.clone() };
    let issued = of_usage("issue", of_amount("0", record("paid", 0)));
    for (rule, record, known, ours) in [
        ("a charge", record("paid", 0), false, true),
        ("a scheduled charge", of_usage("payment.scheduled", record("paid", 0)), false, true),
        ("a call of the API that names no usage", api, false, true),
        ("a window of another shop's page", window.clone(), false, false),
        ("a window under an order of the ledger", window, true, true),
        ("a registration", issued.clone(), false, false),
        ("a registration under an order of the ledger", issued, true, false),
        ("a registration that charged", of_kakao(of_usage("issue", record("paid", 0))), false, true),
    ] {
        assert_eq!(is_ours(&record, known), ours, "{rule}");
    }
}

#[test]
fn what_was_made_elsewhere_is_kept_as_it_was_asked_for() {
    let terms = terms_of(&record("paid", 0), Mode::Live).unwrap();
    assert_eq!(terms, row(Outcome::Paid, 0).terms);
    for (rule, profile, flag, mode) in [
        ("the flag beats the profile", Mode::Live, Some(true), Mode::Test),
        ("also the other way round", Mode::Test, Some(false), Mode::Live),
        ("without it the profile counts", Mode::Test, None, Mode::Test),
        ("the sandbox is the sandbox", Mode::Sandbox, Some(true), Mode::Sandbox),
    ] {
        let record = GatewayRecord { sandbox: flag, ..record("paid", 0) };
        assert_eq!(terms_of(&record, profile).unwrap().mode, mode, "{rule}");
    }
    for (rule, record) in [
        ("without a customer", GatewayRecord { customer_uid: None, ..record("paid", 0) }),
        ("without an order", GatewayRecord { merchant_uid: None, ..record("paid", 0) }),
        (
            "an order that cannot be asked for",
            GatewayRecord { merchant_uid: Some("a/b".to_owned()), ..record("paid", 0) },
        ),
        ("an amount that is none", of_amount("1e", record("paid", 0))),
    ] {
        assert_eq!(terms_of(&record, Mode::Live), None, "{rule}");
    }
}

#[test]
fn what_a_look_up_contradicts_has_its_word() {
    let odd = |why| Reason::ShownOdd { imp_uid: "imps_1".to_owned(), why: Box::new(why) };
    let amount = Reason::ForOtherAmount { shown: "₩1".to_owned(), asked: "₩2".to_owned() };
    let customer = Reason::ForOtherCustomer { shown: "a".to_owned(), asked: "b".to_owned() };
    for (why, kind) in [
        (odd(amount), DriftKind::AmountDiffers),
        (odd(customer), DriftKind::CustomerDiffers),
        (odd(Reason::ThroughTestChannel), DriftKind::TestInLive),
        (Reason::NotShown, DriftKind::OnlyHere),
        (Reason::DeclinedOnly, DriftKind::StatusDiffers),
    ] {
        assert_eq!(DriftKind::of_reason(&why), kind, "{why}");
    }
}
