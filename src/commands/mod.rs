//! One file a command: its arguments and its run. This one is the way from a command line to a
//! command, and from what becomes of it to an exit code. No command takes from another: what
//! several of them share stands in files of its own, which are no commands.

mod added_up;
mod alarm;
mod asking;
pub mod attention;
pub mod batch;
mod belonging;
mod beside;
pub mod charge;
pub mod completing;
pub mod completions;
pub mod config;
pub mod context;
pub mod customer;
pub mod doctor;
mod ending;
mod export;
mod handed_in;
pub mod help;
pub mod history;
pub mod ledger;
mod limits;
pub mod man;
pub mod month;
mod naming;
mod once_per;
mod onto;
mod packed;
mod pasted;
pub mod reconcile;
pub mod refund;
pub mod report;
pub mod retry_list;
mod retrying;
pub mod sandbox;
mod schedules;
pub mod session;
pub mod setup;
mod starter;
mod statuses;
pub mod token;
mod topics;
mod unwatched;
pub mod version;
mod when;
pub mod whole;

use clap::Subcommand;

use crate::commands::session::Session;

/// Every command there is.
#[derive(Debug, Subcommand)]
pub enum Command {
    Charge(charge::ChargeArgs),
    Batch(batch::BatchArgs),
    #[command(visible_alias = "cancel")]
    Refund(refund::RefundArgs),
    #[command(visible_alias = "payments")]
    History(history::HistoryArgs),
    Reconcile(reconcile::ReconcileArgs),
    Attention(attention::AttentionArgs),
    RetryList(retry_list::RetryListArgs),
    Report(report::ReportArgs),
    Month(month::MonthArgs),
    Customer(customer::CustomerArgs),
    Ledger(ledger::LedgerArgs),
    Token(token::TokenArgs),
    Setup(setup::SetupArgs),
    Config(config::ConfigArgs),
    Doctor(doctor::DoctorArgs),
    #[command(visible_alias = "whoami")]
    Status(doctor::StatusArgs),
    Sandbox(sandbox::SandboxArgs),
    Completions(completions::CompletionsArgs),
    Man(man::ManArgs),
    Help(help::HelpArgs),
}

/// Runs a command and gives its exit code. Only what needs settings reads the config file.
#[must_use]
pub fn run(command: &Command, session: &Session) -> u8 {
    match command {
        Command::Charge(args) => session.with_settings_to_send(
            |failure| charge::named_without_settings(failure, args, &session.flags, &session.environment),
            |context| charge::run(args, context),
        ),
        Command::Batch(args) => session.with_settings_to_send(
            |failure| batch::named_without_settings(failure, args, &session.flags, &session.environment),
            |context| batch::run(args, context),
        ),
        Command::Refund(args) => {
            session.with_settings_to_send(|failure| failure, |context| refund::run(args, context))
        }
        Command::History(args) => session.with_settings(|context| history::run(args, context)),
        Command::Reconcile(args) => session.with_settings(|context| reconcile::run(args, context)),
        Command::Attention(args) => session.with_settings(|context| attention::run(args, context)),
        Command::RetryList(args) => session.with_settings(|context| retry_list::run(args, context)),
        Command::Report(args) => session.with_settings(|context| report::run(args, context)),
        Command::Month(args) => session.with_settings(|context| month::run(args, context)),
        Command::Customer(args) => session.with_settings(|context| customer::run(args, context)),
        Command::Ledger(args) => session.with_settings(|context| ledger::run(args, context)),
        Command::Token(args) => session.with_settings(|context| token::run(args, context)),
        Command::Setup(args) => setup::run(args, session),
        Command::Config(args) => config::run(args, session),
        Command::Doctor(args) => doctor::run(args, session),
        Command::Status(args) => doctor::status(args, session),
        Command::Sandbox(args) => session.in_sandbox().with_settings(|context| sandbox::run(args, context)),
        Command::Completions(args) => session.without_settings(|ui| completions::run(args, ui)),
        Command::Man(args) => session.without_settings(|ui| man::run(args, session.root(), ui)),
        Command::Help(args) => session.without_settings(|ui| help::run(args, session.root(), ui)),
    }
}
