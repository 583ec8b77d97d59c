//! Registering a card in the browser: the page of STEP 01 of the guide, and the endpoint
//! `POST /billings` of its STEP 02.
//!
//! ```text
//! server     threads, the listener, the way down     guard    who may ask: Host, Origin, token, secret
//! stream     connections with limits                 body     what was asked, and why not
//! routes     from a request to an answer             posting  bodies, read with limits
//! link_site  the pages behind links                  answer   an answer and its headers
//! page       the page and what it may load           words    what it says, in both languages
//! news       what a page tells of itself             checking so many checks at a time
//! link       what is kept of a link                  links    where
//! pg         which PGs charge when they register     open     the system's browser
//! ```
//!
//! This room knows neither gateway nor ledger: whether a customer_uid is registered, and saving it,
//! is the [`Check`] and the [`LinkDesk`] that are handed in.

mod answer;
mod body;
mod checking;
mod error;
mod guard;
mod link;
mod link_site;
mod links;
mod news;
mod open;
mod page;
mod pg;
mod posting;
mod routes;
mod server;
mod stream;
#[cfg(test)]
mod tests;
mod token;
mod words;

pub use crate::register::body::{Posted, Refused, Saved, Why};
pub use crate::register::error::RegisterError;
pub use crate::register::guard::{Receiver, check_origin};
pub use crate::register::link::{Heard, How, KeptLink, Link, LinkState, NewLink};
pub use crate::register::link_site::{LinkDesk, Links, OpenLink, link_address};
pub use crate::register::links::LinkFolder;
pub use crate::register::news::{Happened, News, Standing};
pub use crate::register::open::open_browser;
pub use crate::register::page::{Job, Window};
pub use crate::register::pg::{Issue, NO_WINDOW, charge_at_issue, is_loaded_otherwise, provider_of};
pub use crate::register::routes::{Check, Hear, Log};
pub use crate::register::server::Server;
pub use crate::register::token::random_hex;
