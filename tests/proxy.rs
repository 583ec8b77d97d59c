//! The way to the gateway through a proxy, and where it is told. What a proxy carries is encrypted from end to end, so
//! that these go as far as its answer to CONNECT.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::mpsc::{Receiver, channel};

use crate::support::world::{Gateway, World, to_charge};

/// A gateway that no name server knows.
const GATEWAY: &str = "https://gateway.invalid";

/// A port of this machine that takes no connections.
fn closed() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().to_string()
}

/// A proxy that leads nowhere; gives its address, and the head of each request to it.
fn proxy() -> (String, Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let (heads, asked) = channel();
    std::thread::spawn(move || {
        for mut stream in listener.incoming().map_while(Result::ok) {
            let mut bytes = [0; 4096];
            let count = stream.read(&mut bytes).unwrap_or(0);
            if heads.send(String::from_utf8_lossy(&bytes[..count]).into_owned()).is_err() {
                return;
            }
            let _ = stream.write_all(b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n");
        }
    });
    (address, asked)
}

#[test]
fn a_proxy_of_the_environments_that_refuses_is_named_and_nothing_was_sent() {
    let mut world = World::for_gateway(GATEWAY);
    let address = closed();
    world.set("HTTPS_PROXY", &format!("http://kim:s3cret@{address}"));
    let named =
        format!("the proxy http://***@{address} (HTTPS_PROXY) to gateway.invalid refused the connection");
    for line in [&["token"][..], &["--json", "token"], &["-v", "token"], &to_charge("order_1", &["--quiet"])]
    {
        let ran = world.run(line).exits(9).says(&[&named]);
        assert!(!ran.stderr.contains("s3cret") && !ran.stdout.contains("s3cret"), "{ran}");
    }
    let told = world.run(&["-v", "token"]).exits(9);
    let _ = told.says(&[&format!("* through the proxy http://***@{address} (HTTPS_PROXY)\n")]);
    let doctor = world.run(&["doctor"]);
    assert!(doctor.stdout.contains(&named) && doctor.stdout.contains("look at the proxy"), "{doctor}");
    let shown = world.run(&["config", "show"]).exits(0).says(&["config.toml"]).stdout;
    let row = shown.lines().find(|line| line.trim_start().starts_with("proxy ")).unwrap();
    assert!(row.contains("http://***@") && row.contains("HTTPS_PROXY") && !row.contains("s3cret"), "{row}");
}

#[test]
fn the_proxy_is_asked_for_the_gateway_by_name_with_its_own_password() {
    let (address, asked) = proxy();
    let mut world = World::for_gateway(GATEWAY);
    // Small letters come first, and http is what is meant.
    world.set("HTTPS_PROXY", &format!("http://{}", closed()));
    world.set("https_proxy", &format!("kim:s3cret@{address}"));
    let ran =
        world.run(&["token"]).exits(9).says(&["gateway.invalid", &format!("***@{address} (https_proxy)")]);
    let head = asked.try_recv().unwrap();
    assert!(head.starts_with("CONNECT gateway.invalid:443 HTTP/1.1\r\n"), "{head}");
    assert!(head.to_lowercase().contains("proxy-authorization: basic a2ltonmzy3jlda=="), "{head}");
    assert!(!head.to_lowercase().contains("\r\nauthorization:") && !ran.stderr.contains("s3cret"), "{ran}");
}

#[test]
fn the_profiles_proxy_beats_the_environments_and_its_exceptions() {
    let address = closed();
    let mut world = World::with_profile(GATEWAY, &format!("proxy = \"http://{address}\"\n"));
    let (other, asked) = proxy();
    world.set("https_proxy", &format!("http://{other}"));
    world.set("NO_PROXY", "*");
    let _ = world.run(&["token"]).exits(9).says(&[&address, "config.toml line"]);
    assert!(asked.try_recv().is_err(), "the environment's was asked");
}

#[test]
fn this_machine_and_the_sandbox_are_reached_without_a_proxy() {
    let gateway = Gateway::start("");
    let mut world = World::for_gateway(&gateway.url());
    let nowhere = format!("http://{}", closed());
    for name in ["http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"] {
        world.set(name, &nowhere);
    }
    world.charge("order_1", &[]).exits(0);
    let told = world.run(&["-v", "token"]).exits(0);
    assert!(!told.stderr.contains("proxy"), "{told}");
    world.run(&["--sandbox", "token"]).exits(0);
}

#[test]
fn a_proxy_that_cannot_be_used_stops_what_asks_the_gateway_and_nothing_else() {
    let mut world = World::for_gateway(GATEWAY);
    world.set("HTTPS_PROXY", "socks5h://kim:s3cret@127.0.0.1:1080");
    let ran = world.run(&to_charge("order_1", &[])).exits(3);
    let ran = ran.says(&["the proxy that HTTPS_PROXY names cannot be used", "Nothing was sent", "NO_PROXY"]);
    assert!(!ran.stderr.contains("s3cret"), "{ran}");
    let list = world.run(&["history"]);
    assert!(!list.stderr.contains("proxy"), "{list}");
}
