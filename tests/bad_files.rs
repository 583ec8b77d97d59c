//! Config files, secrets and ledgers that cannot be used: a sentence that names the file and the
//! mend, exit 3 or 1, nothing sent, and the file left as it was.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use rusqlite::Connection;

use crate::support::gateway::{Say, Scripted, envelope, no_such_payment, payment};
use crate::support::world::{Ran, World, set_mode};

const SENT: &str = "Nothing was sent";

fn charge(world: &World, more: &[&str]) -> Ran {
    let what = ["charge", "g", "--amount", "8900", "--name", "x", "--merchant-uid", "o", "--yes"];
    world.run(&[&what[..], more].concat())
}

/// A charge with this config file: exit 3, these words, and the same as a JSON error.
#[track_caller]
fn misconfigured(toml: &[u8], words: &[&str]) {
    let world = World::bare();
    world.configure("");
    fs::write(world.config_path(), toml).unwrap();
    let said = charge(&world, &[]).exits(3).in_plain_words().says(words).says(&[SENT]);
    assert_eq!(said.stdout, "", "{said}");
    let error = charge(&world, &["--json"]).exits(3).error();
    assert_eq!((error["kind"].as_str(), error["exit"].as_i64()), (Some("config"), Some(3)));
}

#[test]
fn a_config_file_that_cannot_be_read_is_named_with_the_line() {
    misconfigured(b"[profile.main]\nimp_key: k\n", &["config.toml", "not TOML", "line 2"]);
    misconfigured(
        b"[profile.main]\n# caf\xe9\n",
        &["config.toml", "not UTF-8", "line 2", "Save it as UTF-8"],
    );
    misconfigured(b"[profile.main]\nimp_kee = \"k\"\n", &["line 2", "imp_kee", "did you mean", "imp_key"]);
    misconfigured(b"[profile.main]\ntimezone = \"Asia/Seoul\"\n", &["line 2", "at the top of the file"]);
    misconfigured(b"[profile.main]\nimp_key = 5\n", &["line 2", "imp_key", "text in quotes", "number"]);
    misconfigured(b"[profile.main]\nmode = \"prod\"\n", &["`prod`", "`live` or `test`"]);
    misconfigured(b"[profile.main]\nsettle_after = \"soon\"\n", &["`soon`", "15m"]);
    misconfigured(b"[profile.main.limits]\nmax_amount = 1.5\n", &["line 2", "max_amount"]);
    misconfigured(b"timezone = \"Asia/Soul\"\n", &["`Asia/Soul`", "Asia/Seoul"]);
    misconfigured(b"default_profile = \"mian\"\n[profile.main]\n", &["`mian`", "main"]);
    misconfigured(
        b"[profile.main]\nimp_secret = \"a\"\nimp_secret_file = \"b\"\n",
        &["imp_secret", "imp_secret_file"],
    );
    misconfigured(&vec![b'#'; 2 << 20], &["longer than 1 MiB"]);
    misconfigured(b"[profile.main]\napi_url = \"http://api.iamport.kr\"\n", &["line 2", "https"]);
    misconfigured(b"[profile.main]\napi_url = \"http://127.0.0.1@evil.example\"\n", &["user name"]);
    misconfigured(b"[profile.main]\napi_url = \"ftp://127.0.0.1\"\n", &["https://"]);
}

#[test]
fn a_config_file_that_is_not_a_file_or_not_there_is_named() {
    let world = World::bare();
    fs::create_dir_all(world.config_path()).unwrap();
    charge(&world, &[]).exits(3).in_plain_words().says(&["is a directory", "Name the file", SENT]);
    let missing = ["--config", "none.toml"];
    charge(&World::bare(), &missing).exits(3).in_plain_words().says(&["none.toml", "--config", SENT]);
    let mut world = World::bare();
    world.set("BILLKEY_CONFIG", "other.toml");
    charge(&world, &[]).exits(3).in_plain_words().says(&["other.toml", "BILLKEY_CONFIG", SENT]);
    let mut world = World::bare();
    world.set("BILLKEY_API_URL", "http://10.0.0.1");
    charge(&world, &[]).exits(3).in_plain_words().says(&["BILLKEY_API_URL", "10.0.0.1", "https", SENT]);
    let world = World::for_gateway("http://127.0.0.1:1");
    charge(&world, &["--profile", "mian"]).exits(3).in_plain_words().says(&["`mian`", "main", SENT]);
    charge(&world, &["--profile", "../x"]).exits(3).in_plain_words().says(&["`../x`", "main", SENT]);
}

#[test]
#[cfg(unix)]
fn a_secret_that_others_can_read_is_refused_with_the_command_that_mends_it() {
    let gateway = Scripted::start_whole(|_| Say::Drop);
    let world = World::for_gateway(gateway.url());
    set_mode(&world.config_path(), 0o644);
    let config = world.config_path().display().to_string();
    let mend = format!("chmod 600 {config}");
    charge(&world, &[]).exits(3).in_plain_words().says(&[&config, "(mode 0644)", &mend, SENT]);
    world.configure("[profile.main]\nimp_key = \"k\"\nimp_secret_file = \"../../secret.txt\"\n");
    charge(&world, &[]).exits(3).in_plain_words().says(&["secret.txt", "no such file", SENT]);
    let secret = world.home().join("secret.txt");
    fs::write(&secret, "s3cret-s3cret-s3cret\n").unwrap();
    set_mode(&secret, 0o640);
    let said = charge(&world, &[]).exits(3).in_plain_words();
    let said = said.says(&["secret.txt", "(mode 0640)", "chmod 600", SENT]);
    assert!(!said.stderr.contains("s3cret"), "{said}");
    for (command, words) in [
        (r#"["false"]"#, ["`false`", "exit code 1"]),
        (r#"["no-such-program"]"#, ["`no-such-program`", "no such file"]),
        (r#"["true"]"#, ["`true`", "empty"]),
    ] {
        world.configure(&format!("[profile.main]\nimp_key = \"k\"\nimp_secret_command = {command}\n"));
        charge(&world, &[]).exits(3).in_plain_words().says(&words).says(&[SENT]);
    }
    world.configure("[profile.main]\n");
    charge(&world, &[]).exits(3).in_plain_words().says(&["main", "API key", "BILLKEY_IMP_KEY", SENT]);
    assert_eq!(gateway.asked().len(), 0);
}

/// A world whose gateway pays, and the gateway.
fn paying() -> (World, Scripted) {
    let gateway = Scripted::start(|asked| Say::Json(200, envelope(&payment(asked, "paid"))));
    (World::for_gateway(gateway.url()), gateway)
}

/// A charge and a history on this ledger: exit 1, these words, nothing asked of the gateway.
#[track_caller]
fn unusable(path: &Path, words: &[&str]) {
    let (world, gateway) = paying();
    let database = ["--database", path.to_str().unwrap()];
    charge(&world, &database).exits(1).in_plain_words().says(words).says(&[SENT]);
    let error = charge(&world, &[&database[..], &["--json"]].concat()).exits(1).error();
    assert_eq!((error["kind"].as_str(), error["exit"].as_i64()), (Some("local"), Some(1)));
    // Where there is none, only a charge would make one.
    let none = fs::metadata(path).is_err_and(|error| error.kind() == std::io::ErrorKind::NotFound);
    let (code, words) = if none { (10, &["there is no ledger at"][..]) } else { (1, words) };
    world.run(&[&["history"], &database[..]].concat()).exits(code).in_plain_words().says(words);
    assert_eq!(gateway.asked().len(), 0);
}

#[test]
fn a_file_that_is_no_ledger_is_named_and_left_as_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| -> PathBuf { folder.path().join(name) };
    fs::write(at("notes.txt"), "these are notes, and no ledger at all\n".repeat(99)).unwrap();
    unusable(&at("notes.txt"), &["notes.txt", "not an SQLite file", "name another file"]);
    assert!(fs::read_to_string(at("notes.txt")).unwrap().starts_with("these are notes"));
    Connection::open(at("other.db"))
        .unwrap()
        .execute_batch("CREATE TABLE t (a); PRAGMA user_version = 7")
        .unwrap();
    let before = fs::read(at("other.db")).unwrap();
    unusable(&at("other.db"), &["other.db", "another program's", "name another file"]);
    assert_eq!(fs::read(at("other.db")).unwrap(), before);
    fs::create_dir(at("folder")).unwrap();
    unusable(&at("folder"), &["folder is a directory", "ledger.db"]);
    unusable(Path::new("/dev/null"), &["/dev/null", "not a regular file"]);
    unusable(&at("notes.txt").join("ledger.db"), &["notes.txt/ledger.db", "not a directory"]);
}

#[test]
#[cfg(target_os = "linux")]
fn a_ledger_where_no_file_can_be_made_is_named() {
    unusable(Path::new("/proc/ledger.db"), &["/proc/ledger.db", "create the ledger"]);
}

#[test]
fn a_ledger_of_a_newer_billkey_is_left_as_it_was() {
    let (world, gateway) = paying();
    charge(&world, &[]).exits(0);
    let ledger = Connection::open(world.ledger_path()).unwrap();
    let version: i64 = ledger.query_row("PRAGMA user_version", [], |row| row.get(0)).unwrap();
    ledger.execute_batch("PRAGMA user_version = 99").unwrap();
    charge(&world, &[]).exits(1).in_plain_words().says(&[
        "main.db",
        "newer billkey",
        "99",
        "update billkey",
        SENT,
    ]);
    world.run(&["history"]).exits(1).in_plain_words().says(&["newer billkey"]);
    ledger.execute_batch(&format!("PRAGMA user_version = {version}")).unwrap();
    assert_eq!(world.charge("o", &[]).exits(8).stdout, "", "another customer's order now");
    charge(&world, &[]).exits(0);
    assert_eq!(gateway.charges(), 1);
}

#[test]
fn a_damaged_ledger_is_named_and_nothing_is_sent() {
    let (world, gateway) = paying();
    charge(&world, &[]).exits(0);
    let path = world.ledger_path();
    Connection::open(&path).unwrap().execute_batch("PRAGMA wal_checkpoint(TRUNCATE)").unwrap();
    let mut bytes = fs::read(&path).unwrap();
    bytes[4096..].fill(0xee);
    fs::write(&path, bytes).unwrap();
    let said = world.charge("order_2", &[]).exits(1).in_plain_words();
    said.says(&["main.db", "damaged", "backup", SENT]);
    assert_eq!(gateway.charges(), 1);
}

/// The program run as a user who may write nothing here. Root itself may write everywhere.
#[test]
#[cfg(unix)]
fn a_ledger_that_may_not_be_written_is_named_and_nothing_is_sent() {
    use std::os::unix::process::CommandExt;

    let (world, gateway) = paying();
    charge(&world, &[]).exits(0);
    let program = world.home().join("billkey");
    fs::copy(crate::support::world::BILLKEY, &program).unwrap();
    set_mode(&program, 0o755);
    let data = world.ledger_path();
    for folder in data.ancestors().skip(1).take_while(|folder| folder.starts_with(world.home())) {
        set_mode(folder, 0o555);
    }
    for entry in fs::read_dir(data.parent().unwrap()).unwrap() {
        let entry = entry.unwrap().path();
        set_mode(&entry, if entry.is_dir() { 0o555 } else { 0o444 });
    }
    let mut command = std::process::Command::new(program);
    command.env_clear().env("HOME", world.home()).env("BILLKEY_IMP_KEY", "k").env("BILLKEY_IMP_SECRET", "s");
    command.env("BILLKEY_API_URL", gateway.url()).current_dir("/").args(["--database"]).arg(&data);
    command.args([
        "--config",
        "/dev/null",
        "charge",
        "g",
        "--amount",
        "5",
        "--name",
        "x",
        "--merchant-uid",
        "p",
    ]);
    command.arg("--yes");
    if rustix::process::geteuid().is_root() {
        command.uid(65_534).gid(65_534);
    }
    let ran = Ran::from_output(&command.output().unwrap());
    for folder in data.ancestors().skip(1).take_while(|folder| folder.starts_with(world.home())) {
        set_mode(folder, 0o755);
    }
    ran.exits(1).in_plain_words().says(&["main.db", "read-only", "permissions", SENT]);
    assert_eq!(gateway.charges(), 1);
}

/// The one test that waits for the busy time-out, for both at once.
#[test]
fn a_ledger_that_another_program_keeps_locked_is_waited_for_and_then_named() {
    let (world, gateway) = paying();
    charge(&world, &[]).exits(0);
    let other = Connection::open(world.ledger_path()).unwrap();
    other.execute_batch("BEGIN EXCLUSIVE").unwrap();
    let begun = Instant::now();
    let order = |uid| ["charge", "g", "--amount", "5", "--name", "x", "--yes", "--merchant-uid", uid];
    let children = [world.spawn(&order("p")), world.spawn(&[&order("q")[..], &["--json"]].concat())];
    let [text, json] =
        children.map(|child| Ran::from_output(&child.wait_with_output().unwrap()).exits(1).in_plain_words());
    assert!(begun.elapsed() > Duration::from_secs(5), "it did not wait");
    text.says(&["main.db", "locked by another program", "run this again", SENT]);
    assert_eq!(json.error()["exit"], 1);
    other.execute_batch("ROLLBACK").unwrap();
    assert_eq!(gateway.charges(), 1);
    world.run(&[&order("p")[..], &["--allow-similar"]].concat()).exits(0);
}

/// The ledger loses its events while the request of this path is out.
fn losing(path: &'static str, world: &Arc<OnceLock<World>>) -> Scripted {
    let world = Arc::clone(world);
    Scripted::start(move |asked| {
        if asked.path.starts_with(path) {
            let ledger = Connection::open(world.get().unwrap().ledger_path()).unwrap();
            ledger.execute_batch("DROP TABLE events").unwrap();
        }
        match asked.method.as_str() {
            "POST" => Say::Json(200, r#"{"code":1,"message":"점검 중","response":null}"#.to_owned()),
            _ => no_such_payment(),
        }
    })
}

#[test]
fn an_answer_that_the_ledger_does_not_take_is_printed_and_never_called_unsent() {
    for path in ["/subscribe/payments/again", "/payments/findAll"] {
        let world = Arc::new(OnceLock::new());
        let gateway = losing(path, &world);
        let world = world.get_or_init(|| World::for_gateway(gateway.url()));
        let said = world.charge("order_1", &[]).exits(1).in_plain_words();
        let said =
            said.says(&["order_1 was sent", r#"{"code":1,"message":"점검 중""#, "--merchant-uid order_1"]);
        assert!(!said.stderr.contains(SENT), "{said}");
        assert_eq!((said.error()["kind"].as_str(), gateway.charges()), (Some("local"), 1));
    }
}

#[test]
fn an_import_that_cannot_be_read_saves_nothing() {
    let world = World::for_gateway("http://127.0.0.1:1");
    let import = |bytes: &[u8]| {
        fs::write(world.home().join("c.csv"), bytes).unwrap();
        world.run(&["customer", "import", "c.csv", "--no-verify"]).exits(2).in_plain_words()
    };
    import(b"").says(&["c.csv", "empty"]);
    import(b"name\n\xff\xff\n").says(&["c.csv", "line 2", "UTF-8"]);
    import(b"customer_uid,nmae\na,b\n").says(&["nmae", "did you mean name"]);
    import(b"name\nx\n").says(&["customer_uid"]);
    import(b"customer_uid\na/b\n").says(&["line 2", "a/b"]);
    import(b"customer_uid\na\nb\na\n").says(&["line 4", "line 2"]);
    import(b"customer_uid,name\na\n").says(&["line 2", "1 cell"]);
    world.run(&["customer", "import", "none.csv"]).exits(2).in_plain_words().says(&["none.csv"]);
    world.run(&["customer", "import", "."]).exits(2).in_plain_words().says(&["directory"]);
    assert!(!world.ledger_path().exists());
}

/// Nobody writes to it: whoever waited for that would wait for ever.
#[test]
#[cfg(unix)]
fn a_pipe_in_the_place_of_a_file_of_ours_is_not_waited_for() {
    let (world, gateway) = paying();
    charge(&world, &[]).exits(0);
    let pipe = |path: &Path| {
        let _ = fs::remove_file(path);
        let made = std::process::Command::new("mkfifo").args(["-m", "600"]).arg(path).status().unwrap();
        assert!(made.success());
    };
    let cache = world.home().join(".cache/billkey");
    for token in fs::read_dir(&cache).unwrap() {
        pipe(&token.unwrap().path());
    }
    let _ = world.run(&["token"]).exits(0);
    let secret = world.home().join("secret");
    pipe(&secret);
    let config = fs::read_to_string(world.config_path()).unwrap();
    let lines = config.lines().filter(|line| !line.starts_with("imp_secret"));
    let lines = lines.collect::<Vec<_>>().join("\n");
    world.configure(&format!("{lines}\nimp_secret_file = \"{}\"\n", secret.display()));
    let _ = world.run(&["token"]).exits(3).says(&["the secret file", "is a pipe and no file"]);
    let authorities = world.home().join("authorities.pem");
    pipe(&authorities);
    let encrypted = config.replace("http://", "https://");
    world.configure(&format!("{encrypted}\nca_file = \"{}\"\n", authorities.display()));
    let _ = world.run(&["token"]).exits(3).says(&["authorities.pem", "it is no plain file"]);
    pipe(&world.config_path());
    let _ = world.run(&["token"]).exits(3).says(&["the config file", "is a pipe and no file"]);
    assert!(gateway.charges() >= 1);
}

#[test]
#[cfg(unix)]
fn a_program_that_gives_the_secret_gets_none_of_ours() {
    let mut world = World::bare();
    world.set("BILLKEY_IMP_KEY", "a_key_from_the_environment");
    world.set("BILLKEY_API_URL", "http://127.0.0.1:9");
    world.configure(
        "[profile.main]\nmode = \"test\"\nimp_secret_command = [\"sh\", \"-c\", \"env > seen; echo 0123456789\"]\n",
    );
    let _ = world.run(&["token"]).exits(9);
    let seen = fs::read_to_string(world.config_path().with_file_name("seen")).unwrap();
    assert!(seen.contains("HOME=") && !seen.contains("BILLKEY_IMP"), "{seen}");
}
