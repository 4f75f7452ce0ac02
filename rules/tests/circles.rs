//! Files and folders beside each other form no circle: none needs another that needs it, directly or by way
//! of others.
//!
//! A file needs the files that define the names in its code, through all modules that export these again;
//! comments and tests do not count. A folder is one thing, together with the file of its module: that file is
//! put together from the others, and they from its types.

use std::collections::{BTreeMap, BTreeSet};
use tickwire_rules::{File, Use, assert_none, repository, uses};

/// What the files and folders in one module use of each other, each with an example.
type Graph<'a> = BTreeMap<&'a str, BTreeMap<&'a str, &'a Use>>;

/// The module in which two files are, or the folders that contain them, beside each other.
fn around(one: &Use) -> &[String] {
    let common = one.from.iter().zip(&one.to).take_while(|(from, to)| from == to).count();
    &one.from[..common]
}

/// The graph in each module. A module and those inside it are not beside each other.
fn graphs(uses: &BTreeSet<Use>) -> BTreeMap<&[String], Graph<'_>> {
    let mut graphs: BTreeMap<&[String], Graph> = BTreeMap::new();
    for one in uses {
        let around = around(one);
        if let (Some(from), Some(to)) = (one.from.get(around.len()), one.to.get(around.len())) {
            graphs.entry(around).or_default().entry(from).or_default().entry(to).or_insert(one);
        }
    }
    graphs
}

/// All that `from` needs, by way of others too.
fn reachable<'a>(graph: &Graph<'a>, from: &'a str) -> BTreeSet<&'a str> {
    let (mut reached, mut next) = (BTreeSet::new(), vec![from]);
    while let Some(name) = next.pop() {
        for used in graph.get(name).into_iter().flat_map(BTreeMap::keys) {
            if reached.insert(*used) {
                next.push(used);
            }
        }
    }
    reached
}

/// The uses of a graph that lead back to where they are.
fn circles_of(graph: &Graph) -> Vec<String> {
    let mut found = Vec::new();
    for (from, used) in graph {
        for (to, one) in used.iter().filter(|(to, _)| reachable(graph, to).contains(from)) {
            let [at, of] = [&one.from, &one.to].map(|module| module.join("::"));
            found.push(format!("`{at}` uses `{}` of `{of}`, and `{to}` needs `{from}`", one.name));
        }
    }
    found
}

fn circles(files: &[File]) -> Vec<String> {
    let mut found = Vec::new();
    for (folder, uses) in uses(files) {
        let circles = graphs(&uses).into_values().flat_map(|graph| circles_of(&graph));
        found.extend(circles.map(|circle| format!("{folder}: {circle}")));
    }
    found
}

/// The modules that name all that another one has: nobody sees from where a name is.
fn stars(files: &[File]) -> Vec<String> {
    let mut found = Vec::new();
    for (folder, uses) in uses(files) {
        let stars = uses.iter().filter(|one| one.name == "*");
        found.extend(stars.map(|one| {
            let [from, to] = [&one.from, &one.to].map(|module| module.join("::"));
            format!("{folder}: `{from}` uses `{to}::*`; say which names, so that circles are seen")
        }));
    }
    found
}

#[test]
fn no_files_or_folders_need_each_other() {
    assert_none(circles(&repository()));
}

#[test]
fn names_are_imported_one_by_one() {
    assert_none(stars(&repository()));
}

/// The circles of a crate with these files.
fn circles_in(files: &[(&str, &str)]) -> Vec<String> {
    let files = files.iter().map(|(path, text)| File::new(&format!("a/src/{path}"), text));
    circles(&files.collect::<Vec<_>>())
}

#[test]
fn circles_are_seen() {
    let found = circles_in(&[
        ("lib.rs", "mod one; mod two; mod inn;"),
        ("one.rs", "use crate::two::Two;"),
        ("two.rs", "fn two() -> super::inn::deep::Deep {}"),
        ("inn/mod.rs", "mod deep;"),
        ("inn/deep.rs", "use crate::one::One;"),
    ]);
    assert_eq!(found.len(), 3, "{found:?}");
    assert_eq!(found[0], "a: `inn::deep` uses `One` of `one`, and `one` needs `inn`");
}

#[test]
fn a_name_is_of_the_file_that_defines_it() {
    let lib = "mod one; mod two; mod inn; pub use inn::{Deep as Shown, inner}; pub use one::One;";
    let inn = [("inn/mod.rs", "mod deep;\npub use self::deep::{Deep, inner};"), ("lib.rs", lib)];
    for used in ["use crate::Shown;", "use super::{Other, inn::Deep};", "fn f() { crate::inner::<u8>() }"] {
        for back in ["use crate::{One};", "mod part { type A = super::super::super::One; }"] {
            let found = circles_in(&[inn[0], inn[1], ("one.rs", used), ("inn/deep.rs", back)]);
            assert_eq!(found.len(), 2, "{used} {back}: {found:?}");
        }
    }
}

#[test]
fn two_files_may_be_one_module() {
    let lib = "#[cfg(a)] mod one; #[cfg(not(a))] #[path = \"one_off.rs\"] mod one; mod two;";
    let files = [("lib.rs", lib), ("one_off.rs", "use crate::two::Two;"), ("two.rs", "use crate::one::One;")];
    assert_eq!(circles_in(&files).len(), 2);
}

#[test]
fn a_folder_is_one_thing() {
    let inn = ("inn/mod.rs", "mod deep; mod far; use deep::Deep; pub struct Inner(Deep);");
    let far = ("inn/far.rs", "use super::Inner;");
    assert!(circles_in(&[inn, far, ("inn/deep.rs", "use super::{Inner, far::Far};")]).is_empty());
    // Its parts form no circle without it, and it forms none with others by different parts.
    let far = ("inn/far.rs", "use super::deep::Deep;");
    assert_eq!(circles_in(&[inn, far, ("inn/deep.rs", "use super::far::Far;")]).len(), 2);
    let one = ("one.rs", "use crate::inn::far::Far;");
    assert_eq!(circles_in(&[inn, one, far, ("inn/deep.rs", "use crate::one::One;")]).len(), 2);
}

#[test]
fn tests_comments_and_exports_use_nothing() {
    let two = ("two.rs", "use crate::one::One;");
    for text in [
        "#[cfg(test)] mod tests {\n    use crate::two::Two;\n}",
        "/// [`crate::two::Two`]\nfn f() {} // crate::two::Two\n/* crate::two::Two */",
        "const TEXT: &str = \"crate::two::Two\";",
        "pub(crate) use crate::two::Two;",
    ] {
        assert!(circles_in(&[two, ("one.rs", text)]).is_empty(), "{text}");
    }
    for (path, text) in [
        ("one/tests.rs", "#[cfg(test)] mod tests;"),
        ("tests.rs", "#[cfg(test)] #[path = \"tests.rs\"] mod tests;"),
    ] {
        let tests = (path, "use crate::two::{Two, *};");
        assert!(circles_in(&[("lib.rs", "mod one;"), two, tests, ("one.rs", text)]).is_empty());
    }
    assert_eq!(circles_in(&[two, ("one.rs", "#[cfg(test)] mod tests; use crate::two::Two;")]).len(), 2);
}

#[test]
fn a_star_is_seen() {
    let files = [File::new("a/src/lib.rs", "pub use one::*;"), File::new("a/src/one.rs", "use bytes::*;")];
    assert_eq!(stars(&files).len(), 1);
}
