//! The gateway over the network.

use std::error::Error;
use std::io::{self, Read};
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use reqwest::blocking::{Client, ClientBuilder, Response};
use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, DATE, HeaderName, HeaderValue, RETRY_AFTER};
use reqwest::{Proxy, Url};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use thiserror::Error as ThisError;

use crate::domain::pressure::RetryAfter;
use crate::domain::reason::Reason;
use crate::domain::secret::Secret;
use crate::domain::words::os_words;
use crate::gateway::charset;
use crate::gateway::trace;
use crate::gateway::transport::{BODY_BYTES_MAX, HttpAnswer, HttpRequest, Method, Transport, TransportError};
use crate::plain_file::Found;

/// How long a connection may have been idle and still carry a request: the one that just carried
/// the token, not one that the gateway may have given up meanwhile.
const IDLE_MAX: Duration = Duration::from_secs(3);
/// More than all the authorities of a system take.
const CA_BYTES_MAX: u64 = 16 << 20;

/// Takes one line of a trace; secrets are masked in it, control characters are as they came.
pub type Trace = Arc<dyn Fn(&str) + Send + Sync>;

/// How the gateway is reached.
#[derive(Clone)]
pub struct TransportConfig {
    /// `https://api.iamport.kr`; http only for this machine itself.
    pub api_url: String,
    /// For the name, the connection and the TLS handshake together.
    pub connect_timeout: Duration,
    /// Further certificates to trust, PEM: a company proxy's.
    pub ca_file: Option<PathBuf>,
    /// The proxy to go through. The environment's are not looked at here, and an address of this
    /// machine is never reached through one.
    pub proxy: Option<ProxyAddress>,
    /// The sub-merchant of an agency's account, named in every request (facts 1).
    pub tier: Option<String>,
    /// Gets a line for each request and each answer.
    pub trace: Option<Trace>,
    /// What a trace must not show, whatever answer repeats it.
    pub secrets: Vec<Secret>,
}

/// Where a proxy is.
#[derive(Clone)]
pub struct ProxyAddress {
    /// With the password that it may hold.
    pub address: String,
    /// What is told of it.
    pub shown: String,
}

impl TransportConfig {
    /// The usual 10 s, or less where the whole answer is to take less: a connection that is not
    /// made in time is then told from an answer that does not come.
    #[must_use]
    pub fn connect_timeout_for(read_timeout: Duration) -> Duration {
        (read_timeout / 2).min(Duration::from_secs(10))
    }
}

/// Why the gateway cannot be reached as configured. Nothing was sent.
#[derive(Debug, ThisError)]
pub enum GatewaySetupError {
    #[error("the gateway's address `{url}` cannot be used: {why}")]
    Address { url: String, why: &'static str },
    #[error("the gateway's address `{url}` is not encrypted; only this machine itself is reached over http")]
    Insecure { url: String },
    #[error("the certificates in {path} cannot be read: {reason}")]
    CaFile { path: String, reason: String },
    #[error("the proxy's address cannot be used; write it as http://host:port")]
    Proxy,
}

/// Carries requests over HTTP/1.1. The connection is made by the first request.
pub struct HttpTransport {
    /// Without a slash at its end.
    base: String,
    host: String,
    encrypted: bool,
    connect_timeout: Duration,
    extra_roots: Vec<CertificateDer<'static>>,
    proxy: Option<(Proxy, String)>,
    tier: Option<String>,
    trace: Option<Trace>,
    secrets: Vec<Secret>,
    client: OnceLock<Option<Client>>,
}

impl HttpTransport {
    /// Checks the configuration and reads the certificates; no connection is made yet.
    pub fn new(config: &TransportConfig) -> Result<HttpTransport, GatewaySetupError> {
        let address = Address::read(&config.api_url)?;
        let extra_roots = match &config.ca_file {
            Some(path) if address.encrypted => read_certificates(path)?,
            Some(_) | None => Vec::new(),
        };
        let proxy = match &config.proxy {
            Some(proxy) if !address.loopback => {
                let through = Proxy::all(proxy.address.as_str()).map_err(|_| GatewaySetupError::Proxy)?;
                Some((through, proxy.shown.clone()))
            }
            Some(_) | None => None,
        };
        Ok(HttpTransport {
            base: address.base,
            host: address.host,
            encrypted: address.encrypted,
            connect_timeout: config.connect_timeout,
            extra_roots,
            proxy,
            tier: config.tier.clone(),
            trace: config.trace.clone(),
            secrets: config.secrets.clone(),
            client: OnceLock::new(),
        })
    }

    /// Every limit is set by name: by default a redirect replays a POST, and a refused stream is
    /// tried again.
    fn build(&self) -> Option<Client> {
        let mut builder = ClientBuilder::new()
            .user_agent(concat!("billkey/", env!("CARGO_PKG_VERSION")))
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .referer(false)
            .no_proxy()
            .http1_only()
            .https_only(self.encrypted)
            .connect_timeout(self.connect_timeout)
            .pool_idle_timeout(IDLE_MAX)
            .tcp_nodelay(true)
            .tls_backend_preconfigured(self.tls()?);
        if let Some((proxy, _)) = &self.proxy {
            builder = builder.proxy(proxy.clone());
        }
        builder.build().ok()
    }

    /// Without encryption no certificate is loaded, and none would be trusted.
    fn tls(&self) -> Option<rustls::ClientConfig> {
        let mut roots = rustls::RootCertStore::empty();
        if self.encrypted {
            roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
            roots.add_parsable_certificates(self.extra_roots.iter().cloned());
        }
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder = rustls::ClientConfig::builder_with_provider(provider);
        let builder = builder.with_safe_default_protocol_versions().ok()?;
        let mut config = builder.with_root_certificates(roots).with_no_client_auth();
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Some(config)
    }

    fn exchange(&self, request: &HttpRequest) -> Result<HttpAnswer, TransportError> {
        let not_sent = |reason| TransportError::NotSent { reason };
        let Some(client) = self.client.get_or_init(|| self.build()) else {
            return Err(not_sent(Reason::NoTransport));
        };
        let method = match request.method {
            Method::Get => reqwest::Method::GET,
            Method::Post => reqwest::Method::POST,
            Method::Delete => reqwest::Method::DELETE,
        };
        let mut builder = client
            .request(method, format!("{}{}", self.base, request.path_and_query))
            .header(ACCEPT, "application/json")
            .timeout(request.read_timeout);
        if let Some(tier) = &self.tier {
            builder = builder.header("Tier", tier);
        }
        if let Some(token) = &request.token {
            let Ok(mut value) = HeaderValue::from_str(&format!("Bearer {}", token.expose())) else {
                return Err(not_sent(Reason::TokenNotSendable));
            };
            value.set_sensitive(true);
            builder = builder.header(AUTHORIZATION, value);
        }
        if let Some(body) = &request.json {
            builder = builder.header(CONTENT_TYPE, "application/json").body(body.expose().to_owned());
        }
        let built = builder.build().map_err(|_| not_sent(Reason::RequestNotBuilt))?;
        match client.execute(built) {
            Ok(response) => read(response, request.read_timeout),
            Err(error) if error.is_builder() || error.is_connect() => {
                Err(TransportError::NotSent { reason: self.unconnected(&error) })
            }
            Err(error) => Err(TransportError::Lost {
                reason: lost(&error, request.read_timeout),
                status: None,
                body: Vec::new(),
            }),
        }
    }

    /// Why there is no connection. The library's own text would hold the whole address.
    fn unconnected(&self, error: &reqwest::Error) -> Reason {
        let host = match &self.proxy {
            Some((_, shown)) => format!("the proxy {shown} to {}", self.host),
            None => self.host.clone(),
        };
        if error.is_dns() {
            return Reason::NoAddress { host };
        }
        if let Some(tls) = tls_error(error) {
            return Reason::NotSecure { host: self.host.clone(), why: Box::new(tls_reason(&tls)) };
        }
        if error.is_timeout() {
            return Reason::NotReached { host, within: seconds(self.connect_timeout) };
        }
        match io_kind(error) {
            Some(io::ErrorKind::ConnectionRefused) => Reason::ConnectionRefused { host },
            Some(io::ErrorKind::NetworkUnreachable | io::ErrorKind::HostUnreachable) => {
                Reason::NoRoute { host }
            }
            Some(_) | None => Reason::NoConnection { host },
        }
    }
}

impl Transport for HttpTransport {
    fn send(&self, request: &HttpRequest) -> Result<HttpAnswer, TransportError> {
        let Some(trace) = &self.trace else { return self.exchange(request) };
        trace(&trace::request_line(request));
        let begun = Instant::now();
        let answer = self.exchange(request);
        trace(&trace::answer_line(request, &answer, begun.elapsed(), &self.secrets));
        answer
    }
}

/// The gateway's address, taken apart.
struct Address {
    base: String,
    host: String,
    encrypted: bool,
    loopback: bool,
}

impl Address {
    fn read(text: &str) -> Result<Address, GatewaySetupError> {
        // What stands before an @ may be a password.
        let shown = text.rsplit_once('@').map_or(text, |(_, rest)| rest).escape_debug().to_string();
        let bad = |why| GatewaySetupError::Address { url: shown.clone(), why };
        let url = Url::parse(text).map_err(|_| bad("write it as https://api.iamport.kr"))?;
        let encrypted = match url.scheme() {
            "https" => true,
            "http" => false,
            _ => return Err(bad("it must begin with https://")),
        };
        let host = url.host_str().ok_or_else(|| bad("it names no host"))?.to_owned();
        if !url.username().is_empty() || url.password().is_some() {
            return Err(bad("it must not hold a user name or password"));
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err(bad("it must not have a ? or # part"));
        }
        let bare = host.trim_start_matches('[').trim_end_matches(']');
        let loopback = bare == "localhost" || bare.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback());
        if !encrypted && !loopback {
            return Err(GatewaySetupError::Insecure { url: shown });
        }
        Ok(Address { base: url.as_str().trim_end_matches('/').to_owned(), host, encrypted, loopback })
    }
}

/// Reads a file that is one: a pipe in its place would be waited for, and a device has no end.
fn read_plain(path: &Path) -> io::Result<Vec<u8>> {
    let found = Found::open(path)?;
    if !found.metadata().is_file() && !found.metadata().is_dir() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "it is no plain file"));
    }
    found.read(CA_BYTES_MAX)
}

fn read_certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, GatewaySetupError> {
    let fail = |reason: String| GatewaySetupError::CaFile { path: path.display().to_string(), reason };
    let bytes = read_plain(path).map_err(|error| fail(os_words(&error)))?;
    let certificates: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&bytes).collect();
    match certificates {
        Ok(certificates) if !certificates.is_empty() => Ok(certificates),
        Ok(_) | Err(_) => Err(fail("it holds no certificate in PEM form".to_owned())),
    }
}

/// Reads an answer to its end, to its limit, or to where it broke off.
fn read(response: Response, read_timeout: Duration) -> Result<HttpAnswer, TransportError> {
    let status = response.status().as_u16();
    let header = |name: HeaderName| {
        response.headers().get(name).and_then(|value| value.to_str().ok()).map(str::to_owned)
    };
    let (content_type, date) = (header(CONTENT_TYPE), header(DATE));
    let retry_after = header(RETRY_AFTER).and_then(|value| RetryAfter::parse(&value, date.as_deref()));
    let utf8 = |body| charset::utf8(content_type.as_deref(), body);
    let mut body = Vec::new();
    let limit = u64::try_from(BODY_BYTES_MAX).unwrap_or(u64::MAX).saturating_add(1);
    match response.take(limit).read_to_end(&mut body) {
        Ok(_) => {
            let cut = body.len() > BODY_BYTES_MAX;
            body.truncate(BODY_BYTES_MAX);
            Ok(HttpAnswer { status, body: utf8(body), cut, retry_after })
        }
        Err(error) => {
            let timed_out = error
                .get_ref()
                .and_then(|inner| inner.downcast_ref::<reqwest::Error>())
                .is_some_and(reqwest::Error::is_timeout);
            let reason = if timed_out || error.kind() == io::ErrorKind::TimedOut {
                Reason::AnswerIncomplete { within: seconds(read_timeout) }
            } else {
                Reason::AnswerBroken
            };
            Err(TransportError::Lost { reason, status: Some(status), body: utf8(body) })
        }
    }
}

/// Why there is no answer, when the request may have arrived.
fn lost(error: &reqwest::Error, read_timeout: Duration) -> Reason {
    if error.is_timeout() {
        return Reason::NoAnswerWithin { within: seconds(read_timeout) };
    }
    match io_kind(error) {
        Some(
            io::ErrorKind::ConnectionReset | io::ErrorKind::ConnectionAborted | io::ErrorKind::BrokenPipe,
        ) => Reason::ConnectionReset,
        Some(_) | None => Reason::AnswerUnreadable,
    }
}

fn seconds(duration: Duration) -> String {
    if duration.subsec_millis() == 0 {
        format!("{} s", duration.as_secs())
    } else {
        format!("{} ms", duration.as_millis())
    }
}

/// The errors behind an error, from the outside in. What an io error wraps is not among its
/// sources, so it is asked for by name.
fn behind<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(Some(error), |error| {
        let error: &'a (dyn Error + 'static) = *error;
        match error.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
            Some(wrapped) => Some(wrapped),
            None => error.source(),
        }
    })
}

fn io_kind(error: &(dyn Error + 'static)) -> Option<io::ErrorKind> {
    behind(error).filter_map(|error| error.downcast_ref::<io::Error>()).map(io::Error::kind).last()
}

fn tls_error(error: &(dyn Error + 'static)) -> Option<rustls::Error> {
    behind(error).find_map(|error| error.downcast_ref::<rustls::Error>()).cloned()
}

fn tls_reason(error: &rustls::Error) -> Reason {
    use rustls::CertificateError::{
        Expired, ExpiredContext, NotValidForName, NotValidForNameContext, NotValidYet, NotValidYetContext,
        UnknownIssuer,
    };
    let rustls::Error::InvalidCertificate(certificate) = error else {
        return Reason::NotTls;
    };
    if matches!(certificate, Expired | ExpiredContext { .. }) {
        Reason::CertificateExpired
    } else if matches!(certificate, NotValidYet | NotValidYetContext { .. }) {
        Reason::CertificateNotYet
    } else if matches!(certificate, NotValidForName | NotValidForNameContext { .. }) {
        Reason::CertificateOtherName
    } else if *certificate == UnknownIssuer {
        Reason::CertificateUnknownIssuer
    } else {
        Reason::CertificateNotValid
    }
}

#[cfg(test)]
mod tests;
