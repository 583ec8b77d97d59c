//! One charge, killed at every system call it makes, and one with every file and socket call failing
//! in every way that fits; the same command again settles it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use crate::crash::books::{Book, check_word, in_ledger, settle, was_killed};
use crate::crash::strace::{self, Call};
use crate::crash::{nothing_wrong, on_threads};
use crate::support::world::{Gateway, Ran, World, set_mode, to_charge};

/// A plain `cargo test` kills a first charge at every call and tries every so many-th of the other
/// points; all of them with `BILLKEY_EXHAUSTIVE=1`.
const ONE_IN: usize = 6;
/// More than there are cores: most of the time goes by in waits.
const WORKERS: usize = 6;
/// A run that has not ended by then hangs.
const PATIENCE: Duration = Duration::from_secs(20);

/// What each call fails with. Of the writes only those to stdout and stderr fail, further below: the
/// others wake a thread, through a descriptor that knows none of these errors. `+` stands for this call and every later one of its name.
#[rustfmt::skip]
const FAILURES: [(&str, &[&str]); 44] = [
    // Files.
    ("openat", &["EMFILE", "EACCES", "ENOSPC", "EROFS", "EIO", "ENOSPC+", "EMFILE+"]),
    ("read", &["EIO", "EINTR"]),
    ("pread64", &["EIO"]),
    ("pwrite64", &["ENOSPC", "EIO", "EDQUOT", "ENOSPC+", "EIO+"]),
    ("fsync", &["EIO", "ENOSPC", "EIO+"]),
    ("fdatasync", &["EIO", "ENOSPC", "EIO+"]),
    ("ftruncate", &["EIO", "ENOSPC"]),
    ("fallocate", &["ENOSPC"]),
    ("lseek", &["EIO"]),
    ("rename", &["EACCES", "ENOSPC", "EIO"]),
    ("unlink", &["EACCES", "EROFS", "EIO"]),
    ("mkdir", &["EACCES", "ENOSPC", "EROFS"]),
    ("flock", &["ENOLCK", "EINTR", "EIO"]),
    ("fcntl", &["ENOLCK", "EIO", "EAGAIN"]),
    ("newfstatat", &["EACCES", "EIO"]),
    ("statx", &["EACCES", "EIO"]),
    ("fstat", &["EIO"]),
    ("readlink", &["EACCES", "EIO"]),
    ("access", &["EACCES"]),
    ("getdents64", &["EIO"]),
    ("fchown", &["EPERM"]),
    ("close", &["EIO", "EINTR"]),
    // Sockets.
    ("socket", &["EMFILE", "EACCES", "ENOBUFS"]),
    ("socketpair", &["EMFILE"]),
    ("connect", &["ECONNREFUSED", "ETIMEDOUT", "ENETUNREACH", "EINTR"]),
    ("setsockopt", &["EINVAL", "ENOBUFS"]),
    ("getsockopt", &["ECONNREFUSED", "EIO"]),
    ("getsockname", &["ENOBUFS"]),
    ("getpeername", &["ENOTCONN"]),
    ("writev", &["ECONNRESET", "EPIPE", "ETIMEDOUT", "EINTR"]),
    ("sendto", &["ECONNRESET", "EPIPE", "ETIMEDOUT", "EINTR"]),
    ("sendmsg", &["ECONNRESET", "EPIPE", "ETIMEDOUT", "EINTR"]),
    ("recvfrom", &["ECONNRESET", "ETIMEDOUT", "EIO", "EINTR"]),
    ("shutdown", &["ENOTCONN"]),
    ("epoll_create1", &["EMFILE"]),
    ("epoll_ctl", &["ENOSPC", "ENOMEM"]),
    ("epoll_wait", &["EINTR"]),
    ("eventfd2", &["EMFILE"]),
    ("poll", &["EINTR", "ENOMEM"]),
    // The rest, sparingly.
    ("getrandom", &["EINTR"]),
    ("clone3", &["EAGAIN"]),
    ("clone", &["EAGAIN"]),
    ("ioctl", &["ENOTTY"]),
    ("ppoll", &["EINTR"]),
];

/// One thing that goes wrong.
pub(super) struct Point {
    /// For people, and for `BILLKEY_POINT`.
    pub(super) name: String,
    pub(super) options: Vec<String>,
}

fn point(call: &str, at: &str, what: &str, error: Option<&str>, path: Option<&Path>) -> Point {
    let where_ = path.map_or(String::new(), |path| format!(" on {}", path.display()));
    let action = error.map_or_else(|| "signal=SIGKILL".to_owned(), |error| format!("error={error}"));
    let mut options = vec![
        "-e".to_owned(),
        format!("trace={call}"),
        "-e".to_owned(),
        format!("inject={call}:{action}:when={at}"),
    ];
    options.extend(path.iter().flat_map(|path| ["-P".to_owned(), path.to_str().unwrap().to_owned()]));
    Point { name: format!("{call} {what} at {at}{where_}"), options }
}

/// How often each call is made. strace counts for each thread alone, so that the most that any one
/// thread makes is as far as counting leads.
fn counts(calls: &[Call]) -> BTreeMap<String, usize> {
    let mut by_thread = BTreeMap::<(&str, &str), usize>::new();
    for call in calls.iter().filter(|call| call.name != "execve") {
        *by_thread.entry((&call.name, &call.thread)).or_default() += 1;
    }
    let mut counts = BTreeMap::new();
    for ((name, _), count) in by_thread {
        let most: &mut usize = counts.entry(name.to_owned()).or_default();
        *most = count.max(*most);
    }
    counts
}

pub(super) fn kill_points(calls: &[Call], _home: &Path) -> Vec<Point> {
    let mut points = Vec::new();
    for (name, count) in counts(calls) {
        points.extend((1..=count).map(|at| point(&name, &at.to_string(), "killed", None, None)));
    }
    // Other threads write first, so that counting never leads to the answer on stdout.
    points
        .extend(["stdout", "stderr"].map(|file| point("write", "1", "killed", None, Some(Path::new(file)))));
    points
}

/// The calls, by name and count, in which any thread touches a file of the user's or a socket. The
/// others read what the system brings along, and one way to fail is enough for them.
fn own_calls(calls: &[Call], home: &Path) -> BTreeSet<(String, usize)> {
    let mut counts = BTreeMap::<(&str, &str), usize>::new();
    let mut own = BTreeSet::new();
    let home = home.to_str().unwrap();
    for call in calls {
        let count = counts.entry((&call.name, &call.thread)).or_default();
        *count += 1;
        if [home, "socket:"].iter().any(|part| call.arguments.contains(part) || call.result.contains(part)) {
            own.insert((call.name.clone(), *count));
        }
    }
    own
}

fn failure_points(calls: &[Call], home: &Path) -> Vec<Point> {
    let mut points = Vec::new();
    let (counts, own) = (counts(calls), own_calls(calls, home));
    for (name, errors) in FAILURES {
        let count = counts.get(name).copied().unwrap_or(0);
        for at in 1..=count {
            let errors = if own.contains(&(name.to_owned(), at)) { errors } else { &errors[..1] };
            for error in errors {
                let (error, after) = error.strip_suffix('+').map_or((*error, ""), |error| (error, "+"));
                let what = format!("fails with {error}");
                points.push(point(name, &format!("{at}{after}"), &what, Some(error), None));
            }
        }
    }
    for error in ["ENOSPC", "EPIPE", "EIO"] {
        let what = format!("fails with {error}");
        points.extend(
            ["stdout", "stderr"].map(|file| point("write", "1", &what, Some(error), Some(Path::new(file)))),
        );
    }
    points
}

/// What an earlier run of the same command left, when it was killed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Left {
    /// There was none.
    Nothing,
    /// A pending row; the request did not leave.
    Unsent,
    /// A pending row; the card was charged.
    Unrecorded,
}

/// A gateway, and a token that its users have cached already, so that the runs are short.
struct Shop {
    strace: PathBuf,
    gateway: Gateway,
    book: Book,
    token: (PathBuf, Vec<u8>),
    left: Left,
    charge: OnceLock<(usize, usize)>,
}

impl Shop {
    fn open(strace: PathBuf, left: Left) -> Shop {
        let gateway = Gateway::start("no_duplicate_refusal");
        let world = World::for_gateway(&gateway.url());
        world.run(&["token"]).exits(0);
        let cached =
            fs::read_dir(world.home().join(".cache/billkey")).unwrap().next().unwrap().unwrap().path();
        let token = (cached.strip_prefix(world.home()).unwrap().to_owned(), fs::read(&cached).unwrap());
        Shop { strace, book: Book::of(&gateway), gateway, token, left, charge: OnceLock::new() }
    }

    fn customer(&self) -> World {
        let world = World::with_profile(&self.gateway.url(), "mode = \"test\"\nsettle_after = \"400ms\"\n");
        let cached = world.home().join(&self.token.0);
        fs::create_dir_all(cached.parent().unwrap()).unwrap();
        fs::write(&cached, &self.token.1).unwrap();
        set_mode(&cached, 0o600);
        world
    }

    /// One charge under strace; what it said, and the log.
    fn traced(&self, world: &World, order: &str, options: &[String]) -> Result<(Ran, String), String> {
        let plain = world.command(&to_charge(order, &["--json"]));
        let file = |name: &str| world.home().join(name);
        let options: Vec<String> = options
            .iter()
            .map(|option| match option.as_str() {
                "stdout" | "stderr" => file(option).to_str().unwrap().to_owned(),
                _ => option.clone(),
            })
            .collect();
        let mut command = strace::traced(&self.strace, &file("log"), &options, &plain);
        command.stdout(File::create(file("stdout")).unwrap()).stderr(File::create(file("stderr")).unwrap());
        // A group of its own, so that a run that hangs is ended whole.
        let mut child = command.stdin(Stdio::null()).process_group(0).spawn().unwrap();
        let begun = Instant::now();
        let status: ExitStatus = loop {
            if let Some(status) = child.try_wait().unwrap() {
                break status;
            }
            if begun.elapsed() > PATIENCE {
                let group = rustix::process::Pid::from_child(&child);
                let _ = rustix::process::kill_process_group(group, rustix::process::Signal::KILL);
                let _ = child.wait();
                return Err(format!(
                    "hangs; stderr so far:\n{}",
                    fs::read_to_string(file("stderr")).unwrap()
                ));
            }
            std::thread::sleep(Duration::from_millis(1));
        };
        let text = |name: &str| String::from_utf8_lossy(&fs::read(file(name)).unwrap()).into_owned();
        if let Some(signal) = status.signal().filter(|signal| *signal != 9) {
            return Err(format!("died of signal {signal}:\n{}", text("stderr")));
        }
        Ok((
            Ran { stdout: text("stdout"), stderr: text("stderr").into(), code: status.code().unwrap_or(-1) },
            text("log"),
        ))
    }

    /// Which of the writes to the network is the charge, and which of the writes to the ledger is the first after its
    /// answer. The question for scheduled payments goes out beside the charge, now before and now behind it.
    fn charge(&self) -> (usize, usize) {
        *self.charge.get_or_init(|| {
            let (_, log) = self.traced(&self.customer(), "measured", &[]).unwrap();
            let calls = strace::calls(&log);
            let is_beside = |call: &&Call| call.arguments.contains("/subscribe/payments/schedule");
            let sends = calls.iter().filter(|call| call.name == "writev");
            let sends: Vec<&Call> = sends.filter(|call| !is_beside(call)).collect();
            let charge = sends.iter().position(|call| call.arguments.contains("/subscribe/payments/again"));
            let charge = charge.expect("a write of the charge");
            let sent = sends[charge].began;
            let before = calls.iter().filter(|call| call.name == "pwrite64" && call.began < sent).count();
            (charge + 1, before + 1)
        })
    }

    /// Runs the command up to where the shop's earlier runs were killed.
    fn leave(&self, world: &World, order: &str) -> Result<(), String> {
        let kill = |call: &str, at: usize| point(call, &at.to_string(), "killed", None, None).options;
        let options = match self.left {
            Left::Nothing => return Ok(()),
            Left::Unsent => kill("writev", self.charge().0),
            Left::Unrecorded => kill("pwrite64", self.charge().1),
        };
        let (ran, _) = self.traced(world, order, &options)?;
        let row = in_ledger(&world.ledger_path(), order);
        let known = self.book.known(order);
        let charged = usize::from(self.left == Left::Unrecorded);
        if !was_killed(&ran) || row.as_deref() != Some("pending") || known.charged.len() != charged {
            return Err(format!("left {row:?} and {known:?} behind, not {:?}\n{ran}", self.left));
        }
        // Longer than `settle_after`, so that the next run may send.
        std::thread::sleep(Duration::from_millis(450));
        Ok(())
    }

    /// Whether the point was met at all: the calls of one run are not quite those of the next.
    fn try_point(&self, point: &Point, order: &str) -> Result<bool, String> {
        let world = self.customer();
        self.leave(&world, order)?;
        let (ran, log) = self.traced(&world, order, &point.options)?;
        let not_begun = ran.code == 127 && ran.stderr.contains("error while loading shared libraries");
        if !not_begun {
            check_word(&ran, &self.book.known(order))?;
        }
        let again = settle(&world, &self.book, order, &[])?;
        let known = self.book.known(order);
        if known.charged.len() != 1 || again.json()["imp_uid"] != known.charged[0].as_str() {
            return Err(format!("the gateway knows {known:?}\n{again}"));
        }
        // A request that was charged, and a run that said so, are never followed by another one.
        let settled = ran.code == 0 || self.left == Left::Unrecorded;
        if settled && known.received != 1 {
            return Err(format!("said paid, and was sent again: {known:?}\n{ran}"));
        }
        Ok(was_killed(&ran) || log.contains("(INJECTED)"))
    }
}

/// Tries the points on a few threads and tells how many of them were met.
fn try_all(shop: &Shop, what: &str, points: &[Point], one_in: usize) {
    let only = std::env::var("BILLKEY_POINT").ok();
    let exhaustive = only.is_some() || std::env::var("BILLKEY_EXHAUSTIVE").is_ok_and(|value| value == "1");
    let one_in = if exhaustive { 1 } else { one_in };
    let chosen: Vec<&Point> = points
        .iter()
        .step_by(one_in)
        .filter(|point| only.as_ref().is_none_or(|only| point.name.contains(only.as_str())))
        .collect();
    let (met, begun) = (AtomicUsize::new(0), Instant::now());
    let wrong = on_threads(WORKERS, chosen.len(), |index| {
        let order = format!("{}_{index:05}", what.replace(' ', "_"));
        let was_met = shop
            .try_point(chosen[index], &order)
            .map_err(|wrong| format!("BILLKEY_POINT='{}': {wrong}", chosen[index].name))?;
        met.fetch_add(usize::from(was_met), Ordering::Relaxed);
        Ok(())
    });
    let met = met.into_inner();
    println!("{what}: {met} of {} points met, {} tried, {:.1?}", points.len(), chosen.len(), begun.elapsed());
    nothing_wrong(&wrong);
    assert!(only.is_some() || met * 10 >= chosen.len() * 9, "only {met} of {} points were met", chosen.len());
}

fn points_of(shop: &Shop, what: &str, points: fn(&[Call], &Path) -> Vec<Point>) -> Vec<Point> {
    let (world, order) = (shop.customer(), "untouched".to_owned());
    shop.leave(&world, &order).unwrap();
    let (ran, log) = shop.traced(&world, &order, &[]).unwrap();
    assert_eq!(ran.code, 0, "{ran}");
    let calls = strace::calls(&log);
    let points = points(&calls, world.home());
    println!("{what}: {} calls in one run", calls.len());
    points
}

fn every_point(what: &str, left: Left, points: fn(&[Call], &Path) -> Vec<Point>, one_in: usize) {
    let Some(strace) = strace::find(what) else { return };
    let shop = Shop::open(strace, left);
    let points = points_of(&shop, what, points);
    try_all(&shop, what, &points, one_in);
}

#[test]
fn a_charge_killed_at_any_system_call_is_made_once() {
    every_point("a charge killed", Left::Nothing, kill_points, 1);
}

#[test]
fn a_charge_with_any_system_call_failing_is_made_once_and_told_truly() {
    every_point("a charge with a call failing", Left::Nothing, failure_points, ONE_IN);
}

#[test]
fn a_second_send_killed_at_any_system_call_is_made_once() {
    every_point("a second send killed", Left::Unsent, kill_points, ONE_IN);
}

#[test]
fn a_second_send_with_any_system_call_failing_is_made_once_and_told_truly() {
    every_point("a second send with a call failing", Left::Unsent, failure_points, ONE_IN * 2);
}

#[test]
fn a_settling_run_killed_at_any_system_call_sends_nothing() {
    every_point("a settling run killed", Left::Unrecorded, kill_points, ONE_IN);
}

#[test]
fn a_settling_run_with_any_system_call_failing_sends_nothing_and_tells_the_truth() {
    every_point("a settling run with a call failing", Left::Unrecorded, failure_points, ONE_IN * 2);
}
