//! From the command line to a checked charge. Nothing is read, written or sent here.

use std::sync::Arc;

use jiff::Timestamp;
use ring::rand::{SecureRandom, SystemRandom};

use crate::billing::request::Charge;
use crate::commands::charge::ChargeArgs;
use crate::commands::limits::{LOCK_WAIT_MORE, OverLimit, check_limits, guards};
use crate::domain::charge::{ChargeRequest, Field, check_text};
use crate::domain::ids::{CustomerUid, MerchantUid};
use crate::domain::money::{Amount, Currency};
use crate::domain::payment::Terms;
use crate::domain::period::Period;
use crate::failure::Failure;
use crate::settings::Settings;

/// The charge as asked for, with every rule checked that needs no ledger and no gateway.
pub(super) fn order(
    args: &ChargeArgs,
    settings: &Settings,
    now: Timestamp,
    interactive: bool,
) -> Result<Charge, Failure> {
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
    }
    .composed();
    request.check()?;
    check_text(Field::Note, args.note.as_deref(), 500)?;
    check_limits(&settings.limits, amount).map_err(|over| over_limit(over, settings, amount))?;
    Ok(Charge {
        request: Arc::new(request),
        retry: args.retry,
        guards: guards(args.allow_similar, settings, amount, now),
        settle_after: settings.settle_after,
        lock_wait_max: settings.timeout.saturating_add(LOCK_WAIT_MORE),
        note: args.note.clone(),
        operator: settings.operator.clone(),
    })
}

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

fn over_limit(over: OverLimit, settings: &Settings, amount: Amount) -> Failure {
    let profile = &settings.profile;
    match over {
        OverLimit::OtherCurrency { limit, max } => {
            let (key, currency) = (limit.key(), max.currency());
            Failure::refused(format!(
                "the limit {key} of the profile {profile} is in {currency}, and cannot be held against {amount}"
            ))
            .hinted("charge other currencies with a profile that has no limits")
        }
        OverLimit::OneCharge { max } => Failure::refused(format!(
            "{amount} is over the limit of {max} for one charge (max_amount of the profile {profile})"
        )),
    }
}
