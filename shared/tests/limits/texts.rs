//! Texts and lists of control messages. Messages beyond a bound are written by hand, as a hostile peer would.

use super::yard::Yard;
use serde::Serialize;
use tickwire_shared::client::{Client, ClientConfig, ClientError, State};
use tickwire_shared::coding::codec;
use tickwire_shared::id::SessionId;
use tickwire_shared::limits::{
    CLOSE_TEXT_BYTES_MAX, GAME_NAME_BYTES_MAX, GAMES_MAX, INVITATION_BYTES_MAX, MATCH_RANGES_MAX,
    NAME_BYTES_MAX, OPTION_BYTES_MAX, OPTIONS_MAX, PARAMETERS_BYTES_MAX, PASSWORD_BYTES_MAX,
    TICKET_BYTES_MAX,
};
use tickwire_shared::room::game_schema_hash;
use tickwire_shared::tick::TickRate;
use tickwire_shared::wire::control::{
    ClientControl, GameInfo, GameName, Name, Options, ServerControl, SessionLimits,
};
use tickwire_shared::wire::terms::Parameters;
use tickwire_shared::wire::{Close, CloseCode, DecodeError};

/// A control message with any content: its number, then its fields.
fn control(number: u32, fields: &impl Serialize) -> Vec<u8> {
    [vec![0], codec::encode(&(number, fields)).unwrap()].concat()
}

/// The code with which a server answers a client's message; `None` if it accepts the message.
fn refusal(message: &[u8]) -> Option<u16> {
    ClientControl::decode(message).err().map(|error| error.close_code().code())
}

/// A text of this many bytes, with letters of one byte or of two.
fn texts(bytes: usize) -> [String; 2] {
    ["x".repeat(bytes), "é".repeat(bytes / 2) + &"x".repeat(bytes % 2)]
}

/// For a message that contains a text: the longest text is accepted, and one more byte is refused with 4002.
fn holds_texts_of(bytes_max: usize, message: impl Fn(&str) -> Vec<u8>) {
    for text in texts(bytes_max) {
        assert_eq!(refusal(&message(&text)), None, "{text}");
    }
    for text in texts(bytes_max + 1).into_iter().chain(texts(2_000)) {
        assert_eq!(refusal(&message(&text)), Some(4002), "{text}");
    }
}

#[test]
fn name_bytes_max() {
    holds_texts_of(NAME_BYTES_MAX, |name| control(0, &(1_u16, name, 0_u32)));
    assert!(Name::new("é".repeat(NAME_BYTES_MAX / 2)).is_ok());
    assert!(Name::new("é".repeat(NAME_BYTES_MAX / 2) + "x").is_err());
    assert_eq!(Name::cut(&"é".repeat(NAME_BYTES_MAX)).len(), NAME_BYTES_MAX);
}

/// No terms of a join: parameters, pass, places, matching.
fn no_terms() -> impl Serialize {
    ("", 0_u32, 0_u8, (0_u32, 0_u32, false))
}

/// `Join` of a player with these options of a match.
fn join(game: &str, options: &[(String, String)]) -> Vec<u8> {
    control(1, &((game, 5_u64, 0_u32, (1_u32, options)), no_terms()))
}

/// `Join` of a player to any room, on these terms.
fn join_on(terms: &impl Serialize) -> Vec<u8> {
    control(1, &(("yard", 5_u64, 0_u32, (1_u32, 0_u32)), terms))
}

#[test]
fn parameters_bytes_max() {
    holds_texts_of(PARAMETERS_BYTES_MAX, |json| join_on(&(json, 0_u32, 0_u8, (0_u32, 0_u32, false))));
    let text = "x".repeat(PARAMETERS_BYTES_MAX - 2);
    assert!(Parameters::of(&text).is_ok() && Parameters::of(&format!("{text}x")).is_err());
}

#[test]
fn password_bytes_max() {
    holds_texts_of(PASSWORD_BYTES_MAX, |text| join_on(&("", (1_u32, text), 0_u8, (0_u32, 0_u32, false))));
}

#[test]
fn invitation_bytes_max() {
    holds_texts_of(INVITATION_BYTES_MAX, |text| join_on(&("", (2_u32, text), 0_u8, (0_u32, 0_u32, false))));
}

#[test]
fn match_ranges_max() {
    let ranges = |count: usize| {
        let ranges = vec![("rank", -5_i64, 5_i64); count];
        join_on(&("", 0_u32, 0_u8, (ranges, 0_u32, false)))
    };
    assert_eq!(refusal(&ranges(MATCH_RANGES_MAX)), None);
    for count in [MATCH_RANGES_MAX + 1, 200] {
        assert_eq!(refusal(&ranges(count)), Some(4002), "{count} ranges");
    }
    holds_texts_of(OPTION_BYTES_MAX, |key| {
        join_on(&("", 0_u32, 0_u8, (vec![(key, 0_i64, 1_i64)], 0_u32, false)))
    });
}

#[test]
fn game_name_bytes_max() {
    holds_texts_of(GAME_NAME_BYTES_MAX, |game| join(game, &[]));
}

#[test]
fn option_bytes_max() {
    holds_texts_of(OPTION_BYTES_MAX, |key| join("yard", &[(key.to_owned(), String::new())]));
    holds_texts_of(OPTION_BYTES_MAX, |value| join("yard", &[("map".to_owned(), value.to_owned())]));
}

#[test]
fn options_max() {
    let options =
        |count: usize| -> Vec<_> { (0..count).map(|at| (format!("{at:02}"), "x".into())).collect() };
    assert_eq!(refusal(&join("yard", &options(OPTIONS_MAX))), None);
    for count in [OPTIONS_MAX + 1, 60] {
        assert_eq!(refusal(&join("yard", &options(count))), Some(4002), "{count} options");
    }
    let pairs = |count| options(count).into_iter().map(|(key, value)| (name(&key), name(&value))).collect();
    assert!(Options::new(pairs(OPTIONS_MAX)).is_ok());
    assert!(Options::new(pairs(OPTIONS_MAX + 1)).unwrap_err().to_string().contains("at most 8 options"));
}

fn name<const BYTES: usize>(text: &str) -> tickwire_shared::wire::Text<BYTES> {
    tickwire_shared::wire::Text::new(text).unwrap()
}

#[test]
fn ticket_bytes_max() {
    let hello = |bytes: usize| control(0, &(1_u16, "ada", (1_u32, vec![9_u8; bytes])));
    assert_eq!(refusal(&hello(TICKET_BYTES_MAX)), None);
    for bytes in [TICKET_BYTES_MAX + 1, 4_000] {
        assert_eq!(refusal(&hello(bytes)), Some(4002), "{bytes} bytes");
    }
}

#[test]
fn close_text_bytes_max() {
    for text in texts(CLOSE_TEXT_BYTES_MAX) {
        let close = Close::new(CloseCode::Kicked, &text);
        assert_eq!(*close.text, text, "the longest is sent unchanged");
        let message = ServerControl::Close(close.clone()).encode().unwrap();
        assert_eq!(ServerControl::decode(&message), Ok(ServerControl::Close(close)));
    }
    for text in texts(CLOSE_TEXT_BYTES_MAX + 1) {
        let close = Close::new(CloseCode::Kicked, &text);
        assert!(text.starts_with(&*close.text) && close.text.len() > CLOSE_TEXT_BYTES_MAX - 2, "it is cut");
        let longer = control(2, &(CloseCode::Kicked, close.advice, text));
        assert!(ServerControl::decode(&longer).is_err(), "a client accepts no longer one");
    }
}

/// A client to which a server announces this many games, the client's own last.
fn welcomed(games: usize) -> (Client<Yard>, Result<(), ClientError>) {
    let game = GameName::new("yard").unwrap();
    let info =
        |name| GameInfo { name, schema_hash: game_schema_hash::<Yard>(), tick_rate: TickRate::DEFAULT };
    let others = (1..games).map(|at| info(GameName::cut(&format!("game {at}"))));
    let games: Vec<_> = others.chain([info(game.clone())]).collect();
    let limits =
        SessionLimits { inbound_bytes_max: 4096, inbound_bytes_per_s: 65_536, resume_grace_ms: 30_000 };
    let mut client = Client::new(ClientConfig::new(game, Name::cut("ada")));
    let heard = client.receive(core::time::Duration::ZERO, &control(0, &(SessionId(1), limits, games)));
    (client, heard)
}

#[test]
fn games_max() {
    let (client, heard) = welcomed(GAMES_MAX);
    assert_eq!((heard, client.state()), (Ok(()), &State::Joining));
    let (client, heard) = welcomed(GAMES_MAX + 1);
    assert_eq!(heard, Err(ClientError::Decode(DecodeError::OutOfRange)));
    assert!(matches!(client.state(), State::Closed(close) if close.code == CloseCode::DecodeError));
}
