//! The pages besides `/play`.

use super::connection::Admitted;
use super::ready::Ready;
use super::{HttpContext, answer, head};
use crate::hub::Hub;
use crate::listing::RoomView;
use crate::metrics::{ListingKind, Refused};
use axum::Extension;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::Response;
use serde_json::json;
use std::fmt::Write;
use std::sync::Arc;

/// No scripts, styles, images or frames: the page is text.
const CSP: &str = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// The process runs.
pub(crate) async fn healthz() -> Response {
    answer(StatusCode::OK, "alive")
}

/// Whether a new player can join.
pub(crate) async fn readyz(State(front): State<Arc<HttpContext>>) -> Response {
    if front.is_draining() {
        answer(StatusCode::SERVICE_UNAVAILABLE, "the server is draining")
    } else if front.admission.is_full() {
        answer(StatusCode::SERVICE_UNAVAILABLE, "all connections are in use")
    } else if front.hub.context().room_threads.is_exhausted() {
        answer(StatusCode::SERVICE_UNAVAILABLE, "too many games hang; restart the server")
    } else {
        answer(StatusCode::OK, "ready")
    }
}

/// The public listing. Any page may read it.
pub(super) async fn rooms(State(front): State<Arc<HttpContext>>, asked: HeaderMap) -> Response {
    let hub = Arc::clone(&front.hub);
    let make = move || {
        let games: Vec<_> = hub.games().collect();
        Ready::json(&json!({ "games": games, "rooms": public_views(&hub) }))
    };
    let Some(listing) = front.board.get((ListingKind::PublicRooms, None), make).await else {
        return no_listing();
    };
    readable(listing.answer(&asked))
}

/// The listing for people.
pub(super) async fn index(State(front): State<Arc<HttpContext>>, asked: HeaderMap) -> Response {
    let (hub, program) = (Arc::clone(&front.hub), front.program.clone());
    let make = move || {
        let html = page(program.as_deref(), &public_views(&hub));
        Some(Ready::new("text/html; charset=utf-8", html.into_bytes()))
    };
    let Some(listing) = front.board.get((ListingKind::RoomsPage, None), make).await else {
        return no_listing();
    };
    let mut response = listing.answer(&asked);
    response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(CSP));
    response.headers_mut().insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    response
}

/// The open rooms that their games do not hide, in the order of their ids.
fn public_views(hub: &Hub) -> Vec<RoomView> {
    let mut rooms = room_views(hub);
    rooms.retain(|room| !room.hidden);
    rooms
}

/// The open rooms, in the order of their ids.
pub(crate) fn room_views(hub: &Hub) -> Vec<RoomView> {
    let mut rooms: Vec<_> = hub.rooms().iter().map(RoomView::new).collect();
    rooms.sort_unstable_by(|one, other| one.id.cmp(&other.id));
    rooms
}

/// The answer when a listing could not be made.
pub(crate) fn no_listing() -> Response {
    answer(StatusCode::INTERNAL_SERVER_ERROR, "the listing could not be made; the log may say why")
}

fn page(program: Option<&str>, rooms: &[RoomView]) -> String {
    let mut html = format!(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
         <title>Rooms of {}</title><main><h1>Rooms</h1>\n",
        program.map_or_else(|| "this Tickwire server".to_owned(), escape)
    );
    if rooms.is_empty() {
        html.push_str("<p>No room is open. The first player to join opens one.</p>\n");
    } else {
        // Not a table: one with room options would be wider than a phone.
        html.push_str("<ul>\n");
        for room in rooms {
            // Writing to a String does not fail.
            let _ = write!(
                html,
                "<li><b>{}</b>: {}, {} of {} players, {} spectators, {} Hz",
                escape(&room.id),
                escape(&room.game),
                room.players,
                room.players_max,
                room.spectators,
                room.tick_rate_hz
            );
            for (key, value) in &room.options {
                let _ = write!(html, ", {}=<wbr>{}", escape(key), escape(value));
            }
            let _ = writeln!(html, ", open for {} s</li>", room.age_s);
        }
        html.push_str("</ul>\n");
    }
    html.push_str(
        "<p>As JSON: <a href=\"/api/rooms\">/api/rooms</a>. <a href=\"/\">Play</a>. Games connect to \
         <code>/play</code>.</p></main></html>\n",
    );
    html
}

fn escape(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            c => safe.push(c),
        }
    }
    safe
}

pub(super) fn not_found() -> Response {
    answer(StatusCode::NOT_FOUND, "nothing is here; players connect to /play, the rooms are listed at /rooms")
}

pub(super) async fn method_not_allowed() -> Response {
    answer(StatusCode::METHOD_NOT_ALLOWED, "this address is read-only; use GET")
}

/// Runs before every page: limits the head, and answers connections that were not admitted.
pub(super) async fn guard(
    Extension(admitted): Extension<Admitted>,
    request: Request,
    next: Next,
) -> Response {
    let (head, body) = request.into_parts();
    let mut response = if head::size(&head) > head::HEAD_BYTES_MAX {
        let text = format!(
            "the request's head is longer than {} bytes; send fewer or shorter headers",
            head::HEAD_BYTES_MAX
        );
        last(answer(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE, text))
    } else {
        match admitted.0 {
            Err(reason) if head.uri.path() != "/healthz" => last(refusal(reason)),
            _ => next.run(Request::from_parts(head, body)).await,
        }
    };
    response.headers_mut().insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}

/// Makes an answer readable for any page: a browser does not tell its page why a WebSocket did not open, so
/// the page asks.
pub(super) fn readable(mut response: Response) -> Response {
    response.headers_mut().insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    response
}

/// The answer to a connection that was not admitted.
pub(super) fn refusal(reason: Refused) -> Response {
    let (status, text) = match reason {
        Refused::Address => {
            (StatusCode::TOO_MANY_REQUESTS, "too many connections from this address; close some")
        }
        Refused::Full => (StatusCode::SERVICE_UNAVAILABLE, "all connections are in use; try again later"),
        Refused::Draining => (StatusCode::SERVICE_UNAVAILABLE, "the server is stopping; try again soon"),
        Refused::Handshakes | Refused::HandshakeRate => {
            (StatusCode::SERVICE_UNAVAILABLE, "too many TLS handshakes; try again later")
        }
    };
    let mut response = answer(status, text);
    response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("10"));
    readable(response)
}

fn last(mut response: Response) -> Response {
    response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    response
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    #[test]
    fn what_a_player_chose_never_becomes_markup() {
        let room = RoomView {
            id: "abcd0123".into(),
            game: "<script>".into(),
            players: 1,
            players_max: 2,
            spectators: 0,
            spectators_max: 64,
            tick_rate_hz: 30,
            options: BTreeMap::from([("\"><img".to_owned(), "'&".to_owned())]),
            access: "open",
            password: false,
            hidden: false,
            metadata: BTreeMap::new(),
            age_s: 3,
        };
        let html = page(Some("a<b"), &[room]);
        assert!(!html.contains("<script") && !html.contains("<img"), "{html}");
        assert!(html.contains("<title>Rooms of a&lt;b</title>"), "{html}");
        assert!(html.contains("&quot;&gt;&lt;img=<wbr>&#39;&amp;"), "{html}");
    }
}
