//! One file a command: its arguments and its run.

pub mod charge;
pub mod completions;
pub mod config;
pub mod customer;
pub mod help;
pub mod history;
pub mod man;
pub mod sandbox;
pub mod token;

use clap::Subcommand;

/// Every command there is.
#[derive(Debug, Subcommand)]
pub enum Command {
    Charge(charge::ChargeArgs),
    History(history::HistoryArgs),
    Customer(customer::CustomerArgs),
    Token(token::TokenArgs),
    Config(config::ConfigArgs),
    Sandbox(sandbox::SandboxArgs),
    Completions(completions::CompletionsArgs),
    Man(man::ManArgs),
    Help(help::HelpArgs),
}
