//! `billkey customer import`: many customers from a file.

use crate::commands::context::Context;
use crate::commands::customer::ImportArgs;
use crate::commands::customer::answers::not_saved;
use crate::commands::customer::many::Many;
use crate::commands::customer::saving::{Profile, ask_for_new, check_new, keep};
use crate::commands::customer::sheet::{Line, Sheet, WANTED};
use crate::commands::handed_in;
use crate::commands::naming::customer_meant;
use crate::commands::session::answered;
use crate::domain::customer::Customer;
use crate::domain::words::number_of;
use crate::failure::{Exit, Failure, Kind};
use crate::gateway::Client;
use crate::intake::{Encoding, Places, Read};
use crate::ledger::Ledger;
use crate::output::Format;

pub(super) fn run(args: &ImportArgs, context: &mut Context<'_>) -> Result<Exit, Failure> {
    let (sheet, name, read) = read(args).map_err(nothing_saved)?;
    let mut ledger = context.open_ledger()?;
    if read.encoding == Encoding::Cp949 {
        context.ui.status(&format!("{name} was read as CP949, as Excel on a Korean Windows writes it."));
    }
    for warning in &read.warnings {
        context.ui.warning(&format!("{name}: {warning}"));
    }
    if !read.passed_over.is_empty() {
        let columns = read.passed_over.join(", ");
        context.ui.status(&format!("Not read from {name}, because the gateway tells it: {columns}"));
    }
    let gateway = if args.no_verify { None } else { Some(context.open_gateway()?) };
    let client = gateway.as_ref().map(|gateway| gateway.client.as_ref());
    save_all(&sheet, &read.places, client, &mut ledger, context)
}

/// The whole file, checked. The error names every problem there is.
fn read(args: &ImportArgs) -> Result<(Sheet, String, Read), Failure> {
    let mut sheet = Sheet::default();
    let handed_in = handed_in::read(
        &args.file,
        &args.input,
        "billkey customer import - < customers.csv",
        &WANTED,
        &mut |number, cells, problems| sheet.row(number, cells, problems),
    )?;
    let (name, mut read) = (handed_in.name, handed_in.read);
    read.problems = read.problems.with(sheet.twins(|line| read.places.row(line)));
    if read.problems.is_empty() { Ok((sheet, name, read)) } else { Err(handed_in::refused(&name, &read)) }
}

fn nothing_saved(failure: Failure) -> Failure {
    Failure { message: format!("{}. Nothing was saved", failure.message.trim_end_matches('.')), ..failure }
}

fn save_all(
    sheet: &Sheet,
    places: &Places,
    client: Option<&Client>,
    ledger: &mut Ledger,
    context: &mut Context<'_>,
) -> Result<Exit, Failure> {
    let total = u64::try_from(sheet.lines.len()).unwrap_or(u64::MAX);
    let mut many = Many::new();
    let progress = context.ui.progress(Some(total), "saving");
    let mut tried = 0;
    for line in &sheet.lines {
        let saved = save(line, client, ledger, context);
        tried += 1;
        progress.advance(1);
        match saved {
            Ok(customer) => many.succeed(customer, context.ui)?,
            // A ledger that cannot be written will not take the next line either.
            Err(failure) if failure.kind == Kind::Local => return Err(at_line(failure, line, places)),
            Err(failure) => {
                if many.fail(&at_line(failure, line, places), context.ui).is_break() {
                    break;
                }
            }
        }
    }
    drop(progress);
    if tried < total {
        context.ui.note(&format!(
            "Stopped: {} of {} not tried.",
            total - tried,
            number_of(total, "customer")
        ));
    }
    let saved = many.succeeded();
    if context.ui.format() == Format::Table {
        let of = number_of(total, "customer");
        let of = if saved < total { format!("{saved} of {of}") } else { number_of(saved, "customer") };
        answered(context.ui.done(&format!("Saved {of}.")), Exit::Done)?;
    } else {
        many.write_list("", context.ui)?;
    }
    Ok(many.exit())
}

/// Does for one line what `customer add` does.
fn save(
    line: &Line,
    client: Option<&Client>,
    ledger: &mut Ledger,
    context: &mut Context<'_>,
) -> Result<Customer, Failure> {
    let uid = &customer_meant(line.customer_uid.as_str(), Some(ledger))?;
    if client.is_none() && ledger.find_customer(uid)?.is_none() {
        check_new(uid).map_err(|failure| not_saved(failure, uid))?;
    }
    let registered = client.map(|client| ask_for_new(client, uid)).transpose();
    let registered = registered.map_err(|failure| not_saved(failure, uid))?;
    let (profile, now) = (Profile::of(context.settings), context.now());
    let kept = keep(ledger, uid, &line.given, registered.as_ref(), &profile, now)?;
    for warning in &kept.warnings {
        context.ui.warning(warning);
    }
    Ok(kept.customer)
}

fn at_line(failure: Failure, line: &Line, places: &Places) -> Failure {
    Failure { message: format!("{}: {}", places.row(line.number), failure.message), ..failure }
}
