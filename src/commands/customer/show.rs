//! `billkey customer show`: card, totals and last payments.

use std::ops::ControlFlow;

use jiff::Timestamp;

use crate::commands::beside::beside;
use crate::commands::context::Context;
use crate::commands::customer::{ShowArgs, unknown_customer};
use crate::commands::naming::customer_meant;
use crate::commands::pasted::command_of;
use crate::commands::retrying::{Retrying, each_refused};
use crate::commands::schedules;
use crate::commands::session::answered;
use crate::domain::dossier::Dossier;
use crate::domain::due::Judged;
use crate::domain::ids::{CustomerUid, MerchantUid};
use crate::failure::{Exit, Failure};
use crate::ledger::{Filter, Ledger, Refused};
use crate::output::detail::CustomerDetail;
use crate::output::history_row::year_of;

/// How many of the last payments are shown.
const LAST_PAYMENTS: usize = 10;

pub(super) fn run(args: &ShowArgs, context: &mut Context<'_>) -> Result<Exit, Failure> {
    let mut ledger = context.read_ledger()?;
    let settings = context.settings;
    let uid = customer_meant(&args.customer_uid, Some(&ledger))?;
    let Some(customer) = ledger.find_customer(&uid)? else {
        return Err(unknown_customer(&ledger, &uid, "customer show", settings));
    };
    let summary = ledger.customer_totals(&uid)?;
    let scheduled = schedules::of_customer(context, &mut ledger, &uid)?;
    schedules::warn(context, &scheduled);
    let filter = Filter { customer: Some(uid), ..Filter::default() };
    let (mut payments, mut dossier) = (Vec::new(), Dossier::default());
    let zone = context.ui.zone().clone();
    ledger.visit(&filter, &mut |payment| {
        dossier.take(&payment, &zone);
        if payments.len() < LAST_PAYMENTS {
            payments.push(payment);
        }
        ControlFlow::Continue(())
    })?;
    let retries = retries(context, &ledger, customer.customer_uid.clone())?;
    let shortens = context.ui.options().shortens();
    let told = payments.iter().filter(|_| shortens).map(|payment| beside(&ledger, payment));
    let told = told.collect::<Result<Vec<_>, _>>()?;
    let year = year_of(context.now(), context.ui.zone());
    let detail = CustomerDetail {
        customer: &customer,
        summary: &summary,
        payments: &payments,
        schedules: &scheduled.schedules,
        schedules_until: scheduled.until,
        beside: &told,
        year,
        dossier: &dossier,
        retries: &retries,
        reconcile: &|order| command_of(settings, "reconcile", order),
    };
    answered(context.ui.customer_detail(&detail), Exit::Done)
}

/// What the rules for retries say of the customer's declined orders: of those that are left out they say nothing.
fn retries(
    context: &Context<'_>,
    ledger: &Ledger,
    customer: CustomerUid,
) -> Result<Vec<(MerchantUid, Judged)>, Failure> {
    let (settings, now) = (context.settings, context.now());
    let retrying = Retrying { rules: settings.retry_rules(), mode: settings.mode, now };
    let of = Refused {
        mode: settings.mode,
        since: retrying.since(),
        until: Timestamp::MAX,
        customer: Some(customer),
    };
    let mut retries = Vec::new();
    each_refused(ledger, &of, |payment| {
        let judged = retrying.judge(ledger, &payment)?;
        if judged.state.left().is_none() {
            retries.push((payment.terms.merchant_uid, judged));
        }
        Ok::<_, Failure>(ControlFlow::Continue(()))
    })?;
    Ok(retries)
}
