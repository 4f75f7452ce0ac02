//! Builds the cores of this repository into `pages/built`; `client-web/build` runs it.

use std::process::ExitCode;
use tickwire_client_web::build::{self, Core};

fn main() -> ExitCode {
    build::main(&[
        Core::new("tickwire", concat!(env!("CARGO_MANIFEST_DIR"), "/cores/any-game")),
        Core::new("arena", concat!(env!("CARGO_MANIFEST_DIR"), "/cores/arena")),
    ])
}
