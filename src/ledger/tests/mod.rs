//! The ledger on real files; two connections where it matters.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tempfile::TempDir;

use crate::domain::answer::Settled;
use crate::domain::charge::ChargeRequest;
use crate::domain::ids::{CustomerUid, MerchantUid};
use crate::domain::lookup::{Declines, LookedUp};
use crate::domain::money::{Amount, Currency};
use crate::domain::payment::{GatewayRecord, Mode, Outcome, Payment, Received, Terms};
use crate::domain::reason::Reason;
use crate::domain::time::{BootReading, SendMark};
use crate::ledger::{
    Attempt, Claim, Create, Entry, Guards, How, Intent, Ledger, LedgerError, OpenOptions, PaymentLock, Seen,
    Written,
};

mod cancellations;
mod chain;
mod customers;
mod day;
mod grouping;
mod identity;
mod importing;
mod left;
mod limits;
mod locking;
mod opening;
mod peek;
mod protocol;
mod reading;
mod records;
mod refunds;
mod searching;
mod short;
mod spellings;
mod sums;
mod tried;

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
        let options = OpenOptions { busy_timeout: Duration::from_millis(60), ..OpenOptions::new(create) };
        Ledger::open_with(&self.path(), &options).map(|opened| opened.ledger)
    }
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
    ChargeRequest::new(
        Terms {
            merchant_uid: uid(merchant_uid),
            customer_uid: CustomerUid::parse("gildong").unwrap(),
            amount: won(minor),
            mode: Mode::Live,
        },
        "Monthly subscription",
    )
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
    expected: Option<Seen>,
    guards: Guards,
}

impl Asked {
    fn new(merchant_uid: &str, minor: i64, second: i64) -> Asked {
        let request = request(merchant_uid, minor);
        Asked { request, second, mark: mark(second), expected: None, guards: Guards::default() }
    }

    fn expecting(self, outcome: Outcome, attempts: u32) -> Asked {
        Asked { expected: Some(Seen { outcome, attempts, last_send: None }), ..self }
    }

    fn intent(&self) -> Intent {
        Intent {
            request: Arc::new(self.request.clone()),
            once_per: false,
            at: at(self.second),
            mark: self.mark.clone(),
            account: "0123456789abcdef".to_owned(),
            note: None,
            operator: Some("gildong".to_owned()),
            host: None,
            expected: self.expected.clone(),
            guards: self.guards.clone(),
            shown: Vec::new(),
        }
    }

    /// Written by a run that saw the last send as it is.
    fn record(&self, ledger: &mut Ledger) -> Written {
        let row = ledger.find(&self.request.terms.merchant_uid).unwrap();
        let last_send = row.and_then(|row| row.last_send);
        let expected = self.expected.clone().map(|seen| Seen { last_send, ..seen });
        ledger.write_one(&Entry::Intent(Intent { expected, ..self.intent() })).unwrap()
    }

    fn how(&self, ledger: &mut Ledger) -> How {
        self.record(ledger).how
    }

    fn written(&self, ledger: &mut Ledger) -> Payment {
        let written = self.record(ledger);
        assert_eq!(written.how, How::Claimed);
        written.payment
    }

    fn settled(&self, outcome: Outcome) -> Settled {
        let record = || Box::new(record_of(&self.request, outcome).unwrap());
        match outcome {
            Outcome::Paid => Settled::Paid(record()),
            Outcome::Declined => Settled::Declined(record()),
            Outcome::Unknown => Settled::Unknown(Reason::WaitGivenUp),
            Outcome::Rejected | Outcome::NotSent | Outcome::Pending => panic!("{outcome} is no answer"),
        }
    }

    /// What a look-up of it says.
    fn looked_up(&self, outcome: Outcome) -> LookedUp {
        let record = || Box::new(record_of(&self.request, outcome).unwrap());
        match outcome {
            Outcome::Paid => LookedUp::Paid(record()),
            Outcome::Declined => LookedUp::Declined(Declines { earlier: Vec::new(), last: record() }),
            Outcome::Rejected => LookedUp::Rejected(Some("no such customer".to_owned())),
            Outcome::Unknown => LookedUp::Unknown(Reason::NotShownYet),
            Outcome::NotSent => LookedUp::NotSent(Reason::NoTrace),
            Outcome::Pending => LookedUp::Nothing,
        }
    }
}

/// An attempt that its run has in its hands.
fn attempt(merchant_uid: &str, number: u32) -> Attempt {
    Attempt { uid: uid(merchant_uid), number }
}

fn answer(merchant_uid: &str, number: u32, second: i64, settled: Settled) -> Entry {
    let (attempt, shown) = (attempt(merchant_uid, number), Vec::new());
    Entry::Answer { attempt, at: at(second), settled, received: reply(200), shown }
}

fn not_sent(merchant_uid: &str, number: u32, second: i64) -> Entry {
    let (attempt, reason) = (attempt(merchant_uid, number), Reason::Interrupted);
    Entry::NotSent { attempt, at: at(second), reason, received: Received::default() }
}

/// A look-up by a row as it is now.
fn look_up(ledger: &Ledger, merchant_uid: &str, second: i64, looked_up: LookedUp) -> Entry {
    let seen = Seen::of(&ledger.find(&uid(merchant_uid)).unwrap().unwrap());
    let shown = match &looked_up {
        LookedUp::Paid(record) => vec![(**record).clone()],
        LookedUp::Declined(declines) => vec![(*declines.last).clone()],
        LookedUp::Rejected(_)
        | LookedUp::Unknown(_)
        | LookedUp::NotSent(_)
        | LookedUp::DoubtEnds
        | LookedUp::Nothing => Vec::new(),
    };
    Entry::Lookup { uid: uid(merchant_uid), seen, at: at(second), looked_up, received: reply(200), shown }
}

/// Writes an entry that must be kept; the payment as it is then.
#[track_caller]
fn kept(ledger: &mut Ledger, entry: &Entry) -> Payment {
    let written = ledger.write_one(entry).unwrap();
    assert_eq!(written.how, How::Kept);
    written.payment
}

/// A charge that came to this outcome.
fn charged(ledger: &mut Ledger, asked: &Asked, outcome: Outcome) -> Payment {
    let number = asked.written(ledger).attempts;
    let merchant_uid = asked.request.terms.merchant_uid.as_str();
    kept(ledger, &answer(merchant_uid, number, asked.second + 1, asked.settled(outcome)))
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
    is_send::<Claim>();
}
