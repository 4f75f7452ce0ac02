//! Bots play the steps of the ladder on a real server, and the rules of each are checked. Those of `02-tag`
//! and `05-accounts` are in `server/tests/bots`.

#![expect(clippy::expect_used, reason = "tests")]

mod cells;
mod embedded;
mod hands;
mod party;
mod party_door;
mod physics;
mod playing;
mod results;
mod room;
mod servers;
mod team_match;
mod thousand;
