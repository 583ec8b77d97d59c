use std::fs;
use std::path::Path;
use std::time::Duration;

use jiff::tz::TimeZone;

use super::{ConfigFile, SecretSource};
use crate::domain::payment::Mode;
use crate::domain::retry_rules::RetryRules;
use crate::domain::time::format_duration;
use crate::output::column_map::{Content, Digits, Refunds, TextEncoding};
use crate::settings::address::{API_URL, SDK_URL};
use crate::settings::error::SettingsError;
use crate::settings::keys::{EXPORT_KEYS, LIMIT_KEYS, PROFILE_KEYS, RETRY_KEYS, TOP_KEYS};
use crate::settings::owner::Owners;
use crate::settings::{SETTLE_AFTER, SIMILAR_WITHIN, TIMEZONE};

fn parse(text: &str) -> Result<ConfigFile, SettingsError> {
    ConfigFile::parse(text, Path::new("/etc/billkey/config.toml"), Some(Path::new("/home/kim")))
}

fn complaint(text: &str) -> String {
    let error = parse(text).err().unwrap_or_else(|| panic!("{text} was taken"));
    match error.hint {
        Some(hint) => format!("{} / {hint}", error.message),
        None => error.message,
    }
}

#[test]
fn every_key_is_read() {
    let config = parse(
        "default_profile = \"main\"\ntimezone = \"Asia/Seoul\"\n[profile.main]\nmode = \"test\"\n\
         imp_key = \"k\"\n\
         imp_secret_file = \"~/secret.txt\"\nimp_code = \"imp1\"\nchannel_key = \"c\"\n\
         api_url = \"https://api.iamport.kr/\"\nca_file = \"ca.pem\"\nproxy = \"http://p:1\"\n\
         database = \"/x/l.db\"\n\
         settle_after = \"20m\"\n[profile.main.limits]\nmax_amount = 500_000\ndaily_amount = \"1,000,000\"\n\
         similar_within = \"off\"\n[profile.other]\npg = \"nice\"\n",
    )
    .unwrap();
    assert_eq!(config.profiles.len(), 2);
    let main = config.profile("main").unwrap();
    assert_eq!(main.mode.as_ref().unwrap().value, Mode::Test);
    assert!(matches!(&main.secret.as_ref().unwrap().value,
        SecretSource::File(path) if path == Path::new("/home/kim/secret.txt")));
    assert_eq!(main.ca_file.as_ref().unwrap().value, Path::new("/etc/billkey/ca.pem"));
    assert_eq!(main.api_url.as_ref().unwrap().value, "https://api.iamport.kr");
    assert_eq!(main.settle_after.as_ref().unwrap().value, Duration::from_secs(1200));
    assert_eq!(main.max_amount.as_ref().unwrap().value.minor(), 500_000);
    assert_eq!(main.daily_amount.as_ref().unwrap().value.minor(), 1_000_000);
    assert_eq!(main.similar_within.as_ref().unwrap().value, None);
    assert_eq!(main.settle_after.as_ref().unwrap().line, 13);
}

#[test]
fn an_unknown_key_is_named_with_its_line_and_the_nearest_known_one() {
    assert_eq!(
        complaint("\n[profile.main]\nimp_secert = \"abc\"\n"),
        "/etc/billkey/config.toml line 3: the key `profile.main.imp_secert` is not known / \
         did you mean `profile.main.imp_secret`"
    );
    assert_eq!(
        complaint("[profile.main.limits]\nsimilar_with = \"1m\"\n"),
        "/etc/billkey/config.toml line 2: the key `profile.main.limits.similar_with` is not known / \
         did you mean `profile.main.limits.similar_within`"
    );
    assert_eq!(
        complaint("zzz = 1\n"),
        "/etc/billkey/config.toml line 1: the key `zzz` is not known / \
         The keys there are: default_profile, timezone, profile"
    );
}

#[test]
fn a_key_in_the_wrong_table_is_told_where_it_belongs() {
    for (text, place) in [
        ("[profile.main]\ntimezone = \"Asia/Seoul\"", "`timezone` belongs at the top of the file"),
        ("imp_key = \"k\"", "`imp_key` belongs under a line such as [profile.main]"),
        ("[profile.main]\nmax_amount = 1", "`max_amount` belongs under a line such as [profile.main.limits]"),
    ] {
        assert!(complaint(text).contains(place), "{}", complaint(text));
    }
}

#[test]
fn a_byte_order_mark_and_other_line_ends_are_no_mistake() {
    assert_eq!(parse("\u{feff}[profile.main]\r\nmode = \"test\"\r\n").unwrap().profiles.len(), 1);
}

#[test]
fn a_wrong_type_or_value_is_named_with_its_line() {
    for (text, expected) in [
        ("timezone = 9", "line 1: `timezone` must be a text in quotes, not a number"),
        ("profile = \"main\"", "line 1: `profile` must be a table, not a text"),
        (
            "[profile.main]\nmode = \"prod\"",
            "line 2: `profile.main.mode` is `prod`: a mode is `live` or `test`",
        ),
        (
            "[profile.main]\nimp_key = \"\"",
            "line 2: `profile.main.imp_key` is empty; give a value or leave the line out",
        ),
        (
            "[profile.main]\nsettle_after = 15",
            "line 2: `profile.main.settle_after` must be a text in quotes, not a number",
        ),
        (
            "[profile.main]\nsettle_after = \"15\"",
            "line 2: `profile.main.settle_after` is `15`: `15` is not a duration; \
             write it as 90s, 15m, 2h or 1d",
        ),
        (
            "[profile.main.limits]\nmax_amount = 1.5",
            "line 2: `profile.main.limits.max_amount` must be whole won, such as 500000 or \
             \"500,000\", not a number",
        ),
        (
            "[profile.main.limits]\nmax_amount = 0",
            "line 2: `profile.main.limits.max_amount`: the amount `0` is not more than zero; give an amount such as 8900",
        ),
        (
            "[profile.main]\nimp_secret_command = \"pass show x\"",
            "line 2: `profile.main.imp_secret_command` must be a list of texts, such as \
             [\"pass\", \"show\", \"iamport\"], not a text",
        ),
        (
            "[profile.main]\napi_url = \"http://api.iamport.kr\"",
            "line 2: `profile.main.api_url` is `http://api.iamport.kr`: it is not https; only \
             this machine itself (127.0.0.1, localhost) may be reached without",
        ),
        ("[profile.\"a/b\"]", "line 1: `a/b` cannot name a profile; use letters, digits, - and _"),
        ("default_profile = \"x\"", "line 1: default_profile is `x`, which is not in the file"),
    ] {
        let complaint = complaint(text);
        assert!(complaint.starts_with(&format!("/etc/billkey/config.toml {expected}")), "{complaint}");
    }
}

#[test]
fn a_secret_is_said_in_one_way_and_a_channel_too() {
    let text = "[profile.main]\nimp_secret = \"a\"\nimp_secret_command = [\"b\"]\n";
    assert_eq!(
        complaint(text),
        "/etc/billkey/config.toml line 3: `profile.main.imp_secret` and \
         `profile.main.imp_secret_command` both say the API secret; keep one of them"
    );
    let text = "[profile.main]\nlisten_secret_file = \"a\"\nlisten_secret = \"b\"\n";
    assert!(complaint(text).contains("both say the secret of `customer listen`; keep one of them"));
    assert!(complaint("[profile.main]\npg = \"a\"\nchannel_key = \"b\"").contains("keep one of them"));
}

#[test]
fn what_is_not_toml_is_never_quoted() {
    for text in [
        "[profile.main]\nimp_secret = s3cret",
        "[profile.main]\nimp_secret = \"s3cret",
        "[profile.main]\nimp_secret \"s3cret\"",
        "[profile.main]\nimp_secret = \"s3cret\\q\"",
        "[profile.main]\nimp_secret = \"s3cret\" s3cret",
        "[profile.main]\nimp_secret = 's3cret",
        "[profile.main]\nimp_secret = [\"s3cret\", {\"s3cret\" = 1}",
        "[profile.main]\nimp_secret = [\"s3cret\"]",
        "[profile.main]\nimp_secret.s3 = \"s3cret\"",
        "[profile.main]\nproxy = \"http//user:s3cret@host\"",
        "[profile.main]\napi_url = \"https://user:s3cret@host\"",
    ] {
        let complaint = complaint(text);
        assert!(!complaint.contains("s3cret"), "{complaint}");
        assert!(complaint.contains("line 2") && complaint.contains("config.toml"), "{complaint}");
    }
}

#[test]
fn a_file_that_is_no_text_or_no_file_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("config.toml");
    let complaint = |path: &Path| ConfigFile::read(path, None, Owners::default()).err().unwrap().message;
    assert!(ConfigFile::read(&path, None, Owners::default()).unwrap().is_none());
    assert!(complaint(folder.path()).ends_with("is a directory"));
    fs::write(&path, b"a = 1\nb = \"\xff\"\n").unwrap();
    assert!(complaint(&path).ends_with("is not UTF-8 text on line 2"));
}

#[test]
#[cfg(unix)]
fn a_file_that_holds_a_secret_is_for_its_owner_alone() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("my config.toml");
    let mode = |mode| fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
    fs::write(&path, "[profile.main]\nimp_secret = \"s3cret\"\n").unwrap();
    mode(0o604);
    let error = ConfigFile::read(&path, None, Owners::default()).err().unwrap();
    assert!(
        error.message.ends_with("holds a secret and can be read by others (mode 0604)"),
        "{}",
        error.message
    );
    assert_eq!(error.hint, Some(format!("chmod 600 '{}'", path.display())));
    mode(0o600);
    assert!(ConfigFile::read(&path, None, Owners::default()).is_ok());
    fs::write(&path, "[profile.main]\nlisten_secret = \"s3cret\"\n").unwrap();
    mode(0o644);
    assert!(ConfigFile::read(&path, None, Owners::default()).is_err(), "a listen secret is one too");
    fs::write(&path, "[profile.main]\nimp_secret_file = \"s\"\n").unwrap();
    mode(0o644);
    assert!(
        ConfigFile::read(&path, None, Owners::default()).is_ok(),
        "a file without a secret may be read by all"
    );
}

#[test]
fn a_map_is_read_with_its_usual_ways_and_what_is_wrong_in_one_is_told_with_its_line() {
    let config = parse(
        "[profile.main.export.tax]\ncolumns = [{ heading = \"일자\", field = \"at\", times = \"%Y%m%d\" },\n\
         { value = \"\" , heading = \"비고\"}, { field = \"kind\", words = { sale = \"매출\" } }]\n\
         encoding = \"CP949\"\nseparator = \"tab\"\nline_ends = \"lf\"\nrefunds = \"plain\"\n\
         [profile.main.against.pg]\namount = \"매출액\"\n",
    )
    .unwrap();
    let main = config.profile("main").unwrap();
    let map = &main.exports[0];
    assert_eq!((map.name.as_str(), map.separator, map.crlf), ("tax", b'\t', false));
    assert_eq!((map.encoding, map.refunds, map.digits), (TextEncoding::Cp949, Refunds::Plain, Digits::Plain));
    let headings: Vec<&str> = map.columns.iter().map(|column| column.heading.as_str()).collect();
    assert_eq!(headings, ["일자", "비고", "kind"], "a column without a heading has its field's name");
    assert_eq!(map.columns[1].content, Content::Fixed(String::new()));
    let pg = &main.against[0];
    assert_eq!((pg.name.as_str(), pg.headings[0].field.as_str()), ("pg", "amount"));
    assert_eq!(pg.headings[0].place, "/etc/billkey/config.toml line 9");
    let map = |text: &str| complaint(&format!("[profile.main.export.tax]\n{text}\n"));
    for (text, says) in [
        ("colums = []", "line 2: the key `profile.main.export.tax.colums` is not known / did you mean"),
        (
            "columns = [{ heading = \"a\" }]",
            "`profile.main.export.tax.columns[1]` says nothing of what it holds",
        ),
        ("columns = [1]", "must be a list of tables"),
        ("columns = [{ field = \"at\", value = \"x\" }]", "both say what the column holds"),
        ("columns = [{ feild = \"at\" }]", "did you mean `profile.main.export.tax.columns[1].field`"),
        ("encoding = \"utf-16\"", "an encoding is `utf-8`, `utf-8-bom` or `cp949`"),
        ("separator = \":\"", "it is one of `,`, `;`, `tab`, `|`"),
        ("times = \"%B %Y\"", "`%B` is not taken"),
        ("times = \"%Y%\"", "`%` is not taken"),
        ("times = \"today\"", "it has nothing of a time in it"),
    ] {
        assert!(map(text).contains(says), "{text}: {}", map(text));
    }
}

const SAMPLE: &str = include_str!("../../../sample-config.toml");

/// A line of the sample that is a key with its comment sign, without the sign.
fn commented_key(line: &str) -> Option<&str> {
    line.strip_prefix('#')
        .filter(|rest| rest.starts_with(|c: char| c.is_ascii_lowercase()) && rest.contains(" = "))
}

#[test]
fn the_sample_is_right_as_it_is_and_with_any_of_its_keys() {
    parse(SAMPLE).unwrap();
    for wanted in SAMPLE.lines().filter_map(commented_key) {
        let lines =
            SAMPLE.lines().map(|line| if line.strip_prefix('#') == Some(wanted) { wanted } else { line });
        parse(&lines.collect::<Vec<_>>().join("\n")).unwrap_or_else(|error| panic!("{wanted}: {error}"));
    }
}

#[test]
fn the_sample_has_every_key_and_the_defaults_that_count() {
    let keys: Vec<&str> =
        SAMPLE.lines().filter_map(commented_key).filter_map(|line| line.split(" = ").next()).collect();
    let tables = ["profile", "limits", "export", "against", "retry", "reasons"];
    let tables_keys = [&LIMIT_KEYS[..], &EXPORT_KEYS, &RETRY_KEYS].concat();
    for key in TOP_KEYS.iter().chain(&PROFILE_KEYS).chain(&tables_keys) {
        assert!(keys.contains(key) || tables.contains(key), "{key}");
    }
    for (key, value) in [
        ("timezone", TIMEZONE.to_owned()),
        ("api_url", API_URL.to_owned()),
        ("sdk_url", SDK_URL.to_owned()),
        ("settle_after", format_duration(SETTLE_AFTER)),
        ("similar_within", format_duration(SIMILAR_WITHIN)),
        ("within", format_duration(RetryRules::WITHIN)),
        ("give_up", format_duration(RetryRules::GIVE_UP)),
    ] {
        assert!(SAMPLE.contains(&format!("\n#{key} = \"{value}\"\n")), "{key}");
    }
    let usual = RetryRules::usual(TimeZone::UTC);
    assert_eq!(usual.after, [1, 3, 7].map(|days| Duration::from_secs(days * 86_400)));
    for line in [
        "after = [\"1d\", \"3d\", \"7d\"]".to_owned(),
        format!("tries = {}", usual.tries),
        format!("hour = {}", usual.hour),
    ] {
        assert!(SAMPLE.contains(&format!("\n#{line}\n")), "{line}");
    }
}

#[test]
fn rules_for_retries_are_read_and_those_that_contradict_themselves_are_none() {
    let read = |text: &str| {
        let config = parse(&format!("[profile.main.retry]\n{text}\n")).unwrap();
        config.profiles[0].retry.clone().map(|read| read.value.in_zone(&TimeZone::UTC))
    };
    let rules = read(
        "after = [\"3d\", \"7d\"]\ntries = 5\nwithin = \"14d\"\nhour = 9\ntimezone = \"Asia/Tokyo\"\ngive_up = \"20d\"\n\
         [profile.main.retry.reasons]\ntime = { after = [\"2d\"] }\n\"kcp:CC10\" = { retry = false }\nunknown = { retry = true }",
    );
    let rules = rules.unwrap();
    let days = |days: u64| Duration::from_secs(days * 86_400);
    assert_eq!((&rules.after[..], rules.tries, rules.within), (&[days(3), days(7)][..], 5, days(14)));
    assert_eq!((rules.hour, rules.give_up), (9, days(20)));
    assert_eq!(rules.zone, TimeZone::get("Asia/Tokyo").unwrap());
    assert_eq!(
        rules.reasons.iter().map(|(_, waits)| waits.clone()).collect::<Vec<_>>(),
        [Some(vec![days(2)]), None, Some(vec![days(3), days(7)])]
    );
    assert_eq!(read("tries = 2").unwrap().after, [days(1)], "no more waits than tries");
    assert_eq!((read(""), read("[profile.main.retry.reasons]")), (None, None), "it says nothing");
    for (text, expected) in [
        ("after = [\"-3d\"]", "line 2: `profile.main.retry.after`: `-3d` is not a duration; write it as"),
        ("after = [\"0d\"]", "line 2: `profile.main.retry.after`: 0d is no time to wait"),
        ("after = []", "line 2: `profile.main.retry.after` is empty; write a list of times"),
        ("after = \"3d\"", "line 2: `profile.main.retry.after` must be a list of times, such as"),
        (
            "tries = 3\nafter = [\"1d\", \"2d\", \"3d\"]",
            "line 3: `profile.main.retry.after` is 1d, 2d, 3d: with the first one that is 4 tries, and `tries` \
             allows 3 on one card",
        ),
        (
            "after = [\"20d\", \"20d\"]",
            "line 2: `profile.main.retry.after` is 20d, 20d: together that is longer than `give_up`",
        ),
        ("tries = 0", "line 2: `profile.main.retry.tries` must be from 1 to 30"),
        ("tries = -4", "line 2: `profile.main.retry.tries` must be from 1 to 30"),
        ("hour = 24", "line 2: `profile.main.retry.hour` must be from 0 to 23"),
        ("hour = \"9\"", "line 2: `profile.main.retry.hour` must be a whole number, 0 to 23, not a text"),
        ("within = \"0s\"", "line 2: `profile.main.retry.within` is no time at all"),
        ("timezone = \"Seoul\"", "line 2: `profile.main.retry.timezone` is `Seoul`: it is not known"),
        ("trys = 3", "did you mean `profile.main.retry.tries`"),
        (
            "[profile.main.retry.reasons]\ntiem = { retry = false }",
            "line 3: `profile.main.retry.reasons.tiem`: `tiem` is no reason that is known; did you mean time?",
        ),
        (
            "[profile.main.retry.reasons]\n\"kcp:CC43\" = { after = [\"1d\"] }",
            "line 3: `profile.main.retry.reasons.kcp:CC43`: no retry of the same card helps there",
        ),
        (
            "[profile.main.retry.reasons]\nCC10 = { after = [\"1d\"] }\n\"kcp:CC10\" = { after = [\"2d\"] }",
            "line 4: `profile.main.retry.reasons.kcp:CC10`: another line says something of the same reason",
        ),
        (
            "[profile.main.retry.reasons]\ntime = { after = [\"1d\"], retry = false }",
            "`after` says when, and `retry = false` never; keep one of them",
        ),
        (
            "[profile.main.retry.reasons]\ntime = {}",
            "write { after = [\"3d\", \"7d\"] }, or { retry = false }",
        ),
        (
            "[profile.main.retry.reasons]\ntime = 3",
            "`profile.main.retry.reasons.time` must be a table, not a number",
        ),
    ] {
        let said = complaint(&format!("[profile.main.retry]\n{text}\n"));
        assert!(said.contains(expected), "{text}: {said}");
    }
}
