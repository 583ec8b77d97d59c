//! House rules that no lint can say: who may import whom, and how long a room may grow.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

const FILE_LINES_MAX: usize = 500;
const FUNCTION_LINES_MAX: usize = 80;

/// What each room may use. A room that is not listed here is a new one: decide its arrows first.
const ARROWS: [(&str, &[&str]); 14] = [
    ("domain", &[]),
    ("clock", &["domain"]),
    ("interrupt", &[]),
    ("ledger", &["domain"]),
    ("gateway", &["domain"]),
    ("output", &["domain"]),
    ("sandbox", &[]),
    ("register", &["domain"]),
    ("billing", &["domain", "gateway", "interrupt", "ledger"]),
    ("settings", &["domain", "output"]),
    ("failure", &["billing", "domain", "gateway", "ledger", "output", "register", "sandbox", "settings"]),
    (
        "commands",
        &[
            "billing",
            "cli",
            "clock",
            "domain",
            "failure",
            "gateway",
            "interrupt",
            "ledger",
            "output",
            "register",
            "sandbox",
            "settings",
        ],
    ),
    ("cli", &["commands", "domain", "failure", "output", "settings"]),
    ("main", &["cli", "commands", "failure", "output", "settings"]),
];

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

/// `src/ledger/open.rs` is in the room `ledger`, `src/clock.rs` in `clock`.
fn room_of(name: &str) -> &str {
    let inside = name.strip_prefix("src/").unwrap_or(name);
    inside.split('/').next().unwrap_or(inside).trim_end_matches(".rs")
}

#[test]
fn rooms_use_only_what_they_may() {
    let arrows: BTreeMap<&str, &[&str]> = ARROWS.into_iter().collect();
    let mut wrong = Vec::new();
    for (name, text) in sources(&["src"]) {
        let room = room_of(&name);
        if room == "lib" {
            continue;
        }
        let Some(allowed) = arrows.get(room) else {
            wrong.push(format!("{name}: the room `{room}` has no arrows yet"));
            continue;
        };
        let prefix = if room == "main" { "billkey::" } else { "crate::" };
        for (index, line) in text.lines().enumerate() {
            for (at, _) in line.match_indices(prefix) {
                let used: String = line[at + prefix.len()..]
                    .chars()
                    .take_while(|c| c.is_ascii_alphanumeric() || *c == '_')
                    .collect();
                if !used.is_empty() && used != room && !allowed.contains(&used.as_str()) {
                    wrong.push(format!("{name}:{}: `{room}` uses `{used}`", index + 1));
                }
            }
        }
        if text.lines().any(|line| line.trim_start().starts_with("use super::")) && !name.contains("tests") {
            let outside_tests = text.split("#[cfg(test)]").next().unwrap_or("");
            if outside_tests.lines().any(|line| line.starts_with("use super::")) {
                wrong.push(format!(
                    "{name}: says `use super::`; say `use crate::`, so that the arrow can be read"
                ));
            }
        }
    }
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

/// rustfmt puts a function's closing brace under its first word, which is all that is needed here.
#[test]
fn no_function_grows_beyond_a_screen_or_two() {
    let mut long = Vec::new();
    for (name, text) in sources(&["src"]) {
        let lines: Vec<&str> = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or("").lines().collect();
        for (start, line) in lines.iter().enumerate() {
            let code = line.trim_start();
            let is_function =
                ["fn ", "pub fn ", "pub(super) fn ", "pub(crate) fn ", "async fn ", "pub(super) async fn "]
                    .iter()
                    .any(|head| code.starts_with(head));
            if !is_function || code.ends_with(';') {
                continue;
            }
            let close = format!("{}}}", &line[..line.len() - code.len()]);
            let length = lines[start..].iter().position(|other| *other == close).unwrap_or(0) + 1;
            if length > FUNCTION_LINES_MAX {
                long.push(format!("{name}:{}: {length} lines", start + 1));
            }
        }
    }
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
