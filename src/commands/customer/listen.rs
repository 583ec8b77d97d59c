//! `billkey customer listen`: `POST /billings` for a merchant's own pages.

use std::io::{self, Write};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use clap::Args;
use jiff::tz::TimeZone;
use serde::Serialize;
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

use crate::commands::context::{Context, Gateway};
use crate::commands::customer::answers::{refusal, saved};
use crate::commands::customer::saving::{Given, Profile, ask_for_new, keep};
use crate::commands::naming::customer_meant;
use crate::domain::time::Clock;
use crate::failure::{Exit, Failure};
use crate::gateway::Client;
use crate::ledger::Ledger;
use crate::output::Format;
use crate::output::options::is_broken_pipe;
use crate::output::text::{safe, when_rfc3339};

use crate::register::{Check, Log, Posted, Receiver, Saved, Server, check_origin};

const HELP: &str = "\
When the PG's window has registered the card, a page of yours posts the
customer_uid to /billings, as JSON, {\"customer_uid\": …}, or as a form, as
jQuery sends an object. The gateway is asked, the customer is saved, and the
answer is {\"customer_uid\", \"card_name\", \"card_number\"}, or a 4xx with a
reason. One line a request goes to stderr.

Beyond this machine every request needs `Authorization: Bearer SECRET`:
listen_secret, listen_secret_file or listen_secret_command of the profile. Let
your web server put it in.

Examples:
  billkey --sandbox customer listen --bind 127.0.0.1:8700
  billkey --sandbox customer listen --bind 127.0.0.1:8700 \\
      --allow-origin https://shop.example.com
  billkey --sandbox customer listen --bind 127.0.0.1:0 --json

Exit codes:
  0 it was stopped by Ctrl-C or SIGTERM   9 the address cannot be had
  3 there is no listen secret
  1, 2 as usual; see `billkey help exit-codes`";

/// Receive customer_uids from your own registration page
///
/// A small server for POST /billings behind your web server. What it is told is checked with the
/// gateway before anything is saved. It runs until Ctrl-C or SIGTERM.
#[derive(Debug, Args)]
#[command(after_long_help = HELP)]
pub struct ListenArgs {
    /// Where to listen, such as 127.0.0.1:8700; port 0 takes any that is free
    #[arg(long, value_name = "ADDR", help_heading = "Where to listen")]
    pub bind: SocketAddr,

    /// A site whose pages may post here, such as https://shop.example.com; can be repeated
    #[arg(long, value_name = "ORIGIN", help_heading = "Where to listen")]
    pub allow_origin: Vec<String>,
}

/// How long requests that are there may take to end after the signal.
const GRACE: Duration = Duration::from_secs(10);

#[derive(Serialize)]
struct ListenAnswer {
    address: String,
    endpoint: String,
}

pub(super) fn run(args: &ListenArgs, context: &mut Context<'_>) -> Result<Exit, Failure> {
    for origin in &args.allow_origin {
        check_origin(origin).map_err(|why| {
            Failure::usage(format!("the origin `{}` cannot be allowed: {why}", origin.escape_debug()))
        })?;
    }
    let secret = context.settings.listen_secret()?;
    if secret.is_none() && !args.bind.ip().is_loopback() {
        return Err(secret_missing(args.bind, context));
    }
    // Signals are held from here on, so that one that comes early still stops it in order.
    let mut signals =
        Signals::new([SIGINT, SIGTERM]).map_err(|error| Failure::io("wait for Ctrl-C", &error))?;
    let ledger = context.open_ledger()?;
    let gateway = context.open_gateway()?;
    let writer = log_of(Arc::clone(&context.clock), context.settings.zone.clone());
    let desk = desk(&gateway, ledger, context, Arc::clone(&writer));
    let receiver = Receiver { secret, origins: args.allow_origin.clone() };
    let server = Server::receiver(args.bind, receiver, desk, writer)?;
    announce(server.address(), context)?;
    signals.forever().next();
    server.stop(GRACE);
    Ok(Exit::Done)
}

fn secret_missing(bind: SocketAddr, context: &Context<'_>) -> Failure {
    let profile = &context.settings.profile;
    let failure = Failure::config(format!(
        "{bind} can be reached from other machines, and the profile `{profile}` has no listen_secret"
    ));
    if context.settings.sandbox() {
        return failure.hinted("the sandbox is for this machine alone: --bind 127.0.0.1:PORT");
    }
    failure.hinted(
        "set listen_secret_file (or listen_secret_command) in the profile; or --bind 127.0.0.1:PORT and let a \
         web server on this machine pass requests on",
    )
}

fn announce(address: SocketAddr, context: &mut Context<'_>) -> Result<(), Failure> {
    let endpoint = format!("http://{address}/billings");
    let ui = &mut *context.ui;
    let written = match ui.format() {
        Format::Table => ui.answer(&format!("Listening for POST {endpoint}")),
        Format::Plain => ui.answer(&endpoint),
        // A server has nothing to put into a spreadsheet.
        Format::Json | Format::Jsonl | Format::Csv => {
            ui.json(&ListenAnswer { address: address.to_string(), endpoint })
        }
    };
    match written {
        Err(error) if !is_broken_pipe(&error) => return Err(Failure::io("write the answer", &error)),
        // Who started it may have read what there was to read and closed the pipe.
        Err(_) | Ok(()) => {}
    }
    ui.status("Press Ctrl-C to stop.");
    Ok(())
}

/// What is done for each customer_uid that arrives.
fn desk(gateway: &Gateway, ledger: Ledger, context: &Context<'_>, log: Log) -> Check {
    let client = Arc::clone(&gateway.client);
    let (profile, clock) = (Profile::of(context.settings), Arc::clone(&context.clock));
    let ledger = Mutex::new(ledger);
    Arc::new(move |posted: &Posted| {
        let saved = save(posted, &client, &ledger, &profile, clock.as_ref(), &log);
        saved.map_err(|failure| refusal(&failure))
    })
}

fn save(
    posted: &Posted,
    client: &Client,
    ledger: &Mutex<Ledger>,
    profile: &Profile,
    clock: &dyn Clock,
    log: &Log,
) -> Result<Saved, Failure> {
    // A panic under the lock leaves the file as its last commit left it.
    let at_hand = || ledger.lock().unwrap_or_else(PoisonError::into_inner);
    // The page's spelling is no new customer where another one is known. The ledger is free while the gateway is
    // asked.
    let uid = customer_meant(posted.customer_uid.as_str(), Some(&at_hand()))?;
    let registered = ask_for_new(client, &uid)?;
    let mut ledger = at_hand();
    let kept = keep(&mut ledger, &uid, &Given::default(), Some(&registered), profile, clock.now().wall)?;
    for warning in &kept.warnings {
        log(&format!("warning: {warning}"));
    }
    Ok(saved(&kept.customer))
}

/// Lines on stderr, each in one piece with its time; they come from whichever thread has something
/// to say, and may hold anything a client sent.
fn log_of(clock: Arc<dyn Clock>, zone: TimeZone) -> Log {
    Arc::new(move |line: &str| {
        let at = when_rfc3339(clock.now().wall, &zone);
        // Stderr that cannot be written has nobody left to tell.
        let _ = io::stderr().write_all(format!("{at} {}\n", safe(line)).as_bytes());
    })
}
