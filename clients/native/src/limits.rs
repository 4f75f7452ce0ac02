//! What may wait, and for how long.

use core::time::Duration;

/// Events that may wait for the program. At this limit the connection ends: an event is never dropped
/// silently.
pub const EVENTS_MAX: usize = 1024;
/// The longest time from the connection until the client is in a room.
pub const JOIN_TIMEOUT: Duration = Duration::from_secs(10);
/// A server that sends nothing for this long counts as dead.
pub const SILENCE_MAX: Duration = Duration::from_secs(30);
/// How long a program that leaves waits for the server's answer.
pub const LEAVE_TIMEOUT: Duration = Duration::from_secs(2);
