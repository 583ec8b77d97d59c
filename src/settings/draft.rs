//! A config file that is about to be changed: it is written only when the reader takes the whole of it.

use std::fs::{self, File, Metadata};
use std::io::Write;
use std::path::{Path, PathBuf};

use crate::domain::payment::Mode;
use crate::domain::secret::Secret;
use crate::output::new_file::NewFile;
use crate::settings::account::named_files;
use crate::settings::edit::{self, Given, Key};
use crate::settings::environment::Environment;
use crate::settings::error::{Fault, SettingsError};
use crate::settings::file::{
    ConfigFile, Profile, SecretSource, bad_profile_name, is_profile_name, read_text,
};
use crate::settings::resolve::{config_path, profile_name, resolve_file, zone_named};
use crate::settings::{Flags, Settings};

/// The text that the file is to have.
pub struct Draft {
    path: PathBuf,
    flags: Flags,
    /// Without what stands in variables: a file has to be right by itself.
    environment: Environment,
    /// What was read; `None` where there is no file yet.
    before: Option<String>,
    text: String,
}

impl Draft {
    /// Reads the file. One that the reader does not take as it is cannot be changed from here either. Where there
    /// is none, the draft begins empty.
    pub fn begin(flags: &Flags, environment: &Environment) -> Result<Draft, SettingsError> {
        let path = config_path(flags, environment)?.value;
        let home = environment.folders().home.as_deref();
        ConfigFile::read(&path, home, environment.owners())?;
        let before = read_text(&path, environment.owners())?.map(|(text, _)| text);
        let text = before.clone().unwrap_or_default();
        let Flags { config, timeout_s, verbose, .. } = flags;
        let flags =
            Flags { config: config.clone(), timeout_s: *timeout_s, verbose: *verbose, ..Flags::default() };
        Ok(Draft { path, flags, environment: environment.without_variables(), before, text })
    }

    /// What a file that is not there yet begins as.
    pub fn begin_as(&mut self, fresh: String) {
        if self.before.is_none() {
            self.text = fresh;
        }
    }

    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Whether there is a file already.
    #[must_use]
    pub fn exists(&self) -> bool {
        self.before.is_some()
    }

    /// The profiles of the file as it stands.
    #[must_use]
    pub fn profiles(&self) -> Vec<String> {
        let Some(before) = &self.before else { return Vec::new() };
        let file = ConfigFile::parse(before, &self.path, self.home());
        file.map(|file| file.profiles.into_iter().map(|profile| profile.name).collect()).unwrap_or_default()
    }

    /// The profile where none is named, if the file says so.
    #[must_use]
    pub fn default_profile(&self) -> Option<String> {
        let file = ConfigFile::parse(&self.text, &self.path, self.home()).ok()?;
        file.default_profile.map(|named| named.value)
    }

    /// Whether a command that names no profile means this one.
    #[must_use]
    pub fn default_is(&self, profile: &str) -> bool {
        let Ok(file) = ConfigFile::parse(&self.text, &self.path, self.home()) else { return false };
        profile_name(&self.flags, &self.environment, Some(&file)).is_ok_and(|name| name.value == profile)
    }

    /// Whether a profile takes real money.
    #[must_use]
    pub fn is_live(&self, profile: &str) -> bool {
        let file = ConfigFile::parse(&self.text, &self.path, self.home()).ok();
        let mode = file.and_then(|file| file.profile(profile).map(Profile::mode_or_default));
        mode == Some(Mode::Live)
    }

    /// Whether the file as it stands names this file as a profile's secret.
    #[must_use]
    pub fn named_before(&self, path: &Path) -> bool {
        let Some(before) = &self.before else { return false };
        let file = ConfigFile::parse(before, &self.path, self.home()).ok();
        named_files(file.as_ref()).iter().any(|(_, named)| named == path)
    }

    /// Whether the draft says something under this key of a profile, such as `limits.max_amount`.
    #[must_use]
    pub fn has(&self, profile: &str, key: &str) -> bool {
        let content: Option<toml::Table> = self.text.parse().ok();
        let profiles = content.as_ref().and_then(|content| content.get("profile"));
        let profile = profiles.and_then(|profiles| profiles.get(profile));
        profile
            .is_some_and(|profile| key.split('.').try_fold(profile, |table, part| table.get(part)).is_some())
    }

    /// Which profile of the file a command means, by the same rules as any other command.
    pub fn profile(&self, flags: &Flags, environment: &Environment) -> Result<String, SettingsError> {
        let file = ConfigFile::parse(&self.text, &self.path, self.home())?;
        profile_name(flags, environment, Some(&file)).map(|name| name.value)
    }

    /// Sets a value. What the reader does not take is an error, and the draft stays as it was.
    pub fn set(&mut self, profile: &str, key: &Key, given: &Given) -> Result<(), SettingsError> {
        if !key.is_of_file() {
            check_profile_name(profile)?;
        }
        self.change(profile, edit::set(&self.text, profile, key, given))
    }

    /// Takes a value out; `false` where there was none.
    pub fn unset(&mut self, profile: &str, key: &Key) -> Result<bool, SettingsError> {
        match edit::unset(&self.text, profile, key) {
            None => Ok(false),
            changed => self.change(profile, changed).map(|()| true),
        }
    }

    fn change(&mut self, profile: &str, text: Option<String>) -> Result<(), SettingsError> {
        let text = text.ok_or_else(|| {
            let message = format!("{} cannot be changed by this command", self.path.display());
            SettingsError::config(message)
                .hinted("change it with an editor: its tables are written in an unusual way")
        })?;
        // The file is right as it stands: what is wrong now is what was given.
        let given = |error: SettingsError| SettingsError { fault: Fault::Usage, ..error };
        self.resolved(profile, &text).map_err(given)?;
        self.text = text;
        Ok(())
    }

    /// The settings of a profile as they would be, to try them at the gateway: with this secret where it stands in no
    /// file yet, with the way there that the environment names, and without a place for tokens.
    pub fn to_try(
        &self,
        profile: &str,
        secret: Option<&Secret>,
        environment: &Environment,
    ) -> Result<Settings, SettingsError> {
        let file = ConfigFile::parse_draft(&self.text, &self.path, self.home())?;
        let flags = Flags { profile: Some(profile.to_owned()), ..self.flags.clone() };
        let settings = resolve_file(&flags, &environment.without_credentials(), Some(&file))?;
        let given = secret.map(|secret| SecretSource::Value(secret.expose().to_owned()));
        let secret = given.or(settings.secret.clone());
        Ok(Settings { secret, cache_folder: None, ..settings })
    }

    fn resolved(&self, profile: &str, text: &str) -> Result<Settings, SettingsError> {
        let file = ConfigFile::parse_draft(text, &self.path, self.home())?;
        if let Some(zone) = &file.timezone {
            zone_named(&zone.value)?;
        }
        // A key of the file itself can be set where there is no profile, or none of that name.
        let named = file.profile(profile).or(file.profiles.first()).map(|profile| profile.name.clone());
        let flags = Flags { profile: named, ..self.flags.clone() };
        resolve_file(&flags, &self.environment, Some(&file))
    }

    /// Puts the text into the file's place in one step, with the mode and the owner that the file has, or for its
    /// owner alone.
    pub fn write(&self) -> Result<(), SettingsError> {
        self.prepared()?.finish().map_err(|error| self.cannot_write(&error))
    }

    /// The new file, whole and on the disk, before it takes its place.
    pub fn prepared(&self) -> Result<NewFile, SettingsError> {
        let now = read_text(&self.path, self.environment.owners())?;
        if now.as_ref().map(|(text, _)| text) != self.before.as_ref() {
            let message = format!("{} was changed by another program meanwhile", self.path.display());
            return Err(SettingsError::config(message).hinted("run the same command again"));
        }
        let cannot = |error: std::io::Error| self.cannot_write(&error);
        if let Some(folder) = self.path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
            make_private_folder(folder)
                .map_err(|error| SettingsError::file("create the directory", folder, &error))?;
        }
        let holds_secret = ConfigFile::parse(&self.text, &self.path, self.home())?.holds_secret();
        let new = NewFile::create(&self.path).map_err(cannot)?;
        let mut file = new.writer().map_err(cannot)?;
        file.write_all(self.text.as_bytes()).map_err(cannot)?;
        if let Some((_, metadata)) = &now {
            like(&file, metadata, holds_secret).map_err(cannot)?;
        }
        Ok(new)
    }

    fn cannot_write(&self, error: &std::io::Error) -> SettingsError {
        SettingsError::file("write the config file", &self.path, error)
    }

    fn home(&self) -> Option<&Path> {
        self.environment.folders().home.as_deref()
    }
}

/// Refuses what cannot name a profile.
pub fn check_profile_name(name: &str) -> Result<(), SettingsError> {
    match is_profile_name(name) {
        true => Ok(()),
        false => Err(SettingsError::usage(bad_profile_name(name))),
    }
}

/// A directory for its owner alone; one that is there stays as it is.
fn make_private_folder(folder: &Path) -> std::io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.recursive(true).create(folder)
}

/// Gives the new file its predecessor's owner, where we may, and takes from others what holds a secret.
#[cfg(unix)]
fn like(file: &File, before: &Metadata, holds_secret: bool) -> std::io::Result<()> {
    use std::os::unix::fs::{MetadataExt, PermissionsExt, fchown};

    let now = file.metadata()?;
    if now.uid() != before.uid() {
        // The superuser's change to a user's file: the user could not read it any more.
        fchown(file, Some(before.uid()), Some(before.gid()))?;
    }
    let mode = before.mode() & if holds_secret { 0o700 } else { 0o777 };
    file.set_permissions(fs::Permissions::from_mode(mode))
}

#[cfg(not(unix))]
fn like(_file: &File, _before: &Metadata, _holds_secret: bool) -> std::io::Result<()> {
    Ok(())
}
