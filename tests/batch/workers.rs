//! The workers of the library, without the program around them.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use billkey::billing::batch::{Batch, Job, Next, RowEnd, Stop};
use billkey::billing::report::Ended;
use billkey::billing::request::{BesideOthers, Charge, Leave};
use billkey::billing::writer::{Reader, Writer};
use billkey::clock::SystemClock;
use billkey::domain::charge::ChargeRequest;
use billkey::domain::ids::{CustomerUid, MerchantUid};
use billkey::domain::money::{Amount, Currency};
use billkey::domain::payment::{Mode, Outcome, Payment, Terms};
use billkey::domain::secret::Secret;
use billkey::domain::time::Clock;
use billkey::gateway::{ApiKey, Client, HttpTransport, TransportConfig};
use billkey::interrupt::Interrupts;
use billkey::ledger::{Create, Guards, Ledger};

use super::paying;
use crate::support::gateway::Scripted;

fn order(row: u32) -> Charge {
    Charge {
        request: Arc::new(ChargeRequest::new(
            Terms {
                merchant_uid: MerchantUid::parse(&format!("order_{row}")).unwrap(),
                customer_uid: CustomerUid::parse(&format!("customer_{row}")).unwrap(),
                amount: Amount::from_minor(8900, Currency::KRW),
                mode: Mode::Test,
            },
            "Monthly",
        )),
        retry: false,
        guards: Guards::default(),
        settle_after: Duration::from_secs(900),
        lock_wait_max: Duration::from_secs(5),
        note: None,
        operator: None,
        host: None,
        known: None,
        beside: BesideOthers::default(),
        leave: Leave::default(),
    }
}

/// A batch of the library, its ledger, and what became of each row.
struct Ran {
    ends: BTreeMap<u32, RowEnd>,
    begun: usize,
    stopped: Option<Stop>,
    ledger: Ledger,
    _home: tempfile::TempDir,
}

impl Ran {
    fn payment(&self, row: u32) -> Option<Payment> {
        self.ledger.find(&MerchantUid::parse(&format!("order_{row}")).unwrap()).unwrap()
    }
}

/// Runs rows to their end; `job` says what is not usual.
fn run(gateway: &Scripted, clock: Arc<dyn Clock>, rows: u32, job: impl FnOnce(Job) -> Job) -> Ran {
    let home = tempfile::TempDir::new().unwrap();
    let open = || Ledger::open_at(&home.path().join("ledger.db"), Create::IfMissing).unwrap().ledger;
    let transport = HttpTransport::new(&TransportConfig {
        api_url: gateway.url().to_owned(),
        connect_timeout: Duration::from_secs(5),
        ca_file: None,
        proxy: None,
        tier: None,
        trace: None,
        secrets: Vec::new(),
    });
    let secret = |text: &str| Secret::new(text.to_owned());
    let key = ApiKey { imp_key: secret("key"), imp_secret: secret("secret") };
    let client =
        Client::new(Box::new(transport.unwrap()), Arc::clone(&clock), key, None, Duration::from_secs(10));
    let reader = Reader::new(open());
    let writer = Writer::start(open(), reader.clone()).unwrap();
    let mut batch = Batch::start(job(Job {
        writer: writer.handle(),
        reader,
        gateway: Arc::new(client),
        clock,
        interrupts: Interrupts::none(),
        workers: 8,
        rate: None,
        max_failures: None,
        queue: (0..rows).collect(),
        orders: Arc::new(|row| Some(order(row))),
    }))
    .unwrap();
    let mut ends = BTreeMap::new();
    loop {
        match batch.next(Duration::from_secs(10)) {
            Next::Done(done) => ends.insert(done.row, done.end),
            Next::Waiting => panic!("a row never ended"),
            Next::Over => break,
        };
    }
    let (begun, stopped) = (batch.begun().len(), batch.stopped());
    drop(batch);
    Ran { ends, begun, stopped, ledger: writer.finish().unwrap(), _home: home }
}

#[test]
fn a_worker_that_dies_over_a_row_cuts_nobody_off() {
    let gateway = paying();
    let ran = run(&gateway, Arc::new(SystemClock::start()), 30, |job| Job {
        workers: 3,
        orders: Arc::new(|row| if row % 10 == 4 { panic!("on purpose") } else { Some(order(row)) }),
        ..job
    });
    assert_eq!((ran.ends.len(), ran.begun, ran.stopped), (30, 30, None));
    for (row, end) in &ran.ends {
        match end {
            RowEnd::Died => assert_eq!(row % 10, 4),
            RowEnd::Ended(Ended::Answered(report)) => assert_eq!(report.payment.outcome, Outcome::Paid),
            other => panic!("{other:?}"),
        }
    }
    assert!(ran.payment(29).is_some());
    assert_eq!(gateway.charges(), 27);
}
