//! Writing entries down: the rules of `rules.rs` over rows of this file, in one transaction.

use std::path::PathBuf;

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, Transaction, TransactionBehavior};

use crate::domain::ids::MerchantUid;
use crate::domain::lookup::LookedUp;
use crate::domain::payment::{EventKind, GatewayRecord, Noted, Payment};
use crate::domain::reason::Reason;
use crate::ledger::engine::Writes;
use crate::ledger::entry::{Attempt, Entry, How, Written};
use crate::ledger::intent::Intent;
use crate::ledger::rules::outside::{OutsideNote, refunded_outside};
use crate::ledger::rules::{self, Change, Happened};
use crate::ledger::seen::Seen;
use crate::ledger::sighting::see;
use crate::ledger::sqlite::Sqlite;
use crate::ledger::sqlite::day::DaySum;
use crate::ledger::sqlite::fault::{Fault, copy};
use crate::ledger::sqlite::identity::{Height, begin_with, height, make_first_mark};
use crate::ledger::sqlite::read::find_stored;
use crate::ledger::sqlite::records::write_sighting;
use crate::ledger::sqlite::refunds;
use crate::ledger::sqlite::row::Stored;
use crate::ledger::sqlite::write::{
    append, append_note, append_outside, insert, write_answer, write_attempt, write_terms,
};
use crate::ledger::sqlite::{chain, guard, pieces};
use crate::ledger::{LedgerError, MarkTrouble, place};

/// The gateway's code in the newest answer to one attempt.
const ANSWER_CODE: &str = "SELECT code FROM events \
     WHERE payment_id = ?1 AND attempt = ?2 AND kind = 'answer' ORDER BY id DESC LIMIT 1";

/// The PG behind a saved customer's card.
const CUSTOMER_PG: &str = "SELECT pg_provider FROM customers WHERE customer_uid = ?1";

/// Whether some request of a payment was ever answered; see the trigger `payments_keep_their_terms`.
const ANSWERED: &str = "SELECT EXISTS (SELECT 1 FROM events WHERE payment_id = ?1 \
     AND (kind = 'answer' OR kind = 'lookup') AND outcome IN ('paid', 'declined', 'rejected', 'unknown'))";

impl Writes for Sqlite {
    fn write(&mut self, entries: &[Entry]) -> Vec<Result<Written, LedgerError>> {
        let written = match self.write_together(entries) {
            Ok(written) => Ok(written.into_iter().map(Ok).collect()),
            Err(NotWritten::Entry(_)) if entries.len() > 1 => self.write_apart(entries),
            Err(NotWritten::Entry(fault) | NotWritten::All(fault)) => Err(fault),
        };
        let at = |fault: Fault| fault.at(&self.path, self.busy_timeout);
        match written {
            Ok(written) => written.into_iter().map(|written: Result<_, Fault>| written.map_err(at)).collect(),
            Err(fault) => entries.iter().map(|_| Err(at(copy(&fault)))).collect(),
        }
    }

    fn write_one(&mut self, entry: &Entry) -> Result<Written, LedgerError> {
        if entry.comes_before_a_send() && !self.is_in_place() {
            return Err(Fault::Moved.at(&self.path, self.busy_timeout));
        }
        let mut day = std::mem::take(&mut self.day);
        let first = self.first_mark();
        let (written, height, is_due) = self.in_transaction(|tx| {
            let entries = std::slice::from_ref(entry);
            first.make(tx, entries)?;
            let written = record(tx, &mut day, entry)?;
            Ok((written, height_of(tx, entries)?, pieces::is_due(tx, entries)))
        })?;
        self.day = day;
        self.raise(height.as_ref());
        self.index_behind(is_due);
        Ok(written)
    }
}

impl Sqlite {
    fn first_mark(&self) -> FirstMark {
        let wanted = (!self.marked).then(|| (self.path.clone(), self.trouble.clone()));
        FirstMark(wanted)
    }

    /// A request leaves only after this, so that the mark is never behind what was sent by more than a crash.
    fn raise(&mut self, height: Option<&Height>) {
        if let Some(height) = height {
            self.raise_mark(height);
        }
    }

    fn write_together(&mut self, entries: &[Entry]) -> Result<Vec<Written>, NotWritten> {
        // What is written before a request leaves must be found at the path by the next run.
        if entries.iter().any(Entry::comes_before_a_send) && !self.is_in_place() {
            return Err(NotWritten::All(Fault::Moved));
        }
        // After a write that failed nothing is known of the day's sum.
        let mut day = std::mem::take(&mut self.day);
        let first = self.first_mark();
        let tx = Transaction::new(&mut self.connection, TransactionBehavior::Immediate);
        let tx = tx.map_err(|error| NotWritten::All(error.into()))?;
        first.make(&tx, entries).map_err(NotWritten::All)?;
        let written: Result<Vec<Written>, Fault> =
            entries.iter().map(|entry| record(&tx, &mut day, entry)).collect();
        let written = written.map_err(NotWritten::Entry)?;
        let height = height_of(&tx, entries).map_err(NotWritten::All)?;
        let is_due = pieces::is_due(&tx, entries);
        tx.commit().map_err(|error| NotWritten::All(error.into()))?;
        self.day = day;
        self.raise(height.as_ref());
        self.index_behind(is_due);
        Ok(written)
    }

    /// The same with a savepoint for each entry. To set those costs a third of a write, and next to never
    /// does one fail.
    fn write_apart(&mut self, entries: &[Entry]) -> Result<Vec<Result<Written, Fault>>, Fault> {
        let mut day = DaySum::default();
        let first = self.first_mark();
        let mut tx = Transaction::new(&mut self.connection, TransactionBehavior::Immediate)?;
        first.make(&tx, entries)?;
        let mut all = Vec::with_capacity(entries.len());
        for entry in entries {
            let one = tx.savepoint()?;
            let written = record(&one, &mut day, entry);
            match &written {
                Ok(_) => one.commit()?,
                Err(fault) => {
                    drop(one);
                    day = DaySum::default();
                    // A full disk and the like make SQLite take everything back, not this entry alone.
                    if tx.is_autocommit() {
                        return Err(copy(fault));
                    }
                }
            }
            all.push(written);
        }
        let height = height_of(&tx, entries)?;
        let is_due = pieces::is_due(&tx, entries);
        tx.commit()?;
        self.day = day;
        self.raise(height.as_ref());
        self.index_behind(is_due);
        Ok(all)
    }

    /// A file that was moved away or replaced takes no more of what comes before a send.
    fn is_in_place(&self) -> bool {
        place::identity(&self.path).ok() == Some(self.identity)
    }
}

/// The mark that is made with the first intent; nothing where there is one.
struct FirstMark(Option<(PathBuf, MarkTrouble)>);

impl FirstMark {
    fn make(self, tx: &Connection, entries: &[Entry]) -> Result<(), Fault> {
        match (self.0, entries.iter().find_map(Entry::send)) {
            (Some((ledger, trouble)), Some(at)) => make_first_mark(tx, &ledger, at, &trouble),
            (None, _) | (_, None) => Ok(()),
        }
    }
}

/// Where a commit brings the ledger; `None` where nothing is sent after it.
fn height_of(tx: &Connection, entries: &[Entry]) -> Result<Option<Height>, Fault> {
    entries.iter().rev().find_map(Entry::send).map(|mark| height(tx, mark)).transpose()
}

/// Why nothing of several entries was written.
enum NotWritten {
    /// One of them failed, before the commit.
    Entry(Fault),
    /// The transaction did not begin, or its commit failed.
    All(Fault),
}

/// One entry, inside of a transaction: whatever it changes, the payment's chain goes on with it.
fn record(tx: &Connection, day: &mut DaySum, entry: &Entry) -> Result<Written, Fault> {
    let before = chain::before(tx, entry)?;
    let written = put_down(tx, day, entry)?;
    chain::after(tx, entry, &before)?;
    Ok(written)
}

fn put_down(tx: &Connection, day: &mut DaySum, entry: &Entry) -> Result<Written, Fault> {
    match entry {
        Entry::Intent(intent) => claim(tx, day, intent),
        Entry::NeverBegun { intent, reason } => never_begun(tx, intent, reason),
        Entry::Resend { attempt: Attempt { uid, number }, at, mark, refused } => {
            let Stored { id, payment } = stored_or_error(tx, uid)?;
            let counted = day.part(Some(&payment));
            let change = rules::resent(payment, *number, *at, mark, refused);
            let change = change.ok_or_else(|| Fault::Changed(uid.clone()))?;
            let after = Stored { id, payment: change.payment };
            write_attempt(tx, &after)?;
            day.moved(counted, &after.payment);
            tell(tx, id, &change.happened)?;
            Ok(Written { payment: after.payment, how: How::Kept })
        }
        Entry::Refusal { attempt, at, received } => {
            let stored = stored_or_error(tx, &attempt.uid)?;
            let change = |payment| rules::refused(payment, attempt.number, *at, received);
            keep(tx, day, stored, (&[], *at), change)
        }
        Entry::Answer { attempt, at, settled, received, shown } => {
            let stored = stored_or_error(tx, &attempt.uid)?;
            let shown: Vec<&GatewayRecord> = settled.record().into_iter().chain(shown).collect();
            let change = |payment| rules::answered(payment, attempt.number, *at, settled, received);
            keep(tx, day, stored, (&shown, *at), change)
        }
        Entry::NotSent { attempt, at, reason, received } => {
            let stored = stored_or_error(tx, &attempt.uid)?;
            let change = |payment| rules::not_sent(payment, attempt.number, *at, reason, received);
            keep(tx, day, stored, (&[], *at), change)
        }
        Entry::Found { intent, looked_up, received } => {
            if let Some(Stored { payment, .. }) = find_stored(tx, &intent.request.terms.merchant_uid)? {
                return Ok(Written { payment, how: How::Moved });
            }
            let stored = insert(tx, rules::never_begun(intent, None))?;
            let seen = Seen::of(&stored.payment);
            let change = |payment| rules::looked_up(payment, &seen, intent.at, looked_up, received, None);
            let shown: Vec<&GatewayRecord> = intent.shown.iter().collect();
            keep(tx, day, stored, (&shown, intent.at), change)
        }
        Entry::Imported(imported) => {
            let stored = match find_stored(tx, &imported.terms.merchant_uid)? {
                Some(stored) => stored,
                None => insert(tx, rules::imported_row(imported))?,
            };
            begin_with(tx, &imported.account, imported.at)?;
            let shown = [&*imported.record];
            keep(tx, day, stored, (&shown, imported.at), |payment| rules::imported(payment, imported))
        }
        Entry::Lookup { uid, seen, at, looked_up, received, shown } => {
            let stored = stored_or_error(tx, uid)?;
            let code = match looked_up {
                LookedUp::Rejected(_) | LookedUp::Unknown(_) => answer_code(tx, &stored)?,
                LookedUp::Paid(_)
                | LookedUp::Declined(_)
                | LookedUp::NotSent(_)
                | LookedUp::DoubtEnds
                | LookedUp::Nothing => None,
            };
            let change = |payment| rules::looked_up(payment, seen, *at, looked_up, received, code);
            let shown: Vec<&GatewayRecord> = shown.iter().collect();
            keep(tx, day, stored, (&shown, *at), change)
        }
        Entry::Refund(intent) => refunds::begin(tx, intent),
        Entry::RefundResend { id, at, mark, refused } => refunds::resend(tx, id, *at, mark, refused),
        Entry::RefundEnd { id, at, end, record, received } => {
            refunds::end(tx, id, *at, end.as_ref(), record.as_deref(), received)
        }
        Entry::RefundNoted { id, note } => refunds::note(tx, id, note),
        Entry::Noted { uid, seen, noted } => note(tx, day, stored_or_error(tx, uid)?, seen, noted),
        Entry::Outside { uid, note } => outside(tx, stored_or_error(tx, uid)?, note),
    }
}

/// Writes down a person's note, where the row is still what the note is about.
fn note(
    tx: &Connection,
    day: &mut DaySum,
    stored: Stored,
    seen: &Seen,
    noted: &Noted,
) -> Result<Written, Fault> {
    let Stored { id, payment } = stored;
    let counted = day.part(Some(&payment));
    match rules::noted(payment, seen, noted) {
        Ok(payment) => {
            let after = Stored { id, payment };
            write_answer(tx, &after)?;
            day.moved(counted, &after.payment);
            append_note(tx, &after, noted)?;
            Ok(Written { payment: after.payment, how: How::Kept })
        }
        Err(payment) => Ok(Written { payment: *payment, how: How::Moved }),
    }
}

/// Writes down a note of money that was paid back outside of the gateway, where the row can be what it is about. What
/// a day may come to is of charges alone.
fn outside(tx: &Connection, stored: Stored, note: &OutsideNote) -> Result<Written, Fault> {
    let Stored { id, payment } = stored;
    match refunded_outside(payment, note) {
        Ok(payment) => {
            let after = Stored { id, payment };
            write_answer(tx, &after)?;
            append_outside(tx, &after, note)?;
            Ok(Written { payment: after.payment, how: How::Kept })
        }
        Err(payment) => Ok(Written { payment: *payment, how: How::Moved }),
    }
}

/// Claims a payment for the caller, if it is as the caller saw it and nothing stands in the way.
fn claim(tx: &Connection, day: &mut DaySum, intent: &Intent) -> Result<Written, Fault> {
    let (before, new_terms) =
        with_new_terms(tx, find_stored(tx, &intent.request.terms.merchant_uid)?, intent)?;
    let as_expected = match &before {
        Some(before) => rules::is_as_expected(&before.payment, intent),
        None => intent.expected.is_none(),
    };
    let own = before.as_ref().map(|before| &before.payment);
    let unwritten = |how| {
        let payment = own.cloned().unwrap_or_else(|| rules::never_begun(intent, None));
        Ok(Written { payment, how })
    };
    if !as_expected {
        return unwritten(How::Moved);
    }
    if let Some(in_the_way) = guard::in_the_way(tx, day, intent, own)? {
        return unwritten(in_the_way);
    }
    let counted = day.part(own);
    if let (Some(stored), Some(_)) = (&before, &new_terms) {
        write_terms(tx, stored)?;
    }
    let customer_pg = customer_pg(tx, intent)?;
    let mut after = match before {
        Some(Stored { id, payment }) => {
            let next = rules::next_attempt(payment, intent).ok_or(Fault::TooLarge("number of attempts"))?;
            let after = Stored { id, payment: Payment { customer_pg, ..next } };
            write_attempt(tx, &after)?;
            after
        }
        None => insert(tx, Payment { customer_pg, ..rules::first_attempt(intent) })?,
    };
    day.moved(counted, &after.payment);
    begin_with(tx, &intent.account, intent.at)?;
    let (operator, host) = (intent.operator.as_deref(), intent.host.as_deref());
    let line = Happened::to(&after.payment, EventKind::Intent, intent.at);
    append(tx, after.id, &Happened { operator, host, reason: new_terms.as_ref(), ..line })?;
    take_in(tx, &mut after, intent)?;
    Ok(Written { payment: after.payment, how: How::Claimed })
}

/// A row that was never sent with the terms that the intent asks for, and what its history says of that;
/// any other row as it is. A request that may have arrived is counted as unanswered, and one that was answered
/// has an event that says so.
fn with_new_terms(
    tx: &Connection,
    stored: Option<Stored>,
    intent: &Intent,
) -> Result<(Option<Stored>, Option<Reason>), Fault> {
    let Some(stored) = stored else { return Ok((None, None)) };
    let same = rules::same_terms(&stored.payment, &intent.request.terms);
    if same || !stored.payment.was_never_sent() {
        return Ok((Some(stored), None));
    }
    let answered: bool = tx.prepare_cached(ANSWERED)?.query_row([stored.id], |row| row.get(0))?;
    if answered {
        return Ok((Some(stored), None));
    }
    let (payment, reason) = rules::with_terms(stored.payment, intent);
    Ok((Some(Stored { id: stored.id, payment }), Some(reason)))
}

fn customer_pg(tx: &Connection, intent: &Intent) -> Result<Option<String>, Fault> {
    let uid = intent.request.terms.customer_uid.as_str();
    let mut statement = tx.prepare_cached(CUSTOMER_PG)?;
    let pg: Option<Option<String>> = statement.query_row([uid], |row| row.get("pg_provider")).optional()?;
    Ok(pg.flatten())
}

fn never_begun(tx: &Connection, intent: &Intent, reason: &Reason) -> Result<Written, Fault> {
    let uid = &intent.request.terms.merchant_uid;
    let (stored, new_terms) = with_new_terms(tx, find_stored(tx, uid)?, intent)?;
    let mut stored = match stored {
        Some(stored) => stored,
        None => insert(tx, rules::never_begun(intent, Some(reason)))?,
    };
    if let Some(reason) = &new_terms {
        write_terms(tx, &stored)?;
        let line = Happened::to(&stored.payment, EventKind::NotSent, intent.at);
        append(tx, stored.id, &Happened { reason: Some(reason), ..line })?;
    }
    let line = Happened {
        operator: intent.operator.as_deref(),
        host: intent.host.as_deref(),
        reason: Some(reason),
        ..Happened::to(&stored.payment, EventKind::NotSent, intent.at)
    };
    append(tx, stored.id, &line)?;
    take_in(tx, &mut stored, intent)?;
    Ok(Written { payment: stored.payment, how: How::Kept })
}

/// Writes down what a row that is answered, looked up or taken back becomes.
fn keep<'a>(
    tx: &Connection,
    day: &mut DaySum,
    stored: Stored,
    (shown, at): (&[&GatewayRecord], Timestamp),
    change: impl FnOnce(Payment) -> Change<'a>,
) -> Result<Written, Fault> {
    let Stored { id, payment } = stored;
    let counted = day.part(Some(&payment));
    let Change { mut payment, moved, happened, lost } = change(payment);
    let sighting = see(&mut payment, shown.iter().copied(), at);
    let after = Stored { id, payment };
    if moved || sighting.moved {
        write_answer(tx, &after)?;
        day.moved(counted, &after.payment);
    }
    tell(tx, id, &happened)?;
    write_sighting(tx, &after, &sighting, at)?;
    Ok(Written { payment: after.payment, how: if lost { How::Moved } else { How::Kept } })
}

/// Writes down what the gateway showed under the order of an intent.
fn take_in(tx: &Connection, stored: &mut Stored, intent: &Intent) -> Result<(), Fault> {
    let sighting = see(&mut stored.payment, &intent.shown, intent.at);
    if sighting.moved {
        write_answer(tx, stored)?;
    }
    write_sighting(tx, stored, &sighting, intent.at)
}

fn tell(tx: &Connection, payment_id: i64, happened: &[Happened<'_>]) -> Result<(), Fault> {
    happened.iter().try_for_each(|line| append(tx, payment_id, line))
}

fn stored_or_error(tx: &Connection, uid: &MerchantUid) -> Result<Stored, Fault> {
    find_stored(tx, uid)?.ok_or_else(|| Fault::NoSuchPayment(uid.clone()))
}

fn answer_code(tx: &Connection, stored: &Stored) -> Result<Option<i64>, Fault> {
    let mut statement = tx.prepare_cached(ANSWER_CODE)?;
    let code: Option<Option<i64>> =
        statement.query_row((stored.id, stored.payment.attempts), |row| row.get("code")).optional()?;
    Ok(code.flatten().filter(|code| *code != 0))
}
