//! How a page sees a game's values: its input as a row, its events, commands and settings as bytes.

use core::marker::PhantomData;
use tickwire_shared::client::generic::{AnyGame, Opaque};
use tickwire_shared::client::{Client, ClientGame};
use tickwire_shared::entity::Input;
use tickwire_shared::game::Game;

/// The input of the page's game.
pub type InputOf<P> = <<P as PageGame>::Game as ClientGame>::Input;
/// The events of the page's game.
pub type EventOf<P> = <<P as PageGame>::Game as ClientGame>::Event;
/// The settings of the page's game.
pub type SettingsOf<P> = <<P as PageGame>::Game as ClientGame>::Settings;
/// The commands of the page's game.
pub type CommandOf<P> = <<P as PageGame>::Game as ClientGame>::Command;

/// A game and the form in which its values reach a page. The default methods are for a game whose types are
/// compiled in: events, settings and commands are serde's JSON. [`Json`] is that form of each game; a page
/// that needs another form of some values implements this for a type of its own.
pub trait PageGame: Sized + 'static {
    /// The game.
    type Game: ClientGame;

    /// Whether events, commands and settings are JSON. Otherwise they are bytes, which `tickwire.js` passes
    /// on as they are.
    const JSON: bool = true;

    /// The input with these grid values; `None` if their number differs from the number of fields.
    fn read_input(_client: &Client<Self::Game>, row: &[i32]) -> Option<InputOf<Self>> {
        Input::read_row(row)
    }

    /// The neutral input, which does nothing.
    fn neutral_input(_client: &Client<Self::Game>) -> InputOf<Self> {
        InputOf::<Self>::default()
    }

    /// An event's bytes for the page.
    fn event_bytes(event: &EventOf<Self>) -> Vec<u8> {
        serde_json::to_vec(event).unwrap_or_default()
    }

    /// The settings' bytes for the page.
    fn settings_bytes(settings: &SettingsOf<Self>) -> Vec<u8> {
        serde_json::to_vec(settings).unwrap_or_default()
    }

    /// Reads a command that the page wrote.
    ///
    /// # Errors
    /// Why it is not a command of the game, for the page's author.
    fn read_command(bytes: &[u8]) -> Result<CommandOf<Self>, String> {
        serde_json::from_slice(bytes).map_err(|error| error.to_string())
    }
}

/// A game that is compiled in, with JSON for its events, settings and commands.
#[derive(Debug)]
pub struct Json<G>(PhantomData<G>);

impl<G: Game> PageGame for Json<G> {
    type Game = G;
}

impl PageGame for AnyGame {
    type Game = Self;

    const JSON: bool = false;

    fn read_input(client: &Client<Self>, row: &[i32]) -> Option<InputOf<Self>> {
        (row.len() == client.input_schema().fields.len()).then(|| client.neutral_input().with_values(row))
    }

    fn neutral_input(client: &Client<Self>) -> InputOf<Self> {
        client.neutral_input()
    }

    fn event_bytes(event: &Opaque) -> Vec<u8> {
        event.0.clone()
    }

    fn settings_bytes(settings: &Opaque) -> Vec<u8> {
        settings.0.clone()
    }

    fn read_command(bytes: &[u8]) -> Result<Opaque, String> {
        Ok(Opaque(bytes.to_vec()))
    }
}
