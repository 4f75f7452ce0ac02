//! Where the numbers of a room begin.

use crate::tick::Tick;

/// Where the numbers of a room begin, so that a test of what happens at their end need not wait for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FirstNumbers {
    /// The tick of the state before the first step. At [`Tick::LAST`] a room is over.
    pub tick: Tick,
    /// The first player. Ids come again when everybody knows that their last player left.
    pub player: u16,
    /// The first entity that is spawned from now on. They begin anew with 1 after
    /// [`EntityId::LAST`](crate::id::EntityId::LAST) and pass over those that are there.
    pub entity: u32,
    /// The number before each client's first reliable event. They go on with 0 after 2^32 - 1.
    pub event: u32,
    /// The number before each player's first command. They go on with 0 after 2^32 - 1.
    pub command: u32,
}

impl Default for FirstNumbers {
    fn default() -> Self {
        Self { tick: Tick(0), player: 1, entity: 1, event: 0, command: 0 }
    }
}
