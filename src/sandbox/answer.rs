//! Answers: the envelope, and every way in which an answer can go wrong on its way out.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::{Body, Bytes, HttpBody};
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use axum::http::{HeaderValue, StatusCode};
use axum::response::Response;
use http_body::Frame;
use serde_json::{Map, Number, Value, json};

use crate::sandbox::ask::Ask;
use crate::sandbox::fault_table::FaultKind;
use crate::sandbox::server::{Connection, Cut};
use crate::sandbox::wire::encode;

const JSON: &str = "application/json";
const HTML: &str = "text/html; charset=utf-8";

/// How much the fault `huge` sends.
const HUGE_BYTES: usize = 10 << 20;
/// How deep the arrays of the fault `deep` go.
const DEEP_LEVELS: usize = 100_000;

/// What an endpoint has to say.
pub(super) struct Answer {
    status: u16,
    content: Content,
    header: Option<(&'static str, String)>,
    /// How long the work itself takes before anything is answered.
    delay_ms: i64,
    cut: Option<Cut>,
    /// Whether it goes out as it is, because the work that faults would follow was not done.
    is_final: bool,
}

enum Content {
    Json(Value),
    Raw(&'static str, String),
}

impl Answer {
    /// Code 0 with this response.
    pub(super) fn ok(response: Value) -> Answer {
        Answer::envelope(200, 0, None, response)
    }

    /// HTTP 207: code 0 with what was found of a list (facts 3.1).
    pub(super) fn partial(response: Value) -> Answer {
        Answer::envelope(207, 0, None, response)
    }

    /// HTTP 200 with a code other than 0: the request was processed and refused.
    pub(super) fn refused(code: i64, message: &str) -> Answer {
        Answer::envelope(200, code, Some(message), Value::Null)
    }

    /// An HTTP error in the gateway's own envelope.
    pub(super) fn error(status: u16, message: &str) -> Answer {
        Answer::envelope(status, -1, Some(message), Value::Null)
    }

    /// A page of HTML, as a proxy or a load balancer would send it.
    pub(super) fn page(status: u16, title: &str) -> Answer {
        let page = format!(
            "<html>\r\n<head><title>{status} {title}</title></head>\r\n<body>\r\n\
             <center><h1>{status} {title}</h1></center>\r\n</body>\r\n</html>\r\n"
        );
        Answer::new(status, Content::Raw(HTML, page))
    }

    /// A file of the sandbox's own.
    pub(super) fn file(content_type: &'static str, text: &str) -> Answer {
        Answer::new(200, Content::Raw(content_type, text.to_owned()))
    }

    /// No answer: the connection is dropped.
    pub(super) fn dropped(cut: Cut) -> Answer {
        Answer { cut: Some(cut), ..Answer::ok(Value::Null) }
    }

    /// The same answer with one more header.
    pub(super) fn with_header(self, name: &'static str, value: String) -> Answer {
        Answer { header: Some((name, value)), ..self }
    }

    /// The same answer after a while.
    pub(super) fn after(self, delay_ms: i64) -> Answer {
        Answer { delay_ms, ..self }
    }

    fn envelope(status: u16, code: i64, message: Option<&str>, response: Value) -> Answer {
        let mut envelope = Map::new();
        envelope.insert("code".to_owned(), Value::from(code));
        envelope.insert("message".to_owned(), Value::from(message));
        envelope.insert("response".to_owned(), response);
        Answer::new(status, Content::Json(Value::Object(envelope)))
    }

    fn new(status: u16, content: Content) -> Answer {
        Answer { status, content, header: None, delay_ms: 0, cut: None, is_final: false }
    }

    /// The same answer, out of reach of the faults that follow the work.
    pub(super) fn finally(self) -> Answer {
        Answer { is_final: true, ..self }
    }

    /// Makes a response of the answer as it is, out of reach of any fault.
    pub(super) fn send_plain(self) -> Response {
        self.into_response(false)
    }

    /// Sends the answer, or what the faults of this call leave of it.
    pub(super) async fn send(mut self, ask: &Ask<'_>, connection: Option<&Connection>) -> Response {
        if self.is_final {
            if let (Some(cut), Some(connection)) = (self.cut, connection) {
                connection.cut(cut);
            }
            return self.send_plain();
        }
        let slow_ms = ask.fires(FaultKind::Slow).map_or(0, |value| value.duration_ms);
        let delay_ms = u64::try_from(self.delay_ms.saturating_add(slow_ms)).unwrap_or_default();
        if delay_ms > 0 {
            tokio::time::sleep(Duration::from_millis(delay_ms)).await;
        }
        if let Some(value) = ask.fires(FaultKind::LostAfter) {
            self.cut = Some(cut_of(&value.text));
        }
        if let (Some(cut), Some(connection)) = (self.cut, connection) {
            connection.cut(cut);
        }
        self.replace(ask);
        if let Content::Json(envelope) = &mut self.content {
            disturb(envelope, ask);
        }
        let is_cut_short = ask.fires(FaultKind::CutJson).is_some();
        self.into_response(is_cut_short)
    }

    /// Faults that put another answer in the place of this one.
    fn replace(&mut self, ask: &Ask<'_>) {
        if ask.fires(FaultKind::Html502).is_some() {
            *self = Answer::page(502, "Bad Gateway");
        } else if ask.fires(FaultKind::Error500After).is_some() {
            *self = Answer::error(500, "Internal Server Error");
        } else if ask.fires(FaultKind::Empty).is_some() {
            self.content = Content::Raw(JSON, String::new());
        } else if ask.fires(FaultKind::Huge).is_some() {
            let padding = "0".repeat(HUGE_BYTES);
            self.content =
                Content::Raw(JSON, format!(r#"{{"code":0,"message":null,"response":"{padding}"}}"#));
        } else if ask.fires(FaultKind::Deep).is_some() {
            let (opened, closed) = ("[".repeat(DEEP_LEVELS), "]".repeat(DEEP_LEVELS));
            self.content =
                Content::Raw(JSON, format!(r#"{{"code":0,"message":null,"response":{opened}{closed}}}"#));
        }
        if self.status == 200 && ask.fires(FaultKind::Status201).is_some() {
            self.status = 201;
        }
    }

    fn into_response(self, is_cut_short: bool) -> Response {
        let (content_type, text) = match self.content {
            Content::Json(value) => (JSON, encode(&value)),
            Content::Raw(content_type, text) => (content_type, text),
        };
        let mut response = if is_cut_short {
            let half = text.get(..text.len() / 2).unwrap_or_default().to_owned();
            let mut response = Response::new(Body::new(HalfBody::Full(half)));
            response.headers_mut().insert(CONTENT_LENGTH, HeaderValue::from(text.len()));
            response
        } else {
            Response::new(Body::from(text))
        };
        *response.status_mut() =
            StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
        if let Some((name, value)) = self.header
            && let Ok(value) = HeaderValue::from_str(&value)
        {
            response.headers_mut().insert(name, value);
        }
        response
    }
}

/// Reads the value of `lost_before` and `lost_after`.
pub(super) fn cut_of(text: &str) -> Cut {
    if text == "reset" { Cut::Reset } else { Cut::Close }
}

/// A body of unknown length that ends before what its header announced.
enum HalfBody {
    /// The half is still to be sent.
    Full(String),
    /// The half is on its way. The server throws away what it has not sent when a body ends too early,
    /// so the end has to wait until it has.
    Sent,
    Over,
}

impl HttpBody for HalfBody {
    type Data = Bytes;
    type Error = std::io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, std::io::Error>>> {
        match std::mem::replace(&mut *self, HalfBody::Over) {
            HalfBody::Full(half) => {
                *self = HalfBody::Sent;
                Poll::Ready(Some(Ok(Frame::data(Bytes::from(half)))))
            }
            HalfBody::Sent => {
                context.waker().wake_by_ref();
                Poll::Pending
            }
            HalfBody::Over => Poll::Ready(None),
        }
    }
}

/// Faults that change what the envelope and the payments in it say.
fn disturb(envelope: &mut Value, ask: &Ask<'_>) {
    let Value::Object(fields) = envelope else { return };
    if fields.get("code").and_then(Value::as_i64) == Some(0) {
        if ask.fires(FaultKind::NullResponse).is_some() {
            fields.insert("response".to_owned(), Value::Null);
        }
        if let Some(value) = ask.fires(FaultKind::MessageSet) {
            fields.insert("message".to_owned(), Value::String(value.text));
        }
    }
    if let Some(response) = fields.get_mut("response") {
        disturb_payments(response, ask);
    }
    if ask.fires(FaultKind::ExtraFields).is_some() {
        fields.insert("trace_id".to_owned(), json!({"hop": [1, null, "2"]}));
    }
    if ask.fires(FaultKind::Escapes).is_some() {
        poison(envelope);
    }
}

fn disturb_payments(response: &mut Value, ask: &Ask<'_>) {
    let status = match ask.fires(FaultKind::ReadyStatus) {
        Some(_) => Some("ready".to_owned()),
        None => ask.fires(FaultKind::UnknownStatus).map(|value| value.text),
    };
    let merchant_uid = ask.fires(FaultKind::OtherMerchantUid).map(|value| value.text);
    let leaves_out = ask.fires(FaultKind::MissingFields).is_some();
    let adds = ask.fires(FaultKind::ExtraFields).is_some();
    let has_fractions = ask.fires(FaultKind::FractionalTimes).is_some();
    let has_no_flag = ask.fires(FaultKind::NoFlag).is_some();
    each_payment(response, &mut |payment| {
        if let Some(status) = &status {
            payment.insert("status".to_owned(), Value::String(status.clone()));
        }
        if let Some(merchant_uid) = &merchant_uid {
            payment.insert("merchant_uid".to_owned(), Value::String(merchant_uid.clone()));
        }
        if leaves_out {
            payment.retain(|name, _| REQUIRED.contains(&name.as_str()));
        }
        if adds {
            payment.insert("a_new_field".to_owned(), json!({"nested": [1, {"deeper": null}]}));
            payment.insert("status_detail".to_owned(), json!("SOMETHING_NEW"));
        }
        if has_fractions {
            for (name, value) in payment.iter_mut() {
                if name.ends_with("_at") {
                    *value = Value::Number(Number::from_string_unchecked(format!("{value}.25")));
                }
            }
        }
        if has_no_flag {
            payment.remove("sandbox");
        }
    });
}

/// What the schema requires of a payment (facts 2.3).
const REQUIRED: [&str; 7] =
    ["imp_uid", "merchant_uid", "amount", "cancel_amount", "currency", "status", "sandbox"];

/// Visits the payments of a response, be it one, a list, or a page.
fn each_payment(response: &mut Value, visit: &mut dyn FnMut(&mut Map<String, Value>)) {
    match response {
        Value::Object(fields) if fields.contains_key("imp_uid") => visit(fields),
        Value::Object(fields) => {
            if let Some(list) = fields.get_mut("list") {
                each_payment(list, visit);
            }
        }
        Value::Array(items) => {
            for item in items {
                each_payment(item, visit);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// Fields that identify something, or that programs read: the faults leave them as they are.
const MACHINE_READ: [&str; 6] =
    ["imp_uid", "merchant_uid", "customer_uid", "status", "currency", "access_token"];

/// Puts into every text for people what a terminal must not be shown.
fn poison(value: &mut Value) {
    match value {
        Value::String(text) => {
            text.insert_str(0, "\u{1b}[2J\u{1b}]0;owned\u{7}");
            text.push_str("\r\n\t\u{202e}\u{9b}31m\u{200b}");
        }
        Value::Array(items) => items.iter_mut().for_each(poison),
        Value::Object(fields) => {
            for (name, value) in fields.iter_mut() {
                if !MACHINE_READ.contains(&name.as_str()) {
                    poison(value);
                }
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}
