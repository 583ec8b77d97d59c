//! `billkey customer links`: what became of the links that were made.

use clap::Args;

use crate::commands::context::Context;
use crate::commands::customer::link_row::LinkRow;
use crate::commands::session::answered;
use crate::domain::place::Place;
use crate::domain::words::number_of;
use crate::failure::{Exit, Failure};
use crate::ledger::Ledger;
use crate::output::field::Columns;
use crate::output::text::safe;
use crate::register::{How, KeptLink, LinkFolder, LinkState};

const HELP: &str = "\
STATE is open, begun (the PG's window was opened, and how that ended is not
known), used, expired or revoked. What ended is listed for 90 days.

Examples:
  billkey --sandbox customer links
  billkey --sandbox customer links --all --json
  billkey --sandbox customer links --revoke gildong_0001_5678

Exit codes:
  0 done, also when there is none   10 there is no such open link
  1, 2, 3 as usual; see `billkey help exit-codes`";

/// List the links that can be used, or take one back
///
/// Those that `billkey customer link` has made for this ledger. The addresses themselves are not shown: they are kept
/// nowhere. Nothing is asked of the gateway.
#[derive(Clone, Debug, Args)]
#[command(after_long_help = HELP)]
pub struct LinksArgs {
    /// Those that ended too
    #[arg(long, conflicts_with = "revoke", help_heading = "What to print")]
    pub all: bool,

    /// Take a link back, by its name or its customer_uid; can be repeated
    #[arg(long, value_name = "LINK", help_heading = "What to do")]
    pub revoke: Vec<String>,
}

/// The folder of a ledger's links.
pub(super) fn links_of(ledger: &Ledger) -> LinkFolder {
    match ledger.place() {
        Place::File(path) => LinkFolder::beside(&path),
    }
}

pub(super) fn run(args: &LinksArgs, context: &mut Context<'_>) -> Result<Exit, Failure> {
    let ledger = context.read_ledger()?;
    let folder = links_of(&ledger);
    let now = context.clock.now();
    let can_be_used = |kept: &KeptLink| matches!(kept.state(&now), LinkState::Open | LinkState::Begun);
    let all = folder.all()?;
    let shown: Vec<KeptLink> = if args.revoke.is_empty() {
        all.into_iter().filter(|kept| args.all || can_be_used(kept)).collect()
    } else {
        let open: Vec<KeptLink> = all.into_iter().filter(|kept| can_be_used(kept)).collect();
        revoke(&args.revoke, &open, &folder, context)?
    };
    let count = shown.len();
    let mut list = match context.ui.list(Columns::usual()) {
        Ok(list) => list,
        Err(error) => return answered(Err(error), Exit::Done),
    };
    let rows = shown.iter().map(|kept| LinkRow::new(kept, None, &now));
    let footer = match (args.revoke.is_empty(), number_of(u64::try_from(count).unwrap_or(u64::MAX), "link")) {
        (true, links) => links,
        (false, links) => format!("{links}, taken back"),
    };
    let written =
        rows.into_iter().try_for_each(|row| list.row(&row)).and_then(|()| list.finish(&footer).map(drop));
    if count == 0 && written.is_ok() {
        let place = ledger.place();
        context.ui.status(&format!("There are no open links of {place}; `billkey customer link` makes one."));
    }
    answered(written, Exit::Done)
}

/// Takes back what every one of the texts means; nothing where one of them means nothing.
fn revoke(
    texts: &[String],
    open: &[KeptLink],
    folder: &LinkFolder,
    context: &Context<'_>,
) -> Result<Vec<KeptLink>, Failure> {
    let is_meant = |kept: &KeptLink, text: &String| kept.link.id() == text || kept.link.customer_uid == *text;
    for text in texts {
        if !open.iter().any(|kept| is_meant(kept, text)) {
            let all = context.hint("customer links --all");
            let message = format!("there is no open link `{}`. Nothing was taken back", safe(text));
            return Err(Failure::not_found(message).hinted(format!("what became of the others: {all}")));
        }
    }
    let now = context.clock.now();
    let meant = open.iter().filter(|kept| texts.iter().any(|text| is_meant(kept, text)));
    let mut revoked = Vec::new();
    for kept in meant {
        folder.end(&kept.link, How::Revoked, &now)?;
        // Whoever was quicker has ended it in another way: what stands there is shown.
        revoked.extend(folder.get(kept.link.id())?);
    }
    Ok(revoked)
}
