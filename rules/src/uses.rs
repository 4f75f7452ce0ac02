//! Which file of a crate uses which other one: the file that defines a name, wherever the name is exported
//! again.

use crate::File;
use crate::names::{Names, Path, Scope, names};
use std::collections::{BTreeMap, BTreeSet};

/// A file uses a name that another one defines.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Use {
    /// The module of the file that uses it.
    pub from: Vec<String>,
    /// The module of the file that defines it.
    pub to: Vec<String>,
    /// The name; `*` for all names of the other one.
    pub name: String,
}

/// The modules of a crate, those in files and those between braces in a file.
struct Crate {
    scopes: BTreeMap<Path, Scope>,
    /// The file of each, by the module that it is.
    files: BTreeMap<Path, Path>,
}

/// What a path names.
enum Place {
    Module(Path),
    /// A name that a module defines.
    Item(Path, String),
}

/// No name is exported this often; one that seems to be has the name of its crate.
const EXPORTS_MAX: usize = 16;

/// A file of a crate.
struct Source {
    /// The folders around it.
    folder: Path,
    module: Path,
    names: Names,
}

impl Source {
    /// A file, with the folder of its crate.
    fn of(file: &File) -> Option<(&str, Self)> {
        let (of, inside) = file.path.split_once("/src/").filter(|_| file.is_source())?;
        let mut folder: Path = inside.trim_end_matches(".rs").split('/').map(str::to_owned).collect();
        let mut module = folder.clone();
        if matches!(folder.pop()?.as_str(), "mod" | "lib" | "main") {
            module.pop();
        }
        Some((of, Self { folder, module, names: names(&file.text) }))
    }
}

/// Whether it is a program beside a library: a crate of its own, of one file.
fn is_program(file: &File, files: &[File]) -> bool {
    let library = file.path.strip_suffix("/src/main.rs").map(|folder| format!("{folder}/src/lib.rs"));
    library.is_some_and(|library| files.iter().any(|file| file.path == library))
}

/// What the files of each crate use of each other, by the crate's folder.
#[must_use]
pub fn uses(files: &[File]) -> BTreeMap<&str, BTreeSet<Use>> {
    let mut crates: BTreeMap<&str, Vec<Source>> = BTreeMap::new();
    for file in files.iter().filter(|file| !is_program(file, files)) {
        if let Some((folder, source)) = Source::of(file) {
            crates.entry(folder).or_default().push(source);
        }
    }
    crates.into_iter().map(|(folder, files)| (folder, Crate::new(files).uses())).collect()
}

fn inside(module: &Path, name: &str) -> Path {
    module.iter().cloned().chain([name.to_owned()]).collect()
}

impl Crate {
    /// The crate of these files, without those of tests.
    fn new(files: Vec<Source>) -> Self {
        let (mut tests, mut moved) = (BTreeSet::new(), BTreeMap::new());
        for Source { folder, module, names } in &files {
            tests.extend(names.tests.iter().map(|name| inside(module, name)));
            moved.extend(names.moved.iter().map(|(file, name)| (inside(folder, file), inside(module, name))));
        }
        let mut this = Self { scopes: BTreeMap::new(), files: BTreeMap::new() };
        for Source { module: file, names, .. } in files {
            let file = moved.get(&file).cloned().unwrap_or(file);
            if !tests.iter().any(|test| file.starts_with(test)) {
                this.add(&file, names);
            }
        }
        this
    }

    /// Adds a file. Two may be one module: either is compiled.
    fn add(&mut self, file: &Path, names: Names) {
        for (module, mut scope) in names.scopes {
            let module: Path = file.iter().cloned().chain(module).collect();
            self.files.insert(module.clone(), file.clone());
            let known = self.scopes.entry(module).or_default();
            known.imports.append(&mut scope.imports);
            known.paths.append(&mut scope.paths);
        }
    }

    /// The name `name` of a module.
    fn member(&self, module: &Path, name: &str, exports: usize) -> Option<Place> {
        let inner = inside(module, name);
        if self.files.contains_key(&inner) {
            return Some(Place::Module(inner));
        }
        let imports = self.scopes.get(module).map(|scope| scope.imports.as_slice()).unwrap_or_default();
        match imports.iter().find(|import| import.name == name && name != "*") {
            Some(import) if import.path != [name] => self.resolve(module, &import.path, exports + 1),
            _ => Some(Place::Item(module.clone(), name.to_owned())),
        }
    }

    /// What `path` names in a module; `None` if it is of another crate.
    fn resolve(&self, from: &Path, path: &[String], exports: usize) -> Option<Place> {
        let (first, rest) = path.split_first().filter(|_| exports < EXPORTS_MAX)?;
        let outer = |module: &Path| module[..module.len().saturating_sub(1)].to_vec();
        let mut place = match first.as_str() {
            "crate" => Place::Module(Path::new()),
            "self" => Place::Module(from.clone()),
            "super" => Place::Module(outer(from)),
            // A name of which the module says nothing is the module's own, or a crate.
            name => match self.member(from, name, exports)? {
                Place::Item(module, _) if module == *from => return None,
                place => place,
            },
        };
        for part in rest {
            place = match place {
                Place::Module(module) if part == "super" => Place::Module(outer(&module)),
                Place::Module(module) => self.member(&module, part, exports)?,
                item @ Place::Item(..) => return Some(item),
            };
        }
        Some(place)
    }

    /// What a path in `from` uses, if it is of another file; a module alone is nothing.
    fn used(&self, from: &Path, path: &[String]) -> Option<Use> {
        let Some(Place::Item(module, name)) = self.resolve(from, path, 0) else { return None };
        let (from, to) = (self.files.get(from)?.clone(), self.files.get(&module)?.clone());
        (from != to).then_some(Use { from, to, name })
    }

    fn uses(&self) -> BTreeSet<Use> {
        let uses = self.scopes.iter().flat_map(|(module, scope)| {
            let private = scope.imports.iter().filter(|import| !import.public || import.name == "*");
            // A module that exports a name uses it only if its own code has it.
            private.map(|import| &import.path).chain(&scope.paths).filter_map(|path| self.used(module, path))
        });
        uses.collect()
    }
}
