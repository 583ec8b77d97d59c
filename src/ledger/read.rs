//! Reading payments, their events, and what they come to.

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use rusqlite::types::Value;
use rusqlite::{Connection, Params, Rows, Transaction, TransactionBehavior, params};

use crate::domain::declines::{Standing, Who};
use crate::domain::ids::{CustomerUid, MerchantUid};
use crate::domain::money::{Amount, Currency};
use crate::domain::payment::{HistoryEntry, Mode, Outcome, Payment};
use crate::domain::record::Held;
use crate::domain::totals::Totals;
use crate::ledger::fault::Fault;
use crate::ledger::records::{of_payment, with_records};
use crate::ledger::row::{self, Stored, collect, event_columns, payment_columns};
use crate::ledger::search::{Choice, choose, refunded_between, shown_mode};
use crate::ledger::spellings::{ORDERS, spelled};
use crate::ledger::{Filter, Ledger, LedgerError};

const BY_MERCHANT_UID: &str =
    concat!("SELECT ", payment_columns!(), " FROM payments WHERE merchant_uid = ?1");

/// An imp_uid that the gateway ever showed under an order; whose it is now comes first.
pub(super) const BY_IMP_UID: &str = concat!(
    "SELECT ",
    payment_columns!(),
    " FROM payments \
      WHERE id = (SELECT payment_id FROM records JOIN payments ON payments.id = payment_id \
                  WHERE records.imp_uid = ?1 \
                  ORDER BY payments.imp_uid IS ?1 DESC, last_seen_ms DESC LIMIT 1)"
);

/// An approval number that two orders have names neither.
pub(super) const BY_APPROVAL: &str = concat!(
    "SELECT ",
    payment_columns!(),
    " FROM payments WHERE id = (SELECT min(payment_id) FROM records WHERE apply_num = ?1 \
                                HAVING min(payment_id) = max(payment_id))"
);

const ALL_BY_APPROVAL: &str = concat!(
    "SELECT ",
    payment_columns!(),
    " FROM payments WHERE id IN (SELECT payment_id FROM records WHERE apply_num = ?1) ORDER BY id DESC"
);

pub(super) const BEGUN_WITH: &str = concat!(
    "SELECT ",
    payment_columns!(),
    " FROM payments WHERE id IN (SELECT id FROM payments WHERE merchant_uid >= ?1 AND merchant_uid < ?2 \
                                 UNION SELECT payment_id FROM records WHERE imp_uid >= ?1 AND imp_uid < ?2) \
      ORDER BY requested_at_ms DESC, id DESC LIMIT ?3"
);

/// Refunded since or not: the gateway shows it.
const NEWEST_PAID: &str = concat!(
    "SELECT ",
    payment_columns!(),
    " FROM payments WHERE outcome = 'paid' AND (?1 IS NULL OR account = ?1) \
      ORDER BY requested_at_ms DESC, id DESC LIMIT 1"
);

pub(super) const UNSETTLED: &str = concat!(
    "SELECT ",
    payment_columns!(),
    " FROM payments WHERE outcome IN ('pending', 'unknown') ORDER BY requested_at_ms, id"
);

/// The condition is that of the index `payments_to_look_again`.
pub(super) const LOOK_AGAIN: &str = concat!(
    "SELECT ",
    payment_columns!(),
    " FROM payments WHERE doubt_ended_ms IS NULL \
        AND (outcome = 'declined' OR outcome = 'rejected' OR (outcome = 'paid' AND (unanswered > 0 OR doubts > 0))) \
      ORDER BY requested_at_ms, id"
);

const WAS_PAID: &str = "SELECT EXISTS (SELECT 1 FROM payments WHERE customer_uid = ?1 AND outcome = 'paid')";

/// Notes stand behind the event that was the last one then.
pub(super) const EVENTS: &str = concat!(
    "SELECT ",
    event_columns!(),
    " FROM (SELECT id AS place, 0 AS is_note, ",
    event_columns!(),
    " FROM events WHERE payment_id = (SELECT id FROM payments WHERE merchant_uid = ?1) \
      UNION ALL SELECT after_event, 1, id, at_ms, 'noted', outcome, attempt, operator, NULL, NULL, NULL, NULL, \
                       'noted_' || note, evidence, NULL, NULL, NULL, NULL, NULL \
                  FROM notes WHERE payment_id = (SELECT id FROM payments WHERE merchant_uid = ?1) \
      UNION ALL SELECT after_event, 1, id, at_ms, 'noted', outcome, attempt, operator, NULL, NULL, NULL, NULL, \
                       reason, reason_parts, NULL, NULL, NULL, NULL, NULL \
                  FROM outside_refunds WHERE payment_id = (SELECT id FROM payments WHERE merchant_uid = ?1)) \
      ORDER BY place, is_note, at_ms, id"
);

const DECLINED_IMP_UIDS: &str = "SELECT imp_uid FROM events \
     WHERE payment_id = (SELECT id FROM payments WHERE merchant_uid = ?1) \
       AND outcome = 'declined' AND kind <> 'refund' AND imp_uid IS NOT NULL \
     GROUP BY imp_uid ORDER BY min(id)";

const CHOSEN: &str = concat!("SELECT ", payment_columns!(), " FROM payments");

const TOTALS: &str = concat!(
    "SELECT outcome, currency, count(*) AS payments, \
         sum(amount_minor - coalesce(cancel_amount_minor, 0) - outside_minor) AS net_minor, \
         sum(noted IS 'charged') AS noted, sum(iif(noted = 'charged', amount_minor, 0)) AS noted_minor, \
         ",
    shown_mode!(),
    " AS shown_mode, \
         coalesce(max(mode = 'live' AND sandbox = 1 OR mode = 'test' AND sandbox = 0), 0) AS denied FROM payments"
);

/// What went back in a time, of payments of any day: refunds of ours by their own dates; what was refunded elsewhere by
/// the last date that the gateway tells; what the PG paid back without the gateway by the date of the note.
const BACK: &str = concat!(
    "SELECT currency, ",
    shown_mode!(),
    " AS shown_mode, \
         sum(coalesce((SELECT sum(amount_minor) FROM refunds \
                        WHERE payment_id = payments.id AND refunds.imp_uid = payments.imp_uid AND outcome = 'refunded' \
                          AND coalesce(refunded_at_s * 1000, sent_ms) >= :back_since \
                          AND coalesce(refunded_at_s * 1000, sent_ms) < :back_until), 0) \
             + iif(cancelled_at_s * 1000 >= :back_since AND cancelled_at_s * 1000 < :back_until, \
                   max(coalesce(cancel_amount_minor, 0) - coalesce((SELECT sum(amount_minor) FROM refunds \
                        WHERE payment_id = payments.id AND refunds.imp_uid = payments.imp_uid \
                          AND outcome = 'refunded'), 0), 0), 0) \
             + iif(outside_at_ms >= :back_since AND outside_at_ms < :back_until, outside_minor, 0)) AS back_minor \
         FROM payments"
);

impl Ledger {
    pub fn find(&self, uid: &MerchantUid) -> Result<Option<Payment>, LedgerError> {
        self.read(|db| Ok(find_stored(db, uid)?.map(|stored| stored.payment)))
    }

    /// Many payments at one moment, in the order of their merchant_uids.
    pub fn find_many(&self, uids: &[MerchantUid]) -> Result<Vec<Option<Payment>>, LedgerError> {
        self.read(|db| {
            let tx = Transaction::new_unchecked(db, TransactionBehavior::Deferred)?;
            let found = uids.iter().map(|uid| Ok(find_stored(&tx, uid)?.map(|stored| stored.payment)));
            let found = found.collect::<Result<Vec<_>, Fault>>()?;
            tx.commit()?;
            Ok(found)
        })
    }

    /// By merchant_uid, by an imp_uid that the gateway ever showed under the order, by an approval number of no
    /// other order, or by another spelling of the one merchant_uid that looks the same.
    pub fn find_any(&self, id: &str) -> Result<Option<Payment>, LedgerError> {
        self.read(|db| {
            for sql in [BY_MERCHANT_UID, BY_IMP_UID, BY_APPROVAL] {
                if let Some(stored) = first_stored(db, sql, [id])? {
                    return Ok(Some(stored.payment));
                }
            }
            match spelled(db, ORDERS, id)?.into_iter().collect::<Vec<_>>().as_slice() {
                [only] => {
                    let stored = first_stored(db, BY_MERCHANT_UID, [only])?;
                    Ok(stored.map(|stored| stored.payment))
                }
                [] | [_, ..] => Ok(None),
            }
        })
    }

    /// The payments whose merchant_uid, or an imp_uid that the gateway ever showed under their order, begins so: the
    /// newest, `at_most` so many.
    pub fn begun_with(&self, prefix: &str, at_most: usize) -> Result<Vec<Payment>, LedgerError> {
        self.read(|db| {
            let after = format!("{prefix}{}", char::MAX);
            let mut statement = db.prepare_cached(BEGUN_WITH)?;
            let at_most = i64::try_from(at_most).unwrap_or(i64::MAX);
            payments(db, collect(statement.query(params![prefix, after, at_most])?, row::stored)?)
        })
    }

    /// The payments with an approval number, newest first.
    pub fn by_approval(&self, apply_num: &str) -> Result<Vec<Payment>, LedgerError> {
        self.read(|db| {
            let mut statement = db.prepare_cached(ALL_BY_APPROVAL)?;
            payments(db, collect(statement.query([apply_num])?, row::stored)?)
        })
    }

    /// The newest payment that was paid, with a certain API key or with any: whoever asks the gateway about it
    /// knows what must be shown.
    pub fn newest_paid(&self, account: Option<&str>) -> Result<Option<Payment>, LedgerError> {
        self.read(|db| {
            let found = first_stored(db, NEWEST_PAID, [account])?;
            Ok(found.map(|stored| stored.payment))
        })
    }

    /// The gateway's ids of the attempts that are known to have been declined, oldest first: a
    /// look-up's failed record with another id speaks for another attempt.
    pub fn declined_imp_uids(&self, uid: &MerchantUid) -> Result<Vec<String>, LedgerError> {
        self.read(|db| {
            let mut statement = db.prepare_cached(DECLINED_IMP_UIDS)?;
            let uids = statement.query_map([uid.as_str()], |row| row.get("imp_uid"))?;
            Ok(uids.collect::<Result<Vec<String>, rusqlite::Error>>()?)
        })
    }

    /// Everything that happened to a payment, in the order it was written down.
    pub fn events(&self, uid: &MerchantUid) -> Result<Vec<HistoryEntry>, LedgerError> {
        self.read(|db| collect(db.prepare_cached(EVENTS)?.query([uid.as_str()])?, row::event))
    }

    /// Payments of which it is not known whether the customer was charged, oldest first.
    pub fn unsettled(&self) -> Result<Vec<Payment>, LedgerError> {
        self.read(|db| {
            let mut statement = db.prepare_cached(UNSETTLED)?;
            payments(db, collect(statement.query([])?, row::stored)?)
        })
    }

    /// Payments that are settled and may show as charged all the same, oldest first: a no that is a doubt, and a
    /// paid one beside a request that was never answered (contract, rule 10).
    pub fn doubtful(&self) -> Result<Vec<Payment>, LedgerError> {
        self.read(|db| {
            let mut statement = db.prepare_cached(LOOK_AGAIN)?;
            let mut doubtful = Vec::new();
            let mut rows = statement.query([])?;
            while let Some(row) = rows.next()? {
                let stored = row::stored(row)?;
                if Standing::of(&stored.payment).is_none_or(|standing| standing.is_open()) {
                    doubtful.push(stored);
                }
            }
            payments(db, doubtful)
        })
    }

    /// Whether a customer ever paid here.
    pub fn was_paid(&self, customer: &CustomerUid) -> Result<bool, LedgerError> {
        self.read(|db| Ok(db.prepare_cached(WAS_PAID)?.query_row([customer.as_str()], |row| row.get(0))?))
    }

    /// Hands over the payments of a choice one by one, newest first, until told to stop.
    pub fn visit(
        &self,
        filter: &Filter,
        each: &mut dyn FnMut(Payment) -> ControlFlow<()>,
    ) -> Result<(), LedgerError> {
        self.read(|db| {
            let limit = filter.limit.filter(|_| filter.who.is_some());
            let in_sql = filter.limit.filter(|_| filter.who.is_none());
            let Choice { sql, params } =
                choose(&Filter { limit: in_sql, ..filter.clone() }).newest_first(CHOSEN);
            let mut statement = db.prepare(&sql)?;
            let mut rows = statement.query(&*bound(&params))?;
            let mut shown = 0;
            while limit.is_none_or(|limit| shown < limit)
                && let Some(row) = rows.next()?
            {
                let Stored { id, mut payment } = row::stored(row)?;
                if !is_for(filter.who, &payment) {
                    continue;
                }
                shown += 1;
                payment.records = of_payment(db, id)?;
                if each(payment).is_break() {
                    break;
                }
            }
            Ok(())
        })
    }

    /// What a choice of payments comes to, however many its limit would show.
    pub fn totals(&self, filter: &Filter) -> Result<Totals, LedgerError> {
        if filter.who.is_some() {
            return self.counted(filter);
        }
        self.read(|db| {
            let Choice { sql, params } = choose(filter).grouped(TOTALS);
            let mut statement = db.prepare(&sql)?;
            let totals = sum_up(statement.query(&*bound(&params))?)?;
            let Choice { sql, params } = choose(filter).manifold(CHOSEN);
            let mut statement = db.prepare(&sql)?;
            let several = payments(db, collect(statement.query(&*bound(&params))?, row::stored)?)?;
            let refunded = match (filter.since, filter.until) {
                (None, None) => Vec::new(),
                (since, until) => {
                    let Choice { sql, params } = refunded_between(filter, since, until, BACK);
                    sum_back(db.prepare(&sql)?.query(&*bound(&params))?)?
                }
            };
            Ok(Totals { refunded, ..with_further(totals, &several) })
        })
    }

    /// The same of payments for which somebody has to act: nothing is paid of them.
    fn counted(&self, filter: &Filter) -> Result<Totals, LedgerError> {
        let mut counts = Outcome::ALL.map(|outcome| (outcome, 0));
        self.visit(&Filter { limit: None, ..filter.clone() }, &mut |payment| {
            for (outcome, count) in &mut counts {
                *count += u64::from(*outcome == payment.outcome);
            }
            ControlFlow::Continue(())
        })?;
        let by_outcome: Vec<_> = counts.into_iter().filter(|(_, count)| *count > 0).collect();
        let count = by_outcome.iter().map(|(_, count)| count).sum();
        Ok(Totals { count, by_outcome, ..Totals::default() })
    }

    /// What one customer's payments come to.
    pub fn customer_totals(&self, uid: &CustomerUid) -> Result<Totals, LedgerError> {
        self.totals(&Filter { customer: Some(uid.clone()), ..Filter::default() })
    }
}

/// Whether these have to act before a payment can be paid. That is in no column: it is what the gateway's words mean
/// today. One that a person has noted needs nobody.
fn is_for(who: Option<Who>, payment: &Payment) -> bool {
    let known = || Standing::of(payment).and_then(|standing| standing.known);
    who.is_none_or(|who| payment.noted.is_none() && known().is_some_and(|known| known.who == who))
}

pub(super) fn bound(params: &[(String, Value)]) -> Vec<(&str, &dyn rusqlite::ToSql)> {
    params
        .iter()
        .map(|(name, value)| {
            let value: &dyn rusqlite::ToSql = value;
            (name.as_str(), value)
        })
        .collect()
}

fn sum_up(mut rows: Rows<'_>) -> Result<Totals, Fault> {
    let mut totals = Totals::default();
    let mut counts = [0_u64; Outcome::ALL.len()];
    let mut noted: BTreeMap<Currency, Amount> = BTreeMap::new();
    // Live comes first, where there is any of it.
    let mut nets: [(Mode, BTreeMap<Currency, Amount>); 3] =
        [Mode::Live, Mode::Test, Mode::Sandbox].map(|mode| (mode, BTreeMap::new()));
    let mut denied = Vec::new();
    while let Some(row) = rows.next()? {
        let group = row::group(row)?;
        totals.count += group.count;
        totals.noted += group.noted;
        for (outcome, count) in Outcome::ALL.iter().zip(&mut counts) {
            if *outcome == group.outcome {
                *count += group.count;
            }
        }
        if group.noted > 0 {
            let currency = group.noted_net.currency();
            let sum = noted.get(&currency).map_or(0, Amount::minor);
            let sum = sum.saturating_add(group.noted_net.minor());
            noted.insert(currency, Amount::from_minor(sum, currency));
        }
        if group.outcome == Outcome::Paid {
            denied.extend(group.denied.then_some(group.mode));
            let of_mode = nets.iter_mut().find(|(mode, _)| *mode == group.mode);
            of_mode.and_then(|(_, net)| net.insert(group.net.currency(), group.net));
        }
    }
    let counted = Outcome::ALL.into_iter().zip(counts);
    totals.by_outcome = counted.filter(|(_, count)| *count > 0).collect();
    totals.noted_net = noted.into_values().collect();
    let mut nets = nets.into_iter().filter(|(_, net)| !net.is_empty());
    if let Some((mode, net)) = nets.next() {
        totals.net = net.into_values().collect();
        totals.net_mode = denied.contains(&mode).then_some(mode);
    }
    totals.apart = nets.map(|(mode, net)| (mode, net.into_values().collect())).collect();
    Ok(totals)
}

/// What went back, live first.
fn sum_back(mut rows: Rows<'_>) -> Result<Vec<(Mode, Vec<Amount>)>, Fault> {
    let mut back = [Mode::Live, Mode::Test, Mode::Sandbox].map(|mode| (mode, Vec::new()));
    while let Some(row) = rows.next()? {
        let (mode, amount) = row::back(row)?;
        let of_mode = back.iter_mut().find(|(of, _)| *of == mode).filter(|_| amount.minor() > 0);
        of_mode.into_iter().for_each(|(_, amounts)| amounts.push(amount));
    }
    Ok(back.into_iter().filter(|(_, amounts)| !amounts.is_empty()).collect())
}

/// What payments hold that are not the ones their orders stand for.
fn with_further(totals: Totals, several: &[Payment]) -> Totals {
    let mut further = 0;
    let mut sums: BTreeMap<Currency, Amount> = BTreeMap::new();
    for (_, Held(held)) in several.iter().flat_map(Payment::further) {
        further += 1;
        if let Some(held) = held {
            let none = Amount::from_minor(0, held.currency());
            let sum = sums.entry(held.currency()).or_insert(none);
            *sum = sum.checked_add(held).unwrap_or(*sum);
        }
    }
    Totals { further, further_held: sums.into_values().collect(), ..totals }
}

pub(super) fn find_stored(db: &Connection, uid: &MerchantUid) -> Result<Option<Stored>, Fault> {
    first_stored(db, BY_MERCHANT_UID, [uid.as_str()])
}

pub(super) fn first_stored(
    db: &Connection,
    sql: &'static str,
    params: impl Params,
) -> Result<Option<Stored>, Fault> {
    let stored = db.prepare_cached(sql)?.query(params)?.next()?.map(row::stored).transpose()?;
    let Some(mut stored) = stored else { return Ok(None) };
    stored.payment.records = of_payment(db, stored.id)?;
    Ok(Some(stored))
}

pub(super) fn payments(db: &Connection, stored: Vec<Stored>) -> Result<Vec<Payment>, Fault> {
    Ok(with_records(db, stored)?.into_iter().map(|stored| stored.payment).collect())
}
