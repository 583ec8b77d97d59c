//! A program that is not waited for for ever.

use std::io::{self, Read};
use std::process::{Child, Command, ExitStatus};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

/// What is read of a program's output: no secret is longer.
const BYTES_MAX: u64 = 1 << 20;

/// How often a program that has said all is asked whether it has ended.
const LOOK_EVERY: Duration = Duration::from_millis(10);

/// Runs a program to its end: how it ended, and what it printed. `None` if that took longer than `patience`: then
/// it is ended, and what it has started with it.
pub(super) fn output(command: &mut Command, patience: Duration) -> io::Result<Option<(ExitStatus, Vec<u8>)>> {
    let alone = has_no_terminal();
    #[cfg(unix)]
    if alone {
        std::os::unix::process::CommandExt::process_group(command, 0);
    }
    let mut child = command.spawn()?;
    let Some(stdout) = child.stdout.take() else {
        return Err(io::Error::other("its output cannot be read"));
    };
    let (done, printed) = mpsc::channel();
    thread::spawn(move || {
        let mut bytes = Vec::new();
        let read = stdout.take(BYTES_MAX).read_to_end(&mut bytes).map(|_| bytes);
        // Nobody may be waiting any more.
        let _ = done.send(read);
    });
    let Ok(read) = printed.recv_timeout(patience) else {
        end(&mut child, alone);
        return Ok(None);
    };
    let mut left = patience;
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(Some((status, read?)));
        }
        if left.is_zero() {
            end(&mut child, alone);
            return Ok(None);
        }
        thread::sleep(LOOK_EVERY);
        left = left.saturating_sub(LOOK_EVERY);
    }
}

/// At a terminal a program has to stay in our group to be able to ask for a passphrase there; a person who waits
/// can press Ctrl-C, which goes to all of it.
fn has_no_terminal() -> bool {
    use std::io::IsTerminal;

    !(io::stdin().is_terminal() || io::stderr().is_terminal())
}

fn end(child: &mut Child, alone: bool) {
    #[cfg(unix)]
    if alone {
        use rustix::process::{Pid, Signal, kill_process_group};

        let _ = kill_process_group(Pid::from_child(child), Signal::KILL);
    }
    #[cfg(not(unix))]
    let _ = alone;
    let _ = child.kill();
    let _ = child.wait();
}
