//! `billkey customer`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use crate::commands::context::Context;
use crate::commands::handed_in::InputArgs;
use crate::commands::pasted::command_of;
use crate::domain::ids::CustomerUid;
use crate::failure::{Exit, Failure};
use crate::ledger::Ledger;
use crate::settings::Settings;

mod add;
mod answers;
mod check;
mod import;
mod link;
mod link_desk;
mod link_row;
mod links;
mod list;
mod listen;
mod many;
mod page_news;
mod public_url;
mod register;
mod register_args;
mod remove;
mod saving;
mod sheet;
mod show;
mod window;

const AFTER_HELP: &str = "\
Examples:
  billkey --sandbox customer list
  billkey --sandbox customer add gildong_0001_1234 --name 홍길동
  billkey --sandbox customer show gildong_0001_1234

`billkey customer COMMAND --help` says more about each, and its exit codes.";

/// Keep the customers whose cards can be charged
///
/// A customer is a customer_uid whose billing key exists at I'mport, with a name and a masked card
/// to tell it by. The card itself is never seen by billkey.
#[derive(Debug, Args)]
#[command(arg_required_else_help = true, after_long_help = AFTER_HELP)]
pub struct CustomerArgs {
    #[command(subcommand)]
    pub command: CustomerCommand,
}

#[derive(Debug, Subcommand)]
pub enum CustomerCommand {
    Register(Box<register_args::RegisterArgs>),
    Link(Box<link::LinkArgs>),
    Links(links::LinksArgs),
    Listen(listen::ListenArgs),
    Add(AddArgs),
    List(ListArgs),
    Show(ShowArgs),
    Check(CheckArgs),
    Import(ImportArgs),
    Remove(RemoveArgs),
}

const ADD_HELP: &str = "\
Examples:
  billkey --sandbox customer add gildong_0001_1234 --name 홍길동
  billkey --sandbox customer add gildong_0001_1234 --tel 010-0000-1234 \\
      --note \"calls on Mondays\"
  billkey --sandbox customer add someone_else --no-verify

Exit codes:
  0 saved   10 the gateway knows of no such billing key
  9 the gateway was not reached
  1, 2, 3, 4 as usual; see `billkey help exit-codes`";

/// Save a customer_uid whose billing key exists
///
/// The gateway is asked for the billing key, and its masked card is kept. Again on a known customer,
/// what is given is updated, an empty text takes away what was kept, what is not given stays, and a
/// card that has changed is warned of.
#[derive(Clone, Debug, Args)]
#[command(after_long_help = ADD_HELP)]
pub struct AddArgs {
    /// The name under which the billing key was registered
    #[arg(value_name = "CUSTOMER_UID")]
    pub customer_uid: String,

    /// The customer's name
    #[arg(long, value_name = "NAME", help_heading = "What to save")]
    pub name: Option<String>,

    /// The customer's e-mail address
    #[arg(long, value_name = "EMAIL", help_heading = "What to save")]
    pub email: Option<String>,

    /// The customer's telephone number
    #[arg(long, value_name = "TEL", help_heading = "What to save")]
    pub tel: Option<String>,

    /// A remark of your own
    #[arg(long, value_name = "TEXT", help_heading = "What to save")]
    pub note: Option<String>,

    /// Save it without asking the gateway; the card stays unknown
    #[arg(long, help_heading = "How to ask")]
    pub no_verify: bool,
}

const LIST_HELP: &str = "\
Examples:
  billkey --sandbox customer list
  billkey --sandbox customer list 홍길동 --json
  billkey --sandbox customer list --removed --format csv

Exit codes:
  0 done, also when there is none
  1, 2, 3 as usual; see `billkey help exit-codes`";

/// List the customers
///
/// Those whose customer_uid, name, telephone number, e-mail address or note contains TEXT, or whose
/// card ends in it; all of them without it. Nothing is asked of the gateway.
#[derive(Debug, Args)]
#[command(after_long_help = LIST_HELP)]
pub struct ListArgs {
    /// What to look for
    #[arg(value_name = "TEXT")]
    pub text: Option<String>,

    /// Those that were removed too
    #[arg(long, help_heading = "What to print")]
    pub removed: bool,
}

const SHOW_HELP: &str = "\
Examples:
  billkey --sandbox customer show gildong_0001_1234
  billkey --sandbox customer show gildong_0001_1234 --json
  billkey --sandbox customer show sandbox_declined --format csv

Exit codes:
  0 done   10 there is no such customer
  1, 2, 3 as usual; see `billkey help exit-codes`";

/// Show one customer: card, totals and last payments
///
/// The card and those that were charged before it, the first and the last payment, the months, declines in a row,
/// orders in doubt, and the last payments: all from the ledger. Only for what the gateway is going to charge by
/// itself is it asked, and that it does not answer stops nothing. A customer that was removed is shown too.
#[derive(Debug, Args)]
#[command(after_long_help = SHOW_HELP)]
pub struct ShowArgs {
    /// The customer to show
    #[arg(value_name = "CUSTOMER_UID")]
    pub customer_uid: String,
}

const CHECK_HELP: &str = "\
Examples:
  billkey --sandbox customer check gildong_0001_1234
  billkey --sandbox customer check gildong_0001_1234 younghee_0002_5678 \\
      --json
  billkey --sandbox customer check --all

Exit codes:
  0 every billing key is there   10 at least one is not
  9 the gateway was not reached   130 interrupted
  1, 2, 3, 4 as usual; see `billkey help exit-codes`";

/// Ask the gateway whether billing keys still exist
///
/// Charges nothing. The masked card is brought up to date, and one that has changed is warned of. Many are asked
/// about in one call, and each alone that such a call does not show. With --all, those that were never checked
/// or whose check is oldest come first, so that a run that was stopped goes on where it was.
#[derive(Debug, Args)]
#[command(after_long_help = CHECK_HELP)]
pub struct CheckArgs {
    /// The customers to check
    #[arg(value_name = "CUSTOMER_UID", required_unless_present = "all", conflicts_with = "all")]
    pub customer_uids: Vec<String>,

    /// Check every customer
    #[arg(long, help_heading = "What to check")]
    pub all: bool,
}

const IMPORT_HELP: &str = "\
The first line of FILE names the columns: customer_uid, and any of name,
email, tel, note; Korean names are known too: 고객, 이름, 이메일,
전화번호, 메모. FILE is CSV (between commas, semicolons or tabs), JSON
lines, a JSON array, or a workbook (.xlsx).

Examples:
  billkey --sandbox customer import customers.csv
  billkey --sandbox customer import customers.csv --no-verify
  billkey --sandbox customer import customers.csv --recheck
  billkey --sandbox customer import - --json

Exit codes:
  0 every line was saved   2 the file cannot be read as such
  10 a billing key is not there
  9 the gateway was not reached   130 interrupted
  1, 3, 4 as usual; see `billkey help exit-codes`
  Of several the most serious; see `billkey help exit-codes`";

/// Save many customers from a file
///
/// Does for each line what `customer add` does. The gateway is asked about many customers in one call, and
/// about each alone that such a call does not show. A line that cannot be saved is reported with its
/// place and does not stop the others. To run the same file again is safe, and goes on where a run was
/// stopped: a customer whose billing key the gateway has shown within 24 hours, by this machine's clock,
/// is saved without asking again, unless it was removed since. Ctrl-C ends the run; what was saved stays saved.
#[derive(Debug, Args)]
#[command(after_long_help = IMPORT_HELP)]
pub struct ImportArgs {
    /// The file: CSV, JSON lines, a JSON array or a workbook (.xlsx); `-` is stdin
    #[arg(value_name = "FILE")]
    pub file: PathBuf,

    #[command(flatten)]
    pub input: InputArgs,

    /// Save them without asking the gateway; the cards stay unknown
    #[arg(long, help_heading = "How to ask")]
    pub no_verify: bool,

    /// Also ask about those whose billing key the gateway has shown within 24 hours
    #[arg(long, conflicts_with = "no_verify", help_heading = "How to ask")]
    pub recheck: bool,
}

const REMOVE_HELP: &str = "\
Examples:
  billkey --sandbox customer remove gildong_0001_1234
  billkey --sandbox customer remove younghee_0002_5678 \\
      --delete-billing-key --yes
  billkey --sandbox customer remove younghee_0002_5678 --yes --json

Exit codes:
  0 removed   8 not confirmed   10 there is no such customer
  9 the gateway was not reached
  1, 2, 3, 4 as usual; see `billkey help exit-codes`";

/// Remove a customer and keep its history
///
/// The customer no longer shows in lists; its payments stay. With --delete-billing-key the gateway
/// forgets the card too, and the customer has to register it again to be charged.
#[derive(Debug, Args)]
#[command(after_long_help = REMOVE_HELP)]
pub struct RemoveArgs {
    /// The customer to remove
    #[arg(value_name = "CUSTOMER_UID")]
    pub customer_uid: String,

    /// Have the gateway forget the card; this cannot be undone
    #[arg(long, help_heading = "What to remove")]
    pub delete_billing_key: bool,

    /// Remove without asking
    #[arg(long, short = 'y', help_heading = "How to ask")]
    pub yes: bool,
}

/// Keeps the customers whose cards can be charged.
pub fn run(args: &CustomerArgs, context: &mut Context<'_>) -> Result<Exit, Failure> {
    match &args.command {
        CustomerCommand::Register(args) => register::run(args, context),
        CustomerCommand::Link(args) => link::run(args, context),
        CustomerCommand::Links(args) => links::run(args, context),
        CustomerCommand::Listen(args) => listen::run(args, context),
        CustomerCommand::Add(args) => add::run(args, context),
        CustomerCommand::List(args) => list::run(args, context),
        CustomerCommand::Show(args) => show::run(args, context),
        CustomerCommand::Check(args) => check::run(args, context),
        CustomerCommand::Import(args) => import::run(args, context),
        CustomerCommand::Remove(args) => remove::run(args, context),
    }
}

/// A customer_uid that was never added: the near one is named, with what was to be done to it.
fn unknown_customer(ledger: &Ledger, uid: &CustomerUid, command: &str, settings: &Settings) -> Failure {
    let failure = Failure::not_found(format!("the ledger {} has no customer {uid}", ledger.place()));
    // Where it cannot be read now there is nothing near.
    match ledger.near_customer(uid).ok().flatten() {
        Some(near) => {
            failure.hinted(format!("did you mean {near}? {}", command_of(settings, command, near.as_str())))
        }
        None => {
            failure.hinted("`billkey customer list` shows those it has; `billkey customer add` saves one")
        }
    }
}
