//! What a ledger lets go: nothing with a key that may be another account's (contract, rule 12), and nothing
//! before the wait of a ledger that is older than it was is over (contract, rule 9).

use std::time::Duration;

use crate::billing::request::{Hold, Leave};
use crate::domain::lookup::LookupReply;
use crate::domain::reason::Reason;
use crate::domain::standing::{Account, Refusal, Standing, may_send};
use crate::domain::time::{Clock, SendMark, later};
use crate::gateway::{Client, TokenFailure};
use crate::ledger::{Ledger, LedgerError};

/// Whose key it is.
#[derive(Debug)]
pub enum Belonging {
    /// The ledger's.
    Ours,
    /// Shown just now to be the same account's: the ledger is to take it for its own.
    Shown,
    /// It does not show the newest paid payment of the ledger, or there is none to ask for.
    NotShown,
    /// There was no token to ask with.
    Unasked(TokenFailure),
    NoAnswer(Reason),
}

/// A key that the ledger does not know is put to the test with one question: the newest payment that was paid.
/// Another account cannot see that one.
pub fn belonging(ledger: &Ledger, gateway: &Client) -> Result<Belonging, LedgerError> {
    if ledger.standing()?.belongs_to(&Account::of_key(gateway.account())) {
        return Ok(Belonging::Ours);
    }
    let Some(paid) = ledger.newest_paid(None)? else { return Ok(Belonging::NotShown) };
    if let Err(failure) = gateway.token(false) {
        return Ok(Belonging::Unasked(failure));
    }
    match gateway.look_up(&paid.terms.merchant_uid) {
        LookupReply::Records { records, .. } => {
            let shown =
                records.iter().any(|record| record.imp_uid.is_some() && record.imp_uid == paid.imp_uid);
            Ok(if shown { Belonging::Shown } else { Belonging::NotShown })
        }
        LookupReply::NotFound { .. } => Ok(Belonging::NotShown),
        LookupReply::NoAnswer { reason, .. } => Ok(Belonging::NoAnswer(reason)),
    }
}

/// Asks the ledger what it lets go with a key that is its own.
pub fn leave(
    ledger: &mut Ledger,
    gateway: &Client,
    clock: &dyn Clock,
    settle_after: Duration,
) -> Result<Leave, LedgerError> {
    let mut standing = ledger.standing()?;
    if let Some(now) = time_of(&standing, gateway, clock) {
        ledger.anchor_distrust(&now)?;
        standing = ledger.standing()?;
    }
    Ok(by(&standing, gateway, clock, settle_after))
}

/// The same for a run that writes nothing: what it finds out is for it alone.
#[must_use]
pub fn leave_unwritten(
    mut standing: Standing,
    gateway: &Client,
    clock: &dyn Clock,
    settle_after: Duration,
) -> Leave {
    if let Some(now) = time_of(&standing, gateway, clock)
        && let Some(distrust) = &mut standing.distrusted
        && let Some(since) = distrust.since.anchored(&now)
    {
        distrust.since = since;
    }
    by(&standing, gateway, clock, settle_after)
}

/// The time on every clock, where a wait has to be measured: the gateway's measures one that began on another
/// machine. Without an answer it does not end.
fn time_of(standing: &Standing, gateway: &Client, clock: &dyn Clock) -> Option<SendMark> {
    let _ = standing.distrusted.as_ref()?;
    let _ = gateway.token(false);
    let now = clock.now();
    Some(SendMark { wall: now.wall, boot: now.boot, gateway_s: gateway.now_s() })
}

fn by(standing: &Standing, gateway: &Client, clock: &dyn Clock, settle_after: Duration) -> Leave {
    let now = clock.now();
    let since = standing.distrusted.as_ref().map(|distrust| &distrust.since);
    let age = since.map(|since| since.age(&now, gateway.now_s())).unwrap_or_default();
    let account = Account::of_key(gateway.account());
    let hold = match may_send(standing, &account, age, settle_after) {
        Ok(()) => None,
        Err(Refusal::Waiting { left }) => {
            Some(Hold { why: Reason::LedgerWaits, until: Some(later(now.wall, left)) })
        }
        // The account was let through a moment ago; another process may have changed that meanwhile.
        Err(Refusal::OtherAccount) => Some(Hold { why: Reason::OtherAccount, until: None }),
    };
    Leave { unasked: standing.unasked_until(now.wall).is_some(), hold, ..Leave::default() }
}
