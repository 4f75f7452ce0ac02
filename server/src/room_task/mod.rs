//! One task per room: the only owner of its state. Owns the inbox, the schedule and the room's end.
//!
//! Sessions put decoded events into the room's [`inbox`] through a [`RoomPort`](crate::room_port::RoomPort); the task alone empties it, at its
//! ticks. No message wakes it.

mod driver;
mod inbox;
mod schedule;
mod shown;
mod tally;

pub(crate) use driver::{NewRoom, RoomParts};
pub(crate) use inbox::{Port, RoomFacts};
