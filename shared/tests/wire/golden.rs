//! The bytes of the protocol do not change by accident.

#[path = "golden/vectors.rs"]
mod vectors;

use tickwire_shared::wire::control::{ClientControl, ServerControl};
use tickwire_shared::wire::frame::ClientFrame;
use tickwire_shared::wire::update::Update;
use tickwire_shared::wire::{Advice, CloseCode};

fn committed(name: &str) -> String {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../assets/wire").join(name);
    std::fs::read_to_string(path).expect("assets/wire: write it with the golden_vectors example")
}

#[test]
fn the_vectors_are_what_this_version_writes() {
    for (name, ours) in [("vectors.txt", vectors::text()), ("arena.txt", vectors::arena_schema())] {
        let theirs = committed(name);
        for (number, (a, b)) in ours.lines().zip(theirs.lines()).enumerate() {
            assert_eq!(a, b, "line {} of assets/wire/{name}", number + 1);
        }
        assert_eq!(ours.lines().count(), theirs.lines().count());
    }
}

/// Name, value and bytes of every vector.
fn all() -> Vec<(String, Vec<u8>)> {
    let text = committed("vectors.txt");
    let mut name = String::new();
    let mut vectors = Vec::new();
    for line in text.lines() {
        if let Some(rest) = line.strip_prefix('[') {
            name = rest.trim_end_matches(']').to_owned();
        }
        if let Some(hex) = line.strip_prefix("hex = ") {
            let byte = |at: usize| u8::from_str_radix(&hex[at..at + 2], 16).unwrap();
            vectors.push((name.clone(), (0..hex.len()).step_by(2).map(byte).collect()));
        }
    }
    assert!(vectors.len() > 20);
    vectors
}

/// Whether a message decodes and encodes to the same bytes again.
fn accepts(name: &str, bytes: &[u8]) -> bool {
    match name.split(':').next() {
        Some("client control") => ClientControl::decode(bytes).is_ok_and(|m| m.encode().unwrap() == bytes),
        Some("server control") => ServerControl::decode(bytes).is_ok_and(|m| m.encode().unwrap() == bytes),
        Some("client frame") => ClientFrame::<vectors::Pad>::decode(bytes).is_ok_and(|m| m.encode() == bytes),
        Some("server update") => Update::decode(bytes).is_ok(),
        _ => true,
    }
}

fn is_message(name: &str) -> bool {
    !name.starts_with("payload") && !name.starts_with("refused")
}

#[test]
fn every_vector_decodes_and_encodes_to_itself() {
    for (name, bytes) in all() {
        assert!(accepts(&name, &bytes), "{name}");
    }
}

#[test]
fn every_prefix_and_every_longer_message_is_refused() {
    for (name, bytes) in all().into_iter().filter(|(name, _)| is_message(name)) {
        for end in 0..bytes.len() {
            assert!(!accepts(&name, &bytes[..end]), "{name}, cut at {end}");
        }
        for extra in [0, 1, 255] {
            let mut longer = bytes.clone();
            longer.push(extra);
            assert!(!accepts(&name, &longer), "{name} followed by {extra}");
        }
    }
}

#[test]
fn what_is_refused_is_refused_with_its_code() {
    let mut count = 0;
    for (name, bytes) in all() {
        let Some(code) = name.strip_prefix("refused with ").and_then(|rest| rest.split(':').next()) else {
            continue;
        };
        let error = match bytes.first() {
            Some(0) => ClientControl::decode(&bytes).unwrap_err(),
            _ => ClientFrame::<vectors::Pad>::decode(&bytes).unwrap_err(),
        };
        assert_eq!(error.close_code().code().to_string(), code, "{name}: {error}");
        count += 1;
    }
    assert!(count > 15);
}

#[test]
fn a_flipped_bit_gives_another_canonical_message_or_none() {
    for (name, bytes) in all() {
        for bit in 0..bytes.len() * 8 {
            let mut flipped = bytes.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            // Frames and control messages that decode must encode to exactly the same bytes; nothing may
            // panic.
            let reencodes = match name.split(':').next() {
                Some("client control") => {
                    ClientControl::decode(&flipped).map_or(true, |m| m.encode().unwrap() == flipped)
                }
                Some("server control") => {
                    ServerControl::decode(&flipped).map_or(true, |m| m.encode().unwrap() == flipped)
                }
                Some("client frame") => {
                    ClientFrame::<vectors::Pad>::decode(&flipped).map_or(true, |m| m.encode() == flipped)
                }
                _ => Update::decode(&flipped).map_or(true, |_| true),
            };
            assert!(reencodes, "{name}, bit {bit}");
        }
    }
}

#[test]
fn the_document_has_the_table_of_close_codes() {
    let document = include_str!("../../../docs/protocol.md");
    let cells = |line: &str| line.split('|').map(|cell| cell.trim().to_owned()).collect::<Vec<_>>();
    let rows: Vec<_> = document
        .lines()
        .map(cells)
        .filter(|cells| cells.len() == 6 && cells[1].parse::<u16>().is_ok_and(|code| code >= 1000))
        .collect();
    assert_eq!(rows.len(), CloseCode::ALL.len());
    for (row, code) in rows.iter().zip(CloseCode::ALL) {
        let advice = match code.advice() {
            Advice::Stop => "stop".to_owned(),
            Advice::RetryAfter(ms) if ms >= 1_000 => {
                format!("retry after {},{:03} ms", ms / 1_000, ms % 1_000)
            }
            Advice::RetryAfter(ms) => format!("retry after {ms} ms"),
            Advice::Resume => "resume".to_owned(),
            Advice::Reauthenticate => "authenticate again".to_owned(),
            Advice::Upgrade => "upgrade".to_owned(),
        };
        let expected = [code.code().to_string(), format!("`{}`", code.reason())];
        assert_eq!(row[1..3], expected);
        assert!(row[4].starts_with(&advice), "{code}: {} instead of {advice}", row[4]);
    }
}
