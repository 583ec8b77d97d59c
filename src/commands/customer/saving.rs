//! What is kept of a customer: what was given, what the gateway says, and what was known before.

use jiff::Timestamp;

use crate::domain::charge::{Field, check_text};
use crate::domain::customer::{Card, Customer};
use crate::domain::ids::CustomerUid;
use crate::domain::payment::Mode;
use crate::domain::text::nfc_key;
use crate::failure::{Failure, Kind};
use crate::gateway::{BillingKey, Client};
use crate::ledger::{Ledger, LedgerError};
use crate::settings::Settings;

/// The labels are billkey's own and are never sent: longer than any real one is a slip.
const NAME_CHARS_MAX: usize = 100;
const EMAIL_CHARS_MAX: usize = 254;
const TEL_CHARS_MAX: usize = 40;
const NOTE_CHARS_MAX: usize = 1000;

/// What a person gives to tell a customer by. `None` was not given; an empty text takes away what
/// was known.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Given {
    pub name: Option<String>,
    pub email: Option<String>,
    pub tel: Option<String>,
    pub note: Option<String>,
}

impl Given {
    /// Refuses control characters and what is far too long.
    pub(super) fn check(&self) -> Result<(), Failure> {
        for (field, value, max) in [
            (Field::Name, &self.name, NAME_CHARS_MAX),
            (Field::Email, &self.email, EMAIL_CHARS_MAX),
            (Field::Tel, &self.tel, TEL_CHARS_MAX),
            (Field::Note, &self.note, NOTE_CHARS_MAX),
        ] {
            check_text(field, value.as_deref(), usize::MAX)?;
            let chars = value.as_deref().map_or(0, |value| value.chars().count());
            if chars > max {
                let message = format!("the {field} has {chars} characters; billkey keeps {max} at most");
                return Err(Failure::usage(message));
            }
        }
        Ok(())
    }
}

/// What the gateway says of a billing key (facts 5).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Registered {
    pub card: Card,
    /// More than one for a super billing key.
    pub channels: usize,
    pub name: Option<String>,
    pub email: Option<String>,
    pub tel: Option<String>,
}

/// Asks the gateway for the billing key. That there is none is a failure too.
pub(super) fn ask(client: &Client, uid: &CustomerUid) -> Result<Registered, Failure> {
    registered(client.billing_key(uid)?, uid)
}

/// What the gateway has said of a billing key. That there is none is a failure too.
pub(super) fn registered(key: BillingKey, uid: &CustomerUid) -> Result<Registered, Failure> {
    match key {
        BillingKey::Found { card, channels, customer_name, customer_tel, customer_email } => {
            Ok(Registered { card, channels, name: customer_name, email: customer_email, tel: customer_tel })
        }
        BillingKey::NotFound { said } => {
            Err(Failure::not_found(format!("the gateway has no billing key for {uid}: {said}")))
        }
    }
}

/// The card that is registered under this customer_uid now.
pub(super) fn registered_before(client: &Client, uid: &CustomerUid) -> Result<Option<Card>, Failure> {
    match ask(client, uid) {
        Ok(registered) => Ok(Some(registered.card)),
        Err(failure) if failure.kind == Kind::NotFound => Ok(None),
        Err(failure) => Err(failure),
    }
}

/// The same for one that may be new here: where the gateway does not know it either, it has to be spelled right
/// (contract, rule 12).
pub(super) fn ask_for_new(client: &Client, uid: &CustomerUid) -> Result<Registered, Failure> {
    ask(client, uid).map_err(|failure| of_new(failure, uid))
}

/// Why one that may be new here is not saved.
pub(super) fn of_new(failure: Failure, uid: &CustomerUid) -> Failure {
    match (failure.kind, check_new(uid)) {
        (Kind::NotFound, Err(misspelt)) => misspelt,
        (_, _) => failure,
    }
}

/// Whether a customer that nobody is asked about is spelled right.
pub(super) fn check_new(uid: &CustomerUid) -> Result<(), Failure> {
    CustomerUid::parse_new(uid.as_str()).map(|_| ()).map_err(Failure::from)
}

/// The customer as it is to be kept: what was given goes first, then what was known, then what the
/// gateway says. The card is the gateway's, where it was asked. `mode` is the profile's.
pub(super) fn merged(
    uid: &CustomerUid,
    given: &Given,
    known: Option<&Customer>,
    registered: Option<&Registered>,
    mode: Mode,
    now: Timestamp,
) -> Customer {
    let card = registered
        .map(|registered| registered.card.clone())
        .or_else(|| known.map(|known| known.card.clone()))
        .unwrap_or_default();
    let told = |field: fn(&Registered) -> Option<&String>| registered.and_then(field);
    Customer {
        customer_uid: uid.clone(),
        name: pick(&given.name, known.and_then(|it| it.name.as_ref()), told(|it| it.name.as_ref())),
        email: pick(&given.email, known.and_then(|it| it.email.as_ref()), told(|it| it.email.as_ref())),
        tel: pick(&given.tel, known.and_then(|it| it.tel.as_ref()), told(|it| it.tel.as_ref())),
        note: pick(&given.note, known.and_then(|it| it.note.as_ref()), None),
        mode: mode_of(&card, known.map_or(mode, |known| known.mode), mode),
        card,
        added_at: known.map_or(now, |known| known.added_at),
        checked_at: match registered {
            Some(_) => Some(now),
            None => known.and_then(|known| known.checked_at),
        },
        removed_at: None,
    }
}

fn pick(given: &Option<String>, known: Option<&String>, told: Option<&String>) -> Option<String> {
    let text = given.as_ref().or(known).or(told)?.trim();
    (!text.is_empty()).then(|| nfc_key(text))
}

/// What was known before, what is kept now, and what must be said loudly of it.
pub(super) struct Kept {
    pub(super) known: Option<Customer>,
    pub(super) customer: Customer,
    pub(super) warnings: Vec<String>,
}

/// Whose settings hold for a customer.
#[derive(Clone, Debug)]
pub(super) struct Profile {
    pub(super) name: String,
    pub(super) mode: Mode,
}

impl Profile {
    pub(super) fn of(settings: &Settings) -> Profile {
        Profile { name: settings.profile.clone(), mode: settings.mode }
    }
}

/// Saves a customer: what was given, what was known, what the gateway says, if it was asked.
pub(super) fn keep(
    ledger: &mut Ledger,
    uid: &CustomerUid,
    given: &Given,
    registered: Option<&Registered>,
    profile: &Profile,
    now: Timestamp,
) -> Result<Kept, LedgerError> {
    let known = ledger.find_customer(uid)?;
    let customer = merged(uid, given, known.as_ref(), registered, profile.mode, now);
    ledger.save_customer(&customer)?;
    let before = known.as_ref().map(|known| &known.card);
    let warnings = warnings(before, &customer, &profile.name, profile.mode);
    Ok(Kept { known, customer, warnings })
}

/// Whether charging this card moves money: its channel decides (facts 0). A card that does not
/// tell keeps the mode it has. In the sandbox nothing moves.
pub(super) fn mode_of(card: &Card, before: Mode, profile: Mode) -> Mode {
    match (profile, card.sandbox) {
        (Mode::Sandbox, _) => Mode::Sandbox,
        (Mode::Live | Mode::Test, Some(true)) => Mode::Test,
        (Mode::Live | Mode::Test, Some(false)) => Mode::Live,
        (Mode::Live | Mode::Test, None) => before,
    }
}

/// What must be said loudly of a customer's card: that it is another one than before, and that
/// its channel is test and the profile live, or the other way round.
pub(super) fn warnings(before: Option<&Card>, now: &Customer, profile: &str, mode: Mode) -> Vec<String> {
    let (uid, card) = (&now.customer_uid, &now.card);
    let mut warnings = Vec::new();
    if let Some(before) = before
        && card.differs_from(before)
    {
        warnings.push(format!(
            "the card of {uid} has changed; a charge goes to the new one. Before: {}. Now: {}.",
            described(before),
            described(card)
        ));
    }
    if mode.disagrees_with(card.sandbox) {
        warnings.push(match mode {
            Mode::Live => format!(
                "{uid} is registered through a TEST channel, and the profile `{profile}` is live: a charge \
                 would bring in no money."
            ),
            Mode::Test | Mode::Sandbox => format!(
                "{uid} is registered through a LIVE channel, and the profile `{profile}` is for tests: a \
                 charge would take real money."
            ),
        });
    }
    warnings
}

/// `신한카드 5409-26**-****-1234 (nice_v2, nictest04m)`, as far as it is known.
fn described(card: &Card) -> String {
    let shown = card.shown().unwrap_or_else(|| "a card without a number".to_owned());
    let pg: Vec<&str> = [&card.pg_provider, &card.pg_id].into_iter().flatten().map(String::as_str).collect();
    if pg.is_empty() { shown } else { format!("{shown} ({})", pg.join(", ")) }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::{Given, Registered, merged, mode_of, warnings};
    use crate::domain::customer::{Card, Customer};
    use crate::domain::ids::CustomerUid;
    use crate::domain::payment::Mode;

    fn uid() -> CustomerUid {
        CustomerUid::parse("gildong_0001_1234").unwrap()
    }

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn some(text: &str) -> Option<String> {
        Some(text.to_owned())
    }

    fn card(number: &str, sandbox: Option<bool>) -> Card {
        Card {
            card_name: some("신한카드"),
            card_number: some(number),
            pg_provider: some("nice_v2"),
            sandbox,
            ..Card::default()
        }
    }

    fn known() -> Customer {
        Customer {
            customer_uid: uid(),
            name: some("홍길동"),
            email: None,
            tel: some("010-0000-1234"),
            note: some("calls on Mondays"),
            card: card("5409-26**-****-1234", Some(false)),
            mode: Mode::Live,
            added_at: at(1),
            checked_at: Some(at(2)),
            removed_at: Some(at(3)),
        }
    }

    fn registered() -> Registered {
        Registered {
            card: card("9999-99**-****-9999", Some(false)),
            channels: 1,
            name: some("HONG GILDONG"),
            email: some("hong@example.com"),
            tel: some("010-9999-9999"),
        }
    }

    #[test]
    fn what_is_given_goes_before_what_was_known_and_that_before_the_gateways() {
        let given = Given { tel: some(" 010-1111-1111 "), note: some(""), ..Given::default() };
        let customer = merged(&uid(), &given, Some(&known()), Some(&registered()), Mode::Live, at(9));
        assert_eq!(customer.name, some("홍길동"), "known, and not given");
        assert_eq!(customer.email, some("hong@example.com"), "neither given nor known");
        assert_eq!(customer.tel, some("010-1111-1111"), "given");
        assert_eq!(customer.note, None, "taken away");
        assert_eq!(customer.card, registered().card);
        assert_eq!((customer.added_at, customer.checked_at), (at(1), Some(at(9))));
        assert_eq!(customer.removed_at, None, "a removed customer comes back");
    }

    #[test]
    fn without_asking_the_card_and_its_check_stay_as_they_were() {
        let customer = merged(&uid(), &Given::default(), Some(&known()), None, Mode::Test, at(9));
        assert_eq!((customer.card, customer.checked_at), (known().card, Some(at(2))));
        assert_eq!(customer.mode, Mode::Live, "the card's own, not the profile's");
        let new = merged(&uid(), &Given::default(), None, None, Mode::Test, at(9));
        assert_eq!((new.card, new.checked_at, new.added_at), (Card::default(), None, at(9)));
        assert_eq!(new.mode, Mode::Test);
    }

    #[test]
    fn the_channel_decides_the_mode() {
        for (flag, before, profile, mode) in [
            (Some(true), Mode::Live, Mode::Live, Mode::Test),
            (Some(false), Mode::Test, Mode::Test, Mode::Live),
            (None, Mode::Test, Mode::Live, Mode::Test),
            (None, Mode::Live, Mode::Live, Mode::Live),
            (Some(false), Mode::Sandbox, Mode::Sandbox, Mode::Sandbox),
        ] {
            assert_eq!(mode_of(&card("1", flag), before, profile), mode, "{flag:?} {before} {profile}");
        }
    }

    #[test]
    fn a_changed_card_is_shown_before_and_now() {
        let now = Customer { card: registered().card, ..known() };
        let said = warnings(Some(&known().card), &now, "main", Mode::Live);
        assert_eq!(
            said,
            ["the card of gildong_0001_1234 has changed; a charge goes to the new one. Before: 신한카드 \
              5409-26**-****-1234 (nice_v2). Now: 신한카드 9999-99**-****-9999 (nice_v2)."]
        );
        assert_eq!(warnings(Some(&known().card), &known(), "main", Mode::Live), [""; 0]);
        assert_eq!(warnings(None, &now, "main", Mode::Live), [""; 0]);
    }

    #[test]
    fn a_card_of_the_other_world_is_warned_of() {
        let test = Customer { card: card("1", Some(true)), ..known() };
        let said = warnings(None, &test, "main", Mode::Live);
        assert!(
            matches!(said.as_slice(), [one] if one.contains("TEST channel") && one.contains("`main` is live"))
        );
        let said = warnings(None, &known(), "dev", Mode::Test);
        assert!(
            matches!(said.as_slice(), [one] if one.contains("LIVE channel") && one.contains("real money"))
        );
    }

    #[test]
    fn labels_may_be_long_but_not_endless_nor_hold_control_characters() {
        let named = |name: &str| Given { name: some(name), ..Given::default() }.check();
        assert_eq!(named(&"가".repeat(100)), Ok(()));
        let long = named(&"가".repeat(101)).unwrap_err().message;
        assert_eq!(long, "the name has 101 characters; billkey keeps 100 at most");
        let control = named("a\u{1b}[2J").unwrap_err().message;
        assert!(control.starts_with("the name `a\\u{1b}[2J` contains a control character"), "{control}");
    }
}
