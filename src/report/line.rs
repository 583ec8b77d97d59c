//! The lines of a book: what exports write, and what a closing is sealed over.

use std::fmt::Write as _;

use jiff::Timestamp;
use ring::digest::{SHA256, digest};

use crate::domain::closing::MonthSum;
use crate::domain::ids::RefundId;
use crate::domain::money::Amount;
use crate::domain::movement::{Booked, Movement, Way};
use crate::domain::payment::{Mode, Outcome};
use crate::domain::tax::TaxRule;
use crate::domain::vat::VatParts;
use crate::report::sums::{Row, Time};

/// What a line of a book is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LineKind {
    Sale,
    Refund,
    /// Paid back by the PG without the gateway, as a person has noted.
    OutsideRefund,
    /// Declined or rejected: no money moved.
    Failed,
}

impl LineKind {
    /// The word in JSON and CSV.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            LineKind::Sale => "sale",
            LineKind::Refund => "refund",
            LineKind::OutsideRefund => "outside_refund",
            LineKind::Failed => "failed",
        }
    }

    /// +1 where money came, -1 where it went back, 0 where none moved.
    #[must_use]
    pub fn sign(self) -> i64 {
        match self {
            LineKind::Sale => 1,
            LineKind::Refund | LineKind::OutsideRefund => -1,
            LineKind::Failed => 0,
        }
    }
}

/// One line of a book, with what tells its payment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    pub kind: LineKind,
    pub at: Timestamp,
    /// Never negative; see [`LineKind::sign`].
    pub amount: Amount,
    pub parts: VatParts,
    pub mode: Mode,
    pub merchant_uid: String,
    pub imp_uid: Option<String>,
    pub customer_uid: String,
    pub buyer_name: Option<String>,
    pub name: String,
    pub apply_num: Option<String>,
    pub card_name: Option<String>,
    pub card_number: Option<String>,
    pub pg_provider: Option<String>,
    pub receipt_url: Option<String>,
    pub refund_id: Option<String>,
    /// Of a refund as it was given, of a failed payment in the gateway's words.
    pub reason: Option<String>,
}

impl Line {
    /// The amount as a book adds it: what went back is less than nothing.
    #[must_use]
    pub fn signed(&self) -> Amount {
        let minor = self.amount.minor().saturating_mul(self.kind.sign());
        Amount::from_minor(minor, self.amount.currency())
    }

    /// A part in the same way.
    #[must_use]
    pub fn signed_part(&self, minor: i64) -> Amount {
        Amount::from_minor(minor.saturating_mul(self.kind.sign()), self.amount.currency())
    }

    /// All that a closing is about, in a form of its own: another one of the same payment is another line.
    fn sealed(&self) -> [u8; 32] {
        let mut text = String::new();
        let (parts, currency) = (self.parts, self.amount.currency());
        let texts = [
            Some(self.kind.word()),
            Some(self.mode.word()),
            Some(currency.code()),
            Some(self.merchant_uid.as_str()),
            self.imp_uid.as_deref(),
            self.refund_id.as_deref(),
        ];
        for field in texts {
            let field = field.unwrap_or_default();
            // Each with its length, so that no two fields are read as one.
            let _ = write!(text, "{}:{field};", field.len());
        }
        let numbers = [
            self.at.as_second(),
            self.amount.minor(),
            parts.supply_minor,
            parts.vat_minor,
            parts.tax_free_minor,
        ];
        for number in numbers {
            let _ = write!(text, "{number};");
        }
        let mut seal = [0; 32];
        let hash = digest(&SHA256, text.as_bytes());
        seal.iter_mut().zip(hash.as_ref()).for_each(|(to, from)| *to = *from);
        seal
    }
}

/// The lines of one payment in a time. One that failed is a line where `with_failed` asks for it.
#[must_use]
pub fn lines(booked: &Booked, time: &Time, rule: Option<TaxRule>, with_failed: bool) -> Vec<Line> {
    let payment = &booked.payment;
    let line = |kind, at, amount, parts, (refund_id, reason)| Line {
        kind,
        at,
        amount,
        parts,
        mode: payment.mode_shown(),
        merchant_uid: payment.terms.merchant_uid.as_str().to_owned(),
        imp_uid: payment.imp_uid.clone(),
        customer_uid: payment.terms.customer_uid.as_str().to_owned(),
        buyer_name: payment.buyer_name.clone(),
        name: payment.name.clone(),
        apply_num: payment.apply_num.clone(),
        card_name: payment.card_name.clone(),
        card_number: payment.card_number.clone(),
        pg_provider: payment.pg_provider.clone(),
        receipt_url: payment.receipt_url.clone(),
        refund_id,
        reason,
    };
    let failed = matches!(payment.outcome, Outcome::Declined | Outcome::Rejected);
    if failed && with_failed && time.has(payment.requested_at) {
        let amount = payment.terms.amount;
        let parts = VatParts::of(amount, payment.tax, rule);
        return vec![line(LineKind::Failed, payment.requested_at, amount, parts, (None, payment.why()))];
    }
    let of = |movement: Movement| {
        let (kind, more) = match movement.way {
            Way::In => (LineKind::Sale, (None, None)),
            Way::Back { refund, reason, outside } => {
                let kind = if outside { LineKind::OutsideRefund } else { LineKind::Refund };
                (kind, (refund.as_ref().map(RefundId::as_str).map(str::to_owned), reason))
            }
        };
        let at = if kind == LineKind::Sale && time.by_request { payment.requested_at } else { movement.at };
        line(kind, at, movement.amount, movement.parts, more)
    };
    booked.movements(rule).into_iter().map(of).filter(|line| time.has(line.at)).collect()
}

/// One hash over many lines, in whatever order they come.
#[derive(Debug, Default)]
pub struct Seal(Vec<[u8; 32]>);

impl Seal {
    pub fn add(&mut self, line: &Line) {
        self.0.push(line.sealed());
    }

    #[must_use]
    pub fn lines(&self) -> u64 {
        u64::try_from(self.0.len()).unwrap_or(u64::MAX)
    }

    /// The hash, in hexadecimal digits.
    #[must_use]
    pub fn hash(mut self) -> String {
        self.0.sort_unstable();
        let hash = digest(&SHA256, &self.0.concat());
        hash.as_ref().iter().fold(String::new(), |mut text, byte| {
            let _ = write!(text, "{byte:02x}");
            text
        })
    }
}

impl From<&Row> for MonthSum {
    fn from(row: &Row) -> MonthSum {
        MonthSum {
            mode: row.mode,
            currency: row.currency,
            count: i64::try_from(row.count).unwrap_or(i64::MAX),
            gross_minor: row.gross_minor,
            same_minor: row.refunded_same_minor,
            earlier_minor: row.refunded_earlier_minor,
            supply_minor: row.supply_minor,
            vat_minor: row.vat_minor,
            tax_free_minor: row.tax_free_minor,
        }
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::{Line, LineKind, Seal};
    use crate::domain::money::{Amount, Currency};
    use crate::domain::payment::Mode;
    use crate::domain::vat::VatParts;

    fn line(merchant_uid: &str, imp_uid: &str, minor: i64) -> Line {
        let amount = Amount::from_minor(minor, Currency::KRW);
        Line {
            kind: LineKind::Sale,
            at: Timestamp::UNIX_EPOCH,
            amount,
            parts: VatParts::of(amount, None, None),
            mode: Mode::Live,
            merchant_uid: merchant_uid.to_owned(),
            imp_uid: Some(imp_uid.to_owned()),
            customer_uid: "gildong".to_owned(),
            buyer_name: None,
            name: "a thing".to_owned(),
            apply_num: None,
            card_name: None,
            card_number: None,
            pg_provider: None,
            receipt_url: None,
            refund_id: None,
            reason: None,
        }
    }

    fn sealed(lines: &[Line]) -> String {
        let mut seal = Seal::default();
        lines.iter().for_each(|line| seal.add(line));
        seal.hash()
    }

    #[test]
    fn a_seal_is_of_the_lines_and_not_of_their_order() {
        let (a, b) = (line("order_1", "imps_1", 100), line("order_2", "imps_2", 200));
        let both = sealed(&[a.clone(), b.clone()]);
        assert_eq!(sealed(&[b.clone(), a.clone()]), both);
        let parts = VatParts { vat_minor: 0, ..a.parts };
        for (what, lines) in [
            ("one is gone", vec![a.clone()]),
            ("one came", vec![a.clone(), b.clone(), line("order_3", "imps_3", 1)]),
            ("one stands twice", vec![a.clone(), b.clone(), b.clone()]),
            (
                "an amount",
                vec![Line { amount: Amount::from_minor(101, Currency::KRW), ..a.clone() }, b.clone()],
            ),
            ("a part", vec![Line { parts, ..a.clone() }, b.clone()]),
            ("a way", vec![Line { kind: LineKind::Refund, ..a.clone() }, b.clone()]),
            ("letters moved between ids", vec![line("order_1i", "mps_1", 100), b]),
        ] {
            assert_ne!(sealed(&lines), both, "{what}");
        }
    }
}
