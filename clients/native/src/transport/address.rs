//! The addresses of a server's name, and the first that answers.

use core::future::Future;
use core::sync::atomic::{AtomicUsize, Ordering};
use core::time::Duration;
use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use std::io;
use std::net::SocketAddr;
use tokio::time::timeout;

/// How many addresses of one name are tried.
const ADDRESSES_MAX: usize = 16;
/// How long an attempt has before the next address is tried in parallel (RFC 8305, section 5).
const STAGGER: Duration = Duration::from_millis(250);

/// The addresses where a server may be, as `[::1]` and `127.0.0.1` for `localhost`. The one that answered
/// last is tried first.
#[derive(Debug)]
pub struct Addresses {
    all: Box<[SocketAddr]>,
    answered: AtomicUsize,
}

impl From<SocketAddr> for Addresses {
    fn from(address: SocketAddr) -> Self {
        vec![address].into()
    }
}

impl From<Vec<SocketAddr>> for Addresses {
    fn from(mut all: Vec<SocketAddr>) -> Self {
        all.truncate(ADDRESSES_MAX);
        Self { all: all.into(), answered: AtomicUsize::new(0) }
    }
}

impl core::fmt::Display for Addresses {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        for (at, address) in self.all.iter().enumerate() {
            write!(f, "{}{address}", if at == 0 { "" } else { ", " })?;
        }
        Ok(())
    }
}

impl Addresses {
    /// All of them.
    #[must_use]
    pub fn all(&self) -> &[SocketAddr] {
        &self.all
    }

    /// Calls `dial` on the addresses and returns its result for the first that answers.
    ///
    /// # Errors
    /// The error of each attempt, in the order in which they failed; empty if there is no address.
    pub(super) async fn reach<T, F: Future<Output = io::Result<T>>>(
        &self,
        dial: impl Fn(SocketAddr) -> F,
    ) -> Result<T, Vec<io::Error>> {
        let first = self.answered.load(Ordering::Relaxed);
        let order = core::iter::once(first).chain((0..self.all.len()).filter(|at| *at != first));
        let mut waiting = order.filter_map(|at| Some((at, *self.all.get(at)?)));
        let (mut attempts, mut errors) = (FuturesUnordered::new(), Vec::new());
        loop {
            let next = waiting.next().map(|(at, address)| {
                let attempt = dial(address);
                attempts.push(async move { (at, attempt.await) });
            });
            let ended = match next {
                // The last attempt has no time limit here.
                None => attempts.next().await,
                Some(()) => match timeout(STAGGER, attempts.next()).await {
                    Ok(ended) => ended,
                    Err(_) => continue,
                },
            };
            match ended {
                None => return Err(errors),
                Some((_, Err(error))) => errors.push(error),
                Some((at, Ok(reached))) => {
                    self.answered.store(at, Ordering::Relaxed);
                    return Ok(reached);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Mutex;

    fn addresses(ports: &[u16]) -> Addresses {
        ports.iter().map(|port| SocketAddr::from(([127, 0, 0, 1], *port))).collect::<Vec<_>>().into()
    }

    /// Port 1 refuses, port 2 never answers, port 3 answers at once.
    async fn dial(tried: &Mutex<Vec<u16>>, address: SocketAddr) -> io::Result<u16> {
        tried.lock().unwrap().push(address.port());
        match address.port() {
            1 => Err(io::ErrorKind::ConnectionRefused.into()),
            2 => core::future::pending().await,
            port => Ok(port),
        }
    }

    #[tokio::test(start_paused = true)]
    async fn an_address_that_refuses_or_is_silent_is_passed_over() {
        let (addresses, tried) = (addresses(&[1, 2, 3]), Mutex::default());
        let start = tokio::time::Instant::now();
        assert_eq!(addresses.reach(|address| dial(&tried, address)).await.unwrap(), 3);
        assert_eq!(start.elapsed().as_millis() / 10, STAGGER.as_millis() / 10);
        assert_eq!(core::mem::take(&mut *tried.lock().unwrap()), [1, 2, 3]);
        assert_eq!(addresses.reach(|address| dial(&tried, address)).await.unwrap(), 3);
        assert_eq!(*tried.lock().unwrap(), [3], "the one that answered is tried first");
    }

    #[tokio::test]
    async fn where_none_answers_each_has_its_error() {
        let tried = Mutex::default();
        let errors = addresses(&[1, 1]).reach(|address| dial(&tried, address)).await.unwrap_err();
        assert_eq!(errors.len(), 2);
        assert_eq!(addresses(&[]).reach(|address| dial(&tried, address)).await.unwrap_err().len(), 0);
    }
}
