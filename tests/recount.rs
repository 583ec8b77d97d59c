//! Every sum of `report` and `month` against what another program makes of the ledger's tables
//! (`tests/recount/recount.py`), to the won.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use billkey::ledger::{Create, Ledger};

use crate::recipes::is_here;
use crate::report;
use crate::support::world::{Gateway, World};

fn python(script: &str, arguments: &[&str]) -> Output {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/recount").join(script);
    Command::new("/usr/bin/python3").arg("-B").arg(script).args(arguments).output().unwrap()
}

/// What `report` says by everything there is, and `month` of each of these.
fn answers(world: &World, when: &[&str], months: &[&str]) -> Vec<PathBuf> {
    let mut lines: Vec<Vec<&str>> = Vec::new();
    for by in ["day", "month", "customer", "card", "product", "status", "reason"] {
        for basis in ["approval", "request"] {
            lines.push([&["report"], when, &["--by", by, "--basis", basis]].concat());
        }
    }
    lines.extend(months.iter().map(|month| vec!["month", month]));
    let answer = |(nth, line): (usize, Vec<&str>)| {
        let ran = world.run(&[&line[..], &["--json"]].concat()).exits(0);
        let path = world.home().join(format!("answer_{nth}.json"));
        fs::write(&path, ran.stdout.as_bytes()).unwrap();
        path
    };
    lines.into_iter().enumerate().map(answer).collect()
}

#[track_caller]
fn equal(world: &World, options: &[&str], answers: &[PathBuf]) {
    let ledger = world.ledger_path().display().to_string();
    let paths: Vec<&str> = answers.iter().map(|path| path.to_str().unwrap()).collect();
    let recounted = python("recount.py", &[&[ledger.as_str()], options, &paths].concat());
    let said = String::from_utf8_lossy(&recounted.stdout) + String::from_utf8_lossy(&recounted.stderr);
    assert!(recounted.status.success() && said.contains(" 0 differences"), "{said}");
}

/// A world whose ledger has so many payments of three months.
fn world_of(count: &str, profile: &str) -> World {
    let world = World::with_profile("http://127.0.0.1:1", profile);
    let ledger = world.ledger_path();
    drop(Ledger::open_at(&ledger, Create::IfMissing).unwrap());
    let made = python("made.py", &[ledger.to_str().unwrap(), count]);
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    world
}

#[test]
fn thousands_of_payments_come_to_what_another_program_makes_of_them() {
    if !is_here("python3") {
        return;
    }
    let world = world_of("4000", "mode = \"live\"\n");
    let months = ["2026-08", "2026-09", "2026-10", "2026-11"];
    equal(&world, &[], &answers(&world, &["2026-09"], &months));
    let over_months = ["--since", "2026-08-15", "--until", "2026-11-10"];
    let told = answers(&world, &over_months, &[]);
    equal(&world, &[], &told);
    // One won is enough to be noticed.
    let first = fs::read_to_string(&told[0]).unwrap();
    let gross = first.split("\"gross\":").nth(1).unwrap().split(',').next().unwrap().to_owned();
    let other = format!("\"gross\":{},", gross.trim().parse::<i64>().unwrap() + 1);
    fs::write(&told[0], first.replacen(&format!("\"gross\":{gross},"), &other, 1)).unwrap();
    let ledger = world.ledger_path().display().to_string();
    let recounted = python("recount.py", &[&ledger, told[0].to_str().unwrap()]);
    assert!(!recounted.status.success());
    let said = String::from_utf8_lossy(&recounted.stdout).into_owned();
    assert!(said.contains("1 differences") || said.contains("2 differences"), "{said}");
}

#[test]
fn a_profile_whose_sales_are_free_of_tax_comes_to_the_same_too() {
    if !is_here("python3") {
        return;
    }
    let world = world_of("1000", "mode = \"live\"\ntax = \"tax-free\"\n");
    equal(&world, &["--tax-free"], &answers(&world, &["2026-09"], &["2026-10"]));
}

#[test]
fn what_the_program_itself_has_charged_and_refunded_comes_to_the_same() {
    if !is_here("python3") {
        return;
    }
    let gateway = Gateway::start("");
    let world = report::world(&gateway);
    equal(&world, &[], &answers(&world, &["--since", "3d"], &[]));
    let (_gateway, world) = crate::month::shop();
    let (last, before) = (crate::month::name(1), crate::month::name(2));
    equal(&world, &[], &answers(&world, &["--since", "120d"], &[&last, &before]));
}
