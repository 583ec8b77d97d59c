//! The rows of a file as charges.

use std::sync::Arc;

use crate::billing::request::{BesideOthers, Charge, Leave};
use crate::commands::batch::fate::{Fate, RowRefusal};
use crate::commands::batch::row::{AMOUNT, CURRENCY, CUSTOMER_UID, Row, Rows, Rules};
use crate::commands::limits::{LOCK_WAIT_MORE, Limit, OverLimit, check_limits, guards};
use crate::commands::retrying::Retrying;
use crate::domain::ids::MerchantUid;
use crate::domain::money::{Amount, Currency};
use crate::domain::payment::Payment;
use crate::domain::reason::Reason;
use crate::domain::time::Clock;
use crate::failure::Failure;
use crate::ledger::{DailyLimit, Ledger, LedgerError};
use crate::settings::Settings;

/// Everything that makes a row a charge. All threads share it.
pub(super) struct Charges {
    pub rows: Rows,
    pub rules: Rules,
    pub settings: Settings,
    pub clock: Arc<dyn Clock>,
    pub retry: bool,
    /// The rules that declined rows are held to; `None` where none are.
    pub retrying: Option<Retrying>,
    pub allow_similar: bool,
}

/// A row's payment, and whether it is the stored result of an earlier run.
pub(super) struct Shown {
    pub payment: Payment,
    pub replayed: bool,
    pub refused: Option<&'static str>,
}

impl Charges {
    fn read(&self, row: u32) -> Option<Row> {
        // Every row was read before and found good.
        self.rules.read(&self.rows.cells(row)).ok()
    }

    /// The charge of one row, with the guards of this moment.
    pub(super) fn order(&self, row: u32) -> Option<Charge> {
        let Row { request, note } = self.read(row)?;
        let guards = guards(self.allow_similar, &self.settings, request.terms.amount, self.clock.now().wall);
        Some(Charge {
            request: Arc::new(request),
            retry: self.retry,
            guards,
            settle_after: self.settings.settle_after,
            lock_wait_max: self.settings.timeout.saturating_add(LOCK_WAIT_MORE),
            note,
            operator: self.settings.operator.clone(),
            host: self.settings.host.clone(),
            known: None,
            beside: BesideOthers {
                once_per: self.rules.once_per.is_some(),
                allow_similar: self.allow_similar,
                passed: Vec::new(),
            },
            leave: Leave::default(),
        })
    }

    /// The order of a row.
    pub(super) fn uid(&self, row: u32) -> Option<MerchantUid> {
        Some(self.read(row)?.request.terms.merchant_uid)
    }

    pub(super) fn amount(&self, row: u32) -> Option<Amount> {
        let cells = self.rows.cells(row);
        let currency =
            if cells[CURRENCY].is_empty() { Currency::KRW } else { Currency::parse(cells[CURRENCY]).ok()? };
        Amount::parse(cells[AMOUNT], currency).ok()
    }

    /// Customer and amount: rows that agree in both look alike.
    pub(super) fn likeness(&self, row: u32) -> Option<(&str, Amount)> {
        Some((self.rows.cells(row)[CUSTOMER_UID], self.amount(row)?))
    }

    /// The profile's limit that stands in the way of an amount.
    pub(super) fn over_limit(&self, amount: Amount) -> Option<RowRefusal> {
        check_limits(&self.settings.limits, amount).err().map(|over| match over {
            OverLimit::OneCharge { .. } | OverLimit::OtherCurrency { limit: Limit::MaxAmount, .. } => {
                RowRefusal::MaxAmount
            }
            OverLimit::OtherCurrency { limit: Limit::DailyAmount, .. } => RowRefusal::DailyAmount,
        })
    }

    /// The most that may be charged today.
    pub(super) fn daily_limit(&self) -> Option<DailyLimit> {
        let none = Amount::from_minor(0, Currency::KRW);
        guards(self.allow_similar, &self.settings, none, self.clock.now().wall).daily
    }

    /// What there is to show of a row: what the ledger knows of it, or that nothing was sent.
    pub(super) fn shown(&self, row: u32, fate: Fate, ledger: Option<&Ledger>) -> Result<Shown, Failure> {
        let Some(Row { request, note }) = self.read(row) else {
            return Err(Failure::local(format!("line {} cannot be read again", self.rows.line(row))));
        };
        let beyond = fate.refused() == Some(RowRefusal::BeyondRules);
        let stored = match (fate.refused().filter(|_| !beyond), ledger) {
            // The ledger may know the merchant_uid for another charge, which is not this row's.
            (Some(_), _) | (None, None) => None,
            (None, Some(ledger)) => ledger.find(&request.terms.merchant_uid)?,
        };
        let reason = match (fate.refused(), fate) {
            (Some(why), _) => why.reason(),
            (None, Fate::NotTried) => Reason::BatchStopped,
            (None, Fate::PgStopped) => {
                let uid = &request.terms.customer_uid;
                let saved = ledger.map(|ledger| ledger.find_customer(uid)).transpose()?.flatten();
                let pg = saved.and_then(|saved| saved.card.pg_provider).unwrap_or_default();
                Reason::PgStopped { pg }
            }
            (None, _) => Reason::NothingSent,
        };
        let unsent = || {
            let operator = self.settings.operator.clone();
            let unsent = request.unsent(self.clock.now().wall, note.clone(), operator);
            let host = self.settings.host.clone();
            match fate.outcome_before() {
                // Found at the gateway by a run that writes nothing down.
                Some(outcome) => Payment { outcome, host, ..unsent },
                None => Payment { reason: Some(reason), host, ..unsent },
            }
        };
        let payment = stored.unwrap_or_else(unsent);
        let replayed = fate.is_replayed() || beyond;
        Ok(Shown { payment, replayed, refused: fate.refused().map(RowRefusal::word) })
    }

    /// What the ledger knows of a row.
    pub(super) fn stored(&self, row: u32, ledger: &Ledger) -> Result<Option<Payment>, LedgerError> {
        match self.read(row) {
            Some(Row { request, .. }) => ledger.find(&request.terms.merchant_uid),
            None => Ok(None),
        }
    }
}
