//! A month, read out of the ledger.

use std::ops::ControlFlow;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan as _};

use crate::commands::added_up::added_up;
use crate::commands::context::Context;
use crate::domain::closing::{Closing, MonthSum, booked, correction};
use crate::domain::payment::{Mode, Payment};
use crate::failure::Failure;
use crate::ledger::{self, Ledger};
use crate::output::month::{Head, MonthView};
use crate::output::text::safe;
use crate::report::{By, Row, Seal, Sums, Time, lines};

/// A month and when it is.
#[derive(Clone, Debug)]
pub(super) struct Month {
    /// `2026-11`.
    pub name: String,
    pub time: Time,
    /// Its end has come.
    pub is_over: bool,
}

/// Everything that a month comes to.
pub(super) struct Book {
    pub head: Head,
    means: Sums,
    companies: Sums,
    pub hash: String,
    pub lines: u64,
    /// As it was closed, if it was.
    pub closing: Option<Closing>,
    /// Of months that were closed before, in the one that is open after them.
    pub corrections: Vec<(String, MonthSum)>,
    /// What this month comes to beyond what is in the books of it.
    pub changed: Vec<MonthSum>,
}

/// Reads the name of a month.
pub(super) fn parse(text: &str, context: &Context<'_>) -> Result<Month, Failure> {
    let given = text.trim();
    let first = (given.len() == 7).then(|| format!("{given}-01").parse::<Date>().ok()).flatten();
    let unreadable = || Failure::usage(format!("`{}` is not a month; write 2026-11", safe(text)));
    let zone = &context.settings.zone;
    month_of(first.ok_or_else(unreadable)?, zone, context).ok_or_else(unreadable).and_then(|month| {
        if month.time.since > context.now() {
            let message = format!("{} has not begun; there is nothing in it", month.name);
            return Err(Failure::usage(message));
        }
        Ok(month)
    })
}

fn month_of(first: Date, zone: &TimeZone, context: &Context<'_>) -> Option<Month> {
    let midnight = |day: Date| Some(day.to_zoned_datetime(zone.clone()).ok()?.timestamp());
    let (since, until) = (midnight(first)?, midnight(first.checked_add(1.month()).ok()?)?);
    let is_over = until <= context.now();
    let time = Time { since, until, by_request: false, zone: zone.clone() };
    Some(Month { name: first.strftime("%Y-%m").to_string(), time, is_over })
}

/// The days of a closed month are those of the zone that it was closed in, whatever zone is set today.
fn as_closed(closing: &Closing, context: &Context<'_>) -> Option<Month> {
    let zone = TimeZone::get(&closing.zone);
    month_of(first_day(&closing.month)?, zone.as_ref().unwrap_or(&context.settings.zone), context)
}

/// The month as it is in the ledger. One before the first payment is a mistake in the year; but where it was closed, its
/// payments have been there.
pub(super) fn in_ledger(month: Month, ledger: &Ledger, context: &Context<'_>) -> Result<Month, Failure> {
    let closings = ledger.closings()?;
    if let Some(closing) = closings.iter().find(|closing| closing.month == month.name) {
        return Ok(as_closed(closing, context).unwrap_or(month));
    }
    match ledger.first_payment_at()? {
        Some(first) if month.time.until > first => Ok(month),
        Some(first) => {
            let day = first.to_zoned_datetime(month.time.zone.clone()).date();
            Err(Failure::usage(format!("{} lies before the first payment of this ledger, {day}", month.name)))
        }
        None => Err(Failure::usage(format!("{} is empty: there are no payments in this ledger", month.name))),
    }
}

impl Book {
    pub(super) fn read(month: &Month, ledger: &Ledger, context: &Context<'_>) -> Result<Book, Failure> {
        let rule = context.settings.tax;
        let new = |by| Sums::new(by, month.time.clone(), rule);
        let (mut means, mut companies) = (new(By::Means), new(By::Company));
        let mut seal = Seal::default();
        ledger.booked(ledger::By::Paid, (month.time.since, month.time.until), &mut |booked| {
            means.add(booked);
            companies.add(booked);
            lines(booked, &month.time, rule, false).iter().for_each(|line| seal.add(line));
            ControlFlow::Continue(())
        })?;
        let closings = ledger.closings()?;
        let closing = closings.iter().find(|closing| closing.month == month.name).cloned();
        let now = month_sums(&means);
        let changed = match closing {
            Some(_) => correction(&now, &booked(&closings, &month.name)),
            None => Vec::new(),
        };
        let corrections = match &closing {
            Some(closing) => closing.corrections.clone(),
            None => corrections_for(month, &closings, ledger, context)?,
        };
        let head = head(month, ledger, context)?;
        let lines = seal.lines();
        Ok(Book { head, means, companies, hash: seal.hash(), lines, closing, corrections, changed })
    }

    /// What the month comes to now.
    pub(super) fn sums(&self) -> Vec<MonthSum> {
        month_sums(&self.means)
    }

    pub(super) fn shown(&self) -> MonthView<'_> {
        MonthView {
            head: &self.head,
            totals: self.means.totals(),
            rows: self.means.rows(),
            companies: self.companies.rows(),
            closing: self.closing.as_ref(),
            corrections: &self.corrections,
            changed: &self.changed,
            hash: &self.hash,
            lines: self.lines,
        }
    }
}

fn month_sums(sums: &Sums) -> Vec<MonthSum> {
    sums.totals().iter().map(|row: &Row| MonthSum::from(row)).collect()
}

/// What changed in closed months since, for the one that takes it over: the first that is open after them.
fn corrections_for(
    month: &Month,
    closings: &[Closing],
    ledger: &Ledger,
    context: &Context<'_>,
) -> Result<Vec<(String, MonthSum)>, Failure> {
    let Some(last) = closings.last() else { return Ok(Vec::new()) };
    let next = first_day(&last.month).and_then(|first| first.checked_add(1.month()).ok());
    if next.map(|next| next.strftime("%Y-%m").to_string()).as_ref() != Some(&month.name) {
        return Ok(Vec::new());
    }
    let mut all = Vec::new();
    for closing in closings {
        let Some(closed) = as_closed(closing, context) else { continue };
        // By months it is out of what the ledger keeps of days, whatever the number of payments.
        let sums = added_up(ledger, By::Month, closed.time, context.settings.tax)?;
        let changed = correction(&month_sums(&sums), &booked(closings, &closing.month));
        all.extend(changed.into_iter().map(|sum| (closing.month.clone(), sum)));
    }
    Ok(all)
}

fn first_day(month: &str) -> Option<Date> {
    format!("{month}-01").parse().ok()
}

/// What a month is of, and what is left of it for a person.
fn head(month: &Month, ledger: &Ledger, context: &Context<'_>) -> Result<Head, Failure> {
    let (settings, time) = (context.settings, &month.time);
    let counts = |mode: Mode| settings.mode != Mode::Live || mode == Mode::Live;
    let of_month = |payment: &&Payment| {
        let at = payment.paid_at.unwrap_or(payment.requested_at);
        time.has(at) && counts(payment.mode_shown()) && payment.noted.is_none()
    };
    let number = |count: usize| u64::try_from(count).unwrap_or(u64::MAX);
    let unsettled = ledger.unsettled()?;
    let refunds = ledger.open_refunds()?;
    let refunds = refunds.iter().filter(|refund| time.has(refund.requested_at)).count();
    let doubtful = ledger.doubtful()?;
    let drift = ledger.drift_left()?;
    let drift = drift.iter().filter(|kept| {
        let reaches =
            |(first, last): (i64, i64)| last >= time.since.as_second() && first < time.until.as_second();
        kept.signed.is_none() && kept.what.times.is_none_or(reaches)
    });
    let standing = ledger.standing()?;
    let span = (time.since.as_second(), time.until.as_second());
    let unread = ledger.unread_from(span, time.until)?;
    Ok(Head {
        month: month.name.clone(),
        time: time.clone(),
        is_over: month.is_over,
        profile: settings.profile.clone(),
        mode: settings.mode,
        accounts: standing.accounts.iter().map(|account| account.key.clone()).collect(),
        ledger_id: standing.id,
        distrusted: standing.distrusted.is_some(),
        unknown: number(unsettled.iter().filter(of_month).count() + refunds),
        doubts: number(doubtful.iter().filter(|payment| !payment.outcome.is_open()).filter(of_month).count()),
        doubles: number(ledger.alarms()?.iter().filter(of_month).count()),
        drift: number(drift.count()),
        attention: context.hint("attention"),
        unread_from: unread.and_then(|second| Timestamp::from_second(second).ok()),
    })
}
