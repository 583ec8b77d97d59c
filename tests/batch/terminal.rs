//! At a terminal: the question, the bar, and stdin that is a keyboard.

use super::{arguments, each_is_charged_once, file, rows};
use crate::support::pty::Terminal;
use crate::support::world::{Gateway, World};

#[test]
fn the_plan_is_shown_and_a_yes_charges() {
    let gateway = Gateway::start("slow=100ms");
    let world = World::for_gateway(&gateway.url());
    file(&world, "charges.csv", rows(30));
    let mut terminal = Terminal::start(world.command(&["batch", "charges.csv", "--workers", "2"]));
    terminal.shows("Charge these cards? [y/N]");
    terminal.shows("to send  30");
    assert_eq!(gateway.book()["charges"].as_array().unwrap().len(), 0, "nothing before the yes");
    terminal.types("y\n");
    terminal.exits(0);
    terminal.shows("30 of 30 rows paid");
    // The bar has counted, and said how fast and how long still.
    let seen = terminal.seen();
    for part in ["charging", "paid 1", "declined 0", "unknown 0", "/s", " left"] {
        assert!(seen.contains(part), "`{part}` was never shown:\n{seen}");
    }
    each_is_charged_once(&gateway, &world, 30);
}

#[test]
fn anything_but_a_yes_charges_nothing() {
    for answer in ["n\n", "\n", "maybe\n", "\u{4}"] {
        let gateway = Gateway::start("");
        let world = World::for_gateway(&gateway.url());
        file(&world, "charges.csv", rows(3));
        let mut terminal = Terminal::start(world.command(&["batch", "charges.csv"]));
        terminal.shows("Charge these cards? [y/N]");
        terminal.types(answer);
        terminal.exits(8);
        terminal.shows("Nothing was sent");
        assert_eq!(gateway.book()["charges"].as_array().unwrap().len(), 0, "{answer:?}");
    }
}

#[test]
fn a_keyboard_is_no_file_of_charges() {
    let gateway = Gateway::start("");
    let world = World::for_gateway(&gateway.url());
    let mut terminal = Terminal::start(world.command(&["batch", "-", "--yes"]));
    terminal.exits(2);
    terminal.shows("stdin is a terminal");
    terminal.shows("billkey batch - < charges.csv");
}

#[test]
fn quiet_shows_no_bar_and_no_input_asks_nothing() {
    let gateway = Gateway::start("");
    let world = World::for_gateway(&gateway.url());
    file(&world, "charges.csv", rows(3));
    let mut asked = Terminal::start(world.command(&["--no-input", "batch", "charges.csv"]));
    asked.exits(8);
    asked.shows("--yes");
    let line = [&["--quiet"], &arguments(&[])[..]].concat();
    let mut quiet = Terminal::start(world.command(&line));
    quiet.exits(0);
    assert_eq!(quiet.seen(), "");
    each_is_charged_once(&gateway, &world, 3);
}
