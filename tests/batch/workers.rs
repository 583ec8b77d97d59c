//! The workers of the library, without the program around them.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use billkey::billing::batch::{Batch, Job, Next, RowEnd, Stop};
use billkey::billing::desk::Order;
use billkey::billing::report::{Ended, Held};
use billkey::billing::writer::{Reader, Writer};
use billkey::clock::SystemClock;
use billkey::domain::charge::ChargeRequest;
use billkey::domain::ids::{CustomerUid, MerchantUid};
use billkey::domain::money::{Amount, Currency};
use billkey::domain::payment::{EventKind, Mode, Outcome, Payment, Terms};
use billkey::domain::secret::Secret;
use billkey::domain::time::{Clock, Moment};
use billkey::gateway::{ApiKey, Client, HttpTransport, TransportConfig};
use billkey::interrupt::Interrupts;
use billkey::ledger::{Create, Guards, Ledger};

use super::paying;
use crate::support::gateway::{Asked, Say, Scripted, envelope, payment};

fn order(row: u32) -> Order {
    Order {
        request: Arc::new(ChargeRequest {
            terms: Terms {
                merchant_uid: MerchantUid::parse(&format!("order_{row}")).unwrap(),
                customer_uid: CustomerUid::parse("gildong").unwrap(),
                amount: Amount::from_minor(8900, Currency::KRW),
                mode: Mode::Test,
            },
            name: "Monthly".to_owned(),
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
        }),
        retry: false,
        believed_new: row.is_multiple_of(2),
        guards: Guards::default(),
        settle_after: Duration::from_secs(900),
        lock_wait_max: Duration::from_secs(5),
        note: None,
        operator: None,
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
        trace: None,
    });
    let secret = |text: &str| Secret::new(text.to_owned());
    let key = ApiKey { imp_key: secret("key"), imp_secret: secret("secret") };
    let client =
        Client::new(Box::new(transport.unwrap()), Arc::clone(&clock), key, None, Duration::from_secs(10));
    let mut ledger = open();
    let log = ledger.expect_many_writes().unwrap();
    let writer = Writer::start(ledger, log, Reader::new(open()), 8).unwrap();
    let mut batch = Batch::start(job(Job {
        writer: writer.handle(),
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

/// Time stands still, so that every answer is a quick one, however busy this machine is.
struct Still(Moment);

impl Still {
    fn start() -> Arc<Still> {
        Arc::new(Still(SystemClock::start().now()))
    }
}

impl Clock for Still {
    fn now(&self) -> Moment {
        self.0.clone()
    }

    fn sleep(&self, _duration: Duration) {}
}

/// Pays at once up to row 20. The eight requests after that are out together: each waits for this long.
fn that_becomes_slow(slow: Duration, status: &'static str) -> (Scripted, Arc<AtomicUsize>) {
    let (out, most) = (AtomicUsize::new(0), Arc::new(AtomicUsize::new(0)));
    let gauge = Arc::clone(&most);
    let gateway = Scripted::start(move |asked| {
        let row = row_of(asked);
        gauge.fetch_max(out.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
        let stuck = (20..28).contains(&row);
        std::thread::sleep(if stuck { slow } else { Duration::from_millis(2) });
        out.fetch_sub(1, Ordering::SeqCst);
        Say::Json(200, envelope(&payment(asked, if stuck { status } else { "paid" })))
    });
    (gateway, most)
}

fn row_of(asked: &Asked) -> u32 {
    let body: serde_json::Value = serde_json::from_str(&asked.body).unwrap();
    body["merchant_uid"].as_str().unwrap().strip_prefix("order_").unwrap().parse().unwrap()
}

fn all_new(row: u32) -> Option<Order> {
    Some(Order { believed_new: true, ..order(row) })
}

/// A row that was written ahead and whose turn does not come, because every request takes its time: it is
/// taken back and begins anew.
#[test]
fn a_row_written_ahead_of_a_gateway_that_becomes_slow_is_charged_once_in_the_end() {
    let (gateway, most_out) = that_becomes_slow(Duration::from_millis(2500), "paid");
    let ran = run(&gateway, Still::start(), 40, |job| Job { orders: Arc::new(all_new), ..job });
    assert_eq!((ran.ends.len(), ran.stopped), (40, None));
    let payments: Vec<Payment> = (0..40).map(|row| ran.payment(row).unwrap()).collect();
    assert!(payments.iter().all(|payment| payment.outcome == Outcome::Paid));
    let late: Vec<&Payment> = payments.iter().filter(|payment| payment.attempts > 1).collect();
    assert!((1..=4).contains(&late.len()), "half as many are written ahead: {}", late.len());
    let events = ran.ledger.events(&late[0].terms.merchant_uid).unwrap();
    let kinds: Vec<EventKind> = events.iter().map(|event| event.kind).collect();
    assert_eq!(kinds, [EventKind::Intent, EventKind::NotSent, EventKind::Intent, EventKind::Answer]);
    assert_eq!(events[1].received.message.as_deref(), Some("its turn to be sent did not come"));
    let mut asked: Vec<u32> = gateway.asked().iter().filter(|asked| asked.is_charge()).map(row_of).collect();
    asked.sort_unstable();
    assert_eq!(asked, (0..40).collect::<Vec<u32>>(), "each was sent once");
    assert_eq!(most_out.load(Ordering::SeqCst), 8, "no more requests at once than workers");
}

#[test]
fn a_row_written_ahead_is_not_sent_once_the_batch_has_stopped() {
    let (gateway, _) = that_becomes_slow(Duration::from_millis(600), "failed");
    let ran = run(&gateway, Still::start(), 40, |job| Job {
        orders: Arc::new(all_new),
        max_failures: Some(1),
        ..job
    });
    assert_eq!(ran.stopped, Some(Stop::Failures(1)));
    let held = ran.ends.iter().filter_map(|(row, end)| match end {
        RowEnd::Ended(Ended::Answered(report)) if report.held == Some(Held::NoTurn) => Some(*row),
        _ => None,
    });
    let held: Vec<u32> = held.collect();
    assert!((1..=4).contains(&held.len()), "{:?}", ran.ends);
    let payment = ran.payment(held[0]).unwrap();
    assert_eq!((payment.outcome, payment.attempts), (Outcome::NotSent, 1));
    assert!(
        gateway.asked().iter().filter(|asked| asked.is_charge()).all(|asked| !held.contains(&row_of(asked)))
    );
}
