//! `billkey customer add`: one customer_uid whose billing key exists.

use crate::commands::context::Context;
use crate::commands::customer::AddArgs;
use crate::commands::customer::saving::{Given, House, Kept, Registered, ask, keep};
use crate::commands::session::answered;
use crate::domain::customer::Customer;
use crate::domain::ids::CustomerUid;
use crate::failure::{Exit, Failure, Kind};
use crate::output::Format;
use crate::output::table::facts;
use crate::output::text::{safe, sentence};

pub(super) fn run(args: &AddArgs, context: &mut Context<'_>) -> Result<Exit, Failure> {
    let uid = CustomerUid::parse(&args.customer_uid)?;
    let AddArgs { name, email, tel, note, .. } = args.clone();
    let given = Given { name, email, tel, note };
    given.check()?;
    let mut ledger = context.open_ledger()?;
    let registered = if args.no_verify {
        None
    } else {
        let gateway = context.open_gateway()?;
        let waiting = context.ui.waiting("asking the gateway for the billing key");
        let asked = ask(&gateway.client, &uid).map_err(|failure| advised(not_saved(failure, &uid)));
        drop(waiting);
        Some(asked?)
    };
    let (house, now) = (House::of(context.settings), context.now());
    let kept = keep(&mut ledger, &uid, &given, registered.as_ref(), &house, now)?;
    for warning in &kept.warnings {
        context.ui.warning(warning);
    }
    let Kept { known, customer, .. } = kept;
    let ui = &mut *context.ui;
    let written = match ui.format() {
        Format::Table => ui.done(&prose(known.as_ref(), &customer, registered.as_ref())),
        Format::Plain | Format::Json | Format::Jsonl | Format::Csv if ui.quiet() => Ok(()),
        Format::Plain | Format::Json | Format::Jsonl | Format::Csv => ui.customer(&customer),
    };
    answered(written, Exit::Done)
}

/// The failure, and what it means for the customer.
pub(super) fn not_saved(failure: Failure, uid: &CustomerUid) -> Failure {
    Failure { message: format!("{} {uid} was not saved.", sentence(&failure.message)), ..failure }
}

/// What to do about it.
fn advised(failure: Failure) -> Failure {
    let hint = match failure.kind {
        Kind::Network => "to save it without asking the gateway: add --no-verify",
        Kind::NotFound => {
            "check the customer_uid and the profile; to save it before there is a card: add --no-verify"
        }
        Kind::Local
        | Kind::Usage
        | Kind::Config
        | Kind::Auth
        | Kind::Declined
        | Kind::Rejected
        | Kind::Unknown
        | Kind::Refused
        | Kind::Interrupted => return failure,
    };
    failure.hinted(hint)
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

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::{advised, not_saved, prose};
    use crate::commands::customer::saving::Registered;
    use crate::domain::customer::{Card, Customer};
    use crate::domain::ids::CustomerUid;
    use crate::domain::payment::Mode;
    use crate::failure::{Failure, Kind};

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

    #[test]
    fn a_failure_keeps_its_kind_and_says_that_nothing_was_saved() {
        let failure = advised(not_saved(
            Failure::network("the gateway refused the connection"),
            &customer().customer_uid,
        ));
        assert_eq!(failure.kind, Kind::Network);
        assert_eq!(failure.message, "the gateway refused the connection. gildong_0001_1234 was not saved.");
        assert_eq!(failure.hints, ["to save it without asking the gateway: add --no-verify"]);
    }
}
