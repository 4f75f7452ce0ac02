//! Joins [`tickwire_shared::client::Client`] with a socket: it connects, waits as the server advises, and
//! resumes after a cut. For native games, tools and tests.
//!
//! ```text
//!   game, 60 times a second                   thread or task
//!   Connection::update(input) -> entities     connect -> session -> cut -> wait -> connect -> ...
//!   Connection::poll_event()  -> events          |          |
//!              \___________ Client<G> _______________________/
//!                      (behind a short lock)
//! ```
//!
//! [`connect`] starts a thread of its own, so a program needs no runtime. A program with a runtime may run
//! the task itself: see [`connect_task`]. One [`Connection`] serves both a loop that draws and never waits
//! ([`Connection::update`], [`Connection::poll_event`]) and one that only waits for events
//! ([`Connection::next_event`], or [`Connection::wait_event`] without `async`).
//!
//! ```no_run
//! use tickwire_arena::{Arena, ArenaInput};
//! use tickwire_client_native::{Config, Event, connect};
//! use tickwire_shared::client::ClientEvent;
//!
//! let mut connection = connect::<Arena>("ws://127.0.0.1:8080", Config::player("arena", "Ada"))?;
//! loop {
//!     for (id, entity) in connection.update(ArenaInput { move_x: 127, ..ArenaInput::default() }) {
//!         let _ = (id, entity); // draw
//!     }
//!     while let Some(event) = connection.poll_event() {
//!         match event {
//!             Event::Client(ClientEvent::Game(news)) => println!("{news:?}"),
//!             Event::Retry { cause, wait } => println!("{cause}; again in {wait:?}"),
//!             Event::Ended(end) => return Ok(println!("{end}")),
//!             _ => {}
//!         }
//!     }
//!     std::thread::sleep(std::time::Duration::from_millis(16)); // or wait for the display
//! }
//! # #[allow(unreachable_code)]
//! # Ok::<(), tickwire_client_native::StartError>(())
//! ```
//!
//! Below that, [`transport`] is the layer without a client: URL, addresses, TLS, WebSocket.

mod attempts;
mod config;
mod connection;
mod end;
mod event;
mod limits;
mod session;
mod shared;
mod start;
pub mod transport;

pub use config::Config;
pub use connection::Connection;
pub use end::{Cause, End, StartError, retry_after};
pub use event::Event;
pub use limits::{EVENTS_MAX, JOIN_TIMEOUT, LEAVE_TIMEOUT, SILENCE_MAX};
pub use start::{connect, connect_task};
