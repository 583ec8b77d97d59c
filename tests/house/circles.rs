//! Circles: files side by side of which none could be read first.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::code::{File, handed_on, paths};

type Module = Vec<String>;
/// From a module to those beside it that it uses, each with a place where it does.
type Arrows = BTreeMap<Module, BTreeMap<Module, String>>;

/// Every shortest circle, as a line that names a place for each of its arrows.
pub fn circles(files: &[File]) -> Vec<String> {
    let arrows = arrows(files);
    let mut seen = BTreeSet::new();
    let mut all = Vec::new();
    for start in arrows.keys() {
        let Some(circle) = shortest_back(&arrows, start) else { continue };
        let members: BTreeSet<&Module> = circle.iter().copied().collect();
        if seen.insert(members) {
            let uses = circle.iter().zip(circle.iter().cycle().skip(1));
            let said: Vec<String> = uses
                .map(|(from, to)| {
                    format!("{} -> {} ({})", from.join("::"), to.join("::"), arrows[*from][*to])
                })
                .collect();
            all.push(said.join(", "));
        }
    }
    all
}

/// Arrows between modules that stand side by side, whatever file beneath them it is that points. Those
/// between a module and what is beneath it are no such arrows, and between rooms the map has a say.
fn arrows(files: &[File]) -> Arrows {
    let shipped: Vec<&File> = files.iter().filter(|file| !file.shipped.is_empty()).collect();
    let handed: BTreeMap<Module, Vec<Module>> = shipped
        .iter()
        .map(|file| (file.module(), handed_on(&file.shipped).into_iter().map(|path| path.words).collect()))
        .collect();
    let mut arrows = Arrows::new();
    for file in shipped {
        let from = file.module();
        for path in paths(&file.shipped, "crate") {
            let to = home_of(path.words, &handed);
            let common = from.iter().zip(&to).take_while(|(a, b)| a == b).count();
            if common > 0 && common < from.len() && common < to.len() {
                let place = format!("{}:{}", file.name, path.line);
                let beside = arrows.entry(from[..=common].to_vec()).or_default();
                beside.entry(to[..=common].to_vec()).or_insert(place);
            }
        }
    }
    arrows
}

/// The module in which the thing is made: a name that a module hands on is looked for where it comes
/// from, so that no arrow hides behind a face.
fn home_of(path: Vec<String>, handed: &BTreeMap<Module, Vec<Module>>) -> Module {
    let mut words = path;
    for _ in 0..10 {
        let length = (1..=words.len()).rev().find(|length| handed.contains_key(&words[..*length]));
        let Some(length) = length else { return Vec::new() };
        let (module, rest) = words.split_at(length);
        let named =
            rest.first().and_then(|name| handed[module].iter().find(|path| path.last() == Some(name)));
        match named {
            Some(path) => words = [path.as_slice(), &rest[1..]].concat(),
            None => return module.to_vec(),
        }
    }
    Vec::new()
}

/// The shortest way from a module back to itself, without its end.
fn shortest_back<'a>(arrows: &'a Arrows, start: &'a Module) -> Option<Vec<&'a Module>> {
    let mut came_from: BTreeMap<&Module, &Module> = BTreeMap::new();
    let mut next = VecDeque::from([start]);
    while let Some(at) = next.pop_front() {
        for to in arrows.get(at).into_iter().flat_map(BTreeMap::keys) {
            if to == start {
                let mut way = vec![at];
                while let Some(before) = way.last().and_then(|last| came_from.get(last)) {
                    way.push(before);
                }
                way.reverse();
                return Some(way);
            }
            if !came_from.contains_key(to) {
                came_from.insert(to, at);
                next.push_back(to);
            }
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::circles;
    use crate::house::code::program;

    fn found(files: &[(&str, &str)]) -> Vec<String> {
        circles(&program(files))
    }

    #[test]
    fn two_files_that_use_each_other_are_a_circle() {
        let files = [
            ("src/room/mod.rs", "mod a; mod b;"),
            ("src/room/a.rs", "use crate::room::b::B;"),
            ("src/room/b.rs", "\nfn f() { crate::room::a::g() }"),
        ];
        assert_eq!(
            found(&files),
            ["room::a -> room::b (src/room/a.rs:1), room::b -> room::a (src/room/b.rs:2)"]
        );
        assert_eq!(found(&files[..2]), [""; 0]);
    }

    #[test]
    fn a_longer_circle_is_one_and_names_all_its_arrows() {
        let files = [
            ("src/room/mod.rs", ""),
            ("src/room/a.rs", "use crate::room::{b::B, d};"),
            ("src/room/b.rs", "use crate::room::c;"),
            ("src/room/c.rs", "use crate::room::a;"),
            ("src/room/d.rs", "fn f() {}"),
        ];
        let said = found(&files);
        assert_eq!(said.len(), 1, "{said:?}");
        assert_eq!(said[0].matches("->").count(), 3, "{said:?}");
    }

    #[test]
    fn a_name_that_the_face_hands_on_is_the_file_it_comes_from() {
        let files = [
            ("src/room/mod.rs", "pub use crate::room::b::B;"),
            ("src/room/a.rs", "use crate::room::B;"),
            ("src/room/b.rs", "use crate::room::a::A;"),
        ];
        assert_eq!(found(&files).len(), 1);
    }

    #[test]
    fn a_module_and_what_is_beneath_it_use_each_other_freely() {
        let files = [
            ("src/room.rs", "mod a; use crate::room::a::A; struct Whole;"),
            ("src/room/a.rs", "use crate::room::Whole;"),
        ];
        assert_eq!(found(&files), [""; 0]);
    }

    #[test]
    fn folders_side_by_side_are_held_together_by_any_file_in_them() {
        let files = [
            ("src/room/a.rs", "mod one; mod other;"),
            ("src/room/b.rs", "mod two; mod three;"),
            ("src/room/a/one.rs", "use crate::room::b::two::Two;"),
            ("src/room/a/other.rs", "fn f() {}"),
            ("src/room/b/two.rs", "fn f() {}"),
            ("src/room/b/three.rs", "use crate::room::a::other::f;"),
        ];
        assert_eq!(
            found(&files),
            ["room::a -> room::b (src/room/a/one.rs:1), room::b -> room::a (src/room/b/three.rs:1)"]
        );
    }

    #[test]
    fn tests_may_look_around() {
        let files = [
            ("src/room/mod.rs", "mod a; mod b; #[cfg(test)] mod tests;"),
            ("src/room/a.rs", "use crate::room::b; #[cfg(test)] mod tests { use crate::room::tests::x; }"),
            ("src/room/b.rs", "#[cfg(test)] mod tests { use crate::room::a; }"),
            ("src/room/tests.rs", "use crate::room::{a, b};"),
        ];
        assert_eq!(found(&files), [""; 0]);
    }
}
