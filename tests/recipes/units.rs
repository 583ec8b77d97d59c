//! The README's systemd units.

use std::fs;
use std::process::{Command, Stdio};

use billkey::failure::EXIT_CODES;
use tempfile::TempDir;

use super::{is_here, readme};
use crate::support::world::{BILLKEY, Gateway, World};

/// Name and text of every unit; the program is the one under test.
fn units() -> Vec<(String, String)> {
    let unit = |block: readme::Block| {
        let file = block.file.unwrap_or_else(|| panic!("a unit has no file:\n{}", block.text));
        let name = file.strip_prefix("/etc/systemd/system/").unwrap_or_else(|| panic!("{file}"));
        (name.to_owned(), block.text.replace("/usr/local/bin/billkey", BILLKEY))
    };
    readme::of("ini").into_iter().map(unit).collect()
}

/// What stands behind `key=` in one of them.
#[track_caller]
fn value(unit: &str, key: &str) -> String {
    let units = units();
    let (_, text) = units.iter().find(|(name, _)| name == unit).unwrap_or_else(|| panic!("no {unit}"));
    let line = text.lines().find_map(|line| line.strip_prefix(&format!("{key}=")));
    line.unwrap_or_else(|| panic!("{unit} has no {key}")).to_owned()
}

#[test]
fn systemd_finds_nothing_wrong_with_the_units() {
    if !is_here("systemd-analyze") {
        return;
    }
    let folder = TempDir::new().unwrap();
    let mut verify = Command::new("systemd-analyze");
    verify.args(["verify", "--man=no"]);
    for (name, text) in units() {
        let path = folder.path().join(&name);
        fs::write(&path, text).unwrap();
        // A template is verified as the instance that it is started as.
        verify.arg(path.display().to_string().replace("@.service", "@billkey-batch.service.service"));
    }
    let said = verify.env("SYSTEMD_LOG_LEVEL", "warning").output().unwrap();
    let text = String::from_utf8_lossy(&said.stderr).into_owned() + &String::from_utf8_lossy(&said.stdout);
    // What this machine's own units have to do with each other is not ours to fix.
    let ours: Vec<&str> = text.lines().filter(|line| line.contains("billkey")).collect();
    assert!(said.status.success() && ours.is_empty(), "{text}");
}

#[test]
fn what_a_person_has_to_act_on_is_not_run_again_and_all_else_is() {
    let service = "billkey-batch.service";
    let stays: Vec<u8> =
        value(service, "RestartPreventExitStatus").split(' ').map(|code| code.parse().unwrap()).collect();
    assert_eq!(value(service, "Restart"), "on-failure");
    for line in EXIT_CODES.iter().filter(|line| line.code != 0) {
        // Unknown, nothing sent, interrupted: the same line settles it.
        let goes_on = [7, 9, 130].contains(&line.code);
        assert_eq!(!stays.contains(&line.code), goes_on, "{}: {}", line.code, line.meaning);
    }
    assert_eq!(value(service, "OnFailure"), "billkey-failed@%n.service");
}

#[test]
fn the_services_command_charges_and_says_nothing() {
    let gateway = Gateway::start("");
    let world = World::for_gateway(&gateway.url());
    fs::write(world.home().join("charges.csv"), readme::of("csv").remove(0).text).unwrap();
    let line = value("billkey-batch.service", "ExecStart");
    let words: Vec<&str> = line.split(' ').skip(1).collect();
    world.run(&words).exits(0).says(&["created the ledger"]);
    let again = world.run(&words).exits(0);
    assert_eq!((again.stdout.as_str(), again.stderr.as_str()), ("", ""));
    assert!(world.home().join("out.csv").exists());
}

#[test]
fn a_failed_service_is_mailed_with_what_it_said() {
    let folder = TempDir::new().unwrap();
    let stub = |name: &str, script: &str| {
        let path = folder.path().join(name);
        fs::write(&path, format!("#!/bin/sh\n{script}\n")).unwrap();
        crate::support::world::set_mode(&path, 0o755);
    };
    stub("journalctl", "echo \"journal: $*\"");
    stub("mail", "echo \"mail: $*\"; cat");
    let line = value("billkey-failed@.service", "ExecStart");
    let script = line.strip_prefix("/bin/sh -c '").and_then(|rest| rest.strip_suffix('\'')).unwrap();
    let script = script.replace("%i", "billkey-batch.service").replace("%H", "box");
    assert!(!script.contains('%') && !script.contains('$'), "systemd would read these: {script}");
    let path = format!("{}:/usr/bin:/bin", folder.path().display());
    let said = Command::new("/bin/sh").args(["-c", &script]).env("PATH", path).stdin(Stdio::null()).output();
    let said = String::from_utf8(said.unwrap().stdout).unwrap();
    assert!(said.contains("mail: -s billkey-batch.service failed on box root"), "{said}");
    assert!(said.contains("journal: --unit=billkey-batch.service"), "{said}");
}
