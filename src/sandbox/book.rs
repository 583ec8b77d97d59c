//! The book: the SQLite file in which the sandbox keeps billing keys, payments and tokens.
//!
//! Two processes may have the same book open. Whatever is checked and then written happens in one
//! `BEGIN IMMEDIATE` transaction, so that neither acts on what the other is about to change.

use std::fs::{DirBuilder, OpenOptions};
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::Path;
use std::thread;
use std::time::Duration;

use rusqlite::{
    Connection, ErrorCode, OpenFlags, OptionalExtension as _, Transaction, TransactionBehavior, params,
};

use crate::sandbox::clock::now_ms;
use crate::sandbox::customers::seeded_customers;
use crate::sandbox::error::SandboxError;
use crate::sandbox::refund_rows::{is_any_due, make_due};

/// What makes each version of the book out of the one before; the first out of nothing.
const SCHEMAS: [(i64, &str); 2] = [(1, include_str!("schema.sql")), (2, include_str!("schema_2.sql"))];
const SCHEMA_VERSION: i64 = 2;

/// How long one process waits for another one's transaction; each takes a few milliseconds.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// The book, open.
pub(super) struct Book {
    connection: Connection,
}

impl Book {
    /// Opens the book, and makes and seeds it first if the file is new.
    ///
    /// # Errors
    /// If the file cannot be created or opened, or was written by a later version.
    pub(super) fn open(path: &Path) -> Result<Book, SandboxError> {
        create_private(path).map_err(|source| SandboxError::CreateBook { path: path.to_owned(), source })?;
        let unusable = |source| SandboxError::OpenBook { path: path.to_owned(), source };
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(path, flags).map_err(unusable)?;
        connection.busy_timeout(BUSY_TIMEOUT).map_err(unusable)?;
        switch_to_wal(&connection).map_err(unusable)?;
        // A power cut may take back the last charges of a sandbox: no money moved.
        connection.pragma_update(None, "synchronous", "NORMAL").map_err(unusable)?;
        // Tables that others refer to are replaced when a book is brought up to date.
        connection.pragma_update(None, "foreign_keys", false).map_err(unusable)?;
        let mut book = Book { connection };
        let found = book.migrate().map_err(unusable)?;
        book.connection.pragma_update(None, "foreign_keys", true).map_err(unusable)?;
        if found > SCHEMA_VERSION {
            return Err(SandboxError::NewerBook { path: path.to_owned(), found, known: SCHEMA_VERSION });
        }
        Ok(book)
    }

    /// Gives the connection for reading, after whatever time has brought about by itself.
    pub(super) fn read(&mut self) -> Result<&Connection, SandboxError> {
        self.settle()?;
        Ok(&self.connection)
    }

    /// Does some work in one immediate transaction, and commits it unless it fails.
    pub(super) fn write<T>(
        &mut self,
        work: impl FnOnce(&Transaction<'_>) -> Result<T, SandboxError>,
    ) -> Result<T, SandboxError> {
        self.settle()?;
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let done = work(&transaction)?;
        transaction.commit()?;
        Ok(done)
    }

    /// The same for work that may think better of it: what it has written is then taken back.
    pub(super) fn try_write<T>(
        &mut self,
        work: impl FnOnce(&Transaction<'_>) -> Result<Result<T, T>, SandboxError>,
    ) -> Result<T, SandboxError> {
        self.settle()?;
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        match work(&transaction)? {
            Ok(done) => {
                transaction.commit()?;
                Ok(done)
            }
            Err(refused) => Ok(refused),
        }
    }

    /// Turns failed payments paid whose time has come (the fault `flips_to_paid`), and makes the refunds
    /// whose time has come (`late_refund`).
    fn settle(&mut self) -> Result<(), SandboxError> {
        let now = now_ms();
        let due: Option<i64> = self
            .connection
            .prepare_cached("SELECT 1 FROM payments WHERE flips_at_ms <= ?1 LIMIT 1")?
            .query_row([now], |row| row.get(0))
            .optional()?;
        if is_any_due(&self.connection)? {
            let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            make_due(&transaction)?;
            transaction.commit()?;
        }
        if due.is_some() {
            self.connection.execute(
                "UPDATE payments SET status = 'paid', paid_at_ms = flips_at_ms, updated_at_ms = flips_at_ms,
                     failed_at_ms = 0, fail_reason = NULL, flips_at_ms = NULL
                 WHERE flips_at_ms <= ?1",
                [now],
            )?;
        }
        Ok(())
    }

    /// Makes the tables of a new book, or those that an old one lacks. Returns the version the book now has.
    fn migrate(&mut self) -> Result<i64, rusqlite::Error> {
        if let version @ SCHEMA_VERSION.. = user_version(&self.connection)? {
            return Ok(version);
        }
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        // Another process may have made them while this one waited for the lock.
        let before = user_version(&transaction)?;
        if before >= SCHEMA_VERSION {
            return Ok(before);
        }
        for (_, statements) in SCHEMAS.iter().filter(|(version, _)| *version > before) {
            transaction.execute_batch(statements)?;
        }
        if before == 0 {
            seed(&transaction)?;
        }
        transaction.pragma_update(None, "user_version", SCHEMA_VERSION)?;
        transaction.commit()?;
        Ok(SCHEMA_VERSION)
    }
}

fn user_version(connection: &Connection) -> Result<i64, rusqlite::Error> {
    connection.pragma_query_value(None, "user_version", |row| row.get(0))
}

/// Creates the file for its owner alone. SQLite gives its side files the same mode.
fn create_private(path: &Path) -> io::Result<()> {
    if let Some(parent) = path.parent().filter(|parent| !parent.as_os_str().is_empty()) {
        DirBuilder::new().recursive(true).mode(0o700).create(parent)?;
    }
    match OpenOptions::new().write(true).create_new(true).mode(0o600).open(path) {
        Ok(_) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(error),
    }
}

/// Switches the book to a write-ahead log. SQLite does not wait for a lock in this one statement,
/// so two processes that open a new book together have to take turns here.
fn switch_to_wal(connection: &Connection) -> Result<(), rusqlite::Error> {
    let pause = Duration::from_millis(2);
    for _ in 0..BUSY_TIMEOUT.as_millis() / pause.as_millis() {
        let switched = connection.pragma_update_and_check(None, "journal_mode", "WAL", |_| Ok(()));
        match switched {
            Err(error) if error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy) => thread::sleep(pause),
            done => return done,
        }
    }
    connection.pragma_update_and_check(None, "journal_mode", "WAL", |_| Ok(()))
}

fn seed(transaction: &Transaction<'_>) -> Result<(), rusqlite::Error> {
    let now = now_ms();
    for customer in seeded_customers() {
        let pays_by_wallet = customer.card_name.is_none();
        transaction.execute(
            "INSERT INTO billing_keys (customer_uid, customer_name, customer_email, customer_tel, pay_method,
                 pg_provider, pg_id, card_code, card_name, card_number, card_type, channel_group_id, faults,
                 inserted_at_ms, updated_at_ms)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?14)",
            params![
                customer.customer_uid,
                customer.name,
                customer.email,
                customer.tel,
                if pays_by_wallet { "point" } else { "card" },
                customer.pg_provider,
                if pays_by_wallet { "TCSUBSCRIP" } else { "nictest04m" },
                customer.card_code,
                customer.card_name,
                customer.card_number,
                if pays_by_wallet { None } else { Some(0) },
                customer.is_super.then_some("channel-group-id-sandbox"),
                customer.faults,
                now,
            ],
        )?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;
    use std::sync::Barrier;
    use std::thread;

    use rusqlite::{Connection, OpenFlags};

    use crate::sandbox::book::Book;

    #[test]
    fn a_new_book_can_be_read_by_its_owner_alone() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("deep/sandbox.db");
        let _book = Book::open(&path).unwrap();
        for entry in std::fs::read_dir(path.parent().unwrap()).unwrap() {
            let mode = entry.unwrap().metadata().unwrap().permissions().mode();
            assert_eq!(mode & 0o077, 0);
        }
    }

    #[test]
    fn many_openers_of_a_new_book_seed_it_once() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("sandbox.db");
        let barrier = Barrier::new(8);
        thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    barrier.wait();
                    Book::open(&path).unwrap();
                });
            }
        });
        let mut book = Book::open(&path).unwrap();
        let count: i64 = book
            .read()
            .unwrap()
            .query_row("SELECT count(*) FROM billing_keys", [], |row| row.get(0))
            .unwrap();
        assert_eq!(count, 20);
    }

    #[test]
    fn a_book_of_the_first_version_is_brought_up_to_date_and_keeps_what_it_holds() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("sandbox.db");
        let old = Connection::open_with_flags(&path, OpenFlags::default()).unwrap();
        old.execute_batch(super::SCHEMAS[0].1).unwrap();
        old.execute_batch(
            "INSERT INTO payments (imp_uid, merchant_uid, customer_uid, amount, cancel_amount, currency, status,
                 sandbox, started_at_ms, paid_at_ms, failed_at_ms, cancelled_at_ms, updated_at_ms, lands_at_ms,
                 visible_at_ms, details)
             VALUES ('imps_1', 'order_1', 'c', '100', '30', 'KRW', 'cancelled', 1, 1, 1, 0, 1, 1, 1, 1, '{}');
             INSERT INTO refunds VALUES (1, 'id', 'imps_1', 'tid', '30', NULL, 'url', 1);
             PRAGMA user_version = 1;",
        )
        .unwrap();
        drop(old);
        let mut book = Book::open(&path).unwrap();
        let connection = book.read().unwrap();
        let kept: (String, Option<String>) = connection
            .query_row(
                "SELECT refunds.amount, refunds.tax_free FROM refunds JOIN payments USING (imp_uid)
                 WHERE payments.final_at_ms = 1",
                [],
                |row| Ok((row.get(0)?, row.get(1)?)),
            )
            .unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(kept, ("30".to_owned(), None));
        let broken: i64 = connection
            .query_row("SELECT count(*) FROM pragma_foreign_key_check", [], |row| row.get(0))
            .unwrap();
        assert_eq!(broken, 0);
        connection.execute("DELETE FROM payments", []).unwrap_err();
    }

    #[test]
    fn a_book_of_a_later_version_is_refused_by_its_path() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("sandbox.db");
        let mut book = Book::open(&path).unwrap();
        book.read().unwrap().pragma_update(None, "user_version", 7).unwrap();
        let error = Book::open(&path).err().unwrap().to_string();
        assert!(error.contains("sandbox.db") && error.contains("version 7"), "{error}");
    }
}
