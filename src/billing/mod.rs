//! Intent, send, record: the only room that joins the ledger and the gateway.

pub mod charge;
pub mod order;
pub mod report;
