//! The registration page in a real browser: a headless Chromium, the program's own server, and the
//! sandbox's PG window.

mod driver;
mod link;
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
    // Nobody has to click anything to learn it, and the window that was opened is asked about once more.
    browser.says("#failure", "billkey no longer waits for this card");
    let ran = waiting.end().exits(130).says(&[
        "The gateway is asked once more",
        "interrupted; gildong_0001_1234 was not saved. The gateway has no new card for it",
    ]);
    assert_eq!(ran.stdout, "", "{ran}");
    assert_eq!(browser.text("#open"), "", "there is nothing left to click");
}

#[test]
fn the_terminal_says_what_happens_on_the_page() {
    let Some(browser) = Browser::start(DESKTOP) else { return };
    let world = World::bare();
    let waiting = Waiting::sandbox(&world, &[]);
    browser.open(&waiting.address);
    browser.click("#open");
    browser.in_window(|window| window.click("#decline"));
    browser.says("#failure", "CC61");
    // Loaded again, and gone back to from elsewhere: the page is as good as new.
    browser.open("about:blank");
    browser.back();
    browser.says("h1", "Register a card");
    browser.until("the button is ready", || browser.text("#status").is_empty());
    browser.click("#open");
    browser.in_window(|window| window.click("#approve"));
    browser.says("h1", "The card is registered");
    let ran = waiting.end().exits(0).answers(&["Saved gildong_0001_5678."]);
    let said = ran.stderr.replace('\n', " ");
    let mut rest = said.as_str();
    for sentence in [
        "The page is open in a browser.",
        "The PG's window is open. The customer types the card there.",
        "ended without a card. It says: [CC61] 유효하지 않은 카드입니다. [CARD_DECLINED]. The page offers another try.",
        "The page was loaded again.",
        "The PG's window is open again.",
        "The gateway is asked.",
    ] {
        let at =
            rest.find(sentence).unwrap_or_else(|| panic!("`{sentence}` is missing or too early:\n{said}"));
        rest = &rest[at + sentence.len()..];
    }
}

/// The PG keeps a card whose page is closed before it can say so.
#[test]
fn a_card_that_was_registered_while_the_tab_was_closed_is_found_and_saved() {
    let Some(browser) = Browser::start(DESKTOP) else { return };
    for by_interrupt in [false, true] {
        let world = World::bare();
        let waiting = Waiting::sandbox(&world, &[]);
        browser.open(&waiting.address);
        browser.until("the button is ready", || browser.text("#status").is_empty());
        // What the window says gets lost.
        browser.run(
            "const ask = window.IMP.request_pay; window.IMP.request_pay = (param) => ask(param, () => {})",
        );
        browser.click("#open");
        browser.in_window(|window| {
            window.run("document.getElementById('answer').value = 'old'");
            window.click("#approve");
        });
        browser.until("the window is closed", || browser.text("#sandbox-window").is_empty());
        browser.until("the card is there", || {
            let check = ["--sandbox", "customer", "add", "gildong_0001_5678", "--json"];
            world.run(&check).code == 0
        });
        let _ = world.run(&["--sandbox", "customer", "remove", "gildong_0001_5678", "--yes"]);
        if by_interrupt {
            waiting.interrupt();
        } else {
            browser.open("about:blank");
        }
        let ran = waiting.end().exits(0).answers(&["gildong_0001_5678"]);
        assert!(ran.stderr.contains("The gateway is asked"), "{ran}");
        assert_eq!(saved_customer(&world)["card_number"], "5409-26**-****-1234");
    }
}

#[test]
fn of_two_tabs_one_has_the_window_and_both_learn_how_it_ended() {
    let Some(browser) = Browser::start(DESKTOP) else { return };
    let world = World::bare();
    let waiting = Waiting::sandbox(&world, &[]);
    browser.open(&waiting.address);
    browser.click("#open");
    browser.in_window(|window| window.picture("two-tabs-first"));
    let first = browser.tab();
    let second = browser.new_tab();
    browser.open(&waiting.address);
    browser.click("#open");
    browser.says("#failure", "The card window is open somewhere else");
    browser.picture("in-use");
    browser.to_tab(&first);
    browser.in_window(|window| window.click("#approve"));
    browser.says("h1", "The card is registered");
    browser.to_tab(&second);
    // It hears of it, or finds nobody there any more: a dead page it is not.
    browser.until("the other tab knows", || {
        browser.text("h1") == "The card is registered" || browser.text("#failure").contains("no longer waits")
    });
    let _ = waiting.end().exits(0).says(&["The page was opened once more"]);
}
