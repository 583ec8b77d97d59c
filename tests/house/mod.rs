//! House rules that no lint can say: who may use whom, and how long a room may grow.

mod circles;
mod code;
mod engines;
mod map;

use std::fs;
use std::path::{Path, PathBuf};

use circles::circles;
use code::{functions, program, tokens};
use engines::{strangers, unsuited};
use map::{against_the_map, arrows_upward, map, says_super};

const FILE_LINES_MAX: usize = 500;
const FUNCTION_LINES_MAX: usize = 80;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn rust_files(folder: &Path, all: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            rust_files(&path, all);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            all.push(path);
        }
    }
}

fn sources(folders: &[&str]) -> Vec<(String, String)> {
    let mut files = Vec::new();
    for folder in folders {
        rust_files(&root().join(folder), &mut files);
    }
    files.sort();
    assert!(files.len() > 10, "the house was not found");
    files
        .into_iter()
        .map(|path| {
            let name = path.strip_prefix(root()).unwrap().to_str().unwrap().replace('\\', "/");
            (name, fs::read_to_string(&path).unwrap())
        })
        .collect()
}

#[test]
fn rooms_use_what_the_map_lets_them_and_the_map_lets_them_no_more() {
    let map = map(&fs::read_to_string(root().join("ARCHITECTURE.md")).unwrap());
    assert!(map.len() > 10, "the map was not found");
    let all = program(&sources(&["src"]));
    let mut wrong = arrows_upward(&map);
    wrong.extend(against_the_map(&map, &all));
    wrong.extend(all.iter().flat_map(says_super));
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn no_file_grows_beyond_what_can_be_read_at_a_sitting() {
    let long: Vec<String> = sources(&["src", "tests", "benches"])
        .into_iter()
        .map(|(name, text)| (name, text.lines().count()))
        .filter(|(_, lines)| *lines > FILE_LINES_MAX)
        .map(|(name, lines)| format!("{name} has {lines} lines"))
        .collect();
    assert!(long.is_empty(), "{}", long.join("\n"));
}

#[test]
fn no_function_grows_beyond_a_screen_or_two() {
    let mut long = Vec::new();
    let mut count = 0;
    for (name, text) in sources(&["src", "tests", "benches"]) {
        let found = functions(&tokens(&text));
        count += found.len();
        for function in found.into_iter().filter(|function| function.lines > FUNCTION_LINES_MAX) {
            long.push(format!("{name}:{}: `{}` has {} lines", function.line, function.name, function.lines));
        }
    }
    assert!(count > 1000, "only {count} functions were found");
    assert!(long.is_empty(), "{}", long.join("\n"));
}

#[test]
fn nothing_is_left_half_done() {
    // Put together here, so that this file does not find itself.
    let marks: Vec<String> =
        [("TO", "DO"), ("FIX", "ME"), ("todo", "!("), ("dbg", "!("), ("unimplemented", "!(")]
            .iter()
            .map(|(a, b)| format!("{a}{b}"))
            .collect();
    for (name, text) in sources(&["src", "tests", "benches"]) {
        for mark in &marks {
            assert!(!text.contains(mark.as_str()), "{name} holds `{mark}`");
        }
    }
}

#[test]
fn files_side_by_side_form_no_circle() {
    let found = circles(&program(&sources(&["src"])));
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn an_engine_is_known_by_itself_and_by_the_face_of_the_ledger_alone() {
    let found = strangers(&program(&sources(&["src"])));
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn every_engine_takes_the_whole_of_the_suite() {
    let missing = unsuited(&sources(&["src/ledger"]));
    assert!(missing.is_empty(), "{}", missing.join("\n"));
}
