//! The `billkey` program: arguments, settings, command, exit code.

use std::ffi::OsString;
use std::io::{self, ErrorKind, Write};
use std::panic::{self, PanicHookInfo};
use std::process::ExitCode;

use billkey::cli;
use billkey::commands::{self, session::Session};
use billkey::failure::Kind;
use billkey::settings::{Environment, Flags, Presentation, Streams};

fn main() -> ExitCode {
    // Whatever is created holds secrets or payments: for its owner alone, from the first file on.
    #[cfg(unix)]
    rustix::process::umask(rustix::fs::Mode::from_raw_mode(0o077));
    let arguments: Vec<OsString> = std::env::args_os().collect();
    let environment = Environment::of_process();
    if environment.lossy("RUST_BACKTRACE").is_none() {
        panic::set_hook(Box::new(report_bug));
    }
    let code = panic::catch_unwind(|| run(&arguments, environment));
    ExitCode::from(code.unwrap_or(Kind::Local.code()))
}

fn run(arguments: &[OsString], environment: Environment) -> u8 {
    let session =
        |flags: Flags| Session { flags, environment, streams: Streams::of_process(), root: cli::root };
    match cli::parse(arguments) {
        Ok(parsed) => commands::run(&parsed.command, &session(parsed.global.flags())),
        Err(error) => explain(&error, &session(cli::flags_of_the_unreadable(arguments))),
    }
}

/// `--help` and `--version`, and what is wrong with a command line.
fn explain(error: &clap::Error, session: &Session) -> u8 {
    let presentation = Presentation::resolve(&session.flags, &session.environment).unwrap_or_default();
    let is_wrong = error.use_stderr();
    if is_wrong && presentation.format.is_json() {
        return session.fail(&cli::usage_failure(error));
    }
    let text = error.render();
    let streams = session.streams;
    let is_terminal = if is_wrong { streams.stderr_is_terminal } else { streams.stdout_is_terminal };
    let text = if presentation.colour(is_terminal) { text.ansi().to_string() } else { text.to_string() };
    if is_wrong {
        // Where stderr cannot be written, the exit code has to say it.
        let _ = io::stderr().write_all(text.as_bytes());
        return Kind::Usage.code();
    }
    match io::stdout().write_all(text.as_bytes()).and_then(|()| io::stdout().flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => Kind::Local.code(),
        Err(_) | Ok(()) => 0,
    }
}

/// A panic as a sentence. What was sent is in the ledger.
fn report_bug(panic: &PanicHookInfo<'_>) {
    let what = panic.payload_as_str().unwrap_or("no reason was given");
    let place = panic.location().map(|place| format!(" ({}:{})", place.file(), place.line()));
    let place = place.unwrap_or_default();
    let _ = writeln!(io::stderr(), "error: billkey has a bug: {what}{place}; nothing more was sent");
}
