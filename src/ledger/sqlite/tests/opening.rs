//! Opening: what is created, what is refused, and that nothing foreign is altered.

use std::fs;
use std::path::Path;

use rusqlite::{Connection, OpenFlags};

use super::{Asked, Place, answer, at, charged, kept, uid, won};
use crate::domain::payment::{Outcome, Payment};
use crate::domain::reason::Reason;
use crate::ledger::sqlite::schema::{APPLICATION_ID, MIGRATIONS, SCHEMA_VERSION};
use crate::ledger::{Create, DailyLimit, Entry, Ledger, LedgerError};

fn refused(path: &Path, create: Create) -> LedgerError {
    let error = Ledger::open_at(path, create).unwrap_err();
    assert!(error.to_string().contains(&path.display().to_string()), "names the path: {error}");
    error
}

fn raw(path: &Path) -> Connection {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE;
    Connection::open_with_flags(path, flags).unwrap()
}

fn one<T: rusqlite::types::FromSql>(connection: &Connection, sql: &str) -> T {
    connection.query_row(sql, [], |row| row.get(0)).unwrap()
}

#[test]
fn a_new_ledger_says_that_it_is_new_and_an_old_one_does_not() {
    let place = Place::new();
    let opened = Ledger::open_at(&place.path(), Create::IfMissing).unwrap();
    assert!(opened.created);
    assert!(!Ledger::open_at(&place.path(), Create::IfMissing).unwrap().created);
    drop(opened);
    assert!(!Ledger::open_at(&place.path(), Create::Never).unwrap().created);
}

#[test]
fn a_commit_is_made_to_survive_a_power_cut() {
    let place = Place::new();
    let ledger = place.ledger();
    for ledger in [&ledger, &place.ledger()] {
        let db = ledger.connection();
        assert_eq!(one::<String>(db, "PRAGMA journal_mode"), "wal");
        assert_eq!(one::<i64>(db, "PRAGMA synchronous"), 2);
        assert_eq!(one::<i64>(db, "PRAGMA foreign_keys"), 1);
        assert_eq!(one::<i64>(db, "PRAGMA trusted_schema"), 0);
        assert_eq!(one::<i64>(db, "PRAGMA mmap_size"), 0);
        assert_eq!(one::<i64>(db, "PRAGMA busy_timeout"), 60);
        assert_eq!(one::<i64>(db, "PRAGMA application_id"), APPLICATION_ID);
        assert_eq!(one::<i64>(db, "PRAGMA user_version"), SCHEMA_VERSION);
        assert!(db.execute_batch("PRAGMA writable_schema = ON; DELETE FROM sqlite_schema").is_err());
    }
}

#[test]
#[cfg(unix)]
fn the_files_are_for_their_owner_alone() {
    use std::os::unix::fs::PermissionsExt;

    let place = Place::new();
    let path = place.dir.path().join("a/b/ledger.db");
    let mut ledger = Ledger::open_at(&path, Create::IfMissing).unwrap().ledger;
    Asked::new("order-1", 8900, 0).written(&mut ledger);
    let _lock = ledger.lock_payment(&uid("order-1")).unwrap();
    let mode = |name: &str| fs::metadata(place.dir.path().join(name)).unwrap().permissions().mode() & 0o777;
    for file in ["a/b/ledger.db", "a/b/ledger.db-wal", "a/b/ledger.db-shm"] {
        assert_eq!(mode(file), 0o600, "{file}");
    }
    for dir in ["a", "a/b", "a/b/ledger.db.locks"] {
        assert_eq!(mode(dir), 0o700, "{dir}");
    }
}

#[test]
fn reopening_keeps_everything() {
    let place = Place::new();
    let mut ledger = place.ledger();
    let paid = charged(&mut ledger, &Asked::new("order-1", 8900, 0), Outcome::Paid);
    let pending = Asked::new("order-2", 100, 9).written(&mut ledger);
    let events = ledger.events(&uid("order-1")).unwrap();
    drop(ledger);
    let ledger = place.try_open(Create::Never).unwrap();
    assert_eq!(ledger.find(&uid("order-1")).unwrap(), Some(paid));
    assert_eq!(ledger.find(&uid("order-2")).unwrap(), Some(pending));
    assert_eq!(ledger.events(&uid("order-1")).unwrap(), events);
}

/// A ledger of the first schema, as an earlier program left it, with a row of every kind.
#[test]
fn a_ledger_of_the_first_schema_is_brought_up_to_date_and_keeps_everything() {
    let place = Place::new();
    let mut ledger = place.ledger();
    charged(&mut ledger, &Asked::new("order-1", 8900, 0), Outcome::Paid);
    charged(&mut ledger, &Asked::new("order-2", 100, 1), Outcome::Declined);
    Asked::new("order-2", 100, 900).expecting(Outcome::Declined, 1).written(&mut ledger);
    Asked::new("order-3", 7, 5).written(&mut ledger);
    let old = place.dir.path().join("old.db");
    let connection = raw(&old);
    connection.execute_batch(MIGRATIONS[0]).unwrap();
    let now = place.path().display().to_string();
    connection.execute("ATTACH ?1 AS now", [now]).unwrap();
    for table in ["payments", "events", "customers"] {
        let columns: String = one(
            &connection,
            &format!("SELECT group_concat(name) FROM pragma_table_info('{table}') WHERE schema = 'main'"),
        );
        let copy = format!("INSERT INTO {table} ({columns}) SELECT {columns} FROM now.{table}");
        connection.execute_batch(&copy).unwrap();
    }
    drop(connection);
    let opened = Ledger::open_at(&old, Create::Never).unwrap();
    assert!(!opened.created);
    let mut brought = opened.ledger;
    for order in ["order-1", "order-2", "order-3"] {
        let (then, now) = (brought.find(&uid(order)).unwrap(), ledger.find(&uid(order)).unwrap());
        let (then, now) = (then.unwrap(), now.unwrap());
        let known = |payment: &Payment| {
            payment.records.iter().map(|record| record.imp_uid.clone()).collect::<Vec<_>>()
        };
        assert_eq!(known(&then), known(&now));
        // What an older program did not record is not known.
        assert_eq!(then, Payment { records: then.records.clone(), tax: None, ..now });
        assert_eq!(brought.events(&uid(order)).unwrap(), ledger.events(&uid(order)).unwrap());
    }
    let schema = |ledger: &Ledger| -> Vec<(String, Option<String>)> {
        let sql = "SELECT name, sql FROM sqlite_schema ORDER BY name";
        let mut statement = ledger.connection().prepare(sql).unwrap();
        let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
        rows.collect::<Result<_, _>>().unwrap()
    };
    assert_eq!(schema(&brought), schema(&ledger), "as if it had been made today");
    let faults: i64 = brought
        .connection()
        .query_row("SELECT count(*) FROM pragma_foreign_key_check", [], |row| row.get(0))
        .unwrap();
    assert_eq!(faults, 0);
    Asked::new("order-4", 8900, 0).written(&mut brought);
}

#[test]
fn a_ledger_that_is_not_there_is_missing_and_is_not_made() {
    let place = Place::new();
    let path = place.dir.path().join("no/such.db");
    assert!(refused(&path, Create::Never).is_missing());
    assert!(!place.dir.path().join("no").exists());
}

#[test]
fn an_interrupted_creation_is_missing_and_can_be_finished() {
    let place = Place::new();
    fs::write(place.path(), "").unwrap();
    assert!(refused(&place.path(), Create::Never).is_missing());
    raw(&place.path()).execute_batch("PRAGMA journal_mode = WAL").unwrap();
    assert!(fs::metadata(place.path()).unwrap().len() > 0);
    assert!(refused(&place.path(), Create::Never).is_missing());
    assert!(Ledger::open_at(&place.path(), Create::IfMissing).unwrap().created);
}

#[test]
fn a_directory_is_refused_as_one() {
    let place = Place::new();
    for create in [Create::Never, Create::IfMissing] {
        assert!(matches!(refused(place.dir.path(), create), LedgerError::IsDirectory { .. }));
    }
}

#[test]
fn a_path_through_a_file_is_refused() {
    let place = Place::new();
    fs::write(place.path(), "text").unwrap();
    let error = refused(&place.path().join("ledger.db"), Create::IfMissing);
    assert!(matches!(error, LedgerError::Io { .. }), "{error:?}");
}

#[test]
fn a_text_file_is_refused_and_left_as_it_is() {
    let place = Place::new();
    for text in ["short", &"a longer text\n".repeat(1000)] {
        fs::write(place.path(), text).unwrap();
        let error = refused(&place.path(), Create::IfMissing);
        assert!(
            matches!(error, LedgerError::NotALedger { what: "it is not an SQLite file", .. }),
            "{error:?}"
        );
        assert_eq!(fs::read_to_string(place.path()).unwrap(), text);
        assert_eq!(fs::read_dir(place.dir.path()).unwrap().count(), 1, "nothing was put beside it");
    }
}

#[test]
fn another_programs_file_is_refused_and_left_as_it_is() {
    for setup in [
        "CREATE TABLE t (a)",
        "PRAGMA journal_mode = WAL; CREATE TABLE t (a)",
        "PRAGMA application_id = 7; CREATE TABLE t (a)",
        "PRAGMA user_version = 3; CREATE TABLE t (a)",
        "PRAGMA user_version = 3",
    ] {
        let place = Place::new();
        raw(&place.path()).execute_batch(setup).unwrap();
        let before = fs::read(place.path()).unwrap();
        for create in [Create::Never, Create::IfMissing] {
            let error = refused(&place.path(), create);
            assert!(matches!(error, LedgerError::NotALedger { .. }), "{setup}: {error:?}");
        }
        assert_eq!(fs::read(place.path()).unwrap(), before, "{setup}");
        assert_eq!(fs::read_dir(place.dir.path()).unwrap().count(), 1, "{setup}: nothing was put beside it");
    }
}

#[test]
fn what_another_program_has_not_written_back_yet_is_left_as_it_is() {
    let place = Place::new();
    let other = raw(&place.path());
    other.execute_batch("PRAGMA journal_mode = WAL; CREATE TABLE t (a)").unwrap();
    let log = place.dir.path().join("ledger.db-wal");
    let before = (fs::read(place.path()).unwrap(), fs::read(&log).unwrap());
    assert!(matches!(refused(&place.path(), Create::IfMissing), LedgerError::NotALedger { .. }));
    assert_eq!((fs::read(place.path()).unwrap(), fs::read(&log).unwrap()), before);
}

#[test]
fn a_newer_ledger_is_refused_by_its_version() {
    let place = Place::new();
    place.ledger().connection().execute_batch("PRAGMA user_version = 99").unwrap();
    let error = refused(&place.path(), Create::IfMissing);
    assert!(matches!(error, LedgerError::Newer { found: 99, known: SCHEMA_VERSION, .. }), "{error:?}");
}

/// A ledger of schema 3 that an earlier program made: a payment of every outcome.
#[test]
fn a_saved_ledger_of_schema_3_is_brought_up_to_date_and_tells_the_same() {
    let place = Place::new();
    let saved = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/ledgers/schema_3.db");
    fs::copy(saved, place.path()).unwrap();
    let ledger = place.try_open(Create::Never).unwrap();
    let told = |order: &str| {
        let payment = ledger.find(&uid(order)).unwrap().unwrap();
        (payment.outcome, payment.attempts, payment.unanswered, payment.message, payment.reason)
    };
    let in_words = |words: &str| Some(Reason::InWords { words: words.to_owned() });
    let gateways = |words: &str| Some(words.to_owned());
    let lost = in_words("the connection ended without an answer that can be read");
    let rejected = "결제에 실패하였습니다. [8901] 미등록PG업체/거래정지업체";
    for (order, expected) in [
        ("order_paid", (Outcome::Paid, 1, 0, None, None)),
        ("order_found_paid", (Outcome::Paid, 1, 0, None, None)),
        ("order_declined", (Outcome::Declined, 2, 0, gateways("[CC10] 통장 잔액부족"), None)),
        ("order_rejected", (Outcome::Rejected, 1, 0, gateways(rejected), None)),
        ("order_unknown", (Outcome::Unknown, 1, 1, None, lost.clone())),
        ("order_pending", (Outcome::Pending, 1, 1, None, None)),
        (
            "order_other_amount",
            (Outcome::Unknown, 1, 1, None, in_words("the gateway says ₩1 was paid, not ₩4,200")),
        ),
        (
            "order_not_sent",
            (Outcome::NotSent, 0, 0, None, in_words("the gateway answered with HTTP 200 and nothing else")),
        ),
    ] {
        assert_eq!(told(order), expected, "{order}");
    }
    let received = |order: &str| {
        let events = ledger.events(&uid(order)).unwrap();
        events.into_iter().map(|event| (event.received.message, event.received.reason)).collect::<Vec<_>>()
    };
    let not_found = gateways("존재하지 않는 결제정보입니다.");
    assert_eq!(received("order_rejected"), [(None, None), (gateways(rejected), None), (not_found, None)]);
    assert_eq!(received("order_unknown"), [(None, None), (None, lost)]);
    assert_eq!(ledger.declined_imp_uids(&uid("order_declined")).unwrap().len(), 2);
    assert_eq!(one::<i64>(ledger.connection(), "SELECT count(*) FROM customers"), 20);
    let fixed = ledger.connection().execute("UPDATE events SET code = 1", []);
    assert!(fixed.is_err(), "its history can still not be changed");
}

/// One of every schema there was: some are from the programs of their time, the others hold the same payments in the
/// schema as it was then.
#[test]
fn a_saved_ledger_of_every_schema_is_brought_up_to_date_and_is_what_was_written() {
    let saved = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/ledgers");
    let names = fs::read_dir(&saved).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let number = |name: String| name.strip_prefix("schema_")?.strip_suffix(".db")?.parse::<i64>().ok();
    let mut schemas: Vec<i64> = names.filter_map(number).collect();
    schemas.sort_unstable();
    assert!(schemas.len() >= 16 && schemas.starts_with(&[1, 2, 3, 4, 5]), "{schemas:?}");
    for schema in schemas {
        let place = Place::new();
        fs::copy(saved.join(format!("schema_{schema}.db")), place.path()).unwrap();
        let version: i64 = one(&raw(&place.path()), "PRAGMA user_version");
        let count = "SELECT count(*) FROM payments";
        let before: i64 = one(&raw(&place.path()), count);
        assert_eq!(version, schema);
        let mut ledger = place.try_open(Create::Never).unwrap();
        assert!(before > 0 && one::<i64>(ledger.connection(), count) == before, "schema {schema}");
        for (order, outcome) in [
            ("order_paid", Outcome::Paid),
            ("order_declined", Outcome::Declined),
            ("order_rejected", Outcome::Rejected),
        ] {
            assert_eq!(ledger.find(&uid(order)).unwrap().unwrap().outcome, outcome, "schema {schema}");
            assert!(ledger.events(&uid(order)).unwrap().len() > 1, "schema {schema}");
        }
        Asked::new("order-1", 8900, 0).written(&mut ledger);
        let nothing: Vec<String> = Vec::new();
        assert_eq!(ledger.check_pages().unwrap(), nothing, "schema {schema}");
        assert_eq!(ledger.check_references().unwrap(), nothing, "schema {schema}");
        assert_eq!(ledger.check_schema().unwrap(), nothing, "schema {schema}");
        let chains = ledger.check_chains(&mut |_, _| {}).unwrap();
        let sound = chains.misfits == 0 && chains.stray == 0 && chains.payments_gone == 0;
        assert!(sound && chains.events_gone == 0, "schema {schema}: {chains:?}");
        assert_eq!(i64::try_from(chains.payments).unwrap(), before + 1, "schema {schema}");
    }
}

#[test]
fn a_ledger_without_a_version_is_refused() {
    let place = Place::new();
    place.ledger().connection().execute_batch("PRAGMA user_version = 0").unwrap();
    assert!(matches!(refused(&place.path(), Create::IfMissing), LedgerError::NotALedger { .. }));
}

#[test]
fn a_file_that_may_only_be_read_is_refused_as_that() {
    let place = Place::new();
    let mut ledger = place.ledger();
    ledger.connection().execute_batch("PRAGMA query_only = ON").unwrap();
    let error = ledger.write_one(&Entry::Intent(Asked::new("order-1", 8900, 0).intent())).unwrap_err();
    assert!(matches!(error, LedgerError::ReadOnly { .. }), "{error:?}");
}

/// Root may write everything; for root there is nothing to test here.
#[test]
#[cfg(unix)]
fn read_only_files_and_directories_are_refused_as_that() {
    use std::os::unix::fs::PermissionsExt;

    let place = Place::new();
    drop(place.ledger());
    let set = |path: &Path, mode| fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    set(&place.path(), 0o400);
    set(place.dir.path(), 0o500);
    if fs::OpenOptions::new().write(true).open(place.path()).is_err() {
        let new = place.dir.path().join("new/ledger.db");
        for (path, create) in [(place.path(), Create::Never), (new, Create::IfMissing)] {
            let error = refused(&path, create);
            assert!(matches!(error, LedgerError::ReadOnly { .. }), "{error:?}");
        }
    }
    set(place.dir.path(), 0o700);
}

#[test]
#[cfg(unix)]
fn a_ledger_that_was_moved_away_takes_no_more_intents() {
    let place = Place::new();
    let mut ledger = place.ledger();
    Asked::new("order-1", 8900, 0).written(&mut ledger);
    let away = place.dir.path().join("away.db");
    fs::rename(place.path(), &away).unwrap();
    let error = ledger.write_one(&Entry::Intent(Asked::new("order-2", 8900, 0).intent())).unwrap_err();
    assert!(matches!(error, LedgerError::Moved { .. }), "{error:?}");
    let paid = Asked::new("order-1", 8900, 0).settled(Outcome::Paid);
    let answered = kept(&mut ledger, &answer("order-1", 1, 1, paid));
    assert_eq!(answered.outcome, Outcome::Paid, "what was sent is still answered");
}

#[test]
fn a_full_disk_writes_nothing_and_says_so() {
    let place = Place::new();
    let mut ledger = place.ledger();
    let pages: i64 = one(ledger.connection(), "PRAGMA page_count");
    one::<i64>(ledger.connection(), &format!("PRAGMA max_page_count = {pages}"));
    let mut asked = Asked::new("order-1", 8900, 0);
    // Longer than the pages that the migrations left free.
    asked.request.name = "long ".repeat(100_000);
    let error = ledger.write_one(&Entry::Intent(asked.intent())).unwrap_err();
    assert!(matches!(error, LedgerError::Full { .. }), "{error:?}");
    assert_eq!(ledger.find(&uid("order-1")).unwrap(), None);
    Asked::new("order-2", 8900, 0).written(&mut ledger);
}

#[test]
fn a_value_that_billkey_did_not_write_is_named() {
    let place = Place::new();
    let mut ledger = place.ledger();
    Asked::new("order-1", 8900, 0).written(&mut ledger);
    ledger
        .connection()
        .execute_batch("PRAGMA ignore_check_constraints = ON; UPDATE payments SET mode = 'real'")
        .unwrap();
    let error = ledger.find(&uid("order-1")).unwrap_err().to_string();
    assert!(error.contains("`real` in payments.mode of order-1"), "{error}");
}

#[test]
fn a_sum_that_cannot_be_held_stops_the_charge() {
    let place = Place::new();
    let mut ledger = place.ledger();
    Asked::new("order-1", i64::MAX, 0).written(&mut ledger);
    Asked::new("order-2", i64::MAX, 0).written(&mut ledger);
    let mut asked = Asked::new("order-3", 1, 1);
    asked.guards.daily = Some(DailyLimit { max: won(100), from: at(0), to: at(10) });
    let error = ledger.write_one(&Entry::Intent(asked.intent())).unwrap_err();
    assert!(matches!(error, LedgerError::TooLarge { .. }), "{error:?}");
    assert_eq!(ledger.find(&uid("order-3")).unwrap(), None);
}

#[test]
#[cfg(unix)]
fn a_link_to_nothing_creates_what_it_points_at() {
    let place = Place::new();
    let link = place.dir.path().join("link.db");
    std::os::unix::fs::symlink("real/ledger.db", &link).unwrap();
    let opened = Ledger::open_at(&link, Create::IfMissing).unwrap();
    assert!(opened.created);
    let real = place.dir.path().canonicalize().unwrap().join("real/ledger.db");
    assert_eq!(opened.ledger.place().file(), Some(&*real));
}

#[test]
fn names_that_mean_something_to_sqlite_are_only_names() {
    let place = Place::new();
    for name in [":memory:", "file:x.db?mode=memory", "a b%20c.db", "원장.db"] {
        let path = place.dir.path().join(name);
        let mut ledger = Ledger::open_at(&path, Create::IfMissing).unwrap().ledger;
        charged(&mut ledger, &Asked::new("order-1", 8900, 0), Outcome::Paid);
        drop(ledger);
        let ledger = Ledger::open_at(&path, Create::Never).unwrap().ledger;
        assert!(ledger.find(&uid("order-1")).unwrap().is_some(), "{name}");
    }
}

#[test]
fn a_log_that_was_not_written_back_is_read_by_the_next_run() {
    let place = Place::new();
    let mut ledger = place.ledger();
    Asked::new("order-1", 8900, 0).written(&mut ledger);
    drop(ledger);
    let mut ledger = place.ledger();
    let paid = Asked::new("order-1", 8900, 0).settled(Outcome::Paid);
    assert_eq!(kept(&mut ledger, &answer("order-1", 1, 1, paid)).outcome, Outcome::Paid);
}
