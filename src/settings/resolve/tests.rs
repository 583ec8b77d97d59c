use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tempfile::TempDir;

use crate::domain::payment::Mode;
use crate::settings::{Environment, Flags, Folders, Origin, Settings, SettingsError, config_path};

/// A home of its own.
struct Home {
    folder: TempDir,
}

impl Home {
    fn new() -> Home {
        Home { folder: tempfile::tempdir().unwrap() }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn with_config(text: &str) -> Home {
        let home = Home::new();
        fs::create_dir_all(home.path("config/billkey")).unwrap();
        fs::write(home.path("config/billkey/config.toml"), text).unwrap();
        home
    }

    fn environment(&self, variables: &[(&'static str, &str)]) -> Environment {
        let folders = Folders {
            home: Some(self.path("")),
            config: Some(self.path("config")),
            data: Some(self.path("data")),
            cache: Some(self.path("cache")),
        };
        Environment::of_values(variables, folders)
    }

    fn resolve(&self, flags: &Flags, variables: &[(&'static str, &str)]) -> Result<Settings, SettingsError> {
        Settings::resolve(flags, &self.environment(variables))
    }
}

fn profile(name: &str) -> Flags {
    Flags { profile: Some(name.to_owned()), ..Flags::default() }
}

fn complaint(result: Result<Settings, SettingsError>) -> String {
    let error = result.err().unwrap();
    format!("{} / {}", error.message, error.hint.unwrap_or_default())
}

fn origin(settings: &Settings, key: &str) -> Option<Origin> {
    settings.shown().iter().find(|shown| shown.key == key).unwrap().origin.clone()
}

#[test]
fn the_environment_alone_is_enough() {
    let home = Home::new();
    let settings = home
        .resolve(
            &Flags::default(),
            &[("BILLKEY_IMP_KEY", "key"), ("BILLKEY_IMP_SECRET", "secret"), ("USER", "kim")],
        )
        .unwrap();
    let credentials = settings.credentials().unwrap();
    assert_eq!((credentials.imp_key.expose(), credentials.imp_secret.expose()), ("key", "secret"));
    assert_eq!((settings.profile.as_str(), settings.mode), ("default", Mode::Live));
    assert_eq!(settings.database, home.path("data/billkey/default.db"));
    assert_eq!(settings.api_url, "https://api.iamport.kr");
    assert_eq!(settings.settle_after, Duration::from_secs(900));
    assert_eq!(settings.limits.similar_within, Some(Duration::from_secs(600)));
    assert_eq!(settings.zone.iana_name(), Some("Asia/Seoul"));
    assert_eq!(settings.operator.as_deref(), Some("kim"));
    assert_eq!(settings.settle_after_warning(), None);
}

#[test]
fn a_missing_key_is_missed_only_by_who_needs_it() {
    let home = Home::with_config("[profile.main]\nimp_key = \"k\"\n");
    let settings = home.resolve(&Flags::default(), &[]).unwrap();
    let error = settings.credentials().unwrap_err();
    assert_eq!(error.message, "the profile `main` has no REST API secret");
    assert!(error.hint.unwrap().contains("BILLKEY_IMP_SECRET"));
}

#[test]
fn flags_beat_environment_beats_file() {
    let home = Home::with_config(
        "[profile.main]\nimp_key = \"file\"\ndatabase = \"file.db\"\napi_url = \"https://file.example\"\n",
    );
    let from_file = home.resolve(&Flags::default(), &[]).unwrap();
    assert_eq!(from_file.database, home.path("config/billkey/file.db"));
    assert_eq!(from_file.api_url, "https://file.example");
    let line = |line| Some(Origin::File { path: home.path("config/billkey/config.toml"), line });
    assert_eq!(origin(&from_file, "database"), line(3));
    assert_eq!(origin(&from_file, "imp_key"), line(2));

    let variables =
        [("BILLKEY_DATABASE", "env.db"), ("BILLKEY_API_URL", "http://127.0.0.1:9"), ("BILLKEY_IMP_KEY", "e")];
    let from_environment = home.resolve(&Flags::default(), &variables).unwrap();
    assert_eq!(from_environment.database, Path::new("env.db"));
    assert_eq!(from_environment.api_url, "http://127.0.0.1:9");
    assert_eq!(origin(&from_environment, "imp_key"), Some(Origin::Environment("BILLKEY_IMP_KEY")));

    let flags = Flags { database: Some("flag.db".into()), timeout_s: Some(5), ..Flags::default() };
    let from_flags = home.resolve(&flags, &variables).unwrap();
    assert_eq!(from_flags.database, Path::new("flag.db"));
    assert_eq!(origin(&from_flags, "database"), Some(Origin::Flag("--database")));
    assert_eq!(from_flags.timeout, Duration::from_secs(5));
}

#[test]
fn the_profile_is_the_one_named_or_the_default_or_the_only_one() {
    let two = "[profile.main]\nmode = \"live\"\n[profile.trial]\nmode = \"test\"\n";
    let home = Home::with_config(two);
    assert_eq!(home.resolve(&profile("trial"), &[]).unwrap().mode, Mode::Test);
    assert_eq!(home.resolve(&Flags::default(), &[("BILLKEY_PROFILE", "trial")]).unwrap().profile, "trial");
    let several = complaint(home.resolve(&Flags::default(), &[]));
    assert!(several.contains("several profiles") && several.contains("main, trial"), "{several}");
    let unknown = complaint(home.resolve(&profile("mian"), &[]));
    assert!(unknown.contains("no profile `mian`") && unknown.contains("main, trial"), "{unknown}");

    let default = Home::with_config(&format!("default_profile = \"trial\"\n{two}"));
    assert_eq!(default.resolve(&Flags::default(), &[]).unwrap().profile, "trial");
    let only = Home::with_config("[profile.shop]\n");
    let settings = only.resolve(&Flags::default(), &[]).unwrap();
    assert_eq!(settings.database, only.path("data/billkey/shop.db"));
}

#[test]
fn a_profile_that_is_asked_for_by_name_must_be_there() {
    let home = Home::new();
    assert!(complaint(home.resolve(&profile("trial"), &[])).contains("there is no config file"));
    assert!(complaint(home.resolve(&profile("../x"), &[])).contains("cannot name a profile"));
    assert!(home.resolve(&profile("default"), &[]).is_ok());
}

#[test]
fn a_config_file_that_was_asked_for_must_be_there() {
    let home = Home::new();
    let flags = Flags { config: Some(home.path("none.toml")), ..Flags::default() };
    assert!(complaint(home.resolve(&flags, &[])).contains("(from --config)"));
    let missing = home.path("none.toml").display().to_string();
    assert!(
        complaint(home.resolve(&Flags::default(), &[("BILLKEY_CONFIG", &missing)]))
            .contains("BILLKEY_CONFIG")
    );
    assert_eq!(
        config_path(&Flags::default(), &home.environment(&[])).unwrap().value,
        home.path("config/billkey/config.toml")
    );
}

#[test]
fn the_sandbox_needs_nothing_and_keeps_away_from_the_real_ledger() {
    let home = Home::with_config("timezone = \"Asia/Tokyo\"\n[profile.a]\nimp_key = \"k\"\n[profile.b]\n");
    let flags = Flags { sandbox: true, ..Flags::default() };
    let variables =
        [("BILLKEY_DATABASE", "live.db"), ("BILLKEY_IMP_KEY", "k"), ("BILLKEY_SANDBOX_FAULTS", "lost")];
    let settings = home.resolve(&flags, &variables).unwrap();
    assert_eq!(
        (settings.profile.as_str(), settings.mode, settings.sandbox()),
        ("sandbox", Mode::Sandbox, true)
    );
    assert_eq!(settings.database, home.path("data/billkey/sandbox/ledger.db"));
    assert_eq!(settings.book, Some(home.path("data/billkey/sandbox/book.db")));
    assert_eq!(settings.token_cache(), Some(home.path("cache/billkey/token-sandbox.json")));
    assert_eq!(settings.faults.as_deref(), Some("lost"));
    assert_eq!(settings.zone.iana_name(), Some("Asia/Tokyo"));
    assert!(settings.credentials().is_err());

    let flags = Flags { sandbox: true, database: Some("mine.db".into()), ..Flags::default() };
    let settings = home.resolve(&flags, &[]).unwrap();
    assert_eq!(settings.database, Path::new("mine.db"));
    assert_eq!(settings.book, Some(home.path("data/billkey/sandbox/book.db")));
}

#[test]
fn a_broken_config_file_does_not_stop_the_sandbox() {
    let home = Home::with_config("nonsense");
    let flags = Flags { sandbox: true, ..Flags::default() };
    let settings = home.resolve(&flags, &[]).unwrap();
    assert!(settings.warnings.first().unwrap().ends_with("the sandbox runs without it"));
    assert!(home.resolve(&Flags::default(), &[]).is_err());
}

#[test]
fn a_time_zone_nobody_knows_is_an_error() {
    let home = Home::with_config("timezone = \"Asia/Soul\"\n");
    let complaint = complaint(home.resolve(&Flags::default(), &[]));
    assert!(complaint.contains("line 1: the timezone `Asia/Soul` is not known"), "{complaint}");
}

#[test]
fn an_address_from_the_environment_is_held_to_the_same_rules() {
    let home = Home::new();
    let result = home.resolve(&Flags::default(), &[("BILLKEY_API_URL", "http://u:s3cret@evil.example")]);
    let complaint = complaint(result);
    assert!(complaint.contains("BILLKEY_API_URL is `http://***@evil.example`"), "{complaint}");
}

#[test]
fn secrets_are_shown_as_set() {
    let home = Home::new();
    let variables = [("BILLKEY_IMP_KEY", "k3y"), ("BILLKEY_IMP_SECRET", "s3cret")];
    let settings = home.resolve(&Flags::default(), &variables).unwrap();
    for key in ["imp_key", "imp_secret"] {
        let shown = settings.shown().iter().find(|shown| shown.key == key).unwrap();
        assert_eq!(shown.value.as_deref(), Some("set"));
    }
}

#[test]
fn the_listen_secret_is_one_of_the_profile_and_of_no_other_kind() {
    let home = Home::with_config("[profile.main]\nlisten_secret_command = [\"printf\", \"open-sesame\"]\n");
    let settings = home.resolve(&Flags::default(), &[("BILLKEY_IMP_SECRET", "s3cret")]).unwrap();
    assert_eq!(settings.listen_secret().unwrap().unwrap().expose(), "open-sesame");
    let shown = settings.shown().iter().find(|shown| shown.key == "listen_secret_command").unwrap();
    assert_eq!(shown.value.as_deref(), Some("set"));
    let home = Home::with_config("[profile.main]\nlisten_secret_command = [\"true\"]\n");
    let error = home.resolve(&Flags::default(), &[]).unwrap().listen_secret().unwrap_err();
    assert_eq!(
        error.message,
        "what the listen_secret_command `true` printed is empty; it should be the listen secret"
    );
    let none = Home::new().resolve(&Flags::default(), &[("BILLKEY_IMP_SECRET", "s3cret")]).unwrap();
    assert_eq!(none.listen_secret(), Ok(None));
}

#[test]
fn a_token_is_kept_for_one_address_and_one_key() {
    let home = Home::new();
    let cache = |key, url| {
        home.resolve(&Flags::default(), &[("BILLKEY_IMP_KEY", key), ("BILLKEY_API_URL", url)])
            .unwrap()
            .token_cache()
    };
    let one = cache("a", "https://x.example").unwrap();
    assert!(one.starts_with(home.path("cache/billkey")));
    assert_ne!(Some(&one), cache("b", "https://x.example").as_ref());
    assert_ne!(Some(&one), cache("a", "https://y.example").as_ref());
    assert_eq!(Some(one), cache("a", "https://x.example/"));
    assert_eq!(home.resolve(&Flags::default(), &[]).unwrap().token_cache(), None);
}

#[test]
fn a_wait_shorter_than_the_time_out_and_a_minute_is_warned_of() {
    for (settle_after, warned) in [("30s", true), ("1m", true), ("119s", true), ("2m", false), ("15m", false)]
    {
        let home = Home::with_config(&format!("[profile.main]\nsettle_after = \"{settle_after}\"\n"));
        let warning = home.resolve(&Flags::default(), &[]).unwrap().settle_after_warning();
        assert_eq!(warning.is_some(), warned, "{settle_after}: {warning:?}");
    }
    let home = Home::with_config("[profile.main]\nsettle_after = \"30s\"\n");
    let warning = home.resolve(&Flags::default(), &[]).unwrap().settle_after_warning().unwrap();
    assert!(warning.starts_with("settle_after is 30s, less than the time-out of 1m"), "{warning}");
    let home = Home::with_config("[profile.main]\nsettle_after = \"15m\"\n");
    let long = Flags { timeout_s: Some(900), ..Flags::default() };
    assert!(home.resolve(&long, &[]).unwrap().settle_after_warning().is_some());
}

#[test]
fn without_a_home_the_missing_path_is_asked_for() {
    let environment = Environment::of_values(&[], Folders::default());
    let error = Settings::resolve(&Flags::default(), &environment).err().unwrap();
    assert_eq!(error.message, "there is no home directory to keep the ledger in");
    let flags = Flags { database: Some("l.db".into()), ..Flags::default() };
    assert!(Settings::resolve(&flags, &environment).is_ok());
}

#[test]
fn two_profiles_of_one_account_and_mode_need_a_scope_in_both() {
    let two = |first: &str, second: &str| {
        Home::with_config(&format!(
            "[profile.shop]\nimp_key = \"k\"\n{first}\n[profile.club]\nimp_key = \"k\"\n{second}\n"
        ))
    };
    let scope = |home: &Home| {
        let settings = home.resolve(&profile("shop"), &[]).unwrap();
        settings.order_scope().map(str::to_owned)
    };
    for (first, second) in [("", ""), ("scope = \"a\"", ""), ("", "scope = \"a\"")] {
        let error = scope(&two(first, second)).unwrap_err();
        assert!(error.message.contains("`shop` and `club`"), "{}", error.message);
    }
    assert_eq!(scope(&two("scope = \"a\"", "scope = \"b\"")).as_deref(), Ok("a"));
    assert_eq!(scope(&two("scope = \"a\"", "scope = \"a\"")).as_deref(), Ok("a"));
    assert_eq!(scope(&two("", "mode = \"test\"")).as_deref(), Ok(""), "another mode is another series");
    assert_eq!(scope(&two("", "tier = \"001\"")).as_deref(), Ok(""), "another tier is another account");
    let other_key = two("", "");
    let settings = other_key.resolve(&profile("shop"), &[("BILLKEY_IMP_KEY", "other")]).unwrap();
    assert_eq!(settings.order_scope().ok(), Some(""), "the key in use counts");
}

#[test]
fn a_scope_is_spelled_right_and_a_tier_fits_a_header() {
    for (line, says) in [
        ("scope = \"가게 \"", "write it as `가게`"),
        ("scope = \"\u{1100}\u{1161}\"", "write it as `가`"),
        ("tier = \"a b\"", "without blanks"),
    ] {
        let home = Home::with_config(&format!("[profile.main]\n{line}\n"));
        let said = complaint(home.resolve(&Flags::default(), &[]));
        assert!(said.contains(says), "{said}");
    }
}
