//! The map: which room may use which. ARCHITECTURE.md has it, and nobody else.

use std::collections::{BTreeMap, BTreeSet};

use super::code::{File, Token, UsedPath, paths};

/// A room, and the rooms it may use, from the ground up.
#[derive(Debug, PartialEq, Eq)]
pub struct Room {
    pub name: String,
    pub may_use: Vec<String>,
}

/// Reads the table under "## The map". A row begins with its room's name in backquotes.
pub fn map(page: &str) -> Vec<Room> {
    let section = page.split("\n## The map\n").nth(1).unwrap_or("").split("\n## ").next().unwrap_or("");
    let rows = section.lines().filter(|line| line.starts_with("| `"));
    rows.map(|row| {
        let mut cells = row.trim_matches('|').split('|').map(str::trim);
        let name = cells.next().unwrap_or("").trim_matches('`').to_owned();
        let words = cells.next().unwrap_or("").split(',').map(str::trim);
        Room { name, may_use: words.filter(|word| *word != "–").map(str::to_owned).collect() }
    })
    .collect()
}

/// A room that uses one further up could not be read before it.
pub fn arrows_upward(map: &[Room]) -> Vec<String> {
    let mut below = BTreeSet::new();
    let mut wrong = Vec::new();
    for room in map {
        for used in room.may_use.iter().filter(|used| !below.contains(used)) {
            wrong.push(format!("the map lets `{}` use `{used}`, which does not stand above it", room.name));
        }
        below.insert(&room.name);
    }
    wrong
}

/// What is used in spite of the map, and what the map allows and nobody uses.
pub fn against_the_map(map: &[Room], files: &[File]) -> Vec<String> {
    let allowed: BTreeMap<&str, &Room> = map.iter().map(|room| (room.name.as_str(), room)).collect();
    let mut wrong = Vec::new();
    let mut used = BTreeSet::new();
    for file in files {
        let name = file.room();
        if name == "lib" {
            continue;
        }
        let Some(room) = allowed.get(name.as_str()) else {
            wrong.push(format!("{}: the map has no room `{name}` yet", file.name));
            continue;
        };
        for (other, line) in rooms_used(&file.tokens, &name) {
            if !room.may_use.contains(&other) {
                wrong.push(format!("{}:{line}: `{name}` uses `{other}`", file.name));
            }
        }
        used.extend(rooms_used(&file.shipped, &name).into_iter().map(|(other, _)| (name.clone(), other)));
    }
    for room in map {
        let unused = |other: &&String| !used.contains(&(room.name.clone(), (*other).clone()));
        for other in room.may_use.iter().filter(unused) {
            wrong.push(format!("the map lets `{}` use `{other}`, and it does not", room.name));
        }
    }
    wrong
}

fn rooms_used(tokens: &[Token], room: &str) -> Vec<(String, usize)> {
    let root = if room == "main" { "billkey" } else { "crate" };
    let first = |path: UsedPath| path.words.into_iter().next().map(|word| (word, path.line));
    paths(tokens, root).into_iter().filter_map(first).filter(|(other, _)| other != room).collect()
}

/// `super::` hides which way an arrow points.
pub fn says_super(file: &File) -> Vec<String> {
    let hides = |pair: &&[Token]| matches!(pair[0].text.as_str(), "super" | "self") && pair[1].text == "::";
    let pairs = file.shipped.windows(2).filter(hides);
    pairs
        .map(|pair| format!("{}:{}: say `crate::`, not `{}::`", file.name, pair[0].line, pair[0].text))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::{Room, against_the_map, arrows_upward, map, says_super};
    use crate::house::code::program;

    const PAGE: &str = "# A page\n\n## The map\n\nWords.\n\n| room | may use | for |\n|---|---|---|\n\
                        | `domain` | – | rules |\n| `ledger` | domain | the book |\n\
                        | `main` | domain, ledger | the program |\n\n## Next\n\n| `no` | room | here |\n";

    fn complaints(files: &[(&str, &str)]) -> Vec<String> {
        against_the_map(&map(PAGE), &program(files))
    }

    const GOOD: [(&str, &str); 3] = [
        ("src/domain/mod.rs", "pub fn f() { crate::domain::g() }"),
        ("src/ledger.rs", "use crate::domain;"),
        ("src/main.rs", "use billkey::{domain::f, ledger};"),
    ];

    #[test]
    fn the_table_is_the_map() {
        let room = |name: &str, may_use: &[&str]| Room {
            name: name.to_owned(),
            may_use: may_use.iter().map(|used| (*used).to_owned()).collect(),
        };
        assert_eq!(
            map(PAGE),
            [room("domain", &[]), room("ledger", &["domain"]), room("main", &["domain", "ledger"])]
        );
    }

    #[test]
    fn a_house_that_keeps_to_its_map_is_left_alone() {
        assert_eq!(complaints(&GOOD), [""; 0]);
        assert_eq!(arrows_upward(&map(PAGE)), [""; 0]);
    }

    #[test]
    fn an_arrow_that_is_not_allowed_is_named_with_its_line() {
        let [domain, ledger, main] = GOOD;
        let upward =
            ("src/domain/late.rs", "\nuse crate::{\n    domain::g,\n    ledger::{self, Ledger},\n};");
        let said = complaints(&[domain, upward, ledger, main]);
        assert_eq!(said, vec!["src/domain/late.rs:4: `domain` uses `ledger`"; 2]);
        let in_a_test = ("src/domain/late.rs", "#[cfg(test)]\nmod tests { use crate::ledger; }");
        assert_eq!(complaints(&[domain, in_a_test, ledger, main]).len(), 1);
        let new = ("src/attic.rs", "");
        assert_eq!(
            complaints(&[domain, ledger, main, new]),
            ["src/attic.rs: the map has no room `attic` yet"]
        );
    }

    #[test]
    fn an_arrow_that_nobody_uses_is_named() {
        let [domain, _, main] = GOOD;
        let unused = ["the map lets `ledger` use `domain`, and it does not"];
        assert_eq!(complaints(&[domain, ("src/ledger.rs", ""), main]), unused);
        let in_a_test = ("src/ledger.rs", "#[cfg(test)]\nmod tests { use crate::domain; }");
        assert_eq!(complaints(&[domain, in_a_test, main]), unused, "a test is no use");
    }

    #[test]
    fn a_map_that_points_upward_is_refused() {
        let page = PAGE.replace("| `domain` | – |", "| `domain` | ledger |");
        let said = arrows_upward(&map(&page));
        assert_eq!(said, ["the map lets `domain` use `ledger`, which does not stand above it"]);
    }

    #[test]
    fn super_is_for_tests() {
        let said = |text: &str| says_super(&program(&[("src/a.rs", text)])[0]);
        assert_eq!(said("pub(super) fn f() {}\n#[cfg(test)]\nmod tests { use super::f; }"), [""; 0]);
        assert_eq!(said("fn f() {\n    super::g()\n}"), ["src/a.rs:2: say `crate::`, not `super::`"]);
    }
}
