//! The README's crontab lines, run as cron runs them: by /bin/sh, with cron's PATH, in the user's home.

use std::fs;
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::Duration;

use super::readme;
use crate::support::world::{BILLKEY, Gateway, Ran, World, client};

/// The lines that charge.
fn lines() -> Vec<String> {
    all().into_iter().filter(|line| !line.contains(" attention") && !line.contains(" retry-list")).collect()
}

/// Every line that runs something, as the shell gets it.
fn all() -> Vec<String> {
    let mut lines = Vec::new();
    for block in readme::of("crontab") {
        for line in block.text.lines().filter(|line| !line.starts_with('#')) {
            if line
                .split_once('=')
                .is_some_and(|(name, _)| name.bytes().all(|byte| byte.is_ascii_uppercase()))
            {
                assert!(!line.contains('$'), "cron expands nothing there: {line}");
                continue;
            }
            let mut rest = line;
            for _ in 0..5 {
                let (field, after) = rest.trim_start().split_once(' ').unwrap();
                assert!(field.bytes().all(|byte| byte.is_ascii_digit() || b"*-,/".contains(&byte)), "{line}");
                rest = after;
            }
            let command = rest.trim_start();
            // A bare % ends the command, and what follows is its stdin.
            assert!(!command.replace("\\%", "").contains('%'), "{line}");
            lines.push(command.replace("\\%", "%"));
        }
    }
    lines
}

/// A home where `cargo install` has put the program, with a file of charges.
fn home(gateway: &Gateway) -> World {
    let world = World::for_gateway(&gateway.url());
    let bin = world.home().join(".cargo/bin");
    fs::create_dir_all(&bin).unwrap();
    std::os::unix::fs::symlink(BILLKEY, bin.join("billkey")).unwrap();
    fs::create_dir_all(world.home().join("srv/billing")).unwrap();
    fs::write(world.home().join("srv/billing/charges.csv"), readme::of("csv").remove(0).text).unwrap();
    world
}

fn run(world: &World, line: &str) -> Ran {
    let srv = world.home().join("srv");
    let line = line.replace(" /srv/", &format!(" {}/", srv.display()));
    let mut shell = Command::new("/bin/sh");
    shell.args(["-c", &line]).env_clear().current_dir(world.home()).stdin(Stdio::null());
    shell.envs([("PATH", "/usr/bin:/bin"), ("SHELL", "/bin/sh"), ("LOGNAME", "billing")]);
    shell.env("HOME", world.home());
    Ran::from_output(&shell.output().unwrap())
}

#[test]
fn a_crontab_line_runs_as_cron_runs_it_charges_once_and_mails_nothing() {
    let lines = lines();
    assert_eq!(lines.len(), 2, "{lines:?}");
    for line in &lines {
        let gateway = Gateway::start("");
        let world = home(&gateway);
        // The first run makes the ledger, and says so.
        let first = run(&world, line).exits(0).says(&["created the ledger"]);
        assert_eq!((first.stdout.as_str(), first.stderr.lines().count()), ("", 1), "{first}");
        let again = run(&world, line).exits(0);
        assert_eq!((again.stdout.as_str(), again.stderr.as_str()), ("", ""), "{again}");
        let book = gateway.book();
        let charges = book["charges"].as_array().unwrap();
        assert!(!charges.is_empty() && charges.iter().all(|row| row["charged"] == 1), "{line}: {book}");
    }
}

#[test]
fn the_daily_line_mails_nothing_until_something_is_left_for_a_person() {
    let mut checks = all();
    checks.retain(|line| line.contains(" attention"));
    let [line] = checks.as_slice() else { panic!("{checks:?}") };
    let gateway = Gateway::start("");
    let world = home(&gateway);
    let _ = world.charge("order_1", &[]).exits(0);
    let quiet = run(&world, line).exits(0);
    assert_eq!((quiet.stdout.as_str(), quiet.stderr.as_str()), ("", ""), "{quiet}");
    let console = world.run(&["history", "--json"]).exits(0).json()[0]["imp_uid"].clone();
    let url = format!("{}/_sandbox/console-refunds", gateway.url());
    let body = serde_json::json!({"imp_uid": console, "amount": 1000}).to_string();
    let answer = client().post(url).header("content-type", "application/json").body(body).send().unwrap();
    assert!(answer.status().is_success());
    let mail = run(&world, line).exits(8);
    assert_eq!((mail.stdout.lines().count(), mail.stderr.as_str()), (1, ""), "{mail}");
    let command = mail.stdout.split("  billkey ").nth(1).unwrap().split("  or: ").next().unwrap().trim_end();
    let _ = run(&world, &format!("$HOME/.cargo/bin/billkey {command}"));
    let _ = run(&world, line).exits(0);
}

#[test]
fn the_line_for_declined_orders_charges_what_is_due_once_and_mails_nothing() {
    let mut retries = all();
    retries.retain(|line| line.contains(" retry-list"));
    let [line] = retries.as_slice() else { panic!("{retries:?}") };
    let gateway = Gateway::start("decline=어떤 말*1");
    let world = home(&gateway);
    let config = fs::read_to_string(world.config_path()).unwrap();
    world.configure(&format!("{config}[profile.main.retry.reasons]\nunknown = {{ after = [\"1s\"] }}\n"));
    let _ = world.charge("order_1", &[]).exits(5);
    sleep(Duration::from_millis(1_100));
    for (run_no, code) in [(1, 0), (2, 1)] {
        // Where nothing is due `test` ends the line, and cron mails what is printed alone.
        let ran = run(&world, line).exits(code);
        assert_eq!((ran.stdout.as_str(), ran.stderr.as_str()), ("", ""), "{run_no}: {ran}");
        assert_eq!((gateway.charged("order_1"), gateway.received("order_1")), (1, 2), "{run_no}");
    }
}

#[test]
fn the_mail_of_a_crontab_line_that_failed_has_a_command_that_works() {
    for line in lines() {
        let gateway = Gateway::start("decline");
        let world = home(&gateway);
        let ran = run(&world, &line).exits(5).in_plain_words();
        assert_eq!(ran.stdout, "", "{ran}");
        let ran = ran.says(&["통장 잔액부족", "gildong_0001_1234", "₩8,900", "  profile  ", "main\n"]);
        let (_, next) = ran.stderr.rsplit_once("billkey ").unwrap();
        let next = next.lines().next().unwrap().to_owned();
        gateway.faults("");
        run(&world, &format!("$HOME/.cargo/bin/billkey {next} --yes")).exits(0);
    }
}
