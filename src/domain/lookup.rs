//! What the gateway's list of payments under one merchant_uid says about the one we asked for.

use crate::domain::payment::{GatewayRecord, Mode, Received, Terms};

/// What came back when the gateway was asked for every payment under a merchant_uid.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LookupReply {
    /// All pages of them.
    Records { records: Vec<GatewayRecord>, received: Received },
    /// The gateway's own 404: no such payment, as far as its index knows (facts 3.3).
    NotFound { received: Received },
    /// No answer that says anything about the payment; the reason is a sentence for people.
    /// `reached` is false when the gateway certainly was not asked.
    NoAnswer { reason: String, reached: bool, received: Received },
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
    /// before, oldest first: each speaks for a request, and for no later one.
    Declined { records: Vec<GatewayRecord> },
    /// There is a payment that is not the one asked for, or one that has not come to an end.
    Odd { record: Box<GatewayRecord>, why: String },
    /// No trace of it yet, in the gateway's own words.
    Nothing,
    /// The gateway said nothing of use, or was not reached.
    NoAnswer { reason: String, reached: bool },
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
    let mut odd: Vec<(&GatewayRecord, String)> = Vec::new();
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
            Some(other) => odd.push((record, format!("its status is `{other}`, which is no result"))),
            None => odd.push((record, "it has no status".to_owned())),
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
    if declined.is_empty() || !enough {
        return Finding::Nothing;
    }
    declined.sort_by_key(|record| (record.failed_at_s, record.started_at_s));
    Finding::Declined { records: declined.into_iter().cloned().collect() }
}

/// Registering a card leaves a record too, `paid` even where nothing was charged (facts 3.4).
fn concerns(terms: &Terms, record: &GatewayRecord) -> bool {
    let same_order = record.merchant_uid.as_deref().is_none_or(|uid| uid == terms.merchant_uid.as_str());
    same_order && record.customer_uid_usage.as_deref() != Some("issue")
}

fn took_money(record: &GatewayRecord) -> bool {
    matches!(record.status.as_deref(), Some("paid" | "cancelled" | "canceled"))
}

/// Why a record that took money is not the payment asked for, as the end of a sentence.
fn mismatch(question: &Question<'_>, record: &GatewayRecord) -> Option<String> {
    let asked = question.terms.amount;
    if record.amount_in(asked.currency()) != Some(asked) {
        return Some(format!("it is for {}, not {asked}", record.amount_shown()));
    }
    if let Some(customer) = &record.customer_uid
        && customer != question.terms.customer_uid.as_str()
    {
        return Some(format!("it charged the customer {customer}, not {}", question.terms.customer_uid));
    }
    // A payment through a test channel must never pass for money (facts 3.2).
    if question.mode == Mode::Live && record.sandbox == Some(true) {
        return Some("it went through a TEST channel, and this profile is live".to_owned());
    }
    None
}

#[cfg(test)]
mod tests {
    use super::{Finding, LookupReply, Question, judge};
    use crate::domain::ids::{CustomerUid, MerchantUid};
    use crate::domain::money::{Amount, Currency};
    use crate::domain::payment::{GatewayRecord, Mode, Received, Terms};

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
    fn a_refunded_record_was_charged_too() {
        assert!(is_charged(&find(vec![record("a", "cancelled")], &[], 1, false)));
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
        for finding in [
            with(|r| r.amount_text = Some("8901".to_owned())),
            with(|r| r.amount_text = None),
            with(|r| r.currency_text = Some("USD".to_owned())),
            with(|r| r.customer_uid = Some("other".to_owned())),
            with(|r| r.sandbox = Some(true)),
            with(|r| r.status = Some("ready".to_owned())),
            with(|r| r.status = None),
        ] {
            assert!(matches!(finding, Finding::Odd { .. }), "{finding:?}");
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
            assert!(matches!(find(records, &[], 2, waited), Finding::Declined { .. }));
        }
    }

    #[test]
    fn every_decline_is_told_oldest_first() {
        let mut older = record("a", "failed");
        let mut newer = record("b", "failed");
        (older.failed_at_s, newer.failed_at_s) = (Some(1), Some(2));
        let Finding::Declined { records } = find(vec![newer, older], &[], 1, false) else {
            panic!("not declined")
        };
        let ids: Vec<_> = records.iter().filter_map(|record| record.imp_uid.as_deref()).collect();
        assert_eq!(ids, ["a", "b"]);
    }
}
