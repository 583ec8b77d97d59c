//! A terminal with the program at it, as a person would have.

use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Read, Write};
use std::process::{Child, Command};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use rustix::fs::{OFlags, fcntl_setfl};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{LocalModes, OptionalActions, Winsize, tcgetattr, tcsetattr, tcsetwinsize};

/// The program, and what it has put on the screen so far.
pub struct Terminal {
    keyboard: File,
    screen: Arc<Mutex<Vec<u8>>>,
    child: Child,
    watched: Arc<AtomicBool>,
    watch: thread::JoinHandle<()>,
}

/// The program after its terminal has gone.
pub struct Bereft {
    child: Child,
}

impl Terminal {
    /// Starts the command with stdin, stdout and stderr at a terminal of 80 columns.
    pub fn start(command: Command) -> Terminal {
        Terminal::start_wide(command, 80)
    }

    /// The same at a terminal of so many columns.
    pub fn start_wide(mut command: Command, columns: u16) -> Terminal {
        let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC).unwrap();
        grantpt(&master).unwrap();
        unlockpt(&master).unwrap();
        let name = ptsname(&master, Vec::new()).unwrap().into_string().unwrap();
        let end = || OpenOptions::new().read(true).write(true).open(&name).unwrap();
        let first = end();
        tcsetwinsize(&first, Winsize { ws_row: 24, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 }).unwrap();
        // On Ctrl-C a terminal throws away what it has not shown yet, and that may be the answer to it already.
        let mut modes = tcgetattr(&first).unwrap();
        modes.local_modes.insert(LocalModes::NOFLSH);
        tcsetattr(&first, OptionalActions::Now, &modes).unwrap();
        let child = command.env("TERM", "xterm").stdin(first).stdout(end()).stderr(end()).spawn().unwrap();
        // The command keeps its ends open as long as it lives.
        drop(command);
        let keyboard = File::from(master);
        // Whoever waits for a byte holds the terminal open.
        fcntl_setfl(&keyboard, OFlags::RDWR | OFlags::NONBLOCK).unwrap();
        let (screen, watched) = (Arc::new(Mutex::new(Vec::new())), Arc::new(AtomicBool::new(true)));
        let (mut output, seen) = (keyboard.try_clone().unwrap(), Arc::clone(&screen));
        let goes_on = Arc::clone(&watched);
        let watch = thread::spawn(move || {
            let mut piece = [0; 4096];
            while goes_on.load(Ordering::Relaxed) {
                match output.read(&mut piece) {
                    Ok(count @ 1..) => seen.lock().unwrap().extend_from_slice(&piece[..count]),
                    Err(error) if error.kind() == ErrorKind::WouldBlock => {
                        thread::sleep(Duration::from_millis(5));
                    }
                    // The end of the last program at a terminal is an error on this side.
                    Ok(_) | Err(_) => break,
                }
            }
        });
        Terminal { keyboard, screen, child, watched, watch }
    }

    /// The same, as the terminal that the program is told of when it goes.
    #[cfg(target_os = "linux")]
    pub fn start_as_session(command: &Command) -> Terminal {
        let mut session = Command::new("setsid");
        session.arg("--ctty").arg(command.get_program()).args(command.get_args()).env_clear();
        session.envs(command.get_envs().map(|(name, value)| (name, value.unwrap())));
        session.current_dir(command.get_current_dir().unwrap());
        Terminal::start(session)
    }

    /// The window is closed, or the connection ends.
    pub fn goes(self) -> Bereft {
        self.watched.store(false, Ordering::Relaxed);
        self.watch.join().unwrap();
        Bereft { child: self.child }
    }

    /// All that was ever written to the screen, with what moves the cursor about.
    pub fn seen(&self) -> String {
        String::from_utf8_lossy(&self.screen.lock().unwrap()).into_owned()
    }

    /// Waits until the screen shows this.
    #[track_caller]
    pub fn shows(&self, text: &str) {
        let begun = Instant::now();
        while !self.seen().contains(text) {
            assert!(begun.elapsed() < Duration::from_secs(30), "`{text}` is not shown:\n{}", self.seen());
            thread::sleep(Duration::from_millis(10));
        }
    }

    /// Whether the terminal shows what is typed and takes lines, as a shell expects to find it.
    pub fn echoes(&self) -> bool {
        let modes = tcgetattr(&self.keyboard).unwrap().local_modes;
        modes.contains(LocalModes::ECHO | LocalModes::ICANON | LocalModes::ISIG)
    }

    pub fn types(&mut self, text: &str) {
        self.keyboard.write_all(text.as_bytes()).unwrap();
    }

    /// Waits for the end and for what was written last, and asserts the exit code.
    #[track_caller]
    pub fn exits(&mut self, code: i32) {
        let status = self.child.wait().unwrap();
        let ended = Instant::now();
        // There is no end to read while another program has the terminal open.
        while !self.watch.is_finished() && ended.elapsed() < Duration::from_secs(5) {
            thread::sleep(Duration::from_millis(5));
        }
        assert_eq!(status.code(), Some(code), "{}", self.seen());
    }
}

impl Bereft {
    pub fn is_running(&mut self) -> bool {
        self.child.try_wait().unwrap().is_none()
    }

    #[track_caller]
    pub fn exits(mut self, code: i32) {
        assert_eq!(self.child.wait().unwrap().code(), Some(code));
    }
}
