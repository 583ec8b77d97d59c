//! The payments under one order: what the gateway shows becomes what is kept, and what several of them come to
//! (contract, rule 11).

use jiff::Timestamp;

use crate::domain::card_number;
use crate::domain::money::Currency;
use crate::domain::payment::{GatewayRecord, Mode, Payment};
use crate::domain::record::{Held, Record};
use crate::domain::time::from_epoch_s;

impl Record {
    /// What the gateway shows, seen for the first time. `None` of one without an imp_uid: it has no name to be
    /// known by again.
    #[must_use]
    pub fn of(shown: &GatewayRecord, seen: Timestamp) -> Option<Record> {
        let imp_uid = shown.imp_uid.clone()?;
        let currency = Currency::parse(shown.currency_text.as_deref().unwrap_or(Currency::KRW.code())).ok();
        let time = |epoch_s: Option<i64>| epoch_s.and_then(from_epoch_s);
        let masked = |number: &String| card_number::masked_field(number).into_owned();
        Some(Record {
            imp_uid,
            merchant_uid: shown.merchant_uid.clone(),
            customer_uid: shown.customer_uid.clone(),
            status: shown.status.clone(),
            amount: currency.and_then(|currency| shown.amount_in(currency)),
            cancelled: currency.and_then(|currency| shown.cancelled_in(currency)),
            apply_num: shown.apply_num.clone(),
            card_name: shown.card_name.clone(),
            card_number: shown.card_number.as_ref().map(masked),
            pg_provider: shown.pg_provider.clone(),
            pg_tid: shown.pg_tid.clone(),
            receipt_url: shown.receipt_url.clone(),
            channel: shown.channel.clone(),
            usage: shown.customer_uid_usage.clone(),
            sandbox: shown.sandbox,
            fail_reason: shown.fail_reason.clone(),
            started_at: time(shown.started_at_s),
            paid_at: time(shown.paid_at_s),
            failed_at: time(shown.failed_at_s),
            cancelled_at: time(shown.cancelled_at_s),
            first_seen: seen,
            last_seen: seen,
            signed: None,
        })
    }
}

/// Several payments under one order hold money, and nobody has answered for them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Alarm<'a> {
    /// Two or more; the order's own first, if it is one of them.
    pub held: Vec<&'a Record>,
}

impl Payment {
    /// The payment that the order stands for, among those the gateway showed.
    #[must_use]
    pub fn own_record(&self) -> Option<&Record> {
        let own = self.imp_uid.as_deref()?;
        self.records.iter().find(|record| record.imp_uid == own)
    }

    /// Whether this is the payment that the order stands for.
    #[must_use]
    pub fn is_own(&self, record: &Record) -> bool {
        self.imp_uid.as_deref() == Some(record.imp_uid.as_str())
    }

    /// The payments under the order that an id means, by their imp_uids. An imp_uid means itself and an approval number
    /// the payment that has it; the order's own id the one that it stands for, and while two hold money (an alarm) each
    /// of them: whoever pays back must say which.
    #[must_use]
    pub fn meant_by(&self, id: &str) -> Vec<String> {
        if self.imp_uid.as_deref() == Some(id) || self.records.iter().any(|record| record.imp_uid == id) {
            return vec![id.to_owned()];
        }
        let own = || self.imp_uid.iter().cloned();
        if id != self.terms.merchant_uid.as_str() {
            let approved = self.records.iter().filter(|record| record.apply_num.as_deref() == Some(id));
            let mut approved: Vec<String> = approved.map(|record| record.imp_uid.clone()).collect();
            if self.apply_num.as_deref() == Some(id) {
                approved.extend(own().filter(|own| !approved.contains(own)).collect::<Vec<_>>());
            }
            if !approved.is_empty() {
                return approved;
            }
        }
        match self.alarm() {
            Some(alarm) => alarm.held.iter().map(|record| record.imp_uid.clone()).collect(),
            None => own().collect(),
        }
    }

    /// Further payments under the order that took money, refunded since or not, as they were first seen.
    pub fn others(&self) -> impl Iterator<Item = &Record> {
        self.records.iter().filter(|record| !self.is_own(record) && record.took_money())
    }

    /// Further payments under the order that hold money now.
    pub fn further(&self) -> impl Iterator<Item = (&Record, Held)> {
        let mode = self.terms.mode;
        let counts = move |record: &&Record| !self.is_own(record) && counts_for(mode, record);
        self.records.iter().filter(counts).filter_map(|record| Some((record, record.held()?)))
    }

    /// Whether a person has to look: two or more payments under the order hold money, until all but one are
    /// wholly refunded or acknowledged.
    #[must_use]
    pub fn alarm(&self) -> Option<Alarm<'_>> {
        let counts = |record: &&Record| record.signed.is_none() && counts_for(self.terms.mode, record);
        let mut held: Vec<&Record> = self.records.iter().filter(counts).collect();
        held.sort_by_key(|record| !self.is_own(record));
        (held.len() > 1).then_some(Alarm { held })
    }

    /// Live or test as the gateway's own flag says it of the payment; without one, as the profile said. The
    /// sandbox has no channels, and stays what it is.
    #[must_use]
    pub fn mode_shown(&self) -> Mode {
        match (self.terms.mode, self.sandbox) {
            (Mode::Live, Some(true)) => Mode::Test,
            (Mode::Test, Some(false)) => Mode::Live,
            (mode, _) => mode,
        }
    }
}

/// Whether a payment holds money that counts for an order of this mode: in a live one a test channel's does not.
fn counts_for(order: Mode, record: &Record) -> bool {
    record.held().is_some() && !(order == Mode::Live && record.sandbox == Some(true))
}

#[cfg(test)]
mod tests;
