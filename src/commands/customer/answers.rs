//! How it is told that a customer was saved, or was not: to a person, to a program, to a page.

use crate::commands::customer::saving::Registered;
use crate::commands::session::answered;
use crate::domain::customer::Customer;
use crate::domain::ids::CustomerUid;
use crate::failure::{Exit, Failure, Kind};
use crate::output::Format;
use crate::output::table::facts;
use crate::output::text::{safe, sentence};
use crate::output::ui::Ui;
use crate::register::{Refused, Saved, Why};

/// The answer of a command about one customer: prose for a person, the customer for a program, and
/// nothing with `--quiet`.
pub(super) fn answer(ui: &mut Ui, prose: &str, customer: &Customer) -> Result<Exit, Failure> {
    let written = match ui.format() {
        Format::Table => ui.done(prose),
        Format::Plain | Format::Json | Format::Jsonl | Format::Csv if ui.quiet() => Ok(()),
        Format::Plain | Format::Json | Format::Jsonl | Format::Csv => ui.customer(customer),
    };
    answered(written, Exit::Done)
}

/// The failure, and what it means for the customer.
pub(super) fn not_saved(failure: Failure, uid: &CustomerUid) -> Failure {
    Failure { message: format!("{} {uid} was not saved.", sentence(&failure.message)), ..failure }
}

/// `Saved gildong_0001_1234.`, and what is known of it now.
pub(super) fn prose(
    before: Option<&Customer>,
    customer: &Customer,
    registered: Option<&Registered>,
) -> String {
    let uid = &customer.customer_uid;
    let mut first = match before {
        None => format!("Saved {uid}."),
        Some(before) if before.removed_at.is_some() => format!("Saved {uid} again; it had been removed."),
        Some(_) => format!("Updated {uid}."),
    };
    if registered.is_none() {
        first.push_str(" The gateway was not asked.");
    }
    let line = |text: &Option<String>| text.as_deref().map(|text| safe(text).into_owned());
    let card = customer.card.shown().unwrap_or_else(|| "not known".to_owned());
    let channels = registered.map_or(1, |registered| registered.channels);
    let rows = [
        ("name", line(&customer.name)),
        ("e-mail", line(&customer.email)),
        ("phone", line(&customer.tel)),
        ("card", Some(safe(&card).into_owned())),
        ("channels", (channels > 1).then(|| format!("{channels}: a super billing key"))),
        ("mode", Some(customer.mode.word().to_uppercase())),
        ("note", line(&customer.note)),
    ];
    let rows: Vec<(&str, String)> =
        rows.into_iter().filter_map(|(label, value)| value.map(|value| (label, value))).collect();
    format!("{first}\n{}", facts(&rows))
}

/// What a page is answered, as JSON.
pub(super) fn saved(customer: &Customer) -> Saved {
    Saved {
        customer_uid: customer.customer_uid.to_string(),
        card_name: customer.card.card_name.clone(),
        card_number: customer.card.card_number.clone(),
    }
}

/// A failure as whoever posted is told it.
pub(super) fn refusal(failure: &Failure) -> Refused {
    let why = match failure.kind {
        Kind::NotFound => Why::NotFound,
        Kind::Network | Kind::Auth | Kind::Config | Kind::Rejected | Kind::Unknown | Kind::Declined => {
            Why::Gateway
        }
        Kind::Refused => Why::Conflict,
        Kind::Usage => Why::Bad,
        Kind::Interrupted => Why::Over,
        Kind::Local | Kind::Alarm => Why::Local,
    };
    let mut letters = failure.message.chars();
    let first = letters.next().map_or_else(String::new, |first| first.to_uppercase().to_string());
    Refused::new(why, format!("{} Nothing was saved.", sentence(&format!("{first}{}", letters.as_str()))))
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::prose;
    use crate::commands::customer::saving::Registered;
    use crate::domain::customer::{Card, Customer};
    use crate::domain::ids::CustomerUid;
    use crate::domain::payment::Mode;

    fn customer() -> Customer {
        Customer {
            customer_uid: CustomerUid::parse("gildong_0001_1234").unwrap(),
            name: Some("홍길동".to_owned()),
            email: None,
            tel: None,
            note: None,
            card: Card {
                card_name: Some("신한카드".to_owned()),
                card_number: Some("5409-26**-****-1234".to_owned()),
                ..Card::default()
            },
            mode: Mode::Live,
            added_at: Timestamp::UNIX_EPOCH,
            checked_at: None,
            removed_at: None,
        }
    }

    #[test]
    fn the_answer_says_what_was_done_and_what_is_known() {
        let registered = Registered { channels: 2, ..Registered::default() };
        assert_eq!(
            prose(None, &customer(), Some(&registered)),
            "Saved gildong_0001_1234.\n  name      홍길동\n  card      신한카드 5409-26**-****-1234\n  channels  2: \
             a super billing key\n  mode      LIVE\n"
        );
        let removed = Customer { removed_at: Some(Timestamp::UNIX_EPOCH), ..customer() };
        let first = |before: &Customer| {
            prose(Some(before), &customer(), None).lines().next().map(str::to_owned).unwrap()
        };
        assert_eq!(first(&customer()), "Updated gildong_0001_1234. The gateway was not asked.");
        assert_eq!(
            first(&removed),
            "Saved gildong_0001_1234 again; it had been removed. The gateway was not asked."
        );
    }
}
