//! What is to be done, row by row, before anything is sent. It is a look ahead: each charge is held
//! against the ledger once more when its intent is written.

use std::cell::OnceCell;
use std::collections::{BTreeSet, HashMap};
use std::num::NonZero;
use std::ops::Range;
use std::panic::resume_unwind;
use std::thread;

use crate::billing::report::Ended;
use crate::billing::request::{Charge, ended_by};
use crate::commands::batch::charges::Charges;
use crate::commands::batch::fate::{Fate, RowRefusal};
use crate::domain::due::State;
use crate::domain::ids::{CustomerUid, MerchantUid};
use crate::domain::money::Amount;
use crate::domain::near::NearIds;
use crate::domain::payment::{Outcome, Payment};
use crate::failure::Failure;
use crate::ledger::{DailyLimit, Ledger};

/// Fewer rows than this are looked up sooner than another thread has opened the ledger.
const ROWS_A_THREAD: u32 = 2_000;

/// How many rows are read from the file and looked up in the ledger together.
const ROWS_AT_ONCE: usize = 500;

/// How many customers that nobody saved are remembered, so that one on many lines is looked for once.
const STRANGERS_MAX: usize = 10_000;

/// What is to be done, and what is told of it.
pub(super) struct Plan {
    pub fates: Vec<Fate>,
    /// Rows whose customer is not saved here, while others are.
    pub unsaved: Vec<u32>,
}

/// Gives every row its first fate. Without a ledger nothing was charged yet.
pub(super) fn plan(charges: &Charges, ledger: Option<&Ledger>) -> Result<Plan, Failure> {
    let Plan { mut fates, unsaved } = look_ahead(charges, ledger)?;
    refuse_similar(charges, &mut fates);
    if let Some(limit) = charges.daily_limit() {
        refuse_over_daily(charges, &mut fates, &limit, ledger)?;
    }
    Ok(Plan { fates, unsaved })
}

/// Every row held against the ledger by itself, a part of them by each processor.
fn look_ahead(charges: &Charges, ledger: Option<&Ledger>) -> Result<Plan, Failure> {
    let count = charges.rows.count();
    let processors = thread::available_parallelism().map_or(1, NonZero::get).try_into().unwrap_or(1);
    let part = count.div_ceil((count / ROWS_A_THREAD).clamp(1, processors)).max(1);
    let part_from = |first: u32| first..first.saturating_add(part).min(count);
    thread::scope(|scope| {
        let firsts = charges.rows.all().step_by(usize::try_from(part).unwrap_or(usize::MAX)).skip(1);
        let others: Vec<_> = firsts
            .map(|first| {
                let own = ledger.map(Ledger::again).transpose();
                let look = move || fates(part_from(first), charges, own?.as_ref());
                (first, thread::Builder::new().spawn_scoped(scope, look))
            })
            .collect();
        let mut all = fates(part_from(0), charges, ledger)?;
        for (first, other) in others {
            let part = match other {
                Ok(thread) => thread.join().unwrap_or_else(|panic| resume_unwind(panic))?,
                // Without another thread this one does the part itself.
                Err(_) => fates(part_from(first), charges, ledger)?,
            };
            all.fates.extend(part.fates);
            all.unsaved.extend(part.unsaved);
        }
        Ok(all)
    })
}

/// The fates of some of the rows.
fn fates(rows: Range<u32>, charges: &Charges, ledger: Option<&Ledger>) -> Result<Plan, Failure> {
    let customers_are_kept = match ledger {
        Some(ledger) => ledger.has_customers()?,
        None => false,
    };
    let (mut fates, mut unsaved) = (Vec::with_capacity(rows.len()), Vec::new());
    let mut strangers = Strangers::default();
    for first in rows.clone().step_by(ROWS_AT_ONCE) {
        let orders: Vec<Charge> =
            rows_from(first, &rows).map(|row| order(row, charges)).collect::<Result<_, _>>()?;
        let uids: Vec<MerchantUid> =
            orders.iter().map(|order| order.request.terms.merchant_uid.clone()).collect();
        let mut stored = ledger.map(|ledger| ledger.find_many(&uids)).transpose()?.into_iter().flatten();
        for (row, order) in rows_from(first, &rows).zip(&orders) {
            let stored = stored.next().flatten();
            let kept = ledger.filter(|_| customers_are_kept);
            let customer = || customer(&order.request.terms.customer_uid, kept, &mut strangers);
            let (fate, saved) = fate(order, stored, charges, ledger, customer)?;
            fates.push(fate);
            unsaved.extend((saved == Saved::Not).then_some(row));
        }
    }
    Ok(Plan { fates, unsaved })
}

/// What is known of a row's customer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Saved {
    /// Saved, or nobody is, or there was no need to look.
    Well,
    Removed,
    Not,
    /// Not saved and never paid here, and a saved one is near.
    Near,
}

/// Customers that nobody saved, and the saved ones to hold them against.
#[derive(Default)]
struct Strangers {
    known: HashMap<CustomerUid, Saved>,
    saved: OnceCell<NearIds>,
}

fn customer(uid: &CustomerUid, kept: Option<&Ledger>, strangers: &mut Strangers) -> Result<Saved, Failure> {
    let Some(ledger) = kept else { return Ok(Saved::Well) };
    match ledger.find_customer(uid)? {
        Some(customer) if customer.removed_at.is_some() => return Ok(Saved::Removed),
        Some(_) => return Ok(Saved::Well),
        None => {}
    }
    if let Some(saved) = strangers.known.get(uid) {
        return Ok(*saved);
    }
    // Whoever was paid before is no slip of the finger, and is not held against all others.
    let saved = if ledger.was_paid(uid)? {
        Saved::Not
    } else {
        if strangers.saved.get().is_none() {
            let _ = strangers.saved.set(ledger.near_customers()?);
        }
        let near = strangers.saved.get().is_some_and(|saved| saved.is_near(uid.as_str()));
        if near { Saved::Near } else { Saved::Not }
    };
    if strangers.known.len() < STRANGERS_MAX {
        strangers.known.insert(uid.clone(), saved);
    }
    Ok(saved)
}

fn rows_from(first: u32, rows: &Range<u32>) -> Range<u32> {
    let at_once = u32::try_from(ROWS_AT_ONCE).unwrap_or(u32::MAX);
    first..first.saturating_add(at_once).min(rows.end)
}

fn order(row: u32, charges: &Charges) -> Result<Charge, Failure> {
    charges
        .order(row)
        .ok_or_else(|| Failure::local(format!("line {} cannot be read again", charges.rows.line(row))))
}

fn fate(
    order: &Charge,
    stored: Option<Payment>,
    charges: &Charges,
    ledger: Option<&Ledger>,
    customer: impl FnOnce() -> Result<Saved, Failure>,
) -> Result<(Fate, Saved), Failure> {
    let terms = &order.request.terms;
    let mut stands = None;
    if let Some(payment) = stored {
        match ended_by(payment, order) {
            Ok(ended @ Ended::Answered(_)) => return Ok((Fate::of(&ended), Saved::Well)),
            Ok(_) => return Ok((Fate::Refused(RowRefusal::OtherTerms), Saved::Well)),
            Err(payment) => {
                if is_beyond_rules(&payment, charges, ledger)? {
                    return Ok((Fate::Refused(RowRefusal::BeyondRules), Saved::Well));
                }
                stands = standing(&payment, order.retry);
            }
        }
    }
    let saved = customer()?;
    let known = match saved {
        Saved::Removed => Err(RowRefusal::RemovedCustomer),
        Saved::Near => Err(RowRefusal::UnknownCustomer),
        Saved::Well | Saved::Not => Ok(()),
    };
    let allowed = known.and_then(|()| charges.over_limit(terms.amount).map_or(Ok(()), Err));
    let fate = match (allowed, stands) {
        (Ok(()), Some(_)) => Fate::Settle,
        // It must not be sent, and to look it up could lead to that; it stays what it is.
        (Err(_), Some(stands)) => stands,
        (Err(why), None) => Fate::Refused(why),
        (Ok(()), None) => match (ledger, order.guards.similar_since) {
            (Some(ledger), Some(since)) if ledger.similar(terms, order.beside.once_per, since)?.is_some() => {
                Fate::Refused(RowRefusal::Similar)
            }
            (_, _) => Fate::Send,
        },
    };
    Ok((fate, saved))
}

/// Whether a row was declined before, and the profile's rules do not try it again now.
fn is_beyond_rules(payment: &Payment, charges: &Charges, ledger: Option<&Ledger>) -> Result<bool, Failure> {
    let is_no = matches!(payment.outcome, Outcome::Declined | Outcome::Rejected);
    match (&charges.retrying, ledger) {
        (Some(retrying), Some(ledger)) if is_no => Ok(retrying.judge(ledger, payment)?.state != State::Due),
        (_, _) => Ok(false),
    }
}

/// What a row is before it is looked up; `None` of one that is there to be sent.
fn standing(payment: &Payment, retry: bool) -> Option<Fate> {
    match payment.outcome {
        Outcome::Pending | Outcome::Unknown => Some(Fate::Unknown),
        Outcome::Declined if !retry => Some(Fate::DeclinedBefore),
        Outcome::Rejected if !retry => Some(Fate::RejectedBefore),
        Outcome::Declined | Outcome::Rejected | Outcome::Paid | Outcome::NotSent => None,
    }
}

/// Of rows with the same customer and amount one is taken: the first that is charged or may be.
fn refuse_similar(charges: &Charges, fates: &mut [Fate]) {
    if charges.allow_similar || charges.settings.limits.similar_within.is_none() {
        return;
    }
    let place = |row: u32| usize::try_from(row).unwrap_or(usize::MAX);
    let is_taken = |fates: &[Fate], row: u32| {
        fates
            .get(place(row))
            .is_some_and(|fate| matches!(fate, Fate::Send | Fate::Settle | Fate::AlreadyPaid | Fate::Unknown))
    };
    // First rows that were refused, whose customer and amount a later row has taken over.
    let mut stood_in = BTreeSet::new();
    for (row, first) in charges.rows.twins(|row| charges.likeness(row)) {
        if is_taken(fates, first) || stood_in.contains(&first) {
            if let Some(fate @ Fate::Send) = fates.get_mut(place(row)) {
                *fate = Fate::Refused(RowRefusal::Similar);
            }
        } else if is_taken(fates, row) {
            stood_in.insert(first);
        }
    }
}

fn refuse_over_daily(
    charges: &Charges,
    fates: &mut [Fate],
    limit: &DailyLimit,
    ledger: Option<&Ledger>,
) -> Result<(), Failure> {
    let mut spent = match ledger {
        Some(ledger) => ledger.spent(limit)?,
        None => Amount::from_minor(0, limit.max.currency()),
    };
    for (row, fate) in charges.rows.all().zip(fates) {
        if *fate != Fate::Send {
            continue;
        }
        let sum = charges.amount(row).and_then(|amount| spent.checked_add(amount));
        match sum.filter(|sum| *sum <= limit.max) {
            Some(sum) => spent = sum,
            None => *fate = Fate::Refused(RowRefusal::DailyAmount),
        }
    }
    Ok(())
}
