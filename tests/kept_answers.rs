//! What stays of an answer: readable in the charset that it came in, and without card numbers that nobody masked.

use std::fs;
use std::path::Path;

use encoding_rs::EUC_KR;

use crate::support::gateway::{Asked, Say, Scripted, answer, envelope, no_such_payment, payment};
use crate::support::world::{Ran, World};

const CARD: &str = "4111111111111111";
const GROUPED: &str = "4111-1111-1111-1111";

/// A gateway that declines every charge in these bytes.
fn declining(answer: impl Fn(&Asked) -> Vec<u8> + Send + Sync + 'static) -> Scripted {
    Scripted::start(move |asked| match asked.method.as_str() {
        "POST" => Say::Raw(answer(asked)),
        _ => no_such_payment(),
    })
}

/// A failed payment whose reason is this.
fn failed(asked: &Asked, reason: &str) -> String {
    let body = envelope(&payment(asked, "failed"));
    assert!(body.contains("[CC10] 통장 잔액부족"), "{body}");
    body.replace("[CC10] 통장 잔액부족", reason)
}

#[track_caller]
fn shows_no_card_number(ran: &Ran) {
    for number in [CARD, GROUPED] {
        assert!(!ran.stdout.contains(number) && !ran.stderr.contains(number), "`{number}` is shown\n{ran}");
    }
}

fn files_hold_no_card_number(folder: &Path) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files_hold_no_card_number(&path);
        } else {
            let text = String::from_utf8_lossy(&fs::read(&path).unwrap()).into_owned();
            assert!(!text.contains(CARD) && !text.contains(GROUPED), "{}", path.display());
        }
    }
}

#[test]
fn a_card_number_that_nobody_masked_is_neither_kept_nor_shown() {
    let gateway = declining(|asked| {
        let body = failed(asked, "카드번호 오류 4111-1111-1111-1111");
        let card = r#""card_number":"4111111111111111","custom_data":"{\"pan\":4111111111111111}","status":"#;
        answer(
            "200 OK",
            "content-type: application/json\r\n",
            body.replacen(r#""status":"#, card, 1).as_bytes(),
        )
    });
    let world = World::for_gateway(gateway.url());
    let ran = world.charge("order_1", &["-v"]).exits(5);
    shows_no_card_number(&ran);
    for command in [
        &["history", "show", "order_1", "--json"][..],
        &["history", "--json"],
        &["history", "show", "order_1"],
    ] {
        shows_no_card_number(&world.run(command).exits(0));
    }
    let shown = world.run(&["history", "show", "order_1", "--json"]).exits(0).json();
    assert_eq!(shown["message"], "카드번호 오류 4111-11**-****-1111");
    assert_eq!(shown["merchant_uid"], "order_1");
    let kept = shown["history"][1]["body"].as_str().unwrap();
    assert!(kept.contains("411111******1111"), "{kept}");
    files_hold_no_card_number(world.home());
}

#[test]
fn an_id_that_looks_like_a_card_number_is_left_alone() {
    let gateway = declining(|asked| answer("200 OK", "", failed(asked, "한도").as_bytes()));
    let world = World::for_gateway(gateway.url());
    let ran = world.charge(CARD, &["-v"]).exits(5).says(&[CARD]);
    assert_eq!(ran.json()["merchant_uid"], CARD, "{ran}");
    let shown = world.run(&["history", "show", CARD, "--json"]).exits(0).json();
    assert!(shown["history"][1]["body"].as_str().unwrap().contains(CARD), "{shown}");
}

#[test]
fn an_answer_in_another_charset_is_read_in_it() {
    let gateway = declining(|asked| {
        let body = failed(asked, "통장 잔액부족");
        answer("200 OK", "content-type: application/json; charset=EUC-KR\r\n", &EUC_KR.encode(&body).0)
    });
    let world = World::for_gateway(gateway.url());
    let charged = world.charge("order_1", &[]).exits(5).json();
    assert_eq!(charged["message"], "통장 잔액부족");
    assert_eq!(charged["who_acts"], "customer");
    let shown = world.run(&["history", "show", "order_1", "--json"]).exits(0).json();
    assert!(shown["history"][1]["body"].as_str().unwrap().contains("통장 잔액부족"), "{shown}");
}

#[test]
fn what_cannot_be_read_is_not_kept_as_text_and_hides_no_outcome() {
    let gateway = declining(|asked| {
        let body = failed(asked, "통장 잔액부족");
        answer("200 OK", "content-type: application/json\r\n", &EUC_KR.encode(&body).0)
    });
    let world = World::for_gateway(gateway.url());
    let charged = world.charge("order_1", &[]).exits(5);
    assert_eq!(charged.json()["outcome"], "declined", "{charged}");
    assert!(charged.json()["message"].is_null(), "{charged}");
    let shown = world.run(&["history", "show", "order_1", "--json"]).exits(0);
    assert!(shown.json()["history"][1]["body"].is_null(), "{shown}");
    assert!(!shown.stdout.contains('\u{fffd}') && !charged.stdout.contains('\u{fffd}'), "{shown}");
}
