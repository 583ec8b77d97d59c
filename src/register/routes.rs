//! From a request to an answer.

use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use axum::body::{Body, HttpBody};
use axum::extract::{ConnectInfo, Request, State};
use axum::http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_MAX_AGE, ALLOW, CACHE_CONTROL, CONNECTION, CONTENT_SECURITY_POLICY, CONTENT_TYPE,
    HeaderName, LOCATION, REFERRER_POLICY, VARY, WWW_AUTHENTICATE, X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode};
use axum::response::Response;
use tokio::sync::Semaphore;
use tokio::time::Instant;

use crate::register::body::{BODY_BYTES_MAX, Posted, Refused, Saved, Why, read, read_either};
use crate::register::guard::{PageGuard, Receiver};
use crate::register::page::{Job, content_security_policy, page};
use crate::register::stream::Peer;
use crate::register::token::{is_same, random_hex};

const JSON: &str = "application/json";
const FORM: &str = "application/x-www-form-urlencoded";
const HTML: &str = "text/html; charset=utf-8";

/// A body that is too large is read to here, so that its sender is there to hear the answer.
const DRAINED_BYTES_MAX: usize = 4 * BODY_BYTES_MAX;

/// So many checks wait for the gateway at a time; more are told to come back.
pub(super) const CHECKS_MAX: usize = 32;

/// Asks the gateway whether a customer_uid is registered, and saves it. It may take its time: it
/// is called on threads of its own, a few at once.
pub type Check = Arc<dyn Fn(&Posted) -> Result<Saved, Refused> + Send + Sync>;

/// Takes the log's lines, one a request. They may hold anything a client sent.
pub type Log = Arc<dyn Fn(&str) + Send + Sync>;

/// Everything the requests share.
pub(super) struct Shared {
    pub(super) site: Site,
    pub(super) check: Check,
    pub(super) log: Option<Log>,
    pub(super) checks: Arc<Semaphore>,
}

/// What the server is: the page of one registration, or a receiver for a merchant's own pages.
pub(super) enum Site {
    Page(Box<PageSite>),
    Receiver(Receiver),
}

pub(super) struct PageSite {
    pub(super) guard: PageGuard,
    pub(super) job: Job,
    /// The path behind `/open/` that leads to the page once: it stands in the argument list of the
    /// browser's process, where every user of the machine can read it.
    pub(super) once: String,
    pub(super) was_opened: AtomicBool,
}

/// An answer on its way.
struct Answer {
    status: u16,
    content_type: &'static str,
    body: String,
    headers: Vec<(HeaderName, String)>,
    /// What the log says besides: the customer_uid or the reason. It may hold anything a client sent.
    about: String,
}

impl Answer {
    fn new(status: u16, content_type: &'static str, body: String) -> Answer {
        Answer { status, content_type, body, headers: Vec::new(), about: String::new() }
    }

    fn with(mut self, name: HeaderName, value: impl Into<String>) -> Answer {
        self.headers.push((name, value.into()));
        self
    }

    fn refused(refused: &Refused) -> Answer {
        let answer = Answer::new(refused.why.status(), JSON, refused.to_json());
        let answer = Answer { about: refused.reason.clone(), ..answer };
        match refused.why {
            Why::Unauthorized => answer.with(WWW_AUTHENTICATE, "Bearer"),
            Why::Busy => answer.with(HeaderName::from_static("retry-after"), "5"),
            Why::Method => answer.with(ALLOW, "POST"),
            Why::Bad
            | Why::Forbidden
            | Why::NotFound
            | Why::TooSlow
            | Why::Conflict
            | Why::Over
            | Why::TooLarge
            | Why::NotJson
            | Why::Local
            | Why::Gateway => answer,
        }
    }

    fn into_response(self) -> Response {
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

/// Answers one request, and writes its line into the log.
pub(super) async fn serve(
    State(shared): State<Arc<Shared>>,
    ConnectInfo(peer): ConnectInfo<Peer>,
    request: Request,
) -> Response {
    let begun = Instant::now();
    let asked = format!("{} {}", request.method(), request.uri().path());
    let answer = match &shared.site {
        Site::Page(site) => shared.of_page(site, request, &peer).await,
        Site::Receiver(receiver) => shared.of_receiver(receiver, request, &peer).await,
    };
    if let Some(log) = &shared.log {
        let asked: String = asked.chars().take(100).collect();
        let Answer { status, about, .. } = &answer;
        let ms = begun.elapsed().as_millis();
        log(&format!("{asked} {status} {ms} ms from {}: {about}", peer.address.ip()));
    }
    answer.into_response()
}

fn nowhere() -> Answer {
    Answer::refused(&Refused::new(Why::NotFound, "There is nothing here."))
}

fn not_this_way(allowed: &'static str) -> Answer {
    let refused = Refused::new(Why::Method, format!("This address takes {allowed} alone."));
    Answer::refused(&refused).with(ALLOW, allowed)
}

impl Shared {
    async fn of_page(&self, site: &PageSite, request: Request, peer: &Peer) -> Answer {
        let (parts, body) = request.into_parts();
        if let Err(refused) = site.guard.check_place(&parts.headers) {
            return Answer::refused(&refused);
        }
        let reads = parts.method == Method::GET || parts.method == Method::HEAD;
        let path = parts.uri.path().trim_start_matches('/');
        if path == "billings" {
            if parts.method != Method::POST {
                return not_this_way("POST");
            }
            if let Err(refused) = site.guard.check_token(&parts.headers) {
                return Answer::refused(&refused);
            }
            return self.billings(&parts.headers, body, peer, Some(&site.job.window.customer_uid)).await;
        }
        peer.request_is_read();
        if let Some(once) = path.strip_prefix("open/") {
            return if reads { site.open(once) } else { not_this_way("GET") };
        }
        if !site.guard.is_token(path) {
            return nowhere();
        }
        if reads { site.page() } else { not_this_way("GET") }
    }

    async fn of_receiver(&self, receiver: &Receiver, request: Request, peer: &Peer) -> Answer {
        let (parts, body) = request.into_parts();
        let origin = match receiver.check_origin(&parts.headers) {
            Ok(origin) => origin,
            Err(refused) => return Answer::refused(&refused),
        };
        // The gateway's guide posts to an address that ends in a slash.
        let answer = if !matches!(parts.uri.path(), "/billings" | "/billings/") {
            nowhere()
        } else if parts.method == Method::OPTIONS {
            peer.request_is_read();
            Answer::new(204, JSON, String::new())
                .with(ACCESS_CONTROL_ALLOW_METHODS, "POST")
                .with(ACCESS_CONTROL_ALLOW_HEADERS, "authorization, content-type, x-requested-with")
                .with(ACCESS_CONTROL_MAX_AGE, "600")
                .with(ALLOW, "POST, OPTIONS")
        } else if parts.method != Method::POST {
            not_this_way("POST")
        } else {
            match receiver.check_secret(&parts.headers) {
                Ok(()) => self.billings(&parts.headers, body, peer, None).await,
                Err(refused) => Answer::refused(&refused),
            }
        };
        match origin {
            Some(origin) => answer.with(ACCESS_CONTROL_ALLOW_ORIGIN, origin).with(VARY, "Origin"),
            None => answer,
        }
    }

    /// `POST /billings`: `expected` is the one customer_uid that may be named, if there is one.
    async fn billings(&self, headers: &HeaderMap, body: Body, peer: &Peer, expected: Option<&str>) -> Answer {
        let posted = match posted(headers, body, expected).await {
            Ok(posted) => posted,
            Err(refused) => return Answer::refused(&refused),
        };
        peer.request_is_read();
        let Ok(place) = Arc::clone(&self.checks).try_acquire_owned() else {
            let reason = "Too many registrations are being checked. Try again in a few seconds.";
            return Answer::refused(&Refused::new(Why::Busy, reason));
        };
        let uid = posted.customer_uid.to_string();
        let check = Arc::clone(&self.check);
        // The gateway's client waits, and must not do so where every other request would wait too.
        let checked = tokio::task::spawn_blocking(move || {
            let _place = place;
            check(&posted)
        });
        match checked.await {
            Ok(Ok(saved)) => {
                let body = serde_json::to_string(&saved).unwrap_or_default();
                Answer { about: uid, ..Answer::new(200, JSON, body) }
            }
            Ok(Err(refused)) => {
                Answer { about: format!("{uid}: {}", refused.reason), ..Answer::refused(&refused) }
            }
            Err(_) => Answer::refused(&Refused::new(Why::Local, "billkey has a bug; nothing was saved.")),
        }
    }
}

impl PageSite {
    fn page(&self) -> Answer {
        let Ok(nonce) = random_hex(16) else {
            return Answer::refused(&Refused::new(Why::Local, "This machine has no random numbers to give."));
        };
        Answer::new(200, HTML, page(&self.job, &nonce))
            .with(CONTENT_SECURITY_POLICY, content_security_policy(&self.job.sdk_url, &nonce))
    }

    /// Leads to the page, the first time.
    fn open(&self, once: &str) -> Answer {
        if !is_same(once, &self.once) {
            return nowhere();
        }
        if self.was_opened.swap(true, Ordering::SeqCst) {
            let reason = "This address has been used already. The one that billkey printed still works.";
            return Answer::refused(&Refused::new(Why::Over, reason));
        }
        Answer::new(303, HTML, String::new()).with(LOCATION, format!("/{}", self.guard.token.expose()))
    }
}

/// Reads and checks what was posted.
async fn posted(headers: &HeaderMap, body: Body, expected: Option<&str>) -> Result<Posted, Refused> {
    let content_type = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let media_type = content_type.split(';').next().unwrap_or_default().trim();
    let is = |media: &str| media_type.eq_ignore_ascii_case(media);
    // The page's own script sends JSON and nothing else.
    let (taken, reason) = match expected {
        Some(_) => (is(JSON), "The body has to be JSON, and the Content-Type application/json."),
        None => (
            is(JSON) || is(FORM),
            "The body has to be JSON or a form, and the Content-Type has to say one of them.",
        ),
    };
    if !taken {
        return Err(Refused::new(Why::NotJson, reason));
    }
    let bytes = bytes_of(body).await?;
    let posted = if expected.is_some() { read(&bytes) } else { read_either(&bytes) }?;
    match expected {
        Some(expected) if expected != posted.customer_uid.as_str() => {
            let reason = format!("The customer_uid being registered here is {expected}, and no other.");
            Err(Refused::new(Why::Conflict, reason))
        }
        Some(_) | None => Ok(posted),
    }
}

async fn bytes_of(mut body: Body) -> Result<Vec<u8>, Refused> {
    let too_large = || Refused::new(Why::TooLarge, "The body has more than 16 KB.");
    let announced = body.size_hint().lower();
    if usize::try_from(announced).map_or(true, |bytes| bytes > DRAINED_BYTES_MAX) {
        return Err(too_large());
    }
    let mut bytes = Vec::new();
    let mut total: usize = 0;
    loop {
        let Some(frame) = poll_fn(|context| Pin::new(&mut body).poll_frame(context)).await else { break };
        let frame = frame.map_err(|_| Refused::new(Why::TooSlow, "The body did not arrive whole."))?;
        let Ok(data) = frame.into_data() else { continue };
        total = total.saturating_add(data.len());
        if total > DRAINED_BYTES_MAX {
            return Err(too_large());
        }
        if total <= BODY_BYTES_MAX {
            bytes.extend_from_slice(&data);
        }
    }
    if total > BODY_BYTES_MAX { Err(too_large()) } else { Ok(bytes) }
}
