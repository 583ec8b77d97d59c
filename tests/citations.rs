//! Comments say where a rule comes from: by number in `docs/gateway.md` (`facts`) or `docs/contract.md`
//! (`contract, rule`). A number that is not there is a dead link at the very line that matters.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

const FOLDERS: [&str; 5] = ["src", "tests", "benches", "fuzz", "docs"];
const PAGES: [&str; 3] = ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md"];
const KINDS: [&str; 5] = ["rs", "sql", "md", "html", "toml"];

/// What a comment refers to.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Cited {
    /// A section of `docs/gateway.md`.
    Fact(String),
    /// A rule of `docs/contract.md`.
    Rule(String),
    /// A heading of `docs/contract.md`.
    Heading(String),
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// One line of words: what a comment says does not depend on where it is broken. Beside it, at which
/// byte of it each line begins.
fn flowing(text: &str) -> (String, Vec<usize>) {
    let (mut all, mut starts) = (String::new(), Vec::new());
    for line in text.lines() {
        starts.push(all.len());
        let line = line.trim();
        let words = ["//!", "///", "//", "--", "#"].iter().find_map(|mark| line.strip_prefix(mark));
        all.push_str(words.unwrap_or(line).trim());
        all.push(' ');
    }
    (all, starts)
}

/// Takes `2`, `2.6`; the full stop at the end of a sentence is none of it.
fn number(text: &str) -> Option<(&str, &str)> {
    let mut end = 0;
    for (index, part) in text.split('.').enumerate() {
        let digits = part.bytes().take_while(u8::is_ascii_digit).count();
        if digits == 0 {
            break;
        }
        end += digits + usize::from(index > 0);
        if digits < part.len() {
            break;
        }
    }
    let (taken, rest) = text.split_at(end);
    let is_word = rest.starts_with(|c: char| c.is_alphanumeric() || c == '_');
    (end > 0 && !is_word).then_some((taken, rest))
}

/// Takes `2.2, 2.5 and 13`.
fn numbers(text: &str) -> Vec<String> {
    let mut all = Vec::new();
    let mut rest = text.trim_start();
    while let Some((taken, after)) = number(rest) {
        all.push(taken.to_owned());
        let joined = [", and ", ", ", " and ", " or ", " to ", "–"];
        match joined.iter().find_map(|word| after.strip_prefix(word)) {
            Some(next) => rest = next.trim_start(),
            None => break,
        }
    }
    all
}

/// Everything that a text cites, with the number of its line.
fn citations(text: &str) -> Vec<(usize, Cited)> {
    let (words, starts) = flowing(text);
    let mut all = Vec::new();
    for name in ["facts", "Facts", "contract", "Contract"] {
        for (at, _) in words.match_indices(name) {
            let before = words[..at].chars().next_back();
            let after = &words[at + name.len()..];
            if before.is_some_and(|c| c.is_alphanumeric() || matches!(c, '_' | '/' | '-')) {
                continue;
            }
            let line = starts.partition_point(|start| *start <= at);
            let cited = if name.eq_ignore_ascii_case("facts") { facts(after) } else { rules(after) };
            all.extend(cited.into_iter().map(|cited| (line, cited)));
        }
    }
    all.sort();
    all
}

fn facts(after: &str) -> Vec<Cited> {
    if !after.starts_with(' ') {
        return Vec::new();
    }
    numbers(after).into_iter().map(Cited::Fact).collect()
}

fn rules(after: &str) -> Vec<Cited> {
    let after = after.strip_prefix(".md").unwrap_or(after);
    let Some(after) = after.strip_prefix(", ").or_else(|| after.strip_prefix(' ')) else { return Vec::new() };
    if let Some((heading, _)) = after.strip_prefix('"').and_then(|quoted| quoted.split_once('"')) {
        return vec![Cited::Heading(heading.to_owned())];
    }
    let after = after.strip_prefix("rules ").or_else(|| after.strip_prefix("rule ")).unwrap_or(after);
    numbers(after).into_iter().map(Cited::Rule).collect()
}

/// What the headings of a page make citable, in their order.
fn headings(page: &str, cited: impl Fn(&str) -> Vec<Cited>) -> Vec<Cited> {
    let titles = page.lines().filter(|line| line.starts_with("##"));
    titles.flat_map(|line| cited(line.trim_start_matches('#').trim())).collect()
}

fn facts_of(page: &str) -> Vec<Cited> {
    headings(page, |title| {
        number(title).map(|(found, _)| Cited::Fact(found.to_owned())).into_iter().collect()
    })
}

fn rules_of(page: &str) -> Vec<Cited> {
    headings(page, |title| match title.strip_prefix("Rule ").and_then(number) {
        Some((found, _)) => vec![Cited::Rule(found.to_owned())],
        None => vec![Cited::Heading(title.to_owned())],
    })
}

fn dead(text: &str, known: &BTreeSet<Cited>) -> Vec<(usize, Cited)> {
    citations(text).into_iter().filter(|(_, cited)| !known.contains(cited)).collect()
}

fn page(name: &str) -> String {
    fs::read_to_string(root().join("docs").join(name)).unwrap()
}

fn known() -> Vec<Cited> {
    let mut all = facts_of(&page("gateway.md"));
    all.extend(rules_of(&page("contract.md")));
    all
}

fn files(folder: &Path, all: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let built = ["target", "corpus", "artifacts"].iter().any(|name| path.ends_with(name));
        if path.is_dir() && !built {
            files(&path, all);
        } else if path.extension().is_some_and(|kind| KINDS.iter().any(|known| kind == *known)) {
            all.push(path);
        }
    }
}

#[test]
fn every_citation_has_its_heading() {
    let known: BTreeSet<Cited> = known().into_iter().collect();
    let mut paths: Vec<PathBuf> = PAGES.iter().map(|page| root().join(page)).collect();
    for folder in FOLDERS {
        files(&root().join(folder), &mut paths);
    }
    paths.sort();
    let (mut wrong, mut facts, mut rules) = (Vec::new(), 0, 0);
    for path in paths {
        let text = fs::read_to_string(&path).unwrap();
        let name = path.strip_prefix(root()).unwrap().display().to_string();
        if !name.starts_with("docs") {
            for (_, cited) in citations(&text) {
                match cited {
                    Cited::Fact(_) => facts += 1,
                    Cited::Rule(_) | Cited::Heading(_) => rules += 1,
                }
            }
        }
        wrong.extend(
            dead(&text, &known).into_iter().map(|(line, cited)| format!("{name}:{line}: no {cited:?}")),
        );
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(facts > 50 && rules > 0, "only {facts} facts and {rules} rules are cited: were they looked for?");
}

#[test]
fn no_number_of_the_pages_stands_twice() {
    let all = known();
    let mut seen = BTreeSet::new();
    let twice: Vec<&Cited> = all.iter().filter(|cited| !seen.insert(*cited)).collect();
    assert!(twice.is_empty(), "{twice:?}");
    let rules: Vec<String> = (1..=12).map(|rule: u32| rule.to_string()).collect();
    let there = all.iter().filter_map(|cited| if let Cited::Rule(rule) = cited { Some(rule) } else { None });
    assert_eq!(there.cloned().collect::<Vec<_>>(), rules, "the rules in their order");
    let doubled = facts_of("# Page\n## 2. One\n### 2.6 Two\n### 2.6 Again\n");
    assert_eq!(doubled.iter().filter(|cited| **cited == Cited::Fact("2.6".to_owned())).count(), 2);
}

/// The words are put together here, so that this file does not find itself.
fn planted(text: &str) -> String {
    text.replace("FACTS", &["fac", "ts"].concat()).replace("CONTRACT", &["contr", "act"].concat())
}

#[test]
fn citations_are_found_in_every_form() {
    let fact = |number: &str| Cited::Fact(number.to_owned());
    let rule = |number: &str| Cited::Rule(number.to_owned());
    for (text, expected) in [
        ("/// Late (FACTS 2.6).", vec![(1, fact("2.6"))]),
        ("// The end of FACTS 13. And more.", vec![(1, fact("13"))]),
        ("// (FACTS 2.1: at most 80)", vec![(1, fact("2.1"))]),
        ("// (FACTS 2.7, `smartro_v2`)", vec![(1, fact("2.7"))]),
        ("//! FACTS 2.2, 2.5 and 13", vec![(1, fact("13")), (1, fact("2.2")), (1, fact("2.5"))]),
        ("fn a() {}\n    /// Long (FACTS\n    /// 3.4).", vec![(2, fact("3.4"))]),
        ("/// Long (FACTS 5,\n/// 2.5).", vec![(1, fact("2.5")), (1, fact("5"))]),
        ("/// (CONTRACT.md, rule 4)", vec![(1, rule("4"))]),
        ("/// (CONTRACT, rules 8 and\n/// 9)", vec![(1, rule("8")), (1, rule("9"))]),
        ("/// CONTRACT 10 says", vec![(1, rule("10"))]),
        ("/// (CONTRACT, \"Exit codes\")", vec![(1, Cited::Heading("Exit codes".to_owned()))]),
        // None of these refers to a page.
        ("use table::FACTS;\n// 2 of them", vec![]),
        ("let text = FACTS(&rows);", vec![]),
        ("//! the FACTS of a payment, 3 of them", vec![]),
        ("// (CONTRACT: 15 minutes)", vec![]),
        ("// the CONTRACT's 5 outcomes", vec![]),
        ("// arteFACTS 2.6", vec![]),
        ("// FACTS 2nd", vec![]),
    ] {
        assert_eq!(citations(&planted(text)), expected, "{text}");
    }
}

#[test]
fn a_planted_dead_citation_is_told_with_its_line() {
    let known: BTreeSet<Cited> = known().into_iter().collect();
    let text = planted("//! Fine (FACTS 2.6).\n//! Dead (FACTS 2.66, 3.3; CONTRACT,\n//! rule 13).\n");
    let told = dead(&text, &known);
    assert_eq!(told, [(2, Cited::Fact("2.66".to_owned())), (2, Cited::Rule("13".to_owned()))]);
    assert!(dead(&planted("// (CONTRACT, \"No such heading\")"), &known).len() == 1);
}
