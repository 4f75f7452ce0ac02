//! Rooms of the sample games (`shared/tests/games`) and their clients, in virtual time.

#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

#[path = "../fixtures/mod.rs"]
mod fixtures;
#[path = "../games/mod.rs"]
mod games;

mod budget;
mod check_prediction;
mod commands;
mod control;
mod crowded_views;
mod custom_step;
mod data;
mod events;
mod front_door;
mod game_decisions;
mod groups;
mod interest;
mod jumps;
mod keyframes;
mod lost_time;
mod numbers;
mod on_the_grid;
mod owner_only_fields;
mod platforms;
mod room_state;
mod seen;
mod smooth;
mod whole_views;
