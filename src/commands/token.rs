//! `billkey token`.

use std::sync::Arc;

use clap::Args;
use serde_json::json;

use crate::clock::SystemClock;
use crate::commands::connect::connect;
use crate::commands::session::answered;
use crate::domain::time::{Clock, format_duration, from_epoch_s, later};
use crate::failure::{Exit, Failure};
use crate::output::Format;
use crate::output::text::{when, when_rfc3339};
use crate::output::ui::Ui;
use crate::settings::Settings;

const AFTER_HELP: &str = "\
Examples:
  billkey --sandbox token
  billkey --sandbox token --refresh --json
  billkey --sandbox token --show

Exit codes:
  0 there is a token   3 no key is set up   4 the gateway refused the key   9 it was not reached
  1, 2 as ever: see `billkey help exit-codes`";

/// Get an access token, or see the one at hand
///
/// Every command that needs a token gets one by itself. This one shows that key and secret are
/// right, and lends the token to other programs with --show. The token is kept in a file of its own
/// until a minute before it expires.
#[derive(Debug, Args)]
#[command(after_long_help = AFTER_HELP)]
pub struct TokenArgs {
    /// Ask the gateway even if there is a token at hand
    #[arg(long, help_heading = "How to ask")]
    refresh: bool,

    /// Print the token itself, and in a table nothing else
    #[arg(long, help_heading = "What to print")]
    show: bool,
}

/// Gets a token and says when it expires.
pub fn run(args: &TokenArgs, settings: &Settings, ui: &mut Ui) -> Result<Exit, Failure> {
    let clock = Arc::new(SystemClock::start());
    let connection = connect(settings, clock.clone())?;
    let token = connection.client.token(args.refresh)?;
    // The gateway's clock says when; where it cannot be read, ours says how long.
    let expires_at = from_epoch_s(token.expires_at_s).unwrap_or_else(|| later(clock.now().wall, token.left));
    let shown = match args.show {
        true => token.access_token.expose().to_owned(),
        false => token.access_token.masked(),
    };
    let from = if token.cached { "from the cache" } else { "from the gateway" };
    let seconds = token.left.as_secs();
    let written = match ui.format() {
        Format::Json | Format::Jsonl => ui.json(&json!({
            "access_token": shown,
            "expires_at": when_rfc3339(expires_at, ui.zone()),
            "expires_in": seconds,
            "cached": token.cached,
        })),
        Format::Table | Format::Plain | Format::Csv if args.show => ui.answer(&shown),
        Format::Table => ui.answer(&format!(
            "{shown} {from}, expires {}, in {}.",
            when(expires_at, ui.zone()),
            format_duration(std::time::Duration::from_secs(seconds)),
        )),
        Format::Plain => ui.answer(&format!(
            "{shown}\t{}\t{seconds}\t{}",
            when_rfc3339(expires_at, ui.zone()),
            token.cached
        )),
        Format::Csv => ui.answer(&format!(
            "access_token,expires_at,expires_in,cached\r\n{shown},{},{seconds},{}\r",
            when_rfc3339(expires_at, ui.zone()),
            token.cached
        )),
    };
    answered(written, Exit::Done)
}
