//! Whose money a profile moves: the account behind its key, and what sets its orders apart from those of
//! another profile of the same account (contract, rule 12).

use std::path::{Path, PathBuf};

use crate::domain::secret::Secret;
use crate::settings::error::SettingsError;
use crate::settings::file::{ConfigFile, Profile, SecretSource};
use crate::settings::keys::Located;
use crate::settings::{Flags, Settings};

/// Another profile of the file with the same account and mode.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sibling {
    pub profile: String,
    pub scope: Option<String>,
}

impl Settings {
    /// The REST API key, where there is one. The sandbox has a key of its own.
    #[must_use]
    pub fn imp_key(&self) -> Option<&Secret> {
        self.imp_key.as_ref()
    }

    /// The same, where there must be one.
    pub fn required_imp_key(&self) -> Result<&Secret, SettingsError> {
        self.imp_key.as_ref().ok_or_else(|| self.missing("REST API key", "imp_key", "BILLKEY_IMP_KEY"))
    }

    /// The series that `--once-per` ids are of; empty where none is named. Two profiles of one account have
    /// to say whether they charge for the same thing or for two.
    pub fn order_scope(&self) -> Result<&str, SettingsError> {
        let unscoped = |sibling: &&Sibling| self.scope.is_none() || sibling.scope.is_none();
        let Some(Sibling { profile, .. }) = self.siblings.iter().find(unscoped) else {
            return Ok(self.scope.as_deref().unwrap_or_default());
        };
        let message = format!(
            "the profiles `{}` and `{profile}` are one account, and --once-per needs a `scope` in both",
            self.profile
        );
        Err(SettingsError::config(message).hinted(
            "if both charge for the same thing, give both the same scope; if for two things, a scope each, \
             such as scope = \"shop\"",
        ))
    }

    /// The global flags of this run that a command needs to reach the same gateway and the same ledger.
    #[must_use]
    pub fn flags_as_given(&self) -> &[(&'static str, Option<String>)] {
        &self.flags_as_given
    }
}

/// The flags that decide about gateway and ledger, with their values.
pub(super) fn as_given(flags: &Flags) -> Vec<(&'static str, Option<String>)> {
    let path = |path: &PathBuf| path.display().to_string();
    let values = [
        ("--profile", flags.profile.clone()),
        ("--config", flags.config.as_ref().map(path)),
        ("--database", flags.database.as_ref().map(path)),
    ];
    let sandbox = flags.sandbox.then_some(("--sandbox", None));
    let given = values.into_iter().filter(|(_, value)| value.is_some());
    sandbox.into_iter().chain(given).collect()
}

/// The other profiles of the file with this key, mode and tier.
pub(super) fn siblings(file: Option<&ConfigFile>, own: &Settings) -> Vec<Sibling> {
    let Some(imp_key) = &own.imp_key else { return Vec::new() };
    let same = |profile: &&Profile| {
        profile.name != own.profile
            && profile.imp_key.as_ref().is_some_and(|key| key.value == imp_key.expose())
            && profile.tier.as_ref().map(|tier| &tier.value) == own.tier.as_ref()
            && profile.mode_or_default() == own.mode
    };
    let sibling = |profile: &Profile| Sibling {
        profile: profile.name.clone(),
        scope: profile.scope.as_ref().map(|scope| scope.value.clone()),
    };
    file.map(|file| file.profiles.iter().filter(same).map(sibling).collect()).unwrap_or_default()
}

/// The ledgers that the profiles of the file point at, and this run's own.
pub(super) fn ledgers(file: Option<&ConfigFile>, own: &Settings) -> Vec<PathBuf> {
    let of = |profile: &Profile| match &profile.database {
        Some(database) => Some(database.value.clone()),
        None => own.data_folder.as_ref().map(|folder| ledger_of(folder, &profile.name)),
    };
    let profiles = file.map(|file| file.profiles.as_slice()).unwrap_or_default();
    profiles.iter().filter_map(of).chain([own.database.clone()]).collect()
}

/// The files of secrets and certificates that the profiles of the file name, with what each is.
pub(super) fn named_files(file: Option<&ConfigFile>) -> Vec<(&'static str, PathBuf)> {
    let of = |profile: &Profile| {
        let secret =
            |source: &Option<Located<SecretSource>>| match source.as_ref().map(|source| &source.value) {
                Some(SecretSource::File(path)) => Some(path.clone()),
                Some(SecretSource::Value(_) | SecretSource::Command(_)) | None => None,
            };
        let files = [
            ("the file of an API secret", secret(&profile.secret)),
            ("the file of a listen secret", secret(&profile.listen_secret)),
            ("the file of certificates", profile.ca_file.as_ref().map(|file| file.value.clone())),
        ];
        files.into_iter().filter_map(|(what, path)| Some((what, path?)))
    };
    file.map(|file| file.profiles.iter().flat_map(of).collect()).unwrap_or_default()
}

/// Where a profile's ledger is, unless it says otherwise.
pub(super) fn ledger_of(folder: &Path, profile: &str) -> PathBuf {
    folder.join(format!("{profile}.db"))
}
