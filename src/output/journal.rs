//! A month as a plain-text journal: what hledger, ledger and beancount read.
//!
//! A sale is money that the PG owes (receivable) against sales and VAT; a refund is the same the other way round, on
//! its own day. The imp_uid goes with each, so that a second import can drop what is there already. What failed moved no
//! money and is a comment.

use std::fmt::Write as _;

use jiff::civil::Date;
use jiff::tz::TimeZone;

use crate::domain::money::Amount;
use crate::report::{Line, LineKind};

/// Which program is to read it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Journal {
    Hledger,
    Ledger,
    Beancount,
}

const ACCOUNTS: [&str; 4] =
    ["Assets:Receivable:PG", "Income:Sales", "Income:Sales:TaxFree", "Liabilities:VAT"];

/// The whole journal; the lines stand in the order given.
#[must_use]
pub fn journal(lines: &[Line], which: Journal, title: &str, zone: &TimeZone) -> String {
    let mut text = format!("; {}\n", plain(title));
    if which == Journal::Beancount {
        // Beancount books nothing on an account that was not opened.
        let first = lines.iter().map(|line| day(line, zone)).min();
        for account in first.iter().flat_map(|first| ACCOUNTS.map(|account| (first, account))) {
            let _ = writeln!(text, "{} open {}", account.0, account.1);
        }
    }
    for line in lines {
        text.push('\n');
        entry(&mut text, line, which, zone);
    }
    text
}

fn entry(text: &mut String, line: &Line, which: Journal, zone: &TimeZone) {
    let day = day(line, zone);
    let who = plain(line.buyer_name.as_deref().unwrap_or(&line.customer_uid));
    let order = plain(&line.merchant_uid);
    let what = plain(&line.name);
    let reason = plain(line.reason.as_deref().unwrap_or_default());
    let money = |amount: Amount| format!("{} {}", amount.to_digits(), amount.currency().code());
    if line.kind == LineKind::Failed {
        let _ =
            writeln!(text, "; {day} not charged: {order}, {who}, {what}, {}: {reason}", money(line.amount));
        return;
    }
    let verb = match line.kind {
        LineKind::Sale | LineKind::Failed => String::new(),
        LineKind::Refund => " (refund)".to_owned(),
        LineKind::OutsideRefund => " (paid back outside of the gateway)".to_owned(),
    };
    let imp_uid = plain(line.imp_uid.as_deref().unwrap_or_default());
    let refund = line.refund_id.as_deref().map(plain);
    match which {
        Journal::Beancount => {
            let _ = writeln!(text, "{day} * \"{}\" \"{}{verb}\"", quoted(&who), quoted(&what));
            let _ = writeln!(text, "  order: \"{}\"", quoted(&order));
            let _ = writeln!(text, "  imp_uid: \"{}\"", quoted(&imp_uid));
            if let Some(refund) = refund {
                let _ = writeln!(text, "  refund: \"{}\"", quoted(&refund));
            }
            if !reason.is_empty() {
                let _ = writeln!(text, "  reason: \"{}\"", quoted(&reason));
            }
        }
        Journal::Hledger | Journal::Ledger => {
            let _ = writeln!(text, "{day} * ({order}) {who} | {what}{verb}");
            let separator = if which == Journal::Hledger { "," } else { "" };
            let _ = writeln!(text, "    ; imp_uid: {imp_uid}{separator}");
            if let Some(refund) = refund {
                let _ = writeln!(text, "    ; refund: {refund}");
            }
            if !reason.is_empty() {
                let _ = writeln!(text, "    ; reason: {reason}");
            }
        }
    }
    let parts = line.parts;
    let against = [
        (ACCOUNTS[1], parts.supply_minor),
        (ACCOUNTS[2], parts.tax_free_minor),
        (ACCOUNTS[3], parts.vat_minor),
    ];
    let _ = writeln!(text, "    {}  {}", ACCOUNTS[0], money(line.signed()));
    for (account, minor) in against.into_iter().filter(|(_, minor)| *minor != 0) {
        let signed = line.signed_part(minor);
        let against = Amount::from_minor(signed.minor().saturating_neg(), signed.currency());
        let _ = writeln!(text, "    {account}  {}", money(against));
    }
}

fn day(line: &Line, zone: &TimeZone) -> Date {
    line.at.to_zoned_datetime(zone.clone()).date()
}

/// In one line, without the signs that begin a comment or end a description.
fn plain(text: &str) -> String {
    let odd = |c: char| c.is_control() || matches!(c, ';' | '|' | ',' | '\u{2028}' | '\u{2029}');
    let text: String = text.chars().map(|c| if odd(c) { ' ' } else { c }).collect();
    // A code in parentheses ends at the first one that closes.
    text.replace('(', "[").replace(')', "]").trim().to_owned()
}

fn quoted(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"")
}
