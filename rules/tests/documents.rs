//! Rules for documents: links work, and no file names a folder of one machine.

#![allow(clippy::unwrap_used)]

use std::collections::BTreeSet;
use std::path::{Component, Path};
use tickwire_rules::{File, assert_none, repository, root};

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

#[test]
fn no_file_names_a_folder_of_one_machine() {
    assert_none(machine_paths(&repository(), &root()));
}

#[test]
fn every_link_in_the_documents_leads_somewhere() {
    assert_none(dead_links(&repository()));
}

#[test]
fn dead_links_and_machine_paths_are_seen() {
    let text = "[gone](../b.md) [no heading](#two)\n# One\n```\n[code](c.md)\n```\n/some/where/else";
    let bad = [File::new("docs/a.md", text)];
    assert_eq!(machine_paths(&bad, Path::new("/some/where")), ["docs/a.md:6 names a folder of one machine"]);
    assert_eq!(dead_links(&bad).len(), 2);
}

#[test]
fn links_that_lead_somewhere_pass() {
    let text =
        "[itself](#the-one) [up](../README.md#x) [out](https://example.com) [folder](../docs)\n# The one";
    assert_none(dead_links(&[File::new("docs/a.md", text), File::new("README.md", "## X")]));
}
