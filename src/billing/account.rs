//! Whether the API key in use is of the account that a ledger belongs to (contract, rule 12).

use crate::domain::lookup::LookupReply;
use crate::domain::reason::Reason;
use crate::domain::standing::Account;
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
    let account = Account::of_key(gateway.account());
    if ledger.standing()?.belongs_to(&account) {
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
