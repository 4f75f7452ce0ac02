//! The browser's client: a [`session::Session`] around [`tickwire_shared::client::Client`], its exports for
//! `pages/web/tickwire.js`, and the command that builds them.
//!
//! [`export_client!`] makes a crate the **core** of a page: one that is built with a game predicts, one for
//! [`AnyGame`](tickwire_shared::client::generic::AnyGame) reads any game by the schema that the server sends.
//! `cores/` has both of this repository; a game's own core is such a crate in the game's repository.
//! [`build`] builds it there. Like `shared`, a core has no socket and no clock: JavaScript passes in bytes
//! and the time.
//!
//! ```text
//!   tickwire.js                                  the core
//!   WebSocket message -> buffer in -> tw_receive  Session::receive
//!   timer, frame      ------------> tw_advance    Session::advance
//!   WebSocket.send    <- buffer out <- tw_transmit
//!   listeners         <- buffer out <- tw_event
//!   canvas            <- view       <- tw_view    rows in steps of the schema's grids, with fractions
//! ```

#[cfg(not(target_family = "wasm"))]
pub mod build;
pub mod exports;
pub mod page_game;
pub mod session;
