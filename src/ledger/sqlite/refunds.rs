//! Refunds of ours: the rules of `rules/refund.rs` over rows of this file.

use jiff::Timestamp;
use rusqlite::{Connection, Params, Row, params};

use crate::domain::ids::{MerchantUid, RefundId};
use crate::domain::payment::{EventKind, GatewayRecord, Received, RefundOutcome};
use crate::domain::reason::Reason;
use crate::domain::refund::{Refund, RefundEnd, RefundNote};
use crate::domain::time::SendMark;
use crate::ledger::LedgerError;
use crate::ledger::engine::Refunds;
use crate::ledger::entry::{How, Written};
use crate::ledger::intent::RefundIntent;
use crate::ledger::rules::Happened;
use crate::ledger::rules::outside::{OutsideNote, refunded_outside};
use crate::ledger::rules::refund as rules;
use crate::ledger::sighting::see;
use crate::ledger::sqlite::Sqlite;
use crate::ledger::sqlite::fault::Fault;
use crate::ledger::sqlite::read::find_stored;
use crate::ledger::sqlite::records::write_sighting;
use crate::ledger::sqlite::row::{self, Stored, collect, parts_text, refund_columns};
use crate::ledger::sqlite::write::{
    append, append_outside, insert_into, instead, the_one, update, write_answer,
};

const OF_PAYMENT: &str = concat!(
    "SELECT ",
    refund_columns!(),
    " FROM refunds JOIN payments ON payments.id = refunds.payment_id \
      WHERE refunds.payment_id = (SELECT id FROM payments WHERE merchant_uid = ?1) ORDER BY refunds.id"
);
const BY_ID: &str = concat!(
    "SELECT ",
    refund_columns!(),
    " FROM refunds JOIN payments ON payments.id = refunds.payment_id WHERE refunds.refund_id = ?1"
);
const OPEN: &str = concat!(
    "SELECT ",
    refund_columns!(),
    " FROM refunds JOIN payments ON payments.id = refunds.payment_id \
      WHERE refunds.outcome IN ('pending', 'unknown') ORDER BY refunds.requested_at_ms, refunds.id"
);
/// Later ones of the same payment count, whatever became of them, unless their request never left.
const REFUSED: &str = concat!(
    "SELECT ",
    refund_columns!(),
    " FROM refunds JOIN payments ON payments.id = refunds.payment_id WHERE refunds.outcome = 'refused' \
        AND NOT EXISTS (SELECT 1 FROM refunds AS later WHERE later.imp_uid = refunds.imp_uid \
            AND later.id > refunds.id AND later.outcome <> 'not_sent') \
      ORDER BY refunds.requested_at_ms, refunds.id"
);

/// Those that may show although they ended without ([`Refund::may_show_late`]), asked for from a time on.
const LATE: &str = concat!(
    "SELECT ",
    refund_columns!(),
    " FROM refunds JOIN payments ON payments.id = refunds.payment_id WHERE refunds.requested_at_ms >= ?1 \
        AND (refunds.outcome = 'refused' OR (refunds.outcome = 'not_sent' \
            AND refunds.why IN ('no_trace', 'refund_noted_not_back'))) \
      ORDER BY refunds.requested_at_ms, refunds.id"
);
/// Orders of which something went back from a time on, by the gateway's time.
const GONE_BACK: &str = "SELECT payments.merchant_uid \
      FROM refunds JOIN payments ON payments.id = refunds.payment_id \
      WHERE refunds.outcome = 'refunded' AND coalesce(refunds.refunded_at_s * 1000, refunds.requested_at_ms) >= ?1 \
      GROUP BY payments.id ORDER BY min(refunds.id)";
/// Orders of which less shows as refunded than this ledger has seen go back.
const UNDONE: &str = "SELECT payments.merchant_uid \
      FROM refunds JOIN payments ON payments.id = refunds.payment_id \
      JOIN records ON records.payment_id = refunds.payment_id AND records.imp_uid = refunds.imp_uid \
      WHERE refunds.outcome = 'refunded' \
        AND coalesce(refunds.why, '') NOT IN ('refund_noted_back', 'refund_taken_back') \
      GROUP BY refunds.payment_id, refunds.imp_uid \
      HAVING sum(refunds.amount_minor) > min(records.cancelled_minor) \
      ORDER BY min(refunds.id)";

/// Orders of which the PG took something back, as a person has noted.
const TAKEN_BACK: &str = "SELECT payments.merchant_uid \
      FROM refunds JOIN payments ON payments.id = refunds.payment_id \
      WHERE refunds.why = 'refund_taken_back' AND refunds.requested_at_ms >= ?1 \
      GROUP BY payments.id ORDER BY min(refunds.id)";

impl Refunds for Sqlite {
    fn orders_undone(&self) -> Result<Vec<MerchantUid>, LedgerError> {
        self.read(|db| orders(db, UNDONE, []))
    }

    fn orders_taken_back(&self, since: Timestamp) -> Result<Vec<MerchantUid>, LedgerError> {
        self.read(|db| orders(db, TAKEN_BACK, [since.as_millisecond()]))
    }

    fn refunds_that_may_show(&self, since: Timestamp) -> Result<Vec<Refund>, LedgerError> {
        let since_ms = since.as_millisecond();
        self.read(|db| collect(db.prepare_cached(LATE)?.query([since_ms])?, row::refund))
    }

    fn gone_back(&self, since: Timestamp) -> Result<Vec<MerchantUid>, LedgerError> {
        let since_ms = since.as_millisecond();
        self.read(|db| orders(db, GONE_BACK, [since_ms]))
    }

    fn refunds(&self, uid: &MerchantUid) -> Result<Vec<Refund>, LedgerError> {
        self.read(|db| of_payment(db, uid))
    }

    fn find_refund(&self, id: &RefundId) -> Result<Option<Refund>, LedgerError> {
        self.read(|db| by_id(db, id))
    }

    fn open_refunds(&self) -> Result<Vec<Refund>, LedgerError> {
        self.read(|db| collect(db.prepare_cached(OPEN)?.query([])?, row::refund))
    }

    fn refused_refunds(&self) -> Result<Vec<Refund>, LedgerError> {
        self.read(|db| collect(db.prepare_cached(REFUSED)?.query([])?, row::refund))
    }
}

fn orders(db: &Connection, sql: &str, of: impl Params) -> Result<Vec<MerchantUid>, Fault> {
    let mut statement = db.prepare_cached(sql)?;
    let uids = statement.query_map(of, |row| row.get::<_, String>(0))?;
    let uids = uids.collect::<Result<Vec<_>, rusqlite::Error>>()?;
    let mut uids: Vec<MerchantUid> = uids.iter().filter_map(|uid| MerchantUid::parse(uid).ok()).collect();
    // An order of two payments is one all the same.
    uids.dedup();
    Ok(uids)
}

pub(super) fn of_payment(db: &Connection, uid: &MerchantUid) -> Result<Vec<Refund>, Fault> {
    collect(db.prepare_cached(OF_PAYMENT)?.query([uid.as_str()])?, row::refund)
}

fn by_id(db: &Connection, id: &RefundId) -> Result<Option<Refund>, Fault> {
    db.prepare_cached(BY_ID)?.query([id.as_str()])?.next()?.map(row::refund).transpose()
}

/// Writes the intent of a refund, if the payment is paid and no other refund stands in the way.
pub(super) fn begin(tx: &Connection, intent: &RefundIntent) -> Result<Written, Fault> {
    let refund = rules::as_asked(&intent.refund);
    let Stored { id, payment } = find_stored(tx, &refund.merchant_uid)?
        .ok_or_else(|| Fault::NoSuchPayment(refund.merchant_uid.clone()))?;
    let others = of_payment(tx, &refund.merchant_uid)?;
    if let Err(held) = rules::may_begin(&payment, &others, &refund, intent.similar_since) {
        return Ok(Written { payment, how: How::RefundHeld(held) });
    }
    insert(tx, id, &refund)?;
    let line = Happened {
        operator: refund.operator.as_deref(),
        imp_uid: Some(&refund.imp_uid),
        refund: Some((&refund.id, refund.outcome)),
        ..Happened::to(&payment, EventKind::Refund, refund.requested_at)
    };
    append(tx, id, &line)?;
    Ok(Written { payment, how: How::Claimed })
}

/// The second send of a refund that is still pending.
pub(super) fn resend(
    tx: &Connection,
    id: &RefundId,
    at: Timestamp,
    mark: &SendMark,
    refused: &Received,
) -> Result<Written, Fault> {
    let (refund, Stored { id: payment_id, payment }) = stored(tx, id)?;
    if refund.outcome != RefundOutcome::Pending {
        return Err(Fault::Changed(refund.merchant_uid));
    }
    let refund = rules::as_asked(&Refund { sent: mark.clone(), ..refund });
    write(tx, &refund)?;
    let line = Happened {
        received: Some(refused),
        refund: Some((&refund.id, refund.outcome)),
        ..Happened::to(&payment, EventKind::Refund, at)
    };
    append(tx, payment_id, &line)?;
    Ok(Written { payment, how: How::Kept })
}

/// How a refund ended, or what a later look-up makes of it; and what the record says of the payment.
pub(super) fn end(
    tx: &Connection,
    id: &RefundId,
    at: Timestamp,
    end: Option<&RefundEnd>,
    record: Option<&GatewayRecord>,
    received: &Received,
) -> Result<Written, Fault> {
    let (refund, Stored { id: payment_id, payment }) = stored(tx, id)?;
    let changed = end.and_then(|end| rules::ended(refund.clone(), end, received));
    let refund = match changed {
        Some(changed) => {
            write(tx, &changed)?;
            changed
        }
        None => refund,
    };
    let mut payment = payment;
    let outside = payment.outside.clone();
    let mut sighting = see(&mut payment, record, at);
    if refund.outcome == RefundOutcome::Refunded {
        // What the gateway shows more is this refund, and not what was paid back without it.
        let (whole, refunded) = (payment.terms.amount, payment.cancel_amount);
        payment.outside = match refunded {
            Some(refunded) => outside.and_then(|outside| outside.within(refunded, whole)),
            None => outside,
        };
        // What is told of it below.
        sighting.refunds.clear();
    }
    let after = Stored { id: payment_id, payment };
    if sighting.moved {
        write_answer(tx, &after)?;
    }
    write_sighting(tx, &after, &sighting, at)?;
    let payment = after.payment;
    let line = Happened {
        reason: refund.why.as_ref(),
        imp_uid: Some(&refund.imp_uid),
        received: Some(received),
        refund: Some((&refund.id, refund.outcome)),
        ..Happened::to(&payment, EventKind::Refund, at)
    };
    append(tx, payment_id, &line)?;
    Ok(Written { payment, how: How::Kept })
}

/// What a person knows of a refund. One that went back and does not show is, to its payment, money that was paid back
/// outside of the gateway. [`How::Moved`] where the refund or the payment is not what the note is about any more.
pub(super) fn note(tx: &Connection, id: &RefundId, note: &RefundNote) -> Result<Written, Fault> {
    let (refund, Stored { id: payment_id, payment }) = stored(tx, id)?;
    let is_own = payment.imp_uid.as_deref() == Some(&refund.imp_uid);
    let Some(noted) = refund.noted(note) else { return Ok(Written { payment, how: How::Moved }) };
    let mut after = Stored { id: payment_id, payment };
    if note.back && is_own {
        let (at, by, evidence) = (note.at, note.by.clone(), note.evidence.clone());
        let outside = OutsideNote { amount: Some(refund.amount), at, by, evidence };
        match refunded_outside(after.payment, &outside) {
            Ok(payment) => after.payment = payment,
            Err(payment) => return Ok(Written { payment: *payment, how: How::Moved }),
        }
        write_answer(tx, &after)?;
        append_outside(tx, &after, &outside)?;
    }
    // What an earlier note had made of it goes with that.
    let of_it = after.payment.outside.as_ref().is_some_and(|outside| outside.amount == refund.amount);
    if !note.back && is_own && refund.is_noted_back() && of_it {
        let (at, by, evidence) = (note.at, note.by.clone(), note.evidence.clone());
        let outside = OutsideNote { amount: None, at, by, evidence };
        match refunded_outside(after.payment, &outside) {
            Ok(payment) => after.payment = payment,
            Err(payment) => return Ok(Written { payment: *payment, how: How::Moved }),
        }
        write_answer(tx, &after)?;
        append_outside(tx, &after, &outside)?;
    }
    write(tx, &noted)?;
    let line = Happened {
        reason: noted.why.as_ref(),
        operator: note.by.as_deref(),
        imp_uid: Some(&noted.imp_uid),
        refund: Some((&noted.id, noted.outcome)),
        ..Happened::to(&after.payment, EventKind::Refund, note.at)
    };
    append(tx, payment_id, &line)?;
    Ok(Written { payment: after.payment, how: How::Kept })
}

fn stored(tx: &Connection, id: &RefundId) -> Result<(Refund, Stored), Fault> {
    let refund = by_id(tx, id)?.ok_or(rusqlite::Error::QueryReturnedNoRows)?;
    let payment = find_stored(tx, &refund.merchant_uid)?
        .ok_or_else(|| Fault::NoSuchPayment(refund.merchant_uid.clone()))?;
    Ok((refund, payment))
}

fn insert(tx: &Connection, payment_id: i64, refund: &Refund) -> Result<(), Fault> {
    let boot = refund.sent.boot.as_ref();
    let written = insert_into!(tx, "refunds", {
        refund_id: refund.id.as_str(),
        payment_id: payment_id,
        imp_uid: refund.imp_uid,
        outcome: refund.outcome.word(),
        paid_minor: refund.paid.minor(),
        amount_minor: refund.amount.minor(),
        balance_before_minor: refund.balance_before.minor(),
        currency: refund.amount.currency().code(),
        tax_free_minor: refund.tax.tax_free.map(|part| part.minor()),
        vat_amount_minor: refund.tax.vat_amount.map(|part| part.minor()),
        reason: refund.reason,
        operator: refund.operator,
        requested_at_ms: refund.requested_at.as_millisecond(),
        sent_ms: refund.sent.wall.as_millisecond(),
        sent_boot_id: boot.map(|boot| &*boot.boot_id),
        sent_since_boot_ms: boot.map(|boot| boot.since_boot_ms),
        sent_gateway_s: refund.sent.gateway_s,
        account: refund.account,
    })?;
    the_one(written)
}

fn write(tx: &Connection, refund: &Refund) -> Result<(), Fault> {
    let id: i64 = tx
        .prepare_cached("SELECT id FROM refunds WHERE refund_id = ?1")?
        .query_row([refund.id.as_str()], |row: &Row<'_>| row.get(0))?;
    let boot = refund.sent.boot.as_ref();
    let changed = update!(tx, "refunds", id, {
        outcome: refund.outcome.word(),
        sent_ms: refund.sent.wall.as_millisecond(),
        sent_boot_id: boot.map(|boot| &*boot.boot_id),
        sent_since_boot_ms: boot.map(|boot| boot.since_boot_ms),
        sent_gateway_s: refund.sent.gateway_s,
        refunded_at_s: refund.refunded_at.map(Timestamp::as_second),
        cancellation_id: refund.cancellation_id,
        receipt_url: refund.receipt_url,
        code: refund.code,
        message: refund.message,
        why: refund.why.as_ref().map(Reason::word),
        why_parts: refund.why.as_ref().and_then(parts_text),
    })?;
    the_one(changed)
}
