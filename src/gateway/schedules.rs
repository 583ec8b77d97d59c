//! Charges that the gateway is going to make by itself (facts 16). They are read and told; none is ever made here.

use std::collections::HashSet;

use jiff::Timestamp;
use serde_json::{Map, Value};

use crate::domain::ids::CustomerUid;
use crate::domain::left::Schedule;
use crate::domain::pressure::Of;
use crate::domain::reason::Reason;
use crate::gateway::classify::no_envelope;
use crate::gateway::client::{Client, GatewayFailure};
use crate::gateway::lookup::encoded;
use crate::gateway::transport::Method;
use crate::gateway::wire::{self, Envelope};

/// The longest time that one call asks for, in seconds: three months at the most (facts 16), February among them.
const WINDOW_S: i64 = 89 * 24 * 60 * 60;

/// How far ahead is read. The gateway takes a schedule for any time to come, and one call asks for three months.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ahead {
    /// The next three months, in one call: beside a charge.
    Soon,
    /// A year and a quarter, so that what is charged once a year is among it.
    Far,
}

impl Ahead {
    fn windows(self) -> u32 {
        match self {
            Ahead::Soon => 1,
            Ahead::Far => 5,
        }
    }
}

/// What the gateway is going to charge, as far as that was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReadAhead {
    pub schedules: Vec<Schedule>,
    /// Everything that is due before this was read, epoch seconds.
    pub to_s: i64,
}

/// A gateway that pages for ever answers nothing.
const PAGES_MAX: i64 = 50;

impl Client {
    /// Reads what the gateway is going to charge, of one customer or of all: `GET /subscribe/payments/schedule`.
    /// Nothing in it is `Ok` and empty. Where a later window has no answer, what came before it was read.
    pub fn schedules(
        &self,
        customer: Option<&CustomerUid>,
        now_s: i64,
        ahead: Ahead,
    ) -> Result<ReadAhead, GatewayFailure> {
        let mut read = ReadAhead { schedules: Vec::new(), to_s: now_s };
        for window in 0..ahead.windows() {
            let to_s = read.to_s.saturating_add(WINDOW_S);
            match self.scheduled_between(customer, read.to_s, to_s) {
                Ok(more) => {
                    read.schedules.extend(more);
                    read.to_s = to_s;
                }
                Err(failure) if window == 0 => return Err(failure),
                Err(_) => break,
            }
        }
        Ok(read)
    }

    /// One window: `from_s <= t < to_s` (facts 16).
    fn scheduled_between(
        &self,
        customer: Option<&CustomerUid>,
        from_s: i64,
        to_s: i64,
    ) -> Result<Vec<Schedule>, GatewayFailure> {
        let base = match customer {
            Some(uid) => format!(
                "/subscribe/payments/schedule/customers/{}?from={from_s}&to={to_s}&schedule-status=scheduled",
                encoded(uid.as_str())
            ),
            None => format!(
                "/subscribe/payments/schedule?schedule_from={from_s}&schedule_to={to_s}&schedule_status=scheduled\
                 &limit=1000"
            ),
        };
        let (mut all, mut seen) = (Vec::new(), HashSet::new());
        for page in 1..=PAGES_MAX {
            let read = self.schedule_page(&format!("{base}&page={page}"))?;
            let before = all.len();
            all.extend(
                read.schedules.into_iter().filter(|schedule| seen.insert(schedule.merchant_uid.clone())),
            );
            // An array does not say whether there is more: the page after the last one shows nothing new.
            let over = if read.is_array { all.len() == before } else { read.next <= page };
            if over {
                return Ok(all);
            }
        }
        Err(GatewayFailure::NoAnswer { reason: Reason::ListEndless })
    }

    fn schedule_page(&self, path: &str) -> Result<SchedulePage, GatewayFailure> {
        let answer = self.ask_for(Of::Many, Method::Get, path)?;
        let Some(envelope) = Envelope::of(&answer) else {
            return Err(GatewayFailure::NoAnswer { reason: no_envelope(&answer) });
        };
        if answer.status == 404 && envelope.is_refusal() {
            return Ok(SchedulePage { schedules: Vec::new(), next: 0, is_array: false });
        }
        let ok = envelope.code == 0 && (200..=299).contains(&answer.status);
        match &envelope.response {
            Value::Array(list) if ok => Ok(SchedulePage { schedules: read(list)?, next: 0, is_array: true }),
            Value::Object(page) if ok => {
                let Some(Value::Array(list)) = page.get("list") else { return Err(unreadable()) };
                let next = wire::epoch_s(page, "next").unwrap_or(0);
                Ok(SchedulePage { schedules: read(list)?, next, is_array: false })
            }
            Value::Null if envelope.is_refusal() => {
                Err(GatewayFailure::Refused { code: envelope.code, said: envelope.said() })
            }
            Value::Null
            | Value::Bool(_)
            | Value::Number(_)
            | Value::String(_)
            | Value::Array(_)
            | Value::Object(_) => Err(unreadable()),
        }
    }
}

/// One page: by the schema an array, in the field an object with pages (facts 16).
struct SchedulePage {
    schedules: Vec<Schedule>,
    next: i64,
    is_array: bool,
}

/// What is still to come. One that cannot be read hides none of the others, and is no answer.
fn read(list: &[Value]) -> Result<Vec<Schedule>, GatewayFailure> {
    let mut schedules = Vec::new();
    for one in list {
        let object = one.as_object().ok_or_else(unreadable)?;
        let status = wire::text(object, "schedule_status");
        if status.is_none_or(|status| status == "scheduled") {
            schedules.push(schedule(object).ok_or_else(unreadable)?);
        }
    }
    Ok(schedules)
}

fn schedule(object: &Map<String, Value>) -> Option<Schedule> {
    let at = wire::epoch_s(object, "schedule_at").and_then(|second| Timestamp::from_second(second).ok())?;
    Some(Schedule {
        merchant_uid: wire::text(object, "merchant_uid")?,
        customer_uid: wire::text(object, "customer_uid"),
        at,
        amount: wire::text(object, "amount"),
        currency: wire::text(object, "currency"),
        name: wire::words(object, "name"),
    })
}

fn unreadable() -> GatewayFailure {
    GatewayFailure::NoAnswer { reason: Reason::ListNotAList }
}

#[cfg(test)]
mod tests {
    use crate::domain::ids::CustomerUid;
    use crate::gateway::fake::{FakeClock, FakeGateway, client};
    use crate::gateway::{Ahead, Client, GatewayFailure};

    fn scene() -> (FakeGateway, Client) {
        let (gateway, clock) = (FakeGateway::default(), FakeClock::at(77));
        let client = client(&gateway, &clock);
        gateway.will_give_token("T1", 1_512_446_940, 1_512_448_740);
        client.token(false).unwrap();
        (gateway, client)
    }

    fn one(order: &str, status: &str) -> String {
        format!(
            r#"{{"merchant_uid":"{order}","customer_uid":"gildong","schedule_at":1700000000,"amount":8900,
            "schedule_status":"{status}","name":"plan"}}"#
        )
    }

    fn orders(client: &Client, customer: Option<&str>) -> Vec<String> {
        let customer = customer.map(|uid| CustomerUid::parse(uid).unwrap());
        let read = client.schedules(customer.as_ref(), 100, Ahead::Soon).unwrap();
        read.schedules.into_iter().map(|schedule| schedule.merchant_uid).collect()
    }

    #[test]
    fn pages_and_arrays_are_read_to_their_end() {
        let (gateway, client) = scene();
        let page = |list: &str, next: i64| {
            format!(r#"{{"code":0,"response":{{"total":2,"next":{next},"list":[{list}]}}}}"#)
        };
        gateway.will(200, &page(&one("a", "scheduled"), 2)).will(200, &page(&one("b", "scheduled"), 0));
        assert_eq!(orders(&client, None), ["a", "b"]);
        let array = |list: &str| format!(r#"{{"code":0,"response":[{list}]}}"#);
        gateway.will(200, &array(&one("a", "scheduled"))).will(200, &array(""));
        assert_eq!(orders(&client, Some("gildong")), ["a"]);
    }

    #[test]
    fn what_was_executed_or_taken_back_is_not_still_to_come() {
        let (gateway, client) = scene();
        let list = [one("a", "executed"), one("b", "revoked"), one("c", "scheduled")].join(",");
        gateway.will(200, &format!(r#"{{"code":0,"response":{{"next":0,"list":[{list}]}}}}"#));
        assert_eq!(orders(&client, None), ["c"]);
        gateway.will(404, r#"{"code":1,"message":"없음","response":null}"#);
        assert_eq!(orders(&client, None), Vec::<String>::new());
    }

    #[test]
    fn a_year_and_more_is_read_window_by_window_and_as_far_as_there_is_an_answer() {
        let (gateway, client) = scene();
        let page = |list: &str| format!(r#"{{"code":0,"response":{{"total":1,"next":0,"list":[{list}]}}}}"#);
        for order in ["a", "b", "c", "d", "e"] {
            gateway.will(200, &page(&one(order, "scheduled")));
        }
        let read = client.schedules(None, 100, Ahead::Far).unwrap();
        assert_eq!((read.schedules.len(), read.to_s), (5, 100 + 5 * 89 * 86_400));
        gateway
            .will(200, &page(&one("a", "scheduled")))
            .will(400, r#"{"code":-1,"message":"기간","response":null}"#);
        let read = client.schedules(None, 100, Ahead::Far).unwrap();
        assert_eq!((read.schedules.len(), read.to_s), (1, 100 + 89 * 86_400));
    }

    #[test]
    fn what_cannot_be_read_does_not_pass_for_nothing() {
        let (gateway, client) = scene();
        for (status, body) in [
            (200, r#"{"code":0,"response":null}"#),
            (200, r#"{"code":0,"response":{"list":[{"merchant_uid":"a"}]}}"#),
            (400, r#"{"code":-1,"message":"조회 기간","response":null}"#),
            (404, "<html>"),
        ] {
            gateway.will(status, body);
            let read = client.schedules(None, 100, Ahead::Soon);
            let failed =
                matches!(read, Err(GatewayFailure::NoAnswer { .. } | GatewayFailure::Refused { .. }));
            assert!(failed, "{body}: {read:?}");
        }
    }
}
