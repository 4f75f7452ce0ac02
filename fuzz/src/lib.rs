//! The inputs that the fuzz targets make from arbitrary bytes.

mod conversation;
mod game;
mod packet;

pub use conversation::{Conversation, playing};
pub use packet::{Packet, is_sound};
