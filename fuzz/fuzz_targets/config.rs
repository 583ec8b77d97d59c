//! Text as a config file: settings, or a sentence; no panic, and no secret in the sentence.

#![no_main]

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use billkey::settings::{Environment, Flags, Folders, Settings};
use libfuzzer_sys::fuzz_target;

fn folder() -> PathBuf {
    std::env::temp_dir().join(format!("billkey-fuzz-{}", std::process::id()))
}

fn write(path: &Path, text: &[u8]) {
    fs::create_dir_all(folder()).expect("a directory of our own");
    fs::write(path, text).expect("a file of our own");
    fs::set_permissions(path, fs::Permissions::from_mode(0o600)).expect("its mode");
}

fuzz_target!(|data: &[u8]| {
    let path = folder().join("config.toml");
    write(&path, data);
    let flags = Flags { config: Some(path), ..Flags::default() };
    let home = Some(folder());
    let folders = Folders { home: home.clone(), config: home.clone(), data: home.clone(), cache: home };
    match Settings::resolve(&flags, &Environment::of_values(&[], folders)) {
        Ok(settings) => assert!(settings.shown().iter().all(|shown| {
            !shown.key.contains("secret") || shown.value.as_deref().is_none_or(|value| value == "set")
        })),
        Err(error) => assert!(!error.message.is_empty()),
    }
});
