//! Values as bytes: bit streams, a range coder and the codec of rare values. It knows no message.

pub mod bits;
pub mod codec;
mod error;
pub mod range;

pub use error::DecodeError;
