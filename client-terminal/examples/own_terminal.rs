//! Tag in a terminal: what a host writes to watch and play its own game. All flags are those of
//! `tickwire-client-terminal`.
//!
//!     cargo run --release -p tickwire-examples --example 02-tag
//!     cargo run --release -p tickwire-client-terminal --example own_terminal -- --play --name Ada

#[path = "../../examples/02-tag.rs"]
#[allow(dead_code, reason = "its main is the server's")]
pub mod tag;

use std::process::ExitCode;
use tag::{News, Runner, Tag};
use tickwire_client_terminal::ratatui::style::Color;
use tickwire_client_terminal::ratatui::widgets::{Block, canvas::Canvas};
use tickwire_client_terminal::ratatui::{Frame, layout::Rect, text::Line};
use tickwire_client_terminal::{Keys, TerminalGame};
use tickwire_shared::client::Client;
use tickwire_shared::entity::Button;
use tickwire_shared::id::EntityId;

impl TerminalGame for Tag {
    fn draw(frame: &mut Frame<'_>, area: Rect, client: &Client<Self>, runners: &[(EntityId, Runner)]) {
        let side = client.settings().map_or(1.0, |settings| f64::from(settings.half_side));
        let field =
            Canvas::default().block(Block::bordered()).x_bounds([-side, side]).y_bounds([-side, side]);
        let field = field.paint(|canvas| {
            for (id, runner) in runners {
                let colour = if runner.it { Color::Red } else { Color::Green };
                let sign = if client.own_id() == Some(*id) { "◆" } else { "●" };
                let (x, y) = (f64::from(runner.pos.x), -f64::from(runner.pos.y));
                canvas.print(x, y, Line::styled(format!("{sign}{}", runner.score), colour));
            }
        });
        frame.render_widget(field, area);
    }

    fn input(pad: &mut tag::Pad, keys: &Keys) {
        (pad.x, pad.y) = keys.direction();
        pad.dash = Button::after(pad.dash, keys.has(' '));
    }

    fn news(News::Tagged { whom, .. }: &News, client: &Client<Self>) -> Option<String> {
        let name = client.roster().iter().find(|entry| entry.player == *whom)?.name.clone();
        Some(format!("{} is it", &*name))
    }
}

fn main() -> ExitCode {
    tickwire_client_terminal::run::<Tag>("tag-terminal", "tag")
}
