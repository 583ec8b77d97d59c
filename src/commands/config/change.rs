//! `billkey config get|set|unset`: one key of the config file.

use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::json;

use crate::commands::asking;
use crate::commands::session::{Session, answered};
use crate::failure::{Exit, Failure};
use crate::interrupt::Interrupts;
use crate::output::text::shell_word;
use crate::output::ui::{Shown, Ui};
use crate::settings::{
    Draft, Environment, Flags, Given, Key, SettingsError, secret_of_bytes, secret_of_file,
};

/// No value is longer.
const BYTES_MAX: u64 = 1024 * 1024;

const GET_HELP: &str = "\
Examples:
  billkey --sandbox config get mode
  billkey --sandbox config get limits.similar_within --json
  billkey --profile main config get database

Exit codes:
  0 done   2 there is no such key   3 the config file cannot be used
  10 it is not set   1 as usual; see `billkey help exit-codes`";

/// Print the value of one key that counts
///
/// Flags beat environment beats file beats default, as in `config show`. Keys are named as that
/// names them: mode, limits.max_amount; or with their profile, profile.main.mode. A secret is
/// `set`, never itself.
#[derive(Debug, Args)]
#[command(after_long_help = GET_HELP)]
pub(super) struct GetArgs {
    /// The key, such as `mode` or `limits.max_amount`
    #[arg(value_name = "KEY")]
    key: String,
}

const SET_HELP: &str = "\
Examples:
  billkey config set mode test
  billkey --profile main config set limits.max_amount 500,000
  billkey config set imp_secret_command pass show iamport/secret
  billkey config set imp_secret --from secret.txt

Exit codes:
  0 set   2 no such key, or a value that the config file cannot have; nothing
  was changed   3 the config file cannot be used   130 interrupted, nothing was
  changed   1 as usual; see `billkey help exit-codes`";

/// Set one key of the config file
///
/// The file is written only if all of it can be read with the new value; comments, order and mode
/// stay. A secret is not taken as an argument, where the shell's history and every user's list of
/// processes show it: it comes from stdin, from a file, or is asked for unseen.
#[derive(Debug, Args)]
#[command(after_long_help = SET_HELP)]
pub(super) struct SetArgs {
    /// The key, such as `mode` or `limits.max_amount`
    #[arg(value_name = "KEY")]
    key: String,

    /// Its value; for imp_secret_command the program and its arguments, behind `--` where one begins with a dash
    #[arg(value_name = "VALUE")]
    values: Vec<String>,

    /// Take the value from this file, which must be for you alone, or from stdin (-)
    #[arg(long, value_name = "FILE", conflicts_with = "values", help_heading = "Where the value comes from")]
    from: Option<PathBuf>,
}

const UNSET_HELP: &str = "\
Examples:
  billkey config unset proxy
  billkey --profile main config unset limits.daily_amount

Exit codes:
  0 it is not set any more, or was not   2 there is no such key, or the file
  would not be right without it; nothing was changed   3 the config file cannot
  be used   1 as usual; see `billkey help exit-codes`";

/// Take one key out of the config file
///
/// Its default counts again. Comments and everything else stay.
#[derive(Debug, Args)]
#[command(after_long_help = UNSET_HELP)]
pub(super) struct UnsetArgs {
    /// The key, such as `proxy` or `limits.daily_amount`
    #[arg(value_name = "KEY")]
    key: String,
}

pub(super) fn get(args: &GetArgs, session: &Session) -> u8 {
    // What a run shows beside the file's keys: which profile it is of, and the time-out that a flag sets.
    let of_run = ["profile", "timeout"].contains(&args.key.as_str());
    let key = match Key::parse(&args.key) {
        Ok(key) => Some(key),
        Err(_) if of_run => None,
        Err(error) => return session.fail(&error.into()),
    };
    let mut session = session.clone();
    if let Some(profile) = key.as_ref().and_then(|key| key.profile.clone()) {
        session.flags.profile = Some(profile);
    }
    let name = key.map_or_else(|| args.key.clone(), |key| key.name());
    if name == "default_profile" {
        return session.without_settings(|ui| {
            let draft = Draft::begin(&session.flags, &session.environment)?;
            let origin = draft.path().display().to_string();
            tell_value(&name, draft.default_profile(), Some(&origin), &origin_of(&draft), ui)
        });
    }
    session.with_settings(|context| {
        let shown = context.settings.shown().iter().find(|shown| shown.key == name);
        let value = shown.and_then(|shown| shown.value.clone());
        let origin = shown.and_then(|shown| shown.origin.as_ref()).map(ToString::to_string);
        let place = format!("in the profile {}", context.settings.profile);
        tell_value(&name, value, origin.as_deref(), &place, context.ui)
    })
}

fn origin_of(draft: &Draft) -> String {
    format!("in {}", draft.path().display())
}

fn tell_value(
    name: &str,
    value: Option<String>,
    origin: Option<&str>,
    place: &str,
    ui: &mut Ui,
) -> Result<Exit, Failure> {
    let Some(value) = value else {
        return Err(Failure::not_found(format!("{name} is not set {place}")));
    };
    let written = match ui.format().is_json() {
        true => ui.json(&json!({ "key": name, "value": value, "origin": origin })),
        false => ui.answer(&value),
    };
    answered(written, Exit::Done)
}

pub(super) fn set(args: &SetArgs, session: &Session) -> u8 {
    let Session { flags, environment, .. } = session;
    session.without_settings(|ui| {
        let key = Key::parse(&args.key)?;
        let mut draft = draft(flags, environment)?;
        let profile = profile_of(&key, &draft, flags, environment)?;
        let given = given(args, &key, environment, ui)?;
        draft.set(&profile, &key, &given).map_err(|error| unchanged(error, &key, &draft, &profile))?;
        draft.write()?;
        let name = key.name();
        let path = draft.path().display();
        let written = if ui.format().is_json() {
            let profile = (!key.is_of_file()).then_some(&profile);
            ui.json(&json!({ "key": name, "profile": profile, "path": path.to_string() }))
        } else {
            ui.done(&format!("Set {name}{} in {path}.", of_profile(&key, &profile)))
        };
        if let Some(variable) = overriding(&key, environment) {
            ui.warning(&format!("the environment variable {variable} is set, and beats what the file says"));
        }
        answered(written, Exit::Done)
    })
}

pub(super) fn unset(args: &UnsetArgs, session: &Session) -> u8 {
    let Session { flags, environment, .. } = session;
    session.without_settings(|ui| {
        let key = Key::parse(&args.key)?;
        let mut draft = draft(flags, environment)?;
        let profile = profile_of(&key, &draft, flags, environment)?;
        let was_set =
            draft.unset(&profile, &key).map_err(|error| unchanged(error, &key, &draft, &profile))?;
        if was_set {
            draft.write()?;
        }
        let (name, path) = (key.name(), draft.path().display());
        let of = of_profile(&key, &profile);
        let written = if ui.format().is_json() {
            let profile = (!key.is_of_file()).then_some(&profile);
            ui.json(&json!({ "key": name, "profile": profile, "path": path.to_string(), "was_set": was_set }))
        } else if was_set {
            ui.done(&format!("Took {name}{of} out of {path}."))
        } else {
            ui.done(&format!("{name}{of} was not set in {path}. Nothing was changed."))
        };
        answered(written, Exit::Done)
    })
}

fn draft(flags: &Flags, environment: &Environment) -> Result<Draft, Failure> {
    if flags.sandbox {
        return Err(Failure::usage("the sandbox has no profile to change. Nothing was changed")
            .hinted("leave --sandbox out to change your own config file"));
    }
    let draft = Draft::begin(flags, environment)?;
    if draft.exists() {
        return Ok(draft);
    }
    let message = format!("there is no config file {}. Nothing was changed", draft.path().display());
    Err(Failure::config(message)
        .hinted("to be asked for what is needed: billkey setup")
        .hinted("for a file with every key explained: billkey config init"))
}

/// A profile has to be there: one that was mistyped would be a new one without anybody's wish.
fn profile_of(key: &Key, draft: &Draft, flags: &Flags, environment: &Environment) -> Result<String, Failure> {
    if key.is_of_file() {
        return Ok(String::new());
    }
    let flags = match &key.profile {
        Some(profile) => &Flags { profile: Some(profile.clone()), ..flags.clone() },
        None => flags,
    };
    Ok(draft.profile(flags, environment)?)
}

fn given(args: &SetArgs, key: &Key, environment: &Environment, ui: &mut Ui) -> Result<Given, Failure> {
    let name = key.name();
    if let Some(file) = &args.from {
        return if file.as_os_str() == "-" { piped(ui) } else { from_file(file, environment) };
    }
    if key.is_secret() {
        return match args.values.is_empty() {
            false => Err(not_as_an_argument(&name)),
            true if ui.interactive() => typed(&name, ui),
            true => piped(ui),
        };
    }
    match args.values.as_slice() {
        [] => Err(Failure::usage(format!("{name} needs a value. Nothing was changed"))
            .hinted(format!("to take it out: billkey config unset {name}"))),
        [one] if key.is_program() && one.trim_start().starts_with('[') => Err(Failure::usage(format!(
            "{name} is a program and its arguments, each a word of its own. Nothing was changed"
        ))
        .hinted(format!("billkey config set {name} pass show iamport/secret"))),
        words if key.is_program() => Ok(Given::Words(words.to_vec())),
        [one] if key.has_password(one) => Err(not_as_an_argument(&name)),
        [one] => Ok(Given::Text(one.clone())),
        [_, ..] => Err(Failure::usage(format!("{name} has one value. Nothing was changed"))
            .hinted(format!("billkey config set {name} {}", shell_word(&args.values.join(" "))))),
    }
}

fn not_as_an_argument(name: &str) -> Failure {
    let message = format!(
        "{name} is secret, and not taken as an argument: the shell's history and the list of processes show it. \
         Nothing was changed"
    );
    Failure::usage(message)
        .hinted(format!("from a file for you alone: billkey config set {name} --from FILE"))
        .hinted(format!("to be asked for it unseen, at a terminal: billkey config set {name}"))
}

fn typed(name: &str, ui: &mut Ui) -> Result<Given, Failure> {
    let interrupts = Interrupts::watch().map_err(|error| Failure::io("watch for Ctrl-C", &error))?;
    let unasked = || {
        Failure::usage(format!("{name} cannot be asked for here without being shown. Nothing was changed"))
    };
    let asked = asking::text(
        ui,
        &interrupts,
        &format!("{name} (not shown):"),
        Shown::Never,
        (&unasked, "interrupted. Nothing was changed"),
    )?;
    let secret = secret_of_bytes("what was typed", asked.as_bytes())?;
    Ok(Given::Text(secret.expose().to_owned()))
}

fn piped(ui: &mut Ui) -> Result<Given, Failure> {
    let bytes = ui.piped(BYTES_MAX).map_err(|error| Failure::io("read stdin", &error))?;
    let secret = secret_of_bytes("what came from stdin", &bytes)?;
    Ok(Given::Text(secret.expose().to_owned()))
}

fn from_file(file: &Path, environment: &Environment) -> Result<Given, Failure> {
    Ok(Given::Text(secret_of_file(file, environment)?.expose().to_owned()))
}

/// Why a value was not taken, and that the file is what it was.
fn unchanged(error: SettingsError, key: &Key, draft: &Draft, profile: &str) -> Failure {
    let mut failure = Failure::from(error);
    failure.message = format!("{}. Nothing was changed", failure.message.trim_end_matches('.'));
    let other = key.alternatives().iter().find(|other| **other != key.name() && draft.has(profile, other));
    match other {
        Some(other) => failure.hinted(format!("billkey config unset profile.{profile}.{other}")),
        None => failure,
    }
}

fn of_profile(key: &Key, profile: &str) -> String {
    if key.is_of_file() { String::new() } else { format!(" of the profile {profile}") }
}

/// The variable that is set and beats this key.
fn overriding(key: &Key, environment: &Environment) -> Option<&'static str> {
    let variable = match key.name().as_str() {
        "default_profile" => "BILLKEY_PROFILE",
        "imp_key" => "BILLKEY_IMP_KEY",
        "imp_secret" | "imp_secret_file" | "imp_secret_command" => "BILLKEY_IMP_SECRET",
        "api_url" => "BILLKEY_API_URL",
        "database" => "BILLKEY_DATABASE",
        _ => return None,
    };
    environment.lossy(variable).map(|_| variable)
}
