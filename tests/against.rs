//! `reconcile --against FILE`: the list of the console or of a PG held against the ledger.

use std::fs;

use encoding_rs::EUC_KR;
use jiff::civil::Date;
use serde_json::{Value, json};

use crate::month::{first, made, name, noon};
use crate::support::workbook::workbook;
use crate::support::world::{Gateway, Ran, World};

/// Last month in a test profile: four sales, of which one was refunded in part and one as a whole, one of which the
/// refund is of the month before the last one's sale; one that failed.
struct Shop {
    _gateway: Gateway,
    world: World,
    imp_uids: Vec<(String, String)>,
}

const MAP: &str = "[profile.main.against.pg]\nmerchant_uid = \"상점 번호\"\namount = \"매출(부가세 포함)\"\n\
     paid_at = \"날짜\"\n[profile.main.against.odd]\nmerchnt_uid = \"번호\"\n";

impl Shop {
    fn open() -> Shop {
        let gateway = Gateway::start("");
        let world = World::with_profile(&gateway.url(), &format!("mode = \"test\"\n{MAP}"));
        let back = |amount: i64, day: i32| json!({"status": "cancelled", "cancel_amount": amount, "cancelled_at": noon(1, day)});
        let with = |mut more: Value, number: &str| {
            more["apply_num"] = json!(number);
            more
        };
        made(&gateway, "order_old", 10_000, noon(2, 5), &with(back(2_000, 3), "10000001"));
        made(&gateway, "order_a", 5_000, noon(1, 4), &with(json!({}), "10000002"));
        made(&gateway, "order_b", 7_700, noon(1, 5), &with(back(700, 8), "00000003"));
        made(&gateway, "order_c", 3_300, noon(1, 6), &with(back(3_300, 9), "10000004"));
        let failed = json!({"status": "failed", "paid_at": 0, "failed_at": noon(1, 7), "fail_reason": "[CC10] 통장 잔액부족"});
        made(&gateway, "order_d", 900, noon(1, 7), &failed);
        let since = first(3).to_string();
        let _ = world.run(&["reconcile", "--since", &since, "--import", "--json"]);
        let all = world.run(&["history", "--all", "--json"]).exits(0).json();
        let text = |payment: &Value, field: &str| payment[field].as_str().unwrap().to_owned();
        let imp_uids = all.as_array().unwrap().iter().filter(|payment| payment["outcome"] == "paid");
        let imp_uids =
            imp_uids.map(|payment| (text(payment, "merchant_uid"), text(payment, "imp_uid"))).collect();
        Shop { _gateway: gateway, world, imp_uids }
    }

    fn imp_uid(&self, order: &str) -> &str {
        &self.imp_uids.iter().find(|(uid, _)| uid == order).unwrap().1
    }

    fn against(&self, file: &str, bytes: impl AsRef<[u8]>, more: &[&str]) -> Ran {
        let path = self.world.home().join(file);
        fs::write(&path, bytes).unwrap();
        let path = path.display().to_string();
        let before = fs::read(self.world.ledger_path()).unwrap();
        let ran = self.world.run(&[&["reconcile", "--against", &path], more].concat()).in_plain_words();
        assert_eq!(fs::read(self.world.ledger_path()).unwrap(), before, "the ledger is unchanged");
        ran
    }

    fn json(&self, bytes: impl AsRef<[u8]>, more: &[&str], exit: i32) -> Value {
        let ran = self.against("list.csv", bytes, &[more, &["--json"]].concat()).exits(exit).says(&[""]);
        ran.json()
    }
}

fn day(day: i32) -> Date {
    first(1).checked_add(jiff::ToSpan::days(day - 1)).unwrap()
}

/// `(result, order)` of everything that is left, sorted.
fn left(told: &Value) -> Vec<(String, String)> {
    let text = |row: &Value, field: &str| row[field].as_str().unwrap_or_default().to_owned();
    let rows = told["left"].as_array().unwrap();
    let mut left: Vec<_> = rows.iter().map(|row| (text(row, "result"), text(row, "merchant_uid"))).collect();
    left.sort();
    left
}

fn pairs(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs.iter().map(|(result, order)| ((*result).to_owned(), (*order).to_owned())).collect()
}

/// A row for each movement of the month, as a PG writes them.
fn movements() -> Vec<String> {
    vec![
        format!("{},취소,order_old,10000001,\"-2,000\"", day(3)),
        format!("{},승인,order_a,10000002,\"5,000\"", day(4)),
        format!("{},승인,order_b,00000003,\"7,700\"", day(5)),
        format!("{},승인,order_c,10000004,\"3,300\"", day(6)),
        format!("{},취소,order_b,00000003,-700", day(8)),
        format!("{},취소,order_c,10000004,\"-3,300\"", day(9)),
    ]
}

fn list(rows: &[String]) -> String {
    format!("거래일자,거래구분,주문번호,승인번호,거래금액\r\n{}\r\n", rows.join("\r\n"))
}

#[test]
fn a_list_of_movements_is_the_same_and_nothing_is_asked_of_the_gateway() {
    let shop = Shop::open();
    let told = shop.json(list(&movements()), &[], 0);
    assert_eq!((&told["matched"], &told["left"]), (&json!(4), &json!([])), "{told:#}");
    assert_eq!(told["evidence"], json!({"imp_uid": 0, "merchant_uid": 4, "approval": 0}));
    assert_eq!(told["here"], told["there"], "{told:#}");
    assert_eq!((&told["here"][0]["amount"], &told["here"][0]["refunded"]), (&json!(16_000), &json!(6_000)));
    assert_eq!(told["columns"]["amount"], "거래금액");
    assert_eq!((&told["range"], &told["rows"], &told["mode"]), (&json!("rows"), &json!(6), &json!("test")));
    let ran = shop.against("list.csv", list(&movements()), &[]).exits(0);
    let ran = ran.answers(&["4 payments the same (4 by merchant_uid), nothing is left.", "3 paid ₩16,000"]);
    ran.answers(&["Nothing was asked of the gateway, nothing was sent, and the ledger is unchanged."])
        .says(&["거래금액 as amount"])
        .holds_nothing_odd();
    assert_eq!(shop.against("list.csv", list(&movements()), &["--quiet"]).exits(0).stdout, "");
}

#[test]
fn our_own_export_is_the_same_as_the_ledger() {
    let shop = Shop::open();
    for format in ["csv", "xlsx"] {
        let path = shop.world.home().join(format!("own.{format}")).display().to_string();
        shop.world
            .run(&["month", &name(1), "--export", format, "--output", &path])
            .exits(0)
            .says(&["Wrote 6 lines"]);
        let told = shop.world.run(&["reconcile", "--against", &path, "--json"]).exits(0).says(&[""]).json();
        assert_eq!(told["evidence"], json!({"imp_uid": 4, "merchant_uid": 0, "approval": 0}), "{told:#}");
    }
}

#[test]
fn what_is_different_is_told_with_its_place_and_exits_8() {
    let shop = Shop::open();
    let mut rows = movements();
    rows[1] = format!("{},승인,order_a,10000002,4900", day(4));
    rows[4] = format!("{},취소,order_b,00000003,-500", day(8));
    rows[5] = format!("{},승인,order_d,,900", day(7));
    rows.push(format!("{},승인,order_elsewhere,77777777,1000", day(9)));
    rows.push(format!("{},승인,order_c,10000004,3300", day(9)));
    rows.push(format!("{},승인,order_elsewhere,77777777,1000", day(9)));
    rows.push(",,합계,,25000".to_owned());
    let told = shop.json(list(&rows), &[], 8);
    assert_eq!(
        left(&told),
        pairs(&[
            ("amount_differs", "order_a"),
            ("only_there", "order_elsewhere"),
            ("refund_differs", "order_b"),
            ("refund_differs", "order_c"),
            ("status_differs", "order_d"),
            ("twice", "order_c"),
            ("twice", "order_elsewhere"),
        ]),
        "{told:#}"
    );
    let of = |result: &str| {
        told["left"].as_array().unwrap().iter().find(|row| row["result"] == result).unwrap().clone()
    };
    let differs = of("amount_differs");
    assert_eq!(
        (&differs["here"], &differs["there"], &differs["place"]),
        (&json!(5_000), &json!(4_900), &json!("line 3"))
    );
    assert!(of("status_differs")["why"].as_str().unwrap().contains("paid there, and declined here"));
    let twice = &told["left"]
        .as_array()
        .unwrap()
        .iter()
        .find(|row| row["result"] == "twice" && row["merchant_uid"] == "order_c")
        .unwrap()["why"];
    assert!(twice.as_str().unwrap().contains("twice, on line 5 and on line 9"), "{twice}");
    assert_eq!(told["sums"], json!(["line 11"]));
    assert!(differs["next"].as_str().unwrap().ends_with("reconcile order_a"), "{differs:#}");
    let csv = shop.against("list.csv", list(&rows), &["--format", "csv"]).exits(8).stdout;
    assert_eq!(csv.lines().count(), 8);
    assert!(csv.starts_with("result,merchant_uid,imp_uid,"), "{csv}");
    let table = shop.against("list.csv", list(&rows), &[]).exits(8);
    let table =
        table.answers(&["order  order_a", "Another amount was paid there.", "sums, not counted: line 11"]);
    table.answers(&["left: 1 amount_differs, 1 only_there, 2 refund_differs, 1 status_differs, 2 twice."]);
}

#[test]
fn what_the_file_lacks_of_its_days_is_told_and_nothing_of_other_days() {
    let shop = Shop::open();
    let rows = movements();
    // From the fourth to the sixth: the refunds of later days are not expected, nor the one before.
    let told = shop.json(list(&rows[1..4]), &[], 0);
    assert_eq!(told["matched"], json!(3));
    let told = shop.json(list(&[rows[1].clone(), rows[3].clone()]), &[], 8);
    assert_eq!(left(&told), pairs(&[("only_here", "order_b")]));
    // With the month named, everything of it is.
    let month = name(1);
    let span = ["--since", month.as_str(), "--until", month.as_str()];
    let told = shop.json(list(&rows[1..4]), &span, 8);
    assert_eq!(
        left(&told),
        pairs(&[("only_here", "order_old"), ("refund_differs", "order_b"), ("refund_differs", "order_c")])
    );
    let told = shop.json(list(&rows), &["--since", &day(9).to_string(), "--until", &day(9).to_string()], 0);
    assert_eq!((&told["left_out"], &told["rows"]), (&json!(5), &json!(1)), "{told:#}");
}

#[test]
fn a_list_of_payments_has_their_refunds_in_a_column_and_a_row_by_the_gateways_id() {
    let shop = Shop::open();
    let row = |order: &str, number: i32, amount: &str, cancelled: &str, status: &str| {
        format!("{},{order},{} 12:00:00,{amount},{cancelled},{status}", shop.imp_uid(order), day(number))
    };
    let rows = [
        row("order_a", 4, "5000", "0", "결제완료"),
        row("order_b", 5, "7700", "700", "부분취소"),
        row("order_c", 6, "3300", "3300", "취소"),
        format!("imp_000,order_d,{} 12:00:00,900,0,결제실패", day(7)),
    ];
    let header = "포트원 거래번호,주문 번호,결제일시,결제금액(원),취소금액(원),상태";
    let text = format!("{}\n\n{header}\n{}\n", "결제내역 다운로드,,,,,", rows.join("\n"));
    let (bytes, ..) = EUC_KR.encode(&text);
    let told = shop.json(&bytes, &[], 0);
    assert_eq!(told["evidence"], json!({"imp_uid": 3, "merchant_uid": 0, "approval": 0}), "{told:#}");
    assert_eq!((&told["no_money"], &told["here"]), (&json!(1), &told["there"]));
    // As a workbook under a title, with a sum at its end.
    let cells: Vec<Vec<&str>> =
        text.lines().filter(|line| !line.is_empty()).map(|line| line.split(',').collect()).collect();
    let mut all: Vec<&[&str]> = cells.iter().map(Vec::as_slice).collect();
    let sum = ["", "합계", "", "16000", "4000", ""];
    all.push(&sum);
    let ran =
        shop.against("list.xlsx", workbook(&all, ""), &["--json"]).exits(0).says(&["결제금액(원) as amount"]);
    assert_eq!(ran.json()["sums"], json!(["row 7"]));
    // Another payment under the order of one.
    let other = [rows[0].replace(shop.imp_uid("order_a"), "imp_999"), rows[0].clone(), rows[1].clone()];
    let told = shop.json(format!("{header}\n{}\n", other.join("\n")), &[], 8);
    assert_eq!(left(&told), pairs(&[("only_there", "order_a")]));
    assert!(told["left"][0]["why"].as_str().unwrap().contains("this is another payment of it"), "{told:#}");
}

#[test]
fn without_ids_payments_are_known_by_approval_number_amount_and_day_where_one_alone_has_these() {
    let shop = Shop::open();
    // A spreadsheet has taken the zeros before a number.
    let rows: Vec<String> =
        movements().iter().map(|row| row.replace("order_", "pg_").replace(",00000003,", ",3,")).collect();
    let told = shop.json(list(&rows), &[], 0);
    assert_eq!(told["evidence"], json!({"imp_uid": 0, "merchant_uid": 0, "approval": 4}), "{told:#}");
    assert_eq!(told["here"], told["there"]);
    let mut two = rows.clone();
    two.push(rows[1].replace("pg_a", "pg_z"));
    let told = shop.json(list(&two), &[], 8);
    assert_eq!(
        left(&told),
        pairs(&[("only_here", "order_a"), ("only_there", "pg_a"), ("only_there", "pg_z")])
    );
}

#[test]
fn a_map_says_what_a_file_calls_its_columns() {
    let shop = Shop::open();
    let text = format!("날짜,상점 번호,매출(부가세 포함),금액\n{},order_a,5000,1\n", day(4));
    let told = shop.json(&text, &["--map", "pg"], 0);
    assert_eq!((&told["matched"], &told["map"]), (&json!(1), &json!("pg")), "{told:#}");
    let refused = |text: &str, more: &[&str]| shop.against("list.csv", text, more).exits(2);
    refused(&text, &["--map", "odd"]).says(&[
        "config.toml line",
        "`merchnt_uid` is no column of another book; did you mean merchant_uid?",
    ]);
    refused(&text, &["--map", "pgg"]).says(&["there is no map `pgg`", "did you mean `pg`"]);
    refused(&text.replace("상점 번호", "상점번오"), &["--map", "pg"])
        .says(&["there is no column `상점_번호`, which the map names for merchant_uid"]);
}

#[test]
fn a_file_that_cannot_be_read_is_told_as_a_whole_and_nothing_is_half_told() {
    let shop = Shop::open();
    let refused = |text: &str, says: &[&str]| {
        let ran = shop.against("list.csv", text, &[]).exits(2).says(says);
        assert_eq!(ran.stdout, "");
        ran.says(&["Nothing was held against it, and nothing was asked"]);
    };
    let day = day(4);
    refused("", &["it is empty"]);
    refused("주문번호,결제금액,결제일\n", &["has no rows"]);
    refused(
        "가나,다라\n1,2\n",
        &["none of its first rows names two columns that are known; it begins with `가나`, `다라`"],
    );
    refused("주문번,결제금\n1,2\n", &["where `주문번` may be meant as 주문번호"]);
    refused(
        "주문번호,결제일,총액\na,2026-11-01,1\n",
        &["there is no column amount; the file has `주문번호`, `결제일`, `총액`"],
    );
    refused("결제금액,결제일,번호\n1,2026-11-01,1\n", &["no column that names payments", "`번호`"]);
    refused(
        &format!("주문번호,결제금액,금액,결제일\na,1000,900,{day}\n"),
        &["both `결제금액` and `금액` may be the column amount; say which one in a map"],
    );
    refused(
        &format!(
            "주문번호,결제금액,결제일,상태\na,8900.5,{day},결제완료\nb,100,soon,결제완료\n,100,{day},배송중\n"
        ),
        &[
            "has 4 problems",
            "line 2: column amount: the amount `8900.5` has decimals, and KRW has none",
            "line 3: column paid_at: `soon` is no time",
            "line 4: column status: `배송중` is no status that is known",
            "line 4: nothing names its payment",
        ],
    );
    refused("주문번호,결제금액\norder_a,5000\n", &["has no times", "--since 2026-11 --until 2026-11"]);
    shop.world.run(&["reconcile", "--sheet", "x"]).exits(2).says(&["--sheet is for --against FILE"]);
    shop.world.run(&["reconcile", "--against", "nowhere.csv"]).exits(2).says(&["nowhere.csv"]);
    shop.world.run(&["reconcile", "order_a", "--against", "x.csv"]).exits(2).says(&["cannot be used with"]);
}

#[test]
fn money_of_another_mode_is_told_apart() {
    let shop = Shop::open();
    let config = fs::read_to_string(shop.world.config_path()).unwrap();
    shop.world.configure(&config.replace("mode = \"test\"", "mode = \"live\""));
    let told = shop.json(list(&movements()[1..2]), &[], 8);
    assert_eq!(left(&told), pairs(&[("other_mode", "order_a")]));
    assert!(told["left"][0]["why"].as_str().unwrap().contains("It is test money here"), "{told:#}");
    assert_eq!(told["here"], json!([]));
}

#[test]
fn without_a_ledger_there_is_nothing_to_hold_a_file_against() {
    let world = World::for_gateway("http://127.0.0.1:9");
    let path = world.home().join("list.csv");
    fs::write(&path, list(&movements())).unwrap();
    world
        .run(&["reconcile", "--against", &path.display().to_string()])
        .exits(10)
        .says(&["there is no ledger"]);
    assert!(!world.ledger_path().exists());
}
