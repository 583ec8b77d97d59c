//! Charges that the gateway is going to make by itself: two engines for one period charge twice (facts 16).

use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use jiff::Timestamp;

use crate::commands::context::Context;
use crate::commands::pasted::command_line;
use crate::domain::ids::CustomerUid;
use crate::domain::left::Schedule;
use crate::domain::money::{Amount, Currency};
use crate::domain::record::Signed;
use crate::domain::words::number_of;
use crate::failure::Failure;
use crate::gateway::{Ahead, Client, GatewayFailure, ReadAhead};
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
    ahead: Ahead,
) -> Result<Result<Vec<Schedule>, GatewayFailure>, Failure> {
    let now_s = client.now_s().unwrap_or_else(|| context.now().as_second());
    let read = match client.schedules(customer, now_s, ahead) {
        Ok(read) => read,
        Err(failure) => return Ok(Err(failure)),
    };
    keep(context, ledger, customer, &read)?;
    Ok(Ok(unanswered(ledger, read.schedules)?))
}

/// Keeps what was read by whoever asked.
pub(in crate::commands) fn keep(
    context: &Context<'_>,
    ledger: &mut Ledger,
    customer: Option<&CustomerUid>,
    read: &ReadAhead,
) -> Result<(), Failure> {
    let looked = LookedAhead { customer: customer.cloned(), to_s: read.to_s };
    Ok(ledger.keep_schedules(&read.schedules, &looked, context.now())?)
}

/// How long a run that is over waits for an answer that is on its way, in steps.
const PATIENCE: (u32, Duration) = (40, Duration::from_millis(5));

/// A question that is asked while requests are out: it costs them no time, and stops nothing.
pub(in crate::commands) struct Asked(JoinHandle<Option<ReadAhead>>);

impl Asked {
    /// Of one customer or of all, for the next three months.
    pub(in crate::commands) fn begin(
        client: &Arc<Client>,
        customer: Option<&CustomerUid>,
        now: Timestamp,
    ) -> Asked {
        let (client, uid) = (Arc::clone(client), customer.cloned());
        Asked(thread::spawn(move || {
            let now_s = client.now_s().unwrap_or_else(|| now.as_second());
            client.schedules(uid.as_ref(), now_s, Ahead::Soon).ok()
        }))
    }

    /// The answer, where there is one. Nobody waits long for one that is late.
    pub(in crate::commands) fn end(self, context: &Context<'_>) -> Option<ReadAhead> {
        let (steps, step) = PATIENCE;
        for _ in 0..steps {
            if self.0.is_finished() {
                break;
            }
            context.clock.sleep(step);
        }
        if self.0.is_finished() { self.0.join().ok().flatten() } else { None }
    }
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

/// What is known of a customer's scheduled payments.
pub(in crate::commands) struct OfCustomer {
    /// Each with who has answered for it, the next one first.
    pub schedules: Vec<(Schedule, Option<Signed>)>,
    /// Everything that is due before this was read now; `None` where there was no answer, and these are what was seen
    /// last.
    pub until: Option<Timestamp>,
}

/// Asks for a customer's, where the gateway is at hand, and keeps them. Without an answer what was seen last is what
/// there is.
pub(in crate::commands) fn of_customer(
    context: &mut Context<'_>,
    ledger: &mut Ledger,
    customer: &CustomerUid,
) -> Result<OfCustomer, Failure> {
    let asked = match context.open_gateway() {
        Ok(gateway) => {
            let _waiting = context.ui.waiting("asking the gateway for scheduled payments");
            let now_s = gateway.client.now_s().unwrap_or_else(|| context.now().as_second());
            let read = gateway.client.schedules(Some(customer), now_s, Ahead::Far).ok();
            if let Some(read) = &read {
                // Whoever may not write the ledger is told all the same.
                let _ = keep(context, ledger, Some(customer), read);
            }
            read
        }
        // Without a key the ledger can be read all the same.
        Err(_) => None,
    };
    let until = asked.as_ref().and_then(|read| Timestamp::from_second(read.to_s).ok());
    let mut schedules = Vec::new();
    match asked {
        Some(read) => {
            for schedule in read.schedules {
                let signed = ledger.answer_for(&schedule.id())?;
                schedules.push((schedule, signed));
            }
        }
        None => {
            let of_customer =
                |schedule: &Schedule| schedule.customer_uid.as_deref() == Some(customer.as_str());
            let known = ledger.schedules_left()?.into_iter();
            schedules
                .extend(known.filter(|kept| of_customer(&kept.what)).map(|kept| (kept.what, kept.signed)));
        }
    }
    schedules.sort_by_key(|(schedule, _)| schedule.at);
    Ok(OfCustomer { schedules, until })
}

/// Warns of those that nobody has answered for.
pub(in crate::commands) fn warn(context: &mut Context<'_>, known: &OfCustomer) {
    let left = known.schedules.iter().filter(|(_, signed)| signed.is_none());
    let left: Vec<Schedule> = left.map(|(schedule, _)| schedule.clone()).collect();
    if let Some(sentence) = sentence(context, &left) {
        context.ui.warning(&sentence);
    }
}
