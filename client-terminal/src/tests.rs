//! The rendered frame without a terminal, of a room without a server.

use crate::screen::draw_frame;
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use tickwire_arena::{Arena, Settings};
use tickwire_shared::harness::{ClientIndex, Harness, random_input};

fn watched(players: &[&str]) -> (Harness<Arena>, ClientIndex) {
    let mut harness = Harness::<Arena>::new(Settings::default(), 5);
    for name in players {
        let player = harness.join(name);
        harness.drive(player, |_, rng| random_input(rng));
    }
    let watcher = harness.spectate("watcher");
    harness.run_ticks(60);
    (harness, watcher)
}

fn drawn(harness: &Harness<Arena>, watcher: ClientIndex, (width, height): (u16, u16)) -> String {
    let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
    let (client, now) = (harness.client(watcher), harness.now());
    let entities = client.view(now);
    terminal.draw(|frame| draw_frame(frame, client, &entities, "")).unwrap();
    terminal.backend().to_string()
}

#[test]
fn the_terminal_shows_the_map_the_ships_and_the_table() {
    let (harness, watcher) = watched(&["ada", "bob"]);
    let text = drawn(&harness, watcher, (80, 24));
    for wanted in ["ada", "bob", "▀", "+", "room 00000001", "q quits"] {
        assert!(text.contains(wanted), "{wanted} is missing in\n{text}");
    }
    let arrows = text.chars().filter(|sign| "→↘↓↙←↖↑↗".contains(*sign)).count();
    assert_eq!(arrows, 2, "\n{text}");
}

#[test]
fn it_fits_into_any_terminal() {
    let (harness, watcher) = watched(&["ada"]);
    for size in [(1, 1), (2, 1), (10, 3), (24, 24), (25, 2), (300, 90)] {
        drawn(&harness, watcher, size);
    }
}

#[test]
fn before_anything_has_come_it_says_so() {
    let mut harness = Harness::<Arena>::new(Settings::default(), 5);
    let watcher = harness.spectate("watcher");
    assert!(drawn(&harness, watcher, (80, 24)).contains("no room yet"));
}
