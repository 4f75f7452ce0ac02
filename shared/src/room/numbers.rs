//! The first numbers of a room.

use crate::tick::Tick;

/// The first numbers of a room, so that a test of what happens when they run out need not wait for that.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FirstNumbers {
    /// The tick of the state before the first step. At [`Tick::LAST`] a room is over.
    pub tick: Tick,
    /// The first player. Ids are reused when every client knows that their last player left.
    pub player: u16,
    /// The first entity that is spawned from now on. Ids start over at 1 after
    /// [`EntityId::LAST`](crate::id::EntityId::LAST) and skip existing ones.
    pub entity: u32,
    /// The number before each client's first reliable event. After 2^32 - 1, numbers continue with 0.
    pub event: u32,
    /// The number before each player's first command. After 2^32 - 1, numbers continue with 0.
    pub command: u32,
}

impl Default for FirstNumbers {
    fn default() -> Self {
        Self { tick: Tick(0), player: 1, entity: 1, event: 0, command: 0 }
    }
}
