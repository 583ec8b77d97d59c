//! What limits are held against is what the rules say of the rows in the file, whoever wrote them.

use proptest::prelude::{Just, ProptestConfig, Strategy, prop_oneof};
use proptest::{collection, proptest};

use super::{Asked, Place, answer, at, attempt, fail_on_request, failing_reply, look_up, not_sent, uid, won};
use crate::domain::payment::{Outcome, Payment};
use crate::ledger::rules::{counts, is_similar};
use crate::ledger::{DailyLimit, Entry, Filter, Guards, How, Ledger, LedgerError, Seen, Written};

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

fn rows(ledger: &Ledger) -> Vec<Payment> {
    let mut rows = Vec::new();
    ledger
        .visit(&Filter::default(), &mut |payment| {
            rows.push(payment);
            std::ops::ControlFlow::Continue(())
        })
        .unwrap();
    rows
}

fn name(order: u8) -> String {
    format!("order-{order}")
}

/// The entries of one step, as a run makes them that sees the ledger as it is now.
fn entries(ledger: &Ledger, step: Step, order: u8, second: i64) -> Vec<Entry> {
    let name = name(order);
    let before = ledger.find(&uid(&name)).unwrap();
    let number = before.as_ref().map_or(1, |before| before.attempts);
    let mut asked = Asked::new(&name, 100 + i64::from(order), second);
    match step {
        Step::Intent => {
            asked.expected = before.as_ref().map(Seen::of);
            asked.guards = Guards { daily: Some(limit(1_000_000)), ..Guards::default() };
            // A limit that was passed already tells the sum that the intent was held against.
            let mut tight = Asked::new("order-tight", 1, second);
            tight.guards = Guards { daily: Some(limit(0)), ..Guards::default() };
            vec![Entry::Intent(asked.intent()), Entry::Intent(tight.intent())]
        }
        Step::Answer(outcome) => vec![answer(&name, number, second, asked.settled(outcome))],
        Step::NotSent => vec![not_sent(&name, number, second)],
        Step::Fails => vec![Entry::Answer {
            attempt: attempt(&name, number),
            at: at(second),
            settled: asked.settled(Outcome::Declined),
            received: failing_reply(),
            shown: Vec::new(),
        }],
        Step::Other | Step::OtherSettles => Vec::new(),
    }
}

fn other_process(other: &mut Ledger, count: usize, step: Step, order: u8, second: i64) {
    match step {
        Step::Other => {
            let asked = Asked::new(&format!("other-{count}-{order}"), 1000, second);
            let _ = asked.record(other);
        }
        Step::OtherSettles if other.find(&uid(&name(order))).unwrap().is_some() => {
            let paid = Asked::new(&name(order), 100 + i64::from(order), second).looked_up(Outcome::Paid);
            let entry = look_up(other, &name(order), second, paid);
            let _ = other.write_one(&entry).unwrap();
        }
        Step::Intent | Step::Answer(_) | Step::NotSent | Step::OtherSettles | Step::Fails => {}
    }
}

/// The day's sum as the rules say it.
fn sum(ledger: &Ledger) -> i64 {
    let day = limit(0);
    rows(ledger).iter().filter(|row| counts(row, &day)).map(|row| row.terms.amount.minor()).sum()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn whatever_is_written_by_whom_the_sum_is_the_one_that_the_rules_say(steps in steps(), group in 1_usize..5) {
        let place = Place::new();
        let (mut ledger, mut other) = (place.ledger(), place.ledger());
        fail_on_request(&ledger);
        for (count, steps) in steps.chunks(group).enumerate() {
            for (step, order, second) in steps {
                other_process(&mut other, count, *step, *order, *second);
            }
            let entries: Vec<Entry> =
                steps.iter().flat_map(|(step, order, second)| entries(&ledger, *step, *order, *second)).collect();
            for written in ledger.write(&entries) {
                match written {
                    Ok(Written { how: How::OverDaily { spent, .. }, payment }) => {
                        assert_eq!(payment.outcome, Outcome::NotSent);
                        assert!(spent.minor() >= 0);
                    }
                    Ok(Written { payment, .. }) => {
                        assert!(payment.outcome_before.is_none() || payment.outcome == Outcome::Pending);
                    }
                    Err(LedgerError::NoSuchPayment { .. } | LedgerError::Other { .. }) => {}
                    Err(error) => panic!("{error}"),
                }
            }
            // The sum that is carried along, the one that SQL adds up, and the one by the rules.
            let mut tight = Asked::new("order-tight", 1, 10);
            tight.guards = Guards { daily: Some(limit(0)), ..Guards::default() };
            let expected = won(sum(&ledger));
            assert_eq!(tight.how(&mut ledger), How::OverDaily { spent: expected, max: won(0) });
            assert_eq!(ledger.spent(&limit(0)).unwrap(), expected);
        }
    }

    #[test]
    fn a_similar_charge_is_the_one_that_the_rules_say(steps in steps(), since in prop_oneof![Just(-20), Just(0), Just(20), Just(DAY + 20)]) {
        let place = Place::new();
        let mut ledger = place.ledger();
        for (step, order, second) in steps {
            let entries = entries(&ledger, step, order % 2, second);
            for entry in entries {
                let _ = ledger.write_one(&entry);
            }
        }
        for (order, amount) in [("order-0", 100), ("order-0", 101), ("order-9", 100), ("order-9", 102)] {
            let asked = Asked::new(order, amount, 0).request.terms;
            let expected = rows(&ledger).into_iter().find(|row| is_similar(row, &asked, false, at(since)));
            assert_eq!(ledger.similar(&asked, false, at(since)).unwrap(), expected);
        }
    }
}
