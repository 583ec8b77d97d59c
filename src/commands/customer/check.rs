//! `billkey customer check`: whether billing keys still exist.

use std::ops::Range;

use crate::commands::context::Context;
use crate::commands::customer::many::{Answer, Group, Many};
use crate::commands::customer::saving::{mode_of, warnings};
use crate::commands::customer::{CheckArgs, unknown_customer};
use crate::commands::naming::customer_meant;
use crate::domain::customer::{Card, Customer};
use crate::domain::ids::CustomerUid;
use crate::domain::words::number_of;
use crate::failure::{Exit, Failure, Kind};
use crate::ledger::Ledger;
use crate::output::text::sentence;

const AGAIN: &str = "What was learnt is kept; run the same command again: with --all it begins with those whose check is oldest.";

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
            context.ui.status(&format!("There are no customers in {}.", ledger.place()));
        }
        many.write_list("", &ledger, context.ui)?;
        return Ok(many.exit());
    }
    // A run that was stopped goes on where it was: with those whose check is oldest.
    let mut wanted = wanted;
    if args.all {
        wanted.sort_by_key(|customer| customer.checked_at);
    }
    let total = u64::try_from(wanted.len()).unwrap_or(u64::MAX);
    let gateway = context.open_gateway()?;
    let uids = |places: Range<usize>| {
        let some = wanted.get(places).unwrap_or_default();
        some.iter().map(|customer| Some(customer.customer_uid.clone())).collect()
    };
    many.ask(&gateway, (wanted.len(), &uids), "checking", context, &mut |group, many, context| {
        record(group, &wanted, many, &mut ledger, context)
    })?;
    many.tell_left(total, ("checked", AGAIN), context.ui);
    let footer = match (many.succeeded(), number_of(total, "customer")) {
        (there, of) if there == total => format!("{of}, registered at the gateway"),
        (there, of) => format!("{there} of {of} registered at the gateway"),
    };
    many.write_list(&footer, &ledger, context.ui)?;
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
            None => many.fail(&unknown_customer(ledger, uid, "customer check", context.settings), context.ui),
        }
    }
    Ok(found)
}

/// Takes over what the gateway says of a group together, tells of each in turn, and warns of what has changed.
fn record(
    group: Group,
    wanted: &[Customer],
    many: &mut Many,
    ledger: &mut Ledger,
    context: &mut Context<'_>,
) -> Result<(), Failure> {
    let (settings, now) = (context.settings, context.now());
    let checked = group.into_iter().filter_map(|(place, answer)| {
        let before = wanted.get(place)?;
        let checked = match answer {
            Answer::Registered(registered) => Ok(Customer {
                mode: mode_of(&registered.card, before.mode, settings.mode),
                card: registered.card,
                checked_at: Some(now),
                ..before.clone()
            }),
            Answer::Failed(failure) => Err(not_checked(failure, &before.customer_uid)),
            Answer::Unasked => return None,
        };
        Some((before, checked))
    });
    let checked: Vec<(&Customer, Result<Customer, Failure>)> = checked.collect();
    let there = checked.iter().filter_map(|(_, checked)| checked.as_ref().ok());
    let cards: Vec<(&CustomerUid, &Card)> =
        there.map(|customer| (&customer.customer_uid, &customer.card)).collect();
    ledger.record_checks(&cards, now)?;
    for (before, checked) in &checked {
        match checked {
            Ok(customer) => {
                if customer.mode != before.mode && customer.removed_at.is_none() {
                    // Rare: the card was registered again through a channel of the other world.
                    ledger.save_customer(customer)?;
                }
                for warning in warnings(Some(&before.card), customer, &settings.profile, settings.mode) {
                    context.ui.warning(&warning);
                }
                many.succeed(customer, context.ui)?;
            }
            Err(failure) => many.fail(failure, context.ui),
        }
    }
    Ok(())
}
