//! Builds the page's core into `assets/web`.

use std::process::ExitCode;
use tickwire_client_web::build::{self, Core};

fn main() -> ExitCode {
    build::main(&[Core::new("@name@", env!("CARGO_MANIFEST_DIR"))])
}
