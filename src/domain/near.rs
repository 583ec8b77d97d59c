//! Ids that differ from a known one by a slip of the finger.

use std::collections::BTreeMap;

use crate::domain::text::nfc;

/// So many slips of the finger are taken for one.
pub const EDITS_NEAR: usize = 2;

/// Known ids, laid out so that many others can be held against them: by length, each with the letters it has, so
/// that nearly all of them are passed over without being compared letter by letter.
#[derive(Debug, Default)]
pub struct NearIds {
    by_length: BTreeMap<usize, Vec<(u64, String)>>,
}

impl NearIds {
    #[must_use]
    pub fn new(ids: impl IntoIterator<Item = String>) -> NearIds {
        let mut by_length: BTreeMap<usize, Vec<(u64, String)>> = BTreeMap::new();
        for id in ids {
            let id = nfc(&id).into_owned();
            by_length.entry(id.chars().count()).or_default().push((letters(&id), id));
        }
        NearIds { by_length }
    }

    /// Whether one of them is at most [`EDITS_NEAR`] letters put in, left out, replaced or swapped away.
    #[must_use]
    pub fn is_near(&self, id: &str) -> bool {
        let id = nfc(id);
        let (length, own) = (id.chars().count(), letters(&id));
        let lengths = length.saturating_sub(EDITS_NEAR)..=length.saturating_add(EDITS_NEAR);
        let mut alike = self.by_length.range(lengths).flat_map(|(_, ids)| ids);
        // An edit takes at most one letter away and brings at most one.
        let most = u32::try_from(2 * EDITS_NEAR).unwrap_or(u32::MAX);
        alike.any(|(letters, known)| {
            (letters ^ own).count_ones() <= most && strsim::osa_distance(known, &id) <= EDITS_NEAR
        })
    }
}

/// One id, held against many others of which nearly none is near: those are told apart without an edit being counted.
#[derive(Debug)]
pub struct Near {
    id: String,
    length: usize,
    /// How often each letter stands in it; two that share a place are told apart later.
    often: [i32; PLACES],
}

const PLACES: usize = 64;

impl Near {
    #[must_use]
    pub fn new(id: &str) -> Near {
        let id = nfc(id).into_owned();
        let mut often = [0; PLACES];
        id.chars().for_each(|letter| count(&mut often, letter, 1));
        Near { length: id.chars().count(), id, often }
    }

    /// How many letters put in, left out, replaced or swapped make the other of it; `None` where those are more than
    /// [`EDITS_NEAR`].
    #[must_use]
    pub fn edits(&self, other: &str) -> Option<usize> {
        let other = nfc(other);
        if self.length.abs_diff(other.chars().count()) > EDITS_NEAR {
            return None;
        }
        let mut often = self.often;
        other.chars().for_each(|letter| count(&mut often, letter, -1));
        // An edit takes at most one letter away and brings at most one.
        let apart: u32 = often.iter().map(|times| times.unsigned_abs()).sum();
        if apart > u32::try_from(2 * EDITS_NEAR).unwrap_or(u32::MAX) {
            return None;
        }
        Some(strsim::osa_distance(&self.id, &other)).filter(|edits| *edits <= EDITS_NEAR)
    }
}

fn count(often: &mut [i32; PLACES], letter: char, times: i32) {
    let place = usize::try_from(u32::from(letter)).unwrap_or(0) % PLACES;
    if let Some(count) = often.get_mut(place) {
        *count += times;
    }
}

/// Which letters there are, a bit each; two that share a bit are told apart later.
fn letters(id: &str) -> u64 {
    id.chars().fold(0, |seen, letter| seen | (1 << (u32::from(letter) % 64)))
}

#[cfg(test)]
mod tests {
    use super::{EDITS_NEAR, Near, NearIds};

    fn near(known: &[&str], id: &str) -> bool {
        NearIds::new(known.iter().map(|id| (*id).to_owned())).is_near(id)
    }

    #[test]
    fn two_slips_of_the_finger_are_near_and_three_are_not() {
        let known = ["gildong_0001", "홍길동_1"];
        for id in
            ["gildong_0002", "gildong_001", "gidlong_0010", "xgildong_0001y", "홍길순_2", "gildong_0001"]
        {
            assert!(near(&known, id), "{id}");
        }
        for id in ["gildong_9992", "gil_0001", "younghee_0001", "홍길", "", "x"] {
            assert!(!near(&known, id), "{id}");
        }
        assert!(!near(&[], "gildong"));
    }

    #[test]
    fn what_is_passed_over_is_never_near() {
        let mut dice = 1_u64;
        let mut roll = |of: u64| {
            dice = dice.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (dice >> 33) % of
        };
        let mut word = || -> String {
            let length = 3 + roll(5);
            (0..length).map(|_| char::from(b'a' + u8::try_from(roll(4)).unwrap())).collect()
        };
        for _ in 0..2000 {
            let (one, other) = (word(), word());
            let edits = strsim::osa_distance(&one, &other);
            assert_eq!(near(&[&one], &other), edits <= EDITS_NEAR, "{one} {other}");
            let told = Near::new(&one).edits(&other);
            assert_eq!(told, Some(edits).filter(|edits| *edits <= EDITS_NEAR), "{one} {other}");
        }
    }
}
