//! Bytes as whatever the gateway answers with to a token request, to look-ups of payments and to
//! questions about a billing key: no panic, no endless paging, and no charge found in an answer that
//! holds no payment of the order.

#![no_main]

use std::sync::Arc;
use std::time::Duration;

use billkey::domain::ids::{CustomerUid, MerchantUid};
use billkey::domain::lookup::{Finding, Question, judge};
use billkey::domain::money::{Amount, Currency};
use billkey::domain::payment::{Mode, Terms};
use billkey::domain::secret::Secret;
use billkey::domain::time::{BootReading, Clock, Moment};
use billkey::gateway::{
    ApiKey, Client, HttpAnswer, HttpRequest, Method, Transport, TransportError, sandbox_flag,
};
use jiff::Timestamp;
use libfuzzer_sys::fuzz_target;

const TOKEN: &str =
    r#"{"code":0,"response":{"access_token":"0123456789","now":1795000000,"expired_at":1795001800}}"#;
const STATUSES: [u16; 8] = [200, 200, 200, 207, 400, 401, 404, 500];

/// Says the same to every GET, and gives a token to whoever asks, the first time.
struct Always {
    status: u16,
    body: Vec<u8>,
    token: Vec<u8>,
}

impl Transport for Always {
    fn send(&self, request: &HttpRequest) -> Result<HttpAnswer, TransportError> {
        let (status, body) = match request.method {
            Method::Post => (200, self.token.clone()),
            Method::Get | Method::Delete => (self.status, self.body.clone()),
        };
        Ok(HttpAnswer { status, body, cut: false, retry_after: None })
    }
}

/// Stands still: no pause takes any time.
struct Still;

impl Clock for Still {
    fn now(&self) -> Moment {
        let boot = Some(BootReading { boot_id: "a".into(), since_boot_ms: 1 });
        Moment { wall: Timestamp::UNIX_EPOCH, boot }
    }

    fn sleep(&self, _duration: Duration) {}
}

fn client(status: u16, body: &[u8], token: &[u8]) -> Client {
    let key = || Secret::new("0123456789abcdef".to_owned());
    let transport = Box::new(Always { status, body: body.to_vec(), token: token.to_vec() });
    let key = ApiKey { imp_key: key(), imp_secret: key() };
    Client::new(transport, Arc::new(Still), key, None, Duration::from_secs(60))
}

fuzz_target!(|data: &[u8]| {
    let Some((choice, body)) = data.split_first() else { return };
    let status = STATUSES[usize::from(*choice) % STATUSES.len()];
    let _ = client(status, body, body).token(true);
    let _ = sandbox_flag(&String::from_utf8_lossy(body));
    let client = client(status, body, TOKEN.as_bytes());
    let uid = MerchantUid::parse("order_1").expect("a valid id");
    let customer_uid = CustomerUid::parse("gildong").expect("a valid id");
    let _ = client.billing_key(&customer_uid);
    let _ = client.payment("imps_1");
    let reply = client.look_up(&uid);
    let amount = Amount::from_minor(8900, Currency::KRW);
    let terms = Terms { merchant_uid: uid, customer_uid, amount, mode: Mode::Live };
    let question = Question {
        terms: &terms,
        mode: Mode::Live,
        declined_before: &[],
        unanswered: 1,
        waited: true,
        now_s: 0,
    };
    if let Finding::Charged { record, .. } = judge(&question, &reply) {
        assert!((200..300).contains(&status));
        assert!(matches!(record.status.as_deref(), Some("paid" | "cancelled" | "canceled")));
        assert_eq!(record.amount_in(Currency::KRW), Some(amount));
        assert_ne!(record.customer_uid_usage.as_deref(), Some("issue"));
        assert_ne!(record.sandbox, Some(true));
    }
});
