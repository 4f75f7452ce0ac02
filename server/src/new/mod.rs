//! `tickwire-server new DIR`: writes the repository of a new game, ready to run. It needs no network.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

const USAGE: &str = "\
Writes the repository of a new game: rules, server, bots, a page with prediction, tests.

  tickwire-server new DIR [--game NAME] [--tickwire PATH]

  --game NAME      the game's name on the server: lower-case letters, digits and `-`
                   [default: the name of DIR]
  --tickwire PATH  where Tickwire is: a checkout, the address of a git repository, which `#REV` behind it
                   pins to a commit or tag, or a version
                   [default: the checkout that this program was built from; without one, its version]";

/// The longest name of a game, bytes; the protocol permits more.
const NAME_BYTES_MAX: usize = 24;

/// The checkout that this program was built from, if it was and it still exists.
const CHECKOUT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");

macro_rules! files {
    ($($name:literal = $source:literal,)*) => {
        &[$(($name, include_str!(concat!("../../template/", $source)))),*]
    };
}

/// The files of a new game, and what is in them.
const FILES: &[(&str, &str)] = files! {
    "Cargo.toml" = "Cargo.toml.in",
    ".gitignore" = "gitignore.in",
    "README.md" = "README.md",
    "game/Cargo.toml" = "game/Cargo.toml.in",
    "game/src/lib.rs" = "game/src/lib.rs",
    "game/tests/rules.rs" = "game/tests/rules.rs",
    "server/Cargo.toml" = "server/Cargo.toml.in",
    "server/src/main.rs" = "server/src/main.rs",
    "bots/Cargo.toml" = "bots/Cargo.toml.in",
    "bots/src/main.rs" = "bots/src/main.rs",
    "web/Cargo.toml" = "web/Cargo.toml.in",
    "web/src/lib.rs" = "web/src/lib.rs",
    "web/src/main.rs" = "web/src/main.rs",
    "assets/web/index.html" = "assets/web/index.html",
    "assets/web/page.css" = "assets/web/page.css",
    "assets/web/page.js" = "assets/web/page.js",
};

/// Where the new game finds Tickwire.
#[derive(Debug, PartialEq, Eq)]
enum Tickwire {
    Checkout(PathBuf),
    Git(String),
    Version(String),
}

#[derive(Debug, PartialEq, Eq)]
struct NewGame {
    folder: PathBuf,
    name: String,
    tickwire: Tickwire,
}

/// Writes a new game as the words after `new` say. The status is 2 for wrong arguments, 1 for any failure.
pub(crate) fn main(words: impl Iterator<Item = OsString>) -> ExitCode {
    match parse(words) {
        Ok(None) => {
            println!("{USAGE}");
            ExitCode::SUCCESS
        }
        Err(text) => {
            eprintln!("{text}\n\n{USAGE}");
            ExitCode::from(2)
        }
        Ok(Some(new)) => match write(&new) {
            Ok(()) => {
                println!("{}", summary(&new));
                ExitCode::SUCCESS
            }
            Err(text) => {
                eprintln!("{text}");
                ExitCode::FAILURE
            }
        },
    }
}

fn parse(mut words: impl Iterator<Item = OsString>) -> Result<Option<NewGame>, String> {
    let (mut folder, mut name, mut tickwire) = (None, None, None);
    while let Some(word) = words.next() {
        let mut value = |what: &str| words.next().ok_or_else(|| format!("{what} needs a value"));
        match word.to_str() {
            Some("--help" | "-h") => return Ok(None),
            Some("--game") => name = Some(value("--game")?.to_string_lossy().into_owned()),
            Some("--tickwire") => tickwire = Some(value("--tickwire")?),
            Some(flag) if flag.starts_with('-') => return Err(format!("unknown argument: {flag}")),
            _ if folder.is_none() => folder = Some(PathBuf::from(word)),
            _ => return Err(format!("one folder only: {}", word.display())),
        }
    }
    let folder = folder.ok_or("name the folder of the new game")?;
    let name = name.unwrap_or_else(|| name_of(&folder));
    let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if !name.starts_with(|c: char| c.is_ascii_lowercase()) || !name.chars().all(fits) {
        return Err(format!(
            "`{name}` is not a valid name of a game: name one with --game, of lower-case letters, digits and \
             `-`, that begins with a letter"
        ));
    }
    if name.len() > NAME_BYTES_MAX {
        return Err(format!("`{name}` is longer than {NAME_BYTES_MAX} bytes: use --game"));
    }
    Ok(Some(NewGame { folder, name, tickwire: find(tickwire)? }))
}

/// The name of a folder, also of `.`, with `-` for each `_`.
fn name_of(folder: &Path) -> String {
    let whole = folder.canonicalize().or_else(|_| std::path::absolute(folder));
    let whole = whole.unwrap_or_else(|_| folder.to_owned());
    whole.file_name().unwrap_or_default().to_string_lossy().replace('_', "-")
}

fn find(named: Option<OsString>) -> Result<Tickwire, String> {
    let Some(named) = named else {
        let version = || Tickwire::Version(env!("CARGO_PKG_VERSION").to_owned());
        return Ok(checkout(Path::new(CHECKOUT)).map_or_else(version, Tickwire::Checkout));
    };
    if let Some(folder) = checkout(Path::new(&named)) {
        return Ok(Tickwire::Checkout(folder));
    }
    match named.to_str() {
        Some(text) if text.contains("://") && !text.contains(['"', '\\', '\n']) => {
            Ok(Tickwire::Git(text.to_owned()))
        }
        Some(text) if is_version(text) => Ok(Tickwire::Version(text.to_owned())),
        _ => Err(format!(
            "{} is not a checkout of Tickwire: name one, a git repository or a version with --tickwire",
            Path::new(&named).display()
        )),
    }
}

/// The folder, without links, if Tickwire is in it.
fn checkout(folder: &Path) -> Option<PathBuf> {
    folder.canonicalize().ok().filter(|folder| folder.join("shared/Cargo.toml").is_file())
}

fn is_version(text: &str) -> bool {
    let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '+');
    text.starts_with(|c: char| c.is_ascii_digit()) && text.chars().all(is_part)
}

/// A file's text with the game's name and the dependencies.
fn fill(text: &str, new: &NewGame) -> String {
    let text = text.replace("@name@", &new.name);
    match &new.tickwire {
        Tickwire::Checkout(folder) => {
            let folder = folder.display().to_string().replace('\\', "/");
            // Windows begins a path without links so, and Cargo does not know it.
            let folder = folder.trim_start_matches("//?/");
            text.replace("@tickwire@", &format!("path = \"{folder}"))
        }
        // Cargo finds a package of a git repository by its name.
        Tickwire::Git(address) => without_folders(&text, &git(address)),
        Tickwire::Version(version) => without_folders(&text, &format!("version = \"{version}\"")),
    }
}

/// A git repository as Cargo writes it: `ADDRESS` or `ADDRESS#REV`.
fn git(address: &str) -> String {
    match address.split_once('#') {
        Some((address, rev)) => format!("git = \"{address}\", rev = \"{rev}\""),
        None => format!("git = \"{address}\""),
    }
}

/// What to do with the new game.
fn summary(new: &NewGame) -> String {
    let folder = new.folder.display();
    let mut text =
        format!("{folder} is written. README.md there says what to run; first:\n\n  cd {folder}\n");
    text += "  cargo run -p game-web     # builds the page's core\n";
    text += "  cargo run --release       # hosts the game at http://127.0.0.1:8080/";
    if let Tickwire::Checkout(checkout) = &new.tickwire {
        let checkout = checkout.display();
        text += &format!("\n\nCargo.toml names the checkout {checkout}. On other machines it needs another");
        text += " place: see --tickwire.";
    }
    text
}

/// A file's text with `place` for each place and folder of Tickwire.
fn without_folders(text: &str, place: &str) -> String {
    let line = |line: &str| match line.split_once("@tickwire@") {
        Some((before, _)) => format!("{before}{place} }}\n"),
        None => format!("{line}\n"),
    };
    text.lines().map(line).collect()
}

fn write(new: &NewGame) -> Result<(), String> {
    let failed = |path: &Path, error| format!("{}: {error}", path.display());
    let mut paths = FILES.iter().map(|(name, _)| new.folder.join(name));
    if let Some(there) = paths.find(|path| path.exists()) {
        return Err(format!("{} is there already: nothing is written, name a new folder", there.display()));
    }
    for (name, text) in FILES {
        let path = new.folder.join(name);
        let folder = path.parent().unwrap_or(&new.folder);
        fs::create_dir_all(folder).map_err(|error| failed(folder, error))?;
        fs::write(&path, fill(text, new)).map_err(|error| failed(&path, error))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests;
