//! HTTP requests for what is listed.

use super::super::context::{Attack, add};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

/// What is asked for, again and again.
const PATHS: [&str; 6] = ["/api/rooms", "/rooms", "/", "/readyz", "/healthz", "/play"];
/// How often all of them are asked for before the first answer is read.
const ROUNDS: usize = 4;

/// Asks until it is aborted.
pub(super) async fn listings(attack: &Attack) {
    let host = &attack.target.host;
    let requests: String =
        PATHS.iter().map(|path| format!("GET {path} HTTP/1.1\r\nHost: {host}\r\n\r\n")).collect();
    let requests = requests.repeat(ROUNDS);
    loop {
        match attack.target.stream(attack.source).await {
            Ok(stream) => {
                add(&attack.done.connections, 1);
                let (mut read, mut write) = tokio::io::split(stream);
                let asking = async {
                    while write.write_all(requests.as_bytes()).await.is_ok() && write.flush().await.is_ok() {
                        add(&attack.done.writes, (PATHS.len() * ROUNDS) as u64);
                        add(&attack.done.bytes, requests.len() as u64);
                        tokio::task::yield_now().await;
                    }
                };
                let mut answer = vec![0; 16 * 1024];
                let reading = async { while read.read(&mut answer).await.is_ok_and(|count| count > 0) {} };
                tokio::select! {
                    () = asking => {}
                    () = reading => {}
                }
                attack.done.ended("closed".to_owned());
            }
            Err(reason) => attack.turned_away(reason).await,
        }
    }
}
