//! The environment as a value: the one reader of variables and of the user's directories.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fmt;
use std::path::PathBuf;

use crate::settings::error::SettingsError;
use crate::settings::owner::Owners;

/// Every variable that billkey reads, with what it does; `billkey help` and the README say the same.
pub const VARIABLES: [(&str, &str); 25] = [
    ("BILLKEY_PROFILE", "the profile, like --profile"),
    ("BILLKEY_CONFIG", "the config file, like --config"),
    ("BILLKEY_DATABASE", "the ledger, like --database"),
    ("BILLKEY_IMP_KEY", "the REST API key, instead of the profile's"),
    ("BILLKEY_IMP_SECRET", "the REST API secret, instead of the profile's"),
    ("BILLKEY_API_URL", "the gateway's address, instead of the profile's"),
    ("BILLKEY_SANDBOX_FAULTS", "how the sandbox misbehaves: see `billkey help sandbox`"),
    ("BILLKEY_COMPLETE", "the shell that asks for completions, set by its script"),
    ("https_proxy", "the proxy to the gateway, where the profile has none"),
    ("HTTPS_PROXY", "the same, where https_proxy is not set"),
    ("all_proxy", "the same, where neither of these is set"),
    ("ALL_PROXY", "the same, where none of these is set"),
    ("no_proxy", "hosts that are reached without the environment's proxy"),
    ("NO_PROXY", "the same, where no_proxy is not set"),
    ("NO_COLOR", "no colour, if set"),
    ("CLICOLOR_FORCE", "colour off a terminal too, if set and not 0"),
    ("TERM", "no colour if it is `dumb`"),
    ("LC_ALL", "the language of a page (`report --html`), where --lang does not say it"),
    ("LC_MESSAGES", "the same, where LC_ALL is not set"),
    ("LANG", "the same, where neither of these is set"),
    ("BROWSER", "the browser that `customer register` opens"),
    ("USER", "who runs it, for the ledger"),
    ("LOGNAME", "who runs it, where USER is not set; else the system's user database says"),
    ("SUDO_UID", "whose config the superuser may use too: that of who called sudo"),
    ("RUST_BACKTRACE", "whether a bug in billkey shows where it is"),
];

/// The user's directories (`dirs`): `None` where there is no home directory.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Folders {
    pub home: Option<PathBuf>,
    pub config: Option<PathBuf>,
    pub data: Option<PathBuf>,
    pub cache: Option<PathBuf>,
}

/// Variables and directories, the process's own or a test's. One of them is a secret: Debug shows
/// names alone.
#[derive(Clone)]
pub struct Environment {
    variables: BTreeMap<&'static str, OsString>,
    folders: Folders,
    machine: Machine,
}

/// What the system itself says of who runs the program and where.
#[derive(Clone, Debug, Default)]
struct Machine {
    /// By its user database.
    user: Option<String>,
    number: Option<String>,
    host: Option<String>,
}

impl Environment {
    /// The process's own, read once.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "this is the one reader of the environment")]
    pub fn of_process() -> Environment {
        let variables = VARIABLES
            .iter()
            .filter_map(|(name, _)| std::env::var_os(name).map(|value| (*name, value)))
            .collect();
        let folders = Folders {
            home: dirs::home_dir(),
            config: dirs::config_dir(),
            data: dirs::data_dir(),
            cache: dirs::cache_dir(),
        };
        let mut environment = Environment { variables, folders, machine: Machine::default() };
        environment.machine = Machine { user: user_of_process(), number: number_of_user(), host: host() };
        environment
    }

    /// Given values, for a test. A name that is not in [`VARIABLES`] is never asked for.
    #[must_use]
    pub fn of_values(values: &[(&'static str, &str)], folders: Folders) -> Environment {
        let variables = values.iter().map(|(name, value)| (*name, OsString::from(value))).collect();
        Environment { variables, folders, machine: Machine::default() }
    }

    /// The same user and machine, and nothing of what is set in variables.
    #[must_use]
    pub(super) fn without_variables(&self) -> Environment {
        let kept = self.variables.iter().filter(|(name, _)| **name == "SUDO_UID");
        let variables = kept.map(|(name, value)| (*name, value.clone())).collect();
        Environment { variables, ..self.clone() }
    }

    /// The same without what stands in for a profile and its key.
    #[must_use]
    pub(super) fn without_credentials(&self) -> Environment {
        let own = ["BILLKEY_PROFILE", "BILLKEY_IMP_KEY", "BILLKEY_IMP_SECRET"];
        let kept = self.variables.iter().filter(|(name, _)| !own.contains(name));
        let variables = kept.map(|(name, value)| (*name, value.clone())).collect();
        Environment { variables, ..self.clone() }
    }

    /// A variable's text. One that is empty counts as not set.
    pub fn text(&self, name: &'static str) -> Result<Option<String>, SettingsError> {
        match self.variables.get(name) {
            None => Ok(None),
            Some(value) if value.is_empty() => Ok(None),
            Some(value) => match value.to_str() {
                Some(text) => Ok(Some(text.to_owned())),
                None => {
                    Err(SettingsError::config(format!("the environment variable {name} is not UTF-8 text")))
                }
            },
        }
    }

    /// A variable that holds a path, which need not be UTF-8.
    #[must_use]
    pub fn path(&self, name: &'static str) -> Option<PathBuf> {
        self.variables.get(name).filter(|value| !value.is_empty()).map(PathBuf::from)
    }

    /// A variable that must not stop the program when it is odd.
    #[must_use]
    pub fn lossy(&self, name: &'static str) -> Option<String> {
        let value = self.variables.get(name).filter(|value| !value.is_empty())?;
        Some(value.to_string_lossy().into_owned())
    }

    /// The locale that sentences are to be in: the first of the three variables that is set says it.
    #[must_use]
    pub fn locale(&self) -> Option<String> {
        ["LC_ALL", "LC_MESSAGES", "LANG"].into_iter().find_map(|name| self.lossy(name))
    }

    #[must_use]
    pub fn folders(&self) -> &Folders {
        &self.folders
    }

    /// Who runs the program: the process's real user by the system's user database, so that cron, `sudo` and
    /// `env -i` tell the same. A user that is not in it is told by what a login said, else by its number.
    #[must_use]
    pub fn operator(&self) -> Option<String> {
        let Machine { user, number, .. } = &self.machine;
        let said = || self.lossy("USER").or_else(|| self.lossy("LOGNAME"));
        user.clone().or_else(said).or_else(|| number.clone())
    }

    /// Whose config and secrets may be used.
    pub(super) fn owners(&self) -> Owners {
        Owners::new(self.lossy("SUDO_UID").as_deref())
    }

    /// The name of the machine that the program runs on.
    #[must_use]
    pub fn host(&self) -> Option<String> {
        self.machine.host.clone()
    }

    #[cfg(test)]
    pub(super) fn insert(&mut self, name: &'static str, value: OsString) {
        self.variables.insert(name, value);
    }
}

/// The real user's name in the system's user database.
#[cfg(target_os = "linux")]
fn user_of_process() -> Option<String> {
    nix::unistd::User::from_uid(nix::unistd::getuid()).ok().flatten().map(|user| user.name)
}

#[cfg(not(target_os = "linux"))]
fn user_of_process() -> Option<String> {
    None
}

#[cfg(unix)]
fn number_of_user() -> Option<String> {
    Some(format!("uid {}", rustix::process::getuid().as_raw()))
}

#[cfg(not(unix))]
fn number_of_user() -> Option<String> {
    None
}

#[cfg(unix)]
fn host() -> Option<String> {
    let name = rustix::system::uname().nodename().to_string_lossy().into_owned();
    (!name.is_empty()).then_some(name)
}

#[cfg(not(unix))]
fn host() -> Option<String> {
    None
}

impl fmt::Debug for Environment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.variables.keys()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::{Environment, Folders};

    #[test]
    fn an_empty_variable_counts_as_not_set() {
        let environment = Environment::of_values(
            &[("BILLKEY_PROFILE", ""), ("USER", ""), ("LOGNAME", "kim")],
            Folders::default(),
        );
        assert_eq!(environment.text("BILLKEY_PROFILE"), Ok(None));
        assert_eq!(environment.operator().as_deref(), Some("kim"));
    }

    #[test]
    fn the_first_variable_that_is_set_says_the_locale() {
        let locale =
            |values: &[(&'static str, &str)]| Environment::of_values(values, Folders::default()).locale();
        let all = [("LC_ALL", "ko_KR.UTF-8"), ("LC_MESSAGES", "en_US"), ("LANG", "C")];
        assert_eq!(locale(&all).as_deref(), Some("ko_KR.UTF-8"));
        assert_eq!(locale(&[("LC_ALL", ""), all[1], all[2]]).as_deref(), Some("en_US"));
        assert_eq!(locale(&all[2..]).as_deref(), Some("C"));
        assert_eq!(locale(&[]), None);
    }

    #[test]
    fn debug_shows_names_alone() {
        let environment = Environment::of_values(&[("BILLKEY_IMP_SECRET", "s3cret")], Folders::default());
        assert_eq!(format!("{environment:?}"), r#"{"BILLKEY_IMP_SECRET"}"#);
    }

    #[test]
    #[cfg(unix)]
    fn a_variable_that_is_not_utf_8_is_named() {
        use std::os::unix::ffi::OsStringExt;
        let mut environment = Environment::of_values(&[], Folders::default());
        environment.insert("BILLKEY_IMP_KEY", std::ffi::OsString::from_vec(vec![0x66, 0xff]));
        let error = environment.text("BILLKEY_IMP_KEY").unwrap_err();
        assert_eq!(error.message, "the environment variable BILLKEY_IMP_KEY is not UTF-8 text");
        assert!(environment.path("BILLKEY_IMP_KEY").is_some(), "a path need not be text");
    }
}
