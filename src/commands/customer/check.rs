//! `billkey customer check`: whether billing keys still exist.

use crate::commands::context::Context;
use crate::commands::customer::many::Many;
use crate::commands::customer::saving::{Registered, ask, mode_of, warnings};
use crate::commands::customer::{CheckArgs, unknown_customer};
use crate::commands::naming::customer_meant;
use crate::domain::customer::Customer;
use crate::domain::ids::CustomerUid;
use crate::domain::words::number_of;
use crate::failure::{Exit, Failure, Kind};
use crate::ledger::Ledger;
use crate::output::text::sentence;

pub(super) fn run(args: &CheckArgs, context: &mut Context<'_>) -> Result<Exit, Failure> {
    for text in &args.customer_uids {
        CustomerUid::parse(text)?;
    }
    let mut ledger = context.ledger_at_hand()?;
    let uids = args.customer_uids.iter().map(|text| customer_meant(text, Some(&ledger)));
    let uids: Vec<CustomerUid> = uids.collect::<Result<_, _>>()?;
    let mut many = Many::new();
    let wanted = if args.all { ledger.customers(None, false)? } else { Vec::new() };
    let wanted = if args.all { wanted } else { named(&uids, &ledger, &mut many, context)? };
    if wanted.is_empty() {
        if args.all {
            context.ui.status(&format!("There are no customers in {}.", ledger.path().display()));
        }
        many.write_list("", context.ui)?;
        return Ok(many.exit());
    }
    let total = u64::try_from(wanted.len()).unwrap_or(u64::MAX);
    let gateway = context.open_gateway()?;
    let progress = context.ui.progress(Some(total), "checking");
    let mut tried = 0;
    for customer in wanted {
        let asked = ask(&gateway.client, &customer.customer_uid);
        tried += 1;
        progress.advance(1);
        let stop = match asked {
            Ok(registered) => {
                let checked = record(&customer, &registered, &mut ledger, context)?;
                many.succeed(checked, context.ui)?;
                false
            }
            Err(failure) => many.fail(&not_checked(failure, &customer.customer_uid), context.ui).is_break(),
        };
        if stop {
            break;
        }
    }
    drop(progress);
    if tried < total {
        context.ui.note(&format!(
            "Stopped: {} of {} not checked.",
            total - tried,
            number_of(total, "customer")
        ));
    }
    let footer = match (many.succeeded(), number_of(total, "customer")) {
        (there, of) if there == total => format!("{of}, registered at the gateway"),
        (there, of) => format!("{there} of {of} registered at the gateway"),
    };
    many.write_list(&footer, context.ui)?;
    Ok(many.exit())
}

/// A failure says whom it is about: one that is no answer does not by itself.
fn not_checked(failure: Failure, uid: &CustomerUid) -> Failure {
    if failure.kind == Kind::NotFound {
        return failure;
    }
    Failure { message: format!("{} {uid} was not checked.", sentence(&failure.message)), ..failure }
}

/// The customers asked for, each once; one that is not in the ledger is reported.
fn named(
    uids: &[CustomerUid],
    ledger: &Ledger,
    many: &mut Many,
    context: &mut Context<'_>,
) -> Result<Vec<Customer>, Failure> {
    let mut found: Vec<Customer> = Vec::new();
    for uid in uids {
        if found.iter().any(|customer| customer.customer_uid == *uid) {
            continue;
        }
        match ledger.find_customer(uid)? {
            Some(customer) => found.push(customer),
            // The others are still to be checked, and nothing was asked of the gateway yet.
            None => drop(many.fail(&unknown_customer(ledger, uid), context.ui)),
        }
    }
    Ok(found)
}

/// Takes over what the gateway says, and warns of what has changed.
fn record(
    before: &Customer,
    registered: &Registered,
    ledger: &mut Ledger,
    context: &mut Context<'_>,
) -> Result<Customer, Failure> {
    let (settings, now) = (context.settings, context.now());
    let customer = Customer {
        card: registered.card.clone(),
        mode: mode_of(&registered.card, before.mode, settings.mode),
        checked_at: Some(now),
        ..before.clone()
    };
    ledger.record_check(&customer.customer_uid, &customer.card, now)?;
    if customer.mode != before.mode && customer.removed_at.is_none() {
        // Rare: the card was registered again through a channel of the other world.
        ledger.save_customer(&customer)?;
    }
    for warning in warnings(Some(&before.card), &customer, &settings.profile, settings.mode) {
        context.ui.warning(&warning);
    }
    Ok(customer)
}
