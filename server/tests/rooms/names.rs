//! The name under which others see a player.

use crate::game::server;
use crate::raw::{Raw, hello_as, join};
use tickwire_server::{Limits, ServerHandle};
use tickwire_shared::wire::CloseCode;
use tickwire_shared::wire::control::{Credential, Name, Options, Target};

/// The name under which others see a player who asks for `name`.
async fn seen_as(handle: &ServerHandle, name: &str) -> String {
    let mut raw = Raw::connect(handle);
    raw.send(hello_as(Name::new(name).unwrap(), Credential::Guest)).await;
    raw.send(join(Target::Create(Options::none()))).await;
    raw.joined().await.expect("a seat").roster[0].name.to_string()
}

#[tokio::test]
async fn a_name_is_what_can_be_seen_of_it() {
    let (_server, handle) = server(Limits::default(), 60, 4);
    for (name, seen) in [
        ("ada", "ada"),
        ("  ada \u{3000} lovelace ", "ada lovelace"),
        ("\u{202e}nimda", "nimda"),
        ("a\u{200b}d\u{200d}a\u{feff}", "ada"),
    ] {
        assert_eq!(seen_as(&handle, name).await, seen, "{name:?}");
    }
}

#[tokio::test]
async fn one_of_whose_name_nothing_can_be_seen_is_a_guest_with_a_number() {
    let (_server, handle) = server(Limits::default(), 60, 4);
    let mut seen = Vec::new();
    for name in ["", "   ", "\u{200b}\u{2060}", "\u{3164}"] {
        let name = seen_as(&handle, name).await;
        let number = name.strip_prefix("Guest ").expect("a guest");
        assert!(number.parse::<u64>().is_ok(), "{name}");
        seen.push(name);
    }
    seen.dedup();
    assert_eq!(seen.len(), 4, "they are distinct");
}

#[tokio::test]
async fn a_name_with_control_characters_is_no_message() {
    let (_server, handle) = server(Limits::default(), 60, 4);
    let mut raw = Raw::connect(&handle);
    let mut bytes = hello_as(Name::new("mallory").unwrap(), Credential::Guest);
    let at = bytes.iter().position(|byte| *byte == b'm').unwrap();
    bytes[at] = 0x1b;
    raw.send(bytes).await;
    assert_eq!(raw.close_message().await.code, CloseCode::DecodeError);
}
