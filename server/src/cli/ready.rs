//! `tickwire-server ready`: asks a running server whether it takes players, for a container's health check.

use crate::config::AdminListen;
use clap::Parser;
use core::time::Duration;
use std::ffi::OsString;
use std::io::{self, Read, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream};
use std::process::ExitCode;

/// The word on the command line that asks for this.
pub(super) const WORD: &str = "ready";

/// How long each step of the question may take.
const PATIENCE: Duration = Duration::from_secs(2);
/// Bytes of the answer that are read.
const ANSWER_BYTES_MAX: u64 = 4096;

/// Asks a running server whether it takes players; the exit status is 0 if it does
#[derive(Debug, Parser)]
#[command(name = WORD)]
struct ReadyArgs {
    /// The operator's listener of that server, IP:PORT
    #[arg(long, env = "TICKWIRE_ADMIN", value_name = "ADDR", default_value_t)]
    admin: AdminListen,
}

/// Runs the command with the words from `ready` on. The status is 2 for wrong arguments, 1 if the server does
/// not take players.
pub(super) fn run(words: impl Iterator<Item = OsString>) -> ExitCode {
    let args = match ReadyArgs::try_parse_from(words) {
        Ok(args) => args,
        Err(error) => {
            // Help goes to stdout, an error to stderr.
            let _ = error.print();
            return if error.use_stderr() { ExitCode::from(2) } else { ExitCode::SUCCESS };
        }
    };
    match ask(args.admin) {
        Ok(()) => ExitCode::SUCCESS,
        Err(text) => {
            eprintln!("error: {text}");
            ExitCode::FAILURE
        }
    }
}

fn ask(admin: AdminListen) -> Result<(), String> {
    let AdminListen::At(listen) = admin else {
        return Err("the operator's listener, which would answer, is off; give it an address".into());
    };
    let address = reached(listen);
    let answer = answer(address).map_err(|error| format!("{address} does not answer: {error}"))?;
    match answer.split_once("\r\n\r\n") {
        Some((head, _)) if head.starts_with("HTTP/1.1 200 ") => Ok(()),
        Some((_, text)) => Err(format!("not ready: {}", text.trim())),
        None => Err(format!("{address} is not the operator's listener of a Tickwire server")),
    }
}

/// What listens on all addresses is asked on the loopback.
fn reached(listen: SocketAddr) -> SocketAddr {
    let ip = match listen.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, listen.port())
}

fn answer(address: SocketAddr) -> io::Result<String> {
    let mut socket = TcpStream::connect_timeout(&address, PATIENCE)?;
    socket.set_read_timeout(Some(PATIENCE))?;
    socket.set_write_timeout(Some(PATIENCE))?;
    write!(socket, "GET /readyz HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n")?;
    let mut answer = Vec::new();
    socket.take(ANSWER_BYTES_MAX).read_to_end(&mut answer)?;
    Ok(String::from_utf8_lossy(&answer).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_listener_on_all_addresses_is_asked_on_the_loopback() {
        let asked = |text: &str| reached(text.parse().unwrap()).to_string();
        assert_eq!(asked("0.0.0.0:8081"), "127.0.0.1:8081");
        assert_eq!(asked("[::]:8081"), "[::1]:8081");
        assert_eq!(asked("10.0.0.7:81"), "10.0.0.7:81");
        assert!(ask(AdminListen::Off).unwrap_err().contains("is off"));
    }
}
