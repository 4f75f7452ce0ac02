//! Rules that the compiler does not check: which files may use a library, how long a file may be, that links
//! work.

#![allow(clippy::unwrap_used)]

use std::collections::BTreeSet;
use std::path::{Component, Path, PathBuf};

/// A library and the only source files that may name it.
const FENCES: &[(&str, &[&str])] = &[
    ("bincode", &["shared/src/wire/codec.rs"]),
    // The WebSocket, the bots' side of it, and the example of a native client.
    (
        "tungstenite",
        &[
            "server/src/transport/websocket.rs",
            "client-bot/src/connect/websocket.rs",
            "client-terminal/src/main.rs",
        ],
    ),
    ("dashmap", &["server/src/directory/memory.rs"]),
];

/// What `shared` must not name: it has no sockets, files, threads or clock.
const NOT_IN_SHARED: &[&str] =
    &["tokio", "mio::", "std::net", "std::fs", "std::env", "Instant::now", "SystemTime"];

/// Games that no client predicts: one whose schema alone is known, one that shows a recorded match to a
/// benchmark, those that panic or hang, and one for a client without prediction.
const UNPREDICTED: &[&str] = &["AnyGame", "Board", "Depot", "Field", "Fainting", "Hanging", "Miners", "Sea"];

const SOURCE_LINES_MAX: usize = 500;

/// A text file of the repository.
struct File {
    /// Relative to the repository's root, with `/`.
    path: String,
    text: String,
}

impl File {
    fn is_rust(&self) -> bool {
        self.path.ends_with(".rs")
    }

    fn is_source(&self) -> bool {
        self.is_rust() && self.path.contains("/src/")
    }

    /// The lines that are not comments, with their numbers.
    fn code(&self) -> impl Iterator<Item = (usize, &str)> {
        self.text.lines().enumerate().filter_map(|(at, line)| {
            let code = if line.trim_start().starts_with("//") { "" } else { line };
            let code = code.split(" // ").next().unwrap_or(code);
            (!code.trim().is_empty()).then_some((at + 1, code))
        })
    }

    fn naming<'a>(&'a self, word: &'a str) -> impl Iterator<Item = String> + 'a {
        self.code()
            .filter(move |(_, line)| line.contains(word))
            .map(move |(at, _)| format!("{}:{at} names {word}", self.path))
    }
}

fn fenced_libraries(files: &[File]) -> Vec<String> {
    let mut found = Vec::new();
    for (library, allowed) in FENCES {
        for file in files.iter().filter(|file| file.is_source()) {
            // A module may grow into a folder with its name.
            let inside =
                |path: &&str| file.path == **path || file.path.starts_with(path.trim_end_matches(".rs"));
            if !allowed.iter().any(inside) {
                found.extend(file.naming(library));
            }
        }
    }
    found
}

fn unbounded_queues(files: &[File]) -> Vec<String> {
    files.iter().filter(|file| file.is_source()).flat_map(|file| file.naming("unbounded")).collect()
}

fn io_in_shared(files: &[File]) -> Vec<String> {
    let tests: BTreeSet<String> = files.iter().flat_map(test_modules).collect();
    let shared = files.iter().filter(|file| {
        file.path == "shared/Cargo.toml" || file.is_source() && file.path.starts_with("shared/src/")
    });
    shared
        .filter(|file| !tests.contains(&file.path))
        .flat_map(|file| NOT_IN_SHARED.iter().flat_map(|word| file.naming(word)))
        .collect()
}

/// The files of modules that a file declares for tests only.
fn test_modules(file: &File) -> impl Iterator<Item = String> + '_ {
    let (folder, name) = file.path.rsplit_once('/').unwrap_or(("", &file.path));
    let folder = match name {
        "mod.rs" | "lib.rs" | "main.rs" => folder.to_owned(),
        name => format!("{folder}/{}", name.trim_end_matches(".rs")),
    };
    let declarations = file.text.lines().zip(file.text.lines().skip(1));
    declarations.filter(|(first, _)| *first == "#[cfg(test)]").filter_map(move |(_, second)| {
        let module = second.strip_prefix("mod ")?.strip_suffix(';')?;
        Some(format!("{folder}/{module}.rs"))
    })
}

/// The games for which no test checks the players' predictions.
fn unchecked_games(files: &[File]) -> Vec<String> {
    let mut games = BTreeSet::new();
    for file in files.iter().filter(|file| file.is_rust() && !file.path.ends_with("repository_rules.rs")) {
        let implements = |line: &str| Some(line.split_once(" Game for ")?.1.trim_start().to_owned());
        for (_, line) in file.code().filter(|(_, line)| line.starts_with("impl")) {
            let name = implements(line).unwrap_or_default();
            let name = name.split(['<', ' ', '{']).next().unwrap_or_default();
            games.extend((!name.is_empty()).then(|| name.to_owned()));
        }
    }
    let checks = |file: &File, game: &str| {
        ["check_prediction::<", "check_prediction_within::<"].iter().any(|check| {
            let calls = file.text.split(check).skip(1);
            let mut called = calls.map(|call| call.split(['<', '>']).next().unwrap_or_default());
            called.any(|called| called.rsplit("::").next() == Some(game))
        })
    };
    let checked = |game: &String| files.iter().any(|file| file.is_rust() && checks(file, game));
    let unchecked = games.iter().filter(|game| !UNPREDICTED.contains(&game.as_str()) && !checked(game));
    unchecked
        .map(|game| format!("no test calls `check_prediction::<{game}>`, and UNPREDICTED does not name it"))
        .collect()
}

fn long_files(files: &[File]) -> Vec<String> {
    let lines = |file: &File| file.text.lines().count();
    let long = files.iter().filter(|file| file.is_source() && lines(file) > SOURCE_LINES_MAX);
    long.map(|file| format!("{} has {} lines: split it", file.path, lines(file))).collect()
}

/// The bounds of the protocol without a test of the same name. `shared/tests/limits` contains most of them.
fn untested_limits(files: &[File]) -> Vec<String> {
    let limits = files.iter().filter(|file| file.path == "shared/src/limits.rs");
    let names = limits.flat_map(|file| file.text.lines()).filter_map(|line| {
        let declared = line.strip_prefix("pub const ")?;
        let name = declared.strip_prefix("fn ").unwrap_or(declared);
        Some(name.split([':', '(']).next().unwrap_or_default().to_owned())
    });
    let tests: BTreeSet<&str> = files.iter().filter(|file| file.is_rust()).flat_map(tests).collect();
    names
        .filter(|name| !tests.contains(&*name.to_lowercase()))
        .map(|name| format!("no test `fn {}()` covers {name}", name.to_lowercase()))
        .collect()
}

/// The names of a file's tests.
fn tests(file: &File) -> impl Iterator<Item = &str> {
    let mut is_test = false;
    file.text.lines().map(str::trim_start).filter_map(move |line| {
        if line.starts_with("#[") {
            is_test |= line.starts_with("#[test]") || line.starts_with("#[tokio::test");
            return None;
        }
        let function = line.strip_prefix("async ").unwrap_or(line).strip_prefix("fn ");
        core::mem::take(&mut is_test).then_some(function?.split('(').next()?)
    })
}

fn machine_paths(files: &[File], root: &Path) -> Vec<String> {
    let mut words = vec![["/ho", "me/"].concat(), ["/ro", "ot/"].concat(), ["/Us", "ers/"].concat()];
    // A root such as `/app` is a word that may be in a text for another reason.
    if root.components().filter(|part| matches!(part, Component::Normal(_))).count() > 1 {
        words.push(root.display().to_string());
    }
    let mut found = Vec::new();
    for file in files {
        for (at, line) in file.text.lines().enumerate() {
            if words.iter().any(|word| line.contains(word.as_str())) {
                found.push(format!("{}:{} names a folder of one machine", file.path, at + 1));
            }
        }
    }
    found
}

fn dead_links(files: &[File]) -> Vec<String> {
    let paths: BTreeSet<&str> = files.iter().map(|file| file.path.as_str()).collect();
    let mut found = Vec::new();
    for file in files.iter().filter(|file| file.path.ends_with(".md")) {
        for link in links(&file.text) {
            let (target, anchor) = link.split_once('#').unwrap_or((link, ""));
            let path = if target.is_empty() { file.path.clone() } else { resolve(&file.path, target) };
            let is_folder = || paths.iter().any(|other| other.starts_with(&format!("{path}/")));
            let there = match files.iter().find(|other| other.path == path) {
                Some(page) => anchor.is_empty() || anchors(&page.text).any(|name| name == anchor),
                None => is_folder(),
            };
            if !there {
                found.push(format!("{} links to {link}, which does not exist", file.path));
            }
        }
    }
    found
}

/// The targets of a page's links into the repository.
fn links(text: &str) -> impl Iterator<Item = &str> {
    prose(text)
        .flat_map(|line| line.split("](").skip(1))
        .filter_map(|rest| rest.split(')').next())
        .filter(|target| !target.contains("://") && !target.starts_with("mailto:"))
}

/// The link targets of a page's headings.
fn anchors(text: &str) -> impl Iterator<Item = String> {
    prose(text).filter(|line| line.starts_with('#')).map(|line| {
        let title = line.trim_start_matches('#').trim().to_lowercase();
        let kept = title.chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
        kept.map(|c| if c == ' ' { '-' } else { c }).collect()
    })
}

/// The lines outside fenced blocks.
fn prose(text: &str) -> impl Iterator<Item = &str> {
    let mut fenced = false;
    text.lines().filter(move |line| {
        let fence = line.trim_start().starts_with("```");
        fenced ^= fence;
        !fenced && !fence
    })
}

fn resolve(from: &str, target: &str) -> String {
    let mut parts: Vec<&str> = from.split('/').collect();
    parts.pop();
    for part in target.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    parts.join("/")
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_path_buf()
}

fn repository() -> Vec<File> {
    let mut files = Vec::new();
    collect(&root(), "", &mut files);
    assert!(files.iter().any(|file| file.path == "Cargo.toml"), "not the repository's root");
    files
}

fn collect(root: &Path, inside: &str, files: &mut Vec<File>) {
    for entry in std::fs::read_dir(root.join(inside)).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        if name.starts_with("target") || matches!(name.as_str(), ".git" | "Cargo.lock" | "node_modules") {
            continue;
        }
        let path = if inside.is_empty() { name } else { format!("{inside}/{name}") };
        let full = root.join(&path);
        if full.is_dir() {
            collect(root, &path, files);
        } else if full.is_file() {
            // A file that is not text (a built page, a golden vector) counts as a file without lines.
            let text = std::fs::read_to_string(&full).unwrap_or_default();
            files.push(File { path, text });
        }
    }
}

#[track_caller]
fn assert_none(found: Vec<String>) {
    assert!(found.is_empty(), "\n{}\n", found.join("\n"));
}

#[test]
fn a_fenced_library_is_named_in_its_own_file_only() {
    assert_none(fenced_libraries(&repository()));
}

#[test]
fn no_queue_is_unbounded() {
    assert_none(unbounded_queues(&repository()));
}

#[test]
fn shared_names_no_socket_file_thread_or_clock() {
    assert_none(io_in_shared(&repository()));
}

#[test]
fn every_game_is_checked_for_its_predictions() {
    assert_none(unchecked_games(&repository()));
}

#[test]
fn no_source_file_is_longer_than_500_lines() {
    assert_none(long_files(&repository()));
}

#[test]
fn every_limit_has_a_test() {
    assert_none(untested_limits(&repository()));
}

#[test]
fn no_file_names_a_folder_of_one_machine() {
    assert_none(machine_paths(&repository(), &root()));
}

#[test]
fn every_link_in_the_documents_leads_somewhere() {
    assert_none(dead_links(&repository()));
}

#[test]
fn each_rule_sees_what_breaks_it() {
    let file = |path: &str, text: &str| File { path: path.into(), text: text.into() };
    let bad = [
        file("server/src/session.rs", "use bincode::config;\nlet (a, b) = mpsc::unbounded_channel();"),
        file("shared/src/room/mod.rs", &"use tokio::time;\n".repeat(SOURCE_LINES_MAX + 1)),
        file(
            "docs/a.md",
            "[gone](../b.md) [no heading](#two)\n# One\n```\n[code](c.md)\n```\n/some/where/else",
        ),
    ];
    assert_eq!(fenced_libraries(&bad), ["server/src/session.rs:1 names bincode"]);
    assert_eq!(unbounded_queues(&bad), ["server/src/session.rs:2 names unbounded"]);
    assert_eq!(io_in_shared(&bad).len(), SOURCE_LINES_MAX + 1);
    assert_eq!(long_files(&bad).len(), 1);
    assert_eq!(machine_paths(&bad, Path::new("/some/where")), ["docs/a.md:6 names a folder of one machine"]);
    assert_eq!(dead_links(&bad).len(), 2);
    let games = [
        file("a/tests/one.rs", "impl Game for One {\ncheck_prediction::<Two>(1)"),
        file("b/src/two.rs", "impl<const N: u8> Game for Two<N> {"),
    ];
    assert_eq!(
        unchecked_games(&games),
        ["no test calls `check_prediction::<One>`, and UNPREDICTED does not name it"]
    );
}

#[test]
fn a_limit_without_a_test_of_its_name_is_seen() {
    let file = |path: &str, text: &str| File { path: path.into(), text: text.into() };
    let limits =
        "pub const A_MAX: usize = 4;\npub const B_MS: u64 = 5;\npub const fn c() -> u8 {\nconst D: u8 = 6;\n";
    let files = |tests: &str| [file("shared/src/limits.rs", limits), file("server/src/a.rs", tests)];
    let tests = "#[test]\nfn a_max() {\n}\n    #[tokio::test(start_paused = true)]\n    async fn b_ms() {\n";
    let tests = [tests, "#[test]\n#[should_panic]\nfn c() {"].concat();
    assert_none(untested_limits(&files(&tests)));
    let none = "fn a_max() {\n#[test]\nfn b_ms_is_long() {\n#[test]\nstruct X;\nfn c() {";
    let found = untested_limits(&files(none));
    assert_eq!(found.len(), 3, "{found:?}");
    assert_eq!(found[0], "no test `fn a_max()` covers A_MAX");
}

#[test]
fn a_rule_lets_pass_what_is_allowed() {
    let file = |path: &str, text: &str| File { path: path.into(), text: text.into() };
    let good = [
        file("shared/src/wire/codec.rs", "use bincode::config;"),
        file("server/src/transport/websocket/read.rs", "use tokio_tungstenite::WebSocketStream;"),
        file("server/tests/hostile.rs", "use tungstenite::Message;"),
        file("server/src/session.rs", "// not bincode, nothing unbounded"),
        file("shared/src/room/mod.rs", "#[cfg(test)]\nmod day;"),
        file("shared/src/room/day.rs", "std::env::var_os(x)"),
        file(
            "docs/a.md",
            "[itself](#the-one) [up](../README.md#x) [out](https://example.com) [folder](../docs)\n# The one",
        ),
        file("README.md", "## X"),
    ];
    assert_none(fenced_libraries(&good));
    assert_none(unbounded_queues(&good));
    assert_none(io_in_shared(&good));
    assert_none(dead_links(&good));
    let games = "impl Game for One {\n}\ncheck_prediction_within::<game::One>(\nimpl Game for AnyGame {";
    assert_none(unchecked_games(&[file("a/tests/one.rs", games)]));
}
