//! A game in a terminal: a whole native client in a few files, explained in `docs/writing-a-client.md`.
//!
//! A game implements [`TerminalGame`], which draws its entities and reads its keys; [`run`] is the program
//! around it, with all flags of `tickwire-client-terminal`:
//!
//! ```no_run
//! use tickwire_arena::Arena; // or your own game
//!
//! fn main() -> std::process::ExitCode {
//!     tickwire_client_terminal::run::<Arena>("arena-terminal", "arena")
//! }
//! ```

#[cfg(feature = "arena")]
mod arena;
mod args;
mod keys;
mod program;
mod screen;
#[cfg(all(test, feature = "arena"))]
mod tests;

pub use keys::Keys;
pub use program::run;
pub use ratatui;

use ratatui::Frame;
use ratatui::layout::Rect;
use tickwire_shared::client::Client;
use tickwire_shared::game::Game;
use tickwire_shared::id::EntityId;

/// A game that can be shown in a terminal.
pub trait TerminalGame: Game {
    /// Draws what is to be seen now into `area`, which may be of any size. `entities` are those of this
    /// rendered frame; the client knows the scene, the roster and the rest.
    fn draw(frame: &mut Frame<'_>, area: Rect, client: &Client<Self>, entities: &[(EntityId, Self::Entity)]);

    /// Changes the player's controls to what the keys say. By default keys do nothing.
    fn input(_input: &mut Self::Input, _keys: &Keys) {}

    /// A line for people about an event; by default there is none.
    fn news(_event: &Self::Event, _client: &Client<Self>) -> Option<String> {
        None
    }
}
