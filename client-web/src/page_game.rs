//! How a page sees a game's values: its input as a row, its events, commands and settings as bytes.
#![forbid(unsafe_code)]

use tickwire_arena::Arena;
use tickwire_shared::client::generic::{AnyGame, Opaque};
use tickwire_shared::client::{Client, ClientGame};
use tickwire_shared::entity::Input;

/// A game that a page can play. The default methods are for a game whose types are compiled in: events,
/// settings and commands are serde's JSON.
pub trait PageGame: ClientGame {
    /// Whether events, commands and settings are JSON. Otherwise they are the codec's bytes.
    const JSON: bool = true;

    /// The input with these grid values; `None` if their number differs from the number of fields.
    fn read_input(_client: &Client<Self>, row: &[i32]) -> Option<Self::Input> {
        Input::read_row(row)
    }

    /// The neutral input, which does nothing.
    fn neutral_input(_client: &Client<Self>) -> Self::Input {
        Self::Input::default()
    }

    /// An event's bytes for the page.
    fn event_bytes(event: &Self::Event) -> Vec<u8> {
        serde_json::to_vec(event).unwrap_or_default()
    }

    /// The settings' bytes for the page.
    fn settings_bytes(settings: &Self::Settings) -> Vec<u8> {
        serde_json::to_vec(settings).unwrap_or_default()
    }

    /// Reads a command that the page wrote.
    fn read_command(bytes: &[u8]) -> Option<Self::Command> {
        serde_json::from_slice(bytes).ok()
    }
}

impl PageGame for Arena {}

impl PageGame for AnyGame {
    const JSON: bool = false;

    fn read_input(client: &Client<Self>, row: &[i32]) -> Option<Self::Input> {
        (row.len() == client.input_schema().fields.len()).then(|| client.neutral_input().with_values(row))
    }

    fn neutral_input(client: &Client<Self>) -> Self::Input {
        client.neutral_input()
    }

    fn event_bytes(event: &Opaque) -> Vec<u8> {
        event.0.clone()
    }

    fn settings_bytes(settings: &Opaque) -> Vec<u8> {
        settings.0.clone()
    }

    fn read_command(bytes: &[u8]) -> Option<Opaque> {
        Some(Opaque(bytes.to_vec()))
    }
}
