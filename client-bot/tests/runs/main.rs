//! Runs of bots: as a library against a server in memory, and as a program against real sockets.

#![expect(clippy::expect_used, clippy::unwrap_used, reason = "tests")]

mod attack;
mod fleet;
#[cfg(unix)]
mod outage;
mod program;
mod refusals;
#[path = "../schema/mod.rs"]
mod schema;
mod support;
