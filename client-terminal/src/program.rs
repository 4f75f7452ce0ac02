//! The program: a connection, a screen, and the loop that joins them.

use crate::TerminalGame;
use crate::args::Args;
use crate::screen::Screen;
use std::error::Error;
use std::io::Write;
use std::process::ExitCode;
use std::time::Duration;
use tickwire_client_native::{Connection, End, Event, LEAVE_TIMEOUT, connect};
use tickwire_shared::client::ClientEvent;

/// The time from one rendered frame to the next.
const FRAME: Duration = Duration::from_millis(33);

/// Reads the command line and shows the game `G` until the viewer quits. Servers host the game under the name
/// `game` unless `--game` says otherwise. Fails with a line for people if it cannot go on.
#[must_use]
pub fn run<G: TerminalGame>(program: &'static str, game: &'static str) -> ExitCode {
    let args = match Args::read(program, game, std::env::args_os()) {
        Ok(args) => args,
        Err(error) => error.exit(),
    };
    match show::<G>(&args) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // If stderr is closed, the text is lost.
            let _ = writeln!(std::io::stderr(), "{program}: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Draws frame after frame. The screen is restored before the error is shown.
fn show<G: TerminalGame>(args: &Args) -> Result<(), Box<dyn Error>> {
    let mut connection = connect::<G>(&args.url.to_string(), args.config())?;
    let mut screen = Screen::open(args.frames)?;
    let (mut input, mut text) = (G::Input::default(), "connecting".to_owned());
    loop {
        while let Some(event) = connection.poll_event() {
            match event {
                Event::Ended(End::Left) => return Ok(()),
                Event::Ended(end) => return Err(end.into()),
                event => text = told(&connection, &event).unwrap_or(text),
            }
        }
        screen.read_keys()?;
        G::input(&mut input, &screen.keys);
        connection.update(input.clone());
        screen.draw(&connection, &text)?;
        if screen.quits {
            break;
        }
        std::thread::sleep(FRAME);
    }
    // The room waits for a player that only goes away.
    connection.leave();
    while let Some(event) = connection.wait_event(2 * LEAVE_TIMEOUT) {
        drop(event);
    }
    Ok(())
}

/// The line about an event, if it has one.
fn told<G: TerminalGame>(connection: &Connection<G>, event: &Event<G>) -> Option<String> {
    match event {
        Event::Retry { cause, .. } => Some(cause.to_string()),
        Event::Client(ClientEvent::Joined) => Some(String::new()),
        Event::Client(ClientEvent::IdleWarning { closes_in }) => {
            Some(format!("the server closes in {} s: nothing is done here", closes_in.as_secs()))
        }
        Event::Client(ClientEvent::PlayerJoined(entry)) => Some(format!("{} came in", &*entry.name)),
        Event::Client(ClientEvent::Game(event)) => connection.with(|client, _| G::news(event, client)),
        _ => None,
    }
}
