//! The compiler and the optimizer that build a core.

use super::{Failure, TARGET, debian, output};
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A compiler that has the target.
#[derive(Debug)]
pub(super) struct Toolchain {
    /// Its name and version.
    pub(super) compiler: String,
    unpacked: Option<Unpacked>,
}

/// Debian's compiler, which comes with the source of the standard library.
#[derive(Debug)]
struct Unpacked {
    tools: PathBuf,
    rustc: PathBuf,
    linker: PathBuf,
}

impl Toolchain {
    /// The installed compiler if it has the target, else Debian's, unpacked into `tools`; the other way round
    /// if the standard library is to be built for size too.
    pub(super) fn find(tools: &Path, small_std: bool) -> Result<Self, Failure> {
        let found = if small_std {
            Self::unpacked(tools).or_else(|_| Self::installed())
        } else {
            Self::installed().or_else(|_| Self::unpacked(tools))
        };
        found.map_err(|text| {
            let remedy = format!("no compiler for {TARGET}: rustup target add {TARGET}");
            Failure::NoToolchain(if text.is_empty() { remedy } else { format!("{remedy} ({text})") })
        })
    }

    fn installed() -> Result<Self, String> {
        let library = sysroot()?.join("lib/rustlib").join(TARGET).join("lib");
        if !library.is_dir() {
            return Err(String::new());
        }
        Ok(Self { compiler: version(&rustc())?, unpacked: None })
    }

    fn unpacked(tools: &Path) -> Result<Self, String> {
        // The linker comes with the installed compiler, for the host.
        let about = output(rustc(), &["-vV"])?;
        let host = about.lines().find_map(|line| line.strip_prefix("host: ")).unwrap_or_default();
        let linker = sysroot()?.join("lib/rustlib").join(host).join("bin/rust-lld");
        if !linker.is_file() {
            return Err(String::new());
        }
        let rustc = debian::compiler(tools)?;
        let compiler = version(rustc.as_os_str())?;
        Ok(Self { compiler, unpacked: Some(Unpacked { tools: tools.to_path_buf(), rustc, linker }) })
    }

    /// Makes cargo build with this compiler.
    pub(super) fn apply(&self, cargo: &mut Command, flags: &mut Vec<String>) {
        let Some(Unpacked { tools, rustc, linker }) = &self.unpacked else { return };
        flags.push(format!("--remap-path-prefix={}=", tools.display()));
        cargo.env("RUSTC", rustc).env("RUSTC_BOOTSTRAP", "1");
        cargo.env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER", linker);
        cargo.arg("-Zbuild-std=std,panic_abort");
    }
}

/// The installed `wasm-opt`, or Debian's, unpacked into `tools`.
pub(super) fn optimizer(tools: &Path) -> Option<PathBuf> {
    if output("wasm-opt", &["--version"]).is_ok() {
        return Some("wasm-opt".into());
    }
    debian::optimizer(tools)
}

fn rustc() -> OsString {
    std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into())
}

fn sysroot() -> Result<PathBuf, String> {
    Ok(output(rustc(), &["--print", "sysroot"])?.trim().into())
}

fn version(rustc: &std::ffi::OsStr) -> Result<String, String> {
    Ok(output(rustc, &["--version"])?.trim().to_owned())
}
