//! The I'mport (PortOne V1) REST API: what is sent, what comes back, and what that means.
//!
//! `transport` is the one seam: bytes out, bytes or a typed failure back. `http` implements it over
//! the network, a test over a table. `classify` is a pure function from an answer to its meaning.

mod bulk;
mod cache;
mod charset;
pub mod classify;
mod client;
mod customers;
#[cfg(test)]
mod fake;
mod heard;
#[cfg(test)]
mod hostile;
mod http;
mod json;
mod list;
mod lookup;
mod reach;
mod refund;
mod schedules;
mod token;
mod trace;
mod transport;
mod wire;

pub use crate::gateway::bulk::{
    BULK_BYTES_MAX, BULK_IDS_MAX, BULK_SHOWN_MAX, Bulk, NotListed, bulk_bytes, bulk_bytes_of_customer,
    bulk_bytes_without_ids,
};
pub use crate::gateway::client::{ApiKey, Client, GatewayFailure, account_of};
pub use crate::gateway::customers::{BillingKey, Deleted};
pub use crate::gateway::http::{GatewaySetupError, HttpTransport, ProxyAddress, Trace, TransportConfig};
pub use crate::gateway::list::{PaymentLists, Window, WindowRead, following, windows};
pub use crate::gateway::reach::{Reach, reach};
pub use crate::gateway::refund::{LookReply, RefundReply};
pub use crate::gateway::schedules::{Ahead, ReadAhead};
pub use crate::gateway::token::{Token, TokenFailure};
pub use crate::gateway::transport::{
    BODY_BYTES_MAX, Body, HttpAnswer, HttpRequest, Method, Transport, TransportError,
};
pub use crate::gateway::wire::{charge_body, sandbox_flag};
