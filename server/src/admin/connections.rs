//! Limits the operator's connections: how many there may be, and which one is closed at the limit.
//!
//! Scrapers, browsers and load balancers keep idle connections open. So a new connection never waits: the
//! connection that has been idle longest is closed to make room.

use axum::Router;
use axum::body::Body;
use core::time::Duration;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{AbortHandle, JoinSet};
use tokio::time::{Instant, sleep, timeout};
use tower::Service;

/// Operators' connections at one time.
pub(super) const CONNECTIONS_MAX: usize = 32;
/// How long one connection may last; a scraper then opens a new one.
const CONNECTION_TIMEOUT: Duration = Duration::from_secs(120);
/// How long a client has for a request's head, also for the next one on the same connection.
const HEAD_TIMEOUT: Duration = Duration::from_secs(5);
const PAUSE_AFTER_ERROR: Duration = Duration::from_millis(50);

/// A connection as the accept loop knows it.
struct Open {
    task: AbortHandle,
    activity: Arc<Mutex<Activity>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Activity {
    /// A request is being answered.
    Busy,
    /// No request since then.
    Idle(Instant),
}

/// Takes connections until the task is aborted.
pub(super) async fn run(listener: TcpListener, router: Router) {
    let mut tasks = JoinSet::new();
    let mut open: Vec<Open> = Vec::new();
    loop {
        let socket = match listener.accept().await {
            Ok((socket, _)) => socket,
            Err(_) => {
                sleep(PAUSE_AFTER_ERROR).await;
                continue;
            }
        };
        while tasks.try_join_next().is_some() {}
        open.retain(|open| !open.task.is_finished());
        if open.len() >= CONNECTIONS_MAX {
            match idlest(&open) {
                Some(at) => open.swap_remove(at).task.abort(),
                // All of them are busy: this one is cut and may try again.
                None => continue,
            }
        }
        let activity = Arc::new(Mutex::new(Activity::Idle(Instant::now())));
        let task = tasks.spawn(serve(socket, router.clone(), Arc::clone(&activity)));
        open.push(Open { task, activity });
    }
}

/// The connection that has been idle longest.
fn idlest(open: &[Open]) -> Option<usize> {
    let since = |open: &Open| match *open.activity.lock().unwrap_or_else(PoisonError::into_inner) {
        Activity::Busy => None,
        Activity::Idle(since) => Some(since),
    };
    let idle = open.iter().enumerate().filter_map(|(at, open)| Some((since(open)?, at)));
    idle.min().map(|(_, at)| at)
}

async fn serve(socket: TcpStream, router: Router, activity: Arc<Mutex<Activity>>) {
    let set = |activity: &Mutex<Activity>, to| {
        *activity.lock().unwrap_or_else(PoisonError::into_inner) = to;
    };
    let service = service_fn(move |request: hyper::Request<Incoming>| {
        let (mut router, activity) = (router.clone(), Arc::clone(&activity));
        async move {
            set(&activity, Activity::Busy);
            let response = router.call(request.map(Body::new)).await;
            set(&activity, Activity::Idle(Instant::now()));
            response
        }
    });
    let http = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIMEOUT)
        .serve_connection(TokioIo::new(socket), service);
    // A broken connection is not logged: its operator notices.
    let _ = timeout(CONNECTION_TIMEOUT, http).await;
}
