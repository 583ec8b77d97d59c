//! Help, completions and manual pages.

use std::fs;

use std::process::{Command, Stdio};

use unicode_width::UnicodeWidthStr;

use crate::support::world::World;

/// Every command and subcommand that is shown, such as `customer add`.
fn commands(above: &clap::Command, words: &str, all: &mut Vec<String>) {
    for command in above.get_subcommands().filter(|command| !command.is_hide_set()) {
        let words = format!("{words} {}", command.get_name()).trim_start().to_owned();
        commands(command, &words, all);
        all.push(words);
    }
}

#[test]
fn every_command_is_explained_with_examples_and_exit_codes() {
    let world = World::bare();
    let mut all = Vec::new();
    commands(&billkey::cli::root(), "", &mut all);
    assert!(all.len() > 20 && all.iter().any(|command| command == "customer add"), "{all:?}");
    for command in &all {
        let words: Vec<&str> = command.split(' ').collect();
        let page = world.run(&[&words[..], &["--help"]].concat()).exits(0).in_plain_words();
        let page = page.answers(&["Usage: billkey ", "xit codes"]);
        // `help sandbox` is the topic.
        let page = &page.stdout;
        let same = world.run(&[&["help"], &words[..]].concat()).exits(0).stdout;
        let same = if command == "sandbox" { page } else { &same };
        let (_, examples) = same.split_once("\nExamples:\n").unwrap_or_default();
        assert!(examples.contains("  billkey "), "help {command}: {same}");
        let first = same.lines().next().unwrap();
        assert!(first.chars().count() < 80 && !first.ends_with('.'), "help {command}: {first}");
    }
    assert!(!world.ledger_path().exists());
}

/// An example that only reads, or that goes to the sandbox, must do what it says.
#[test]
fn the_examples_of_charge_history_customer_and_token_work() {
    let world = World::bare();
    fs::write(world.home().join("customers.csv"), "customer_uid\ngildong_0001_1234\n").unwrap();
    let mut tried = 0;
    for command in ["charge", "history", "customer", "customer add", "customer list", "token"] {
        let words: Vec<&str> = command.split(' ').collect();
        let page = world.run(&[&["help"], &words[..]].concat()).exits(0).stdout.replace("\\\n", " ");
        let (_, examples) = page.split_once("Examples:\n").unwrap();
        for line in examples.lines().take_while(|line| line.starts_with("  billkey ")) {
            let line = line.trim_start().strip_prefix("billkey ").unwrap();
            let mut arguments: Vec<String> = Vec::new();
            for (index, part) in line.split('"').enumerate() {
                match index % 2 {
                    0 => arguments.extend(part.split_whitespace().map(str::to_owned)),
                    _ => arguments.push(part.to_owned()),
                }
            }
            assert_eq!(arguments[0], "--sandbox", "{line}");
            let mut arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
            // On a terminal it would be asked for.
            if arguments[1] == "charge" {
                arguments.extend(["--yes", "--allow-similar"].iter().filter(|flag| !line.contains(*flag)));
            }
            let ran = world.run(&arguments);
            let expected = if line.contains("sandbox_declined") { 5 } else { 0 };
            assert_eq!(ran.code, expected, "{line}: {ran}");
            tried += 1;
        }
    }
    assert!(tried > 12, "only {tried} examples were found");
}

#[test]
fn the_topics_are_there() {
    let world = World::bare();
    let codes = world.run(&["help", "exit-codes"]).exits(0).stdout;
    for code in ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "130"] {
        assert!(codes.lines().any(|line| line.split_whitespace().next() == Some(code)), "{code}: {codes}");
    }
    let states = world.run(&["help", "states"]).exits(0);
    states.answers(&["paid", "declined", "rejected", "unknown", "not_sent", "pending"]);
    let sandbox = world.run(&["help", "sandbox"]).exits(0);
    sandbox.answers(&["sandbox_declined", "sandbox_rejected", "BILLKEY_SANDBOX_FAULTS", "lost_after"]);
    world.run(&["help", "nothing"]).exits(2).in_plain_words().says(&["nothing"]);
    world.run(&["--version"]).exits(0).answers(&[concat!("billkey ", env!("CARGO_PKG_VERSION"), "\n")]);
}

#[test]
fn no_help_is_wider_than_80_columns() {
    let world = World::bare();
    let mut all = vec![String::new()];
    commands(&billkey::cli::root(), "", &mut all);
    let mut lines = 0;
    let mut fits = |words: &[&str]| {
        for line in world.run(words).exits(0).stdout.lines() {
            assert!(line.width() <= 80, "`billkey {}` has {}: {line}", words.join(" "), line.width());
            lines += 1;
        }
    };
    for command in &all {
        let words: Vec<&str> = command.split(' ').filter(|word| !word.is_empty()).collect();
        for asked in [&[&["help"], &words[..]].concat(), &[&words[..], &["--help"]].concat()] {
            fits(asked);
        }
        fits(&[&words[..], &["-h"]].concat());
    }
    for topic in ["exit-codes", "states", "sandbox"] {
        fits(&["help", topic]);
    }
    assert!(lines > 1000, "{lines}");
}

/// What `man` shows is 80 columns wide too, the examples included.
#[test]
fn a_manual_page_fits_a_terminal_of_80_columns() {
    let world = World::bare();
    world.run(&["man", "man"]).exits(0);
    let there = Command::new("groff").arg("--version").stdout(Stdio::null()).status();
    if !there.is_ok_and(|status| status.success()) {
        assert!(std::env::var("CI").as_deref() != Ok("true"), "groff is not here");
        println!("SKIPPED: groff is not here to show the manual pages");
        return;
    }
    for page in fs::read_dir(world.home().join("man")).unwrap() {
        let path = page.unwrap().path();
        let mut groff = Command::new("groff");
        groff.args(["-man", "-Tutf8", "-Kutf8", "-rLL=80n", "-P-cbou", "-ww"]).arg(&path);
        let shown = groff.output().unwrap();
        assert_eq!(String::from_utf8_lossy(&shown.stderr), "", "{}", path.display());
        for line in String::from_utf8_lossy(&shown.stdout).lines() {
            assert!(line.width() <= 80, "{} has {}: {line}", path.display(), line.width());
        }
    }
}

#[test]
fn completions_and_manual_pages_are_written_without_a_config() {
    let world = World::bare();
    world.configure("this is no TOML");
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let script = world.run(&["completions", shell]).exits(0);
        script.answers(&["billkey", "BILLKEY_COMPLETE"]);
    }
    world.run(&["completions", "tcsh"]).exits(2).in_plain_words().says(&["tcsh", "zsh"]);
    world.run(&["man", "pages/man1"]).exits(0);
    for page in ["billkey.1", "billkey-charge.1", "billkey-customer-add.1", "billkey-history-show.1"] {
        let text = fs::read_to_string(world.home().join("pages/man1").join(page)).unwrap();
        assert!(text.contains(".SH") && text.to_lowercase().contains("billkey"), "{page}");
        assert!(text.contains(".SH \"EXIT STATUS\"\n") || page == "billkey.1", "{page}");
        assert!(text.contains(".SH EXAMPLES\n") || page == "billkey.1", "{page}");
        assert!(!text.contains("EXTRA"), "{page}");
    }
    // man looks for section 7 in a directory of that name.
    for page in ["man7/billkey-states.7", "man7/billkey-exit-codes.7"] {
        assert!(world.home().join("pages").join(page).exists(), "{page}");
    }
    world.run(&["man", "flat"]).exits(0);
    assert!(world.home().join("flat/billkey-states.7").exists());
    fs::write(world.home().join("file"), "x").unwrap();
    world.run(&["man", "file/man1"]).exits(1).in_plain_words().says(&["file/man1"]);
}
