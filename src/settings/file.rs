//! The config file: reading it, and what it may say.

use std::fs::Metadata;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::time::Duration;

use toml::de::DeTable;

use crate::domain::ids::check_spelling;
use crate::domain::money::Amount;
use crate::domain::payment::Mode;
use crate::domain::tax::TaxRule;
use crate::domain::words::os_words;
use crate::output::column_map::ColumnMap;
use crate::plain_file::Found;
use crate::settings::address::{check_address, check_proxy};
use crate::settings::error::SettingsError;
use crate::settings::keys::{
    IMP_SECRET_KEYS, LIMIT_KEYS, LISTEN_SECRET_KEYS, Located, PROFILE_KEYS, TOP_KEYS,
};
use crate::settings::maps::{self, HeadingMap};
use crate::settings::owner::Owners;
use crate::settings::retry::{self, RetryRead};
use crate::settings::section::Section;

/// Longer than any config file; a device or a log given by mistake ends here.
const BYTES_MAX: u64 = 1024 * 1024;

/// Where a secret is to be had.
#[derive(Clone, PartialEq, Eq)]
pub(super) enum SecretSource {
    /// It stands in the file itself.
    Value(String),
    File(PathBuf),
    /// A program and its arguments; what it prints is the secret.
    Command(Vec<String>),
}

/// The whole file.
#[derive(Clone, Default)]
pub(super) struct ConfigFile {
    pub(super) path: PathBuf,
    pub(super) default_profile: Option<Located<String>>,
    pub(super) timezone: Option<Located<String>>,
    pub(super) profiles: Vec<Profile>,
}

/// One `[profile.NAME]`.
#[derive(Clone, Default)]
pub(super) struct Profile {
    pub(super) name: String,
    pub(super) mode: Option<Located<Mode>>,
    pub(super) imp_key: Option<Located<String>>,
    pub(super) secret: Option<Located<SecretSource>>,
    pub(super) listen_secret: Option<Located<SecretSource>>,
    pub(super) imp_code: Option<Located<String>>,
    pub(super) channel_key: Option<Located<String>>,
    pub(super) pg: Option<Located<String>>,
    pub(super) api_url: Option<Located<String>>,
    pub(super) sdk_url: Option<Located<String>>,
    pub(super) public_url: Option<Located<String>>,
    pub(super) ca_file: Option<Located<PathBuf>>,
    pub(super) proxy: Option<Located<String>>,
    pub(super) database: Option<Located<PathBuf>>,
    pub(super) settle_after: Option<Located<Duration>>,
    pub(super) scope: Option<Located<String>>,
    pub(super) tier: Option<Located<String>>,
    pub(super) tax: Option<Located<TaxRule>>,
    pub(super) max_amount: Option<Located<Amount>>,
    pub(super) daily_amount: Option<Located<Amount>>,
    /// `Some(None)` is `"off"`.
    pub(super) similar_within: Option<Located<Option<Duration>>>,
    pub(super) exports: Vec<ColumnMap>,
    pub(super) against: Vec<HeadingMap>,
    pub(super) retry: Option<Located<RetryRead>>,
}

impl ConfigFile {
    /// Reads a file; `None` when there is none.
    pub(super) fn read(
        path: &Path,
        home: Option<&Path>,
        owners: Owners,
    ) -> Result<Option<ConfigFile>, SettingsError> {
        let Some((text, metadata)) = read_text(path, owners)? else { return Ok(None) };
        let config = ConfigFile::parse(&text, path, home)?;
        if config.holds_secret() {
            check_private(
                &format!("the config file {} holds a secret and", path.display()),
                path,
                &metadata,
            )?;
        }
        Ok(Some(config))
    }

    /// Reads a file's text. `path` is for messages and for paths relative to it.
    pub(super) fn parse(text: &str, path: &Path, home: Option<&Path>) -> Result<ConfigFile, SettingsError> {
        let table = DeTable::parse(text).map_err(|error| not_toml(text, path, &error))?;
        ConfigFile::of(&Section::new(text, path, home, "", table.get_ref()))
    }

    /// The same for a text that does not stand in the file yet: errors name no line of it.
    pub(super) fn parse_draft(
        text: &str,
        path: &Path,
        home: Option<&Path>,
    ) -> Result<ConfigFile, SettingsError> {
        let table = DeTable::parse(text).map_err(|error| not_toml(text, path, &error))?;
        ConfigFile::of(&Section::new(text, path, home, "", table.get_ref()).of_draft())
    }

    fn of(top: &Section<'_>) -> Result<ConfigFile, SettingsError> {
        top.only(&TOP_KEYS)?;
        let mut config = ConfigFile {
            path: top.file().to_owned(),
            default_profile: top.text("default_profile")?,
            timezone: top.text("timezone")?,
            profiles: Vec::new(),
        };
        if let Some(profiles) = top.section("profile")? {
            for name in profiles.keys() {
                if !is_profile_name(&name.value) {
                    return Err(top.error(name.line, bad_profile_name(&name.value)));
                }
                if let Some(section) = profiles.section(&name.value)? {
                    config.profiles.push(Profile::read(&name.value, &section)?);
                }
            }
        }
        if let Some(named) = &config.default_profile
            && config.profile(&named.value).is_none()
        {
            let error = format!("default_profile is `{}`, which is not in the file", named.value);
            return Err(top.error(named.line, error).hinted(config.profiles_there_are()));
        }
        Ok(config)
    }

    pub(super) fn profile(&self, name: &str) -> Option<&Profile> {
        self.profiles.iter().find(|profile| profile.name == name)
    }

    /// "The profiles there are: main, test."
    pub(super) fn profiles_there_are(&self) -> String {
        if self.profiles.is_empty() {
            return "The file has no profiles; one begins with a line such as [profile.main].".to_owned();
        }
        let names: Vec<&str> = self.profiles.iter().map(|profile| profile.name.as_str()).collect();
        format!("The profiles there are: {}", names.join(", "))
    }

    /// Whether a secret itself stands in it.
    pub(super) fn holds_secret(&self) -> bool {
        let secrets = self.profiles.iter().flat_map(|profile| [&profile.secret, &profile.listen_secret]);
        secrets.flatten().any(|secret| matches!(secret.value, SecretSource::Value(_)))
    }
}

impl Profile {
    fn read(name: &str, section: &Section<'_>) -> Result<Profile, SettingsError> {
        section.only(&PROFILE_KEYS)?;
        let mut profile = Profile {
            name: name.to_owned(),
            mode: section.parsed("mode", |text| match Mode::from_word(text) {
                Some(mode @ (Mode::Live | Mode::Test)) => Ok(mode),
                Some(Mode::Sandbox) => Err("the sandbox is asked for with the flag --sandbox".to_owned()),
                None => Err("a mode is `live` or `test`".to_owned()),
            })?,
            imp_key: section.text("imp_key")?,
            secret: secret_source(section, "the API secret", &IMP_SECRET_KEYS)?,
            listen_secret: secret_source(section, "the secret of `customer listen`", &LISTEN_SECRET_KEYS)?,
            imp_code: section.text("imp_code")?,
            channel_key: section.text("channel_key")?,
            pg: section.text("pg")?,
            api_url: section.parsed("api_url", check_address)?,
            sdk_url: section.parsed("sdk_url", check_address)?,
            public_url: section.parsed("public_url", check_address)?,
            ca_file: section.path("ca_file")?,
            proxy: section.text("proxy")?,
            database: section.path("database")?,
            settle_after: section.duration("settle_after")?,
            scope: section.parsed("scope", check_scope)?,
            tier: section.parsed("tier", check_tier)?,
            tax: section.parsed("tax", |text| {
                TaxRule::from_word(text)
                    .ok_or_else(|| "what is sold is `taxed`, `mixed` or `tax-free`".to_owned())
            })?,
            exports: maps::exports(section)?,
            against: maps::against(section)?,
            ..Profile::default()
        };
        section.at_most_one("which payment channel to use", &["channel_key", "pg"])?;
        if let Some(proxy) = &profile.proxy {
            // Not quoted: a proxy's address may hold a password.
            check_proxy(&proxy.value).map_err(|why| {
                section.error(proxy.line, format!("{} cannot be used: {why}", section.name("proxy")))
            })?;
        }
        if let Some(limits) = section.section("limits")? {
            limits.only(&LIMIT_KEYS)?;
            profile.max_amount = limits.won("max_amount")?;
            profile.daily_amount = limits.won("daily_amount")?;
            profile.similar_within = limits.duration_or_off("similar_within")?;
        }
        profile.retry = retry::read(section)?;
        Ok(profile)
    }

    pub(super) fn mode_or_default(&self) -> Mode {
        self.mode.as_ref().map_or(Mode::Live, |mode| mode.value)
    }
}

/// A scope goes into order ids: two that look the same must be the same.
fn check_scope(text: &str) -> Result<String, String> {
    check_spelling("scope", text).map(|()| text.to_owned()).map_err(|error| error.to_string())
}

/// A tier is sent as a header of its own (facts 1).
fn check_tier(text: &str) -> Result<String, String> {
    if text.bytes().all(|byte| byte.is_ascii_graphic()) {
        Ok(text.to_owned())
    } else {
        Err("a tier is made of letters, digits and signs without blanks".to_owned())
    }
}

fn secret_source(
    section: &Section<'_>,
    what: &str,
    keys: &[&str; 3],
) -> Result<Option<Located<SecretSource>>, SettingsError> {
    section.at_most_one(what, keys)?;
    let [value_key, file_key, command_key] = keys;
    if let Some(Located { value, line }) = section.text(value_key)? {
        return Ok(Some(Located { value: SecretSource::Value(value), line }));
    }
    if let Some(Located { value, line }) = section.path(file_key)? {
        return Ok(Some(Located { value: SecretSource::File(value), line }));
    }
    let command = section.words(command_key)?;
    Ok(command.map(|Located { value, line }| Located { value: SecretSource::Command(value), line }))
}

/// Letters, digits, `-` and `_`: the name becomes a file's.
pub(super) fn is_profile_name(name: &str) -> bool {
    !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_')
}

pub(super) fn bad_profile_name(name: &str) -> String {
    format!("`{}` cannot name a profile; use letters, digits, - and _", name.escape_debug())
}

/// The file's text and what the system says of it; `None` when there is none.
pub(super) fn read_text(path: &Path, owners: Owners) -> Result<Option<(String, Metadata)>, SettingsError> {
    let Some((bytes, metadata)) = read_bytes(path, owners)? else { return Ok(None) };
    let text = String::from_utf8(bytes).map_err(|error| {
        let before = error.as_bytes().get(..error.utf8_error().valid_up_to()).unwrap_or_default();
        let line = before.iter().filter(|byte| **byte == b'\n').count() + 1;
        SettingsError::config(format!("the config file {} is not UTF-8 text on line {line}", path.display()))
            .hinted("Save it as UTF-8.")
    })?;
    Ok(Some((text, metadata)))
}

/// The bytes and what the system says of the very file they came from; `None` when there is none.
fn read_bytes(path: &Path, owners: Owners) -> Result<Option<(Vec<u8>, Metadata)>, SettingsError> {
    let cannot = |error: std::io::Error| SettingsError::file("read the config file", path, &error);
    let found = match Found::open(path) {
        Ok(found) => found,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(cannot(error)),
    };
    let metadata = found.metadata().clone();
    if metadata.is_dir() {
        let message = format!("the config file {} is a directory", path.display());
        return Err(SettingsError::config(message).hinted("Name the file in it, such as config.toml."));
    }
    is_no_pipe("config", path, &found)?;
    owners.check("config", path, &metadata)?;
    let bytes = found.read(BYTES_MAX + 1).map_err(cannot)?;
    if u64::try_from(bytes.len()).is_ok_and(|length| length > BYTES_MAX) {
        return Err(SettingsError::config(format!(
            "the config file {} is longer than 1 MiB",
            path.display()
        )));
    }
    Ok(Some((bytes, metadata)))
}

fn is_no_pipe(what: &str, path: &Path, found: &Found) -> Result<(), SettingsError> {
    if found.is_pipe() {
        let message = format!("the {what} file {} is a pipe and no file; it was not read", path.display());
        return Err(SettingsError::config(message).hinted("name a plain file"));
    }
    Ok(())
}

/// Refuses a secret that others than its owner can read.
#[cfg(unix)]
pub(super) fn check_private(subject: &str, path: &Path, metadata: &Metadata) -> Result<(), SettingsError> {
    use std::os::unix::fs::MetadataExt;

    use crate::output::text::shell_word;

    let mode = metadata.mode() & 0o7777;
    if !metadata.is_file() || mode & 0o077 == 0 {
        return Ok(());
    }
    let message = format!("{subject} can be read by others (mode {mode:04o})");
    Err(SettingsError::config(message)
        .hinted(format!("chmod 600 {}", shell_word(&path.display().to_string()))))
}

#[cfg(not(unix))]
pub(super) fn check_private(_subject: &str, _path: &Path, _metadata: &Metadata) -> Result<(), SettingsError> {
    Ok(())
}

/// The parser's own report quotes the line; its message alone does not.
fn not_toml(text: &str, path: &Path, error: &toml::de::Error) -> SettingsError {
    let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
    let line = before.matches('\n').count() + 1;
    let why = error.message();
    SettingsError::config(format!("the config file {} is not TOML on line {line}: {why}", path.display()))
        .hinted("`billkey config init --config FILE` writes one to compare it with.")
}

/// Reads a file that holds the API secret and nothing else.
pub(super) fn read_secret_file(path: &Path, owners: Owners) -> Result<Vec<u8>, SettingsError> {
    let cannot = |error: std::io::Error| {
        SettingsError::config(format!("cannot read the secret file {}: {}", path.display(), os_words(&error)))
    };
    let found = Found::open(path).map_err(cannot)?;
    is_no_pipe("secret", path, &found)?;
    if found.metadata().is_dir() {
        return Err(SettingsError::config(format!("the secret file {} is a directory", path.display())));
    }
    owners.check("secret", path, found.metadata())?;
    check_private(&format!("the secret file {}", path.display()), path, found.metadata())?;
    found.read(BYTES_MAX).map_err(cannot)
}

#[cfg(test)]
mod tests;
