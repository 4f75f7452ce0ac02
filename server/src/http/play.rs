//! `/play`: turns a request into an accepted upgrade, from which a bare stream comes.

use super::connection::{AcceptedUpgrade, Connection};
use super::forwarded::{client_address, hosts};
use super::head::{self, BadUpgrade};
use super::{HttpContext, answer, pages};
use crate::metrics::{HandshakeFailure, Refused};
use crate::transport::peer::{Caller, Peer, Upgrade};
use crate::transport::websocket::accept_key;
use axum::Extension;
use axum::extract::{Request, State};
use axum::http::header::{CONNECTION, ORIGIN, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_PROTOCOL, UPGRADE};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use std::sync::Arc;
use tickwire_shared::limits::SUBPROTOCOL;
use tracing::info;

/// Checks the head and answers 101, or says what is wrong.
pub(super) async fn upgrade(
    State(front): State<Arc<HttpContext>>,
    Extension(connection): Extension<Connection>,
    mut request: Request,
) -> Response {
    let on_upgrade = hyper::upgrade::on(&mut request);
    let (head, _body) = request.into_parts();
    let address = client_address(connection.socket.ip(), &head.headers, &front.admission);
    // A client that the PROXY protocol named may be behind a proxy that also sends headers.
    if !front.proxy_protocol {
        front.proxy_advice.on_request(connection.socket.ip(), &head.headers, &front.admission);
    }
    let hosts = || hosts(connection.socket.ip(), &head.headers, &front.admission);
    let permits = |origin: &[u8]| front.allowed_origins.permit(origin, hosts());
    let key = match head::check(&head, permits) {
        Ok(key) => key,
        Err(error) => {
            front.metrics.handshake_failures.of(HandshakeFailure::Upgrade).inc();
            info!(peer = %address, status = error.status().as_u16(), reason = %error, "connection refused");
            return refuse(&error);
        }
    };
    if front.is_draining() {
        front.metrics.connections_refused.of(Refused::Draining).inc();
        return pages::refusal(Refused::Draining);
    }
    // The socket's own address was counted when it was accepted. A client behind a proxy is counted here.
    let permit = if address == connection.socket.ip().to_canonical() {
        None
    } else {
        match front.admission.admit_address(address) {
            Ok(permit) => permit,
            Err(reason) => return pages::refusal(reason),
        }
    };
    let Ok(accept) = HeaderValue::from_str(&accept_key(key.as_bytes())) else {
        return refuse(&BadUpgrade::Key);
    };
    let upgrade = upgrade_of(&head.headers, front.hub.headers_read());
    let caller = Caller { peer: Peer::Address(address), upgrade };
    connection.accept(AcceptedUpgrade { on_upgrade, caller, permit });
    let headers = [
        (CONNECTION, HeaderValue::from_static("Upgrade")),
        (UPGRADE, HeaderValue::from_static("websocket")),
        (SEC_WEBSOCKET_ACCEPT, accept),
        (SEC_WEBSOCKET_PROTOCOL, HeaderValue::from_static(SUBPROTOCOL)),
    ];
    (StatusCode::SWITCHING_PROTOCOLS, headers).into_response()
}

fn refuse(error: &BadUpgrade) -> Response {
    let mut response = answer(error.status(), error.to_string());
    for (name, value) in error.headers() {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    pages::readable(response)
}

/// What the request says of its client, with the headers of these names.
fn upgrade_of(headers: &HeaderMap, read: &[HeaderName]) -> Upgrade {
    let text = |value: &HeaderValue| Box::from(String::from_utf8_lossy(value.as_bytes()));
    let all = |name: &'_ HeaderName| {
        headers.get_all(name).iter().map(|value| (name.as_str().into(), text(value))).collect::<Vec<_>>()
    };
    Upgrade { origin: headers.get(ORIGIN).map(text), headers: read.iter().flat_map(all).collect() }
}
