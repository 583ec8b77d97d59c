//! Which calls are made for whose sake, and what becomes of one that fails.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use super::{CALLS_AHEAD, InBulk, PUT_OFF_MAX};
use crate::gateway::{BULK_BYTES_MAX, BULK_IDS_MAX, NotListed};

type Calls = Arc<Mutex<Vec<usize>>>;

/// A gateway that takes so many ids a call and shows those that are even.
fn asking(
    ids: Vec<Option<usize>>,
    takes: usize,
    bytes: fn(&usize) -> usize,
) -> (InBulk<usize, usize>, Calls) {
    let calls = Calls::default();
    let log = Arc::clone(&calls);
    let call = move |ids: &[usize]| {
        log.lock().unwrap().push(ids.len());
        let even =
            || ids.iter().filter(|id| *id % 2 == 0).map(|id| (*id, id * 10)).collect::<HashMap<_, _>>();
        (ids.len() <= takes).then(even).ok_or(NotListed::Refused)
    };
    (InBulk::new(ids, (bytes, 0), Box::new(|| true), Box::new(call)), calls)
}

fn all(count: usize) -> Vec<Option<usize>> {
    (0..count).map(Some).collect()
}

#[test]
fn what_a_call_shows_is_an_answer_and_what_it_does_not_is_none() {
    let (ahead, calls) = asking(all(250), 100, |_| 1);
    for place in 0..250 {
        assert_eq!(ahead.shown(place), (place % 2 == 0).then_some(place * 10), "{place}");
    }
    let mut calls = calls.lock().unwrap().clone();
    calls.sort_unstable();
    assert_eq!(calls, [50, 100, 100]);
}

#[test]
fn a_call_that_fails_is_halved_and_so_are_all_after_it() {
    let (ahead, calls) = asking(all(200), 30, |_| 1);
    let shown = (0..200).filter(|place| ahead.shown(*place).is_some()).count();
    assert_eq!(shown, 100);
    let calls = calls.lock().unwrap().clone();
    assert_eq!(calls.iter().filter(|ids| **ids > 30).copied().collect::<Vec<_>>(), [100, 50]);
    assert!(calls.iter().skip(2).all(|ids| *ids <= 25), "{calls:?}");
}

#[test]
fn a_gateway_that_takes_no_lists_is_soon_asked_for_none() {
    let (ahead, calls) = asking(all(1000), 0, |_| 1);
    assert_eq!((0..1000).filter(|place| ahead.shown(*place).is_some()).count(), 0);
    assert_eq!(*calls.lock().unwrap(), [100, 50, 25, 12, 6, 3]);
}

#[test]
fn calls_are_made_a_few_ahead_of_their_turn_and_not_all_at_once() {
    let (ahead, calls) = asking(all(3000), 100, |_| 1);
    let ahead = ahead.ahead();
    assert_eq!(ahead.shown(0), Some(0));
    thread::sleep(Duration::from_millis(200));
    assert_eq!(calls.lock().unwrap().len(), 1 + CALLS_AHEAD);
    assert_eq!((0..3000).filter(|place| ahead.shown(*place).is_some()).count(), 1499);
    assert_eq!(calls.lock().unwrap().len(), 30);
}

#[test]
fn what_is_to_be_asked_for_alone_is_in_no_call() {
    let ids = (0..100).map(|id| (id % 4 == 0).then_some(id)).collect();
    let (ahead, calls) = asking(ids, 100, |_| 1);
    assert_eq!(ahead.shown(2), None);
    assert_eq!(ahead.shown(4), Some(40));
    assert_eq!(*calls.lock().unwrap(), [25]);
}

#[test]
fn no_call_is_longer_than_servers_take() {
    let (ahead, calls) = asking(all(BULK_IDS_MAX), 100, |_| 100);
    assert_eq!(ahead.shown(98), Some(980));
    assert_eq!(*calls.lock().unwrap(), [BULK_BYTES_MAX / 100, BULK_BYTES_MAX / 100, 20]);
}

#[test]
fn calls_that_are_told_to_wait_each_time_are_not_made_for_ever() {
    let (calls, is_paused) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicBool::new(false)));
    let (log, pause, paused) = (Arc::clone(&calls), Arc::clone(&is_paused), Arc::clone(&is_paused));
    let call = move |_: &[usize]| {
        log.fetch_add(1, Ordering::SeqCst);
        pause.store(true, Ordering::SeqCst);
        Err(NotListed::Refused)
    };
    let takes_many = Box::new(move || !paused.load(Ordering::SeqCst));
    let ahead: InBulk<usize, usize> = InBulk::new(all(3000), (|_| 1, 0), takes_many, Box::new(call));
    for place in 0..3000 {
        assert_eq!(ahead.shown(place), None);
        // It is over before the next one has its turn.
        is_paused.store(false, Ordering::SeqCst);
    }
    assert_eq!(calls.load(Ordering::SeqCst), PUT_OFF_MAX);
}
