//! Debian's packages, unpacked into a folder: nothing is installed.

use super::{output, output_of};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// How long a download may take, s.
const DOWNLOAD_TIMEOUT_S: &str = "300";
/// The oldest compiler that builds the client.
const RUST_VERSION_MIN: &str = env!("CARGO_PKG_RUST_VERSION");

/// Debian's compiler with the target and the source of the standard library. An empty text: this is not
/// Debian; otherwise it says what is wrong.
pub(super) fn compiler(tools: &Path) -> Result<PathBuf, String> {
    let rustc = tools.join("rustc");
    if !rustc.exists() {
        unpack_compiler(tools)?;
        let lines = format!(
            "#!/bin/sh\nLD_LIBRARY_PATH=\"{0}/usr/lib/{1}-linux-gnu\" exec \"{0}/usr/bin/rustc\" \"$@\"\n",
            tools.display(),
            std::env::consts::ARCH,
        );
        fs::write(&rustc, lines).map_err(|error| error.to_string())?;
        output_of(Command::new("chmod").arg("+x").arg(&rustc))?;
    }
    let found = output(&rustc, &["--version"])?;
    let found = found.split(' ').nth(1).unwrap_or_default();
    if numbers(found) < numbers(RUST_VERSION_MIN) {
        return Err(format!(
            "the package rustc-web has Rust {found}, but {RUST_VERSION_MIN} is needed: try apt-get update, \
             then remove {}",
            tools.display()
        ));
    }
    Ok(rustc)
}

/// Debian's `wasm-opt`.
pub(super) fn optimizer(tools: &Path) -> Option<PathBuf> {
    let program = tools.join("usr/bin/wasm-opt");
    if !program.exists() {
        unpack(tools, &["binaryen".to_owned()]).ok()?;
    }
    program.exists().then_some(program)
}

fn unpack_compiler(tools: &Path) -> Result<(), String> {
    if output("apt-get", &["--version"]).is_err() {
        return Err(String::new());
    }
    // An old package list names an old compiler, or one that no longer exists. Only root may update it.
    let _ = output("timeout", &["120", "apt-get", "update", "-q"]);
    let library = dependency("libstd-rust-web-dev", "libstd-rust-web-").ok_or("no package rustc-web")?;
    let llvm = dependency(&library, "libllvm");
    let names = ["rustc-web", "rust-web-src", "libstd-rust-web-dev"].map(str::to_owned);
    let names: Vec<String> = names.into_iter().chain([library]).chain(llvm).collect();
    unpack(tools, &names)
}

/// A package that `package` depends on and whose name begins with `start`.
fn dependency(package: &str, start: &str) -> Option<String> {
    let told = output("apt-cache", &["depends", package]).ok()?;
    let names = told.lines().filter_map(|line| line.trim().strip_prefix("Depends: "));
    names.map(str::trim).find(|name| name.starts_with(start)).map(str::to_owned)
}

fn unpack(tools: &Path, packages: &[String]) -> Result<(), String> {
    let failed = |error: std::io::Error| error.to_string();
    let work = tools.join("download");
    fs::create_dir_all(&work).map_err(failed)?;
    let mut download = Command::new("timeout");
    download.args([DOWNLOAD_TIMEOUT_S, "apt-get", "download", "-q"]).args(packages).current_dir(&work);
    let done = output_of(&mut download).and_then(|_| {
        for entry in fs::read_dir(&work).map_err(failed)? {
            let package = entry.map_err(failed)?.path();
            output_of(Command::new("dpkg").arg("-x").arg(&package).arg(tools))?;
        }
        Ok(())
    });
    let _ = fs::remove_dir_all(&work);
    done
}

/// The numbers of a version.
fn numbers(version: &str) -> Vec<u32> {
    version.split(['.', '-', '+']).map_while(|part| part.parse().ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_compared_by_number() {
        assert!(numbers("1.96.0") > numbers(RUST_VERSION_MIN));
        assert!(numbers("1.9.1") < numbers("1.90") && numbers("1.90.0-nightly") >= numbers("1.90"));
    }
}
