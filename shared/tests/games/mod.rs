//! The sample games that `rooms` plays. Several tests may share one: each game costs the time to compile a
//! room, a client and a harness. `yard.rs`, the game of `limits`, is a module there.

pub(crate) mod balls;
pub(crate) mod bodies;
pub(crate) mod cards;
pub(crate) mod clicks;
pub(crate) mod club;
pub(crate) mod council;
pub(crate) mod depot;
pub(crate) mod drive;
pub(crate) mod forest;
pub(crate) mod hunt;
pub(crate) mod market;
pub(crate) mod mill;
pub(crate) mod moving;
pub(crate) mod plain;
pub(crate) mod rally;
pub(crate) mod secrets;
pub(crate) mod siege;
pub(crate) mod throwers;
pub(crate) mod walk;
pub(crate) mod war;
pub(crate) mod warehouse;
