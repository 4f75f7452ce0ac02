//! What the fuzz targets make of arbitrary bytes.

mod conversation;
mod game;
mod packet;

pub use conversation::{Conversation, playing};
pub use packet::{Packet, is_sound};
