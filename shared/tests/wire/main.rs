//! What both ends must agree on: the bytes of the protocol, schemas, and what the derives make of a game's
//! types.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]

mod agreement;
mod derive_rows;
mod derived;
mod golden;
mod kinds;
