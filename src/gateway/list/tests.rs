use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use super::{PaymentLists, Window, WindowRead, windows};
use crate::domain::reason::Reason;
use crate::gateway::client::{Client, GatewayFailure};
use crate::gateway::fake::{FakeClock, api_key, token_body};
use crate::gateway::transport::{HttpAnswer, HttpRequest, Transport, TransportError};

const NOW_S: i64 = 1_795_000_000;

/// What the gateway does to whoever reads its list.
#[derive(Clone, Copy, PartialEq)]
enum Odd {
    Nothing,
    /// A payment is made before each page after the first, in the middle of the list, so often.
    Moves(u32),
    /// Every page after the first begins with the last payment of the one before it.
    Repeats,
    /// Every page says that it is the last.
    SaysLast,
    /// Leaves a payment out of each page.
    LeavesOut,
    /// Shows the first page whatever is asked for.
    FirstPageForEver,
    Uncounted,
    /// Refuses every page after the first.
    Fails,
    /// Shows no more than so many a page.
    SmallPages(usize),
}

/// A gateway with payments of one second each, and a fault.
#[derive(Clone)]
struct Gateway {
    payments: Arc<Mutex<BTreeMap<i64, String>>>,
    odd: Arc<Mutex<Odd>>,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Gateway {
    fn with(count: i64, odd: Odd) -> Gateway {
        let payments = (0..count).map(|index| (NOW_S - 1_000_000 + 10 * index, format!("imp_{index}")));
        Gateway {
            payments: Arc::new(Mutex::new(payments.collect())),
            odd: Arc::new(Mutex::new(odd)),
            asked: Arc::default(),
        }
    }

    fn client(&self) -> Client {
        let clock = Arc::new(FakeClock::at(NOW_S));
        Client::new(Box::new(self.clone()), clock, api_key(), None, Duration::from_secs(60))
    }

    fn page(&self, query: &BTreeMap<&str, &str>) -> (u16, String) {
        let whole = |name: &str| query[name].parse::<i64>().unwrap();
        let (number, limit) = (whole("page"), usize::try_from(whole("limit")).unwrap());
        assert!(limit <= 1000 && whole("to") - whole("from") <= 90 * 86_400, "{query:?}");
        let odd = *self.odd.lock().unwrap();
        if number > 1 {
            if let Odd::Moves(left) = odd
                && left > 0
            {
                self.payments
                    .lock()
                    .unwrap()
                    .insert(NOW_S - 999_999 - i64::from(left), format!("new_{left}"));
                *self.odd.lock().unwrap() = Odd::Moves(left - 1);
            }
            if odd == Odd::Fails {
                return (502, "<html>".to_owned());
            }
        }
        let limit = if let Odd::SmallPages(size) = odd { size.min(limit) } else { limit };
        let payments = self.payments.lock().unwrap();
        let all: Vec<&String> =
            payments.range(whole("from")..=whole("to")).map(|(_, payment)| payment).collect();
        let number = if odd == Odd::FirstPageForEver { 1 } else { usize::try_from(number).unwrap() };
        let mut begin = (number - 1) * limit;
        if begin > 0 && begin >= all.len() {
            return (400, r#"{"code":-1,"message":"없습니다","response":null}"#.to_owned());
        }
        let end = (begin + limit).min(all.len());
        let has_next = end < all.len() && odd != Odd::SaysLast;
        if odd == Odd::Repeats && begin > 0 {
            begin -= 1;
        }
        if odd == Odd::LeavesOut {
            begin = (begin + 1).min(end);
        }
        let list: Vec<String> =
            all[begin..end].iter().map(|id| format!(r#"{{"imp_uid":"{id}","status":"paid"}}"#)).collect();
        let total = if odd == Odd::Uncounted { String::new() } else { format!(r#""total":{},"#, all.len()) };
        let next = if has_next { number + 1 } else { 0 };
        let list = list.join(",");
        (200, format!(r#"{{"code":0,"message":null,"response":{{{total}"next":{next},"list":[{list}]}}}}"#))
    }
}

impl Transport for Gateway {
    fn send(&self, request: &HttpRequest) -> Result<HttpAnswer, TransportError> {
        let path = request.path_and_query.as_str();
        let (status, body) = match path.split_once('?') {
            None => (200, token_body("T1", &NOW_S.to_string(), &(NOW_S + 1800).to_string())),
            Some((path, query)) => {
                assert_eq!(path, "/payments/status/all");
                self.asked.lock().unwrap().push(query.to_owned());
                self.page(&query.split('&').map(|pair| pair.split_once('=').unwrap()).collect())
            }
        };
        Ok(HttpAnswer { status, body: body.into_bytes(), cut: false, retry_after: None })
    }
}

/// Reads a window; what was handed out, in its order.
fn read(gateway: &Gateway, window: Window) -> (Result<WindowRead, GatewayFailure>, Vec<String>) {
    let client = gateway.client();
    let mut ids = Vec::new();
    let read = PaymentLists::of(&client).read(window, &mut |records| {
        ids.extend(records.into_iter().map(|record| record.imp_uid.unwrap()));
        ControlFlow::Continue(())
    });
    (read, ids)
}

fn ninety_days() -> Window {
    windows(NOW_S - 89 * 86_400, NOW_S)[0]
}

#[track_caller]
fn each_once(ids: &[String], count: usize) {
    let once: BTreeSet<&String> = ids.iter().collect();
    assert_eq!((ids.len(), once.len()), (count, count), "none lost, none twice");
}

#[test]
fn a_window_is_read_to_its_end_and_nothing_twice() {
    for (what, count, odd) in [
        ("nothing in it", 0, Odd::Nothing),
        ("less than a page", 7, Odd::Nothing),
        ("a page to the last place", 1_000, Odd::Nothing),
        ("some pages", 2_345, Odd::Nothing),
        ("a gateway that shows fewer a page than asked for", 105, Odd::SmallPages(20)),
    ] {
        let gateway = Gateway::with(count, odd);
        let (read, ids) = read(&gateway, ninety_days());
        assert_eq!(read.unwrap(), WindowRead::Whole, "{what}");
        each_once(&ids, usize::try_from(count).unwrap());
    }
}

#[test]
fn a_list_that_moves_is_read_again_until_it_rests() {
    let gateway = Gateway::with(2_500, Odd::Moves(2));
    let (read, ids) = read(&gateway, ninety_days());
    assert_eq!(read.unwrap(), WindowRead::Whole);
    each_once(&ids, 2_502);
}

#[test]
fn what_never_rests_or_contradicts_itself_is_unconfirmed_and_loses_and_doubles_nothing_it_showed() {
    let short = |shown: &str, total: &str| Reason::ListShort { shown: shown.into(), total: total.into() };
    for (odd, why, shown) in [
        (Odd::Moves(1_000), Reason::ListChanged, None),
        (Odd::Repeats, Reason::ListRepeats, Some(2_500)),
        (Odd::LeavesOut, short("2497", "2500"), Some(2_497)),
        (Odd::FirstPageForEver, Reason::ListRepeats, Some(1_000)),
        (Odd::Uncounted, Reason::ListUncounted, None),
    ] {
        let gateway = Gateway::with(2_500, odd);
        let (read, ids) = read(&gateway, ninety_days());
        assert_eq!(read.unwrap(), WindowRead::Unconfirmed(why));
        each_once(&ids, shown.unwrap_or(ids.len()));
        assert!(gateway.asked.lock().unwrap().len() < 30, "it is bounded");
    }
}

#[test]
fn a_page_that_says_too_early_that_it_is_the_last_is_not_believed() {
    let (read, ids) = read(&Gateway::with(2_500, Odd::SaysLast), ninety_days());
    assert_eq!(read.unwrap(), WindowRead::Whole, "all that is counted was shown");
    each_once(&ids, 2_500);
}

#[test]
fn a_page_without_an_answer_ends_the_reading() {
    let (read, ids) = read(&Gateway::with(2_500, Odd::Fails), ninety_days());
    assert!(matches!(read, Err(GatewayFailure::NoAnswer { .. })), "{read:?}");
    assert_eq!(ids.len(), 1_000);
}

#[test]
fn a_window_with_many_payments_is_read_in_halves() {
    let gateway = Gateway::with(45_000, Odd::Nothing);
    let (read, ids) = read(&gateway, ninety_days());
    assert_eq!(read.unwrap(), WindowRead::Whole);
    each_once(&ids, 45_000);
    assert!(gateway.asked.lock().unwrap().iter().all(|query| !query.contains("page=22")));
}

#[test]
fn the_overlap_of_two_windows_is_handed_out_once_and_what_changed_meanwhile_again() {
    let gateway = Gateway::with(100, Odd::Nothing);
    let client = gateway.client();
    let mut reader = PaymentLists::of(&client);
    let mut ids = Vec::new();
    let middle = NOW_S - 1_000_000 + 500;
    for window in
        [Window { from_s: NOW_S - 2_000_000, to_s: middle }, Window { from_s: middle - 60, to_s: NOW_S }]
    {
        let read = reader.read(window, &mut |records| {
            ids.extend(records.into_iter().map(|record| record.imp_uid.unwrap()));
            ControlFlow::Continue(())
        });
        assert_eq!(read.unwrap(), WindowRead::Whole);
    }
    each_once(&ids, 100);
}

#[test]
fn windows_cover_a_time_without_a_gap_and_none_is_longer_than_ninety_days() {
    for (from_s, to_s, count) in [(0, 0, 1), (0, 89 * 86_400, 1), (0, 90 * 86_400, 2), (0, 730 * 86_400, 9)] {
        let all = windows(from_s, to_s);
        assert_eq!(all.len(), count, "{from_s}..{to_s}");
        assert!(all.iter().all(|window| window.to_s - window.from_s <= 90 * 86_400));
        assert!(all.windows(2).all(|two| two[1].from_s <= two[0].to_s));
        assert_eq!((all[0].from_s, all[count - 1].to_s), (from_s, to_s));
    }
    assert_eq!(windows(1, 0), []);
}
