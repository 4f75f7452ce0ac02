//! Which client is behind a proxy, which host it asked for, and what to tell an operator whose proxy is not
//! set up.

use crate::admission::Admission;
use axum::http::{HeaderMap, header};
use std::net::{IpAddr, SocketAddr};
use std::sync::{Mutex, PoisonError};
use tracing::warn;

/// The client's address: the socket's own, or the one that a trusted proxy names in `X-Forwarded-For`.
///
/// Each proxy appends the address that it saw. So the list is read from its end, for as long as the entry was
/// added by a trusted proxy. An entry that is not an address ends the search.
pub(super) fn client_address(socket: IpAddr, headers: &HeaderMap, admission: &Admission) -> IpAddr {
    let mut address = socket;
    let lines = headers.get_all("x-forwarded-for").iter().rev().filter_map(|line| line.to_str().ok());
    for entry in lines.flat_map(|line| line.rsplit(',')) {
        if !admission.is_proxy(address) {
            break;
        }
        match parse(entry.trim()) {
            Some(named) => address = named,
            None => break,
        }
    }
    address.to_canonical()
}

/// The hosts that the request asked for: `Host`, and what a trusted proxy says in `X-Forwarded-Host`. A page
/// can set neither.
pub(super) fn hosts<'a>(
    socket: IpAddr,
    headers: &'a HeaderMap,
    admission: &Admission,
) -> impl Iterator<Item = &'a str> + use<'a> {
    let forwarded = admission.is_proxy(socket).then(|| headers.get_all("x-forwarded-host"));
    let lines = headers.get_all(header::HOST).iter().chain(forwarded.into_iter().flatten());
    lines.filter_map(|line| line.to_str().ok()).flat_map(|line| line.split(',')).map(str::trim)
}

/// Says to the operator, once for each address, what is most likely wrong in the settings of a proxy.
#[derive(Debug, Default)]
pub(crate) struct ProxyAdvice(Mutex<Vec<IpAddr>>);

/// Clients can cause advice too, so it is given for the first addresses only.
const ADVISED_MAX: usize = 16;

impl ProxyAdvice {
    /// A request came from `socket`: forwarded headers that are not believed are those of a proxy that was
    /// not declared.
    pub(super) fn on_request(&self, socket: IpAddr, headers: &HeaderMap, admission: &Admission) {
        let names = ["x-forwarded-for", "x-forwarded-host", "forwarded"];
        let Some(name) = names.into_iter().find(|name| headers.contains_key(*name)) else { return };
        if !admission.is_proxy(socket) && self.is_new(socket) {
            warn!(
                "{name} from {socket} is not believed: if that is your proxy, add \"{socket}\" to \
                 trusted_proxies (--trusted-proxies {socket}), or its players share one address's limits"
            );
        }
    }

    /// `socket` sent what is no HTTP: a declared proxy may have sent the PROXY protocol.
    pub(super) fn on_no_http(&self, socket: IpAddr, admission: &Admission) {
        if admission.is_proxy(socket) && self.is_new(socket) {
            warn!(
                "{socket}, one of trusted_proxies, sent what is no HTTP: if it sends the PROXY protocol, set \
                 proxy_protocol = true (--proxy-protocol)"
            );
        }
    }

    fn is_new(&self, socket: IpAddr) -> bool {
        let socket = socket.to_canonical();
        let mut advised = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let is_new = advised.len() < ADVISED_MAX && !advised.contains(&socket);
        if is_new {
            advised.push(socket);
        }
        is_new
    }
}

fn parse(entry: &str) -> Option<IpAddr> {
    let bare = entry.trim_start_matches('[').trim_end_matches(']');
    bare.parse().ok().or_else(|| entry.parse::<SocketAddr>().ok().map(|address| address.ip()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Limits;
    use crate::metrics::Metrics;
    use std::sync::Arc;

    fn client(socket: &str, lines: &[&'static str]) -> String {
        let proxies = vec!["10.0.0.0/8".parse().unwrap()];
        let admission = Admission::new(&Limits::default(), Vec::new(), proxies, Arc::new(Metrics::new()));
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append("x-forwarded-for", line.parse().unwrap());
        }
        client_address(socket.parse().unwrap(), &headers, &admission).to_string()
    }

    #[test]
    fn only_a_declared_proxy_is_believed() {
        assert_eq!(client("192.0.2.1", &["203.0.113.5"]), "192.0.2.1");
        assert_eq!(client("10.0.0.1", &["203.0.113.5"]), "203.0.113.5");
        assert_eq!(client("10.0.0.1", &[]), "10.0.0.1");
    }

    #[test]
    fn only_a_declared_proxy_says_by_which_host_it_was_asked() {
        let proxies = vec!["10.0.0.0/8".parse().unwrap()];
        let admission = Admission::new(&Limits::default(), Vec::new(), proxies, Arc::new(Metrics::new()));
        let mut headers = HeaderMap::new();
        headers.append("host", "127.0.0.1:8080".parse().unwrap());
        headers.append("x-forwarded-host", "a.example, b.example:8443".parse().unwrap());
        let named = |socket: &str| hosts(socket.parse().unwrap(), &headers, &admission).collect::<Vec<_>>();
        assert_eq!(named("192.0.2.1"), ["127.0.0.1:8080"]);
        assert_eq!(named("10.0.0.1"), ["127.0.0.1:8080", "a.example", "b.example:8443"]);
    }

    #[test]
    fn advice_is_given_once_and_not_without_end() {
        let advice = ProxyAdvice::default();
        let address = |last: u8| IpAddr::from([192, 0, 2, last]);
        assert!(advice.is_new(address(1)) && !advice.is_new(address(1)));
        let given = (1..=255).filter(|last| advice.is_new(address(*last))).count();
        assert_eq!(given, ADVISED_MAX - 1);
    }

    #[test]
    fn what_the_client_wrote_before_the_proxies_is_not_believed() {
        assert_eq!(client("10.0.0.1", &["1.1.1.1, 203.0.113.5, 10.0.0.2"]), "203.0.113.5");
        assert_eq!(client("10.0.0.1", &["1.1.1.1", "203.0.113.5"]), "203.0.113.5");
        assert_eq!(client("10.0.0.1", &["1.1.1.1, nonsense"]), "10.0.0.1");
        assert_eq!(client("10.0.0.1", &["[2001:db8::1]:443"]), "2001:db8::1");
    }
}
