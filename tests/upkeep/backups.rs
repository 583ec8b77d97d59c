//! `ledger backup`.

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use serde_json::json;

use super::{backed_up, beside, charge, copy_of, names, on, one, orders, shop};
use crate::crash::skipped;
use crate::support::world::{BILLKEY, Gateway, Ran, World, set_mode, to_charge};

#[test]
fn a_backup_is_one_file_for_its_owner_alone_that_is_read_and_not_written() {
    let gateway = Gateway::start("");
    let world = shop(&gateway, 2);
    let made = world.run(&["ledger", "backup", "copy.db", "--json"]).exits(0).json();
    let copy = copy_of(&world);
    for (name, value) in [
        ("backup", json!(copy.to_str().unwrap())),
        ("payments", json!(2)),
        ("events", json!(4)),
        ("sound", json!(true)),
        ("size_bytes", json!(fs::metadata(&copy).unwrap().len())),
        ("ledger_id", json!(one::<String>(&world.ledger_path(), "SELECT id FROM ledger"))),
    ] {
        assert_eq!(made[name], value, "{name}: {made}");
    }
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;

        assert_eq!(fs::metadata(&copy).unwrap().permissions().mode() & 0o777, 0o600);
    }
    let bytes = fs::read(&copy).unwrap();
    let before = names(world.home());
    assert_eq!(orders(&world, &copy), ["order_2", "order_1"]);
    for reader in [
        &["history", "show", "order_1"][..],
        &["customer", "list"],
        &["ledger", "stats"],
        &["ledger", "check"],
    ] {
        let read = on(&world, &copy, reader).exits(0);
        assert!(!read.stderr.contains("warning"), "{read}");
    }
    for writer in [
        &to_charge("order_3", &["--allow-similar"])[..],
        &["customer", "add", "younghee_0002_5678"],
        &["ledger", "accept", "--reason", "x"],
        &["ledger", "backup", "other.db"],
        &["reconcile", "order_1", "--note", "charged", "--evidence", "x"],
    ] {
        let _ = on(&world, &copy, writer).exits(3).says(&["is a backup", "ledger restore"]);
    }
    assert_eq!(gateway.received("order_3"), 0);
    assert_eq!(fs::read(&copy).unwrap(), bytes, "nothing in it changed");
    assert_eq!(names(world.home()), before, "nothing was put beside it");
    // The next one takes its place.
    charge(&world, 3);
    assert_eq!(orders(&world, &backed_up(&world)).len(), 3);
    let said = world.run(&["ledger", "backup", "copy.db"]).exits(0);
    said.answers(&["Backed up 3 payments with 6 events", "billkey ledger restore /"]);
    let text = world.run(&["ledger", "stats", "--database", "copy.db"]).exits(0);
    text.answers(&["backup     made "]);
}

#[test]
fn a_backup_goes_onto_nothing_that_is_somebody_elses() {
    let gateway = Gateway::start("");
    let (world, other) = (shop(&gateway, 1), shop(&gateway, 0));
    let _ = other.charge("order_9", &["--allow-similar"]).stderr.as_str();
    let foreign = backed_up(&other);
    let ledger = world.ledger_path();
    fs::write(world.home().join("notes.txt"), "precious").unwrap();
    fs::copy(&foreign, world.home().join("foreign.db")).unwrap();
    fs::copy(other.ledger_path(), world.home().join("other.db")).unwrap();
    fs::hard_link(world.config_path(), world.home().join("link.toml")).unwrap();
    let config = world.config_path();
    let [log, mark, locks] = ["-wal", ".mark", ".locks/x"].map(|suffix| beside(&ledger, suffix));
    for (file, says) in [
        (ledger.to_str().unwrap(), "which is a ledger"),
        (log.to_str().unwrap(), "which is a ledger"),
        (mark.to_str().unwrap(), "which is a ledger"),
        (locks.to_str().unwrap(), "which is a ledger"),
        (config.to_str().unwrap(), "which is the config"),
        ("link.toml", "which is the config"),
        ("notes.txt", "is no backup of this ledger: it was left as it is"),
        ("foreign.db", "is no backup of this ledger: it was left as it is"),
        ("other.db", "is no backup of this ledger: it was left as it is"),
        ("no/such/copy.db", "there is no folder"),
    ] {
        let place = world.home().join(file);
        let before = fs::read(&place).ok();
        let _ = world.run(&["ledger", "backup", file]).exits(2).says(&[says]).in_plain_words();
        assert_eq!(fs::read(&place).ok(), before, "{file}");
    }
    let _ = world.run(&["ledger", "backup", "."]).exits(1).says(&["is a directory"]);
    let litter = names(world.home());
    assert!(!litter.iter().any(|name| name.contains("part")), "{litter:?}");
}

#[test]
fn a_backup_while_a_batch_runs_is_one_moment_of_it_and_is_sound() {
    let gateway = Gateway::start("slow=20ms");
    let world = World::for_gateway(&gateway.url());
    let rows: String = (0..120).map(|n| format!("gildong_0001_1234,{},x,order_{n}\n", 1_000 + n)).collect();
    fs::write(world.home().join("c.csv"), format!("customer_uid,amount,name,merchant_uid\n{rows}")).unwrap();
    let mut batch = world
        .command(&["--quiet", "batch", "c.csv", "--yes"])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut counts = Vec::new();
    while batch.try_wait().unwrap().is_none() {
        let made = world.run(&["ledger", "backup", "copy.db", "--json"]);
        // Before its first row the batch has made no ledger.
        if made.code == 10 {
            let _ = made.stderr.as_str();
            continue;
        }
        let made = made.exits(0).json();
        assert_eq!(made["sound"], json!(true), "{made}");
        let checked = on(&world, &copy_of(&world), &["ledger", "check"]).exits(0);
        assert_eq!(checked.stderr, "", "{checked}");
        counts.push(made["payments"].as_u64().unwrap());
    }
    assert!(batch.wait().unwrap().success());
    assert!(counts.windows(2).all(|pair| pair[0] <= pair[1]), "{counts:?}");
    assert!(counts.iter().any(|count| (1..120).contains(count)), "none in the middle: {counts:?}");
    let checked = world.run(&["ledger", "check"]).exits(0);
    checked.answers(&["120 payments with 240 events are what was written"]);
}

/// What is wrong in the ledger is wrong in its backup: it is made all the same, and that is told.
#[test]
fn a_backup_of_what_was_tinkered_with_is_made_and_told() {
    let gateway = Gateway::start("");
    let world = shop(&gateway, 2);
    super::tamper(&world.ledger_path(), "UPDATE payments SET name = 'x' WHERE id = 1");
    let made = world.run(&["ledger", "backup", "copy.db", "--json"]).exits(0);
    let made =
        made.says(&["warning: the ledger holds what billkey did not write so", "billkey ledger check"]);
    assert_eq!(made.json()["sound"], json!(false));
    let restored = world.run(&["ledger", "restore", "copy.db"]).exits(0);
    let _ = restored.says(&["held what billkey did not write so (1 payment)"]);
}

/// Root may write everything: the program is run as nobody.
#[test]
#[cfg(target_os = "linux")]
fn a_user_who_may_only_read_a_ledger_may_back_it_up() {
    use std::os::unix::process::CommandExt;

    if !rustix::process::getuid().is_root() {
        return;
    }
    let gateway = Gateway::start("");
    let world = shop(&gateway, 1);
    let ledger = world.ledger_path();
    for path in ledger.ancestors().skip(1).take_while(|path| path.starts_with(world.home())) {
        set_mode(path, 0o755);
    }
    for suffix in ["", "-wal", "-shm", ".mark"] {
        set_mode(&beside(&ledger, suffix), 0o644);
    }
    let (program, folder) = (world.home().join("billkey"), world.home().join("theirs"));
    // By another process: a file that this one has open to be written may not be run.
    assert!(Command::new("cp").arg(BILLKEY).arg(&program).status().unwrap().success());
    set_mode(&program, 0o755);
    fs::create_dir(&folder).unwrap();
    set_mode(&folder, 0o777);
    let nobody = |arguments: &[&str]| {
        let mut command = Command::new(&program);
        command
            .args(["--database", ledger.to_str().unwrap()])
            .args(arguments)
            .env_clear()
            .current_dir(&folder);
        command.env("HOME", "/nonexistent").env("BILLKEY_IMP_KEY", "k").env("LANG", "C.UTF-8");
        command.env("BILLKEY_IMP_SECRET", "a_secret_of_nobodys_own").uid(65_534).gid(65_534);
        Ran::from_output(&command.output().unwrap())
    };
    for reader in [&["ledger", "backup", "copy.db"][..], &["ledger", "check"], &["ledger", "stats"]] {
        let ran = nobody(reader).exits(0);
        assert_eq!(ran.stderr, "", "{ran}");
    }
    assert_eq!(names(&folder), ["copy.db"]);
    assert_eq!(orders(&world, &folder.join("copy.db")), ["order_1"]);
    for writer in [&["ledger", "restore", "copy.db"][..], &["ledger", "compact"]] {
        let _ = nobody(writer).exits(1).says(&["read-only for this user"]).in_plain_words();
    }
}

/// A small disk, where this user may mount one.
#[test]
#[cfg(target_os = "linux")]
fn a_backup_that_has_no_room_is_not_begun() {
    struct Disk(PathBuf);
    impl Drop for Disk {
        fn drop(&mut self) {
            let _ = Command::new("umount").arg(&self.0).status();
        }
    }
    let gateway = Gateway::start("");
    let world = shop(&gateway, 1);
    let disk = Disk(world.home().join("disk"));
    fs::create_dir(&disk.0).unwrap();
    let mut mount = Command::new("mount");
    let mounted = mount.args(["-t", "tmpfs", "-o", "size=64k", "tmpfs"]).arg(&disk.0).output();
    if !mounted.is_ok_and(|output| output.status.success()) {
        return skipped("a backup without room", "no disk of its own can be mounted here");
    }
    let refused = world.run(&["ledger", "backup", "disk/copy.db"]).exits(1);
    let _ =
        refused.says(&["there is not enough room in ", "Nothing was changed", "make room"]).in_plain_words();
    assert_eq!(names(&disk.0), [""; 0]);
}
