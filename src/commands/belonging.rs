//! What a ledger lets go: nothing with a key that may be another account's, and nothing before the wait of a
//! ledger that is older than it was is over.

use crate::billing::account::{Belonging, belonging};
use crate::billing::request::{Hold, Leave};
use crate::commands::context::{Context, Gateway};
use crate::domain::reason::Reason;
use crate::domain::standing::{Account, Distrust, Doubt, Refusal, Standing, may_send};
use crate::domain::time::{SendMark, later};
use crate::failure::Failure;
use crate::ledger::{Ledger, LedgerError};

/// Checks the key, and asks the ledger what it lets go.
pub(in crate::commands) fn leave(
    context: &Context<'_>,
    ledger: &mut Ledger,
    gateway: &Gateway,
) -> Result<Leave, Failure> {
    if let Some(account) = check(context, ledger, gateway)? {
        ledger.adopt(&account, context.now())?;
    }
    let mut standing = ledger.standing()?;
    if let Some(now) = time_of(context, &standing, gateway) {
        ledger.anchor_distrust(&now)?;
        standing = ledger.standing()?;
    }
    Ok(by(context, &standing, gateway))
}

/// Takes the key in use for the ledger's own where the gateway shows that it is, for a run that only asks. Where it
/// does not, what the key shows is read all the same, and what it does not show says nothing.
pub(in crate::commands) fn recognise(
    context: &Context<'_>,
    ledger: &mut Ledger,
    gateway: &Gateway,
) -> Result<(), LedgerError> {
    match belonging(ledger, &gateway.client)? {
        Belonging::Shown => ledger.adopt(&Account::of_key(gateway.client.account()), context.now()),
        Belonging::Ours | Belonging::NotShown | Belonging::Unasked(_) | Belonging::NoAnswer(_) => Ok(()),
    }
}

/// The same for a run that writes nothing: what it finds out is for it alone.
pub(in crate::commands) fn leave_unwritten(
    context: &Context<'_>,
    ledger: &Ledger,
    mut standing: Standing,
    gateway: &Gateway,
) -> Result<Leave, Failure> {
    standing.accounts.extend(check(context, ledger, gateway)?);
    if let Some(now) = time_of(context, &standing, gateway)
        && let Some(distrust) = &mut standing.distrusted
        && let Some(since) = distrust.since.anchored(&now)
    {
        distrust.since = since;
    }
    Ok(by(context, &standing, gateway))
}

/// The time on every clock, where a wait has to be measured: the gateway's measures one that began on another
/// machine. Without an answer it does not end.
fn time_of(context: &Context<'_>, standing: &Standing, gateway: &Gateway) -> Option<SendMark> {
    let _ = standing.distrusted.as_ref()?;
    let _ = gateway.client.token(false);
    let now = context.clock.now();
    Some(SendMark { wall: now.wall, boot: now.boot, gateway_s: gateway.client.now_s() })
}

fn by(context: &Context<'_>, standing: &Standing, gateway: &Gateway) -> Leave {
    // The sandbox's book is lost on purpose, to begin anew.
    let lost = |distrust: &Distrust| distrust.why == Doubt::Lost;
    if context.settings.sandbox() && standing.distrusted.as_ref().is_some_and(lost) {
        return Leave::default();
    }
    let now = context.clock.now();
    let since = standing.distrusted.as_ref().map(|distrust| &distrust.since);
    let age = since.map(|since| since.age(&now, gateway.client.now_s())).unwrap_or_default();
    let account = Account::of_key(gateway.client.account());
    let hold = match may_send(standing, &account, age, context.settings.settle_after) {
        Ok(()) => None,
        Err(Refusal::Waiting { left }) => {
            Some(Hold { why: Reason::LedgerWaits, until: Some(later(now.wall, left)) })
        }
        // `check` has just let this account through; another process may have changed that meanwhile.
        Err(Refusal::OtherAccount) => Some(Hold { why: Reason::OtherAccount, until: None }),
    };
    Leave { unasked: standing.unasked_until(now.wall).is_some(), hold, ..Leave::default() }
}

/// Goes on with the ledger's own key, or with one that shows what the ledger holds: that one is the account which
/// the ledger is to know from now on.
fn check(context: &Context<'_>, ledger: &Ledger, gateway: &Gateway) -> Result<Option<Account>, Failure> {
    let path = ledger.path().display().to_string();
    let unanswered = |why: &str| {
        let message = format!(
            "the API key is another than the ledger {path} was begun with, and the gateway did not say whether it \
             is the same account: {why}"
        );
        Failure::network(message).hinted("run the same command again")
    };
    let failure = match belonging(ledger, &gateway.client)? {
        Belonging::Ours => return Ok(None),
        Belonging::Shown => return Ok(Some(Account::of_key(gateway.client.account()))),
        Belonging::NotShown => Failure::refused(format!(
            "the API key is another than the ledger {path} was begun with, and shows no payment of it: it may be \
             another account's"
        ))
        .hinted("if it is another account: give its profile a ledger of its own (`database` in the config)")
        .hinted(format!("if it is the same one: {}", context.hint("ledger accept --reason \"...\""))),
        Belonging::Unasked(failure) => Failure::from(failure),
        Belonging::NoAnswer(reason) => unanswered(&reason.to_string()),
    };
    Err(failure)
}
