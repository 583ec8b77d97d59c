//! What goes into which commit: the thread that has the ledger, and the one that waits for the disk.
//!
//! While the disk syncs one commit, the next transaction is made, so that neither waits for the other.
//! What somebody waits for goes first, and what nobody waits for is written while the disk is busy. A
//! transaction that half of the callers wait for is committed even then: nobody is left to join it.

use std::collections::VecDeque;
use std::io;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::Duration;

use crate::ledger::{Ledger, LedgerError, LogSync, NotCommitted};

/// How long what nobody waits for is held back, for others to share its commit.
const LINGER: Duration = Duration::from_millis(2);

/// How often the ledger's thread looks for its next call before it goes to sleep while the disk is busy: a
/// fortieth of a millisecond of a processor that has nothing else to do. To wake a thread takes longer than
/// most of what it is woken for.
const LOOKS_BEFORE_SLEEP: u32 = 50;

/// One write, and who waits for it.
pub(super) trait Write: Send {
    /// Does it, inside of the open transaction; once more where that was taken back.
    fn run(&mut self, ledger: &mut Ledger);
    /// Answers, once it is known what became of the commit.
    fn answer(self: Box<Self>, durable: Result<(), LedgerError>);
}

/// What the ledger's thread is told.
pub(super) enum Call {
    /// Somebody does nothing until it is durable.
    Awaited(Box<dyn Write>),
    /// Whoever asked goes on meanwhile.
    Unhurried(Box<dyn Write>),
    /// The disk is done with a commit.
    Synced,
    /// There is nothing more to wait for at the disk.
    NoDisk,
    /// There are no more callers.
    Over,
}

/// Starts both threads; what is returned ends after [`Call::Over`], with all that was asked for written.
pub(super) fn start(
    ledger: Ledger,
    log: LogSync,
    callers: usize,
    calls: Receiver<Call>,
    to_self: Sender<Call>,
) -> io::Result<thread::JoinHandle<Ledger>> {
    let (disk, groups) = channel();
    let disk_end = DiskEnd(to_self);
    thread::Builder::new().name("sync".to_owned()).spawn(move || sync_all(log, &groups, &disk_end))?;
    let scribe = Scribe::new(ledger, calls, disk, callers);
    thread::Builder::new().name("ledger".to_owned()).spawn(move || scribe.write_all())
}

/// Writes that share a commit.
#[derive(Default)]
struct Group {
    awaited: Vec<Box<dyn Write>>,
    unhurried: Vec<Box<dyn Write>>,
}

impl Group {
    fn is_empty(&self) -> bool {
        self.awaited.is_empty() && self.unhurried.is_empty()
    }

    /// Who waits learns it first.
    fn answer(self, durable: &Result<(), NotCommitted>) {
        for write in self.awaited.into_iter().chain(self.unhurried) {
            write.answer(durable.as_ref().copied().map_err(NotCommitted::error));
        }
    }
}

/// The thread that waits for the disk. Nobody is answered before it.
fn sync_all(mut log: LogSync, groups: &Receiver<Group>, disk_end: &DiskEnd) {
    for group in groups {
        let synced = log.sync();
        disk_end.tell(Call::Synced);
        group.answer(&synced);
    }
}

/// What the ledger's thread learns of the disk's, also where that dies: it must not wait for it for ever.
struct DiskEnd(Sender<Call>);

impl DiskEnd {
    fn tell(&self, call: Call) {
        let _ = self.0.send(call);
    }
}

impl Drop for DiskEnd {
    fn drop(&mut self) {
        self.tell(Call::NoDisk);
    }
}

/// The thread that has the ledger.
struct Scribe {
    ledger: Ledger,
    calls: Receiver<Call>,
    disk: Sender<Group>,
    awaited: VecDeque<Box<dyn Write>>,
    unhurried: VecDeque<Box<dyn Write>>,
    /// Written into the open transaction; there is one while this has anything.
    group: Group,
    /// The commits that the disk is busy with.
    syncing: usize,
    over: bool,
    callers: usize,
}

impl Scribe {
    fn new(ledger: Ledger, calls: Receiver<Call>, disk: Sender<Group>, callers: usize) -> Scribe {
        Scribe {
            ledger,
            calls,
            disk,
            awaited: VecDeque::new(),
            unhurried: VecDeque::new(),
            group: Group::default(),
            syncing: 0,
            over: false,
            callers,
        }
    }

    fn write_all(mut self) -> Ledger {
        loop {
            while let Ok(call) = self.calls.try_recv() {
                self.hear(call);
            }
            match next_step(&self.load()) {
                Step::WriteAwaited => {
                    if let Some(write) = self.awaited.pop_front()
                        && let Some(write) = self.write(write)
                    {
                        self.group.awaited.push(write);
                    }
                }
                Step::WriteUnhurried => {
                    if let Some(write) = self.unhurried.pop_front()
                        && let Some(write) = self.write(write)
                    {
                        self.group.unhurried.push(write);
                    }
                }
                Step::Commit => self.commit(),
                Step::Wait => {
                    let call = self.wait();
                    self.hear(call);
                }
                Step::Linger => match self.calls.recv_timeout(LINGER) {
                    Ok(call) => self.hear(call),
                    Err(_) => self.commit(),
                },
                Step::End => return self.ledger,
            }
        }
    }

    fn wait(&self) -> Call {
        let looks = if self.syncing > 0 { LOOKS_BEFORE_SLEEP } else { 0 };
        for _ in 0..looks {
            if let Ok(call) = self.calls.try_recv() {
                return call;
            }
            thread::yield_now();
        }
        // The last caller says that it is over; who is gone without a word says nothing more.
        self.calls.recv().unwrap_or(Call::Over)
    }

    fn hear(&mut self, call: Call) {
        match call {
            Call::Awaited(write) => self.awaited.push_back(write),
            Call::Unhurried(write) => self.unhurried.push_back(write),
            Call::Synced => self.syncing = self.syncing.saturating_sub(1),
            Call::NoDisk => self.syncing = 0,
            Call::Over => self.over = true,
        }
    }

    fn load(&self) -> Load {
        Load {
            awaited: self.awaited.len(),
            unhurried: self.unhurried.len(),
            awaited_written: self.group.awaited.len(),
            unhurried_written: self.group.unhurried.len(),
            syncing: self.syncing,
            over: self.over,
            callers: self.callers,
        }
    }

    /// Puts a write into the open transaction. Where none can be begun, everybody who waits learns
    /// why: each of them would wait as long again.
    fn write(&mut self, mut write: Box<dyn Write>) -> Option<Box<dyn Write>> {
        if self.group.is_empty()
            && let Err(not_begun) = self.ledger.begin_group()
        {
            let awaited = std::iter::once(write).chain(self.awaited.drain(..)).collect();
            let unhurried = self.unhurried.drain(..).collect();
            Group { awaited, unhurried }.answer(&Err(not_begun));
            return None;
        }
        write.run(&mut self.ledger);
        Some(write)
    }

    fn commit(&mut self) {
        let mut group = std::mem::take(&mut self.group);
        let committed = self.ledger.commit_group(|ledger| {
            for write in group.unhurried.iter_mut().chain(&mut group.awaited) {
                write.run(ledger);
            }
        });
        match committed {
            // A disk's thread that died answers nobody: what it was given may be durable or not.
            Ok(()) => self.syncing += usize::from(self.disk.send(group).is_ok()),
            Err(_) => group.answer(&committed),
        }
    }
}

/// How much there is to do.
#[derive(Clone, Copy, Debug)]
struct Load {
    awaited: usize,
    unhurried: usize,
    awaited_written: usize,
    unhurried_written: usize,
    syncing: usize,
    over: bool,
    callers: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    WriteAwaited,
    WriteUnhurried,
    Commit,
    /// Nothing can be done before the next call.
    Wait,
    /// A commit, if no call comes soon.
    Linger,
    End,
}

fn next_step(load: &Load) -> Step {
    // Were all callers to wait for the same sync, the processor would have nothing to do meanwhile, and
    // the disk nothing after it.
    let half_of_the_callers = load.callers.div_ceil(2);
    let full = load.awaited_written >= half_of_the_callers;
    let behind = load.unhurried > load.callers;
    if behind {
        Step::WriteUnhurried
    } else if load.awaited > 0 && !full {
        Step::WriteAwaited
    } else if load.awaited_written > 0 && (full || load.syncing == 0) {
        Step::Commit
    } else if load.unhurried > 0 {
        Step::WriteUnhurried
    } else if load.syncing > 0 {
        Step::Wait
    } else if load.unhurried_written > 0 {
        if load.over { Step::Commit } else { Step::Linger }
    } else if load.over {
        Step::End
    } else {
        Step::Wait
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::channel;
    use std::thread;
    use std::time::Duration;

    use tempfile::TempDir;

    use super::{Call, Load, Scribe, Step, Write, next_step};
    use crate::ledger::{Create, Ledger, LedgerError};

    const IDLE: Load = Load {
        awaited: 0,
        unhurried: 0,
        awaited_written: 0,
        unhurried_written: 0,
        syncing: 0,
        over: false,
        callers: 8,
    };

    #[test]
    fn what_somebody_waits_for_goes_first_and_the_disk_is_kept_busy() {
        let steps = [
            (IDLE, Step::Wait),
            (Load { awaited: 1, unhurried: 3, ..IDLE }, Step::WriteAwaited),
            (Load { awaited_written: 1, unhurried: 3, ..IDLE }, Step::Commit),
            (Load { awaited_written: 1, unhurried: 3, syncing: 1, ..IDLE }, Step::WriteUnhurried),
            (Load { awaited_written: 1, unhurried_written: 3, syncing: 1, ..IDLE }, Step::Wait),
            (Load { awaited: 2, awaited_written: 3, ..IDLE }, Step::WriteAwaited),
            (Load { awaited: 1, awaited_written: 4, ..IDLE }, Step::Commit),
            (Load { awaited_written: 3, syncing: 1, ..IDLE }, Step::Wait),
            (Load { awaited: 1, awaited_written: 4, syncing: 1, ..IDLE }, Step::Commit),
            (Load { unhurried: 1, ..IDLE }, Step::WriteUnhurried),
            (Load { unhurried_written: 1, ..IDLE }, Step::Linger),
            (Load { awaited: 1, unhurried: 9, ..IDLE }, Step::WriteUnhurried),
            (Load { unhurried_written: 1, over: true, ..IDLE }, Step::Commit),
            (Load { syncing: 1, over: true, ..IDLE }, Step::Wait),
            (Load { over: true, ..IDLE }, Step::End),
        ];
        for (load, step) in steps {
            assert_eq!(next_step(&load), step, "{load:?}");
        }
    }

    #[test]
    fn one_worker_is_not_kept_waiting() {
        let load = Load { awaited: 1, callers: 1, ..IDLE };
        assert_eq!(next_step(&load), Step::WriteAwaited);
        assert_eq!(next_step(&Load { awaited: 0, awaited_written: 1, ..load }), Step::Commit);
    }

    struct Nothing;

    impl Write for Nothing {
        fn run(&mut self, _ledger: &mut Ledger) {}
        fn answer(self: Box<Self>, _durable: Result<(), LedgerError>) {}
    }

    /// It would wait for ever for what a thread that died was to say.
    #[test]
    fn a_disk_that_is_gone_is_not_waited_for() {
        let dir = TempDir::new().unwrap();
        let ledger = Ledger::open_at(&dir.path().join("ledger.db"), Create::IfMissing).unwrap().ledger;
        let (to_ledger, calls) = channel();
        let (disk, groups) = channel();
        let scribe = Scribe::new(ledger, calls, disk, 1);
        let (ended, end) = channel();
        thread::spawn(move || {
            drop(scribe.write_all());
            ended.send(())
        });
        for _ in 0..2 {
            to_ledger.send(Call::Awaited(Box::new(Nothing))).unwrap();
            let committed = groups.recv().unwrap();
            assert_eq!(committed.awaited.len(), 1);
        }
        to_ledger.send(Call::NoDisk).unwrap();
        to_ledger.send(Call::Over).unwrap();
        assert!(end.recv_timeout(Duration::from_secs(10)).is_ok());
    }
}
