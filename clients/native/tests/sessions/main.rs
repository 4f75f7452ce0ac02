//! Connections to a real server in the same process.

#![expect(clippy::expect_used, reason = "tests")]

mod ends;
#[path = "../../examples/headless.rs"]
#[allow(dead_code, unreachable_pub, reason = "it is a program of its own")]
mod headless;
mod outages;
mod plays;
mod support;
