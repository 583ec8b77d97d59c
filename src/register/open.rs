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
    let mut failed = io::Error::from(io::ErrorKind::NotFound);
    for words in commands(address, browser) {
        let Some((program, arguments)) = words.split_first() else { continue };
        match start(program, arguments) {
            Ok(child) => return Ok(child),
            Err(error) => failed = error,
        }
    }
    Err(failed)
}

fn start(program: &str, arguments: &[String]) -> io::Result<Child> {
    let mut command = Command::new(program);
    command.args(arguments).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    // A browser runs what pages tell it to: our secrets are no business of its.
    for name in ["BILLKEY_IMP_KEY", "BILLKEY_IMP_SECRET"] {
        command.env_remove(name);
    }
    // A Ctrl-C for billkey must not close a browser that was opened by it.
    #[cfg(unix)]
    std::os::unix::process::CommandExt::process_group(&mut command, 0);
    command.spawn()
}

/// The programs to try in turn.
fn commands(address: &str, browser: Option<&str>) -> Vec<Vec<String>> {
    let Some(browser) = browser else {
        let words: &[&str] = if cfg!(target_os = "macos") {
            &["open"]
        } else if cfg!(windows) {
            &["cmd", "/C", "start", ""]
        } else {
            &["xdg-open"]
        };
        let words = words.iter().copied().chain([address]).map(str::to_owned);
        return vec![words.collect()];
    };
    let choices = browser.split(':').map(|choice| {
        let mut words: Vec<String> =
            choice.split_whitespace().map(|word| word.replace("%s", address)).collect();
        if !choice.contains("%s") && !words.is_empty() {
            words.push(address.to_owned());
        }
        words
    });
    choices.filter(|words| !words.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use super::{commands, open_browser};

    #[test]
    fn the_environment_names_programs_and_no_shell_sees_them() {
        let address = "http://127.0.0.1:1/t";
        assert_eq!(commands(address, Some("firefox")), [["firefox", address]]);
        assert_eq!(
            commands(address, Some("lynx -x %s:w3m $(id)")),
            [vec!["lynx", "-x", address], vec!["w3m", "$(id)", address]]
        );
        assert_eq!(commands(address, Some(" : ")), Vec::<Vec<String>>::new());
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn the_system_has_a_way_of_its_own() {
        assert_eq!(commands("http://127.0.0.1:1/t", None), [["xdg-open", "http://127.0.0.1:1/t"]]);
    }

    #[test]
    #[cfg(unix)]
    fn the_first_program_that_starts_is_taken() {
        let mut child = open_browser("x", Some("no-such-browser-here:true")).unwrap();
        assert!(child.wait().unwrap().success());
        assert!(open_browser("x", Some("no-such-browser-here")).is_err());
    }
}
