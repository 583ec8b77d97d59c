//! `billkey help`.

use clap::Args;
use serde_json::json;

use crate::commands::session::answered;
use crate::domain::payment::Outcome;
use crate::domain::words::nearest;
use crate::failure::{EXIT_CODES, Exit, ExitCode, Failure};
use crate::output::text::pad;
use crate::output::ui::Ui;
use crate::sandbox::{CONTROL_ENDPOINTS, FAULT_GRAMMAR, IMP_KEY, IMP_SECRET, faults, seeded_customers};

const AFTER_HELP: &str = "\
Topics: exit-codes, states, sandbox.

Examples:
  billkey help charge
  billkey help customer add
  billkey help exit-codes

Exit codes:
  0 done   2 there is no such command or topic";

/// Explain a command or a topic
#[derive(Debug, Args)]
#[command(after_long_help = AFTER_HELP)]
pub struct HelpArgs {
    /// A command such as `charge` or `customer add`, or one of exit-codes, states and sandbox
    #[arg(value_name = "COMMAND|TOPIC")]
    words: Vec<String>,
}

const TOPICS: [&str; 3] = ["exit-codes", "states", "sandbox"];

/// Prints the page that was asked for. `sandbox` is a topic and a command; the topic tells of both.
pub fn run(args: &HelpArgs, root: clap::Command, ui: &mut Ui) -> Result<Exit, Failure> {
    let words: Vec<&str> = args.words.iter().map(String::as_str).collect();
    let written = match words.as_slice() {
        ["exit-codes"] if ui.format().is_json() => {
            let line =
                |line: &ExitCode| json!({ "code": line.code, "meaning": line.meaning, "again": line.again });
            ui.json(&EXIT_CODES.iter().map(line).collect::<Vec<_>>())
        }
        ["exit-codes"] => ui.answer(&exit_codes()),
        ["states"] => ui.answer(&states()),
        ["sandbox"] => ui.answer(&sandbox()),
        _ => ui.answer(&page(root, &words)?),
    };
    answered(written, Exit::Done)
}

/// The long help of a command.
fn page(mut root: clap::Command, words: &[&str]) -> Result<String, Failure> {
    root.build();
    let mut command = &mut root;
    for word in words {
        let mut known: Vec<String> = command.get_subcommands().map(|sub| sub.get_name().to_owned()).collect();
        if command.get_name() == "billkey" {
            known.extend(TOPICS.map(str::to_owned));
        }
        match command.find_subcommand_mut(word) {
            Some(found) => command = found,
            None => return Err(unknown(&words.join(" "), word, &known)),
        }
    }
    Ok(command.render_long_help().to_string())
}

fn unknown(asked: &str, word: &str, known: &[String]) -> Failure {
    let failure = Failure::usage(format!("there is no command or topic `{}`", asked.escape_debug()));
    match nearest(word, known.iter().map(String::as_str)) {
        Some(near) => failure.hinted(format!("did you mean `{near}`")),
        None => {
            failure.hinted("`billkey help` lists the commands; topics are exit-codes, states and sandbox.")
        }
    }
}

/// The table of exit codes.
#[must_use]
pub fn exit_codes() -> String {
    let widest = EXIT_CODES.iter().map(|line| line.again.len()).max().unwrap_or(0);
    let mut text = format!("CODE  {}  MEANING\n", pad("RUN IT AGAIN?", widest));
    for line in &EXIT_CODES {
        text.push_str(&format!("{:>4}  {}  {}\n", line.code, pad(line.again, widest), line.meaning));
    }
    text + "\nA command that does many things ends with the most serious: 7, 1, 4, 3, 9, 11, 8, 6, 5, 10, 0.\n"
}

fn states() -> String {
    let mut text = "Was the customer charged? A payment is in one of these states.\n".to_owned();
    for outcome in Outcome::ALL {
        text.push_str(&format!("\n{}\n{}\n", outcome.word(), advice(outcome)));
    }
    text + "
One merchant_uid is one payment, for ever. Run the SAME command again as often
as you like: it asks before it sends, and what is paid is never sent again. With
another customer, amount or currency it is refused (exit 8), nothing is sent.

The same order is the same merchant_uid, given or made by --once-per. The same
customer, plan and period is the same order, on any machine and under any
profile name. An open payment of a customer is cleared up before another one of
the same amount goes out.

billkey asks the gateway about an order before it sends it, every time. No
answer, no send: run it again. While look-ups are down, billkey doctor says so,
and what to do if it lasts. Two ledgers that charge one order in the same second
are fenced by the gateway alone: one account, one ledger.

The ledger notices that it is older than it was, and then waits settle_after and
says so until you accept it. It never closes for that.

settle_after (15m unless configured) is how long a charge that the gateway does
not show may still be on its way, or hidden. Until it has passed since the last
send, unknown and pending stay what they are, and nothing is sent; after that
the same command may send the same merchant_uid once more.

billkey reconcile [ID...] asks the gateway about unknown and pending payments,
all of them or these, and charges nothing. Use it after an outage, a crash or a
restored backup, and whenever a customer wants to know now. What it leaves
undecided: run it again after settle_after. With --since it compares all that
the gateway has with the ledger: --import records what was made elsewhere, --fix
takes the gateway's word for status and refunds.

billkey history show ID tells every attempt; billkey doctor finds what is wrong
with keys, network, disk and clock.
"
}

/// What is known, what the customer sees, what to do and what never to do.
fn advice(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Paid => {
            "  known     charged: the gateway says so, for this order, amount and currency
  customer  the charge, on the statement of the card
  do        nothing; the same command again tells the stored result
  never     charge it once more under a new merchant_uid"
        }
        Outcome::Declined => {
            "  known     the gateway has it as failed; \"Nothing was charged\" is said where
            the reason proves it; a `doubt` says why it is not certain
  customer  nothing, or the card company's message about a refused charge
  do        tell the customer the reason; later the same command with --retry
            (a doubt is looked up again by every run, and its --retry waits)
  never     retry in a loop: the reason does not go away by itself"
        }
        Outcome::Rejected => {
            "  known     the gateway refused it and shows no payment; \"Nothing was charged\"
            is said where its words prove it
  customer  nothing
  do        read the message: often the customer_uid or the PG's setup is wrong;
            fix it, then the same command with --retry
  never     change the merchant_uid to get past a refusal"
        }
        Outcome::Unknown => {
            "  known     perhaps charged: the request may have arrived, no usable answer came
  customer  perhaps the charge
  do        billkey reconcile ID, or the same command again: both ask first;
            what never shows is closed by hand: billkey reconcile ID --note
  never     charge under a new merchant_uid, or tell the customer it failed"
        }
        Outcome::NotSent => {
            "  known     no request was processed, or no trace of one shows after the wait
  customer  nothing
  do        fix the network (billkey doctor), then the same command again
  never     make up a new merchant_uid: this one is still good"
        }
        Outcome::Pending => {
            "  known     perhaps charged: it is on its way now, or its process was ended
  customer  perhaps the charge
  do        wait a minute; if it stays, the same as for unknown
  never     the same as for unknown; nor delete the ledger to get rid of it"
        }
    }
}

fn sandbox() -> String {
    let mut text = format!(
        "With --sandbox a command talks to an I'mport-like gateway inside this program: on 127.0.0.1, over
real HTTP, with a book and a ledger of its own that outlast the run. No configuration, no key, no
network, no money. `billkey sandbox serve` runs the same gateway alone, for other programs; its key is
{IMP_KEY}, its secret {IMP_SECRET}.

CUSTOMERS
A new book has these; what a charge does depends on whom it charges.

"
    );
    let customers = seeded_customers();
    let widest = customers.iter().map(|customer| customer.customer_uid.len()).max().unwrap_or(0);
    for customer in customers {
        text.push_str(&format!("  {}  {}\n", pad(customer.customer_uid, widest), customer.what));
    }
    text.push_str("\nFAULTS\nBILLKEY_SANDBOX_FAULTS makes the gateway misbehave, for this run:\n\n");
    text.push_str("  BILLKEY_SANDBOX_FAULTS=lost_after billkey --sandbox charge gildong_0001_1234 \\\n");
    text.push_str("      --amount 8900 --name \"Monthly subscription\" --merchant-uid order_1 --yes\n\n");
    text.push_str(FAULT_GRAMMAR);
    text.push('\n');
    for fault in faults() {
        let name = format!("{}{}", fault.name, fault.argument);
        text.push_str(&format!("  {name}\n      {}\n", fault.what));
    }
    text.push_str("\nCONTROL\nThe gateway answers these too, for tests:\n\n");
    for (endpoint, what) in CONTROL_ENDPOINTS {
        text.push_str(&format!("  {endpoint}\n      {what}\n"));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::{exit_codes, page, sandbox, states};
    use crate::domain::payment::Outcome;
    use crate::failure::{EXIT_CODES, Kind};
    use crate::sandbox::faults;

    #[test]
    fn the_topics_tell_all_there_is() {
        for line in &EXIT_CODES {
            assert!(exit_codes().contains(line.meaning));
        }
        for outcome in Outcome::ALL {
            let states = states();
            let about = states.split("\n\n").find(|part| part.starts_with(outcome.word())).unwrap();
            for what in ["known", "customer", "do", "never"] {
                assert!(about.contains(&format!("\n  {what} ")), "{outcome}: {what}");
            }
        }
        assert!(states().contains("settle_after") && states().contains("billkey reconcile"));
        for fault in faults() {
            assert!(sandbox().contains(fault.what));
        }
    }

    #[test]
    fn the_page_for_the_night_fits_a_terminal_of_80_columns() {
        for line in states().lines() {
            assert!(line.len() <= 80, "{line}");
        }
    }

    fn root() -> clap::Command {
        let add = clap::Command::new("add").about("Save a customer");
        clap::Command::new("billkey").subcommand(clap::Command::new("customer").subcommand(add))
    }

    #[test]
    fn a_command_is_explained_by_its_path() {
        assert!(page(root(), &["customer", "add"]).unwrap().contains("Usage: billkey customer add"));
        assert!(page(root(), &[]).unwrap().contains("Commands:"));
    }

    #[test]
    fn a_slip_of_the_finger_is_told_the_nearest_name() {
        let failure = page(root(), &["exit-code"]).unwrap_err();
        assert_eq!(failure.kind, Kind::Usage);
        assert_eq!(failure.hints, ["did you mean `exit-codes`"]);
        assert_eq!(page(root(), &["customer", "ad"]).unwrap_err().hints, ["did you mean `add`"]);
    }
}
