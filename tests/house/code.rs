//! Rust, read as far as the house needs it: words and signs with their lines, without comments and
//! without what stands in quotes.

use std::collections::BTreeSet;

/// A word or a sign. A text or a character is the token `"`; `::` is one token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    pub text: String,
    /// From 1.
    pub line: usize,
}

/// A function that has a body.
#[derive(Debug, PartialEq, Eq)]
pub struct Function {
    pub name: String,
    pub line: usize,
    /// From the first word of its head to the closing brace.
    pub lines: usize,
}

/// `crate::room::part::Name`, without the `crate`, whether it stands in a `use` or anywhere else.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct UsedPath {
    pub words: Vec<String>,
    pub line: usize,
}

/// A file of the program, read once.
pub struct File {
    /// From the root of the package, such as `src/ledger/open.rs`.
    pub name: String,
    /// All of it.
    pub tokens: Vec<Token>,
    /// What is compiled without tests: nothing of a file that another one declares for tests alone.
    pub shipped: Vec<Token>,
    /// The modules that it declares for tests alone, each in a file of its own.
    pub test_modules: BTreeSet<String>,
}

/// Reads the files of one program, each with its name.
pub fn program(files: &[(impl AsRef<str>, impl AsRef<str>)]) -> Vec<File> {
    let mut all: Vec<File> =
        files.iter().map(|(name, text)| File::read(name.as_ref(), text.as_ref())).collect();
    let tests: BTreeSet<Vec<String>> = all
        .iter()
        .flat_map(|file| file.test_modules.iter().map(|name| [file.module(), vec![name.clone()]].concat()))
        .collect();
    for file in &mut all {
        let module = file.module();
        if (1..=module.len()).any(|length| tests.contains(&module[..length])) {
            file.shipped.clear();
        }
    }
    all
}

impl File {
    fn read(name: &str, text: &str) -> File {
        let tokens = tokens(text);
        let (shipped, test_modules) = without_tests(&tokens);
        File { name: name.to_owned(), tokens, shipped, test_modules }
    }

    /// `src/ledger/open.rs` is the module `ledger::open`; `src/ledger/mod.rs` and `src/ledger.rs`
    /// are both `ledger`.
    pub fn module(&self) -> Vec<String> {
        let inside = self.name.strip_prefix("src/").unwrap_or(&self.name).trim_end_matches(".rs");
        let inside = inside.strip_suffix("/mod").unwrap_or(inside);
        inside.split('/').map(str::to_owned).collect()
    }

    pub fn room(&self) -> String {
        self.module().swap_remove(0)
    }
}

pub fn tokens(text: &str) -> Vec<Token> {
    let chars: Vec<char> = text.chars().collect();
    let (mut all, mut at, mut line) = (Vec::new(), 0, 1);
    while let Some(&c) = chars.get(at) {
        let next = chars.get(at + 1).copied();
        let (token, end) = if c == '/' && next == Some('/') {
            (None, end_of_line(&chars, at))
        } else if c == '/' && next == Some('*') {
            (None, end_of_comment(&chars, at))
        } else if let Some(end) = end_of_raw_text(&chars, at) {
            (Some("\"".to_owned()), end)
        } else if c == '"' {
            (Some("\"".to_owned()), end_of_text(&chars, at + 1, '"'))
        } else if c == '\'' {
            quote(&chars, at)
        } else if is_word(c) {
            let end = (at..chars.len()).find(|at| !is_word(chars[*at])).unwrap_or(chars.len());
            // The `b` of b"bytes" and the `r#` of r#name say nothing here.
            let word: String = chars[at..end].iter().collect();
            let is_prefix = (word == "b" || word == "c") && matches!(chars.get(end), Some('"' | '\''));
            let is_raw_name = word == "r" && chars.get(end) == Some(&'#');
            if is_raw_name { (None, end + 1) } else { ((!is_prefix).then_some(word), end) }
        } else if c == ':' && next == Some(':') {
            (Some("::".to_owned()), at + 2)
        } else {
            ((!c.is_whitespace()).then(|| c.to_string()), at + 1)
        };
        all.extend(token.map(|text| Token { text, line }));
        line += chars[at..end].iter().filter(|c| **c == '\n').count();
        at = end;
    }
    all
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

fn end_of_line(chars: &[char], from: usize) -> usize {
    (from..chars.len()).find(|at| chars[*at] == '\n').unwrap_or(chars.len())
}

/// Comments in stars may stand in each other.
fn end_of_comment(chars: &[char], from: usize) -> usize {
    let (mut at, mut depth) = (from, 0_usize);
    while at < chars.len() {
        match (chars[at], chars.get(at + 1)) {
            ('/', Some('*')) => (depth, at) = (depth + 1, at + 2),
            ('*', Some('/')) => (depth, at) = (depth - 1, at + 2),
            _ => at += 1,
        }
        if depth == 0 {
            return at;
        }
    }
    at
}

/// The end of `r"…"`, `r#"…"#`, `br"…"`, if one begins here.
fn end_of_raw_text(chars: &[char], from: usize) -> Option<usize> {
    let r = if chars[from] == 'b' || chars[from] == 'c' { from + 1 } else { from };
    if chars.get(r) != Some(&'r') {
        return None;
    }
    let signs = chars[r + 1..].iter().take_while(|c| **c == '#').count();
    let begin = r + 1 + signs;
    if chars.get(begin) != Some(&'"') {
        return None;
    }
    let closes = |at: &usize| {
        chars[*at] == '"'
            && chars.get(at + 1..at + 1 + signs).is_some_and(|end| end.iter().all(|c| *c == '#'))
    };
    let end = (begin + 1..chars.len()).find(closes).map_or(chars.len(), |at| at + 1 + signs);
    Some(end)
}

fn end_of_text(chars: &[char], from: usize, close: char) -> usize {
    let mut at = from;
    while let Some(&c) = chars.get(at) {
        match c {
            '\\' => at += 2,
            c if c == close => return at + 1,
            _ => at += 1,
        }
    }
    chars.len()
}

/// `'a'` is a character, `'a` a lifetime, which says nothing here.
fn quote(chars: &[char], at: usize) -> (Option<String>, usize) {
    let is_char = chars.get(at + 1) == Some(&'\\') || chars.get(at + 2) == Some(&'\'');
    if is_char {
        return (Some("\"".to_owned()), end_of_text(chars, at + 1, '\''));
    }
    let end = (at + 1..chars.len()).find(|at| !is_word(chars[*at])).unwrap_or(chars.len());
    (None, end)
}

fn is(tokens: &[Token], at: usize, texts: &[&str]) -> bool {
    texts.iter().enumerate().all(|(offset, text)| tokens.get(at + offset).is_some_and(|t| t.text == *text))
}

/// Leaves out every item under `#[cfg(test)]`; names the modules among them that are files.
fn without_tests(tokens: &[Token]) -> (Vec<Token>, BTreeSet<String>) {
    const HEAD: [&str; 7] = ["#", "[", "cfg", "(", "test", ")", "]"];
    let (mut shipped, mut modules, mut at) = (Vec::new(), BTreeSet::new(), 0);
    while at < tokens.len() {
        if !is(tokens, at, &HEAD) {
            shipped.push(tokens[at].clone());
            at += 1;
            continue;
        }
        let mut begin = at + HEAD.len();
        while is(tokens, begin, &["#", "["]) {
            begin = closing(tokens, begin + 1) + 1;
        }
        let end = end_of_item(tokens, begin);
        let item = &tokens[begin..end];
        if let [.., keyword, name, last] = item
            && keyword.text == "mod"
            && last.text == ";"
        {
            modules.insert(name.text.clone());
        }
        at = end;
    }
    (shipped, modules)
}

/// Behind the `;` or the closing brace that ends the item.
fn end_of_item(tokens: &[Token], from: usize) -> usize {
    let mut at = from;
    while let Some(token) = tokens.get(at) {
        match token.text.as_str() {
            "(" | "[" => at = closing(tokens, at) + 1,
            "{" => return (closing(tokens, at) + 1).min(tokens.len()),
            ";" => return at + 1,
            _ => at += 1,
        }
    }
    tokens.len()
}

/// Where the bracket that opens at `open` closes.
fn closing(tokens: &[Token], open: usize) -> usize {
    let mut depth = 0_usize;
    for (at, token) in tokens.iter().enumerate().skip(open) {
        match token.text.as_str() {
            "(" | "[" | "{" => depth += 1,
            ")" | "]" | "}" => depth = depth.saturating_sub(1),
            _ => continue,
        }
        if depth == 0 {
            return at;
        }
    }
    tokens.len()
}

/// Every path that begins with `root::`, those in braces each on its own. What only says who may
/// see something, `pub(in crate::room)`, uses nothing.
pub fn paths(tokens: &[Token], root: &str) -> Vec<UsedPath> {
    let mut all = Vec::new();
    for at in 0..tokens.len() {
        let begins = is(tokens, at, &[root, "::"]);
        let before = at.checked_sub(1).map_or("", |before| tokens[before].text.as_str());
        if begins && before != "in" && before != "::" {
            branches(tokens, at + 2, &[], &mut all);
        }
    }
    all
}

/// Follows one branch of a path from its word, its star or its brace on. Returns where it ends.
fn branches(tokens: &[Token], from: usize, trunk: &[String], all: &mut Vec<UsedPath>) -> usize {
    let mut words = trunk.to_vec();
    let mut at = from;
    while let Some(token) = tokens.get(at) {
        if token.text == "{" {
            let end = closing(tokens, at);
            at += 1;
            while at < end {
                at = branches(tokens, at, &words, all);
                // To the next branch: over a comma, or `as` and a name.
                while at < end && tokens[at].text != "," {
                    at += 1;
                }
                at += 1;
            }
            return end + 1;
        }
        if token.text.starts_with(is_word) && token.text != "self" {
            words.push(token.text.clone());
        }
        if !is(tokens, at + 1, &["::"]) {
            break;
        }
        at += 2;
    }
    let line = tokens.get(at.min(tokens.len().saturating_sub(1))).map_or(0, |token| token.line);
    all.push(UsedPath { words, line });
    at + 1
}

/// Where another name is given to something further down: `pub use crate::room::part::Name;`.
pub fn handed_on(tokens: &[Token]) -> Vec<UsedPath> {
    let mut all = Vec::new();
    for at in 0..tokens.len() {
        let visible = is(tokens, at, &["pub", "use", "crate", "::"]).then_some(at + 4).or_else(|| {
            let end = is(tokens, at, &["pub", "("]).then(|| closing(tokens, at + 1))?;
            is(tokens, end + 1, &["use", "crate", "::"]).then_some(end + 4)
        });
        if let Some(begin) = visible {
            branches(tokens, begin, &[], &mut all);
        }
    }
    all
}

/// Every function with a body, whatever stands before its `fn`.
pub fn functions(tokens: &[Token]) -> Vec<Function> {
    const BEFORE: [&str; 8] = ["pub", "const", "async", "unsafe", "extern", "safe", "default", "\""];
    let mut all = Vec::new();
    for at in 0..tokens.len() {
        let Some(name) = tokens.get(at + 1) else { break };
        if tokens[at].text != "fn" || !name.text.starts_with(is_word) {
            continue;
        }
        let mut head = at;
        while let Some(before) = head.checked_sub(1) {
            let text = tokens[before].text.as_str();
            if text == ")" {
                let Some(open) = (0..before).rev().find(|open| closing(tokens, *open) == before) else {
                    break;
                };
                if open == 0 || tokens[open - 1].text != "pub" {
                    break;
                }
                head = open - 1;
            } else if BEFORE.contains(&text) {
                head = before;
            } else {
                break;
            }
        }
        let end = end_of_item(tokens, at + 1);
        let Some(last) = tokens.get(end - 1).filter(|last| last.text == "}") else { continue };
        let line = tokens[head].line;
        all.push(Function { name: name.text.clone(), line, lines: last.line - line + 1 });
    }
    all
}

#[cfg(test)]
mod tests {
    use super::{File, functions, handed_on, paths, program, tokens};

    fn used(text: &str) -> Vec<String> {
        paths(&tokens(text), "crate").into_iter().map(|path| path.words.join("::")).collect()
    }

    #[test]
    fn braces_are_read_however_deep_they_stand_and_over_several_lines() {
        assert_eq!(used("use crate::ledger::Ledger;"), ["ledger::Ledger"]);
        assert_eq!(used("use crate::{ledger, output::Ui};"), ["ledger", "output::Ui"]);
        let text = "use crate::{\n    ledger::{\n        self, lock::{Held as Guard, Place},\n    },\n    clock,\n};";
        assert_eq!(used(text), ["ledger", "ledger::lock::Held", "ledger::lock::Place", "clock"]);
        let lines: Vec<usize> = paths(&tokens(text), "crate").iter().map(|path| path.line).collect();
        assert_eq!(lines, [3, 3, 3, 5]);
    }

    #[test]
    fn a_path_in_the_middle_of_code_is_seen() {
        assert_eq!(
            used("fn f() -> crate::failure::Kind { crate::clock::now() }"),
            ["failure::Kind", "clock::now"]
        );
        assert_eq!(used("let all = crate::ledger::Day::<3>::new();"), ["ledger::Day"]);
        assert_eq!(used("pub use crate::ledger::*;"), ["ledger"]);
    }

    #[test]
    fn what_is_said_and_not_done_is_no_path() {
        for text in [
            "// crate::ledger::Ledger",
            "/* crate::a /* crate::b */ crate::c */",
            "let text = \"crate::ledger \\\" crate::b\";",
            "let text = r#\"crate::ledger \" crate::b\"#;",
            "let text = b\"crate::ledger\"; let quote = '\"'; let other = '\\'';",
            "pub(in crate::ledger) fn f() {}",
            "pub(crate) fn f() {}",
        ] {
            assert_eq!(used(text), [""; 0], "{text}");
        }
        assert_eq!(used("let quote = '\"'; crate::a::b(); let other = '\"';"), ["a::b"]);
        assert_eq!(used("fn f<'a>(x: &'a str, y: &'a str) { crate::a::b(x) }"), ["a::b"]);
    }

    #[test]
    fn what_only_tests_compile_is_left_out() {
        let text = "mod a;\n#[cfg(test)]\nmod fake;\n#[cfg(test)]\n#[allow(unused)]\nmod tests { use crate::x; }\n\
                    #[cfg(test)]\npub(super) const N: [u8; 2] = [1, 2];\nfn kept() { crate::y() }";
        let file = File::read("src/room/mod.rs", text);
        assert_eq!(file.test_modules.into_iter().collect::<Vec<_>>(), ["fake"]);
        let shipped: Vec<String> = file.shipped.into_iter().map(|token| token.text).collect();
        assert_eq!(shipped.join(" "), "mod a ; fn kept ( ) { crate :: y ( ) }");
    }

    #[test]
    fn a_file_that_only_tests_declare_ships_nothing_nor_does_what_is_below_it() {
        let all = program(&[
            ("src/room/mod.rs", "mod part;\n#[cfg(test)]\nmod tests;"),
            ("src/room/part.rs", "use crate::a;"),
            ("src/room/tests/mod.rs", "mod more;"),
            ("src/room/tests/more.rs", "use crate::b;"),
        ]);
        let ships: Vec<bool> = all.iter().map(|file| !file.shipped.is_empty()).collect();
        assert_eq!(ships, [true, true, false, false]);
    }

    #[test]
    fn a_file_knows_its_room_and_its_module() {
        for (name, module) in [
            ("src/clock.rs", "clock"),
            ("src/ledger/mod.rs", "ledger"),
            ("src/ledger/lock/files.rs", "ledger::lock::files"),
        ] {
            assert_eq!(File::read(name, "").module().join("::"), module);
        }
    }

    #[test]
    fn every_head_of_a_function_is_one() {
        for head in [
            "fn f()",
            "pub fn f()",
            "pub(super) async fn f()",
            "pub(in crate::output) fn f<T: Fn(u8) -> u8>(x: [u8; 3]) -> T",
            "pub(crate) const fn f()",
            "const unsafe extern \"C\" fn f()",
            "async fn f(\n)",
        ] {
            let text = format!("const A: u8 = 1;\n{head}\nwhere\n    A: B,\n{{\n    if x {{ y }}\n}}\n");
            let found = functions(&tokens(&text));
            let lines = text.lines().count() - 1;
            assert_eq!(found.len(), 1, "{head}");
            assert_eq!((found[0].name.as_str(), found[0].line, found[0].lines), ("f", 2, lines), "{head}");
        }
    }

    #[test]
    fn a_head_without_a_body_and_a_type_are_no_functions() {
        assert_eq!(functions(&tokens("trait T { fn f(&self) -> u8; }\ntype F = fn(u8) -> u8;")), []);
    }

    #[test]
    fn what_a_room_hands_on_is_what_it_says_with_pub_use() {
        let text = "use crate::a::B;\npub use crate::a::{C, d::E};\npub(super) use crate::f::G;";
        let found: Vec<String> =
            handed_on(&tokens(text)).into_iter().map(|path| path.words.join("::")).collect();
        assert_eq!(found, ["a::C", "a::d::E", "f::G"]);
    }
}
