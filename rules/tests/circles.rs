//! No two modules of a crate need each other, directly or by way of others.
//!
//! A module and those inside it may: the outer one is put together from the inner ones, and they from its
//! types.

#![allow(clippy::unwrap_used)]

use std::collections::{BTreeMap, BTreeSet};
use tickwire_rules::{File, assert_none, repository};

/// A module by its path in the crate, outermost first.
type Module = Vec<String>;
type Uses = BTreeMap<Module, BTreeSet<Module>>;

/// The folder of a file's crate, and its module in there.
fn module_of(file: &File) -> Option<(&str, Module)> {
    let (folder, inside) = file.path.split_once("/src/").filter(|_| file.is_source())?;
    let mut module: Module = inside.trim_end_matches(".rs").split('/').map(str::to_owned).collect();
    if matches!(module.last()?.as_str(), "mod" | "lib" | "main") {
        module.pop();
    }
    Some((folder, module))
}

/// The paths that begin with `crate` or `super`, outside of tests.
fn paths(file: &File) -> Vec<Module> {
    let mut paths = Vec::new();
    let code = file.code().take_while(|(_, line)| !line.contains("#[cfg(test)]"));
    for (_, line) in code {
        for (start, word) in [("crate", "crate::"), ("super", "super::")] {
            for (at, _) in line.match_indices(word) {
                let before = line.get(..at).and_then(|text| text.chars().next_back());
                // Later parts of a path belong to its first match.
                if before.is_some_and(|c| c.is_alphanumeric() || matches!(c, '_' | ':' | '$')) {
                    continue;
                }
                let rest = line.get(at + word.len()..).unwrap_or_default();
                let path = rest.split(|c: char| !c.is_alphanumeric() && !matches!(c, '_' | ':')).next();
                let parts = path.unwrap_or_default().split("::").filter(|part| !part.is_empty());
                paths.push([start].into_iter().chain(parts).map(str::to_owned).collect());
            }
        }
    }
    paths
}

/// The module that a path in `from` names: the innermost one that exists.
fn target(from: &Module, path: &Module, modules: &BTreeSet<Module>) -> Module {
    let mut base = from.clone();
    let mut parts = path.iter().peekable();
    if parts.next_if(|part| *part == "crate").is_some() {
        base.clear();
    }
    while parts.next_if(|part| *part == "super").is_some() {
        base.pop();
    }
    base.extend(parts.cloned());
    while !modules.contains(&base) && !base.is_empty() {
        base.pop();
    }
    base
}

/// Which module of the crate uses which, not counting those inside each other.
fn uses(files: &[(Module, &File)]) -> Uses {
    let modules: BTreeSet<Module> = files.iter().map(|(module, _)| module.clone()).collect();
    let mut uses = Uses::new();
    for (module, file) in files {
        let targets = paths(file).into_iter().map(|path| target(module, &path, &modules));
        let apart = targets.filter(|target| !target.starts_with(module) && !module.starts_with(target));
        uses.entry(module.clone()).or_default().extend(apart);
    }
    uses
}

/// All that `from` needs, by way of others too.
fn reachable(uses: &Uses, from: &Module) -> BTreeSet<Module> {
    let (mut reached, mut next) = (BTreeSet::new(), vec![from]);
    while let Some(module) = next.pop() {
        for used in uses.get(module).into_iter().flatten() {
            if reached.insert(used.clone()) {
                next.push(used);
            }
        }
    }
    reached
}

fn circles(files: &[File]) -> Vec<String> {
    let mut crates: BTreeMap<&str, Vec<(Module, &File)>> = BTreeMap::new();
    for file in files {
        if let Some((folder, module)) = module_of(file) {
            crates.entry(folder).or_default().push((module, file));
        }
    }
    let mut found = Vec::new();
    for (folder, files) in crates {
        let uses = uses(&files);
        let reached: BTreeMap<_, _> = uses.keys().map(|module| (module, reachable(&uses, module))).collect();
        for (module, used) in &uses {
            let back = used.iter().filter(|used| reached.get(used).is_some_and(|all| all.contains(module)));
            found.extend(back.map(|used| {
                let [from, to] = [module, used].map(|module| module.join("::"));
                format!("{folder}: `{from}` uses `{to}`, and `{to}` needs `{from}`")
            }));
        }
    }
    found
}

#[test]
fn no_modules_need_each_other() {
    assert_none(circles(&repository()));
}

#[test]
fn circles_are_seen_and_modules_inside_each_other_are_none() {
    let files = [
        File::new("a/src/lib.rs", "mod one; mod two; mod inn;"),
        File::new("a/src/one.rs", "use crate::two::Two;"),
        File::new("a/src/two.rs", "use super::inn::deep::Deep;"),
        File::new("a/src/inn/mod.rs", "mod deep;\nuse deep::Deep;"),
        File::new("a/src/inn/deep.rs", "use super::Inner;\nuse crate::one::One;"),
    ];
    let found = circles(&files);
    assert_eq!(found.len(), 3, "{found:?}");
    assert!(found.iter().any(|line| line.contains("`inn::deep` uses `one`, and `one` needs `inn::deep`")));
    assert!(circles(&files[..4]).is_empty());
    let tests = File::new("a/src/one.rs", "#[cfg(test)]\nmod tests {\n    use crate::two::Two;\n}");
    let two = File::new("a/src/two.rs", "use crate::one::One;");
    assert!(circles(&[files[0].clone(), tests, two]).is_empty());
}
