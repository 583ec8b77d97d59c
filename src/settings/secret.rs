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

/// Fetches the secret. A program is run in `directory`, where the config file is.
pub(super) fn fetch(source: &SecretSource, directory: &Path) -> Result<Secret, SettingsError> {
    match source {
        SecretSource::Value(text) => read("the API secret", text.as_bytes()),
        SecretSource::File(path) => {
            read(&format!("the secret file {}", path.display()), &read_secret_file(path)?)
        }
        SecretSource::Command(words) => run(words, directory),
    }
}

/// Runs the program without a shell. Its errors go where ours go, so that it can ask for a
/// passphrase; what it prints is shown to nobody.
fn run(words: &[String], directory: &Path) -> Result<Secret, SettingsError> {
    let Some((program, arguments)) = words.split_first() else {
        return Err(SettingsError::config("imp_secret_command names no program"));
    };
    let named = format!("the imp_secret_command `{}`", program.escape_debug());
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
    read(&format!("what {named} printed"), &output.stdout)
}

/// One line of text without its line end.
fn read(what: &str, bytes: &[u8]) -> Result<Secret, SettingsError> {
    let text =
        std::str::from_utf8(bytes).map_err(|_| SettingsError::config(format!("{what} is not UTF-8 text")))?;
    let line = text.strip_suffix('\n').unwrap_or(text);
    let line = line.strip_suffix('\r').unwrap_or(line);
    if line.trim().is_empty() {
        return Err(SettingsError::config(format!("{what} is empty; it should be the REST API secret")));
    }
    if line.chars().any(char::is_control) {
        return Err(SettingsError::config(format!(
            "{what} is more than one line; it should be the REST API secret alone"
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

    use super::fetch;
    use crate::settings::file::SecretSource;

    fn command(words: &[&str]) -> SecretSource {
        SecretSource::Command(words.iter().map(|word| (*word).to_owned()).collect())
    }

    #[test]
    fn a_commands_output_is_the_secret_without_its_newline() {
        let secret = fetch(&command(&["printf", "s3cret\\n"]), Path::new("")).unwrap();
        assert_eq!(secret.expose(), "s3cret");
        let secret = fetch(&command(&["echo", "$HOME; true"]), Path::new("")).unwrap();
        assert_eq!(secret.expose(), "$HOME; true", "no shell looks at the arguments");
    }

    #[test]
    fn a_command_that_fails_is_named_and_its_output_is_not() {
        let failing = command(&["sh", "-c", "echo s3cret; exit 3"]);
        let error = fetch(&failing, Path::new("")).unwrap_err().message;
        assert_eq!(error, "the imp_secret_command `sh` ended with exit code 3");
        let error = fetch(&command(&["true"]), Path::new("")).unwrap_err().message;
        assert!(error.contains("`true` printed is empty"), "{error}");
        let error = fetch(&command(&["printf", "s3cret\\nmore"]), Path::new("")).unwrap_err().message;
        assert!(error.contains("more than one line") && !error.contains("s3cret"), "{error}");
        let error = fetch(&command(&["no-such-program-here"]), Path::new("")).unwrap_err().message;
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
        let secret = fetch(&command(&["./secret.sh"]), folder.path()).unwrap();
        assert_eq!(secret.expose(), "from-beside");
    }

    #[test]
    fn a_secret_file_that_others_can_read_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("secret.txt");
        fs::write(&path, "s3cret\r\n").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
        let source = SecretSource::File(path.clone());
        let error = fetch(&source, Path::new("")).unwrap_err();
        assert!(error.message.ends_with("can be read by others (mode 0640)"), "{}", error.message);
        assert_eq!(error.hint, Some(format!("chmod 600 {}", path.display())));
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        assert_eq!(fetch(&source, Path::new("")).unwrap().expose(), "s3cret");
    }
}
