//! Rules for language: lines have at most 110 columns, and texts use the glossary's words.

use tickwire_rules::{File, assert_none, repository};

const COLUMNS_MAX: usize = 110;

/// Phrases that read like a translation, and what to write instead.
const TRANSLATED: &[(&str, &str)] = &[
    ("anew", "again"),
    ("among them", "including"),
    ("takes no notice", "ignores"),
    ("is none of", "is not one of"),
    ("but for", "except for"),
    ("the own", "its own, or whose it is"),
    ("an own", "its own"),
    ("stand for", "mean"),
    ("stands for", "means"),
    ("in so many", "the number"),
    ("it was told to", "it was asked to"),
];

/// Words of the glossary's list with a remark: the phrases in which they are wrong.
const PHRASES: &[(&str, &[&str])] = &[
    ("closing", &["closings", "closing code", "closing reason", "closing message", "the closing of"]),
    (
        "place",
        &[
            "a free place",
            "a saved place",
            "end the place",
            "finds a place",
            "gets a place",
            "keep its place",
            "keep their places",
            "keeps its place",
            "keeps the place",
            "lose its place",
            "loses its place",
            "lost place",
            "place is free",
            "place of a member",
            "place of a player",
            "place store",
            "players place",
            "save place",
            "saved place",
            "there is no place",
            "without a place",
        ],
    ),
    ("cut", &["cut into", "cuts into", "cut room", "room is cut", "rooms are cut", "room that is not cut"]),
];
/// Words of that list that are right in these phrases.
const RIGHT: &[(&str, &[&str])] = &[("sight", &["in sight", "out of sight", "line of sight"])];

/// What the glossary (`docs/architecture.md`) lists as not used, and phrases that read like a translation:
/// each with what to write instead.
fn replaced(files: &[File]) -> Vec<(String, String)> {
    let mut replaced: Vec<_> =
        TRANSLATED.iter().map(|&(words, instead)| (words.to_owned(), instead.to_owned())).collect();
    for (word, remarked, instead) in unused(files) {
        let phrases = PHRASES.iter().find(|(phrased, _)| *phrased == word);
        match phrases {
            Some((_, phrases)) if remarked => {
                replaced.extend(phrases.iter().map(|&phrase| (phrase.to_owned(), instead.clone())));
            }
            _ => {
                replaced.push((format!("{word}s"), instead.clone()));
                replaced.push((word, instead));
            }
        }
    }
    replaced
}

/// The glossary's list: a word, whether it has a remark in brackets, and what to write instead.
fn unused(files: &[File]) -> Vec<(String, bool, String)> {
    let glossary = files.iter().find(|file| file.path == "docs/architecture.md");
    let lines = glossary.and_then(|file| file.text.split_once("\nNot used, ")).map_or("", |(_, list)| list);
    let entries = lines.lines().filter_map(|line| line.strip_prefix("- ")?.split_once(": "));
    entries
        .flat_map(|(words, instead)| {
            let (names, remarked) = (words.split('`').skip(1).step_by(2), words.contains('('));
            names.map(move |word| (word.to_owned(), remarked, instead.replace('`', "")))
        })
        .collect()
}

/// Whether the width of a file's lines is not its author's to choose: data, and what tools write.
fn is_written_by_tools(file: &File) -> bool {
    let data = [".stderr", ".svg", "package-lock.json", "LICENSE-APACHE"];
    data.iter().any(|end| file.path.ends_with(end))
        || file.path.starts_with("assets/wire/") && file.path.ends_with(".txt")
        || file.path.starts_with(".git")
}

fn wide_lines(files: &[File]) -> Vec<String> {
    let mut found = Vec::new();
    for file in files.iter().filter(|file| !is_written_by_tools(file)) {
        for (at, line) in file.text.lines().enumerate() {
            let columns = line.chars().count();
            // An address cannot be broken.
            let is_address = line.contains("://") && line.split_whitespace().count() <= 2;
            if columns > COLUMNS_MAX && !is_address {
                found.push(format!("{}:{} has {columns} columns", file.path, at + 1));
            }
        }
    }
    found
}

fn replaced_words(files: &[File], replaced: &[(String, String)]) -> Vec<String> {
    let mut found = Vec::new();
    let is_text = |file: &&File| {
        let ends = [".md", ".rs", ".js", ".mjs", ".ts", ".html", ".toml", ".css"];
        ends.iter().any(|end| file.path.ends_with(end)) && !file.path.starts_with("rules/")
    };
    for file in files.iter().filter(is_text) {
        for (at, line) in file.text.lines().enumerate() {
            let mut line = words(&without_code(file, line));
            for phrase in RIGHT.iter().flat_map(|(_, phrases)| *phrases) {
                line = line.replace(phrase, "");
            }
            for (word, instead) in replaced.iter().filter(|(word, _)| contains_word(&line, word)) {
                found.push(format!("{}:{} says `{word}`: write `{instead}`", file.path, at + 1));
            }
        }
    }
    found
}

/// A line in small letters, with the parts of each name as words: `LookBack` and `look_back` are `look back`.
fn words(line: &str) -> String {
    let mut words = String::with_capacity(line.len() + 8);
    let mut was_small = false;
    for letter in line.chars() {
        if was_small && letter.is_uppercase() {
            words.push(' ');
        }
        was_small = letter.is_lowercase();
        words.extend(if letter == '_' { ' ' } else { letter }.to_lowercase());
    }
    words
}

/// A line of a document without what is quoted as code: names that were replaced may be told.
fn without_code(file: &File, line: &str) -> String {
    if !file.path.ends_with(".md") {
        return line.to_owned();
    }
    line.split('`').step_by(2).collect::<Vec<_>>().join("`")
}

fn contains_word(line: &str, word: &str) -> bool {
    let is_part = |c: char| c.is_alphanumeric() || c == '_';
    line.match_indices(word).any(|(at, found)| {
        let before = line.get(..at).and_then(|text| text.chars().next_back());
        let after = line.get(at + found.len()..).and_then(|text| text.chars().next());
        !before.is_some_and(is_part) && !after.is_some_and(is_part)
    })
}

#[test]
fn no_line_is_wider_than_110_columns() {
    assert_none(wide_lines(&repository()));
}

#[test]
fn no_text_uses_a_word_that_the_glossary_replaces() {
    let files = repository();
    assert_none(replaced_words(&files, &replaced(&files)));
}

#[test]
fn each_remark_of_the_glossary_has_its_phrases() {
    let mut remarked: Vec<_> = unused(&repository())
        .into_iter()
        .filter_map(|(word, remarked, _)| remarked.then_some(word))
        .collect();
    let mut known: Vec<_> = PHRASES.iter().chain(RIGHT).map(|(word, _)| (*word).to_owned()).collect();
    remarked.sort();
    known.sort();
    assert_eq!(remarked, known);
}

#[test]
fn wide_lines_are_seen_and_data_may_be_wide() {
    let wide = "x".repeat(COLUMNS_MAX + 1);
    let address = format!("[page]: https://example.com/{wide}");
    let files = [
        File::new("docs/a.md", &format!("fine\n{wide}\n{address}")),
        File::new("assets/wire/vectors.txt", &wide),
        File::new("shared/src/a.rs", &"ä".repeat(COLUMNS_MAX)),
    ];
    assert_eq!(wide_lines(&files), ["docs/a.md:2 has 111 columns"]);
}

#[test]
fn replaced_words_are_seen_where_they_are_not_quoted() {
    let list = "\nNot used, because:\n\n- `foreseen`, `figure`: predicted\n- `place` (as a noun): seat\n\
                - `sight` (except in sight): client view\n";
    let files = [
        File::new("docs/architecture.md", list),
        File::new("docs/a.md", "A foreseen shot\nNot `foreseen` but predicted, in sight, takes place"),
        File::new("a/src/b.rs", "// start anew\nlet screwed = is_foreseen_here;\nstruct KeyFigures;"),
        File::new("a/b.mjs", "const configured = out.ofSight.savedPlace;\nplace(inPlace);"),
    ];
    let seen = [
        "docs/a.md:1 says `foreseen`: write `predicted`",
        "a/src/b.rs:1 says `anew`: write `again`",
        "a/src/b.rs:2 says `foreseen`: write `predicted`",
        "a/src/b.rs:3 says `figures`: write `predicted`",
        "a/b.mjs:1 says `saved place`: write `seat`",
        "a/b.mjs:1 says `sight`: write `client view`",
    ];
    assert_eq!(replaced_words(&files, &replaced(&files)), seen);
}
