//! Addresses: where the API key may be sent.

use std::net::{Ipv4Addr, Ipv6Addr};

/// The gateway (facts 0).
pub(super) const API_URL: &str = "https://api.iamport.kr";
/// The JS SDK of the registration page (facts 6).
pub(super) const SDK_URL: &str = "https://cdn.iamport.kr/v1/iamport.js";

/// Checks an address that secrets or card pages are fetched from: https, or http on this machine.
/// Gives it without a slash at its end. The error is the end of a sentence about the address.
///
/// The rules are narrower than a URL's: a text that two parsers could read in two ways must not
/// decide where a key goes.
pub fn check_address(text: &str) -> Result<String, String> {
    let (scheme, rest) = text.split_once("://").ok_or("it does not begin with https://")?;
    let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    if authority.contains('@') {
        return Err("it holds a user name or password".to_owned());
    }
    let host = host_of(authority).ok_or("it names no host that can be reached")?;
    let plain = |c: char| c.is_ascii_alphanumeric() || "/-._~".contains(c);
    if !path.chars().all(plain) {
        return Err("its path has characters that do not belong there".to_owned());
    }
    match scheme {
        "https" => Ok(()),
        "http" if is_loopback(host) => Ok(()),
        "http" => Err("it is not https; only this machine itself (127.0.0.1, localhost) may be \
                       reached without"
            .to_owned()),
        _ => Err("it does not begin with https://".to_owned()),
    }?;
    Ok(text.trim_end_matches('/').to_owned())
}

/// The host of an address that was checked.
pub(super) fn host(address: &str) -> Option<&str> {
    let (_, rest) = address.split_once("://")?;
    host_of(rest.split('/').next().unwrap_or(rest))
}

/// The host of `host`, `host:port` or `[v6]:port`.
fn host_of(authority: &str) -> Option<&str> {
    let (host, port) = match authority.strip_prefix('[') {
        Some(rest) => {
            let (host, after) = rest.split_once(']')?;
            host.parse::<Ipv6Addr>().ok()?;
            (host, after.strip_prefix(':').or(after.is_empty().then_some("443"))?)
        }
        None => {
            let (host, port) = authority.split_once(':').unwrap_or((authority, "443"));
            let letters = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '.';
            if host.is_empty() || !host.chars().all(letters) {
                return None;
            }
            (host, port)
        }
    };
    let digits = !port.is_empty() && port.bytes().all(|b| b.is_ascii_digit());
    (digits && port.parse::<u16>().is_ok_and(|port| port > 0)).then_some(host)
}

pub(super) fn is_loopback(host: &str) -> bool {
    host.eq_ignore_ascii_case("localhost")
        || host.parse::<Ipv4Addr>().is_ok_and(|address| address.is_loopback())
        || host.parse::<Ipv6Addr>().is_ok_and(|address| address.is_loopback())
}

/// A proxy's address without the password it may hold.
pub(super) fn without_password(address: &str) -> String {
    match address.split_once("://") {
        Some((scheme, rest)) => match rest.rsplit_once('@') {
            Some((_, host)) => format!("{scheme}://***@{host}"),
            None => address.to_owned(),
        },
        None => address.to_owned(),
    }
}

/// Checks a proxy's address; the error is the end of a sentence about it.
pub(super) fn check_proxy(text: &str) -> Result<(), String> {
    let rest = ["http://", "https://"].iter().find_map(|scheme| text.strip_prefix(scheme));
    let rest = rest.ok_or("it does not begin with http:// or https://")?;
    let authority = rest.rsplit_once('@').map_or(rest, |(_, host)| host);
    host_of(authority.trim_end_matches('/'))
        .map(|_| ())
        .ok_or("it names no host that can be reached".to_owned())
}

#[cfg(test)]
mod tests {
    use super::{check_address, check_proxy, without_password};

    #[test]
    fn https_goes_anywhere_and_http_stays_here() {
        for good in [
            "https://api.iamport.kr",
            "https://api.iamport.kr:8443/",
            "http://127.0.0.1:8080",
            "http://127.9.9.9",
            "http://localhost:1",
            "http://[::1]:8080",
            "https://proxy.example.com/iamport",
        ] {
            assert_eq!(check_address(good).as_deref(), Ok(good.trim_end_matches('/')), "{good}");
        }
    }

    #[test]
    fn an_address_that_could_be_misread_is_refused() {
        for bad in [
            "",
            "api.iamport.kr",
            "http://api.iamport.kr",
            "ftp://127.0.0.1",
            "HTTP://evil.example",
            "http://127.0.0.1.evil.example",
            "http://localhost@evil.example",
            "http://127.0.0.1\\@evil.example",
            "http://0x7f000001",
            "https://",
            "https://a b",
            "https://host:99999",
            "https://host:",
            "https://host/?a=b",
            "https://host/#a",
            "http://[::1]evil:80",
            "http://[evil]",
        ] {
            assert!(check_address(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_proxys_password_is_not_shown() {
        assert_eq!(without_password("http://kim:pa@ss@proxy:3128"), "http://***@proxy:3128");
        assert_eq!(without_password("http://proxy:3128"), "http://proxy:3128");
        assert_eq!(check_proxy("http://kim:pass@proxy:3128"), Ok(()));
        assert!(check_proxy("socks5://proxy").is_err());
        assert!(check_proxy("http://").is_err());
    }
}
