//! billkey charges saved cards through I'mport (PortOne V1), once each.
//!
//! The rooms, from the ground up. An arrow points at what a room may use; `tests/house.rs` holds
//! the code to it.
//!
//! ```text
//! domain    money, time, ids, customers, payments and their rules; no IO
//! ledger    -> domain            SQLite: what was asked, sent and answered
//! gateway   -> domain            the I'mport REST API over HTTP
//! output    -> domain            table, plain, json, jsonl, csv; text made safe for a terminal
//! register  -> domain            the page on which a card is registered, and its endpoint
//! sandbox                        an I'mport-like gateway on loopback, with a book of its own
//! billing   -> ledger, gateway   intent, send, record: the only room that joins the two
//! clock, interrupt               the one reader of this machine's clocks; Ctrl-C and SIGTERM
//! settings, failure              flags, environment and file; what can go wrong, and its exit code
//! commands  -> all of the above  one file a command
//! cli       -> commands          the command line
//! ```

pub mod billing;
pub mod cli;
pub mod clock;
pub mod commands;
pub mod domain;
pub mod failure;
pub mod gateway;
pub mod interrupt;
pub mod ledger;
pub mod output;
pub mod register;
pub mod sandbox;
pub mod settings;
