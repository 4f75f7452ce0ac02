//! A host's program: its name, its flags and its section, and what it hosts.

use super::identity::Identity;
use super::launch::{IntoBuilder, launch};
use crate::server::ServerBuilder;
use clap::Args;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::ffi::OsString;
use std::marker::PhantomData;
use std::process::ExitCode;

/// What the program says that it does, unless the host says otherwise.
const ABOUT: &str = "Hosts multiplayer rooms over WebSockets";

/// A program that hosts games, with all flags and settings of `tickwire-server`.
///
/// The function for [`Program::run`] gets the server and whatever was asked for, in this order: the flags,
/// the section.
///
/// ```no_run
/// use tickwire_server::{GameOptions, cli::{Program, clap}};
/// # use tickwire_arena::Arena as Tag;
///
/// #[derive(clap::Args)]
/// struct Flags {
///     /// How many rounds a match has
///     #[arg(long, env = "TAG_ROUNDS", default_value_t = 3)]
///     rounds: u8,
/// }
///
/// fn main() -> std::process::ExitCode {
///     Program::new(env!("CARGO_PKG_NAME"), env!("CARGO_PKG_VERSION"))
///         .about("Hosts games of tag")
///         .flags::<Flags>()
///         .run(|server, flags| {
///             println!("{} rounds", flags.rounds);
///             server.game::<Tag>("tag", GameOptions::default())
///         })
/// }
/// ```
#[derive(Debug)]
#[must_use]
pub struct Program<F = (), S = ()> {
    pub(super) identity: Identity,
    args: Option<Vec<OsString>>,
    flags: PhantomData<F>,
    section: S,
}

/// Marks a program with flags of its own.
#[derive(Debug)]
pub struct Flags<T>(PhantomData<T>);

/// A program's section of the configuration file.
#[derive(Debug)]
pub struct Section<T> {
    name: &'static str,
    kind: PhantomData<T>,
}

impl Default for Program {
    /// With the name and the version of this library.
    fn default() -> Self {
        Self::new(env!("CARGO_PKG_NAME"), env!("CARGO_PKG_VERSION"))
    }
}

impl Program {
    /// A program with this name and version: `env!("CARGO_PKG_NAME")` and `env!("CARGO_PKG_VERSION")`.
    pub fn new(name: &'static str, version: &'static str) -> Self {
        let identity = Identity { name, version, about: ABOUT };
        Self { identity, args: None, flags: PhantomData, section: () }
    }

    /// Serves what `add_games` adds, until SIGTERM or Ctrl-C. The status is 0 after an orderly stop, 2 for a
    /// wrong configuration, 1 for any other failure.
    ///
    /// It starts a tokio runtime, so `main` must not be async. `add_games` is called within that runtime: it
    /// may spawn tasks, and wait with `tokio::runtime::Handle::current().block_on(..)`.
    pub fn run<R: IntoBuilder>(self, add_games: impl FnOnce(ServerBuilder) -> R) -> ExitCode {
        launch(self.identity, self.args, None, |server, (), ()| add_games(server))
    }
}

impl<F, S> Program<F, S> {
    /// What the program does, in one sentence: the first line of `--help`.
    pub fn about(mut self, text: &'static str) -> Self {
        self.identity.about = text;
        self
    }

    /// Takes the command line from here instead of from the system. Its first item is the program's name.
    pub fn args<T: Into<OsString>>(mut self, args: impl IntoIterator<Item = T>) -> Self {
        self.args = Some(args.into_iter().map(Into::into).collect());
        self
    }
}

impl<S> Program<(), S> {
    /// Adds flags, and arguments without a name, to the server's own: a struct with
    /// `#[derive(clap::Args)]`, by [the clap of this library](super::clap). A flag or variable that the
    /// server has too is refused when the program starts.
    pub fn flags<T: Args>(self) -> Program<Flags<T>, S> {
        let Self { identity, args, section, .. } = self;
        Program { identity, args, flags: PhantomData, section }
    }
}

impl<F> Program<F, ()> {
    /// Adds the section `[name]` to the configuration file. What the file leaves out of it has the value of
    /// `T::default()`; a key that `T` does not write and a value that it cannot read are refused, with file
    /// and line. `--print-config` shows it too.
    pub fn section<T>(self, name: &'static str) -> Program<F, Section<T>>
    where
        T: Serialize + DeserializeOwned + Default,
    {
        let Self { identity, args, flags, .. } = self;
        Program { identity, args, flags, section: Section { name, kind: PhantomData } }
    }
}

impl<F: Args> Program<Flags<F>> {
    /// As [`Program::run`]; `add_games` gets the flags.
    pub fn run<R: IntoBuilder>(self, add_games: impl FnOnce(ServerBuilder, F) -> R) -> ExitCode {
        launch(self.identity, self.args, None, |server, flags, ()| add_games(server, flags))
    }
}

impl<T: Serialize + DeserializeOwned + Default> Program<(), Section<T>> {
    /// As [`Program::run`]; `add_games` gets the section.
    pub fn run<R: IntoBuilder>(self, add_games: impl FnOnce(ServerBuilder, T) -> R) -> ExitCode {
        let name = Some(self.section.name);
        launch(self.identity, self.args, name, |server, (), section| add_games(server, section))
    }
}

impl<F: Args, T: Serialize + DeserializeOwned + Default> Program<Flags<F>, Section<T>> {
    /// As [`Program::run`]; `add_games` gets the flags and the section.
    pub fn run<R: IntoBuilder>(self, add_games: impl FnOnce(ServerBuilder, F, T) -> R) -> ExitCode {
        launch(self.identity, self.args, Some(self.section.name), add_games)
    }
}
