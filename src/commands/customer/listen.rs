//! `billkey customer listen`: `POST /billings` for a merchant's own pages.

use std::io::{self, Write};
use std::net::SocketAddr;
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use clap::Args;
use jiff::tz::TimeZone;
use serde::Serialize;
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

use crate::commands::context::{Context, Gateway};
use crate::commands::customer::answers::{refusal, saved};
use crate::commands::customer::link_desk::{Desk, PageOfLinks};
use crate::commands::customer::links::links_of;
use crate::commands::customer::public_url::{host_of, public_url};
use crate::commands::customer::saving::{Given, Profile, ask_for_new, keep};
use crate::commands::customer::window::imp_code;
use crate::commands::naming::customer_meant;
use crate::domain::time::Clock;
use crate::failure::{Exit, Failure};
use crate::gateway::Client;
use crate::ledger::Ledger;
use crate::output::Format;
use crate::output::options::is_broken_pipe;
use crate::output::text::{safe, when_rfc3339};

use crate::register::{Check, LinkFolder, Links, Log, Posted, Receiver, Saved, Server, check_origin};

const HELP: &str = "\
When the PG's window has registered the card, a page of yours posts the
customer_uid to /billings, as JSON, {\"customer_uid\": …}, or as a form, as
jQuery sends an object. The gateway is asked, the customer is saved, and the
answer is {\"customer_uid\", \"card_name\", \"card_number\"}, or a 4xx with a
reason. One line a request goes to stderr.

With --public-url, or public_url in the profile, the pages behind the links of
`billkey customer link` are served too, at /card/: pass that on from your web
server, with the Host of the request or of this address. They need imp_code in
the profile and no secret: the link is one.

Beyond this machine every request needs `Authorization: Bearer SECRET`:
listen_secret, listen_secret_file or listen_secret_command of the profile. Let
your web server put it in.

Examples:
  billkey --sandbox customer listen --bind 127.0.0.1:8700
  billkey --sandbox customer listen --bind 127.0.0.1:8700 \\
      --allow-origin https://shop.example.com
  billkey --sandbox customer listen --bind 127.0.0.1:8700 \\
      --public-url http://127.0.0.1:8700
  billkey --sandbox customer listen --bind 127.0.0.1:0 --json

Exit codes:
  0 it was stopped by Ctrl-C or SIGTERM   9 the address cannot be had
  3 there is no listen secret, or no imp_code for the links
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

    /// Where customers reach this server: serves the pages behind links [default: the profile's public_url]
    #[arg(long, value_name = "URL", help_heading = "Where to listen")]
    pub public_url: Option<String>,
}

/// How often it is looked for cards of pages that were not heard of again.
const LOOKS_EVERY: Duration = Duration::from_secs(15);

/// How long requests that are there may take to end after the signal.
const GRACE: Duration = Duration::from_secs(10);

#[derive(Serialize)]
struct ListenAnswer {
    address: String,
    endpoint: String,
    /// Where links lead to; null where none are served.
    public_url: Option<String>,
}

pub(super) fn run(args: &ListenArgs, context: &mut Context<'_>) -> Result<Exit, Failure> {
    for origin in &args.allow_origin {
        check_origin(origin).map_err(|why| {
            Failure::usage(format!("the origin `{}` cannot be allowed: {why}", origin.escape_debug()))
        })?;
    }
    let public_url = public_url(args.public_url.as_deref(), context.settings)?;
    let imp_code = public_url.as_ref().map(|_| imp_code(context.settings)).transpose()?;
    let secret = context.settings.listen_secret()?;
    if secret.is_none() && !args.bind.ip().is_loopback() {
        return Err(secret_missing(args.bind, context));
    }
    // Signals are held from here on, so that one that comes early still stops it in order.
    let mut signals =
        Signals::new([SIGINT, SIGTERM]).map_err(|error| Failure::io("wait for Ctrl-C", &error))?;
    let ledger = context.open_ledger()?;
    let folder = links_of(&ledger);
    let ledger = Arc::new(Mutex::new(ledger));
    let gateway = context.open_gateway()?;
    let log = log_of(Arc::clone(&context.clock), context.settings.zone.clone());
    let links = public_url.clone().zip(imp_code).map(|(public_url, imp_code)| {
        let page = PageOfLinks {
            mode: context.settings.mode.word(),
            sdk_url: gateway.sdk_url.clone(),
            imp_code,
            host: host_of(&public_url).to_owned(),
        };
        let desk = link_desk(folder, page, &gateway, Arc::clone(&ledger), context, Arc::clone(&log));
        (Links { public_url, desk: desk.clone() }, desk)
    });
    let (links, looking) = links.unzip();
    let desk = desk(&gateway, ledger, context, Arc::clone(&log));
    let receiver = Receiver { secret, origins: args.allow_origin.clone() };
    let server = Server::receiver(args.bind, receiver, links, desk, log)?;
    let looking = looking.map(Looking::begin);
    announce(server.address(), public_url, context)?;
    signals.forever().next();
    server.stop(GRACE);
    drop(looking);
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

fn announce(
    address: SocketAddr,
    public_url: Option<String>,
    context: &mut Context<'_>,
) -> Result<(), Failure> {
    let endpoint = format!("http://{address}/billings");
    let ui = &mut *context.ui;
    let written = match ui.format() {
        Format::Table => {
            let links = public_url.as_ref().map(|url| format!("\nServing the links of {url}"));
            ui.answer(&format!("Listening for POST {endpoint}{}", links.unwrap_or_default()))
        }
        Format::Plain => ui.answer(&endpoint),
        // A server has nothing to put into a spreadsheet.
        Format::Json | Format::Jsonl | Format::Csv => {
            ui.json(&ListenAnswer { address: address.to_string(), endpoint, public_url })
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

fn link_desk(
    folder: LinkFolder,
    page: PageOfLinks,
    gateway: &Gateway,
    ledger: Arc<Mutex<Ledger>>,
    context: &Context<'_>,
    log: Log,
) -> Arc<Desk> {
    Arc::new(Desk {
        folder,
        page,
        ledger,
        client: Arc::clone(&gateway.client),
        profile: Profile::of(context.settings),
        clock: Arc::clone(&context.clock),
        log,
    })
}

/// Looks now and then for cards of pages that were not heard of again, until it is dropped.
struct Looking {
    over: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Looking {
    fn begin(desk: Arc<Desk>) -> Looking {
        let (over, ends) = channel::<()>();
        let look = move || loop {
            desk.look_after();
            if ends.recv_timeout(LOOKS_EVERY) != Err(RecvTimeoutError::Timeout) {
                break;
            }
        };
        // Without a thread nothing is looked for; a page that is opened again finds its card all the same.
        let thread = std::thread::Builder::new().name("links".to_owned()).spawn(look).ok();
        Looking { over: Some(over), thread }
    }
}

impl Drop for Looking {
    fn drop(&mut self) {
        self.over.take();
        let Some(thread) = self.thread.take() else { return };
        let begun = std::time::Instant::now();
        // It may be waiting for the gateway: the process ends, and with it whatever is left of that.
        while !thread.is_finished() && begun.elapsed() < Duration::from_secs(1) {
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

/// What is done for each customer_uid that arrives.
fn desk(gateway: &Gateway, ledger: Arc<Mutex<Ledger>>, context: &Context<'_>, log: Log) -> Check {
    let client = Arc::clone(&gateway.client);
    let (profile, clock) = (Profile::of(context.settings), Arc::clone(&context.clock));
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
