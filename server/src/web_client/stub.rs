//! A small service for tests, on a port of this machine.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::task::{JoinHandle, JoinSet};

/// What a service does with a request.
#[derive(Clone, Debug)]
pub(crate) enum Reply {
    /// Writes these bytes and waits for the next request.
    Bytes(Vec<u8>),
    /// Never answers.
    Stall,
    /// Cuts the connection.
    Cut,
}

/// An answer with this status, such as `200 OK`, these lines of headers, and this body.
pub(crate) fn answer(status: &str, headers: &str, body: &str) -> Reply {
    let length = body.len();
    Reply::Bytes(format!("HTTP/1.1 {status}\r\n{headers}Content-Length: {length}\r\n\r\n{body}").into_bytes())
}

/// The service. It ends when it is dropped.
pub(crate) struct Stub {
    pub(crate) address: SocketAddr,
    seen: Arc<Mutex<Vec<String>>>,
    connections: Arc<AtomicUsize>,
    task: JoinHandle<()>,
}

impl Stub {
    /// Answers each request, head and body as text, as `reply` says.
    pub(crate) async fn start(reply: impl Fn(&str) -> Reply + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (seen, connections) = (Arc::new(Mutex::new(Vec::new())), Arc::new(AtomicUsize::new(0)));
        let (log, count, reply) = (seen.clone(), connections.clone(), Arc::new(reply));
        let task = tokio::spawn(async move {
            let mut tasks = JoinSet::new();
            while let Ok((socket, _)) = listener.accept().await {
                count.fetch_add(1, Ordering::SeqCst);
                let (log, reply) = (log.clone(), reply.clone());
                tasks.spawn(async move {
                    serve(socket, |request| {
                        log.lock().unwrap().push(request.to_owned());
                        reply(request)
                    })
                    .await;
                });
            }
        });
        Self { address, seen, connections, task }
    }

    /// Its address with this path.
    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// The requests so far.
    pub(crate) fn seen(&self) -> Vec<String> {
        self.seen.lock().unwrap().clone()
    }

    /// The connections so far.
    pub(crate) fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }
}

impl Drop for Stub {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Answers the requests of one connection.
pub(crate) async fn serve(
    mut socket: impl AsyncRead + AsyncWrite + Unpin,
    mut reply: impl FnMut(&str) -> Reply,
) {
    let mut read = Vec::new();
    loop {
        let Some(request) = next_request(&mut socket, &mut read).await else { return };
        match reply(&request) {
            Reply::Bytes(bytes) => {
                // A client that has read enough may be gone.
                if socket.write_all(&bytes).await.is_err() || socket.flush().await.is_err() {
                    return;
                }
            }
            Reply::Stall => std::future::pending().await,
            Reply::Cut => return,
        }
    }
}

async fn next_request(socket: &mut (impl AsyncRead + Unpin), read: &mut Vec<u8>) -> Option<String> {
    loop {
        let text = String::from_utf8_lossy(read);
        if let Some((head, _)) = text.split_once("\r\n\r\n") {
            let length = head.lines().find_map(|line| {
                let (name, value) = line.split_once(':')?;
                name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse::<usize>().ok())?
            });
            let end = head.len() + 4 + length.unwrap_or(0);
            if read.len() >= end {
                let rest = read.split_off(end);
                return String::from_utf8(std::mem::replace(read, rest)).ok();
            }
        }
        if socket.read_buf(read).await.ok()? == 0 {
            return None;
        }
    }
}
