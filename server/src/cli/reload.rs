//! SIGHUP, and files that change: the server reads them again.

use super::service::{self, State};
use crate::config::RENEWAL_DAYS;
use crate::control::ControlThread;
use crate::reload::Versions;
use crate::server_handle::ServerHandle;
use core::time::Duration;
use std::io;

/// How often the files are looked at.
const WATCH_PERIOD: Duration = Duration::from_secs(10);
/// How often a certificate that ends soon is a line in the log, in periods: once a day.
const REMINDER_PERIODS: u32 = 24 * 60 * 6;

/// Reads certificate and keys again at each SIGHUP, and some seconds after a file has changed. Once this
/// runs, SIGHUP no longer ends the process.
///
/// # Errors
/// The process cannot listen for signals.
pub(super) fn watch(control: &ControlThread, server: ServerHandle) -> io::Result<()> {
    let within = control.handle().enter();
    let mut signals = HangUps::listen()?;
    drop(within);
    control.spawn(async move {
        let (mut seen, mut periods) = (server.file_versions(), 0_u32);
        loop {
            tokio::select! {
                () = signals.next() => {
                    seen = server.file_versions();
                    service::tell(State::Reloading);
                    reload(&server, "SIGHUP");
                    service::tell(State::Ready);
                }
                () = tokio::time::sleep(WATCH_PERIOD) => {
                    seen = look(&server, seen);
                    periods = periods.wrapping_add(1);
                    if periods.is_multiple_of(REMINDER_PERIODS) {
                        remind(&server);
                    }
                }
            }
        }
    });
    Ok(())
}

/// Reads the files again if one differs from what was seen. A file that is being written may be unusable for
/// a moment: it has another version once it is whole.
fn look(server: &ServerHandle, seen: Versions) -> Versions {
    let now = server.file_versions();
    if now != seen {
        reload(server, "a file has changed");
    }
    now
}

/// The start of the log says it too.
fn remind(server: &ServerHandle) {
    if let Some(days) = server.certificate_days_left().filter(|days| *days < RENEWAL_DAYS) {
        tracing::warn!(days, "the certificate ends soon: renew it");
    }
}

fn reload(server: &ServerHandle, why: &str) {
    match server.reload() {
        Ok(read) if read.is_empty() => tracing::info!(why, "there is nothing to read again"),
        Ok(read) => tracing::info!(why, "read again: {}", read.join(", ")),
        Err(error) => tracing::warn!(why, %error, "nothing is changed: what was read before stays in use"),
    }
}

/// The signals by which an operator asks for it.
struct HangUps {
    #[cfg(unix)]
    signals: tokio::signal::unix::Signal,
}

impl HangUps {
    fn listen() -> io::Result<Self> {
        Ok(Self {
            #[cfg(unix)]
            signals: tokio::signal::unix::signal(tokio::signal::unix::SignalKind::hangup())?,
        })
    }

    #[cfg(unix)]
    async fn next(&mut self) {
        if self.signals.recv().await.is_none() {
            std::future::pending::<()>().await;
        }
    }

    #[cfg(not(unix))]
    async fn next(&mut self) {
        std::future::pending::<()>().await;
    }
}
