//! Encoding and decoding of messages. It knows ticks, ids and limits, but no game and no socket.
//!
//! Control messages ([`control`]) are enums in one limited codec. The messages of every tick, the client's
//! [`frame`] and the server's [`update`], are bit streams. The first byte of a message gives its type.

pub mod bits;
mod close;
pub mod codec;
pub mod control;
mod error;
pub mod frame;
mod own;
pub mod range;
mod shown;
mod text;
pub mod update;
mod waiting;

pub use close::{Advice, Close, CloseCode, UnknownCloseCode};
pub use error::DecodeError;
pub use shown::shown;
pub use text::{Text, TextError};
