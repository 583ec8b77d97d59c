//! A link by which a customer registers a card elsewhere: what is kept of it, and when it can be used.

use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::domain::customer::Card;
use crate::domain::time::{BootReading, Moment};
use crate::register::link_site::LINK_ID_CHARS;
use crate::register::page::Window;
use crate::register::pg::Issue;
use crate::register::token::{fingerprint, is_same};

/// When a card is looked for, after a window was opened of which nothing more was heard.
const LOOKED_AFTER: [Duration; 3] =
    [Duration::from_secs(3 * 60), Duration::from_secs(15 * 60), Duration::from_secs(60 * 60)];

/// What a link is for. It is written once and never changed; the token is nowhere in it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Link {
    /// The token's SHA-256.
    pub fingerprint: String,
    pub customer_uid: String,
    pub made_at_ms: i64,
    boot_id: Option<String>,
    since_boot_ms: Option<i64>,
    pub expires_at_ms: i64,
    /// Who made it.
    pub operator: Option<String>,
    /// What the window is told.
    pub window: Window,
    pub issue: Option<Issue>,
    /// What to keep of the customer where nothing is known yet.
    pub name: Option<String>,
    pub email: Option<String>,
    pub tel: Option<String>,
    before: Option<Before>,
}

/// The card that was registered when the link was made: a window that was closed leaves it where it was.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Before {
    card_name: Option<String>,
    card_code: Option<String>,
    card_number: Option<String>,
    pg_provider: Option<String>,
    pg_id: Option<String>,
    updated_s: Option<i64>,
}

/// How a link ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum How {
    Used,
    Expired,
    Revoked,
}

/// The end of a link. There is one, and the first that is written stays.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct End {
    pub how: How,
    pub at_ms: i64,
}

/// What was heard of its page; a help and no proof of anything.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Heard {
    pub opened_at_ms: Option<i64>,
    /// When the PG's window was opened last.
    pub window_at_ms: Option<i64>,
    /// When the gateway was asked last without anybody's asking.
    pub looked_at_ms: Option<i64>,
}

/// How a link stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LinkState {
    Open,
    /// The PG's window was opened, and how that ended is not known.
    Begun,
    Ended(How),
}

impl LinkState {
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            LinkState::Open => "open",
            LinkState::Begun => "begun",
            LinkState::Ended(How::Used) => "used",
            LinkState::Ended(How::Expired) => "expired",
            LinkState::Ended(How::Revoked) => "revoked",
        }
    }
}

/// Everything that is kept of a link.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptLink {
    pub link: Link,
    pub end: Option<End>,
    pub heard: Heard,
}

/// What a new link is made of.
#[derive(Clone, Debug)]
pub struct NewLink<'a> {
    pub token: &'a str,
    pub customer_uid: String,
    pub window: Window,
    pub issue: Option<Issue>,
    pub before: Option<&'a Card>,
    pub given: [Option<String>; 3],
    pub operator: Option<String>,
    pub lifetime: Duration,
    pub now: &'a Moment,
}

impl Link {
    #[must_use]
    pub fn new(new: NewLink<'_>) -> Link {
        let [name, email, tel] = new.given;
        let made_at_ms = new.now.wall.as_millisecond();
        let lifetime_ms = i64::try_from(new.lifetime.as_millis()).unwrap_or(i64::MAX);
        Link {
            fingerprint: fingerprint(new.token),
            customer_uid: new.customer_uid,
            made_at_ms,
            boot_id: new.now.boot.as_ref().map(|boot| boot.boot_id.to_string()),
            since_boot_ms: new.now.boot.as_ref().map(|boot| boot.since_boot_ms),
            expires_at_ms: made_at_ms.saturating_add(lifetime_ms),
            operator: new.operator,
            window: new.window,
            issue: new.issue,
            name,
            email,
            tel,
            before: new.before.map(|card| Before {
                card_name: card.card_name.clone(),
                card_code: card.card_code.clone(),
                card_number: card.card_number.clone(),
                pg_provider: card.pg_provider.clone(),
                pg_id: card.pg_id.clone(),
                updated_s: card.updated_s,
            }),
        }
    }

    /// What names it on screens and in logs; nobody gets to the token from there.
    #[must_use]
    pub fn id(&self) -> &str {
        self.fingerprint.get(..LINK_ID_CHARS).unwrap_or(&self.fingerprint)
    }

    /// Whether this is its token.
    #[must_use]
    pub fn is_of(&self, token: &str) -> bool {
        is_same(&self.fingerprint, &fingerprint(token))
    }

    /// The card that was registered when it was made.
    #[must_use]
    pub fn before(&self) -> Option<Card> {
        self.before.clone().map(|before| Card {
            card_name: before.card_name,
            card_code: before.card_code,
            card_number: before.card_number,
            pg_provider: before.pg_provider,
            pg_id: before.pg_id,
            updated_s: before.updated_s,
            ..Card::default()
        })
    }

    /// Whether its time is over, as the wall clock has it or the boot clock. One of them is enough: a link may end
    /// early where a clock was set, and never lives longer.
    #[must_use]
    pub fn is_over(&self, now: &Moment) -> bool {
        let wall = now.wall.as_millisecond();
        let by_boot = self.made_in_boot().zip(now.boot.as_ref()).and_then(|(then, now)| now.ms_since(&then));
        let lifetime = self.expires_at_ms.saturating_sub(self.made_at_ms);
        // Before it was made there is no time to be told by.
        wall < self.made_at_ms || wall >= self.expires_at_ms || by_boot.is_some_and(|ms| ms >= lifetime)
    }

    fn made_in_boot(&self) -> Option<BootReading> {
        let boot_id = self.boot_id.as_deref()?.into();
        Some(BootReading { boot_id, since_boot_ms: self.since_boot_ms? })
    }

    #[must_use]
    pub fn expires_at(&self) -> Option<Timestamp> {
        Timestamp::from_millisecond(self.expires_at_ms).ok()
    }

    #[must_use]
    pub fn made_at(&self) -> Option<Timestamp> {
        Timestamp::from_millisecond(self.made_at_ms).ok()
    }
}

impl KeptLink {
    #[must_use]
    pub fn state(&self, now: &Moment) -> LinkState {
        match &self.end {
            Some(end) => LinkState::Ended(end.how),
            None if self.link.is_over(now) => LinkState::Ended(How::Expired),
            None if self.heard.window_at_ms.is_some() => LinkState::Begun,
            None => LinkState::Open,
        }
    }

    /// Whether the gateway is to be asked for the card, although nobody asks: a tab that was closed while the PG's
    /// window was open may have left a card behind.
    #[must_use]
    pub fn is_to_be_looked_at(&self, now: &Moment) -> bool {
        let Some(window_at) = self.heard.window_at_ms else { return false };
        match self.state(now) {
            LinkState::Begun | LinkState::Ended(How::Expired) => {}
            LinkState::Open | LinkState::Ended(How::Used | How::Revoked) => return false,
        }
        let wall = now.wall.as_millisecond();
        let after =
            |wait: &Duration| window_at.saturating_add(i64::try_from(wait.as_millis()).unwrap_or(i64::MAX));
        let times = LOOKED_AFTER.iter().map(after).chain([self.link.expires_at_ms]);
        let looked = self.heard.looked_at_ms.unwrap_or(window_at);
        times.into_iter().any(|time| time <= wall && looked < time)
    }
}

#[cfg(test)]
pub(super) mod tests {
    use std::time::Duration;

    use jiff::Timestamp;

    use super::{End, Heard, How, KeptLink, Link, LinkState, NewLink};
    use crate::domain::customer::Card;
    use crate::domain::time::{BootReading, Moment};
    use crate::register::page::tests::job;

    const HOUR_S: i64 = 3600;

    pub(in crate::register) fn at(wall_s: i64, boot: &str, boot_s: i64) -> Moment {
        Moment {
            wall: Timestamp::from_second(wall_s).unwrap(),
            boot: Some(BootReading { boot_id: boot.into(), since_boot_ms: boot_s * 1000 }),
        }
    }

    /// Made at second 100,000 of the wall clock and 500 of a boot, for an hour.
    pub(in crate::register) fn link(token: &str) -> Link {
        Link::new(NewLink {
            token,
            customer_uid: "gildong_0001_5678".to_owned(),
            window: job().window,
            issue: None,
            before: Some(&Card {
                card_number: Some("5409".to_owned()),
                updated_s: Some(7),
                ..Card::default()
            }),
            given: [Some("홍길동".to_owned()), None, None],
            operator: Some("jane".to_owned()),
            lifetime: Duration::from_secs(3600),
            now: &at(100_000, "a", 500),
        })
    }

    #[test]
    fn a_link_lives_no_longer_than_any_clock_says() {
        let link = link("t0ken");
        for (what, now, is_over) in [
            ("at once", at(100_000, "a", 500), false),
            ("a moment before its end", at(100_000 + HOUR_S - 1, "a", 500 + HOUR_S - 1), false),
            ("at its end", at(100_000 + HOUR_S, "a", 500 + HOUR_S), true),
            ("the wall clock was set back", at(100_010, "a", 500 + HOUR_S), true),
            ("the wall clock was set before its beginning", at(99_999, "a", 510), true),
            ("the wall clock was set forward", at(100_000 + HOUR_S, "a", 510), true),
            ("another boot, in time", at(100_010, "b", 9_999_999), false),
            ("another boot, too late", at(100_000 + HOUR_S, "b", 5), true),
        ] {
            assert_eq!(link.is_over(&now), is_over, "{what}");
        }
    }

    #[test]
    fn the_token_is_not_kept_and_known_again() {
        let link = link("0123456789abcdef0123456789abcdef");
        let text = serde_json::to_string(&link).unwrap();
        assert!(!text.contains("0123456789abcdef0123"), "{text}");
        assert!(link.is_of("0123456789abcdef0123456789abcdef") && !link.is_of("0123456789abcdef"));
        assert_eq!(serde_json::from_str::<Link>(&text).unwrap(), link);
        assert_eq!(link.before().and_then(|card| card.card_number).as_deref(), Some("5409"));
        assert_eq!(link.id().len(), 12);
    }

    fn kept(end: Option<How>, window_s: Option<i64>, looked_s: Option<i64>) -> KeptLink {
        let ms = |second: Option<i64>| second.map(|second| second * 1000);
        KeptLink {
            link: link("t0ken"),
            end: end.map(|how| End { how, at_ms: 1 }),
            heard: Heard { opened_at_ms: None, window_at_ms: ms(window_s), looked_at_ms: ms(looked_s) },
        }
    }

    #[test]
    fn what_ended_stays_so_whatever_the_clock_says() {
        let now = at(100_010, "a", 510);
        assert_eq!(kept(None, None, None).state(&now), LinkState::Open);
        assert_eq!(kept(None, Some(100_005), None).state(&now), LinkState::Begun);
        for how in [How::Used, How::Expired, How::Revoked] {
            assert_eq!(kept(Some(how), None, None).state(&now), LinkState::Ended(how));
        }
        let late = at(100_000 + HOUR_S, "a", 500);
        assert_eq!(kept(None, None, None).state(&late), LinkState::Ended(How::Expired));
    }

    #[test]
    fn a_window_of_which_nothing_was_heard_is_looked_after() {
        let now = |second: i64| at(100_000 + second, "b", 1);
        for (what, kept, second, is_due) in [
            ("no window was opened", kept(None, None, None), 1000, false),
            ("it was opened a moment ago", kept(None, Some(100_000), None), 170, false),
            ("it was opened three minutes ago", kept(None, Some(100_000), None), 180, true),
            ("that was looked at", kept(None, Some(100_000), Some(100_181)), 800, false),
            ("the second look is due", kept(None, Some(100_000), Some(100_181)), 900, true),
            ("another window was opened since", kept(None, Some(101_000), Some(100_901)), 1180, true),
            ("at the link's end, once more", kept(None, Some(103_000), Some(103_500)), HOUR_S, true),
            ("and once only", kept(Some(How::Expired), Some(103_000), Some(103_600)), 3700, false),
            ("it was used", kept(Some(How::Used), Some(100_000), None), 1000, false),
            ("it was taken back", kept(Some(How::Revoked), Some(100_000), None), 1000, false),
        ] {
            assert_eq!(kept.is_to_be_looked_at(&now(second)), is_due, "{what}");
        }
    }
}
