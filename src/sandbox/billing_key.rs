//! Billing keys and the endpoints about them (facts 5).

use rusqlite::{Connection, OptionalExtension as _, Row, named_params, params};
use serde_json::{Value, json};

use crate::sandbox::answer::Answer;
use crate::sandbox::ask::Ask;
use crate::sandbox::call::Call;
use crate::sandbox::card::Card;
use crate::sandbox::clock::{now_ms, wire_seconds};
use crate::sandbox::error::SandboxError;
use crate::sandbox::fault_table::FaultKind;
use crate::sandbox::fields::Fields;
use crate::sandbox::gateway::Gateway;
use crate::sandbox::order::missing;

const CHANNEL_KEY: &str = "channel-key-sandbox-";
/// The channels: PG, its id of the merchant, and the channel's name.
const CHANNELS: [(&str, &str, &str); 3] = [
    ("nice_v2", "nictest04m", "SANDBOX 나이스페이먼츠"),
    ("kakaopay", "TCSUBSCRIP", "SANDBOX 카카오페이"),
    ("tosspayments", "iamporttest_4", "SANDBOX 토스페이먼츠"),
];
const NOT_ISSUED: &str = "카드정보 인증 및 빌키 발급에 실패하였습니다.";

/// One row of the table `billing_keys`.
#[derive(Clone)]
pub(super) struct BillingKey {
    pub(super) customer_uid: String,
    pub(super) customer_name: Option<String>,
    pub(super) customer_email: Option<String>,
    pub(super) customer_tel: Option<String>,
    pub(super) pay_method: String,
    pub(super) pg_provider: String,
    pub(super) pg_id: String,
    pub(super) card_code: Option<String>,
    pub(super) card_name: Option<String>,
    pub(super) card_number: Option<String>,
    pub(super) card_type: Option<i64>,
    pub(super) channel_group_id: Option<String>,
    pub(super) faults: String,
    pub(super) inserted_at_ms: i64,
    pub(super) updated_at_ms: i64,
}

impl BillingKey {
    /// A billing key of today, of the texts that a form holds; what it leaves out is a card at a PG for tests.
    pub(super) fn from_texts(customer_uid: String, text: impl Fn(&str) -> Option<String>) -> BillingKey {
        let now = now_ms();
        BillingKey {
            customer_uid,
            customer_name: text("customer_name"),
            customer_email: text("customer_email"),
            customer_tel: text("customer_tel"),
            pay_method: text("pay_method").unwrap_or_else(|| "card".to_owned()),
            pg_provider: text("pg_provider").unwrap_or_else(|| "nice_v2".to_owned()),
            pg_id: text("pg_id").unwrap_or_else(|| "nictest04m".to_owned()),
            card_code: text("card_code"),
            card_name: text("card_name"),
            card_number: text("card_number"),
            card_type: text("card_type").and_then(|code| code.parse().ok()),
            channel_group_id: None,
            faults: text("faults").unwrap_or_default(),
            inserted_at_ms: now,
            updated_at_ms: now,
        }
    }

    fn from_row(row: &Row<'_>) -> Result<BillingKey, rusqlite::Error> {
        Ok(BillingKey {
            customer_uid: row.get("customer_uid")?,
            customer_name: row.get("customer_name")?,
            customer_email: row.get("customer_email")?,
            customer_tel: row.get("customer_tel")?,
            pay_method: row.get("pay_method")?,
            pg_provider: row.get("pg_provider")?,
            pg_id: row.get("pg_id")?,
            card_code: row.get("card_code")?,
            card_name: row.get("card_name")?,
            card_number: row.get("card_number")?,
            card_type: row.get("card_type")?,
            channel_group_id: row.get("channel_group_id")?,
            faults: row.get("faults")?,
            inserted_at_ms: row.get("inserted_at_ms")?,
            updated_at_ms: row.get("updated_at_ms")?,
        })
    }

    /// Makes the billing key of a card whose numbers a form gave.
    pub(super) fn of_card(customer_uid: String, card: Card, form: &Fields) -> BillingKey {
        let text = |name: &str| {
            form.text(&format!("customer_{name}")).or_else(|| form.text(&format!("buyer_{name}")))
        };
        let (pg_provider, pg_id) = channel_of(form);
        let now = now_ms();
        BillingKey {
            customer_uid,
            customer_name: text("name"),
            customer_email: text("email"),
            customer_tel: text("tel"),
            pay_method: "card".to_owned(),
            pg_provider,
            pg_id,
            card_code: Some(card.code.to_owned()),
            card_name: Some(card.name.to_owned()),
            card_number: Some(card.masked),
            card_type: Some(0),
            channel_group_id: form.text("channel_group_id"),
            faults: String::new(),
            inserted_at_ms: now,
            updated_at_ms: now,
        }
    }

    /// Finds the billing key of a `customer_uid`.
    pub(super) fn find(book: &Connection, customer_uid: &str) -> Result<Option<BillingKey>, SandboxError> {
        let mut statement = book.prepare_cached("SELECT * FROM billing_keys WHERE customer_uid = ?1")?;
        Ok(statement.query_row([customer_uid], BillingKey::from_row).optional()?)
    }

    /// Writes the billing key. An earlier one of the same `customer_uid` is replaced silently, as at the
    /// gateway; only the time it was first inserted stays.
    pub(super) fn save(&self, book: &Connection) -> Result<(), SandboxError> {
        book.execute(
            "INSERT INTO billing_keys (customer_uid, customer_name, customer_email, customer_tel, pay_method,
                 pg_provider, pg_id, card_code, card_name, card_number, card_type, channel_group_id, faults,
                 inserted_at_ms, updated_at_ms)
             VALUES (:customer_uid, :customer_name, :customer_email, :customer_tel, :pay_method,
                 :pg_provider, :pg_id, :card_code, :card_name, :card_number, :card_type, :channel_group_id,
                 :faults, :inserted_at_ms, :updated_at_ms)
             ON CONFLICT (customer_uid) DO UPDATE SET customer_name = excluded.customer_name,
                 customer_email = excluded.customer_email, customer_tel = excluded.customer_tel,
                 pay_method = excluded.pay_method, pg_provider = excluded.pg_provider, pg_id = excluded.pg_id,
                 card_code = excluded.card_code, card_name = excluded.card_name,
                 card_number = excluded.card_number, card_type = excluded.card_type,
                 channel_group_id = excluded.channel_group_id, faults = excluded.faults,
                 updated_at_ms = excluded.updated_at_ms",
            named_params! {
                ":customer_uid": self.customer_uid,
                ":customer_name": self.customer_name,
                ":customer_email": self.customer_email,
                ":customer_tel": self.customer_tel,
                ":pay_method": self.pay_method,
                ":pg_provider": self.pg_provider,
                ":pg_id": self.pg_id,
                ":card_code": self.card_code,
                ":card_name": self.card_name,
                ":card_number": self.card_number,
                ":card_type": self.card_type,
                ":channel_group_id": self.channel_group_id,
                ":faults": self.faults,
                ":inserted_at_ms": self.inserted_at_ms,
                ":updated_at_ms": self.updated_at_ms,
            },
        )?;
        Ok(())
    }

    /// Replaces the card by another one, as a buyer may do in a wallet at any time.
    pub(super) fn reissue(&mut self, book: &Connection) -> Result<(), SandboxError> {
        self.card_code = Some("368".to_owned());
        self.card_name = Some("롯데카드".to_owned());
        self.card_number = Some("5137-92**-****-7777".to_owned());
        self.card_type = Some(1);
        self.updated_at_ms = now_ms();
        self.save(book)
    }

    /// Gives the billing key as the gateway writes it; a super billing key has a shape of its own.
    pub(super) fn to_json(&self) -> Value {
        let channel = |pg_provider: &str, pg_id: &str| {
            json!({
                "card_code": self.card_code,
                "card_issuer_code": null,
                "card_issuer_name": null,
                "card_name": self.card_name,
                "card_number": self.card_number,
                "card_publisher_code": null,
                "card_publisher_name": null,
                "card_type": self.card_type,
                "inserted": wire_seconds(self.inserted_at_ms),
                "pg_id": pg_id,
                "pg_provider": pg_provider,
                "updated": wire_seconds(self.updated_at_ms),
            })
        };
        let customer = json!({
            "customer_addr": null,
            "customer_email": self.customer_email,
            "customer_id": null,
            "customer_name": self.customer_name,
            "customer_postcode": null,
            "customer_tel": self.customer_tel,
            "customer_uid": self.customer_uid,
        });
        let rest = match &self.channel_group_id {
            Some(channel_group_id) => json!({
                "channelGroupId": channel_group_id,
                "failedChannels": [{
                    "message": "유효하지않은 카드번호를 입력하셨습니다.",
                    "pg_id": "INIBillTst",
                    "pg_provider": "inicis",
                    "type": "PG_PROVIDER",
                }],
                "succeededChannels": [
                    channel(&self.pg_provider, &self.pg_id),
                    channel("tosspayments", "iamporttest_4"),
                ],
            }),
            None => {
                let mut plain = channel(&self.pg_provider, &self.pg_id);
                plain["sandbox"] = Value::Bool(true);
                plain
            }
        };
        match (customer, rest) {
            (Value::Object(mut customer), Value::Object(rest)) => {
                customer.extend(rest);
                Value::Object(customer)
            }
            (customer, _) => customer,
        }
    }
}

/// `GET /subscribe/customers/{customer_uid}`.
pub(super) fn show(gateway: &Gateway, ask: &Ask<'_>, customer_uid: &str) -> Result<Answer, SandboxError> {
    let found = BillingKey::find(gateway.book().read()?, customer_uid)?;
    Ok(found.map_or_else(|| not_found(ask, customer_uid), |key| Answer::ok(key.to_json())))
}

/// `POST /subscribe/customers/{customer_uid}`: makes a billing key from a card's numbers. It replaces an
/// earlier one silently (facts 5), but a customer whose charges go wrong stays one.
pub(super) fn issue(
    gateway: &Gateway,
    ask: &Ask<'_>,
    call: &Call,
    customer_uid: &str,
) -> Result<Answer, SandboxError> {
    for field in ["card_number", "expiry"] {
        if call.fields.text(field).is_none() {
            return Ok(Answer::error(400, &missing(field)));
        }
    }
    if ask.fires(FaultKind::ChannelKeyRequired).is_some() && call.fields.text("channel_key").is_none() {
        return Ok(Answer::error(400, &missing("channel_key")));
    }
    let card = match Card::of_form(&call.fields) {
        Ok(card) => card,
        Err(words) => return Ok(Answer::refused(-1, &format!("{NOT_ISSUED} {words}"))),
    };
    gateway.book().write(|book| {
        let before = BillingKey::find(book, customer_uid)?;
        let faults = before.map(|before| before.faults).unwrap_or_default();
        let key = BillingKey { faults, ..BillingKey::of_card(customer_uid.to_owned(), card, &call.fields) };
        key.save(book)?;
        Ok(Answer::ok(key.to_json()))
    })
}

/// Reads which channel a form chooses: by `channel_key`, by `pg`, or not at all.
fn channel_of(form: &Fields) -> (String, String) {
    let by_key = form.text("channel_key").and_then(|key| Some(key.strip_prefix(CHANNEL_KEY)?.to_owned()));
    let chosen = by_key.or_else(|| form.text("pg")).unwrap_or_default();
    let provider = chosen.split('.').next().unwrap_or_default();
    let known = CHANNELS.iter().find(|(name, ..)| *name == provider).or(CHANNELS.first());
    known.map_or_else(Default::default, |(name, id, _)| ((*name).to_owned(), (*id).to_owned()))
}

/// `DELETE /subscribe/customers/{customer_uid}`: answers with what was deleted.
pub(super) fn delete(gateway: &Gateway, ask: &Ask<'_>, customer_uid: &str) -> Result<Answer, SandboxError> {
    let found = gateway.book().write(|book| {
        let found = BillingKey::find(book, customer_uid)?;
        book.execute("DELETE FROM billing_keys WHERE customer_uid = ?1", params![customer_uid])?;
        Ok(found)
    })?;
    Ok(found.map_or_else(|| not_found(ask, customer_uid), |key| Answer::ok(key.to_json())))
}

/// `GET /subscribe/customers?customer_uid[]=…`: 207 if only some are known, 404 if none is.
pub(super) fn show_many(gateway: &Gateway, call: &Call) -> Result<Answer, SandboxError> {
    let wanted = call.query_list("customer_uid");
    let mut book = gateway.book();
    let connection = book.read()?;
    let mut found = Vec::new();
    for customer_uid in &wanted {
        found.extend(BillingKey::find(connection, customer_uid)?.map(|key| key.to_json()));
    }
    if found.is_empty() {
        return Ok(Answer::error(404, &unknown(&wanted.join(","))));
    }
    let all = found.len() == wanted.len();
    let found = Value::Array(found);
    Ok(if all { Answer::ok(found) } else { Answer::partial(found) })
}

/// `GET /users/pg`: the channels, every one of them a test channel.
pub(super) fn channels() -> Answer {
    let channel = |&(pg_provider, pg_id, name): &(&str, &str, &str)| {
        json!({
            "channel_key": format!("{CHANNEL_KEY}{pg_provider}"),
            "channel_name": name,
            "pg_id": pg_id,
            "pg_provider": pg_provider,
            "sandbox": true,
            "type": "PAYMENT",
        })
    };
    Answer::ok(CHANNELS.iter().map(channel).collect())
}

/// The schema says 404; clients have always got 200 with code 1 (facts 5).
fn not_found(ask: &Ask<'_>, customer_uid: &str) -> Answer {
    match ask.fires(FaultKind::Customer404) {
        Some(_) => Answer::error(404, &unknown(customer_uid)),
        None => Answer::refused(1, &unknown(customer_uid)),
    }
}

fn unknown(customer_uid: &str) -> String {
    format!("요청하신 customer_uid({customer_uid})로 등록된 정보를 찾을 수 없습니다.")
}
