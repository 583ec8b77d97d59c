use jiff::Timestamp;

use crate::domain::money::{Amount, Currency};
use crate::domain::movement::{Booked, Cancellation};
use crate::domain::payment::{Mode, Outcome, Payment};
use crate::output::attention::Item;
use crate::output::page::{PageHead, PageView, page, span_of};
use crate::output::samples::{at, declined, paid, seoul, won};
use crate::report::{Overview, Time};
use crate::words::Lang;

const EVIL: &str = "</style><script>alert(\"1\")</script>\u{202e}<img src=x onerror=alert(2)>";

fn november() -> Time {
    let (since, until) = (at("2026-11-01T00:00:00+09:00"), at("2026-12-01T00:00:00+09:00"));
    Time { since, until, by_request: false, zone: seoul() }
}

fn head(mode: Mode) -> PageHead {
    PageHead {
        time: november(),
        made_at: made(),
        profile: EVIL.to_owned(),
        mode,
        accounts: vec!["0123456789abcdef".to_owned()],
        ledger_id: "ledger_1".to_owned(),
        distrusted: false,
        doubts: 0,
        open_refunds: 0,
        reconcile: "billkey reconcile".to_owned(),
        doubles: "billkey history --doubles".to_owned(),
        attention: "billkey attention".to_owned(),
    }
}

fn made() -> Timestamp {
    at("2026-12-02T09:00:00+09:00")
}

fn item() -> Item {
    let text = |text: &str| Some(text.to_owned());
    Item {
        kind: "unknown",
        since: made(),
        id: None,
        merchant_uid: text(EVIL),
        imp_uid: None,
        customer_uid: text(EVIL),
        amount: Some(won(8_900)),
        why: EVIL.to_owned(),
        command: format!("billkey reconcile '{EVIL}'"),
        otherwise: Some("billkey reconcile --note charged".to_owned()),
        signed: None,
    }
}

/// Sold, partly given back for an evil cause, and declined in evil words; in won and in dollars, test and live.
fn overview() -> Overview {
    let mut overview = Overview::new(november(), None);
    let cancellation = Cancellation {
        amount: won(900),
        at: Some(made() - jiff::SignedDuration::from_hours(240)),
        reason: Some(EVIL.to_owned()),
        cancellation_id: None,
        receipt_url: None,
    };
    let back = Payment { cancel_amount: Some(won(900)), ..paid() };
    let mut dollars = paid();
    dollars.terms.amount = Amount::from_minor(123_450, Currency::parse("USD").unwrap());
    dollars.cancel_amount = None;
    let test = Payment { sandbox: Some(true), ..paid() };
    let in_november = at("2026-11-05T10:00:00+09:00");
    let refused = Payment { message: Some(EVIL.to_owned()), requested_at: in_november, ..declined() };
    let unknown = Payment { outcome: Outcome::Unknown, requested_at: in_november, ..declined() };
    for (payment, cancellations) in
        [(back, vec![cancellation]), (dollars, vec![]), (test, vec![]), (refused, vec![]), (unknown, vec![])]
    {
        overview.add(&Booked { payment, refunds: vec![], cancellations });
    }
    overview
}

fn pages(overview: &mut Overview, items: &[Item], mode: Mode) -> [String; 2] {
    let by_days = overview.is_of_days();
    let sections = overview.sections(None, made());
    let head = head(mode);
    Lang::ALL
        .map(|lang| page(&PageView { lang, head: &head, sections: &sections, by_days, items, more_items: 3 }))
}

/// What stands between tags, and in attributes that a browser shows.
fn tags(page: &str) -> Vec<&str> {
    page.split('<').skip(1).map(|rest| rest.split(['>', ' ']).next().unwrap()).collect()
}

#[test]
fn text_from_elsewhere_is_text_wherever_it_stands() {
    for page in pages(&mut overview(), &[item()], Mode::Live) {
        let tags = tags(&page);
        assert!(
            !tags.iter().any(|tag| ["script", "img", "iframe", "a", "form", "link"].contains(tag)),
            "{page}"
        );
        assert_eq!(tags.iter().filter(|tag| **tag == "/style").count(), 1);
        assert!(page.matches("&lt;script&gt;").count() >= 6, "profile, ids, reason and cause: {page}");
        assert!(!page.contains('\u{202e}'), "nothing turns a line around");
    }
}

#[test]
fn a_page_loads_nothing_and_forbids_it() {
    for page in pages(&mut overview(), &[], Mode::Test) {
        assert!(page.contains("default-src &#39;none&#39;") || page.contains("default-src 'none'"), "{page}");
        for loads in ["http://", "https://", " src=\"", " href=\"", "@import", "url(h", "url('", "url(\""] {
            assert!(!page.contains(loads), "{loads}");
        }
    }
}

#[test]
fn a_page_says_the_same_numbers_in_both_languages() {
    let [ko, en] = pages(&mut overview(), &[item()], Mode::Live);
    assert!(ko.starts_with("<!DOCTYPE html><html lang=\"ko\">") && en.contains("<html lang=\"en\">"));
    let both = [
        ("8,900원", "₩8,900"),
        ("8,000원", "₩8,000"),
        ("USD 1,234.50", "USD 1,234.50"),
        ("미확인 결제 1건", "whether they were charged: 1"),
        ("시험 채널의 결제입니다", "Payments of a test channel"),
        ("50.0%", "50.0%"),
        ("그 밖에 3건", "3 more"),
        ("11-23 월", "11-23 Mon"),
    ];
    for (korean, english) in both {
        assert!(ko.contains(korean), "{korean}: {ko}");
        assert!(en.contains(english), "{english}: {en}");
    }
    let tables = |page: &str| page.matches("<table").count();
    assert_eq!(tables(&ko), tables(&en));
}

#[test]
fn what_is_not_live_is_said_in_big_letters_and_nothing_is_said_to_be_nothing() {
    let mut empty = Overview::new(november(), None);
    let [ko, en] = pages(&mut empty, &[], Mode::Sandbox);
    assert!(ko.contains("<p class=\"mode\" data-mode=\"sandbox\">샌드박스</p>"), "{ko}");
    assert!(en.contains("<p class=\"mode\" data-mode=\"sandbox\">SANDBOX</p>"), "{en}");
    assert!(
        ko.contains("이 기간에는 결제도 환불도 없습니다.") && en.contains("Nothing was charged in this time")
    );
    assert!(en.contains("Nothing waits for a person now."));
}

#[test]
fn every_chart_has_a_name_and_a_table_with_the_same_numbers() {
    let [_, en] = pages(&mut overview(), &[], Mode::Live);
    let images = en.matches("role=\"img\"").count();
    assert_eq!(images, 2 * 3, "a wide and a narrow one for each sum of its own");
    assert_eq!(en.matches("<desc ").count(), images);
    assert_eq!(en.matches("<table class=\"days\"").count(), 3);
    let mut ids: Vec<&str> = en.split(" id=\"").skip(1).map(|rest| rest.split('"').next().unwrap()).collect();
    let all = ids.len();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), all, "no id stands twice");
}

#[test]
fn a_time_without_a_beginning_is_told_by_its_end() {
    let time = Time { since: Timestamp::MIN, ..november() };
    assert_eq!(span_of(&PageHead { time, ..head(Mode::Live) }), "– 2026-11-30");
    assert_eq!(span_of(&head(Mode::Live)), "2026-11-01 – 2026-11-30");
}
