//! A disk that is full to the last page, and one that is read-only: a small tmpfs, where this user
//! may mount one. Where not, files that cannot grow (see `disk`) stand for it.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use crate::crash::books::Book;
use crate::crash::disk::{Ended, judge, settles, with_more_and_more_room};
use crate::crash::skipped;
use crate::support::world::{Gateway, World};

const PAGE: u64 = 4096;
/// More than one charge writes.
const PAGES_MAX: u64 = 48;

/// A disk of one megabyte, until it is dropped.
struct Disk {
    at: TempDir,
}

impl Disk {
    fn mount(test: &str) -> Option<Disk> {
        let at = TempDir::new().unwrap();
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", "size=1m", "tmpfs"])
            .arg(at.path())
            .output()
            .is_ok_and(|output| output.status.success());
        if !mounted {
            skipped(test, "no disk of its own can be mounted here");
            return None;
        }
        Some(Disk { at })
    }

    fn remount(&self, how: &str) {
        let options = format!("remount,{how},size=1m");
        let output = Command::new("mount").args(["-o", &options]).arg(self.path()).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }

    fn path(&self) -> &Path {
        self.at.path()
    }

    fn filler(&self) -> PathBuf {
        self.path().join("filler")
    }

    fn empty(&self) {
        for file in fs::read_dir(self.path()).unwrap().flatten().map(|entry| entry.path()) {
            let _ = if file.is_dir() { fs::remove_dir_all(file) } else { fs::remove_file(file) };
        }
    }

    /// Fills the disk but for this many pages.
    fn leave(&self, pages: u64) {
        let mut file = fs::File::create(self.filler()).unwrap();
        while file.write_all(&[0; 4096]).is_ok() {}
        let length = file.metadata().unwrap().len() / PAGE * PAGE;
        file.set_len(length.saturating_sub(pages * PAGE)).unwrap();
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(self.path()).status();
    }
}

fn world_on(disk: &Disk, gateway: &Gateway) -> World {
    let mut world = World::for_gateway(&gateway.url());
    world.set("BILLKEY_DATABASE", disk.path().join("ledger.db").to_str().unwrap());
    world
}

#[test]
fn a_full_disk_stops_the_charge_or_has_its_answer_printed() {
    let Some(disk) = Disk::mount("a full disk") else { return };
    let gateway = Gateway::start("no_duplicate_refusal");
    with_more_and_more_room(&gateway, PAGES_MAX, |first, order, pages| {
        disk.empty();
        let world = world_on(&disk, &gateway);
        let _ = world.charge(first, &[]).exits(0);
        disk.leave(pages);
        let ran = world.charge(order, &["--allow-similar"]);
        fs::remove_file(disk.filler()).unwrap();
        (world, ran)
    });
}

#[test]
fn a_new_ledger_on_a_full_disk_stops_the_charge() {
    let Some(disk) = Disk::mount("a new ledger on a full disk") else { return };
    let gateway = Gateway::start("no_duplicate_refusal");
    let book = Book::of(&gateway);
    for pages in [0, 1, 4, 16] {
        let order = format!("order_{pages}");
        let world = world_on(&disk, &gateway);
        disk.leave(pages);
        let ran = world.charge(&order, &["--allow-similar"]).exits(1).says(&["full"]);
        assert_eq!(judge(&ran, &book.known(&order)), Ended::NothingSent);
        fs::remove_file(disk.filler()).unwrap();
        settles(&world, &book, &order, Ended::NothingSent, &["--allow-similar"]);
        disk.empty();
    }
}

#[test]
fn a_read_only_disk_stops_the_charge() {
    let Some(disk) = Disk::mount("a read-only disk") else { return };
    let gateway = Gateway::start("no_duplicate_refusal");
    let book = Book::of(&gateway);
    let world = world_on(&disk, &gateway);
    disk.remount("ro");
    let ran = world.charge("new", &[]).exits(1);
    assert_eq!(judge(&ran, &book.known("new")), Ended::NothingSent);
    disk.remount("rw");
    settles(&world, &book, "new", Ended::NothingSent, &[]);
    disk.remount("ro");
    let ran = world.charge("order", &["--allow-similar"]).exits(1);
    assert_eq!(judge(&ran, &book.known("order")), Ended::NothingSent);
    disk.remount("rw");
    settles(&world, &book, "order", Ended::NothingSent, &["--allow-similar"]);
}
