//! What an answer about many orders settles, and what it does not.

use std::collections::HashMap;

use super::{fitting, settled};
use crate::domain::ids::MerchantUid;
use crate::domain::lookup::LookupReply;
use crate::domain::payment::{GatewayRecord, Received};
use crate::domain::time::Moment;
use crate::gateway::{BULK_BYTES_MAX, BULK_IDS_MAX, Bulk, bulk_bytes};

fn uid(text: &str) -> MerchantUid {
    MerchantUid::parse(text).unwrap()
}

fn record(merchant_uid: &str, status: &str) -> GatewayRecord {
    let text = |text: &str| Some(text.to_owned());
    GatewayRecord { merchant_uid: text(merchant_uid), status: text(status), ..GatewayRecord::default() }
}

/// What is said of `a` and `b`, whose control is `paid`: each as `absent`, `shown` or `alone`.
fn said(records: Vec<GatewayRecord>) -> [&'static str; 2] {
    let asked_at = Moment { wall: jiff::Timestamp::UNIX_EPOCH, boot: None };
    let bulk = Bulk { records, received: Received::default() };
    let answers: HashMap<_, _> = settled(&[uid("a"), uid("b")], &uid("paid"), bulk, &asked_at);
    ["a", "b"].map(|id| match answers.get(&uid(id)).map(|known| &known.reply) {
        Some(LookupReply::NotFound { .. }) => "absent",
        Some(LookupReply::Records { .. }) => "shown",
        Some(LookupReply::NoAnswer { .. }) => "no answer",
        None => "alone",
    })
}

#[test]
fn what_is_not_shown_beside_one_that_is_known_to_be_paid_is_absent() {
    assert_eq!(said(vec![record("paid", "paid")]), ["absent", "absent"]);
    assert_eq!(said(vec![record("paid", "paid"), record("a", "paid")]), ["shown", "absent"]);
    assert_eq!(said(vec![record("paid", "paid"), record("a", "cancelled")]), ["shown", "absent"]);
}

#[test]
fn an_answer_without_the_one_that_is_known_to_be_paid_proves_no_absence() {
    assert_eq!(said(vec![]), ["alone", "alone"]);
    assert_eq!(said(vec![record("a", "paid")]), ["shown", "alone"]);
}

#[test]
fn a_record_that_is_neither_paid_nor_refunded_is_asked_for_alone() {
    for status in ["failed", "ready", "in_review"] {
        assert_eq!(said(vec![record("paid", "paid"), record("a", status)]), ["alone", "absent"], "{status}");
    }
}

#[test]
fn an_answer_that_may_be_cut_off_proves_no_absence() {
    let mut records = vec![record("paid", "paid")];
    records.resize(19, record("a", "paid"));
    assert_eq!(said(records.clone()), ["shown", "absent"]);
    records.push(record("a", "paid"));
    assert_eq!(said(records), ["shown", "alone"]);
}

#[test]
fn an_answer_about_other_orders_says_nothing() {
    let others = vec![record("paid", "paid"), record("A", "paid")];
    assert_eq!(said(others), ["alone", "alone"]);
    let nameless = GatewayRecord { merchant_uid: None, ..record("x", "paid") };
    assert_eq!(said(vec![record("paid", "paid"), nameless]), ["alone", "alone"]);
}

#[test]
fn a_call_has_a_hundred_ids_and_four_thousand_bytes_at_most() {
    let short: Vec<MerchantUid> = (0..300).map(|n| uid(&format!("o{n}"))).collect();
    assert_eq!(fitting(&short, &uid("paid")), BULK_IDS_MAX - 1);
    let long: Vec<MerchantUid> = (0..300).map(|n| uid(&format!("{n:0>40}"))).collect();
    let count = fitting(&long, &uid("paid"));
    let bytes: usize = long.iter().take(count).map(bulk_bytes).sum();
    assert!((BULK_BYTES_MAX - 150..BULK_BYTES_MAX).contains(&bytes), "{bytes} bytes for {count} ids");
}
