//! What the server's own metrics say before and after a case.

use super::http;
use core::time::Duration;
use serde::Serialize;
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep, timeout};

/// How long after a case the server may take to be as before. Its listener serves metrics up to 1 s old.
const RETURN_MAX: Duration = Duration::from_secs(5);
const LISTING_AGE_MAX: Duration = Duration::from_secs(1);
/// Between one look and the next.
const LOOK_PERIOD: Duration = Duration::from_millis(250);
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// How much more than before is permitted: an allocator keeps some of what was freed, and others play too.
const MEMORY_MARGIN_BYTES: f64 = 32.0 * 1024.0 * 1024.0;
const MEMORY_MARGIN: f64 = 0.25;
const FDS_MARGIN: f64 = 16.0;
const SESSIONS_MARGIN: f64 = 2.0;

/// The operator's listener of a server.
#[derive(Clone, Debug)]
pub(super) struct ServerWatch {
    host: String,
    path: String,
}

/// One look at the metrics. Not every system tells a program how much it uses.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub(super) struct Reading {
    pub(super) resident_bytes: Option<f64>,
    pub(super) open_fds: Option<f64>,
    pub(super) sessions: f64,
}

impl ServerWatch {
    /// The metrics at `http://HOST:PORT[/PATH]`; without a path, `/metrics`.
    ///
    /// # Errors
    /// It is no such URL.
    pub(super) fn at(url: &str) -> Result<Self, String> {
        let wrong = || format!("--metrics: `{url}` is not a URL such as http://127.0.0.1:8081/metrics");
        let rest = url.strip_prefix("http://").ok_or_else(wrong)?;
        let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
        let is_plain = |text: &str| text.bytes().all(|byte| byte.is_ascii_graphic());
        if host.is_empty() || !is_plain(rest) {
            return Err(wrong());
        }
        let path = if path.is_empty() { "/metrics".to_owned() } else { format!("/{path}") };
        let host = if host.contains(':') { host.to_owned() } else { format!("{host}:80") };
        Ok(Self { host, path })
    }

    /// The metrics of now, or of up to a second ago.
    ///
    /// # Errors
    /// What is wrong with them.
    pub(super) async fn look(&self) -> Result<Reading, String> {
        let fault = |error: String| format!("--metrics: http://{}{}: {error}", self.host, self.path);
        let connected = timeout(CONNECT_TIMEOUT, TcpStream::connect(&self.host)).await;
        let stream = connected.map_err(|_| fault("no connection within 5 s".to_owned()))?;
        let stream = stream.map_err(|error| fault(error.to_string()))?;
        let answer = http::get(stream, &self.host, &self.path, "").await.map_err(fault)?;
        if answer.status != 200 {
            return Err(fault(format!("HTTP {}", answer.status)));
        }
        Reading::of(&answer.body).map_err(fault)
    }

    /// Looks until the server is as it was, or for as long as it may take. Returns the last look.
    ///
    /// # Errors
    /// What is wrong with the metrics.
    pub(super) async fn wait(&self, before: &Reading) -> Result<Reading, String> {
        let end = Instant::now() + RETURN_MAX + LISTING_AGE_MAX;
        // What is served now may be from the time of the attack.
        sleep(LISTING_AGE_MAX).await;
        loop {
            let now = self.look().await?;
            if before.excess(&now).is_empty() || Instant::now() >= end {
                return Ok(now);
            }
            sleep(LOOK_PERIOD).await;
        }
    }
}

impl Reading {
    fn of(text: &str) -> Result<Self, String> {
        let value = |name: &str| -> Option<f64> {
            let mut lines = text.lines().filter_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
            lines.next()?.split_whitespace().next()?.parse().ok()
        };
        Ok(Self {
            resident_bytes: value("process_resident_memory_bytes"),
            open_fds: value("process_open_fds"),
            sessions: value("tickwire_sessions").ok_or("there is no tickwire_sessions")?,
        })
    }

    /// What of `after` is more than before, with the margin that is permitted.
    pub(super) fn excess(&self, after: &Self) -> Vec<String> {
        let mut excess = Vec::new();
        if let (Some(from), Some(to)) = (self.resident_bytes, after.resident_bytes)
            && to > (from * (1.0 + MEMORY_MARGIN)).max(from + MEMORY_MARGIN_BYTES)
        {
            let (from, to) = (mib(from), mib(to));
            excess
                .push(format!("memory went from {from:.0} to {to:.0} MiB and did not come back within 5 s"));
        }
        let counts = [
            ("open descriptors", self.open_fds, after.open_fds, FDS_MARGIN),
            ("sessions", Some(self.sessions), Some(after.sessions), SESSIONS_MARGIN),
        ];
        for (name, from, to, margin) in counts {
            if let (Some(from), Some(to)) = (from, to)
                && to > from + margin
            {
                excess.push(format!("{name} went from {from} to {to} and did not come back within 5 s"));
            }
        }
        excess
    }
}

/// Bytes as MiB.
pub(super) fn mib(bytes: f64) -> f64 {
    bytes / 1024.0 / 1024.0
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "# HELP tickwire_sessions Sessions now\n\
        tickwire_sessions 3\ntickwire_sessions_total 9\n\
        process_open_fds 21\nprocess_resident_memory_bytes 52428800\n";

    fn reading(resident_bytes: f64, open_fds: f64, sessions: f64) -> Reading {
        Reading { resident_bytes: Some(resident_bytes), open_fds: Some(open_fds), sessions }
    }

    #[test]
    fn the_metrics_are_read_by_their_whole_names() {
        assert_eq!(Reading::of(TEXT), Ok(reading(52_428_800.0, 21.0, 3.0)));
        let of_few = Reading { resident_bytes: None, open_fds: None, sessions: 3.0 };
        assert_eq!(Reading::of("tickwire_sessions 3\n"), Ok(of_few), "a system that tells no more");
        assert!(Reading::of("process_open_fds 21\n").unwrap_err().contains("tickwire_sessions"));
    }

    #[test]
    fn what_did_not_come_back_is_named() {
        let before = reading(100e6, 20.0, 0.0);
        assert!(before.excess(&reading(120e6, 25.0, 1.0)).is_empty());
        let excess = before.excess(&reading(200e6, 65.0, 45.0)).join("\n");
        for part in
            ["memory went from 95 to 191 MiB", "descriptors went from 20 to 65", "sessions went from 0"]
        {
            assert!(excess.contains(part), "{excess}");
        }
    }

    #[test]
    fn a_url_without_a_path_means_metrics() {
        let watch = ServerWatch::at("http://127.0.0.1:8081").unwrap();
        assert_eq!((&*watch.host, &*watch.path), ("127.0.0.1:8081", "/metrics"));
        assert_eq!(ServerWatch::at("http://a/m").unwrap().host, "a:80");
        for bad in ["127.0.0.1:8081", "https://a", "http://", "http://a b/"] {
            assert!(ServerWatch::at(bad).is_err(), "{bad}");
        }
    }
}
