//! What a charge says of itself, in sentences: the answer first, the thing to do last, every id
//! with nothing stuck to it. Pure functions; the gateway's words are quoted as they are, made safe.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::domain::card_number::differ;
use crate::domain::customer::Customer;
use crate::domain::declines::{Certainty, Standing};
use crate::domain::money::Amount;
use crate::domain::payment::{Mode, Outcome, Payment, Terms};
use crate::domain::reason::Reason;
use crate::output::meaning::{acts, again as worth, certainty};
use crate::output::table::facts;
use crate::output::text::{pad, safe, sentence, when, when_from, width};
use crate::output::wrap::sentences;

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
    pub commands: &'a Commands,
}

/// What can be pasted to go on with a charge: whole commands, because the same line without the order's id would
/// be another charge.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Commands {
    /// Asks the gateway and sends nothing.
    pub reconcile: String,
    /// The same order once more.
    pub again: String,
    /// The same with `--retry`.
    pub retry: String,
}

/// What is said of a charge, in its parts. For people they are put together by `Ui::outcome`; a
/// failure for programs takes the first line and the advice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Story {
    pub outcome: Outcome,
    /// The words that name the outcome, and are shown in its colour; empty where none do.
    pub opening: &'static str,
    /// The rest of the first line.
    pub rest: String,
    /// What stands in lines of its own, each with its label: ids, the receipt.
    pub facts: Vec<(&'static str, String)>,
    pub advice: Option<Advice>,
    /// What to do after that, or instead.
    pub further: Vec<Advice>,
}

/// What to do next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Advice {
    pub text: String,
    /// A command that can be pasted, on a line of its own.
    pub command: Option<String>,
}

impl Story {
    /// One without facts and advice.
    #[must_use]
    pub fn new(outcome: Outcome, opening: &'static str, rest: impl Into<String>) -> Story {
        Story { outcome, opening, rest: rest.into(), facts: Vec::new(), advice: None, further: Vec::new() }
    }

    #[must_use]
    pub fn advised(self, text: impl Into<String>, command: Option<String>) -> Story {
        Story { advice: Some(Advice { text: text.into(), command }), ..self }
    }

    /// What to do after that, or instead.
    #[must_use]
    pub fn and_advised(mut self, text: impl Into<String>, command: Option<String>) -> Story {
        self.further.push(Advice { text: text.into(), command });
        self
    }

    /// The answer, in one line.
    #[must_use]
    pub fn first_line(&self) -> String {
        format!("{}{}", self.opening, self.rest)
    }

    /// All that stands behind the opening, each line with its break, for a terminal of so many columns.
    pub(in crate::output) fn after_opening(&self, columns: Option<usize>) -> String {
        let first = sentences(&safe(&self.first_line()), columns, "", "  ");
        // The opening is a word or two, and fits every terminal.
        let rest = first.strip_prefix(self.opening).unwrap_or(&self.rest);
        let mut text = format!("{rest}\n{}", facts(&self.facts));
        for Advice { text: words, command } in self.advice.iter().chain(&self.further) {
            text.push_str(&format!("{}\n", sentences(&safe(words), columns, "  ", "  ")));
            if let Some(command) = command {
                text.push_str(&format!("    {command}\n"));
            }
        }
        text
    }
}

impl Advice {
    /// In one line.
    #[must_use]
    pub fn line(&self) -> String {
        match &self.command {
            Some(command) => format!("{} {command}", self.text),
            None => self.text.clone(),
        }
    }
}

/// What to say of a charge's outcome.
#[must_use]
pub fn charge(story: &ChargeStory<'_>) -> Story {
    match story.payment.outcome {
        Outcome::Paid if story.replayed => already_paid(story.payment, story.zone),
        Outcome::Paid => paid(story.payment, story.zone),
        Outcome::Declined => declined(story),
        Outcome::Rejected => rejected(story),
        Outcome::Unknown if story.payment.is_noted_charged() => noted_charged(story),
        Outcome::Unknown | Outcome::Pending => unknown(story),
        Outcome::NotSent => not_sent(story),
    }
}

/// `order_monthly_0001   ₩8,900   gildong_0001_1234`: each of them free of what a double click would take too.
#[must_use]
pub fn order_fact(payment: &Payment) -> (&'static str, String) {
    let Terms { merchant_uid, customer_uid, amount, .. } = &payment.terms;
    ("order", safe(&format!("{merchant_uid}   {amount}   {customer_uid}")).into_owned())
}

/// `charged, by tester on 2026-11-29 09:00:00: the card company's statement`: what a person has noted.
pub(in crate::output) fn noted_by(payment: &Payment, zone: &TimeZone) -> Option<String> {
    let noted = payment.noted.as_ref()?;
    let word = if noted.charged { "charged" } else { "not charged" };
    let by = noted.by.as_deref().map(|by| format!(" by {}", safe(by))).unwrap_or_default();
    Some(format!("as {word}{by} on {}: {}", when(noted.at, zone), safe(&noted.evidence)))
}

/// The order, and what a person has noted of it.
fn order_facts(payment: &Payment, zone: &TimeZone) -> Vec<(&'static str, String)> {
    let noted = noted_by(payment, zone).map(|noted| ("noted", noted));
    std::iter::once(order_fact(payment)).chain(noted).collect()
}

/// `Noted as charged ₩8,900. …`: it counts as paid, on a person's word.
fn noted_charged(story: &ChargeStory<'_>) -> Story {
    let ChargeStory { payment, replayed, commands, zone, .. } = *story;
    let sent = if replayed { " Nothing was sent now." } else { "" };
    let (amount, mode) = (payment.terms.amount, mode_note(payment.mode_shown()));
    let rest = format!(" {amount}{mode}. The gateway does not show it.{sent}");
    let story = Story::new(payment.outcome, "Noted as charged", rest);
    let story = Story { facts: order_facts(payment, zone), ..story };
    story.advised("To ask the gateway about it again:", Some(commands.reconcile.clone()))
}

/// ` (SANDBOX)` where no money moved; nothing for a live one.
#[must_use]
pub fn mode_note(mode: Mode) -> &'static str {
    match mode {
        Mode::Live => "",
        Mode::Test => " (TEST)",
        Mode::Sandbox => " (SANDBOX)",
    }
}

/// `Paid ₩8,900. Approval 30012345, 2026-11-23 19:30:04.`, its ids and its receipt.
#[must_use]
pub fn paid(payment: &Payment, zone: &TimeZone) -> Story {
    let at = payment.paid_at.map(|at| when(at, zone));
    let approval = payment.apply_num.as_deref().map(|number| format!("Approval {}", safe(number)));
    let proof: Vec<String> = approval.into_iter().chain(at).collect();
    let proof = if proof.is_empty() { String::new() } else { format!(" {}.", proof.join(", ")) };
    let amount = payment.terms.amount;
    let rest = format!(" {amount}{}.{proof}", mode_note(payment.mode_shown()));
    let mut rows = vec![("order", safe(payment.terms.merchant_uid.as_str()).into_owned())];
    rows.extend(payment.imp_uid.as_deref().map(|id| ("payment", safe(id).into_owned())));
    rows.extend(payment.receipt_url.as_deref().map(|url| ("receipt", safe(url).into_owned())));
    Story { facts: rows, ..Story::new(payment.outcome, "Paid", rest) }
}

/// `Already paid ₩8,900 on 2026-11-23 19:30:04. Nothing was sent.`
#[must_use]
pub fn already_paid(payment: &Payment, zone: &TimeZone) -> Story {
    let amount = payment.terms.amount;
    let at = payment.paid_at.map(|at| format!(" on {}", when(at, zone))).unwrap_or_default();
    let refunded = match payment.cancel_amount {
        Some(refund) if refund.minor() > 0 => {
            let at = payment.cancelled_at.map(|at| format!(" on {}", when(at, zone))).unwrap_or_default();
            format!(" {refund} of it was refunded{at}.")
        }
        Some(_) | None => String::new(),
    };
    let mode = mode_note(payment.mode_shown());
    let rest = format!(" {amount}{mode}{at}.{refunded} Nothing was sent.");
    let story =
        Story { facts: vec![order_fact(payment)], ..Story::new(payment.outcome, "Already paid", rest) };
    // The order stays paid for ever, and --once-per means it until the period is over.
    if payment.cancel_amount == Some(amount) {
        return story
            .advised("All of it was refunded. To charge again, name a new order with --merchant-uid.", None);
    }
    story
}

/// The words of the card company or the gateway.
fn words(payment: &Payment) -> String {
    sentence(payment.why().as_deref().unwrap_or("no reason was given"))
}

/// `Declined: …`, in the words of the card company, and how sure it is that nothing was charged.
#[must_use]
pub fn declined(story: &ChargeStory<'_>) -> Story {
    let opening = if story.replayed { "Declined before" } else { "Declined" };
    refused(story, opening)
}

/// A decline or a rejection. No more certainty is told than there is (contract, rule 10).
fn refused(story: &ChargeStory<'_>, opening: &'static str) -> Story {
    let ChargeStory { payment, replayed, commands, not_before, now, zone } = *story;
    let standing = Standing::of(payment);
    let certain = standing.map_or(Certainty::NotCertain, |standing| standing.certainty);
    let over = payment.doubt_ended_at.map_or_else(String::new, |at| format!(" {}", doubt_ended(at, zone)));
    let sent = if replayed { " Nothing was sent now." } else { "" };
    let mode = mode_note(payment.mode_shown());
    let known = standing.and_then(|standing| standing.known);
    let meaning = known.map_or_else(String::new, |known| format!(" {}", known.meaning_en));
    let rest = format!("{mode}: {}{meaning} {}{over}{sent}", words(payment), certainty(certain));
    let story = Story { facts: order_facts(payment, zone), ..Story::new(payment.outcome, opening, rest) };
    // The code says no more to a person than the sentence that it stands for.
    let told = match (known, payment.code) {
        (Some(known), _) => format!("{} Again: {}. ", acts(known), worth(known)),
        (None, Some(code)) if code != 0 => format!("The gateway's code is {code}. "),
        (None, _) => String::new(),
    };
    let from = not_before.map_or_else(String::new, |at| format!(", from {} on", when_from(at, now, zone)));
    let again = format!("To try the same order again{from}:");
    let retry = Some(commands.retry.clone());
    match certain {
        Certainty::NotCertain | Certainty::MayHaveCharged => {
            let further = vec![Advice { text: again, command: retry }];
            let find_out = format!("{told}Later runs look again by themselves. To find out now:");
            Story { further, ..story.advised(find_out, Some(commands.reconcile.clone())) }
        }
        Certainty::NothingCharged | Certainty::HeldAsFailed | Certainty::RefusedAndNotShown => {
            story.advised(format!("{told}{again}"), retry)
        }
    }
}

/// Why a doubt is none any more.
pub(in crate::output) fn doubt_ended(at: Timestamp, zone: &TimeZone) -> String {
    format!("A look-up on {}, more than three days after it was sent, showed no money.", when(at, zone))
}

/// A payment's channel is not of the kind that the profile, of this mode, should use.
#[must_use]
pub fn wrong_channel(payment: &Payment, profile: Mode) -> String {
    let order = safe(payment.terms.merchant_uid.as_str());
    match profile {
        Mode::Live => format!(
            "{order} went through a TEST channel although the profile is live: it is no sale. Some PGs' test \
             channels withdraw real money until the night, and one keeps it"
        ),
        Mode::Test | Mode::Sandbox => {
            format!("{order} went through a LIVE channel although the profile is a test: REAL MONEY moved")
        }
    }
}

/// The card that was charged is another than the saved one, which the question showed; `None` where it may be the
/// same.
#[must_use]
pub fn other_card(payment: &Payment, saved: &Customer) -> Option<String> {
    let charged = payment.card_number.as_deref()?;
    let shown = saved.card.card_number.as_deref()?;
    if !differ(shown, charged) {
        return None;
    }
    let card = |name: Option<&str>, number: &str| {
        let name = name.map(|name| format!("{} ", safe(name))).unwrap_or_default();
        format!("{name}{}", safe(number))
    };
    Some(format!(
        "{} was charged to another card than the one that is saved for {}: {}, not {}. It may have been reissued",
        safe(payment.terms.merchant_uid.as_str()),
        safe(saved.customer_uid.as_str()),
        card(payment.card_name.as_deref(), charged),
        card(saved.card.card_name.as_deref(), shown),
    ))
}

/// A payment that this ledger did not know of: it was made elsewhere.
#[must_use]
pub fn found(payment: &Payment) -> String {
    let order = safe(payment.terms.merchant_uid.as_str());
    let imp_uid = payment.imp_uid.as_deref().map_or("without an imp_uid".into(), safe);
    let approval = payment.apply_num.as_deref().map(|number| format!(", approval {}", safe(number)));
    format!(
        "the gateway shows {order} as paid already ({imp_uid}{}), and this ledger did not know of it. It was \
         recorded; nothing was sent",
        approval.unwrap_or_default()
    )
}

/// The stored outcome of a payment that may still show as charged, where the gateway was asked in vain.
#[must_use]
pub fn not_confirmed(payment: &Payment, why: &Reason) -> String {
    let order = safe(payment.terms.merchant_uid.as_str());
    format!("{order} is told as {}, as it was before: {}", payment.outcome, safe(&why.to_string()))
}

/// `Rejected: …`, in the words of the gateway, and how sure it is that nothing was charged.
#[must_use]
pub fn rejected(story: &ChargeStory<'_>) -> Story {
    let opening = if story.replayed { "Rejected before" } else { "Rejected" };
    refused(story, opening)
}

/// `Unknown: … The card may have been charged.`, and from when on it may be sent again.
#[must_use]
pub fn unknown(story: &ChargeStory<'_>) -> Story {
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
        None => "The gateway is asked before anything is sent again. To find out now:".to_owned(),
    };
    let again = Advice {
        text: "To go on with the same order:".to_owned(),
        command: Some(story.commands.again.clone()),
    };
    let mode = mode_note(payment.mode_shown());
    let known = Standing::of(payment).and_then(|standing| standing.known);
    let meaning = known.map_or_else(String::new, |known| format!(" {}", known.meaning_en));
    let rest = format!("{mode}: {reason}{meaning} The card may have been charged.{sent}");
    Story {
        facts: vec![order_fact(payment)],
        further: vec![again],
        ..Story::new(payment.outcome, "Unknown", rest)
    }
    .advised(next, Some(story.commands.reconcile.clone()))
}

/// `Not sent: … Nothing was sent.` "Nothing was charged" is said of a request that was let go and certainly not
/// processed (contract, rules 4 and 10).
#[must_use]
pub fn not_sent(story: &ChargeStory<'_>) -> Story {
    let payment = story.payment;
    let reason = payment.why().map_or_else(|| "the request did not leave.".to_owned(), |why| sentence(&why));
    let certain = match payment.reason {
        Some(Reason::KeyRefused { .. }) if payment.attempts > 0 => " Nothing was charged.",
        // No trace of it shows: that proves nothing, and more is not known.
        _ if payment.is_beside_doubt() => "",
        _ => " Nothing was sent.",
    };
    let rest = format!("{}: {reason}{certain}", mode_note(payment.mode_shown()));
    let facts = order_facts(payment, story.zone);
    Story { facts, ..Story::new(Outcome::NotSent, "Not sent", rest) }
        .advised("To go on with the same order:", Some(story.commands.again.clone()))
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
