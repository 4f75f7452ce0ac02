//! What the program tells the service manager that started it: systemd with `Type=notify`, or another that
//! sets `NOTIFY_SOCKET`.

#[cfg(target_os = "linux")]
pub(super) use linux::{keep_watch, tell};

/// What is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(not(target_os = "linux"), allow(dead_code))]
pub(super) enum State {
    /// Players can connect.
    Ready,
    /// Files are being read again; [`State::Ready`] follows.
    Reloading,
    /// A stop signal came.
    Stopping,
    /// The runtime still runs its tasks.
    Alive,
}

#[cfg(target_os = "linux")]
mod linux {
    use super::State;
    use core::time::Duration;
    use rustix::time::{ClockId, clock_gettime};
    use std::ffi::OsString;
    use std::io;
    use std::os::linux::net::SocketAddrExt;
    use std::os::unix::ffi::OsStrExt;
    use std::os::unix::net::{SocketAddr, UnixDatagram};

    /// How long a manager that reads nothing may hold up the program.
    const SEND_TIMEOUT: Duration = Duration::from_secs(1);

    /// Tells it, if a service manager wants to know.
    pub(in super::super) fn tell(state: State) {
        let Some(socket) = std::env::var_os("NOTIFY_SOCKET") else { return };
        if let Err(error) = send(&socket, state.text().as_bytes()) {
            tracing::warn!(?state, %error, "the service manager cannot be told");
        }
    }

    impl State {
        fn text(self) -> String {
            match self {
                Self::Ready => "READY=1\n".to_owned(),
                Self::Reloading => {
                    let now = clock_gettime(ClockId::Monotonic);
                    let now_us = i128::from(now.tv_sec) * 1_000_000 + i128::from(now.tv_nsec) / 1_000;
                    format!("RELOADING=1\nMONOTONIC_USEC={now_us}\n")
                }
                Self::Stopping => "STOPPING=1\n".to_owned(),
                Self::Alive => "WATCHDOG=1\n".to_owned(),
            }
        }
    }

    /// The name of an abstract socket begins with `@`.
    fn send(socket: &OsString, text: &[u8]) -> io::Result<()> {
        let address = match socket.as_bytes().strip_prefix(b"@") {
            Some(name) => SocketAddr::from_abstract_name(name)?,
            None => SocketAddr::from_pathname(socket)?,
        };
        let from = UnixDatagram::unbound()?;
        from.set_write_timeout(Some(SEND_TIMEOUT))?;
        from.send_to_addr(text, &address).map(drop)
    }

    /// Tells in time that the current runtime runs its tasks, if the manager restarts programs that do not
    /// (`WatchdogSec=`).
    pub(in super::super) fn keep_watch() {
        let variable = |name| std::env::var(name).ok();
        let own = |pid: String| pid.parse() == Ok(std::process::id());
        let Some(deadline_us) = variable("WATCHDOG_USEC").and_then(|text| text.parse::<u64>().ok()) else {
            return;
        };
        if deadline_us == 0 || !variable("WATCHDOG_PID").is_none_or(own) {
            return;
        }
        tokio::spawn(async move {
            loop {
                tell(State::Alive);
                tokio::time::sleep(Duration::from_micros(deadline_us / 3)).await;
            }
        });
    }
}

/// Without systemd nobody is told.
#[cfg(not(target_os = "linux"))]
pub(super) fn tell(_: State) {}

/// Without systemd nobody watches.
#[cfg(not(target_os = "linux"))]
pub(super) fn keep_watch() {}
