//! Rules for language: lines have at most 110 columns, and texts use the glossary's words.

use tickwire_rules::{File, assert_none, repository};

const COLUMNS_MAX: usize = 110;

/// Words that the glossary (`docs/architecture.md`) replaces, or that read like a translation, and what to
/// write instead.
const REPLACED: &[(&str, &str)] = &[
    ("foresee", "predict"),
    ("foreseen", "predicted"),
    ("foresight", "prediction"),
    ("look back", "rewind"),
    ("looked back", "rewound"),
    ("looks back", "rewinds"),
    ("life-line", "input trace"),
    ("life-lines", "input traces"),
    ("sign of life", "heartbeat"),
    ("farewell", "closing"),
    ("crew", "fleet"),
    ("ledger", "leak audit"),
    ("anew", "again"),
    ("among them", "including"),
    ("takes no notice", "ignores"),
    ("is none of", "is not one of"),
    ("but for", "except for"),
];

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

fn replaced_words(files: &[File]) -> Vec<String> {
    let mut found = Vec::new();
    let is_text = |file: &&File| {
        let ends = [".md", ".rs", ".js", ".mjs", ".ts", ".html", ".toml", ".css"];
        ends.iter().any(|end| file.path.ends_with(end)) && !file.path.starts_with("rules/")
    };
    for file in files.iter().filter(is_text) {
        for (at, line) in file.text.lines().enumerate() {
            let line = without_code(file, &line.to_lowercase());
            for (word, instead) in REPLACED.iter().filter(|(word, _)| contains_word(&line, word)) {
                found.push(format!("{}:{} says `{word}`: write `{instead}`", file.path, at + 1));
            }
        }
    }
    found
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
    assert_none(replaced_words(&repository()));
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
    let files = [
        File::new("docs/a.md", "A foreseen shot\nNot `foreseen` but predicted"),
        File::new("a/src/b.rs", "// start anew\nlet screwed = is_foreseen_here;"),
    ];
    let seen = ["docs/a.md:1 says `foreseen`: write `predicted`", "a/src/b.rs:1 says `anew`: write `again`"];
    assert_eq!(replaced_words(&files), seen);
}
