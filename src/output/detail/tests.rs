use super::{
    CustomerDetail, CustomerDetailObject, PaymentDetail, PaymentDetailObject, customer_detail, payment_detail,
};
use crate::domain::dossier::Dossier;
use crate::domain::payment::{EventKind, HistoryEntry, Outcome, Payment, Received};
use crate::domain::totals::Totals;
use crate::output::Format;
use crate::output::json;
use crate::output::options::UiOptions;
use crate::output::prose::Commands;
use crate::output::samples::{at, customer, declined, options, paid, refund, seoul, shown, won};

fn commands() -> Commands {
    let line = |line: &str| line.to_owned();
    Commands {
        reconcile: line("billkey reconcile order_1"),
        again: line("billkey charge …"),
        retry: line("billkey charge … --retry"),
    }
}

fn dossier_of(payments: &[Payment]) -> Dossier {
    let mut dossier = Dossier::default();
    payments.iter().for_each(|payment| dossier.take(payment, &seoul()));
    dossier
}

fn events() -> Vec<HistoryEntry> {
    let intent = HistoryEntry {
        at: at("2026-11-23T19:29:00+09:00"),
        kind: EventKind::Intent,
        outcome: Outcome::Pending,
        attempt: 1,
        operator: Some("mina".to_owned()),
        host: None,
        received: Received::default(),
        refund: None,
    };
    let received = Received {
        http_status: Some(502),
        message: Some("<html>\u{1b}[2J 나쁨".to_owned()),
        body: Some("<html>".to_owned()),
        took_ms: Some(812),
        ..Received::default()
    };
    let answer = HistoryEntry {
        at: at("2026-11-23T19:29:01+09:00"),
        kind: EventKind::Answer,
        outcome: Outcome::Unknown,
        received,
        operator: None,
        host: None,
        ..intent.clone()
    };
    let found =
        Received { http_status: Some(200), code: Some(0), imp_uid: paid().imp_uid, ..Received::default() };
    let lookup =
        HistoryEntry { kind: EventKind::Lookup, outcome: Outcome::Paid, received: found, ..answer.clone() };
    vec![intent, answer, lookup]
}

#[test]
fn one_payment_is_shown_with_all_that_happened_to_it() {
    let payment = paid();
    let detail = PaymentDetail {
        payment: &payment,
        events: &events(),
        refunds: &[],
        customer_name: Some("홍길동"),
        commands: &commands(),
    };
    insta::assert_snapshot!(shown(&payment_detail(&detail, &options(Format::Table))), @r#"
    $
      order     order_monthly_0001
      payment   imps_623347347957
      result    paid
      amount    ₩8,900  LIVE
      product   Monthly subscription
      customer  홍길동  gildong_0001_1234
      buyer     홍길동  010-1234-5678
      card      신한카드  5409-26**-****-1234
      approval  30012345
      PG        html5_inicis  INIpayBILL1
      status    paid
      receipt   https://receipt.example/1
      asked     2026-11-23 19:30:04
      paid      2026-11-23 19:30:04
      attempts  1
      run by    mina

      2026-11-23 19:29:00  the charge of ₩8,900 was begun, by mina
      2026-11-23 19:29:01  no usable answer came: unknown   HTTP 502   812 ms
                           <html>\u{1b}[2J 나쁨
      2026-11-23 19:29:01  a look-up showed it as paid   HTTP 200   imps_623347347957
    "#);
}

#[test]
fn a_payment_that_is_not_settled_says_what_to_do() {
    let mut payment = declined();
    let ends_with = |payment: &_, end: &str| {
        let detail =
            PaymentDetail { payment, events: &[], refunds: &[], customer_name: None, commands: &commands() };
        let text = payment_detail(&detail, &options(Format::Table));
        assert!(text.ends_with(end), "{text}");
    };
    ends_with(
        &payment,
        "\n\n  Nothing was charged. To try the same order again:\n    billkey charge … --retry\n",
    );
    let retry = "To try the same order again:\n    billkey charge … --retry\n";
    let find_out = "To find out:\n    billkey reconcile order_1\n";
    payment.unanswered = 1;
    ends_with(&payment, &format!("\n\n  It is not certain that nothing was charged. {find_out}"));
    payment.unanswered = 0;
    payment.message = Some("[8041] 시스템 타임아웃(잠시후 재시도바람)".to_owned());
    ends_with(&payment, &format!("\n\n  It is not certain that nothing was charged. {find_out}"));
    payment.message = Some("새로운 말".to_owned());
    ends_with(&payment, &format!("\n\n  The gateway has it as failed. {retry}"));
    payment.outcome = Outcome::Rejected;
    ends_with(&payment, &format!("\n\n  The gateway refused it and shows no payment. {retry}"));
    payment.outcome = Outcome::Unknown;
    ends_with(&payment, &format!("\n\n  The card may have been charged. {find_out}"));
    payment.outcome = Outcome::Pending;
    ends_with(&payment, "To find out:\n    billkey reconcile order_1\n");
}

#[test]
fn the_words_of_a_decline_are_told_with_what_they_mean() {
    let facts = |payment: &_| {
        let detail =
            PaymentDetail { payment, events: &[], refunds: &[], customer_name: None, commands: &commands() };
        let text = payment_detail(&detail, &options(Format::Table));
        let shown = ["reason", "meaning", "to act", "again"].map(|label| format!("  {label} "));
        text.lines()
            .filter(|line| shown.iter().any(|label| line.starts_with(label)))
            .fold(String::new(), |all, line| format!("{all}{line}\n"))
    };
    let mut payment = declined();
    insta::assert_snapshot!(shown(&facts(&payment)), @"
    $
      reason    통장 잔액부족
      meaning   There is not enough money behind the card for this payment.
      to act    the customer
      again     after a day, at most once a day on one card
    ");
    payment.message = Some("새로운 말".to_owned());
    insta::assert_snapshot!(shown(&facts(&payment)), @"
    $
      reason    새로운 말
    ");
}

#[test]
fn the_payments_object_holds_its_history_and_its_refunds() {
    let payment = paid();
    let (events, refunds) = (events(), [refund()]);
    let zone = seoul();
    let detail = PaymentDetail {
        payment: &payment,
        events: &events,
        refunds: &refunds,
        customer_name: None,
        commands: &commands(),
    };
    let json = json::line(&PaymentDetailObject::new(detail, &zone)).unwrap();
    let (object, lists) = json.split_once(r#","history":"#).unwrap();
    assert!(object.starts_with(r#"{"outcome":"paid","replayed":false,"#), "{object}");
    assert!(
        object.contains(r#""amount":8900,"#)
            && object.contains(r#""alarm":false,"tax_free":null,"vat_amount":null,"refunded_outside":null,"#)
            && object.ends_with(r#""refunded_outside_by":null,"refunded_outside_evidence":null"#),
        "{object}"
    );
    let (_, refunds) = lists.split_once(r#"],"refunds":"#).unwrap();
    let expected = concat!(
        r#"[{"refund_id":"abcd2345","outcome":"refunded","amount":3000,"tax_free":null,"vat_amount":null,"#,
        r#""reason":"늦게 옴","cancellation_id":"cancellation_1","requested_at":"2026-11-24T09:00:00+09:00","#,
        r#""refunded_at":"2026-11-24T09:00:01+09:00","code":null,"message":null,"operator":"mina","#,
        r#""merchant_uid":"order_monthly_0001","imp_uid":"imps_623347347957","currency":"KRW"}],"records":[]}"#
    );
    assert_eq!(refunds, expected);
    let value: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(value["history"].as_array().map(Vec::len), Some(3));
}

#[test]
fn a_refund_is_shown_under_the_history_of_its_payment() {
    let (payment, refunds) = (paid(), [refund()]);
    let detail = PaymentDetail {
        payment: &payment,
        events: &[],
        refunds: &refunds,
        customer_name: None,
        commands: &commands(),
    };
    let text = payment_detail(&detail, &options(Format::Table));
    let (_, shown_refund) = text.split_once("  refund   abcd2345").unwrap();
    for part in
        ["refunded  ₩3,000 of ₩8,900", "because  늦게 옴", "back     2026-11-24 09:00:01", "run by   mina"]
    {
        assert!(shown_refund.contains(part), "{part}: {text}");
    }
}

#[test]
fn one_customer_is_shown_with_card_totals_and_last_payments() {
    let summary = Totals {
        count: 12,
        by_outcome: vec![(Outcome::Paid, 11)],
        net: vec![won(97_900)],
        ..Totals::default()
    };
    let payments = [paid(), declined()];
    let customer = customer();
    let dossier = dossier_of(&payments);
    let detail = CustomerDetail {
        customer: &customer,
        summary: &summary,
        payments: &payments,
        schedules: &[],
        schedules_until: Some(at("2028-02-17T00:00:00+09:00")),
        beside: &[],
        year: 2026,
        retries: &[],
        dossier: &dossier,
        reconcile: &|order| format!("billkey reconcile {order}"),
    };
    let on_terminal = UiOptions { width: Some(80), ..options(Format::Table) };
    insta::assert_snapshot!(shown(&customer_detail(&detail, &on_terminal)), @"
    $
      customer   gildong_0001_1234
      name       홍길동
      phone      010-1234-5678
      card       신한카드  5409-26**-****-1234
      PG         html5_inicis  INIpayTest
      mode       LIVE
      added      2026-10-01 09:00:00
      checked    2026-11-01 09:00:00
      scheduled  nothing before 2028-02-17 00:00:00

      first paid  2026-11-23 19:30:04
      last paid   2026-11-23 19:30:04
      charged to  신한카드  5409-26**-****-1234   2026-11-23, 1 payment

      2026-10      ₩0                            0 paid, 1 not
      2026-11  ₩8,900  ████████████████████████  1 paid

     WHEN              RESULT    AMOUNT  PRODUCT  CARD  APPROVAL  ORDER
     2026-11-23 19:30  paid      ₩8,900  Monthl…  1234  30012345  order_monthly_0001
     2026-10-23 19:30  declined  ₩8,900  Monthl…  1234            order_monthly_0000
                       통장 잔액부족
                       There is not enough money behind the card for this payment.
                       The customer has to act. Again: after a day, at most once a
                       day on one card.
     12 payments (2 shown), 11 paid, net ₩97,900
    ");
    let new = CustomerDetail { payments: &[], ..detail };
    assert!(customer_detail(&new, &on_terminal).ends_with("\n\n  No payments yet.\n"));
}

#[test]
fn the_customers_object_holds_totals_and_payments() {
    let summary =
        Totals { count: 2, by_outcome: vec![(Outcome::Paid, 1)], net: vec![won(8900)], ..Totals::default() };
    let (customer, payments, zone) = (customer(), [paid()], seoul());
    let dossier = dossier_of(&payments);
    let detail = CustomerDetail {
        customer: &customer,
        summary: &summary,
        payments: &payments,
        schedules: &[],
        schedules_until: Some(at("2028-02-17T00:00:00+09:00")),
        beside: &[],
        year: 2026,
        retries: &[],
        dossier: &dossier,
        reconcile: &|order| format!("billkey reconcile {order}"),
    };
    let json = json::line(&CustomerDetailObject::new(detail, &zone)).unwrap();
    assert!(json.starts_with(r#"{"customer_uid":"gildong_0001_1234","name":"홍길동","#), "{json}");
    let totals = concat!(
        r#""removed_at":null,"totals":{"count":2,"paid":1,"net":{"KRW":8900},"net_apart":{},"#,
        r#""further":{"count":0,"held":{}},"noted":{"count":0,"net":{}},"refunded":{}},"dossier":{"first_paid_at":"2026-11-23T19:30:04+09:00","#
    );
    assert!(json.contains(totals), "{json}");
}
