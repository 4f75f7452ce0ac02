//! Snapshots: the canonical state of a stream at a tick, and the ways to send it.
//!
//! Knows rows and schemas; knows no type of any game, no member and no socket. [`delta`] holds the packet's layout,
//! [`StreamEncoder`] encodes each packet once for all who need it.

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
