//! The terminal and the frames drawn on it: the map with all entities, the table of players, a line of text.

use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers, poll, read};
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::text::{Line, Text};
use ratatui::widgets::canvas::{Canvas, Context, Points};
use ratatui::{DefaultTerminal, Frame, Terminal, TerminalOptions, Viewport, backend::CrosstermBackend};
use ratatui::{style::Color, symbols::Marker};
use std::{io, time::Duration};
use tickwire_arena::{Arena, ArenaEntity, Map, Ship, TILE};
use tickwire_shared::client::Client;

/// A ship's symbol by its heading, clockwise from the right.
const ARROWS: [&str; 8] = ["→", "↘", "↓", "↙", "←", "↖", "↑", "↗"];

/// The terminal; or stdout, which need not be one, for a number of frames.
pub(crate) struct Screen(DefaultTerminal, Option<u32>);

impl Screen {
    /// Takes over the terminal, and restores it if the program panics.
    pub(crate) fn open(frames: Option<u32>) -> io::Result<Self> {
        let fixed = TerminalOptions { viewport: Viewport::Fixed(Rect::new(0, 0, 80, 24)) };
        let text = || Terminal::with_options(CrosstermBackend::new(io::stdout()), fixed);
        Ok(Self(if frames.is_some() { text()? } else { ratatui::try_init()? }, frames))
    }

    /// Draws in the terminal's current size. `false`: the viewer pressed q or Ctrl-C.
    pub(crate) fn draw(&mut self, client: &Client<Arena>, now: Duration, text: &str) -> io::Result<bool> {
        self.0.draw(|frame| picture(frame, client, now, text))?;
        if let Some(left) = &mut self.1 {
            *left = left.saturating_sub(1);
            return Ok(*left > 0);
        }
        while poll(Duration::ZERO)? {
            // In raw mode Ctrl-C is a key.
            let control_c = KeyEvent::new(KeyCode::Char('c'), KeyModifiers::CONTROL);
            let ends = |key| key == KeyCode::Char('q').into() || key == control_c;
            if read()?.as_key_press_event().is_some_and(ends) {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

/// Restores the terminal.
impl Drop for Screen {
    fn drop(&mut self) {
        if self.1.is_none() {
            ratatui::restore();
        }
    }
}

/// Draws the whole frame at `now`.
pub(crate) fn picture(frame: &mut Frame<'_>, client: &Client<Arena>, now: Duration, text: &str) {
    let [middle, bottom] = Layout::vertical([Constraint::Fill(1), Constraint::Length(2)]).areas(frame.area());
    let [arena, table] = Layout::horizontal([Constraint::Fill(1), Constraint::Max(22)]).areas(middle);
    let entities: Vec<ArenaEntity> = client.view(now).into_iter().map(|(_, entity)| entity).collect();
    if let Some(map) = client.scene() {
        let (width, height) = (f64::from(map.size().x), f64::from(map.size().y));
        let canvas =
            Canvas::default().marker(Marker::HalfBlock).x_bounds([0.0, width]).y_bounds([-height, 0.0]);
        frame.render_widget(canvas.paint(|context| draw_arena(context, map, &entities)), arena);
    }
    let mut ships: Vec<&Ship> = entities.iter().filter_map(ArenaEntity::as_ship).collect();
    ships.sort_by_key(|ship| (core::cmp::Reverse(ship.score), ship.player));
    for (ship, row) in ships.into_iter().zip(table.rows()) {
        let entry = client.roster().iter().find(|entry| entry.player.0 == ship.player);
        let name = entry.map_or("?", |entry| &*entry.name);
        frame.render_widget(Line::styled(format!(" {name:<14.14} {:>3}", ship.score), colour(ship)), row);
    }
    let room = client.room().map_or("no room yet".to_owned(), |room| format!("room {room}"));
    let rtt = client.stats().rtt.unwrap_or_default().as_millis();
    frame.render_widget(Text::raw(format!("{text}\n{room}, round trip {rtt} ms, q quits")), bottom);
}

fn draw_arena(canvas: &mut Context<'_>, map: &Map, entities: &[ArenaEntity]) {
    // A tile is several pixels wide in a large terminal.
    let tiles = (0..map.size().y * 6).flat_map(|y| (0..map.size().x * 6).map(move |x| (x, y)));
    let walls = tiles.filter(|(x, y)| map.is_wall(x / 6, y / 6));
    let walls: Vec<_> = walls.map(|(x, y)| (f64::from(x) / 6.0, -f64::from(y) / 6.0)).collect();
    canvas.draw(&Points { coords: &walls, color: Color::Indexed(60) });
    for entity in entities {
        let (pos, sign, colour) = match entity {
            ArenaEntity::Ship(ship) if ship.alive => {
                (ship.pos, ARROWS[usize::from((ship.heading + 16) / 32 % 8)], colour(ship))
            }
            ArenaEntity::Shot(shot) => (shot.pos, "•", Color::White),
            ArenaEntity::Pickup(pickup) if pickup.ready => (pickup.pos, "+", Color::Green),
            _ => continue,
        };
        let tiles = |steps: i32| f64::from(steps) / f64::from(TILE);
        canvas.print(tiles(pos.x), -tiles(pos.y), Line::styled(sign, colour));
    }
}

/// One of the six bright colours of a terminal.
fn colour(ship: &Ship) -> Color {
    Color::Indexed(9 + (ship.player % 6) as u8)
}
