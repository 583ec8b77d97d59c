//! `billkey customer link`: an address by which a customer registers a card elsewhere, once.

use std::time::Duration;

use clap::Args;

use crate::commands::context::Context;
use crate::commands::customer::link_row::LinkRow;
use crate::commands::customer::links::links_of;
use crate::commands::customer::public_url::public_url;
use crate::commands::customer::register_args::WindowArgs;
use crate::commands::customer::saving::registered_before;
use crate::commands::customer::window::Plan;
use crate::commands::session::answered;
use crate::domain::time::{Moment, format_duration, parse_duration};
use crate::failure::{Exit, Failure};
use crate::output::Format;
use crate::output::field::{Columns, Object};
use crate::output::text::{sentence, shell_word, when};
use crate::register::{Heard, How, KeptLink, Link, LinkFolder, LinkState, NewLink, link_address, random_hex};

const HELP: &str = "\
The page behind the link is served by `billkey customer listen` with the same
--public-url (or public_url in the profile), behind your web server. The link
works until one card was registered with it, and no longer than --expires. It
is printed here and kept nowhere: only its hash is. A new link for a customer
takes the place of an older one.

--name, --email and --tel are told to the PG's window, and kept where nothing
is known of the customer yet.

Examples:
  billkey --sandbox customer link gildong_0001_5678 \\
      --public-url http://127.0.0.1:8700
  billkey --sandbox customer link --name 홍길동 --expires 2d \\
      --public-url http://127.0.0.1:8700 --json

Exit codes:
  0 the link was made
  3 there is no public_url, or no imp_code in the profile
  9 the gateway was not reached
  1, 2, 4 as usual; see `billkey help exit-codes`";

/// Random bytes of a link's token: 160 bits.
const TOKEN_BYTES: usize = 20;

const SHORTEST: Duration = Duration::from_secs(60);
const LONGEST: Duration = Duration::from_secs(30 * 86_400);

/// Make a one-time link by which a customer registers a card
///
/// For a customer who is somewhere else: send the link, and the card is registered on the customer's own telephone
/// or computer, in the PG's window, and saved here once the gateway confirms it.
#[derive(Clone, Debug, Args)]
#[command(after_long_help = HELP)]
pub struct LinkArgs {
    #[command(flatten)]
    pub window: WindowArgs,

    /// Where customers reach `customer listen`, instead of the profile's public_url
    #[arg(long, value_name = "URL", help_heading = "How to make it")]
    pub public_url: Option<String>,

    /// How long it can be used: 1h, 24h, 7d
    #[arg(long, value_name = "DURATION", default_value = "24h", help_heading = "How to make it")]
    pub expires: String,
}

pub(super) fn run(args: &LinkArgs, context: &mut Context<'_>) -> Result<Exit, Failure> {
    let lifetime = lifetime(&args.expires)?;
    let public_url = public_url(args.public_url.as_deref(), context.settings)?;
    let public_url = public_url.ok_or_else(|| no_public_url(args, context))?;
    let mut plan = Plan::read(&args.window, context.settings)?;
    let ledger = context.open_ledger()?;
    let folder = links_of(&ledger);
    plan.remember(ledger.find_customer(&plan.customer_uid)?.as_ref());
    let gateway = context.open_gateway()?;
    let waiting = context.ui.waiting("asking the gateway for the billing key");
    let before = registered_before(&gateway.client, &plan.customer_uid);
    drop(waiting);
    let before = before.map_err(|failure| {
        let message = format!("{} No link was made for {}.", sentence(&failure.message), plan.customer_uid);
        Failure { message, ..failure }
    })?;
    for warning in plan.warnings(before.as_ref()) {
        context.ui.warning(&warning);
    }
    let token = random_hex(TOKEN_BYTES)?;
    let now = context.clock.now();
    let link = Link::new(NewLink {
        token: &token,
        customer_uid: plan.customer_uid.to_string(),
        window: plan.window.clone(),
        issue: plan.issue,
        before: before.as_ref(),
        given: [plan.given.name.clone(), plan.given.email.clone(), plan.given.tel.clone()],
        operator: context.settings.operator.clone(),
        lifetime,
        now: &now,
    });
    folder.add(&link, &now)?;
    take_back_older(&folder, &link, &now, context)?;
    let kept = KeptLink { link, end: None, heard: Heard::default() };
    let url = link_address(&public_url, &token);
    tell(&kept, &url, args.public_url.as_deref(), &now, context)
}

fn lifetime(text: &str) -> Result<Duration, Failure> {
    let lifetime = parse_duration(text)?;
    if (SHORTEST..=LONGEST).contains(&lifetime) {
        return Ok(lifetime);
    }
    let (shortest, longest) = (format_duration(SHORTEST), format_duration(LONGEST));
    Err(Failure::usage(format!("a link can be used for {shortest} to {longest}, and not for {text}")))
}

fn no_public_url(args: &LinkArgs, context: &Context<'_>) -> Failure {
    let settings = context.settings;
    let uid =
        args.window.customer_uid.as_deref().map(|uid| format!(" {}", shell_word(uid))).unwrap_or_default();
    let once = |url: &str| context.hint(&format!("customer link{uid} --public-url {url}"));
    if settings.sandbox() {
        let failure =
            Failure::config("the sandbox has no public_url, where customers reach it. No link was made");
        return failure.hinted(format!("on this machine: {}", once("http://127.0.0.1:8700")));
    }
    let message = format!(
        "the profile `{}` has no public_url, where customers reach this shop. No link was made",
        settings.profile
    );
    let place = match &settings.config_file {
        Some(path) => format!("set it in {}", path.display()),
        None => "run `billkey config init`, then set it".to_owned(),
    };
    Failure::config(message)
        .hinted(format!("{place}: public_url = \"https://shop.example.com/billkey\""))
        .hinted(format!("or once: {}", once("https://shop.example.com/billkey")))
}

/// One link a customer: of two, the second could register another card over the first one's.
fn take_back_older(
    folder: &LinkFolder,
    link: &Link,
    now: &Moment,
    context: &mut Context<'_>,
) -> Result<(), Failure> {
    for older in folder.all()? {
        let can_be_used = matches!(older.state(now), LinkState::Open | LinkState::Begun);
        let same = older.link.customer_uid == link.customer_uid && older.link.id() != link.id();
        if same && can_be_used && folder.end(&older.link, How::Revoked, now)? {
            context.ui.status(&format!("The link {} of before can be used no more.", older.link.id()));
        }
    }
    Ok(())
}

/// `given` is the public address, where the profile does not name it.
fn tell(
    kept: &KeptLink,
    url: &str,
    given: Option<&str>,
    now: &Moment,
    context: &mut Context<'_>,
) -> Result<Exit, Failure> {
    let given = given.map(|url| format!(" --public-url {}", shell_word(url))).unwrap_or_default();
    let listen = context.hint(&format!("customer listen --bind 127.0.0.1:8700{given}"));
    let links = context.hint("customer links");
    let ui = &mut *context.ui;
    let zone = ui.zone().clone();
    let row = LinkRow::new(kept, Some(url.to_owned()), now);
    let written = match ui.format() {
        Format::Table => {
            let until =
                kept.link.expires_at().map_or_else(String::new, |at| format!(", until {}", when(at, &zone)));
            let uid = &kept.link.customer_uid;
            ui.answer(&format!("A link for {uid}, to be used once{until}:\n  {url}"))
        }
        Format::Json | Format::Jsonl => ui.json(&Object::whole(&row, &zone)),
        Format::Plain | Format::Csv => {
            let list = ui.list(Columns::usual());
            list.and_then(|mut list| {
                list.row(&row)?;
                list.finish("").map(drop)
            })
        }
    };
    ui.status(&format!("Its page is served by\n  {listen}\nWhat becomes of it is listed by\n  {links}"));
    answered(written, Exit::Done)
}
