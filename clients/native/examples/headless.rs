//! A headless client: it joins the arena, circles and shoots for some seconds, prints what happens, and
//! leaves. Beside a server (`cargo run --release`):
//!
//!     cargo run -p tickwire-client-native --example headless -- ws://127.0.0.1:8080

use std::error::Error;
use std::io::{self, Write};
use std::time::{Duration, Instant};
use tickwire_arena::{Arena, ArenaInput};
use tickwire_client_native::{Config, End, Event, connect};
use tickwire_shared::client::ClientEvent;
use tickwire_shared::entity::Button;

fn main() -> Result<(), Box<dyn Error + Send + Sync>> {
    let url = std::env::args().nth(1).unwrap_or_else(|| "ws://127.0.0.1:8080".to_owned());
    let end = play(&url, Config::player("arena", "headless"), Duration::from_secs(10), &mut io::stdout())?;
    println!("{end}");
    Ok(())
}

/// Plays for `time`, and returns how it ended.
pub fn play(
    url: &str,
    config: Config,
    time: Duration,
    out: &mut impl Write,
) -> Result<End, Box<dyn Error + Send + Sync>> {
    let mut connection = connect::<Arena>(url, config)?;
    let start = Instant::now();
    let mut input = ArenaInput::default();
    loop {
        let turn = start.elapsed().as_millis() / 500;
        (input.move_x, input.move_y) = [(127, 0), (0, 127), (-127, 0), (0, -127)][turn as usize % 4];
        input.aim = (turn * 32 % 256) as u16;
        input.fire = Button::after(input.fire, turn % 4 < 2);
        connection.set_input(input.clone());
        if start.elapsed() >= time {
            connection.leave();
        }
        match connection.wait_event(Duration::from_millis(50)) {
            None => {}
            Some(Event::Client(ClientEvent::Joined)) => {
                let (player, room) = connection.with(|client, _| (client.player(), client.room()));
                writeln!(out, "joined: {player:?} of {room:?}")?;
            }
            Some(Event::Client(ClientEvent::Game(news))) => writeln!(out, "{news:?}")?,
            Some(Event::Retry { cause, wait }) => writeln!(out, "{cause}; again in {wait:?}")?,
            Some(Event::Ended(end)) => return Ok(end),
            Some(event) => writeln!(out, "{event:?}")?,
        }
    }
}
