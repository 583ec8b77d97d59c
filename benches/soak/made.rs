//! A ledger as years of use would leave it, written through the ledger's own door: every row, event and record is what
//! the program makes of intents, answers, look-ups and refunds. The same number of payments is the same ledger.

#![allow(clippy::unwrap_used, clippy::as_conversions, reason = "what is made up here fits")]

use std::path::Path;
use std::sync::Arc;

use billkey::domain::answer::Settled;
use billkey::domain::charge::ChargeRequest;
use billkey::domain::customer::{Card, Customer};
use billkey::domain::ids::{CustomerUid, MerchantUid, RefundId};
use billkey::domain::lookup::LookedUp;
use billkey::domain::money::{Amount, Currency};
use billkey::domain::payment::{
    CancelRecord, GatewayRecord, Mode, Noted, Outcome, Payment, Received, RefundOutcome, Terms,
};
use billkey::domain::reason::Reason;
use billkey::domain::refund::{Refund, RefundEnd};
use billkey::domain::tax::Tax;
use billkey::domain::time::{BootReading, SendMark};
use billkey::ledger::{Claiming, Create, Entry, Guards, Intent, Ledger, RefundIntent, Seen, Written};
use jiff::Timestamp;

/// So many payments share a commit: to sync is most of the time that it takes.
const TOGETHER: usize = 10_000;

/// The first payment of all, and the last one: three years.
const FROM_S: i64 = 1_700_000_000;
const YEARS_S: i64 = 3 * 365 * 86_400;

const SURNAMES: [&str; 14] =
    ["김", "이", "박", "최", "정", "강", "조", "윤", "장", "임", "한", "오", "서", "남궁"];
const FIRST: [&str; 16] =
    ["민", "서", "지", "하", "도", "예", "수", "은", "현", "영", "재", "유", "시", "주", "길", "보"];
const SECOND: [&str; 16] =
    ["수", "준", "연", "은", "윤", "호", "아", "진", "우", "희", "빈", "동", "현", "라", "경", "탁"];
const PRODUCTS: [(&str, i64); 12] = [
    ("월 구독", 8900),
    ("Monthly subscription", 9900),
    ("프리미엄 멤버십", 14_900),
    ("원두 정기배송 500g", 23_000),
    ("꽃 정기구독", 39_000),
    ("Annual plan", 99_000),
    ("학습지 3과목", 87_000),
    ("헬스장 회비", 66_000),
    ("정수기 렌탈료", 31_900),
    ("Storage 200GB", 3300),
    ("반찬 꾸러미", 45_500),
    ("기부금", 10_000),
];
const CARDS: [(&str, &str, &str); 5] = [
    ("신한카드", "366", "5409-26**-****-"),
    ("국민카드", "381", "9435-20**-****-"),
    ("현대카드", "367", "4330-28**-****-"),
    ("삼성카드", "365", "5365-10**-****-"),
    ("비씨카드", "361", "9446-03**-****-"),
];
const DECLINES: [&str; 4] = [
    "[CC10] 통장 잔액부족",
    "[3095] 유효기간경과카드",
    "[8037] 한도초과 카드사 문의요망",
    "[2103] 거래정지카드",
];
const OPERATORS: [&str; 3] = ["billing", "kim", "lee"];

/// Numbers that look random, and are the same in every run.
struct Dice(u64);

impl Dice {
    fn new(seed: u64) -> Dice {
        Dice(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ 0x5851_f42d_4c95_7f2d)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, bound: usize) -> usize {
        (self.next() % bound as u64) as usize
    }

    /// True in so many of a thousand cases.
    fn in_1000(&mut self, share: usize) -> bool {
        self.below(1000) < share
    }

    fn of<T: Copy>(&mut self, all: &[T]) -> T {
        all[self.below(all.len())]
    }
}

/// A person who pays: the same of the same number.
pub(crate) struct Person {
    pub uid: String,
    pub name: String,
    pub tel: String,
    pub email: String,
    product: (&'static str, i64),
    card: (&'static str, &'static str, String),
}

impl Person {
    pub(crate) fn nth(n: usize) -> Person {
        let mut dice = Dice::new(n as u64 + 7_000_000_000);
        let blank = if dice.in_1000(50) { " " } else { "" };
        let name = format!("{}{blank}{}{}", dice.of(&SURNAMES), dice.of(&FIRST), dice.of(&SECOND));
        let (company, code, front) = dice.of(&CARDS);
        let (one, other) = (dice.below(10_000), dice.below(10_000));
        let tel = match dice.below(3) {
            0 => format!("010-{one:04}-{other:04}"),
            1 => format!("010{one:04}{other:04}"),
            _ => format!("+82 10 {one:04} {other:04}"),
        };
        Person {
            uid: format!("cust_{n:07}_{:04}", dice.below(10_000)),
            email: format!("user{}@{}", n, dice.of(&["example.com", "example.co.kr", "mail.example.org"])),
            name,
            tel,
            product: dice.of(&PRODUCTS),
            card: (company, code, format!("{front}{:04}", dice.below(10_000))),
        }
    }

    fn customer(&self) -> Customer {
        Customer {
            customer_uid: CustomerUid::parse(&self.uid).unwrap(),
            name: Some(self.name.clone()),
            email: Some(self.email.clone()),
            tel: Some(self.tel.clone()),
            note: None,
            card: Card {
                card_name: Some(self.card.0.to_owned()),
                card_code: Some(self.card.1.to_owned()),
                card_number: Some(self.card.2.clone()),
                pg_provider: Some("nice".to_owned()),
                ..Card::default()
            },
            mode: Mode::Live,
            added_at: Timestamp::from_second(FROM_S).unwrap(),
            checked_at: None,
            removed_at: None,
        }
    }
}

/// One payment on its way into the ledger.
struct Order {
    n: usize,
    dice: Dice,
    person: Person,
    uid: MerchantUid,
    at_s: i64,
}

/// Makes a ledger of so many payments at a path where there is none, of a twelfth as many customers. `said` is told
/// how many there are, every now and then.
pub(crate) fn make(path: &Path, payments: usize, said: &mut dyn FnMut(usize)) {
    let mut ledger = Ledger::open_at(path, Create::IfMissing).unwrap().ledger;
    let people = (payments / 12).max(3);
    for from in (0..people).step_by(TOGETHER) {
        let customers: Vec<Customer> =
            (from..people.min(from + TOGETHER)).map(|n| Person::nth(n).customer()).collect();
        let uids: Vec<CustomerUid> = customers.iter().map(|one| one.customer_uid.clone()).collect();
        ledger.save_customers(&uids, &mut |place, _| customers.get(place).cloned()).unwrap();
    }
    for from in (0..payments).step_by(TOGETHER) {
        let upto = payments.min(from + TOGETHER);
        let orders: Vec<Order> = (from..upto).map(|n| order(n, payments, people)).collect();
        write_together(&mut ledger, orders);
        said(upto);
    }
}

fn order(n: usize, payments: usize, people: usize) -> Order {
    let mut dice = Dice::new(n as u64);
    let person = Person::nth(dice.below(people));
    let at_s = FROM_S + (YEARS_S as i128 * n as i128 / payments as i128) as i64;
    let day = Timestamp::from_second(at_s).unwrap().strftime("%Y%m%d%H%M%S");
    let (day, random) = (day.to_string(), u128::from(dice.next()) << 64 | u128::from(dice.next()));
    let uid = match dice.below(10) {
        0..5 => format!("{}{:034x}", &day[..6], random),
        5..7 => format!("{day}{:016x}", random & u128::from(u64::MAX)),
        _ => format!("order_{}_{n:08}", &day[..8]),
    };
    Order { n, dice, person, uid: MerchantUid::parse(&uid).unwrap(), at_s }
}

impl Order {
    fn at(&self, more_s: i64) -> Timestamp {
        Timestamp::from_second(self.at_s + more_s).unwrap()
    }

    fn mark(&self, more_s: i64) -> SendMark {
        let since_boot_ms = (self.at_s + more_s) % 9_000_000 * 1000;
        let boot = BootReading { boot_id: "3a1f6c2e-7d44-4f0b-9a51-2f7e8b0c6d13".into(), since_boot_ms };
        SendMark { wall: self.at(more_s), boot: Some(boot), gateway_s: Some(self.at_s + more_s) }
    }

    fn intent(&mut self, more_s: i64, expected: Option<Seen>) -> Entry {
        let foreign = self.n % 500 == 17;
        let currency = if foreign { Currency::parse("USD").unwrap() } else { Currency::KRW };
        let terms = Terms {
            merchant_uid: self.uid.clone(),
            customer_uid: CustomerUid::parse(&self.person.uid).unwrap(),
            amount: Amount::from_minor(self.person.product.1, currency),
            mode: if self.n % 200 == 3 { Mode::Test } else { Mode::Live },
        };
        let mut request = ChargeRequest::new(terms, self.person.product.0);
        request.buyer_name = Some(self.person.name.clone());
        request.buyer_email = Some(self.person.email.clone());
        request.buyer_tel = Some(self.person.tel.clone());
        Entry::Intent(Intent {
            request: Arc::new(request),
            once_per: self.uid.as_str().len() == 40,
            at: self.at(more_s),
            mark: self.mark(more_s),
            account: "0123456789abcdef".to_owned(),
            note: self.dice.in_1000(10).then(|| "전화로 확인 후 재결제".to_owned()),
            operator: Some(self.dice.of(&OPERATORS).to_owned()),
            host: Some("billing-1".to_owned()),
            expected,
            guards: Guards::default(),
            shown: Vec::new(),
        })
    }

    /// What the gateway says of the `nth` payment under the order.
    fn record(&mut self, nth: usize, status: &str, cancelled: i64) -> GatewayRecord {
        let paid = status != "failed";
        let minor = self.person.product.1;
        // The same each time that this payment is shown.
        let random = Dice::new((self.n * 4 + nth) as u64 + 3_000_000_000).next();
        let foreign = self.n % 500 == 17;
        let digits = |minor: i64| match foreign {
            true => format!("{}.{:02}", minor / 100, minor % 100),
            false => minor.to_string(),
        };
        let at = |yes: bool| yes.then_some(self.at_s + 2);
        GatewayRecord {
            imp_uid: Some(format!("imps_{:012}", (self.n * 4 + nth) as u64 * 1_000_003 % 1_000_000_000_000)),
            merchant_uid: Some(self.uid.to_string()),
            channel: Some("api".to_owned()),
            status: Some(status.to_owned()),
            amount_text: Some(digits(minor)),
            currency_text: Some(if foreign { "USD" } else { "KRW" }.to_owned()),
            cancel_amount_text: Some(digits(cancelled)),
            apply_num: paid.then(|| format!("{:08}", random % 100_000_000)),
            card_name: Some(self.person.card.0.to_owned()),
            card_code: Some(self.person.card.1.to_owned()),
            card_number: Some(self.person.card.2.clone()),
            pg_provider: Some("nice".to_owned()),
            pg_tid: Some(format!("nicebill01m{:019}", random % 10_000_000_000_000_000_000)),
            receipt_url: paid.then(|| format!("https://pg.example/receipt?tid=nicebill01m{random:019}")),
            fail_reason: (!paid).then(|| self.dice.of(&DECLINES).to_owned()),
            started_at_s: Some(self.at_s),
            paid_at_s: at(paid),
            failed_at_s: at(!paid),
            cancelled_at_s: (cancelled > 0).then_some(self.at_s + 86_400),
            sandbox: Some(self.n % 700 == 5),
            customer_uid: Some(self.person.uid.clone()),
            customer_uid_usage: Some("payment".to_owned()),
            ..GatewayRecord::default()
        }
    }

    fn refund(&self, payment: &Payment) -> Refund {
        Refund {
            id: RefundId::parse(&format!("{:08x}", self.n)).unwrap(),
            merchant_uid: self.uid.clone(),
            imp_uid: payment.imp_uid.clone().unwrap(),
            outcome: RefundOutcome::Pending,
            paid: payment.terms.amount,
            amount: payment.terms.amount,
            balance_before: payment.terms.amount,
            tax: Tax::default(),
            reason: "고객 요청".to_owned(),
            requested_at: self.at(86_390),
            sent: self.mark(86_390),
            account: "0123456789abcdef".to_owned(),
            operator: Some("kim".to_owned()),
            refunded_at: None,
            cancellation_id: None,
            receipt_url: None,
            code: None,
            message: None,
            why: None,
        }
    }
}

/// What an answer carried, with a body as long as the gateway's are.
fn received(record: &GatewayRecord, message: Option<&str>) -> Received {
    let text = |value: &Option<String>| value.clone().unwrap_or_default();
    let body = format!(
        "{{\"code\":0,\"message\":null,\"response\":{{\"amount\":{},\"apply_num\":\"{}\",\"bank_code\":null,\"buyer_addr\":null,\
         \"buyer_email\":null,\"buyer_name\":null,\"cancel_amount\":{},\"card_name\":\"{}\",\"card_number\":\"{}\",\
         \"channel\":\"api\",\"currency\":\"{}\",\"fail_reason\":null,\"imp_uid\":\"{}\",\"merchant_uid\":\"{}\",\
         \"pay_method\":\"card\",\"pg_provider\":\"nice\",\"pg_tid\":\"{}\",\"receipt_url\":\"{}\",\"status\":\"{}\"}}}}",
        text(&record.amount_text),
        text(&record.apply_num),
        text(&record.cancel_amount_text),
        text(&record.card_name),
        text(&record.card_number),
        text(&record.currency_text),
        text(&record.imp_uid),
        text(&record.merchant_uid),
        text(&record.pg_tid),
        text(&record.receipt_url),
        text(&record.status),
    );
    Received {
        http_status: Some(200),
        code: Some(0),
        message: message.map(str::to_owned),
        imp_uid: record.imp_uid.clone(),
        body: Some(body),
        took_ms: Some(412),
        ..Received::default()
    }
}

/// Intents and answers, then what comes of some of them later.
fn write_together(ledger: &mut Ledger, mut orders: Vec<Order>) {
    let first = send(ledger, orders.iter_mut().map(|order| (order, None)).collect());
    let mut later: Vec<Entry> = Vec::new();
    let mut refunds: Vec<(Refund, GatewayRecord)> = Vec::new();
    let mut again: Vec<(&mut Order, Option<Seen>)> = Vec::new();
    for (order, payment) in orders.iter_mut().zip(first) {
        let seen = Seen::of(&payment);
        match payment.outcome {
            Outcome::Declined | Outcome::Rejected if order.dice.in_1000(600) => {
                again.push((order, Some(seen)));
            }
            Outcome::Unknown if order.dice.in_1000(900) => later.push(found_paid(order, seen, 0)),
            Outcome::Unknown if order.dice.in_1000(500) => later.push(noted(order, seen)),
            Outcome::Paid if order.dice.in_1000(12) => {
                let refund = order.refund(&payment);
                refunds.push((refund, order.record(0, "cancelled", payment.terms.amount.minor())));
            }
            Outcome::Paid if order.dice.in_1000(8) => later.push(found_paid(order, seen, 500)),
            Outcome::Paid if order.n % 20_000 == 19 => later.push(doubled(order, seen)),
            Outcome::Paid
            | Outcome::Declined
            | Outcome::Rejected
            | Outcome::Unknown
            | Outcome::NotSent
            | Outcome::Pending => {}
        }
    }
    send(ledger, again);
    write(ledger, &later);
    let begun: Vec<Entry> = refunds
        .iter()
        .map(|(refund, _)| {
            Entry::Refund(Box::new(RefundIntent { refund: refund.clone(), similar_since: None }))
        })
        .collect();
    write(ledger, &begun);
    let ended: Vec<Entry> = refunds.into_iter().map(|(refund, record)| refunded(&refund, record)).collect();
    write(ledger, &ended);
}

/// Sends each order once and hands back what became of it.
fn send(ledger: &mut Ledger, mut orders: Vec<(&mut Order, Option<Seen>)>) -> Vec<Payment> {
    let intents: Vec<Entry> = orders
        .iter_mut()
        .map(|(order, seen)| order.intent(if seen.is_some() { 3600 } else { 0 }, seen.take()))
        .collect();
    let claimed = write(ledger, &intents);
    let (mut answers, mut unanswered) = (Vec::new(), Vec::new());
    for ((order, _), written) in orders.iter_mut().zip(claimed) {
        let lock = ledger.lock_payment(&order.uid).unwrap().unwrap();
        let Claiming::Won(claim, payment) = written.claim(lock) else {
            panic!("{} was not claimed", order.uid)
        };
        let at = order.at(2);
        let nth = payment.attempts as usize - 1;
        let chance = order.dice.below(1000);
        let closing = match chance {
            // A process that was killed.
            999 => {
                unanswered.push(*payment);
                continue;
            }
            990..999 => {
                claim.answered(at, Settled::Unknown(Reason::WaitGivenUp), Received::default(), Vec::new())
            }
            900..990 if nth == 0 => {
                let record = order.record(nth, "failed", 0);
                let received = received(&record, record.fail_reason.as_deref());
                claim.answered(at, Settled::Declined(Box::new(record)), received, Vec::new())
            }
            _ => {
                let record = order.record(nth, "paid", 0);
                let received = received(&record, None);
                claim.answered(at, Settled::Paid(Box::new(record)), received, Vec::new())
            }
        };
        // Nobody else is there; to hold them all would need a file for each.
        drop(closing.lock);
        answers.push(closing.entry);
    }
    let mut answered = write(ledger, &answers).into_iter().map(|written| written.payment).peekable();
    let mut unanswered = unanswered.into_iter().peekable();
    let in_order = orders.iter().map(|(order, _)| {
        let next = |payment: &Payment| payment.terms.merchant_uid == order.uid;
        unanswered.next_if(next).or_else(|| answered.next_if(next)).unwrap()
    });
    in_order.collect()
}

fn found_paid(order: &mut Order, seen: Seen, cancelled: i64) -> Entry {
    let record = order.record(0, if cancelled > 0 { "cancelled" } else { "paid" }, cancelled);
    looked_up(order, seen, record, Vec::new())
}

/// The gateway shows a second payment under the order.
fn doubled(order: &mut Order, seen: Seen) -> Entry {
    let record = order.record(0, "paid", 0);
    let other = order.record(1, "paid", 0);
    looked_up(order, seen, record, vec![other])
}

fn looked_up(order: &Order, seen: Seen, record: GatewayRecord, mut shown: Vec<GatewayRecord>) -> Entry {
    let received = received(&record, None);
    shown.insert(0, record.clone());
    Entry::Lookup {
        uid: order.uid.clone(),
        seen,
        at: order.at(7200),
        looked_up: LookedUp::Paid(Box::new(record)),
        received,
        shown,
    }
}

fn noted(order: &Order, seen: Seen) -> Entry {
    let noted = Noted {
        charged: true,
        at: order.at(10 * 86_400),
        by: Some("kim".to_owned()),
        evidence: "PG 관리자 화면에서 확인".to_owned(),
    };
    Entry::Noted { uid: order.uid.clone(), seen, noted }
}

fn refunded(refund: &Refund, record: GatewayRecord) -> Entry {
    let entry = CancelRecord {
        amount_text: Some(refund.amount.to_digits()),
        at_s: record.cancelled_at_s,
        reason: Some(refund.reason_sent()),
        cancellation_id: Some(format!("cancel_{}", refund.id.as_str())),
        ..CancelRecord::default()
    };
    let received = received(&record, None);
    Entry::RefundEnd {
        id: refund.id.clone(),
        at: refund.requested_at,
        end: Some(RefundEnd::Refunded(Box::new(entry))),
        record: Some(Box::new(record)),
        received,
    }
}

fn write(ledger: &mut Ledger, entries: &[Entry]) -> Vec<Written> {
    ledger.write(entries).into_iter().map(Result::unwrap).collect()
}
