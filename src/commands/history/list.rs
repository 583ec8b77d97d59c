//! `billkey history`: many payments, newest first.

use std::io;
use std::ops::ControlFlow;

use crate::commands::context::Context;
use crate::commands::history::filter::{described, filter};
use crate::commands::history::{HistoryBy, HistoryListArgs};
use crate::commands::naming::customer_meant;
use crate::commands::session::answered;
use crate::domain::payment::Payment;
use crate::failure::{Exit, Failure};
use crate::ledger::{Filter, Ledger};
use crate::output::Format;
use crate::output::field::Columns;
use crate::output::list::payments_footer;
use crate::output::ui::Ui;

pub(super) fn run(args: &HistoryListArgs, context: &mut Context<'_>) -> Result<Exit, Failure> {
    let columns = columns(args)?;
    let mut filter = filter(args, context.now(), &context.settings.zone)?;
    let ledger = context.read_ledger()?;
    if let Some(customer) = &mut filter.customer {
        *customer = customer_meant(customer.as_str(), Some(&ledger))?;
    }
    let shown = match list(&ledger, &filter, columns, context.ui)? {
        Ok(shown) => shown,
        Err(error) => return answered(Err(error), Exit::Done),
    };
    if shown > 0 {
        return Ok(Exit::Done);
    }
    let path = ledger.path().display();
    match described(args).as_str() {
        "" => {
            context.ui.status(&format!("There are no payments in {path}."));
            Ok(Exit::Done)
        }
        described => Err(Failure::not_found(format!("no payment in {path} matches {described}"))),
    }
}

fn columns(args: &HistoryListArgs) -> Result<Columns<Payment>, Failure> {
    match (&args.columns, args.by.unwrap_or_default()) {
        (Some(names), _) => Ok(Columns::parse(names)?),
        (None, HistoryBy::Paid) => Ok(Columns::usual_by_paid()),
        (None, HistoryBy::Requested) => Ok(Columns::usual()),
    }
}

/// Writes the payments as the ledger hands them out. The inner error is one of writing; the
/// number is how many were written.
fn list(
    ledger: &Ledger,
    filter: &Filter,
    columns: Columns<Payment>,
    ui: &mut Ui,
) -> Result<io::Result<u64>, Failure> {
    let with_footer = ui.format() == Format::Table;
    let fields: Vec<&str> = columns.names().collect();
    let mut lister = match ui.list(columns) {
        Ok(lister) => lister.all_there(),
        Err(error) => return Ok(Err(error)),
    };
    let mut written = Ok(());
    let mut each = |payment: Payment| {
        written = lister.row(&payment);
        if written.is_ok() { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    };
    // Under a row of a table stands what no field names.
    if with_footer {
        ledger.visit(filter, &mut each)
    } else {
        ledger.visit_fields(filter, &fields, &mut each)
    }?;
    if let Err(error) = written {
        return Ok(Err(error));
    }
    let footer = if with_footer && lister.shown() > 0 {
        payments_footer(&ledger.totals(filter)?, lister.shown())
    } else {
        String::new()
    };
    Ok(lister.finish(&footer))
}
