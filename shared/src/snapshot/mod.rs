//! Snapshots: the canonical state of a stream at a tick, and the ways to send it.
//!
//! This module knows rows and schemas, but no game types, members or sockets. [`delta`] contains the packet's
//! layout; [`StreamEncoder`] encodes each packet once for all clients that need it.

mod canonical;
pub mod delta;
mod history;
pub(crate) mod interest;
mod own;
mod predicted;
mod stream;

pub use canonical::{Difference, RowRef, Snapshot};
pub(crate) use delta::decode_packet;
pub use delta::{
    Decoded, Keyframe, PacketPart, decode_delta, encode_delta, encode_keyframe, meter_delta, train,
};
pub use history::History;
pub use interest::{BadCells, CELLS_MAX, Cells, GROUPS_MAX, Group, Groups, Interest, Location, Reach, View};
pub use own::OwnTold;
pub use stream::{Packet, StreamEncoder};
