//! Registering a card in the browser: the page of STEP 01 of the guide, and the endpoint
//! `POST /billings` of its STEP 02.
//!
//! ```text
//! server   threads, the listener, the way down     guard    who may ask: Host, Origin, token, secret
//! stream   connections with limits                 body     what was asked, and the answers
//! routes   from a request to an answer             page     the page and what it may load
//! pg       which PGs charge when they register     open     the system's browser
//! ```
//!
//! This room knows neither gateway nor ledger: whether a customer_uid is registered, and saving it,
//! is the [`Check`] that is handed in.

mod body;
mod error;
mod guard;
mod open;
mod page;
mod pg;
mod routes;
mod server;
mod stream;
#[cfg(test)]
mod tests;
mod token;

pub use crate::register::body::{Posted, Refused, Saved, Why};
pub use crate::register::error::RegisterError;
pub use crate::register::guard::{Receiver, check_origin};
pub use crate::register::open::open_browser;
pub use crate::register::page::{Job, Window};
pub use crate::register::pg::{Issue, NO_WINDOW, charge_at_issue, is_loaded_otherwise, provider_of};
pub use crate::register::routes::{Check, Log};
pub use crate::register::server::Server;
pub use crate::register::token::random_hex;
