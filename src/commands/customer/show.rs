//! `billkey customer show`: card, totals and last payments.

use std::ops::ControlFlow;

use crate::commands::context::Context;
use crate::commands::customer::{ShowArgs, unknown_customer};
use crate::commands::naming::customer_meant;
use crate::commands::schedules;
use crate::commands::session::answered;
use crate::failure::{Exit, Failure};
use crate::ledger::Filter;
use crate::output::detail::CustomerDetail;

/// How many of the last payments are shown.
const LAST_PAYMENTS: u64 = 10;

pub(super) fn run(args: &ShowArgs, context: &mut Context<'_>) -> Result<Exit, Failure> {
    let mut ledger = context.read_ledger()?;
    let uid = customer_meant(&args.customer_uid, Some(&ledger))?;
    let Some(customer) = ledger.find_customer(&uid)? else {
        return Err(unknown_customer(&ledger, &uid));
    };
    let summary = ledger.customer_totals(&uid)?;
    let scheduled = schedules::of_customer(context, &mut ledger, &uid)?;
    schedules::warn(context, &scheduled);
    let filter = Filter { customer: Some(uid), limit: Some(LAST_PAYMENTS), ..Filter::default() };
    let mut payments = Vec::new();
    ledger.visit(&filter, &mut |payment| {
        payments.push(payment);
        ControlFlow::Continue(())
    })?;
    let detail = CustomerDetail {
        customer: &customer,
        summary: &summary,
        payments: &payments,
        schedules: &scheduled.schedules,
        schedules_until: scheduled.until,
    };
    answered(context.ui.customer_detail(&detail), Exit::Done)
}
