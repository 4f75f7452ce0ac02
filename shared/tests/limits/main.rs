//! Every bound of `shared/src/limits.rs`, each in a test of the same name: at the bound it works; one past it
//! is refused as its comment says. `rules/tests/code.rs` checks that none is missing.

#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

mod clocks;
mod entities;
mod events;
mod frames;
mod inputs;
mod liar;
mod members;
mod messages;
mod raw;
mod schemas;
mod texts;
mod views;
mod windows;
#[path = "../games/yard.rs"]
mod yard;

use tickwire_shared::harness::{Allowed, check_prediction_within};
use yard::{Plan, Yard};

#[test]
fn a_crate_is_predicted() {
    let allowed = Allowed { server_fields: &["age"], ..Allowed::default() };
    check_prediction_within::<Yard>(&Plan::busy(), 3, 300, 2, allowed).unwrap();
}
