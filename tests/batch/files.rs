//! What is read, what is refused, and what is written.

use encoding_rs::EUC_KR;
use serde_json::Value;

use super::{HEADER, arguments, batch, file, paying, rows};
use crate::support::world::{Gateway, World, eventually};

#[test]
fn a_bad_file_sends_nothing_and_is_told_where() {
    let gateway = paying();
    let world = World::for_gateway(gateway.url());
    let good = "gildong,8900,x,o1\n";
    let bad: [(&[u8], &[&str]); 13] = [
        (b"", &["line 1", "empty"]),
        (HEADER.as_bytes(), &["has no rows"]),
        (good.as_bytes(), &["line 1", "names no column"]),
        (
            b"customer_uid,amuont,name,merchant_uid\na,1,x,o\n",
            &["line 1", "`amuont`", "did you mean amount?"],
        ),
        (b"customer_uid,name,merchant_uid\na,x,o\n", &["line 1", "there is no column amount"]),
        (&[HEADER, good, "a,1,x\n"].concat().into_bytes().leak()[..], &["line 3", "3 cells", "4 columns"]),
        (
            &[HEADER, good, "a,1,\"x,o2\n"].concat().into_bytes().leak()[..],
            &["line 3", "quote", "never closed"],
        ),
        (
            &[HEADER, "a,8 900,x,o1\n"].concat().into_bytes().leak()[..],
            &["line 2", "column amount", "`8 900`"],
        ),
        (
            &[HEADER, "a,8900.5,x,o1\n"].concat().into_bytes().leak()[..],
            &["line 2", "column amount", "decimals"],
        ),
        (&[HEADER, good, good].concat().into_bytes().leak()[..], &["line 3", "o1 is on line 2 already"]),
        (b"\x00\x01\xfe\xca\n\xff\x00", &["line 1", "not a text file"]),
        (b"a\xff\xff\n", &["line 1", "neither UTF-8 nor CP949"]),
        (b"PK\x03\x04\x14\x00", &["no whole .xlsx workbook"]),
    ];
    for (bytes, parts) in bad {
        file(&world, "charges.csv", bytes);
        let ran = batch(&world, &[]).exits(2).says(parts).says(&["Nothing was sent"]);
        assert_eq!(ran.stdout, "");
    }
    world.run(&["batch", "absent.csv", "--yes"]).exits(2).says(&["absent.csv", "no such file"]);
    world.run(&["batch", ".", "--yes"]).exits(2).says(&["is a directory"]);
    assert_eq!(gateway.asked().len(), 0, "not even a token was asked for");
    assert!(!world.ledger_path().exists());
}

#[test]
fn the_first_hundred_problems_are_listed_and_the_rest_is_counted() {
    let gateway = paying();
    let world = World::for_gateway(gateway.url());
    let bad: String = (0..150).map(|n| format!("gildong,x{n},x,o{n}\n")).collect();
    file(&world, "charges.csv", format!("{HEADER}{bad}"));
    let ran = batch(&world, &[]).exits(2).says(&["has 150 problems", "line 101:", "and 50 more"]);
    assert!(!ran.stderr.contains("line 102:"), "{ran}");
}

#[test]
fn what_korean_excel_writes_is_decoded_and_said() {
    let gateway = paying();
    let world = World::for_gateway(gateway.url());
    let text = format!("{HEADER}gildong,8900,월간 구독 뷁,주문_1\r\n");
    file(&world, "charges.csv", &*EUC_KR.encode(&text).0);
    let ran = batch(&world, &["--json"]).exits(0).says(&["CP949"]).json();
    assert_eq!(ran["payments"][0]["name"], "월간 구독 뷁");
    let sent: Value = serde_json::from_str(&gateway.asked().last().unwrap().body).unwrap();
    assert_eq!((&sent["name"], &sent["merchant_uid"]), (&"월간 구독 뷁".into(), &"주문_1".into()));
    let marked = [b"\xef\xbb\xbf", text.as_bytes()].concat();
    file(&world, "charges.csv", marked);
    batch(&world, &[]).exits(0).says(&["TEST  1 row"]).answers(&["already paid"]);
}

#[test]
fn stdin_and_json_lines_are_taken() {
    let gateway = paying();
    let world = World::for_gateway(gateway.url());
    let lines = "{\"customer_uid\":\"gildong\",\"amount\":8900,\"name\":\"x\",\"merchant_uid\":\"o1\"}\n";
    world.run_fed(&["batch", "-", "--input-format", "jsonl", "--yes"], lines).exits(0);
    world.run_fed(&["batch", "-", "--yes"], &rows(3)).exits(0);
    world.run_fed(&["batch", "-"], &rows(4)).exits(8).says(&["--yes"]);
    file(&world, "more.jsonl", lines);
    world.run(&["batch", "more.jsonl", "--yes"]).exits(0).says(&["TEST  1 row"]).answers(&["already paid"]);
    assert_eq!(gateway.charges(), 4);
}

#[test]
fn results_are_a_line_a_row_in_the_order_of_the_file() {
    let gateway = Gateway::start("slow=500ms@order_0,decline@order_2");
    let world = World::for_gateway(&gateway.url());
    file(&world, "charges.csv", rows(5));
    batch(&world, &["--results", "out.csv"]).exits(5);
    let mut reader = csv::Reader::from_path(world.home().join("out.csv")).unwrap();
    let told: Vec<(String, String)> = reader
        .records()
        .map(|record| record.map(|record| (record[0].to_owned(), record[1].to_owned())).unwrap())
        .collect();
    let expected = ["paid", "paid", "declined", "paid", "paid"].into_iter().zip(2..);
    assert_eq!(told, expected.map(|(word, line)| (line.to_string(), word.to_owned())).collect::<Vec<_>>());
    batch(&world, &["--results", "out.jsonl", "--quiet"]).exits(5);
    let text = std::fs::read_to_string(world.home().join("out.jsonl")).unwrap();
    let told: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let lines: Vec<i64> = told.iter().map(|row| row["line"].as_i64().unwrap()).collect();
    assert_eq!(lines, [2, 3, 4, 5, 6]);
    assert!(told.iter().all(|row| row["replayed"] == true));
    batch(&world, &["--results", "charges.csv"]).exits(2).says(&["the input itself"]);
    batch(&world, &["--results", "nowhere/out.csv"]).exits(1).says(&["nowhere/out.csv", "Nothing was sent"]);
}

/// Under whatever name: by its path, through a link, as a hard link, and before it is there.
#[test]
#[cfg(unix)]
fn results_are_never_written_onto_a_file_of_our_own_or_the_input() {
    let gateway = Gateway::start("");
    let world = World::for_gateway(&gateway.url());
    file(&world, "charges.csv", rows(1));
    let at = |name: &str| world.home().join(name);
    // What another profile names is as dear.
    for name in ["secret.csv", "listen.csv", "authorities.csv"] {
        file(&world, name, "x");
    }
    let config = std::fs::read_to_string(world.config_path()).unwrap();
    let home = world.home().display();
    world.configure(&format!(
        "default_profile = \"main\"\n{config}\n[profile.other]\nimp_secret_file = \"{home}/secret.csv\"\n\
         listen_secret_file = \"{home}/listen.csv\"\nca_file = \"{home}/authorities.csv\"\n"
    ));
    batch(&world, &[]).exits(0).says(&["TEST  1 row"]);
    let ledger = world.ledger_path();
    let companion = |suffix: &str| {
        let mut name = ledger.clone().into_os_string();
        name.push(suffix);
        std::path::PathBuf::from(name)
    };
    let cache = std::fs::read_dir(at(".cache/billkey")).unwrap().next().unwrap().unwrap().path();
    std::fs::hard_link(at("charges.csv"), at("hard.csv")).unwrap();
    std::fs::hard_link(world.config_path(), at("config.csv")).unwrap();
    std::os::unix::fs::symlink(&ledger, at("soft.csv")).unwrap();
    let held = |path: &std::path::Path| std::fs::read(path).unwrap_or_default();
    // No setting names these two: one is known by its folder, the other by what it is.
    std::fs::copy(&ledger, ledger.with_file_name("of_before.db")).unwrap();
    std::fs::copy(&ledger, at("elsewhere.csv")).unwrap();
    let forbidden: Vec<(std::path::PathBuf, &str)> = vec![
        (ledger.with_file_name("of_before.db"), "the folder of ledgers"),
        (ledger.with_file_name("sandbox/book.db"), "the folder of ledgers"),
        (at("elsewhere.csv"), "a database"),
        (at("charges.csv"), "the input itself"),
        (at("hard.csv"), "the input itself"),
        (ledger.clone(), "a ledger"),
        (at("soft.csv"), "a ledger"),
        (companion("-wal"), "a ledger"),
        (companion("-journal"), "a ledger"),
        (companion(".mark"), "a ledger"),
        (companion(".locks").join("new"), "a ledger"),
        (world.config_path(), "the config file"),
        (at("config.csv"), "the config file"),
        (cache, "the folder of tokens"),
        (at("secret.csv"), "the file of an API secret"),
        (at("listen.csv"), "the file of a listen secret"),
        (at("authorities.csv"), "the file of certificates"),
    ];
    for (path, named) in forbidden {
        let before = held(&path);
        let shown = path.display().to_string();
        // The sandbox has ledgers of its own, and the others are as dear there.
        for more in [&["--yes"][..], &["--dry-run"], &["--yes", "--sandbox"]] {
            let line = [&["batch", "charges.csv", "--results", &shown], more].concat();
            let named = if more.contains(&"--sandbox") { "" } else { named };
            world.run(&line).exits(2).says(&[
                "--results names",
                named,
                "it was left as it is",
                "Nothing was sent",
            ]);
        }
        assert!(held(&path) == before, "{shown} was changed");
    }
    assert_eq!(gateway.book()["payments"].as_array().unwrap().len(), 1);
}

/// It is cut by nothing that comes to nothing, and replaced by what is whole.
#[test]
fn an_older_results_file_stays_until_the_new_one_is_whole() {
    let gateway = Gateway::start("slow=400ms");
    let world = World::for_gateway(&gateway.url());
    file(&world, "charges.csv", rows(3));
    file(&world, "out.csv", "the last month's");
    let read = || std::fs::read_to_string(world.home().join("out.csv")).unwrap();
    let mut child = world.spawn(&arguments(&["--workers", "1", "--results", "out.csv"]));
    eventually("a charge arrives", || !gateway.book()["charges"].as_array().unwrap().is_empty());
    assert_eq!(read(), "the last month's", "while rows are sent");
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(read(), "the last month's", "after a kill");
    gateway.faults("");
    let _ = batch(&world, &["--results", "out.csv"]).says(&["TEST  3 rows"]);
    assert_eq!(read().lines().count(), 4);
}
