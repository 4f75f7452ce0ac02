//! One connection: HTTP until it ends, or until it becomes a bare stream for the hub.

use super::HttpContext;
use crate::admission::AddressPermit;
use crate::metrics::{HandshakeFailure, Refused};
use crate::session;
use crate::transport::peer::Caller;
use crate::transport::stream::ByteStream;
use axum::Router;
use axum::body::Body;
use bytes::Bytes;
use core::time::Duration;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::upgrade::OnUpgrade;
use hyper_util::rt::{TokioIo, TokioTimer};
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::time::timeout;
use tower::Service;
use tracing::debug;

/// How long a client has for a request's head, also for the next one on the same connection.
const HEAD_TIMEOUT: Duration = Duration::from_secs(5);
/// How long a connection may ask for pages.
const HTTP_TIMEOUT: Duration = Duration::from_secs(60);
/// Where hyper itself gives up on a head (a bare 431). Heads between the protocol's limit and this get a
/// text.
const HYPER_BUFFER_BYTES: usize = 32 * 1024;

/// Whether the connection was admitted; if not, the reason.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Admitted(pub(crate) Result<(), Refused>);

/// What a request knows of its connection.
#[derive(Clone, Debug)]
pub(super) struct Connection {
    pub(super) socket: SocketAddr,
    accepted: Arc<Mutex<Option<AcceptedUpgrade>>>,
}

/// An upgrade that was answered with 101.
#[derive(Debug)]
pub(super) struct AcceptedUpgrade {
    pub(super) on_upgrade: OnUpgrade,
    pub(super) caller: Caller,
    pub(super) permit: Option<AddressPermit>,
}

impl Connection {
    /// Leaves the accepted upgrade for [`serve`], which picks it up when HTTP is over.
    pub(super) fn accept(&self, accepted: AcceptedUpgrade) {
        *self.accepted.lock().unwrap_or_else(PoisonError::into_inner) = Some(accepted);
    }
}

/// What became of a connection's HTTP.
struct Upgraded<S> {
    io: S,
    already_read: Bytes,
    caller: Caller,
    permit: Option<AddressPermit>,
}

/// Runs one connection to its end. `admitted` says whether it was admitted, and if not, why.
pub(crate) async fn serve<S>(
    front: &Arc<HttpContext>,
    router: Router,
    io: S,
    socket: SocketAddr,
    admitted: Result<(), Refused>,
) where
    S: ByteStream,
{
    // Boxed so that a session that lasts for hours does not keep the memory of HTTP's state.
    if let Some(upgraded) = Box::pin(http(front, router, io, socket, Admitted(admitted))).await {
        let _permit = upgraded.permit;
        if let Err(error) = upgraded.io.keep_little_unsent() {
            debug!(peer = %socket, %error, "the socket closed at once");
            return;
        }
        session::serve_websocket(&front.hub, upgraded.io, upgraded.already_read, upgraded.caller).await;
    }
}

async fn http<S>(
    front: &HttpContext,
    router: Router,
    io: S,
    socket: SocketAddr,
    admitted: Admitted,
) -> Option<Upgraded<S>>
where
    S: ByteStream,
{
    let connection = Connection { socket, accepted: Arc::default() };
    let service = service_fn(|mut request: hyper::Request<Incoming>| {
        request.extensions_mut().insert(connection.clone());
        request.extensions_mut().insert(admitted);
        router.clone().call(request.map(Body::new))
    });
    let ended = {
        let http = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(HEAD_TIMEOUT)
            .max_buf_size(HYPER_BUFFER_BYTES)
            .serve_connection(TokioIo::new(io), service)
            .with_upgrades();
        let mut http = pin!(http);
        let mut draining = front.draining.clone();
        // The sender lives as long as the server. Without it there is nothing left to serve.
        let drained = async { draining.wait_for(|draining| *draining).await.is_ok() };
        let run = async {
            tokio::select! {
                ended = http.as_mut() => ended,
                _ = drained => {
                    http.as_mut().graceful_shutdown();
                    http.await
                }
            }
        };
        timeout(HTTP_TIMEOUT, run).await
    };
    match ended {
        Ok(Ok(())) => debug!(peer = %socket, "HTTP ended"),
        Ok(Err(error)) => {
            front.metrics.handshake_failures.of(HandshakeFailure::Http).inc();
            if error.is_parse() && !front.proxy_protocol {
                front.proxy_advice.on_no_http(socket.ip(), &front.admission);
            }
            debug!(peer = %socket, reason = %error, "HTTP ended");
        }
        Err(_) => debug!(peer = %socket, reason = "too long", "HTTP ended"),
    }
    let accepted = connection.accepted.lock().unwrap_or_else(PoisonError::into_inner).take()?;
    let parts = accepted.on_upgrade.await.ok()?.downcast::<TokioIo<S>>().ok()?;
    Some(Upgraded {
        io: parts.io.into_inner(),
        already_read: parts.read_buf,
        caller: accepted.caller,
        permit: accepted.permit,
    })
}
