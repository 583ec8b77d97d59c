//! A wait is measured by clocks that somebody may have shifted.

use std::process::{Command, Stdio};

use crate::crash::skipped;
use crate::support::world::{Gateway, Ran, World, to_charge};

/// The same command in a time namespace whose boot clock is so many seconds ahead. The name of the boot is the
/// same there (time_namespaces(7)).
fn shifted(plain: &Command, ahead_s: u32) -> Command {
    let mut command = Command::new("unshare");
    command.args(["--time", "--boottime", &ahead_s.to_string(), "--"]);
    command.arg(plain.get_program()).args(plain.get_args()).env_clear().stdin(Stdio::null());
    command.envs(plain.get_envs().filter_map(|(name, value)| Some((name, value?))));
    command.current_dir(plain.get_current_dir().unwrap());
    if let Some(path) = std::env::var_os("PATH") {
        command.env("PATH", path);
    }
    command
}

#[test]
fn a_boot_clock_that_a_time_namespace_has_shifted_ends_no_wait() {
    let name = "a_boot_clock_that_a_time_namespace_has_shifted_ends_no_wait";
    if !shifted(&World::bare().command(&["--version"]), 1).output().is_ok_and(|ran| ran.status.success()) {
        return skipped(name, "time namespaces cannot be made here");
    }
    let gateway = Gateway::start("no_duplicate_refusal, lost_before*1");
    let world = World::for_gateway(&gateway.url());
    let _ = world.charge("order_1", &[]).exits(7);
    // Four times the wait, by the boot clock.
    let line = to_charge("order_1", &["--json"]);
    let ran = Ran::from_output(&shifted(&world.command(&line), 3600).output().unwrap()).exits(7);
    assert_eq!(ran.json()["outcome"], "unknown");
    assert_eq!(gateway.received("order_1"), 1, "nothing was sent within the wait");
}
