use jiff::tz::TimeZone;
use proptest::prelude::{any, prop_assert, prop_assert_eq, proptest};

use super::{
    cut, is_unsafe, pad, safe, safe_lines, sentence, shell_word, size, when, when_from, when_rfc3339, width,
};
use crate::output::samples::{at, seoul};

#[test]
fn hostile_text_becomes_visible_and_honest_text_stays() {
    for (text, shown) in [
        ("홍길동 신한카드 ₩8,900 – é", "홍길동 신한카드 ₩8,900 – é"),
        ("\u{1b}[2Jpaid", r"\u{1b}[2Jpaid"),
        ("a\r\nb\tc\0", r"a\u{d}\u{a}b\u{9}c\u{0}"),
        ("\u{7f}\u{9b}31m", r"\u{7f}\u{9b}31m"),
        ("1234\u{202e}0098", r"1234\u{202e}0098"),
        ("a\u{200b}b\u{feff}\u{2066}\u{3164}", r"a\u{200b}b\u{feff}\u{2066}\u{3164}"),
        ("\u{e0041}", r"\u{e0041}"),
        // Hangul in parts is Hangul all the same.
        ("\u{1112}\u{1169}\u{11bc}", "\u{1112}\u{1169}\u{11bc}"),
    ] {
        assert_eq!(safe(text), shown);
        assert_eq!(safe(&safe(text)), shown, "safe text stays as it is");
    }
    assert_eq!(safe_lines("a\nb\r\u{1b}"), "a\nb\\u{d}\\u{1b}");
}

#[test]
fn text_is_cut_by_columns_and_never_inside_of_a_wide_character() {
    for (text, columns, kept) in [
        ("Monthly", 7, "Monthly"),
        ("Monthly", 6, "Month…"),
        ("홍길동", 6, "홍길동"),
        ("홍길동", 5, "홍길…"),
        ("홍길동", 4, "홍…"),
        ("홍길동", 2, "…"),
        ("홍길동", 1, "…"),
        ("홍길동", 0, ""),
        ("", 0, ""),
        ("❤\u{fe0f}❤\u{fe0f}❤\u{fe0f}", 4, "❤\u{fe0f}❤…"),
    ] {
        assert_eq!(cut(text, columns), kept, "{text} in {columns}");
        assert!(width(&cut(text, columns)) <= columns);
    }
    assert_eq!((pad("홍", 4), pad("Monthly", 3)), ("홍  ".to_owned(), "Monthly".to_owned()));
}

#[test]
fn sentences_end_once() {
    assert_eq!(sentence(" 잔액부족 "), "잔액부족.");
    assert_eq!(sentence("한도초과."), "한도초과.");
    assert_eq!(sentence("why?"), "why?");
    assert_eq!(sentence(""), "");
}

#[test]
fn words_for_a_shell_are_quoted_where_they_must_be() {
    for (text, word) in [
        ("order_monthly-0001", "order_monthly-0001"),
        ("주문1", "주문1"),
        ("/home/a/secret.txt", "/home/a/secret.txt"),
        ("a b", "'a b'"),
        ("a'b", r"'a'\''b'"),
        ("$(rm)", "'$(rm)'"),
        ("-x", "'-x'"),
        ("", "''"),
    ] {
        assert_eq!(shell_word(text), word);
    }
}

#[test]
fn times_are_shown_in_the_zone_in_whole_seconds() {
    let instant = at("2026-11-23T10:30:04.987Z");
    assert_eq!(when(instant, &seoul()), "2026-11-23 19:30:04");
    assert_eq!(when_rfc3339(instant, &seoul()), "2026-11-23T19:30:04+09:00");
    assert_eq!(when_rfc3339(instant, &TimeZone::UTC), "2026-11-23T10:30:04+00:00");
    assert_eq!(when_from(instant, at("2026-11-23T14:59:00Z"), &seoul()), "19:30:04");
    assert_eq!(when_from(instant, at("2026-11-23T15:00:00Z"), &seoul()), "2026-11-23 19:30:04");
}

proptest! {
    #[test]
    fn a_time_for_programs_is_written_as_its_format_says(
        ms in -70_000_000_000_000_i64..253_402_207_200_000, zone in 0_usize..5,
    ) {
        let names = ["Asia/Seoul", "UTC", "America/St_Johns", "America/New_York", "Asia/Kathmandu"];
        let zone = TimeZone::get(names[zone]).unwrap();
        let instant = jiff::Timestamp::from_millisecond(ms).unwrap();
        let as_the_format_says = instant.to_zoned_datetime(zone.clone()).strftime("%Y-%m-%dT%H:%M:%S%:z").to_string();
        prop_assert_eq!(when_rfc3339(instant, &zone), as_the_format_says);
    }

    #[test]
    fn no_text_is_cut_wider_than_asked_for(
        text in "[ -~가-힣\u{300}-\u{36f}\u{fe0f}❤👨👩🇰🇷]{0,40}",
        columns in 0_usize..60,
    ) {
        let kept = cut(&text, columns);
        prop_assert!(width(&kept) <= columns);
        if width(&text) <= columns {
            prop_assert_eq!(kept.as_ref(), text.as_str());
        }
    }

    #[test]
    fn no_text_keeps_what_is_unsafe(text in any::<String>()) {
        prop_assert!(!safe(&text).chars().any(is_unsafe));
        prop_assert!(!safe_lines(&text).chars().any(|c| c != '\n' && is_unsafe(c)));
    }
}

#[test]
fn sizes_are_told_in_units_that_can_be_read() {
    for (count, shown) in
        [(0, "0 bytes"), (1023, "1023 bytes"), (1024, "1 KB"), (5 << 20, "5 MB"), (7 << 40, "7168 GB")]
    {
        assert_eq!(size(count), shown);
    }
}
