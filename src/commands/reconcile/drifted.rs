//! One thing in which ledger and gateway do not agree, as a reconciliation tells it.

use jiff::tz::TimeZone;
use serde::Serialize;
use serde_json::Number;

use crate::domain::drift::DriftKind;
use crate::domain::left::Found;
use crate::domain::money::Amount;
use crate::domain::payment::{GatewayRecord, Outcome, Payment};
use crate::domain::record::{Record, Signed};
use crate::output::text::{safe, sentence, when, when_rfc3339};

/// One disagreement.
pub(super) struct Drift {
    pub found: Found,
    /// The row as it was compared.
    pub payment: Option<Box<Payment>>,
    /// The ledger has followed the gateway since: nothing is left of it, and it is told this once.
    pub taken: bool,
    /// Who has answered for it.
    pub signed: Option<Signed>,
}

impl Drift {
    pub(super) fn new(found: Found, row: Option<&Payment>, taken: bool) -> Drift {
        Drift { found, payment: row.cloned().map(Box::new), taken, signed: None }
    }

    /// Whether the ledger keeps it until a later look. Two payments are an alarm, and that they and a refund which was
    /// undone are left is in the ledger's own records (contract, rule 11).
    pub(super) fn is_kept(&self) -> bool {
        let in_records = matches!(self.found.kind, DriftKind::TwoPayments | DriftKind::RefundUndone);
        !self.taken && !in_records && self.found.kind.is_left()
    }

    /// Whether a person has still to look at it.
    pub(super) fn is_left(&self) -> bool {
        self.found.kind.is_left() && self.signed.is_none()
    }

    /// What `--acknowledge` takes; `None` where nothing is left to answer for.
    pub(super) fn id(&self) -> Option<String> {
        if self.is_kept() {
            return Some(self.found.id());
        }
        let is_alarm = !self.taken && self.found.kind == DriftKind::TwoPayments;
        if is_alarm { self.found.imp_uid.clone() } else { None }
    }

    /// As a line for people.
    pub(super) fn line(&self, zone: &TimeZone) -> String {
        let Found { kind, merchant_uid, imp_uid, .. } = &self.found;
        let named = |id: &Option<String>| id.as_deref().map(|id| safe(id).into_owned());
        let order = named(merchant_uid).unwrap_or_else(|| "-".to_owned());
        let shown = named(imp_uid).map_or_else(String::new, |id| format!("  {id}"));
        let id = if self.is_kept() { format!("  {}", self.found.id()) } else { String::new() };
        format!("{order}  {}{shown}  {}{id}", kind.word(), self.why(zone))
    }

    /// Why, and who has answered for it.
    pub(super) fn why(&self, zone: &TimeZone) -> String {
        let why = sentence(&safe(&self.found.why));
        match &self.signed {
            None => why,
            Some(signed) => format!("{why} {}", acknowledged(signed, zone)),
        }
    }

    /// The same in a cell: as it was found, and behind it who has answered for it.
    pub(super) fn why_plain(&self, zone: &TimeZone) -> String {
        match &self.signed {
            None => self.found.why.clone(),
            Some(signed) => format!("{}. {}", self.found.why, acknowledged(signed, zone)),
        }
    }

    pub(super) fn object(&self, zone: &TimeZone) -> DriftObject<'_> {
        let found = &self.found;
        let number = |text: &Option<String>| text.as_ref().and_then(|text| text.parse().ok());
        DriftObject {
            kind: found.kind.word(),
            merchant_uid: found.merchant_uid.as_deref(),
            imp_uid: found.imp_uid.as_deref(),
            customer_uid: found.customer_uid.as_deref(),
            amount: number(&found.amount),
            currency: found.currency.as_deref(),
            cancel_amount: number(&found.cancel_amount),
            outcome: found.outcome.map(Outcome::word),
            status: found.status.as_deref(),
            why: &found.why,
            id: self.id(),
            acknowledged_at: self.signed.as_ref().map(|signed| when_rfc3339(signed.at, zone)),
            acknowledged_by: self.signed.as_ref().and_then(|signed| signed.operator.as_deref()),
            acknowledged_reason: self.signed.as_ref().map(|signed| signed.reason.as_str()),
        }
    }
}

/// `Acknowledged on 2026-11-28 09:00:00 by mina: known.`
pub(super) fn acknowledged(signed: &Signed, zone: &TimeZone) -> String {
    let by = signed.operator.as_deref().map_or_else(String::new, |by| format!(" by {}", safe(by)));
    format!("Acknowledged on {}{by}: {}", when(signed.at, zone), sentence(&safe(&signed.reason)))
}

/// One disagreement, for programs.
#[derive(Serialize)]
pub(super) struct DriftObject<'a> {
    /// A word of [`DriftKind`].
    kind: &'static str,
    merchant_uid: Option<&'a str>,
    imp_uid: Option<&'a str>,
    customer_uid: Option<&'a str>,
    /// The gateway's, where it shows one.
    amount: Option<Number>,
    currency: Option<&'a str>,
    cancel_amount: Option<Number>,
    /// The ledger's; null where it has no such order.
    outcome: Option<&'static str>,
    /// The gateway's word.
    status: Option<&'a str>,
    why: &'a str,
    /// What `--acknowledge` takes.
    id: Option<String>,
    acknowledged_at: Option<String>,
    acknowledged_by: Option<&'a str>,
    acknowledged_reason: Option<&'a str>,
}

/// What the ledger keeps of a payment that the gateway showed, as it was shown.
pub(super) fn as_shown(record: &Record) -> GatewayRecord {
    let digits = |amount: &Option<Amount>| amount.as_ref().map(Amount::to_digits);
    GatewayRecord {
        imp_uid: Some(record.imp_uid.clone()),
        merchant_uid: record.merchant_uid.clone(),
        customer_uid: record.customer_uid.clone(),
        status: record.status.clone(),
        amount_text: digits(&record.amount),
        currency_text: record.amount.map(|amount| amount.currency().code().to_owned()),
        cancel_amount_text: digits(&record.cancelled),
        ..GatewayRecord::default()
    }
}
