//! A machine with nothing on it but the program: own home, own environment, loopback only.

use std::cell::RefCell;
use std::fmt;
use std::fs;
use std::io::{ErrorKind, Write as _};
use std::ops::Deref;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use billkey::sandbox::{FaultPlan, IMP_KEY, IMP_SECRET, Options, Sandbox};
use serde_json::Value;
use tempfile::TempDir;

pub const BILLKEY: &str = env!("CARGO_BIN_EXE_billkey");

/// What one run said and how it ended.
pub struct Ran {
    pub stdout: String,
    pub stderr: Said,
    pub code: i32,
}

/// What stands on stderr. Where a run succeeds and the test does not look at it, it must be silent but for
/// the ledger that a first run creates: what nobody expected fails the test.
#[derive(Default)]
pub struct Said {
    text: String,
    /// The arguments of a run that must have been silent, until somebody looks.
    silent: RefCell<Option<String>>,
}

impl Said {
    pub fn as_str(&self) -> &str {
        self
    }
}

impl From<String> for Said {
    fn from(text: String) -> Said {
        Said { text, silent: RefCell::new(None) }
    }
}

impl Deref for Said {
    type Target = str;

    fn deref(&self) -> &str {
        self.silent.replace(None);
        &self.text
    }
}

impl PartialEq<&str> for Said {
    fn eq(&self, other: &&str) -> bool {
        **self == **other
    }
}

impl fmt::Debug for Said {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.text, f)
    }
}

impl Drop for Said {
    fn drop(&mut self) {
        let Some(arguments) = self.silent.take() else { return };
        let mut unexpected = self.text.lines().filter(|line| {
            !line.to_lowercase().trim_start_matches("warning: ").starts_with("created the ledger ")
        });
        if unexpected.next().is_some() && !std::thread::panicking() {
            panic!("`billkey {arguments}` said what the test did not look at:\n{}", self.text);
        }
    }
}

impl Ran {
    pub fn from_output(output: &Output) -> Ran {
        Ran {
            stdout: String::from_utf8(output.stdout.clone()).expect("stdout is UTF-8"),
            stderr: String::from_utf8(output.stderr.clone()).expect("stderr is UTF-8").into(),
            code: output.status.code().unwrap_or(-1),
        }
    }

    /// Unless somebody looks at what it said, or it failed.
    fn must_be_silent(self, arguments: &str) -> Ran {
        self.stderr.silent.replace((self.code == 0).then(|| arguments.to_owned()));
        self
    }

    /// The one JSON value on stdout.
    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.stdout)
            .unwrap_or_else(|error| panic!("stdout is not JSON: {error}\n{self}"))
    }

    /// Asserts the exit code and gives the run back.
    #[track_caller]
    pub fn exits(self, code: i32) -> Ran {
        assert_eq!(self.code, code, "{self}");
        assert!(!self.stderr.text.contains("panicked"), "{self}");
        self
    }

    /// Asserts that nothing shown is of Rust's making: types, `Debug`, numbers of errors.
    #[track_caller]
    pub fn in_plain_words(self) -> Ran {
        let rust = [
            "::",
            "Error(",
            "Err(",
            "Some(",
            "None)",
            "Ok(",
            "os error",
            "unwrap",
            "RUST_",
            "invalid digit",
            "..=",
            "Utf8Error",
            "kind:",
            ".rs:",
            "String",
        ];
        for word in rust {
            assert!(
                !self.stderr.text.contains(word) && !self.stdout.contains(word),
                "`{word}` is shown\n{self}"
            );
        }
        self
    }

    /// Asserts that a terminal is not told anything: no control characters, no changes of direction.
    #[track_caller]
    pub fn holds_nothing_odd(self) -> Ran {
        let unsafe_char = |c: char| {
            (c.is_control() && !matches!(c, '\n' | '\t'))
                || matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
        };
        // The line breaks of CSV.
        let stdout = self.stdout.replace("\r\n", "\n");
        assert!(!stdout.contains(unsafe_char), "stdout is unsafe: {:?}", self.stdout);
        assert!(!self.stderr.text.contains(unsafe_char), "stderr is unsafe: {:?}", self.stderr);
        self
    }

    /// The error object, which must be the last line of stderr.
    #[track_caller]
    pub fn error(&self) -> Value {
        let line = self.stderr.lines().last().unwrap_or_default();
        let object: Value = serde_json::from_str(line)
            .unwrap_or_else(|error| panic!("the last line of stderr is not JSON: {error}\n{self}"));
        object["error"].clone()
    }

    /// Asserts that stderr holds all of these.
    #[track_caller]
    pub fn says(self, parts: &[&str]) -> Ran {
        for part in parts {
            assert!(self.stderr.contains(part), "stderr does not say `{part}`\n{self}");
        }
        self
    }

    /// Asserts that stdout holds all of these.
    #[track_caller]
    pub fn answers(self, parts: &[&str]) -> Ran {
        for part in parts {
            assert!(self.stdout.contains(part), "stdout does not say `{part}`\n{self}");
        }
        self
    }
}

impl fmt::Display for Ran {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}------- stderr -------\n{}[exit status: {}]\n", self.stdout, self.stderr.text, self.code)
    }
}

impl fmt::Debug for Ran {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The arguments that charge ₩8,900 to gildong_0001_1234 under this merchant_uid, with a yes and with more.
pub fn to_charge<'a>(merchant_uid: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    to_charge_with("gildong_0001_1234", "8900", merchant_uid, more)
}

/// The same for any customer and amount.
pub fn to_charge_with<'a>(
    customer_uid: &'a str,
    amount: &'a str,
    merchant_uid: &'a str,
    more: &[&'a str],
) -> Vec<&'a str> {
    let what = ["charge", customer_uid, "--amount", amount, "--name", "Monthly"];
    [&what[..], &["--merchant-uid", merchant_uid, "--yes"], more].concat()
}

/// A home directory and what the environment says in it.
pub struct World {
    home: TempDir,
    variables: Vec<(String, String)>,
}

impl World {
    /// Nothing configured: what a newcomer has.
    pub fn bare() -> World {
        World { home: TempDir::new().unwrap(), variables: Vec::new() }
    }

    /// A profile `main` for the gateway at this address, with the sandbox's key.
    pub fn for_gateway(api_url: &str) -> World {
        World::with_profile(api_url, "mode = \"test\"\n")
    }

    /// The same with more lines in the profile.
    pub fn with_profile(api_url: &str, lines: &str) -> World {
        let world = World::bare();
        world.configure(&format!(
            "[profile.main]\napi_url = \"{api_url}\"\nimp_key = \"{IMP_KEY}\"\nimp_secret = \"{IMP_SECRET}\"\n{lines}"
        ));
        world
    }

    pub fn configure(&self, toml: &str) {
        let path = self.config_path();
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, toml).unwrap();
        set_mode(&path, 0o600);
    }

    pub fn config_path(&self) -> PathBuf {
        self.home().join(".config/billkey/config.toml")
    }

    pub fn ledger_path(&self) -> PathBuf {
        self.home().join(".local/share/billkey/main.db")
    }

    pub fn home(&self) -> &Path {
        self.home.path()
    }

    pub fn set(&mut self, name: &str, value: &str) {
        self.variables.push((name.to_owned(), value.to_owned()));
    }

    /// The program, not yet started.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(BILLKEY);
        command.args(arguments).env_clear().current_dir(self.home()).stdin(Stdio::null());
        command.env("HOME", self.home()).env("USER", "tester").env("LANG", "C.UTF-8");
        command.envs(self.variables.iter().map(|(name, value)| (name, value)));
        command
    }

    /// Runs the program to its end. Where it succeeds and says something, the test has to look at that.
    #[must_use = "look at what the program said"]
    pub fn run(&self, arguments: &[&str]) -> Ran {
        Ran::from_output(&self.command(arguments).output().unwrap()).must_be_silent(&arguments.join(" "))
    }

    /// Runs the program with this on its stdin.
    #[must_use = "look at what the program said"]
    pub fn run_fed(&self, arguments: &[&str], input: &str) -> Ran {
        let mut command = self.command(arguments);
        let mut child =
            command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        // A program that wants nothing may be gone already.
        if let Err(error) = child.stdin.take().unwrap().write_all(input.as_bytes()) {
            assert_eq!(error.kind(), ErrorKind::BrokenPipe, "{error}");
        }
        Ran::from_output(&child.wait_with_output().unwrap())
    }

    /// Starts it and goes on.
    pub fn spawn(&self, arguments: &[&str]) -> Child {
        self.command(arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
    }

    /// `charge gildong_0001_1234` of ₩8,900 with this merchant_uid, as JSON.
    #[must_use = "look at what the program said"]
    pub fn charge(&self, merchant_uid: &str, more: &[&str]) -> Ran {
        self.run(&to_charge(merchant_uid, &[&["--json"], more].concat()))
    }
}

/// A sandbox gateway of the test's own, with its book in a directory of its own.
pub struct Gateway {
    sandbox: Sandbox,
    book: TempDir,
}

impl Gateway {
    pub fn start(faults: &str) -> Gateway {
        let book = TempDir::new().unwrap();
        let options =
            Options { book: book.path().join("book.db"), port: 0, faults: FaultPlan::parse(faults).unwrap() };
        Gateway { sandbox: Sandbox::start(&options).unwrap(), book }
    }

    pub fn url(&self) -> String {
        self.sandbox.api_url()
    }

    /// The file of the gateway's own book.
    pub fn book_path(&self) -> PathBuf {
        self.book.path().join("book.db")
    }

    /// Replaces the faults.
    pub fn faults(&self, plan: &str) {
        let url = format!("{}/_sandbox/faults", self.url());
        let answer = client().put(url).body(plan.to_owned()).send().unwrap();
        assert!(answer.status().is_success(), "{}", answer.text().unwrap());
    }

    /// The gateway's own book: every payment it made, the hidden ones too.
    pub fn book(&self) -> Value {
        let text = client().get(format!("{}/_sandbox/book", self.url())).send().unwrap().text().unwrap();
        let answer: Value = serde_json::from_str(&text).unwrap();
        answer["response"].clone()
    }

    fn charges(&self, merchant_uid: &str, what: &str) -> u64 {
        let book = self.book();
        let rows = book["charges"].as_array().unwrap();
        rows.iter()
            .find(|row| row["merchant_uid"] == merchant_uid)
            .map_or(0, |row| row[what].as_u64().unwrap())
    }

    /// How many charge requests arrived under this merchant_uid.
    pub fn received(&self, merchant_uid: &str) -> u64 {
        self.charges(merchant_uid, "received")
    }

    /// How often the customer was charged under it.
    pub fn charged(&self, merchant_uid: &str) -> u64 {
        self.charges(merchant_uid, "charged")
    }

    pub fn revoke_tokens(&self) {
        let url = format!("{}/_sandbox/token/revoke", self.url());
        let answer = client().post(url).send().unwrap();
        assert!(answer.status().is_success());
    }
}

/// A client of the test's own. It speaks to loopback only, and needs a TLS provider all the same.
pub fn client() -> reqwest::blocking::Client {
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::blocking::Client::new()
}

/// Waits until something is so, for ten seconds at most.
#[track_caller]
pub fn eventually(what: &str, mut is_so: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !is_so() {
        assert!(begun.elapsed() < Duration::from_secs(10), "never came to be: {what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[cfg(unix)]
pub fn set_mode(path: &Path, mode: u32) {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

#[cfg(not(unix))]
pub fn set_mode(_path: &Path, _mode: u32) {}

fn a_run_that_says(text: &str, code: i32) -> Ran {
    let ran = Ran { stdout: String::new(), stderr: text.to_owned().into(), code };
    ran.must_be_silent("charge")
}

#[test]
#[should_panic(expected = "`billkey charge` said what the test did not look at")]
fn a_success_that_says_what_nobody_looks_at_fails_the_test() {
    let _ = a_run_that_says("Created the ledger main.db\nwarning: x\n", 0).exits(0).in_plain_words();
}

#[test]
fn what_is_looked_at_and_what_a_failure_says_fails_no_test() {
    let _ = a_run_that_says("warning: x\n", 0).exits(0).says(&["warning"]);
    let _ = a_run_that_says("error: x\n", 9).exits(9);
    let _ = a_run_that_says("Created the ledger main.db\n", 0).exits(0);
}
