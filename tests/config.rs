//! `config get`, `set` and `unset`: the file is changed as a careful hand would, or not at all.

use std::fs;
#[cfg(unix)]
use std::os::unix::fs::{PermissionsExt as _, symlink};

use crate::support::pty::Terminal;
use crate::support::world::{Gateway, World, set_mode};

const TWO: &str = "# of the shop\ndefault_profile = \"main\" # the one\n\n[profile.main]\nmode = \"test\" # for now\n\
                   imp_key = \"k\"\n\n# the other shop\n[profile.other]\n#imp_code = \"imp00000000\"\n";

fn world(toml: &str) -> World {
    let world = World::bare();
    world.configure(toml);
    world
}

fn text(world: &World) -> String {
    fs::read_to_string(world.config_path()).unwrap()
}

#[test]
fn a_value_is_set_got_and_unset_and_all_else_stays() {
    let world = world(TWO);
    let set = world.run(&["config", "set", "mode", "live"]).exits(0);
    set.answers(&["Set mode of the profile main in ", "config.toml."]);
    assert_eq!(text(&world), TWO.replace("mode = \"test\" #", "mode = \"live\" #"));
    world.run(&["config", "get", "mode"]).exits(0).answers(&["live\n"]);
    let got = world.run(&["config", "get", "profile.main.mode", "--json"]).exits(0).json();
    assert_eq!((&got["key"], &got["value"]), (&"mode".into(), &"live".into()));
    world.run(&["--profile", "other", "config", "get", "mode"]).exits(0).answers(&["live\n"]);

    world
        .run(&["--profile", "other", "config", "set", "imp_code", "imp12345678"])
        .exits(0)
        .answers(&["other"]);
    assert!(text(&world).ends_with("#imp_code = \"imp00000000\"\nimp_code = \"imp12345678\"\n"));
    let removed = world.run(&["config", "unset", "profile.other.imp_code", "--json"]).exits(0).json();
    assert_eq!(removed["was_set"], true);
    world.run(&["config", "set", "profile.main.mode", "test"]).exits(0).answers(&["main"]);
    assert_eq!(text(&world), TWO);
    let again = world.run(&["--profile", "other", "config", "unset", "imp_code"]).exits(0);
    again.answers(&["imp_code of the profile other was not set", "Nothing was changed."]);
    world.run(&["--profile", "other", "config", "get", "imp_code"]).exits(10).says(&["imp_code is not set"]);

    world.run(&["config", "get", "default_profile"]).exits(0).answers(&["main\n"]);
    world.run(&["config", "set", "timezone", "Asia/Tokyo", "-q"]).exits(0).answers(&[]);
    world.run(&["config", "get", "timezone"]).exits(0).answers(&["Asia/Tokyo\n"]);
}

#[test]
fn what_the_reader_does_not_take_is_refused_and_changes_nothing() {
    let world = world(TWO);
    for (arguments, said) in [
        (&["set", "mode", "sandbox"][..], "the sandbox is asked for with the flag --sandbox"),
        (&["set", "mode", "liev"], "a mode is `live` or `test`"),
        (&["set", "mod", "live"], "did you mean `mode`"),
        (&["set", "max_amount", "5"], "did you mean `limits.max_amount`"),
        (&["set", "limits.max_amount", "5x"], "limits.max_amount"),
        (&["set", "timezone", "Asia/Soul"], "the timezone `Asia/Soul` is not known"),
        (&["set", "api_url", "http://example.com"], "api_url"),
        (&["set", "settle_after", ""], "is empty"),
        (&["set", "default_profile", "nobody"], "which is not in the file"),
        (&["set", "imp_key", "a\u{200b}b"], "U+200B"),
        (&["set", "mode"], "mode needs a value"),
        (&["set", "mode", "live", "test"], "mode has one value"),
        (&["set", "imp_secret_command", "[\"pass\"]"], "each a word of its own"),
        (&["set", "proxy", "http://kim:pa55@proxy:3128"], "not taken as an argument"),
        (&["set", "imp_secret", "hunter2"], "not taken as an argument"),
        (&["unset", "mod"], "did you mean `mode`"),
    ] {
        let ran = world.run(&[&["config"], arguments].concat()).exits(2).in_plain_words();
        let ran = ran.says(&[said]);
        assert!(!ran.stderr.contains("hunter2") && !ran.stderr.contains("pa55"), "{ran}");
        assert!(!ran.stderr.contains("config.toml line "), "a line that is not in the file: {ran}");
        assert_eq!(text(&world), TWO, "{arguments:?}");
    }
    let ran = world.run(&["config", "set", "profile.mian.mode", "live"]).exits(3);
    ran.says(&["there is no profile `mian`", "main, other"]);
    world.run(&["--sandbox", "config", "set", "mode", "live"]).exits(2).says(&["Nothing was changed"]);
    assert_eq!(text(&world), TWO);
    let bare = World::bare();
    bare.run(&["config", "set", "mode", "live"]).exits(3).says(&["no config file", "billkey setup"]);
    assert!(!bare.config_path().exists());
}

#[test]
fn a_secret_comes_from_stdin_or_a_file_and_is_never_shown() {
    let world = world(TWO);
    let set = world.run_fed(&["config", "set", "imp_secret"], "hunter2\n").exits(0);
    assert!(!format!("{set}").contains("hunter2"), "{set}");
    assert!(text(&world).contains("imp_secret = \"hunter2\"\n"));
    world.run(&["config", "get", "imp_secret"]).exits(0).answers(&["set\n"]);
    world.run(&["config", "get", "imp_key"]).exits(0).answers(&["set\n"]);

    // Two places of one secret are one too many; the one that is there is kept.
    let ran = world.run(&["config", "set", "imp_secret_command", "pass", "show", "x"]).exits(2);
    ran.says(&["both say the API secret", "billkey config unset profile.main.imp_secret"]);
    world.run(&["config", "unset", "profile.main.imp_secret"]).exits(0).answers(&["Took imp_secret"]);
    assert_eq!(text(&world), TWO);
    let program = ["config", "set", "imp_secret_command", "--", "security", "find-generic-password", "-w"];
    world.run(&program).exits(0).answers(&["imp_secret_command"]);
    assert!(
        text(&world).contains("imp_secret_command = [\"security\", \"find-generic-password\", \"-w\"]\n")
    );

    let file = world.home().join("listen.txt");
    fs::write(&file, "other-secret\n").unwrap();
    set_mode(&file, 0o644);
    let from = ["config", "set", "listen_secret", "--from", "listen.txt"];
    world.run(&from).exits(3).says(&["can be read by others", "chmod 600"]);
    set_mode(&file, 0o600);
    world.run(&from).exits(0).answers(&["listen_secret"]);
    assert!(text(&world).contains("listen_secret = \"other-secret\"\n"));
    world.run_fed(&["config", "set", "proxy", "--from", "-"], "http://kim:pa55@proxy:3128\n").exits(0);
    world.run(&["config", "get", "proxy"]).exits(0).answers(&["http://***@proxy:3128\n"]);
    world.run_fed(&["config", "set", "imp_secret"], "").exits(3).says(&["stdin is empty"]);
}

#[test]
#[cfg(unix)]
fn the_file_keeps_its_mode_and_a_link_and_loses_both_to_no_half_written_one() {
    let world = world(TWO);
    let mode = || fs::metadata(world.config_path()).unwrap().permissions().mode() & 0o777;
    let real = world.home().join("dotfiles.toml");
    fs::rename(world.config_path(), &real).unwrap();
    symlink(&real, world.config_path()).unwrap();
    set_mode(&real, 0o640);
    world.run(&["config", "set", "mode", "live"]).exits(0).answers(&["Set"]);
    assert!(fs::symlink_metadata(world.config_path()).unwrap().is_symlink());
    assert!(fs::read_to_string(&real).unwrap().contains("mode = \"live\" #"));
    assert_eq!(mode(), 0o640, "what has no secret in it stays readable");
    world.run_fed(&["config", "set", "imp_secret"], "hunter2\n").exits(0);
    assert_eq!(mode(), 0o600, "a secret is for its owner alone");
    assert_eq!(fs::read_dir(world.config_path().parent().unwrap()).unwrap().count(), 1);
    let before = text(&world);
    set_mode(&real, 0o400);
    world.run(&["config", "set", "mode", "test"]).exits(0).answers(&["Set"]);
    assert_ne!(text(&world), before);
    assert_eq!(mode(), 0o400);
}

#[test]
fn a_variable_that_beats_the_file_is_warned_about() {
    let mut world = world(TWO);
    world.set("BILLKEY_IMP_KEY", "from-elsewhere");
    world.run(&["config", "set", "imp_key", "mine"]).exits(0).says(&["BILLKEY_IMP_KEY is set, and beats"]);
    assert!(text(&world).contains("imp_key = \"mine\"\n"));
}

#[test]
fn what_is_set_is_what_a_charge_runs_with() {
    let gateway = Gateway::start("");
    let world = World::for_gateway(&gateway.url());
    world.run(&["config", "set", "limits.max_amount", "8,000"]).exits(0).answers(&["limits.max_amount"]);
    world.charge("order_1", &[]).exits(8).says(&["8,000"]);
    world.run(&["config", "unset", "limits.max_amount"]).exits(0).answers(&["Took"]);
    assert_eq!(world.charge("order_1", &[]).exits(0).json()["outcome"], "paid");
}

#[test]
fn a_secret_is_asked_for_unseen_and_ctrl_c_leaves_the_file_alone() {
    let world = world(TWO);
    let mut terminal = Terminal::start(world.command(&["config", "set", "imp_secret"]));
    terminal.shows("imp_secret (not shown): ");
    terminal.types("hunter2\n");
    terminal.exits(0);
    assert!(!terminal.seen().contains("hunter2"), "{}", terminal.seen());
    assert!(terminal.echoes());
    assert!(text(&world).contains("imp_secret = \"hunter2\"\n"));
}

#[test]
#[cfg(target_os = "linux")]
fn ctrl_c_at_the_question_leaves_file_and_terminal_as_they_were() {
    let world = world(TWO);
    let mut terminal = Terminal::start_as_session(&world.command(&["config", "set", "imp_secret"]));
    terminal.shows("imp_secret (not shown): ");
    assert!(!terminal.echoes());
    terminal.types("hunt\u{3}");
    terminal.shows("interrupted. Nothing was changed");
    terminal.exits(130);
    assert!(terminal.echoes(), "the shell shows what is typed again");
    assert_eq!(text(&world), TWO);
}
