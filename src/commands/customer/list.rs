//! `billkey customer list`.

use std::ops::ControlFlow;

use crate::commands::context::Context;
use crate::commands::customer::ListArgs;
use crate::commands::session::answered;
use crate::domain::words::number_of;
use crate::failure::{Exit, Failure};
use crate::output::field::Columns;
use crate::output::text::safe;

pub(super) fn run(args: &ListArgs, context: &mut Context<'_>) -> Result<Exit, Failure> {
    let ledger = context.read_ledger()?;
    let mut list = match context.ui.list(Columns::usual()) {
        Ok(list) => list,
        Err(error) => return answered(Err(error), Exit::Done),
    };
    let mut written = Ok(());
    ledger.visit_customers(args.text.as_deref(), args.removed, &mut |customer| {
        written = list.row(&customer);
        if written.is_ok() { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    })?;
    let count = list.shown();
    let written = written.and_then(|()| list.finish(&number_of(count, "customer")).map(drop));
    if count == 0 && written.is_ok() {
        let path = ledger.place();
        context.ui.status(&match args.text.as_deref() {
            Some(text) => format!("No customer in {path} matches `{}`.", safe(text)),
            None => format!("There are no customers in {path}; `billkey customer add` saves one."),
        });
    }
    answered(written, Exit::Done)
}
