//! Values as bytes: bit streams, a range coder and the codec of rare values. It knows no message.

#[doc(hidden)] // For the tests and the benchmark of this crate.
pub mod bits;
pub mod codec;
mod error;
pub(crate) mod range;

pub use error::DecodeError;
