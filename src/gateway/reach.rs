//! How far a connection gets, step by step: asked after a request that got nowhere, for whoever
//! has to fix it.

use std::net::TcpStream;
use std::time::Duration;

use reqwest::Url;

/// Where the way to the gateway ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// The name has no address: DNS.
    NoAddress,
    /// There is an address, and no connection to it: network, firewall, or nobody listening.
    NoConnection,
    /// A connection is made, so what fails comes after it: TLS, or what the proxy is asked for.
    Connected,
}

/// Tries the way to a server: the gateway's address, or its proxy's. Sends nothing. `None` when it
/// is no address.
#[must_use]
pub fn reach(address: &str, connect_timeout: Duration) -> Option<Reach> {
    let url = Url::parse(address).ok()?;
    let Ok(addresses) = url.socket_addrs(|| None) else { return Some(Reach::NoAddress) };
    let connects = |address| TcpStream::connect_timeout(address, connect_timeout).is_ok();
    Some(if addresses.is_empty() {
        Reach::NoAddress
    } else if addresses.iter().any(connects) {
        Reach::Connected
    } else {
        Reach::NoConnection
    })
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;
    use std::time::Duration;

    use super::{Reach, reach};

    #[test]
    fn each_step_of_the_way_is_told_apart() {
        let wait = Duration::from_secs(2);
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/path", listener.local_addr().unwrap());
        assert_eq!(reach(&url, wait), Some(Reach::Connected));
        drop(listener);
        assert_eq!(reach(&url, wait), Some(Reach::NoConnection));
        assert_eq!(reach("https://no-such-host.invalid", wait), Some(Reach::NoAddress));
        assert_eq!(reach("no address", wait), None);
    }
}
