//! Rules for code that the compiler does not check: which files may use a library, how long a file may be,
//! what has a test.

#![allow(clippy::unwrap_used)]

use std::collections::BTreeSet;
use tickwire_rules::{File, assert_none, repository};

/// A library and the only source files that may name it.
const FENCES: &[(&str, &[&str])] = &[
    ("bincode", &["shared/src/coding/codec.rs"]),
    // The WebSocket, at the server and at native clients.
    ("tungstenite", &["server/src/transport/websocket.rs", "clients/native/src/transport/websocket.rs"]),
    ("dashmap", &["server/src/directory/memory.rs"]),
    // The exports of a browser core; nothing else is unsafe.
    ("unsafe(", &["client-web/src/exports.rs"]),
];

/// What `shared` must not name: it has no sockets, files, threads or clock.
const NOT_IN_SHARED: &[&str] =
    &["tokio", "mio::", "std::net", "std::fs", "std::env", "Instant::now", "SystemTime"];

/// Games that no client predicts: one that shows a recorded match to a benchmark, those that panic or hang,
/// and one for a client without prediction.
const UNPREDICTED: &[&str] = &["Board", "Clock", "Field", "Fainting", "Hanging", "Miners", "Warehouse"];

/// The libraries, whose configurations, errors and events may get more fields and variants.
const LIBRARIES: &[&str] = &["shared/src/", "server/src/", "clients/native/src/", "client-bot/src/"];
/// Endings of the names of such types. An error may also begin with `Bad`.
const OPEN_ENUMS: &[&str] = &["Error", "Event", "Refusal", "Refused", "Reason", "End", "Cause"];
const OPEN_STRUCTS: &[&str] = &["Config", "Error", "Limits", "Options", "Section"];
/// Parts of messages: a change of one is a new version of the protocol.
const MESSAGES: &[&str] = &["ReliableEvent", "SessionLimits"];

const LINES_MAX: usize = 500;
/// What is written by hand and read as code, tests included.
const CODE: &[&str] = &[".rs", ".js", ".mjs", ".ts", ".css"];

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

/// The optional traits of a game, and how each is listed.
const FEATURES: [(&str, &str); 3] = [
    ("InterestRules", ".with_interest()"),
    ("LagCompensation", ".with_lag_compensation()"),
    ("PredictsSpawns", ".with_predicted_spawns()"),
];

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
    for file in files.iter().filter(|file| file.is_rust() && !file.path.starts_with("rules/")) {
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

/// The features that a game implements but does not list, so that they never happen.
fn unlisted_features(files: &[File]) -> Vec<String> {
    let mut unlisted = Vec::new();
    for file in files.iter().filter(|file| file.is_rust() && !file.path.starts_with("rules/")) {
        for (_, line) in file.code().filter(|(_, line)| line.starts_with("impl")) {
            let implemented = FEATURES.iter().find_map(|(feature, list)| {
                let game = line.split_once(&format!(" {feature} for "))?.1;
                Some((feature, list, game.split(['<', ' ', '{']).next().unwrap_or_default()))
            });
            let Some((feature, list, game)) = implemented else { continue };
            let of = format!(" Game for {game}");
            let folder = |file: &File| file.path.rsplit_once('/').map(|(folder, _)| folder.to_owned());
            let homes =
                files.iter().filter(|other| folder(other) == folder(file) && other.text.contains(&of));
            // A folder of tests may contain several games of one name: the game of the same file comes first.
            let home = homes.max_by_key(|other| other.path == file.path);
            if home.is_none_or(|home| !home.text.contains(list)) {
                unlisted.push(format!("{game} implements {feature} and does not list it with `{list}`"));
            }
        }
    }
    unlisted
}

/// Public configurations, errors and events that cannot grow without breaking their users.
fn closed_types(files: &[File]) -> Vec<String> {
    let mut closed = Vec::new();
    for file in files.iter().filter(|file| LIBRARIES.iter().any(|library| file.path.starts_with(library))) {
        let (mut is_open, mut lines) = (false, file.text.lines());
        while let Some(line) = lines.next() {
            let word = |after: &str| {
                let name = line.strip_prefix(after)?.strip_suffix('{')?;
                name.split(|letter: char| !letter.is_alphanumeric()).next()
            };
            let ends = |name: &str, endings: &[&str]| endings.iter().any(|end| name.ends_with(end));
            let of_enum = |name: &&str| ends(name, OPEN_ENUMS) || name.starts_with("Bad");
            let mut fields = lines.clone().take_while(|line| *line != "}");
            let is_public = fields.any(|line| line.starts_with("    pub "));
            let of_struct = |name: &&str| ends(name, OPEN_STRUCTS) && is_public;
            let name = word("pub enum ").filter(of_enum).or(word("pub struct ").filter(of_struct));
            if let Some(name) = name.filter(|name| !is_open && !MESSAGES.contains(name)) {
                closed.push(format!("{}: {name} is not `#[non_exhaustive]`", file.path));
            }
            // Attributes and documentation stand between this one and the type.
            is_open = line == "#[non_exhaustive]" || is_open && line.starts_with(['#', '/']);
        }
    }
    closed
}

fn long_files(files: &[File]) -> Vec<String> {
    let lines = |file: &File| file.text.lines().count();
    let is_code = |file: &File| CODE.iter().any(|end| file.path.ends_with(end));
    let long = files.iter().filter(|file| is_code(file) && lines(file) > LINES_MAX);
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
fn every_game_lists_the_features_that_it_implements() {
    assert_none(unlisted_features(&repository()));
}

#[test]
fn configurations_errors_and_events_may_grow() {
    assert_none(closed_types(&repository()));
}

#[test]
fn a_closed_type_is_seen() {
    let open = "#[non_exhaustive]\n/// Text.\npub enum GoodError {\n";
    let closed =
        "pub enum BadThing {\n}\npub struct Config {\n    pub a: u8,\n}\npub struct Limits {\n    a: u8,\n";
    let found = closed_types(&[File::new("server/src/a.rs", &format!("{open}}}\n{closed}"))]);
    assert_eq!(found.len(), 2, "{found:?}");
    assert_eq!(found[0], "server/src/a.rs: BadThing is not `#[non_exhaustive]`");
    assert!(found[1].contains("Config"), "{found:?}");
}

#[test]
fn no_file_of_code_is_longer_than_500_lines() {
    assert_none(long_files(&repository()));
}

#[test]
fn every_limit_has_a_test() {
    assert_none(untested_limits(&repository()));
}

#[test]
fn each_rule_sees_what_breaks_it() {
    let file = File::new;
    let bad = [
        file("server/src/session.rs", "use bincode::config;\nlet (a, b) = mpsc::unbounded_channel();"),
        file("shared/src/room/mod.rs", &"use tokio::time;\n".repeat(LINES_MAX + 1)),
    ];
    assert_eq!(fenced_libraries(&bad), ["server/src/session.rs:1 names bincode"]);
    assert_eq!(unbounded_queues(&bad), ["server/src/session.rs:2 names unbounded"]);
    assert_eq!(io_in_shared(&bad).len(), LINES_MAX + 1);
    let lines = |count: usize| "line\n".repeat(count);
    let long = [file("a/b.test.mjs", &lines(LINES_MAX + 1)), file("a/tests/b.rs", &lines(LINES_MAX + 1))];
    let fine = [file("docs/a.md", &lines(LINES_MAX + 1)), file("pages/web/a.css", &lines(LINES_MAX))];
    assert_eq!(long_files(&[&bad[..], &long, &fine].concat()).len(), 3);
    let games = [
        file("a/tests/one.rs", "impl Game for One {\ncheck_prediction::<Two>(1)"),
        file("b/src/two.rs", "impl<const N: u8> Game for Two<N> {"),
    ];
    assert_eq!(
        unchecked_games(&games),
        ["no test calls `check_prediction::<One>`, and UNPREDICTED does not name it"]
    );
    let features = [
        file(
            "a/tests/one.rs",
            "impl Game for One {\nFeatures::new().with_interest()\nimpl InterestRules for One {",
        ),
        file("a/tests/two.rs", "impl Game for One {\nimpl InterestRules for One {"),
        file("b/src/lib.rs", "impl<const N: u8> Game for Two<N> {\nFeatures::new()"),
        file("b/src/hits.rs", "impl<const N: u8> LagCompensation for Two<N> {"),
    ];
    assert_eq!(
        unlisted_features(&features),
        [
            "One implements InterestRules and does not list it with `.with_interest()`",
            "Two implements LagCompensation and does not list it with `.with_lag_compensation()`",
        ]
    );
}

#[test]
fn a_limit_without_a_test_of_its_name_is_seen() {
    let file = File::new;
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
    let file = File::new;
    let good = [
        file("shared/src/coding/codec.rs", "use bincode::config;"),
        file("server/src/transport/websocket/read.rs", "use tokio_tungstenite::WebSocketStream;"),
        file("server/tests/hostile.rs", "use tungstenite::Message;"),
        file("server/src/session.rs", "// not bincode, nothing unbounded"),
        file("shared/src/room/mod.rs", "#[cfg(test)]\nmod day;"),
        file("shared/src/room/day.rs", "std::env::var_os(x)"),
    ];
    assert_none(fenced_libraries(&good));
    assert_none(unbounded_queues(&good));
    assert_none(io_in_shared(&good));
    let games = "impl Game for One {\n}\ncheck_prediction_within::<game::One>(\nimpl Game for Board {";
    assert_none(unchecked_games(&[file("a/tests/one.rs", games)]));
}
