//! The accept loop: takes sockets, sets them up, starts a task for each, and survives errors of accept.

use crate::admission::{AddressPermit, Permit};
use crate::http::{HttpContext, connection, routes};
use crate::metrics::{HandshakeFailure, Refused};
use crate::tls::{HandshakePermit, Handshakes};
use crate::transport::direct;
use crate::transport::peer::Peer;
use crate::transport::proxy_protocol::{self, NoHeader};
use axum::Router;
use core::time::Duration;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};
use tracing::{debug, info, warn};

/// How long to wait when the process is out of file descriptors or memory.
const PAUSE_AFTER_ERROR: Duration = Duration::from_millis(50);
/// A lasting error is logged this often.
const WARNING_PERIOD: Duration = Duration::from_secs(10);

/// Everything that a connection's task needs.
#[derive(Clone)]
struct Shared {
    front: Arc<HttpContext>,
    router: Router,
    /// Connections over a limit that may be answered at one time; further ones are cut.
    refusals: Arc<Semaphore>,
}

/// Accepts connections until `stop` ends, then returns their tasks.
pub(crate) async fn run(
    listener: TcpListener,
    handshakes: Option<Arc<Handshakes>>,
    front: Arc<HttpContext>,
    refusals_max: usize,
    stop: impl Future<Output = ()>,
) -> JoinSet<()> {
    let router = routes(Arc::clone(&front));
    let shared = Shared { front, router, refusals: Arc::new(Semaphore::new(refusals_max)) };
    let mut tasks = JoinSet::new();
    let mut stop = std::pin::pin!(stop);
    let mut warned: Option<Instant> = None;
    loop {
        let accepted = tokio::select! {
            () = stop.as_mut() => return tasks,
            Some(_) = tasks.join_next() => continue,
            accepted = listener.accept() => accepted,
        };
        match accepted {
            Ok((socket, address)) => {
                shared.front.metrics.connections_accepted.inc();
                // Here and not in a task, so that there are never more open files than permits.
                let Some(admittance) = shared.admit(&socket, address) else { continue };
                let shared = shared.clone();
                if shared.begins_with_header(address.ip()) {
                    tasks.spawn(shared.passed_on(handshakes.clone(), socket, address, admittance));
                    continue;
                }
                match &handshakes {
                    None => {
                        tasks.spawn(shared.plain(socket, address, admittance));
                    }
                    // Without a handshake there is no way to tell the client the reason.
                    Some(handshakes) => {
                        let Some(turn) = shared.turn(handshakes, address.ip()) else { continue };
                        tasks.spawn(shared.secure(Arc::clone(handshakes), turn, socket, address, admittance));
                    }
                }
            }
            Err(error) => {
                shared.front.metrics.accept_errors.inc();
                if warned.is_none_or(|at| at.elapsed() > WARNING_PERIOD) {
                    warned = Some(Instant::now());
                    warn!(%error, "cannot accept connections; if files ran out, raise `ulimit -n`");
                }
                sleep(PAUSE_AFTER_ERROR).await;
            }
        }
    }
}

impl Shared {
    async fn plain(self, socket: TcpStream, address: SocketAddr, admittance: Admittance) {
        let io = direct::stream(socket);
        connection::serve(&self.front, self.router, io, address, admittance.admitted()).await;
    }

    async fn secure(
        self,
        handshakes: Arc<Handshakes>,
        turn: HandshakePermit,
        socket: TcpStream,
        address: SocketAddr,
        admittance: Admittance,
    ) {
        // Boxed: the handshake's state is large and short-lived.
        match Box::pin(handshakes.run(turn, socket)).await {
            Ok(stream) => {
                connection::serve(&self.front, self.router, stream, address, admittance.admitted()).await;
            }
            Err(reason) => {
                self.front.metrics.handshake_failures.of(HandshakeFailure::Tls).inc();
                info!(peer = %address.ip(), %reason, "connection refused");
            }
        }
    }

    /// A connection of a proxy, which says first for which client it is.
    async fn passed_on(
        self,
        handshakes: Option<Arc<Handshakes>>,
        mut socket: TcpStream,
        proxy: SocketAddr,
        admittance: Admittance,
    ) {
        let client = match Box::pin(proxy_protocol::read(&mut socket)).await {
            Ok(client) => SocketAddr::new(client.unwrap_or(proxy.ip()), proxy.port()),
            Err(NoHeader::Silent) => return,
            Err(reason) => {
                self.front.metrics.handshake_failures.of(HandshakeFailure::Proxy).inc();
                info!(
                    proxy = %proxy.ip(), %reason,
                    "connection refused: let the proxy send the PROXY protocol, or set proxy_protocol = false"
                );
                return;
            }
        };
        let Some(admittance) = self.admit_client(admittance, client.ip()) else { return };
        match handshakes {
            // Boxed, or the task would hold room for both at the same time.
            None => Box::pin(self.plain(socket, client, admittance)).await,
            Some(handshakes) => {
                if let Some(turn) = self.turn(&handshakes, client.ip()) {
                    Box::pin(self.secure(handshakes, turn, socket, client, admittance)).await;
                }
            }
        }
    }

    /// A permit for a handshake, or `None` if there are too many (counted).
    fn turn(&self, handshakes: &Handshakes, address: IpAddr) -> Option<HandshakePermit> {
        let charges = &self.front.hub.context().charges;
        let payer = charges.payer(Peer::Address(address.to_canonical()));
        let payer = payer.filter(|_| !self.front.admission.is_proxy(address.to_canonical()));
        if !charges.handshake(payer) {
            return None;
        }
        let turn = handshakes.turn();
        if turn.is_none() {
            self.front.metrics.connections_refused.of(Refused::Handshakes).inc();
        }
        turn
    }

    /// Whether connections from `address` begin with a PROXY protocol header.
    fn begins_with_header(&self, address: IpAddr) -> bool {
        self.front.proxy_protocol && self.front.admission.is_proxy(address)
    }

    /// Sets up the socket and gets a permit for the connection; `None` if it is to be cut.
    fn admit(&self, socket: &TcpStream, address: SocketAddr) -> Option<Admittance> {
        let admittance = match self.front.admission.admit(address.ip()) {
            Ok(permit) => Admittance::Admitted { permit, _client: None },
            Err(reason) => self.refuse(reason, address.ip())?,
        };
        match socket.set_nodelay(true) {
            Ok(()) => Some(admittance),
            Err(error) => {
                debug!(peer = %address.ip(), %error, "the socket closed at once");
                None
            }
        }
    }

    /// Counts the connection of a proxy against the client that the proxy named; `None` if it is to be cut.
    fn admit_client(&self, admittance: Admittance, client: IpAddr) -> Option<Admittance> {
        let Admittance::Admitted { permit, .. } = admittance else { return Some(admittance) };
        match self.front.admission.admit_address(client) {
            Ok(client) => Some(Admittance::Admitted { permit, _client: client }),
            Err(reason) => self.refuse(reason, client),
        }
    }

    fn refuse(&self, reason: Refused, address: IpAddr) -> Option<Admittance> {
        info!(peer = %address, ?reason, "connection refused");
        let turn = Arc::clone(&self.refusals).try_acquire_owned().ok()?;
        Some(Admittance::Refused { reason, _turn: turn })
    }
}

/// What a connection holds for its lifetime.
enum Admittance {
    Admitted {
        permit: Permit,
        /// Of the client that a proxy named.
        _client: Option<AddressPermit>,
    },
    /// It gets an answer with the reason.
    Refused { reason: Refused, _turn: OwnedSemaphorePermit },
}

impl Admittance {
    fn admitted(&self) -> Result<(), Refused> {
        match self {
            Self::Admitted { .. } => Ok(()),
            Self::Refused { reason, .. } => Err(*reason),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{GameOptions, Server};
    use tickwire_arena::Arena;

    /// Every silent client costs what its connection's task holds.
    #[tokio::test]
    async fn a_plain_connections_task_is_small() {
        let server = Server::builder().game::<Arena>("arena", GameOptions::default()).build().unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let socket = TcpStream::connect(address).await.unwrap();
        let front = server.front();
        let shared =
            Shared { router: routes(Arc::clone(&front)), front, refusals: Arc::new(Semaphore::new(1)) };
        let admittance = shared.admit(&socket, address).unwrap();
        let bytes = size_of_val(&shared.clone().plain(socket, address, admittance));
        assert!(bytes <= 2 * 1024, "{bytes} bytes");
        let socket = TcpStream::connect(address).await.unwrap();
        let admittance = shared.admit(&socket, address).unwrap();
        let bytes = size_of_val(&shared.passed_on(None, socket, address, admittance));
        assert!(bytes <= 1024, "{bytes} bytes besides it, behind a proxy");
    }
}
