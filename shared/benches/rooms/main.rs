//! Rooms of 2,000 things without a server around them: what a view of one's own costs, and what many who see the same cost.
//!
//! `cargo bench -p tickwire-shared --bench rooms`, or one part of it: `-- interest`, `-- once`. Some of the members are whole
//! clients; all that they have is compared with the room's state in every tick. `docs/benchmarks.md` tells the method.

#![allow(
    clippy::disallowed_macros,
    clippy::disallowed_methods,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a benchmark prints, reads a clock, and handles data of its own making"
)]

mod game;
mod interest;
mod once;
mod stage;
#[allow(
    dead_code,
    clippy::needless_range_loop,
    reason = "the matches are those of the codec's benchmark, which needs more of them"
)]
#[path = "../codec/workload.rs"]
mod workload;

fn main() {
    let parts: Vec<String> = std::env::args().skip(1).filter(|part| !part.starts_with('-')).collect();
    let wants = |part: &str| parts.is_empty() || parts.iter().any(|wanted| wanted == part);
    if wants("interest") {
        interest::run();
    }
    if wants("once") {
        once::run();
    }
}
