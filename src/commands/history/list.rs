//! `billkey history`: many payments, newest first.

use std::io;
use std::ops::ControlFlow;

use jiff::Timestamp;

use crate::commands::beside::beside;
use crate::commands::context::Context;
use crate::commands::export::{self, Lines, Wanted};
use crate::commands::history::filter::{all_of_them, described, filter};
use crate::commands::history::{HistoryBy, HistoryListArgs};
use crate::commands::naming::customer_meant;
use crate::commands::pasted::{command_line, command_of, words_of};
use crate::commands::session::answered;
use crate::domain::declines::Who;
use crate::domain::payment::Payment;
use crate::domain::words::number_of;
use crate::failure::{Exit, Failure};
use crate::ledger::{Filter, Ledger};
use crate::output::Format;
use crate::output::addressee::Addressee;
use crate::output::field::Columns;
use crate::output::history_row::year_of;
use crate::output::list::payments_footer;
use crate::output::text::shell_word;
use crate::output::ui::Ui;
use crate::report::Time;
use crate::settings::Settings;

pub(super) fn run(args: &HistoryListArgs, context: &mut Context<'_>) -> Result<Exit, Failure> {
    let columns = columns(args)?;
    let wanted = export::wanted(&args.export, context)?;
    let mut filter = filter(args, context.now(), &context.settings.zone)?;
    let ledger = context.read_ledger()?;
    if let Some(customer) = &mut filter.customer {
        *customer = customer_meant(customer.as_str(), Some(&ledger))?;
    }
    if let Some(wanted) = wanted {
        return hand_over(&wanted, args, &filter, &ledger, context);
    }
    if args.totals {
        return answered(context.ui.totals(&ledger.totals(&filter)?), Exit::Done);
    }
    let (settings, now) = (context.settings, context.now());
    let to_write_to = args.who == Some(Who::Customer) && args.columns.is_none();
    if to_write_to && context.ui.format() == Format::Csv {
        return match addressees(&ledger, &filter, context.ui)? {
            Ok(0) => Err(nothing(args, &ledger)),
            Ok(_) => Ok(Exit::Done),
            Err(error) => answered(Err(error), Exit::Done),
        };
    }
    let more = |are_more: bool, first: &str| more(args, settings, are_more, first);
    let shown = match list(&ledger, &filter, columns, &more, context.ui, now)? {
        Ok(shown) => shown,
        Err(error) => return answered(Err(error), Exit::Done),
    };
    if shown > 0 {
        return Ok(Exit::Done);
    }
    if described(args).is_empty() {
        context.ui.status(&format!("There are no payments in {}.", ledger.place()));
        return Ok(Exit::Done);
    }
    Err(nothing(args, &ledger))
}

/// Writes the payments as the lines of a book, oldest first.
fn hand_over(
    wanted: &Wanted<'_>,
    args: &HistoryListArgs,
    filter: &Filter,
    ledger: &Ledger,
    context: &mut Context<'_>,
) -> Result<Exit, Failure> {
    // Whatever was picked is written with all that went back of it.
    let zone = context.settings.zone.clone();
    let time = Time { since: Timestamp::MIN, until: Timestamp::MAX, by_request: false, zone };
    let (mut lines, mut count) = (Lines::none(), 0_u64);
    ledger.booked_of(filter, &mut |booked| {
        count += 1;
        wanted.take(booked, &time, &mut lines, context);
        ControlFlow::Continue(())
    })?;
    if count == 0 && !described(args).is_empty() {
        return Err(nothing(args, ledger));
    }
    wanted.write(&lines.sorted(), &number_of(count, "payment"), context)
}

/// Nothing of what was asked for is there.
fn nothing(args: &HistoryListArgs, ledger: &Ledger) -> Failure {
    Failure::not_found(format!("no payment in {} matches {}", ledger.place(), described(args)))
}

/// Writes whom to write to about the payments, a line each, and says how many there were. The inner error is one of
/// writing.
fn addressees(ledger: &Ledger, filter: &Filter, ui: &mut Ui) -> Result<io::Result<u64>, Failure> {
    let mut lister = match ui.list(Columns::<Addressee>::usual()) {
        Ok(lister) => lister,
        Err(error) => return Ok(Err(error)),
    };
    let (mut written, mut unread) = (Ok(()), Ok(()));
    ledger.visit(filter, &mut |payment| {
        match ledger.find_customer(&payment.terms.customer_uid) {
            Ok(saved) => written = lister.row(&Addressee::new(payment, saved)),
            Err(error) => unread = Err(error),
        }
        if written.is_ok() && unread.is_ok() { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    })?;
    unread?;
    Ok(written.and_then(|()| lister.finish("")))
}

fn columns(args: &HistoryListArgs) -> Result<Columns<Payment>, Failure> {
    Ok(match (&args.columns, args.by.unwrap_or_default()) {
        (Some(names), _) => Columns::parse(names)?,
        (None, HistoryBy::Paid) => Columns::usual_by_paid(),
        (None, HistoryBy::Cancelled) => Columns::usual_by_cancelled(),
        (None, HistoryBy::Requested) => Columns::usual(),
    })
}

/// Writes the payments as the ledger hands them out. The inner error is one of writing; the
/// number is how many were written.
fn list(
    ledger: &Ledger,
    filter: &Filter,
    columns: Columns<Payment>,
    more: &dyn Fn(bool, &str) -> String,
    ui: &mut Ui,
    now: Timestamp,
) -> Result<io::Result<u64>, Failure> {
    let (with_footer, shortens) = (ui.format() == Format::Table, ui.options().shortens());
    let year = year_of(now, ui.zone());
    let fields: Vec<&str> = columns.names().collect();
    let mut lister = match ui.list(columns) {
        Ok(lister) => lister.all_there(),
        Err(error) => return Ok(Err(error)),
    };
    let (mut written, mut unread, mut first) = (Ok(()), Ok(()), None);
    let mut each = |payment: Payment| {
        if shortens {
            match beside(ledger, &payment) {
                Ok(beside) => {
                    written = lister.with(&payment, &beside, year);
                    first.get_or_insert(beside.order);
                }
                Err(error) => unread = Err(error),
            }
        } else {
            written = lister.row(&payment);
        }
        if written.is_ok() && unread.is_ok() { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    };
    // Under a row of a table stands what no field names.
    if with_footer {
        ledger.visit(filter, &mut each)
    } else {
        ledger.visit_fields(filter, &fields, &mut each)
    }?;
    unread?;
    if let Err(error) = written {
        return Ok(Err(error));
    }
    if !with_footer || lister.shown() == 0 {
        return Ok(lister.finish(""));
    }
    let totals = ledger.totals(filter)?;
    let footer = payments_footer(&totals, lister.shown());
    let more = first.map_or_else(String::new, |first| more(totals.count > lister.shown(), &first));
    Ok(lister.finish_with(&footer, &more))
}

/// The commands that tell more: all of the payments, and everything about one.
fn more(args: &HistoryListArgs, settings: &Settings, are_more: bool, first: &str) -> String {
    let one = command_of(settings, "history show", first);
    if !are_more {
        return format!("one   {one}");
    }
    let (texts, options) = (&args.text, all_of_them(args));
    let takes_dashes =
        texts.first().is_some_and(|text| text == "show") || texts.iter().any(|text| text.starts_with('-'));
    let texts: Vec<String> = texts.iter().map(|text| shell_word(text)).collect();
    let all = if takes_dashes {
        format!("{} -- {}", words_of("history", options), texts.join(" "))
    } else {
        words_of(&[&["history".to_owned()], texts.as_slice()].concat().join(" "), options)
    };
    format!("all   {}\none   {one}", command_line(settings, &all))
}
