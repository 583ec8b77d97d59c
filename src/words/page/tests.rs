use crate::domain::drift::DriftKind;
use crate::words::Lang;
use crate::words::page::{ITEMS, TEXTS, days, item, nth_try, unpaid_after};

fn is_korean(text: &str) -> bool {
    text.chars().any(|c| matches!(c, '가'..='힣'))
}

#[test]
fn every_text_stands_in_both_languages_and_in_the_right_one() {
    assert!(TEXTS.len() > 50);
    for (name, ko, en) in TEXTS.iter().chain(&ITEMS) {
        assert!(is_korean(ko), "{name}: {ko}");
        assert!(!en.is_empty() && !is_korean(en), "{name}: {en}");
        assert!(!ko.contains("  ") && !en.contains("  "), "{name}: {ko} {en}");
    }
}

#[test]
fn everything_that_attention_may_list_has_its_words() {
    let of_drift = DriftKind::ALL.map(DriftKind::word);
    for kind in
        of_drift.into_iter().chain(["unknown", "doubt", "refund_unknown", "refund_refused", "schedule"])
    {
        for lang in Lang::ALL {
            assert_ne!(item(lang, kind), kind, "{lang:?}");
        }
    }
    assert_eq!(item(Lang::Ko, "a_word_of_tomorrow"), "a_word_of_tomorrow");
}

#[test]
fn numbers_are_told_as_people_say_them() {
    let english = |nth, later| nth_try(Lang::En, nth, later);
    assert_eq!(
        [english(2, false), english(3, false), english(5, true)],
        ["2nd try", "3rd try", "5th try or later"]
    );
    assert_eq!(nth_try(Lang::Ko, 5, true), "5번째 시도 이후");
    assert_eq!(days(Lang::Ko, 1, Some(3)), "1~3일");
    assert_eq!(days(Lang::En, 15, None), "15 days or more");
    assert_eq!(unpaid_after(Lang::En, 1, false, "3"), "after 1 try: 3");
    assert_eq!(unpaid_after(Lang::Ko, 5, true, "3"), "시도 5회 이상: 3건");
}
