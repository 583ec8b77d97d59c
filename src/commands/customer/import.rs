//! `billkey customer import`: many customers from a CSV file.

use std::io::Read;
use std::path::Path;

use crate::commands::context::Context;
use crate::commands::customer::ImportArgs;
use crate::commands::customer::answers::not_saved;
use crate::commands::customer::many::Many;
use crate::commands::customer::saving::{Profile, ask_for_new, check_new, keep};
use crate::commands::customer::sheet::{self, Line, Sheet};
use crate::commands::handed_in::{is_stdin, piped};
use crate::commands::naming::customer_meant;
use crate::commands::session::answered;
use crate::domain::customer::Customer;
use crate::domain::words::number_of;
use crate::failure::{Exit, Failure, Kind};
use crate::gateway::Client;
use crate::ledger::Ledger;
use crate::output::Format;

/// How many problems of one file are shown: more are fixed at their common cause.
const PROBLEMS_SHOWN: usize = 20;

pub(super) fn run(args: &ImportArgs, context: &mut Context<'_>) -> Result<Exit, Failure> {
    let name = if is_stdin(&args.file) { "stdin".to_owned() } else { args.file.display().to_string() };
    let bytes = if is_stdin(&args.file) { read_stdin()? } else { read_file(&args.file)? };
    let sheet = sheet::read(&bytes).map_err(|problems| unreadable(&name, &problems))?;
    let mut ledger = context.open_ledger()?;
    if !sheet.passed_over.is_empty() {
        let columns = sheet.passed_over.join(", ");
        context.ui.status(&format!("Not read from {name}, because the gateway tells it: {columns}"));
    }
    let gateway = if args.no_verify { None } else { Some(context.open_gateway()?) };
    let client = gateway.as_ref().map(|gateway| gateway.client.as_ref());
    save_all(&sheet, client, &mut ledger, context)
}

fn save_all(
    sheet: &Sheet,
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
            Err(failure) if failure.kind == Kind::Local => return Err(at_line(failure, line)),
            Err(failure) => {
                if many.fail(&at_line(failure, line), context.ui).is_break() {
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

fn at_line(failure: Failure, line: &Line) -> Failure {
    Failure { message: format!("line {}: {}", line.number, failure.message), ..failure }
}

fn read_stdin() -> Result<Vec<u8>, Failure> {
    let mut stdin = piped("billkey customer import - < customers.csv")?;
    let mut bytes = Vec::new();
    match stdin.read_to_end(&mut bytes) {
        Ok(_) => Ok(bytes),
        Err(error) => Err(Failure { kind: Kind::Usage, ..Failure::io("read stdin", &error) }),
    }
}

fn read_file(file: &Path) -> Result<Vec<u8>, Failure> {
    std::fs::read(file).map_err(|error| {
        let doing = format!("read {}", file.display());
        Failure { kind: Kind::Usage, ..Failure::io(doing, &error) }
    })
}

/// One problem as the message, several as lines under it.
fn unreadable(name: &str, problems: &[String]) -> Failure {
    if let [problem] = problems {
        return Failure::usage(format!("{name}: {problem}. Nothing was saved"));
    }
    let message = format!("{name} has {} problems; nothing was saved", problems.len());
    let shown = problems.iter().take(PROBLEMS_SHOWN);
    let failure =
        shown.fold(Failure::usage(message), |failure, problem| failure.detailed(format!("  {problem}")));
    match problems.len().checked_sub(PROBLEMS_SHOWN) {
        Some(more @ 1..) => failure.detailed(format!("  and {more} more")),
        Some(0) | None => failure,
    }
}

#[cfg(test)]
mod tests {
    use super::unreadable;
    use crate::failure::Kind;

    #[test]
    fn one_problem_is_the_message_and_many_are_lines_under_it() {
        let one = unreadable("a.csv", &["line 3 is not UTF-8".to_owned()]);
        assert_eq!((one.kind, one.details.len()), (Kind::Usage, 0));
        assert_eq!(one.message, "a.csv: line 3 is not UTF-8. Nothing was saved");
        let problems: Vec<String> = (2..24).map(|line| format!("line {line}: x")).collect();
        let many = unreadable("a.csv", &problems);
        assert_eq!(many.message, "a.csv has 22 problems; nothing was saved");
        assert_eq!((many.details.len(), many.details[20].as_str()), (21, "  and 2 more"));
    }
}
