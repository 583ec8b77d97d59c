//! The ledger knows what it is: real files, the real program, and what lies beside a ledger.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::{Value, json};

use crate::support::world::{BILLKEY, Gateway, Ran, World, set_mode, to_charge};

fn beside(ledger: &Path, suffix: &str) -> PathBuf {
    let mut name = ledger.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

/// What a person copies who copies the whole: the file, its log, the log's index.
fn kept(ledger: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    ["", "-wal", "-shm"]
        .map(|suffix| beside(ledger, suffix))
        .into_iter()
        .filter_map(|file| fs::read(&file).ok().map(|bytes| (file, bytes)))
        .collect()
}

fn put_back(ledger: &Path, kept: &[(PathBuf, Vec<u8>)]) {
    ["", "-wal", "-shm"].iter().for_each(|suffix| drop(fs::remove_file(beside(ledger, suffix))));
    kept.iter().for_each(|(file, bytes)| fs::write(file, bytes).unwrap());
}

/// The one row of what the ledger knows of itself.
fn of_itself<T: rusqlite::types::FromSql>(ledger: &Path, column: &str) -> T {
    let connection = rusqlite::Connection::open(ledger).unwrap();
    connection.query_row(&format!("SELECT {column} FROM ledger"), [], |row| row.get(0)).unwrap()
}

fn epoch(ledger: &Path) -> i64 {
    of_itself(ledger, "epoch")
}

/// A ledger with `count` paid orders, and nothing wrong with it.
fn shop(gateway: &Gateway, count: usize) -> World {
    let world = World::for_gateway(&gateway.url());
    for order in 1..=count {
        let _ = world.charge(&format!("order_{order}"), &["--allow-similar"]).exits(0);
    }
    world
}

fn accept(world: &World, more: &[&str]) -> Ran {
    world.run(&[&["ledger", "accept", "--reason", "it was Monday's backup", "--json"], more].concat())
}

fn accepted(ran: &Ran) -> Value {
    ran.json()["accepted"].clone()
}

const OLDER: &str = "warning: this ledger is older than it was (its mark: event ";

#[test]
fn a_backup_over_a_newer_ledger_is_noticed_and_does_not_heal_by_growing() {
    let gateway = Gateway::start("");
    let world = shop(&gateway, 1);
    let ledger = world.ledger_path();
    let backup = kept(&ledger);
    // Payments between the backup and the mark.
    for order in ["order_2", "order_3"] {
        let _ = world.charge(order, &["--allow-similar"]).exits(0);
    }
    put_back(&ledger, &backup);
    let found = world.run(&["history", "--json"]).exits(0);
    let found = found.says(&[OLDER, "It may be a restored copy", "billkey ledger accept --reason"]);
    assert_eq!(found.json().as_array().unwrap().len(), 1, "{found}");
    assert_eq!(epoch(&ledger), 2);
    // More events than the mark ever had.
    for _ in 0..3 {
        let _ = world.run(&["reconcile", "order_1"]).says(&[OLDER]);
    }
    let _ = world.run(&["--quiet", "history"]).exits(0).says(&[OLDER]);
    // What is to be pasted is about the same ledger.
    let database = ledger.display().to_string();
    let named = format!("billkey --profile main --database {database} ledger accept --reason");
    let _ = world.run(&["--profile", "main", "--database", &database, "history"]).exits(0).says(&[&named]);
    assert_eq!(epoch(&ledger), 2, "one finding, one epoch");
    assert_eq!(accepted(&accept(&world, &[]).exits(0)), json!(["distrust"]));
    let quiet = world.run(&["history", "--json"]).exits(0);
    assert_eq!(quiet.stderr, "", "{quiet}");
    assert_eq!(of_itself::<String>(&ledger, "doubt"), "behind", "the wait stays");
    assert_eq!(accepted(&accept(&world, &[]).exits(0)), json!([]), "nothing is open any more");
}

#[test]
fn a_log_that_was_removed_is_noticed() {
    let gateway = Gateway::start("");
    let world = shop(&gateway, 2);
    fs::remove_file(beside(&world.ledger_path(), "-wal")).unwrap();
    let _ = world.run(&["history"]).exits(0).says(&["warning: "]);
    let doubt: String = of_itself(&world.ledger_path(), "doubt");
    assert!(["behind", "other_mark"].contains(&doubt.as_str()), "{doubt}");
}

#[test]
fn a_file_copied_alone_over_a_newer_one_is_noticed() {
    let gateway = Gateway::start("");
    let (world, other) = (shop(&gateway, 2), World::for_gateway(&gateway.url()));
    let _ = other.charge("elsewhere", &[]).exits(0);
    // Another ledger's file beside this one's mark.
    put_back(&world.ledger_path(), &[]);
    let connection = rusqlite::Connection::open(other.ledger_path()).unwrap();
    connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).unwrap();
    drop(connection);
    fs::copy(other.ledger_path(), world.ledger_path()).unwrap();
    let _ =
        world.run(&["history"]).exits(0).says(&["warning: the mark beside this ledger is another ledger's"]);
    assert_eq!(of_itself::<String>(&world.ledger_path(), "doubt"), "other_mark");
    let _ = accept(&world, &[]).exits(0);
    let quiet = world.run(&["history"]).exits(0);
    assert_eq!(quiet.stderr, "", "it has a mark of its own again: {quiet}");
}

#[test]
fn a_mark_that_is_gone_or_cannot_be_read_is_noticed_once_and_made_again() {
    for (spoil, says) in [
        (fs::remove_file as fn(PathBuf) -> std::io::Result<()>, "had a mark and has none"),
        (|mark| fs::write(mark, "no mark"), "cannot be read"),
        (|mark: PathBuf| fs::write(&mark, vec![0; 8192]), "cannot be read"),
    ] {
        let gateway = Gateway::start("");
        let world = shop(&gateway, 1);
        let mark = beside(&world.ledger_path(), ".mark");
        spoil(mark.clone()).unwrap();
        for _ in 0..2 {
            let _ = world.run(&["history"]).exits(0).says(&["warning: ", says]);
            assert_eq!(epoch(&world.ledger_path()), 2);
            assert_eq!(fs::metadata(&mark).unwrap().len(), 8192, "it has one again");
        }
    }
}

#[test]
fn one_torn_slot_of_the_mark_is_no_alarm() {
    let gateway = Gateway::start("");
    let world = shop(&gateway, 3);
    let mark = beside(&world.ledger_path(), ".mark");
    let whole = fs::read(&mark).unwrap();
    for slot in [0, 4096] {
        let mut torn = whole.clone();
        torn[slot + 40..slot + 512].fill(0);
        fs::write(&mark, torn).unwrap();
        let quiet = world.run(&["history"]).exits(0);
        assert_eq!(quiet.stderr, "", "{quiet}");
    }
    let _ = world.charge("order_4", &["--allow-similar"]).exits(0);
    assert_eq!(epoch(&world.ledger_path()), 1);
}

/// A file that is gone, or that has nothing in it, is no new ledger while its mark or its log lies there.
#[test]
fn a_lost_ledger_is_not_taken_for_a_new_one() {
    let take = |world: &World, gone: &[&str]| {
        let ledger = world.ledger_path();
        gone.iter().for_each(|suffix| drop(fs::remove_file(beside(&ledger, suffix))));
    };
    for (what, gone, empty) in [
        ("only the file is gone", &[""][..], false),
        ("file and log are gone", &["", "-wal", "-shm"], false),
        ("file and mark are gone, the log is not", &["", ".mark"], false),
        ("the file is empty", &[], true),
        ("the file is empty and alone with its mark", &["-wal", "-shm"], true),
    ] {
        let gateway = Gateway::start("");
        let world = shop(&gateway, 1);
        take(&world, gone);
        if empty {
            fs::write(world.ledger_path(), "").unwrap();
        }
        let lost = "is lost: its mark or its log lies there";
        let _ = world
            .charge("order_2", &["--allow-similar"])
            .exits(1)
            .says(&[lost, "billkey ledger accept --reason"]);
        for reader in
            [&["history"][..], &["customer", "list"], &["reconcile"], &["history", "show", "order_1"]]
        {
            let _ = world.run(reader).exits(1).says(&[lost]);
        }
        world.run(&["doctor"]).exits(1).answers(&[lost]);
        assert_eq!(gateway.received("order_2"), 0, "{what}");
        let _ = accept(&world, &["--unasked"]).exits(8);
        assert_eq!(accepted(&accept(&world, &[]).exits(0)), json!(["loss"]), "{what}");
        let after = world.run(&["history", "--json"]).exits(0);
        assert_eq!(after.json(), json!([]), "{what}");
        assert!(!after.stderr.contains("warning"), "{what}: {after}");
        let ledger = world.ledger_path();
        assert_eq!(of_itself::<String>(&ledger, "doubt"), "lost", "{what}");
        let since: i64 = of_itself(&ledger, "doubt_since_ms");
        assert!(since > 0 && of_itself::<i64>(&ledger, "marked") == 1, "{what}");
        let _ = accept(&world, &[]).exits(0);
    }
}

#[test]
fn a_ledger_that_left_nothing_but_its_locks_is_begun_again_and_that_is_told() {
    let gateway = Gateway::start("");
    let world = shop(&gateway, 1);
    for suffix in ["", "-wal", "-shm", ".mark"] {
        fs::remove_file(beside(&world.ledger_path(), suffix)).unwrap();
    }
    let _ = world
        .run(&["--quiet", "customer", "add", "gildong_0001_1234"])
        .exits(0)
        .says(&["warning: created the ledger"]);
}

#[test]
fn the_sandbox_begins_a_lost_ledger_anew() {
    let world = World::bare();
    let _ = world.run(&[&["--sandbox"], &to_charge("order_1", &[])[..]].concat()).exits(0);
    let ledger = world.home().join(".local/share/billkey/sandbox/ledger.db");
    assert!(beside(&ledger, ".mark").exists());
    fs::remove_file(&ledger).unwrap();
    let again = world.run(&[&["--sandbox"], &to_charge("order_2", &["--json"])[..]].concat()).exits(0);
    assert_eq!(again.json()["outcome"], "paid");
    let quiet = world.run(&["--sandbox", "history"]).exits(0);
    assert_eq!(quiet.stderr, "", "{quiet}");
}

#[test]
#[cfg(unix)]
fn a_second_hard_link_is_refused_with_its_inode() {
    use std::os::unix::fs::MetadataExt;

    let gateway = Gateway::start("");
    let world = shop(&gateway, 1);
    let other = world.home().join("other.db");
    fs::hard_link(world.ledger_path(), &other).unwrap();
    let inode = fs::metadata(&other).unwrap().ino().to_string();
    for path in [world.ledger_path(), other.clone()] {
        let database = ["--database", path.to_str().unwrap()];
        let charge = [&database[..], &to_charge("order_2", &["--allow-similar"])].concat();
        let _ = world.run(&charge).exits(3).says(&["hard link", &inode, "Nothing was sent"]);
        let _ = world.run(&[&database[..], &["history"]].concat()).exits(3).says(&[&inode]);
    }
    assert_eq!(gateway.received("order_2"), 0);
    fs::remove_file(&other).unwrap();
    let _ = world.charge("order_2", &["--allow-similar"]).exits(0);
}

#[test]
fn commands_that_only_read_create_nothing() {
    let gateway = Gateway::start("");
    let world = World::for_gateway(&gateway.url());
    for reader in [
        &["history"][..],
        &["history", "show", "order_1"],
        &["customer", "list"],
        &["customer", "show", "gildong_0001_1234"],
        &["customer", "check", "gildong_0001_1234"],
        &["customer", "remove", "gildong_0001_1234", "--yes"],
        &["reconcile"],
        &["reconcile", "order_1"],
        &["ledger", "accept", "--reason", "x"],
    ] {
        let _ = world
            .run(reader)
            .exits(10)
            .says(&["there is no ledger at ", world.ledger_path().to_str().unwrap()]);
    }
    world.run(&["doctor"]).exits(0).answers(&["none yet"]);
    assert!(!world.ledger_path().exists());
    let made = world.run(&[&["--quiet"], &to_charge("order_1", &[])[..]].concat()).exits(0);
    let made = made.says(&["warning: created the ledger ", world.ledger_path().to_str().unwrap()]);
    assert_eq!(made.stdout, "", "{made}");
}

/// A ledger is made under another name: what is found under its own is whole, and nothing else is left.
#[test]
fn a_ledger_that_was_made_leaves_nothing_under_another_name() {
    let gateway = Gateway::start("");
    let world = shop(&gateway, 1);
    let folder = fs::read_dir(world.ledger_path().parent().unwrap()).unwrap();
    let mut names: Vec<String> =
        folder.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    assert_eq!(names, ["main.db", "main.db-shm", "main.db-wal", "main.db.locks", "main.db.mark"]);
}

/// Root may write everything: the program is run as nobody.
#[test]
#[cfg(target_os = "linux")]
fn a_ledger_that_may_be_read_and_not_written_is_read() {
    use std::os::unix::process::CommandExt;

    if !rustix_is_root() {
        return;
    }
    let gateway = Gateway::start("");
    let world = shop(&gateway, 2);
    let ledger = world.ledger_path();
    let folder = ledger.parent().unwrap();
    for path in folder.ancestors().take_while(|path| path.starts_with(world.home())) {
        set_mode(path, 0o755);
    }
    for suffix in ["", "-wal", "-shm", ".mark"] {
        set_mode(&beside(&ledger, suffix), 0o644);
    }
    let program = world.home().join("billkey");
    // By another process: a file that this one has open to be written may not be run.
    assert!(std::process::Command::new("cp").arg(BILLKEY).arg(&program).status().unwrap().success());
    set_mode(&program, 0o755);
    let nobody = |database: &Path, arguments: &[&str]| {
        let mut command = std::process::Command::new(&program);
        command.args(["--database", database.to_str().unwrap()]).args(arguments).env_clear().current_dir("/");
        command.env("HOME", "/nonexistent").env("BILLKEY_IMP_KEY", "k").env("LANG", "C.UTF-8");
        command.env("BILLKEY_IMP_SECRET", "a_secret_of_nobodys_own").uid(65_534).gid(65_534);
        Ran::from_output(&command.output().unwrap())
    };
    let read = nobody(&ledger, &["history", "--json"]).exits(0);
    assert_eq!((read.json().as_array().unwrap().len(), read.stderr.as_str()), (2, ""), "{read}");
    let _ = nobody(&ledger, &["history", "show", "order_2"]).exits(0);
    let _ = nobody(&ledger, &to_charge("order_3", &["--allow-similar"]))
        .exits(1)
        .says(&["read-only for this user"]);
    // What a reader finds it tells, though it may not store it.
    let alone = folder.join("alone.db");
    let connection = rusqlite::Connection::open(&ledger).unwrap();
    connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).unwrap();
    drop(connection);
    fs::copy(&ledger, &alone).unwrap();
    let found = nobody(&alone, &["history", "--json"]).exits(0).says(&["had a mark and has none"]);
    assert_eq!(found.json().as_array().unwrap().len(), 2);
    assert!(!beside(&alone, ".mark").exists() && !beside(&alone, "-shm").exists());
}

#[cfg(target_os = "linux")]
fn rustix_is_root() -> bool {
    rustix::process::getuid().is_root()
}

#[test]
fn a_mark_that_cannot_be_written_is_a_warning_and_no_error() {
    let gateway = Gateway::start("");
    let world = World::with_profile(&gateway.url(), "mode = \"test\"\nsettle_after = \"1s\"\n");
    let _ = world.charge("order_1", &[]).exits(0).says(&["settle_after is 1s"]);
    let mark = beside(&world.ledger_path(), ".mark");
    // Where the new mark would be written there is a folder.
    fs::remove_file(&mark).unwrap();
    let new = beside(&world.ledger_path(), ".mark.new");
    fs::create_dir_all(new.join("in the way")).unwrap();
    let could_not = "could not be written";
    let _ = world.charge("order_2", &["--allow-similar"]).says(&["had a mark and has none", could_not]);
    assert_eq!(epoch(&world.ledger_path()), 2);
    for _ in 0..2 {
        let _ = world.run(&["history"]).exits(0).says(&["had a mark and has none"]);
    }
    assert_eq!(epoch(&world.ledger_path()), 2, "no new doubt at every run");
    fs::remove_dir_all(&new).unwrap();
    let _ = accept(&world, &[]).exits(0);
    // The wait is over, and the next intent makes the mark again.
    std::thread::sleep(Duration::from_millis(1100));
    let _ = world.charge("order_3", &["--allow-similar"]).exits(0).says(&["settle_after is 1s"]);
    assert!(mark.exists(), "it has one again");
}

#[test]
fn the_ledger_of_another_key_is_accepted_and_open_waits_stay() {
    let gateway = Gateway::start("");
    let world = shop(&gateway, 1);
    let connection = rusqlite::Connection::open(world.ledger_path()).unwrap();
    let begun: String = connection.query_row("SELECT key FROM accounts", [], |row| row.get(0)).unwrap();
    assert_eq!(begun.len(), 16, "a fingerprint, never the key");
    connection.execute("UPDATE accounts SET key = 'another'", []).unwrap();
    world.run(&["doctor"]).exits(0).answers(&["another key than the ledger's"]);
    assert_eq!(accepted(&accept(&world, &[]).exits(0)), json!(["account"]));
    assert_eq!(accepted(&accept(&world, &[]).exits(0)), json!([]));
    let kept: (String, String, String) = connection
        .query_row("SELECT what, reason, operator FROM acceptances", [], |row| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?))
        })
        .unwrap();
    assert_eq!(kept, ("account".to_owned(), "it was Monday's backup".to_owned(), crate::support::user()));
    assert!(connection.execute("UPDATE acceptances SET reason = 'x'", []).is_err());
}

/// The newest paid payment is asked for under a key that the ledger does not know.
#[test]
fn another_key_sends_nothing_until_it_shows_what_the_ledger_holds() {
    let gateway = Gateway::start("");
    let world = shop(&gateway, 2);
    let connection = rusqlite::Connection::open(world.ledger_path()).unwrap();
    let known = |expected: i64| {
        let count: i64 = connection.query_row("SELECT count(*) FROM accounts", [], |row| row.get(0)).unwrap();
        assert_eq!(count, expected);
    };
    connection.execute("UPDATE accounts SET key = 'another'", []).unwrap();
    fs::write(
        world.home().join("rows.csv"),
        "customer_uid,amount,name,merchant_uid\ngildong_0001_1234,100,x,row_1\n",
    )
    .unwrap();
    let batch = ["batch", "rows.csv", "--yes", "--allow-similar"];
    // Look-ups say nothing: nobody knows whose key it is.
    gateway.faults("lookup.html_502");
    let _ = world.charge("order_3", &["--allow-similar"]).exits(9).says(&["did not say", "Nothing was sent"]);
    let _ = world.run(&batch).exits(9);
    // This key shows nothing of the ledger's.
    gateway.faults("");
    let elsewhere = Gateway::start("");
    let at = |gateway: &Gateway| {
        let config = fs::read_to_string(world.config_path()).unwrap();
        let line = config.lines().find(|line| line.starts_with("api_url")).unwrap().to_owned();
        world.configure(&config.replace(&line, &format!("api_url = \"{}\"", gateway.url())));
        fs::remove_dir_all(world.home().join(".cache")).unwrap();
    };
    at(&elsewhere);
    let refused = world.charge("order_3", &["--allow-similar"]).exits(8);
    let _ = refused.says(&["shows no payment of it", "Nothing was sent", "billkey ledger accept --reason"]);
    let _ = world.run(&batch).exits(8);
    known(1);
    let _ = world.charge("order_1", &[]).exits(0);
    assert_eq!((elsewhere.received("order_3"), elsewhere.received("row_1")), (0, 0));
    at(&gateway);
    let _ = world.charge("order_3", &["--allow-similar"]).exits(0);
    known(2);
    let _ = world.run(&batch).exits(0).says(&["1 row"]);
    assert_eq!((gateway.charged("order_3"), gateway.charged("row_1")), (1, 1));
}

#[test]
fn the_leave_to_send_unasked_is_none_of_a_distrusted_ledgers_and_needs_a_reason() {
    let gateway = Gateway::start("");
    let world = shop(&gateway, 1);
    let _ = world.run(&["ledger", "accept", "--unasked"]).exits(2);
    let _ = world.run(&["ledger", "accept", "--unasked", "--reason", " "]).exits(2);
    let given = accept(&world, &["--unasked"]).exits(0);
    assert_eq!(accepted(&given), json!(["unasked"]));
    assert!(given.json()["unasked_until"].is_string(), "{given}");
    world.run(&["doctor"]).exits(0).answers(&["sends what it never sent, also unasked"]);
    fs::remove_file(beside(&world.ledger_path(), ".mark")).unwrap();
    let _ = accept(&world, &["--unasked"]).exits(8).says(&["sends nothing unasked"]);
    let left: Option<i64> = of_itself(&world.ledger_path(), "unasked_until_ms");
    assert_eq!(left, None, "a doubt ends the leave");
}

#[test]
fn doctor_tells_which_ledger_it_is() {
    let gateway = Gateway::start("");
    let world = shop(&gateway, 1);
    let id: String = of_itself(&world.ledger_path(), "id");
    world.run(&["doctor"]).exits(0).answers(&[
        &id,
        "epoch 1; its mark is at event 1 of ",
        "it belongs to the key ",
    ]);
    fs::remove_file(beside(&world.ledger_path(), ".mark")).unwrap();
    world.run(&["doctor"]).exits(0).answers(&[
        "warn  identity",
        "had a mark and has none",
        "billkey ledger accept",
    ]);
}

/// Many processes read and write while others create, raise and read the mark: nobody may be alarmed.
#[test]
fn readers_and_writers_at_once_raise_no_false_alarm() {
    let gateway = Gateway::start("");
    let world = World::for_gateway(&gateway.url());
    let _ = world.run(&["token"]).exits(0);
    let runs = if std::env::var_os("BILLKEY_EXHAUSTIVE").is_some() { 40 } else { 4 };
    std::thread::scope(|scope| {
        for writer in 0..3 {
            let world = &world;
            scope.spawn(move || {
                for run in 0..runs {
                    let order = format!("order_{writer}_{run}");
                    let ran = world.charge(&order, &["--allow-similar"]);
                    assert!(!ran.stderr.contains("older") && !ran.stderr.contains("mark"), "{ran}");
                    assert_eq!(ran.code, 0, "{ran}");
                }
            });
        }
        for _ in 0..3 {
            let world = &world;
            scope.spawn(move || {
                for _ in 0..runs * 2 {
                    let ran = world.run(&["history"]);
                    assert!(ran.code == 0 || ran.code == 10, "{ran}");
                    assert!(!ran.stderr.contains("warning"), "{ran}");
                    std::thread::sleep(Duration::from_millis(5));
                }
            });
        }
    });
    assert_eq!(epoch(&world.ledger_path()), 1);
}
