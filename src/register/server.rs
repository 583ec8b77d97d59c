//! The server's thread, from the port it listens on to its end.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use axum::Router;
use tokio::runtime::Runtime;
use tokio::sync::Notify;

use crate::domain::secret::Secret;
use crate::register::checking::Checks;
use crate::register::error::RegisterError;
use crate::register::guard::{PageGuard, Receiver};
use crate::register::link_site::{LinkSite, Links};
use crate::register::news::Lease;
use crate::register::page::Job;
use crate::register::routes::{Check, Hear, Log, PageSite, Shared, Site, serve};
use crate::register::stream::{LIMITS, LimitedListener, Limits, Peer};
use crate::register::token::random_hex;

/// How many checks are made at once.
const CHECK_THREADS: usize = 4;

/// Random bytes of a token: more than can be guessed.
const TOKEN_BYTES: usize = 16;

/// A running server. It stops when it is dropped.
#[derive(Debug)]
pub struct Server {
    address: SocketAddr,
    page: Option<String>,
    open: Option<String>,
    stop: Arc<Notify>,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    /// Serves the page of one registration, on 127.0.0.1 and nowhere else. Port 0 takes any that is
    /// free.
    ///
    /// # Errors
    /// If the port cannot be had, or the system gives no thread or no random numbers.
    pub fn page(port: u16, job: Job, check: Check, hear: Hear) -> Result<Server, RegisterError> {
        let (listener, address) = bind(SocketAddr::from((Ipv4Addr::LOCALHOST, port)))?;
        let (token, once) = (random_hex(TOKEN_BYTES)?, random_hex(TOKEN_BYTES)?);
        let guard = PageGuard { host: host_of(address), token: Secret::new(token.clone()) };
        let origin = guard.origin();
        let page = Some(format!("{origin}/{token}"));
        let open = Some(format!("{origin}/open/{once}"));
        let (lease, was_opened) = (Mutex::new(Lease::default()), AtomicBool::new(false));
        let site = PageSite { guard, job, hear, lease, once, was_opened };
        let mut server = start(listener, address, Site::Page(Box::new(site)), check, None, LIMITS)?;
        server.page = page;
        server.open = open;
        Ok(server)
    }

    /// Serves `POST /billings` for pages of the merchant's own and, where there are links, the pages behind them.
    ///
    /// # Errors
    /// If the address cannot be had, or the system gives no thread.
    pub fn receiver(
        bind_to: SocketAddr,
        receiver: Receiver,
        links: Option<Links>,
        check: Check,
        log: Log,
    ) -> Result<Server, RegisterError> {
        let (listener, address) = bind(bind_to)?;
        let links = links.map(|links| Box::new(LinkSite::new(links, address)));
        start(listener, address, Site::Receiver(Box::new(receiver), links), check, Some(log), LIMITS)
    }

    #[cfg(test)]
    pub(super) fn with_limits(
        receiver: Receiver,
        check: Check,
        limits: Limits,
    ) -> Result<Server, RegisterError> {
        let (listener, address) = bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)))?;
        start(listener, address, Site::Receiver(Box::new(receiver), None), check, None, limits)
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The page's address, with its token: for the person at this machine.
    #[must_use]
    pub fn page_address(&self) -> &str {
        self.page.as_deref().unwrap_or_default()
    }

    /// An address that leads to the page once: for the argument list of a browser's process.
    #[must_use]
    pub fn open_address(&self) -> &str {
        self.open.as_deref().unwrap_or_default()
    }

    /// Takes no more requests, waits so long for those that are there, and ends.
    pub fn stop(mut self, grace: Duration) {
        self.end(grace);
    }

    fn end(&mut self, grace: Duration) {
        self.stop.notify_one();
        let Some(thread) = self.thread.take() else { return };
        let begun = std::time::Instant::now();
        while !thread.is_finished() && begun.elapsed() < grace {
            thread::sleep(Duration::from_millis(5));
        }
        if thread.is_finished() {
            // A panic in there was one request's; it has been reported where it happened.
            let _ = thread.join();
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.end(Duration::ZERO);
    }
}

/// The address as a browser writes it into Host and Origin: without the port that goes without saying.
fn host_of(address: SocketAddr) -> String {
    if address.port() == 80 { address.ip().to_string() } else { address.to_string() }
}

fn bind(address: SocketAddr) -> Result<(TcpListener, SocketAddr), RegisterError> {
    let failed = |source| RegisterError::Listen { address, source };
    let listener = TcpListener::bind(address).map_err(failed)?;
    listener.set_nonblocking(true).map_err(failed)?;
    let address = listener.local_addr().map_err(failed)?;
    Ok((listener, address))
}

fn start(
    listener: TcpListener,
    address: SocketAddr,
    site: Site,
    check: Check,
    log: Option<Log>,
    limits: Limits,
) -> Result<Server, RegisterError> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .max_blocking_threads(CHECK_THREADS)
        .build()
        .map_err(RegisterError::Thread)?;
    let listener = {
        let _guard = runtime.enter();
        let listener = tokio::net::TcpListener::from_std(listener);
        LimitedListener::new(listener.map_err(|source| RegisterError::Listen { address, source })?, limits)
    };
    let shared = Arc::new(Shared { site, check, log, checks: Checks::new() });
    let stop = Arc::new(Notify::new());
    let stopped = Arc::clone(&stop);
    let thread = thread::Builder::new()
        .name("register".to_owned())
        .spawn(move || run(runtime, listener, shared, stopped))
        .map_err(RegisterError::Thread)?;
    Ok(Server { address, page: None, open: None, stop, thread: Some(thread) })
}

/// Serves until told to stop, and then until the requests that are there are answered. Whoever
/// waits for that has a limit; the process ends, and with it whatever is left here.
fn run(runtime: Runtime, listener: LimitedListener, shared: Arc<Shared>, stopped: Arc<Notify>) {
    let service = Router::new().fallback(serve).with_state(shared);
    let service = service.into_make_service_with_connect_info::<Peer>();
    runtime.block_on(async move {
        let serving = axum::serve(listener, service);
        // The listener's own errors are waited out inside, so that this ends by the signal alone.
        let _ = serving.with_graceful_shutdown(async move { stopped.notified().await }).await;
    });
    runtime.shutdown_background();
}
