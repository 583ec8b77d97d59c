//! From a request to an answer.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use axum::body::Body;
use axum::extract::{ConnectInfo, Request, State};
use axum::http::header::{
    ACCEPT_LANGUAGE, ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_MAX_AGE, ALLOW, CONTENT_SECURITY_POLICY, LOCATION, VARY,
};
use axum::http::{HeaderMap, Method};
use axum::response::Response;
use tokio::time::Instant;

use crate::register::answer::{Answer, HTML, JSON, not_this_way, nowhere};
use crate::register::body::{Posted, Refused, Saved, Why};
use crate::register::checking::Checks;
use crate::register::guard::{PageGuard, Receiver};
use crate::register::link_site::{LinkSite, without_token};
use crate::register::news::{Lease, News, Standing, read_news};
use crate::register::page::{Job, content_security_policy, page};
use crate::register::posting::{json_bytes, posted};
use crate::register::stream::Peer;
use crate::register::token::{is_same, random_hex};
use crate::register::words::asked_for;

/// Asks the gateway whether a customer_uid is registered, and saves it. It may take its time: it
/// is called on threads of its own, a few at once.
pub type Check = Arc<dyn Fn(&Posted) -> Result<Saved, Refused> + Send + Sync>;

/// Hears what the page tells of itself, and says how the registration stands. It is called where every other request
/// waits, and takes no time.
pub type Hear = Arc<dyn Fn(&News) -> Result<Standing, Refused> + Send + Sync>;

/// Takes the log's lines, one a request. They may hold anything a client sent.
pub type Log = Arc<dyn Fn(&str) + Send + Sync>;

/// Everything the requests share.
pub(super) struct Shared {
    pub(super) site: Site,
    pub(super) check: Check,
    pub(super) log: Option<Log>,
    pub(super) checks: Checks,
}

/// What the server is: the page of one registration, or a receiver for a merchant's own pages and for links.
pub(super) enum Site {
    Page(Box<PageSite>),
    Receiver(Box<Receiver>, Option<Box<LinkSite>>),
}

pub(super) struct PageSite {
    pub(super) guard: PageGuard,
    pub(super) job: Job,
    pub(super) hear: Hear,
    pub(super) lease: Mutex<Lease>,
    /// The path behind `/open/` that leads to the page once: it stands in the argument list of the
    /// browser's process, where every user of the machine can read it.
    pub(super) once: String,
    pub(super) was_opened: AtomicBool,
}

/// Answers one request, and writes its line into the log.
pub(super) async fn serve(
    State(shared): State<Arc<Shared>>,
    ConnectInfo(peer): ConnectInfo<Peer>,
    request: Request,
) -> Response {
    let begun = Instant::now();
    // Who reads the log is not to be handed the customers' links with it.
    let asked = format!("{} {}", request.method(), without_token(request.uri().path()));
    let answer = match &shared.site {
        Site::Page(site) => shared.of_page(site, request, &peer).await,
        Site::Receiver(receiver, links) => match links.as_deref() {
            Some(links) if links.is_for(request.uri().path()) => {
                links.answer(request, &peer, &shared.checks).await
            }
            Some(_) | None => shared.of_receiver(receiver, request, &peer).await,
        },
    };
    if let Some(log) = &shared.log {
        let asked: String = asked.chars().take(100).collect();
        let Answer { status, about, .. } = &answer;
        let ms = begun.elapsed().as_millis();
        log(&format!("{asked} {status} {ms} ms from {}: {about}", peer.address.ip()));
    }
    answer.into_response()
}

impl Shared {
    async fn of_page(&self, site: &PageSite, request: Request, peer: &Peer) -> Answer {
        let (parts, body) = request.into_parts();
        if let Err(refused) = site.guard.check_place(&parts.headers) {
            return Answer::refused(&refused);
        }
        let reads = parts.method == Method::GET || parts.method == Method::HEAD;
        let path = parts.uri.path().trim_start_matches('/');
        if matches!(path, "billings" | "news") {
            if parts.method != Method::POST {
                return not_this_way("POST");
            }
            if let Err(refused) = site.guard.check_token(&parts.headers) {
                return Answer::refused(&refused);
            }
            if path == "news" {
                return site.news(&parts.headers, body, peer).await;
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
        if reads { site.page(&parts.headers) } else { not_this_way("GET") }
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
        let check = Arc::clone(&self.check);
        self.checks.run(posted.customer_uid.to_string(), move || check(&posted)).await
    }
}

impl PageSite {
    fn page(&self, headers: &HeaderMap) -> Answer {
        let Ok(nonce) = random_hex(16) else {
            return Answer::refused(&Refused::new(Why::Local, "This machine has no random numbers to give."));
        };
        let accepted = headers.get(ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        Answer::new(200, HTML, page(&self.job, asked_for(accepted), &nonce))
            .with(CONTENT_SECURITY_POLICY, content_security_policy(&self.job.sdk_url, &nonce))
    }

    /// `POST /news`: what the page tells of itself.
    async fn news(&self, headers: &HeaderMap, body: Body, peer: &Peer) -> Answer {
        let bytes = json_bytes(headers, body).await;
        peer.request_is_read();
        let heard = bytes.and_then(|bytes| read_news(&bytes)).and_then(|news| {
            let mut lease = self.lease.lock().unwrap_or_else(PoisonError::into_inner);
            lease.hear(&news, std::time::Instant::now())?;
            drop(lease);
            (self.hear)(&news)
        });
        heard.map_or_else(|refused| Answer::refused(&refused), |standing| Answer::json(&standing))
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
