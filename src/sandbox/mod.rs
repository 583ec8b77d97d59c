//! An I'mport-like gateway on loopback, with a book of its own.
//!
//! It is written from what is publicly known of the gateway's behaviour (`docs/gateway.md`, "facts" in the
//! comments) and shares no code with the client: what both had wrong in common, no test would show.
//!
//! ```text
//! server, door            connections that can be cut; what comes before the path
//! routes, schedule_paths, control_paths
//!                         paths, and what they lead to
//! call, fields, multipart a request, decoded
//! serve, outage, ask, gateway
//!                         the way every call goes; a gateway that is down; what a call asks of its
//!                         faults; state
//! answer, wire            an answer, and what faults leave of it
//! token, charge, refund, lookup, billing_key, scheduling, reference
//!                         the endpoints of the API
//! order, card, approval, execution
//!                         what is asked for, whose card, what becomes of it, and by itself when due
//! control, console, elsewhere, window
//!                         what is done behind the API's back; the JS SDK and the PG window
//! faults, fault_table, customers
//!                         what can go wrong, and for whom
//! book, payment, search, refund_rows, schedule
//!                         the SQLite file
//! ```

mod answer;
mod approval;
mod ask;
mod billing_key;
mod book;
mod call;
mod card;
mod charge;
mod clock;
mod console;
mod control;
mod control_paths;
mod customers;
mod decimal;
mod door;
mod elsewhere;
mod error;
mod execution;
mod fault_table;
mod faults;
mod fields;
mod gateway;
mod lookup;
mod multipart;
mod order;
mod outage;
mod payment;
mod reference;
mod refund;
mod refund_rows;
mod routes;
mod schedule;
mod schedule_paths;
mod scheduling;
mod search;
mod serve;
mod server;
#[cfg(test)]
mod tests;
mod token;
mod window;
mod wire;

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::PathBuf;
use std::sync::Arc;
use std::thread::{self, JoinHandle};

use tokio::runtime::Runtime;
use tokio::sync::Notify;

pub use crate::sandbox::control::CONTROL_ENDPOINTS;
pub use crate::sandbox::customers::{SeededCustomer, seeded_customers};
pub use crate::sandbox::error::SandboxError;
pub use crate::sandbox::fault_table::{Argument, FaultDescription, faults};
pub use crate::sandbox::faults::{FAULT_GRAMMAR, FaultPlan};
pub use crate::sandbox::token::{IMP_KEY, IMP_SECRET};
pub use crate::sandbox::window::SDK_PATH;

use crate::sandbox::book::Book;
use crate::sandbox::gateway::Gateway;
use crate::sandbox::routes::router;
use crate::sandbox::server::{Connection, CuttableListener};

/// What a sandbox is started with.
#[derive(Debug, Clone)]
pub struct Options {
    /// The file of the book. It is created, for its owner alone, if it is not there.
    pub book: PathBuf,
    /// The port on 127.0.0.1; 0 takes any that is free.
    pub port: u16,
    /// The faults to show.
    pub faults: FaultPlan,
}

/// A running sandbox. It stops when it is dropped.
#[derive(Debug)]
pub struct Sandbox {
    address: SocketAddr,
    stop: StopHandle,
    server: Option<JoinHandle<()>>,
}

/// Stops a sandbox from another thread, for example from a signal's.
#[derive(Debug, Clone)]
pub struct StopHandle(Arc<Notify>);

impl StopHandle {
    /// Stops the sandbox. Exchanges that are under way are cut off; the book is whole at any moment.
    pub fn stop(&self) {
        // The permit is kept if nobody waits yet, so a stop before the start is not lost.
        self.0.notify_one();
    }
}

impl Sandbox {
    /// Opens the book and starts to listen. When this returns, the sandbox takes requests.
    ///
    /// # Errors
    /// If the book cannot be opened, the port cannot be had, or the thread cannot be started.
    pub fn start(options: &Options) -> Result<Sandbox, SandboxError> {
        let book = Book::open(&options.book)?;
        let listen = |source| SandboxError::Listen { port: options.port, source };
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, options.port)).map_err(listen)?;
        listener.set_nonblocking(true).map_err(listen)?;
        let address = listener.local_addr().map_err(listen)?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(SandboxError::Thread)?;
        let gateway = Arc::new(Gateway::new(book, options.faults.clone()));
        let stop = StopHandle(Arc::new(Notify::new()));
        let stopped = Arc::clone(&stop.0);
        let listener = {
            let _guard = runtime.enter();
            tokio::net::TcpListener::from_std(listener).map_err(listen)?
        };
        let server = thread::Builder::new()
            .name("sandbox".to_owned())
            .spawn(move || {
                let listener = CuttableListener { listener, gateway: Arc::clone(&gateway) };
                run(&runtime, listener, gateway, &stopped);
            })
            .map_err(SandboxError::Thread)?;
        Ok(Sandbox { address, stop, server: Some(server) })
    }

    /// The base URL, for example `http://127.0.0.1:49152`.
    pub fn api_url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Gives a handle that stops this sandbox.
    pub fn stop_handle(&self) -> StopHandle {
        self.stop.clone()
    }

    /// Waits until a [`StopHandle`] stops the sandbox.
    pub fn wait(mut self) {
        self.join();
    }

    fn join(&mut self) {
        if let Some(server) = self.server.take() {
            // A panic in there was one request's; it has been reported where it happened.
            let _ = server.join();
        }
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        self.stop.stop();
        self.join();
    }
}

/// Serves until told to stop. Every task ends with the runtime, so none outlives the sandbox.
fn run(runtime: &Runtime, listener: CuttableListener, gateway: Arc<Gateway>, stopped: &Notify) {
    let service = router(gateway).into_make_service_with_connect_info::<Connection>();
    runtime.block_on(async {
        tokio::spawn(async { axum::serve(listener, service).await });
        stopped.notified().await;
    });
}
