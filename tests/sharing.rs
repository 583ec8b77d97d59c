//! A ledger that more than one user of the system uses: a group that shares it, and users who may only read it.

#![cfg(target_os = "linux")]

use std::fs;
use std::os::unix::fs::{MetadataExt, chown};
use std::path::{Path, PathBuf};
use std::process::Command;

use billkey::sandbox::{IMP_KEY, IMP_SECRET};

use crate::support::world::{BILLKEY, Gateway, Ran, World, set_mode, to_charge};

/// Users and groups that no system has.
const KIM: u32 = 64_101;
const LEE: u32 = 64_102;
const STRANGER: u32 = 64_103;
const BILLING: u32 = 64_200;

/// A folder that several users reach, with the program in it, and a gateway.
struct Office {
    gateway: Gateway,
    world: World,
}

impl Office {
    /// Only the superuser can become others; for anybody else there is nothing to test here.
    fn open() -> Option<Office> {
        if !rustix::process::geteuid().is_root() {
            println!("SKIPPED: only root can run the program as two users");
            return None;
        }
        let (gateway, world) = (Gateway::start(""), World::bare());
        set_mode(world.home(), 0o755);
        // By another process: a file that this one has open to be written may not be run.
        let program = world.home().join("billkey");
        assert!(Command::new("cp").arg(BILLKEY).arg(&program).status().unwrap().success());
        set_mode(&program, 0o755);
        for user in [KIM, LEE, STRANGER] {
            let home = world.home().join(user.to_string());
            fs::create_dir(&home).unwrap();
            chown(&home, Some(user), Some(user)).unwrap();
        }
        let shared = world.home().join("shared");
        fs::create_dir(&shared).unwrap();
        chown(&shared, Some(KIM), Some(BILLING)).unwrap();
        set_mode(&shared, 0o2770);
        Some(Office { gateway, world })
    }

    fn ledger(&self) -> PathBuf {
        self.world.home().join("shared/main.db")
    }

    fn beside(&self, suffix: &str) -> PathBuf {
        let mut name = self.ledger().into_os_string();
        name.push(suffix);
        name.into()
    }

    /// The program, run by a user whose own group is the user's number.
    fn run(&self, user: u32, groups: &str, arguments: &[&str]) -> Ran {
        let home = self.world.home().join(user.to_string());
        let number = user.to_string();
        let mut command = Command::new("setpriv");
        command.args(["--reuid", &number, "--regid", &number, "--groups", groups]);
        command.arg(self.world.home().join("billkey")).arg("--database").arg(self.ledger()).args(arguments);
        command.env_clear().current_dir("/").env("HOME", home).env("LANG", "C.UTF-8").env("USER", &number);
        command.env("BILLKEY_API_URL", self.gateway.url()).env("BILLKEY_IMP_KEY", IMP_KEY);
        command.env("BILLKEY_IMP_SECRET", IMP_SECRET);
        Ran::from_output(&command.output().unwrap())
    }

    fn of_the_group(&self, user: u32, arguments: &[&str]) -> Ran {
        self.run(user, &BILLING.to_string(), arguments)
    }

    /// Kim has charged once, and has given the ledger to the group as README says.
    fn shared() -> Option<Office> {
        let office = Office::open()?;
        let _ = office.of_the_group(KIM, &to_charge("order_1", &["--json"])).exits(0);
        for path in [office.ledger(), office.beside("-wal")] {
            assert_eq!(mode(&path), 0o600, "made for its owner: {}", path.display());
        }
        let folder = office.world.home().join("shared");
        let line = format!("chgrp -R {BILLING} {0} && chmod -R g+rwX {0}", folder.display());
        assert!(Command::new("sh").args(["-c", &line]).status().unwrap().success());
        Some(office)
    }

    /// Everything in the ledger's folder that the group could not use.
    fn misfits(&self) -> Vec<String> {
        let within = |folder: &Path| {
            fs::read_dir(folder).into_iter().flatten().map(|entry| entry.unwrap().path()).collect::<Vec<_>>()
        };
        let all = [within(&self.world.home().join("shared")), within(&self.beside(".locks"))].concat();
        let misfit = |path: &PathBuf| {
            let found = fs::metadata(path).unwrap();
            let needed = if found.is_dir() { 0o770 } else { 0o660 };
            (found.mode() & 0o777 != needed || found.gid() != BILLING)
                .then(|| format!("{} {:o} of {}", path.display(), found.mode(), found.gid()))
        };
        all.iter().filter_map(misfit).collect()
    }
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().mode() & 0o777
}

#[test]
fn two_users_of_a_group_share_a_ledger_and_neither_locks_the_other_out() {
    let Some(office) = Office::shared() else { return };
    for (round, user) in [LEE, KIM, LEE].into_iter().enumerate() {
        let order = format!("order_of_{user}_{round}");
        let ran = office.of_the_group(user, &to_charge(&order, &["--json", "--allow-similar"])).exits(0);
        assert_eq!(ran.json()["operator"], user.to_string());
        assert_eq!(office.misfits(), Vec::<String>::new());
    }
    // What is made again is made by the other one, in a folder that no longer hands on its group.
    set_mode(&office.world.home().join("shared"), 0o770);
    fs::remove_dir_all(office.beside(".locks")).unwrap();
    fs::remove_file(office.beside("-shm")).unwrap();
    let _ = office.of_the_group(LEE, &to_charge("order_9", &["--json", "--allow-similar"])).exits(0);
    assert_eq!(office.misfits(), Vec::<String>::new());
    assert_eq!(fs::metadata(office.beside(".locks")).unwrap().uid(), LEE);
    let replayed = office.of_the_group(KIM, &to_charge("order_9", &["--json"])).exits(0).json();
    assert_eq!((&replayed["replayed"], &replayed["outcome"]), (&true.into(), &"paid".into()));
    // So is the mark, when the ledger has lost it.
    fs::remove_file(office.beside(".mark")).unwrap();
    let _ = office.of_the_group(LEE, &["ledger", "accept", "--reason", "moved"]).exits(0);
    let _ = office.of_the_group(KIM, &["history"]).exits(0);
    assert_eq!(office.misfits(), Vec::<String>::new());
}

#[test]
fn a_run_of_the_superusers_leaves_nothing_that_its_owner_cannot_use() {
    let Some(office) = Office::open() else { return };
    let _ = office.of_the_group(KIM, &to_charge("order_1", &["--json"])).exits(0);
    fs::remove_dir_all(office.beside(".locks")).unwrap();
    fs::remove_file(office.beside("-shm")).unwrap();
    let again = to_charge("order_2", &["--json", "--allow-similar"]);
    let mut root = office.world.command(&again);
    root.env("BILLKEY_DATABASE", office.ledger()).env("BILLKEY_API_URL", office.gateway.url());
    root.env("BILLKEY_IMP_KEY", IMP_KEY).env("BILLKEY_IMP_SECRET", IMP_SECRET);
    let _ = Ran::from_output(&root.output().unwrap()).exits(0);
    let third = to_charge("order_3", &["--json", "--allow-similar"]);
    let _ = office.of_the_group(KIM, &third).exits(0);
}

#[test]
fn doctor_prints_the_line_for_what_is_not_shared() {
    let Some(office) = Office::shared() else { return };
    let report = office.of_the_group(LEE, &["doctor", "--json"]).json().to_string();
    assert!(report.contains("the ledger is shared with the group 64200"), "{report}");
    let mark = office.beside(".mark");
    chown(&mark, None, Some(KIM)).unwrap();
    set_mode(&mark, 0o600);
    let report = office.of_the_group(LEE, &["doctor", "--json"]).exits(1).json().to_string();
    let line = format!("chgrp 64200 {0} && chmod g+rw {0}", mark.display());
    assert!(report.contains(&line), "{report}");
    // Nothing is sent, and nothing is held against the ledger.
    let order = to_charge("order_2", &["--allow-similar"]);
    let ran = office.of_the_group(LEE, &order).exits(1);
    let ran = ran.says(&["main.db.mark is closed to this user", "Nothing was sent"]);
    assert_eq!(office.gateway.received("order_2"), 0, "{ran}");
    let _ = office.of_the_group(KIM, &["history"]).exits(0);
}

#[test]
fn a_ledger_that_may_be_read_is_read_whole_or_not_at_all_and_nothing_is_made_beside_it() {
    let Some(office) = Office::open() else { return };
    let _ = office.of_the_group(KIM, &to_charge("order_1", &["--json"])).exits(0);
    let folder = office.world.home().join("shared");
    let open_up = || {
        let line = format!("chmod -R a+rX {}", folder.display());
        assert!(Command::new("sh").args(["-c", &line]).status().unwrap().success());
    };
    open_up();
    let reads = |arguments: &[&str]| office.run(STRANGER, "64103", arguments);
    let look = ["history", "--json"];
    for line in [&look[..], &["history", "show", "order_1"], &["customer", "list", "--json", "--quiet"]] {
        assert_eq!(reads(line).exits(0).stderr, "", "{line:?}");
    }
    // The mark may be closed: there is nothing to hold the ledger against then, and nothing to warn of.
    set_mode(&office.beside(".mark"), 0o600);
    assert_eq!(reads(&look).exits(0).stderr, "");
    for (closed, word) in [("-shm", "its log holds payments, and the log's index"), ("-wal", "its log")] {
        set_mode(&office.beside(closed), 0o600);
        let ran = reads(&look);
        let ran = ran.exits(1).says(&["cannot be read as a whole", word, "closed to this user"]);
        assert_eq!(ran.stdout, "");
        open_up();
    }
    // Without an index, in a folder where the reader could make one: it would keep the ledger's owner out.
    fs::remove_file(office.beside("-shm")).unwrap();
    set_mode(&folder, 0o777);
    let _ = reads(&look).exits(1).says(&["missing or closed", "billkey history"]);
    assert!(!office.beside("-shm").exists());
    // Without a log there is nothing that could be overlooked.
    let _ = office.of_the_group(KIM, &["history"]).exits(0);
    let connection = rusqlite::Connection::open(office.ledger()).unwrap();
    connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).unwrap();
    drop(connection);
    for suffix in ["-wal", "-shm"] {
        let _ = fs::remove_file(office.beside(suffix));
    }
    open_up();
    assert_eq!(reads(&look).exits(0).json().as_array().unwrap().len(), 1);
    assert!(!office.beside("-shm").exists() && !office.beside("-wal").exists());
    set_mode(&office.ledger(), 0o600);
    let _ = reads(&look).exits(1).says(&["its file is closed to this user"]);
}

#[test]
fn a_reader_of_an_older_ledger_is_told_who_can_bring_it_up_to_date() {
    let Some(office) = Office::open() else { return };
    fs::copy("tests/ledgers/schema_4.db", office.ledger()).unwrap();
    set_mode(&office.ledger(), 0o644);
    set_mode(&office.world.home().join("shared"), 0o755);
    let ran = office.run(STRANGER, "64103", &["history"]).exits(1);
    let _ = ran.says(&["written by an older billkey (schema 4", "as a user who may write it"]);
}

#[test]
fn a_lock_that_is_a_link_or_a_strangers_is_not_taken() {
    let Some(office) = Office::open() else { return };
    let _ = office.of_the_group(KIM, &to_charge("order_1", &["--json"])).exits(0);
    let victim = office.world.home().join("victim");
    fs::write(&victim, "precious").unwrap();
    chown(&victim, Some(KIM), Some(KIM)).unwrap();
    let (locks, payments) = (office.beside(".locks"), office.beside(".locks/payments"));
    fs::remove_file(&payments).unwrap();
    std::os::unix::fs::symlink(&victim, &payments).unwrap();
    let order = to_charge("order_2", &["--allow-similar"]);
    let refused = |word: &str| {
        let ran = office.of_the_group(KIM, &order).exits(1);
        let _ = ran.says(&["payments", word, "Nothing was sent"]);
        assert_eq!(office.gateway.received("order_2"), 0);
    };
    refused("symbolic link");
    fs::remove_file(&payments).unwrap();
    fs::write(&payments, "").unwrap();
    chown(&payments, Some(STRANGER), Some(STRANGER)).unwrap();
    set_mode(&payments, 0o666);
    refused("belongs to a user");
    fs::remove_file(&payments).unwrap();
    let fifo = Command::new("mkfifo").args(["-m", "666"]).arg(&payments).status().unwrap();
    assert!(fifo.success());
    chown(&payments, Some(KIM), Some(KIM)).unwrap();
    refused("something else");
    fs::remove_file(&payments).unwrap();
    fs::write(
        office.world.home().join("c.csv"),
        "customer_uid,amount,name,merchant_uid\ngildong_0001_1234,8900,x,order_2\n",
    )
    .unwrap();
    std::os::unix::fs::symlink(&victim, locks.join("batch")).unwrap();
    let file = office.world.home().join("c.csv");
    let ran = office.of_the_group(KIM, &["batch", file.to_str().unwrap(), "--yes"]).exits(1);
    let _ = ran.says(&["batch", "symbolic link", "Nothing was sent"]);
    assert_eq!(fs::read_to_string(&victim).unwrap(), "precious");
    fs::remove_dir_all(&locks).unwrap();
    let away = office.world.home().join("away");
    fs::create_dir(&away).unwrap();
    chown(&away, Some(KIM), Some(KIM)).unwrap();
    std::os::unix::fs::symlink(&away, &locks).unwrap();
    let ran = office.of_the_group(KIM, &order).exits(1);
    let _ = ran.says(&["main.db.locks", "symbolic link"]);
    assert_eq!(fs::read_dir(&away).unwrap().count(), 0);
}
