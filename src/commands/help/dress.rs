//! What of a command `-h` shows, and what `--help` does not repeat for each.
//!
//! `-h` is one screen of 24 lines for the commands of every day: the options that are used often stand here, the rest
//! is in `--help`. The options that every command takes are a topic of their own.

use clap::{Arg, ArgAction, Command};

/// The options of long commands that `-h` shows.
const USUAL: [(&str, &[&str]); 11] = [
    ("charge", &["amount", "name", "merchant_uid", "once_per", "yes", "dry_run", "retry"]),
    (
        "batch",
        &["once_per", "plan", "workers", "max_failures", "yes", "dry_run", "results", "retry_declined"],
    ),
    ("refund", &["full", "amount", "reason", "yes", "dry_run"]),
    ("history", &["customer", "status", "card", "on", "since", "until", "all", "columns"]),
    ("reconcile", &["since", "until", "customer", "all", "import"]),
    ("report", &["since", "until", "by", "html", "export", "output"]),
    ("customer register", &["name", "amount", "product", "no_open", "wait"]),
    ("customer link", &["name", "product", "amount", "expires", "public_url"]),
    ("customer add", &["name", "email", "tel"]),
    ("customer import", &["dry_run", "yes"]),
    ("doctor", &[]),
];

/// The command line as its help shows it. It takes what it took.
#[must_use]
pub fn dressed(root: Command) -> Command {
    let of_every_command = |arg: Arg| match arg.is_global_set() {
        true => arg.hide_short_help(true).hide_long_help(true),
        false => arg,
    };
    dress(root.mut_args(of_every_command), "")
}

fn dress(command: Command, above: &str) -> Command {
    let is_root = above.is_empty();
    let name = format!("{above} {}", command.get_name()).trim_start().to_owned();
    let path = name.strip_prefix("billkey ").unwrap_or_default();
    let usual = USUAL.iter().find(|(command, _)| *command == path).map(|(_, usual)| *usual);
    let mut left_out = 0_u32;
    let command = command.mut_args(|arg| match usual {
        Some(usual) if !arg.is_positional() && !usual.contains(&arg.get_id().as_str()) => {
            left_out += 1;
            arg.hide_short_help(true)
        }
        Some(_) | None => arg,
    });
    // It says of itself what nobody needs to be told twice: how to see the page that is being read.
    let help = Arg::new("help").short('h').long("help").action(ArgAction::Help).help("Print help");
    let help = help.hide_short_help(true).hide_long_help(true);
    let command = command.disable_help_flag(true).arg(help);
    let command = command.mut_subcommands(|subcommand| dress(subcommand, &name));
    if is_root {
        return command;
    }
    let more = match left_out {
        0 => "says more, with examples".to_owned(),
        1 => "has one option more, and examples".to_owned(),
        _ => format!("has {left_out} options more, and examples"),
    };
    let short = format!(
        "`{name} --help` {more};\n`billkey help globals` has --sandbox, --profile, --json and the like."
    );
    let long = command.get_after_long_help().or_else(|| command.get_after_help());
    let long = long.map(ToString::to_string).unwrap_or_default();
    let globals = "Options of every command, such as --sandbox: `billkey help globals`";
    command.after_help(short).after_long_help(format!("{long}\n\n{globals}"))
}

#[cfg(test)]
mod tests {
    use clap::{Arg, Command};

    use super::dressed;

    fn root() -> Command {
        let name = Arg::new("name").long("name").help("Its name");
        let rest = Arg::new("tax_free").long("tax-free").help("Free of tax");
        let charge = Command::new("charge").arg(name).arg(rest).after_long_help("Examples:\n  x");
        let sandbox = Arg::new("sandbox").long("sandbox").global(true).num_args(0).help("No money");
        Command::new("billkey").arg(sandbox).subcommand(charge)
    }

    fn page(flag: &str) -> String {
        dressed(root()).try_get_matches_from(["billkey", "charge", flag]).unwrap_err().to_string()
    }

    #[test]
    fn the_short_page_has_the_usual_options_and_says_how_many_there_are_besides() {
        let short = page("-h");
        assert!(short.contains("--name") && !short.contains("--tax-free"), "{short}");
        assert!(!short.contains("Examples") && short.contains("has one option more"), "{short}");
        let long = page("--help");
        assert!(long.contains("--tax-free") && long.contains("Examples:\n  x\n"), "{long}");
        assert!(long.ends_with("`billkey help globals`\n"), "{long}");
    }

    #[test]
    fn what_every_command_takes_is_on_no_page_and_taken_all_the_same() {
        assert!(!page("--help").contains("No money") && !page("-h").contains("No money"));
        let matches = dressed(root()).try_get_matches_from(["billkey", "charge", "--sandbox"]).unwrap();
        assert!(matches.get_flag("sandbox"));
    }
}
