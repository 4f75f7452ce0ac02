//! The operator's listener: metrics, rooms, sessions, the byte profile; kicks a session, closes a room, sends
//! it a message. It asks for a token if the operator has set one.
//!
//! [`connections`] limits the connections, [`guard`] keeps web pages and strangers out.

mod connections;
mod guard;

use crate::http::ready::Ready;
use crate::http::{HttpContext, pages};
use crate::metrics::{Form, ListingKind};
use crate::room_port::SendError;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::middleware::from_fn_with_state;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::json;
use std::sync::Arc;
use tickwire_shared::game::HostMessage;
use tickwire_shared::id::{RoomId, SessionId};
use tokio::net::TcpListener;
use tracing::info;

/// The most sessions that one answer lists.
const SESSIONS_LISTED_MAX: usize = 10_000;

/// Serves operators until the task is aborted.
pub(crate) async fn run(listener: TcpListener, front: Arc<HttpContext>) {
    connections::run(listener, routes(front)).await;
}

fn routes(front: Arc<HttpContext>) -> Router {
    Router::new()
        .route("/metrics", get(metrics))
        .route("/healthz", get(pages::healthz))
        .route("/readyz", get(pages::readyz))
        .route("/rooms", get(rooms))
        .route("/rooms/{id}/close", post(close_room))
        .route("/rooms/{id}", axum::routing::delete(close_room))
        .route("/rooms/{id}/message", post(message))
        .route("/profile", get(profile))
        .route("/sessions", get(sessions))
        .route("/sessions/{id}/kick", post(kick))
        .route("/sessions/{id}", axum::routing::delete(kick))
        .fallback(|| async {
            problem(
                StatusCode::NOT_FOUND,
                "here are GET /metrics, GET /rooms, GET /profile, GET /sessions, POST /rooms/ID/close, \
                 POST /rooms/ID/message and POST /sessions/ID/kick",
            )
        })
        .layer(from_fn_with_state(Arc::clone(&front), guard::guard))
        .with_state(front)
}

async fn metrics(State(front): State<Arc<HttpContext>>, asked: HeaderMap) -> Response {
    let accept = asked.get_all(header::ACCEPT).iter().filter_map(|line| line.to_str().ok());
    let form = Form::accepted(accept);
    let kind = match form {
        Form::Text => ListingKind::Metrics,
        Form::OpenMetrics => ListingKind::OpenMetrics,
    };
    let metrics = Arc::clone(&front.metrics);
    let make = move || Some(Ready::new(form.kind(), metrics.render(form).into_bytes()));
    let mut response = list(&front, kind, &asked, make).await;
    response.headers_mut().append(header::VARY, HeaderValue::from_static("Accept"));
    response
}

async fn rooms(State(front): State<Arc<HttpContext>>, asked: HeaderMap) -> Response {
    let hub = Arc::clone(&front.hub);
    let make = move || Ready::json(&json!({ "rooms": pages::room_views(&hub) }));
    list(&front, ListingKind::Rooms, &asked, make).await
}

/// Answers with a listing; makes a new one if the last one is too old.
async fn list(
    front: &HttpContext,
    kind: ListingKind,
    asked: &HeaderMap,
    make: impl FnOnce() -> Option<Ready> + Send + 'static,
) -> Response {
    match front.operators_board.get((kind, None), make).await {
        Some(listing) => listing.answer(asked),
        None => pages::no_listing(),
    }
}

#[derive(Deserialize)]
struct WhichRoom {
    room: Option<String>,
}

async fn profile(
    State(front): State<Arc<HttpContext>>,
    Query(which): Query<WhichRoom>,
    asked: HeaderMap,
) -> Response {
    let room: Option<RoomId> = match which.room.map(|id| id.parse()).transpose() {
        Ok(room) => room,
        Err(error) => return problem(StatusCode::BAD_REQUEST, &format!("{error}")),
    };
    let hub = Arc::clone(&front.hub);
    let make = move || {
        let games = hub.bytes_sent(room);
        if room.is_some() && games.is_empty() { None } else { Ready::json(&json!({ "games": games })) }
    };
    match front.operators_board.get((ListingKind::Profile, room), make).await {
        Some(listing) => listing.answer(&asked),
        None if room.is_some() => problem(StatusCode::NOT_FOUND, "there is no such room"),
        None => pages::no_listing(),
    }
}

async fn sessions(State(front): State<Arc<HttpContext>>, asked: HeaderMap) -> Response {
    let hub = Arc::clone(&front.hub);
    let make = move || {
        let (sessions, total) = hub.session_views(SESSIONS_LISTED_MAX);
        Ready::json(&json!({ "sessions": sessions, "total": total }))
    };
    list(&front, ListingKind::Sessions, &asked, make).await
}

async fn kick(State(front): State<Arc<HttpContext>>, Path(id): Path<String>) -> Response {
    let Ok(number) = id.parse() else {
        return problem(StatusCode::BAD_REQUEST, "name a session by its number");
    };
    if !front.hub.kick(SessionId(number)) {
        return problem(StatusCode::NOT_FOUND, "there is no such session");
    }
    info!(session = number, "kicked by the operator");
    Json(json!({ "kicked": number })).into_response()
}

async fn close_room(State(front): State<Arc<HttpContext>>, Path(id): Path<String>) -> Response {
    let room: RoomId = match id.parse() {
        Ok(room) => room,
        Err(error) => return problem(StatusCode::BAD_REQUEST, &format!("{error}")),
    };
    if !front.hub.close_room(room) {
        return problem(StatusCode::NOT_FOUND, "there is no such room");
    }
    info!(%room, "closed by the operator");
    Json(json!({ "closed": room.to_string() })).into_response()
}

/// The body is JSON, which the room's game reads.
async fn message(State(front): State<Arc<HttpContext>>, Path(id): Path<String>, body: String) -> Response {
    let room: RoomId = match id.parse() {
        Ok(room) => room,
        Err(error) => return problem(StatusCode::BAD_REQUEST, &format!("{error}")),
    };
    let message: HostMessage = match body.parse() {
        Ok(message) => message,
        Err(error) => return problem(StatusCode::BAD_REQUEST, &format!("the body is no message: {error}")),
    };
    let Some(port) = front.hub.context().rooms.get(room) else {
        return problem(StatusCode::NOT_FOUND, "there is no such room");
    };
    match port.send(message) {
        Ok(()) => Json(json!({ "sent": room.to_string() })).into_response(),
        Err(error @ SendError::Full) => problem(StatusCode::SERVICE_UNAVAILABLE, &error.to_string()),
        Err(error) => problem(StatusCode::NOT_FOUND, &error.to_string()),
    }
}

fn problem(status: StatusCode, text: &str) -> Response {
    (status, Json(json!({ "error": text }))).into_response()
}
