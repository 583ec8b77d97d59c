//! The `billkey` program: arguments, settings, command, exit code.

use std::ffi::OsString;
use std::io::{self, Write};
use std::panic::{self, PanicHookInfo};
use std::process::ExitCode;

use billkey::cli;
use billkey::commands::{self, completing, session::Session};
use billkey::failure::Kind;
use billkey::settings::{Environment, Flags, Streams};

fn main() -> ExitCode {
    // Whatever is created holds secrets or payments: for its owner alone, from the first file on.
    #[cfg(unix)]
    rustix::process::umask(rustix::fs::Mode::from_raw_mode(0o077));
    keep_memory_private();
    let arguments: Vec<OsString> = std::env::args_os().collect();
    let environment = Environment::of_process();
    if environment.lossy("RUST_BACKTRACE").is_none() {
        panic::set_hook(Box::new(report_bug));
    }
    if environment.lossy(completing::VARIABLE).is_some() {
        // A shell asks in the middle of a line: nothing is said there, whatever happens.
        panic::set_hook(Box::new(|_| {}));
        let completed = panic::catch_unwind(|| completing::answer(&arguments, &environment, cli::root));
        match completed {
            Ok(None) => {}
            Ok(Some(code)) => return ExitCode::from(code),
            Err(_) => return ExitCode::FAILURE,
        }
    }
    let code = panic::catch_unwind(|| run(&arguments, environment));
    ExitCode::from(code.unwrap_or(Kind::Local.code()))
}

/// The memory holds the API secret: no core dump of it is written, and no other process of this user's reads it.
#[cfg(target_os = "linux")]
fn keep_memory_private() {
    use rustix::process::{DumpableBehavior, Resource, Rlimit, set_dumpable_behavior, setrlimit};

    // Where a system has neither, all else still holds.
    let _ = set_dumpable_behavior(DumpableBehavior::NotDumpable);
    let _ = setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: Some(0) });
}

#[cfg(not(target_os = "linux"))]
fn keep_memory_private() {}

fn run(arguments: &[OsString], environment: Environment) -> u8 {
    let session =
        |flags: Flags| Session { flags, environment, streams: Streams::of_process(), root: cli::root };
    match cli::parse(arguments) {
        Ok(parsed) => commands::run(&parsed.command, &session(parsed.global.flags())),
        Err(error) if error.use_stderr() => {
            session(cli::flags_of_the_unreadable(arguments)).fail_to_read(&error)
        }
        Err(page) => session(cli::flags_of_the_unreadable(arguments)).print(&page),
    }
}

/// A panic as a sentence. What was sent is in the ledger. A library's own words and place would
/// tell a user nothing: they are shown with `RUST_BACKTRACE`.
fn report_bug(panic: &PanicHookInfo<'_>) {
    let ours = panic.location().filter(|place| place.file().starts_with("src"));
    let what = match (ours, panic.payload_as_str()) {
        (Some(place), Some(what)) => format!(": {what} ({}:{})", place.file(), place.line()),
        (Some(place), None) => format!(" ({}:{})", place.file(), place.line()),
        (None, _) => " in a library it uses".to_owned(),
    };
    let _ = writeln!(io::stderr(), "error: billkey has a bug{what}; nothing more was sent");
}
