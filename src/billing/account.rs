//! Whether the API key in use is of the account that a ledger belongs to (contract, rule 12).

use jiff::Timestamp;

use crate::domain::lookup::LookupReply;
use crate::domain::reason::Reason;
use crate::domain::standing::Account;
use crate::gateway::{Client, TokenFailure};
use crate::ledger::{Ledger, LedgerError};

/// Whose key it is.
#[derive(Debug)]
pub enum Belonging {
    /// The ledger's, or shown just now to be the same account's: it is the ledger's from now on.
    Ours,
    /// It does not show the newest paid payment of the ledger, or there is none to ask for.
    NotShown,
    /// There was no token to ask with.
    Unasked(TokenFailure),
    NoAnswer(Reason),
}

/// A key that the ledger does not know is put to the test with one question: the newest payment that was paid.
/// Another account cannot see that one.
pub fn belonging(ledger: &mut Ledger, gateway: &Client, at: Timestamp) -> Result<Belonging, LedgerError> {
    let account = Account::of_key(gateway.account());
    let known = ledger.standing()?.belongs_to(&account);
    let belonging = would_belong(ledger, gateway)?;
    if matches!(belonging, Belonging::Ours) && !known {
        ledger.adopt(&account, at)?;
    }
    Ok(belonging)
}

/// The same for a run that writes nothing.
pub fn would_belong(ledger: &Ledger, gateway: &Client) -> Result<Belonging, LedgerError> {
    if ledger.standing()?.belongs_to(&Account::of_key(gateway.account())) {
        return Ok(Belonging::Ours);
    }
    let Some(paid) = ledger.last_paid()? else { return Ok(Belonging::NotShown) };
    if let Err(failure) = gateway.token(false) {
        return Ok(Belonging::Unasked(failure));
    }
    match gateway.look_up(&paid.terms.merchant_uid) {
        LookupReply::Records { records, .. } => {
            let shown =
                records.iter().any(|record| record.imp_uid.is_some() && record.imp_uid == paid.imp_uid);
            Ok(if shown { Belonging::Ours } else { Belonging::NotShown })
        }
        LookupReply::NotFound { .. } => Ok(Belonging::NotShown),
        LookupReply::NoAnswer { reason, .. } => Ok(Belonging::NoAnswer(reason)),
    }
}
