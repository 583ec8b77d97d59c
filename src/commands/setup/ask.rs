//! The questions, each with what a flag may have answered already.

use std::path::PathBuf;

use crate::commands::asking::{Question, confirm};
use crate::commands::setup::SetupArgs;
use crate::commands::setup::check::{self, Tried};
use crate::commands::setup::desk::{Desk, INTERRUPTED, unwritten};
use crate::commands::starter::STARTER;
use crate::domain::secret::Secret;
use crate::failure::{Failure, Kind};
use crate::output::ui::Shown;
use crate::settings::{
    DEFAULT_PROFILE, Draft, Given, Key, check_profile_name, secret_of_bytes, secret_of_file,
};

/// No secret is longer.
const BYTES_MAX: u64 = 1024 * 1024;

const BEFORE: &str = "This sets up one account at I'mport. Its REST API key, REST API secret and identification code \
                      are in the console, on the page of the keys. Until the last answer nothing is written; Ctrl-C \
                      ends it.";

/// What is to be written.
pub(super) struct Answers {
    pub(super) draft: Draft,
    pub(super) profile: String,
    /// `None` where a program prints it.
    pub(super) secret: Option<Secret>,
    /// Whether the gateway has taken key and secret.
    pub(super) checked: bool,
    /// The profile that goes on to be the one where none is named, where that has to be said from now on.
    pub(super) new_default: Option<String>,
}

impl Answers {
    /// Where the secret is to be, unless a program prints it.
    pub(super) fn secret_file(&self) -> Option<PathBuf> {
        self.secret.as_ref()?;
        Some(self.draft.path().with_file_name(secret_name(&self.profile)))
    }
}

fn secret_name(profile: &str) -> String {
    format!("{profile}.secret")
}

/// Asks for all there is. Nothing is written meanwhile.
pub(super) fn answers(desk: &mut Desk<'_>, mut draft: Draft) -> Result<Answers, Failure> {
    desk.all_given()?;
    if desk.ui.interactive() {
        desk.ui.note(BEFORE);
    }
    let profile = desk.profile(&draft)?;
    desk.may_replace(&draft, &profile)?;
    let new_default = the_default_stays(&mut draft, &profile)?;
    draft.begin_as(STARTER.replace("[profile.default", &format!("[profile.{profile}")));
    let (secret, checked) = desk.key_and_secret(&mut draft, &profile)?;
    desk.mode(&mut draft, &profile)?;
    desk.imp_code(&mut draft, &profile)?;
    Ok(Answers { draft, profile, secret, checked, new_default })
}

/// A second profile in a file leaves nobody's command without one.
fn the_default_stays(draft: &mut Draft, profile: &str) -> Result<Option<String>, Failure> {
    let profiles = draft.profiles();
    match profiles.as_slice() {
        [only] if only != profile && draft.default_profile().is_none() => {
            draft.set("", &Key::parse("default_profile")?, &Given::Text(only.clone()))?;
            Ok(Some(only.clone()))
        }
        _ => Ok(None),
    }
}

fn set(draft: &mut Draft, profile: &str, key: &str, given: &Given) -> Result<(), Failure> {
    Ok(draft.set(profile, &Key::parse(key)?, given)?)
}

/// imp and digits are the code of the JS SDK (facts 0): a REST API key is longer, and digits alone.
fn is_imp_code(text: &str) -> bool {
    text.strip_prefix("imp")
        .is_some_and(|rest| !rest.is_empty() && rest.bytes().all(|byte| byte.is_ascii_digit()))
}

impl Desk<'_> {
    /// Where nobody can be asked every answer that is needed has to be an option.
    fn all_given(&self) -> Result<(), Failure> {
        if self.ui.interactive() {
            return Ok(());
        }
        let needed = [
            (self.args.imp_key.is_some(), "--imp-key KEY"),
            (self.args.mode.is_some(), "--mode live|test"),
            (
                self.args.secret_from.is_some() || !self.args.program.is_empty(),
                "--secret-from FILE (- is stdin), or behind -- a program that prints the secret",
            ),
        ];
        let missing: Vec<&str> = needed.iter().filter(|(given, _)| !given).map(|(_, what)| *what).collect();
        if missing.is_empty() {
            return Ok(());
        }
        let message = "nobody can be asked here: stdin and stderr are not both terminals, or --no-input was given. \
                       Nothing was written";
        Err(missing
            .into_iter()
            .fold(Failure::usage(message), |failure, what| failure.hinted(format!("give {what}"))))
    }

    fn profile(&mut self, draft: &Draft) -> Result<String, Failure> {
        let named = self.session.flags.profile.clone();
        let named = named.or(self.session.environment.text("BILLKEY_PROFILE")?);
        let usual = (draft.profiles().iter().all(|name| name == DEFAULT_PROFILE)).then_some(DEFAULT_PROFILE);
        let given = named.or_else(|| (!self.ui.interactive()).then(|| DEFAULT_PROFILE.to_owned()));
        let question = match usual {
            Some(usual) => format!("Name of the profile [{usual}]:"),
            None => "Name of the profile:".to_owned(),
        };
        self.until(given.as_deref(), &question, |answer| {
            let name = if answer.is_empty() { usual.unwrap_or_default() } else { answer };
            check_profile_name(name)?;
            Ok(name.to_owned())
        })
    }

    /// A profile with keys in it is somebody's.
    fn may_replace(&mut self, draft: &Draft, profile: &str) -> Result<(), Failure> {
        let keys = ["imp_key", "imp_secret", "imp_secret_file", "imp_secret_command"];
        if self.args.replace || !draft.exists() || !keys.iter().any(|key| draft.has(profile, key)) {
            return Ok(());
        }
        let there = format!("there is a profile {profile} in {} already", draft.path().display());
        confirm(
            self.ui,
            self.interrupts,
            &Question {
                about: "",
                question: &format!("There is a profile {profile} already. Put other keys into it?"),
                unasked: &format!("{there}. Nothing was written"),
                hint: "--replace puts other keys into it; --profile NAME sets up another one",
                declined: "the profile was left as it is. Nothing was written",
                interrupted: INTERRUPTED,
            },
        )
    }

    /// Key and secret, asked for until the gateway takes them, and whether it has.
    fn key_and_secret(
        &mut self,
        draft: &mut Draft,
        profile: &str,
    ) -> Result<(Option<Secret>, bool), Failure> {
        loop {
            self.imp_key(draft, profile)?;
            let secret = self.secret(draft, profile)?;
            if self.args.unchecked {
                return Ok((secret, false));
            }
            match check::tried(self, draft, profile, secret.as_ref()) {
                Ok(Tried::Taken) => return Ok((secret, true)),
                Ok(Tried::LeftUnchecked) => return Ok((secret, false)),
                Err(failure) if failure.kind == Kind::Auth && self.can_ask_again() => self.tell(&failure),
                Err(failure) => return Err(unwritten(failure)),
            }
        }
    }

    fn can_ask_again(&self) -> bool {
        let SetupArgs { imp_key, secret_from, program, .. } = self.args;
        self.ui.interactive() && (imp_key.is_none() || (secret_from.is_none() && program.is_empty()))
    }

    fn imp_key(&mut self, draft: &mut Draft, profile: &str) -> Result<(), Failure> {
        self.until(self.args.imp_key.as_deref(), "REST API key (imp_key):", |answer| {
            if is_imp_code(answer) {
                return Err(Failure::usage(format!(
                    "`{answer}` is the identification code; the REST API key is another line of the console"
                )));
            }
            set(draft, profile, "imp_key", &Given::Text(answer.to_owned()))
        })
    }

    fn secret(&mut self, draft: &mut Draft, profile: &str) -> Result<Option<Secret>, Failure> {
        // One place of the secret at a time is all that the reader takes.
        for key in ["imp_secret", "imp_secret_file", "imp_secret_command"] {
            draft.unset(profile, &Key::parse(key)?)?;
        }
        if !self.args.program.is_empty() {
            let words = Given::Words(self.args.program.clone());
            set(draft, profile, "imp_secret_command", &words).map_err(unwritten)?;
            return Ok(None);
        }
        let secret = match &self.args.secret_from {
            Some(file) if file.as_os_str() == "-" => {
                let bytes = self.ui.piped(BYTES_MAX).map_err(|error| Failure::io("read stdin", &error))?;
                secret_of_bytes("what came from stdin", &bytes)
            }
            Some(file) => secret_of_file(file, &self.session.environment),
            None => return self.typed_secret(draft, profile).map(Some),
        };
        let secret = secret.map_err(|error| unwritten(error.into()))?;
        set(draft, profile, "imp_secret_file", &Given::Text(secret_name(profile)))?;
        Ok(Some(secret))
    }

    fn typed_secret(&mut self, draft: &mut Draft, profile: &str) -> Result<Secret, Failure> {
        loop {
            let answer = self.text("REST API secret (not shown):", Shown::Never)?;
            match secret_of_bytes("what was typed", answer.as_bytes()) {
                Ok(secret) => {
                    set(draft, profile, "imp_secret_file", &Given::Text(secret_name(profile)))?;
                    return Ok(secret);
                }
                Err(error) => self.tell(&error.into()),
            }
        }
    }

    fn mode(&mut self, draft: &mut Draft, profile: &str) -> Result<(), Failure> {
        let question = "Does the account take real money? live or test:";
        self.until(self.args.mode.as_deref(), question, |answer| {
            set(draft, profile, "mode", &Given::Text(answer.to_owned()))
        })
    }

    /// Only registering a card needs it.
    fn imp_code(&mut self, draft: &mut Draft, profile: &str) -> Result<(), Failure> {
        let given = self.args.imp_code.as_deref().or((!self.ui.interactive()).then_some(""));
        let question = "Identification code, for `customer register` (imp and digits; Enter leaves it out):";
        self.until(given, question, |answer| {
            if answer.is_empty() {
                return Ok(());
            }
            if !is_imp_code(answer) {
                return Err(Failure::usage(format!(
                    "`{answer}` is no identification code: that is imp and digits"
                )));
            }
            set(draft, profile, "imp_code", &Given::Text(answer.to_owned()))
        })
    }
}
