//! The one address that is attacked, and the addresses of this machine from which that is done.

use super::args::AttackArgs;
use super::error::AttackError;
use super::http;
use crate::connect::{TlsRoots, Url};
use core::sync::atomic::{AtomicUsize, Ordering};
use core::time::Duration;
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use tickwire_client_native::transport::Endpoint;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::timeout;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// Where the server's owner says whether attacks are permitted.
const CONSENT_PATH: &str = "/attack-consent";

/// A connection before any HTTP.
pub(super) trait ByteStream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> ByteStream for T {}

/// A server that may be attacked. Its name was resolved once: nothing goes to any other address.
#[derive(Debug)]
pub(super) struct Target {
    endpoint: Endpoint,
    pub(super) url: Url,
    pub(super) address: SocketAddr,
    /// Host and port of the URL, as in the header `Host`.
    pub(super) host: String,
    /// The path of the WebSocket.
    pub(super) path: String,
    attackers: Vec<IpAddr>,
    honest: Vec<IpAddr>,
    /// With which of its addresses a run begins: another run a moment ago may have used up what the limits
    /// permit the first ones.
    first: usize,
    /// How many honest players came so far, from `first` on.
    came: AtomicUsize,
}

impl Target {
    /// Finds the server, and asks its owner's consent if it is not on this machine or a token is given.
    ///
    /// # Errors
    /// Why it must not or cannot be attacked.
    pub(super) async fn find(args: &AttackArgs) -> Result<Self, AttackError> {
        let usage = |error: &dyn core::fmt::Display| AttackError::Usage(error.to_string());
        let url = args.url.clone().ok_or_else(|| AttackError::Usage("name the URL of a server".into()))?;
        let roots = TlsRoots::for_url(&url, args.ca.as_deref()).map_err(|error| usage(&error))?;
        let address = first_that_answers(&url, args.consent.is_some()).await?;
        let (attackers, honest) = sources(&args.sources, address.ip())?;
        let endpoint = Endpoint::new(url.clone(), address, roots).map_err(|error| usage(&error))?;
        let text = url.to_string();
        let rest = text.split_once("://").map_or("", |(_, rest)| rest);
        let (host, path) = rest.split_once('/').unwrap_or((rest, "play"));
        let (host, path) = (host.to_owned(), format!("/{path}"));
        let first = std::process::id() as usize;
        let target = Self {
            endpoint,
            url,
            address,
            host,
            path,
            attackers,
            honest,
            first,
            came: AtomicUsize::new(first),
        };
        if let Some(token) = &args.consent {
            target.ask_consent(token).await?;
        }
        Ok(target)
    }

    async fn ask_consent(&self, token: &str) -> Result<(), AttackError> {
        if !token.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(AttackError::Usage("--consent: a token has letters, digits and signs alone".into()));
        }
        let unreachable = |error| AttackError::Unreachable(format!("{}: {error}", self.address));
        let stream = self.stream(self.next_honest()).await.map_err(unreachable)?;
        let line = format!("Tickwire-Attack-Consent: {token}\r\n");
        let answer = http::get(stream, &self.host, CONSENT_PATH, &line).await.map_err(unreachable)?;
        match answer.status {
            200 => Ok(()),
            status => Err(AttackError::ConsentRefused(self.address.to_string(), status)),
        }
    }

    /// The address of the attackers of case number `case`.
    pub(super) fn attacker(&self, case: usize) -> Option<IpAddr> {
        self.attackers.get((self.first + case).checked_rem(self.attackers.len())?).copied()
    }

    /// The address of the next honest player. There are several, so that none reaches a limit by what is
    /// asked.
    pub(super) fn next_honest(&self) -> Option<IpAddr> {
        let number = self.came.fetch_add(1, Ordering::Relaxed);
        self.honest.get(number.checked_rem(self.honest.len())?).copied()
    }

    /// How many addresses honest players have.
    pub(super) fn honest_addresses(&self) -> usize {
        self.honest.len()
    }

    /// The addresses of the next honest players, of whom there are `count`; none: the system chooses.
    pub(super) fn next_of_honest(&self, count: usize) -> Vec<IpAddr> {
        let first = self.came.fetch_add(count, Ordering::Relaxed);
        let mut addresses = self.honest.clone();
        let begin = first.checked_rem(addresses.len()).unwrap_or(0);
        addresses.rotate_left(begin);
        addresses
    }

    /// A connection, over TLS if the URL asks for it.
    ///
    /// # Errors
    /// The reason, for programs.
    pub(super) async fn stream(&self, source: Option<IpAddr>) -> Result<Box<dyn ByteStream>, String> {
        match self.endpoint.stream_from(move |_| source).await {
            Ok(stream) => Ok(Box::new(stream)),
            Err(error) => Err(error.reason()),
        }
    }

    /// A connection of TCP alone.
    ///
    /// # Errors
    /// The system's.
    pub(super) async fn tcp(&self, source: Option<IpAddr>) -> io::Result<TcpStream> {
        let socket = if self.address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
        if let Some(source) = source {
            socket.bind(SocketAddr::new(source, 0))?;
        }
        timeout(CONNECT_TIMEOUT, socket.connect(self.address)).await?
    }
}

/// The first address that answers. Where consent is not asked, all have to be of this machine.
async fn first_that_answers(url: &Url, asks_consent: bool) -> Result<SocketAddr, AttackError> {
    let addresses = url.resolve().await.map_err(|error| AttackError::Unreachable(error.to_string()))?;
    let is_elsewhere = |address: &&SocketAddr| !address.ip().to_canonical().is_loopback();
    if let Some(elsewhere) = addresses.all().iter().find(is_elsewhere).filter(|_| !asks_consent) {
        return Err(AttackError::NoConsent(elsewhere.to_string()));
    }
    for address in addresses.all() {
        if let Ok(Ok(_)) = timeout(CONNECT_TIMEOUT, TcpStream::connect(address)).await {
            return Ok(*address);
        }
    }
    Err(AttackError::Unreachable(format!("no server answers at {addresses}")))
}

/// The addresses of attackers and of the honest; none: the system chooses.
fn sources(given: &[IpAddr], target: IpAddr) -> Result<(Vec<IpAddr>, Vec<IpAddr>), AttackError> {
    let fitting: Vec<IpAddr> = given.iter().filter(|ip| ip.is_ipv4() == target.is_ipv4()).copied().collect();
    let loopback = |third, last| IpAddr::from(Ipv4Addr::new(127, 0, third, last));
    match fitting.split_first() {
        Some((first, others)) if !others.is_empty() => Ok((vec![*first], others.to_vec())),
        _ if !given.is_empty() => Err(AttackError::Usage(format!(
            "--sources: give two addresses or more of the family of {target}, the first for the attackers"
        ))),
        // Only Linux offers all of 127.0.0.0/8. Each case has its own address there: what one used up, the
        // next does not miss.
        _ if target.is_ipv4() && target.is_loopback() && cfg!(target_os = "linux") => {
            let honest = (1..=250).map(|last| loopback(1, last)).collect();
            Ok(((100..=200).map(|last| loopback(0, last)).collect(), honest))
        }
        _ if target.to_canonical().is_loopback() => Ok((Vec::new(), Vec::new())),
        _ => Err(AttackError::Usage(
            "the attackers and the honest players need addresses of their own, or the limits per address \
             would count them as one: --sources ATTACKERS,HONEST"
                .into(),
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ips(texts: &[&str]) -> Vec<IpAddr> {
        texts.iter().map(|text| text.parse().unwrap()).collect()
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn on_the_loopback_attackers_and_honest_players_have_addresses_of_their_own() {
        let (attackers, honest) = sources(&[], [127, 0, 0, 1].into()).unwrap();
        assert!(attackers.len() > 50 && honest.len() > 100);
        assert!(attackers.iter().all(|ip| ip.is_loopback() && !honest.contains(ip)));
    }

    #[test]
    fn a_server_elsewhere_needs_two_addresses_of_its_family() {
        let far = [192, 0, 2, 1].into();
        let text = sources(&[], far).unwrap_err().to_string();
        assert!(text.contains("--sources ATTACKERS,HONEST"), "{text}");
        assert!(sources(&ips(&["10.0.0.1"]), far).is_err());
        assert!(sources(&ips(&["10.0.0.1", "2001:db8::1"]), far).is_err());
        let given = ips(&["10.0.0.1", "10.0.0.2", "10.0.0.3"]);
        assert_eq!(sources(&given, far), Ok((given[..1].to_vec(), given[1..].to_vec())));
    }
}
