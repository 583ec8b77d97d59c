//! When a declined order may be tried again: by rule, reason by reason (contract, "`retry-list`"). A rule lists an
//! order and sends nothing.

use std::ptr;
use std::time::Duration;

use jiff::tz::TimeZone;
use thiserror::Error;

use crate::domain::declines::{Known, Retry, Who, coded, codes};
use crate::domain::words::nearest;

const DAY: Duration = Duration::from_secs(86_400);

/// What reasons have in common that are waited for alike: what has to happen before another try can end otherwise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Group {
    /// Time alone may help: a balance, a limit, a card company that is closed.
    Time,
    /// These have to act first.
    Customer,
    Merchant,
    Pg,
    /// Words that nobody knows, and those of a doubt that has ended.
    Unknown,
    /// Another card is needed.
    NewCard,
    /// No try ever ends otherwise.
    Never,
}

impl Group {
    pub const ALL: [Group; 7] = [
        Group::Time,
        Group::Customer,
        Group::Merchant,
        Group::Pg,
        Group::Unknown,
        Group::NewCard,
        Group::Never,
    ];

    /// The word in JSON, in the config and for `--reason`.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Group::Time => "time",
            Group::Customer => "customer",
            Group::Merchant => "merchant",
            Group::Pg => "pg",
            Group::Unknown => "unknown",
            Group::NewCard => "new_card",
            Group::Never => "never",
        }
    }

    /// The group of what the gateway's words mean; `None` is words that nobody knows.
    #[must_use]
    pub fn of(known: Option<&Known>) -> Group {
        match known.map(|known| (known.retry, known.who)) {
            None | Some((Retry::LookFirst, _)) => Group::Unknown,
            Some((Retry::Yes, _) | (Retry::AfterFix, Who::Later)) => Group::Time,
            Some((Retry::AfterFix, Who::Customer)) => Group::Customer,
            Some((Retry::AfterFix, Who::Merchant)) => Group::Merchant,
            Some((Retry::AfterFix, Who::Pg)) => Group::Pg,
            Some((Retry::NewCard, _)) => Group::NewCard,
            Some((Retry::No, _)) => Group::Never,
        }
    }

    /// Whether a rule may say that it is tried again as it is.
    #[must_use]
    pub fn takes_rules(self) -> bool {
        !matches!(self, Group::NewCard | Group::Never)
    }
}

/// Which reasons a rule or a choice is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reasons {
    Group(Group),
    /// The entries of section 19 of gateway.md that have one code.
    Code(Vec<&'static Known>),
}

/// A name that is no reason. A sentence without an end.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ReasonsError {
    #[error("`{given}` is no reason that is known; did you mean {near}?")]
    Near { given: String, near: String },
    #[error(
        "`{given}` is no reason that is known; a reason is time, customer, merchant, pg, unknown, new_card, never, \
         or a PG's code such as kcp:CC10"
    )]
    Unknown { given: String },
    #[error("`{given}` means another thing at each PG; write {}", ways.join(" or "))]
    Ambiguous { given: String, ways: Vec<String> },
}

impl Reasons {
    /// Reads a group, or a code as it stands in brackets, alone (`CC10`) or with its PG (`kcp:CC10`): without the PG
    /// only where no other one has it.
    pub fn parse(text: &str) -> Result<Reasons, ReasonsError> {
        if let Some(group) = Group::ALL.into_iter().find(|group| group.word() == text) {
            return Ok(Reasons::Group(group));
        }
        let (pg, code) = text.split_once(':').map_or((None, text), |(pg, code)| (Some(pg), code));
        let found = coded(pg, code);
        let mut ways: Vec<String> = Vec::new();
        for (pgs, _) in &found {
            let way = format!("{}:{code}", pgs.split(',').next().unwrap_or_default());
            if !ways.contains(&way) {
                ways.push(way);
            }
        }
        let given = text.escape_debug().to_string();
        match ways.len() {
            0 => {
                let full: Vec<String> = codes().flat_map(|(pgs, code)| named(pgs, code)).collect();
                let groups = Group::ALL.iter().map(|group| group.word());
                let near = nearest(text, groups.chain(full.iter().map(String::as_str)));
                Err(match near {
                    Some(near) => ReasonsError::Near { given, near: near.to_owned() },
                    None => ReasonsError::Unknown { given },
                })
            }
            1 => Ok(Reasons::Code(found.into_iter().map(|(_, known)| known).collect())),
            _ => Err(ReasonsError::Ambiguous { given, ways }),
        }
    }

    /// Whether words that mean this are among them.
    #[must_use]
    pub fn fit(&self, known: Option<&'static Known>) -> bool {
        match self {
            Reasons::Group(group) => Group::of(known) == *group,
            Reasons::Code(all) => known.is_some_and(|known| all.iter().any(|one| ptr::eq(*one, known))),
        }
    }

    /// Whether both say something of the same reason by its code, so that only one of them could count.
    #[must_use]
    pub fn overlap(&self, other: &Reasons) -> bool {
        match (self, other) {
            (Reasons::Group(one), Reasons::Group(other)) => one == other,
            (Reasons::Code(all), Reasons::Code(_)) => all.iter().any(|known| other.fit(Some(known))),
            (Reasons::Group(_), Reasons::Code(_)) | (Reasons::Code(_), Reasons::Group(_)) => false,
        }
    }

    /// Whether a rule may say that they are tried again.
    #[must_use]
    pub fn take_rules(&self) -> bool {
        match self {
            Reasons::Group(group) => group.takes_rules(),
            Reasons::Code(all) => all.iter().all(|known| Group::of(Some(known)).takes_rules()),
        }
    }
}

/// A code by itself and behind each PG that has it.
fn named(pgs: &str, code: &str) -> Vec<String> {
    pgs.split(',').map(|pg| format!("{pg}:{code}")).chain([code.to_owned()]).collect()
}

/// The rules of a profile (`[profile.NAME.retry]`).
#[derive(Clone, Debug, PartialEq)]
pub struct RetryRules {
    /// How long is waited after the first no of an order, after the second, and so on; as many as there are, so often
    /// it is tried again. Days are counted by the calendar.
    pub after: Vec<Duration>,
    /// So many tries that are not paid are made on one card, the first ones of its orders among them …
    pub tries: u32,
    /// … in this time.
    pub within: Duration,
    /// The hour of the day, 0 to 23, from which on a day's tries are due.
    pub hour: i8,
    /// The zone of the hour and of the days.
    pub zone: TimeZone,
    /// An order that was asked for longer ago is not tried any more.
    pub give_up: Duration,
    /// What is said of some reasons; `None` is never. Codes count before groups.
    pub reasons: Vec<(Reasons, Option<Vec<Duration>>)>,
}

/// Rules that contradict themselves. A sentence without an end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum RulesError {
    #[error("with the first one that is {tries_made} tries, and `tries` allows {tries} on one card")]
    MoreThanTries { tries_made: usize, tries: u32 },
    #[error("together that is longer than `give_up`, so that the last tries would never come")]
    AfterTheEnd,
}

impl RetryRules {
    /// How often a card is tried unless the profile says otherwise, and within which time.
    pub const TRIES: u32 = 4;
    pub const WITHIN: Duration = Duration::from_secs(30 * 86_400);
    pub const GIVE_UP: Duration = Duration::from_secs(30 * 86_400);
    pub const HOUR: i8 = 10;

    /// The waits unless the profile says otherwise: no more than the tries there are.
    #[must_use]
    pub fn usual_after(tries: u32) -> Vec<Duration> {
        let most = usize::try_from(tries).unwrap_or(usize::MAX).saturating_sub(1);
        [1, 3, 7].into_iter().map(|days| DAY * days).take(most).collect()
    }

    /// What counts where the profile has no rules.
    #[must_use]
    pub fn usual(zone: TimeZone) -> RetryRules {
        RetryRules {
            after: RetryRules::usual_after(RetryRules::TRIES),
            tries: RetryRules::TRIES,
            within: RetryRules::WITHIN,
            hour: RetryRules::HOUR,
            zone,
            give_up: RetryRules::GIVE_UP,
            reasons: Vec::new(),
        }
    }

    /// Whether the waits of a rule can all be reached.
    pub fn check(&self, after: &[Duration]) -> Result<(), RulesError> {
        let tries_made = after.len() + 1;
        if tries_made > usize::try_from(self.tries).unwrap_or(usize::MAX) {
            return Err(RulesError::MoreThanTries { tries_made, tries: self.tries });
        }
        if after.iter().sum::<Duration>() > self.give_up {
            return Err(RulesError::AfterTheEnd);
        }
        Ok(())
    }

    /// The waits of a reason; `None` where it is not tried again by itself.
    #[must_use]
    pub fn waits(&self, known: Option<&'static Known>) -> Option<&[Duration]> {
        let said = |by_code: bool| {
            let mut rules = self.reasons.iter();
            rules.find(|(of, _)| matches!(of, Reasons::Code(_)) == by_code && of.fit(known))
        };
        let group = Group::of(known);
        if !group.takes_rules() {
            return None;
        }
        match said(true).or_else(|| said(false)) {
            Some((_, waits)) => waits.as_deref(),
            None => (group == Group::Time).then_some(self.after.as_slice()),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use jiff::tz::TimeZone;

    use super::{DAY, Group, Reasons, RetryRules, RulesError};
    use crate::domain::declines::{Kind, Known, read};

    fn known(words: &str) -> Option<&'static Known> {
        read(Some("kcp"), words, Kind::Decline).known
    }

    #[test]
    fn a_reason_is_waited_for_by_what_has_to_happen_first() {
        for (words, group) in [
            ("[CC10] 통장 잔액부족", Group::Time),
            ("[CC08] 1일 한도초과", Group::Time),
            ("[CC45] 정지카드", Group::Customer),
            ("[CC62] 가맹점 한도초과", Group::Merchant),
            ("[CC43] 도난카드", Group::NewCard),
            ("[CC54] 카드유효기간만료 또는 불일치", Group::NewCard),
            ("[CC40] 승인거래 제한 업종", Group::Never),
            ("[8041] 시스템 타임아웃(잠시후 재시도바람)", Group::Unknown),
            ("어떤 말", Group::Unknown),
        ] {
            assert_eq!(Group::of(known(words)), group, "{words}");
        }
    }

    #[test]
    fn a_reason_is_named_by_its_group_or_by_its_code_with_its_pg() {
        for text in ["CC10", "kcp:CC10", "kcp_billing:CC10"] {
            let reasons = Reasons::parse(text).unwrap();
            assert!(reasons.fit(known("[CC10] 통장 잔액부족")), "{text}");
            assert!(!reasons.fit(known("[CC08] 1일 한도초과")) && !reasons.fit(None), "{text}");
        }
        assert_eq!(Reasons::parse("time"), Ok(Reasons::Group(Group::Time)));
        assert!(Reasons::parse("unknown").unwrap().fit(None));
        for (text, near) in [("CC1O", "CC10"), ("tiem", "time"), ("kpc:CC10", "kcp:CC10")] {
            let error = Reasons::parse(text).unwrap_err().to_string();
            assert_eq!(error, format!("`{text}` is no reason that is known; did you mean {near}?"));
        }
        let apart = Reasons::parse("0014").unwrap_err().to_string();
        assert!(apart.starts_with("`0014` means another thing at each PG; write "), "{apart}");
        assert!(apart.contains(" or "), "{apart}");
        let other = Reasons::parse("잔액부족이라니").unwrap_err().to_string();
        assert!(other.contains("such as kcp:CC10"), "{other}");
    }

    #[test]
    fn a_code_counts_before_its_group_and_what_needs_a_new_card_has_no_waits() {
        let days = |days: &[u32]| days.iter().map(|day| DAY * *day).collect::<Vec<_>>();
        let rule = |text: &str, waits: Option<&[u32]>| (Reasons::parse(text).unwrap(), waits.map(days));
        let rules = RetryRules {
            reasons: vec![
                rule("time", Some(&[2])),
                rule("kcp:CC10", Some(&[5, 6])),
                rule("kcp:CC61", None),
                rule("customer", Some(&[9])),
                rule("unknown", Some(&[4])),
            ],
            ..RetryRules::usual(TimeZone::UTC)
        };
        for (words, waits) in [
            ("[CC10] 통장 잔액부족", Some(days(&[5, 6]))),
            ("[CC08] 1일 한도초과", Some(days(&[2]))),
            ("[CC61] 거래금액 한도초과", None),
            ("[CC45] 정지카드", Some(days(&[9]))),
            ("[CC43] 도난카드", None),
            ("어떤 말", Some(days(&[4]))),
        ] {
            assert_eq!(rules.waits(known(words)).map(<[Duration]>::to_vec), waits, "{words}");
        }
        let usual = RetryRules::usual(TimeZone::UTC);
        assert_eq!(usual.waits(known("[CC10] 통장 잔액부족")), Some(days(&[1, 3, 7]).as_slice()));
        assert_eq!((usual.waits(known("[CC45] 정지카드")), usual.waits(None)), (None, None));
        assert!(!Reasons::parse("kcp:CC43").unwrap().take_rules());
        assert!(Reasons::parse("CC10").unwrap().overlap(&Reasons::parse("kcp:CC10").unwrap()));
        assert!(!Reasons::parse("CC10").unwrap().overlap(&Reasons::parse("time").unwrap()));
    }

    #[test]
    fn waits_that_would_never_be_reached_are_no_rule() {
        let rules = RetryRules { tries: 3, ..RetryRules::usual(TimeZone::UTC) };
        assert_eq!(rules.check(&[DAY, DAY]), Ok(()));
        assert_eq!(rules.check(&[DAY, DAY, DAY]), Err(RulesError::MoreThanTries { tries_made: 4, tries: 3 }));
        assert_eq!(rules.check(&[DAY * 31]), Err(RulesError::AfterTheEnd));
        assert_eq!(RetryRules::usual_after(2), [DAY]);
        assert_eq!(RetryRules::usual_after(1), [Duration::ZERO; 0]);
    }
}
