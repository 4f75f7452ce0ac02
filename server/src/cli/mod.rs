//! The program around a server: arguments, listeners, signals, exit status. For this binary and for hosts'
//! own.
//!
//! [`run`] is the whole of it. A [`Program`] has a name and a version of its own and, if the host wants them,
//! flags and a section of the configuration file.

mod command_line;
#[cfg(feature = "tls")]
mod dev_tls;
mod identity;
mod launch;
mod program;
mod ready;
mod reload;
mod service;
mod ticket;

/// The version of clap with which a host derives the type for [`Program::flags`].
pub use clap;
pub use launch::IntoBuilder;
pub use program::{Flags, Program, Section};

use crate::server::ServerBuilder;
use std::ffi::OsString;
use std::process::ExitCode;

/// Reads the command line and the environment, adds the games that `add_games` names, and serves until
/// SIGTERM or Ctrl-C. The status is 0 after an orderly stop, 2 for a wrong configuration, 1 for any other
/// failure. The program has the name and the version of this library.
pub fn run<R: IntoBuilder>(add_games: impl FnOnce(ServerBuilder) -> R) -> ExitCode {
    <Program>::default().run(add_games)
}

/// The same with a command line that does not come from the system. Its first item is the program's name.
pub fn run_from<T: Into<OsString>, R: IntoBuilder>(
    args: impl IntoIterator<Item = T>,
    add_games: impl FnOnce(ServerBuilder) -> R,
) -> ExitCode {
    <Program>::default().args(args).run(add_games)
}
