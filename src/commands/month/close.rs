//! `--close` and `--verify`.

use crate::commands::context::Context;
use crate::commands::month::book::{self, Book, Month};
use crate::commands::session::answered;
use crate::domain::closing::Closing;
use crate::domain::payment::Mode;
use crate::domain::words::number_of;
use crate::failure::{Exit, Failure, Kind};
use crate::ledger::{Closed, Ledger, Misfit, MonthSeal, SealKept};
use crate::output::month::Verified;
use crate::output::text::{safe, when};

/// Of so many payments the first are named, in one line.
const NAMED: usize = 5;

/// Closes a month, or says what is in the way.
pub(super) fn run(month: Month, context: &mut Context<'_>) -> Result<Exit, Failure> {
    let mut ledger = context.ledger_at_hand()?;
    let month = &book::in_ledger(month, &ledger, context)?;
    let span = (month.time.since, month.time.until);
    // Before anything is added up: what changes in between is found when it is written down.
    let seal = ledger.month_seal(span)?;
    let mut book = Book::read(month, &ledger, context)?;
    if let Some(closing) = &book.closing {
        let at = when(closing.at, &context.settings.zone);
        let message = format!("{} was closed on {at}. Nothing was changed", month.name);
        return Err(Failure::refused(message).hinted(context.hint(&format!("month {} --verify", month.name))));
    }
    if let Some(failure) = in_the_way(&book, &seal, month, context) {
        return Err(failure);
    }
    let later =
        ledger.closings()?.into_iter().map(|closing| closing.month).find(|closed| *closed > month.name);
    if let Some(later) = later {
        let message = format!(
            "{later} is closed, and {} comes before it: it can only be a correction now. Nothing was closed",
            month.name
        );
        return Err(Failure::refused(message));
    }
    let closing = Closing {
        month: month.name.clone(),
        zone: month.time.zone.iana_name().unwrap_or("local").to_owned(),
        at: context.now(),
        operator: context.settings.operator.clone(),
        host: context.settings.host.clone(),
        hash: book.hash.clone(),
        lines: book.lines,
        sums: book.sums(),
        corrections: book.corrections.clone(),
    };
    let closed = ledger.close_month(&closing, span, &seal)?;
    context.tell_mark();
    match closed {
        Closed::Now => {}
        Closed::Before => {
            let message =
                format!("{} was closed by another process meanwhile. Nothing was changed", month.name);
            return Err(Failure::refused(message));
        }
        Closed::Moved => {
            let message = format!(
                "payments of {} were written while they were added up. Nothing was closed",
                month.name
            );
            return Err(
                Failure::refused(message).hinted(context.hint(&format!("month {} --close", month.name)))
            );
        }
    }
    book.closing = Some(closing);
    answered(context.ui.month(&book.shown()), Exit::Done)
}

/// What has to be settled before a month can be handed over.
fn in_the_way(book: &Book, seal: &MonthSeal, month: &Month, context: &Context<'_>) -> Option<Failure> {
    let head = &book.head;
    let refuse = |why: String, hint: String| {
        let message = format!("{} cannot be closed: {why}. Nothing was closed", month.name);
        Some(Failure::refused(message).hinted(hint))
    };
    if !head.is_over {
        let until = when(month.time.until, &context.settings.zone);
        return refuse("it is not over".to_owned(), format!("run this again after {until}"));
    }
    if head.distrusted {
        let why = "the ledger is older than it was, and payments may be missing in it".to_owned();
        return refuse(why, context.hint("doctor"));
    }
    if seal.misfits > 0 {
        return refuse(not_written(seal.misfits, &seal.shown), context.hint("ledger check"));
    }
    if let Some(left) = head.left() {
        return refuse(format!("of it there is left: {left}"), context.hint("attention"));
    }
    if let Some(unread) = head.unread_from.filter(|_| context.settings.mode != Mode::Sandbox) {
        let (from, day) = (
            when(unread, &context.settings.zone),
            month.time.since.to_zoned_datetime(month.time.zone.clone()).date(),
        );
        let why = format!("since its end nobody has held it against the gateway, from {from} on");
        return refuse(why, context.hint(&format!("reconcile --since {day}")));
    }
    None
}

/// Holds a closed month against what it comes to now, and its payments against what was written of them.
pub(super) fn verify(
    month: &Month,
    ledger: &Ledger,
    book: &Book,
    context: &mut Context<'_>,
) -> Result<Exit, Failure> {
    let kept = ledger.verify_seal(&month.name, (month.time.since, month.time.until))?;
    let Some(closing) = &book.closing else { return Err(not_closed(book, &kept, context)) };
    let is_as_closed = closing.hash == book.hash && closing.sums == book.sums();
    let verified = Verified {
        is_as_closed,
        payments: kept.sealed,
        trouble: trouble(&kept),
        // It was closed before the ledger became what it is, or after: nobody can tell.
        distrusted: book.head.distrusted,
        check: context.hint("ledger check"),
    };
    let exit = if is_as_closed && kept.is_sound() { Exit::Done } else { Exit::With(Kind::Refused) };
    answered(context.ui.month_verified(&book.shown(), &verified), exit)
}

fn not_closed(book: &Book, kept: &SealKept, context: &Context<'_>) -> Failure {
    let month = &book.head.month;
    if book.head.distrusted || !kept.closings.is_empty() {
        let why = if book.head.distrusted {
            "the ledger is older than it was, and it may have been closed since".to_owned()
        } else {
            kept.closings.join("; ")
        };
        let message = format!("{month} is not closed in this ledger, which proves nothing: {why}");
        return Failure::refused(message).hinted(context.hint("ledger check"));
    }
    Failure::refused(format!("{month} was not closed; there is nothing to hold it against"))
        .hinted(context.hint(&format!("month {month} --close")))
}

/// What was done to payments of the month or to its closing by other means than this program, a sentence each.
fn trouble(kept: &SealKept) -> Vec<String> {
    let mut trouble = Vec::new();
    if kept.gone > 0 {
        let (gone, are) = (number_of(kept.gone, "payment"), are(kept.gone));
        trouble.push(format!("{gone} that it was closed over {are} not in the ledger any more"));
    }
    if kept.misfits > 0 {
        trouble.push(not_written(kept.misfits, &kept.shown));
    }
    if !kept.histories {
        trouble.push("the histories of its payments are not what they were when it was closed".to_owned());
    }
    trouble.extend(kept.closings.iter().cloned());
    trouble
}

/// `2 payments are not what was written: order_1, order_2`
fn not_written(count: u64, shown: &[Misfit]) -> String {
    let mut names: Vec<String> =
        shown.iter().take(NAMED).map(|misfit| safe(&misfit.merchant_uid).into_owned()).collect();
    let named = u64::try_from(names.len()).unwrap_or(u64::MAX);
    if count > named {
        names.push(format!("and {} more", count - named));
    }
    let (payments, are) = (number_of(count, "payment"), are(count));
    format!("{payments} {are} not what was written: {}", names.join(", "))
}

fn are(count: u64) -> &'static str {
    if count == 1 { "is" } else { "are" }
}
