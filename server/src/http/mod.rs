//! The HTTP front: one port for pages and for `/play`, the WebSocket.
//!
//! [`head`] checks a request for `/play`, [`play`] answers it, [`web`] has the files of the page to play on,
//! [`pages`] answers everything else, [`board`] makes listings, [`ready`] serves finished bytes,
//! [`consent`] answers whether the server may be attacked for a test, [`connection`] runs one connection
//! until it ends or becomes a bare stream for the hub. It knows no room and no WebSocket frame.

pub(crate) mod board;
pub(crate) mod connection;
mod consent;
mod folder;
pub(crate) mod forwarded;
mod head;
pub(crate) mod pages;
mod play;
pub(crate) mod ready;
pub(crate) mod web;

use crate::admin_token::AdminToken;
use crate::admission::Admission;
use crate::hub::Hub;
use crate::metrics::Metrics;
use crate::origin::Origins;
use crate::reload::Reloader;
use axum::Router;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{any, get};
use std::sync::Arc;
use tokio::sync::watch;

/// What every request can reach.
#[derive(Debug)]
pub(crate) struct HttpContext {
    pub(crate) hub: Arc<Hub>,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) admission: Arc<Admission>,
    /// Whether the trusted proxies send the PROXY protocol.
    pub(crate) proxy_protocol: bool,
    pub(crate) proxy_advice: forwarded::ProxyAdvice,
    pub(crate) allowed_origins: Origins,
    /// The token of those who may attack this server for a test.
    pub(crate) attack_consent: Option<String>,
    pub(crate) admin_hosts: Vec<String>,
    /// What operators have to show.
    pub(crate) admin_token: Option<AdminToken>,
    pub(crate) site: web::Site,
    /// The name of the host's program, if it is known.
    pub(crate) program: Option<String>,
    /// The listings of the players' listener, and those of the operator's.
    pub(crate) board: board::Board,
    pub(crate) operators_board: board::Board,
    /// True once the server begins to stop.
    pub(crate) draining: watch::Receiver<bool>,
    /// What can be read again while the server runs.
    pub(crate) reloader: Reloader,
}

impl HttpContext {
    /// Whether the server has begun to stop.
    pub(crate) fn is_draining(&self) -> bool {
        *self.draining.borrow()
    }
}

/// The routes of the players' port.
pub(crate) fn routes(front: Arc<HttpContext>) -> Router {
    Router::new()
        .route("/play", any(play::upgrade))
        .route("/healthz", get(pages::healthz))
        .route("/readyz", get(pages::readyz))
        .route("/api/rooms", get(pages::rooms))
        .route("/rooms", get(pages::index))
        .route(consent::PATH, get(consent::answer))
        .fallback(web::file)
        .method_not_allowed_fallback(pages::method_not_allowed)
        .layer(axum::middleware::from_fn(pages::guard))
        .with_state(front)
}

/// A plain text answer: the status and one line with the reason.
pub(crate) fn answer(status: StatusCode, text: impl AsRef<str>) -> Response {
    let body = format!("{} {}\n", status.as_u16(), text.as_ref());
    let kind = HeaderValue::from_static("text/plain; charset=utf-8");
    (status, [(header::CONTENT_TYPE, kind)], body).into_response()
}
