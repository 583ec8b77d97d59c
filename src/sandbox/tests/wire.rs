use std::time::{Duration, Instant};

use crate::sandbox::tests::Bench;
use crate::sandbox::{CONTROL_ENDPOINTS, FaultPlan, Options, Sandbox};

#[test]
fn every_control_endpoint_that_is_described_exists() {
    let bench = Bench::start("");
    for (endpoint, _) in CONTROL_ENDPOINTS {
        let (method, path) = endpoint.split_once(' ').unwrap();
        let status = bench.exchange(method, path, "application/json", "").unwrap().status;
        assert!(status == 200 || status == 400, "{endpoint} answered {status}");
    }
}

#[test]
fn a_port_that_is_taken_is_named() {
    let bench = Bench::start("");
    let port = bench.sandbox.api_url().rsplit_once(':').unwrap().1.parse().unwrap();
    let book = bench.directory.path().join("other.db");
    let error =
        Sandbox::start(&Options { book, port, faults: FaultPlan::default() }).unwrap_err().to_string();
    assert!(error.contains(&format!("127.0.0.1:{port}")), "{error}");
}

#[test]
fn a_stop_handle_ends_the_wait_even_if_it_came_first() {
    let bench = Bench::start("slow=1h");
    bench.sandbox.stop_handle().stop();
    let start = Instant::now();
    bench.sandbox.wait();
    assert!(start.elapsed() < Duration::from_secs(2));
}

#[test]
fn a_book_outlasts_its_sandbox() {
    let Bench { sandbox, directory, .. } = {
        let bench = Bench::start("");
        bench.again("gildong_0001_1234", "order_1").response();
        bench
    };
    drop(sandbox);
    let bench = Bench::start_in(directory, "");
    assert_eq!(bench.get("/payments/findAll/order_1").response()["total"], 1);
}

#[test]
fn an_ordinary_client_keeps_its_connection_until_a_fault_cuts_it() {
    // Another test of this process may have installed it before.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let bench = Bench::start("lookup.lost_after@order_2,lookup.cut_json@order_3");
    let client = reqwest::blocking::Client::builder().build().unwrap();
    let look_up = |merchant_uid: &str| {
        bench.again("gildong_0001_1234", merchant_uid).response();
        let url = format!("{}/payments/findAll/{merchant_uid}", bench.sandbox.api_url());
        client.get(url).bearer_auth(&bench.token).send().and_then(reqwest::blocking::Response::text)
    };
    assert!(look_up("order_1").unwrap().contains("order_1"));
    assert!(look_up("order_2").is_err());
    assert!(look_up("order_3").is_err());
    assert!(look_up("order_4").unwrap().contains("order_4"));
}
