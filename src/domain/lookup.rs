//! What the gateway's list of payments under one merchant_uid says about the one we asked for.

use crate::domain::payment::{GatewayRecord, Mode, Outcome, Received, Terms};
use crate::domain::reason::Reason;

/// What came back when the gateway was asked for every payment under a merchant_uid.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LookupReply {
    /// All pages of them.
    Records { records: Vec<GatewayRecord>, received: Received },
    /// The gateway's own 404: no such payment, as far as its index knows (facts 3.3).
    NotFound { received: Received },
    /// No answer that says anything about the payment. `reached` is false when the gateway certainly was not asked.
    NoAnswer { reason: Reason, reached: bool, received: Received },
}

impl LookupReply {
    /// What to write into the payment's history.
    #[must_use]
    pub fn received(&self) -> &Received {
        match self {
            LookupReply::Records { received, .. }
            | LookupReply::NotFound { received }
            | LookupReply::NoAnswer { received, .. } => received,
        }
    }
}

/// What is asked of the list.
#[derive(Clone, Debug)]
pub struct Question<'a> {
    pub terms: &'a Terms,
    /// Whether money should be real: what the profile says now.
    pub mode: Mode,
    /// The imp_uids of attempts that are known to have been declined; those records speak for
    /// them and for no other attempt.
    pub declined_before: &'a [String],
    /// Requests that may have arrived and were never answered.
    pub unanswered: u32,
    /// Whether an unanswered request has had time to show.
    pub waited: bool,
}

/// What the list says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Finding {
    /// The customer was charged as asked: paid, or paid and refunded since. `others` are further
    /// payments under the same merchant_uid that took money: an alarm.
    Charged { record: Box<GatewayRecord>, others: Vec<GatewayRecord> },
    /// Every request that could have charged was declined. All declines that were not known
    /// before: each speaks for a request, and for no later one.
    Declined(Declines),
    /// There is a payment that is not the one asked for, or one that has not come to an end.
    Odd { record: Box<GatewayRecord>, why: Reason },
    /// No trace of it yet, in the gateway's own words.
    Nothing,
    /// The gateway said nothing of use, or was not reached.
    NoAnswer { reason: Reason, reached: bool },
}

/// Failed records, oldest first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Declines {
    pub earlier: Vec<GatewayRecord>,
    pub last: Box<GatewayRecord>,
}

/// What a look-up makes of a payment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LookedUp {
    /// Speaks for every request there was.
    Paid(Box<GatewayRecord>),
    /// Speaks for every request there was.
    Declined(Declines),
    /// Speaks for the request that was refused, in the gateway's words.
    Rejected(Option<String>),
    /// Settles nothing.
    Unknown(Reason),
    /// There is no trace of it after the whole wait.
    NotSent(Reason),
    /// Says nothing new.
    Nothing,
}

impl Finding {
    /// Further payments under the same merchant_uid that took money.
    #[must_use]
    pub fn others(&self) -> &[GatewayRecord] {
        match self {
            Finding::Charged { others, .. } => others,
            Finding::Declined(_) | Finding::Odd { .. } | Finding::Nothing | Finding::NoAnswer { .. } => &[],
        }
    }
}

impl LookedUp {
    /// What the payment is by it; `None` where it says nothing new.
    #[must_use]
    pub fn outcome(&self) -> Option<Outcome> {
        match self {
            LookedUp::Paid(_) => Some(Outcome::Paid),
            LookedUp::Declined(_) => Some(Outcome::Declined),
            LookedUp::Rejected(_) => Some(Outcome::Rejected),
            LookedUp::Unknown(_) => Some(Outcome::Unknown),
            LookedUp::NotSent(_) => Some(Outcome::NotSent),
            LookedUp::Nothing => None,
        }
    }

    /// Whether the charge that was found went through a test channel, where that is told (facts 2.3).
    #[must_use]
    pub fn sandbox_flag(&self) -> Option<bool> {
        match self {
            LookedUp::Paid(record) => record.sandbox,
            LookedUp::Declined(_)
            | LookedUp::Rejected(_)
            | LookedUp::Unknown(_)
            | LookedUp::NotSent(_)
            | LookedUp::Nothing => None,
        }
    }
}

/// Judges a reply (facts 2.6, 3.2, 3.4).
#[must_use]
pub fn judge(question: &Question<'_>, reply: &LookupReply) -> Finding {
    let records = match reply {
        LookupReply::Records { records, .. } => records,
        LookupReply::NotFound { .. } => return Finding::Nothing,
        LookupReply::NoAnswer { reason, reached, .. } => {
            return Finding::NoAnswer { reason: reason.clone(), reached: *reached };
        }
    };
    let mut charged: Vec<&GatewayRecord> = Vec::new();
    let mut odd: Vec<(&GatewayRecord, Reason)> = Vec::new();
    let mut declined: Vec<&GatewayRecord> = Vec::new();
    for record in records.iter().filter(|record| concerns(question.terms, record)) {
        match record.status.as_deref() {
            Some("paid" | "cancelled" | "canceled") => match mismatch(question, record) {
                None => charged.push(record),
                Some(why) => odd.push((record, why)),
            },
            Some("failed") => {
                let known = record.imp_uid.as_ref().is_some_and(|id| question.declined_before.contains(id));
                if !known {
                    declined.push(record);
                }
            }
            Some(other) => odd.push((record, Reason::StatusNoResult { status: other.to_owned() })),
            None => odd.push((record, Reason::WithoutStatus)),
        }
    }
    if let Some(first) = charged.iter().copied().min_by_key(|record| record.started_at_s) {
        let others = charged.iter().copied().filter(|other| !std::ptr::eq(*other, first));
        let others =
            others.chain(odd.iter().filter(|(record, _)| took_money(record)).map(|(record, _)| *record));
        return Finding::Charged { record: Box::new(first.clone()), others: others.cloned().collect() };
    }
    if let Some((record, why)) = odd.into_iter().next() {
        return Finding::Odd { record: Box::new(record.clone()), why };
    }
    // One decline speaks for one request: with two unanswered ones, the other may still be on its
    // way to the card.
    let enough =
        u32::try_from(declined.len()).is_ok_and(|count| count >= question.unanswered) || question.waited;
    declined.sort_by_key(|record| (record.failed_at_s, record.started_at_s));
    match declined.split_last() {
        Some((last, earlier)) if enough => Finding::Declined(Declines {
            earlier: earlier.iter().copied().cloned().collect(),
            last: Box::new((*last).clone()),
        }),
        Some(_) | None => Finding::Nothing,
    }
}

/// Registering a card leaves a record too, `paid` even where nothing was charged (facts 3.4).
fn concerns(terms: &Terms, record: &GatewayRecord) -> bool {
    let same_order = record.merchant_uid.as_deref().is_none_or(|uid| uid == terms.merchant_uid.as_str());
    same_order && record.customer_uid_usage.as_deref() != Some("issue")
}

fn took_money(record: &GatewayRecord) -> bool {
    matches!(record.status.as_deref(), Some("paid" | "cancelled" | "canceled"))
}

/// Why a record that took money is not the payment asked for.
fn mismatch(question: &Question<'_>, record: &GatewayRecord) -> Option<Reason> {
    let asked = question.terms.amount;
    if record.amount_in(asked.currency()) != Some(asked) {
        return Some(Reason::ForOtherAmount { shown: record.amount_shown(), asked: asked.to_string() });
    }
    if let Some(customer) = &record.customer_uid
        && customer != question.terms.customer_uid.as_str()
    {
        let asked = question.terms.customer_uid.to_string();
        return Some(Reason::ForOtherCustomer { shown: customer.clone(), asked });
    }
    // A payment through a test channel must never pass for money (facts 3.2).
    if question.mode == Mode::Live && record.sandbox == Some(true) {
        return Some(Reason::ThroughTestChannel);
    }
    None
}

#[cfg(test)]
mod tests {
    use super::{Declines, Finding, LookedUp, LookupReply, Question, judge};
    use crate::domain::ids::{CustomerUid, MerchantUid};
    use crate::domain::money::{Amount, Currency};
    use crate::domain::payment::{GatewayRecord, Mode, Outcome, Received, Terms};
    use crate::domain::reason::Reason;

    fn terms() -> Terms {
        Terms {
            merchant_uid: MerchantUid::parse("order_1").unwrap(),
            customer_uid: CustomerUid::parse("gildong").unwrap(),
            amount: Amount::from_minor(8900, Currency::KRW),
            mode: Mode::Live,
        }
    }

    fn record(imp_uid: &str, status: &str) -> GatewayRecord {
        GatewayRecord {
            imp_uid: Some(imp_uid.to_owned()),
            merchant_uid: Some("order_1".to_owned()),
            status: Some(status.to_owned()),
            amount_text: Some("8900".to_owned()),
            currency_text: Some("KRW".to_owned()),
            customer_uid: Some("gildong".to_owned()),
            customer_uid_usage: Some("payment".to_owned()),
            sandbox: Some(false),
            ..GatewayRecord::default()
        }
    }

    fn find(records: Vec<GatewayRecord>, declined_before: &[&str], unanswered: u32, waited: bool) -> Finding {
        let terms = terms();
        let declined_before: Vec<String> = declined_before.iter().map(|id| (*id).to_owned()).collect();
        let question = Question {
            terms: &terms,
            mode: Mode::Live,
            declined_before: &declined_before,
            unanswered,
            waited,
        };
        judge(&question, &LookupReply::Records { records, received: Received::default() })
    }

    fn is_charged(finding: &Finding) -> bool {
        matches!(finding, Finding::Charged { .. })
    }

    #[test]
    fn a_paid_record_for_what_was_asked_is_a_charge() {
        assert!(is_charged(&find(vec![record("a", "paid")], &[], 1, false)));
    }

    #[test]
    fn a_refunded_record_was_charged_too_however_its_status_is_spelt() {
        for status in ["cancelled", "canceled"] {
            assert!(is_charged(&find(vec![record("a", status)], &[], 1, false)), "{status}");
        }
    }

    #[test]
    fn whatever_took_money_beside_the_charge_is_shown_and_nothing_else_is() {
        let mut others: Vec<GatewayRecord> =
            ["paid", "cancelled", "canceled", "ready"].map(|status| record(status, status)).into();
        others.iter_mut().for_each(|other| other.amount_text = Some("100".to_owned()));
        others.push(record("a", "paid"));
        let finding = find(others, &[], 1, false);
        let ids: Vec<_> = finding.others().iter().filter_map(|other| other.imp_uid.as_deref()).collect();
        assert_eq!(ids, ["paid", "cancelled", "canceled"]);
    }

    #[test]
    fn of_several_odd_records_the_first_is_told() {
        let Finding::Odd { record, .. } = find(vec![record("a", "ready"), record("b", "x")], &[], 1, true)
        else {
            panic!("not odd")
        };
        assert_eq!(record.imp_uid.as_deref(), Some("a"));
    }

    #[test]
    fn a_decline_without_an_imp_uid_is_not_one_that_is_known() {
        let nameless = GatewayRecord { imp_uid: None, ..record("a", "failed") };
        assert!(matches!(find(vec![nameless], &["a"], 1, false), Finding::Declined(_)));
    }

    #[test]
    fn a_second_payment_under_the_id_is_shown_and_not_hidden() {
        let mut other = record("b", "paid");
        other.amount_text = Some("100".to_owned());
        let Finding::Charged { record: first, others } =
            find(vec![other, record("a", "paid"), record("c", "paid")], &[], 1, false)
        else {
            panic!("not charged")
        };
        let ids: Vec<_> = others.iter().filter_map(|other| other.imp_uid.as_deref()).collect();
        assert_eq!((first.imp_uid.as_deref(), ids), (Some("a"), vec!["c", "b"]));
    }

    #[test]
    fn a_paid_record_for_something_else_is_odd_and_never_a_charge() {
        let with = |change: fn(&mut GatewayRecord)| {
            let mut changed = record("a", "paid");
            change(&mut changed);
            find(vec![changed], &[], 1, true)
        };
        let amount =
            |shown: &str| Reason::ForOtherAmount { shown: shown.to_owned(), asked: "₩8,900".to_owned() };
        let customer = Reason::ForOtherCustomer { shown: "other".to_owned(), asked: "gildong".to_owned() };
        for (finding, expected) in [
            (with(|r| r.amount_text = Some("8901".to_owned())), amount("₩8,901")),
            (with(|r| r.amount_text = None), amount("no amount KRW")),
            (with(|r| r.currency_text = Some("USD".to_owned())), amount("USD 8,900.00")),
            (with(|r| r.customer_uid = Some("other".to_owned())), customer),
            (with(|r| r.sandbox = Some(true)), Reason::ThroughTestChannel),
            (
                with(|r| r.status = Some("ready".to_owned())),
                Reason::StatusNoResult { status: "ready".to_owned() },
            ),
            (with(|r| r.status = None), Reason::WithoutStatus),
        ] {
            let Finding::Odd { record, why } = finding else { panic!("{finding:?}") };
            assert_eq!((record.imp_uid.as_deref(), why), (Some("a"), expected));
        }
    }

    #[test]
    fn missing_optional_fields_do_not_hide_a_charge() {
        let mut bare = record("a", "paid");
        (bare.sandbox, bare.customer_uid, bare.customer_uid_usage) = (None, None, None);
        (bare.merchant_uid, bare.currency_text) = (None, None);
        assert!(is_charged(&find(vec![bare], &[], 1, false)));
    }

    #[test]
    fn the_registration_of_a_card_is_no_charge() {
        let mut issue = record("a", "paid");
        issue.customer_uid_usage = Some("issue".to_owned());
        assert_eq!(find(vec![issue], &[], 1, true), Finding::Nothing);
    }

    #[test]
    fn a_decline_known_before_says_nothing_of_the_attempt_after_it() {
        assert_eq!(find(vec![record("a", "failed")], &["a"], 1, true), Finding::Nothing);
        assert!(
            is_charged(&find(vec![record("a", "paid")], &["a"], 1, false)),
            "a decline that turned to paid"
        );
    }

    #[test]
    fn one_decline_does_not_speak_for_two_unanswered_requests() {
        assert_eq!(find(vec![record("a", "failed")], &[], 2, false), Finding::Nothing);
        for (records, waited) in
            [(vec![record("a", "failed"), record("b", "failed")], false), (vec![record("a", "failed")], true)]
        {
            assert!(matches!(find(records, &[], 2, waited), Finding::Declined(_)));
        }
    }

    #[test]
    fn every_decline_is_told_oldest_first() {
        let mut older = record("a", "failed");
        let mut newer = record("b", "failed");
        (older.failed_at_s, newer.failed_at_s) = (Some(1), Some(2));
        let Finding::Declined(declines) = find(vec![newer, older], &[], 1, false) else {
            panic!("not declined")
        };
        assert_eq!(declines.last.imp_uid.as_deref(), Some("b"));
        let earlier: Vec<_> = declines.earlier.iter().map(|record| record.imp_uid.as_deref()).collect();
        assert_eq!(earlier, [Some("a")]);
    }

    #[test]
    fn what_was_looked_up_makes_the_payment_what_it_is() {
        let declines = Declines { earlier: Vec::new(), last: Box::new(record("a", "failed")) };
        for (looked_up, outcome) in [
            (LookedUp::Paid(Box::new(record("a", "paid"))), Some(Outcome::Paid)),
            (LookedUp::Declined(declines), Some(Outcome::Declined)),
            (LookedUp::Rejected(None), Some(Outcome::Rejected)),
            (LookedUp::Unknown(Reason::NotShownYet), Some(Outcome::Unknown)),
            (LookedUp::NotSent(Reason::NoTrace), Some(Outcome::NotSent)),
            (LookedUp::Nothing, None),
        ] {
            assert_eq!(looked_up.outcome(), outcome, "{looked_up:?}");
            let sandbox = matches!(looked_up, LookedUp::Paid(_)).then_some(false);
            assert_eq!(looked_up.sandbox_flag(), sandbox, "{looked_up:?}");
        }
    }
}
