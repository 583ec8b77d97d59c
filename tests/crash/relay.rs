//! A wire between the program and the gateway that knows how far the request for money has come.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::process::Child;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use crate::support::world::Ran;

/// How far the newest run's request to charge or to refund has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Stage {
    /// The relay has not seen it.
    Unsent,
    /// It was seen, and no answer has passed.
    InFlight,
    /// All of the answer is with the program's side of the wire.
    Answered,
}

/// The run in the upper bits, its stage in the lower two: what an older run's wire still carries
/// must not pass for the newest one's.
#[derive(Default)]
struct Progress(AtomicU64);

impl Progress {
    fn run(&self) -> u64 {
        self.0.load(Ordering::SeqCst) >> 2
    }

    fn reach(&self, run: u64, stage: Stage) {
        let at = |stage: Stage| (run << 2) | stage as u64;
        let _ = self.0.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |now| {
            (now >> 2 == run && now < at(stage)).then_some(at(stage))
        });
    }
}

/// The relay; it lives as long as the test's process.
pub(super) struct Relay {
    address: SocketAddr,
    progress: Arc<Progress>,
}

impl Relay {
    /// Listens, and passes everything on to the gateway at this URL.
    pub(super) fn to(url: &str) -> Relay {
        let upstream: SocketAddr = url.strip_prefix("http://").unwrap().parse().unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let relay = Relay { address: listener.local_addr().unwrap(), progress: Arc::default() };
        let progress = Arc::clone(&relay.progress);
        std::thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let Ok(gateway) = TcpStream::connect(upstream) else { continue };
                let run = progress.run();
                let (sent, answered) = (Arc::clone(&progress), Arc::clone(&progress));
                let ends = (client.try_clone().unwrap(), gateway.try_clone().unwrap());
                std::thread::spawn(move || forward(ends.0, ends.1, &sent, run));
                std::thread::spawn(move || back(gateway, client, &answered, run));
            }
        });
        relay
    }

    pub(super) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Starts a run and kills it so long after it has come so far; how far it had come by then, and what it said.
    pub(super) fn run_and_kill(
        &self,
        not_before: Stage,
        after_us: u64,
        start: impl FnOnce() -> Child,
    ) -> (Stage, Ran) {
        self.new_run();
        let mut child = start();
        let begun = Instant::now();
        // A run that finds what it is about sends nothing: it ends by itself. On a busy machine the others take long.
        while self.stage() < not_before && begun.elapsed() < Duration::from_secs(5) {
            if child.try_wait().unwrap().is_some() {
                break;
            }
            std::thread::sleep(Duration::from_micros(100));
        }
        std::thread::sleep(Duration::from_micros(after_us));
        let stage = self.stage();
        let _ = child.kill();
        (stage, Ran::from_output(&child.wait_with_output().unwrap()))
    }

    /// From here on the stage is that of a new run.
    fn new_run(&self) {
        self.progress.0.store((self.progress.run() + 1) << 2, Ordering::SeqCst);
    }

    fn stage(&self) -> Stage {
        match self.progress.0.load(Ordering::SeqCst) & 3 {
            0 => Stage::Unsent,
            1 => Stage::InFlight,
            _ => Stage::Answered,
        }
    }
}

/// The program's side to the gateway's.
fn forward(mut from: TcpStream, mut to: TcpStream, progress: &Progress, run: u64) {
    let mut chunk = [0; 16 * 1024];
    while let Ok(count @ 1..) = from.read(&mut chunk) {
        let moves_money = [&b"POST /subscribe/payments/again"[..], b"POST /payments/cancel"];
        if moves_money.iter().any(|request| chunk[..count].starts_with(request)) {
            progress.reach(run, Stage::InFlight);
        }
        if to.write_all(&chunk[..count]).is_err() {
            break;
        }
    }
    let _ = to.shutdown(Shutdown::Both);
}

/// The gateway's answers to the program. They are small, and come in one piece.
fn back(mut from: TcpStream, mut to: TcpStream, progress: &Progress, run: u64) {
    let mut chunk = [0; 16 * 1024];
    while let Ok(count @ 1..) = from.read(&mut chunk) {
        if to.write_all(&chunk[..count]).is_err() {
            break;
        }
        let in_flight = (run << 2) | Stage::InFlight as u64;
        if progress.0.load(Ordering::SeqCst) == in_flight {
            progress.reach(run, Stage::Answered);
        }
    }
    let _ = to.shutdown(Shutdown::Both);
}
