//! The page for the night: was the customer charged, and what now?

use crate::commands::topics::{Part, Topic};
use crate::domain::payment::Outcome;

/// `billkey help states`.
#[must_use]
pub(in crate::commands) fn states() -> Topic {
    let prose = |text: &str| Part::Prose(text.to_owned());
    let mut parts = vec![prose("Was the customer charged? A payment is in one of these states.")];
    parts.extend(Outcome::ALL.map(|outcome| Part::Pairs { of: Some(outcome.word()), rows: rows(outcome) }));
    parts.extend([
        prose(
            "One merchant_uid is one payment, for ever. Run the SAME command again as often as you like: it asks \
             before it sends, and what is paid is never sent again. With another customer, amount or currency it \
             is refused (exit 8), nothing is sent.",
        ),
        prose(
            "The same order is the same merchant_uid, given or made by --once-per. The same customer, plan and \
             period is the same order, on any machine and under any profile name. An open payment of a customer is \
             cleared up before another one of the same amount goes out.",
        ),
        prose(
            "billkey asks the gateway about an order before it sends it, every time. No answer, no send: run it \
             again. While look-ups are down, billkey doctor says so, and what to do if it lasts. Two ledgers that \
             charge one order in the same second are fenced by the gateway alone: one account, one ledger.",
        ),
        prose(
            "The ledger notices that it is older than it was, and then waits settle_after and says so until you \
             accept it. It never closes for that.",
        ),
        prose(
            "settle_after (15m unless configured) is how long a charge that the gateway does not show may still \
             be on its way, or hidden. Until it has passed since the last send, unknown and pending stay what they \
             are, and nothing is sent; after that the same command may send the same merchant_uid once more.",
        ),
        prose(
            "billkey reconcile [ID...] asks the gateway about unknown and pending payments, all of them or these, \
             and charges nothing. Use it after an outage, a crash or a restored backup, and whenever a customer \
             wants to know now. What it leaves undecided: run it again after settle_after. With --since it compares \
             all that the gateway has with the ledger: --import records what was made elsewhere, --fix takes the \
             gateway's word for status and refunds.",
        ),
        prose(
            "billkey history show ID tells every attempt; billkey doctor finds what is wrong with keys, network, \
             disk and clock.",
        ),
    ]);
    Topic { name: "states", about: "was the customer charged, and what to do", parts }
}

/// What is known, what the customer sees, what to do and what never to do.
fn rows(outcome: Outcome) -> Vec<(String, String)> {
    let texts = match outcome {
        Outcome::Paid => [
            "charged: the gateway says so, for this order, amount and currency",
            "the charge, on the statement of the card",
            "nothing; the same command again tells the stored result",
            "charge it once more under a new merchant_uid",
        ],
        Outcome::Declined => [
            "the gateway has it as failed; \"Nothing was charged\" is said where the reason proves it; a `doubt` says \
             why it is not certain",
            "nothing, or the card company's message about a refused charge",
            "tell the customer the reason; later the same command with --retry (a doubt is looked up again by \
             every run, and its --retry waits)",
            "retry in a loop: the reason does not go away by itself",
        ],
        Outcome::Rejected => [
            "the gateway refused it and shows no payment; \"Nothing was charged\" is said where its words prove it",
            "nothing",
            "read the message: often the customer_uid or the PG's setup is wrong; fix it, then the same command \
             with --retry",
            "change the merchant_uid to get past a refusal",
        ],
        Outcome::Unknown => [
            "perhaps charged: the request may have arrived, no usable answer came",
            "perhaps the charge",
            "billkey reconcile ID, or the same command again: both ask first; what never shows is closed by hand: \
             billkey reconcile ID --note",
            "charge under a new merchant_uid, or tell the customer it failed",
        ],
        Outcome::NotSent => [
            "no request was processed, or no trace of one shows after the wait",
            "nothing",
            "fix the network (billkey doctor), then the same command again",
            "make up a new merchant_uid: this one is still good",
        ],
        Outcome::Pending => [
            "perhaps charged: it is on its way now, or its process was ended",
            "perhaps the charge",
            "wait a minute; if it stays, the same as for unknown",
            "the same as for unknown; nor delete the ledger to get rid of it",
        ],
    };
    let labels = ["known", "customer", "do", "never"];
    labels.iter().zip(texts).map(|(label, text)| ((*label).to_owned(), text.to_owned())).collect()
}
