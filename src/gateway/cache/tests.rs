use std::fs;
use std::path::Path;

use jiff::Timestamp;

use super::TokenCache;
use crate::domain::secret::Secret;
use crate::domain::time::{BootReading, Moment};
use crate::gateway::token::{Cached, Reading};

fn held(token: &str) -> Cached {
    Cached {
        access_token: Secret::new(token.to_owned()),
        reading: Some(Reading {
            now_s: 1_512_446_940,
            expired_at_s: 1_512_448_740,
            read_at: Moment {
                wall: Timestamp::from_millisecond(1_512_446_941_123).unwrap(),
                boot: Some(BootReading { boot_id: "a".into(), since_boot_ms: 12_345 }),
            },
        }),
    }
}

fn cache(path: &Path) -> TokenCache {
    TokenCache::new(Some(path.to_owned()), "0011223344556677".to_owned())
}

#[test]
fn what_is_stored_is_loaded() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("deep/er/token.json");
    cache(&path).store(&held("abc"));
    assert_eq!(cache(&path).load(), Some(held("abc")));
    cache(&path).store(&held("def"));
    assert_eq!(cache(&path).load(), Some(held("def")));

    let mut blind = held("ghi");
    blind.reading.as_mut().unwrap().read_at.boot = None;
    cache(&path).store(&blind);
    assert_eq!(cache(&path).load(), Some(blind));
    assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 1, "nothing is left beside it");
}

#[cfg(unix)]
#[test]
fn only_the_owner_can_read_it() {
    use std::os::unix::fs::PermissionsExt;
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("made/token.json");
    cache(&path).store(&held("abc"));
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(&path), mode(path.parent().unwrap())), (0o600, 0o700));

    fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
    assert_eq!(cache(&path).load(), None, "others could have read it");
    cache(&path).store(&held("def"));
    assert_eq!((mode(&path), cache(&path).load()), (0o600, Some(held("def"))));
}

#[test]
fn the_token_of_another_key_is_no_token() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("token.json");
    cache(&path).store(&held("abc"));
    assert_eq!(TokenCache::new(Some(path), "7766554433221100".to_owned()).load(), None);
}

#[test]
fn a_damaged_or_foreign_file_is_no_cache_and_is_replaced() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("token.json");
    cache(&path).store(&held("abc"));
    let good = fs::read(&path).unwrap();
    for end in 0..good.len() {
        fs::write(&path, &good[..end]).unwrap();
        assert_eq!(cache(&path).load(), None, "{end}");
    }
    let text = String::from_utf8(good).unwrap();
    for bad in [
        "[]".to_owned(),
        "\u{0}".repeat(100),
        text.replace("abc", "a\\nb"),
        text.replace("1512446941123", "99999999999999999"),
        text.replace("1512446940", "\"x\""),
        text.replace('}', &" ".repeat(100_000)) + "}",
    ] {
        fs::write(&path, &bad).unwrap();
        assert_eq!(cache(&path).load(), None, "{}", bad.escape_debug());
    }
    fs::write(&path, b"\xff\xfe\x00").unwrap();
    assert_eq!(cache(&path).load(), None);
    cache(&path).store(&held("def"));
    assert_eq!(cache(&path).load(), Some(held("def")));
}

#[test]
fn a_cache_that_cannot_be_is_none_and_no_error() {
    let directory = tempfile::tempdir().unwrap();
    cache(directory.path()).store(&held("abc"));
    assert_eq!(cache(directory.path()).load(), None);
    let file = directory.path().join("file");
    fs::write(&file, "x").unwrap();
    let below_a_file = file.join("token.json");
    cache(&below_a_file).store(&held("abc"));
    assert_eq!(cache(&below_a_file).load(), None);
    let nowhere = TokenCache::new(None, String::new());
    nowhere.store(&held("abc"));
    assert_eq!(nowhere.load(), None);
}

#[test]
fn a_token_without_times_is_not_kept() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("token.json");
    cache(&path).store(&Cached { reading: None, ..held("abc") });
    assert!(!path.exists());
}
