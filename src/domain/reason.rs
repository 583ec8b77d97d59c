//! Why this program says what it says of a payment, where the gateway has no words of its own.
//!
//! A reason is a value: the ledger keeps its word and what it names, and a sentence is made of them only
//! when somebody reads it. The gateway's words are never one of these; they are kept as they came.

use std::fmt;

/// What a reason names: texts as they are, a further reason as its word and its own texts, what the gateway
/// said as what it is and its text.
trait Part: Sized {
    fn give(&self, to: &mut Vec<String>);
    fn take(from: &mut dyn Iterator<Item = String>) -> Option<Self>;
}

impl Part for String {
    fn give(&self, to: &mut Vec<String>) {
        to.push(self.clone());
    }

    fn take(from: &mut dyn Iterator<Item = String>) -> Option<String> {
        from.next()
    }
}

impl Part for Box<Reason> {
    fn give(&self, to: &mut Vec<String>) {
        to.push(self.word().to_owned());
        to.extend(self.parts());
    }

    fn take(from: &mut dyn Iterator<Item = String>) -> Option<Box<Reason>> {
        let word = from.next()?;
        Reason::take(&word, from).map(Box::new)
    }
}

/// What the gateway said with its no.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Said {
    /// Its words, as they came.
    Words(String),
    /// A code alone.
    Code(i64),
    /// Nothing, under this HTTP status.
    Status(u16),
}

impl Said {
    /// The words where there are any, else the code.
    #[must_use]
    pub fn words_or_code(words: Option<&str>, code: i64) -> Said {
        words.map_or(Said::Code(code), |words| Said::Words(words.to_owned()))
    }
}

impl fmt::Display for Said {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Said::Words(words) => f.write_str(words),
            Said::Code(code) => write!(f, "code {code} without a message"),
            Said::Status(status) => write!(f, "HTTP {status} without a reason"),
        }
    }
}

impl Part for Said {
    fn give(&self, to: &mut Vec<String>) {
        let (kind, text) = match self {
            Said::Words(words) => ("words", words.clone()),
            Said::Code(code) => ("code", code.to_string()),
            Said::Status(status) => ("status", status.to_string()),
        };
        to.extend([kind.to_owned(), text]);
    }

    fn take(from: &mut dyn Iterator<Item = String>) -> Option<Said> {
        let (kind, text) = (from.next()?, from.next()?);
        match kind.as_str() {
            "words" => Some(Said::Words(text)),
            "code" => text.parse().ok().map(Said::Code),
            "status" => text.parse().ok().map(Said::Status),
            _ => None,
        }
    }
}

/// The table of reasons: variant, word, what it names, and the sentence that it is the end of.
macro_rules! reasons {
    ($($(#[$doc:meta])* $name:ident $({ $($part:ident: $kind:ty),* })? $word:literal: $sentence:literal;)*) => {
        /// See the table for what each means.
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub enum Reason {
            $($(#[$doc])* $name $({ $($part: $kind),* })?,)*
        }

        impl Reason {
            /// Every word there is.
            pub const WORDS: &'static [&'static str] = &[$($word),*];

            /// The word that the ledger keeps; it never changes.
            #[must_use]
            pub fn word(&self) -> &'static str {
                match self {
                    $(Reason::$name $({ $($part: _),* })? => $word,)*
                }
            }

            /// What the reason names, in the order of the table.
            #[must_use]
            pub fn parts(&self) -> Vec<String> {
                #[allow(unused_mut, reason = "many name nothing")]
                let mut parts = Vec::new();
                match self {
                    $(Reason::$name $({ $($part),* })? => { $($($part.give(&mut parts);)*)? })*
                }
                parts
            }

            fn take(word: &str, parts: &mut dyn Iterator<Item = String>) -> Option<Reason> {
                match word {
                    $($word => Some(Reason::$name $({ $($part: Part::take(parts)?),* })?),)*
                    _ => None,
                }
            }
        }

        impl fmt::Display for Reason {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                match self {
                    $(Reason::$name $({ $($part),* })? => write!(f, $sentence),)*
                }
            }
        }
    };
}

reasons! {
    // The request did not leave.
    NoTransport "no_transport": "the program could not set up its network connection";
    TokenNotSendable "token_not_sendable": "the access token cannot be sent in a header";
    NoTokenAtHand "no_token_at_hand": "there was no access token to send it with";
    RequestNotBuilt "request_not_built": "the request could not be put together";
    NoAddress { host: String } "no_address": "there is no address for {host}";
    NotSecure { host: String, why: Box<Reason> } "not_secure": "no secure connection to {host}: {why}";
    NotReached { host: String, within: String } "not_reached": "{host} could not be reached within {within}";
    ConnectionRefused { host: String } "connection_refused": "{host} refused the connection";
    NoRoute { host: String } "no_route": "there is no way to {host} from this network";
    NoConnection { host: String } "no_connection": "no connection to {host} could be made";
    NotTls "not_tls": "the other side does not speak TLS as it should";
    CertificateExpired "certificate_expired": "its certificate has expired";
    CertificateNotYet "certificate_not_yet":
        "its certificate is not valid yet; is this machine's clock right?";
    CertificateOtherName "certificate_other_name": "its certificate is for another name";
    CertificateUnknownIssuer "certificate_unknown_issuer":
        "its certificate is from an issuer that is not known; a company proxy's goes into ca_file";
    CertificateNotValid "certificate_not_valid": "its certificate is not valid";
    HeldUp "held_up": "this process was held up between writing the intent and sending it";
    Interrupted "interrupted": "interrupted before it was sent";
    NoThread "no_thread": "the system gave no thread to send from";
    BatchStopped "batch_stopped": "the batch stopped before this row";
    PgStopped { pg: String } "pg_stopped": "{pg} refuses the merchant's own account, so no more rows were sent to it";
    OtherAccount "other_account": "this ledger belongs to another API key";
    LedgerWaits "ledger_waits": "this ledger is older than it was, and waits until earlier charges would show";
    NothingSent "nothing_sent": "nothing was sent";
    /// What the order was for until then.
    NewTerms { customer_uid: String, amount: String } "new_terms":
        "it was never sent, and takes new terms; before: {amount} of {customer_uid}";
    KeyRefused { said: Said } "key_refused": "the gateway refused the API key: {said}";

    // The request may have arrived, and no usable answer came back.
    NoAnswerWithin { within: String } "no_answer_within": "the gateway did not answer within {within}";
    AnswerIncomplete { within: String } "answer_incomplete":
        "the gateway's answer was not complete within {within}";
    AnswerBroken "answer_broken": "the connection broke in the middle of the gateway's answer";
    ConnectionReset "connection_reset": "the connection was reset before the gateway answered";
    AnswerUnreadable "answer_unreadable": "the connection ended without an answer that can be read";
    WaitGivenUp "wait_given_up": "the wait for the answer was given up";
    AnswerTooLong "answer_too_long": "the gateway's answer was too long to be one";
    Redirect { status: String } "redirect":
        "the gateway answered with a redirect (HTTP {status}), which is not followed";
    MoreThanRead { status: String } "more_than_read":
        "the gateway answered with HTTP {status} and more than can be read";
    NoBody { status: String } "no_body": "the gateway answered with HTTP {status} and nothing else";
    WebPage { status: String } "web_page": "the gateway answered with HTTP {status} and a web page";
    NotJson { status: String } "not_json":
        "the gateway answered with HTTP {status} and a text that is not its JSON";
    /// The gateway's own JSON with a status that settles nothing.
    HttpStatus { status: String, said: Said } "http_status":
        "the gateway answered with HTTP {status}: {said}";
    TokenNotTaken { status: String } "token_not_taken": "the gateway did not take the token (HTTP {status})";
    NewTokenNotTaken { status: String } "new_token_not_taken":
        "the gateway did not take a new token either (HTTP {status})";
    NoTokenInAnswer "no_token_in_answer": "the gateway's answer holds no token";
    BothNoAndPayment { code: String } "both_no_and_payment":
        "the gateway said both no (code {code}) and a payment";
    CodeZeroNoPayment "code_zero_no_payment": "the gateway said code 0 and showed no payment";
    OtherOrder { other: String, asked: String } "other_order":
        "the gateway answered about {other}, not about {asked}";
    NoOrderNamed "no_order_named": "the gateway says paid and does not say which order";
    OtherAmountPaid { shown: String, asked: String } "other_amount_paid":
        "the gateway says {shown} was paid, not {asked}";
    OtherCustomerPaid { shown: String, asked: String } "other_customer_paid":
        "the gateway says the customer {shown} paid, not {asked}";
    NoResult { status: String } "no_result":
        "the gateway gave the payment the status `{status}`, which is no result";
    NoStatus "no_status": "the gateway showed a payment without a status";

    // What a look-up shows, or does not.
    ListNotAList "list_not_a_list": "the gateway's list of payments is no list";
    CodeZeroNoList "code_zero_no_list": "the gateway said code 0 and showed no list";
    ListHoldsOther "list_holds_other": "the gateway's list holds something that is no payment";
    ListEndedEarly "list_ended_early": "the gateway's list ended in the middle";
    ListEmpty "list_empty": "the gateway's list of payments is empty";
    ListEndless "list_endless": "the gateway's list of payments does not end";
    ListRepeats "list_repeats": "the gateway's list shows one payment twice";
    ListChanged "list_changed": "the gateway's list changed while it was read";
    ListUncounted "list_uncounted": "the gateway's list does not say how many payments there are";
    LookupNoAnswer { why: Box<Reason> } "lookup_no_answer": "the look-up gave no answer: {why}";
    NotShownYet "not_shown_yet": "the gateway does not show a payment yet";
    NoTrace "no_trace": "the gateway shows no trace of it, long after it was sent";
    NotShown "not_shown": "the gateway does not show it";
    DeclinedOnly "declined_only": "the gateway shows it as declined only";
    ShownOdd { imp_uid: String, why: Box<Reason> } "shown_odd":
        "the gateway shows the payment {imp_uid} under this merchant_uid, but {why}";
    ShownOddNameless { why: Box<Reason> } "shown_odd_nameless":
        "the gateway shows the payment without an imp_uid under this merchant_uid, but {why}";
    RefusedNotLookedUp { said: Said, why: Box<Reason> } "refused_not_looked_up":
        "the gateway refused it ({said}), and whether it was charged all the same could not be looked up: {why}";
    RefusedNotShown { said: Said } "refused_not_shown":
        "the gateway refused it ({said}) and shows no charge, which proves nothing";

    // Of a refund.
    RefundNotShownYet "refund_not_shown_yet": "the gateway does not show the refund yet";
    RefundTaken "refund_taken": "the gateway took it and does not show the refund yet";
    RefundFoundLater "refund_found_later": "a later look-up found it among the payment's refunds";
    RefundFoundAndTold "refund_found_and_told":
        "a later look-up found it among the payment's refunds, and a run has told it";
    RefundsDisagree { imp_uid: String, refunded: String, listed: String } "refunds_disagree":
        "the gateway shows {refunded} of {imp_uid} as refunded, and refunds that come to {listed}";
    RefundsNotShown { imp_uid: String, refunded: String, known: String } "refunds_not_shown":
        "the gateway shows {refunded} of {imp_uid} as refunded, and the ledger has seen {known} go back";
    RefundRefusedNotLookedUp { said: Said, why: Box<Reason> } "refund_refused_not_looked_up":
        "the gateway refused it ({said}), and whether it went back all the same could not be looked up: {why}";
    RefundUndecided "refund_undecided":
        "the gateway shows a refund that may be this one or another's, so that nothing is certain";
    RefundRefusedInDoubt { said: Said } "refund_refused_in_doubt":
        "the gateway refused it ({said}) in words that speak of an earlier refund or of a fault";
    LookupRefused { said: Said } "lookup_refused": "the gateway refused the look-up ({said})";
    PaymentNotShown { imp_uid: String } "payment_not_shown": "the gateway does not show {imp_uid}";
    PaymentStatus { imp_uid: String, status: String } "payment_status":
        "the gateway shows {imp_uid} with the status `{status}`";
    PaymentUnreadable { imp_uid: String } "payment_unreadable":
        "the gateway shows {imp_uid} with an amount or refunds that are not this payment's";

    // Another order of the same customer and amount.
    OpenBeside { order: String, why: Box<Reason> } "open_beside":
        "another order of this customer and amount, {order}, may have charged the card: {why}";
    BesideSettled { order: String, outcome: String } "beside_settled":
        "another order of this customer and amount, {order}, was open and is {outcome} now; this one goes out beside it";
    BesideNotShown { order: String } "beside_not_shown":
        "another order of this customer and amount, {order}, was open; the gateway shows no payment of it and its \
         wait is over, so this one goes out beside it";
    AtWork "at_work": "another process is at it";
    Unconfirmed "unconfirmed": "what the gateway shows has changed since it was asked before the question";
    OtherKey "other_key":
        "it was sent with another API key, and what this one shows says nothing of another account";

    /// Asked before a send, in vain.
    NoWordOfOrder { why: Box<Reason> } "no_word_of_order":
        "the gateway did not say whether it knows this order: {why}";
    SentUnasked { why: Box<Reason> } "sent_unasked":
        "the gateway did not say whether it knows this order ({why}); it is sent unasked, as was accepted";
    ListShort { shown: String, total: String } "list_short":
        "the gateway's list shows {shown} of {total} payments";
    WindowOpen { imp_uid: String } "window_open":
        "a payment window of this order, {imp_uid}, may still be finished by the customer";
    NoMoneyShown "no_money_shown":
        "the gateway shows no money, more than three days after it was last sent: no doubt is left to wait for";
    /// What of a payment the gateway shows as refunded, all in all.
    RefundSeen { imp_uid: String, refunded: String } "refund_seen":
        "the gateway shows {refunded} of {imp_uid} as refunded";
    Unanswered "unanswered": "an earlier request was never clearly answered, and may still have charged the card";
    /// By a person, with what shows it.
    NotedCharged { evidence: String } "noted_charged": "it was noted by hand as charged: {evidence}";
    NotedNotCharged { evidence: String } "noted_not_charged": "it was noted by hand as not charged: {evidence}";
    NotedRefundedOutside { amount: String, evidence: String } "noted_refunded_outside":
        "it was noted by hand that {amount} was paid back outside of the gateway: {evidence}";
    NotedNotRefundedOutside { evidence: String } "noted_not_refunded_outside":
        "it was noted by hand that nothing was paid back outside of the gateway: {evidence}";
    RefundNotedBack { by: String, evidence: String } "refund_noted_back":
        "it was noted by {by} that it went back: {evidence}";
    RefundNotedNotBack { by: String, evidence: String } "refund_noted_not_back":
        "it was noted by {by} that it did not go back: {evidence}";
    RefundTakenBack { by: String, evidence: String } "refund_taken_back":
        "it was noted by {by} that it went back and the PG has taken it back since: {evidence}";
    // What is no charge and is told all the same.
    OnlyRegistration { imp_uid: String } "only_registration":
        "the gateway shows {imp_uid} under this order, which is the registration of a card and no charge";
    OnlyOldWindow { imp_uid: String } "only_old_window":
        "the gateway shows {imp_uid} under this order, a payment window that was never finished";

    // Why a payment that the gateway shows is not the one that was asked for.
    ForOtherAmount { shown: String, asked: String } "for_other_amount": "it is for {shown}, not {asked}";
    ForOtherCustomer { shown: String, asked: String } "for_other_customer":
        "it charged the customer {shown}, not {asked}";
    ThroughTestChannel "through_test_channel":
        "it went through a TEST channel, and this profile is live";
    OtherSpelling { shown: String } "other_spelling":
        "it is for the order {shown}, whose id is spelt otherwise";
    WaitsForTransfer "waits_for_transfer": "it waits for a bank transfer of the customer";
    StatusNoResult { status: String } "status_no_result": "its status is `{status}`, which is no result";
    WithoutStatus "without_status": "it has no status";

    // Why billkey itself refuses a row of a batch.
    OverMaxAmount "over_max_amount":
        "it is over the limit for one charge (max_amount of the profile), or in another currency";
    OverDailyAmount "over_daily_amount":
        "it would go over the day's limit (daily_amount of the profile), or is in another currency";
    SimilarCharge "similar_charge":
        "the customer pays the same amount in another row, or did a moment ago; --allow-similar takes both";
    OtherTerms "other_terms":
        "the merchant_uid was asked for before with another customer, amount or mode";
    OtherAtGateway "other_at_gateway":
        "the gateway knows the order as another payment; see `billkey reconcile`";
    UnknownCustomer "unknown_customer":
        "the customer is not saved and was never paid here, and a saved one is near; see `billkey customer add`";
    RemovedCustomer "removed_customer": "the customer was removed; see `billkey customer add`";
    BeyondRetryRules "beyond_retry_rules":
        "it was declined before, and the profile's rules do not try it again now; `billkey retry-list` says when, \
         and --beyond-rules sends it all the same";

    /// As a sentence of a ledger from before reasons had words (schema 3).
    InWords { words: String } "in_words": "{words}";
}

impl Reason {
    /// The reason that the ledger keeps; `None` for a word or for parts that this program did not write.
    #[must_use]
    pub fn from_parts(word: &str, parts: Vec<String>) -> Option<Reason> {
        let mut parts = parts.into_iter();
        let reason = Reason::take(word, &mut parts)?;
        parts.next().is_none().then_some(reason)
    }

    /// The gateway's words that it quotes: those of a refusal that proved nothing.
    #[must_use]
    pub fn gateway_words(&self) -> Option<&str> {
        let (Reason::RefusedNotShown { said } | Reason::RefusedNotLookedUp { said, .. }) = self else {
            return None;
        };
        if let Said::Words(words) = said { Some(words) } else { None }
    }

    /// The gateway shows something that time does not clear up.
    #[must_use]
    pub fn is_for_a_person(&self) -> bool {
        matches!(self, Reason::ShownOdd { .. } | Reason::ShownOddNameless { .. })
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::{Reason, Said};

    fn odd() -> Reason {
        let amount = Reason::ForOtherAmount { shown: "₩1".to_owned(), asked: "₩8,900".to_owned() };
        Reason::ShownOdd { imp_uid: "imps_1".to_owned(), why: Box::new(amount) }
    }

    #[test]
    fn a_reason_is_read_back_from_its_word_and_its_parts() {
        let no_parts = Reason::NoTrace;
        let refused = [Said::Words("no".to_owned()), Said::Code(-1), Said::Status(401)]
            .map(|said| Reason::RefusedNotLookedUp { said, why: Box::new(odd()) });
        let others = [odd(), no_parts, Reason::LookupNoAnswer { why: Box::new(odd()) }];
        for reason in others.into_iter().chain(refused) {
            assert_eq!(Reason::from_parts(reason.word(), reason.parts()), Some(reason));
        }
        assert_eq!(odd().parts(), ["imps_1", "for_other_amount", "₩1", "₩8,900"]);
    }

    #[test]
    fn a_word_or_parts_of_somebody_elses_are_no_reason() {
        let parts = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
        assert_eq!(Reason::from_parts("no_such_word", parts(&[])), None);
        assert_eq!(Reason::from_parts("no_address", parts(&[])), None);
        assert_eq!(Reason::from_parts("no_address", parts(&["a", "b"])), None);
        assert_eq!(Reason::from_parts("lookup_no_answer", parts(&["no_such_word"])), None);
        assert_eq!(Reason::from_parts("key_refused", parts(&["no_such_kind", "1"])), None);
        assert_eq!(Reason::from_parts("key_refused", parts(&["code", "one"])), None);
    }

    #[test]
    fn no_two_reasons_share_a_word() {
        let words: BTreeSet<&str> = Reason::WORDS.iter().copied().collect();
        assert_eq!(words.len(), Reason::WORDS.len());
        assert!(words.iter().all(|word| word.bytes().all(|b| b.is_ascii_lowercase() || b == b'_')));
    }

    #[test]
    fn a_sentence_names_what_the_reason_names() {
        let sentence =
            "the gateway shows the payment imps_1 under this merchant_uid, but it is for ₩1, not ₩8,900";
        assert_eq!(odd().to_string(), sentence);
        for (said, end) in [
            (Said::Words("no such key".to_owned()), "no such key"),
            (Said::Code(-1), "code -1 without a message"),
            (Said::Status(401), "HTTP 401 without a reason"),
        ] {
            let sentence = Reason::KeyRefused { said }.to_string();
            assert_eq!(sentence, format!("the gateway refused the API key: {end}"));
        }
    }
}
