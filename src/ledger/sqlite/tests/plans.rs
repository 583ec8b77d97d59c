//! Which indexes SQLite means to read.

use rusqlite::types::Value;

use super::{Place, at};
use crate::domain::ids::CustomerUid;
use crate::domain::payment::Outcome;
use crate::ledger::sqlite::book_days::{DAYS, FURTHER};
use crate::ledger::sqlite::booked::GONE_BACK;
use crate::ledger::sqlite::day::SPENT;
use crate::ledger::sqlite::guard::{NOT_PAID, SIMILAR};
use crate::ledger::sqlite::read::{
    BEGUN_WITH, BY_APPROVAL, BY_IMP_UID, EVENTS, LOOK_AGAIN, UNSETTLED, bound,
};
use crate::ledger::sqlite::records::{MANIFOLD, OF_PAYMENT};
use crate::ledger::sqlite::refused::{BESIDE, REFUSED, REFUSED_OF};
use crate::ledger::sqlite::search::{choose, refunded_between};
use crate::ledger::{By, Filter, Ledger};

/// What SQLite means to do.
fn plan(ledger: &Ledger, sql: &str, params: &[(String, Value)]) -> String {
    let mut statement = ledger.connection().prepare(&format!("EXPLAIN QUERY PLAN {sql}")).unwrap();
    let lines = statement.query_map(&*bound(params), |row| row.get("detail")).unwrap();
    lines.collect::<Result<Vec<String>, _>>().unwrap().join("\n")
}

#[test]
fn the_newest_are_read_from_an_index_and_never_sorted() {
    let place = Place::new();
    let ledger = place.ledger();
    let newest = Filter { limit: Some(20), ..Filter::default() };
    for (filter, index) in [
        (newest.clone(), "payments_by_requested_at"),
        (Filter { since: Some(at(0)), ..newest.clone() }, "payments_by_requested_at"),
        (Filter { by: By::Paid, ..newest.clone() }, "payments_by_paid_at"),
        (Filter { customer: CustomerUid::parse("gildong").ok(), ..newest }, "payments_by_customer"),
    ] {
        let choice = choose(&filter).newest_first("SELECT * FROM payments");
        let plan = plan(&ledger, &choice.sql, &choice.params);
        assert!(plan.contains(index) && !plan.contains("TEMP B-TREE"), "{plan}");
    }
}

#[test]
fn what_support_staff_know_is_looked_up_in_an_index() {
    let place = Place::new();
    let ledger = place.ledger();
    let no_scan = |plan: &str| {
        !plan.lines().any(|line| line.ends_with("SCAN payments") || line.ends_with("SCAN records"))
    };
    let newest = || Filter { limit: Some(20), ..Filter::default() };
    for (filter, index) in [
        (Filter { card: Some("1234".to_owned()), ..newest() }, "records_by_last_four"),
        (Filter { approval: Some("30012345".to_owned()), ..newest() }, "records_by_apply_num"),
        (Filter { outcomes: vec![Outcome::Unknown, Outcome::Pending], ..newest() }, "payments_unsettled"),
        (Filter { outcomes: vec![Outcome::Unknown], ..newest() }, "payments_unsettled"),
        (Filter { doubles: true, ..newest() }, "further_payments"),
    ] {
        let choice = choose(&filter).newest_first("SELECT * FROM payments");
        let of_rows = plan(&ledger, &choice.sql, &choice.params);
        assert!(of_rows.contains(index) && no_scan(&of_rows), "{of_rows}");
        let choice = choose(&filter).grouped("SELECT outcome, currency, mode AS shown_mode FROM payments");
        let of_sums = plan(&ledger, &choice.sql, &choice.params);
        assert!(of_sums.contains(index) && no_scan(&of_sums), "{of_sums}");
    }
    let select = "SELECT currency, mode AS shown_mode FROM payments";
    let choice = refunded_between(&Filter::default(), Some(at(0)), Some(at(9)), select);
    let back = plan(&ledger, &choice.sql, &choice.params);
    for index in ["refunds_by_time", "payments_by_cancelled_at", "payments_by_outside_at"] {
        assert!(back.contains(index) && no_scan(&back), "{back}");
    }
    let some_days = Filter { since: Some(at(0)), until: Some(at(999_999)), ..newest() };
    let choice = choose(&some_days).with_further_payments("SELECT * FROM payments");
    let further = plan(&ledger, &choice.sql, &choice.params);
    assert!(further.contains("further_payments") && no_scan(&further), "{further}");
}

#[test]
fn what_a_charge_reads_is_read_from_an_index() {
    let place = Place::new();
    let ledger = place.ledger();
    for (sql, index) in [
        (UNSETTLED, "payments_unsettled"),
        (LOOK_AGAIN, "payments_to_look_again"),
        (BY_IMP_UID, "records_by_imp_uid"),
        (BY_APPROVAL, "records_by_apply_num"),
        (BEGUN_WITH, "records_by_imp_uid"),
        (OF_PAYMENT, "PRIMARY KEY"),
        (MANIFOLD, "further_payments"),
        (EVENTS, "events_by_payment"),
        (SIMILAR, "payments_by_terms"),
        (NOT_PAID, "payments_by_terms"),
        (SPENT, "payments_sent_again"),
    ] {
        let plan = plan(&ledger, sql, &[]);
        let whole_table =
            plan.lines().any(|line| ["SCAN payments", "SCAN events", "SCAN records"].contains(&line));
        assert!(plan.contains(index) && !whole_table, "{plan}");
    }
}

#[test]
fn declined_orders_are_read_by_an_index_that_has_no_others() {
    let place = Place::new();
    let ledger = place.ledger();
    for (sql, index) in
        [(REFUSED, "payments_refused"), (REFUSED_OF, "payments_by_customer"), (BESIDE, "payments_by_terms")]
    {
        let plan = plan(&ledger, sql, &[]);
        assert!(plan.contains(index) && !plan.contains("TEMP B-TREE"), "{plan}");
    }
}

/// A month of ten million payments is as quick as one of ten.
#[test]
fn nobody_reads_all_payments_to_add_up_days() {
    let place = Place::new();
    let ledger = place.ledger();
    let days = plan(&ledger, DAYS, &[]);
    assert_eq!(days, "SEARCH book_days USING PRIMARY KEY (day>? AND day<?)");
    for condition in [GONE_BACK, FURTHER] {
        let plan = plan(&ledger, &format!("SELECT * FROM payments WHERE {condition}"), &[]);
        let whole = plan.lines().filter(|step| step.starts_with("SCAN"));
        let whole: Vec<&str> = whole
            .filter(|step| !step.contains("further_payments") && !step.contains("given_back_some_time"))
            .collect();
        assert!(plan.contains("SEARCH payments USING INTEGER PRIMARY KEY") && whole.is_empty(), "{plan}");
    }
}
