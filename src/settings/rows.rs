//! The values of a run's settings, each with where it came from.

use std::path::PathBuf;
use std::time::Duration;

use crate::domain::money::Amount;
use crate::domain::time::format_duration;
use crate::settings::address::{API_URL, check_address, without_password};
use crate::settings::environment::Environment;
use crate::settings::error::SettingsError;
use crate::settings::file::SecretSource;
use crate::settings::keys::{IMP_SECRET_KEYS, Located};
use crate::settings::origin::{Origin, Shown, Sourced};
use crate::settings::{Limits, SIMILAR_WITHIN};

/// The values so far, for `config show`.
pub(super) struct Rows {
    pub(super) path: Option<PathBuf>,
    pub(super) shown: Vec<Shown>,
}

impl Rows {
    /// Notes a value and hands it back.
    pub(super) fn keep<T>(
        &mut self,
        key: &'static str,
        sourced: Sourced<T>,
        show: impl Fn(&T) -> String,
    ) -> T {
        let Sourced { value, origin } = sourced;
        self.shown.push(Shown { key, value: Some(show(&value)), origin: Some(origin) });
        value
    }

    pub(super) fn located<T>(&self, located: Located<T>) -> Sourced<T> {
        let path = self.path.clone().unwrap_or_default();
        Sourced::new(located.value, Origin::File { path, line: located.line })
    }

    pub(super) fn limits(
        &mut self,
        max_amount: Option<Located<Amount>>,
        daily_amount: Option<Located<Amount>>,
        similar_within: Option<Located<Option<Duration>>>,
    ) -> Limits {
        let max_amount = self.optional("limits.max_amount", max_amount, Amount::to_digits);
        let daily_amount = self.optional("limits.daily_amount", daily_amount, Amount::to_digits);
        let shown = |within: &Option<Duration>| within.as_ref().map_or("off".to_owned(), duration_shown);
        let within = self.or_default("limits.similar_within", similar_within, Some(SIMILAR_WITHIN), shown);
        // Charges that look alike are not looked for within no time at all.
        Limits { max_amount, daily_amount, similar_within: within.filter(|within| !within.is_zero()) }
    }

    pub(super) fn or_default<T>(
        &mut self,
        key: &'static str,
        given: Option<Located<T>>,
        default: T,
        show: impl Fn(&T) -> String,
    ) -> T {
        let sourced = match given {
            Some(located) => self.located(located),
            None => Sourced::default(default),
        };
        self.keep(key, sourced, show)
    }

    /// Notes a value that may not be set.
    pub(super) fn keep_if_set<T>(
        &mut self,
        key: &'static str,
        sourced: Option<Sourced<T>>,
        show: impl Fn(&T) -> String,
    ) {
        match sourced {
            Some(sourced) => {
                self.keep(key, sourced, show);
            }
            None => self.shown.push(Shown { key, value: None, origin: None }),
        }
    }

    pub(super) fn optional<T>(
        &mut self,
        key: &'static str,
        given: Option<Located<T>>,
        show: impl Fn(&T) -> String,
    ) -> Option<T> {
        match given {
            Some(located) => {
                let sourced = self.located(located);
                Some(self.keep(key, sourced, show))
            }
            None => {
                self.shown.push(Shown { key, value: None, origin: None });
                None
            }
        }
    }

    pub(super) fn text(&mut self, key: &'static str, given: Option<Located<String>>) -> Option<String> {
        self.optional(key, given, Clone::clone)
    }

    /// A key that a variable overrides, and that is shown as `set` and no more.
    pub(super) fn variable(
        &mut self,
        key: &'static str,
        environment: &Environment,
        name: &'static str,
        file: Option<Located<String>>,
    ) -> Result<Option<String>, SettingsError> {
        let set = |_: &String| "set".to_owned();
        match environment.text(name)? {
            Some(text) => Ok(Some(self.keep(key, Sourced::new(text, Origin::Environment(name)), set))),
            None => Ok(self.optional(key, file, set)),
        }
    }

    pub(super) fn secret(
        &mut self,
        environment: &Environment,
        file: Option<Located<SecretSource>>,
    ) -> Result<Option<SecretSource>, SettingsError> {
        let name = "BILLKEY_IMP_SECRET";
        if let Some(text) = environment.text(name)? {
            let sourced = Sourced::new(SecretSource::Value(text), Origin::Environment(name));
            return Ok(Some(self.keep("imp_secret", sourced, |_| "set".to_owned())));
        }
        Ok(self.secret_of_file(&IMP_SECRET_KEYS, file))
    }

    /// A secret is shown as `set`, under the key that says where it is.
    pub(super) fn secret_of_file(
        &mut self,
        [value_key, file_key, command_key]: &[&'static str; 3],
        file: Option<Located<SecretSource>>,
    ) -> Option<SecretSource> {
        let key = match file.as_ref().map(|located| &located.value) {
            Some(SecretSource::File(_)) => file_key,
            Some(SecretSource::Command(_)) => command_key,
            Some(SecretSource::Value(_)) | None => value_key,
        };
        self.optional(key, file, |_| "set".to_owned())
    }

    pub(super) fn api_url(
        &mut self,
        environment: &Environment,
        file: Option<Located<String>>,
    ) -> Result<String, SettingsError> {
        let name = "BILLKEY_API_URL";
        let Some(text) = environment.text(name)? else {
            return Ok(self.or_default("api_url", file, API_URL.to_owned(), Clone::clone));
        };
        let url = check_address(&text).map_err(|why| {
            let shown = without_password(&text).escape_debug().to_string();
            SettingsError::config(format!("{name} is `{shown}`: {why}"))
        })?;
        Ok(self.keep("api_url", Sourced::new(url, Origin::Environment(name)), Clone::clone))
    }
}

pub(super) fn duration_shown(duration: &Duration) -> String {
    format_duration(*duration)
}
