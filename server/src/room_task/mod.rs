//! A room at work: the only owner of its state. Owns the inbox, the schedule and the room's end.
//!
//! Sessions put decoded events into the room's [`inbox`] through a [`RoomPort`](crate::room_port::RoomPort).
//! Only the [`driver`] empties it, at the room's ticks, on whichever thread runs the room. Messages do not
//! wake it.

mod driver;
mod inbox;
mod received;
mod room_metrics;
mod schedule;
mod seat_count;
mod shown;
mod teller;
#[allow(clippy::unwrap_used)]
#[cfg(test)]
mod tests;

pub(crate) use driver::{NewRoom, RoomParts, RoomPermit};
pub(crate) use inbox::{Port, RoomFacts};
