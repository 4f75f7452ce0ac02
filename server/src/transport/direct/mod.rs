//! The direct path: a room writes to a session's TCP socket and reads from it without waking the session's
//! task.
//!
//! - At the end of its tick a room writes the updates for those sessions that write nothing themselves
//!   ([`Handle::try_send`]).
//! - At the start of its tick a room reads what arrived ([`Receiver::receive_ready`]): short whole messages
//!   within the client's rates. Anything else (a ping, a long message, a used-up rate, the end) it leaves to
//!   the session, which judges it.
//!
//! The session's half is a [`Reader`]. While its socket is polled on ticks, arriving bytes wake no task. The
//! session lends the room the reading (`lease`), takes it back for what the room may not judge, and reads
//! only when the room asks it to, so that a client's messages stay in order:
//!
//! 1. What a session has delivered arrived before the session lent the reading.
//! 2. At a tick the room reads first and then takes what sessions delivered, so it has all of that, too.
//! 3. Only then does it ask sessions to read ([`Receiver::let_sessions_read`]): what they deliver from now on
//!    arrived after what the room has read.
//!
//! All of this is left out of a build without the feature `direct-io`; then `direct_off.rs` is in its place.

mod lease;
mod reader;
mod reading;
mod receiver;
mod shared_socket;
mod socket;
#[cfg(test)]
mod tests;

pub(crate) use reader::{Parts, Reader};
pub(crate) use receiver::Receiver;
pub(crate) use shared_socket::{Handle, Sent, Stream, stream};
