//! The day's sum, carried from intent to intent, is the one in the file.

use proptest::prelude::{Just, ProptestConfig, Strategy, prop_oneof};
use proptest::{collection, proptest};

use super::{Asked, Place, at, fail_on_request, failing_reply, in_one_commit, record_of, reply, uid, won};
use crate::domain::ids::MerchantUid;
use crate::domain::payment::{Outcome, Payment};
use crate::ledger::{DailyLimit, Guards, IntentResult, Ledger, LedgerError};

const DAY: i64 = 86_400;

/// What may happen to one of a few orders, at one of a few times.
#[derive(Clone, Copy, Debug)]
enum Step {
    Intent,
    Answer(Outcome),
    NotSent,
    /// Another process writes an order of its own.
    Other,
    /// Another process finds the order paid.
    OtherSettles,
    /// A write fails and takes the whole transaction's work back.
    Fails,
}

fn steps() -> impl Strategy<Value = Vec<(Step, u8, i64)>> {
    let step = prop_oneof![
        4 => Just(Step::Intent),
        1 => Just(Step::Answer(Outcome::Paid)),
        1 => Just(Step::Answer(Outcome::Declined)),
        1 => Just(Step::Answer(Outcome::Unknown)),
        1 => Just(Step::NotSent),
        1 => Just(Step::Other),
        1 => Just(Step::OtherSettles),
        1 => Just(Step::Fails),
    ];
    collection::vec((step, 0_u8..4, prop_oneof![Just(-10), Just(10), Just(DAY + 10)]), 1..40)
}

fn limit(max: i64) -> DailyLimit {
    DailyLimit { max: won(max), from: at(0), to: at(DAY) }
}

/// A write that went by what another process had changed meanwhile would be stopped by a trigger, or leave
/// another row than it says.
fn is_there(ledger: &Ledger, uid: &MerchantUid, written: Result<Payment, LedgerError>) {
    match written {
        Ok(payment) => assert_eq!(ledger.find(uid).unwrap(), Some(payment)),
        Err(LedgerError::NoSuchPayment { .. }) => assert_eq!(ledger.find(uid).unwrap(), None),
        Err(error) => panic!("{error}"),
    }
}

fn take(ledger: &mut Ledger, step: Step, order: u8, second: i64) {
    let name = format!("order-{order}");
    let uid = uid(&name);
    let mut asked = Asked::new(&name, 100 + i64::from(order), second);
    match step {
        Step::Intent => {
            let before = ledger.find(&uid).unwrap();
            asked.expected = before.map(|before| (before.outcome, before.attempts));
            asked.guards = Guards { similar_since: None, daily: Some(limit(1_000_000)) };
            let _ = asked.record(ledger);
            // A limit that was passed already tells the sum that the intent was held against.
            let mut tight = Asked::new("order-tight", 1, second);
            tight.guards = Guards { similar_since: None, daily: Some(limit(0)) };
            let seen = tight.record(ledger);
            let now = ledger.spent(&limit(0)).unwrap();
            assert!(matches!(seen, IntentResult::OverDaily { spent, .. } if spent == now), "{seen:?}, {now}");
        }
        Step::Answer(outcome) => {
            let record = record_of(&asked.request, outcome);
            let answered =
                ledger.record_answer(&uid, at(second), outcome, &reply(200), record.as_ref(), None);
            is_there(ledger, &uid, answered);
        }
        Step::NotSent => {
            let unsent = ledger.record_not_sent(&uid, at(second), "no route", &reply(0));
            is_there(ledger, &uid, unsent);
        }
        Step::Fails => {
            let _ = ledger.record_answer(&uid, at(second), Outcome::Declined, &failing_reply(), None, None);
        }
        Step::Other | Step::OtherSettles => {}
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn whatever_is_written_by_whom_the_sum_and_the_rows_are_those_in_the_file(steps in steps(), group in 1_usize..5) {
        let place = Place::new();
        let (mut ledger, mut other) = (place.ledger(), place.ledger());
        fail_on_request(&ledger);
        for (count, steps) in steps.chunks(group).enumerate() {
            for (step, order, second) in steps {
                let name = uid(&format!("order-{order}"));
                match step {
                    Step::Other => {
                        let _ = Asked::new(&format!("other-{count}-{order}"), 1000, *second).record(&mut other);
                    }
                    Step::OtherSettles if other.find(&name).unwrap().is_some() => {
                        other.record_lookup(&name, at(*second), Outcome::Paid, &reply(200), None, None).unwrap();
                    }
                    Step::Intent | Step::Answer(_) | Step::NotSent | Step::OtherSettles | Step::Fails => {}
                }
            }
            let grouped = in_one_commit(&mut ledger, |ledger| {
                for (step, order, second) in steps {
                    take(ledger, *step, *order, *second);
                }
            });
            assert!(grouped.is_ok());
        }
    }
}
