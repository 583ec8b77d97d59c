//! The link object of the contract, and the columns of the links' table.

use std::borrow::Cow;

use jiff::Timestamp;

use crate::domain::time::Moment;
use crate::output::field::{Field, Give, Listed, Value};
use crate::register::{KeptLink, LinkState};

/// A link as it is shown.
#[derive(Clone, Debug)]
pub(super) struct LinkRow {
    link: String,
    customer_uid: String,
    state: LinkState,
    /// Known to the run that makes it, and to nobody afterwards.
    url: Option<String>,
    made_at: Option<Timestamp>,
    expires_at: Option<Timestamp>,
    opened_at: Option<Timestamp>,
    ended_at: Option<Timestamp>,
    operator: Option<String>,
}

impl LinkRow {
    pub(super) fn new(kept: &KeptLink, url: Option<String>, now: &Moment) -> LinkRow {
        let time = |ms: i64| Timestamp::from_millisecond(ms).ok();
        LinkRow {
            link: kept.link.id().to_owned(),
            customer_uid: kept.link.customer_uid.clone(),
            state: kept.state(now),
            url,
            made_at: kept.link.made_at(),
            expires_at: kept.link.expires_at(),
            opened_at: kept.heard.opened_at_ms.and_then(time),
            ended_at: kept.end.as_ref().and_then(|end| time(end.at_ms)),
            operator: kept.link.operator.clone(),
        }
    }
}

type Get = for<'a> fn(&'a LinkRow) -> Value<'a>;

const fn field(name: &'static str, give: Give, get: Get) -> Field<LinkRow> {
    Field { name, heading: None, give, get }
}

const fn column(name: &'static str, heading: &'static str, give: Give, get: Get) -> Field<LinkRow> {
    Field { name, heading: Some(heading), give, get }
}

fn link(row: &LinkRow) -> Value<'_> {
    Value::Text(Cow::Borrowed(&row.link))
}

fn customer_uid(row: &LinkRow) -> Value<'_> {
    Value::Text(Cow::Borrowed(&row.customer_uid))
}

impl Listed for LinkRow {
    const FIELDS: &'static [Field<LinkRow>] = &[
        field("link", Give::Never, link),
        field("customer_uid", Give::Never, customer_uid),
        field("state", Give::Never, |row| Value::Word(row.state.word())),
        field("url", Give::Never, |row| Value::text(row.url.as_ref())),
        field("made_at", Give::When, |row| Value::time(row.made_at)),
        field("expires_at", Give::When, |row| Value::time(row.expires_at)),
        field("opened_at", Give::When, |row| Value::time(row.opened_at)),
        field("ended_at", Give::When, |row| Value::time(row.ended_at)),
        field("operator", Give::Text, |row| Value::text(row.operator.as_ref())),
    ];

    const TABLE: &'static [Field<LinkRow>] = &[
        column("link", "LINK", Give::Never, link),
        column("customer_uid", "CUSTOMER", Give::Never, customer_uid),
        column("state", "STATE", Give::Never, |row| Value::Word(row.state.word())),
        column("made_at", "MADE", Give::When, |row| Value::time(row.made_at)),
        column("expires_at", "UNTIL", Give::When, |row| Value::time(row.expires_at)),
    ];

    const GIVES: &'static [(usize, usize)] = &[(MADE, 16), (UNTIL, 16), (MADE, 0)];

    const NOUN: &'static str = "link";
}

const MADE: usize = 3;
const UNTIL: usize = 4;
