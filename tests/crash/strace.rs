//! Runs the program under strace and reads what strace wrote.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::crash::skipped;

/// Where strace is. Where it is not, the test is skipped, loudly; in CI that is a failure.
pub fn find(test: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::split_paths(&path).map(|dir| dir.join("strace")).find(|file| file.is_file());
    let works = found.filter(|strace| {
        // It may be there and not be allowed to trace, as in some containers.
        let tried = Command::new(strace).args(["-o", "/dev/null", "true"]).output();
        cfg!(target_os = "linux") && tried.is_ok_and(|output| output.status.success())
    });
    if works.is_none() {
        let in_ci = std::env::var("CI").is_ok_and(|value| value == "true");
        assert!(!in_ci, "{test} needs strace, and CI must have it");
        skipped(test, "there is no strace here that can trace");
    }
    works
}

/// The same command under strace. Its log names files instead of bare descriptors.
pub fn traced(strace: &Path, log: &Path, options: &[String], plain: &Command) -> Command {
    let mut command = Command::new(strace);
    command.args(["-f", "-y", "-s", "16384", "-o"]).arg(log).args(options).arg("--");
    command.arg(plain.get_program()).args(plain.get_args()).env_clear().stdin(Stdio::null());
    command.envs(plain.get_envs().filter_map(|(name, value)| Some((name, value?))));
    command.current_dir(plain.get_current_dir().unwrap());
    command
}

/// One system call of the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Call {
    pub(super) thread: String,
    pub(super) name: String,
    /// Between the outer brackets, as strace writes it.
    pub(super) arguments: String,
    /// After the equals sign; `?` where the call never came back.
    pub(super) result: String,
    /// The lines of the log on which it began and came back.
    pub(super) began: usize,
    pub(super) ended: usize,
}

impl Call {
    pub(super) fn succeeded(&self) -> bool {
        !self.result.starts_with('-') && !self.result.starts_with('?')
    }

    /// The file that the first argument, a descriptor, is of.
    pub(super) fn file(&self) -> Option<&str> {
        let rest = self.arguments.trim_start_matches(|c: char| c.is_ascii_digit());
        Some(rest.strip_prefix('<')?.split_once('>')?.0)
    }

    /// The `at`-th text among the arguments: a path.
    pub(super) fn text(&self, at: usize) -> Option<&str> {
        self.arguments.split('"').nth(2 * at + 1)
    }
}

/// Every call in a log of `strace -f -y -o`, in the order in which they came back.
pub(super) fn calls(log: &str) -> Vec<Call> {
    let mut open: Vec<Call> = Vec::new();
    let mut done = Vec::new();
    for (number, line) in log.lines().enumerate() {
        let Some((thread, rest)) = line.split_once(' ') else { continue };
        let rest = rest.trim_start();
        if rest.starts_with("+++") || rest.starts_with("---") {
            continue;
        }
        if let Some(rest) = rest.strip_prefix("<... ") {
            let Some(at) = open.iter().position(|call| call.thread == thread) else { continue };
            let Some((_, rest)) = rest.split_once("resumed>") else { continue };
            let mut call = open.remove(at);
            let (arguments, result) = split_result(rest);
            call.arguments.push_str(arguments);
            call.result = result.to_owned();
            call.ended = number;
            done.push(call);
            continue;
        }
        let Some((name, rest)) = rest.split_once('(') else { continue };
        let mut call = Call {
            thread: thread.to_owned(),
            name: name.to_owned(),
            arguments: String::new(),
            result: String::new(),
            began: number,
            ended: number,
        };
        if let Some(arguments) = rest.strip_suffix("<unfinished ...>") {
            call.arguments = arguments.to_owned();
            open.push(call);
        } else {
            let (arguments, result) = split_result(rest);
            call.arguments = arguments.to_owned();
            call.result = result.to_owned();
            done.push(call);
        }
    }
    done
}

/// `4</a/b>, "x", 1) = 1` in two.
fn split_result(text: &str) -> (&str, &str) {
    match text.rsplit_once(" = ") {
        Some((arguments, result)) => (arguments.trim_end().trim_end_matches(')'), result),
        None => (text, "?"),
    }
}

#[test]
fn a_log_is_read_call_by_call() {
    let log = "\
7 openat(AT_FDCWD</tmp>, \"/h/a.db\", O_RDWR|O_CREAT, 0600) = 3</h/a.db>
7 fsync(3</h/a.db> <unfinished ...>
8 mkdir(\"/h/d\", 0700)             = -1 EEXIST (File exists)
7 <... fsync resumed>)              = 0
8 pwrite64(4</h/a.db-wal>, \") = \\\"\", 5, 0) = 5
7 write(1<pipe:[5]>, \"x\", 1 <unfinished ...>) = ?
7 +++ killed by SIGKILL +++
";
    let calls = calls(log);
    let names: Vec<&str> = calls.iter().map(|call| call.name.as_str()).collect();
    assert_eq!(names, ["openat", "mkdir", "fsync", "pwrite64", "write"]);
    assert_eq!(calls[0].text(0), Some("/h/a.db"));
    assert!(calls[0].succeeded() && !calls[1].succeeded() && !calls[4].succeeded());
    assert_eq!((calls[2].file(), calls[2].began, calls[2].ended), (Some("/h/a.db"), 1, 3));
    assert_eq!((calls[3].file(), calls[3].result.as_str()), (Some("/h/a.db-wal"), "5"));
    assert_eq!(calls[1].thread, "8");
}
