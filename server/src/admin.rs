//! The operator's listener: metrics, the rooms, what bytes are spent on, the sessions, kick a session, close a room. Asks for no password.
//!
//! A web page in an operator's browser could reach a loopback address. So a request that changes something may carry
//! no `Origin`, and the host it names must be an address or `localhost` (a rebound name is neither).

use crate::http::ready::Ready;
use crate::http::{Front, pages};
use crate::metrics::ListingKind;
use axum::body::Body;
use axum::extract::{Path, Query, Request, State};
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use core::time::Duration;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use serde::Deserialize;
use serde_json::json;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use tickwire_shared::id::{RoomId, SessionId};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};
use tower::Service;
use tracing::info;

/// Connections of operators at one time; further ones wait.
const CONNECTIONS_AT_ONCE: usize = 32;
/// How long one connection may last: a scraper makes a new one.
const CONNECTION_TIMEOUT: Duration = Duration::from_secs(120);
/// Sessions that one answer lists.
const SESSIONS_LISTED_MAX: usize = 10_000;
const HEAD_TIMEOUT: Duration = Duration::from_secs(5);
const PAUSE_AFTER_ERROR: Duration = Duration::from_millis(50);

/// Serves operators until the task is aborted.
pub(crate) async fn run(listener: TcpListener, front: Arc<Front>) {
    let router = routes(front);
    let places = Arc::new(Semaphore::new(CONNECTIONS_AT_ONCE));
    let mut tasks = JoinSet::new();
    loop {
        while tasks.try_join_next().is_some() {}
        let Ok(place) = Arc::clone(&places).acquire_owned().await else { return };
        match listener.accept().await {
            Ok((socket, _)) => {
                let router = router.clone();
                tasks.spawn(async move {
                    let _place = place;
                    // An operator's connection that breaks is the operator's to notice.
                    let _ = timeout(CONNECTION_TIMEOUT, serve(socket, router)).await;
                });
            }
            Err(_) => sleep(PAUSE_AFTER_ERROR).await,
        }
    }
}

async fn serve(socket: TcpStream, router: Router) -> hyper::Result<()> {
    let service = service_fn(move |request: hyper::Request<hyper::body::Incoming>| {
        router.clone().call(request.map(Body::new))
    });
    http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIMEOUT)
        .serve_connection(TokioIo::new(socket), service)
        .await
}

fn routes(front: Arc<Front>) -> Router {
    Router::new()
        .route("/metrics", get(metrics))
        .route("/healthz", get(pages::healthz))
        .route("/readyz", get(pages::readyz))
        .route("/rooms", get(rooms))
        .route("/rooms/{id}/close", post(close_room))
        .route("/rooms/{id}", axum::routing::delete(close_room))
        .route("/profile", get(profile))
        .route("/sessions", get(sessions))
        .route("/sessions/{id}/kick", post(kick))
        .route("/sessions/{id}", axum::routing::delete(kick))
        .fallback(|| async {
            problem(
                StatusCode::NOT_FOUND,
                "here are GET /metrics, GET /rooms, GET /profile, GET /sessions, POST /rooms/ID/close and POST /sessions/ID/kick",
            )
        })
        .layer(from_fn(guard))
        .with_state(front)
}

async fn guard(request: Request, next: Next) -> Response {
    let headers = request.headers();
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok());
    if !host.is_some_and(is_no_name) {
        return problem(StatusCode::FORBIDDEN, "name this listener by its address or as localhost");
    }
    if request.method() != Method::GET && headers.contains_key(header::ORIGIN) {
        return problem(StatusCode::FORBIDDEN, "a web page may change nothing here");
    }
    next.run(request).await
}

fn is_no_name(host: &str) -> bool {
    let name = host.rsplit_once(':').map_or(host, |(name, _)| name);
    name == "localhost"
        || host.parse::<SocketAddr>().is_ok()
        || host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>().is_ok()
}

async fn metrics(State(front): State<Arc<Front>>, asked: HeaderMap) -> Response {
    const KIND: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    let metrics = Arc::clone(&front.metrics);
    let make = move || Some(Ready::new(KIND, metrics.render().into_bytes()));
    list(&front, ListingKind::Metrics, &asked, make).await
}

async fn rooms(State(front): State<Arc<Front>>, asked: HeaderMap) -> Response {
    let hub = Arc::clone(&front.hub);
    let make = move || Ready::json(&json!({ "rooms": pages::room_views(&hub) }));
    list(&front, ListingKind::Rooms, &asked, make).await
}

/// Answers with a listing, which is made if the last one is too old.
async fn list(
    front: &Front,
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
    State(front): State<Arc<Front>>,
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

async fn sessions(State(front): State<Arc<Front>>, asked: HeaderMap) -> Response {
    let hub = Arc::clone(&front.hub);
    let make = move || {
        let (sessions, total) = hub.session_views(SESSIONS_LISTED_MAX);
        Ready::json(&json!({ "sessions": sessions, "total": total }))
    };
    list(&front, ListingKind::Sessions, &asked, make).await
}

async fn kick(State(front): State<Arc<Front>>, Path(id): Path<String>) -> Response {
    let Ok(number) = id.parse() else {
        return problem(StatusCode::BAD_REQUEST, "a session is named by its number");
    };
    if !front.hub.kick(SessionId(number)) {
        return problem(StatusCode::NOT_FOUND, "there is no such session");
    }
    info!(session = number, "kicked by the operator");
    Json(json!({ "kicked": number })).into_response()
}

async fn close_room(State(front): State<Arc<Front>>, Path(id): Path<String>) -> Response {
    let room: RoomId = match id.parse() {
        Ok(room) => room,
        Err(error) => return problem(StatusCode::BAD_REQUEST, &format!("{error}")),
    };
    if !front.hub.close_room(room).await {
        return problem(StatusCode::NOT_FOUND, "there is no such room");
    }
    info!(%room, "closed by the operator");
    Json(json!({ "closed": room.to_string() })).into_response()
}

fn problem(status: StatusCode, text: &str) -> Response {
    (status, Json(json!({ "error": text }))).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_address_or_localhost_names_the_listener() {
        for host in ["127.0.0.1:8081", "127.0.0.1", "[::1]:8081", "localhost:8081", "localhost"] {
            assert!(is_no_name(host), "{host}");
        }
        for host in ["evil.example:8081", "evil.example", "localhost.evil.example", ""] {
            assert!(!is_no_name(host), "{host}");
        }
    }
}
