//! billkey charges saved cards through I'mport (PortOne V1), once each.
//!
//! ARCHITECTURE.md says what each module is for, and which others it may use.

pub mod billing;
pub mod cli;
pub mod clock;
pub mod commands;
pub mod domain;
pub mod failure;
pub mod gateway;
pub mod intake;
pub mod interrupt;
pub mod ledger;
pub mod output;
pub mod plain_file;
pub mod register;
pub mod report;
pub mod sandbox;
pub mod settings;
pub mod words;
