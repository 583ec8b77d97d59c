//! `billkey customer list`.

use crate::commands::context::Context;
use crate::commands::customer::ListArgs;
use crate::commands::session::answered;
use crate::domain::words::number_of;
use crate::failure::{Exit, Failure};
use crate::output::field::Columns;
use crate::output::text::safe;

pub(super) fn run(args: &ListArgs, context: &mut Context<'_>) -> Result<Exit, Failure> {
    let ledger = context.read_ledger()?;
    let customers = ledger.customers(args.text.as_deref(), args.removed)?;
    let count = u64::try_from(customers.len()).unwrap_or(u64::MAX);
    let written = context.ui.list(Columns::usual()).and_then(|mut list| {
        for customer in &customers {
            list.row(customer)?;
        }
        list.finish(&number_of(count, "customer")).map(drop)
    });
    if customers.is_empty() {
        let path = ledger.path().display();
        context.ui.status(&match args.text.as_deref() {
            Some(text) => format!("No customer in {path} matches `{}`.", safe(text)),
            None => format!("There are no customers in {path}; `billkey customer add` saves one."),
        });
    }
    answered(written, Exit::Done)
}
