use super::{comparison, facts};
use crate::output::samples::shown;

#[test]
fn two_sides_stand_beside_each_other() {
    let rows = [("amount", "₩8,900".to_owned(), "₩9,900".to_owned())];
    insta::assert_snapshot!(shown(&comparison("then", "now", &rows)), @"
    $
                then       now
      amount    ₩8,900     ₩9,900
    ");
    let rows = [
        ("customer", "홍길동".to_owned(), "gildong_0002\u{1b}[2J".to_owned()),
        ("amount", "₩1,234,567,890".to_owned(), "₩9,900".to_owned()),
    ];
    insta::assert_snapshot!(shown(&comparison("ledger", "gateway", &rows)), @r#"
    $
                ledger           gateway
      customer  홍길동           gildong_0002\u{1b}[2J
      amount    ₩1,234,567,890   ₩9,900
    "#);
}

#[test]
fn facts_stand_behind_their_labels() {
    let rows = [("order", "order_1".to_owned()), ("이름", "홍길동".to_owned()), ("note", String::new())];
    assert_eq!(facts(&rows), "  order  order_1\n  이름   홍길동\n  note\n");
    assert_eq!(facts(&[]), "");
}
