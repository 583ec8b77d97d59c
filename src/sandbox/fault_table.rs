//! Every fault the sandbox knows, with its name, its argument and what it does.

use std::fmt;

/// The part of the gateway a fault is about. A prefix such as `lookup.` moves a fault there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// `POST /subscribe/payments/again` and `…/onetime`, and a scheduled payment that comes due.
    Charge,
    /// `POST /payments/cancel`.
    Refund,
    /// Everything that reads payments.
    Lookup,
    /// Everything that makes, reads or deletes billing keys, and `GET /users/pg`.
    Customer,
    /// `POST /users/getToken`.
    Token,
    /// Everything about scheduled payments. Their execution is a charge.
    Schedule,
    /// Everything else, and what does not exist.
    Other,
}

impl Place {
    /// Every place with the prefix that names it in a fault plan.
    pub(super) const ALL: [(&'static str, Place); 7] = [
        ("charge", Place::Charge),
        ("refund", Place::Refund),
        ("lookup", Place::Lookup),
        ("customer", Place::Customer),
        ("token", Place::Token),
        ("schedule", Place::Schedule),
        ("other", Place::Other),
    ];
}

/// What may follow a fault's name after `=`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Argument {
    /// Nothing.
    None,
    /// A duration such as `500ms`, `2s`, `5m`, `1h`; this one if absent.
    Duration(&'static str),
    /// A text; this one if absent.
    Text(&'static str),
    /// A whole number; this one if absent.
    Count(u32),
    /// One of these words; the first if absent.
    OneOf(&'static [&'static str]),
}

impl fmt::Display for Argument {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Argument::None => Ok(()),
            Argument::Duration(default) => write!(formatter, "[=DURATION] ({default})"),
            Argument::Text(default) => write!(formatter, "[=TEXT] ({default})"),
            Argument::Count(default) => write!(formatter, "[=COUNT] ({default})"),
            Argument::OneOf(words) => {
                write!(formatter, "[={}] ({})", words.join("|"), words.first().unwrap_or(&""))
            }
        }
    }
}

/// One fault, as `billkey help sandbox` prints it.
#[derive(Debug)]
pub struct FaultDescription {
    /// The name in a fault plan.
    pub name: &'static str,
    /// What may follow the name.
    pub argument: Argument,
    /// What the sandbox then does, as a sentence.
    pub what: &'static str,
    pub(super) kind: FaultKind,
    /// Where it holds unless a prefix says otherwise; `None` is everywhere.
    pub(super) place: Option<Place>,
}

/// Declares the kinds and the table together, so that no kind can be without a description.
macro_rules! faults {
    ($($kind:ident $name:literal $place:expr, $argument:expr, $what:literal;)*) => {
        /// The faults by name. What each does is said in the table.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(super) enum FaultKind { $($kind),* }

        const FAULTS: &[FaultDescription] = &[$(FaultDescription {
            name: $name, argument: $argument, what: $what, kind: FaultKind::$kind, place: $place,
        }),*];
    };
}

const CHARGE: Option<Place> = Some(Place::Charge);
const REFUND: Option<Place> = Some(Place::Refund);
const LOOKUP: Option<Place> = Some(Place::Lookup);
const CUSTOMER: Option<Place> = Some(Place::Customer);
const SCHEDULE: Option<Place> = Some(Place::Schedule);
const TOKEN: Option<Place> = Some(Place::Token);
const EVERYWHERE: Option<Place> = None;

faults! {
    // What becomes of the money.
    Decline "decline" CHARGE, Argument::Text("[CC10] 통장 잔액부족"),
        "Reaches the card company and is declined with this fail_reason; `decline=` has an empty one.";
    Reject "reject" CHARGE, Argument::Text("결제에 실패하였습니다. [8901] 미등록PG업체/거래정지업체"),
        "Answers code -1 with this message and charges nothing.";
    RejectButCharged "reject_but_charged" CHARGE, Argument::Duration("2s"),
        "Answers code -1 although the card was charged; look-ups show the payment after this time.";
    FlipsToPaid "flips_to_paid" CHARGE, Argument::Duration("2s"),
        "Is declined, and the failed payment turns paid after this time.";
    LateCharge "late_charge" CHARGE, Argument::Duration("5s"),
        "Drops the connection at once; the charge lands after this time, and nothing knows of it before.";
    Hidden "hidden" CHARGE, Argument::Duration("5m"),
        "Charges, and no look-up finds the payment for this time. Duplicates are still refused.";
    Twins "twins" CHARGE, Argument::Duration("1s"),
        "Takes this time to charge and does not refuse a twin that arrives meanwhile: both are charged.";
    NoDuplicateRefusal "no_duplicate_refusal" CHARGE, Argument::None,
        "Charges a merchant_uid as often as it is asked to.";
    DuplicateCode "duplicate_code" CHARGE, Argument::Text("-1"),
        "Refuses a duplicate with this code instead of 1.";
    CustomerFirst "customer_first" CHARGE, Argument::None,
        "Looks for the billing key before it looks for a duplicate.";
    FailedBurns "failed_burns" CHARGE, Argument::None,
        "Refuses a merchant_uid that failed before as if it had been paid.";
    Reissue "reissue" CHARGE, Argument::None,
        "Replaces the customer's card by another one, silently, before it charges.";
    AmountDiffers "amount_differs" CHARGE, Argument::Text("100"),
        "Records and charges this amount instead of the one asked for.";
    CurrencyDiffers "currency_differs" CHARGE, Argument::Text("USD"),
        "Records and charges this currency instead of the one asked for.";
    LiveFlag "live_flag" CHARGE, Argument::None,
        "Records the payment with sandbox false, as a live channel would.";
    Usage "usage" CHARGE, Argument::Text("issue"),
        "Records this customer_uid_usage instead of payment, as the issue of a billing key would.";
    RefundRefused "refund_refused" REFUND, Argument::Text("기취소거래"),
        "Refuses the refund with code -1 and this message.";
    ShortSettlement "short_settlement" REFUND, Argument::None,
        "Refuses the refund as the PG does whose next settlement is too small for it.";
    WholeRefundsOnly "whole_refunds_only" REFUND, Argument::None,
        "Refuses every refund of a part.";
    PartialRefundsMax "partial_refunds_max" REFUND, Argument::Count(9),
        "Refuses another refund of a part after so many.";
    LateRefund "late_refund" REFUND, Argument::Duration("5s"),
        "Drops the connection at once; the refund lands after this time, if the balance still allows it.";
    RefundPending "refund_pending" REFUND, Argument::Duration("5s"),
        "Answers code 0 with the payment unchanged, and the refund lands after this time.";
    RefundReasonCut "refund_reason_cut" REFUND, Argument::Count(20),
        "Keeps so many characters of the reason.";

    // What becomes of the answer.
    Slow "slow" CHARGE, Argument::Duration("2s"),
        "Does its work at once and answers after this time.";
    LostBefore "lost_before" CHARGE, Argument::Text("close"),
        "Drops the connection before anything is done; `=reset` resets it.";
    LostAfter "lost_after" CHARGE, Argument::Text("close"),
        "Does its work and drops the connection without an answer; `=reset` resets it.";
    Html502Before "html_502_before" CHARGE, Argument::None,
        "Answers 502 with an HTML page, and nothing is done.";
    Html502 "html_502" CHARGE, Argument::None,
        "Does its work and answers 502 with an HTML page.";
    Error500 "error_500" CHARGE, Argument::None,
        "Answers 500 with an envelope, and nothing is done.";
    Error500After "error_500_after" CHARGE, Argument::None,
        "Does its work and answers 500 with an envelope.";
    Error503 "error_503" CHARGE, Argument::None,
        "Answers 503 with an HTML page, and nothing is done.";
    RateLimited "rate_limited" CHARGE, Argument::None,
        "Answers 429 with an envelope and Retry-After, and nothing is done.";
    Redirect "redirect" CHARGE, Argument::None,
        "Answers 307 to a maintenance page, and nothing is done.";
    CutJson "cut_json" CHARGE, Argument::None,
        "Does its work and sends half of the answer it announced.";
    Empty "empty" CHARGE, Argument::None,
        "Does its work and answers 200 with an empty body.";
    NullResponse "null_response" CHARGE, Argument::None,
        "Does its work and answers code 0 with response null.";
    Status201 "status_201" CHARGE, Argument::None,
        "Does its work and answers 201 instead of 200.";
    Huge "huge" CHARGE, Argument::None,
        "Does its work and answers with ten megabytes of JSON.";
    Deep "deep" CHARGE, Argument::None,
        "Does its work and answers with arrays a hundred thousand deep.";
    MessageSet "message_set" CHARGE, Argument::Text("정상적으로 처리되었습니다."),
        "Sets the message of a good answer to this instead of null.";
    ReadyStatus "ready_status" CHARGE, Argument::None,
        "Charges, and the answer says the status is ready.";
    UnknownStatus "unknown_status" CHARGE, Argument::Text("in_review"),
        "Charges, and the answer says the status is this.";
    OtherMerchantUid "other_merchant_uid" CHARGE, Argument::Text("someone_elses_order"),
        "Charges, and the answer carries this merchant_uid.";
    MissingFields "missing_fields" CHARGE, Argument::None,
        "Leaves out every field of a payment that the schema does not require.";
    ExtraFields "extra_fields" CHARGE, Argument::None,
        "Adds fields that nobody knows, to the envelope too.";
    FractionalTimes "fractional_times" CHARGE, Argument::None,
        "Writes times with a fraction of a second.";
    Escapes "escapes" CHARGE, Argument::None,
        "Puts terminal escapes, line breaks and right-to-left controls into every text.";
    NoFlag "no_flag" EVERYWHERE, Argument::None,
        "Leaves the sandbox flag out of payments.";

    // Look-ups, tokens and the clock.
    LookupsDown "lookups_down" LOOKUP, Argument::OneOf(&["503", "429", "403", "html"]),
        "Answers every look-up with this status, or with 200 and an HTML page, while charges go on.";
    Html404 "html_404" LOOKUP, Argument::None,
        "Answers 404 with an HTML page, which says nothing about the payment.";
    AbsentIsEmpty "absent_is_empty" LOOKUP, Argument::None,
        "Answers 200 and code 0 with nothing in it where a 404 is due: an empty list, or response null.";
    AbsentIsCode "absent_is_code" LOOKUP, Argument::None,
        "Answers 200 with code -1 and the words of not found where a 404 is due.";
    TestNeedsFlag "test_needs_flag" LOOKUP, Argument::None,
        "Hides test-channel payments from every look-up that does not say include_sandbox=true.";
    ShortList "short_list" LOOKUP, Argument::Count(1),
        "Leaves so many payments out of each page, the first ones, and counts them in its total.";
    ListRepeats "list_repeats" LOOKUP, Argument::Count(1),
        "Begins every page after the first so many payments early, as if new ones had come meanwhile.";
    ListEndsEarly "list_ends_early" LOOKUP, Argument::None,
        "Says of every page that it is the last.";
    BulkShows "bulk_shows" LOOKUP, Argument::OneOf(&["newest", "oldest", "all"]),
        "Shows these records of a merchant_uid in an answer to GET /payments.";
    BulkAlways200 "bulk_always_200" LOOKUP, Argument::None,
        "Answers GET /payments with 200 where some ids are missing, instead of 207.";
    BulkIgnoresMerchantUid "bulk_ignores_merchant_uid" LOOKUP, Argument::None,
        "Does not know merchant_uid[] in GET /payments: only imp_uid[] is looked for.";
    BulkCut "bulk_cut" LOOKUP, Argument::Count(20),
        "Cuts an answer to GET /payments off after so many payments, without a word about the rest.";
    LongLine400 "long_line_400" EVERYWHERE, Argument::Count(8192),
        "Answers 400 with an HTML page to a request line of more than so many bytes.";
    LongLine414 "long_line_414" EVERYWHERE, Argument::Count(8192),
        "Answers 414 with an HTML page to a request line of more than so many bytes.";
    ChannelKeyRequired "channel_key_required" CUSTOMER, Argument::None,
        "Answers 400 where a billing key is to be made without a channel_key.";
    ScheduleArray "schedule_array" SCHEDULE, Argument::None,
        "Lists schedules in an array, as the published schema has it, instead of in pages.";
    Customer404 "customer_404" CUSTOMER, Argument::None,
        "Answers 404 for an unknown customer_uid instead of 200 with code 1.";
    RevokeToken "revoke_token" EVERYWHERE, Argument::None,
        "Forgets the access token at the next call, so that it is answered 401.";
    Forbidden "forbidden" EVERYWHERE, Argument::None,
        "Answers 403 where 401 is due.";
    TokenLife "token_life" TOKEN, Argument::Duration("30s"),
        "Gives new access tokens this much life instead of 30 minutes.";
    IdleLimit "idle_limit" EVERYWHERE, Argument::Duration("1s"),
        "Gives a connection up that brings no whole request for this time, instead of 30 s.";
    ClockSkew "clock_skew" EVERYWHERE, Argument::Duration("5m"),
        "Runs the server's clock ahead by this much; `-5m` is behind.";
}

/// Every fault, in the order of the help text.
pub fn faults() -> &'static [FaultDescription] {
    FAULTS
}
