//! A process that dies between a commit and the mark that follows it.

use std::fs;

use serde_json::json;

use crate::crash::strace;
use crate::support::world::{Gateway, World, to_charge};

#[test]
fn a_kill_between_the_commit_and_the_mark_is_no_alarm() {
    let Some(strace) = strace::find("a kill before the mark is raised") else { return };
    let gateway = Gateway::start("");
    let world = World::for_gateway(&gateway.url());
    let _ = world.charge("order_1", &[]).exits(0);
    let mark = world.ledger_path().with_extension("db.mark");
    let before = fs::read(&mark).unwrap();
    // The mark is opened to be read when the ledger is opened, and then to be raised.
    let options =
        ["-e", "trace=openat", "-e", "inject=openat:signal=SIGKILL:when=2", "-P"].map(str::to_owned);
    let options = [&options[..], &[mark.display().to_string()]].concat();
    let log = world.home().join("killed.log");
    let plain = world.command(&to_charge("order_2", &["--allow-similar"]));
    let _ = strace::traced(&strace, &log, &options, &plain).output().unwrap();
    assert_eq!(fs::read(&mark).unwrap(), before, "it was killed before the mark was raised");
    let left = world.run(&["history", "show", "order_2", "--json"]).exits(0);
    assert_eq!((left.json()["outcome"].clone(), left.stderr.as_str()), (json!("pending"), ""), "{left}");
    let next = world.charge("order_3", &["--allow-similar"]).exits(0);
    assert_eq!(next.stderr, "", "{next}");
    assert_ne!(fs::read(&mark).unwrap(), before);
}
