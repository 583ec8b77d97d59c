//! Answers in their order, however they come; and what ends a crew.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use jiff::Timestamp;

use super::{Crew, Next, WAITING_MAX, Work};
use crate::domain::secret::Secret;
use crate::domain::time::{BootReading, Clock, Moment};
use crate::gateway::{ApiKey, Client, HttpAnswer, HttpRequest, Transport, TransportError};
use crate::interrupt::Interrupts;

/// Tells whoever asks to wait for a second, once; later it takes everything.
#[derive(Default)]
struct Busy {
    asked: AtomicUsize,
}

impl Transport for Busy {
    fn send(&self, request: &HttpRequest) -> Result<HttpAnswer, TransportError> {
        let token = r#"{"code":0,"response":{"access_token":"t","now":1,"expired_at":1801}}"#;
        let known = r#"{"code":0,"response":{"customer_uid":"a"}}"#;
        let (status, body) = match self.asked.fetch_add(1, Ordering::SeqCst) {
            _ if request.path_and_query.contains("getToken") => (200, token),
            0 | 1 => (429, "{}"),
            _ => (200, known),
        };
        Ok(HttpAnswer { status, body: body.as_bytes().to_vec(), cut: false, retry_after: None })
    }
}

/// Time as it passes.
struct Ticking(Instant);

impl Clock for Ticking {
    fn now(&self) -> Moment {
        let since_boot_ms = i64::try_from(self.0.elapsed().as_millis()).unwrap();
        let boot = Some(BootReading { boot_id: "a".into(), since_boot_ms });
        Moment { wall: Timestamp::from_millisecond(since_boot_ms).unwrap(), boot }
    }

    fn sleep(&self, duration: Duration) {
        thread::sleep(duration);
    }
}

fn client() -> Arc<Client> {
    let secret = || Secret::new("0123456789abcdef".to_owned());
    let key = ApiKey { imp_key: secret(), imp_secret: secret() };
    let clock = Arc::new(Ticking(Instant::now()));
    Arc::new(Client::new(Box::new(Busy::default()), clock, key, None, Duration::from_secs(5)))
}

fn crew<A: Send + 'static>(total: usize, worker: &dyn Fn() -> Work<A>) -> Crew<A> {
    let clock = Arc::new(Ticking(Instant::now()));
    Crew::start((client(), clock), Interrupts::none(), total, worker, |_| false).unwrap()
}

/// Everything that is handed out until it is over.
fn all<A: Send + 'static>(crew: &Crew<A>) -> Vec<(usize, Option<A>)> {
    let mut taken = Vec::new();
    loop {
        match crew.next(Duration::from_millis(50)) {
            Next::Ready(ready) => taken.extend(ready),
            Next::Waiting => {}
            Next::Over => return taken,
        }
    }
}

#[test]
fn answers_come_in_the_order_of_the_questions_and_none_is_lost() {
    let crew = crew(500, &|| {
        Box::new(|place| {
            thread::sleep(Duration::from_micros(u64::try_from(place * 7919 % 500).unwrap()));
            place
        })
    });
    let expected: Vec<_> = (0..500).map(|place| (place, Some(place))).collect();
    assert_eq!(all(&crew), expected);
}

#[test]
fn a_stopped_crew_begins_nothing_more_and_hands_out_what_it_began() {
    let asked = Arc::new(AtomicUsize::new(0));
    let crew = crew(10_000, &|| {
        let asked = Arc::clone(&asked);
        Box::new(move |place| {
            asked.fetch_add(1, Ordering::SeqCst);
            thread::sleep(Duration::from_millis(1));
            place
        })
    });
    assert!(matches!(crew.next(Duration::from_secs(5)), Next::Ready(_)));
    crew.stop();
    let rest = all(&crew);
    let last = rest.last().map_or(0, |(place, _)| *place);
    assert!(last < 5_000, "it went on to {last}");
    assert!(asked.load(Ordering::SeqCst) >= rest.len());
    assert!(rest.windows(2).all(|two| two[0].0 + 1 == two[1].0), "one of those that were begun is missing");
}

#[test]
fn a_bug_costs_one_answer_and_not_the_others() {
    let crew = crew(40, &|| {
        Box::new(|place| {
            assert_ne!(place, 7, "the bug");
            place
        })
    });
    let none: Vec<usize> =
        all(&crew).iter().filter(|(_, it)| it.is_none()).map(|(place, _)| *place).collect();
    assert_eq!(none, [7]);
}

#[test]
fn what_nobody_takes_is_not_asked_without_end() {
    let asked = Arc::new(AtomicUsize::new(0));
    let crew = crew(100_000, &|| {
        let asked = Arc::clone(&asked);
        Box::new(move |_| asked.fetch_add(1, Ordering::SeqCst))
    });
    thread::sleep(Duration::from_millis(300));
    let so_many = asked.load(Ordering::SeqCst);
    assert!((WAITING_MAX..=WAITING_MAX + super::WORKERS).contains(&so_many), "{so_many}");
    drop(crew);
}

#[test]
fn a_question_that_is_told_to_wait_is_asked_again_after_the_pause() {
    let client = client();
    client.token(false).unwrap();
    let uid = crate::domain::ids::CustomerUid::parse("a").unwrap();
    let times = Arc::new(Mutex::new(0));
    let (own, log) = (Arc::clone(&client), Arc::clone(&times));
    let worker = move || -> Work<bool> {
        let (client, uid, log) = (Arc::clone(&own), uid.clone(), Arc::clone(&log));
        Box::new(move |_| {
            *log.lock().unwrap() += 1;
            client.billing_key(&uid).is_ok()
        })
    };
    let clock = Arc::new(Ticking(Instant::now()));
    let crew = Crew::start((client, clock), Interrupts::none(), 1, &worker, |there| !there).unwrap();
    // A 429 that names no pause asks for 30 s: the test looks only that it is waited for.
    assert!(matches!(crew.next(Duration::from_millis(200)), Next::Waiting));
    assert!(crew.paused().is_some());
    assert_eq!(*times.lock().unwrap(), 1);
    crew.stop();
    assert_eq!(all(&crew), [(0, Some(false))]);
}
