//! What a Rust file names: its `use` items and the paths in its code, outside of tests.

use crate::tokens::{is_name, tokens, without_tests};
use std::collections::BTreeMap;

/// The parts of a path.
pub(crate) type Path = Vec<String>;

/// One name of a `use` item.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Import {
    /// The name here; `*` for all names.
    pub(crate) name: String,
    /// What it stands for.
    pub(crate) path: Path,
    /// Other modules may name it, too: then it alone uses nothing.
    pub(crate) public: bool,
}

/// What the code of a module names.
#[derive(Clone, Debug, Default)]
pub(crate) struct Scope {
    /// Its `use` items.
    pub(crate) imports: Vec<Import>,
    /// The paths in its code, single words too.
    pub(crate) paths: Vec<Path>,
}

/// What a file names.
#[derive(Clone, Debug, Default)]
pub(crate) struct Names {
    /// Its own scope, and those of modules that it contains between braces.
    pub(crate) scopes: BTreeMap<Path, Scope>,
    /// The modules in other files that are for tests only.
    pub(crate) tests: Vec<String>,
    /// The modules in files of other names: the file's name without `.rs`, the module's name.
    pub(crate) moved: Vec<(String, String)>,
}

/// What a file with this text names.
pub(crate) fn names(text: &str) -> Names {
    let all = tokens(text);
    let (tokens, tests) = without_tests(&all);
    let mut names = Names { scopes: BTreeMap::new(), tests, moved: moved(&all) };
    // The module around, and the braces that are open.
    let (mut module, mut braces) = (Path::new(), Vec::new());
    let (mut at, mut public) = (0, false);
    while let Some(token) = tokens.get(at) {
        let scope = names.scopes.entry(module.clone()).or_default();
        let before = at.checked_sub(1).and_then(|before| tokens.get(before)).map(String::as_str);
        at += 1;
        match token.as_str() {
            "pub" => public = true,
            ";" => public = false,
            "{" => {
                let name = tokens[..at - 1].last_chunk::<2>().filter(|[word, _]| word == "mod");
                module.extend(name.map(|[_, name]| name.clone()));
                braces.push(name.is_some());
                public = false;
            }
            "}" => {
                if braces.pop() == Some(true) {
                    module.pop();
                }
                public = false;
            }
            "use" if before != Some("+") => {
                at += imports(&tokens[at..], &Path::new(), public, &mut scope.imports);
            }
            _ if is_name(token) => {
                let path = path(&tokens[at - 1..]);
                at += 2 * (path.len() - 1);
                if !matches!(before, Some("." | "::" | "mod")) {
                    scope.paths.push(path);
                }
            }
            _ => {}
        }
    }
    names
}

/// The path with which `tokens` begin.
fn path(tokens: &[String]) -> Path {
    let mut parts = vec![tokens[0].clone()];
    for pair in tokens[1..].chunks_exact(2) {
        if pair[0] != "::" || !is_name(&pair[1]) {
            break;
        }
        parts.push(pair[1].clone());
    }
    parts
}

/// Adds the names of the tree of a `use` item inside `outer`. Returns how many tokens it has.
fn imports(tokens: &[String], outer: &Path, public: bool, found: &mut Vec<Import>) -> usize {
    let (mut path, mut name, mut at) = (outer.clone(), None, 0);
    while let Some(token) = tokens.get(at) {
        match token.as_str() {
            "{" => {
                at += 1;
                while tokens.get(at).is_some_and(|token| token != "}") {
                    at += imports(&tokens[at..], &path, public, found).max(1);
                    at += usize::from(tokens.get(at).is_some_and(|token| token == ","));
                }
                return at + 1;
            }
            "," | "}" | ";" => break,
            "::" => {}
            "as" => {
                at += 1;
                name = tokens.get(at).cloned();
            }
            "self" if !path.is_empty() => {}
            part => path.push(part.to_owned()),
        }
        at += 1;
    }
    let name = name.or_else(|| path.last().cloned()).unwrap_or_default();
    found.push(Import { name, path, public });
    at
}

/// The modules whose file has another name.
fn moved(tokens: &[&str]) -> Vec<(String, String)> {
    let declared = tokens.windows(3).enumerate().filter_map(|(at, window)| {
        let ["path", "=", file] = window else { return None };
        let item = tokens[at..].split(|token| *token == ";").next()?;
        let [.., "mod", name] = item else { return None };
        Some((file.trim_matches('"').trim_end_matches(".rs").to_owned(), (*name).to_owned()))
    });
    declared.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn joined(paths: &[Path]) -> Vec<String> {
        paths.iter().map(|path| path.join("::")).collect()
    }

    #[test]
    fn trees_of_imports_are_taken_apart() {
        let text = "use a::{self, b::{C, D as E}, f::*}; pub(crate) use super::g;";
        let scope = &names(text).scopes[&Path::new()];
        let imports = scope.imports.iter();
        let found: Vec<_> = imports.map(|one| format!("{}={}", one.name, one.path.join("::"))).collect();
        assert_eq!(found, ["a=a", "C=a::b::C", "E=a::b::D", "*=a::f::*", "g=super::g"]);
        assert_eq!(scope.imports.iter().filter(|import| import.public).count(), 1);
    }

    #[test]
    fn paths_are_found_in_the_module_that_contains_them() {
        let text = "#[path = \"far.rs\"] pub(crate) mod near;
            fn f() -> crate::a::B { x.y::<u8>() }
            mod inner { super::z!() }";
        let names = names(text);
        assert_eq!(joined(&names.scopes[&vec!["inner".to_owned()]].paths), ["super::z"]);
        let outer = joined(&names.scopes[&Path::new()].paths);
        assert!(outer.contains(&"crate::a::B".to_owned()) && !outer.contains(&"y".to_owned()), "{outer:?}");
        assert_eq!(names.moved, [("far".to_owned(), "near".to_owned())]);
    }
}
