//! Intent, send, record: the only room that joins the ledger and the gateway.

pub mod charge;
pub mod desk;
pub mod reconcile;
pub mod report;
