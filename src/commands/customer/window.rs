//! What the PG's window is told, and what is said before it opens.

use ring::digest;

use crate::commands::customer::register_args::WindowArgs;
use crate::commands::customer::saving::Given;
use crate::commands::naming::{customer_to_charge, known_there};
use crate::domain::charge::{Field, InvalidValue, check_text};
use crate::domain::customer::{Card, Customer};
use crate::domain::ids::{CustomerUid, MerchantUid};
use crate::domain::money::{Amount, Currency};
use crate::domain::words::hex;
use crate::failure::Failure;
use crate::register::{
    Issue, Job, NO_WINDOW, RegisterError, Window, charge_at_issue, is_loaded_otherwise, provider_of,
    random_hex,
};
use crate::settings::Settings;

/// The merchant's code in the sandbox, where there is no merchant.
const SANDBOX_IMP_CODE: &str = "imp00000000";

/// Lengths of the window's parameters (facts 2.1, 6.2).
const PRODUCT_CHARS_MAX: usize = 40;
const BUYER_NAME_CHARS_MAX: usize = 16;
const BUYER_EMAIL_CHARS_MAX: usize = 64;
const BUYER_TEL_CHARS_MAX: usize = 16;
const CHANNEL_KEY_CHARS_MAX: usize = 55;
/// What smartro_v2 takes; the others take more (facts 6.2).
const CUSTOMER_ID_CHARS_MAX: usize = 20;

/// PGs that want a `customer_id` besides (facts 6.2).
const WANT_CUSTOMER_ID: [&str; 4] = ["smartro_v2", "tosspay_v2", "mobilians_v2", "tosspayments"];

/// A registration as asked for, checked.
pub(super) struct Plan {
    pub(super) customer_uid: CustomerUid,
    /// What is kept of the customer.
    pub(super) given: Given,
    pub(super) window: Window,
    pub(super) issue: Option<Issue>,
    amount: Amount,
    imp_code: String,
    mode: &'static str,
}

impl Plan {
    /// Reads the arguments; nothing is written or asked yet.
    pub(super) fn read(args: &WindowArgs, settings: &Settings) -> Result<Plan, Failure> {
        let WindowArgs { name, email, tel, .. } = args;
        let given = Given { name: name.clone(), email: email.clone(), tel: tel.clone(), note: None };
        given.check()?;
        check_text(Field::Name, name.as_deref(), BUYER_NAME_CHARS_MAX)?;
        check_text(Field::Email, email.as_deref(), BUYER_EMAIL_CHARS_MAX)?;
        check_text(Field::Tel, tel.as_deref(), BUYER_TEL_CHARS_MAX)?;
        let amount = Amount::parse_or_zero(&args.amount, Currency::KRW)?;
        let product = needed(Field::Product, &args.product, PRODUCT_CHARS_MAX)?;
        let pay_method = needed(Field::PayMethod, &args.pay_method, PRODUCT_CHARS_MAX)?;
        let customer_uid = match &args.customer_uid {
            Some(text) => customer_to_charge(text, known_there(settings)?.as_ref())?,
            None => CustomerUid::parse(&made_up(name.as_deref().unwrap_or_default())?)?,
        };
        let merchant_uid = match &args.merchant_uid {
            Some(text) => MerchantUid::parse_new(text)?.as_str().to_owned(),
            // Letters and digits alone: some PGs take no others (facts 2.7).
            None => format!("register{}", random_hex(8)?),
        };
        let (channel_key, pg) = channel(args, settings)?;
        let customer_id = pg.as_deref().filter(|pg| WANT_CUSTOMER_ID.contains(&provider_of(pg)));
        let customer_id = customer_id.map(|_| customer_id_of(&customer_uid));
        let issue = charge_at_issue(pg.as_deref(), &pay_method, amount.minor());
        let window = Window {
            channel_key,
            pg,
            pay_method,
            merchant_uid,
            customer_uid: customer_uid.to_string(),
            amount: amount.minor(),
            name: product,
            buyer_name: filled(name),
            buyer_email: filled(email),
            buyer_tel: filled(tel),
            customer_id,
        };
        let imp_code = imp_code(settings)?;
        Ok(Plan { customer_uid, given, amount, window, imp_code, mode: settings.mode.word(), issue })
    }

    /// What is known of the customer already fills in what was not given.
    pub(super) fn remember(&mut self, known: Option<&Customer>) {
        let Some(known) = known else { return };
        let window = &mut self.window;
        for (field, given, known, max) in [
            (&mut window.buyer_name, &self.given.name, &known.name, BUYER_NAME_CHARS_MAX),
            (&mut window.buyer_email, &self.given.email, &known.email, BUYER_EMAIL_CHARS_MAX),
            (&mut window.buyer_tel, &self.given.tel, &known.tel, BUYER_TEL_CHARS_MAX),
        ] {
            if given.is_none() {
                *field = known.clone().filter(|text| text.chars().count() <= max);
            }
        }
    }

    /// What is to be said before the window opens; the page says it too.
    pub(super) fn warnings(&self, before: Option<&Card>) -> Vec<String> {
        let mut warnings = Vec::new();
        let (uid, amount) = (&self.customer_uid, self.amount);
        if let Some(before) = before {
            let card = before.shown().unwrap_or_else(|| "a card without a number".to_owned());
            warnings.push(format!("{uid} has a card already, {card}; the new one takes its place."));
        }
        let pg = self.window.pg.as_deref().map(provider_of).unwrap_or_default();
        match self.issue {
            Some(Issue::Charges) => {
                warnings.push(format!("{pg} charges {amount} when it registers the card."));
            }
            Some(Issue::TestCharge) => warnings.push(format!(
                "{pg} charges ₩10 when it registers the card, and gives it back in about 30 minutes."
            )),
            Some(Issue::AlwaysInDollars) => {
                warnings.push(format!("{pg} always charges when it registers a card, in US dollars."));
            }
            Some(Issue::MayCharge) if amount.minor() > 0 => warnings.push(format!(
                "some PGs charge {amount} when they register the card, and this may be one of them."
            )),
            Some(Issue::MayCharge) => {
                warnings.push(format!("{pg} charges when it registers a card; the window says how much."));
            }
            None => {}
        }
        if NO_WINDOW.contains(&pg) {
            warnings.push(format!("{pg} is not known to have a window that registers cards."));
        }
        warnings
    }

    /// Everything the page is told.
    pub(super) fn job(&self, before: Option<&Card>, sdk_url: &str) -> Job {
        let replaces = before.map(|card| card.shown().unwrap_or_default());
        Job {
            mode: self.mode,
            sdk_url: sdk_url.to_owned(),
            imp_code: self.imp_code.clone(),
            replaces,
            issue: self.issue,
            window: self.window.clone(),
            link: None,
        }
    }
}

/// Whether a billing key is the one there was before. A new one has another time, or another card
/// (facts 5); where the gateway tells neither, it has to be believed.
pub(super) fn is_unchanged(before: &Card, now: &Card) -> bool {
    before.updated_s.is_some() && before.updated_s == now.updated_s && !now.differs_from(before)
}

/// The flags beat the profile, both of them: a `--pg` means that the profile's channel key does not
/// count.
fn channel(args: &WindowArgs, settings: &Settings) -> Result<(Option<String>, Option<String>), Failure> {
    let (channel_key, pg) = match (&args.channel_key, &args.pg) {
        (None, None) => (settings.channel_key.clone(), settings.pg.clone()),
        (channel_key, pg) => (channel_key.clone(), pg.clone()),
    };
    let channel_key =
        channel_key.map(|text| needed(Field::ChannelKey, &text, CHANNEL_KEY_CHARS_MAX)).transpose()?;
    let pg = pg.map(|text| needed(Field::Pg, &text, CHANNEL_KEY_CHARS_MAX)).transpose()?;
    if pg.as_deref().is_some_and(is_loaded_otherwise) {
        return Err(Failure::usage(
            "paypal_v2 registers cards in a window of another kind, which billkey cannot open",
        )
        .hinted(
            "register it on a page of your own, then `billkey customer add` or `billkey customer listen`",
        ));
    }
    Ok((channel_key, pg))
}

/// The merchant's code for the SDK.
pub(super) fn imp_code(settings: &Settings) -> Result<String, Failure> {
    if settings.sandbox() {
        return Ok(SANDBOX_IMP_CODE.to_owned());
    }
    settings.imp_code.clone().ok_or_else(|| {
        let place = match &settings.config_file {
            Some(path) => format!("set imp_code in {}", path.display()),
            None => "run `billkey config init`, then set imp_code".to_owned(),
        };
        Failure::config(format!("the profile `{}` has no imp_code. No window was opened", settings.profile))
            .hinted(format!(
                "{place}: imp and eight digits, in the PortOne console under 식별코드 · API Keys. To try without: \
                 --sandbox"
            ))
    })
}

fn needed(field: Field, text: &str, max: usize) -> Result<String, InvalidValue> {
    check_text(field, Some(text), max)?;
    let text = text.trim();
    if text.is_empty() { Err(InvalidValue::Empty { field }) } else { Ok(text.to_owned()) }
}

fn filled(text: &Option<String>) -> Option<String> {
    let text = text.as_deref()?.trim();
    (!text.is_empty()).then(|| text.to_owned())
}

/// The same for the same customer, and short enough for every PG.
fn customer_id_of(uid: &CustomerUid) -> String {
    let hash = digest::digest(&digest::SHA256, uid.as_str().as_bytes());
    hex(hash.as_ref().iter().take(CUSTOMER_ID_CHARS_MAX / 2))
}

/// A customer_uid that tells whose it is and that nobody else has: `honggildong_3f9a2c7d41b0`.
fn made_up(name: &str) -> Result<String, RegisterError> {
    let letters: String = name.chars().map(romanised).collect::<String>().to_ascii_lowercase();
    let letters: String = letters.chars().filter(char::is_ascii_alphanumeric).take(40).collect();
    let stem = if letters.is_empty() { "customer" } else { &letters };
    Ok(format!("{stem}_{}", random_hex(6)?))
}

/// A syllable of Hangul in Latin letters, after the Revised Romanization without its sound changes;
/// any other character as it is.
fn romanised(c: char) -> String {
    const INITIALS: [&str; 19] =
        ["g", "kk", "n", "d", "tt", "r", "m", "b", "pp", "s", "ss", "", "j", "jj", "ch", "k", "t", "p", "h"];
    const VOWELS: [&str; 21] = [
        "a", "ae", "ya", "yae", "eo", "e", "yeo", "ye", "o", "wa", "wae", "oe", "yo", "u", "wo", "we", "wi",
        "yu", "eu", "ui", "i",
    ];
    const FINALS: [&str; 28] = [
        "", "k", "k", "k", "n", "n", "n", "t", "l", "k", "m", "l", "l", "l", "p", "l", "m", "p", "p", "t",
        "t", "ng", "t", "t", "k", "t", "p", "t",
    ];
    let Some(index) = u32::from(c).checked_sub(0xac00).and_then(|index| usize::try_from(index).ok()) else {
        return c.to_string();
    };
    let part = |list: &[&'static str], at: usize| list.get(at).copied();
    match (part(&INITIALS, index / 588), part(&VOWELS, index / 28 % 21), part(&FINALS, index % 28)) {
        (Some(initial), Some(vowel), Some(last)) => format!("{initial}{vowel}{last}"),
        (_, _, _) => c.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::{customer_id_of, is_unchanged, made_up};
    use crate::domain::customer::Card;
    use crate::domain::ids::CustomerUid;

    #[test]
    fn a_made_up_name_tells_whose_it_is() {
        for (name, stem) in [
            ("홍길동", "honggildong_"),
            ("김영희", "gimyeonghui_"),
            ("Kim, Min-ji 2", "kimminji2_"),
            ("", "customer_"),
            ("王", "customer_"),
            ("힣", "hit_"),
        ] {
            let uid = made_up(name).unwrap();
            assert!(uid.starts_with(stem) && uid.len() == stem.len() + 12, "{name}: {uid}");
            CustomerUid::parse(&uid).unwrap();
        }
        assert_ne!(made_up("홍길동").unwrap(), made_up("홍길동").unwrap());
    }

    #[test]
    fn a_card_is_new_by_its_time_or_by_itself() {
        let card = |number: &str, updated_s| Card {
            card_number: Some(number.to_owned()),
            updated_s,
            ..Card::default()
        };
        assert!(is_unchanged(&card("1", Some(5)), &card("1", Some(5))));
        assert!(!is_unchanged(&card("1", Some(5)), &card("1", Some(6))));
        assert!(!is_unchanged(&card("1", Some(5)), &card("2", Some(5))));
        assert!(!is_unchanged(&card("1", None), &card("1", None)), "the gateway does not tell");
    }

    #[test]
    fn a_customer_id_is_short_and_the_same_every_time() {
        let uid = CustomerUid::parse(&"가".repeat(80)).unwrap();
        assert_eq!(customer_id_of(&uid).len(), 20);
        assert_eq!(customer_id_of(&uid), customer_id_of(&uid));
    }
}
