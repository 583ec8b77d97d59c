//! Opening the system's browser, without a shell.

use std::io;
use std::process::{Child, Command, Stdio};

/// Starts the browser on an address. `browser` is what the user's environment names: programs with
/// their arguments, divided by colons, `%s` where the address goes; the first that starts is taken.
/// Without it the system's own way is.
///
/// # Errors
/// If no program could be started. One that starts and fails ends with a status of its own.
pub fn open_browser(address: &str, browser: Option<&str>) -> io::Result<Child> {
    let commands = browser.map_or_else(|| open::commands(address), |browser| named(address, browser));
    let mut failed = io::Error::from(io::ErrorKind::NotFound);
    for mut command in commands {
        match start(&mut command) {
            Ok(child) => return Ok(child),
            Err(error) => failed = error,
        }
    }
    Err(failed)
}

fn start(command: &mut Command) -> io::Result<Child> {
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    // A browser runs what pages tell it to: our secrets are no business of its.
    for name in ["BILLKEY_IMP_KEY", "BILLKEY_IMP_SECRET"] {
        command.env_remove(name);
    }
    // A Ctrl-C for billkey must not close a browser that was opened by it.
    #[cfg(unix)]
    std::os::unix::process::CommandExt::process_group(command, 0);
    command.spawn()
}

/// The programs of the environment, to try in turn.
fn named(address: &str, browser: &str) -> Vec<Command> {
    let commands = browser.split(':').filter_map(|choice| {
        let mut words = choice.split_whitespace().map(|word| word.replace("%s", address));
        let mut command = Command::new(words.next()?);
        command.args(words);
        if !choice.contains("%s") {
            command.arg(address);
        }
        Some(command)
    });
    commands.collect()
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::{named, open_browser};

    fn words(command: &Command) -> Vec<&str> {
        [command.get_program()]
            .into_iter()
            .chain(command.get_args())
            .filter_map(|word| word.to_str())
            .collect()
    }

    fn all_words(commands: &[Command]) -> Vec<Vec<&str>> {
        commands.iter().map(words).collect()
    }

    #[test]
    fn the_environment_names_programs_and_no_shell_sees_them() {
        let address = "http://127.0.0.1:1/t";
        assert_eq!(all_words(&named(address, "firefox")), [["firefox", address]]);
        assert_eq!(
            all_words(&named(address, "lynx -x %s:w3m $(id)")),
            [vec!["lynx", "-x", address], vec!["w3m", "$(id)", address]]
        );
        assert!(named(address, " : ").is_empty());
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn the_system_has_ways_of_its_own() {
        let ways = open::commands("http://127.0.0.1:1/t");
        assert!(all_words(&ways).contains(&vec!["xdg-open", "http://127.0.0.1:1/t"]), "{ways:?}");
    }

    #[test]
    #[cfg(unix)]
    fn the_first_program_that_starts_is_taken() {
        let mut child = open_browser("x", Some("no-such-browser-here:true")).unwrap();
        assert!(child.wait().unwrap().success());
        assert!(open_browser("x", Some("no-such-browser-here")).is_err());
    }
}
