//! Many processes at one order.

use std::time::Instant;

use crate::crash::books::{Book, check_word};
use crate::crash::{nothing_wrong, on_threads, wanted};
use crate::support::world::{Gateway, Ran, World, to_charge};

const PROCESSES: usize = 40;
/// How many orders are raced for at the same time.
const AT_ONCE: usize = 4;

#[test]
fn forty_processes_at_each_order_charge_it_once_and_say_the_same() {
    let orders = wanted("BILLKEY_RACES", 20);
    let gateway = Gateway::start("no_duplicate_refusal,slow=30ms");
    let book = Book::of(&gateway);
    // One ledger for all, which does not exist yet: its creation is raced for too.
    let world = World::for_gateway(&gateway.url());
    let begun = Instant::now();
    let wrong = on_threads(AT_ONCE, orders, |order| {
        let order = format!("raced_{order:04}");
        let what = to_charge(&order, &["--json", "--allow-similar"]);
        let children: Vec<_> = (0..PROCESSES).map(|_| world.spawn(&what)).collect();
        let runs: Vec<Ran> =
            children.into_iter().map(|child| Ran::from_output(&child.wait_with_output().unwrap())).collect();
        let known = book.known(&order);
        for ran in &runs {
            check_word(ran, &known)?;
            if ran.code != 0 {
                return Err(format!("{order}: one of {PROCESSES} did not say paid\n{ran}"));
            }
        }
        let first_hand = runs.iter().filter(|ran| ran.json()["replayed"] == false).count();
        match (known.received, known.charged.len(), first_hand) {
            (1, 1, 1) => Ok(()),
            _ => Err(format!("{order}: {known:?}, and {first_hand} processes say that they sent it")),
        }
    });
    nothing_wrong(&wrong);
    println!("{} processes at {orders} orders in {:.1?}", orders * PROCESSES, begun.elapsed());
}
