//! Intent, send, record: the only room that joins the ledger and the gateway.

pub mod account;
pub mod ahead;
mod ask_ahead;
pub mod batch;
pub mod beside;
pub mod book;
pub mod brake;
pub mod charge;
mod charged;
pub mod crew;
pub mod desk;
mod in_bulk;
pub mod keys;
pub mod pace;
pub mod pages;
pub mod reconcile;
pub mod refund;
pub mod rehearsal;
pub mod report;
pub mod request;
pub mod reviews;
pub mod writer;
