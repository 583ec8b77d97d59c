//! `billkey setup`.

mod ask;
mod check;
mod desk;
mod keep;

use std::path::PathBuf;

use clap::Args;
use clap::builder::PossibleValuesParser;
use serde_json::json;

use crate::commands::session::{Session, answered};
use crate::commands::setup::ask::Answers;
use crate::commands::setup::desk::Desk;
use crate::failure::{Exit, Failure};
use crate::interrupt::Interrupts;
use crate::output::text::shell_word;
use crate::output::ui::Ui;
use crate::settings::Draft;

const AFTER_HELP: &str = "\
Where nobody can be asked, the answers are options, and the secret comes from a
file, from stdin, or from a program that prints it:
  billkey setup --imp-key 0000000000000000 --mode test \\
      --secret-from secret.txt
  billkey --profile main setup --imp-key 0000000000000000 --mode live \\
      -- secret-tool lookup service billkey profile main

Examples:
  billkey setup
  billkey --profile main setup --replace
  billkey --sandbox charge gildong_0001_1234 --amount 8900 --name Monthly \\
      --once-per month --yes

Exit codes:
  0 written   2 an answer is missing or cannot be; nothing was written
  4 the gateway refused key and secret   8 there is such a profile already
  9 the gateway was not reached; nothing was written
  130 interrupted, nothing was written
  1, 3 as usual; see `billkey help exit-codes`";

/// Set up a profile: ask for keys, try them, write them down
///
/// For the first day. Asks for the profile's name, the REST API key, the secret (unseen), whether
/// the account takes real money, and the code for registering cards. Key and secret are tried at
/// once: the gateway is asked for an access token, and for nothing else. Config file and secret file
/// are for their owner alone. Until the last answer nothing is written.
#[derive(Debug, Args)]
#[command(after_long_help = AFTER_HELP)]
pub struct SetupArgs {
    /// The REST API key of the console
    #[arg(long, value_name = "KEY", help_heading = "Answers")]
    imp_key: Option<String>,

    /// Take the REST API secret from this file, which must be for you alone, or from stdin (-)
    #[arg(long, value_name = "FILE", conflicts_with = "program", help_heading = "Answers")]
    secret_from: Option<PathBuf>,

    /// Whether the account takes real money
    #[arg(
        long,
        value_name = "MODE",
        value_parser = PossibleValuesParser::new(["live", "test"]),
        help_heading = "Answers"
    )]
    mode: Option<String>,

    /// The merchant's identification code, for `customer register`: imp and eight digits
    #[arg(long, value_name = "CODE", help_heading = "Answers")]
    imp_code: Option<String>,

    /// Change a profile that is there already
    #[arg(long, help_heading = "How to ask")]
    replace: bool,

    /// Do not try key and secret at the gateway
    #[arg(long, help_heading = "How to ask")]
    unchecked: bool,

    /// A program that prints the secret, with its arguments: it becomes imp_secret_command
    #[arg(value_name = "PROGRAM", last = true)]
    program: Vec<String>,
}

/// Asks, tries and writes. Only the config file is read, if there is one.
#[must_use]
pub fn run(args: &SetupArgs, session: &Session) -> u8 {
    session.without_settings(|ui| {
        if session.flags.sandbox {
            return Err(Failure::usage("the sandbox needs no setting up. Nothing was written").hinted(
                "billkey --sandbox charge gildong_0001_1234 --amount 8900 --name Monthly --once-per month --yes",
            ));
        }
        let draft = Draft::begin(&session.flags, &session.environment)?;
        let interrupts = Interrupts::watch().map_err(|error| Failure::io("watch for Ctrl-C", &error))?;
        let mut desk = Desk { ui, interrupts: &interrupts, session, args };
        let answers = ask::answers(&mut desk, draft)?;
        keep::keep(&answers)?;
        tell(&answers, desk.ui)
    })
}

fn tell(answers: &Answers, ui: &mut Ui) -> Result<Exit, Failure> {
    let Answers { draft, profile, .. } = answers;
    let path = draft.path().display();
    let secret_file = answers.secret_file();
    if ui.format().is_json() {
        let secret_file = secret_file.as_ref().map(|path| path.display().to_string());
        let written = ui.json(&json!({
            "profile": profile,
            "path": path.to_string(),
            "secret_file": secret_file,
            "checked": answers.checked,
        }));
        return answered(written, Exit::Done);
    }
    let secret =
        secret_file.map(|path| format!(", and its secret to {}", path.display())).unwrap_or_default();
    let mut text = format!("Wrote the profile {profile} to {path}{secret}, for you alone.");
    if let Some(default) = &answers.new_default {
        text.push_str(&format!("\nWithout --profile it is {default}, as before (default_profile)."));
    }
    text.push_str(
        "\n\nTo try a charge first, without money:\n  \
         billkey --sandbox charge gildong_0001_1234 --amount 8900 --name Monthly --once-per month --yes",
    );
    let billkey = match draft.default_is(profile) {
        true => "billkey".to_owned(),
        false => format!("billkey --profile {}", shell_word(profile)),
    };
    text.push_str(&format!("\nTo check all of this profile:\n  {billkey} doctor"));
    if draft.is_live(profile) && !draft.has(profile, "limits.max_amount") {
        text.push_str(&format!(
            "\nTo have a slip of the finger refused, such as one zero too many:\n  \
             {billkey} config set limits.max_amount 500,000"
        ));
    }
    answered(ui.done(&text), Exit::Done)
}
