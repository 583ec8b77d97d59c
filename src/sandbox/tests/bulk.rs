use serde_json::{Value, json};

use crate::sandbox::tests::Bench;

const GILDONG: &str = "gildong_0001_1234";

/// Charges `order_1` so that it is declined first and paid then.
fn with_two_records(faults: &str) -> (Bench, String, String) {
    let bench = Bench::start("");
    let imp_uid = |payment: Value| payment["imp_uid"].as_str().unwrap().to_owned();
    let declined = imp_uid(bench.again("sandbox_declined", "order_1").response());
    let paid = imp_uid(bench.again(GILDONG, "order_1").response());
    bench.set_faults(faults);
    (bench, declined, paid)
}

fn imp_uids(response: &Value) -> Vec<&str> {
    let payments = response.as_array().or_else(|| response["list"].as_array()).unwrap();
    payments.iter().map(|payment| payment["imp_uid"].as_str().unwrap()).collect()
}

#[test]
fn a_bulk_answer_shows_the_newest_the_oldest_or_all_records_of_an_id() {
    let (bench, declined, paid) = with_two_records("");
    let path = "/payments?merchant_uid[]=order_1";
    assert_eq!(imp_uids(&bench.get(path).response()), [paid.as_str()]);
    bench.set_faults("bulk_shows=oldest");
    assert_eq!(imp_uids(&bench.get(path).response()), [declined.as_str()]);
    bench.set_faults("bulk_shows=all");
    let all = bench.get(path);
    assert_eq!((all.status, imp_uids(&all.response())), (200, vec![paid.as_str(), declined.as_str()]));
    assert_eq!(bench.get("/payments?merchant_uid[]=order_1&merchant_uid[]=none").status, 207);
}

#[test]
fn ids_are_taken_with_repeated_and_with_numbered_brackets() {
    let (bench, declined, paid) = with_two_records("");
    let numbered = bench.get(&format!("/payments?imp_uid[0]={declined}&imp_uid%5B1%5D={paid}"));
    assert_eq!(imp_uids(&numbered.response()), [paid.as_str(), declined.as_str()], "the newest is first");
    let mixed = bench.get(&format!("/payments?imp_uid[]={declined}&merchant_uid[7]=order_1&imp_uid[]=none"));
    assert_eq!((mixed.status, imp_uids(&mixed.response())), (207, vec![paid.as_str(), declined.as_str()]));
    assert_eq!(bench.get("/payments?merchant_uid=order_1").status, 404);
}

#[test]
fn a_bulk_answer_can_hide_that_it_is_not_whole() {
    let (bench, declined, paid) = with_two_records("bulk_always_200");
    let path = format!("/payments?imp_uid[]={paid}&imp_uid[]=none&imp_uid[]={declined}");
    assert_eq!(bench.get(&path).status, 200);
    assert_eq!(bench.get("/payments?imp_uid[]=none").status, 404);
    bench.set_faults("bulk_cut=1");
    assert_eq!(imp_uids(&bench.get(&path).response()), [paid.as_str()]);
    bench.set_faults("bulk_ignores_merchant_uid");
    assert_eq!(bench.get("/payments?merchant_uid[]=order_1").status, 404);
    let ignored = bench.get(&format!("/payments?imp_uid[]={declined}&merchant_uid[]=order_1"));
    assert_eq!((ignored.status, imp_uids(&ignored.response())), (200, vec![declined.as_str()]));
}

#[test]
fn what_is_not_there_can_be_an_empty_answer_or_a_code() {
    let (bench, ..) = with_two_records("absent_is_empty");
    assert_eq!(bench.get("/payments?merchant_uid[]=none").response(), json!([]));
    assert_eq!(
        bench.get("/payments/findAll/none").response(),
        json!({"list": [], "next": 0, "previous": 0, "total": 0})
    );
    assert_eq!(bench.get("/payments/find/none").response(), Value::Null);
    bench.set_faults("absent_is_code");
    for path in ["/payments?merchant_uid[]=none", "/payments/findAll/none", "/payments/imps_1"] {
        let reply = bench.get(path);
        let not_found = (-1, "존재하지 않는 결제정보입니다.".to_owned());
        assert_eq!((reply.status, reply.refusal()), (200, not_found), "{path}");
    }
}

#[test]
fn a_request_line_can_be_too_long_for_the_gateway() {
    let (bench, ..) = with_two_records("");
    let path = format!("/payments?merchant_uid[]=order_1&merchant_uid[]={}", "n".repeat(9_000));
    assert_eq!(bench.get(&path).status, 207);
    for (fault, status) in [("long_line_400", 400), ("long_line_414", 414)] {
        bench.set_faults(fault);
        let reply = bench.get(&path);
        assert_eq!((reply.status, reply.body.starts_with("<html>")), (status, true), "{fault}");
    }
    // `GET /users/pg HTTP/1.1` has 22 bytes.
    bench.set_faults("long_line_414=22");
    assert_eq!(bench.get("/users/pg").status, 200);
    bench.set_faults("long_line_414=21");
    assert_eq!(bench.get("/users/pg").status, 414);
}

#[test]
fn look_ups_are_down_in_many_ways_while_charges_go_on() {
    let bench = Bench::start("");
    for (index, (word, status)) in
        [("503", 503), ("429", 429), ("403", 403), ("html", 200)].into_iter().enumerate()
    {
        bench.set_faults(&format!("lookups_down={word}"));
        let order = format!("order_{index}");
        assert_eq!(bench.again(GILDONG, &order).response()["status"], "paid");
        for path in [format!("/payments/findAll/{order}"), format!("/payments?merchant_uid[]={order}")] {
            let reply = bench.get(&path);
            assert_eq!(reply.status, status, "{path}");
            assert_eq!(reply.body.starts_with("<html>"), word != "429", "{path}");
        }
    }
}

#[test]
fn a_list_can_show_fewer_than_its_total() {
    let (bench, declined, _) = with_two_records("short_list");
    let page = bench.get("/payments/findAll/order_1").response();
    assert_eq!((&page["total"], imp_uids(&page)), (&json!(2), vec![declined.as_str()]));
    bench.set_faults("short_list=9");
    assert_eq!(bench.get("/payments/findAll/order_1").response()["list"], json!([]));
}

#[test]
fn every_look_up_can_ask_for_the_flag_that_shows_test_payments() {
    let (bench, declined, _) = with_two_records("test_needs_flag");
    for path in [
        "/payments/findAll/order_1".to_owned(),
        "/payments/find/order_1".to_owned(),
        format!("/payments?imp_uid[]={declined}"),
        "/payments?merchant_uid[]=order_1".to_owned(),
    ] {
        assert_eq!(bench.get(&path).status, 404, "{path}");
        let sign = if path.contains('?') { '&' } else { '?' };
        assert_eq!(bench.get(&format!("{path}{sign}include_sandbox=true")).status, 200, "{path}");
    }
    assert_eq!(bench.get("/payments/status/all").response()["total"], 0);
}

#[test]
fn a_list_can_move_under_its_reader_and_end_too_early() {
    let bench = Bench::start("no_duplicate_refusal");
    for _ in 0..4 {
        bench.again(GILDONG, "order_1").response();
    }
    let page =
        |number: i64| bench.get(&format!("/payments/findAll/order_1?limit=2&page={number}")).response();
    let (first, second) = (page(1), page(2));
    bench.set_faults("list_repeats");
    assert_eq!(page(1), first);
    let moved = page(2);
    assert_eq!(imp_uids(&moved), [imp_uids(&first)[1], imp_uids(&second)[0]]);
    bench.set_faults("list_ends_early");
    assert_eq!((&page(1)["next"], &page(1)["total"]), (&json!(0), &json!(4)));
}

#[test]
fn find_all_pages_are_linked_and_end_with_zero() {
    let bench = Bench::start("no_duplicate_refusal");
    for _ in 0..5 {
        bench.again(GILDONG, "order_1").response();
    }
    let links = |query: &str| {
        let page = bench.get(&format!("/payments/findAll/order_1/paid?{query}")).response();
        let number = |name: &str| page[name].as_i64().unwrap();
        (page["list"].as_array().unwrap().len(), number("previous"), number("next"), number("total"))
    };
    assert_eq!(links("include_sandbox=true"), (5, 0, 0, 5));
    assert_eq!(links("limit=2"), (2, 0, 2, 5));
    assert_eq!(links("limit=2&page=2"), (2, 1, 3, 5));
    assert_eq!(links("limit=2&page=3"), (1, 2, 0, 5));
    assert_eq!(bench.get("/payments/findAll/order_1/paid?limit=2&page=4").status, 400);
    assert_eq!(links("limit=0"), (1, 0, 2, 5));
    let all = bench.get("/payments/findAll/order_1?limit=5").response();
    let mut walked = Vec::new();
    for page in 1..=3 {
        let page = bench.get(&format!("/payments/findAll/order_1?limit=2&page={page}")).response();
        walked.extend(page["list"].as_array().unwrap().clone());
    }
    assert_eq!(Value::Array(walked), all["list"]);
}
