use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::span;

#[test]
fn a_time_is_named_by_its_days_or_else_to_the_second() {
    let seoul = TimeZone::get("Asia/Seoul").unwrap();
    let at = |text: &str| -> Timestamp { format!("{text}+09:00").parse().unwrap() };
    for (since, until, shown) in [
        ("2026-11-01T00:00:00", "2026-12-01T00:00:00", "2026-11-01 to 2026-11-30"),
        ("2026-11-01T00:00:00", "2026-11-02T00:00:00", "2026-11-01"),
        ("2026-11-01T09:30:00", "2026-11-02T00:00:00", "2026-11-01 09:30:00 to 2026-11-02 00:00:00"),
    ] {
        assert_eq!(span(at(since), at(until), &seoul), shown);
    }
}
