//! Charges that the gateway is going to make by itself: two engines for one period charge twice (facts 16).

use crate::commands::context::Context;
use crate::commands::pasted::command_line;
use crate::domain::ids::CustomerUid;
use crate::domain::left::Schedule;
use crate::domain::money::{Amount, Currency};
use crate::domain::words::number_of;
use crate::failure::Failure;
use crate::gateway::{Client, GatewayFailure, SCHEDULES_AHEAD_S};
use crate::ledger::{Ledger, LookedAhead};
use crate::output::text::{safe, when};

/// How many are named; `attention` lists the rest.
const SHOWN: usize = 3;

/// Asks what the gateway is going to charge, of one customer or of all, and keeps it. Hands out what nobody has
/// answered for. That there was no answer stops nothing.
pub(in crate::commands) fn look(
    context: &Context<'_>,
    client: &Client,
    ledger: &mut Ledger,
    customer: Option<&CustomerUid>,
) -> Result<Result<Vec<Schedule>, GatewayFailure>, Failure> {
    let now_s = client.now_s().unwrap_or_else(|| context.now().as_second());
    let shown = match client.schedules(customer, now_s) {
        Ok(shown) => shown,
        Err(failure) => return Ok(Err(failure)),
    };
    keep(context, ledger, customer, now_s, &shown)?;
    Ok(Ok(unanswered(ledger, shown)?))
}

/// Keeps what was read by whoever asked.
pub(in crate::commands) fn keep(
    context: &Context<'_>,
    ledger: &mut Ledger,
    customer: Option<&CustomerUid>,
    now_s: i64,
    shown: &[Schedule],
) -> Result<(), Failure> {
    let looked = LookedAhead { customer: customer.cloned(), to_s: now_s.saturating_add(SCHEDULES_AHEAD_S) };
    Ok(ledger.keep_schedules(shown, &looked, context.now())?)
}

/// Those that nobody has answered for.
pub(in crate::commands) fn unanswered(
    ledger: &Ledger,
    schedules: Vec<Schedule>,
) -> Result<Vec<Schedule>, Failure> {
    let mut left = Vec::new();
    for schedule in schedules {
        if ledger.answer_for(&schedule.id())?.is_none() {
            left.push(schedule);
        }
    }
    Ok(left)
}

/// What is said of them; `None` where there are none.
pub(in crate::commands) fn sentence(context: &Context<'_>, schedules: &[Schedule]) -> Option<String> {
    if schedules.is_empty() {
        return None;
    }
    let named: Vec<String> = schedules.iter().take(SHOWN).map(|schedule| named(context, schedule)).collect();
    let more = match schedules.len().checked_sub(SHOWN) {
        Some(more @ 1..) => format!(" and {more} more"),
        Some(0) | None => String::new(),
    };
    let count = u64::try_from(schedules.len()).unwrap_or(u64::MAX);
    Some(format!(
        "the gateway has {} that it charges by itself, besides whatever billkey charges: {}{more}. To take them back, \
         or to answer for them: {}",
        number_of(count, "scheduled payment"),
        named.join("; "),
        command_line(context.settings, "attention")
    ))
}

fn named(context: &Context<'_>, schedule: &Schedule) -> String {
    let currency = Currency::parse(schedule.currency.as_deref().unwrap_or(Currency::KRW.code())).ok();
    let digits = schedule.amount.as_deref();
    let amount = digits.zip(currency).and_then(|(digits, currency)| Amount::from_wire(digits, currency));
    let amount = amount.map(|amount| format!(" {amount}")).unwrap_or_default();
    let customer =
        schedule.customer_uid.as_deref().map(|uid| format!(" of {}", safe(uid))).unwrap_or_default();
    let at = when(schedule.at, context.ui.zone());
    format!("{}{amount}{customer} on {at}", safe(&schedule.merchant_uid))
}

/// Warns of a customer's, where the gateway is at hand. Without an answer what was seen last is told.
pub(in crate::commands) fn warn(
    context: &mut Context<'_>,
    ledger: &mut Ledger,
    customer: &CustomerUid,
) -> Result<(), Failure> {
    let asked = match context.open_gateway() {
        Ok(gateway) => {
            let _waiting = context.ui.waiting("asking the gateway for scheduled payments");
            let now_s = gateway.client.now_s().unwrap_or_else(|| context.now().as_second());
            let shown = gateway.client.schedules(Some(customer), now_s).ok();
            if let Some(shown) = &shown {
                // Whoever may not write the ledger is told all the same.
                let _ = keep(context, ledger, Some(customer), now_s, shown);
            }
            shown
        }
        // Without a key the ledger can be read all the same.
        Err(_) => None,
    };
    let left = match asked {
        Some(shown) => unanswered(ledger, shown)?,
        None => {
            let known = ledger.schedules_left()?.into_iter().filter(|kept| kept.signed.is_none());
            let of_customer =
                |schedule: &Schedule| schedule.customer_uid.as_deref() == Some(customer.as_str());
            known.map(|kept| kept.what).filter(of_customer).collect()
        }
    };
    if let Some(sentence) = sentence(context, &left) {
        context.ui.warning(&sentence);
    }
    Ok(())
}
