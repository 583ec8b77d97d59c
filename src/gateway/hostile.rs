//! Hostile answers: random bytes, recorded answers with pieces broken, and JSON that fits the
//! gateway's published schema and says anything. Whatever comes, nothing panics and nothing is
//! taken for paid, declined or found unless the answer itself, read by other means, says so.

mod charges;
mod lookups;
mod oracle;

use proptest::collection::vec;
use proptest::prelude::{Just, Strategy, any, prop_oneof};
use proptest::sample::{Index, select};

use crate::domain::charge::ChargeRequest;
use crate::domain::ids::{CustomerUid, MerchantUid};
use crate::domain::money::{Amount, Currency};
use crate::domain::payment::{Mode, Terms};

pub(super) const ORDER: &str = "95382678123123120";
pub(super) const CUSTOMER: &str = "gildong_0001_1234";
pub(super) const WON: i64 = 8900;

/// A field of a payment and what the gateway fills it with, as JSON.
type Recorded = [(&'static str, &'static str); 24];

/// The recorded approval of facts 2.4 with the fields that newer records have, for the order asked
/// for here.
const RECORDED: Recorded = [
    ("amount", "8900"),
    ("apply_num", r#""06261080""#),
    ("buyer_name", "null"),
    ("cancel_amount", "0"),
    ("cancel_history", "[]"),
    ("cancelled_at", "0"),
    ("card_code", r#""374""#),
    ("card_name", r#""\ud558\ub098(\uad6c\uc678\ud658)""#),
    ("card_number", r#""95404900****1569""#),
    ("card_quota", "0"),
    ("currency", r#""KRW""#),
    ("customer_uid", r#""gildong_0001_1234""#),
    ("customer_uid_usage", r#""payment""#),
    ("fail_reason", "null"),
    ("failed_at", "0"),
    ("imp_uid", r#""imps_156288298043""#),
    ("merchant_uid", r#""95382678123123120""#),
    ("name", r#""\uc6d4\uad6c\ub3c5""#),
    ("paid_at", "1524813288"),
    ("pg_provider", r#""danal_tpay""#),
    ("receipt_url", r#""https:\/\/www.danalpay.com\/receipt\/1""#),
    ("sandbox", "false"),
    ("started_at", "1524813287"),
    ("status", r#""paid""#),
];

/// The fields of the published schema (`PaymentAnnotation`) that decide nothing, by their type.
const TEXTS: [&str; 14] = [
    "imp_uid",
    "pay_method",
    "channel",
    "pg_provider",
    "pg_tid",
    "apply_num",
    "card_name",
    "card_number",
    "name",
    "buyer_name",
    "custom_data",
    "fail_reason",
    "cancel_reason",
    "receipt_url",
];
const WHOLES: [&str; 6] = ["card_quota", "card_type", "started_at", "paid_at", "failed_at", "cancelled_at"];
const FLAGS: [&str; 2] = ["escrow", "cash_receipt_issued"];
const LISTS: [&str; 3] = ["cancel_history", "deposit_history", "cancel_receipt_urls"];

pub(super) fn terms() -> Terms {
    Terms {
        merchant_uid: MerchantUid::parse(ORDER).unwrap(),
        customer_uid: CustomerUid::parse(CUSTOMER).unwrap(),
        amount: Amount::from_minor(WON, Currency::KRW),
        mode: Mode::Live,
    }
}

pub(super) fn request() -> ChargeRequest {
    ChargeRequest::new(terms(), "월구독")
}

pub(super) fn object(fields: &[(String, String)]) -> String {
    let fields: Vec<String> = fields.iter().map(|(key, value)| format!("\"{key}\":{value}")).collect();
    format!("{{{}}}", fields.join(","))
}

pub(super) fn recorded() -> Vec<(String, String)> {
    RECORDED.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
}

pub(super) fn envelope(code: &str, response: &str) -> String {
    format!(r#"{{"code":{code},"message":null,"response":{response}}}"#)
}

/// A status: mostly one with which an answer counts.
pub(super) fn status() -> impl Strategy<Value = u16> {
    prop_oneof![
        4 => Just(200_u16),
        1 => select(vec![201_u16, 207, 302, 400, 401, 403, 404, 408, 409, 429, 500, 502, 503]),
    ]
}

/// Some JSON of any type; numbers that no integer and no binary fraction can hold among them.
fn anything() -> impl Strategy<Value = String> {
    let plain = vec![
        "null",
        "true",
        "false",
        "0",
        "-0",
        "1",
        "-1",
        "8900",
        "8900.0",
        "89e2",
        "8900.01",
        "-8900",
        "1e400",
        "123456789012345678901234567890.5",
        "\"\"",
        "\" \"",
        "\"paid\"",
        "\"8900\"",
        "[]",
        "{}",
        "[[]]",
        "{\"a\":null}",
        "\"\\ud83d\"",
        "\"\\u0000\"",
    ];
    prop_oneof![
        3 => select(plain).prop_map(str::to_owned),
        1 => "[ -~가-힣]{0,12}".prop_map(|text| serde_json::to_string(&text).unwrap()),
        1 => any::<i64>().prop_map(|number| number.to_string()),
    ]
}

/// One of a few good values, or anything at all, or left out.
fn field(key: &'static str, good: &[&'static str]) -> impl Strategy<Value = Option<(String, String)>> {
    let good = good.to_vec();
    prop_oneof![
        8 => select(good).prop_map(move |value| Some((key.to_owned(), value.to_owned()))),
        1 => anything().prop_map(move |value| Some((key.to_owned(), value))),
        1 => Just(None),
    ]
}

/// A field that decides nothing: of the schema's type, null, or of another type.
fn harmless() -> impl Strategy<Value = Option<(String, String)>> {
    let texts = (select(&TEXTS[..]), "[ -~가-힣]{0,40}").prop_map(|(key, text)| {
        let text = serde_json::to_string(&text).unwrap();
        (key, text)
    });
    let wholes = (select(&WHOLES[..]), any::<i32>()).prop_map(|(key, number)| (key, number.to_string()));
    let flags = (select(&FLAGS[..]), any::<bool>()).prop_map(|(key, flag)| (key, flag.to_string()));
    let lists = select(&LISTS[..]).prop_map(|key| (key, "[{\"amount\":1}]".to_owned()));
    let all: Vec<&'static str> =
        [&TEXTS[..], &WHOLES[..], &FLAGS[..], &LISTS[..], &["promotion"][..]].concat();
    let odd = (select(all), anything());
    prop_oneof![3 => texts, 2 => wholes, 1 => flags, 1 => lists, 2 => odd]
        .prop_map(|(key, value)| Some((key.to_owned(), value)))
}

/// A payment that fits the schema, or nearly; its fields in any order, and now and then one twice.
pub(super) fn payment() -> impl Strategy<Value = String> {
    let deciding = (
        field("status", &["\"paid\"", "\"paid\"", "\"paid\"", "\"failed\"", "\"cancelled\"", "\"ready\""]),
        field("merchant_uid", &["\"95382678123123120\""]),
        field("amount", &["8900", "8900", "8900.00", "\"8900\"", "89e2", "100"]),
        field("currency", &["\"KRW\"", "\"krw\"", "null", "\"\"", "\"USD\""]),
        field("customer_uid", &["\"gildong_0001_1234\"", "null"]),
        field("customer_uid_usage", &["\"payment\"", "null", "\"issue\""]),
        field("sandbox", &["false", "false", "true"]),
    );
    let deciding = deciding.prop_map(|(a, b, c, d, e, f, g)| [a, b, c, d, e, f, g]);
    (deciding, vec(harmless(), 0..6), any::<Index>(), 0..40_u8).prop_map(|(deciding, more, at, twice)| {
        let mut fields: Vec<(String, String)> = Vec::new();
        for (key, value) in deciding.into_iter().chain(more).flatten() {
            if fields.iter().all(|(known, _)| *known != key) {
                fields.push((key, value));
            }
        }
        if !fields.is_empty() {
            let at = at.index(fields.len());
            fields.rotate_left(at);
            if twice == 0 {
                fields.push(fields[0].clone());
            }
        }
        object(&fields)
    })
}

/// What can happen to a recorded payment's fields, one by one.
#[derive(Clone, Debug)]
pub(super) enum FieldEdit {
    Drop(Index),
    Replace(Index, String),
    Twice(Index),
    Swap(Index, Index),
}

pub(super) fn field_edits() -> impl Strategy<Value = Vec<FieldEdit>> {
    let edit = prop_oneof![
        any::<Index>().prop_map(FieldEdit::Drop),
        (any::<Index>(), anything()).prop_map(|(at, value)| FieldEdit::Replace(at, value)),
        any::<Index>().prop_map(FieldEdit::Twice),
        (any::<Index>(), any::<Index>()).prop_map(|(a, b)| FieldEdit::Swap(a, b)),
    ];
    vec(edit, 0..4)
}

pub(super) fn edited(edits: &[FieldEdit]) -> String {
    let mut fields = recorded();
    for edit in edits {
        let length = fields.len();
        match edit {
            FieldEdit::Drop(at) => {
                fields.remove(at.index(length));
            }
            FieldEdit::Replace(at, value) => fields[at.index(length)].1.clone_from(value),
            FieldEdit::Twice(at) => fields.push(fields[at.index(length)].clone()),
            FieldEdit::Swap(a, b) => {
                let (a, b) = (a.index(length), b.index(length));
                let value = fields[a].1.clone();
                fields[a].1 = std::mem::replace(&mut fields[b].1, value);
            }
        }
    }
    object(&fields)
}

/// What can happen to bytes on their way.
#[derive(Clone, Debug)]
pub(super) enum ByteEdit {
    Flip(Index, u8),
    Delete(Index, usize),
    Repeat(Index, usize),
    Insert(Index, u8),
    Cut(Index),
}

pub(super) fn byte_edits() -> impl Strategy<Value = Vec<ByteEdit>> {
    let edit = prop_oneof![
        3 => (any::<Index>(), 0..8_u8).prop_map(|(at, bit)| ByteEdit::Flip(at, bit)),
        2 => (any::<Index>(), 1..40_usize).prop_map(|(at, count)| ByteEdit::Delete(at, count)),
        2 => (any::<Index>(), 1..40_usize).prop_map(|(at, count)| ByteEdit::Repeat(at, count)),
        2 => (any::<Index>(), any::<u8>()).prop_map(|(at, byte)| ByteEdit::Insert(at, byte)),
        1 => any::<Index>().prop_map(ByteEdit::Cut),
    ];
    vec(edit, 1..4)
}

pub(super) fn broken(text: &str, edits: &[ByteEdit]) -> Vec<u8> {
    let mut bytes = text.as_bytes().to_vec();
    for edit in edits {
        // One more, so that there is always a place.
        bytes.push(b' ');
        let length = bytes.len();
        match edit {
            ByteEdit::Flip(at, bit) => bytes[at.index(length)] ^= 1 << bit,
            ByteEdit::Delete(at, count) => {
                let at = at.index(length);
                bytes.drain(at..length.min(at + count));
            }
            ByteEdit::Repeat(at, count) => {
                let at = at.index(length);
                let piece = bytes[at..length.min(at + count)].to_vec();
                bytes.splice(at..at, piece);
            }
            ByteEdit::Insert(at, byte) => bytes.insert(at.index(length), *byte),
            ByteEdit::Cut(at) => bytes.truncate(at.index(length)),
        }
    }
    bytes
}
