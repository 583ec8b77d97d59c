//! The pages behind links: `GET /card/TOKEN`, and what such a page posts.
//!
//! A customer's browser comes through the shop's web server. What that one says of where a request came from is not
//! looked at: who has the token is let in, and nobody else.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use axum::body::Body;
use axum::extract::Request;
use axum::http::header::{ACCEPT_LANGUAGE, CONTENT_SECURITY_POLICY, HOST, ORIGIN, REFERRER_POLICY, VARY};
use axum::http::{HeaderMap, Method};

use crate::register::answer::{Answer, HTML, not_this_way, nowhere};
use crate::register::body::{Refused, Saved, Why, read};
use crate::register::checking::Checks;
use crate::register::guard::{TOKEN_HEADER, single};
use crate::register::news::{Lease, News, Standing, read_news};
use crate::register::page::{Job, closed, content_security_policy, page};
use crate::register::posting::json_bytes;
use crate::register::stream::Peer;
use crate::register::token::{fingerprint, is_same, random_hex};
use crate::register::words::{Language, asked_for};

/// What stands before the token in a link.
const FOLDER: &str = "/card/";

/// The check of one link may be asked for again after this time: each is a question to the gateway.
const BETWEEN_CHECKS: Duration = Duration::from_secs(1);
/// And so often in all until the server begins anew, or nobody has asked for an hour.
const CHECKS_MAX: u32 = 200;
const FORGOTTEN_AFTER: Duration = Duration::from_secs(3600);

/// How many characters of a token's fingerprint name a link, on screens and in logs.
pub(super) const LINK_ID_CHARS: usize = 12;

/// A link that can be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenLink {
    /// As `customer links` shows it.
    pub id: String,
    pub job: Job,
}

/// What is behind the links. Every method is handed the token of a link, which may be anything.
pub trait LinkDesk: Send + Sync {
    /// The page of a link that can be used. It is called where every other request waits, and takes no time.
    ///
    /// # Errors
    /// `NotFound`, `Used`, `Expired`, `Revoked`, or that it could not be read.
    fn find(&self, token: &str) -> Result<OpenLink, Refused>;
    /// Hears what its page tells, as `find` is called.
    ///
    /// # Errors
    /// As `find`.
    fn hear(&self, token: &str, news: &News) -> Result<Standing, Refused>;
    /// Asks the gateway for the card and saves it, on a thread that may wait. It decides by itself what that means
    /// for a link that can be used no more.
    ///
    /// # Errors
    /// As `find`, or why nothing was saved.
    fn check(&self, token: &str) -> Result<Saved, Refused>;
}

/// The links of one server.
#[derive(Clone)]
pub struct Links {
    /// Where customers reach this server, such as `https://shop.example.com/billkey`, without a slash at its end.
    pub public_url: String,
    pub desk: Arc<dyn LinkDesk>,
}

/// The address of a link.
#[must_use]
pub fn link_address(public_url: &str, token: &str) -> String {
    format!("{public_url}{FOLDER}{token}")
}

pub(super) struct LinkSite {
    desk: Arc<dyn LinkDesk>,
    /// `https://shop.example.com`, in small letters.
    origin: String,
    /// `/billkey`: some web servers pass it on, others take it away.
    path: String,
    hosts: Vec<String>,
    /// What is remembered of the links that somebody is at, by their tokens' fingerprints.
    visits: Mutex<HashMap<String, Visit>>,
}

struct Visit {
    lease: Lease,
    last: Instant,
    checked: Option<Instant>,
    checks: u32,
}

impl LinkSite {
    pub(super) fn new(links: Links, listens: SocketAddr) -> LinkSite {
        let at = links.public_url.find("://").map_or(0, |at| at + 3);
        let (scheme, rest) = links.public_url.split_at(at);
        let (host, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        let host = host.to_ascii_lowercase();
        let usual = if scheme == "http://" { ":80" } else { ":443" };
        let short = host.strip_suffix(usual).unwrap_or(&host).to_owned();
        let mut hosts = vec![short.clone(), format!("{short}{usual}"), listens.to_string()];
        if listens.ip().is_loopback() {
            hosts.push(format!("localhost:{}", listens.port()));
        }
        LinkSite {
            desk: links.desk,
            origin: format!("{scheme}{short}"),
            path: path.to_owned(),
            hosts,
            visits: Mutex::new(HashMap::new()),
        }
    }

    /// Whether a path is one of a link.
    pub(super) fn is_for(&self, path: &str) -> bool {
        self.behind(path).is_some()
    }

    /// `TOKEN` or `TOKEN/news`, of a path with or without what the public address begins with.
    fn behind<'a>(&self, path: &'a str) -> Option<&'a str> {
        path.strip_prefix(&self.path).unwrap_or(path).strip_prefix(FOLDER)
    }

    pub(super) async fn answer(&self, request: Request, peer: &Peer, checks: &Checks) -> Answer {
        let (parts, body) = request.into_parts();
        if let Err(refused) = self.check_place(&parts.headers) {
            return Answer::refused(&refused);
        }
        let Some(behind) = self.behind(parts.uri.path()) else { return nowhere() };
        let (token, what) = behind.split_once('/').unwrap_or((behind, ""));
        let reads = parts.method == Method::GET || parts.method == Method::HEAD;
        match what {
            "" => {
                peer.request_is_read();
                if reads { self.page(token, &parts.headers) } else { not_this_way("GET") }
            }
            "news" | "billings" if parts.method != Method::POST => not_this_way("POST"),
            "news" => self.news(token, &parts.headers, body, peer).await,
            "billings" => self.billings(token, &parts.headers, body, peer, checks).await,
            _ => nowhere(),
        }
    }

    /// A page of another site must not be able to post here, nor one by a name that it has pointed at this machine.
    fn check_place(&self, headers: &HeaderMap) -> Result<(), Refused> {
        let host = single(headers, &HOST).map(str::to_ascii_lowercase);
        if !host.is_some_and(|host| self.hosts.contains(&host)) {
            let reason = "The Host of the request is not the one of the public address.";
            return Err(Refused::new(Why::Misdirected, reason));
        }
        match headers.get(ORIGIN) {
            None => Ok(()),
            Some(_) if single(headers, &ORIGIN) == Some(&self.origin) => Ok(()),
            Some(_) => Err(Refused::new(Why::Forbidden, "The request comes from another site.")),
        }
    }

    fn page(&self, token: &str, headers: &HeaderMap) -> Answer {
        let accepted = headers.get(ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let language = asked_for(accepted);
        let found = self.desk.find(token).and_then(|link| {
            let nonce = random_hex(16).map_err(|error| Refused::new(Why::Local, error.to_string()))?;
            Ok((link, nonce))
        });
        match found {
            Ok((OpenLink { id, job }, nonce)) => {
                let about = format!("{} by the link {id}", job.window.customer_uid);
                let answer = Answer::new(200, HTML, page(&job, language, &nonce))
                    .with(CONTENT_SECURITY_POLICY, content_security_policy(&job.sdk_url, &nonce))
                    .with(VARY, "Accept-Language");
                answer.about(about)
            }
            Err(refused) => shut(&refused, language),
        }
    }

    async fn news(&self, token: &str, headers: &HeaderMap, body: Body, peer: &Peer) -> Answer {
        let heard = self.read_news(token, headers, body).await;
        peer.request_is_read();
        let heard = heard.and_then(|news| {
            // Who is nobody's customer is remembered no longer than it takes to say so.
            let standing = self.desk.hear(token, &news)?;
            self.visit(token, |visit, now| visit.lease.hear(&news, now))?;
            Ok((news, standing))
        });
        match heard {
            Ok((news, standing)) => Answer::json(&standing).about(news.to_string()),
            Err(refused) => Answer::refused(&refused),
        }
    }

    async fn read_news(&self, token: &str, headers: &HeaderMap, body: Body) -> Result<News, Refused> {
        check_token(token, headers)?;
        read_news(&json_bytes(headers, body).await?)
    }

    async fn billings(
        &self,
        token: &str,
        headers: &HeaderMap,
        body: Body,
        peer: &Peer,
        checks: &Checks,
    ) -> Answer {
        let read = async {
            check_token(token, headers)?;
            read(&json_bytes(headers, body).await?)
        };
        let posted = read.await;
        peer.request_is_read();
        // Whose link it is decides whom it is about: what the page says of that has to fit, and is not used.
        let known = posted.and_then(|posted| {
            let fits = match self.desk.find(token) {
                Ok(link) => link.job.window.customer_uid == posted.customer_uid.as_str(),
                Err(Refused { why: Why::Used | Why::Expired | Why::Revoked, .. }) => true,
                Err(refused) => return Err(refused),
            };
            if !fits {
                return Err(Refused::new(Why::Conflict, "The link is for another customer_uid."));
            }
            self.visit(token, Visit::ask)?;
            Ok(posted.customer_uid)
        });
        match known {
            Ok(customer_uid) => {
                let (desk, token) = (Arc::clone(&self.desk), token.to_owned());
                checks.run(customer_uid.to_string(), move || desk.check(&token)).await
            }
            Err(refused) => Answer::refused(&refused),
        }
    }

    /// Does something with what is remembered of a link.
    fn visit<T>(&self, token: &str, act: impl FnOnce(&mut Visit, Instant) -> T) -> T {
        let now = Instant::now();
        let mut visits = self.visits.lock().unwrap_or_else(PoisonError::into_inner);
        let is_recent = |visit: &Visit| now.saturating_duration_since(visit.last) < FORGOTTEN_AFTER;
        visits.retain(|_, visit| visit.lease.is_held(now) || is_recent(visit));
        let visit = visits.entry(fingerprint(token)).or_insert_with(|| Visit {
            lease: Lease::default(),
            last: now,
            checked: None,
            checks: 0,
        });
        visit.last = now;
        act(visit, now)
    }
}

impl Visit {
    fn ask(&mut self, now: Instant) -> Result<(), Refused> {
        let is_early = self.checked.is_some_and(|at| now.saturating_duration_since(at) < BETWEEN_CHECKS);
        if is_early || self.checks >= CHECKS_MAX {
            let reason = "The card of this link was asked for a moment ago. Try again in a few seconds.";
            return Err(Refused::new(Why::TooMany, reason));
        }
        self.checked = Some(now);
        self.checks = self.checks.saturating_add(1);
        Ok(())
    }
}

/// No form of another site's can set this header.
fn check_token(token: &str, headers: &HeaderMap) -> Result<(), Refused> {
    match single(headers, &TOKEN_HEADER) {
        Some(given) if is_same(given, token) => Ok(()),
        Some(_) | None => Err(Refused::new(Why::Forbidden, "The X-Billkey-Token is not the link's.")),
    }
}

/// The page for somebody whose link leads nowhere.
fn shut(refused: &Refused, language: Language) -> Answer {
    let name = match refused.why {
        Why::NotFound => "unknown",
        Why::Used => "used",
        Why::Expired => "expired",
        Why::Revoked => "revoked",
        Why::Bad
        | Why::Unauthorized
        | Why::Forbidden
        | Why::Method
        | Why::TooSlow
        | Why::Conflict
        | Why::InUse
        | Why::Over
        | Why::TooLarge
        | Why::NotJson
        | Why::Misdirected
        | Why::TooMany
        | Why::Local
        | Why::Gateway
        | Why::Busy => "trouble",
    };
    let answer = Answer::new(refused.why.status(), HTML, closed(name, language))
        .with(
            CONTENT_SECURITY_POLICY,
            "default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'none'",
        )
        .with(REFERRER_POLICY, "no-referrer")
        .with(VARY, "Accept-Language");
    answer.about(refused.reason.clone())
}

/// A path with the name of a link in place of its token, for a log.
pub(super) fn without_token(path: &str) -> String {
    let Some((before, behind)) = path.split_once(FOLDER) else { return path.to_owned() };
    let (token, after) = behind.split_at(behind.find('/').unwrap_or(behind.len()));
    let id: String = fingerprint(token).chars().take(LINK_ID_CHARS).collect();
    format!("{before}{FOLDER}{id}{after}")
}

#[cfg(test)]
mod tests;
