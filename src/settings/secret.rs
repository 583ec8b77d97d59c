//! The API key and its secret, fetched only by a command that talks to the gateway.

use std::path::Path;
use std::process::{Command, Stdio};

use crate::domain::secret::Secret;
use crate::domain::words::os_words;
use crate::settings::error::SettingsError;
use crate::settings::file::{SecretSource, read_secret_file};

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

/// Fetches a secret. A program is run in `directory`, where the config file is.
pub(super) fn fetch(
    wanted: Wanted,
    source: &SecretSource,
    directory: &Path,
) -> Result<Secret, SettingsError> {
    match source {
        SecretSource::Value(text) => read(wanted, &format!("the {}", wanted.name), text.as_bytes()),
        SecretSource::File(path) => {
            read(wanted, &format!("the secret file {}", path.display()), &read_secret_file(path)?)
        }
        SecretSource::Command(words) => run(wanted, words, directory),
    }
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
    if !directory.as_os_str().is_empty() {
        // A relative program is one beside the config file, as a relative path in it is.
        if program.contains('/') && Path::new(program).is_relative() {
            let beside = directory.canonicalize().unwrap_or_else(|_| directory.to_owned()).join(program);
            command = Command::new(beside);
            command.args(arguments).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::inherit());
        }
        command.current_dir(directory);
    }
    let output = command
        .output()
        .map_err(|error| SettingsError::config(format!("{named} cannot be run: {}", os_words(&error))))?;
    if !output.status.success() {
        let how = output
            .status
            .code()
            .map_or("was ended by a signal".to_owned(), |code| format!("ended with exit code {code}"));
        return Err(SettingsError::config(format!("{named} {how}")));
    }
    read(wanted, &format!("what {named} printed"), &output.stdout)
}

/// One line of text without its line end.
fn read(wanted: Wanted, what: &str, bytes: &[u8]) -> Result<Secret, SettingsError> {
    let text =
        std::str::from_utf8(bytes).map_err(|_| SettingsError::config(format!("{what} is not UTF-8 text")))?;
    let line = text.strip_suffix('\n').unwrap_or(text);
    let line = line.strip_suffix('\r').unwrap_or(line);
    if line.trim().is_empty() {
        return Err(SettingsError::config(format!("{what} is empty; it should be the {}", wanted.name)));
    }
    if line.chars().any(char::is_control) {
        return Err(SettingsError::config(format!(
            "{what} is more than one line; it should be the {} alone",
            wanted.name
        )));
    }
    Ok(Secret::new(line.to_owned()))
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt;
    use std::path::Path;

    use super::{API_SECRET, fetch};
    use crate::settings::file::SecretSource;

    fn command(words: &[&str]) -> SecretSource {
        SecretSource::Command(words.iter().map(|word| (*word).to_owned()).collect())
    }

    #[test]
    fn a_commands_output_is_the_secret_without_its_newline() {
        let secret = fetch(API_SECRET, &command(&["printf", "s3cret\\n"]), Path::new("")).unwrap();
        assert_eq!(secret.expose(), "s3cret");
        let secret = fetch(API_SECRET, &command(&["echo", "$HOME; true"]), Path::new("")).unwrap();
        assert_eq!(secret.expose(), "$HOME; true", "no shell looks at the arguments");
    }

    #[test]
    fn a_command_that_fails_is_named_and_its_output_is_not() {
        let failing = command(&["sh", "-c", "echo s3cret; exit 3"]);
        let error = fetch(API_SECRET, &failing, Path::new("")).unwrap_err().message;
        assert_eq!(error, "the imp_secret_command `sh` ended with exit code 3");
        let error = fetch(API_SECRET, &command(&["true"]), Path::new("")).unwrap_err().message;
        assert!(error.contains("`true` printed is empty"), "{error}");
        let error =
            fetch(API_SECRET, &command(&["printf", "s3cret\\nmore"]), Path::new("")).unwrap_err().message;
        assert!(error.contains("more than one line") && !error.contains("s3cret"), "{error}");
        let error =
            fetch(API_SECRET, &command(&["no-such-program-here"]), Path::new("")).unwrap_err().message;
        assert_eq!(
            error,
            "the imp_secret_command `no-such-program-here` cannot be run: no such file or directory"
        );
    }

    #[test]
    fn a_relative_program_stands_beside_the_config_file() {
        let folder = tempfile::tempdir().unwrap();
        let script = folder.path().join("secret.sh");
        fs::write(&script, "#!/bin/sh\necho from-beside\n").unwrap();
        fs::set_permissions(&script, fs::Permissions::from_mode(0o700)).unwrap();
        let secret = fetch(API_SECRET, &command(&["./secret.sh"]), folder.path()).unwrap();
        assert_eq!(secret.expose(), "from-beside");
    }

    #[test]
    fn a_secret_file_that_others_can_read_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("secret.txt");
        fs::write(&path, "s3cret\r\n").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
        let source = SecretSource::File(path.clone());
        let error = fetch(API_SECRET, &source, Path::new("")).unwrap_err();
        assert!(error.message.ends_with("can be read by others (mode 0640)"), "{}", error.message);
        assert_eq!(error.hint, Some(format!("chmod 600 {}", path.display())));
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        assert_eq!(fetch(API_SECRET, &source, Path::new("")).unwrap().expose(), "s3cret");
    }
}
