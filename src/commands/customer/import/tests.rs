//! Whom an import asks about again.

use jiff::{SignedDuration, Timestamp};

use super::checked_lately;
use crate::domain::customer::{Card, Customer};
use crate::domain::ids::CustomerUid;
use crate::domain::payment::Mode;

fn checked(at: Option<Timestamp>) -> Customer {
    Customer {
        customer_uid: CustomerUid::parse("gildong_0001_1234").unwrap(),
        name: None,
        email: None,
        tel: None,
        note: None,
        card: Card::default(),
        mode: Mode::Live,
        added_at: Timestamp::UNIX_EPOCH,
        checked_at: at,
        removed_at: None,
    }
}

#[test]
fn who_was_checked_within_a_day_is_not_asked_about_again() {
    let now = Timestamp::from_second(1_795_000_000).unwrap();
    let ago = |seconds| Some(now - SignedDuration::from_secs(seconds));
    for (seconds, lately) in [(0, true), (1, true), (86_399, true), (86_400, false), (-1, false)] {
        assert_eq!(checked_lately(&checked(ago(seconds)), now), lately, "{seconds} s ago");
    }
    assert!(!checked_lately(&checked(None), now), "never");
    let removed = Customer { removed_at: ago(5), ..checked(ago(10)) };
    assert!(!checked_lately(&removed, now), "one that was removed is seen again");
}
