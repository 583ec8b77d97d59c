//! What a ledger knows of itself, and whether it lets anything go (contract, rules 9 and 12).

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use crate::domain::time::SendMark;

/// How long `ledger accept --unasked` lets a ledger send what it never sent, unasked (contract, rule 8).
const UNASKED: SignedDuration = SignedDuration::from_hours(24);

/// Whose payments a ledger holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// A fingerprint of `imp_key`, never the key itself.
    pub key: String,
    /// The sub-merchant of an agency's account, where it is one.
    pub tier: Option<String>,
}

/// A ledger as it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    /// Random, made with the ledger.
    pub id: String,
    /// From 1; one more each time the ledger was found to be older than it was, and each time a month was closed.
    pub epoch: i64,
    /// The account it was begun with, and every other one that was shown or accepted to be the same. Empty
    /// until the first charge.
    pub accounts: Vec<Account>,
    pub distrusted: Option<Distrust>,
    pub unasked: Option<Unasked>,
}

/// The ledger is older than it was, or may be: payments may be missing in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Distrust {
    pub why: Doubt,
    /// From when on nothing is sent for `settle_after`: its mark's time, or when it was first seen.
    pub since: SendMark,
    /// The newest event that the ledger held when it was found.
    pub last_event_at: Option<Timestamp>,
    /// Somebody has answered for it: what is left is the wait.
    pub accepted: bool,
}

/// Why a ledger is distrusted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Doubt {
    /// It holds fewer events than its mark says, or is of an earlier epoch.
    Behind { marked: i64, held: i64 },
    /// It was put back from a backup that was made then, and held so many events.
    Restored { made: Timestamp, held: i64 },
    /// It had a mark, and has none.
    MarkGone,
    /// Its mark cannot be read.
    MarkUnreadable,
    /// The mark beside it is another ledger's.
    OtherMark,
    /// Its file was gone, and it was begun anew.
    Lost,
}

/// The leave to send what was never sent, unasked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unasked {
    pub from: Timestamp,
    pub until: Timestamp,
}

/// Why a ledger lets nothing go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// It belongs to another account: for a person to decide.
    OtherAccount,
    /// It is older than it was, and this much of its wait is left: for time to end.
    Waiting { left: Duration },
}

/// How far before the ledger's last event a reading begins that ends its distrust (contract, rule 9).
const BEFORE_LAST_EVENT: SignedDuration = SignedDuration::from_hours(1);

/// What is read for a ledger that held nothing: as long ago as anybody asks for.
const BEFORE_NOTHING: SignedDuration = SignedDuration::from_hours(2 * 365 * 24);

impl Distrust {
    /// From when on everything at the gateway has to be read for the distrust to end.
    #[must_use]
    pub fn read_back_from(&self) -> Timestamp {
        let from = match self.last_event_at {
            Some(last) => last.checked_sub(BEFORE_LAST_EVENT),
            None => self.since.wall.checked_sub(BEFORE_NOTHING),
        };
        from.unwrap_or(Timestamp::MIN)
    }
}

impl Account {
    #[must_use]
    pub fn of_key(key: &str) -> Account {
        Account { key: key.to_owned(), tier: None }
    }
}

impl Unasked {
    /// From now on.
    #[must_use]
    pub fn begun(now: Timestamp) -> Unasked {
        Unasked { from: now, until: now.checked_add(UNASKED).unwrap_or(now) }
    }
}

impl Standing {
    /// Whether an account's payments belong in here. A ledger that has charged nothing takes any.
    #[must_use]
    pub fn belongs_to(&self, account: &Account) -> bool {
        self.accounts.is_empty() || self.accounts.contains(account)
    }

    /// Whether two API keys are one account's: each was the one it was begun with, or was shown or accepted to
    /// be the same.
    #[must_use]
    pub fn knows_as_one(&self, key: &str, other: &str) -> bool {
        let knows = |key: &str| self.accounts.iter().any(|account| account.key == key);
        key == other || (knows(key) && knows(other))
    }

    /// Until when it may send what it never sent, unasked. A clock that was set back to before the leave ends
    /// it, and a ledger that is distrusted has none.
    #[must_use]
    pub fn unasked_until(&self, now: Timestamp) -> Option<Timestamp> {
        let distrusted = self.distrusted.as_ref().is_some_and(|distrust| !distrust.accepted);
        let unasked = self.unasked.filter(|unasked| unasked.from <= now && now < unasked.until);
        unasked.filter(|_| !distrusted).map(|unasked| unasked.until)
    }
}

/// Whether a ledger lets a charge of this account go. `distrust_age` is how long ago the doubt began, for
/// certain ([`SendMark::age`] of [`Distrust::since`]); it counts only where there is one.
pub fn may_send(
    standing: &Standing,
    account: &Account,
    distrust_age: Duration,
    settle_after: Duration,
) -> Result<(), Refusal> {
    if !standing.belongs_to(account) {
        return Err(Refusal::OtherAccount);
    }
    let left = settle_after.saturating_sub(distrust_age);
    if standing.distrusted.is_some() && !left.is_zero() {
        return Err(Refusal::Waiting { left });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use jiff::Timestamp;

    use super::{Account, Distrust, Doubt, Refusal, Standing, Unasked, may_send};
    use crate::domain::time::SendMark;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn distrust(accepted: bool) -> Option<Distrust> {
        let since = SendMark { wall: at(0), boot: None, gateway_s: None };
        Some(Distrust { why: Doubt::MarkGone, since, last_event_at: None, accepted })
    }

    fn standing(accounts: &[&str], distrusted: Option<Distrust>) -> Standing {
        let accounts = accounts.iter().map(|key| Account::of_key(key)).collect();
        let unasked = Some(Unasked::begun(at(1_000)));
        Standing { id: "1".into(), epoch: 1, accounts, distrusted, unasked }
    }

    #[test]
    fn every_rule_of_what_a_ledger_lets_go_holds() {
        let waiting = |seconds| Err(Refusal::Waiting { left: Duration::from_secs(seconds) });
        for (rule, accounts, distrusted, age_s, expected) in [
            ("a ledger that has charged nothing takes any key", &[][..], None, 0, Ok(())),
            ("the key it was begun with goes on", &["ours"], None, 0, Ok(())),
            ("another key sends nothing", &["theirs"], None, 0, Err(Refusal::OtherAccount)),
            ("a key that was shown or accepted is the same account", &["theirs", "ours"], None, 0, Ok(())),
            ("a distrusted ledger waits", &["ours"], distrust(false), 899, waiting(1)),
            ("nothing is known of the time", &["ours"], distrust(false), 0, waiting(900)),
            (
                "it goes on when the wait is over, though nobody accepted it",
                &["ours"],
                distrust(false),
                900,
                Ok(()),
            ),
            ("what was accepted waits all the same", &["ours"], distrust(true), 899, waiting(1)),
            ("what was accepted goes on then", &["ours"], distrust(true), 900, Ok(())),
            ("a lost ledger that was begun anew waits for any key", &[], distrust(true), 1, waiting(899)),
            (
                "another key counts for more than the wait",
                &["theirs"],
                distrust(false),
                0,
                Err(Refusal::OtherAccount),
            ),
        ] {
            let standing = standing(accounts, distrusted);
            let account = Account::of_key("ours");
            let age = Duration::from_secs(age_s);
            assert_eq!(may_send(&standing, &account, age, Duration::from_secs(900)), expected, "{rule}");
        }
    }

    #[test]
    fn a_distrust_ends_with_what_the_gateway_has_from_an_hour_before_the_last_event_on() {
        let of = |last_event_at| Distrust { last_event_at, ..distrust(false).unwrap() };
        assert_eq!(of(Some(at(7_200))).read_back_from(), at(3_600));
        assert_eq!(of(None).read_back_from(), at(-2 * 365 * 86_400), "nothing is held: two years");
    }

    #[test]
    fn another_tier_is_another_account() {
        let of_tier = Account { tier: Some("004".into()), ..Account::of_key("ours") };
        assert!(!standing(&["ours"], None).belongs_to(&of_tier));
    }

    #[test]
    fn two_keys_are_one_account_where_the_ledger_knows_both() {
        for (what, accounts, one) in [
            ("neither was ever used here", &[][..], false),
            ("the key in use was not shown to be the same", &["then"], false),
            ("the key of the send is nobody's any more", &["now"], false),
            ("both are known", &["then", "now"], true),
        ] {
            assert_eq!(standing(accounts, None).knows_as_one("then", "now"), one, "{what}");
        }
        assert!(standing(&[], None).knows_as_one("now", "now"), "a key is its own account's");
    }

    #[test]
    fn the_leave_to_send_unasked_lasts_a_day_and_none_is_a_distrusted_ledgers() {
        let until = Some(at(1_000 + 86_400));
        for (what, distrusted, now, expected) in [
            ("from its first second", None, 1_000, until),
            ("to its last", None, 1_000 + 86_399, until),
            ("and no longer", None, 1_000 + 86_400, None),
            ("a clock that was set back ends it", None, 999, None),
            ("a distrusted ledger has none", distrust(false), 2_000, None),
            ("what was accepted has one", distrust(true), 2_000, until),
        ] {
            assert_eq!(standing(&[], distrusted).unasked_until(at(now)), expected, "{what}");
        }
    }
}
