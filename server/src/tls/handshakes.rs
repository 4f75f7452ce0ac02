//! TLS handshakes, on threads of their own: a signature takes milliseconds, and any client can ask for one.
//!
//! There are half as many threads as the machine has cores, with a lower priority than all others. The number
//! of handshakes that wait for their client or for a thread is limited.

use super::Tls;
use std::io;
use std::sync::Arc;
use std::thread::available_parallelism;
use tokio::net::TcpStream;
use tokio::runtime::{Builder, Runtime};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_rustls::server::TlsStream;

/// Runs handshakes. Its threads end when it is dropped.
#[derive(Debug)]
pub(crate) struct Handshakes {
    tls: Tls,
    /// Taken when this is dropped.
    runtime: Option<Runtime>,
    at_once: Arc<Semaphore>,
}

/// Permission for a handshake.
#[derive(Debug)]
pub(crate) struct HandshakePermit {
    _permit: OwnedSemaphorePermit,
}

impl Handshakes {
    /// Starts the threads.
    ///
    /// # Errors
    /// The system has no thread for them.
    pub(crate) fn start(tls: Tls, at_once_max: u32) -> io::Result<Self> {
        let cores = available_parallelism().map_or(1, std::num::NonZero::get);
        let runtime = Builder::new_multi_thread()
            .worker_threads((cores / 2).max(1))
            .thread_name("handshakes")
            .on_thread_start(give_way)
            .enable_all()
            .build()?;
        let at_once = Arc::new(Semaphore::new((at_once_max as usize).min(Semaphore::MAX_PERMITS)));
        Ok(Self { tls, runtime: Some(runtime), at_once })
    }

    /// A permit, or `None` if too many handshakes are in progress.
    pub(crate) fn turn(&self) -> Option<HandshakePermit> {
        let permit = Arc::clone(&self.at_once).try_acquire_owned().ok()?;
        Some(HandshakePermit { _permit: permit })
    }

    /// The handshake.
    ///
    /// # Errors
    /// It failed or took too long; the text is for the log.
    pub(crate) async fn run(
        &self,
        turn: HandshakePermit,
        socket: TcpStream,
    ) -> Result<TlsStream<TcpStream>, String> {
        let tls = self.tls.clone();
        let given_up = || "the server gave up the TLS handshake".to_owned();
        let Some(runtime) = &self.runtime else { return Err(given_up()) };
        let handshake = runtime.spawn(async move {
            let _turn = turn;
            tls.accept(socket).await
        });
        handshake.await.unwrap_or_else(|_| Err(given_up()))
    }
}

impl Drop for Handshakes {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            // This may be dropped within another runtime, where blocking is not allowed.
            runtime.shutdown_background();
        }
    }
}

/// Lets all other threads run first. On Linux a priority belongs to a thread; elsewhere it would be the
/// process's.
fn give_way() {
    #[cfg(any(target_os = "android", target_os = "linux"))]
    if let Err(error) = rustix::process::setpriority_process(None, NICENESS) {
        tracing::debug!(%error, "handshakes have the priority of other threads");
    }
}

/// While both want to run, a tenth of another thread's share: on a busy machine handshakes go on, slowly.
#[cfg(any(target_os = "android", target_os = "linux"))]
const NICENESS: i32 = 10;
