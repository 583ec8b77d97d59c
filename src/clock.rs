//! The real clocks: the one place that reads them.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use crate::domain::time::{BootReading, Clock, Moment};

/// This machine's clocks.
#[derive(Clone, Debug)]
pub struct SystemClock {
    /// Which boot this is; read once, because it cannot change under a running program.
    boot_id: Option<Arc<str>>,
}

impl SystemClock {
    #[must_use]
    pub fn start() -> SystemClock {
        SystemClock { boot_id: boot_id().map(Arc::from) }
    }
}

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is the one reader of the wall clock")]
    fn now(&self) -> Moment {
        let boot = self
            .boot_id
            .clone()
            .and_then(|boot_id| boot_clock_ms().map(|since_boot_ms| BootReading { boot_id, since_boot_ms }));
        Moment { wall: Timestamp::now(), boot }
    }

    fn sleep(&self, duration: Duration) {
        std::thread::sleep(duration);
    }
}

/// Linux names each boot; elsewhere waits are measured on the gateway's clock.
#[cfg(target_os = "linux")]
fn boot_id() -> Option<String> {
    let text = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?;
    Some(text.trim().to_owned()).filter(|id| !id.is_empty())
}

#[cfg(not(target_os = "linux"))]
fn boot_id() -> Option<String> {
    None
}

/// The clock that counts from boot, through sleep, and cannot be set.
#[cfg(target_os = "linux")]
fn boot_clock_ms() -> Option<i64> {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::Boottime);
    time.tv_sec.checked_mul(1000)?.checked_add(time.tv_nsec / 1_000_000)
}

#[cfg(not(target_os = "linux"))]
fn boot_clock_ms() -> Option<i64> {
    None
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::SystemClock;
    use crate::domain::time::Clock;

    #[test]
    #[cfg(target_os = "linux")]
    fn the_boot_clock_runs_and_keeps_its_boot() {
        let clock = SystemClock::start();
        let before = clock.now().boot.unwrap();
        clock.sleep(Duration::from_millis(20));
        let after = clock.now().boot.unwrap();
        assert_eq!(before.boot_id, after.boot_id);
        assert!((20..10_000).contains(&(after.since_boot_ms - before.since_boot_ms)));
    }
}
