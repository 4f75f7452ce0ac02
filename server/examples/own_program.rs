//! A server program of the host's own: its name and version, a flag, and a section of the configuration file.
//! It hosts the tag of `examples/02-tag.rs` on two fields.
//!
//!     cargo run --release -p tickwire-server --example own_program -- --help
#![allow(missing_docs)]

#[path = "../../examples/02-tag.rs"]
#[allow(dead_code, unreachable_pub)]
mod tag;

use serde::{Deserialize, Serialize};
use std::process::ExitCode;
use tag::{Settings, Tag};
use tickwire_server::cli::{self, Program, clap};
use tickwire_server::{ConfigError, GameOptions, ServerBuilder};

fn main() -> ExitCode {
    program().run(host)
}

/// The program before it is run: tests give it a command line.
pub fn program() -> Program<cli::Flags<Flags>, cli::Section<Fields>> {
    Program::new("tag-server", "1.2.0")
        .about("Hosts games of tag")
        .flags::<Flags>()
        .section::<Fields>("fields")
}

/// What this program adds to the command line.
#[derive(Debug, clap::Args)]
pub struct Flags {
    /// Hosts one field only
    #[arg(long, env = "TAG_ONLY", value_name = "FIELD")]
    only: Option<String>,
}

/// The section `[fields]`: half the side of each field, units.
#[derive(Debug, Serialize, Deserialize)]
pub struct Fields {
    small: f32,
    large: f32,
}

impl Default for Fields {
    fn default() -> Self {
        Self { small: 8.0, large: 32.0 }
    }
}

/// What this program hosts.
///
/// # Errors
/// There is no field of the name that the flag gives.
pub fn host(server: ServerBuilder, flags: Flags, fields: Fields) -> Result<ServerBuilder, ConfigError> {
    let mut fields = vec![("small", fields.small), ("large", fields.large)];
    if let Some(only) = flags.only {
        fields.retain(|(name, _)| *name == only);
        if fields.is_empty() {
            return Err(ConfigError::new(format!("--only: no field `{only}`; there are small and large")));
        }
    }
    let add = |server: ServerBuilder, (name, half_side)| {
        server.game::<Tag>(name, GameOptions::new(Settings { half_side }))
    };
    Ok(fields.into_iter().fold(server, add))
}
