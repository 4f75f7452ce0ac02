//! What the service is asked, as JSON.

use crate::authenticator::AuthRequest;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::Bytes;
use serde::Serialize;
use std::collections::BTreeMap;
use std::net::IpAddr;
use tickwire_shared::wire::control::{Options, Role, Target};

#[derive(Serialize)]
struct Question<'a> {
    ticket: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ticket_base64url: Option<String>,
    name: &'a str,
    game: &'a str,
    role: &'static str,
    target: Wanted<'a>,
    address: Option<IpAddr>,
    origin: Option<&'a str>,
    headers: BTreeMap<&'a str, Vec<&'a str>>,
}

#[derive(Serialize)]
#[serde(rename_all = "lowercase")]
enum Wanted<'a> {
    Room(String),
    Match(BTreeMap<&'a str, &'a str>),
    Create(BTreeMap<&'a str, &'a str>),
}

/// The question about a client.
pub(super) fn question(request: &AuthRequest) -> Bytes {
    let ticket = request.ticket.as_deref();
    let text = ticket.and_then(|ticket| std::str::from_utf8(ticket).ok());
    let mut headers: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (name, value) in &request.headers {
        headers.entry(name).or_default().push(value);
    }
    let question = Question {
        ticket: text,
        ticket_base64url: ticket.filter(|_| text.is_none()).map(|ticket| URL_SAFE_NO_PAD.encode(ticket)),
        name: &request.name,
        game: &request.game,
        role: match request.role {
            Role::Player => "player",
            Role::Spectator => "spectator",
        },
        target: match &request.target {
            Target::Room(id) => Wanted::Room(id.to_string()),
            Target::Match(options) => Wanted::Match(pairs(options)),
            Target::Create(options) => Wanted::Create(pairs(options)),
        },
        address: request.address,
        origin: request.origin.as_deref(),
        headers,
    };
    // Texts and maps of texts always have a JSON form.
    serde_json::to_vec(&question).unwrap_or_default().into()
}

fn pairs(options: &Options) -> BTreeMap<&str, &str> {
    options.iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};
    use tickwire_shared::id::RoomId;
    use tickwire_shared::wire::Text;
    use tickwire_shared::wire::control::{GameName, Name};

    fn asked(request: &AuthRequest) -> Value {
        serde_json::from_slice(&question(request)).unwrap()
    }

    #[test]
    fn the_service_is_told_what_is_known_of_the_client() {
        let options = Options::new(vec![(Text::cut("map"), Text::cut("duel"))]).unwrap();
        let mut request = AuthRequest::new(Name::cut("ada"), Some(b"t1".to_vec()));
        request.game = GameName::cut("arena");
        request.role = Role::Spectator;
        request.target = Target::Create(options);
        request.address = Some("192.0.2.7".parse().unwrap());
        request.origin = Some("https://play.example".into());
        request.headers = vec![("cookie".into(), "a=1".into()), ("cookie".into(), "b=2".into())];
        let wanted = json!({
            "ticket": "t1", "name": "ada", "game": "arena", "role": "spectator",
            "target": { "create": { "map": "duel" } }, "address": "192.0.2.7",
            "origin": "https://play.example", "headers": { "cookie": ["a=1", "b=2"] },
        });
        assert_eq!(asked(&request), wanted);
    }

    #[test]
    fn a_ticket_that_is_no_text_comes_in_base64() {
        let request = AuthRequest::new(Name::cut("ada"), Some(vec![0xff, 0xfe]));
        let told = asked(&request);
        assert_eq!((&told["ticket"], &told["ticket_base64url"]), (&Value::Null, &json!("__4")));
        let told =
            asked(&AuthRequest { target: Target::Room(RoomId::from_bits(7)), ticket: None, ..request });
        assert_eq!((&told["ticket"], told.get("ticket_base64url")), (&Value::Null, None));
        assert_eq!(told["target"], json!({ "room": RoomId::from_bits(7).to_string() }));
    }
}
