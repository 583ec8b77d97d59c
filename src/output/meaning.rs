//! What the gateway's words mean, who has to act, and how sure it is that nothing was charged: in sentences.

use crate::domain::declines::{Certainty, Known, Retry, RetryAfter, Who};

/// How much is known of the money: one sentence, and none that says more (contract, rule 10).
#[must_use]
pub fn certainty(certainty: Certainty) -> &'static str {
    match certainty {
        Certainty::NothingCharged => "Nothing was charged.",
        Certainty::HeldAsFailed => "The gateway has it as failed.",
        Certainty::RefusedAndNotShown => "The gateway refused it and shows no payment.",
        Certainty::NotCertain => "It is not certain that nothing was charged.",
        Certainty::MayHaveCharged => "The card may have been charged.",
    }
}

/// What words mean and who has to act, beside the words themselves.
#[must_use]
pub fn meaning_and_who(known: &Known) -> String {
    format!("{} {}", known.meaning_en, acts(known))
}

/// What words mean, who has to act, and when it is worth to try again.
#[must_use]
pub fn meaning_and_next(known: &Known) -> String {
    format!("{} Again: {}.", meaning_and_who(known), again(known))
}

/// Who has to act, as a sentence.
#[must_use]
pub fn acts(known: &Known) -> &'static str {
    match known.who {
        Who::Customer => "The customer has to act.",
        Who::Merchant => "The merchant has to act.",
        Who::Pg => "The PG has to act.",
        Who::Later => "Nobody has to act.",
    }
}

/// Who has to act, as a name.
#[must_use]
pub fn who(known: &Known) -> &'static str {
    match known.who {
        Who::Customer => "the customer",
        Who::Merchant => "the merchant",
        Who::Pg => "the PG",
        Who::Later => "nobody, it passes",
    }
}

/// When it is worth to try again, and how often at most on one card.
#[must_use]
pub fn again(known: &Known) -> String {
    let after = known.retry_after.map(|after| match after {
        RetryAfter::QuarterHour => "after 15 minutes",
        RetryAfter::Hour => "after an hour",
        RetryAfter::Day => "after a day",
        RetryAfter::ThreeDays => "after three days",
        RetryAfter::NextMonth => "next month",
    });
    match known.retry {
        Retry::No => "not worth trying as it is".to_owned(),
        Retry::Yes => {
            let often = known.once_in().map(|time| match time {
                RetryAfter::QuarterHour => ", at most once in 15 minutes on one card",
                RetryAfter::Hour => ", at most once an hour on one card",
                RetryAfter::Day => ", at most once a day on one card",
                RetryAfter::ThreeDays => ", at most once in three days on one card",
                RetryAfter::NextMonth => ", at most once a month on one card",
            });
            format!("{}{}", after.unwrap_or("at any time"), often.unwrap_or_default())
        }
        Retry::LookFirst => {
            let after = after.map(|after| format!(", {after}")).unwrap_or_default();
            format!("only when a look-up shows no payment{after}")
        }
        Retry::NewCard => "with another card".to_owned(),
        Retry::AfterFix => match known.who {
            Who::Customer | Who::Merchant | Who::Pg => format!("once {} has acted", who(known)),
            Who::Later => "once it has passed".to_owned(),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::{again, meaning_and_who};
    use crate::domain::declines::{Kind, read};

    #[test]
    fn words_are_told_with_who_has_to_act_and_when_again() {
        let told = |words| {
            let known = read(Some("kcp"), words, Kind::Decline).known.unwrap();
            (meaning_and_who(known), again(known))
        };
        let (meaning, when) = told("[CC10] 통장 잔액부족");
        assert_eq!(
            meaning,
            "There is not enough money behind the card for this payment. The customer has to act."
        );
        assert_eq!(when, "after a day, at most once a day on one card");
        let (meaning, when) = told("[CC08] 1일 한도초과");
        assert!(meaning.ends_with("it can be tried again tomorrow. Nobody has to act."), "{meaning}");
        assert_eq!(when, "after a day, at most once a day on one card");
        assert_eq!(told("[CC54] 카드유효기간만료 또는 불일치").1, "with another card");
        assert_eq!(told("[CC62] 가맹점 한도초과").1, "once the merchant has acted");
        assert_eq!(told("[8041] 어떤 말").1, "only when a look-up shows no payment, after 15 minutes");
        assert_eq!(
            told("[8012] 취소불가").1,
            "only when a look-up shows no payment",
            "an answer to a refund"
        );
    }
}
