//! A payment as the ledger knows it, and what the gateway says of one.

mod outcome;

use std::fmt;

use jiff::Timestamp;

use crate::domain::ids::{CustomerUid, MerchantUid, RefundId};
use crate::domain::money::{Amount, Currency};
use crate::domain::outside::Outside;
use crate::domain::reason::Reason;
use crate::domain::record::Record;
use crate::domain::tax::Tax;
use crate::domain::time::SendMark;

pub use crate::domain::payment::outcome::{Outcome, RefundOutcome};

/// Whether real money moves. A property of the channel behind the billing key, not of the address
/// or the API key (facts 0).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Mode {
    Live,
    /// A test channel of the real gateway.
    Test,
    /// The gateway inside this program.
    Sandbox,
}

impl Mode {
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Mode::Live => "live",
            Mode::Test => "test",
            Mode::Sandbox => "sandbox",
        }
    }

    #[must_use]
    pub fn from_word(word: &str) -> Option<Mode> {
        [Mode::Live, Mode::Test, Mode::Sandbox].into_iter().find(|mode| mode.word() == word)
    }

    /// Whether a record's `sandbox` flag says otherwise than this mode; a record without the flag
    /// says nothing (facts 3.2).
    #[must_use]
    pub fn disagrees_with(self, sandbox_flag: Option<bool>) -> bool {
        match self {
            Mode::Live => sandbox_flag == Some(true),
            Mode::Test | Mode::Sandbox => sandbox_flag == Some(false),
        }
    }
}

impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}

/// What makes a charge this charge: asked for again with others, it is another payment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Terms {
    pub merchant_uid: MerchantUid,
    pub customer_uid: CustomerUid,
    pub amount: Amount,
    pub mode: Mode,
}

/// A payment as the gateway describes it, as far as this program reads it (facts 2.3). All of it
/// is as received; absent, null and empty are `None`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GatewayRecord {
    pub imp_uid: Option<String>,
    pub merchant_uid: Option<String>,
    /// `pc` or `mobile` of a payment window, `api` of a charge with a billing key (facts 2.3).
    pub channel: Option<String>,
    /// The account that a transfer is waited for on, if one is.
    pub vbank_num: Option<String>,
    /// The gateway's word: `ready`, `paid`, `cancelled`, `failed`, or one not known yet.
    pub status: Option<String>,
    /// The amount's digits as received, and its currency code: they may be none that we asked for.
    pub amount_text: Option<String>,
    pub currency_text: Option<String>,
    pub cancel_amount_text: Option<String>,
    pub apply_num: Option<String>,
    pub card_name: Option<String>,
    pub card_code: Option<String>,
    /// Masked by the PG, each in its own way.
    pub card_number: Option<String>,
    pub pg_provider: Option<String>,
    pub pg_tid: Option<String>,
    pub pg_id: Option<String>,
    pub receipt_url: Option<String>,
    pub name: Option<String>,
    pub buyer_name: Option<String>,
    pub fail_reason: Option<String>,
    pub cancel_reason: Option<String>,
    /// Epoch seconds; `None` for the gateway's 0.
    pub started_at_s: Option<i64>,
    pub paid_at_s: Option<i64>,
    pub failed_at_s: Option<i64>,
    pub cancelled_at_s: Option<i64>,
    /// True when paid through a test channel; since 2026-01-26 (facts 2.3).
    pub sandbox: Option<bool>,
    pub customer_uid: Option<String>,
    /// `issue` marks the registration of a card, `payment` a charge (facts 3.4).
    pub customer_uid_usage: Option<String>,
    /// What was refunded, an entry each (facts 4); `None` where the record has no such list.
    pub cancel_history: Option<Vec<CancelRecord>>,
}

/// One refund in a payment's history, as received (facts 4).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CancelRecord {
    pub amount_text: Option<String>,
    /// Epoch seconds.
    pub at_s: Option<i64>,
    pub reason: Option<String>,
    pub cancellation_id: Option<String>,
    pub pg_tid: Option<String>,
    pub receipt_url: Option<String>,
}

impl CancelRecord {
    #[must_use]
    pub fn amount_in(&self, currency: Currency) -> Option<Amount> {
        Amount::from_wire(self.amount_text.as_deref()?, currency)
    }

    /// Whether its reason ends so.
    #[must_use]
    pub fn ends_with(&self, tail: &str) -> bool {
        self.reason.as_deref().is_some_and(|reason| reason.trim_end().ends_with(tail))
    }
}

impl GatewayRecord {
    /// The amount, when the record is in the currency given and names one that fits it. A record
    /// that names no currency is in won, the gateway's default (facts 2.1).
    #[must_use]
    pub fn amount_in(&self, currency: Currency) -> Option<Amount> {
        self.text_in(self.amount_text.as_deref(), currency)
    }

    /// What was refunded, in the same way.
    #[must_use]
    pub fn cancelled_in(&self, currency: Currency) -> Option<Amount> {
        self.text_in(self.cancel_amount_text.as_deref(), currency)
    }

    fn text_in(&self, text: Option<&str>, currency: Currency) -> Option<Amount> {
        let named = self.currency_text.as_deref().unwrap_or(Currency::KRW.code());
        if !named.eq_ignore_ascii_case(currency.code()) {
            return None;
        }
        text.and_then(|text| Amount::from_wire(text, currency))
    }

    /// `₩8,900` where it can be read, else the digits and currency as received.
    #[must_use]
    pub fn amount_shown(&self) -> String {
        self.shown(self.amount_text.as_deref().unwrap_or("no amount"))
    }

    /// What was refunded, in the same way; nothing is none.
    #[must_use]
    pub fn cancelled_shown(&self) -> String {
        self.shown(self.cancel_amount_text.as_deref().unwrap_or("0"))
    }

    fn shown(&self, digits: &str) -> String {
        let currency = self.currency_text.as_deref().unwrap_or(Currency::KRW.code());
        Currency::parse(currency)
            .ok()
            .and_then(|currency| Amount::from_wire(digits, currency))
            .map_or_else(|| format!("{digits} {currency}"), |amount| amount.to_string())
    }
}

/// One row of the ledger: all that is known of one merchant_uid.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Payment {
    pub terms: Terms,
    /// Whether its id was made of a period (`--once-per`).
    pub once_per: bool,
    pub outcome: Outcome,
    /// What the row said before the attempt that is pending now: to go back to when that attempt
    /// turns out never to have left.
    pub outcome_before: Option<Outcome>,
    /// The product name as asked for.
    pub name: String,
    /// How often a request was let go, or meant to be.
    pub attempts: u32,
    /// Requests that may have reached the gateway and were never answered in a usable way. While
    /// there are any, a failed record speaks for one of them only.
    pub unanswered: u32,
    /// Requests, another ledger's among them, that a no answered in words of doubt, beside the one that the row's
    /// own words are about (contract, rule 10).
    pub doubts: u32,
    /// The first time it was asked for.
    pub requested_at: Timestamp,
    /// The last time a request was let go.
    pub last_send: Option<SendMark>,
    /// Which API key it was last sent with: a fingerprint, never the key. Another key may be
    /// another account, whose "not found" says nothing of this payment.
    pub account: Option<String>,
    pub imp_uid: Option<String>,
    /// Whether the gateway's record says that it went through a test channel (facts 2.3).
    pub sandbox: Option<bool>,
    /// The gateway's word.
    pub status: Option<String>,
    pub cancel_amount: Option<Amount>,
    /// What the PG paid back and the gateway does not show, as a person has noted it.
    pub outside: Option<Outside>,
    pub apply_num: Option<String>,
    pub card_name: Option<String>,
    pub card_number: Option<String>,
    pub pg_provider: Option<String>,
    /// The saved customer's PG when the newest request left: codes count by it where the record names none.
    pub customer_pg: Option<String>,
    pub pg_tid: Option<String>,
    pub receipt_url: Option<String>,
    /// The gateway's `code`, when it was not 0.
    pub code: Option<i64>,
    /// The reason of a decline or rejection, in the gateway's words.
    pub message: Option<String>,
    /// Why it is unknown or was not sent, where the gateway has no words for it.
    pub reason: Option<Reason>,
    /// When a look-up ended the doubt whether this no is one (contract, rule 10): it was made long after the last
    /// send, and showed no money.
    pub doubt_ended_at: Option<Timestamp>,
    /// What a person has noted of it; until the gateway shows something.
    pub noted: Option<Noted>,
    pub paid_at: Option<Timestamp>,
    pub cancelled_at: Option<Timestamp>,
    pub buyer_name: Option<String>,
    pub buyer_email: Option<String>,
    pub buyer_tel: Option<String>,
    pub note: Option<String>,
    /// Who ran it: the operating system's user.
    pub operator: Option<String>,
    /// The machine that it ran on; `None` in rows from before that was kept.
    pub host: Option<String>,
    /// The tax parts that it was last sent with; `None` where they were not recorded (facts 15.1).
    pub tax: Option<Tax>,
    /// Every payment that the gateway ever showed under the order, as they were first seen.
    pub records: Vec<Record>,
}

/// How much of a paid payment went back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Back {
    Part,
    Whole,
}

/// A note of a person's: the gateway will not show what became of the payment (contract, rule 11).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Noted {
    /// That the card was charged, or that it was not.
    pub charged: bool,
    pub at: Timestamp,
    /// The operating system's user.
    pub by: Option<String>,
    /// Why that is known. Never empty.
    pub evidence: String,
}

impl Noted {
    /// The word in JSON and in the ledger.
    #[must_use]
    pub fn word(&self) -> &'static str {
        if self.charged { "charged" } else { "not_charged" }
    }

    /// What it is to the payment's history.
    #[must_use]
    pub fn reason(&self) -> Reason {
        let evidence = self.evidence.clone();
        if self.charged { Reason::NotedCharged { evidence } } else { Reason::NotedNotCharged { evidence } }
    }
}

impl Payment {
    /// Somebody has noted that it was charged: it counts as paid, and is never sent again.
    #[must_use]
    pub fn is_noted_charged(&self) -> bool {
        self.noted.as_ref().is_some_and(|noted| noted.charged)
    }

    /// Why it is what it is: as a sentence of ours, else in the gateway's words.
    #[must_use]
    pub fn why(&self) -> Option<String> {
        said(self.reason.as_ref(), self.message.as_ref())
    }

    /// The PG by which codes in the gateway's words count.
    #[must_use]
    pub fn pg(&self) -> Option<&str> {
        self.pg_provider.as_deref().or(self.customer_pg.as_deref())
    }

    /// What the merchant still has of it: less what was refunded, at the gateway and outside of it.
    #[must_use]
    pub fn left(&self) -> Amount {
        let amount = self.terms.amount;
        let back = self.cancel_amount.into_iter().chain(self.outside.as_ref().map(|outside| outside.amount));
        let back = back.map(|back| back.minor()).fold(0, i64::saturating_add);
        Amount::from_minor(amount.minor().saturating_sub(back).max(0), amount.currency())
    }

    /// How much of it went back, at the gateway or outside of it; `None` where nothing did.
    #[must_use]
    pub fn back(&self) -> Option<Back> {
        let left = self.left();
        if self.outcome != Outcome::Paid || left == self.terms.amount {
            None
        } else if left.minor() == 0 {
            Some(Back::Whole)
        } else {
            Some(Back::Part)
        }
    }

    /// From now on the gateway shows this of it as refunded.
    pub fn take_cancelled(&mut self, now: Option<Amount>) {
        let whole = self.terms.amount;
        let of = |shown: Option<Amount>| shown.unwrap_or(Amount::from_minor(0, whole.currency()));
        let outside = self.outside.take();
        self.outside = outside.and_then(|outside| outside.beside(of(self.cancel_amount), of(now), whole));
        self.cancel_amount = now;
    }

    /// The tax parts that another request for the same order keeps: an earlier one that may have arrived was sent
    /// with them, and two requests of one payment say the same of its VAT.
    #[must_use]
    pub fn tax_kept(&self) -> Option<Tax> {
        let may_have_arrived = match self.outcome {
            Outcome::Pending | Outcome::Unknown => true,
            Outcome::NotSent => !self.was_never_sent(),
            Outcome::Paid | Outcome::Declined | Outcome::Rejected => false,
        };
        self.tax.filter(|_| may_have_arrived)
    }

    /// Whether no request of it can have arrived, as far as the row tells: nobody is held to what it asks
    /// for, and it takes new terms (contract, rule 1). The ledger asks its history as well.
    #[must_use]
    pub fn was_never_sent(&self) -> bool {
        self.outcome == Outcome::NotSent && !self.is_beside_doubt()
    }

    /// Whether some request of it, beside the one that its outcome is about, may still show as a charge: whatever
    /// a look-up has ended.
    #[must_use]
    pub fn is_beside_doubt(&self) -> bool {
        self.unanswered > 0 || self.doubts > 0
    }
}

/// Our reason says more than the words that it was made of.
fn said(reason: Option<&Reason>, message: Option<&String>) -> Option<String> {
    reason.map(ToString::to_string).or_else(|| message.cloned())
}

/// What happened to a payment, in the order it happened; only ever added to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum EventKind {
    /// The intent was written; the request leaves next.
    Intent,
    /// A second send of the same attempt, after a 401 that proved the first was not processed.
    Resend,
    /// An answer to a charge came back, or its absence.
    Answer,
    /// The request never left.
    NotSent,
    /// The gateway was asked what it knows.
    Lookup,
    /// A refund was asked for, or answered.
    Refund,
    /// A person has noted what became of it.
    Noted,
    /// The gateway showed a payment that was made elsewhere, and it was recorded.
    Imported,
}

impl EventKind {
    pub const ALL: [EventKind; 8] = [
        EventKind::Intent,
        EventKind::Resend,
        EventKind::Answer,
        EventKind::NotSent,
        EventKind::Lookup,
        EventKind::Refund,
        EventKind::Noted,
        EventKind::Imported,
    ];

    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            EventKind::Intent => "intent",
            EventKind::Resend => "resend",
            EventKind::Answer => "answer",
            EventKind::NotSent => "not_sent",
            EventKind::Lookup => "lookup",
            EventKind::Refund => "refund",
            EventKind::Noted => "noted",
            EventKind::Imported => "imported",
        }
    }

    #[must_use]
    pub fn from_word(word: &str) -> Option<EventKind> {
        EventKind::ALL.into_iter().find(|kind| kind.word() == word)
    }
}

/// What came back over the wire, for the record.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Received {
    pub http_status: Option<u16>,
    /// The gateway's `code`.
    pub code: Option<i64>,
    /// The gateway's words.
    pub message: Option<String>,
    /// What this program makes of it, where the gateway's words do not say that.
    pub reason: Option<Reason>,
    pub imp_uid: Option<String>,
    /// The body as received, cut after [`BODY_KEPT_BYTES`]; never holds a secret.
    pub body: Option<String>,
    /// From send to answer.
    pub took_ms: Option<i64>,
}

impl Received {
    /// What it comes to: as a sentence of ours, else in the gateway's words.
    #[must_use]
    pub fn why(&self) -> Option<String> {
        said(self.reason.as_ref(), self.message.as_ref())
    }

    /// Nothing came back, for this reason.
    #[must_use]
    pub fn nothing(reason: Reason) -> Received {
        Received { reason: Some(reason), ..Received::default() }
    }
}

/// How much of a body the ledger keeps: any payment object whole, and the start of whatever else.
pub const BODY_KEPT_BYTES: usize = 64 * 1024;

/// One entry of a payment's history.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HistoryEntry {
    pub at: Timestamp,
    pub kind: EventKind,
    /// What the payment's outcome was from then on; of an attempt that a later one had overtaken, what came
    /// of that attempt.
    pub outcome: Outcome,
    /// Which attempt it belongs to, from 1.
    pub attempt: u32,
    pub operator: Option<String>,
    pub host: Option<String>,
    pub received: Received,
    /// The refund that it is of, and what that was from then on.
    pub refund: Option<(RefundId, RefundOutcome)>,
}
