//! The crate of a core, as cargo describes it.

use super::output_of;
use serde_json::Value;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The crate of a core, and where it is built.
#[derive(Debug)]
pub(super) struct Package {
    name: String,
    pub(super) manifest: PathBuf,
    /// The name of the library's file, without its ending.
    pub(super) library: String,
    pub(super) workspace: PathBuf,
    pub(super) target_folder: PathBuf,
}

/// A crate that a core is built from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Part {
    /// Its name, version and features, without the path.
    pub(super) line: String,
    /// Its folder if it is linked by path.
    pub(super) folder: Option<PathBuf>,
}

/// The cargo that runs this program, or the installed one.
pub(super) fn cargo() -> Command {
    Command::new(std::env::var_os("CARGO").unwrap_or_else(|| OsString::from("cargo")))
}

impl Package {
    /// The crate in a folder.
    pub(super) fn read(folder: &Path) -> Result<Self, String> {
        let manifest = folder.join("Cargo.toml");
        let mut ask = cargo();
        ask.args(["metadata", "--no-deps", "--format-version", "1", "--manifest-path"]).arg(&manifest);
        let told = output_of(&mut ask)?;
        let told: Value = serde_json::from_str(&told).map_err(|error| format!("cargo metadata: {error}"))?;
        Self::find(&told, &manifest)
    }

    fn find(told: &Value, manifest: &Path) -> Result<Self, String> {
        let text = |value: &Value, key: &str| value.get(key).and_then(Value::as_str).map(str::to_owned);
        let real = |path: &Path| path.canonicalize().unwrap_or_else(|_| path.to_path_buf());
        let packages = told.get("packages").and_then(Value::as_array).into_iter().flatten();
        let is_it = |package: &&Value| {
            text(package, "manifest_path").is_some_and(|at| real(at.as_ref()) == real(manifest))
        };
        let package = packages.into_iter().find(is_it);
        let package = package.ok_or_else(|| format!("{} has no package", manifest.display()))?;
        let targets = package.get("targets").and_then(Value::as_array).into_iter().flatten();
        let is_cdylib = |target: &&Value| {
            let types = target.get("crate_types").and_then(Value::as_array).into_iter().flatten();
            let is_lib = |kinds: &Value| !kinds.to_string().contains("\"example\"");
            types.into_iter().any(|kind| kind == "cdylib") && target.get("kind").is_some_and(is_lib)
        };
        let library = targets.into_iter().find(is_cdylib).and_then(|target| text(target, "name"));
        let library = library.ok_or_else(|| {
            format!("{}: a core needs `[lib]` with `crate-type = [\"cdylib\"]`", manifest.display())
        })?;
        let missing = || "cargo metadata has another form than expected".to_owned();
        Ok(Self {
            name: text(package, "name").ok_or_else(missing)?,
            manifest: manifest.to_path_buf(),
            library: library.replace('-', "_"),
            workspace: text(told, "workspace_root").ok_or_else(missing)?.into(),
            target_folder: text(told, "target_directory").ok_or_else(missing)?.into(),
        })
    }

    /// The crates that this one is built from for a target, itself included, sorted.
    pub(super) fn parts(&self, target: &str) -> Result<Vec<Part>, String> {
        let mut ask = cargo();
        ask.args(["tree", "--edges", "normal,build", "--prefix", "none", "--no-dedupe", "--locked"]);
        ask.args(["--format", "{p}\t{f}", "--target", target, "--package", &self.name]);
        ask.arg("--manifest-path").arg(&self.manifest);
        let tree = output_of(&mut ask)?;
        let mut parts: Vec<Part> = tree.lines().filter(|line| !line.is_empty()).map(part_of).collect();
        parts.sort_by(|one, other| one.line.cmp(&other.line));
        parts.dedup();
        Ok(parts)
    }

    /// Flags by which no path of this machine and no registry's name is in the core.
    pub(super) fn remapped(&self, parts: &[Part]) -> Vec<String> {
        let remap = |from: &Path, to: &str| format!("--remap-path-prefix={}={to}", from.display());
        let home = std::env::var_os("CARGO_HOME").map(PathBuf::from);
        let home = home.or_else(|| std::env::home_dir().map(|home| home.join(".cargo")));
        let mut flags: Vec<String> = home.iter().map(|home| remap(home, "")).collect();
        flags.extend(home.iter().flat_map(|home| registries(home)).map(|folder| remap(&folder, "")));
        // The last prefix that fits is used, so a crate in another's folder comes after it.
        let mut outside: Vec<(&PathBuf, &str)> = parts
            .iter()
            .filter_map(|part| Some((part.folder.as_ref()?, part.line.split(' ').next()?)))
            .filter(|(folder, _)| !folder.starts_with(&self.workspace))
            .collect();
        outside.sort();
        flags.extend(outside.iter().map(|(folder, name)| remap(folder, name)));
        flags.push(remap(&self.workspace, ""));
        flags
    }
}

/// The folders with the sources of each registry, which are named after it.
fn registries(cargo_home: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(cargo_home.join("registry/src")).into_iter().flatten();
    let mut folders: Vec<PathBuf> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
    folders.sort();
    folders
}

/// A line of `cargo tree`: `name version (kind) (source)`, a tab, the features. A path is a source in
/// brackets that is absolute.
fn part_of(line: &str) -> Part {
    let (package, features) = line.split_once('\t').unwrap_or((line, ""));
    if let Some((before, source)) = package.rsplit_once(" (")
        && let Some(source) = source.strip_suffix(')')
        && Path::new(source).is_absolute()
    {
        return Part { line: format!("{before} {features}"), folder: Some(source.into()) };
    }
    Part { line: format!("{package} {features}"), folder: None }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_line_of_the_tree_loses_its_path_and_keeps_a_revision() {
        let part =
            |line: &str, folder: Option<&str>| Part { line: line.into(), folder: folder.map(Into::into) };
        let folder = std::env::temp_dir().join("a b");
        let tag = format!("tag v0.1.0 ({})\tdefault,fast", folder.display());
        assert_eq!(part_of(&tag), part("tag v0.1.0 default,fast", folder.to_str()));
        let derive = format!("derive v0.1.0 (proc-macro) ({})\t", folder.display());
        assert_eq!(part_of(&derive), part("derive v0.1.0 (proc-macro) ", folder.to_str()));
        let git = "tickwire-shared v0.1.0 (https://example.org/a?rev=1#0123abcd)";
        assert_eq!(part_of(&format!("{git}\t")), part(&format!("{git} "), None));
        assert_eq!(part_of("serde v1.0.0\tderive"), part("serde v1.0.0 derive", None));
    }

    #[test]
    fn the_sources_of_each_registry_are_found() {
        let home = std::env::temp_dir().join(format!("tickwire-home-{}", std::process::id()));
        assert_eq!(registries(&home), Vec::<PathBuf>::new());
        let sources = home.join("registry/src");
        for name in ["two.example-1", "one.example-2"] {
            std::fs::create_dir_all(sources.join(name)).unwrap();
        }
        assert_eq!(registries(&home), [sources.join("one.example-2"), sources.join("two.example-1")]);
        std::fs::remove_dir_all(&home).unwrap();
    }

    #[test]
    fn a_crate_that_is_no_cdylib_is_refused_with_the_remedy() {
        let told = |kind: &str| {
            serde_json::json!({
                "workspace_root": "/w", "target_directory": "/w/target",
                "packages": [{ "name": "tag-web", "manifest_path": "/w/tag-web/Cargo.toml", "targets": [
                    { "name": "demo", "kind": ["example"], "crate_types": ["cdylib"] },
                    { "name": "tag-web", "kind": [kind], "crate_types": [kind] },
                ] }],
            })
        };
        let manifest = Path::new("/w/tag-web/Cargo.toml");
        assert_eq!(Package::find(&told("cdylib"), manifest).unwrap().library, "tag_web");
        assert!(Package::find(&told("lib"), manifest).unwrap_err().contains("crate-type = [\"cdylib\"]"));
        assert!(Package::find(&told("lib"), Path::new("/other")).unwrap_err().contains("no package"));
    }
}
