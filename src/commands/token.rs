//! `billkey token`.

use std::io;
use std::time::Duration;

use clap::Args;
use serde::Serialize;

use crate::commands::context::Context;
use crate::commands::session::answered;
use crate::domain::time::{format_duration, from_epoch_s, later};
use crate::failure::{Exit, Failure};
use crate::output::Format;
use crate::output::field::{Columns, Field, Give, Listed, Value};
use crate::output::text::{when, when_rfc3339};
use crate::output::ui::Ui;

const AFTER_HELP: &str = "\
Examples:
  billkey --sandbox token
  billkey --sandbox token --refresh --json
  billkey --sandbox token --show

Exit codes:
  0 there is a token   3 no key is set up   4 the gateway refused the key
  9 it was not reached
  1, 2 as usual; see `billkey help exit-codes`";

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

/// The answer, in the order of the contract.
#[derive(Serialize)]
struct TokenAnswer {
    access_token: String,
    /// RFC 3339 with offset.
    expires_at: String,
    /// Seconds.
    expires_in: u64,
    cached: bool,
}

/// Gets a token and says when it expires.
pub fn run(args: &TokenArgs, context: &mut Context<'_>) -> Result<Exit, Failure> {
    let token = context.open_gateway()?.client.token(args.refresh)?;
    // The gateway's clock says when; where it cannot be read, ours says how long.
    let expires_at = from_epoch_s(token.expires_at_s).unwrap_or_else(|| later(context.now(), token.left));
    let sandbox = context.settings.sandbox();
    let ui = &mut *context.ui;
    let access_token = match args.show {
        true => token.access_token.expose().to_owned(),
        false => token.access_token.masked(),
    };
    let answer = TokenAnswer {
        access_token,
        expires_at: when_rfc3339(expires_at, ui.zone()),
        expires_in: token.left.as_secs(),
        cached: token.cached,
    };
    let written = match ui.format() {
        Format::Json | Format::Jsonl => ui.json(&answer),
        Format::Plain | Format::Csv => write_row(&answer, ui),
        Format::Table if args.show => ui.answer(&answer.access_token),
        Format::Table => {
            let which = if sandbox { "SANDBOX token" } else { "Token" };
            let from = if token.cached { "from the cache" } else { "from the gateway" };
            let left = format_duration(Duration::from_secs(answer.expires_in));
            let when = when(expires_at, ui.zone());
            ui.answer(&format!("{which} {} {from}; it expires {when}, in {left}.", answer.access_token))
        }
    };
    answered(written, Exit::Done)
}

fn write_row(answer: &TokenAnswer, ui: &mut Ui) -> io::Result<()> {
    let mut list = ui.list::<TokenAnswer>(Columns::usual())?;
    list.row(answer)?;
    list.finish("").map(|_| ())
}

const fn field(name: &'static str, get: for<'a> fn(&'a TokenAnswer) -> Value<'a>) -> Field<TokenAnswer> {
    Field { name, heading: None, give: Give::Never, get }
}

impl Listed for TokenAnswer {
    const FIELDS: &'static [Field<TokenAnswer>] = &[
        field("access_token", |answer| Value::text(Some(&answer.access_token))),
        field("expires_at", |answer| Value::text(Some(&answer.expires_at))),
        field("expires_in", |answer| Value::Whole(i64::try_from(answer.expires_in).unwrap_or(i64::MAX))),
        field("cached", |answer| Value::Word(if answer.cached { "true" } else { "false" })),
    ];
    const TABLE: &'static [Field<TokenAnswer>] = TokenAnswer::FIELDS;
    const GIVES: &'static [(usize, usize)] = &[];
    const NOUN: &'static str = "token";
}
