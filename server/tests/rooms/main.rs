//! Rooms from outside: joining, matching, ending, and what hostile clients cannot do.
//!
//! One test binary for all of it, because linking takes the time.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]

mod accounts;
mod bans;
mod directories;
mod game;
mod game_decisions;
mod hostile;
mod idle;
mod leak_audit;
mod lifecycle;
mod matches;
mod names;
mod player;
mod private_rooms;
mod raw;
mod reports;
mod same_account;
mod seats;
mod services;
mod shared_directory;
mod slow;
mod websocket;
