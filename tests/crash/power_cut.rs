//! What would be left after a power cut at the moment the charge request leaves. Of everything that
//! was written only what was synced is: the bytes of a file by a sync of the file, its name by a
//! sync of the directory that holds it.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use crate::crash::strace::{self, Call};
use crate::crash::{nothing_wrong, on_threads};
use crate::support::world::{Gateway, World, to_charge};

/// What the disk holds for certain, as far as a log tells. Only what the log saw written or created
/// is in here.
#[derive(Default)]
struct Disk {
    /// By path: whether its name would be found again.
    names: BTreeMap<String, bool>,
    /// By path: whether its newest bytes would be.
    bytes: BTreeMap<String, bool>,
}

impl Disk {
    fn apply(&mut self, call: &Call) {
        if !call.succeeded() {
            return;
        }
        match call.name.as_str() {
            "mkdir" => self.name(call.text(0)),
            "openat" if call.arguments.contains("O_CREAT") => self.name(call.text(0)),
            "rename" => {
                self.forget(call.text(0));
                self.forget(call.text(1));
                self.name(call.text(1));
            }
            "unlink" => self.forget(call.text(0)),
            "write" | "writev" | "pwrite64" | "ftruncate" | "fallocate" => {
                self.bytes.extend(call.file().map(|file| (file.to_owned(), false)));
            }
            "fsync" | "fdatasync" => self.sync(call.file()),
            _ => {}
        }
    }

    /// A name that is known already is not created again.
    fn name(&mut self, path: Option<&str>) {
        if let Some(path) = path {
            self.names.entry(path.to_owned()).or_insert(false);
        }
    }

    fn forget(&mut self, path: Option<&str>) {
        if let Some(path) = path {
            self.names.remove(path);
            self.bytes.remove(path);
        }
    }

    fn sync(&mut self, path: Option<&str>) {
        let Some(path) = path else { return };
        if let Some(bytes) = self.bytes.get_mut(path) {
            *bytes = true;
        }
        for (name, durable) in &mut self.names {
            *durable |= Path::new(name).parent() == Some(Path::new(path));
        }
    }

    /// What of this file and of the directories on the way to it would be lost.
    fn losses(&self, file: &str) -> Vec<String> {
        let mut losses = Vec::new();
        if self.bytes.get(file) == Some(&false) {
            losses.push(format!("the bytes of {file}"));
        }
        let path = Path::new(file);
        let lost = path.ancestors().filter(|path| self.names.get(path.to_str().unwrap()) == Some(&false));
        losses.extend(lost.map(|path| format!("the name {}", path.display())));
        losses
    }
}

fn is_the_send(call: &Call) -> bool {
    let writes = ["write", "writev", "sendto", "sendmsg"].contains(&call.name.as_str());
    let moves_money = ["POST /subscribe/payments/again", "POST /payments/cancel"];
    writes && moves_money.iter().any(|request| call.arguments.contains(request))
}

/// What a power cut at the send would lose of the intent, after these runs one after the other. Only
/// the last of them sends.
fn lost_at_the_send(logs: &[&str], ledger: &str, order: &str) -> Vec<String> {
    let mut disk = Disk::default();
    let (last, earlier) = logs.split_last().unwrap();
    for log in earlier {
        let calls = strace::calls(log);
        assert!(!calls.iter().any(is_the_send), "an earlier run has sent");
        calls.iter().for_each(|call| disk.apply(call));
    }
    let calls = strace::calls(last);
    let Some(send) = calls.iter().find(|call| is_the_send(call)) else {
        return vec!["nothing was sent at all".to_owned()];
    };
    // What began before the send may be half done; what came back before it is done.
    let before = calls.iter().filter(|call| call.ended < send.began || is_a_write_begun_before(call, send));
    let before: Vec<&Call> = before.collect();
    before.iter().for_each(|call| disk.apply(call));
    let log = format!("{ledger}-wal");
    let has_intent = |call: &&Call| call.file() == Some(log.as_str()) && call.arguments.contains(order);
    let mut losses = disk.losses(ledger);
    losses.extend(disk.losses(&log));
    if !before.iter().any(has_intent) {
        losses.push("the intent, which was never written".to_owned());
    }
    losses
}

fn is_a_write_begun_before(call: &Call, send: &Call) -> bool {
    call.began < send.began && call.name.contains("write")
}

fn traced_charge(strace: &Path, world: &World, order: &str, log: &str, options: &[String]) -> String {
    let plain = world.command(&to_charge(order, &["--allow-similar"]));
    let log = world.home().join(log);
    let output = strace::traced(strace, &log, options, &plain).output().unwrap();
    let text = String::from_utf8_lossy(&fs::read(&log).unwrap()).into_owned();
    assert!(!text.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
    text
}

#[test]
fn the_intent_of_a_refund_is_synced_before_it_leaves_and_its_end_before_it_is_told() {
    let Some(strace) = strace::find("what a power cut leaves of a refund") else { return };
    let gateway = Gateway::start("");
    let world = World::for_gateway(&gateway.url());
    world.charge("order_1", &[]).exits(0).says(&["created the ledger"]);
    let what = ["refund", "order_1", "--amount", "1000", "--reason", "lost_at_the_send", "--yes", "--json"];
    let log = world.home().join("refund.log");
    let output = strace::traced(&strace, &log, &[], &world.command(&what)).output().unwrap();
    let told: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let log = String::from_utf8_lossy(&fs::read(&log).unwrap()).into_owned();
    assert_eq!(lost_at_the_send(&[&log], &ledger(&world), "lost_at_the_send"), [""; 0]);
    let end = told["refund"]["cancellation_id"].as_str().unwrap().to_owned();
    assert_eq!(told_too_early(&log, &ledger(&world), &[("order_1".to_owned(), end)]), [""; 0]);
}

fn ledger(world: &World) -> String {
    world.ledger_path().to_str().unwrap().to_owned()
}

#[test]
fn the_intent_and_its_names_are_synced_before_the_request_leaves() {
    let Some(strace) = strace::find("what a power cut leaves") else { return };
    let gateway = Gateway::start("");
    let world = World::for_gateway(&gateway.url());
    let first = traced_charge(&strace, &world, "first", "first.log", &[]);
    assert_eq!(lost_at_the_send(&[&first], &ledger(&world), "first"), [""; 0]);
    let second = traced_charge(&strace, &world, "second", "second.log", &[]);
    assert_eq!(lost_at_the_send(&[&second], &ledger(&world), "second"), [""; 0]);
    assert_eq!((gateway.charged("first"), gateway.charged("second")), (1, 1));
}

/// The requests of a batch whose intent would not survive a power cut as they leave.
fn lost_at_any_send(log: &str, ledger: &str, orders: &[String]) -> Vec<String> {
    let calls = strace::calls(log);
    let wal = format!("{ledger}-wal");
    let of_log = |call: &&Call| call.file() == Some(wal.as_str()) && call.succeeded();
    let syncs: Vec<&Call> = calls.iter().filter(of_log).filter(|call| call.name.ends_with("sync")).collect();
    let lost = |order: &&String| {
        let Some(send) = calls.iter().find(|call| is_the_send(call) && call.arguments.contains(*order))
        else {
            return true;
        };
        let mut writes = calls.iter().filter(of_log).filter(|call| call.name.contains("write"));
        let Some(intent) = writes.find(|call| call.arguments.contains(*order)) else { return true };
        !syncs.iter().any(|sync| intent.ended < sync.began && sync.ended < send.began)
    };
    orders.iter().filter(lost).cloned().collect()
}

/// The orders that are told to be paid before the answer, of which these are the imp_uids, would survive.
fn told_too_early(log: &str, ledger: &str, paid: &[(String, String)]) -> Vec<String> {
    let calls = strace::calls(log);
    let wal = format!("{ledger}-wal");
    let of_log = |call: &&Call| call.file() == Some(wal.as_str()) && call.succeeded();
    let too_early = |(order, imp_uid): &&(String, String)| {
        let says = |call: &&Call| {
            call.name == "write" && call.arguments.starts_with("1<") && call.arguments.contains(order)
        };
        let written = |call: &&Call| call.name.contains("write") && call.arguments.contains(imp_uid);
        let (Some(told), Some(answer)) = (calls.iter().find(says), calls.iter().filter(of_log).find(written))
        else {
            return true;
        };
        let mut syncs = calls.iter().filter(of_log).filter(|call| call.name.ends_with("sync"));
        !syncs.any(|sync| answer.ended < sync.began && sync.ended < told.began)
    };
    paid.iter().filter(too_early).map(|(order, _)| order.clone()).collect()
}

/// A file of eighty charges in the world's home; their orders.
fn eighty_charges(world: &World) -> Vec<String> {
    let orders: Vec<String> = (100..180).map(|n| format!("order_{n}")).collect();
    let row = |(n, order): (usize, &String)| format!("gildong_0001_1234,{},Monthly,{order}\n", 1000 + n);
    let rows: String = orders.iter().enumerate().map(row).collect();
    let head = "customer_uid,amount,name,merchant_uid\n";
    fs::write(world.home().join("charges.csv"), head.to_owned() + &rows).unwrap();
    orders
}

#[test]
fn every_intent_of_a_batch_is_synced_before_its_request_leaves_and_every_answer_before_it_is_told() {
    let Some(strace) = strace::find("what a power cut leaves of a batch") else { return };
    let gateway = Gateway::start("");
    let world = World::for_gateway(&gateway.url());
    let orders = eighty_charges(&world);
    let plain = world.command(&["batch", "charges.csv", "--yes", "--workers", "8", "--format", "jsonl"]);
    let log = world.home().join("batch.log");
    let output = strace::traced(&strace, &log, &[], &plain).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8_lossy(&fs::read(&log).unwrap()).into_owned();
    assert_eq!(lost_at_any_send(&text, &ledger(&world), &orders), [""; 0]);
    let book = gateway.book();
    let paid = book["payments"].as_array().unwrap().iter().map(|payment| {
        let text = |name: &str| payment[name].as_str().unwrap().to_owned();
        (text("merchant_uid"), text("imp_uid"))
    });
    let paid: Vec<(String, String)> = paid.collect();
    assert_eq!(paid.len(), orders.len());
    assert_eq!(told_too_early(&text, &ledger(&world), &paid), [""; 0]);
    let unwritten = text.replace("-wal>", "-was>");
    assert_eq!(
        lost_at_any_send(&unwritten, &ledger(&world), &orders),
        orders,
        "a log without a sync shows it"
    );
    assert_eq!(told_too_early(&unwritten, &ledger(&world), &paid).len(), orders.len());
}

#[test]
fn a_batch_whose_disk_fails_sends_nothing_more_and_a_further_run_goes_on() {
    let Some(strace) = strace::find("what a disk that fails leaves of a batch") else { return };
    let gateway = Gateway::start("");
    let world = World::with_profile(&gateway.url(), "mode = \"test\"\nsettle_after = \"1ms\"\n");
    let orders = eighty_charges(&world);
    // The ledger is there, so that the failures meet the log and not the making of it.
    world.charge("first", &[]).exits(0).says(&["settle_after is 1ms"]);
    let plain = world.command(&["batch", "charges.csv", "--yes", "--workers", "8"]);
    let log = world.home().join("batch.log");
    // Of each thread the calls are counted apart, and only one of them syncs that often.
    let inject = ["-e", "inject=fdatasync:error=EIO:when=4+"].map(str::to_owned);
    let output = strace::traced(&strace, &log, &inject, &plain).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(matches!(output.status.code(), Some(1 | 7)), "{:?}: {said}", output.status);
    assert!(said.contains("the disk failed under the ledger"), "{said}");
    let sent = gateway.book()["charges"].as_array().unwrap().len() - 1;
    assert!((1..orders.len()).contains(&sent), "{sent} requests; it did not stop in the middle");
    let text = String::from_utf8_lossy(&fs::read(&log).unwrap()).into_owned();
    let lost = lost_at_any_send(&text, &ledger(&world), &orders);
    assert_eq!(lost.len(), orders.len() - sent, "sent and not durable: {lost:?}");
    let again = world.command(&["batch", "charges.csv", "--yes"]).output().unwrap();
    assert!(again.status.success(), "{}", String::from_utf8_lossy(&again.stderr));
    for order in &orders {
        assert_eq!(gateway.charged(order), 1, "{order}");
    }
}

/// A program that is killed between a name and its sync leaves a name that nobody has synced, and
/// the next one finds it there.
#[test]
fn names_left_by_a_killed_run_are_synced_before_the_next_ones_request_leaves() {
    let Some(strace) = strace::find("what a power cut leaves after a kill") else { return };
    let gateway = Gateway::start("");
    let world = World::for_gateway(&gateway.url());
    let whole = traced_charge(&strace, &world, "whole", "first.log", &[]);
    let sent = strace::calls(&whole).into_iter().find(is_the_send).unwrap();
    let calls = strace::calls(&whole).into_iter().filter(|call| call.ended < sent.began);
    let main = whole.split(' ').next().unwrap().to_owned();
    let mut points = Vec::new();
    for name in ["fsync", "fdatasync", "mkdir", "unlink"] {
        let count = calls.clone().filter(|call| call.name == name && call.thread == main).count();
        points.extend((1..=count).map(|at| format!("inject={name}:signal=SIGKILL:when={at}")));
    }
    assert!(points.len() > 12, "{points:?}");
    let wrong = on_threads(4, points.len(), |index| {
        let world = World::with_profile(&gateway.url(), "mode = \"test\"\nsettle_after = \"1ms\"\n");
        let point = &points[index];
        let order = format!("killed_{index}");
        let inject = ["-e".to_owned(), point.clone()];
        let killed = traced_charge(&strace, &world, &order, "killed.log", &inject);
        let mut logs = vec![killed];
        // On a busy machine a run is held up between intent and send, and leaves the send to the one after it.
        for next in 1..=3 {
            logs.push(traced_charge(&strace, &world, &order, &format!("next_{next}.log"), &[]));
            if strace::calls(&logs[next]).iter().any(is_the_send) {
                break;
            }
        }
        let logs: Vec<&str> = logs.iter().map(String::as_str).collect();
        let losses = lost_at_the_send(&logs, &ledger(&world), &order);
        if losses.is_empty() {
            return Ok(());
        }
        Err(format!("after {point}: {}", losses.join(", ")))
    });
    nothing_wrong(&wrong);
    println!("{} kills, each before a power cut at the next run's send", points.len());
}

#[cfg(test)]
mod tests {
    use super::lost_at_the_send;

    const ORDER: &str = "order_0001";

    const SEND: &str = "2 writev(9<socket:[1]>, [{iov_base=\"POST /subscribe/payments/again\"}], 1) = 30\n";

    /// A log in which the ledger is created, and then these lines.
    fn log(rest: &str) -> String {
        let created = "1 mkdir(\"/h/d\", 0700) = 0\n\
            1 fsync(3</h>) = 0\n\
            1 openat(AT_FDCWD</h>, \"/h/d/m.db\", O_RDWR|O_CREAT, 0600) = 3</h/d/m.db>\n\
            1 openat(AT_FDCWD</h>, \"/h/d/m.db-wal\", O_RDWR|O_CREAT, 0600) = 4</h/d/m.db-wal>\n";
        format!("{created}{rest}")
    }

    fn write() -> String {
        format!("1 pwrite64(4</h/d/m.db-wal>, \"{ORDER}\", 9, 0) = 9\n")
    }

    fn losses(rest: &str) -> Vec<String> {
        lost_at_the_send(&[&log(rest)], "/h/d/m.db", ORDER)
    }

    #[test]
    fn what_is_synced_is_not_lost() {
        let rest = format!("{}1 fsync(4</h/d/m.db-wal>) = 0\n1 fsync(5</h/d>) = 0\n{SEND}", write());
        assert_eq!(losses(&rest), [""; 0]);
    }

    #[test]
    fn bytes_and_names_that_are_not_synced_are_lost() {
        let rest = format!("{}1 fsync(5</h/d>) = 0\n{SEND}1 fsync(4</h/d/m.db-wal>) = 0\n", write());
        assert_eq!(losses(&rest), ["the bytes of /h/d/m.db-wal"]);
        let rest = format!("{}1 fsync(4</h/d/m.db-wal>) = 0\n{SEND}1 fsync(5</h/d>) = 0\n", write());
        assert_eq!(losses(&rest), ["the name /h/d/m.db", "the name /h/d/m.db-wal"]);
    }

    #[test]
    fn a_sync_that_fails_or_is_still_under_way_does_not_count() {
        let failed = "1 fsync(4</h/d/m.db-wal>) = -1 EIO (Input/output error)\n1 fsync(5</h/d>) = 0\n";
        assert_eq!(losses(&format!("{}{failed}{SEND}", write())), ["the bytes of /h/d/m.db-wal"]);
        let late = "1 fsync(5</h/d>) = 0\n1 fsync(4</h/d/m.db-wal> <unfinished ...>\n";
        let back = "1 <... fsync resumed>) = 0\n";
        assert_eq!(losses(&format!("{}{late}{SEND}{back}", write())), ["the bytes of /h/d/m.db-wal"]);
    }

    #[test]
    fn an_intent_that_is_not_written_is_lost() {
        let rest = format!("1 fsync(4</h/d/m.db-wal>) = 0\n1 fsync(5</h/d>) = 0\n{SEND}{}", write());
        assert_eq!(losses(&rest), ["the intent, which was never written"]);
    }
}
