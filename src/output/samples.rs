//! Payments and customers for the tests of this room.

use std::io::{self, Write};
use std::sync::{Arc, Mutex};

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::domain::customer::{Card, Customer};
use crate::domain::ids::{CustomerUid, MerchantUid, RefundId};
use crate::domain::money::{Amount, Currency};
use crate::domain::payment::{Mode, Outcome, Payment, RefundOutcome, Terms};
use crate::domain::refund::Refund;
use crate::domain::time::SendMark;
use crate::output::Format;
use crate::output::options::UiOptions;
use crate::output::ui::Ui;

pub(in crate::output) fn seoul() -> TimeZone {
    TimeZone::get("Asia/Seoul").unwrap()
}

pub(in crate::output) fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

pub(in crate::output) fn won(won: i64) -> Amount {
    Amount::from_minor(won, Currency::KRW)
}

/// The paid payment of voice.md.
pub(in crate::output) fn paid() -> Payment {
    let text = |text: &str| Some(text.to_owned());
    Payment {
        once_per: false,
        sandbox: None,
        terms: Terms {
            merchant_uid: MerchantUid::parse("order_monthly_0001").unwrap(),
            customer_uid: CustomerUid::parse("gildong_0001_1234").unwrap(),
            amount: won(8900),
            mode: Mode::Live,
        },
        outcome: Outcome::Paid,
        outcome_before: None,
        name: "Monthly subscription".to_owned(),
        attempts: 1,
        unanswered: 0,
        doubts: 0,
        requested_at: at("2026-11-23T19:30:04.123+09:00"),
        last_send: None,
        account: None,
        imp_uid: text("imps_623347347957"),
        status: text("paid"),
        cancel_amount: Some(won(0)),
        outside: None,
        apply_num: text("30012345"),
        card_name: text("신한카드"),
        card_number: text("5409-26**-****-1234"),
        pg_provider: text("html5_inicis"),
        customer_pg: None,
        pg_tid: text("INIpayBILL1"),
        receipt_url: text("https://receipt.example/1"),
        code: None,
        message: None,
        reason: None,
        doubt_ended_at: None,
        noted: None,
        paid_at: Some(at("2026-11-23T19:30:04+09:00")),
        cancelled_at: None,
        buyer_name: text("홍길동"),
        buyer_email: None,
        buyer_tel: text("010-1234-5678"),
        note: None,
        operator: text("mina"),
        records: Vec::new(),
        host: None,
        tax: None,
    }
}

/// A refund of a part of it.
pub(in crate::output) fn refund() -> Refund {
    let payment = paid();
    let requested_at = at("2026-11-24T09:00:00+09:00");
    let sent = SendMark { wall: requested_at, boot: None, gateway_s: None };
    let (id, uid) = (RefundId::parse("abcd2345").unwrap(), payment.terms.merchant_uid);
    Refund {
        outcome: RefundOutcome::Refunded,
        amount: won(3000),
        reason: "늦게 옴".to_owned(),
        operator: Some("mina".to_owned()),
        refunded_at: Some(at("2026-11-24T09:00:01+09:00")),
        cancellation_id: Some("cancellation_1".to_owned()),
        ..Refund::asked(id, uid, "imps_623347347957", won(8900), sent)
    }
}

/// The declined payment of voice.md.
pub(in crate::output) fn declined() -> Payment {
    let mut payment = paid();
    payment.terms.merchant_uid = MerchantUid::parse("order_monthly_0000").unwrap();
    payment.outcome = Outcome::Declined;
    payment.status = Some("failed".to_owned());
    payment.message = Some("통장 잔액부족".to_owned());
    payment.requested_at = at("2026-10-23T19:30:02+09:00");
    (payment.apply_num, payment.paid_at, payment.receipt_url) = (None, None, None);
    payment
}

pub(in crate::output) fn customer() -> Customer {
    let text = |text: &str| Some(text.to_owned());
    Customer {
        customer_uid: CustomerUid::parse("gildong_0001_1234").unwrap(),
        name: text("홍길동"),
        email: None,
        tel: text("010-1234-5678"),
        note: None,
        card: Card {
            card_name: text("신한카드"),
            card_code: text("041"),
            card_number: text("5409-26**-****-1234"),
            pg_provider: text("html5_inicis"),
            pg_id: text("INIpayTest"),
            ..Card::default()
        },
        mode: Mode::Live,
        added_at: at("2026-10-01T09:00:00+09:00"),
        checked_at: Some(at("2026-11-01T09:00:00+09:00")),
        removed_at: None,
    }
}

/// For an inline snapshot, which would take the margin off: a first line at the left edge.
pub(in crate::output) fn shown(text: &str) -> String {
    format!("$\n{text}")
}

/// A writer whose text can be read while it is in use.
#[derive(Clone, Default)]
pub(in crate::output) struct Buffer(Arc<Mutex<Vec<u8>>>);

impl Buffer {
    pub(in crate::output) fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

impl Write for Buffer {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

pub(in crate::output) fn options(format: Format) -> UiOptions {
    UiOptions {
        format,
        colour_stdout: false,
        colour_stderr: false,
        stderr_is_terminal: false,
        quiet: false,
        interactive: false,
        zone: seoul(),
        width: None,
        width_stderr: None,
        csv_bom: false,
        verbose: false,
    }
}

/// A `Ui` over buffers: itself, its stdout, its stderr.
pub(in crate::output) fn ui(options: UiOptions, stdin: &'static str) -> (Ui, Buffer, Buffer) {
    let (out, err) = (Buffer::default(), Buffer::default());
    let ui = Ui::new(options, Box::new(out.clone()), Box::new(err.clone()), Box::new(stdin.as_bytes()));
    (ui, out, err)
}
