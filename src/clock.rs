//! The real clocks: the one place that reads them.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use crate::domain::time::{BootReading, Clock, Moment};
#[cfg(target_os = "linux")]
use crate::domain::words::hex;

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

/// Linux names each boot; elsewhere waits are measured on the gateway's clock. Boots alone do not tell clocks
/// apart: two clones of one virtual machine share the name of their boot, and a time namespace shifts the
/// clock under it (time_namespaces(7)). So the host and the namespace belong to the name.
#[cfg(target_os = "linux")]
fn boot_id() -> Option<String> {
    let read = |path: &str| std::fs::read_to_string(path).unwrap_or_default().trim().to_owned();
    let boot = read("/proc/sys/kernel/random/boot_id");
    let host = Some(read("/etc/machine-id")).filter(|id| !id.is_empty());
    let host = host.unwrap_or_else(|| read("/proc/sys/kernel/hostname"));
    // A kernel without time namespaces has neither of the two.
    let namespace = std::fs::read_link("/proc/self/ns/time").unwrap_or_default();
    let offsets = read("/proc/self/timens_offsets");
    (!boot.is_empty()).then(|| named(&boot, &[&host, &namespace.to_string_lossy(), &offsets]))
}

/// The boot's name, and a fingerprint of what else it hangs on: a machine's id is not for others to read
/// (machine-id(5)).
#[cfg(target_os = "linux")]
fn named(boot: &str, hangs_on: &[&str]) -> String {
    let digest = ring::digest::digest(&ring::digest::SHA256, hangs_on.join("\n").as_bytes());
    format!("{boot}.{}", hex(digest.as_ref().iter().take(8)))
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

    /// What makes a boot's name another one.
    #[test]
    #[cfg(target_os = "linux")]
    fn another_host_or_time_namespace_is_another_boot() {
        let here = super::named("boot", &["host", "time:[1]", "boottime 0 0"]);
        assert_eq!(here, super::named("boot", &["host", "time:[1]", "boottime 0 0"]));
        for other in [
            super::named("boot", &["clone", "time:[1]", "boottime 0 0"]),
            super::named("boot", &["host", "time:[2]", "boottime 0 0"]),
            super::named("boot", &["host", "time:[1]", "boottime 3600 0"]),
            super::named("next", &["host", "time:[1]", "boottime 0 0"]),
        ] {
            assert_ne!(here, other);
        }
    }

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
