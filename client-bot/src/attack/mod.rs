//! `attack`: hostile clients against one's own server, beside honest ones that must not notice them.
//!
//! Every case runs alone. Two [`witness`]es play in a room, a [`probe`] makes and joins rooms all the while,
//! and the attackers of the case come from one address, into the witnesses' room where they can. The
//! [`verdict`] compares what the honest saw with what they saw in calm, before the first case, and looks
//! whether the server has given back what the attack took.
//!
//! ```text
//!   args -> target (one address, with consent) -> run: calm, then case by case
//!     cases <- context <- socket, wire            witness, probe, server_watch -> report -> verdict, table
//! ```
//!
//! The attackers have a thread of their own, so that the honest measure the server and not the attackers.

pub(crate) mod args;
pub(crate) mod case;
mod cases;
mod context;
mod error;
mod http;
mod probe;
mod report;
mod run;
mod server_watch;
mod socket;
mod table;
mod target;
mod verdict;
mod wire;
mod witness;

pub(crate) use error::AttackError;
pub(crate) use report::AttackReport;
pub(crate) use run::run;
pub(crate) use table::AttackTable;
