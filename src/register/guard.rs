//! Who may ask. A page elsewhere must not be able to post here through somebody's browser, nor by
//! a name that it has pointed at this machine (DNS rebinding), nor another user of this machine
//! without the token.

use axum::http::HeaderMap;
use axum::http::header::{AUTHORIZATION, HOST, HeaderName, ORIGIN};

use crate::domain::secret::Secret;
use crate::register::body::{Refused, Why};
use crate::register::token::is_same;

/// The header that carries the page's token. No form of another site's can set it.
pub(super) const TOKEN_HEADER: HeaderName = HeaderName::from_static("x-billkey-token");

/// Guards the registration page and its endpoint.
#[derive(Clone, Debug)]
pub(super) struct PageGuard {
    /// `127.0.0.1:PORT`: the one name under which the page is reached.
    pub(super) host: String,
    pub(super) token: Secret,
}

impl PageGuard {
    /// The page's origin, `http://127.0.0.1:PORT`.
    pub(super) fn origin(&self) -> String {
        format!("http://{}", self.host)
    }

    /// What every request has to satisfy: its Host is this server's, and its Origin, if it has one,
    /// is the page's.
    pub(super) fn check_place(&self, headers: &HeaderMap) -> Result<(), Refused> {
        if single(headers, &HOST) != Some(&self.host) {
            return Err(Refused::new(Why::Forbidden, "The Host of the request is not this server's."));
        }
        match headers.get(ORIGIN) {
            None => Ok(()),
            Some(_) if single(headers, &ORIGIN) == Some(&self.origin()) => Ok(()),
            Some(_) => Err(Refused::new(Why::Forbidden, "The request comes from another site.")),
        }
    }

    /// Whether this is the token.
    pub(super) fn is_token(&self, text: &str) -> bool {
        is_same(text, self.token.expose())
    }

    /// What a POST has to satisfy besides: it carries the token.
    pub(super) fn check_token(&self, headers: &HeaderMap) -> Result<(), Refused> {
        match single(headers, &TOKEN_HEADER) {
            None => Err(Refused::new(Why::Forbidden, "The request has no X-Billkey-Token.")),
            Some(token) if self.is_token(token) => Ok(()),
            Some(_) => Err(Refused::new(Why::Forbidden, "The X-Billkey-Token is not this page's.")),
        }
    }
}

/// Guards the endpoint of `customer listen`.
#[derive(Clone, Debug, Default)]
pub struct Receiver {
    /// What requests have to carry as `Authorization: Bearer`; `None` only on loopback.
    pub secret: Option<Secret>,
    /// The origins whose pages may post here, such as `https://shop.example.com`.
    pub origins: Vec<String>,
}

impl Receiver {
    /// The Origin, if the request has one and may come from there.
    pub(super) fn check_origin<'a>(&self, headers: &'a HeaderMap) -> Result<Option<&'a str>, Refused> {
        if headers.get(ORIGIN).is_none() {
            return Ok(None);
        }
        match single(headers, &ORIGIN) {
            Some(origin) if self.origins.iter().any(|allowed| allowed == origin) => Ok(Some(origin)),
            Some(_) | None => {
                Err(Refused::new(Why::Forbidden, "The Origin of the request is not one that is allowed."))
            }
        }
    }

    /// The secret, where one is wanted.
    pub(super) fn check_secret(&self, headers: &HeaderMap) -> Result<(), Refused> {
        let Some(secret) = &self.secret else { return Ok(()) };
        let given = single(headers, &AUTHORIZATION).and_then(|text| text.split_once(' '));
        match given {
            Some((scheme, given))
                if scheme.eq_ignore_ascii_case("bearer") && is_same(given.trim(), secret.expose()) =>
            {
                Ok(())
            }
            Some(_) => Err(Refused::new(Why::Unauthorized, "The bearer secret is not the right one.")),
            None => Err(Refused::new(Why::Unauthorized, "The request has no bearer secret.")),
        }
    }
}

/// A header that is there once and is text. One that is there twice could be read in two ways.
pub(super) fn single<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    let mut values = headers.get_all(name).iter();
    let value = values.next()?;
    if values.next().is_some() { None } else { value.to_str().ok() }
}

/// Checks an origin to be allowed: scheme and host, a port if it is not the usual one, no more. The
/// error is the end of a sentence about it.
pub fn check_origin(text: &str) -> Result<(), &'static str> {
    let host = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    let host = host.ok_or("it does not begin with https:// or http://")?;
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || ".-:[]".contains(c);
    if host.is_empty() {
        Err("it names no host")
    } else if host.contains('/') {
        Err("an origin has no path, not even a slash at its end")
    } else if !host.chars().all(plain) {
        Err("a browser writes an origin in small letters, without * or other signs")
    } else {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use axum::http::{HeaderMap, HeaderName, HeaderValue};

    use super::{PageGuard, Receiver, check_origin};
    use crate::domain::secret::Secret;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.append(HeaderName::from_static(name), HeaderValue::from_static(value));
        }
        headers
    }

    fn page() -> PageGuard {
        PageGuard { host: "127.0.0.1:4000".to_owned(), token: Secret::new("t0ken".to_owned()) }
    }

    #[test]
    fn only_the_servers_own_name_is_a_host() {
        let asked = |host| page().check_place(&headers(&[("host", host)])).is_ok();
        assert!(asked("127.0.0.1:4000"));
        for other in ["localhost:4000", "127.0.0.1", "127.0.0.1:4001", "evil.example:4000", ""] {
            assert!(!asked(other), "{other}");
        }
        assert!(page().check_place(&headers(&[])).is_err());
        let twice = headers(&[("host", "127.0.0.1:4000"), ("host", "evil.example")]);
        assert!(page().check_place(&twice).is_err());
    }

    #[test]
    fn only_the_page_itself_is_an_origin() {
        let asked =
            |origin| page().check_place(&headers(&[("host", "127.0.0.1:4000"), ("origin", origin)])).is_ok();
        assert!(asked("http://127.0.0.1:4000"));
        for other in ["null", "https://evil.example", "http://127.0.0.1:4001", "https://127.0.0.1:4000", ""] {
            assert!(!asked(other), "{other}");
        }
    }

    #[test]
    fn the_token_is_needed_whole() {
        let asked = |pairs: &[(&'static str, &'static str)]| page().check_token(&headers(pairs)).is_ok();
        assert!(asked(&[("x-billkey-token", "t0ken")]));
        assert!(!asked(&[("x-billkey-token", "t0ke")]));
        assert!(!asked(&[("x-billkey-token", "")]));
        assert!(!asked(&[]));
    }

    #[test]
    fn a_receiver_takes_its_secret_and_its_origins_alone() {
        let receiver = Receiver {
            secret: Some(Secret::new("s3cret".to_owned())),
            origins: vec!["https://shop.example.com".to_owned()],
        };
        let secret = |text| receiver.check_secret(&headers(&[("authorization", text)])).is_ok();
        assert!(secret("Bearer s3cret") && secret("bearer s3cret"));
        assert!(!secret("Bearer s3cre") && !secret("s3cret") && !secret("Basic s3cret") && !secret(""));
        assert!(receiver.check_secret(&headers(&[])).is_err());
        let origin = |text| receiver.check_origin(&headers(&[("origin", text)])).is_ok();
        assert!(origin("https://shop.example.com"));
        assert!(!origin("https://shop.example.com.evil.example") && !origin("null"));
        assert!(!origin("http://shop.example.com"));
        assert_eq!(receiver.check_origin(&headers(&[])).map_err(|_| ()), Ok(None), "no browser, no Origin");
    }

    #[test]
    fn an_origin_is_written_as_browsers_write_it() {
        for good in ["https://shop.example.com", "http://localhost:3000", "http://[::1]:80"] {
            assert_eq!(check_origin(good), Ok(()), "{good}");
        }
        for bad in
            ["*", "null", "shop.example.com", "https://", "https://a/", "https://A.example", "https://*"]
        {
            assert!(check_origin(bad).is_err(), "{bad}");
        }
    }
}
