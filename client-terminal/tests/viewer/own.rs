//! A host's own game in a terminal: the example draws a match without a server.

#[path = "../../examples/own_terminal.rs"]
#[allow(dead_code, unreachable_pub, missing_docs, reason = "it is a program of its own")]
mod own_terminal;

use own_terminal::tag::{Settings, Tag};
use tickwire_client_terminal::TerminalGame;
use tickwire_client_terminal::ratatui::{Terminal, backend::TestBackend};
use tickwire_shared::harness::{Harness, random_input};

#[test]
fn tag_is_drawn_with_the_players_runner_marked() {
    let mut harness = Harness::<Tag>::new(Settings::default(), 5);
    let own = harness.join("ada");
    let other = harness.join("bob");
    harness.drive(own, |_, rng| random_input(rng));
    harness.drive(other, |_, rng| random_input(rng));
    harness.run_ticks(60);
    let client = harness.client(own);
    let runners = client.view(harness.now());
    let mut terminal = Terminal::new(TestBackend::new(80, 24)).expect("no device");
    terminal.draw(|frame| Tag::draw(frame, frame.area(), client, &runners)).expect("no device");
    let text = terminal.backend().to_string();
    assert!(text.contains('◆') && text.contains('●'), "\n{text}");
}
