//! Links for customers elsewhere: `customer link`, `customer links`, and the pages that `customer listen` serves.

use serde_json::{Value, json};

use crate::registration::Listening;
use crate::support::world::{Gateway, World, client, eventually};

const PUBLIC: &str = "http://127.0.0.1:8700/pay";
const UID: &str = "gildong_0001_5678";

fn world(gateway: &Gateway) -> World {
    let lines = format!("mode = \"test\"\nimp_code = \"imp00000001\"\npublic_url = \"{PUBLIC}\"\n");
    World::with_profile(&gateway.url(), &lines)
}

fn listening(world: &World) -> Listening {
    Listening::start(world, &["--bind", "127.0.0.1:0"])
}

/// A new link, by its object.
fn link(world: &World, uid: &str, more: &[&str]) -> Value {
    let ran = world.run(&[&["customer", "link", uid, "--json"], more].concat()).exits(0);
    let ran = ran.says(&["Its page is served by", "billkey customer listen --bind 127.0.0.1:8700"]);
    ran.json()
}

/// The PG's window registers a card, wherever it was opened.
fn register_at_the_pg(gateway: &Gateway, uid: &str, number: &str) {
    let card = json!({"customer_uid": uid, "card_number": number, "pg_provider": "nice_v2"});
    let answer = client().post(format!("{}/_sandbox/window", gateway.url())).json(&card).send().unwrap();
    assert_eq!(answer.json::<Value>().unwrap()["code"], 0);
}

/// A customer's browser behind the shop's web server, which takes the path of the public address away.
struct Visitor {
    address: String,
    token: String,
}

impl Visitor {
    fn of(listening: &Listening, link: &Value) -> Visitor {
        let (public, token) = link["url"].as_str().unwrap().rsplit_once("/card/").unwrap();
        assert_eq!(public, PUBLIC);
        let address = listening.endpoint.replace("/billings", &format!("/card/{token}"));
        Visitor { address, token: token.to_owned() }
    }

    fn page(&self) -> (u16, String) {
        let answer = client().get(&self.address).send().unwrap();
        (answer.status().as_u16(), answer.text().unwrap())
    }

    fn post(&self, what: &str, body: &Value) -> (u16, Value) {
        let request = client().post(format!("{}/{what}", self.address)).json(body);
        let answer = request.header("X-Billkey-Token", &self.token).send().unwrap();
        (answer.status().as_u16(), answer.json().unwrap())
    }

    fn news(&self, kind: &str) -> (u16, Value) {
        self.post("news", &json!({"kind": kind, "device": "d"}))
    }

    fn check(&self, uid: &str) -> (u16, Value) {
        self.post("billings", &json!({ "customer_uid": uid }))
    }
}

fn state_of(world: &World, link: &Value) -> String {
    let all = world.run(&["customer", "links", "--all", "--json"]).exits(0).json();
    let found = all.as_array().unwrap().iter().find(|one| one["link"] == link["link"]).unwrap().clone();
    assert_eq!(found["url"], Value::Null, "the address is kept nowhere");
    found["state"].as_str().unwrap().to_owned()
}

fn is_not_saved(world: &World, uid: &str) {
    let _ = world.run(&["customer", "show", uid]).exits(10);
}

#[test]
fn a_link_registers_one_card_and_is_used_then() {
    let gateway = Gateway::start("");
    let world = world(&gateway);
    let made = link(&world, UID, &["--name", "홍길동", "--expires", "2h"]);
    let token = made["url"].as_str().unwrap().rsplit('/').next().unwrap().to_owned();
    assert_eq!((token.len(), &made["state"]), (40, &json!("open")), "160 bits: {made}");
    for file in std::fs::read_dir(format!("{}.links", world.ledger_path().display())).unwrap() {
        let text = std::fs::read_to_string(file.unwrap().path()).unwrap();
        assert!(!text.contains(&token), "{text}");
    }
    let listening = listening(&world);
    let visitor = Visitor::of(&listening, &made);
    let (status, page) = visitor.page();
    assert!(status == 200 && page.contains("imp00000001") && page.contains("홍길동"), "{page}");
    for secret in ["imp_key", "imp_secret", "0000000000000000"] {
        assert!(!page.contains(secret), "{secret}");
    }
    assert_eq!(visitor.news("opened").1, json!({"state": "waiting"}));
    assert_eq!(visitor.news("window").0, 200);
    assert_eq!(state_of(&world, &made), "begun");
    // A page can say what it likes: the gateway has no card yet.
    let (status, refused) = visitor.check(UID);
    assert_eq!((status, &refused["error"]["kind"]), (404, &json!("not_found")), "{refused}");
    is_not_saved(&world, UID);
    register_at_the_pg(&gateway, UID, "5409-2600-0000-1234");
    std::thread::sleep(std::time::Duration::from_millis(1100));
    let (status, saved) = visitor.check(UID);
    assert_eq!((status, &saved["card_number"]), (200, &json!("5409-26**-****-1234")), "{saved}");
    let shown = world.run(&["customer", "show", UID, "--json"]).exits(0).json();
    assert_eq!((&shown["name"], &shown["card_number"]), (&json!("홍길동"), &saved["card_number"]));
    assert_eq!(state_of(&world, &made), "used");
    // Replayed, it is of no use to anybody.
    assert_eq!(visitor.page().0, 409);
    assert_eq!(visitor.news("window").1["error"]["kind"], "used");
    let none = world.run(&["customer", "links", "--json"]).exits(0);
    assert_eq!(none.json(), json!([]));
    let _ = none.says(&["There are no open links"]);
    let ran = listening.end().exits(0);
    assert!(!ran.stderr.contains(&token), "no log holds a token: {ran}");
}

#[test]
fn links_outlive_the_listener_and_a_card_of_a_lost_page_is_found_by_the_next() {
    let gateway = Gateway::start("");
    let world = world(&gateway);
    let made = link(&world, UID, &[]);
    let first = listening(&world);
    let visitor = Visitor::of(&first, &made);
    assert_eq!(visitor.news("window").0, 200);
    let _ = first.end().exits(0).stderr.len();
    register_at_the_pg(&gateway, UID, "4579-7300-0000-5678");
    let second = listening(&world);
    let visitor = Visitor::of(&second, &made);
    assert_eq!(visitor.page().0, 200, "the link is as good as before");
    // What the page does by itself when it is loaded again after a window.
    assert_eq!(visitor.check(UID).0, 200);
    assert_eq!(state_of(&world, &made), "used");
    let ran = second.end().exits(0);
    assert!(ran.stderr.contains(" 200 "), "{ran}");
}

#[test]
fn the_listener_looks_by_itself_for_the_card_of_a_page_that_was_never_heard_of_again() {
    let gateway = Gateway::start("");
    let world = world(&gateway);
    let made = link(&world, UID, &[]);
    let first = listening(&world);
    assert_eq!(Visitor::of(&first, &made).news("window").0, 200);
    let _ = first.end().exits(0).stderr.len();
    // As if the window had been opened five minutes ago.
    let path = format!("{}.links/{}.heard", world.ledger_path().display(), made["link"].as_str().unwrap());
    let mut heard: Value = serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
    let then = heard["value"]["window_at_ms"].as_i64().unwrap() - 300_000;
    heard["value"]["window_at_ms"] = json!(then);
    std::fs::write(&path, heard.to_string()).unwrap();
    register_at_the_pg(&gateway, UID, "4579-7300-0000-5678");
    let second = listening(&world);
    eventually("the card is saved", || world.run(&["customer", "show", UID]).code == 0);
    eventually("the link is used", || state_of(&world, &made) == "used");
    let ran = second.end().exits(0);
    assert!(ran.stderr.contains("the page was not heard of again, and the gateway has the card"), "{ran}");
}

#[test]
fn a_link_that_was_taken_back_or_whose_customer_was_removed_saves_nobody() {
    let gateway = Gateway::start("");
    let world = world(&gateway);
    let listening = listening(&world);
    let (revoked, uid) = (link(&world, "a_1", &[]), "a_1");
    let visitor = Visitor::of(&listening, &revoked);
    assert_eq!(visitor.news("window").0, 200);
    let _ = world
        .run(&["customer", "links", "--revoke", "a_1"])
        .exits(0)
        .answers(&["revoked", "1 link, taken back"]);
    let again = world.run(&["customer", "links", "--revoke", "a_1"]).exits(10);
    let _ =
        again.says(&["there is no open link `a_1`. Nothing was taken back", "billkey customer links --all"]);
    assert_eq!(visitor.page().0, 410);
    assert_eq!(visitor.news("window").1["error"]["kind"], "revoked");
    register_at_the_pg(&gateway, uid, "5409-2600-0000-1234");
    assert_eq!(visitor.check(uid).1["error"]["kind"], "revoked");
    is_not_saved(&world, uid);
    // Removed after the link was made.
    let _ = world.run(&["customer", "add", "gildong_0001_1234"]).exits(0);
    let made = link(&world, "gildong_0001_1234", &[]);
    let visitor = Visitor::of(&listening, &made);
    let _ = world.run(&["customer", "remove", "gildong_0001_1234", "--yes"]).exits(0);
    register_at_the_pg(&gateway, "gildong_0001_1234", "4579-7300-0000-5678");
    assert_eq!(visitor.check("gildong_0001_1234").1["error"]["kind"], "revoked");
    let removed = world.run(&["customer", "show", "gildong_0001_1234", "--json"]).exits(0).json();
    assert_ne!(removed["removed_at"], Value::Null, "{removed}");
    assert_eq!(state_of(&world, &made), "revoked");
    let ran = listening.end().exits(0);
    let told = "was taken back, and a card was registered with it all the same. a_1 was not saved";
    assert!(ran.stderr.contains(told), "never lost: {ran}");
}

#[test]
fn a_new_link_takes_the_place_of_the_one_before_and_the_old_card_proves_nothing() {
    let gateway = Gateway::start("");
    let world = world(&gateway);
    let _ = world.run(&["customer", "add", "gildong_0001_1234"]).exits(0);
    let first = link(&world, "gildong_0001_1234", &[]);
    let ran = world.run(&["customer", "link", "gildong_0001_1234", "--json"]).exits(0);
    let older = format!("The link {} of before can be used no more.", first["link"].as_str().unwrap());
    let second = ran.json();
    let _ = ran.says(&[&older, "gildong_0001_1234 has a card already"]);
    assert_eq!(
        (state_of(&world, &first), state_of(&world, &second)),
        ("revoked".to_owned(), "open".to_owned())
    );
    let listening = listening(&world);
    let visitor = Visitor::of(&listening, &second);
    let (_, page) = visitor.page();
    assert!(
        page.contains(r#""replaces":"""#) && !page.contains("5409-26"),
        "whose card it is, is nobody's business"
    );
    assert_eq!(visitor.check("gildong_0001_1234").1["error"]["kind"], "conflict");
    assert_eq!(state_of(&world, &second), "open");
    let _ = listening.end().exits(0).stderr.len();
}

#[test]
fn a_link_whose_time_is_over_says_so() {
    let gateway = Gateway::start("");
    let world = world(&gateway);
    let made = link(&world, UID, &[]);
    // As if it had been made the day before yesterday.
    let path = format!("{}.links/{}.json", world.ledger_path().display(), made["link"].as_str().unwrap());
    let mut kept: Value = serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
    for name in ["made_at_ms", "expires_at_ms"] {
        let then = kept["value"][name].as_i64().unwrap() - 2 * 86_400_000;
        kept["value"][name] = json!(then);
    }
    std::fs::write(&path, kept.to_string()).unwrap();
    let listening = listening(&world);
    let visitor = Visitor::of(&listening, &made);
    let (status, page) = visitor.page();
    assert!(status == 410 && page.contains("This link is no longer valid"), "{page}");
    assert_eq!(visitor.news("window").1["error"]["kind"], "expired");
    register_at_the_pg(&gateway, UID, "5409-2600-0000-1234");
    assert_eq!(visitor.check(UID).1["error"]["kind"], "expired");
    is_not_saved(&world, UID);
    let _ = listening.end().exits(0).stderr.len();
}

#[test]
fn a_gateway_that_cannot_be_asked_leaves_the_link_as_it_is() {
    let gateway = Gateway::start("");
    let world = world(&gateway);
    let made = link(&world, UID, &[]);
    register_at_the_pg(&gateway, UID, "5409-2600-0000-1234");
    let listening = listening(&world);
    let visitor = Visitor::of(&listening, &made);
    gateway.faults("customer.html_502");
    let (status, refused) = visitor.check(UID);
    assert_eq!((status, &refused["error"]["kind"]), (502, &json!("gateway")), "{refused}");
    assert_eq!(state_of(&world, &made), "open");
    gateway.faults("");
    eventually("the next check saves it", || visitor.check(UID).0 == 200);
    let _ = listening.end().exits(0).stderr.len();
}

#[test]
fn a_link_that_cannot_be_made_says_why() {
    let gateway = Gateway::start("");
    let without = World::with_profile(&gateway.url(), "mode = \"test\"\nimp_code = \"imp00000001\"\n");
    let ran = without.run(&["customer", "link", UID]).exits(3);
    let _ = ran.says(&["`main` has no public_url", "No link was made", "--public-url"]);
    let no_code = World::for_gateway(&gateway.url());
    let listen = ["customer", "listen", "--bind", "127.0.0.1:0", "--public-url", "https://shop.example.com"];
    let _ = no_code.run(&listen).exits(3).says(&["has no imp_code"]);
    let world = world(&gateway);
    for (more, code, said) in [
        (&["--public-url", "http://shop.example.com"][..], 2, "it is not https"),
        (&["--public-url", "shop.example.com"], 2, "--public-url `shop.example.com` cannot be used"),
        (&["--expires", "10"], 2, "is not a duration"),
        (&["--expires", "5s"], 2, "a link can be used for 1m to 30d, and not for 5s"),
        (&["--expires", "31d"], 2, "a link can be used for 1m to 30d"),
    ] {
        let _ = world.run(&[&["customer", "link", UID], more].concat()).exits(code).says(&[said]);
    }
    gateway.faults("customer.html_502");
    let _ = world.run(&["customer", "link", UID]).exits(9).says(&[&format!("No link was made for {UID}.")]);
    gateway.faults("");
    let ran = world.run(&["customer", "links"]).exits(0).says(&["There are no open links"]);
    drop(ran);
}
