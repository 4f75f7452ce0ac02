//! The viewer as a program, and a host's own game in it.

#![expect(clippy::expect_used, reason = "tests")]

mod own;
mod watch;
