//! The registration page in a real browser: a headless Chromium, the program's own server, and the
//! sandbox's PG window.

mod driver;
mod report;
mod shop;
mod stub;

use std::io::{BufRead, BufReader, Read};
use std::process::Child;

use serde_json::Value;

use crate::browser::driver::{Browser, DESKTOP, Look, PHONE};
use crate::support::world::{Ran, World};

/// A `customer register` that waits for its card.
struct Waiting {
    child: Child,
    stderr: BufReader<std::process::ChildStderr>,
    said: String,
    address: String,
}

impl Waiting {
    fn start(world: &World, arguments: &[&str]) -> Waiting {
        let mut child = world.spawn(&[&["customer", "register", "--no-open"], arguments].concat());
        let stderr = BufReader::new(child.stderr.take().unwrap());
        let mut waiting = Waiting { child, stderr, said: String::new(), address: String::new() };
        while waiting.address.is_empty() {
            let mut line = String::new();
            let read = waiting.stderr.read_line(&mut line).unwrap();
            waiting.said.push_str(&line);
            assert!(read > 0, "no address was printed:\n{}", waiting.said);
            if line.trim_start().starts_with("http://127.0.0.1:") {
                waiting.address = line.trim().to_owned();
            }
        }
        waiting
    }

    fn sandbox(world: &World, more: &[&str]) -> Waiting {
        Waiting::start(world, &[&["--sandbox", "gildong_0001_5678", "--name", "홍길동"], more].concat())
    }

    /// Waits for its end.
    fn end(mut self) -> Ran {
        let mut stdout = String::new();
        self.child.stdout.take().unwrap().read_to_string(&mut stdout).unwrap();
        self.stderr.read_to_string(&mut self.said).unwrap();
        let code = self.child.wait().unwrap().code().unwrap_or(-1);
        Ran { stdout, stderr: std::mem::take(&mut self.said).into(), code }
    }

    fn interrupt(&self) {
        let id = rustix::process::Pid::from_child(&self.child);
        rustix::process::kill_process(id, rustix::process::Signal::INT).unwrap();
    }
}

/// A test that fails leaves nobody waiting.
impl Drop for Waiting {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn saved_customer(world: &World) -> Value {
    world.run(&["--sandbox", "customer", "show", "gildong_0001_5678", "--json"]).exits(0).json()
}

fn is_not_saved(world: &World) {
    let _ = world.run(&["--sandbox", "customer", "show", "gildong_0001_5678"]).exits(10);
}

#[test]
fn a_card_is_registered_in_the_window_and_then_charged() {
    let Some(browser) = Browser::start(DESKTOP) else { return };
    let world = World::bare();
    let waiting = Waiting::sandbox(&world, &["--tel", "010-0000-5678", "--json"]);
    browser.open(&waiting.address);
    browser.says("h1", "Register a card");
    browser.says("#facts", "gildong_0001_5678");
    browser.says("#facts", "홍길동");
    browser.says("#mode", "SANDBOX");
    browser.says("#facts", "registration only");
    browser.until("the button is ready", || browser.text("#status").is_empty());
    browser.picture("desktop");
    // With the keyboard alone, as far as the window.
    browser.press("\u{e004}\u{e007}");
    browser.in_window(|window| {
        window.fill("#card_number", "4579-7300-0000-5678");
        window.picture("window");
        window.click("#approve");
    });
    browser.says("h1", "The card is registered");
    browser.says("#facts", "KB국민카드\n4579-73**-****-5678");
    assert_eq!(browser.run("return document.activeElement.id"), "title", "a screen reader is led to it");
    assert_eq!(browser.complaints(), Vec::<String>::new());
    browser.picture("saved");
    let saved = waiting.end().exits(0).json();
    assert_eq!(saved["card_number"], "4579-73**-****-5678");
    assert_eq!(saved["tel"], "010-0000-5678");
    let charge = ["--sandbox", "charge", "gildong_0001_5678", "--amount", "8900", "--name", "Monthly"];
    let paid = world.run(&[&charge[..], &["--merchant-uid", "order_1", "--yes", "--json"]].concat());
    let paid = paid.exits(0).json();
    assert_eq!((&paid["outcome"], &paid["card_number"]), (&"paid".into(), &"4579-73**-****-5678".into()));
}

#[test]
fn a_decline_and_a_window_that_is_closed_are_told_and_tried_again() {
    let Some(browser) = Browser::start(DESKTOP) else { return };
    let world = World::bare();
    // Of the old kind, whose answers say `success`.
    let waiting = Waiting::sandbox(&world, &["--pg", "html5_inicis.INIBillTst"]);
    browser.open(&waiting.address);
    browser.click("#open");
    browser.in_window(|window| window.click("#decline"));
    browser.says("#failure", "The card was not registered");
    browser.says("#failure", "[CC61] 유효하지 않은 카드입니다. [CARD_DECLINED]");
    assert_eq!(browser.text("#open"), "Try again");
    assert_eq!(browser.run("return document.activeElement.id"), "open", "Enter tries again");
    browser.picture("declined");
    browser.click("#open");
    browser.in_window(|window| {
        // The other kind: nothing but an error_code tells that it failed.
        window.run("document.getElementById('answer').value = 'new'");
        window.click("#close");
    });
    browser.says("#failure", "사용자가 결제를 취소하셨습니다");
    is_not_saved(&world);
    browser.click("#open");
    browser.in_window(|window| window.click("#approve"));
    browser.says("h1", "The card is registered");
    assert!(browser.text("#failure").is_empty());
    let ran = waiting.end().exits(0).answers(&["Saved gildong_0001_5678."]);
    assert!(!ran.stderr.contains("error"), "{ran}");
    assert_eq!(saved_customer(&world)["card_number"], "5409-26**-****-1234");
}

#[test]
fn a_window_that_comes_back_by_address_is_checked_like_any_other() {
    let Some(browser) = Browser::start(DESKTOP) else { return };
    let world = World::bare();
    let waiting = Waiting::sandbox(&world, &[]);
    let by_redirect = |button: &'static str| {
        browser.click("#open");
        browser.in_window(move |window| {
            window.run("document.getElementById('answer').value = 'redirect'");
            window.click(button);
        });
    };
    browser.open(&waiting.address);
    by_redirect("#close");
    browser.says("#failure", "사용자가 결제를 취소하셨습니다");
    assert_eq!(browser.address(), waiting.address, "what the address said is gone from it");
    // Anybody can write an address: it is a reason to ask the gateway, and the text in it is text.
    browser.open(&format!("{}?imp_uid=imp_1&imp_success=true", waiting.address));
    browser.says("#failure", "The gateway does not know this card yet");
    browser.open(&format!(
        "{}?error_code=X&error_msg=%3Cimg%20src%3Dx%20onerror%3Dalert(1)%3E",
        waiting.address
    ));
    browser.says("#said", "<img src=x onerror=alert(1)>");
    assert_eq!(browser.run("return document.images.length"), 0);
    is_not_saved(&world);
    by_redirect("#approve");
    browser.says("h1", "The card is registered");
    let _ = waiting.end().exits(0).says(&["has no billing key for gildong_0001_5678"]);
    assert_eq!(saved_customer(&world)["card_number"], "5409-26**-****-1234");
}

#[test]
fn on_a_phone_in_korean_nothing_is_cut_off() {
    let Some(browser) = Browser::start(PHONE) else { return };
    let world = World::bare();
    let waiting = Waiting::sandbox(
        &world,
        &["--pg", "danal_tpay.9810030929", "--email", "a-very-long-address-of-gildong@mail.example.com"],
    );
    assert!(waiting.said.contains("danal_tpay charges ₩10"), "{}", waiting.said);
    browser.open(&waiting.address);
    browser.says("h1", "카드 등록");
    browser.says("#warnings", "10원을 실제로 결제하고, 약 30분 뒤에 취소합니다.");
    assert_eq!(browser.run("return document.documentElement.lang"), "ko");
    browser.until("the button is ready", || browser.text("#status").is_empty());
    browser.picture("phone");
    let fits = "return document.documentElement.scrollWidth <= window.innerWidth";
    assert_eq!(browser.run(fits), true);
    browser.click("#open");
    browser.in_window(|window| {
        assert_eq!(window.run(fits), true, "the window fits too");
        window.picture("phone-window");
        window.click("#decline");
    });
    browser.says("#failure", "카드가 등록되지 않았습니다");
    assert_eq!(browser.run(fits), true);
    browser.picture("phone-declined");
    browser.click("#open");
    browser.in_window(|window| window.click("#approve"));
    browser.says("h1", "카드가 등록되었습니다");
    browser.picture("phone-saved");
    let _ = waiting.end().exits(0);
}

#[test]
fn a_page_that_is_no_longer_waited_for_says_so() {
    let Some(browser) = Browser::start(Look { dark: true, ..DESKTOP }) else { return };
    let world = World::bare();
    let waiting = Waiting::start(&world, &["--sandbox", "gildong_0001_1234", "--amount", "8900"]);
    assert!(waiting.said.contains("gildong_0001_1234 has a card already"), "{}", waiting.said);
    browser.open(&waiting.address);
    browser.says("#warnings", "A card is registered already (신한카드 5409-26**-****-1234).");
    browser.says("#warnings", "Some payment companies really charge ₩8,900");
    browser.until("the button is ready", || browser.text("#status").is_empty());
    browser.picture("dark");
    // A window that says it went well and registered nothing: the old card is no proof.
    browser.run("window.IMP.request_pay = (param, callback) => callback({success: true, imp_uid: 'imp_1'})");
    browser.click("#open");
    browser.says("#failure", "The gateway still has the card from before");
    browser.picture("dark-failure");
    waiting.interrupt();
    let ran = waiting.end().exits(130).says(&["interrupted; gildong_0001_1234 was not saved"]);
    assert_eq!(ran.stdout, "", "{ran}");
    browser.click("#again");
    browser.says("#failure", "billkey no longer waits for this card");
}
