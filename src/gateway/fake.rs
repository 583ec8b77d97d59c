//! A gateway and a clock for this room's tests: answers by order, requests written down.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use jiff::Timestamp;

use crate::domain::reason::Reason;
use crate::domain::secret::Secret;
use crate::domain::time::{BootReading, Clock, Moment};
use crate::gateway::client::{ApiKey, Client};
use crate::gateway::transport::{HttpAnswer, HttpRequest, Transport, TransportError};

pub(super) const IMP_KEY: &str = "imp_key_0123456789";
pub(super) const IMP_SECRET: &str = "imp_secret_0123456789abcdef";

type Exchange = Result<HttpAnswer, TransportError>;

/// Answers requests in the order that the answers were given.
#[derive(Clone, Default)]
pub(super) struct FakeGateway {
    answers: Arc<Mutex<VecDeque<Exchange>>>,
    pub(super) seen: Arc<Mutex<Vec<HttpRequest>>>,
}

impl FakeGateway {
    pub(super) fn will(&self, status: u16, body: &str) -> &FakeGateway {
        self.push(Ok(HttpAnswer { status, body: body.as_bytes().to_vec(), cut: false, retry_after: None }))
    }

    pub(super) fn will_give_token(&self, token: &str, now_s: i64, expired_at_s: i64) -> &FakeGateway {
        self.will(200, &token_body(token, &now_s.to_string(), &expired_at_s.to_string()))
    }

    pub(super) fn will_be_unreachable(&self) -> &FakeGateway {
        self.push(Err(TransportError::NotSent {
            reason: Reason::ConnectionRefused { host: "it".to_owned() },
        }))
    }

    pub(super) fn will_hang(&self) -> &FakeGateway {
        self.push(Err(TransportError::Lost {
            reason: Reason::NoAnswerWithin { within: "30 s".to_owned() },
            status: None,
            body: Vec::new(),
        }))
    }

    fn push(&self, answer: Exchange) -> &FakeGateway {
        self.answers.lock().unwrap().push_back(answer);
        self
    }

    /// `GET /path` of every request so far, with the token it carried.
    pub(super) fn requests(&self) -> Vec<String> {
        let line = |request: &HttpRequest| {
            let token = request.token.as_ref().map(|token| format!(" {}", token.expose()));
            format!("{} {}{}", request.method.word(), request.path_and_query, token.unwrap_or_default())
        };
        self.seen.lock().unwrap().iter().map(line).collect()
    }

    pub(super) fn is_spent(&self) -> bool {
        self.answers.lock().unwrap().is_empty()
    }
}

impl Transport for FakeGateway {
    fn send(&self, request: &HttpRequest) -> Exchange {
        self.seen.lock().unwrap().push(request.clone());
        let answer = self.answers.lock().unwrap().pop_front();
        answer.unwrap_or_else(|| panic!("no answer for {request:?}"))
    }
}

pub(super) fn token_body(token: &str, now: &str, expired_at: &str) -> String {
    let response = format!(r#"{{"access_token":"{token}","now":{now},"expired_at":{expired_at}}}"#);
    format!(r#"{{"code":0,"message":null,"response":{response}}}"#)
}

/// A clock that a test turns; its pauses pass at once and are written down.
#[derive(Clone)]
pub(super) struct FakeClock {
    pub(super) moment: Arc<Mutex<Moment>>,
    pub(super) slept: Arc<Mutex<Vec<Duration>>>,
}

impl FakeClock {
    /// Reads the wall given, a thousand seconds after the boot `a`.
    pub(super) fn at(wall_s: i64) -> FakeClock {
        let boot = Some(BootReading { boot_id: "a".into(), since_boot_ms: 1_000_000 });
        let moment = Moment { wall: Timestamp::from_second(wall_s).unwrap(), boot };
        FakeClock { moment: Arc::new(Mutex::new(moment)), slept: Arc::default() }
    }

    /// Time passes on all clocks.
    pub(super) fn pass_s(&self, seconds: i64) {
        let mut moment = self.moment.lock().unwrap();
        moment.wall = Timestamp::from_second(moment.wall.as_second() + seconds).unwrap();
        if let Some(boot) = &mut moment.boot {
            boot.since_boot_ms += seconds * 1000;
        }
    }

    /// Somebody sets the wall clock.
    pub(super) fn set_wall_s(&self, wall_s: i64) {
        self.moment.lock().unwrap().wall = Timestamp::from_second(wall_s).unwrap();
    }

    pub(super) fn reboot(&self) {
        let boot = BootReading { boot_id: "b".into(), since_boot_ms: 5_000 };
        self.moment.lock().unwrap().boot = Some(boot);
    }

    pub(super) fn without_boot_clock(&self) {
        self.moment.lock().unwrap().boot = None;
    }
}

impl Clock for FakeClock {
    fn now(&self) -> Moment {
        self.moment.lock().unwrap().clone()
    }

    fn sleep(&self, duration: Duration) {
        self.slept.lock().unwrap().push(duration);
    }
}

pub(super) fn api_key() -> ApiKey {
    ApiKey { imp_key: Secret::new(IMP_KEY.to_owned()), imp_secret: Secret::new(IMP_SECRET.to_owned()) }
}

/// A client of the fake gateway, without a cache file.
pub(super) fn client(gateway: &FakeGateway, clock: &FakeClock) -> Client {
    let read_timeout = Duration::from_secs(60);
    Client::new(Box::new(gateway.clone()), Arc::new(clock.clone()), api_key(), None, read_timeout)
}
