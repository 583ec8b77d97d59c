//! A customer's own browser at a link: on a telephone in Korean, on a desk in English, in the dark.

use std::net::TcpListener;

use crate::browser::driver::{Browser, DESKTOP, Look, PHONE};
use crate::registration::Listening;
use crate::support::world::{Gateway, World};

struct Shop {
    gateway: Gateway,
    world: World,
    listening: Listening,
    public_url: String,
}

/// `customer listen` at an address that the browser reaches by itself, as if a web server stood before it.
fn shop() -> Shop {
    let gateway = Gateway::start("");
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let public_url = format!("http://{free}/pay");
    let lines = format!(
        "mode = \"test\"\nimp_code = \"imp00000001\"\nsdk_url = \"{}/v1/iamport.js\"\npublic_url = \"{public_url}\"\n",
        gateway.url()
    );
    let world = World::with_profile(&gateway.url(), &lines);
    let listening = Listening::start(&world, &["--bind", &free.to_string()]);
    Shop { gateway, world, listening, public_url }
}

impl Shop {
    fn link(&self, more: &[&str]) -> String {
        let made =
            self.world.run(&[&["customer", "link", "gildong_0001_5678", "--json"], more].concat()).exits(0);
        assert!(made.stderr.contains("Its page is served by"), "{made}");
        let url = made.json()["url"].as_str().unwrap().to_owned();
        assert!(url.starts_with(&format!("{}/card/", self.public_url)), "{url}");
        url
    }
}

const FITS: &str = "return document.documentElement.scrollWidth <= window.innerWidth";

#[test]
fn a_customer_registers_a_card_on_a_telephone_in_korean() {
    for dark in [false, true] {
        let Some(browser) = Browser::start(Look { dark, ..PHONE }) else { return };
        let look = if dark { "dark" } else { "light" };
        let shop = shop();
        let url = shop.link(&["--name", "홍길동", "--tel", "010-0000-5678", "--product", "월 구독"]);
        browser.open(&url);
        browser.says("h1", "카드 등록");
        browser.says("#lead", "에서 카드 등록을 요청했습니다");
        assert!(
            !browser.text("#facts").contains("gildong_0001_5678"),
            "an id of the merchant's says nothing here"
        );
        browser.until("the button is ready", || browser.text("#status").is_empty());
        assert_eq!(browser.run(FITS), true);
        browser.picture(&format!("link-phone-{look}"));
        browser.click("#open");
        browser.in_window(|window| window.click("#decline"));
        browser.says("#failure", "카드가 등록되지 않았습니다");
        browser.picture(&format!("link-phone-declined-{look}"));
        // As a customer does whose bank's app has thrown the browser out: the whole link once more.
        browser.open(&url);
        browser.until("the button is ready", || browser.text("#status").is_empty());
        assert_eq!(browser.text("#failure"), "", "a reload accuses nobody");
        browser.click("#open");
        browser.in_window(|window| {
            window.run("document.getElementById('answer').value = 'redirect'");
            window.click("#approve");
        });
        browser.says("h1", "카드가 등록되었습니다");
        assert_eq!(browser.run(FITS), true);
        browser.picture(&format!("link-phone-saved-{look}"));
        // That the gateway had no card yet when the page came back is an answer, and no trouble of the page's.
        let mut complaints = browser.complaints();
        complaints.retain(|line| !line.contains("/billings - Failed to load resource"));
        assert_eq!(complaints, Vec::<String>::new());
        let saved = shop.world.run(&["customer", "show", "gildong_0001_5678", "--json"]).exits(0).json();
        assert_eq!(
            (&saved["name"], &saved["card_number"]),
            (&"홍길동".into(), &"5409-26**-****-1234".into())
        );
        browser.open(&url);
        browser.says("h1", "이미 사용한 링크입니다");
        assert_eq!(browser.run(FITS), true);
        browser.picture(&format!("link-phone-used-{look}"));
        let ran = shop.listening.end().exits(0);
        assert!(ran.stderr.contains("the PG's window ended without a card: [CC61]"), "{ran}");
    }
}

#[test]
fn a_link_on_a_desk_speaks_english_or_the_other_language_and_ends_when_it_is_taken_back() {
    let Some(browser) = Browser::start(DESKTOP) else { return };
    let shop = shop();
    let url = shop.link(&["--name", "홍길동", "--pg", "danal_tpay.9810030929"]);
    browser.open(&url);
    browser.says("#lead", "asks you to register a card");
    browser.says("#warnings", "really charges ₩10");
    browser.until("the button is ready", || browser.text("#status").is_empty());
    browser.picture("link-desktop");
    browser.click("#other");
    browser.says("h1", "카드 등록");
    browser.says("#warnings", "10원을 실제로 결제하고");
    browser.until("the button is ready", || browser.text("#status").is_empty());
    browser.picture("link-desktop-ko");
    browser.click("#other");
    browser.says("h1", "Register a card");
    browser.until("the button is ready", || browser.text("#status").is_empty());
    let _ = shop.world.run(&["customer", "links", "--revoke", "gildong_0001_5678"]).exits(0);
    browser.click("#open");
    browser.says("#failure", "This link was taken back");
    browser.picture("link-desktop-revoked");
    browser.open(&url);
    browser.says("h1", "This link was taken back");
    browser.picture("link-desktop-closed");
    browser.open(&format!("{}/card/0123", shop.public_url));
    browser.says("h1", "There is no such link");
    assert_eq!(shop.gateway.charged("any"), 0);
    let ran = shop.listening.end().exits(0);
    assert!(ran.stderr.contains(" 410 ") && ran.stderr.contains(" 404 "), "{ran}");
}
