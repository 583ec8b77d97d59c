//! Killed anywhere, run again: each row is charged once.

use std::process::{Command, Stdio};
use std::time::Duration;

use super::{arguments, batch, each_is_charged_once, file, rows};
use crate::support::world::{BILLKEY, Gateway, Ran, World};

#[test]
fn killed_at_any_moment_and_run_again_each_row_is_charged_once() {
    for delay_ms in [15, 40, 80, 130, 200] {
        let gateway = Gateway::start("slow=5ms");
        let world = World::for_gateway(&gateway.url());
        file(&world, "charges.csv", rows(120));
        // Without a wait, because the sandbox shows every charge at once.
        for round in 0..3 {
            let mut child = world.spawn(&arguments(&["--workers", "8", "--results", "out.csv"]));
            std::thread::sleep(Duration::from_millis(delay_ms + round * 7));
            child.kill().unwrap();
            child.wait().unwrap();
        }
        // What was killed between its intent and its arrival is unknown until it could not arrive.
        let mut ran = batch(&world, &["--results", "out.csv"]);
        if ran.code == 7 {
            let unsettled = "mode = \"test\"\nsettle_after = \"0s\"\n";
            let config = std::fs::read_to_string(world.config_path()).unwrap();
            world.configure(&config.replace("mode = \"test\"\n", unsettled));
            ran = batch(&world, &["--results", "out.csv"]);
        }
        let ran = ran.exits(0).says(&["TEST  120 rows"]);
        each_is_charged_once(&gateway, &world, 120);
        let results = std::fs::read_to_string(world.home().join("out.csv")).unwrap();
        assert_eq!(results.lines().count(), 121, "{ran}");
    }
}

/// A limit on the size of files stands for a full disk.
#[test]
#[cfg(unix)]
fn a_full_disk_stops_before_the_next_send_and_a_further_run_goes_on() {
    let gateway = Gateway::start("");
    let world = World::for_gateway(&gateway.url());
    file(&world, "charges.csv", rows(200));
    let line = arguments(&["--json"]);
    let limited = |blocks: u32| -> Command {
        let template = world.command(&line);
        let mut command = Command::new("sh");
        command.args(["-c", &format!("trap '' XFSZ; ulimit -f {blocks}; exec \"$0\" \"$@\""), BILLKEY]);
        command.args(&line).env_clear().current_dir(world.home()).stdin(Stdio::null());
        command.envs(template.get_envs().filter_map(|(name, value)| value.map(|value| (name, value))));
        command
    };
    let ran = Ran::from_output(&limited(900).output().unwrap());
    assert!(ran.code == 1 || ran.code == 7, "{ran}");
    assert!(ran.stderr.contains("the ledger could not be written"), "{ran}");
    let received = gateway.book()["charges"].as_array().unwrap().len();
    assert!((1..200).contains(&received), "{received} requests; it did not stop in the middle");
    batch(&world, &[]).exits(0).says(&["TEST  200 rows"]);
    each_is_charged_once(&gateway, &world, 200);
}
