//! The first charges of a batch's customers: whether the gateway charges them by itself as well (facts 16). One
//! question is asked for all of them, whatever the number of rows.

use std::collections::HashSet;

use jiff::Timestamp;

use crate::commands::batch::charges::Charges;
use crate::commands::batch::fate::Fate;
use crate::commands::batch::row::CUSTOMER_UID;
use crate::commands::context::Context;
use crate::commands::schedules::{self, Asked};
use crate::domain::ids::CustomerUid;
use crate::domain::left::Schedule;
use crate::gateway::{Ahead, ReadAhead};
use crate::ledger::{Ledger, LedgerError};

/// Whether a row that goes out is the first charge of its customer.
pub(super) fn has_first(charges: &Charges, fates: &[Fate], ledger: &Ledger) -> Result<bool, LedgerError> {
    let mut last = "";
    for (row, fate) in charges.rows.all().zip(fates) {
        let customer = charges.rows.cells(row)[CUSTOMER_UID];
        if *fate != Fate::Send || customer == last {
            continue;
        }
        last = customer;
        if let Ok(uid) = CustomerUid::parse(customer)
            && !ledger.has_charged(&uid, None)?
        {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Warns of what the gateway has shown, once the rows are through; `asked_at` is when they began.
pub(super) fn told(
    (asked, asked_at): (Asked, Timestamp),
    charges: &Charges,
    context: &mut Context<'_>,
    ledger: &mut Ledger,
) {
    let Some(read) = asked.end(context) else { return };
    // The batch is over: what cannot be kept is told all the same.
    let _ = schedules::keep(context, ledger, None, &read);
    tell(charges, (read, asked_at), context, ledger);
}

/// The same before a person is asked, who takes longer than the gateway.
pub(super) fn warn(charges: &Charges, context: &mut Context<'_>, ledger: &Ledger) {
    let Ok(gateway) = context.open_gateway() else { return };
    let read = {
        let _wait = context.ui.waiting("asking the gateway for scheduled payments");
        let now_s = gateway.client.now_s().unwrap_or_else(|| context.now().as_second());
        gateway.client.schedules(None, now_s, Ahead::Soon)
    };
    // Without an answer the batch goes on.
    if let Ok(read) = read {
        let now = context.now();
        tell(charges, (read, now), context, ledger);
    }
}

/// Tells those of customers that the file charges and of whom nothing was charged before.
fn tell(
    charges: &Charges,
    (read, until): (ReadAhead, Timestamp),
    context: &mut Context<'_>,
    ledger: &Ledger,
) {
    let mut scheduled: HashSet<&str> =
        read.schedules.iter().filter_map(|schedule| schedule.customer_uid.as_deref()).collect();
    let in_file: HashSet<&str> = charges
        .rows
        .all()
        .map(|row| charges.rows.cells(row)[CUSTOMER_UID])
        .filter(|customer| scheduled.contains(customer))
        .collect();
    scheduled.retain(|customer| {
        let first = |uid: CustomerUid| !ledger.has_charged(&uid, Some(until)).unwrap_or_default();
        in_file.contains(customer) && CustomerUid::parse(customer).is_ok_and(first)
    });
    let is_of_one =
        |schedule: &&Schedule| schedule.customer_uid.as_deref().is_some_and(|uid| scheduled.contains(uid));
    let of_first: Vec<Schedule> = read.schedules.iter().filter(is_of_one).cloned().collect();
    let left = schedules::unanswered(ledger, of_first).unwrap_or_default();
    if let Some(sentence) = schedules::sentence(context, &left) {
        context.ui.warning(&sentence);
    }
}
