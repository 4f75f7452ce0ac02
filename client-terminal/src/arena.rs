//! The arena in a terminal: the map with all entities, the table of players, the keys.

use crate::{Keys, TerminalGame};
use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::text::Line;
use ratatui::widgets::canvas::{Canvas, Context, Points};
use ratatui::{style::Color, symbols::Marker};
use tickwire_arena::{Arena, ArenaEntity, ArenaInput, Event, Map, Ship, TILE, heading_of};
use tickwire_shared::client::Client;
use tickwire_shared::entity::Button;
use tickwire_shared::glam::IVec2;
use tickwire_shared::id::{EntityId, PlayerId};

/// A ship's symbol by its heading, clockwise from the right.
const ARROWS: [&str; 8] = ["→", "↘", "↓", "↙", "←", "↖", "↑", "↗"];

impl TerminalGame for Arena {
    fn draw(frame: &mut Frame<'_>, area: Rect, client: &Client<Self>, entities: &[(EntityId, ArenaEntity)]) {
        let [arena, table] = Layout::horizontal([Constraint::Fill(1), Constraint::Max(22)]).areas(area);
        if let Some(map) = client.scene() {
            let (width, height) = (f64::from(map.size().x), f64::from(map.size().y));
            let canvas =
                Canvas::default().marker(Marker::HalfBlock).x_bounds([0.0, width]).y_bounds([-height, 0.0]);
            frame.render_widget(canvas.paint(|context| draw_arena(context, map, entities)), arena);
        }
        let mut ships: Vec<&Ship> = entities.iter().filter_map(|(_, entity)| entity.as_ship()).collect();
        ships.sort_by_key(|ship| (core::cmp::Reverse(ship.score), ship.player));
        for (ship, row) in ships.into_iter().zip(table.rows()) {
            let name = name_of(client, PlayerId(ship.player));
            let line = format!(" {name:<14.14} {:>3}", ship.score);
            frame.render_widget(Line::styled(line, colour(ship)), row);
        }
    }

    /// Arrows or w, a, s, d fly, and aim the same way; space shoots.
    fn input(input: &mut ArenaInput, keys: &Keys) {
        let (x, y) = keys.direction();
        (input.move_x, input.move_y) = (127 * x, 127 * y);
        if (x, y) != (0, 0) {
            input.aim = heading_of(IVec2::new(x.into(), y.into()));
        }
        input.fire = Button::after(input.fire, keys.has(' '));
    }

    fn news(event: &Event, client: &Client<Self>) -> Option<String> {
        match event {
            Event::RoundEnded { winner: Some(winner), .. } => {
                Some(format!("{} won", name_of(client, *winner)))
            }
            Event::RoundStarted { number } => Some(format!("round {number}")),
            _ => None,
        }
    }
}

fn name_of(client: &Client<Arena>, player: PlayerId) -> &str {
    client.roster().iter().find(|entry| entry.player == player).map_or("?", |entry| &*entry.name)
}

fn draw_arena(canvas: &mut Context<'_>, map: &Map, entities: &[(EntityId, ArenaEntity)]) {
    // A tile is several pixels wide in a large terminal.
    let tiles = (0..map.size().y * 6).flat_map(|y| (0..map.size().x * 6).map(move |x| (x, y)));
    let walls = tiles.filter(|(x, y)| map.is_wall(x / 6, y / 6));
    let walls: Vec<_> = walls.map(|(x, y)| (f64::from(x) / 6.0, -f64::from(y) / 6.0)).collect();
    canvas.draw(&Points { coords: &walls, color: Color::Indexed(60) });
    for (_, entity) in entities {
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
