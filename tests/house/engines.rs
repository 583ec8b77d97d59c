//! Engines: what a ledger is kept in is known by one folder, and by the face of the ledger.

use super::code::{File, paths};

/// Folders of the ledger that are an engine each, and the crates that only it may name.
const ENGINES: [(&str, &[&str]); 2] =
    [("sqlite", &["rusqlite"]), ("postgres", &["tokio_postgres", "tokio_postgres_rustls"])];

/// The gateway's stand-in has a book of its own in a file of SQLite's, which has nothing to do with the ledger.
const OWN_BOOK: &str = "sandbox";

/// Where an engine, or what it is made of, is named by somebody else.
pub fn strangers(files: &[File]) -> Vec<String> {
    let mut wrong = Vec::new();
    for file in files {
        let module = file.module();
        let is_of = |engine: &str| module.starts_with(&["ledger".to_owned(), engine.to_owned()]);
        for (engine, crates) in ENGINES {
            if is_of(engine) {
                continue;
            }
            if module[0] != OWN_BOOK || engine != "sqlite" {
                let named = file.tokens.iter().filter(|token| crates.contains(&token.text.as_str()));
                wrong.extend(
                    named.map(|token| format!("{}:{}: it names `{}`", file.name, token.line, token.text)),
                );
            }
            if module != ["ledger"] {
                let named = paths(&file.tokens, "crate").into_iter();
                let named =
                    named.filter(|path| path.words.starts_with(&["ledger".to_owned(), engine.to_owned()]));
                wrong.extend(
                    named.map(|path| format!("{}:{}: it names the engine `{engine}`", file.name, path.line)),
                );
            }
        }
    }
    wrong
}

/// The files of the ledger's suite that an engine does not compile among its own tests.
pub fn unsuited(files: &[(String, String)]) -> Vec<String> {
    let suite = files.iter().filter_map(|(name, _)| name.strip_prefix("src/ledger/tests/"));
    let suite: Vec<&str> = suite.filter(|name| *name != "mod.rs").collect();
    let mut missing = Vec::new();
    for (engine, _) in ENGINES {
        let own = format!("src/ledger/{engine}/tests/mod.rs");
        let is_there = files.iter().any(|(name, _)| name.starts_with(&format!("src/ledger/{engine}")));
        let text = files.iter().find(|(name, _)| *name == own).map_or("", |(_, text)| text);
        let left_out = suite.iter().filter(|name| !text.contains(&format!("\"../../tests/{name}\"")));
        missing.extend(left_out.filter(|_| is_there).map(|name| format!("{own}: it does not take {name}")));
    }
    missing
}

#[cfg(test)]
mod tests {
    use super::{strangers, unsuited};
    use crate::house::code::program;

    fn found(name: &str, text: &str) -> usize {
        strangers(&program(&[(name, text)])).len()
    }

    #[test]
    fn an_engine_is_named_by_itself_and_by_the_face_of_the_ledger() {
        let names = "use crate::ledger::sqlite::open;";
        assert_eq!(found("src/ledger/mod.rs", names), 0);
        assert_eq!(found("src/ledger/sqlite/read.rs", names), 0);
        assert_eq!(found("src/ledger/engine.rs", names), 1);
        assert_eq!(found("src/ledger/postgres/read.rs", names), 1);
        assert_eq!(found("src/ledger/rules.rs", "fn f() { crate::ledger::postgres::open() }"), 1);
        assert_eq!(found("src/ledger/sqlite/read.rs", "use crate::ledger::{engine::Reads, postgres};"), 1);
    }

    #[test]
    fn what_an_engine_is_made_of_is_named_by_that_engine_alone() {
        let names = "use rusqlite::Connection;";
        assert_eq!(found("src/ledger/sqlite.rs", names), 0);
        assert_eq!(found("src/ledger/sqlite/tests/mod.rs", names), 0);
        assert_eq!(found("src/sandbox/book.rs", names), 0);
        assert_eq!(found("src/ledger/mod.rs", names), 1);
        assert_eq!(found("src/commands/charge.rs", "fn f() -> rusqlite::Result<()> { Ok(()) }"), 1);
        assert_eq!(found("src/ledger/sqlite/read.rs", "use tokio_postgres::Client;"), 1);
        assert_eq!(found("src/ledger/postgres/wire.rs", "use tokio_postgres::Client;"), 0);
        assert_eq!(found("src/sandbox/book.rs", "use crate::ledger::sqlite::open;"), 1);
    }

    #[test]
    fn an_engine_that_is_there_takes_every_file_of_the_suite() {
        let file = |name: &str, text: &str| (format!("src/ledger/{name}"), text.to_owned());
        let suite = [file("tests/mod.rs", ""), file("tests/day.rs", ""), file("sqlite.rs", "")];
        let with = |text| [&suite[..], &[file("sqlite/tests/mod.rs", text)]].concat();
        assert_eq!(unsuited(&suite).len(), 1);
        assert_eq!(unsuited(&with("mod chain;")).len(), 1);
        assert_eq!(unsuited(&with("#[path = \"../../tests/day.rs\"]\nmod day;")).len(), 0);
    }
}
