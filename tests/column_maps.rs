//! `--export csv|xlsx --map NAME`: lines of a month or of any choice, in columns that the config file lays out.

use std::fs;
use std::path::PathBuf;

use encoding_rs::EUC_KR;
use serde_json::json;

use crate::month::{made, name, noon};
use crate::support::world::{Gateway, World, set_mode};

const MAP: &str = "[profile.main.export.tax]\nencoding = \"cp949\"\ntimes = \"%Y%m%d\"\ncolumns = [\n\
     { heading = \"일자\", field = \"at\" },\n\
     { heading = \"구분\", field = \"kind\", words = { sale = \"매출\", refund = \"취소\" } },\n\
     { heading = \"거래처\", value = \"카드\" },\n\
     { heading = \"고객\", field = \"buyer_name\" },\n\
     { heading = \"주문번호\", field = \"merchant_uid\" },\n\
     { heading = \"금액\", field = \"amount\" },\n\
     { heading = \"부가세\", field = \"vat\" },\n]\n\
     [profile.main.export.odd]\ncolumns = [{ heading = \"x\", field = \"amuont\" }]\n";

/// Two sales of last month and a refund of this one, in a profile with these maps.
fn shop() -> (Gateway, World) {
    let gateway = Gateway::start("");
    let world = World::with_profile(&gateway.url(), &format!("mode = \"test\"\n{MAP}"));
    made(&gateway, "order_b", 5_500, noon(1, 4), &json!({}));
    let back = json!({"status": "cancelled", "cancel_amount": 1_100, "cancelled_at": noon(1, 6)});
    made(&gateway, "order_c", 7_700, noon(1, 5), &back);
    let since = format!("{}-01", name(2));
    let _ = world.run(&["reconcile", "--since", &since, "--import", "--json"]);
    (gateway, world)
}

fn day(day: i32) -> String {
    format!("{}{day:02}", name(1).replace('-', ""))
}

fn put(world: &World, file: &str) -> (PathBuf, String) {
    let path = world.home().join(file);
    let shown = path.display().to_string();
    (path, shown)
}

#[test]
fn a_month_is_written_as_the_map_says() {
    let (_gateway, world) = shop();
    let (path, file) = put(&world, "tax.csv");
    world
        .run(&["month", &name(1), "--export", "csv", "--map", "tax", "--output", &file])
        .exits(0)
        .says(&["Wrote 3 lines of"]);
    let bytes = fs::read(&path).unwrap();
    let (text, _, wrong) = EUC_KR.decode(&bytes);
    let wanted = format!(
        "일자,구분,거래처,고객,주문번호,금액,부가세\r\n{},매출,카드,홍길동,order_b,5500,500\r\n\
         {},매출,카드,홍길동,order_c,7700,700\r\n{},취소,카드,홍길동,order_c,-1100,-100\r\n",
        day(4),
        day(5),
        day(6)
    );
    assert_eq!((text.as_ref(), wrong), (wanted.as_str(), false));
    // As a workbook, whose rows a reader of workbooks finds again.
    let (path, file) = put(&world, "tax.xlsx");
    world
        .run(&["month", &name(1), "--export", "xlsx", "--map", "tax", "--output", &file])
        .exits(0)
        .says(&["Wrote 3 lines of"]);
    assert!(fs::read(path).unwrap().starts_with(b"PK"));
}

#[test]
fn any_choice_is_written_in_the_same_way() {
    let (_gateway, world) = shop();
    let month = name(1);
    let span = ["report", "--since", &month, "--until", &month, "--export", "csv"];
    let all = world.run(&span).exits(0).stdout;
    assert_eq!(all, world.run(&["month", &month, "--export", "csv"]).exits(0).stdout);
    assert_eq!(all.lines().count(), 4, "{all}");
    let first = format!("{month}-04");
    assert_eq!(world.run(&["report", &first, "--export", "csv"]).exits(0).stdout.lines().count(), 2);
    // Of what was picked all that went back is there, and nothing of others.
    let picked = world.run(&["history", "order_c", "--export", "csv"]).exits(0).stdout;
    let picked: Vec<&str> = picked.lines().collect();
    assert!(picked[1].contains(",sale,order_c,") && picked[2].contains(",refund,order_c,"), "{picked:?}");
    assert_eq!(picked.len(), 3);
    world.run(&["history", "--refunded", "--export", "hledger"]).exits(0).answers(&["7700 KRW", "-1100 KRW"]);
    world.run(&["history", "order_zzz", "--export", "csv"]).exits(10).says(&["no payment in"]);
}

#[test]
fn a_map_that_cannot_be_used_is_told_and_nothing_is_written() {
    let (gateway, world) = shop();
    let (path, file) = put(&world, "out.csv");
    let run = |more: &[&str]| {
        let month = name(1);
        let words = [&["month", &month, "--output", &file], more].concat();
        world.run(&words).exits(2).in_plain_words()
    };
    run(&["--export", "csv", "--map", "odd"]).says(&[
        "config.toml line",
        "`amuont` is not a field of an export; did you mean amount?",
        "Nothing was written",
    ]);
    run(&["--export", "csv", "--map", "taxx"]).says(&["there is no map `taxx`", "did you mean `tax`"]);
    run(&["--export", "hledger", "--map", "tax"]).says(&["a layout of their own"]);
    run(&["--export", "csv", "--map", "tax", "--bom"]).says(&["--bom is for UTF-8"]);
    let odd = json!({"buyer_name": "홍😀길동"});
    made(&gateway, "order_odd", 1_000, noon(1, 9), &odd);
    let since = format!("{}-01", name(2));
    let _ = world.run(&["reconcile", "--since", &since, "--import", "--json"]);
    run(&["--export", "csv", "--map", "tax"]).says(&[
        "1 cell has letters that CP949 does not have. Nothing was written",
        "row 5, column 4 고객 (order order_odd): 😀",
        "utf-8-bom",
    ]);
    assert!(!path.exists());
}

#[test]
fn a_file_that_cannot_be_written_is_the_wrong_one_and_stays_as_it_was() {
    let (_gateway, world) = shop();
    let locked = world.home().join("locked");
    fs::create_dir(&locked).unwrap();
    let run = |path: &std::path::Path| {
        let file = path.display().to_string();
        world.run(&["month", &name(1), "--export", "csv", "--output", &file]).exits(2)
    };
    run(&world.home().join("nowhere/out.csv")).says(&["cannot write", "nothing was written"]);
    run(&locked).says(&["cannot write"]);
    set_mode(&locked, 0o500);
    // The superuser writes anywhere.
    if fs::write(locked.join("try"), "x").is_err() {
        run(&locked.join("out.csv")).says(&["cannot write", "ermission denied"]);
    }
    set_mode(&locked, 0o700);
    assert!(!locked.join("out.csv").exists());
}
