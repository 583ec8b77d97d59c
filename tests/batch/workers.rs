//! The workers of the library, without the program around them.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use billkey::billing::batch::{Batch, Job, Next, RowEnd};
use billkey::billing::desk::Order;
use billkey::billing::report::Ended;
use billkey::billing::writer::{Reader, Writer};
use billkey::clock::SystemClock;
use billkey::domain::charge::ChargeRequest;
use billkey::domain::ids::{CustomerUid, MerchantUid};
use billkey::domain::money::{Amount, Currency};
use billkey::domain::payment::{Mode, Outcome, Terms};
use billkey::domain::secret::Secret;
use billkey::gateway::{ApiKey, Client, HttpTransport, TransportConfig};
use billkey::interrupt::Interrupts;
use billkey::ledger::{Create, Guards, Ledger};

use super::paying;

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

#[test]
fn a_worker_that_dies_over_a_row_cuts_nobody_off() {
    let gateway = paying();
    let home = tempfile::TempDir::new().unwrap();
    let open = || Ledger::open_at(&home.path().join("ledger.db"), Create::IfMissing).unwrap().ledger;
    let clock = Arc::new(SystemClock::start());
    let transport = HttpTransport::new(&TransportConfig {
        api_url: gateway.url().to_owned(),
        connect_timeout: Duration::from_secs(5),
        ca_file: None,
        proxy: None,
        trace: None,
    });
    let secret = |text: &str| Secret::new(text.to_owned());
    let key = ApiKey { imp_key: secret("key"), imp_secret: secret("secret") };
    let client = Client::new(Box::new(transport.unwrap()), clock.clone(), key, None, Duration::from_secs(10));
    let mut ledger = open();
    let log = ledger.expect_many_writes().unwrap();
    let writer = Writer::start(ledger, log, Reader::new(open()), 3).unwrap();
    let mut batch = Batch::start(Job {
        writer: writer.handle(),
        gateway: Arc::new(client),
        clock,
        interrupts: Interrupts::none(),
        workers: 3,
        rate: None,
        max_failures: None,
        queue: (0..30).collect(),
        orders: Arc::new(|row| if row % 10 == 4 { panic!("on purpose") } else { Some(order(row)) }),
    })
    .unwrap();
    let mut ends = BTreeMap::new();
    loop {
        match batch.next(Duration::from_secs(10)) {
            Next::Done(done) => ends.insert(done.row, done.end),
            Next::Waiting => panic!("a row never ended"),
            Next::Over => break,
        };
    }
    assert_eq!((ends.len(), batch.begun().len(), batch.stopped()), (30, 30, None));
    for (row, end) in &ends {
        match end {
            RowEnd::Died => assert_eq!(row % 10, 4),
            RowEnd::Ended(Ended::Answered(report)) => assert_eq!(report.payment.outcome, Outcome::Paid),
            other => panic!("{other:?}"),
        }
    }
    drop(batch);
    let ledger = writer.finish().unwrap();
    assert!(ledger.find(&MerchantUid::parse("order_29").unwrap()).unwrap().is_some());
    assert_eq!(gateway.charges(), 27);
}
