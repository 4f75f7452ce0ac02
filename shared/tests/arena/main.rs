//! Whole matches of the built-in game in virtual time: its clients, its bytes and its numbers.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::disallowed_macros)]

#[path = "../fixtures/mod.rs"]
mod fixtures;
mod roam;

mod acknowledgements;
mod any_bytes;
mod byte_profile;
mod client_kit;
mod crowds;
mod generic_client;
mod networks;
mod prediction;
mod quiet_rooms;
mod spectators;
mod tick_rates;
