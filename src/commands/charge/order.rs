//! From the command line to a checked charge. Nothing is read, written or sent here.

use std::sync::Arc;
use std::time::Duration;

use jiff::{Timestamp, ToSpan};
use ring::rand::{SecureRandom, SystemRandom};

use crate::billing::order::Order;
use crate::commands::charge::ChargeArgs;
use crate::domain::charge::{ChargeRequest, Field, check_text};
use crate::domain::ids::{CustomerUid, MerchantUid};
use crate::domain::money::{Amount, Currency};
use crate::domain::payment::Terms;
use crate::domain::period::Period;
use crate::domain::time::later;
use crate::failure::Failure;
use crate::ledger::{DailyLimit, Guards};
use crate::settings::Settings;

/// The charge as asked for, with every rule checked that needs no ledger and no gateway.
pub(super) fn order(
    args: &ChargeArgs,
    settings: &Settings,
    now: Timestamp,
    interactive: bool,
) -> Result<Order, Failure> {
    let currency = Currency::parse(&args.currency)?;
    let amount = Amount::parse(&args.amount, currency)?;
    let part =
        |text: &Option<String>| text.as_deref().map(|text| Amount::parse_or_zero(text, currency)).transpose();
    let customer_uid = CustomerUid::parse(&args.customer_uid)?;
    let merchant_uid = merchant_uid(args, settings, &customer_uid, now, interactive)?;
    let request = ChargeRequest {
        terms: Terms { merchant_uid, customer_uid, amount, mode: settings.mode },
        name: args.name.clone(),
        tax_free: part(&args.tax_free)?,
        vat_amount: part(&args.vat)?,
        card_quota: args.quota.filter(|months| *months != 0),
        buyer_name: args.buyer_name.clone(),
        buyer_email: args.buyer_email.clone(),
        buyer_tel: args.buyer_tel.clone(),
        custom_data: args.custom_data.clone(),
        notice_url: args.notice_url.clone(),
        product_type: args.product_type,
        channel_key: args.channel_key.clone(),
        bypass: args.bypass.clone(),
    };
    request.check()?;
    check_text(Field::Note, args.note.as_deref(), 500)?;
    check_limits(settings, amount)?;
    Ok(Order {
        request: Arc::new(request),
        retry: args.retry,
        guards: guards(args.allow_similar, settings, amount, now),
        settle_after: settings.settle_after,
        lock_wait_max: settings.timeout.saturating_add(LOCK_WAIT_MORE),
        note: args.note.clone(),
        operator: settings.operator.clone(),
    })
}

/// Another process may have just begun to wait for its answer; what it does then takes a moment.
pub(in crate::commands) const LOCK_WAIT_MORE: Duration = Duration::from_secs(2);

fn merchant_uid(
    args: &ChargeArgs,
    settings: &Settings,
    customer: &CustomerUid,
    now: Timestamp,
    interactive: bool,
) -> Result<MerchantUid, Failure> {
    if let Some(id) = &args.merchant_uid {
        return Ok(MerchantUid::parse(id)?);
    }
    let local = now.to_zoned_datetime(settings.zone.clone());
    if let Some(period) = &args.once_per {
        let period = Period::parse(period, local.date())?;
        let plan = args.plan.as_deref().unwrap_or("");
        return period
            .merchant_uid(&settings.profile, customer, plan)
            .ok_or_else(|| Failure::local("no order id could be made from the period"));
    }
    if !interactive {
        return Err(Failure::usage("an order id is needed here, where nobody can be shown one")
            .hinted("give --merchant-uid ID, or --once-per PERIOD to charge once a period"));
    }
    // Letters and digits only: some PGs take nothing else (facts 2.7).
    let mut random = [0; 8];
    SystemRandom::new()
        .fill(&mut random)
        .map_err(|_| Failure::local("the system gave no random bytes for an order id"))?;
    let tail: String = random.iter().map(|byte| format!("{byte:02x}")).collect();
    Ok(MerchantUid::parse(&format!("{}{tail}", local.strftime("%Y%m%d%H%M%S")))?)
}

/// A limit that cannot be held against an amount stops it: a limit that is silently not there is
/// worse than none.
pub(in crate::commands) fn check_limits(settings: &Settings, amount: Amount) -> Result<(), Failure> {
    let limits = [("max_amount", settings.limits.max_amount), ("daily_amount", settings.limits.daily_amount)];
    for (key, limit) in limits {
        let Some(limit) = limit else { continue };
        if limit.currency() != amount.currency() {
            return Err(Failure::refused(format!(
                "the limit {key} of the profile {} is in {}, and cannot be held against {amount}",
                settings.profile,
                limit.currency(),
            ))
            .hinted("charge other currencies with a profile that has no limits"));
        }
    }
    match settings.limits.max_amount {
        Some(max) if amount > max => Err(Failure::refused(format!(
            "{amount} is over the limit of {max} for one charge (max_amount of the profile {})",
            settings.profile,
        ))),
        Some(_) | None => Ok(()),
    }
}

/// What the ledger holds an intent against, at the moment it is written.
pub(in crate::commands) fn guards(
    allow_similar: bool,
    settings: &Settings,
    amount: Amount,
    now: Timestamp,
) -> Guards {
    let similar_since = settings.limits.similar_within.filter(|_| !allow_similar).map(|within| {
        now.checked_sub(jiff::SignedDuration::try_from(within).unwrap_or_default()).unwrap_or(now)
    });
    let daily = settings.limits.daily_amount.filter(|max| max.currency() == amount.currency()).map(|max| {
        let (from, to) = day_around(now, settings);
        DailyLimit { max, from, to }
    });
    Guards { similar_since, daily }
}

/// The merchant's day that `now` lies in.
fn day_around(now: Timestamp, settings: &Settings) -> (Timestamp, Timestamp) {
    let zoned = now.to_zoned_datetime(settings.zone.clone());
    let day = Duration::from_secs(86_400);
    let start = zoned.start_of_day().ok();
    let end = start.as_ref().and_then(|start| start.checked_add(1.day()).ok());
    let start = start.map_or(now, |start| start.timestamp());
    (start, end.map_or_else(|| later(start, day), |end| end.timestamp()))
}
