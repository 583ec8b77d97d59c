//! `billkey customer import`: many customers from a CSV file.

use std::io::{self, IsTerminal, Read};
use std::path::Path;

use crate::commands::context::Context;
use crate::commands::customer::ImportArgs;
use crate::commands::customer::answers::not_saved;
use crate::commands::customer::many::{Many, customers};
use crate::commands::customer::saving::{House, ask_for_new, check_new, keep};
use crate::commands::customer::sheet::{self, Line, Sheet};
use crate::commands::naming::customer_meant;
use crate::commands::session::answered;
use crate::domain::customer::Customer;
use crate::failure::{Exit, Failure, Kind};
use crate::gateway::Client;
use crate::ledger::Ledger;
use crate::output::Format;

/// How many problems of one file are shown: more are mended at their common cause.
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
        context.ui.note(&format!("Stopped: {} of {} not tried.", total - tried, customers(total)));
    }
    let saved = many.succeeded();
    if context.ui.format() == Format::Table {
        let of = if saved < total { format!("{saved} of {}", customers(total)) } else { customers(saved) };
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
    let (house, now) = (House::of(context.settings), context.now());
    let kept = keep(ledger, uid, &line.given, registered.as_ref(), &house, now)?;
    for warning in &kept.warnings {
        context.ui.warning(warning);
    }
    Ok(kept.customer)
}

fn at_line(failure: Failure, line: &Line) -> Failure {
    Failure { message: format!("line {}: {}", line.number, failure.message), ..failure }
}

fn is_stdin(file: &Path) -> bool {
    file == Path::new("-")
}

fn read_stdin() -> Result<Vec<u8>, Failure> {
    let stdin = io::stdin();
    if stdin.is_terminal() {
        return Err(Failure::usage("stdin is a terminal; name a file, or send one into it")
            .hinted("billkey customer import - < customers.csv"));
    }
    let mut bytes = Vec::new();
    match stdin.lock().read_to_end(&mut bytes) {
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
