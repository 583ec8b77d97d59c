//! `billkey sandbox`.

use clap::{Args, Subcommand};
use serde::Serialize;
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

use crate::commands::context::{Context, start_sandbox};
use crate::commands::whole::whole;
use crate::failure::{Exit, Failure};
use crate::output::Format;
use crate::output::options::is_broken_pipe;
use crate::sandbox::{IMP_KEY, IMP_SECRET};

const AFTER_HELP: &str = "\
Examples:
  billkey sandbox serve
  billkey sandbox serve --port 8787
  billkey help sandbox

`billkey sandbox serve --help` says more, and its exit codes.";

/// Run the gateway that --sandbox uses, alone
#[derive(Debug, Args)]
#[command(arg_required_else_help = true, after_long_help = AFTER_HELP)]
pub struct SandboxArgs {
    #[command(subcommand)]
    command: SandboxCommand,
}

#[derive(Debug, Subcommand)]
enum SandboxCommand {
    Serve(ServeArgs),
}

const SERVE_HELP: &str = "\
It keeps the same book as `billkey --sandbox`. BILLKEY_SANDBOX_FAULTS tells it
how to misbehave: see `billkey help sandbox`.

Examples:
  billkey sandbox serve
  billkey sandbox serve --port 8787
  billkey sandbox serve --json

Exit codes:
  0 it was stopped   1 the port or the book cannot be had
  2, 3 as usual; see `billkey help exit-codes`";

/// Serve an I'mport-like gateway on this machine
///
/// For programs that talk to I'mport themselves, and to try how they bear faults. It listens on
/// 127.0.0.1 alone and runs until Ctrl-C or SIGTERM. No money moves.
#[derive(Debug, Args)]
#[command(after_long_help = SERVE_HELP)]
struct ServeArgs {
    /// The port; 0 takes any that is free
    #[arg(
        long,
        value_name = "N",
        value_parser = whole::<u16>(0..=65_535),
        allow_negative_numbers = true,
        default_value_t = 0,
        help_heading = "Where to listen"
    )]
    port: u16,
}

#[derive(Serialize)]
struct ServeAnswer {
    api_url: String,
    imp_key: &'static str,
    imp_secret: &'static str,
    book: String,
}

/// Runs the sandbox until it is told to stop.
pub fn run(args: &SandboxArgs, context: &mut Context<'_>) -> Result<Exit, Failure> {
    let SandboxCommand::Serve(ServeArgs { port }) = &args.command;
    // Signals are held from here on, so that one that comes early still stops it in order.
    let mut signals =
        Signals::new([SIGINT, SIGTERM]).map_err(|error| Failure::io("wait for Ctrl-C", &error))?;
    let sandbox = start_sandbox(context.settings, *port)?;
    let api_url = sandbox.api_url();
    let book = context.settings.book.as_ref().map(|book| book.display().to_string()).unwrap_or_default();
    let ui = &mut *context.ui;
    let written = match ui.format() {
        Format::Table => ui.answer(&format!(
            "SANDBOX gateway at {api_url}\n  imp_key     {IMP_KEY}\n  imp_secret  {IMP_SECRET}\n  \
             book        {book}"
        )),
        Format::Plain => ui.plain(&[&api_url, IMP_KEY, IMP_SECRET, &book]),
        // A server has nothing to put into a spreadsheet.
        Format::Json | Format::Jsonl | Format::Csv => {
            ui.json(&ServeAnswer { api_url, imp_key: IMP_KEY, imp_secret: IMP_SECRET, book })
        }
    };
    match written {
        Err(error) if !is_broken_pipe(&error) => return Err(Failure::io("write the answer", &error)),
        // Who started it may have read what there was to read and closed the pipe.
        Err(_) | Ok(()) => {}
    }
    ui.status("Press Ctrl-C to stop.");
    signals.forever().next();
    drop(sandbox);
    Ok(Exit::Done)
}
