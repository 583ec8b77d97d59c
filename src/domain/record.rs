//! A payment that the gateway showed under an order, as it is kept (contract, rule 11).

use jiff::Timestamp;

use crate::domain::money::Amount;

/// One imp_uid of an order, as it was seen last. Absent is what the gateway has never told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    pub imp_uid: String,
    /// As the gateway spells it.
    pub merchant_uid: Option<String>,
    pub customer_uid: Option<String>,
    /// The gateway's word.
    pub status: Option<String>,
    /// `None` where it was told in a way that cannot be read.
    pub amount: Option<Amount>,
    /// What was refunded so far, all in all.
    pub cancelled: Option<Amount>,
    pub apply_num: Option<String>,
    pub card_name: Option<String>,
    /// Masked.
    pub card_number: Option<String>,
    pub pg_provider: Option<String>,
    pub pg_tid: Option<String>,
    pub receipt_url: Option<String>,
    /// `pc` or `mobile` of a payment window, `api` of a charge with a billing key (facts 2.3).
    pub channel: Option<String>,
    /// `issue` of the registration of a card, `payment` of a charge (facts 3.4).
    pub usage: Option<String>,
    /// True when paid through a test channel (facts 2.3).
    pub sandbox: Option<bool>,
    pub fail_reason: Option<String>,
    pub started_at: Option<Timestamp>,
    pub paid_at: Option<Timestamp>,
    pub failed_at: Option<Timestamp>,
    pub cancelled_at: Option<Timestamp>,
    pub first_seen: Timestamp,
    pub last_seen: Timestamp,
    /// Somebody has answered for it.
    pub signed: Option<Signed>,
}

/// Who acknowledged a payment, when and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signed {
    pub at: Timestamp,
    pub operator: Option<String>,
    pub reason: String,
}

impl Record {
    /// The same payment, seen again: what is told now counts, and what is not told any more stays known.
    #[must_use]
    pub fn seen_again(&self, now: Record) -> Record {
        Record {
            imp_uid: now.imp_uid,
            merchant_uid: now.merchant_uid.or_else(|| self.merchant_uid.clone()),
            customer_uid: now.customer_uid.or_else(|| self.customer_uid.clone()),
            status: now.status.or_else(|| self.status.clone()),
            amount: now.amount.or(self.amount),
            cancelled: now.cancelled.or(self.cancelled),
            apply_num: now.apply_num.or_else(|| self.apply_num.clone()),
            card_name: now.card_name.or_else(|| self.card_name.clone()),
            card_number: now.card_number.or_else(|| self.card_number.clone()),
            pg_provider: now.pg_provider.or_else(|| self.pg_provider.clone()),
            pg_tid: now.pg_tid.or_else(|| self.pg_tid.clone()),
            receipt_url: now.receipt_url.or_else(|| self.receipt_url.clone()),
            channel: now.channel.or_else(|| self.channel.clone()),
            usage: now.usage.or_else(|| self.usage.clone()),
            sandbox: now.sandbox.or(self.sandbox),
            fail_reason: now.fail_reason.or_else(|| self.fail_reason.clone()),
            started_at: now.started_at.or(self.started_at),
            paid_at: now.paid_at.or(self.paid_at),
            failed_at: now.failed_at.or(self.failed_at),
            cancelled_at: now.cancelled_at.or(self.cancelled_at),
            first_seen: self.first_seen.min(now.first_seen),
            last_seen: self.last_seen.max(now.last_seen),
            signed: self.signed.clone(),
        }
    }

    /// Whether money was taken by it, refunded since or not. Registering a card takes none, but with a PG that
    /// charges when it registers.
    #[must_use]
    pub fn took_money(&self) -> bool {
        let of_nothing = self.amount.is_none_or(|amount| amount.minor() == 0);
        took_money(self.status.as_deref())
            && !is_registration(self.usage.as_deref(), self.pg_provider.as_deref(), of_nothing)
    }

    /// What of it is not known to be refunded; `None` where all of it is, and where nothing was taken. An
    /// amount that cannot be read is held too, and counts as nothing.
    #[must_use]
    pub fn held(&self) -> Option<Held> {
        if !self.took_money() {
            return None;
        }
        match (self.amount, self.cancelled) {
            (Some(amount), Some(cancelled)) => match amount.checked_sub(cancelled) {
                Some(rest) if rest.minor() > 0 => Some(Held(Some(rest))),
                Some(_) => None,
                None => Some(Held(Some(amount))),
            },
            (amount, _) => Some(Held(amount)),
        }
    }
}

/// What a payment holds, as far as it can be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Held(pub Option<Amount>);

/// The gateway's words for a payment that took money. A refund of a part is `cancelled` too (facts 15.1).
#[must_use]
pub fn took_money(status: Option<&str>) -> bool {
    matches!(status, Some("paid" | "cancelled" | "canceled"))
}

/// Registering a card leaves a record too, `paid` even where nothing was charged (facts 3.4). With a PG that
/// charges when it registers, and an amount, it is money (facts 6.4).
#[must_use]
pub fn is_registration(usage: Option<&str>, pg_provider: Option<&str>, of_nothing: bool) -> bool {
    const CHARGE_AT_ISSUE: [&str; 6] =
        ["kakaopay", "danal", "danal_tpay", "mobilians", "settle_acc", "welcome"];
    let charges = pg_provider.is_some_and(|pg| CHARGE_AT_ISSUE.contains(&pg));
    usage == Some("issue") && (!charges || of_nothing)
}
