//! Headless players that put load on a Tickwire server and measure what they see.
//!
//! A [`fleet`] runs any number of bots according to a [`plan`] and makes a [`report`]. Each bot is a
//! [`tickwire_shared::client::Client`] with a [`Behaviour`] over a [`connect::Link`]. It runs bots of any
//! game, given a behaviour for the game and a connector.
//!
//! ```text
//!   plan -> fleet -> bot (joins, resumes, leaves) -> session -> Client<G> <- Behaviour<G>
//!                      |                               |
//!                    rooms                  network <- link -> tally -> report -> assertions
//! ```

mod arg_values;
mod args;
mod assertion;
mod attack;
mod bot;
pub mod cli;
mod clock;
pub mod connect;
mod context;
pub mod fleet;
pub mod histogram;
mod join_args;
pub mod network;
mod open_files;
mod outage;
pub mod plan;
mod profile_table;
mod progress;
pub mod recording;
pub mod report;
mod rooms;
mod second;
mod session;
mod silence;
mod table;
mod tally;
mod tickets;
pub mod training;

pub use context::FleetConfig;
pub use fleet::run;
pub use tickets::TicketSource;
pub use tickwire_shared::bot::{Behaviour, Behaviours, Idle};
