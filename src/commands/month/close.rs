//! `--close` and `--verify`.

use crate::commands::context::Context;
use crate::commands::month::book::{self, Book, Month};
use crate::commands::session::answered;
use crate::domain::closing::Closing;
use crate::domain::payment::Mode;
use crate::failure::{Exit, Failure, Kind};
use crate::output::text::when;

/// Closes a month, or says what is in the way.
pub(super) fn run(month: &Month, context: &mut Context<'_>) -> Result<Exit, Failure> {
    let mut ledger = context.ledger_at_hand()?;
    book::is_in_ledger(month, &ledger)?;
    let mut book = Book::read(month, &ledger, context)?;
    if let Some(closing) = &book.closing {
        let at = when(closing.at, &context.settings.zone);
        let message = format!("{} was closed on {at}. Nothing was changed", month.name);
        return Err(Failure::refused(message).hinted(context.hint(&format!("month {} --verify", month.name))));
    }
    if let Some(failure) = in_the_way(&book, month, context) {
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
    if !ledger.close_month(&closing)? {
        let message = format!("{} was closed by another process meanwhile. Nothing was changed", month.name);
        return Err(Failure::refused(message));
    }
    book.closing = Some(closing);
    answered(context.ui.month(&book.shown()), Exit::Done)
}

/// What has to be settled before a month can be handed over.
fn in_the_way(book: &Book, month: &Month, context: &Context<'_>) -> Option<Failure> {
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

/// Holds a closed month against what it comes to now.
pub(super) fn verify(book: &Book, context: &mut Context<'_>) -> Result<Exit, Failure> {
    let Some(closing) = &book.closing else {
        let month = &book.head.month;
        return Err(Failure::refused(format!("{month} was not closed; there is nothing to hold it against"))
            .hinted(context.hint(&format!("month {month} --close"))));
    };
    let is_as_closed = closing.hash == book.hash && closing.sums == book.sums();
    let exit = if is_as_closed { Exit::Done } else { Exit::With(Kind::Refused) };
    answered(context.ui.month_verified(&book.shown(), is_as_closed), exit)
}
