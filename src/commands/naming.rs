//! Which order and which customer a text means: what is known comes before how it is spelled, and what is
//! not known has to be spelled right (contract, rule 12).

use crate::commands::pasted::command_of;
use crate::domain::ids::{CustomerUid, MerchantUid};
use crate::failure::Failure;
use crate::ledger::{Create, Ledger, LedgerError};
use crate::settings::Settings;

/// The ledger for a look at what is known; `None` where there is none yet.
pub(in crate::commands) fn known_there(settings: &Settings) -> Result<Option<Ledger>, Failure> {
    match Ledger::open_at(&settings.database, Create::Never) {
        Ok(opened) => Ok(Some(opened.ledger)),
        Err(error) if error.is_missing() => Ok(None),
        // The sandbox's book is lost on purpose, and begins anew.
        Err(LedgerError::Lost { .. }) if settings.sandbox() => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// The order that a text means: the one that is known, however it is spelled. One that nobody knows yet is
/// spelled right, or refused.
pub(in crate::commands) fn order_meant(text: &str, ledger: Option<&Ledger>) -> Result<MerchantUid, Failure> {
    let mut known = match ledger {
        Some(ledger) => ledger.orders_spelled(text)?,
        None => Vec::new(),
    };
    match (known.pop(), known.is_empty()) {
        (Some(only), true) => Ok(only),
        (Some(last), false) => {
            known.push(last);
            Err(alike("merchant_uid", "orders", known.iter().map(MerchantUid::as_str)))
        }
        (None, _) => Ok(MerchantUid::parse_new(text)?),
    }
}

/// The customer that a text means: the one that is saved or was charged, however it is spelled, else the text.
/// A new one is spelled as it likes here, because the gateway may know it so; see [`customer_to_charge`].
pub(in crate::commands) fn customer_meant(
    text: &str,
    ledger: Option<&Ledger>,
) -> Result<CustomerUid, Failure> {
    Ok(match known_customer(text, ledger)? {
        Some(known) => known,
        None => CustomerUid::parse(text)?,
    })
}

/// The same for a customer that is to be charged: a new one is spelled right, or refused. The gateway is not
/// asked here: who is spelled otherwise there is saved first, with [`save_as_given`].
pub(in crate::commands) fn customer_to_charge(
    text: &str,
    ledger: Option<&Ledger>,
) -> Result<CustomerUid, Failure> {
    match known_customer(text, ledger)? {
        Some(known) => Ok(known),
        None => Ok(CustomerUid::parse_new(text)?),
    }
}

/// What to do where a customer is not spelled right here and the gateway knows it so.
pub(in crate::commands) fn save_as_given(text: &str, settings: &Settings) -> Option<String> {
    let given = CustomerUid::parse(text).ok()?;
    let save = command_of(settings, "customer add", given.as_str());
    CustomerUid::parse_new(text)
        .is_err()
        .then(|| format!("if the gateway knows it as it is, save it first: {save}"))
}

fn known_customer(text: &str, ledger: Option<&Ledger>) -> Result<Option<CustomerUid>, Failure> {
    let Some(ledger) = ledger else { return Ok(None) };
    let mut known = ledger.customers_spelled(text)?;
    match (known.pop(), known.is_empty()) {
        (Some(last), false) => {
            known.push(last);
            Err(alike("customer_uid", "customers", known.iter().map(CustomerUid::as_str)))
        }
        (only, _) => Ok(only),
    }
}

/// Looks at a customer that is to be charged and is not saved, where others are: a slip of the finger looks
/// like that. Gives a warning, or refuses where the one that was meant is near.
pub(in crate::commands) fn unsaved(
    uid: &CustomerUid,
    ledger: &Ledger,
    settings: &Settings,
) -> Result<Option<String>, Failure> {
    if ledger.find_customer(uid)?.is_some() || !ledger.has_customers()? {
        return Ok(None);
    }
    if !ledger.was_paid(uid)?
        && let Some(near) = ledger.near_customer(uid)?
    {
        let save = command_of(settings, "customer add", uid.as_str());
        let message = format!(
            "the customer {uid} is not saved and never paid here, and {near}, which is saved, is near"
        );
        return Err(Failure::refused(message).hinted(format!(
            "if {near} is meant, charge that; if {uid} is another customer, save it first: {save}"
        )));
    }
    Ok(Some(format!("the customer {uid} is not saved here")))
}

/// The PG that a customer's card is registered with, as far as the ledger or the profile tells.
pub(in crate::commands) fn pg_of(
    customer: &CustomerUid,
    ledger: Option<&Ledger>,
    settings: &Settings,
) -> Result<Option<String>, LedgerError> {
    let saved = ledger.map(|ledger| ledger.find_customer(customer)).transpose()?.flatten();
    let pg = saved.and_then(|customer| customer.card.pg_provider);
    Ok(pg.or_else(|| settings.pg_name().map(str::to_owned)))
}

/// One id that means several. They are shown letter by letter too: that is where they differ.
fn alike<'a>(field: &str, what: &str, known: impl Iterator<Item = &'a str>) -> Failure {
    let letter = |c: char| if c.is_ascii() { c.to_string() } else { c.escape_unicode().to_string() };
    let known: Vec<String> =
        known.map(|id| format!("{id} ({})", id.chars().map(letter).collect::<String>())).collect();
    let known = known.join(" and ");
    Failure::refused(format!("the {field} means more than one of the {what} that look the same: {known}"))
        .hinted("the ledger keeps them apart; charge under an id that is none of them")
}
