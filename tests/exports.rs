//! Lists of many payments: of a ledger as years of use leave it.

use serde_json::Value;

use crate::support::sums::sums_are_right;
use crate::support::world::World;

#[path = "../benches/soak/made.rs"]
mod made;

fn world_with(payments: usize) -> World {
    let world = World::with_profile("http://127.0.0.1:9", "");
    let path = world.ledger_path();
    made::make(&path, payments, &mut |_| {});
    assert_eq!(sums_are_right(&path), Ok(()));
    world
}

fn exported(world: &World, more: &[&str]) -> Vec<Value> {
    let all = world.run(&[&["history", "--all", "--format", "jsonl"], more].concat()).exits(0);
    all.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// What is read for one column alone is what is read for all of them.
#[test]
fn each_column_of_an_export_is_the_same_alone_and_among_all_others() {
    let world = world_with(1500);
    let all = exported(&world, &[]);
    assert_eq!(all.len(), 1500);
    let fields: Vec<&String> = all[0].as_object().unwrap().keys().collect();
    for field in &fields {
        let alone = exported(&world, &["--columns", field]);
        let among = all.iter().map(|payment| &payment[field.as_str()]);
        assert!(alone.iter().map(|payment| &payment[field.as_str()]).eq(among), "{field}");
    }
    // The same by `history show`, which reads everything of a payment.
    let told: Vec<&Value> = all.iter().filter(|payment| payment["who_acts"] != Value::Null).collect();
    assert!(told.len() > 15, "{} say who has to act", told.len());
    let odd: Vec<&Value> =
        all.iter().filter(|payment| payment["alarm"] == true || payment["doubt"] != Value::Null).collect();
    assert!(odd.iter().any(|payment| payment["alarm"] == true));
    for payment in odd.into_iter().chain(told.into_iter().step_by(4)).chain(all.iter().step_by(300)) {
        let shown = world
            .run(&["history", "show", payment["merchant_uid"].as_str().unwrap(), "--json"])
            .says(&[""])
            .json();
        for field in &fields {
            assert_eq!(shown[field.as_str()], payment[field.as_str()], "{field}");
        }
    }
}
