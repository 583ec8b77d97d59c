//! The ledger: what was asked, sent and answered, in SQLite.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::Timestamp;
use rusqlite::Connection;

use crate::domain::customer::{Card, Customer};
use crate::domain::ids::{CustomerUid, MerchantUid};
use crate::domain::payment::{Event, GatewayRecord, Outcome, Payment, Received};
use crate::domain::time::SendMark;

mod error;
mod filter;
mod intent;

pub use error::LedgerError;
pub use filter::{By, Filter, Totals};
pub use intent::{DailyLimit, Guards, Intent, IntentResult};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Create {
    IfMissing,
    Never,
}
#[derive(Clone, Debug)]
pub struct OpenOptions {
    pub create: Create,
    pub busy_timeout: Duration,
}
#[derive(Debug)]
pub struct PaymentLock {}
#[derive(Debug)]
pub struct Opened {
    pub ledger: Ledger,
    pub created: bool,
}
#[derive(Debug)]
#[allow(dead_code)]
pub struct Ledger {
    connection: Connection,
    path: PathBuf,
}

impl Ledger {
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }
    #[allow(unused_variables)]
    pub fn open_at(path: &Path, create: Create) -> Result<Opened, LedgerError> {
        Err(LedgerError::Missing { path: PathBuf::new() })
    }
    #[allow(unused_variables)]
    pub fn open_with(path: &Path, options: &OpenOptions) -> Result<Opened, LedgerError> {
        Err(LedgerError::Missing { path: PathBuf::new() })
    }
    #[allow(unused_variables)]
    pub fn lock_payment(&self, uid: &MerchantUid) -> Result<Option<PaymentLock>, LedgerError> {
        Err(LedgerError::Missing { path: PathBuf::new() })
    }
    #[allow(unused_variables)]
    pub fn find(&self, uid: &MerchantUid) -> Result<Option<Payment>, LedgerError> {
        Err(LedgerError::Missing { path: PathBuf::new() })
    }
    #[allow(unused_variables)]
    pub fn declined_imp_uids(&self, uid: &MerchantUid) -> Result<Vec<String>, LedgerError> {
        Err(LedgerError::Missing { path: PathBuf::new() })
    }
    #[allow(unused_variables)]
    pub fn record_intent(&mut self, intent: &Intent<'_>) -> Result<IntentResult, LedgerError> {
        Err(LedgerError::Missing { path: PathBuf::new() })
    }
    #[allow(unused_variables)]
    pub fn record_resend(
        &mut self,
        uid: &MerchantUid,
        at: Timestamp,
        mark: &SendMark,
        refused: &Received,
    ) -> Result<(), LedgerError> {
        Err(LedgerError::Missing { path: PathBuf::new() })
    }
    #[allow(unused_variables)]
    pub fn record_answer(
        &mut self,
        uid: &MerchantUid,
        at: Timestamp,
        outcome: Outcome,
        reply: &Received,
        record: Option<&GatewayRecord>,
        message: Option<&str>,
    ) -> Result<Payment, LedgerError> {
        Err(LedgerError::Missing { path: PathBuf::new() })
    }
    #[allow(unused_variables)]
    pub fn record_lookup(
        &mut self,
        uid: &MerchantUid,
        at: Timestamp,
        outcome: Outcome,
        reply: &Received,
        record: Option<&GatewayRecord>,
        message: Option<&str>,
    ) -> Result<Payment, LedgerError> {
        Err(LedgerError::Missing { path: PathBuf::new() })
    }
    #[allow(unused_variables)]
    pub fn record_not_sent(
        &mut self,
        uid: &MerchantUid,
        at: Timestamp,
        reason: &str,
        reply: &Received,
    ) -> Result<Payment, LedgerError> {
        Err(LedgerError::Missing { path: PathBuf::new() })
    }
    #[allow(unused_variables)]
    pub fn record_never_begun(&mut self, intent: &Intent<'_>, reason: &str) -> Result<Payment, LedgerError> {
        Err(LedgerError::Missing { path: PathBuf::new() })
    }
    #[allow(unused_variables)]
    pub fn events(&self, uid: &MerchantUid) -> Result<Vec<Event>, LedgerError> {
        Err(LedgerError::Missing { path: PathBuf::new() })
    }
    #[allow(unused_variables)]
    pub fn find_any(&self, id: &str) -> Result<Option<Payment>, LedgerError> {
        Err(LedgerError::Missing { path: PathBuf::new() })
    }
    #[allow(unused_variables)]
    pub fn unsettled(&self) -> Result<Vec<Payment>, LedgerError> {
        Err(LedgerError::Missing { path: PathBuf::new() })
    }
    #[allow(unused_variables)]
    pub fn visit(
        &self,
        filter: &Filter,
        each: &mut dyn FnMut(Payment) -> ControlFlow<()>,
    ) -> Result<(), LedgerError> {
        Err(LedgerError::Missing { path: PathBuf::new() })
    }
    #[allow(unused_variables)]
    pub fn totals(&self, filter: &Filter) -> Result<Totals, LedgerError> {
        Err(LedgerError::Missing { path: PathBuf::new() })
    }
    #[allow(unused_variables)]
    pub fn save_customer(&mut self, customer: &Customer) -> Result<(), LedgerError> {
        Err(LedgerError::Missing { path: PathBuf::new() })
    }
    #[allow(unused_variables)]
    pub fn find_customer(&self, uid: &CustomerUid) -> Result<Option<Customer>, LedgerError> {
        Err(LedgerError::Missing { path: PathBuf::new() })
    }
    #[allow(unused_variables)]
    pub fn customers(&self, text: Option<&str>, removed: bool) -> Result<Vec<Customer>, LedgerError> {
        Err(LedgerError::Missing { path: PathBuf::new() })
    }
    #[allow(unused_variables)]
    pub fn record_check(&mut self, uid: &CustomerUid, card: &Card, at: Timestamp) -> Result<(), LedgerError> {
        Err(LedgerError::Missing { path: PathBuf::new() })
    }
    #[allow(unused_variables)]
    pub fn remove_customer(&mut self, uid: &CustomerUid, at: Timestamp) -> Result<bool, LedgerError> {
        Err(LedgerError::Missing { path: PathBuf::new() })
    }
    #[allow(unused_variables)]
    pub fn customer_totals(&self, uid: &CustomerUid) -> Result<Totals, LedgerError> {
        Err(LedgerError::Missing { path: PathBuf::new() })
    }
}
