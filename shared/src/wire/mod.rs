//! Bytes to messages and back. Knows ticks, ids and bounds; knows no game and no socket.
//!
//! Control messages ([`control`]) are enums in one limited codec; what is sent every tick, the client's
//! [`frame`] and the server's [`update`], is a bit stream. The first byte of a message tells which it is.

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
