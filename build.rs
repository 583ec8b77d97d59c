//! Which commit the program is of, for `billkey --version`. Without a repository, as from a tarball, nobody knows.
#![expect(
    clippy::disallowed_methods,
    reason = "a build script is told by variables, and is no part of the program"
)]

use std::env;
use std::io::{self, Write};
use std::process::Command;

fn main() -> io::Result<()> {
    let mut cargo = io::stdout();
    writeln!(cargo, "cargo:rerun-if-changed=build.rs")?;
    writeln!(cargo, "cargo:rerun-if-env-changed=BILLKEY_COMMIT")?;
    let target = env::var("TARGET").unwrap_or_default();
    writeln!(cargo, "cargo:rustc-env=BILLKEY_TARGET={target}")?;
    // Who builds for a test need not build anew after each commit.
    let released = env::var("PROFILE").is_ok_and(|profile| profile == "release");
    let commit = match env::var("BILLKEY_COMMIT") {
        Ok(given) if !given.is_empty() => given,
        Ok(_) | Err(_) if released => {
            for path in ["HEAD", "index"] {
                if let Some(path) = git(&["rev-parse", "--git-path", path]) {
                    writeln!(cargo, "cargo:rerun-if-changed={path}")?;
                }
            }
            commit().unwrap_or_else(|| "unknown".to_owned())
        }
        Ok(_) | Err(_) => "a build for development".to_owned(),
    };
    writeln!(cargo, "cargo:rustc-env=BILLKEY_COMMIT={commit}")
}

/// `e904c7e8c1a2 of 2026-11-29`, with a word where files were changed since.
fn commit() -> Option<String> {
    // A tarball that was unpacked inside of another repository is not of that.
    let top = git(&["rev-parse", "--show-toplevel"])?;
    let here = env::var("CARGO_MANIFEST_DIR").ok()?;
    if std::fs::canonicalize(top).ok()? != std::fs::canonicalize(here).ok()? {
        return None;
    }
    let commit = git(&["log", "-1", "--format=%h of %cs", "--abbrev=12"])?;
    let changed =
        git(&["status", "--porcelain", "--untracked-files=no"]).is_some_and(|files| !files.is_empty());
    Some(if changed { format!("{commit}, changed since") } else { commit })
}

fn git(arguments: &[&str]) -> Option<String> {
    let said = Command::new("git").args(arguments).output().ok().filter(|said| said.status.success())?;
    String::from_utf8(said.stdout).ok().map(|text| text.trim().to_owned())
}
