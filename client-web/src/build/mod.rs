//! Builds cores for web pages: the command of a game's own repository.
//!
//! The crate with [`export_client!`](crate::export_client) has a program of a few lines beside its library:
//!
//! ```no_run
//! use std::process::ExitCode;
//! use tickwire_client_web::build::{self, Core};
//!
//! fn main() -> ExitCode {
//!     build::main(&[Core::new("tag", env!("CARGO_MANIFEST_DIR"))])
//! }
//! ```
//!
//! `cargo run -p tag-web` then writes `assets/web/tag.wasm`, which a server with `--assets assets` serves as
//! `/tag.wasm`. [`USAGE`] lists the options.
//!
//! It builds with the installed compiler if that has the target `wasm32-unknown-unknown`. If it does not, and
//! the system is Debian or of its kind, it unpacks Debian's compiler into the target folder and installs
//! nothing. A core ends with a section that has a hash of its sources and names the tools: `--check`
//! compares.

mod arguments;
mod debian;
mod package;
mod section;
mod source;
mod toolchain;

use arguments::Arguments;
pub use arguments::USAGE;
use package::Package;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use toolchain::Toolchain;

/// The target for which cores are built.
const TARGET: &str = "wasm32-unknown-unknown";
/// How much memory a core may use, bytes.
const MEMORY_BYTES_MAX: u32 = 64 << 20;
/// What `wasm-opt` may use, and is asked for.
const OPTIMIZE: [&str; 9] = [
    "-O3",
    "--enable-bulk-memory",
    "--enable-nontrapping-float-to-int",
    "--enable-sign-ext",
    "--enable-mutable-globals",
    "--enable-reference-types",
    "--enable-multivalue",
    "--strip-debug",
    "--strip-producers",
];

/// A core that [`main`] builds.
#[derive(Clone, Debug)]
pub struct Core {
    name: String,
    folder: PathBuf,
}

impl Core {
    /// The core that is called `NAME.wasm`, of the crate in this folder: `env!("CARGO_MANIFEST_DIR")` for the
    /// crate of the program itself.
    #[must_use]
    pub fn new(name: impl Into<String>, folder: impl Into<PathBuf>) -> Self {
        Self { name: name.into(), folder: folder.into() }
    }
}

/// Why there is no core.
#[derive(Debug)]
enum Failure {
    /// No compiler for the target is there. The text names the remedy.
    NoToolchain(String),
    /// Anything else.
    Failed(String),
}

impl From<String> for Failure {
    fn from(text: String) -> Self {
        Self::Failed(text)
    }
}

/// Builds the cores as the arguments of the process say, or checks them; see [`USAGE`].
///
/// The exit status is 0 if all is well, 1 if it is not, 2 for wrong arguments, and 3 if there is no compiler
/// for WebAssembly.
#[must_use]
pub fn main(cores: &[Core]) -> ExitCode {
    let arguments = match Arguments::parse(std::env::args_os().skip(1)) {
        Ok(Some(arguments)) => arguments,
        Ok(None) => {
            println!("{USAGE}");
            return ExitCode::SUCCESS;
        }
        Err(text) => {
            eprintln!("{text}\n\n{USAGE}");
            return ExitCode::from(2);
        }
    };
    match run(cores, &arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(Failure::Failed(text)) => {
            say(&text);
            ExitCode::FAILURE
        }
        Err(Failure::NoToolchain(text)) => {
            say(&text);
            ExitCode::from(3)
        }
    }
}

fn say(text: &str) {
    eprintln!("core: {text}");
}

fn run(cores: &[Core], arguments: &Arguments) -> Result<(), Failure> {
    let mut sources = Vec::new();
    for core in cores {
        let package = Package::read(&core.folder)?;
        let parts = package.parts(TARGET)?;
        let out = arguments.out.clone().unwrap_or_else(|| package.workspace.join("assets/web"));
        let hash = source::hash(&parts, &out)?;
        let at = out.join(format!("{}.wasm", core.name));
        if arguments.check {
            check_source(&at, &hash)?;
        }
        sources.push((package, parts, hash, at));
    }
    let Some((first, ..)) = sources.first() else { return Ok(()) };
    let tools = std::env::var_os("TICKWIRE_WASM_TOOLCHAIN");
    let tools = tools.map_or_else(|| first.target_folder.join("wasm-toolchain"), PathBuf::from);
    let toolchain = Toolchain::find(&tools, arguments.small_std && !arguments.check)?;
    let optimizer = toolchain::optimizer(&tools);
    for (package, parts, hash, at) in &sources {
        let mut bytes = compile(package, parts, &toolchain, &at.with_extension(""), optimizer.as_deref())?;
        let tool = optimizer.as_deref().and_then(|program| output(program, &["--version"]).ok());
        let tool = tool.as_deref().and_then(|text| text.lines().next()).unwrap_or("none");
        let text = format!("|source {hash}|compiler {}|optimizer {tool}|", toolchain.compiler);
        section::append(&mut bytes, &text);
        if arguments.check { check_bytes(at, &bytes)? } else { write(at, &bytes)? }
    }
    Ok(())
}

/// Builds one core into a folder of its own and returns its bytes.
fn compile(
    package: &Package,
    parts: &[package::Part],
    toolchain: &Toolchain,
    name: &Path,
    optimizer: Option<&Path>,
) -> Result<Vec<u8>, Failure> {
    let out = package.target_folder.join("wasm");
    let mut cargo = package::cargo();
    cargo.args(["build", "--release", "--lib", "--locked", "--target", TARGET]);
    cargo.arg("--manifest-path").arg(&package.manifest).arg("--target-dir").arg(&out);
    // A panic ends only the page's client, not a process with other rooms.
    cargo.env("CARGO_PROFILE_RELEASE_PANIC", "abort").env("CARGO_PROFILE_RELEASE_LTO", "fat");
    cargo.env("CARGO_PROFILE_RELEASE_OPT_LEVEL", "s").env("CARGO_PROFILE_RELEASE_STRIP", "symbols");
    cargo.env("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "1").env("CARGO_PROFILE_RELEASE_DEBUG", "false");
    let mut flags = package.remapped(parts);
    flags.push(format!("-Clink-arg=--max-memory={MEMORY_BYTES_MAX}"));
    toolchain.apply(&mut cargo, &mut flags);
    cargo.env("CARGO_ENCODED_RUSTFLAGS", flags.join("\x1f")).env_remove("RUSTFLAGS");
    finish(&mut cargo)?;
    let built = out.join(TARGET).join("release").join(format!("{}.wasm", package.library));
    let named = out.join(name.file_name().unwrap_or(OsStr::new("core"))).with_extension("wasm");
    if let Some(optimizer) = optimizer {
        finish(Command::new(optimizer).args(OPTIMIZE).arg("-o").arg(&named).arg(&built))?;
        return read(&named);
    }
    read(&built)
}

fn check_source(at: &Path, hash: &str) -> Result<(), Failure> {
    let there = std::fs::read(at).unwrap_or_default();
    let text = section::read(&there).unwrap_or_default();
    if text.split('|').any(|part| part.strip_prefix("source ") == Some(hash)) {
        say(&format!("{} was built from these sources", at.display()));
        return Ok(());
    }
    let text = "was not built from these sources: run this without --check, and commit what it writes";
    Err(Failure::Failed(format!("{} {text}", at.display())))
}

fn check_bytes(at: &Path, built: &[u8]) -> Result<(), Failure> {
    let there = read(at)?;
    if section::read(&there) != section::read(built) {
        say(&format!("{} was built by other tools, so its bytes are not compared", at.display()));
    } else if there != built {
        return Err(Failure::Failed(format!("{} differs from a build of these sources", at.display())));
    }
    Ok(())
}

fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    Ok(std::fs::read(path).map_err(|error| format!("{}: {error}", path.display()))?)
}

fn write(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    let folder = path.parent().unwrap_or(Path::new("."));
    let written = std::fs::create_dir_all(folder).and_then(|()| std::fs::write(path, bytes));
    written.map_err(|error| format!("{}: {error}", path.display()))?;
    say(&format!("{}: {} bytes", path.display(), bytes.len()));
    Ok(())
}

/// Runs a program to its end.
fn finish(command: &mut Command) -> Result<(), String> {
    let program = command.get_program().to_string_lossy().into_owned();
    match command.status() {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(format!("{program} failed ({status})")),
        Err(error) => Err(format!("{program} does not start: {error}")),
    }
}

/// What a program prints.
fn output(program: impl AsRef<OsStr>, arguments: &[&str]) -> Result<String, String> {
    output_of(Command::new(program).args(arguments))
}

fn output_of(command: &mut Command) -> Result<String, String> {
    let program = command.get_program().to_string_lossy().into_owned();
    let output = command.output().map_err(|error| format!("{program} does not start: {error}"))?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    Err(format!("{program} failed ({}): {}", output.status, String::from_utf8_lossy(&output.stderr).trim()))
}
