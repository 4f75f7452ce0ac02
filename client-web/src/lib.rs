//! The browser's client: a [`session::Session`] around [`tickwire_shared::client::Client`], and its exports for
//! `assets/web/tickwire.js`.
//!
//! It is built in two forms with the same exports: one that reads any game by the schema that it is sent, and one that is
//! built with the arena (feature `arena`) and predicts. A game of one's own becomes a third form by an empty implementation
//! of [`page_game::PageGame`] and one line in `exports`. Knows no socket and no clock, as `shared`: JavaScript brings bytes and the time.
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
