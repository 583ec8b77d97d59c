use encoding_rs::EUC_KR;
use jiff::tz::TimeZone;

use super::{ColumnMap, Content, Digits, MapColumn, MapError, Refunds, TIMES, TextEncoding, check_times};
use crate::domain::money::{Amount, Currency};
use crate::domain::payment::Mode;
use crate::domain::vat::{VatBasis, VatParts};
use crate::report::{Line, LineKind};

fn field(heading: &str, name: &str) -> MapColumn {
    let content = Content::Field {
        name: name.to_owned(),
        place: "config.toml line 3".to_owned(),
        times: None,
        words: Vec::new(),
    };
    MapColumn { heading: heading.to_owned(), content }
}

fn map(columns: Vec<MapColumn>) -> ColumnMap {
    ColumnMap {
        name: "tax".to_owned(),
        columns,
        encoding: TextEncoding::Utf8,
        separator: b',',
        crlf: true,
        times: TIMES.to_owned(),
        digits: Digits::Plain,
        refunds: Refunds::Minus,
    }
}

fn line(kind: LineKind, name: &str, minor: i64) -> Line {
    Line {
        kind,
        at: "2026-11-23T10:30:04Z".parse().unwrap(),
        amount: Amount::from_minor(minor, Currency::KRW),
        parts: VatParts {
            supply_minor: minor - minor / 11,
            vat_minor: minor / 11,
            tax_free_minor: 0,
            basis: VatBasis::Sent,
        },
        mode: Mode::Live,
        merchant_uid: "order_1".to_owned(),
        imp_uid: Some("imp_1".to_owned()),
        customer_uid: "gildong".to_owned(),
        buyer_name: Some(name.to_owned()),
        name: "월 구독".to_owned(),
        apply_num: Some("00301234".to_owned()),
        card_name: None,
        card_number: None,
        pg_provider: None,
        receipt_url: None,
        refund_id: None,
        reason: None,
    }
}

fn seoul() -> TimeZone {
    TimeZone::get("Asia/Seoul").unwrap()
}

fn csv(map: &ColumnMap, lines: &[Line]) -> String {
    String::from_utf8(map.fields().unwrap().csv(lines, &seoul()).unwrap()).unwrap()
}

#[test]
fn columns_stand_in_the_order_and_the_form_that_were_asked_for() {
    let mut kind = field("구분", "kind");
    let mut day = field("일자", "at");
    if let Content::Field { words, .. } = &mut kind.content {
        words.extend([("sale", "매출"), ("refund", "취소")].map(|(a, b)| (a.to_owned(), b.to_owned())));
    }
    if let Content::Field { times, .. } = &mut day.content {
        *times = Some("%Y%m%d".to_owned());
    }
    let fixed =
        MapColumn { heading: "거래처".to_owned(), content: Content::Fixed("카드매출".to_owned()) };
    let mut map =
        map(vec![field("no", "row"), day, kind, fixed, field("합", "amount"), field("승인", "apply_num")]);
    let lines = [line(LineKind::Sale, "홍길동", 1_234_567), line(LineKind::Refund, "홍길동", 8_900)];
    assert_eq!(
        csv(&map, &lines),
        "no,일자,구분,거래처,합,승인\r\n1,20261123,매출,카드매출,1234567,00301234\r\n\
         2,20261123,취소,카드매출,-8900,00301234\r\n"
    );
    (map.digits, map.refunds, map.separator, map.crlf) = (Digits::Grouped, Refunds::Plain, b';', false);
    assert_eq!(
        csv(&map, &lines),
        "no;일자;구분;거래처;합;승인\n1;20261123;매출;카드매출;1,234,567;00301234\n\
         2;20261123;취소;카드매출;8,900;00301234\n"
    );
}

#[test]
fn what_a_spreadsheet_would_calculate_stays_a_text_wherever_it_comes_from() {
    let fixed = MapColumn { heading: "=a".to_owned(), content: Content::Fixed("+82".to_owned()) };
    let map = map(vec![fixed, field("고객", "buyer_name"), field("금액", "amount")]);
    let lines = [line(LineKind::Refund, "=HYPERLINK(1)", 100), line(LineKind::Sale, "'-1", 100)];
    assert_eq!(csv(&map, &lines), "'=a,고객,금액\r\n'+82,'=HYPERLINK(1),-100\r\n'+82,''-1,100\r\n");
}

#[test]
fn cp949_is_written_whole_or_not_at_all() {
    let mut map = map(vec![field("고객명", "buyer_name"), field("주문", "merchant_uid")]);
    map.encoding = TextEncoding::Cp949;
    // 똠 and 뷁 are in code page 949 and not in KS X 1001; the single letters of a Mac are composed.
    let lines = [line(LineKind::Sale, "똠뷁", 100), line(LineKind::Sale, "\u{1112}\u{1169}\u{11bc}", 100)];
    let bytes = map.fields().unwrap().csv(&lines, &seoul()).unwrap();
    assert_eq!(bytes[..6], [0xb0, 0xed, 0xb0, 0xb4, 0xb8, 0xed]);
    let (text, _, wrong) = EUC_KR.decode(&bytes);
    assert_eq!((text.as_ref(), wrong), ("고객명,주문\r\n똠뷁,order_1\r\n홍,order_1\r\n", false));
    let lines = [line(LineKind::Sale, "홍😀길동😀", 100), line(LineKind::Sale, "김₩", 100)];
    let Err(MapError::Lost(places)) = map.fields().unwrap().csv(&lines, &seoul()) else { panic!("written") };
    assert_eq!(
        places,
        ["row 2, column 1 고객명 (order order_1): 😀", "row 3, column 1 고객명 (order order_1): ₩"]
    );
}

#[test]
fn a_field_that_is_none_is_told_with_its_line_and_the_nearest() {
    let said = |column: MapColumn| map(vec![column]).fields().err().unwrap().to_string();
    for (name, near) in
        [("amuont", "amount"), ("paid_at", "at"), ("customer_name", "buyer_name"), ("vta", "vat")]
    {
        let begins = format!(
            "config.toml line 3: `{name}` is not a field of an export; did you mean {near}? The fields"
        );
        assert!(said(field("x", name)).starts_with(&begins), "{}", said(field("x", name)));
    }
    assert!(said(field("x", "qqqqqqqqqq")).contains("an export. The fields are row, at, kind"));
    let mut times = field("x", "amount");
    if let Content::Field { times, .. } = &mut times.content {
        *times = Some("%Y".to_owned());
    }
    assert!(said(times).contains("the field `amount` is no time"));
    assert_eq!(map(Vec::new()).fields().err().unwrap().to_string(), "the map `tax` has no columns");
    assert!(map(vec![field("x", " Merchant-UID ")]).fields().is_ok());
}

#[test]
fn times_are_made_of_numbers() {
    for good in [TIMES, "%Y%m%d", "%F", "%y.%-m.%-d", "%d/%m/%Y %T", "%Y년 %m월 %d일", "100%% %Y"] {
        assert_eq!(check_times(good), Ok(()), "{good}");
    }
    for bad in ["", "%B %Y", "%s", "%Q", "%Y%", "%-", "%10Y", "%:z", "plain", "%%", "%Y\n"] {
        assert!(check_times(bad).is_err(), "{bad:?}");
    }
}
