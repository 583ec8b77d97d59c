//! What the gateway has told each run, and what the ledger must say after it: no payment that was seen is
//! forgotten, two that hold money are an alarm (contract, rule 11), and a doubt is no proof (rule 10).

use std::collections::BTreeMap;

use billkey::domain::declines::{Certainty, Standing};
use billkey::domain::payment::Payment;
use billkey::gateway::{HttpAnswer, TransportError};
use serde_json::Value;

use super::book::Book;

/// What one run was told.
#[derive(Clone, Debug, Default)]
pub struct Told {
    /// Order, imp_uid, and whether it holds money.
    payments: Vec<(String, String, bool)>,
    /// Some look-up had no answer.
    pub in_vain: bool,
    /// When it began, a decline in doubt of its order was shown as paid.
    pub doubt_was_paid: bool,
}

impl Told {
    pub fn hear(&mut self, path: &str, answer: &Result<HttpAnswer, TransportError>) {
        match answer {
            Ok(answer) => self.take(&serde_json::from_slice(&answer.body).unwrap_or_default()),
            Err(_) => self.in_vain |= path.starts_with("/payments/findAll/"),
        }
    }

    fn take(&mut self, body: &Value) {
        let response = &body["response"];
        let one = std::slice::from_ref(response);
        for record in response["list"].as_array().map_or(one, Vec::as_slice) {
            let text = |name: &str| record[name].as_str().map(str::to_owned);
            if let (Some(uid), Some(imp_uid)) = (text("merchant_uid"), text("imp_uid")) {
                self.payments.push((uid, imp_uid, record["status"] == "paid"));
            }
        }
    }
}

/// What was shown under each order to runs that lived to write it down: imp_uids, and which hold money.
#[derive(Default)]
pub struct Shown(BTreeMap<String, BTreeMap<String, bool>>);

impl Shown {
    pub fn add(&mut self, told: &Told) {
        for (uid, imp_uid, holds) in &told.payments {
            *self.0.entry(uid.clone()).or_default().entry(imp_uid.clone()).or_default() |= holds;
        }
    }

    /// Holds an order's row against what was shown under it.
    pub fn check_kept(&self, uid: &str, row: Option<&Payment>) -> Result<(), String> {
        let Some(shown) = self.0.get(uid) else { return Ok(()) };
        let records = row.map_or(&[][..], |row| &row.records);
        let kept = |imp_uid: &String| records.iter().any(|record| record.imp_uid == *imp_uid);
        let holding = shown.values().filter(|holds| **holds).count();
        if holding > 1 && row.is_none_or(|row| row.alarm().is_none()) {
            return Err(format!("{holding} payments under {uid} hold money, and there is no alarm"));
        }
        if let Some(lost) = shown.keys().find(|imp_uid| !kept(imp_uid)) {
            return Err(format!("{lost} was shown under {uid}, and is forgotten"));
        }
        Ok(())
    }
}

/// "Nothing was charged" is not said of an order that was.
pub fn check_proof(book: &Book, uid: &str, row: Option<&Payment>) -> Result<(), String> {
    let proved = row.and_then(Standing::of).is_some_and(|it| it.certainty == Certainty::NothingCharged);
    if proved && book.took_money_unproved(uid) {
        return Err(format!("nothing was charged for {uid}, says the ledger, and it was"));
    }
    Ok(())
}
