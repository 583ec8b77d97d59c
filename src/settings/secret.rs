//! The API key and its secret, fetched only by a command that talks to the gateway.

use std::io;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use crate::domain::secret::Secret;
use crate::domain::text::is_invisible;
use crate::domain::time::format_duration;
use crate::domain::words::os_words;
use crate::settings::environment::Environment;
use crate::settings::error::SettingsError;
use crate::settings::file::{SecretSource, read_secret_file};
use crate::settings::owner::Owners;

mod patient;

/// How long a program may take to give a secret: a person may have to type a passphrase first.
const PATIENCE: Duration = Duration::from_secs(60);

/// Variables that no other program gets to see.
const SECRET_VARIABLES: [&str; 2] = ["BILLKEY_IMP_KEY", "BILLKEY_IMP_SECRET"];

/// What a token is asked for with (facts 1).
#[derive(Clone, Debug)]
pub struct Credentials {
    pub imp_key: Secret,
    pub imp_secret: Secret,
}

/// Which secret is wanted, in the words of messages.
#[derive(Clone, Copy)]
pub(super) struct Wanted {
    /// `REST API secret`
    pub(super) name: &'static str,
    /// `imp_secret_command`
    pub(super) command_key: &'static str,
}

/// The secret that a token is asked for with.
pub(super) const API_SECRET: Wanted = Wanted { name: "REST API secret", command_key: "imp_secret_command" };
/// The secret that requests to `customer listen` carry.
pub(super) const LISTEN_SECRET: Wanted =
    Wanted { name: "listen secret", command_key: "listen_secret_command" };
/// Whichever is about to be set.
const SOME_SECRET: Wanted = Wanted { name: "secret", command_key: "" };

/// Fetches a secret. A program is run in `directory`, where the config file is.
pub(super) fn fetch(
    wanted: Wanted,
    source: &SecretSource,
    directory: &Path,
    owners: Owners,
) -> Result<Secret, SettingsError> {
    match source {
        SecretSource::Value(text) => read(wanted, &format!("the {}", wanted.name), text.as_bytes()),
        SecretSource::File(path) => {
            read(wanted, &format!("the secret file {}", path.display()), &read_secret_file(path, owners)?)
        }
        SecretSource::Command(words) => run(wanted, words, directory),
    }
}

/// A secret that was handed over: typed, or from a pipe. `what` names where it came from.
pub fn secret_of_bytes(what: &str, bytes: &[u8]) -> Result<Secret, SettingsError> {
    read(SOME_SECRET, what, bytes)
}

/// A secret in a file of its own, which must be for its owner alone.
pub fn secret_of_file(path: &Path, environment: &Environment) -> Result<Secret, SettingsError> {
    fetch(SOME_SECRET, &SecretSource::File(path.to_owned()), Path::new(""), environment.owners())
}

/// Runs the program without a shell. Its errors go where ours go, so that it can ask for a
/// passphrase; what it prints is shown to nobody.
fn run(wanted: Wanted, words: &[String], directory: &Path) -> Result<Secret, SettingsError> {
    let Some((program, arguments)) = words.split_first() else {
        return Err(SettingsError::config(format!("{} names no program", wanted.command_key)));
    };
    let named = format!("the {} `{}`", wanted.command_key, program.escape_debug());
    let mut command = Command::new(program);
    command.args(arguments).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::inherit());
    // A profile that is being set up has no directory yet.
    if directory.is_dir() {
        // A relative program is one beside the config file, as a relative path in it is.
        if program.contains('/') && Path::new(program).is_relative() {
            let beside = directory.canonicalize().unwrap_or_else(|_| directory.to_owned()).join(program);
            command = Command::new(beside);
            command.args(arguments).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::inherit());
        }
        command.current_dir(directory);
    }
    // What the environment holds of ours is no business of another program's.
    for name in SECRET_VARIABLES {
        command.env_remove(name);
    }
    let cannot =
        |error: io::Error| SettingsError::config(format!("{named} cannot be run: {}", os_words(&error)));
    let ended = patient::output(&mut command, PATIENCE).map_err(cannot)?;
    let Some((status, printed)) = ended else {
        let patience = format_duration(PATIENCE);
        return Err(SettingsError::config(format!("{named} did not end within {patience}, and was ended")));
    };
    if !status.success() {
        let how = status
            .code()
            .map_or("was ended by a signal".to_owned(), |code| format!("ended with exit code {code}"));
        return Err(SettingsError::config(format!("{named} {how}")));
    }
    read(wanted, &format!("what {named} printed"), &printed)
}

/// One line of text, without what stands around it: a byte order mark, blanks, its line end.
fn read(wanted: Wanted, what: &str, bytes: &[u8]) -> Result<Secret, SettingsError> {
    let text =
        std::str::from_utf8(bytes).map_err(|_| SettingsError::config(format!("{what} is not UTF-8 text")))?;
    let line = trimmed(text);
    if line.is_empty() {
        return Err(SettingsError::config(format!("{what} is empty; it should be the {}", wanted.name)));
    }
    if line.chars().any(char::is_control) {
        return Err(SettingsError::config(format!(
            "{what} is more than one line; it should be the {} alone",
            wanted.name
        )));
    }
    all_visible(what, line)?;
    Ok(Secret::new(line.to_owned()))
}

/// A key or secret without what an editor, a page or a program has put around it.
pub(super) fn trimmed(text: &str) -> &str {
    text.trim_matches(|c: char| c == '\u{feff}' || c.is_whitespace())
}

/// Refuses what looks like the key or secret and is another one: the gateway would say no, and nobody could
/// see why.
pub(super) fn all_visible(what: &str, text: &str) -> Result<(), SettingsError> {
    let odd = |c: &char| is_invisible(*c) || (*c != ' ' && c.is_whitespace());
    let Some((at, c)) = text.chars().zip(1_u32..).map(|(c, at)| (at, c)).find(|(_, c)| odd(c)) else {
        return Ok(());
    };
    let message = format!("{what} holds U+{:04X}, which cannot be seen, as character {at}", u32::from(c));
    Err(SettingsError::config(message).hinted("copy it once more, and type what was copied wrong by hand"))
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt;
    use std::path::Path;

    use super::{API_SECRET, fetch};
    use crate::settings::file::SecretSource;
    use crate::settings::owner::Owners;

    fn command(words: &[&str]) -> SecretSource {
        SecretSource::Command(words.iter().map(|word| (*word).to_owned()).collect())
    }

    #[test]
    fn a_commands_output_is_the_secret_without_its_newline() {
        let secret =
            fetch(API_SECRET, &command(&["printf", "s3cret\\n"]), Path::new(""), Owners::default()).unwrap();
        assert_eq!(secret.expose(), "s3cret");
        let secret =
            fetch(API_SECRET, &command(&["echo", "$HOME; true"]), Path::new(""), Owners::default()).unwrap();
        assert_eq!(secret.expose(), "$HOME; true", "no shell looks at the arguments");
    }

    #[test]
    fn a_command_that_fails_is_named_and_its_output_is_not() {
        let failing = command(&["sh", "-c", "echo s3cret; exit 3"]);
        let error = fetch(API_SECRET, &failing, Path::new(""), Owners::default()).unwrap_err().message;
        assert_eq!(error, "the imp_secret_command `sh` ended with exit code 3");
        let error =
            fetch(API_SECRET, &command(&["true"]), Path::new(""), Owners::default()).unwrap_err().message;
        assert!(error.contains("`true` printed is empty"), "{error}");
        let error =
            fetch(API_SECRET, &command(&["printf", "s3cret\\nmore"]), Path::new(""), Owners::default())
                .unwrap_err()
                .message;
        assert!(error.contains("more than one line") && !error.contains("s3cret"), "{error}");
        let error = fetch(API_SECRET, &command(&["no-such-program-here"]), Path::new(""), Owners::default())
            .unwrap_err()
            .message;
        assert_eq!(
            error,
            "the imp_secret_command `no-such-program-here` cannot be run: no such file or directory"
        );
    }

    #[test]
    fn what_stands_around_a_secret_is_cut_and_what_cannot_be_seen_in_it_is_named() {
        let value = |text: &str| {
            fetch(API_SECRET, &SecretSource::Value(text.to_owned()), Path::new(""), Owners::default())
        };
        for text in ["\u{feff}s3 cret\r\n", " s3 cret\t\n\n", "\u{a0}s3 cret", "s3 cret"] {
            assert_eq!(value(text).unwrap().expose(), "s3 cret", "{text:?}");
        }
        for (text, named) in
            [("s3\u{200b}cret", "U+200B"), ("s3cr\u{a0}et", "U+00A0"), ("s3\u{feff}3", "U+FEFF")]
        {
            let message = value(text).unwrap_err().message;
            assert!(message.contains(named) && !message.contains("s3"), "{message}");
        }
    }

    #[test]
    fn a_program_that_takes_too_long_is_ended_with_its_children() {
        use std::process::{Command, Stdio};
        use std::time::{Duration, Instant};

        let folder = tempfile::tempdir().unwrap();
        let left = folder.path().join("left");
        let script = format!("(sleep 3; touch {0}) & sleep 30", left.display());
        let mut slow = Command::new("sh");
        slow.args(["-c", &script]).stdin(Stdio::null()).stdout(Stdio::piped());
        let begun = Instant::now();
        assert!(super::patient::output(&mut slow, Duration::from_millis(300)).unwrap().is_none());
        assert!(begun.elapsed() < Duration::from_secs(3));
        std::thread::sleep(Duration::from_millis(3_300));
        assert!(!left.exists(), "a child of it went on");
    }

    #[test]
    fn a_relative_program_stands_beside_the_config_file() {
        let folder = tempfile::tempdir().unwrap();
        let script = folder.path().join("secret.sh");
        fs::write(&script, "#!/bin/sh\necho from-beside\n").unwrap();
        fs::set_permissions(&script, fs::Permissions::from_mode(0o700)).unwrap();
        let secret = fetch(API_SECRET, &command(&["./secret.sh"]), folder.path(), Owners::default()).unwrap();
        assert_eq!(secret.expose(), "from-beside");
    }

    #[test]
    fn a_secret_file_that_others_can_read_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("secret.txt");
        fs::write(&path, "s3cret\r\n").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
        let source = SecretSource::File(path.clone());
        let error = fetch(API_SECRET, &source, Path::new(""), Owners::default()).unwrap_err();
        assert!(error.message.ends_with("can be read by others (mode 0640)"), "{}", error.message);
        assert_eq!(error.hint, Some(format!("chmod 600 {}", path.display())));
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        assert_eq!(fetch(API_SECRET, &source, Path::new(""), Owners::default()).unwrap().expose(), "s3cret");
    }
}
