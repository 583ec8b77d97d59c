//! Putting flags, environment and file together.

use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::tz::TimeZone;

use crate::domain::payment::Mode;
use crate::domain::secret::Secret;
use crate::settings::account;
use crate::settings::address::{API_URL, SDK_URL, without_password};
use crate::settings::environment::Environment;
use crate::settings::error::SettingsError;
use crate::settings::file::{ConfigFile, bad_profile_name, is_profile_name};
use crate::settings::keys::{LISTEN_SECRET_KEYS, Located};
use crate::settings::origin::{Origin, Sourced};
use crate::settings::presentation::Presentation;
use crate::settings::proxy;
use crate::settings::retry;
use crate::settings::rows::{Rows, duration_shown};
use crate::settings::secret::{all_visible, trimmed};
use crate::settings::{
    DEFAULT_PROFILE, Flags, Limits, SANDBOX_PROFILE, SETTLE_AFTER, SIMILAR_WITHIN, Settings, TIMEOUT_S,
    TIMEZONE,
};

/// Where the config file is, whether or not there is one.
pub fn config_path(flags: &Flags, environment: &Environment) -> Result<Sourced<PathBuf>, SettingsError> {
    if let Some(path) = &flags.config {
        return Ok(Sourced::new(path.clone(), Origin::Flag("--config")));
    }
    if let Some(path) = environment.path("BILLKEY_CONFIG") {
        return Ok(Sourced::new(path, Origin::Environment("BILLKEY_CONFIG")));
    }
    match &environment.folders().config {
        Some(folder) => Ok(Sourced::default(folder.join("billkey").join("config.toml"))),
        None => Err(no_home("the config file", "--config FILE")),
    }
}

pub(super) fn resolve(flags: &Flags, environment: &Environment) -> Result<Settings, SettingsError> {
    if flags.sandbox {
        return sandbox(flags, environment, Presentation::resolve(flags, environment)?);
    }
    let file = read_file(flags, environment)?;
    resolve_file(flags, environment, file.as_ref())
}

/// The same for a file that was read, or that is about to be written.
pub(super) fn resolve_file(
    flags: &Flags,
    environment: &Environment,
    file: Option<&ConfigFile>,
) -> Result<Settings, SettingsError> {
    let presentation = Presentation::resolve(flags, environment)?;
    let name = profile_name(flags, environment, file)?;
    let found = file.and_then(|file| file.profile(&name.value));
    let profile = found.cloned().unwrap_or_default();
    let mut rows = Rows { path: file.map(|file| file.path.clone()), shown: Vec::new() };
    let zone = zone(file, &mut rows)?;
    let profile_name = rows.keep("profile", name, Clone::clone);
    let mode = rows.or_default("mode", profile.mode, Mode::Live, |mode| mode.word().to_owned());
    let imp_key = rows.variable("imp_key", environment, "BILLKEY_IMP_KEY", profile.imp_key)?;
    let secret = rows.secret(environment, profile.secret)?;
    let listen_secret = rows.secret_of_file(&LISTEN_SECRET_KEYS, profile.listen_secret);
    let imp_code = rows.text("imp_code", profile.imp_code);
    let channel_key = rows.text("channel_key", profile.channel_key);
    let pg = rows.text("pg", profile.pg);
    let api_url = rows.api_url(environment, profile.api_url)?;
    let sdk_url = rows.or_default("sdk_url", profile.sdk_url, SDK_URL.to_owned(), Clone::clone);
    let public_url = rows.text("public_url", profile.public_url);
    let ca_file = rows.optional("ca_file", profile.ca_file, |path| path.display().to_string());
    let proxy = proxy(profile.proxy, &api_url, environment, &mut rows);
    let database = database(flags, environment, profile.database, &profile_name, &mut rows)?;
    let settle_after = rows.or_default("settle_after", profile.settle_after, SETTLE_AFTER, duration_shown);
    let scope = rows.text("scope", profile.scope);
    let tier = rows.text("tier", profile.tier);
    let tax = rows.optional("tax", profile.tax, |rule| rule.word().to_owned());
    let limits = rows.limits(profile.max_amount, profile.daily_amount, profile.similar_within);
    let retry = rows.optional("retry", profile.retry, |read| retry::shown(&read.rules));
    let timeout = timeout(flags, &mut rows);
    let settings = Settings {
        presentation,
        profile: profile_name,
        mode,
        config_file: rows.path,
        api_url,
        sdk_url,
        public_url,
        ca_file,
        proxy,
        imp_code,
        channel_key,
        pg,
        scope,
        tier,
        tax,
        siblings: Vec::new(),
        database,
        data_folder: environment.folders().data.as_ref().map(|folder| folder.join("billkey")),
        ledgers: Vec::new(),
        book: None,
        faults: None,
        settle_after,
        limits,
        retry: retry.map(|read| read.in_zone(&zone)),
        zone,
        timeout,
        operator: environment.operator(),
        host: environment.host(),
        locale: environment.locale(),
        browser: environment.lossy("BROWSER"),
        exports: profile.exports,
        against: profile.against,
        warnings: Vec::new(),
        shown: rows.shown,
        flags_as_given: account::as_given(flags),
        imp_key: imp_key.map(|key| visible_key(&key)).transpose()?,
        secret,
        listen_secret,
        cache_folder: environment.folders().cache.as_ref().map(|folder| folder.join("billkey")),
        ledger_folder: environment.folders().data.as_ref().map(|folder| folder.join("billkey")),
        named_files: account::named_files(file),
        owners: environment.owners(),
    };
    let siblings = account::siblings(file, &settings);
    let ledgers = account::ledgers(file, &settings);
    Ok(Settings { siblings, ledgers, ..settings })
}

/// The settings of `--sandbox`: nothing of a profile, and of the file only the time zone and the profile's maps. Neither
/// BILLKEY_DATABASE nor a profile's `database` counts: play money has no place in a real ledger,
/// unless a flag of this very command says so.
fn sandbox(
    flags: &Flags,
    environment: &Environment,
    presentation: Presentation,
) -> Result<Settings, SettingsError> {
    let mut warnings = Vec::new();
    let file = match read_file(flags, environment) {
        Ok(file) => file,
        Err(error) if flags.config.is_some() => return Err(error),
        Err(error) => {
            warnings.push(format!("{error}; the sandbox runs without it"));
            None
        }
    };
    // A map moves no money, and is tried here before it is used.
    let named = profile_name(flags, environment, file.as_ref()).ok();
    let profile = file.as_ref().zip(named).and_then(|(file, named)| file.profile(&named.value));
    let (exports, against) =
        profile.map_or_else(Default::default, |profile| (profile.exports.clone(), profile.against.clone()));
    let mut rows = Rows { path: file.as_ref().map(|file| file.path.clone()), shown: Vec::new() };
    let zone = zone(file.as_ref(), &mut rows)?;
    let folder = environment.folders().data.as_ref().map(|folder| folder.join("billkey").join("sandbox"));
    let folder = folder.ok_or_else(|| no_home("the sandbox's book", "HOME"))?;
    rows.keep("profile", Sourced::new(SANDBOX_PROFILE, Origin::Flag("--sandbox")), ToString::to_string);
    rows.keep("mode", Sourced::new(Mode::Sandbox, Origin::Flag("--sandbox")), |mode| mode.word().to_owned());
    let database = match &flags.database {
        Some(path) => Sourced::new(path.clone(), Origin::Flag("--database")),
        None => Sourced::new(folder.join("ledger.db"), Origin::Flag("--sandbox")),
    };
    let database = rows.keep("database", database, path_shown);
    rows.keep("settle_after", Sourced::default(SETTLE_AFTER), duration_shown);
    rows.keep("limits.similar_within", Sourced::default(SIMILAR_WITHIN), duration_shown);
    let timeout = timeout(flags, &mut rows);
    Ok(Settings {
        presentation,
        profile: SANDBOX_PROFILE.to_owned(),
        mode: Mode::Sandbox,
        config_file: rows.path,
        api_url: API_URL.to_owned(),
        sdk_url: SDK_URL.to_owned(),
        public_url: None,
        ca_file: None,
        proxy: None,
        imp_code: None,
        channel_key: None,
        pg: None,
        scope: None,
        tier: None,
        tax: None,
        siblings: Vec::new(),
        database,
        data_folder: None,
        ledgers: Vec::new(),
        book: Some(folder.join("book.db")),
        faults: environment.text("BILLKEY_SANDBOX_FAULTS")?,
        settle_after: SETTLE_AFTER,
        limits: Limits { max_amount: None, daily_amount: None, similar_within: Some(SIMILAR_WITHIN) },
        retry: None,
        zone,
        timeout,
        operator: environment.operator(),
        host: environment.host(),
        locale: environment.locale(),
        browser: environment.lossy("BROWSER"),
        exports,
        against,
        warnings,
        shown: rows.shown,
        flags_as_given: account::as_given(flags),
        imp_key: None,
        secret: None,
        listen_secret: None,
        cache_folder: environment.folders().cache.as_ref().map(|folder| folder.join("billkey")),
        ledger_folder: environment.folders().data.as_ref().map(|folder| folder.join("billkey")),
        named_files: account::named_files(file.as_ref()),
        owners: environment.owners(),
    })
}

/// The key as it is sent: without what stands around it, and with nothing in it that cannot be seen.
fn visible_key(key: &str) -> Result<Secret, SettingsError> {
    let key = trimmed(key);
    all_visible("the REST API key (imp_key)", key)?;
    Ok(Secret::new(key.to_owned()))
}

/// The config file. Only the one at its usual place may be missing.
fn read_file(flags: &Flags, environment: &Environment) -> Result<Option<ConfigFile>, SettingsError> {
    // Without a home directory there is no usual place: flags and environment may be enough.
    let Ok(path) = config_path(flags, environment) else { return Ok(None) };
    let home = environment.folders().home.as_deref();
    match ConfigFile::read(&path.value, home, environment.owners())? {
        Some(file) => Ok(Some(file)),
        None if path.origin == Origin::Default => Ok(None),
        None => {
            let message = format!("there is no config file {} (from {})", path.value.display(), path.origin);
            Err(SettingsError::config(message).hinted("`billkey config init` writes one to begin with."))
        }
    }
}

/// The profiles of the config file; none where it cannot be read.
#[must_use]
pub fn profile_names(flags: &Flags, environment: &Environment) -> Vec<String> {
    let file = read_file(flags, environment).ok().flatten();
    file.map(|file| file.profiles.into_iter().map(|profile| profile.name).collect()).unwrap_or_default()
}

/// Which profile is meant.
pub(super) fn profile_name(
    flags: &Flags,
    environment: &Environment,
    file: Option<&ConfigFile>,
) -> Result<Sourced<String>, SettingsError> {
    let named = match &flags.profile {
        Some(name) => Some(Sourced::new(name.clone(), Origin::Flag("--profile"))),
        None => environment
            .text("BILLKEY_PROFILE")?
            .map(|name| Sourced::new(name, Origin::Environment("BILLKEY_PROFILE"))),
    };
    let Some(file) = file else { return profile_without_file(named) };
    let name = match (named, &file.default_profile, file.profiles.as_slice()) {
        (Some(named), _, _) => named,
        (None, Some(default), _) => {
            let origin = Origin::File { path: file.path.clone(), line: default.line };
            Sourced::new(default.value.clone(), origin)
        }
        (None, None, [only]) => Sourced::default(only.name.clone()),
        // A file without profiles says nothing of any.
        (None, None, []) => return Ok(Sourced::default(DEFAULT_PROFILE.to_owned())),
        (None, None, [_, ..]) => Sourced::default(DEFAULT_PROFILE.to_owned()),
    };
    if file.profile(&name.value).is_some() {
        return Ok(name);
    }
    let path = file.path.display();
    let message = match name.origin {
        Origin::Default => format!("{path} has several profiles, and none is named"),
        Origin::Flag(_) | Origin::Environment(_) | Origin::File { .. } => {
            format!("there is no profile `{}` in {path}", name.value.escape_debug())
        }
    };
    Err(SettingsError::config(message).hinted(file.profiles_there_are()))
}

/// A profile that was asked for by name must be there: its mode and limits would be missed.
fn profile_without_file(named: Option<Sourced<String>>) -> Result<Sourced<String>, SettingsError> {
    let Some(named) = named else { return Ok(Sourced::default(DEFAULT_PROFILE.to_owned())) };
    if named.value == DEFAULT_PROFILE {
        return Ok(named);
    }
    if !is_profile_name(&named.value) {
        return Err(SettingsError::config(bad_profile_name(&named.value)));
    }
    let message = format!("there is no profile `{}`: there is no config file", named.value);
    Err(SettingsError::config(message).hinted("`billkey config init` writes one to begin with."))
}

fn zone(file: Option<&ConfigFile>, rows: &mut Rows) -> Result<TimeZone, SettingsError> {
    let given = file.and_then(|file| file.timezone.clone());
    let line = given.as_ref().map(|given| given.line);
    let name = rows.or_default("timezone", given, TIMEZONE.to_owned(), Clone::clone);
    zone_named(&name).map_err(|error| match (&rows.path, line) {
        (Some(path), Some(line)) => {
            SettingsError { message: format!("{} line {line}: {}", path.display(), error.message), ..error }
        }
        (_, _) => error,
    })
}

/// The zone of this name.
pub(super) fn zone_named(name: &str) -> Result<TimeZone, SettingsError> {
    TimeZone::get(name).map_err(|_| {
        SettingsError::config(format!("the timezone `{}` is not known", name.escape_debug()))
            .hinted("Give a name such as Asia/Seoul, or leave the line out.")
    })
}

fn database(
    flags: &Flags,
    environment: &Environment,
    file: Option<Located<PathBuf>>,
    profile: &str,
    rows: &mut Rows,
) -> Result<PathBuf, SettingsError> {
    let path = match (&flags.database, environment.path("BILLKEY_DATABASE"), file) {
        (Some(path), _, _) => Sourced::new(path.clone(), Origin::Flag("--database")),
        (None, Some(path), _) => Sourced::new(path, Origin::Environment("BILLKEY_DATABASE")),
        (None, None, Some(located)) => rows.located(located),
        (None, None, None) => {
            let folder = environment.folders().data.as_ref();
            let folder = folder.ok_or_else(|| no_home("the ledger", "--database FILE"))?;
            Sourced::default(account::ledger_of(&folder.join("billkey"), profile))
        }
    };
    if path.value.as_os_str().is_empty() {
        return Err(SettingsError::usage("the path of the ledger is empty"));
    }
    Ok(rows.keep("database", path, path_shown))
}

fn proxy(
    file: Option<Located<String>>,
    api_url: &str,
    environment: &Environment,
    rows: &mut Rows,
) -> Option<Sourced<String>> {
    let given = file.map(|proxy| rows.located(proxy));
    let proxy = proxy::choose(api_url, given.clone(), environment);
    rows.keep_if_set("proxy", proxy.clone().or(given), |proxy| without_password(proxy));
    proxy
}

fn timeout(flags: &Flags, rows: &mut Rows) -> Duration {
    let seconds = match flags.timeout_s {
        Some(seconds) => Sourced::new(seconds, Origin::Flag("--timeout")),
        None => Sourced::default(TIMEOUT_S),
    };
    Duration::from_secs(u64::from(rows.keep("timeout", seconds, ToString::to_string)))
}

fn no_home(what: &str, instead: &str) -> SettingsError {
    SettingsError::config(format!("there is no home directory to keep {what} in"))
        .hinted(format!("Set HOME, or give {instead}."))
}

#[expect(clippy::ptr_arg, reason = "it is given where a function of the stored type is wanted")]
fn path_shown(path: &PathBuf) -> String {
    Path::display(path).to_string()
}

#[cfg(test)]
mod tests;
