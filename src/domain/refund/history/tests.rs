use std::slice::from_ref;

use super::{Found, find};
use crate::domain::money::Currency;
use crate::domain::payment::CancelRecord;
use crate::domain::refund::Shown;
use crate::domain::refund::tests::{CONSOLE, OURS, entry, of, refund};

#[test]
fn a_refund_is_known_again_by_its_id_else_by_all_that_can_be_known_of_it() {
    let ours = refund("aaaaaaaa", 3_000, 10_000);
    for (rule, history, found) in [
        ("nothing was refunded", vec![], "not there"),
        ("its id ends the reason", vec![entry(3_000, 1_001, OURS)], "ours"),
        ("the first entry is another's", vec![entry(3_000, 900, CONSOLE)], "not there"),
        (
            "the console was faster, with the same amount, and ours came after it",
            vec![entry(3_000, 1_001, CONSOLE), entry(3_000, 1_002, OURS)],
            "ours",
        ),
        (
            "the reason was cut off, and amount, time and balance fit",
            vec![entry(3_000, 1_001, "came to")],
            "ours",
        ),
        ("it has no reason at all", vec![entry(3_000, 1_001, "")], "ours"),
        ("the amount is another", vec![entry(2_000, 1_001, "came to")], "not there"),
        (
            "its time is before the request, and the balance says that it came after it",
            vec![entry(3_000, 800, "came to")],
            "undecided",
        ),
        ("the sign before the id was lost", vec![entry(3_000, 1_001, "came too late aaaaaaaa")], "ours"),
        ("it was cut within a character", vec![entry(3_000, 1_001, "came to\u{FFFD}")], "ours"),
        ("what was cut off is marked", vec![entry(3_000, 1_001, "came to…")], "ours"),
        ("it has the id and is of another amount", vec![entry(10_000, 1_001, OURS)], "undecided"),
        (
            "an amount that cannot be read could be ours",
            vec![
                CancelRecord { amount_text: None, ..entry(3_000, 1_001, "came to") },
                entry(3_000, 900, CONSOLE),
            ],
            "undecided",
        ),
        ("the reason says something else", vec![entry(3_000, 1_001, CONSOLE)], "not there"),
        (
            "the balance before it was another",
            vec![entry(1_000, 1_000, CONSOLE), entry(3_000, 1_001, "came to")],
            "not there",
        ),
        (
            "it ends as another refund of ours does",
            vec![entry(3_000, 1_001, "came too late #bbbbbbbb")],
            "not there",
        ),
    ] {
        let others = [refund("bbbbbbbb", 3_000, 10_000)];
        let sum = history.iter().filter_map(|entry| entry.amount_in(Currency::KRW)).map(|a| a.minor()).sum();
        assert_eq!(word(&find(&ours, &others, &of(sum, &history))), found, "{rule}");
    }
}

#[test]
fn a_history_that_does_not_come_to_what_was_refunded_proves_nothing() {
    let ours = refund("aaaaaaaa", 3_000, 10_000);
    let cut = entry(3_000, 1_001, "came to");
    let whole = entry(3_000, 1_001, OURS);
    let paid = |shown: Shown| Shown { cancelled: false, ..shown };
    for (rule, shown, found) in [
        ("the entry is not listed yet", of(3_000, &[]), "undecided"),
        ("an entry is not listed, and it is too small for ours", of(2_000, &[]), "not there"),
        ("another entry is not listed", of(5_000, &[entry(2_000, 1_001, CONSOLE)]), "undecided"),
        ("what came before it is not listed", of(5_000, from_ref(&cut)), "undecided"),
        ("it is listed, and the sum does not hold it yet", of(0, from_ref(&cut)), "undecided"),
        ("the same, with its id", of(0, from_ref(&whole)), "undecided"),
        (
            "the sum has room for one of the two",
            of(3_000, &[whole.clone(), entry(3_000, 999, CONSOLE)]),
            "undecided",
        ),
        ("an entry is repeated", of(3_000, &[cut.clone(), cut.clone()]), "ours"),
        ("the same, with its id", of(3_000, &[whole.clone(), whole.clone()]), "ours"),
        ("it has its entry, and is not over", paid(of(3_000, from_ref(&whole))), "undecided"),
        ("the same without its id", paid(of(3_000, from_ref(&cut))), "undecided"),
    ] {
        assert_eq!(word(&find(&ours, &[], &shown)), found, "{rule}");
    }
    let many: Vec<CancelRecord> = (0..60)
        .map(|n| CancelRecord { cancellation_id: Some(n.to_string()), ..entry(100, 1_001, "came") })
        .collect();
    let small = refund("aaaaaaaa", 100, 10_000);
    assert_eq!(word(&find(&small, &[], &of(6_000, &many))), "undecided", "and soon");
}

#[test]
fn what_came_before_ours_and_was_taken_back_leaves_it_undecided() {
    let ours = refund("aaaaaaaa", 3_000, 9_000);
    let cut = entry(3_000, 1_001, "came");
    let whole = [entry(1_000, 900, CONSOLE), cut.clone()];
    assert_eq!(word(&find(&ours, &[], &of(4_000, &whole))), "ours");
    assert_eq!(word(&find(&ours, &[], &of(3_000, from_ref(&cut)))), "undecided");
    let long_before = CancelRecord { at_s: Some(800), ..cut };
    assert_eq!(word(&find(&ours, &[], &of(3_000, from_ref(&long_before)))), "not there");
}

#[test]
fn two_entries_that_fit_prove_nothing() {
    let ours = refund("aaaaaaaa", 3_000, 10_000);
    let same = [
        CancelRecord { cancellation_id: Some("one".to_owned()), ..entry(3_000, 1_001, "came") },
        CancelRecord { cancellation_id: Some("one".to_owned()), ..entry(3_000, 1_001, "came") },
    ];
    assert_eq!(find(&ours, &[], &of(6_000, &same)), Found::Undecided);
}

#[test]
fn a_balance_that_fell_without_a_history_proves_nothing() {
    let ours = refund("aaaaaaaa", 3_000, 10_000);
    let without = |refunded| Shown { history: None, ..of(refunded, &[]) };
    assert_eq!(find(&ours, &[], &without(3_000)), Found::Undecided);
    assert_eq!(find(&ours, &[], &without(0)), Found::NotThere);
    // Of the 4,000 that had gone back before ours, 1,000 were taken back after it.
    let ours = refund("aaaaaaaa", 3_000, 6_000);
    assert_eq!(find(&ours, &[], &without(6_000)), Found::Undecided);
}

fn word(found: &Found) -> &'static str {
    match found {
        Found::Ours(_) => "ours",
        Found::Undecided => "undecided",
        Found::NotThere => "not there",
    }
}
