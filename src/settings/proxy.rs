//! Which proxy the gateway is reached through: the profile's, else the environment's by the rules of curl, where they
//! speak of https.

use std::net::IpAddr;

use crate::settings::address::{check_proxy, host, is_loopback, without_password};
use crate::settings::environment::Environment;
use crate::settings::error::SettingsError;
use crate::settings::origin::{Origin, Sourced};

/// In the order in which curl looks.
const PROXIES: [&str; 4] = ["https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"];
const EXCEPTIONS: [&str; 2] = ["no_proxy", "NO_PROXY"];

/// A proxy that is in use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proxy {
    /// With the password that it may hold: for the connection alone.
    pub address: String,
    /// `http://***@proxy:3128 (HTTPS_PROXY)`: what may be shown of it, and where it is from.
    pub shown: String,
}

/// The proxy for this address; `None` where it is reached directly, as this machine itself always is. One that the
/// environment names is not checked yet: it must not keep a command from its work that asks nobody.
pub(super) fn choose(
    api_url: &str,
    profile: Option<Sourced<String>>,
    environment: &Environment,
) -> Option<Sourced<String>> {
    let host = host(api_url).filter(|host| !is_loopback(host))?;
    if profile.is_some() {
        return profile;
    }
    let first =
        |names: &[&'static str]| names.iter().find_map(|name| Some((*name, environment.lossy(name)?)));
    let (name, value) = first(&PROXIES)?;
    if first(&EXCEPTIONS).is_some_and(|(_, list)| is_excepted(host, &list)) {
        return None;
    }
    let address = if value.contains("://") { value } else { format!("http://{value}") };
    Some(Sourced::new(address, Origin::Environment(name)))
}

/// The same as it can be used.
pub(super) fn checked(proxy: &Sourced<String>) -> Result<Proxy, SettingsError> {
    // Not quoted: a proxy's address may hold a password.
    check_proxy(&proxy.value).map_err(|why| {
        SettingsError::config(format!("the proxy that {} names cannot be used: {why}", proxy.origin)).hinted(
            "write it as http://host:port; `proxy` in the profile beats the environment, and NO_PROXY names hosts \
             that are reached without",
        )
    })?;
    let shown = format!("{} ({})", without_password(&proxy.value), proxy.origin);
    Ok(Proxy { address: proxy.value.clone(), shown })
}

/// Whether a list of names and addresses, parted by commas or blanks, has this host: `*` alone is everything, a name
/// is itself and all beneath it, an address may be a network (`10.0.0.0/8`).
fn is_excepted(host: &str, list: &str) -> bool {
    if list.trim() == "*" {
        return true;
    }
    let host = host.trim_end_matches('.').to_ascii_lowercase();
    let entries = list.split(|c: char| c == ',' || c.is_whitespace()).filter(|entry| !entry.is_empty());
    match host.parse::<IpAddr>() {
        Ok(address) => entries.into_iter().any(|entry| is_of_network(address, entry)),
        Err(_) => entries.into_iter().any(|entry| {
            let entry = entry.trim_start_matches('.').trim_end_matches('.').to_ascii_lowercase();
            let above = host.strip_suffix(&entry).filter(|_| !entry.is_empty());
            above.is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
        }),
    }
}

fn is_of_network(address: IpAddr, entry: &str) -> bool {
    let (network, bits) =
        entry.split_once('/').map_or((entry, None), |(network, bits)| (network, Some(bits)));
    let Ok(network) = network.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>() else {
        return false;
    };
    let (one, other, width) = match (address, network) {
        (IpAddr::V4(one), IpAddr::V4(other)) => (u128::from(one.to_bits()), u128::from(other.to_bits()), 32),
        (IpAddr::V6(one), IpAddr::V6(other)) => (one.to_bits(), other.to_bits(), 128),
        (IpAddr::V4(_), IpAddr::V6(_)) | (IpAddr::V6(_), IpAddr::V4(_)) => return false,
    };
    let bits = match bits.map(str::parse::<u32>) {
        None => width,
        Some(Ok(bits)) if bits <= width => bits,
        Some(Ok(_) | Err(_)) => return false,
    };
    // All of the bits beyond the network's may differ.
    (one ^ other).checked_shr(width - bits).unwrap_or(0) == 0
}

#[cfg(test)]
mod tests {
    use super::{Proxy, checked, choose};
    use crate::settings::environment::{Environment, Folders};
    use crate::settings::origin::{Origin, Sourced};

    type Variables<'a> = &'a [(&'static str, &'a str)];

    const API: &str = "https://api.iamport.kr";

    fn chosen(api_url: &str, profile: Option<&str>, variables: Variables<'_>) -> Option<String> {
        let profile = profile.map(|text| Sourced::new(text.to_owned(), Origin::Flag("the profile")));
        let environment = Environment::of_values(variables, Folders::default());
        let sourced = choose(api_url, profile, &environment)?;
        Some(format!("{} of {}", sourced.value, sourced.origin))
    }

    #[test]
    fn the_proxy_is_the_profiles_or_the_environments_as_curl_reads_it() {
        let (low, high) = (("https_proxy", "http://low:1"), ("HTTPS_PROXY", "http://high:1"));
        let (of_low, of_high) = (Some("http://low:1 of https_proxy"), Some("http://high:1 of HTTPS_PROXY"));
        let cases: [(&str, Option<&str>, Variables<'_>, Option<&str>); 15] = [
            ("nothing is set", None, &[], None),
            ("capital letters", None, &[high], of_high),
            ("small letters come first", None, &[high, low], of_low),
            ("what is empty is not set", None, &[high, ("https_proxy", "")], of_high),
            ("http is assumed", None, &[("https_proxy", "p:3128")], Some("http://p:3128 of https_proxy")),
            ("the profile's beats them", Some("http://p:1"), &[high, low], Some("http://p:1 of the profile")),
            (
                "and their exceptions",
                Some("http://p:1"),
                &[("NO_PROXY", "*")],
                Some("http://p:1 of the profile"),
            ),
            ("an exception", None, &[high, ("NO_PROXY", "a.example, iamport.kr")], None),
            ("in small letters", None, &[high, ("no_proxy", "iamport.kr")], None),
            (
                "small letters come first there too",
                None,
                &[high, ("no_proxy", "x"), ("NO_PROXY", "*")],
                of_high,
            ),
            ("one for all", None, &[("ALL_PROXY", "http://all:1")], Some("http://all:1 of ALL_PROXY")),
            ("https comes before all", None, &[("all_proxy", "http://all:1"), high], of_high),
            ("another name", None, &[high, ("NO_PROXY", "amport.kr,api.iamport.kr.example")], of_high),
            ("an empty list", None, &[high, ("NO_PROXY", " , ,")], of_high),
            ("a part of the name's head", None, &[high, ("NO_PROXY", "api")], of_high),
        ];
        for (what, profile, variables, expected) in cases {
            assert_eq!(chosen(API, profile, variables).as_deref(), expected, "{what}");
        }
    }

    #[test]
    fn this_machine_is_never_reached_through_a_proxy() {
        for api_url in
            ["http://127.0.0.1:80", "http://localhost:80", "https://[::1]:8443", "https://127.9.9.9"]
        {
            assert_eq!(
                chosen(api_url, Some("http://p:1"), &[("https_proxy", "http://q:1")]),
                None,
                "{api_url}"
            );
        }
    }

    #[test]
    fn exceptions_are_names_with_all_beneath_them_addresses_and_networks() {
        let direct = |host: &str, list: &str| {
            let url = format!("https://{host}/v1");
            chosen(&url, None, &[("HTTPS_PROXY", "http://p:1"), ("NO_PROXY", list)]).is_none()
        };
        for (host, list) in [
            ("api.iamport.kr", "api.iamport.kr"),
            ("API.iamport.kr", "api.IAMPORT.kr."),
            ("api.iamport.kr", ".iamport.kr"),
            ("api.iamport.kr", "localhost kr"),
            ("api.iamport.kr:8443", "iamport.kr"),
            ("10.1.2.3", "10.1.2.3"),
            ("10.1.2.3", "192.168.0.0/16,10.0.0.0/8"),
            ("10.1.2.3", "0.0.0.0/0"),
            ("[fd00::1]:443", "fd00::/8"),
            ("[fd00::1]", "[fd00::1]"),
        ] {
            assert!(direct(host, list), "{host} is of {list}");
        }
        for (host, list) in [
            ("api.iamport.kr", "*.iamport.kr"),
            ("api.iamport.kr", "x,*"),
            ("api.iamport.kr", "."),
            ("10.1.2.3", "10.1.2"),
            ("10.1.2.3", "10.1.2.0/31"),
            ("10.1.2.3", "10.0.0.0/33"),
            ("10.1.2.3", "10.0.0.0/x"),
            ("10.1.2.3", "::/0"),
            ("fd00.example", "fd00::/8"),
        ] {
            assert!(!direct(host, list), "{host} is not of {list}");
        }
    }

    #[test]
    fn a_proxy_is_shown_with_its_origin_and_without_its_password() {
        let sourced = |text: &str| Sourced::new(text.to_owned(), Origin::Environment("HTTPS_PROXY"));
        let Proxy { address, shown } = checked(&sourced("http://kim:s3cret@p:3128")).unwrap();
        assert_eq!(
            (address.as_str(), shown.as_str()),
            ("http://kim:s3cret@p:3128", "http://***@p:3128 (HTTPS_PROXY)")
        );
        for bad in ["socks5h://kim:s3cret@p:1080", "http://", "http://kim:s3cret@", "http://p:0"] {
            let said = checked(&sourced(bad)).unwrap_err().message;
            assert!(said.contains("HTTPS_PROXY names cannot be used") && !said.contains("s3cret"), "{said}");
        }
    }
}
