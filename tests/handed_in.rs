//! Files as people hand them in: `batch` and `customer import` read all of them alike, refuse what is ruined or
//! hidden with its place, and take back what billkey itself wrote.

use std::fs;

use encoding_rs::EUC_KR;
use serde_json::Value;

use crate::batch::paying;
use crate::support::workbook::workbook;
use crate::support::world::{Ran, World};

const HEADER: [&str; 4] = ["고객", "금액(원)", "상품명", "주문번호"];
const ROWS: [[&str; 4]; 2] = [["gildong", "8900", "월 구독", "o_1"], ["영희", "12000", "월 구독", "o_2"]];

fn text(separator: &str, end: &str) -> String {
    [HEADER, ROWS[0], ROWS[1]].map(|row| row.join(separator) + end).concat()
}

fn utf16(text: &str) -> Vec<u8> {
    [vec![0xff, 0xfe], text.encode_utf16().flat_map(u16::to_le_bytes).collect()].concat()
}

/// The same two rows, in every way in which they are handed in.
fn files() -> Vec<(&'static str, Vec<u8>)> {
    let objects = ROWS.map(|row| {
        let fields = HEADER.iter().zip(row).map(|(name, value)| format!("{name:?}:{value:?}"));
        format!("{{{}}}", fields.collect::<Vec<_>>().join(","))
    });
    vec![
        ("a.csv", text(",", "\n").into_bytes()),
        ("b.csv", format!("\u{feff}{}", text(";", "\r\n")).into_bytes()),
        ("c.csv", format!("sep=;\r\n{}", text(";", "\r\n")).into_bytes()),
        ("d.tsv", text("\t", "\r").into_bytes()),
        ("e.txt", utf16(&text("\t", "\r\n"))),
        ("f.csv", EUC_KR.encode(&text(",", "\r\n")).0.into_owned()),
        ("g.csv", format!("{}\u{1a}", text(",", "\r\n").replace('\r', ",,\r")).into_bytes()),
        (
            "h.csv",
            text(",", "\n").replace("8900", "\"₩8,900\"").replace("12000", "１２０００ 원").into_bytes(),
        ),
        ("i.jsonl", objects.join("\n").into_bytes()),
        ("j.json", format!("[\n{}\n]\n", objects.join(",\n")).into_bytes()),
        ("k.json", objects.join("\n").into_bytes()),
        ("l.xlsx", workbook(&[&HEADER, &ROWS[0], &[], &ROWS[1]], "")),
        ("m", workbook(&[&HEADER, &ROWS[0], &ROWS[1]], "")),
    ]
}

#[test]
fn every_way_to_write_a_file_of_charges_means_the_same() {
    let gateway = paying();
    let world = World::for_gateway(gateway.url());
    let meant = |ran: Ran| {
        let plan = ran.json();
        let rows: Vec<Value> = plan["payments"].as_array().or(plan["rows"].as_array()).unwrap().clone();
        let cell = |row: &Value, name: &str| row[name].to_string().trim_matches('"').to_owned();
        rows.iter()
            .map(|row| ["customer_uid", "amount", "name", "merchant_uid"].map(|name| cell(row, name)))
            .collect::<Vec<_>>()
    };
    for (name, bytes) in files() {
        fs::write(world.home().join(name), bytes).unwrap();
        let ran = world.run(&["batch", name, "--yes", "--json"]).exits(0);
        let ran = ran.says(if name == "f.csv" { &["CP949"] } else { &["2 of 2 rows"] });
        assert_eq!(meant(ran), ROWS.map(|row| row.map(str::to_owned)), "{name}");
    }
    assert_eq!(gateway.charges(), 2, "the same orders all along");
}

#[test]
fn customers_are_imported_from_every_kind_of_file() {
    let world = World::for_gateway("http://127.0.0.1:1");
    let customers = "고객번호;이름;전화번호\r\n1001;홍길동;010-0000-1234\r\n";
    let sheet = [&["고객번호", "이름", "전화번호"][..], &["1001", "홍길동", "010-0000-1234"]];
    for (name, bytes) in [
        ("a.csv", customers.as_bytes().to_vec()),
        ("b.csv", EUC_KR.encode(customers).0.into_owned()),
        ("c.txt", utf16(&customers.replace(';', "\t"))),
        ("d.json", br#"[{"customer_uid":1001,"name":"x","tel":null,"card_name":null}]"#.to_vec()),
        ("e.xlsx", workbook(&sheet, "")),
    ] {
        fs::write(world.home().join(name), bytes).unwrap();
        let ran = world.run(&["customer", "import", name, "--no-verify"]).exits(0);
        let ran = match name {
            "b.csv" => ran.says(&["CP949"]),
            "d.json" => ran.says(&["Not read from d.json", "card_name"]),
            _ => ran,
        };
        ran.answers(&["Saved 1 customer."]);
    }
    let customer = world.run(&["customer", "show", "1001", "--json"]).exits(0).json();
    assert_eq!((&customer["name"], &customer["tel"]), (&"홍길동".into(), &"010-0000-1234".into()));
}

#[test]
fn what_is_ruined_hidden_or_no_file_of_rows_is_refused_with_its_place() {
    let gateway = paying();
    let world = World::for_gateway(gateway.url());
    let header = "customer_uid,amount,name,merchant_uid\n";
    let csv = |row: &str| format!("{header}{row}\n").into_bytes();
    let sheet = |rows: &[&[&str]], around| workbook(&[&[&HEADER[..]], rows].concat(), around);
    let merged = "<mergeCells><mergeCell ref=\"A2:A3\"/></mergeCells>";
    let old = [b"\xd0\xcf\x11\xe0".as_slice(), &[0; 600]].concat();
    let locked = [old.clone(), utf16("EncryptedPackage")].concat();
    let bad: Vec<(&str, Vec<u8>, &[&str])> = vec![
        (
            "a.csv",
            csv("gildong,8900,x,2.02611E+13"),
            &["line 2: column merchant_uid", "`2.02611E+13`", "as text"],
        ),
        ("a.csv", csv("#N/A,8900,x,o1"), &["line 2: column customer_uid", "`#N/A`"]),
        ("a.csv", csv("gildong,8900,#NAME?,o1"), &["line 2: column name", "`#NAME?`"]),
        ("a.csv", csv("gildong,8900,x,11월 28일"), &["line 2: column merchant_uid", "took for a date"]),
        ("a.csv", csv("gildong,8900,x,2026112300010000"), &["line 2: column merchant_uid", "15th digit"]),
        ("a.csv", csv("u_1,1,000,a1"), &["line 2: column amount", "1,000"]),
        ("a.csv", csv("u_1,9,x,a1"), &["line 2: column amount", "₩9", "₩10"]),
        ("a.csv", csv("u_1,8.900,x,a1"), &["line 2: column amount", "`8.900`"]),
        ("a.csv", csv("합계,8900,,"), &["line 2: column customer_uid", "`합계`", "a sum"]),
        (
            "a.jsonl",
            br#"{"customer_uid":"a","amount":10,"name":"x","merchant_uid":2e13}"#.to_vec(),
            &["line 1: column merchant_uid", "exponent"],
        ),
        (
            "a.json",
            br#"[{"customer_uid":"a","amount":10,"name":"x","merchant_uid":"o"}"#.to_vec(),
            &["`]` is missing"],
        ),
        (
            "a.xlsx",
            sheet(&[&["a", "10", "x", "o1"], &["~b", "10", "x", "o2"]], ""),
            &["row 3: hidden", "--hidden skip"],
        ),
        (
            "a.xlsx",
            sheet(&[&["a", "10", "x", "o1"], &["", "10", "x", "o2"]], merged),
            &["cell A2", "A2:A3", "merged"],
        ),
        ("a.xlsx", sheet(&[&["a", "10", "x", "2026112800000001"]], ""), &["cell D2", "more than 15 digits"]),
        (
            "a.xlsx",
            sheet(&[&["a", "9", "x", "o1"], &["b", "10", "x", "o1"]], ""),
            &["cell B2 (amount)", "₩9"],
        ),
        (
            "a.xlsx",
            sheet(&[&["a", "90", "x", "o1"], &["b", "10", "x", "o1"]], ""),
            &["cell D3 (merchant_uid)", "o1 is on row 2 already"],
        ),
        ("a.xlsx", b"PK\x03\x04\x14".to_vec(), &["no whole .xlsx workbook"]),
        ("a.xlsx", Vec::new(), &["is empty"]),
        ("a.xls", old, &["an old .xls workbook", "save it as .xlsx"]),
        ("a.xlsx", locked, &["encrypted", "password"]),
        ("a.xls", b"<html><table></table></html>".to_vec(), &["a web page"]),
    ];
    for (name, bytes, parts) in bad {
        fs::write(world.home().join(name), bytes).unwrap();
        let ran = world.run(&["batch", name, "--yes"]).exits(2).in_plain_words();
        assert_eq!(ran.says(parts).says(&[name, "Nothing was sent"]).stdout, "");
    }
    let hidden = sheet(&[&["a", "10", "x", "o1"], &["~b", "20", "x", "o2"]], "");
    fs::write(world.home().join("a.xlsx"), hidden).unwrap();
    world.run(&["customer", "import", "a.xlsx"]).exits(2).says(&["Nothing was saved"]);
    world.run(&["batch", "a.xlsx", "--sheet", "12월", "--yes"]).exits(2).says(&["`12월`", "`11월`"]);
    assert_eq!(gateway.asked().len(), 0, "not even a token was asked for");
    let take = ["batch", "a.xlsx", "--sheet", "11월", "--yes", "--hidden"];
    world.run(&[&take[..], &["skip"]].concat()).exits(0).says(&["1 row"]);
    world.run(&[&take[..], &["take"]].concat()).exits(0).says(&["2 rows"]);
    assert_eq!(gateway.charges(), 2);
}

#[test]
fn what_billkey_exports_is_the_same_orders_when_it_is_read_again() {
    let gateway = paying();
    let world = World::for_gateway(gateway.url());
    let row = |uid: &str, order: &str| {
        format!(r#"{{"customer_uid":"{uid}","amount":8900,"name":"=x, \"y\"","merchant_uid":"{order}"}}"#)
    };
    let rows = [
        row("gildong", "-1001"),
        row("'gildong", "'-1001"),
        row("-a", "''=1"),
        row("+b", "@o"),
        row("c", "'o'"),
    ];
    fs::write(world.home().join("a.jsonl"), rows.join("\n")).unwrap();
    world.run(&["batch", "a.jsonl", "--yes", "--quiet"]).exits(0);
    let columns = "customer_uid,amount,name,merchant_uid";
    for more in [
        &["--format", "csv"][..],
        &["--format", "csv", "--bom"],
        &["--format", "json"],
        &["--format", "jsonl"],
    ] {
        let exported =
            world.run(&[&["history", "--all", "--columns", columns], more].concat()).exits(0).stdout;
        fs::write(world.home().join("again"), exported).unwrap();
        world.run(&["batch", "again", "--yes", "--quiet"]).exits(0);
    }
    assert_eq!(gateway.charges(), 5, "no order came back under another id");
}

#[test]
fn a_pipe_that_broke_off_is_not_charged_and_a_file_is() {
    let gateway = paying();
    let world = World::for_gateway(gateway.url());
    let send = |text: &str| world.run_fed(&["batch", "-", "--yes"], text);
    let cut = "customer_uid,amount,name,merchant_uid\na,1000,x,o_1\nb,2000,x,o_2";
    send(cut).exits(2).says(&[
        "stdin",
        "line 3: column merchant_uid",
        "ends inside this row",
        "Nothing was sent",
    ]);
    send("customer_uid,amount,name,merchant_uid\na,1000,x").exits(2).says(&["3 cells"]);
    send(r#"[{"customer_uid":"a","amount":1000,"name":"x","merchant_uid":"o_1"}"#)
        .exits(2)
        .says(&["`]` is missing"]);
    assert_eq!(gateway.charges(), 0);
    send("customer_uid,amount,merchant_uid,name\na,1000,o_1,x").exits(0).says(&["1 row"]);
    fs::write(world.home().join("a.csv"), cut).unwrap();
    world.run(&["batch", "a.csv", "--yes"]).exits(0).says(&["2 rows"]);
    assert_eq!(gateway.charges(), 2);
}
