//! What happened to a payment, moment by moment, in sentences that can be read aloud to whoever calls.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::domain::payment::{EventKind, HistoryEntry, Outcome, Payment, RefundOutcome};
use crate::domain::record::Record;
use crate::domain::refund::Refund;
use crate::output::text::{cut, safe, when, width, wrapped};

/// Blanks before a time, and between it and its sentence.
const BEFORE: &str = "  ";

/// One moment.
struct Moment {
    at: Timestamp,
    sentence: String,
    /// What came over the wire, behind the sentence or under it.
    wire: String,
    /// Why, in the gateway's words or ours: one line.
    why: Option<String>,
}

/// Every event of a payment in its order, and the other payments of its order at their own times. Lines with their
/// line breaks, safe for a terminal.
#[must_use]
pub fn timeline(
    payment: &Payment,
    events: &[HistoryEntry],
    refunds: &[Refund],
    zone: &TimeZone,
    columns: Option<usize>,
) -> String {
    let mut moments: Vec<Moment> = events.iter().map(|event| of_event(payment, event, refunds)).collect();
    for moment in payment.others().flat_map(of_another) {
        let place = moments.iter().position(|known| known.at > moment.at).unwrap_or(moments.len());
        moments.insert(place, moment);
    }
    moments.iter().map(|moment| lines(moment, zone, columns)).collect()
}

fn lines(moment: &Moment, zone: &TimeZone, columns: Option<usize>) -> String {
    let time = format!("{BEFORE}{}{BEFORE}", when(moment.at, zone));
    let indent = " ".repeat(width(&time));
    let room = columns.map(|columns| columns.saturating_sub(width(&time)));
    let whole = if moment.wire.is_empty() {
        moment.sentence.clone()
    } else {
        format!("{}   {}", moment.sentence, moment.wire)
    };
    let sentence = match room {
        Some(room) if width(&whole) > room => {
            let fits = width(&moment.wire) <= room && !moment.wire.is_empty();
            let wire = if fits { vec![moment.wire.clone()] } else { wrapped(&moment.wire, room) };
            wrapped(&moment.sentence, room).into_iter().chain(wire).collect()
        }
        Some(_) | None => vec![whole],
    };
    let mut text = String::new();
    for (index, line) in sentence.iter().enumerate() {
        text.push_str(&format!("{}{line}\n", if index == 0 { &time } else { &indent }));
    }
    if let Some(why) = &moment.why {
        let why = safe(why);
        let why = room.map_or_else(|| why.clone(), |room| cut(&why, room));
        text.push_str(&format!("{indent}{why}\n"));
    }
    text
}

fn of_event(payment: &Payment, event: &HistoryEntry, refunds: &[Refund]) -> Moment {
    let received = &event.received;
    let sentence = match (event.kind, &event.refund) {
        (EventKind::Refund, Some((id, outcome))) => {
            let refund = refunds.iter().find(|refund| refund.id == *id);
            of_refund(refund, *outcome, &by(event))
        }
        (kind, _) => of_charge(payment, event, kind),
    };
    let wire = [
        received.http_status.map(|status| format!("HTTP {status}")),
        received.code.filter(|code| *code != 0).map(|code| format!("code {code}")),
        received.took_ms.map(|took| format!("{took} ms")),
        received.imp_uid.as_deref().map(|id| safe(id).into_owned()),
    ];
    let wire: Vec<String> = wire.into_iter().flatten().collect();
    Moment { at: event.at, sentence, wire: wire.join("   "), why: received.why() }
}

/// `, by mina on desk-3`
fn by(event: &HistoryEntry) -> String {
    let by = event.operator.as_deref().map(|by| format!(", by {}", safe(by))).unwrap_or_default();
    let on = event.host.as_deref().map(|host| format!(" on {}", safe(host))).unwrap_or_default();
    format!("{by}{on}")
}

fn of_charge(payment: &Payment, event: &HistoryEntry, kind: EventKind) -> String {
    let (amount, by) = (payment.terms.amount, by(event));
    let attempt = if event.attempt > 1 { format!(", attempt {}", event.attempt) } else { String::new() };
    match kind {
        EventKind::Intent => format!("the charge of {amount} was begun{by}{attempt}"),
        EventKind::Resend => {
            format!("the gateway had refused the token: sent once more with a new one{attempt}")
        }
        EventKind::Answer => match event.outcome {
            Outcome::Paid => format!("the gateway answered: paid{attempt}"),
            Outcome::Declined => format!("the gateway answered: declined{attempt}"),
            Outcome::Rejected => format!("the gateway refused it{attempt}"),
            Outcome::NotSent => format!("the gateway processed nothing{attempt}"),
            Outcome::Unknown | Outcome::Pending => format!("no usable answer came: unknown{attempt}"),
        },
        EventKind::NotSent => format!("the request did not leave{attempt}"),
        EventKind::Lookup => match event.outcome {
            Outcome::Paid => "a look-up showed it as paid".to_owned(),
            Outcome::Declined => "a look-up showed it as declined".to_owned(),
            Outcome::Rejected | Outcome::NotSent | Outcome::Unknown | Outcome::Pending => {
                format!("the gateway was asked: {}", event.outcome)
            }
        },
        EventKind::Refund => format!("the gateway showed a refund{by}"),
        EventKind::Noted => format!("a note was made{by}"),
        EventKind::Imported => {
            format!("the gateway showed this payment, made elsewhere, and it was recorded{by}")
        }
    }
}

fn of_refund(refund: Option<&Refund>, outcome: RefundOutcome, by: &str) -> String {
    let what =
        refund.map_or_else(|| "a refund".to_owned(), |refund| format!("a refund of {}", refund.amount));
    match outcome {
        RefundOutcome::Pending => format!("{what} was begun{by}"),
        RefundOutcome::Refunded => match refund {
            Some(refund) => format!("{} was refunded", refund.amount),
            None => "it was refunded".to_owned(),
        },
        RefundOutcome::Refused => format!("{what} was refused"),
        RefundOutcome::Unknown => format!("what became of {what} is not known"),
        RefundOutcome::NotSent => format!("{what} was not sent"),
    }
}

/// Another payment that took money under the order: when it did, and when money of it went back.
fn of_another(record: &Record) -> Vec<Moment> {
    let approval =
        record.apply_num.as_deref().map(|number| format!(", approval {}", safe(number))).unwrap_or_default();
    let amount = record.amount.map_or_else(|| "an amount".to_owned(), |amount| amount.to_string());
    let id = safe(&record.imp_uid).into_owned();
    let moment = |at, sentence| Moment { at, sentence, wire: id.clone(), why: None };
    let paid = record.paid_at.unwrap_or(record.first_seen);
    let paid = moment(paid, format!("another payment of this order took {amount}{approval}"));
    let back = record.cancelled.filter(|back| back.minor() > 0).zip(record.cancelled_at);
    let back = back.map(|(back, at)| moment(at, format!("{back} of the other payment was refunded")));
    std::iter::once(paid).chain(back).collect()
}

#[cfg(test)]
mod tests {
    use super::timeline;
    use crate::domain::payment::{EventKind, HistoryEntry, Outcome, Payment, Received, RefundOutcome};
    use crate::domain::record::Record;
    use crate::output::samples::{at, paid, refund, seoul, shown, won};
    use crate::output::text::width;

    fn event(second: u32, kind: EventKind, outcome: Outcome) -> HistoryEntry {
        HistoryEntry {
            at: at(&format!("2026-11-23T19:30:{second:02}+09:00")),
            kind,
            outcome,
            attempt: 1,
            operator: None,
            host: None,
            received: Received::default(),
            refund: None,
        }
    }

    /// A charge without an answer that was paid, and paid by somebody else as well; a part of it went back.
    fn story() -> (Payment, Vec<HistoryEntry>) {
        let by = |event| HistoryEntry {
            operator: Some("mina".to_owned()),
            host: Some("desk-3".to_owned()),
            ..event
        };
        let received = |http_status, message: Option<&str>| Received {
            http_status: Some(http_status),
            message: message.map(str::to_owned),
            took_ms: Some(812),
            ..Received::default()
        };
        let answer = HistoryEntry {
            received: received(502, Some("<html>\u{1b}[2J 나쁨")),
            ..event(4, EventKind::Answer, Outcome::Unknown)
        };
        let found = Received { imp_uid: paid().imp_uid, ..received(200, None) };
        let lookup = HistoryEntry { received: found, ..event(9, EventKind::Lookup, Outcome::Paid) };
        let back = |second, outcome| HistoryEntry {
            refund: Some((refund().id, outcome)),
            ..event(second, EventKind::Refund, Outcome::Paid)
        };
        let events = vec![
            by(event(3, EventKind::Intent, Outcome::Pending)),
            answer,
            lookup,
            by(back(20, RefundOutcome::Pending)),
            back(21, RefundOutcome::Refunded),
        ];
        (
            Payment {
                records: vec![record("imps_623347347957", "30012345"), record("imps_2", "22222222")],
                ..paid()
            },
            events,
        )
    }

    fn record(imp_uid: &str, apply_num: &str) -> Record {
        let text = |text: &str| Some(text.to_owned());
        let seen = at("2026-11-23T19:30:09+09:00");
        Record {
            imp_uid: imp_uid.to_owned(),
            merchant_uid: text("order_monthly_0001"),
            customer_uid: None,
            status: text("paid"),
            amount: Some(won(8900)),
            cancelled: None,
            apply_num: text(apply_num),
            card_name: None,
            card_number: None,
            pg_provider: None,
            pg_tid: None,
            receipt_url: None,
            channel: None,
            usage: None,
            sandbox: None,
            fail_reason: None,
            started_at: None,
            paid_at: Some(at("2026-11-23T19:30:05+09:00")),
            failed_at: None,
            cancelled_at: None,
            first_seen: seen,
            last_seen: seen,
            signed: None,
        }
    }

    #[test]
    fn what_happened_is_told_in_sentences_with_both_payments_of_a_double() {
        let (payment, events) = story();
        insta::assert_snapshot!(shown(&timeline(&payment, &events, &[refund()], &seoul(), None)), @r#"
        $
          2026-11-23 19:30:03  the charge of ₩8,900 was begun, by mina on desk-3
          2026-11-23 19:30:04  no usable answer came: unknown   HTTP 502   812 ms
                               <html>\u{1b}[2J 나쁨
          2026-11-23 19:30:05  another payment of this order took ₩8,900, approval 22222222   imps_2
          2026-11-23 19:30:09  a look-up showed it as paid   HTTP 200   812 ms   imps_623347347957
          2026-11-23 19:30:20  a refund of ₩3,000 was begun, by mina on desk-3
          2026-11-23 19:30:21  ₩3,000 was refunded
        "#);
    }

    #[test]
    fn a_narrow_terminal_gets_more_lines() {
        let (payment, events) = story();
        let text = timeline(&payment, &events, &[refund()], &seoul(), Some(50));
        assert!(text.lines().all(|line| width(line) <= 50), "{text}");
        assert!(text.contains("by mina on"), "{text}");
    }
}
