//! The ledger on real files; two connections where it matters.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tempfile::TempDir;

use crate::domain::charge::ChargeRequest;
use crate::domain::ids::{CustomerUid, MerchantUid};
use crate::domain::money::{Amount, Currency};
use crate::domain::payment::{GatewayRecord, Mode, Outcome, Payment, Received, Terms};
use crate::domain::time::{BootReading, SendMark};
use crate::ledger::{
    Create, Guards, Intent, IntentResult, Ledger, LedgerError, NotCommitted, OpenOptions, PaymentLock,
};

mod customers;
mod day;
mod grouping;
mod locking;
mod opening;
mod protocol;
mod reading;

/// A directory of its own for one test's ledger.
struct Place {
    dir: TempDir,
}

impl Place {
    fn new() -> Place {
        Place { dir: TempDir::new().unwrap() }
    }

    fn path(&self) -> PathBuf {
        self.dir.path().join("ledger.db")
    }

    fn ledger(&self) -> Ledger {
        self.try_open(Create::IfMissing).unwrap()
    }

    fn try_open(&self, create: Create) -> Result<Ledger, LedgerError> {
        let options = OpenOptions { create, busy_timeout: Duration::from_millis(60) };
        Ledger::open_with(&self.path(), &options).map(|opened| opened.ledger)
    }
}

/// Writes that share a commit; `writes` may be called twice.
fn in_one_commit(ledger: &mut Ledger, mut writes: impl FnMut(&mut Ledger)) -> Result<(), NotCommitted> {
    ledger.begin_group()?;
    writes(ledger);
    ledger.commit_group(writes)
}

fn uid(text: &str) -> MerchantUid {
    MerchantUid::parse(text).unwrap()
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_700_000_000 + second).unwrap()
}

fn won(minor: i64) -> Amount {
    Amount::from_minor(minor, Currency::KRW)
}

fn request(merchant_uid: &str, minor: i64) -> ChargeRequest {
    ChargeRequest {
        terms: Terms {
            merchant_uid: uid(merchant_uid),
            customer_uid: CustomerUid::parse("gildong").unwrap(),
            amount: won(minor),
            mode: Mode::Live,
        },
        name: "Monthly subscription".to_owned(),
        tax_free: None,
        vat_amount: None,
        card_quota: None,
        buyer_name: None,
        buyer_email: None,
        buyer_tel: None,
        custom_data: None,
        notice_url: None,
        product_type: None,
        channel_key: None,
        bypass: None,
    }
}

fn mark(second: i64) -> SendMark {
    SendMark {
        wall: at(second),
        boot: Some(BootReading { boot_id: "boot".into(), since_boot_ms: second * 1000 }),
        gateway_s: Some(1_700_000_000 + second),
    }
}

/// An intent of one second, as a run makes it that saw what `expected` says.
struct Asked {
    request: ChargeRequest,
    second: i64,
    mark: SendMark,
    expected: Option<(Outcome, u32)>,
    guards: Guards,
}

impl Asked {
    fn new(merchant_uid: &str, minor: i64, second: i64) -> Asked {
        let request = request(merchant_uid, minor);
        Asked { request, second, mark: mark(second), expected: None, guards: Guards::default() }
    }

    fn expecting(self, outcome: Outcome, attempts: u32) -> Asked {
        Asked { expected: Some((outcome, attempts)), ..self }
    }

    fn intent(&self) -> Intent {
        Intent {
            request: Arc::new(self.request.clone()),
            at: at(self.second),
            mark: self.mark.clone(),
            account: "0123456789abcdef".to_owned(),
            note: None,
            operator: Some("gildong".to_owned()),
            expected: self.expected,
            guards: self.guards.clone(),
        }
    }

    fn record(&self, ledger: &mut Ledger) -> IntentResult {
        ledger.record_intent(&self.intent()).unwrap()
    }

    fn written(&self, ledger: &mut Ledger) -> Payment {
        let result = self.record(ledger);
        let IntentResult::Written(payment) = result else { panic!("not written: {result:?}") };
        payment
    }
}

/// A charge that came to this outcome.
fn charged(ledger: &mut Ledger, asked: &Asked, outcome: Outcome) -> Payment {
    asked.written(ledger);
    let record = record_of(&asked.request, outcome);
    let uid = &asked.request.terms.merchant_uid;
    ledger.record_answer(uid, at(asked.second + 1), outcome, &reply(200), record.as_ref(), None).unwrap()
}

fn record_of(request: &ChargeRequest, outcome: Outcome) -> Option<GatewayRecord> {
    let status = match outcome {
        Outcome::Paid => "paid",
        Outcome::Declined => "failed",
        Outcome::Rejected | Outcome::Unknown | Outcome::NotSent | Outcome::Pending => return None,
    };
    let merchant_uid = request.terms.merchant_uid.as_str();
    Some(GatewayRecord {
        imp_uid: Some(format!("imps_{merchant_uid}_{status}")),
        merchant_uid: Some(merchant_uid.to_owned()),
        status: Some(status.to_owned()),
        amount_text: Some(request.terms.amount.to_digits()),
        cancel_amount_text: Some("0".to_owned()),
        apply_num: Some("30012345".to_owned()),
        card_number: Some("5409-26**-****-1234".to_owned()),
        paid_at_s: (outcome == Outcome::Paid).then_some(1_700_000_500),
        ..GatewayRecord::default()
    })
}

fn reply(http_status: u16) -> Received {
    Received { http_status: Some(http_status), code: Some(0), took_ms: Some(12), ..Received::default() }
}

/// From now on the event of a [`failing_reply`] is refused, when the row is written already.
fn fail_on_request(ledger: &Ledger) {
    let fails = "CREATE TEMP TRIGGER fails BEFORE INSERT ON events WHEN NEW.message = 'fail' \
                 BEGIN SELECT RAISE(ABORT, 'on purpose'); END";
    ledger.connection.execute_batch(fails).unwrap();
}

fn failing_reply() -> Received {
    Received { message: Some("fail".to_owned()), ..reply(200) }
}

#[test]
fn a_ledger_and_a_lock_may_move_to_another_thread() {
    fn is_send<T: Send>() {}
    is_send::<Ledger>();
    is_send::<PaymentLock>();
}
