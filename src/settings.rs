//! Flags, environment and file become one set of plain values.
//!
//! This is the only reader of the environment and of the user's directories. Flags beat
//! environment beats file beats default, and every value keeps where it came from.

mod account;
mod address;
mod draft;
mod edit;
mod environment;
mod error;
mod file;
mod keys;
mod maps;
mod origin;
mod owner;
mod presentation;
mod proxy;
mod resolve;
mod retry;
mod rows;
mod secret;
mod section;

use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::tz::TimeZone;
use ring::digest;

use crate::domain::money::Amount;
use crate::domain::payment::Mode;
use crate::domain::retry_rules::RetryRules;
use crate::domain::secret::Secret;
use crate::domain::tax::TaxRule;
use crate::domain::words::hex;
use crate::output::Format;
use crate::output::colour::ColourChoice;
use crate::output::column_map::ColumnMap;
use crate::settings::file::SecretSource;
use crate::settings::owner::Owners;
use crate::settings::secret::{API_SECRET, LISTEN_SECRET};

pub use crate::settings::account::Sibling;
pub use crate::settings::address::check_address as check_public_address;
pub use crate::settings::draft::{Draft, check_profile_name};
pub use crate::settings::edit::{Given, Key};
pub use crate::settings::environment::{Environment, Folders, VARIABLES};
pub use crate::settings::error::{Fault, SettingsError};
pub use crate::settings::maps::{Heading, HeadingMap};
pub use crate::settings::origin::{Origin, Shown, Sourced};
pub use crate::settings::presentation::{Presentation, Streams};
pub use crate::settings::proxy::Proxy;
pub use crate::settings::resolve::{config_path, profile_names};
pub use crate::settings::secret::{Credentials, secret_of_bytes, secret_of_file};

/// The zone of the gateway's business day.
pub const TIMEZONE: &str = "Asia/Seoul";
/// How long a charge that was not found stays unknown (contract, rule 1).
pub const SETTLE_AFTER: Duration = Duration::from_secs(15 * 60);
/// How much longer than the time-out `settle_after` has to be to go without a warning.
const SETTLE_AFTER_SPARE: Duration = Duration::from_secs(60);
/// Within which a charge of the same customer and amount is taken for a slip (contract, "Checked before a
/// charge").
pub const SIMILAR_WITHIN: Duration = Duration::from_secs(10 * 60);
/// How long a charge waits for its answer, in seconds (contract, "Flags, environment,
/// configuration").
pub const TIMEOUT_S: u32 = 60;
/// The profile where none is named and none is set up.
pub const DEFAULT_PROFILE: &str = "default";
/// What takes a profile's place with `--sandbox`.
pub const SANDBOX_PROFILE: &str = "sandbox";

/// The global flags, as given.
#[derive(Clone, Debug, Default)]
pub struct Flags {
    pub profile: Option<String>,
    pub config: Option<PathBuf>,
    pub database: Option<PathBuf>,
    pub sandbox: bool,
    pub format: Option<Format>,
    pub json: bool,
    pub bom: bool,
    pub quiet: bool,
    pub no_input: bool,
    pub color: ColourChoice,
    /// Seconds.
    pub timeout_s: Option<u32>,
    pub verbose: bool,
}

/// What a charge is held to before it is sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The most that one charge may be; in won.
    pub max_amount: Option<Amount>,
    /// The most that a day's charges may come to; in won.
    pub daily_amount: Option<Amount>,
    /// `None` when charges that look alike are not looked for.
    pub similar_within: Option<Duration>,
}

/// Everything a command needs to know.
#[derive(Clone)]
pub struct Settings {
    pub presentation: Presentation,
    /// `sandbox` with `--sandbox`.
    pub profile: String,
    pub mode: Mode,
    /// The file that was read, if there was one.
    pub config_file: Option<PathBuf>,
    pub api_url: String,
    pub sdk_url: String,
    /// Where customers reach `customer listen`.
    pub public_url: Option<String>,
    pub ca_file: Option<PathBuf>,
    /// The `impXXXXXXXX` of the JS SDK.
    pub imp_code: Option<String>,
    pub channel_key: Option<String>,
    pub pg: Option<String>,
    /// The series that `--once-per` ids are of.
    pub scope: Option<String>,
    /// The sub-merchant of an agency's account (facts 1).
    pub tier: Option<String>,
    /// What is sold; `None` where the profile does not say, and charges name the parts that they are given.
    pub tax: Option<TaxRule>,
    /// The other profiles of the same account and mode.
    pub siblings: Vec<Sibling>,
    /// The ledger.
    pub database: PathBuf,
    /// Where ledgers are that no key of the file places.
    pub data_folder: Option<PathBuf>,
    /// The ledgers of all profiles, this run's among them.
    pub ledgers: Vec<PathBuf>,
    /// The sandbox's own book; `None` without `--sandbox`.
    pub book: Option<PathBuf>,
    /// How the sandbox is to misbehave, as given.
    pub faults: Option<String>,
    pub settle_after: Duration,
    pub limits: Limits,
    /// The profile's own rules; `None` where it has none, and `batch` is not held to any.
    pub retry: Option<RetryRules>,
    pub zone: TimeZone,
    /// The read time-out of a charge.
    pub timeout: Duration,
    /// Who runs it: the operating system's user.
    pub operator: Option<String>,
    /// The name of the machine that it runs on.
    pub host: Option<String>,
    /// The locale of sentences, as the environment says (`LC_ALL`, `LC_MESSAGES`, `LANG`).
    pub locale: Option<String>,
    /// What opens a page, as the environment says (`BROWSER`).
    pub browser: Option<String>,
    /// How exports may be laid out.
    pub exports: Vec<ColumnMap>,
    /// What other books call their columns.
    pub against: Vec<HeadingMap>,
    /// Sentences about settings that work and are probably not meant.
    pub warnings: Vec<String>,
    shown: Vec<Shown>,
    flags_as_given: Vec<(&'static str, Option<String>)>,
    proxy: Option<Sourced<String>>,
    imp_key: Option<Secret>,
    secret: Option<SecretSource>,
    listen_secret: Option<SecretSource>,
    cache_folder: Option<PathBuf>,
    /// Where the ledgers of every profile and of the sandbox are, unless a setting says otherwise.
    ledger_folder: Option<PathBuf>,
    /// What the config names as secrets and certificates, of all profiles.
    named_files: Vec<(&'static str, PathBuf)>,
    owners: Owners,
}

impl Settings {
    /// Reads the config file and puts everything together. The API secret is not fetched: see
    /// [`Settings::credentials`].
    pub fn resolve(flags: &Flags, environment: &Environment) -> Result<Settings, SettingsError> {
        resolve::resolve(flags, environment)
    }

    /// The PG of the profile: `pg` is that and the merchant's id there, as in nice_v2.nictest04m.
    #[must_use]
    pub fn pg_name(&self) -> Option<&str> {
        self.pg.as_deref()?.split('.').next()
    }

    /// When declined orders may be tried again: by the profile's rules, else by the usual ones.
    #[must_use]
    pub fn retry_rules(&self) -> RetryRules {
        self.retry.clone().unwrap_or_else(|| RetryRules::usual(self.zone.clone()))
    }

    #[must_use]
    pub fn sandbox(&self) -> bool {
        self.mode == Mode::Sandbox
    }

    /// The API key and its secret: reads the secret's file or runs its program. Only a command
    /// that talks to the gateway asks. The sandbox has a key of its own.
    pub fn credentials(&self) -> Result<Credentials, SettingsError> {
        let imp_key = self.required_imp_key()?.clone();
        let Some(source) = &self.secret else {
            return Err(self.missing("REST API secret", "imp_secret_file", "BILLKEY_IMP_SECRET"));
        };
        let imp_secret = secret::fetch(API_SECRET, source, self.config_folder(), self.owners)?;
        Ok(Credentials { imp_key, imp_secret })
    }

    /// A part of the credentials that is nowhere.
    fn missing(&self, what: &str, key: &str, variable: &str) -> SettingsError {
        let message = format!("the profile `{}` has no {what}", self.profile);
        let place = match &self.config_file {
            Some(path) => format!("set {key} in {}, or {variable}", path.display()),
            None => format!("run `billkey setup`, or set {variable}"),
        };
        SettingsError::config(message).hinted(format!("{place}. To try without: --sandbox"))
    }

    /// The proxy that the gateway is reached through, if it is through one.
    pub fn proxy(&self) -> Result<Option<Proxy>, SettingsError> {
        self.proxy.as_ref().map(proxy::checked).transpose()
    }

    /// The file that the API secret is read from, where it has one of its own.
    #[must_use]
    pub fn secret_file(&self) -> Option<&Path> {
        match self.secret.as_ref()? {
            SecretSource::File(path) => Some(path),
            SecretSource::Value(_) | SecretSource::Command(_) => None,
        }
    }

    /// The files that only the user writes, or only billkey itself, with what each is; ledgers elsewhere aside.
    pub fn own_files(&self) -> impl Iterator<Item = (&'static str, PathBuf)> {
        let files = [
            ("the config file", self.config_file.clone()),
            ("the folder of tokens", self.cache_folder.clone()),
            ("the folder of ledgers", self.ledger_folder.clone()),
        ];
        let files = files.into_iter().filter_map(|(what, path)| Some((what, path?)));
        files.chain(self.named_files.iter().cloned())
    }

    /// The secret that requests to `customer listen` have to carry; `None` where none is set.
    pub fn listen_secret(&self) -> Result<Option<Secret>, SettingsError> {
        let secret = self.listen_secret.as_ref();
        secret
            .map(|source| secret::fetch(LISTEN_SECRET, source, self.config_folder(), self.owners))
            .transpose()
    }

    fn config_folder(&self) -> &Path {
        self.config_file.as_deref().and_then(Path::parent).unwrap_or(Path::new(""))
    }

    /// Where the access token is kept: one file for each address and key, so that no key ever
    /// meets another's token. `None` where there is no home directory, or no key.
    #[must_use]
    pub fn token_cache(&self) -> Option<PathBuf> {
        let folder = self.cache_folder.as_ref()?;
        if self.sandbox() {
            return Some(folder.join("token-sandbox.json"));
        }
        let imp_key = self.imp_key.as_ref()?;
        let tier = self.tier.as_ref().map(|tier| format!(" {tier}")).unwrap_or_default();
        let text = format!("{} {}{tier}", self.api_url, imp_key.expose());
        let hash = digest::digest(&digest::SHA256, text.as_bytes());
        let name = hex(hash.as_ref().iter().take(8));
        Some(folder.join(format!("token-{name}.json")))
    }

    /// Why `settle_after` is too short for the time-out in use: a request could then still be in
    /// flight when it is sent again (contract, rule 1).
    #[must_use]
    pub fn settle_after_warning(&self) -> Option<String> {
        use crate::domain::time::format_duration;
        (self.settle_after < self.timeout.saturating_add(SETTLE_AFTER_SPARE)).then(|| {
            format!(
                "settle_after is {}, less than the time-out of {} and a minute more: a charge could be sent again \
                 while the first request is still on its way",
                format_duration(self.settle_after),
                format_duration(self.timeout)
            )
        })
    }

    /// Every setting with its value and where it came from, in the order of the config file.
    #[must_use]
    pub fn shown(&self) -> &[Shown] {
        &self.shown
    }
}
