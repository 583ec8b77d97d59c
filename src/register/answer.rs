//! An answer on its way, with the headers that every answer has.

use axum::body::Body;
use axum::http::header::{
    ALLOW, CACHE_CONTROL, CONNECTION, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderName, REFERRER_POLICY,
    RETRY_AFTER, WWW_AUTHENTICATE, X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderValue, StatusCode};
use axum::response::Response;
use serde::Serialize;

use crate::register::body::{Refused, Why};

pub(super) const JSON: &str = "application/json";
pub(super) const HTML: &str = "text/html; charset=utf-8";

/// An answer on its way.
pub(super) struct Answer {
    pub(super) status: u16,
    content_type: &'static str,
    body: String,
    headers: Vec<(HeaderName, String)>,
    /// What the log says besides: the customer_uid or the reason. It may hold anything a client sent.
    pub(super) about: String,
}

impl Answer {
    pub(super) fn new(status: u16, content_type: &'static str, body: String) -> Answer {
        Answer { status, content_type, body, headers: Vec::new(), about: String::new() }
    }

    pub(super) fn with(mut self, name: HeaderName, value: impl Into<String>) -> Answer {
        self.headers.push((name, value.into()));
        self
    }

    /// What the log says of it.
    pub(super) fn about(self, about: impl Into<String>) -> Answer {
        Answer { about: about.into(), ..self }
    }

    pub(super) fn refused(refused: &Refused) -> Answer {
        let answer = Answer::new(refused.why.status(), JSON, refused.to_json());
        let answer = Answer { about: refused.reason.clone(), ..answer };
        match refused.why {
            Why::Unauthorized => answer.with(WWW_AUTHENTICATE, "Bearer"),
            Why::Busy | Why::TooMany => answer.with(RETRY_AFTER, "5"),
            Why::Method => answer.with(ALLOW, "POST"),
            Why::Bad
            | Why::Forbidden
            | Why::NotFound
            | Why::TooSlow
            | Why::Conflict
            | Why::InUse
            | Why::Used
            | Why::Over
            | Why::Expired
            | Why::Revoked
            | Why::Misdirected
            | Why::TooLarge
            | Why::NotJson
            | Why::Local
            | Why::Gateway => answer,
        }
    }

    /// A value as JSON. Texts and numbers: turning them into JSON cannot fail.
    pub(super) fn json(value: &impl Serialize) -> Answer {
        Answer::new(200, JSON, serde_json::to_string(value).unwrap_or_default())
    }

    pub(super) fn into_response(self) -> Response {
        let mut response = Response::new(Body::from(self.body));
        *response.status_mut() =
            StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let headers = response.headers_mut();
        let fixed = [
            (CONTENT_TYPE, self.content_type),
            (CACHE_CONTROL, "no-store"),
            (X_CONTENT_TYPE_OPTIONS, "nosniff"),
            // The token is in the path; other sites learn of the origin alone.
            (REFERRER_POLICY, "strict-origin"),
            (CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'"),
            // One request a connection: the limits of a connection are those of a request.
            (CONNECTION, "close"),
        ];
        for (name, value) in fixed {
            headers.insert(name, HeaderValue::from_static(value));
        }
        for (name, value) in self.headers {
            if let Ok(value) = HeaderValue::from_str(&value) {
                headers.insert(name, value);
            }
        }
        response
    }
}

pub(super) fn nowhere() -> Answer {
    Answer::refused(&Refused::new(Why::NotFound, "There is nothing here."))
}

pub(super) fn not_this_way(allowed: &'static str) -> Answer {
    let refused = Refused::new(Why::Method, format!("This address takes {allowed} alone."));
    Answer::refused(&refused).with(ALLOW, allowed)
}
