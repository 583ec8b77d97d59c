//! What a shell completes: commands and options, and what the ledger and the config file know of their values.
//!
//! The shell runs this program with the words that stand on its line. Nothing is written and nothing is said on
//! stderr, whatever goes wrong: a word that cannot be completed is one without candidates. Only values that every
//! shell takes as they are come up, because they are put onto a command line as they stand.

use std::ffi::{OsStr, OsString};
use std::path::PathBuf;
use std::sync::Arc;

use clap::{Arg, Command};
use clap_complete::CompleteEnv;
use clap_complete::engine::{ArgValueCompleter, CompletionCandidate};

use crate::commands::statuses::status_words;
use crate::commands::topics::TOPICS;
use crate::domain::customer::Customer;
use crate::domain::payment::Payment;
use crate::domain::period::KINDS;
use crate::domain::retry_rules::Group;
use crate::ledger::Ledger;
use crate::output::field::Columns;
use crate::output::text::{safe, when};
use crate::settings::{Environment, Flags, Key, Settings, profile_names};

/// Set by the scripts of `billkey completions`: the shell.
pub const VARIABLE: &str = "BILLKEY_COMPLETE";

/// So many values come up at once.
const CANDIDATES_MAX: usize = 50;

/// What goes on from the beginning of a value.
type Find = Box<dyn Fn(&str) -> Vec<CompletionCandidate> + Send + Sync>;

/// What is completed with.
struct Knowledge {
    flags: Flags,
    environment: Environment,
    /// The words of the line.
    words: Vec<String>,
    root: fn() -> Command,
}

/// Answers a shell that wants to know how a word goes on, and says with which exit code; `None` where it was not a
/// shell that asked. `arguments` are the process's own.
#[must_use]
pub fn answer(arguments: &[OsString], environment: &Environment, root: fn() -> Command) -> Option<u8> {
    environment.lossy(VARIABLE)?;
    let words = arguments.iter().skip_while(|word| *word != "--").skip(1);
    let words: Vec<String> = words.map(|word| word.to_string_lossy().into_owned()).collect();
    let flags = flags_of(&words, environment);
    let environment = environment.clone();
    let knowledge = Arc::new(Knowledge { flags, environment, words, root });
    let complete = CompleteEnv::with_factory(|| dressed(root(), &knowledge)).var(VARIABLE);
    let folder = std::env::current_dir().ok();
    match complete.bin("billkey").completer("billkey").try_complete(arguments.to_vec(), folder.as_deref()) {
        Ok(true) => Some(0),
        Ok(false) => None,
        Err(_) => Some(1),
    }
}

/// The flags on the line that say which ledger is meant.
fn flags_of(words: &[String], environment: &Environment) -> Flags {
    let mut flags = Flags::default();
    let mut words = words.iter().map(String::as_str).take_while(|word| *word != "--").peekable();
    while let Some(word) = words.next() {
        let (name, mut value) =
            word.split_once('=').map_or((word, None), |(name, value)| (name, Some(value)));
        if matches!(name, "--profile" | "--config" | "--database") && value.is_none() {
            // bash takes `--profile=x` for three words.
            words.next_if_eq(&"=");
            value = words.next();
        }
        let value = value.map(unquoted);
        let path = || value.as_deref().map(|value| at_home(value, environment));
        match name {
            "--sandbox" => flags.sandbox = true,
            "--profile" => flags.profile = value,
            "--config" => flags.config = path(),
            "--database" => flags.database = path(),
            _ => {}
        }
    }
    flags
}

/// A word as the shell will hand it over: it stands here as it was typed.
fn unquoted(word: &str) -> String {
    let inner = |quote| word.strip_prefix(quote).map(|rest| rest.strip_suffix(quote).unwrap_or(rest));
    inner('\'').or_else(|| inner('"')).map_or_else(|| word.replace('\\', ""), str::to_owned)
}

fn at_home(path: &str, environment: &Environment) -> PathBuf {
    match (path.strip_prefix("~/"), &environment.folders().home) {
        (Some(rest), Some(home)) => home.join(rest),
        (_, _) => PathBuf::from(path),
    }
}

/// The command line, each argument with what completes it.
fn dressed(command: Command, knowledge: &Arc<Knowledge>) -> Command {
    let name = command.get_name().to_owned();
    let command = command.mut_args(|argument| completed(argument, &name, knowledge));
    command.mut_subcommands(|sub| dressed(sub, knowledge))
}

fn completed(argument: Arg, command: &str, knowledge: &Arc<Knowledge>) -> Arg {
    let known = Arc::clone(knowledge);
    let find: Find = match (command, argument.get_id().as_str()) {
        (_, "customer_uid" | "customer_uids" | "customer" | "expect_customer" | "revoke") => {
            Box::new(move |begun| known.customers(begun))
        }
        ("show" | "refund", "id") | ("reconcile", "ids") | ("charge", "merchant_uid") => {
            Box::new(move |begun| known.orders(begun))
        }
        ("history", "status") => Box::new(|begun| among(status_words(), begun)),
        ("history", "columns") => Box::new(columns),
        ("retry-list", "reason") => Box::new(|begun| among(Group::ALL.map(Group::word), begun)),
        (_, "once_per") => Box::new(|begun| among(KINDS, begun)),
        ("billkey", "profile") => Box::new(move |begun| {
            let names = profile_names(&known.flags, &known.environment);
            among(names.iter().map(String::as_str), begun)
        }),
        ("get" | "set" | "unset", "key") => Box::new(|begun| {
            let keys: Vec<String> = Key::all().collect();
            among(keys.iter().map(String::as_str), begun)
        }),
        ("help", "words") => Box::new(move |begun| known.topics(begun)),
        (_, _) => return argument,
    };
    let complete = move |word: &OsStr| word.to_str().map(&find).unwrap_or_default();
    argument.add(ArgValueCompleter::new(complete))
}

impl Knowledge {
    /// The ledger that the line means; one word is completed by one argument, which asks once.
    fn ledger(&self) -> Option<(Settings, Ledger)> {
        let settings = Settings::resolve(&self.flags, &self.environment).ok()?;
        let ledger = Ledger::peek(&settings.database)?;
        Some((settings, ledger))
    }

    fn customers(&self, begun: &str) -> Vec<CompletionCandidate> {
        let Some((_, ledger)) = self.ledger() else { return Vec::new() };
        let found = ledger.customers_begun(begun, CANDIDATES_MAX).unwrap_or_default();
        let about = |customer: &Customer| {
            let card = customer.card.shown();
            let parts = customer.name.iter().chain(&card);
            parts.map(|part| safe(part)).collect::<Vec<_>>().join("  ")
        };
        found.iter().filter_map(|one| candidate(one.customer_uid.as_str(), &about(one))).collect()
    }

    fn orders(&self, begun: &str) -> Vec<CompletionCandidate> {
        let Some((settings, ledger)) = self.ledger() else { return Vec::new() };
        let found = ledger.orders_begun(begun, CANDIDATES_MAX).unwrap_or_default();
        let about = |payment: &Payment| {
            let (outcome, terms) = (payment.outcome, &payment.terms);
            let at = when(payment.requested_at, &settings.zone);
            format!("{outcome} {} {at} {}", terms.amount, safe(terms.customer_uid.as_str()))
        };
        found.iter().filter_map(|one| candidate(one.terms.merchant_uid.as_str(), &about(one))).collect()
    }

    /// Commands and topics, and behind a command those that it has.
    fn topics(&self, begun: &str) -> Vec<CompletionCandidate> {
        let before = self.words.iter().skip_while(|word| *word != "help").skip(1);
        let root = (self.root)();
        let mut command = &root;
        for word in before {
            match command.find_subcommand(word) {
                Some(found) => command = found,
                None => break,
            }
        }
        let topics: &[&str] = if command.get_name() == root.get_name() { &TOPICS } else { &[] };
        among(command.get_subcommands().map(Command::get_name).chain(topics.iter().copied()), begun)
    }
}

/// Of words that a list is made of, with commas between them.
fn columns(begun: &str) -> Vec<CompletionCandidate> {
    let (before, last) = begun.rsplit_once(',').map_or(("", begun), |(before, last)| (before, last));
    let prefix = if before.is_empty() { String::new() } else { format!("{before},") };
    let names = Columns::<Payment>::all_names();
    among(names, last).into_iter().map(|candidate| candidate.add_prefix(prefix.clone())).collect()
}

fn among<'a>(words: impl IntoIterator<Item = &'a str>, begun: &str) -> Vec<CompletionCandidate> {
    words.into_iter().filter(|word| word.starts_with(begun)).map(CompletionCandidate::new).collect()
}

/// A value that a shell takes as it is: another one would have to be quoted in each shell's own way, and one from a
/// file that somebody handed in could be a command.
fn candidate(value: &str, about: &str) -> Option<CompletionCandidate> {
    let plain = |c: char| c.is_alphanumeric() || "_-.@%+".contains(c);
    let is_plain = !value.starts_with('-') && value.chars().all(plain);
    is_plain.then(|| CompletionCandidate::new(value).help(Some(about.to_owned().into())))
}
