//! Where the numbers of a room begin.

/// Where the numbers of a room begin, so that a test of what happens at their end need not wait for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FirstNumbers {
    /// The number before each client's first reliable event. They go on with 0 after 2^32 - 1.
    pub event: u32,
    /// The number before each player's first command. They go on with 0 after 2^32 - 1.
    pub command: u32,
}

impl Default for FirstNumbers {
    fn default() -> Self {
        Self { event: 0, command: 0 }
    }
}
