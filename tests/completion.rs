//! A shell that completes words of `billkey`: what the ledger and the config file know comes up, and nothing is
//! written, said or waited for.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use crate::support::pty::Terminal;
use crate::support::world::{BILLKEY, Ran, World};

/// A program in the world's own environment, with `billkey` on the PATH.
fn program(world: &World, name: &str, arguments: &[&str]) -> Command {
    let of_billkey = world.command(&[]);
    let mut command = Command::new(name);
    command.args(arguments).env_clear();
    command.envs(of_billkey.get_envs().filter_map(|(name, value)| Some((name, value?))));
    let folder = Path::new(BILLKEY).parent().unwrap().display();
    command.env("PATH", format!("{folder}:/usr/local/bin:/usr/bin:/bin"));
    command.current_dir(world.home());
    command
}

fn said(output: &Output) -> String {
    assert_eq!(
        String::from_utf8_lossy(&output.stderr),
        "",
        "a shell in the middle of a line was told something"
    );
    String::from_utf8(output.stdout.clone()).unwrap()
}

/// What bash offers for the last of the words.
fn bash(world: &World, words: &[&str]) -> Vec<String> {
    let script = world.home().join("completions.bash");
    if !script.exists() {
        fs::write(&script, world.run(&["completions", "bash"]).exits(0).stdout).unwrap();
    }
    let line = r#". ./completions.bash; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); COMP_TYPE=9
        _clap_complete_billkey billkey "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD-1]}"
        [ ${#COMPREPLY[@]} = 0 ] || printf '%s\n' "${COMPREPLY[@]}""#;
    let arguments = [&["--norc", "-c", line, "bash", "billkey"][..], words].concat();
    said(&program(world, "bash", &arguments).output().unwrap()).lines().map(str::to_owned).collect()
}

/// The same by the words that fish and zsh hand over, with what they show beside each.
fn told(world: &World, shell: &str, words: &[&str]) -> String {
    let index = words.len().to_string();
    let arguments = [&["--", "billkey"][..], words].concat();
    let mut command = program(world, BILLKEY, &arguments);
    command.env("BILLKEY_COMPLETE", shell).env("_CLAP_COMPLETE_INDEX", index).env("_CLAP_IFS", "\n");
    said(&command.output().unwrap())
}

/// The sandbox with two orders.
fn sandbox() -> World {
    let world = World::bare();
    for (order, customer, exit) in [
        ("order_1", "gildong_0001_1234", 0),
        ("order_2", "younghee_0002_5678", 0),
        ("late_1", "sandbox_declined", 5),
    ] {
        let charge = ["--sandbox", "charge", customer, "--amount", "8900", "--name", "구독", "--yes"];
        let ran: Ran = world.run(&[&charge[..], &["--merchant-uid", order]].concat()).exits(exit);
        let _ = ran.stderr.as_str();
    }
    world
}

#[test]
fn bash_completes_what_the_ledger_knows() {
    let world = sandbox();
    assert_eq!(bash(&world, &["--sandbox", "charge", "gil"]), ["gildong_0001_1234"]);
    assert_eq!(bash(&world, &["--sandbox", "customer", "show", "younghee_0"]), ["younghee_0002_5678"]);
    assert_eq!(bash(&world, &["--sandbox", "history", "--customer", "gil"]), ["gildong_0001_1234"]);
    assert_eq!(
        bash(&world, &["--sandbox", "history", "show", "order_"]),
        ["order_2", "order_1"],
        "the newest first"
    );
    assert_eq!(bash(&world, &["--sandbox", "refund", "la"]), ["late_1"]);
    assert_eq!(bash(&world, &["--sandbox", "reconcile", "order_1", "order_2"]), ["order_2"]);
    let retried = ["--sandbox", "charge", "gildong_0001_1234", "--merchant-uid", "order_1"];
    assert_eq!(bash(&world, &retried), ["order_1"]);
    assert_eq!(bash(&world, &["--sandbox", "charge", "nobody"]), [""; 0]);
}

#[test]
fn bash_completes_what_the_program_knows() {
    let world = World::bare();
    assert_eq!(bash(&world, &["his"]), ["history"]);
    assert_eq!(bash(&world, &["history", "--sta"]), ["--status"]);
    assert_eq!(bash(&world, &["history", "--status", "un"]), ["unknown"]);
    assert_eq!(bash(&world, &["history", "--status", "paid,can"]), ["paid,cancelled"]);
    assert_eq!(
        bash(&world, &["history", "--columns", "amount,card_n"]),
        ["amount,card_name", "amount,card_number"]
    );
    assert_eq!(bash(&world, &["history", "--who", "cus"]), ["customer"]);
    assert_eq!(bash(&world, &["charge", "x", "--once-per", "q"]), ["quarter"]);
    assert_eq!(bash(&world, &["retry-list", "--reason", "new"]), ["new_card"]);
    assert_eq!(bash(&world, &["help", "exit"]), ["exit-codes"]);
    assert_eq!(bash(&world, &["help", "customer", "reg"]), ["register"]);
}

#[test]
fn the_profile_and_the_config_on_the_line_count() {
    let world = World::bare();
    let toml = "[profile.shop]\nimp_key = \"1\"\nimp_secret = \"never-shown\"\ndatabase = \"shop.db\"\n\
                [profile.stall]\nimp_key = \"2\"\nimp_secret = \"never-shown\"\n";
    let path = world.home().join("other.toml");
    fs::write(&path, toml).unwrap();
    fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    let add = ["--config", "other.toml", "--profile", "shop", "customer", "add", "only_here", "--no-verify"];
    let ran = world.run(&[&add[..], &["--name", "홍길동"]].concat()).exits(0);
    let _ = ran.stderr.as_str();
    let with = |profile: &[&'static str], rest: &[&'static str]| -> Vec<String> {
        bash(&world, &[&["--config", "other.toml"], profile, rest].concat())
    };
    assert_eq!(with(&["--profile"], &["s"]), ["shop", "stall"]);
    for profile in [&["--profile", "shop"][..], &["--profile", "=", "shop"], &["--profile", "'shop'"]] {
        assert_eq!(with(profile, &["charge", "only"]), ["only_here"], "{profile:?}");
    }
    assert_eq!(with(&["--profile", "stall"], &["charge", "only"]), [""; 0]);
    assert_eq!(bash(&world, &["charge", "only"]), [""; 0]);
    assert!(!world.home().join("shop.db-journal").exists());
    let said = told(&world, "fish", &["--config", "other.toml", "--profile", ""]);
    assert!(said.contains("shop") && !said.contains("never-shown"), "{said}");
}

#[test]
fn fish_and_zsh_show_the_name_and_the_card_and_how_an_order_stands() {
    let world = sandbox();
    let fish = told(&world, "fish", &["--sandbox", "charge", "gil"]);
    assert_eq!(fish, "gildong_0001_1234\t홍길동  신한카드 5409-26**-****-1234\n");
    let zsh = told(&world, "zsh", &["--sandbox", "charge", "gil"]);
    assert_eq!(zsh, "gildong_0001_1234:홍길동  신한카드 5409-26**-****-1234");
    let fish = told(&world, "fish", &["--sandbox", "history", "show", "late"]);
    assert!(fish.starts_with("late_1\tdeclined ₩8,900 20"), "{fish}");
}

#[test]
fn an_id_that_a_shell_would_read_more_into_does_not_come_up() {
    let world = World::bare();
    world.run(&["--sandbox", "customer", "list"]).exits(0).stderr.as_str();
    for uid in ["x$(touch pwned)", "x;reboot", "x y", "x'y", "x_plain"] {
        let ran = world.run(&["--sandbox", "customer", "add", uid, "--no-verify"]).exits(0);
        let _ = ran.stderr.as_str();
    }
    assert_eq!(bash(&world, &["--sandbox", "charge", "x"]), ["x_plain"]);
    assert!(!world.home().join("pwned").exists());
}

#[test]
fn nothing_is_made_and_nothing_is_said_where_there_is_nothing_to_know() {
    let world = World::bare();
    world.configure("this is no TOML");
    assert_eq!(bash(&world, &["charge", "gil"]), [""; 0]);
    assert_eq!(bash(&world, &["--profile", "x"]), [""; 0]);
    assert_eq!(bash(&world, &["his"]), ["history"], "what needs no config comes up all the same");
    assert_eq!(bash(&world, &["--sandbox", "charge", "gil"]), [""; 0], "no sandbox yet, and none is made");
    assert!(!world.ledger_path().exists());
    let odd = world.home().join("odd.db");
    fs::write(&odd, b"no ledger").unwrap();
    assert_eq!(bash(&world, &["--sandbox", "--database", "odd.db", "charge", "gil"]), [""; 0]);
    assert_eq!(fs::read(&odd).unwrap(), b"no ledger");
    for words in [&["--", "billkey"][..], &["--", "billkey", "no", "such"], &["--"]] {
        let mut command = program(&world, BILLKEY, words);
        let output = command.env("BILLKEY_COMPLETE", "tcsh").output().unwrap();
        assert_eq!((said(&output), output.status.code()), (String::new(), Some(1)), "{words:?}");
    }
}

#[test]
fn a_person_at_bash_presses_the_tabulator() {
    let world = sandbox();
    fs::write(world.home().join("c.bash"), world.run(&["completions", "bash"]).exits(0).stdout).unwrap();
    let mut terminal = Terminal::start(program(&world, "bash", &["--norc", "-i"]));
    terminal.types(". ./c.bash; PS1='> '; echo rea''dy\n");
    terminal.shows("ready");
    terminal.types("billkey --sandbox history show late\t\n");
    terminal.shows("history show late_1");
    terminal.shows("[CC10] 통장 잔액부족");
    terminal.types("exit\n");
    terminal.exits(0);
}

#[test]
fn fish_and_zsh_read_their_scripts_where_they_are_installed() {
    let world = sandbox();
    for (shell, line) in [
        ("fish", "source ./completions.fish; complete -C 'billkey --sandbox charge gil'"),
        (
            "zsh",
            "autoload -Uz compinit; compinit -D; source ./completions.zsh; print $+functions[_clap_dynamic_completer_billkey]",
        ),
    ] {
        fs::write(
            world.home().join(format!("completions.{shell}")),
            world.run(&["completions", shell]).exits(0).stdout,
        )
        .unwrap();
        match program(&world, shell, &["-c", line]).output() {
            Ok(output) => {
                let seen = said(&output);
                assert!(seen.contains("gildong_0001_1234") || seen.trim() == "1", "{shell}: {seen}");
            }
            Err(_) => {
                assert!(std::env::var("CI").as_deref() != Ok("true"), "{shell} is not here");
                println!("SKIPPED: {shell} is not installed");
            }
        }
    }
}
