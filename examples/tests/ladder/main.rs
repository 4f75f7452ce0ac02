//! Every step of the ladder is played by bots on a real server, and checked for its rules.
//! `02-tag` and `05-accounts` have their tests in `server/tests/bots`.

#![expect(clippy::expect_used, reason = "tests")]

mod cells;
mod embedded;
mod hands;
mod physics;
mod playing;
mod room;
mod servers;
mod team_match;
mod thousand;
