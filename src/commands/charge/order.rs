//! From the command line to a checked charge. The ledger is looked at for what the ids mean; nothing is
//! written or sent here.

use std::sync::Arc;

use jiff::Timestamp;
use jiff::civil::DateTime;
use ring::rand::{SecureRandom, SystemRandom};

use crate::billing::request::{BesideOthers, Charge, Leave};
use crate::commands::charge::ChargeArgs;
use crate::commands::limits::{LOCK_WAIT_MORE, OverLimit, check_limits, guards};
use crate::commands::naming::{customer_to_charge, order_meant, pg_of, save_as_given, unsaved};
use crate::commands::once_per::OncePer;
use crate::commands::pasted::charge_command_of;
use crate::domain::charge::{ChargeRequest, Field, check_text};
use crate::domain::ids::{CustomerUid, MerchantUid};
use crate::domain::money::{Amount, Currency};
use crate::domain::payment::{Outcome, Payment, Terms};
use crate::domain::tax::{Tax, TaxError};
use crate::domain::text::nfc_key;
use crate::domain::words::hex;
use crate::failure::{Failure, Kind};
use crate::ledger::Ledger;
use crate::output::text::when;
use crate::settings::Settings;

/// The amounts as asked for.
#[derive(Clone, Copy)]
pub(super) struct Amounts {
    amount: Amount,
    tax_free: Option<Amount>,
    vat: Option<Amount>,
}

/// What can be wrong before a ledger is looked for.
pub(super) fn amounts(args: &ChargeArgs, interactive: bool) -> Result<Amounts, Failure> {
    let currency = Currency::asked_for(&args.currency)?;
    let amount = Amount::parse(&args.amount, currency)?;
    let part =
        |text: &Option<String>| text.as_deref().map(|text| Amount::parse_or_zero(text, currency)).transpose();
    check_named(args, interactive)?;
    Ok(Amounts { amount, tax_free: part(&args.tax_free)?, vat: part(&args.vat)? })
}

/// The charge as asked for, with every rule checked that needs no gateway. `ledger` is `None` where there is none
/// yet.
pub(super) fn order(
    args: &ChargeArgs,
    amounts: Amounts,
    ledger: Option<&Ledger>,
    settings: &Settings,
    now: Timestamp,
) -> Result<Charge, Failure> {
    let amount = amounts.amount;
    let customer_uid =
        customer_to_charge(&args.customer_uid, ledger).map_err(|failure| {
            match save_as_given(&args.customer_uid, settings) {
                Some(hint) if failure.kind == Kind::Usage => failure.hinted(hint),
                Some(_) | None => failure,
            }
        })?;
    let merchant_uid = merchant_uid(args, settings, &customer_uid, ledger, now)?;
    // The order of a period may be named by its id as well.
    let known = ledger.map(|ledger| ledger.find(&merchant_uid)).transpose()?.flatten();
    let tax = tax(args, amounts, known.as_ref(), &customer_uid, ledger, settings)?;
    let request = ChargeRequest {
        terms: Terms { merchant_uid, customer_uid, amount, mode: settings.mode },
        name: args.name.clone(),
        tax_free: tax.tax_free,
        vat_amount: tax.vat_amount,
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
    if let Some(ledger) = ledger {
        check_known(args, &request.terms, ledger, settings)?;
    }
    let once_per = args.once_per.is_some() || known.as_ref().is_some_and(|row| row.once_per);
    check_limits(&settings.limits, amount).map_err(|over| over_limit(over, settings, amount))?;
    Ok(Charge {
        request: Arc::new(request),
        retry: args.retry,
        guards: guards(args.allow_similar, settings, amount, now),
        settle_after: settings.settle_after,
        lock_wait_max: settings.timeout.saturating_add(LOCK_WAIT_MORE),
        note: args.note.as_deref().map(nfc_key),
        operator: settings.operator.clone(),
        host: settings.host.clone(),
        known: None,
        beside: BesideOthers { once_per, allow_similar: args.allow_similar, passed: Vec::new() },
        leave: Leave::default(),
    })
}

/// The tax parts that go out: those of an earlier request that may have arrived, else what the profile makes of what
/// was given. What is only told again is not held to a profile of today.
fn tax(
    args: &ChargeArgs,
    amounts: Amounts,
    known: Option<&Payment>,
    customer: &CustomerUid,
    ledger: Option<&Ledger>,
    settings: &Settings,
) -> Result<Tax, Failure> {
    let given = Tax { tax_free: amounts.tax_free, vat_amount: amounts.vat };
    if let Some(kept) = known.and_then(Payment::tax_kept) {
        return Ok(kept);
    }
    let is_told_only = known.is_some_and(|row| match row.outcome {
        Outcome::Paid => true,
        Outcome::Declined | Outcome::Rejected => !args.retry,
        Outcome::Pending | Outcome::Unknown | Outcome::NotSent => false,
    });
    let Some(rule) = settings.tax.filter(|_| !is_told_only) else { return Ok(given) };
    let pg = pg_of(customer, ledger, settings)?;
    rule.parts(given, amounts.amount, pg.as_deref()).map_err(|error| {
        let how = match &error {
            TaxError::Needed { .. } => "give --tax-free AMOUNT, 0 where none of it is free of tax",
            TaxError::NotWhole { .. } => "leave --tax-free out",
            TaxError::VatOfNone { .. } => "leave --vat out",
            TaxError::NotTaken { .. } => "leave --tax-free and --vat out",
        };
        Failure::usage(error.to_string()).hinted(how)
    })
}

/// The order that is meant: the id that was given, the period's, or one that is made up for a person to see.
fn merchant_uid(
    args: &ChargeArgs,
    settings: &Settings,
    customer: &CustomerUid,
    ledger: Option<&Ledger>,
    now: Timestamp,
) -> Result<MerchantUid, Failure> {
    if let Some(id) = &args.merchant_uid {
        return order_meant(id, ledger);
    }
    if let Some(period) = &args.once_per {
        let plan = args.plan.as_deref().unwrap_or("");
        return OncePer::of(period, plan, settings, now)?.order(ledger, customer);
    }
    made_up(now.to_zoned_datetime(settings.zone.clone()).datetime())
}

/// Holds the charge against what is known of its customer.
fn check_known(
    args: &ChargeArgs,
    terms: &Terms,
    ledger: &Ledger,
    settings: &Settings,
) -> Result<(), Failure> {
    if args.merchant_uid.is_none() && args.once_per.is_none() {
        check_open(terms, ledger, settings)?;
    }
    // An order that is known is told as usual, whoever it is for.
    if ledger.outcomes(std::slice::from_ref(&terms.merchant_uid))? == [None] {
        unsaved(&terms.customer_uid, ledger, settings)?;
    }
    Ok(())
}

/// Without an id the same command would be another charge each time: one is made up only where a person sees
/// it before saying yes, and nothing is sent again by it alone.
fn check_named(args: &ChargeArgs, interactive: bool) -> Result<(), Failure> {
    let named = args.merchant_uid.is_some() || args.once_per.is_some();
    let how = "give --merchant-uid ID, or --once-per PERIOD to charge once a period";
    if named {
        return Ok(());
    }
    if args.retry {
        return Err(Failure::usage("--retry sends an order once more, and no order is named").hinted(how));
    }
    if args.yes || !interactive {
        return Err(Failure::usage("an order id is needed here, where nobody is shown one").hinted(how));
    }
    Ok(())
}

/// Letters and digits only: some PGs take nothing else (facts 2.7).
fn made_up(at: DateTime) -> Result<MerchantUid, Failure> {
    let mut random = [0; 8];
    SystemRandom::new()
        .fill(&mut random)
        .map_err(|_| Failure::local("the system gave no random bytes for an order id"))?;
    Ok(MerchantUid::parse(&format!("{}{}", at.strftime("%Y%m%d%H%M%S"), hex(&random)))?)
}

/// An open payment of the same customer and amount comes before a new order: nobody knows yet whether it
/// took money.
fn check_open(terms: &Terms, ledger: &Ledger, settings: &Settings) -> Result<(), Failure> {
    let open = ledger.open_beside(terms)?;
    let Some(payment) = open.first() else { return Ok(()) };
    let at = when(payment.requested_at, &settings.zone);
    let uid = &payment.terms.merchant_uid;
    Err(Failure::refused(format!(
        "{} may have paid {} already: {uid} of {at} is {}",
        terms.customer_uid, terms.amount, payment.outcome
    ))
    .hinted(format!(
        "this asks the gateway about it before anything is sent: {}",
        charge_command_of(settings, payment, &[])
    ))
    .hinted("to charge beside it, name the new order with --merchant-uid"))
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
