//! Takes webhooks and shows the leaderboard.

use super::signature::Secrets;
use super::store::{Outcome, Played, Store};
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{HeaderMap, StatusCode};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::Value;
use std::sync::Arc;
use std::time::SystemTime;

/// More than any message has.
const BODY_BYTES_MAX: usize = 64 * 1024;

struct Receiver<S> {
    secrets: Secrets,
    store: S,
}

type Answer<T> = Result<T, (StatusCode, String)>;

/// `POST /` takes webhooks; `GET /leaderboard` is for everybody.
pub fn routes<S: Store>(secrets: Secrets, store: S) -> Router {
    Router::new()
        .route("/", post(take::<S>))
        .route("/leaderboard", get(leaderboard::<S>))
        .layer(DefaultBodyLimit::max(BODY_BYTES_MAX))
        .with_state(Arc::new(Receiver { secrets, store }))
}

/// What a webhook says.
#[derive(Deserialize)]
struct Message {
    #[serde(rename = "type")]
    kind: String,
    data: Value,
}

/// What it says at the end of a match.
#[derive(Deserialize)]
struct Ended {
    room: String,
    result: Outcome,
}

/// Whatever is not a success is sent again, for days: so a fault of this service loses nothing.
async fn take<S: Store>(
    State(receiver): State<Arc<Receiver<S>>>,
    headers: HeaderMap,
    body: Bytes,
) -> Answer<StatusCode> {
    let refuse = |status, why: &str| (status, format!("{why}\n"));
    let id = receiver.secrets.check(&headers, &body, SystemTime::now());
    let id = id.map_err(|why| refuse(StatusCode::UNAUTHORIZED, why))?;
    let unreadable = |error: serde_json::Error| refuse(StatusCode::UNPROCESSABLE_ENTITY, &error.to_string());
    let message: Message = serde_json::from_slice(&body).map_err(unreadable)?;
    if message.kind != "room.ended" {
        return Ok(StatusCode::NO_CONTENT);
    }
    let Ended { room, result } = serde_json::from_value(message.data).map_err(unreadable)?;
    match receiver.store.keep(&Played { id, room, outcome: result }).await {
        Ok(true) => Ok(StatusCode::CREATED),
        // It came before, and the answer was lost.
        Ok(false) => Ok(StatusCode::OK),
        Err(error) => {
            eprintln!("the database: {error}");
            Err(refuse(StatusCode::SERVICE_UNAVAILABLE, "the database does not take it now"))
        }
    }
}

async fn leaderboard<S: Store>(State(receiver): State<Arc<Receiver<S>>>) -> Answer<Json<Value>> {
    let lines = receiver.store.leaderboard().await;
    let lines = lines.map_err(|error| (StatusCode::SERVICE_UNAVAILABLE, format!("{error}\n")))?;
    Ok(Json(serde_json::json!(lines)))
}
