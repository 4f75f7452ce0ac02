//! Starting a connection, on a thread of its own or in a runtime.

use crate::attempts::Attempts;
use crate::shared::Shared;
use crate::transport::{TlsRoots, Url};
use crate::{Config, Connection, End, StartError};
use core::future::Future;
use std::sync::Arc;
use tickwire_shared::client::ClientGame;

/// Connects to the server at `url` (`ws://HOST:PORT` or `wss://HOST:PORT`) and joins, on a thread of its own.
/// It returns at once: [`Connection`] reports how it goes.
///
/// A client of [`AnyGame`](tickwire_shared::client::generic::AnyGame) can only watch: as a player it would
/// need an input of the room's schema before the first one is made.
///
/// # Errors
/// Nothing was started: the URL is wrong, there are no certificates to trust, or the system gives no thread.
pub fn connect<G: ClientGame>(url: &str, config: Config) -> Result<Connection<G>, StartError> {
    let (connection, task) = connect_task(url, config)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(StartError::Thread)?;
    let thread = std::thread::Builder::new().name("tickwire-client".into());
    thread.spawn(move || runtime.block_on(task)).map_err(StartError::Thread)?;
    Ok(connection)
}

/// As [`connect`], for a program with a tokio runtime: it has to run the task that is returned
/// beside the connection, with `tokio::spawn` for example. If the task is dropped, the connection ends with
/// [`End::Stopped`].
///
/// # Errors
/// Nothing was started: the URL is wrong, or there are no certificates to trust.
pub fn connect_task<G: ClientGame>(
    url: &str,
    config: Config,
) -> Result<(Connection<G>, impl Future<Output = ()> + Send + use<G>), StartError> {
    let url: Url = url.parse()?;
    let roots = TlsRoots::for_url(&url, config.ca.as_deref())?;
    let shared = Arc::new(Shared::new(config.client.clone(), config.saved.as_ref()));
    let connection = Connection::new(Arc::clone(&shared));
    let attempts = Attempts::new(url, roots, config, Arc::clone(&shared));
    let ends = EndOnDrop(shared);
    let task = async move {
        let end = attempts.run().await;
        ends.0.end(end);
    };
    Ok((connection, task))
}

/// Ends the connection if its task is dropped before its time.
struct EndOnDrop<G: ClientGame>(Arc<Shared<G>>);

impl<G: ClientGame> Drop for EndOnDrop<G> {
    fn drop(&mut self) {
        self.0.end(End::Stopped);
    }
}
