//! What the packages are made of. `packaging/check` installs one, where there is time to build it.

use std::fs;
use std::path::Path;
use std::process::Command;

use tempfile::TempDir;

use crate::support::world::{BILLKEY, World};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn manifest() -> toml::Table {
    fs::read_to_string(root().join("Cargo.toml")).unwrap().parse().unwrap()
}

#[test]
fn every_file_that_the_package_is_to_have_is_there_and_none_is_a_config() {
    let manifest = manifest();
    let deb = &manifest["package"]["metadata"]["deb"];
    let assets = deb["assets"].as_array().unwrap();
    let mut targets = Vec::new();
    for asset in assets {
        let [from, to, mode] = [0, 1, 2].map(|index| asset[index].as_str().unwrap());
        targets.push(to);
        assert!(mode == "644" || (mode == "755" && from.ends_with("/billkey")), "{from}: {mode}");
        // What the build makes is not there before it.
        if from.starts_with("target/") {
            continue;
        }
        let (folder, pattern) = from.rsplit_once('/').unwrap_or(("", from));
        let (begun, end) = pattern.split_once('*').unwrap_or((pattern, ""));
        let found = fs::read_dir(root().join(folder)).unwrap().any(|entry| {
            let name = entry.unwrap().file_name().into_string().unwrap();
            name.starts_with(begun) && name.ends_with(end)
        });
        assert!(found, "{from}");
    }
    assert!(targets.len() > 10 && targets.iter().all(|to| to.starts_with("usr/")), "{targets:?}");
    for script in ["postinst", "postrm"] {
        let text = fs::read_to_string(root().join("packaging/debian").join(script)).unwrap();
        assert!(
            !text.contains("rm ") && !text.contains("/var/lib/billkey"),
            "{script} touches what is not its own"
        );
    }
}

#[test]
fn systemd_finds_nothing_wrong_with_the_packaged_units() {
    if !crate::recipes::is_here("systemd-analyze") {
        return;
    }
    let folder = TempDir::new().unwrap();
    let mut verify = Command::new("systemd-analyze");
    verify.args(["verify", "--man=no"]);
    for unit in fs::read_dir(root().join("packaging/systemd")).unwrap() {
        let name = unit.as_ref().unwrap().file_name().into_string().unwrap();
        if name.ends_with(".conf") {
            continue;
        }
        let text = fs::read_to_string(unit.unwrap().path()).unwrap();
        // This machine has no user of that name.
        let text = text.replace("/usr/bin/billkey", BILLKEY).replace("User=billkey", "User=root");
        let path = folder.path().join(&name);
        fs::write(&path, text).unwrap();
        verify.arg(path.display().to_string().replace("@.", "@main."));
    }
    let said = verify.env("SYSTEMD_LOG_LEVEL", "warning").output().unwrap();
    let text = String::from_utf8_lossy(&said.stderr).into_owned() + &String::from_utf8_lossy(&said.stdout);
    let ours: Vec<&str> = text.lines().filter(|line| line.contains("billkey")).collect();
    assert!(said.status.success() && ours.is_empty(), "{text}");
}

#[test]
fn the_units_commands_are_ones_that_the_program_takes() {
    let mut tried = 0;
    for unit in fs::read_dir(root().join("packaging/systemd")).unwrap() {
        let text = fs::read_to_string(unit.unwrap().path()).unwrap();
        for line in text.lines().filter_map(|line| line.strip_prefix("ExecStart=")) {
            let line = line.trim_start_matches('-').replace("%i", "main");
            let Some(words) = line.strip_prefix("/usr/bin/") else { continue };
            let words: Vec<std::ffi::OsString> = words.split(' ').map(Into::into).collect();
            assert!(billkey::cli::parse(&words).is_ok(), "{line}");
            tried += 1;
        }
    }
    assert_eq!(tried, 3);
}

#[test]
fn the_version_is_one_line_and_the_long_one_says_what_a_bug_report_needs() {
    let world = World::bare();
    let version = concat!("billkey ", env!("CARGO_PKG_VERSION"), "\n");
    assert_eq!(world.run(&["-V"]).exits(0).stdout, version);
    let long =
        world.run(&["--version"]).exits(0).answers(&[version, "commit  ", "target  ", "ledger  SQLite 3."]);
    assert_eq!(long.stdout.lines().count(), 5, "{long}");
}
