//! Whose the files are that decide where money goes, and who may look into the memory that holds the secret.

#![cfg(target_os = "linux")]

use std::fs;
use std::os::unix::fs::{MetadataExt, chown};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::Path;
use std::process::{Command, Stdio};

use crate::support::gateway::{Say, Scripted, envelope, payment};
use crate::support::world::{BILLKEY, Gateway, Ran, World, eventually, set_mode, to_charge};

/// A user that no system has.
const SOMEBODY: u32 = 64_104;

const SENT: &str = "Nothing was sent";

fn charge(world: &World) -> Ran {
    world.charge("order_1", &[])
}

#[test]
fn a_config_or_secret_of_another_users_is_not_used_and_nothing_is_sent() {
    if !rustix::process::geteuid().is_root() {
        println!("SKIPPED: only root can give a file to another user");
        return;
    }
    let gateway = Scripted::start(|asked| Say::Json(200, envelope(&payment(asked, "paid"))));
    let mut world = World::for_gateway(gateway.url());
    let config = world.config_path();
    chown(&config, Some(SOMEBODY), None).unwrap();
    let line = format!("chown 0 {}", config.display());
    charge(&world).exits(3).in_plain_words().says(&[
        "the config file",
        "belongs to another user (uid 64104, and this is uid 0)",
        &line,
        SENT,
    ]);
    chown(&config, Some(0), None).unwrap();
    let secret = world.home().join("secret.txt");
    fs::write(&secret, "s3cret-s3cret-s3cret\n").unwrap();
    set_mode(&secret, 0o600);
    let named = format!(
        "[profile.main]\nimp_key = \"k\"\nimp_secret_file = \"{}\"\napi_url = \"{}\"\nmode = \"test\"\n",
        secret.display(),
        gateway.url()
    );
    world.configure(&named);
    chown(&secret, Some(SOMEBODY), None).unwrap();
    let line = format!("chown 0 {}", secret.display());
    charge(&world).exits(3).in_plain_words().says(&["the secret file", "another user", &line, SENT]);
    assert_eq!(gateway.charges(), 0);
    // Who has called sudo has both, as it was before.
    chown(&config, Some(SOMEBODY), None).unwrap();
    world.set("SUDO_UID", &SOMEBODY.to_string());
    charge(&world).exits(0);
    assert_eq!(gateway.charges(), 1);
}

#[test]
fn a_config_that_everybody_may_change_is_not_used() {
    let world = World::for_gateway("http://127.0.0.1:1");
    world.configure("[profile.main]\nimp_key = \"k\"\n");
    set_mode(&world.config_path(), 0o666);
    let line = format!("chmod go-w {}", world.config_path().display());
    charge(&world).exits(3).in_plain_words().says(&["can be changed by everybody (mode 0666)", &line, SENT]);
}

/// A core dump has all that the memory has, the API secret too; so has whoever may read the memory of a process.
#[test]
fn a_process_leaves_no_core_dump_and_its_memory_is_closed_to_its_own_user() {
    let gateway = Gateway::start("slow=30s");
    let world = World::for_gateway(&gateway.url());
    // A copy that another user reaches; by another process: a file that this one has open to be written may not be run.
    let program = world.home().join("billkey");
    assert!(Command::new("cp").arg(BILLKEY).arg(&program).status().unwrap().success());
    let mut shell = Command::new("sh");
    // As much as the system allows, as somebody has it who looks for a bug.
    shell.args(["-c", "ulimit -S -c unlimited; exec \"$@\"", "sh"]).arg(&program);
    shell.args(to_charge("order_1", &[])).env_clear().env("HOME", world.home()).env("PATH", "/usr/bin:/bin");
    shell.current_dir("/").stdout(Stdio::null()).stderr(Stdio::null());
    if rustix::process::geteuid().is_root() {
        // The superuser's processes look closed in any case.
        give_all(world.home());
        shell.uid(SOMEBODY).gid(SOMEBODY);
    }
    let mut child = shell.spawn().unwrap();
    eventually("the charge arrives", || gateway.received("order_1") == 1);
    let of_process = format!("/proc/{}", child.id());
    let limits = fs::read_to_string(format!("{of_process}/limits")).unwrap();
    let core = limits.lines().find(|line| line.starts_with("Max core file size")).unwrap();
    assert_eq!(core.split_whitespace().skip(4).take(2).collect::<Vec<_>>(), ["0", "0"], "{core}");
    let owner = fs::metadata(format!("{of_process}/environ")).unwrap().uid();
    assert_eq!(owner, 0, "the system keeps the memory from the user whose process it is");
    rustix::process::kill_process(rustix::process::Pid::from_child(&child), rustix::process::Signal::ABORT)
        .unwrap();
    let status = child.wait().unwrap();
    assert_eq!(status.signal(), Some(6), "{status}");
    assert!(!status.core_dumped(), "{status}");
}

/// Gives a folder and all in it to somebody.
fn give_all(path: &Path) {
    chown(path, Some(SOMEBODY), Some(SOMEBODY)).unwrap();
    if path.is_dir() {
        for entry in fs::read_dir(path).unwrap() {
            give_all(&entry.unwrap().path());
        }
    }
}
