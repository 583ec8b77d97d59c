//! What a charge says of itself, in sentences: the answer first, the thing to do last, every id
//! with nothing stuck to it. Pure functions; the gateway's words are quoted as they are, made safe.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::domain::money::Amount;
use crate::domain::payment::{Mode, Outcome, Payment};
use crate::output::table::facts;
use crate::output::text::{pad, safe, sentence, shell_word, when, when_from, width};

/// A charge that came to some end, and what must be known to speak of it.
#[derive(Clone, Copy, Debug)]
pub struct ChargeStory<'a> {
    pub payment: &'a Payment,
    /// The stored result of an earlier run: nothing was sent now.
    pub replayed: bool,
    /// From when on an unknown one may be sent again; `None` when that is already so.
    pub not_before: Option<Timestamp>,
    pub now: Timestamp,
    pub zone: &'a TimeZone,
}

/// What to print for a charge's outcome, for people.
#[must_use]
pub fn charge(story: &ChargeStory<'_>) -> String {
    match story.payment.outcome {
        Outcome::Paid if story.replayed => already_paid(story.payment, story.zone),
        Outcome::Paid => paid(story.payment, story.zone),
        Outcome::Declined => declined(story.payment, story.replayed),
        Outcome::Rejected => rejected(story.payment, story.replayed),
        Outcome::Unknown | Outcome::Pending => unknown(story),
        Outcome::NotSent => not_sent(story.payment.terms.mode, story.payment.why().as_deref()),
    }
}

/// The words that an outcome's prose may open with, the longer ones first.
const OPENINGS: [&str; 8] = [
    "Already paid",
    "Declined before",
    "Rejected before",
    "Not sent",
    "Paid",
    "Declined",
    "Rejected",
    "Unknown",
];

/// Divides an outcome's prose behind the words that name the outcome.
pub(in crate::output) fn opening(text: &str) -> (&str, &str) {
    let end = OPENINGS.iter().find(|words| text.starts_with(**words)).map_or(0, |words| words.len());
    text.split_at_checked(end).unwrap_or(("", text))
}

/// ` (SANDBOX)` where no money moved; nothing for a live one.
fn mode_note(mode: Mode) -> &'static str {
    match mode {
        Mode::Live => "",
        Mode::Test => " (TEST)",
        Mode::Sandbox => " (SANDBOX)",
    }
}

/// `Paid ₩8,900. Approval 30012345, 2026-11-23 19:30:04.`, its ids and its receipt.
#[must_use]
pub fn paid(payment: &Payment, zone: &TimeZone) -> String {
    let at = payment.paid_at.map(|at| when(at, zone));
    let approval = payment.apply_num.as_deref().map(|number| format!("Approval {}", safe(number)));
    let proof: Vec<String> = approval.into_iter().chain(at).collect();
    let proof = if proof.is_empty() { String::new() } else { format!(" {}.", proof.join(", ")) };
    let amount = payment.terms.amount;
    let first = format!("Paid {amount}{}.{proof}\n", mode_note(payment.terms.mode));
    let mut rows = vec![("order", safe(payment.terms.merchant_uid.as_str()).into_owned())];
    rows.extend(payment.imp_uid.as_deref().map(|id| ("payment", safe(id).into_owned())));
    rows.extend(payment.receipt_url.as_deref().map(|url| ("receipt", safe(url).into_owned())));
    first + &facts(&rows)
}

/// `Already paid ₩8,900 on 2026-11-23 19:30:04. Nothing was sent.`
#[must_use]
pub fn already_paid(payment: &Payment, zone: &TimeZone) -> String {
    let amount = payment.terms.amount;
    let at = payment.paid_at.map(|at| format!(" on {}", when(at, zone))).unwrap_or_default();
    let refunded = match payment.cancel_amount {
        Some(refund) if refund.minor() > 0 => {
            let at = payment.cancelled_at.map(|at| format!(" on {}", when(at, zone))).unwrap_or_default();
            format!(" {refund} of it was refunded{at}.")
        }
        Some(_) | None => String::new(),
    };
    format!("Already paid {amount}{}{at}.{refunded} Nothing was sent.\n", mode_note(payment.terms.mode))
}

/// The words of the card company or the gateway.
fn words(payment: &Payment) -> String {
    sentence(payment.why().as_deref().unwrap_or("no reason was given"))
}

/// `Declined: … Nothing was charged.`, in the words of the card company.
#[must_use]
pub fn declined(payment: &Payment, replayed: bool) -> String {
    let before = if replayed { " before" } else { "" };
    let sent = if replayed { " Nothing was sent now." } else { "" };
    format!(
        "Declined{before}{}: {} Nothing was charged.{sent}\n  \
         The customer has to act. To try the same order again later: add --retry.\n",
        mode_note(payment.terms.mode),
        words(payment),
    )
}

/// A payment's channel is not of the kind that the profile, of this mode, should use.
#[must_use]
pub fn wrong_channel(payment: &Payment, profile: Mode) -> String {
    let order = safe(payment.terms.merchant_uid.as_str());
    let (channel, kind) = match profile {
        Mode::Live => ("TEST", "live: no money moved"),
        Mode::Test | Mode::Sandbox => ("LIVE", "a test: REAL MONEY moved"),
    };
    format!("{order} went through a {channel} channel although the profile is {kind}")
}

/// `Rejected: … Nothing was charged.`, in the words of the gateway.
#[must_use]
pub fn rejected(payment: &Payment, replayed: bool) -> String {
    let before = if replayed { " before" } else { "" };
    let sent = if replayed { " Nothing was sent now." } else { "" };
    let code = payment.code.map(|code| format!(" with code {code}")).unwrap_or_default();
    format!(
        "Rejected{before}{}: {} Nothing was charged.{sent}\n  \
         The gateway refused the request{code}. When the cause is fixed: add --retry.\n",
        mode_note(payment.terms.mode),
        words(payment),
    )
}

/// `Unknown: … The card may have been charged.`, and from when on it may be sent again.
#[must_use]
pub fn unknown(story: &ChargeStory<'_>) -> String {
    let payment = story.payment;
    let reason = match payment.why() {
        Some(reason) if !reason.trim().is_empty() => sentence(&reason),
        Some(_) | None => "no answer of the gateway's is known.".to_owned(),
    };
    let order = payment.terms.merchant_uid.as_str();
    let sent = if story.replayed { " Nothing was sent now." } else { "" };
    let next = match story.not_before {
        Some(from) => {
            let from = when_from(from, story.now, story.zone);
            format!("{} will not be sent again before {from}. To find out now:", safe(order))
        }
        None => "The same command asks the gateway before it sends anything. To find out now:".to_owned(),
    };
    format!(
        "Unknown{}: {reason} The card may have been charged.{sent}\n  {next}\n    {}\n",
        mode_note(payment.terms.mode),
        reconcile_command(payment),
    )
}

/// The command that finds out what became of a payment, as it can be pasted.
pub(in crate::output) fn reconcile_command(payment: &Payment) -> String {
    let sandbox = if payment.terms.mode == Mode::Sandbox { "--sandbox " } else { "" };
    format!("billkey {sandbox}reconcile {}", shell_word(payment.terms.merchant_uid.as_str()))
}

/// `Not sent: … Nothing was charged.`
#[must_use]
pub fn not_sent(mode: Mode, reason: Option<&str>) -> String {
    let reason = reason.map_or_else(|| "the request did not leave.".to_owned(), sentence);
    format!("Not sent{}: {reason} Nothing was charged.\n  Run the same command again.\n", mode_note(mode))
}

/// What a person is asked to confirm.
#[derive(Clone, Debug)]
pub struct ChargeCard<'a> {
    pub mode: Mode,
    pub amount: Amount,
    pub product: &'a str,
    pub customer_name: Option<&'a str>,
    pub customer_uid: &'a str,
    /// Masked by the PG; `None` where it is not known.
    pub card: Option<&'a str>,
    pub merchant_uid: &'a str,
    /// Further lines, such as instalments.
    pub more: &'a [(&'a str, String)],
}

/// The card shown before the question: LIVE, TEST or SANDBOX first, then what, to whom, on which
/// card, as which order.
#[must_use]
pub fn confirmation(card: &ChargeCard<'_>) -> String {
    let mode = card.mode.word().to_uppercase();
    let name = card.customer_name.map(|name| format!("{}  ", safe(name))).unwrap_or_default();
    let mut rows = vec![
        (mode.as_str(), format!("{}   {}", card.amount, safe(card.product))),
        ("to", format!("{name}{}", safe(card.customer_uid))),
        ("card", card.card.map_or_else(|| "not known".to_owned(), |card| safe(card).into_owned())),
        ("order", safe(card.merchant_uid).into_owned()),
    ];
    rows.extend(card.more.iter().map(|(label, value)| (*label, safe(value).into_owned())));
    let labels = rows.iter().map(|(label, _)| width(label)).max().unwrap_or(0);
    let lines = rows.iter().map(|(label, value)| format!("  {}  {value}\n", pad(label, labels)));
    format!("\n{}\n", lines.collect::<String>())
}

#[cfg(test)]
mod tests;
