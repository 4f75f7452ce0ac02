//! The messages of the protocol. It knows ticks, ids, limits and what is replicated, but no game and no
//! socket.
//!
//! Control messages ([`control`]) are enums in one limited codec. The messages of every tick, the client's
//! [`frame`] and the server's [`update`], are bit streams. The first byte of a message gives its type.

mod close;
pub mod control;
pub mod frame;
mod options;
mod own;
mod shown;
pub mod terms;
mod text;
pub mod update;
mod waiting;

pub use crate::coding::DecodeError;
pub use close::{Advice, Close, CloseCode, UnknownCloseCode};
pub use shown::shown;
pub use text::{Text, TextError};
