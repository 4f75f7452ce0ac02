//! The browser's client: a [`session::Session`] around [`tickwire_shared::client::Client`], and its exports
//! for `assets/web/tickwire.js`.
//!
//! It is built in two forms with the same exports: one reads any game by the schema that the server sends,
//! the other is built with the arena (feature `arena`) and predicts. To build it with your own game, add an
//! empty implementation of [`page_game::PageGame`] and one line in `exports`. Like `shared`, it has no socket
//! and no clock: JavaScript passes in bytes and the time.
//!
//! ```text
//!   tickwire.js                                  this module
//!   WebSocket message -> buffer in -> tw_receive  Session::receive
//!   timer, frame      ------------> tw_advance    Session::advance
//!   WebSocket.send    <- buffer out <- tw_transmit
//!   listeners         <- buffer out <- tw_event
//!   canvas            <- view       <- tw_view    rows in steps of the schema's grids, with fractions
//! ```

mod exports;
pub mod page_game;
pub mod session;
