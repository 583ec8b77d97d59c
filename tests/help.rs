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
fn the_examples_on_the_sandbox_work() {
    let world = World::bare();
    fs::write(world.home().join("customers.csv"), "customer_uid\ngildong_0001_1234\n").unwrap();
    let charges = "customer_uid,amount,name\nyounghee_0002_5678,7700,Monthly\n";
    fs::write(world.home().join("charges.csv"), charges).unwrap();
    let mut tried = 0;
    for command in [
        "charge",
        "history",
        "history show",
        "customer",
        "customer add",
        "customer list",
        "customer show",
        "token",
        "batch",
        "config show",
        "config get",
        "status",
        "doctor",
        "ledger stats",
        "ledger check",
        "ledger backup",
    ] {
        let words: Vec<&str> = command.split(' ').collect();
        let page = world.run(&[&["help"], &words[..]].concat()).exits(0).stdout.replace("\\\n", " ");
        let (_, examples) = page.split_once("Examples:\n").unwrap();
        let examples = examples.lines().take_while(|line| line.starts_with("  billkey "));
        for line in examples.filter(|line| line.starts_with("  billkey --sandbox ")) {
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
            // What a payment is called at the gateway differs from run to run.
            let expected = match line {
                _ if line.contains("charge sandbox_declined") => 5,
                _ if line.contains("imps_") => 10,
                _ => 0,
            };
            assert_eq!(ran.code, expected, "{line}: {ran}");
            let _ = ran.stderr.as_str();
            tried += 1;
        }
    }
    assert!(tried > 30, "only {tried} examples were found");
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
    for topic in ["exit-codes", "states", "sandbox", "globals", "environment"] {
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

/// Lines of a terminal.
const SCREEN: usize = 24;

#[test]
fn the_short_help_of_what_is_used_every_day_is_one_screen_and_no_page_tells_what_every_command_takes() {
    let world = World::bare();
    let mut all = Vec::new();
    commands(&billkey::cli::root(), "", &mut all);
    let long = ["batch", "history", "customer", "customer register", "customer listen", "ledger"];
    for command in &all {
        let words: Vec<&str> = command.split(' ').collect();
        let short = world.run(&[&words[..], &["-h"]].concat()).exits(0).stdout;
        let lines = short.lines().count();
        let room = if long.contains(&command.as_str()) { SCREEN + 12 } else { SCREEN };
        assert!(lines <= room, "`{command} -h` has {lines} lines:\n{short}");
        assert!(short.contains(&format!("`billkey {command} --help` ")), "{command}: {short}");
        let page = world.run(&[&words[..], &["--help"]].concat()).exits(0).stdout;
        for told in [&short, &page] {
            assert!(!told.contains("--no-input") && !told.contains("--color"), "{command}: {told}");
            assert!(told.contains("billkey help globals"), "{command}: {told}");
        }
        let by_help = world.run(&[&["help"], &words[..]].concat()).exits(0).stdout;
        assert!(command == "sandbox" || by_help == page, "help {command}");
    }
    let globals = world.run(&["help", "globals"]).exits(0).stdout;
    let root = billkey::cli::root();
    let flags = root.get_arguments().filter(|arg| arg.is_global_set());
    let flags: Vec<String> = flags.map(|arg| format!("--{}", arg.get_long().unwrap())).collect();
    assert!(flags.len() > 10 && flags.iter().all(|flag| globals.contains(flag)), "{globals}");
}

#[test]
fn the_topics_are_listed_told_and_completed() {
    let world = World::bare();
    let completed = world
        .command(&["--", "billkey", "help", ""])
        .envs([("BILLKEY_COMPLETE", "bash"), ("_CLAP_COMPLETE_INDEX", "2"), ("_CLAP_IFS", "\n")])
        .output()
        .unwrap();
    let completed = String::from_utf8(completed.stdout).unwrap();
    let root = world.run(&["help"]).exits(0).stdout;
    let help = world.run(&["help", "help"]).exits(0).stdout;
    for topic in ["exit-codes", "states", "sandbox", "globals", "environment"] {
        let line = root.lines().rfind(|line| line.starts_with(&format!("  {topic} "))).unwrap_or_default();
        assert!(line.len() > 20 && help.contains(line), "{topic}: {root}{help}");
        assert!(world.run(&["help", topic]).exits(0).stdout.lines().count() > 5, "{topic}");
        assert!(completed.lines().any(|word| word == topic), "{topic}: {completed}");
    }
    let environment = world.run(&["help", "environment"]).exits(0);
    environment.answers(&["BILLKEY_IMP_SECRET", "https_proxy", "NO_COLOR"]);
}

#[test]
fn a_command_is_found_under_the_name_that_people_try() {
    let world = World::bare();
    let paid = ["--sandbox", "charge", "gildong_0001_1234", "--amount", "8900", "--name", "Monthly"];
    let paid = [&paid[..], &["--merchant-uid", "order_1", "--yes"]].concat();
    world.run(&paid).exits(0).says(&[""]);
    world.run(&["--sandbox", "payments", "--format", "plain"]).exits(0).answers(&["order_1"]);
    world.run(&["--sandbox", "payments", "show", "order_1"]).exits(0).answers(&["order_1"]);
    let refund = ["--sandbox", "cancel", "order_1", "--full", "--reason", "by mistake", "--yes"];
    world.run(&refund).exits(0).answers(&["₩8,900"]);
    let status = world.run(&["--sandbox", "status"]).exits(0);
    let who = world.run(&["--sandbox", "whoami"]).exits(0);
    assert_eq!(status.stdout, who.stdout);
    who.answers(&["profile sandbox", "operator", "unsettled", "billkey --sandbox doctor"]);
    world.run(&["payments", "--help"]).exits(0).answers(&["List payments"]);
}

#[test]
fn status_reads_no_secret_asks_nobody_and_creates_nothing() {
    let world = World::with_profile("https://127.0.0.1:9", "imp_code = \"imp12345678\"\n");
    let config = fs::read_to_string(world.config_path()).unwrap();
    let (config, _) = config.split_once("imp_secret").unwrap();
    world.configure(&format!("{config}imp_secret_command = [\"touch\", \"ran\"]\n"));
    let status = world.run(&["status"]).exits(0);
    status.answers(&["profile main, mode live", "imp_secret_command from", "none yet", "not asked"]);
    assert!(!world.home().join("ran").exists() && !world.ledger_path().exists());
    world.configure("[profile.main]\nimp_key = \"k\"\n");
    world.run(&["status"]).exits(3).answers(&["a secret is not set", "billkey --profile main setup"]);
}
