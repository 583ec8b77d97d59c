//! What the SDK is called with: a stub in its place records the calls.

use std::io::{Read, Write};
use std::net::TcpListener;

use serde_json::{Value, json};

use crate::browser::Waiting;
use crate::browser::driver::{Browser, DESKTOP};
use crate::support::world::{Gateway, World};

/// Records what it is called with, and answers as it is told.
const STUB: &str = "window.calls = []; window.IMP = {
  init(...given) { window.calls.push(['init', given]); },
  request_pay(param, callback) { window.calls.push(['request_pay', [param]]); window.answer = callback; },
};";

/// Serves the stub for the rest of the test's life; gives its address.
fn serve_stub() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}/v1/iamport.js", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for mut stream in listener.incoming().map_while(Result::ok) {
            let _ = stream.read(&mut [0; 4096]);
            let _ = write!(
                stream,
                "HTTP/1.1 200 OK\r\nContent-Type: text/javascript\r\nContent-Length: {}\r\n\
                 Connection: close\r\n\r\n{STUB}",
                STUB.len()
            );
        }
    });
    address
}

fn world(gateway: &Gateway, sdk_url: &str, lines: &str) -> World {
    let lines = format!("mode = \"test\"\nimp_code = \"imp00000001\"\nsdk_url = \"{sdk_url}\"\n{lines}");
    World::with_profile(&gateway.url(), &lines)
}

/// The calls so far, and the parameters of the last window.
fn calls(browser: &Browser) -> (Vec<String>, Value) {
    let calls = browser.run("return window.calls");
    let calls = calls.as_array().unwrap();
    let names = calls.iter().map(|call| call[0].as_str().unwrap().to_owned()).collect();
    (names, calls.last().unwrap()[1][0].clone())
}

#[test]
fn the_sdk_gets_exactly_the_documented_parameters() {
    let Some(browser) = Browser::start(DESKTOP) else { return };
    let gateway = Gateway::start("");
    let world = world(&gateway, &serve_stub(), "channel_key = \"channel-key-1\"\n");
    let waiting = Waiting::start(
        &world,
        &[
            "gildong_0001_5678",
            "--name",
            "홍길동",
            "--email",
            "gildong@example.com",
            "--tel",
            "010-0000-5678",
            "--merchant-uid",
            "20261123000001",
            "--product",
            "월 구독 <1>",
        ],
    );
    browser.open(&waiting.address);
    browser.click("#open");
    browser.until("the window was asked for", || calls(&browser).0.len() == 2);
    let (names, param) = calls(&browser);
    assert_eq!(names, ["init", "request_pay"]);
    assert_eq!(browser.run("return window.calls[0][1]"), json!(["imp00000001"]));
    assert_eq!(
        param,
        json!({
            "channelKey": "channel-key-1",
            "pay_method": "card",
            "merchant_uid": "20261123000001",
            "customer_uid": "gildong_0001_5678",
            "amount": 0,
            "name": "월 구독 <1>",
            "buyer_name": "홍길동",
            "buyer_email": "gildong@example.com",
            "buyer_tel": "010-0000-5678",
            "m_redirect_url": waiting.address,
        })
    );
    let types = "const p = window.calls[1][1][0]; return [typeof p.amount, typeof p.merchant_uid]";
    assert_eq!(browser.run(types), json!(["number", "string"]));
    // Another try, nothing being charged, is another order; IMP.init is called once.
    browser.run("window.answer({imp_uid: null, error_code: 'X', error_msg: 'no'})");
    browser.says("#failure", "no [X]");
    browser.click("#open");
    browser.until("the window was asked for again", || calls(&browser).0.len() == 3);
    let (names, param) = calls(&browser);
    assert_eq!(names, ["init", "request_pay", "request_pay"]);
    assert_eq!(param["merchant_uid"], "20261123000001x2");
    waiting.interrupt();
    let _ = waiting.end().exits(130);
}

#[test]
fn an_order_that_may_be_charged_stays_one_order() {
    let Some(browser) = Browser::start(DESKTOP) else { return };
    let gateway = Gateway::start("");
    let world = world(&gateway, &serve_stub(), "channel_key = \"channel-key-1\"\n");
    let arguments = ["gildong_0001_5678", "--amount", "8,900", "--pg", "tosspayments.iamporttest_4"];
    let waiting = Waiting::start(&world, &arguments);
    browser.open(&waiting.address);
    browser.click("#open");
    browser.until("the window was asked for", || calls(&browser).0.len() == 2);
    let first = calls(&browser).1;
    assert_eq!((&first["amount"], &first["pg"]), (&json!(8900), &json!("tosspayments.iamporttest_4")));
    assert_eq!(first.get("channelKey"), None, "--pg beats the profile's channel");
    let customer_id = first["customer_id"].as_str().unwrap();
    assert!(customer_id.len() <= 20, "{customer_id}");
    browser.run("window.answer({success: false, error_msg: 'no'})");
    browser.says("#failure", "no");
    browser.click("#open");
    browser.until("the window was asked for again", || calls(&browser).0.len() == 3);
    assert_eq!(calls(&browser).1["merchant_uid"], first["merchant_uid"]);
    waiting.interrupt();
    let _ = waiting.end().exits(130);
}

#[test]
fn an_sdk_that_does_not_come_is_told() {
    let Some(browser) = Browser::start(DESKTOP) else { return };
    let gateway = Gateway::start("");
    let world = world(&gateway, "http://127.0.0.1:9/v1/iamport.js", "");
    let waiting = Waiting::start(&world, &["gildong_0001_5678"]);
    browser.open(&waiting.address);
    browser.says("#failure", "The payment window could not be loaded");
    browser.says("#failure", "127.0.0.1:9");
    waiting.interrupt();
    let _ = waiting.end().exits(130);
}
