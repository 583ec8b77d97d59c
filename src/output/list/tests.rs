use std::io::{self, Write};

use super::{BLOCK_ROWS, payments_footer};
use crate::domain::customer::Customer;
use crate::domain::ids::MerchantUid;
use crate::domain::money::{Amount, Currency};
use crate::domain::payment::{Mode, Outcome, Payment};
use crate::domain::reason::Reason;
use crate::domain::totals::Totals;
use crate::output::Format;
use crate::output::field::{Columns, Listed};
use crate::output::options::{UiOptions, is_broken_pipe};
use crate::output::payment::PaymentView;
use crate::output::samples::{customer, declined, options, paid, shown, ui, won};
use crate::output::text::width;
use crate::output::ui::Ui;

fn listed(options: UiOptions, columns: Option<&str>, payments: &[Payment]) -> String {
    let (mut ui, out, _) = ui(options, "");
    let mut list = ui.list::<Payment>(Columns::parse_or_usual(columns).unwrap()).unwrap();
    for payment in payments {
        list.row(payment).unwrap();
    }
    let summary =
        Totals { count: 2, by_outcome: vec![(Outcome::Paid, 1)], net: vec![won(8900)], ..Totals::default() };
    let footer = payments_footer(&summary, list.shown());
    list.finish(&footer).unwrap();
    out.text()
}

fn on_terminal(columns: usize) -> UiOptions {
    UiOptions { width: Some(columns), ..options(Format::Table) }
}

#[test]
fn the_history_table_is_the_one_of_the_voice() {
    let named = |payment| Payment { name: "Monthly".to_owned(), ..payment };
    let table = listed(options(Format::Table), None, &[named(paid()), named(declined())]);
    insta::assert_snapshot!(shown(&table), @"
    $
     WHEN                 RESULT    AMOUNT  CUSTOMER           PRODUCT  CARD       APPROVAL  ORDER
     2026-11-23 19:30:04  paid      ₩8,900  gildong_0001_1234  Monthly  신한 1234  30012345  order_monthly_0001
     2026-10-23 19:30:02  declined  ₩8,900  gildong_0001_1234  Monthly  신한 1234            order_monthly_0000
                          통장 잔액부족
                          There is not enough money behind the card for this payment. The customer has to act. Again: after a day, at most once a day on one card.
     2 payments, 1 paid, net ₩8,900
    ");
}

#[test]
fn eighty_columns_keep_the_order_and_give_up_the_rest_first() {
    let table = listed(on_terminal(80), None, &[paid(), declined()]);
    assert!(table.lines().all(|line| width(line) <= 80), "{table}");
    insta::assert_snapshot!(shown(&table), @"
    $
     WHEN              RESULT    AMOUNT  CUSTOM…  CARD  APPROVAL  ORDER
     2026-11-23 19:30  paid      ₩8,900  gildon…  1234  30012345  order_monthly_0001
     2026-10-23 19:30  declined  ₩8,900  gildon…  1234            order_monthly_0000
                       통장 잔액부족
                       There is not enough money behind the card for this payment.
                       The customer has to act. Again: after a day, at most once a
                       day on one card.
     2 payments, 1 paid, net ₩8,900
     No room here for PRODUCT.
    ");
}

#[test]
fn an_order_of_forty_characters_still_stands_whole_in_eighty_columns() {
    let mut payment = paid();
    let order = "202611ba40d1c61bc66e014de94ed18446abd7be";
    payment.terms.merchant_uid = MerchantUid::parse(order).unwrap();
    let table = listed(on_terminal(80), None, &[payment]);
    assert!(table.lines().all(|line| width(line) <= 80), "{table}");
    insta::assert_snapshot!(shown(&table), @"
    $
     WHEN        RESULT  AMOUNT  CUSTOMER   ORDER
     2026-11-23  paid    ₩8,900  gildong_…  202611ba40d1c61bc66e014de94ed18446abd7be
     2 payments (1 shown), 1 paid, net ₩8,900
     No room here for PRODUCT, CARD, APPROVAL.
    ");
}

#[test]
fn hangul_and_hostile_text_keep_the_columns_straight() {
    let mut hostile = paid();
    hostile.name = "월\u{202e}료".to_owned();
    hostile.card_name = Some("[현대카드]".to_owned());
    hostile.card_number = Some("540926******123*".to_owned());
    let mut bare = declined();
    (bare.name, bare.card_name, bare.card_number) = ("한 달 구독 열두 자".to_owned(), None, None);
    bare.message = Some("잔액\n부족\u{9b}2J".to_owned());
    for payment in [&mut hostile, &mut bare] {
        payment.terms.merchant_uid = MerchantUid::parse("주문_1").unwrap();
    }
    let table = listed(on_terminal(140), None, &[hostile, bare]);
    insta::assert_snapshot!(shown(&table), @r#"
    $
     WHEN                 RESULT    AMOUNT  CUSTOMER           PRODUCT             CARD       APPROVAL  ORDER
     2026-11-23 19:30:04  paid      ₩8,900  gildong_0001_1234  월\u{202e}료        현대 123*  30012345  주문_1
     2026-10-23 19:30:02  declined  ₩8,900  gildong_0001_1234  한 달 구독 열두 자                       주문_1
                          잔액\u{a}부족\u{9b}2J
     2 payments, 1 paid, net ₩8,900
    "#);
}

#[test]
fn colour_is_added_and_nothing_moves() {
    let coloured = listed(UiOptions { colour_stdout: true, ..on_terminal(80) }, None, &[paid(), declined()]);
    let plain = listed(on_terminal(80), None, &[paid(), declined()]);
    assert!(coloured.contains("\u{1b}[32mpaid\u{1b}[0m"), "{coloured}");
    assert!(coloured.contains("\u{1b}[31mdeclined\u{1b}[0m"), "{coloured}");
    assert!(coloured.contains("\u{1b}[1mWHEN\u{1b}[0m"), "{coloured}");
    let mut stripped = coloured;
    for code in ["\u{1b}[0m", "\u{1b}[1m", "\u{1b}[31m", "\u{1b}[32m"] {
        stripped = stripped.replace(code, "");
    }
    assert_eq!(stripped, plain);
}

#[test]
fn columns_asked_for_are_shown_and_nothing_else() {
    let table = listed(on_terminal(40), Some("merchant_uid,amount,message"), &[paid(), declined()]);
    insta::assert_snapshot!(shown(&table), @"
    $
     MERCHANT_UID        AMOUNT  MESSAGE
     order_monthly_0001  ₩8,900
     order_monthly_0000  ₩8,900  통장 잔액…
     2 payments, 1 paid, net ₩8,900
    ");
}

#[test]
fn plain_is_tabs_and_nothing_else() {
    let mut payment = declined();
    payment.message = Some("두\t줄\n말".to_owned());
    let text =
        listed(options(Format::Plain), Some("merchant_uid,amount,imp_uid,message,paid_at"), &[payment]);
    assert_eq!(text, "order_monthly_0000\t8900\timps_623347347957\t두 줄 말\t\n");
    let fields = listed(options(Format::Plain), None, &[paid()]);
    assert_eq!(fields.trim_end_matches('\n').split('\t').count(), 40, "every field, absent ones empty");
}

#[test]
fn csv_has_a_header_quotes_and_crlf() {
    let mut payment = declined();
    payment.name = "=HYPERLINK(\"x\"), \"y\"".to_owned();
    payment.note = Some("두\n줄".to_owned());
    let columns = Some("merchant_uid,name,amount,note,imp_uid");
    let text = listed(options(Format::Csv), columns, &[payment.clone()]);
    let expected = "merchant_uid,name,amount,note,imp_uid\r\n\
        order_monthly_0000,\"'=HYPERLINK(\"\"x\"\"), \"\"y\"\"\",8900,\"두\n줄\",imps_623347347957\r\n";
    assert_eq!(text, expected);
    let with_bom = listed(UiOptions { csv_bom: true, ..options(Format::Csv) }, columns, &[payment]);
    assert_eq!(with_bom, format!("\u{feff}{expected}"));
}

#[test]
fn words_that_nobody_knows_stand_alone() {
    let told = |message: &str| {
        let mut payment = declined();
        payment.message = Some(message.to_owned());
        let table = listed(options(Format::Table), None, std::slice::from_ref(&payment));
        let columns = Some("message,doubt,who_acts");
        (table.lines().count(), listed(options(Format::Jsonl), columns, &[payment]))
    };
    let unknown = "{\"message\":\"새로운 말\",\"doubt\":null,\"who_acts\":null}\n";
    assert_eq!(told("새로운 말"), (4, unknown.to_owned()));
    let (lines, json) = told("[8041] 시스템 타임아웃(잠시후 재시도바람)");
    assert!(lines == 5 && json.ends_with("\"doubt\":\"timeout\",\"who_acts\":\"pg\"}\n"), "{json}");
    // A word alone gives the doubt away, and says nothing of who has to act.
    let (lines, json) = told("새로운 중복");
    assert!(lines == 4 && json.ends_with("\"doubt\":\"duplicate\",\"who_acts\":null}\n"), "{json}");
}

#[test]
fn json_is_one_array_and_each_of_its_lines_one_object() {
    let text = listed(options(Format::Json), Some("outcome,amount,paid_at"), &[paid(), declined()]);
    let expected = "[\n{\"outcome\":\"paid\",\"amount\":8900,\"paid_at\":\"2026-11-23T19:30:04+09:00\"},\n\
        {\"outcome\":\"declined\",\"amount\":8900,\"paid_at\":null}\n]\n";
    assert_eq!(text, expected);
    assert!(serde_json::from_str::<serde_json::Value>(&text).is_ok());
}

#[test]
fn empty_lists_are_empty_in_every_format() {
    for (format, text) in [
        (Format::Table, ""),
        (Format::Plain, ""),
        (Format::Json, "[]\n"),
        (Format::Jsonl, ""),
        (Format::Csv, "outcome,amount\r\n"),
    ] {
        assert_eq!(listed(options(format), Some("outcome,amount"), &[]), text, "{format:?}");
    }
}

#[test]
fn each_line_of_jsonl_is_out_before_the_next_begins() {
    let (mut ui, out, _) = ui(options(Format::Jsonl), "");
    let mut list = ui.list::<Payment>(Columns::parse("merchant_uid,replayed").unwrap()).unwrap();
    list.row(&paid()).unwrap();
    assert_eq!(out.text(), "{\"merchant_uid\":\"order_monthly_0001\",\"replayed\":false}\n");
    list.payment(PaymentView { payment: &declined(), replayed: true }).unwrap();
    assert!(out.text().ends_with("{\"merchant_uid\":\"order_monthly_0000\",\"replayed\":true}\n"));
    assert_eq!(list.finish("").unwrap(), 2);
}

#[test]
fn a_long_table_is_written_in_blocks_under_one_header() {
    let (mut ui, out, _) = ui(options(Format::Table), "");
    let mut list = ui.list::<Payment>(Columns::parse("merchant_uid,name").unwrap()).unwrap();
    let payment = paid();
    for _ in 0..BLOCK_ROWS {
        list.row(&payment).unwrap();
    }
    let block = out.text();
    assert!(block.lines().count() > 1000, "the first block is not held back");
    let mut long = paid();
    long.name = "A name that is longer than those before it".to_owned();
    list.row(&long).unwrap();
    list.finish("the end").unwrap();
    let text = out.text();
    assert_eq!(text.lines().count(), BLOCK_ROWS + 3, "a header, the rows, a footer that fits no column");
    assert_eq!(text.matches("MERCHANT_UID").count(), 1);
    assert!(text.ends_with(" order_monthly_0001  A name that is longer than those before it\n the end\n"));
}

#[test]
fn payments_picked_by_when_they_were_paid_show_that_time() {
    let (mut ui, out, _) = ui(options(Format::Table), "");
    let mut list = ui.list(Columns::usual_by_paid()).unwrap();
    let late = Payment { requested_at: declined().requested_at, ..paid() };
    list.row(&late).unwrap();
    list.finish("").unwrap();
    assert!(out.text().starts_with(" PAID                 RESULT  "), "{}", out.text());
    assert!(out.text().contains("\n 2026-11-23 19:30:04  paid    "), "{}", out.text());
}

#[test]
fn what_csv_holds_is_read_back_by_a_csv_reader() {
    let mut payment = paid();
    payment.note = Some("a \"b\", c\nd".to_owned());
    let text = listed(options(Format::Csv), None, &[payment]);
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let names: Vec<String> = reader.headers().unwrap().iter().map(str::to_owned).collect();
    assert_eq!(names, Payment::FIELDS.iter().map(|field| field.name).collect::<Vec<_>>());
    let record = reader.records().next().unwrap().unwrap();
    let note = names.iter().position(|name| name == "note").unwrap();
    assert_eq!(&record[note], "a \"b\", c\nd");
}

#[test]
fn customers_are_listed_by_the_same_writer() {
    let (mut ui, out, _) = ui(on_terminal(80), "");
    let mut list = ui.list::<Customer>(Columns::usual()).unwrap();
    list.row(&customer()).unwrap();
    let removed = Customer { removed_at: customer().checked_at, tel: None, ..customer() };
    list.row(&removed).unwrap();
    list.finish("2 customers").unwrap();
    insta::assert_snapshot!(shown(&out.text()), @"
    $
     CUSTOMER           NAME    CARD       TEL            CHECKED
     gildong_0001_1234  홍길동  신한 1234  010-1234-5678  2026-11-01 09:00:00
     gildong_0001_1234  홍길동  신한 1234                 removed
     2 customers
    ");
}

#[test]
fn footers_count_all_that_match() {
    let usd = Amount::from_minor(1420, Currency::parse("USD").unwrap());
    let summary = Totals {
        count: 153,
        by_outcome: vec![(Outcome::Paid, 140)],
        net: vec![won(1_246_000), usd],
        ..Totals::default()
    };
    assert_eq!(
        payments_footer(&summary, 20),
        "153 payments (20 shown), 140 paid, net ₩1,246,000 + USD 14.20"
    );
    let mixed = Totals {
        count: 3,
        by_outcome: vec![(Outcome::Paid, 3)],
        net: vec![won(8900)],
        net_mode: Some(Mode::Live),
        apart: vec![(Mode::Test, vec![won(100)])],
        further: 1,
        further_held: vec![won(8900)],
        ..Totals::default()
    };
    assert_eq!(
        payments_footer(&mixed, 3),
        "3 payments, 3 paid, net ₩8,900; TEST ₩100; and ₩8,900 in 1 further payment under these orders"
    );
    let tested = Totals {
        count: 1,
        by_outcome: vec![(Outcome::Paid, 1)],
        net: vec![won(100)],
        net_mode: Some(Mode::Test),
        ..Totals::default()
    };
    assert_eq!(payments_footer(&tested, 1), "1 payment, 1 paid, TEST net ₩100");
    let back = Totals { refunded: vec![(Mode::Test, vec![won(300)])], ..tested };
    assert_eq!(
        payments_footer(&back, 1),
        "1 payment, 1 paid, TEST net ₩100; refunded in that time TEST ₩300"
    );
    let none_paid =
        Totals { count: 1, by_outcome: vec![(Outcome::Paid, 0)], net: Vec::new(), ..Totals::default() };
    assert_eq!(payments_footer(&none_paid, 1), "1 payment, 0 paid");
}

#[test]
fn unsettled_rows_say_why_and_settled_ones_do_not() {
    let mut unknown = paid();
    unknown.outcome = Outcome::Unknown;
    unknown.reason = Some(Reason::NoAnswerWithin { within: "60 s".to_owned() });
    let table = listed(options(Format::Table), None, &[unknown]);
    assert!(table.contains("\n                      the gateway did not answer within 60 s\n"), "{table}");
    let mut paid_with_words = paid();
    paid_with_words.message = Some("ok".to_owned());
    assert!(!listed(options(Format::Table), None, &[paid_with_words]).contains("ok"));
}

struct ClosedPipe;

impl Write for ClosedPipe {
    fn write(&mut self, _: &[u8]) -> io::Result<usize> {
        Err(io::ErrorKind::BrokenPipe.into())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_reader_that_left_is_told_apart_from_an_error_in_every_format() {
    for format in Format::ALL {
        let mut ui =
            Ui::new(options(format), Box::new(ClosedPipe), Box::new(io::sink()), Box::new(io::empty()));
        let result = (|| {
            let mut list = ui.list::<Payment>(Columns::usual())?;
            list.row(&paid())?;
            list.finish("")
        })();
        assert!(result.is_err_and(|error| is_broken_pipe(&error)), "{format:?}");
    }
}
