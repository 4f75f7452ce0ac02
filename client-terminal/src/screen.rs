//! The terminal: rendered frames out, keys in.

use crate::{Keys, TerminalGame};
use ratatui::crossterm::event::{
    Event, KeyCode, KeyEvent, KeyModifiers, KeyboardEnhancementFlags, PopKeyboardEnhancementFlags,
    PushKeyboardEnhancementFlags, poll, read,
};
use ratatui::crossterm::execute;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::text::Text;
use ratatui::{DefaultTerminal, Frame, Terminal, TerminalOptions, Viewport, backend::CrosstermBackend};
use std::io;
use std::time::{Duration, Instant};
use tickwire_client_native::Connection;
use tickwire_shared::client::Client;
use tickwire_shared::id::EntityId;

/// The terminal; or stdout, which need not be one, for a number of frames.
pub(crate) struct Screen {
    terminal: DefaultTerminal,
    frames_left: Option<u32>,
    pub(crate) keys: Keys,
    pub(crate) quits: bool,
}

impl Screen {
    /// Takes over the terminal, and restores it if the program panics.
    pub(crate) fn open(frames: Option<u32>) -> io::Result<Self> {
        let terminal = if frames.is_some() {
            let viewport = Viewport::Fixed(Rect::new(0, 0, 80, 24));
            Terminal::with_options(CrosstermBackend::new(io::stdout()), TerminalOptions { viewport })?
        } else {
            let terminal = ratatui::try_init()?;
            // Not every terminal can report releases.
            let flags = KeyboardEnhancementFlags::REPORT_EVENT_TYPES;
            let _ = execute!(io::stdout(), PushKeyboardEnhancementFlags(flags));
            terminal
        };
        Ok(Self { terminal, frames_left: frames, keys: Keys::default(), quits: false })
    }

    /// Draws the connection's last entities in the terminal's current size.
    pub(crate) fn draw<G: TerminalGame>(&mut self, connection: &Connection<G>, text: &str) -> io::Result<()> {
        let entities = connection.entities();
        // The client is locked while the frame is made, not while it is written.
        self.terminal.draw(|frame| connection.with(|client, _| draw_frame(frame, client, entities, text)))?;
        if let Some(left) = &mut self.frames_left {
            *left = left.saturating_sub(1);
            self.quits |= *left == 0;
        }
        Ok(())
    }

    /// Takes the keys that were pressed since the last call.
    pub(crate) fn read_keys(&mut self) -> io::Result<()> {
        while self.frames_left.is_none() && poll(Duration::ZERO)? {
            let Event::Key(event) = read()? else { continue };
            // In raw mode Ctrl-C is a key.
            let control_c = KeyEvent::new(KeyCode::Char('c'), KeyModifiers::CONTROL);
            self.quits |= event == control_c || event == KeyCode::Char('q').into();
            self.keys.take(event, Instant::now());
        }
        self.keys.settle(Instant::now());
        Ok(())
    }
}

/// Restores the terminal.
impl Drop for Screen {
    fn drop(&mut self) {
        if self.frames_left.is_none() {
            let _ = execute!(io::stdout(), PopKeyboardEnhancementFlags);
            ratatui::restore();
        }
    }
}

/// Draws the whole frame: the game, and two lines below.
pub(crate) fn draw_frame<G: TerminalGame>(
    frame: &mut Frame<'_>,
    client: &Client<G>,
    entities: &[(EntityId, G::Entity)],
    text: &str,
) {
    let [middle, bottom] = Layout::vertical([Constraint::Fill(1), Constraint::Length(2)]).areas(frame.area());
    G::draw(frame, middle, client, entities);
    let room = client.room().map_or("no room yet".to_owned(), |room| format!("room {room}"));
    let rtt = client.stats().rtt.unwrap_or_default().as_millis();
    frame.render_widget(Text::raw(format!("{text}\n{room}, round trip {rtt} ms, q quits")), bottom);
}
