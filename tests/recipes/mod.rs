//! What the README tells people to paste, and what its lines say when they fail.

#[cfg(unix)]
mod cron;
mod mail;
#[cfg(unix)]
mod proxy;
mod readme;
#[cfg(unix)]
mod shell;
#[cfg(unix)]
mod units;

use std::path::Path;

/// A program that a recipe needs and this machine may lack: a loud skip, and a failure where `CI=true`.
pub fn is_here(program: &str) -> bool {
    let here = ["/usr/bin", "/bin", "/usr/local/bin", "/usr/sbin"]
        .iter()
        .any(|folder| Path::new(folder).join(program).exists());
    if !here {
        assert!(std::env::var("CI").as_deref() != Ok("true"), "{program} is not here");
        println!("SKIPPED: {program} is not here, and a recipe needs it");
    }
    here
}
