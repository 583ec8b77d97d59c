//! Ctrl-C, SIGTERM and SIGHUP: counted, never deadly, so that a request that is out is waited for.

use std::io;
use std::sync::mpsc::{self, Sender};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread;

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::SignalsInfo;
use signal_hook::iterator::exfiltrator::WithOrigin;
use signal_hook::low_level::siginfo::Cause;

/// How many interrupts there were since the program began to watch for them.
#[derive(Clone)]
pub struct Interrupts {
    shared: Arc<Shared>,
    watching: bool,
}

/// Why a job gave no value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoValue {
    /// The system gave no thread for it: nothing of it was done.
    NeverBegan,
    /// It was begun and its end was not waited for, or it died.
    GivenUp,
}

struct Shared {
    count: Mutex<u32>,
    changed: Condvar,
    /// Threads that wait for a job: to start one takes longer than most of what it does.
    idle: Mutex<Vec<Sender<Job>>>,
}

type Job = Box<dyn FnOnce() + Send>;

impl Interrupts {
    /// Watches for nothing: for a simulation, where there is nobody to press a key.
    #[must_use]
    pub fn none() -> Interrupts {
        let shared =
            Arc::new(Shared { count: Mutex::new(0), changed: Condvar::new(), idle: Mutex::new(Vec::new()) });
        Interrupts { shared, watching: false }
    }

    /// From now on Ctrl-C, SIGTERM and SIGHUP no longer end the program; they are counted. A SIGHUP that was
    /// ignored from the start, as under `nohup`, stays ignored.
    pub fn watch() -> io::Result<Interrupts> {
        let interrupts = Interrupts { watching: true, ..Interrupts::none() };
        let mut signals = SignalsInfo::<WithOrigin>::new([SIGINT, SIGTERM])?;
        if !hangup_is_ignored() {
            signals.handle().add_signal(SIGHUP)?;
        }
        let shared = Arc::clone(&interrupts.shared);
        thread::Builder::new().name("interrupts".to_owned()).stack_size(64 * 1024).spawn(move || {
            let mut terminal_gone = false;
            for origin in signals.forever() {
                let by_kernel = matches!(origin.cause, Cause::Kernel);
                if is_one_more(origin.signal, by_kernel, &mut terminal_gone) {
                    let mut count = shared.count.lock().unwrap_or_else(PoisonError::into_inner);
                    *count = count.saturating_add(1);
                    shared.changed.notify_all();
                }
            }
        })?;
        Ok(interrupts)
    }

    /// Whether there was one.
    #[must_use]
    pub fn requested(&self) -> bool {
        self.count() > 0
    }

    /// How many there were.
    #[must_use]
    pub fn count(&self) -> u32 {
        *self.shared.count.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The same interrupts for one of many workers: it sees them, and finishes what it has begun.
    /// Jobs run in its own thread and are never given up.
    #[must_use]
    pub fn patient(&self) -> Interrupts {
        Interrupts { shared: Arc::clone(&self.shared), watching: false }
    }

    /// Runs a job to its end, or until there were `patience` interrupts meanwhile: then it is given
    /// up, while the job itself runs on until the program ends. `on_first` is called at the first
    /// interrupt that is not the last.
    pub fn run<T: Send + 'static>(
        &self,
        patience: u32,
        job: impl FnOnce() -> T + Send + 'static,
        on_first: &mut dyn FnMut(),
    ) -> Result<T, NoValue> {
        if !self.watching {
            return Ok(job());
        }
        let result: Arc<Mutex<JobState<T>>> = Arc::new(Mutex::new(JobState::Running));
        let shared = Arc::clone(&self.shared);
        let slot = Arc::clone(&result);
        let worker = self.hand_over(Box::new(move || {
            let finished = JobEnd { shared, slot };
            let value = job();
            finished.set(value);
        }))?;
        let mut count = self.shared.count.lock().unwrap_or_else(PoisonError::into_inner);
        let before = *count;
        let mut told = false;
        loop {
            let state = std::mem::replace(
                &mut *result.lock().unwrap_or_else(PoisonError::into_inner),
                JobState::Running,
            );
            match state {
                JobState::Finished(value) => {
                    drop(count);
                    self.shared.idle.lock().unwrap_or_else(PoisonError::into_inner).push(worker);
                    return Ok(value);
                }
                JobState::Died => return Err(NoValue::GivenUp),
                JobState::Running => {}
            }
            if *count >= before.saturating_add(patience) {
                return Err(NoValue::GivenUp);
            }
            if *count > before && !told {
                told = true;
                on_first();
            }
            count = self.shared.changed.wait(count).unwrap_or_else(PoisonError::into_inner);
        }
    }
}

impl Interrupts {
    /// Gives the job to a thread that waits for one, or to a new one.
    fn hand_over(&self, job: Job) -> Result<Sender<Job>, NoValue> {
        let idle = self.shared.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let worker = match idle {
            Some(worker) => worker,
            None => new_worker()?,
        };
        // A worker that waits is alive; one that is not can have done nothing of the job.
        worker.send(job).map_err(|_| NoValue::NeverBegan)?;
        Ok(worker)
    }
}

fn new_worker() -> Result<Sender<Job>, NoValue> {
    let (worker, jobs) = mpsc::channel::<Job>();
    let thread = thread::Builder::new().name("request".to_owned());
    let started = thread.spawn(move || jobs.into_iter().for_each(|job| job()));
    started.map(|_| worker).map_err(|_| NoValue::NeverBegan)
}

/// Whether a signal is an interrupt of its own. When a terminal goes, its shell and the kernel each send SIGHUP
/// for it, within milliseconds: the kernel's second word for one loss must not end the wait for an answer.
fn is_one_more(signal: i32, by_kernel: bool, terminal_gone: &mut bool) -> bool {
    if signal != SIGHUP {
        return true;
    }
    let told_before = std::mem::replace(terminal_gone, true);
    !(told_before && by_kernel)
}

/// Whether whoever started the program has it ignore SIGHUP. Only Linux says so to a program that is to hold no
/// unsafe code.
fn hangup_is_ignored() -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    // The first bit is the first signal's, which SIGHUP is.
    ignored.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).is_some_and(|mask| mask & 1 == 1)
}

enum JobState<T> {
    Running,
    Finished(T),
    Died,
}

/// Tells the waiting thread that the job is over, also when it panicked: a wait without an end
/// would be worse than an outcome that is unknown.
struct JobEnd<T> {
    shared: Arc<Shared>,
    slot: Arc<Mutex<JobState<T>>>,
}

impl<T> JobEnd<T> {
    fn set(&self, value: T) {
        *self.slot.lock().unwrap_or_else(PoisonError::into_inner) = JobState::Finished(value);
    }
}

impl<T> Drop for JobEnd<T> {
    fn drop(&mut self) {
        {
            let mut slot = self.slot.lock().unwrap_or_else(PoisonError::into_inner);
            if matches!(*slot, JobState::Running) {
                *slot = JobState::Died;
            }
        }
        // Taking the lock makes sure that the waiting thread is either before its check of the
        // slot or already in its wait, so that the notification is not lost.
        let _count = self.shared.count.lock().unwrap_or_else(PoisonError::into_inner);
        self.shared.changed.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::PoisonError;
    use std::time::Duration;

    use signal_hook::consts::{SIGHUP, SIGINT};

    use super::{Interrupts, NoValue, is_one_more};

    fn watched() -> Interrupts {
        Interrupts { watching: true, ..Interrupts::none() }
    }

    fn interrupt(interrupts: &Interrupts) {
        *interrupts.shared.count.lock().unwrap_or_else(PoisonError::into_inner) += 1;
        interrupts.shared.changed.notify_all();
    }

    #[test]
    fn one_terminal_that_goes_is_one_interrupt_whoever_tells_of_it() {
        // The signal, and whether the kernel sent it.
        let (kernel, shell, keys) = ((SIGHUP, true), (SIGHUP, false), (SIGINT, true));
        let count = |signals: &[(i32, bool)]| {
            let mut gone = false;
            signals.iter().filter(|(signal, by_kernel)| is_one_more(*signal, *by_kernel, &mut gone)).count()
        };
        assert_eq!(count(&[shell, kernel]), 1);
        assert_eq!(count(&[kernel, kernel]), 1);
        assert_eq!(count(&[shell, shell]), 2, "sent twice by a process, it is meant twice");
        assert_eq!(count(&[keys, keys]), 2, "a terminal's Ctrl-C comes from the kernel each time");
        assert_eq!(count(&[keys, kernel]), 2);
    }

    #[test]
    fn a_job_that_ends_gives_its_value() {
        assert_eq!(watched().run(1, || 7, &mut || ()), Ok(7));
        assert_eq!(Interrupts::none().run(1, || 7, &mut || ()), Ok(7));
    }

    #[test]
    fn a_job_that_panics_is_a_job_without_a_value() {
        assert_eq!(watched().run(1, || -> u8 { panic!("on purpose") }, &mut || ()), Err(NoValue::GivenUp));
    }

    #[test]
    fn the_first_interrupt_waits_and_the_second_gives_up() {
        let interrupts = watched();
        let presses = interrupts.clone();
        let (done, wait) = std::sync::mpsc::channel::<()>();
        let hand = std::thread::spawn(move || {
            std::thread::sleep(Duration::from_millis(20));
            interrupt(&presses);
            std::thread::sleep(Duration::from_millis(20));
            interrupt(&presses);
        });
        let mut told = 0;
        let value = interrupts.run(2, move || wait.recv().is_ok(), &mut || told += 1);
        assert_eq!((value, told), (Err(NoValue::GivenUp), 1));
        hand.join().unwrap();
        drop(done);
        assert!(interrupts.requested());
    }

    #[test]
    fn one_interrupt_does_not_lose_the_answer() {
        let interrupts = watched();
        let presses = interrupts.clone();
        let value = interrupts.run(
            2,
            move || {
                interrupt(&presses);
                std::thread::sleep(Duration::from_millis(20));
                "answer"
            },
            &mut || (),
        );
        assert_eq!(value, Ok("answer"));
    }
}
