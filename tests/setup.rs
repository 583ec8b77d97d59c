//! `setup`: from keys to a profile that was tried, or to nothing at all.

use std::fs;
#[cfg(unix)]
use std::os::unix::fs::PermissionsExt as _;
#[cfg(unix)]
use std::path::Path;

use billkey::sandbox::{IMP_KEY, IMP_SECRET};

use crate::support::pty::Terminal;
use crate::support::world::{Gateway, World, set_mode};

/// A newcomer's machine, whose gateway is this one.
fn world(gateway: &Gateway) -> World {
    let mut world = World::bare();
    world.set("BILLKEY_API_URL", &gateway.url());
    world
}

fn folder(world: &World) -> Vec<String> {
    let Ok(folder) = fs::read_dir(world.config_path().parent().unwrap()) else { return Vec::new() };
    let mut names: Vec<String> =
        folder.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[cfg(unix)]
fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

fn line(text: &str) -> String {
    format!("{text}\r")
}

#[test]
#[cfg(unix)]
fn a_newcomer_is_asked_for_what_is_needed_and_can_charge() {
    let gateway = Gateway::start("");
    let world = world(&gateway);
    let mut terminal = Terminal::start(world.command(&["setup"]));
    terminal.shows("Name of the profile [default]: ");
    terminal.types(&line("ma in"));
    terminal.shows("cannot name a profile");
    terminal.types(&line(""));
    terminal.shows("REST API key (imp_key): ");
    terminal.types(&line("imp12345678"));
    terminal.shows("another line of the console");
    terminal.types(&line(IMP_KEY));
    terminal.shows("REST API secret (not shown): ");
    assert!(!terminal.echoes());
    terminal.types(&line("wrong-secret"));
    terminal.shows("only a token was asked for");
    terminal.types(&line(IMP_KEY));
    while terminal.seen().matches("(not shown)").count() < 2 {
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    terminal.types(&line(IMP_SECRET));
    terminal.shows("for an access token, and for nothing else");
    terminal.shows("live or test: ");
    terminal.types(&line("real"));
    terminal.shows("a mode is `live` or `test`");
    terminal.types(&line("test"));
    terminal.shows("Enter leaves it out): ");
    terminal.types(&line("imp12345678"));
    terminal.exits(0);
    let seen = terminal.seen();
    assert!(!seen.contains(IMP_SECRET) && !seen.contains("wrong-secret"), "{seen}");
    assert!(seen.contains("billkey --sandbox charge gildong_0001_1234"), "{seen}");
    assert!(seen.contains("billkey doctor") && terminal.echoes(), "{seen}");

    assert_eq!(folder(&world), ["config.toml", "default.secret"]);
    let config = world.config_path();
    assert_eq!((mode(&config), mode(&config.with_file_name("default.secret"))), (0o600, 0o600));
    assert_eq!(mode(config.parent().unwrap()), 0o700);
    let text = fs::read_to_string(&config).unwrap();
    assert!(text.contains("#mode = \"live\"\nmode = \"test\"\n"), "beneath what explains it: {text}");
    assert!(!text.contains(IMP_SECRET), "{text}");
    assert_eq!(world.charge("order_1", &["--allow-similar"]).exits(0).json()["outcome"], "paid");
}

#[test]
#[cfg(target_os = "linux")]
fn ctrl_c_at_any_question_writes_nothing_and_says_so() {
    let gateway = Gateway::start("");
    let answers = ["", IMP_KEY, IMP_SECRET, "test"];
    let questions = ["[default]: ", "(imp_key): ", "(not shown): ", "live or test: ", "leaves it out): "];
    for stop in 0..questions.len() {
        let world = world(&gateway);
        let mut terminal = Terminal::start_as_session(&world.command(&["setup"]));
        for (question, answer) in questions.iter().zip(answers).take(stop) {
            terminal.shows(question);
            terminal.types(&line(answer));
        }
        terminal.shows(questions[stop]);
        terminal.types("\u{3}");
        terminal.shows("interrupted. Nothing was written");
        terminal.exits(130);
        assert!(terminal.echoes(), "{}", questions[stop]);
        assert!(folder(&world).is_empty() && !world.home().join(".cache").exists(), "{}", questions[stop]);
    }
}

#[test]
fn off_a_terminal_every_answer_is_an_option() {
    let gateway = Gateway::start("");
    let world = world(&gateway);
    let ran = world.run(&["setup"]).exits(2).in_plain_words();
    ran.says(&["--imp-key KEY", "--mode live|test", "--secret-from FILE", "Nothing was written"]);
    let most = ["setup", "--imp-key", IMP_KEY, "--mode", "live", "--secret-from"];
    world.run(&most[..5]).exits(2).says(&["--secret-from FILE"]);
    world
        .run_fed(&[&most[..], &["-"]].concat(), "")
        .exits(3)
        .says(&["stdin is empty", "Nothing was written"]);
    world.run_fed(&[&most[..], &["-"]].concat(), "wrong\n").exits(4).says(&["Nothing was written"]);
    fs::write(world.home().join("secret.txt"), IMP_SECRET).unwrap();
    set_mode(&world.home().join("secret.txt"), 0o644);
    world.run(&[&most[..], &["secret.txt"]].concat()).exits(3).says(&["can be read by others"]);
    let bad_code = [&most[..], &["-", "--imp-code", "0000"]].concat();
    world.run_fed(&bad_code, IMP_SECRET).exits(2).says(&["imp and digits", "Nothing was written"]);
    assert!(folder(&world).is_empty());

    let done = world.run_fed(&[&["--profile", "main"], &most[..], &["-"]].concat(), IMP_SECRET).exits(0);
    let done = done.says(&["for an access token, and for nothing else"]);
    let done = done.answers(&["billkey doctor", "billkey config set limits.max_amount 500,000"]);
    assert!(!done.stdout.contains("--profile main"), "it is the only one: {done}");
    assert_eq!(folder(&world), ["config.toml", "main.secret"]);
    world.run(&["config", "get", "profile"]).exits(0).answers(&["main\n"]);
    world.run(&["--sandbox", "setup"]).exits(2).says(&["needs no setting up"]);
    assert_eq!(gateway.book()["charges"].as_array().unwrap().len(), 0, "only tokens were asked for");
}

#[test]
fn another_profile_is_set_up_beside_the_first_and_that_one_is_only_replaced_when_told() {
    let gateway = Gateway::start("");
    let mut world = World::for_gateway(&gateway.url());
    world.set("BILLKEY_API_URL", &gateway.url());
    let before = fs::read_to_string(world.config_path()).unwrap();
    let answers = ["setup", "--imp-key", IMP_KEY, "--mode", "test", "--secret-from", "-"];
    let named = |name: &'static str, more: &[&'static str]| {
        world.run_fed(&[&["--profile", name], &answers[..], more].concat(), IMP_SECRET)
    };
    named("main", &[]).exits(8).says(&["there is a profile main", "--replace", "Nothing was written"]);
    assert_eq!(fs::read_to_string(world.config_path()).unwrap(), before);

    let second = named("second", &["--json"]).exits(0);
    assert_eq!((&second.json()["profile"], &second.json()["checked"]), (&"second".into(), &true.into()));
    world.run(&["config", "get", "profile"]).exits(0).answers(&["main\n"]);
    let text = fs::read_to_string(world.config_path()).unwrap();
    assert!(text.contains("default_profile = \"main\"") && text.contains(IMP_SECRET), "{text}");

    let replaced = named("main", &["--replace"]).exits(0);
    assert_ne!(replaced.stderr.as_str(), "");
    let text = fs::read_to_string(world.config_path()).unwrap();
    assert!(!text.contains(IMP_SECRET) && text.contains("imp_secret_file = \"main.secret\""), "{text}");
    assert_eq!(folder(&world), ["config.toml", "main.secret", "second.secret"]);
    fs::write(world.config_path().with_file_name("third.secret"), "somebody's").unwrap();
    named("third", &[]).exits(8).says(&["third.secret already", "Nothing was written"]);
    assert!(!fs::read_to_string(world.config_path()).unwrap().contains("third"));
}

#[test]
fn a_gateway_that_is_not_reached_is_no_reason_to_write_what_nobody_tried() {
    let mut world = World::bare();
    world.set("BILLKEY_API_URL", "http://127.0.0.1:9");
    let answers = ["setup", "--imp-key", "k", "--mode", "test", "--secret-from", "-"];
    let ran = world.run_fed(&answers, "s").exits(9);
    ran.says(&["--unchecked", "Nothing was written"]);
    assert!(folder(&world).is_empty());
    let ran = world.run_fed(&[&answers[..], &["--unchecked", "--json"]].concat(), "s").exits(0);
    assert_eq!(ran.json()["checked"], false);
}

/// As the README has them, for the keyrings of Linux and macOS: each program is a fake that takes no other arguments.
#[test]
#[cfg(unix)]
fn the_keyrings_recipes_give_the_secret() {
    const README: &str = include_str!("../README.md");
    let gateway = Gateway::start("");
    let mut tried = 0;
    for recipe in
        README.lines().filter_map(|line| line.strip_prefix("billkey config set imp_secret_command "))
    {
        let recipe = recipe.split(" #").next().unwrap().trim();
        let words: Vec<&str> = recipe.trim_start_matches("-- ").split(' ').collect();
        let mut world = world(&gateway);
        let programs = world.home().join("bin");
        fs::create_dir(&programs).unwrap();
        let program = programs.join(words[0]);
        let wanted = words[1..].join(" ");
        let script = format!("#!/bin/sh\n[ \"$*\" = '{wanted}' ] && echo '{IMP_SECRET}' || exit 1\n");
        fs::write(&program, script).unwrap();
        set_mode(&program, 0o755);
        world.set("PATH", &format!("{}:/usr/bin:/bin", programs.display()));
        let answers = ["setup", "--imp-key", IMP_KEY, "--mode", "test", "--"];
        let ran = world.run(&[&answers[..], &words].concat()).exits(0);
        ran.says(&["for an access token"]).answers(&["Wrote the profile default"]);
        assert_eq!(folder(&world), ["config.toml"], "the secret is in no file");
        world.run(&["token"]).exits(0).answers(&["Token"]);
        world.run(&["config", "unset", "imp_secret_command"]).exits(0).answers(&["Took"]);
        let set = ["config", "set", "imp_secret_command", "--"];
        world.run(&[&set[..], &words].concat()).exits(0).answers(&["Set"]);
        world.run(&["token", "--refresh"]).exits(0).answers(&["Token"]);
        tried += 1;
    }
    assert_eq!(tried, 3, "secret-tool, pass and security");
}
