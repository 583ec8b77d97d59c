//! The README's shell blocks, run by a shell at a terminal where somebody says yes. What serves until it is stopped
//! is only read.

use std::ffi::OsString;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::Duration;

use billkey::sandbox::{IMP_KEY, IMP_SECRET};

use super::readme;
use crate::support::pty::Terminal;
use crate::support::world::{BILLKEY, Gateway, Ran, World, set_mode, to_charge_with};

/// What each block is known by. A block that is not here fails the test that counts them.
const BLOCKS: [&str; 16] = [
    "cargo run",
    "cargo test",
    "completions bash",
    "completions zsh",
    "config init",
    "customer add gildong_0001_1234 --name",
    "customer register",
    "customer link ",
    "customer listen",
    "case $? in",
    "--dry-run",
    "systemctl",
    "billkey refund",
    "--against",
    "ledger backup",
    "cp -a",
];
const MORE_BLOCKS: [&str; 2] = ["chgrp billing", "retry-list"];

/// What cargo does to somebody who has no time to build.
const CARGO: &str = r#"#!/bin/sh
command=$1
shift
case $command in
  run) while [ "$1" != -- ]; do shift; done; shift; exec billkey "$@" ;;
  install)
    root=$HOME/.cargo
    while [ $# -gt 0 ]; do [ "$1" = --root ] && root=$2; shift; done
    mkdir -p "$root/bin" && ln -sf "$(command -v billkey)" "$root/bin/billkey" ;;
  test) ;;
  *) echo "no cargo $command here" >&2; exit 1 ;;
esac
"#;

/// A home with the program installed, and a gateway that the environment names.
struct Story {
    world: World,
    gateway: Gateway,
}

impl Story {
    fn begin() -> Story {
        let (world, gateway) = (World::bare(), Gateway::start(""));
        let story = Story { world, gateway };
        for folder in [".cargo/bin", "stubs", "srv", "usr/local"] {
            fs::create_dir_all(story.at(folder)).unwrap();
        }
        symlink(BILLKEY, story.at(".cargo/bin/billkey")).unwrap();
        let systemctl = "#!/bin/sh\necho \"systemctl $*\"\n";
        for (name, script) in
            [("cargo", CARGO), ("sudo", "#!/bin/sh\nexec \"$@\"\n"), ("systemctl", systemctl)]
        {
            fs::write(story.at("stubs").join(name), script).unwrap();
            set_mode(&story.at("stubs").join(name), 0o755);
        }
        story
    }

    fn at(&self, path: &str) -> PathBuf {
        self.world.home().join(path)
    }

    /// The shell, with this machine's folders and group moved into the home.
    fn shell(&self, script: &str) -> Command {
        let home = self.world.home().display();
        let script = script
            .replace("/srv/", &format!("{home}/srv/"))
            .replace("/usr/local", &format!("{home}/usr/local"))
            .replace("chgrp billing", "chgrp \"$(id -g)\"")
            .replace("chgrp -R billing", "chgrp -R \"$(id -g)\"");
        let mut shell = Command::new("/bin/sh");
        shell.args(["-c", &script]).env_clear().current_dir(self.world.home()).stdin(Stdio::null());
        shell
            .env("HOME", self.world.home())
            .env("USER", "tester")
            .env("LANG", "C.UTF-8")
            .env("NO_COLOR", "1");
        shell.env("PATH", format!("{home}/stubs:{home}/.cargo/bin:/usr/bin:/bin"));
        shell.env("BILLKEY_IMP_KEY", IMP_KEY).env("BILLKEY_IMP_SECRET", IMP_SECRET);
        shell.env("BILLKEY_API_URL", self.gateway.url());
        shell
    }

    /// Runs a block at a terminal. Its first failure ends it; every question is answered with yes.
    #[track_caller]
    fn run(&self, part: &str) -> String {
        let text = readme::with("sh", part).text;
        let mut terminal = Terminal::start(self.shell(&format!("set -eu\n{text}echo the recipe ends here")));
        terminal.types("y\ny\ny\n");
        terminal.exits(0);
        terminal.shows("the recipe ends here");
        terminal.seen()
    }

    /// Runs something else, and takes what it says.
    fn quietly(&self, script: &str) -> Ran {
        Ran::from_output(&self.shell(script).output().unwrap())
    }
}

#[test]
fn every_shell_block_is_one_that_a_test_knows() {
    let known: Vec<&str> = BLOCKS.iter().chain(&MORE_BLOCKS).copied().collect();
    for part in &known {
        let _ = readme::with("sh", part);
    }
    assert_eq!(readme::of("sh").len(), known.len(), "a shell block of the README is run by no test");
}

#[test]
fn the_two_commands_and_what_is_installed() {
    let story = Story::begin();
    assert!(story.run("cargo run").contains("Paid ₩8,900 (SANDBOX)"));
    assert!(story.run("cargo run").contains("Already paid"));
    story.run("cargo test");
    story.run("completions bash");
    story.run("completions zsh");
    for path in [
        ".local/share/bash-completion/completions/billkey",
        ".local/share/man/man1/billkey.1",
        ".local/share/man/man1/billkey-charge.1",
        ".local/share/man/man7/billkey-states.7",
        ".zfunc/_billkey",
        ".config/fish/completions/billkey.fish",
    ] {
        assert!(fs::metadata(story.at(path)).unwrap().len() > 100, "{path}");
    }
    let bash = "/bin/bash -c '. ~/.local/share/bash-completion/completions/billkey && complete -p billkey'";
    story.quietly(bash).exits(0).answers(&["complete", "billkey"]);
    assert!(story.run("systemctl").contains("systemctl enable --now billkey-batch.timer"));
    assert!(story.at("usr/local/bin/billkey").exists(), "where the unit looks for it");
}

#[test]
fn with_keys_a_customer_is_saved_charged_and_found() {
    let story = Story::begin();
    let seen = story.run("config init");
    assert!(seen.contains("it expires"), "{seen}");
    let seen = story.run("customer add gildong_0001_1234 --name");
    assert!(seen.contains("Paid ₩8,900") && seen.contains("order_monthly_0001"), "{seen}");
    assert_eq!(story.gateway.charged("order_monthly_0001"), 1);
}

#[test]
fn what_serves_until_it_is_stopped_is_spelt_rightly() {
    for part in ["customer register", "customer link ", "customer listen"] {
        let block = readme::with("sh", part).text;
        for line in block.lines() {
            let line = line.split('#').next().unwrap();
            let words: Vec<OsString> = line.split_whitespace().map(OsString::from).collect();
            assert!(billkey::cli::parse(&words).is_ok(), "{line}");
        }
    }
}

#[test]
fn a_file_is_planned_and_charged() {
    let story = Story::begin();
    fs::write(story.at("charges.csv"), readme::of("csv").remove(0).text).unwrap();
    let seen = story.run("--dry-run");
    assert!(seen.contains("2 of 2 rows paid: ₩20,900"), "{seen}");
    assert_eq!(fs::read_to_string(story.at("out.csv")).unwrap().lines().count(), 3);
}

#[test]
fn what_is_due_is_listed_and_tried_again() {
    let story = Story::begin();
    story.world.configure("[profile.default]\nmode = \"test\"\n[profile.default.retry.reasons]\nunknown = { after = [\"1s\"] }\n");
    story.gateway.faults("decline=어떤 말*1");
    let charge = to_charge_with("gildong_0001_1234", "8900", "order_1", &["--quiet"]).join(" ");
    let _ = story.quietly(&format!("billkey {charge}")).exits(5);
    sleep(Duration::from_millis(1_100));
    let seen = story.run("retry-list");
    assert!(seen.contains("1 due, ₩8,900") && seen.contains("1 of 1 row paid: ₩8,900"), "{seen}");
    assert_eq!(story.gateway.charged("order_1"), 1);
}

#[test]
fn money_goes_back_whole_and_in_part() {
    let story = Story::begin();
    for (order, customer) in
        [("order_monthly_0001", "gildong_0001_1234"), ("order_monthly_0002", "younghee_0002_5678")]
    {
        let charge = to_charge_with(customer, "8900", order, &["--quiet"]).join(" ");
        let _ = story.quietly(&format!("billkey {charge}")).exits(0);
    }
    let seen = story.run("billkey refund");
    assert!(seen.contains("₩8,900") && seen.contains("₩3,000"), "{seen}");
}

#[test]
fn lines_are_handed_over_in_columns_of_ones_own_and_another_book_is_held_against_the_ledger() {
    let story = Story::begin();
    let map = readme::with("toml", "export.accountant").text;
    story.world.configure(&format!("[profile.default]\nmode = \"test\"\n{map}"));
    let charge = to_charge_with("gildong_0001_1234", "8900", "order_1", &["--quiet"]).join(" ");
    let _ = story.quietly(&format!("billkey {charge}")).exits(0);
    let seen = story.run("--against");
    assert!(seen.contains("1 payment the same (1 by imp_uid), nothing is left."), "{seen}");
    let lines = fs::read_to_string(story.at("lines.csv")).unwrap();
    assert!(lines.starts_with("\u{feff}일자,구분,거래처,주문번호,공급가액,부가세,금액\r\n"), "{lines}");
    assert!(lines.contains(",매출,카드매출,order_1,8091,809,8900"), "{lines}");
}

#[test]
fn a_backup_has_every_payment_by_either_recipe() {
    let story = Story::begin();
    let charge = to_charge_with("gildong_0001_1234", "8900", "order_1", &["--quiet"]).join(" ");
    let _ = story.quietly(&format!("billkey {charge}")).exits(0);
    story.run("cp -a");
    story.run("ledger backup");
    for copy in ["backup/copy.db", "backup/billkey/default.db"] {
        let list = format!("billkey --database {copy} history --format plain");
        let _ = story.quietly(&list).exits(0).answers(&["order_1", "8900"]);
    }
}

#[test]
fn a_ledger_is_given_to_a_group() {
    let story = Story::begin();
    story.run("chgrp billing");
    let again = story.quietly("billkey --database srv/billkey/main.db customer list --format plain").exits(0);
    again.answers(&["gildong_0001_1234"]);
}

#[test]
fn the_script_tells_something_on_every_exit() {
    let story = Story::begin();
    let script = readme::with("sh", "case $? in").text;
    let told = |order: &str| story.quietly(&format!("order={order}\n{script}")).stdout;
    assert_eq!(told("order_1"), "paid\n");
    story.gateway.faults("decline@order_2,lost_after@order_3");
    // The same customer and amount a moment ago: refused (8), and the reason is told.
    assert!(told("order_2").contains("a moment ago"), "{}", told("order_2"));
    let other = script.replace("8900", "1000");
    let told = |order: &str| story.quietly(&format!("order={order}\n{other}")).stdout;
    assert!(told("order_2").starts_with("declined"), "{}", told("order_2"));
    assert!(told("order_1").contains("with other terms"), "{}", told("order_1"));
    assert!(told("").contains("merchant_uid"), "{}", told(""));
    // Whatever the program says beside an exit is in what the script prints, where a person has to look.
    for code in [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 130] {
        let stub = format!("#!/bin/sh\necho 'error: the reason is {code}' >&2\nexit {code}\n");
        fs::write(story.at("stubs/billkey"), stub).unwrap();
        set_mode(&story.at("stubs/billkey"), 0o755);
        let told = told("order_9");
        let plain =
            told.lines().next().unwrap_or_default().len() > 20 && ![1, 2, 3, 4, 6, 8, 10, 11].contains(&code);
        assert!(plain || told.contains(&format!("the reason is {code}\n")), "{code}: {told:?}");
    }
}
