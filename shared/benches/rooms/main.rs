//! Rooms of 2,000 things without a server around them: the cost of individual views, and of many members that
//! see the same.
//!
//! `cargo bench -p tickwire-shared --bench rooms`, or one part of it: `-- interest`, `-- once`. Some of the
//! members are whole clients; their complete state is compared with the room's in every tick.
//! `docs/benchmarks.md` describes the method.

#![allow(
    clippy::disallowed_macros,
    clippy::disallowed_methods,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a benchmark prints, reads a clock, and handles its own data"
)]

mod game;
mod interest;
mod once;
mod room_bench;
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
