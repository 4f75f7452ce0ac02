//! Which pages may connect, by the origins that browsers send.

use std::net::Ipv6Addr;

/// The listed origins; an empty list permits all.
#[derive(Debug)]
pub(crate) struct Origins(Vec<String>);

impl Origins {
    /// `listed` was checked with [`canonical`].
    pub(crate) fn new(listed: &[String]) -> Self {
        Self(listed.iter().map(|origin| canonical(origin).unwrap_or_else(|_| origin.clone())).collect())
    }

    /// Whether a page of this origin may connect: the origin is listed, or it is that of one of the `hosts`
    /// that the request asked for.
    pub(crate) fn permit<'a>(&self, origin: &[u8], hosts: impl IntoIterator<Item = &'a str>) -> bool {
        if self.0.is_empty() {
            return true;
        }
        let Some(origin) = str::from_utf8(origin).ok().and_then(|origin| canonical(origin).ok()) else {
            return false;
        };
        self.0.contains(&origin) || hosts.into_iter().any(|host| is_at(&origin, host))
    }
}

/// Whether a canonical origin is that of the pages at `host[:port]`. A proxy may do TLS, so the scheme may be
/// either.
fn is_at(origin: &str, host: &str) -> bool {
    ["http", "https"].iter().any(|scheme| canonical(&format!("{scheme}://{host}")).as_deref() == Ok(origin))
}

/// An origin in the form used for comparison: in lower case and without the scheme's default port. Otherwise
/// what is wrong with it.
pub(crate) fn canonical(origin: &str) -> Result<String, &'static str> {
    let origin = origin.to_ascii_lowercase();
    if origin == "null" {
        return Ok(origin);
    }
    if origin.contains('*') {
        return Err("is a pattern; list each origin, or none to permit all");
    }
    if !origin.is_ascii() {
        return Err("is not ASCII; write the host as browsers send it (xn--...)");
    }
    let Some((scheme, place)) = origin.split_once("://") else { return Err("has no scheme://") };
    let is_scheme = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.');
    if !scheme.starts_with(|first: char| first.is_ascii_alphabetic()) || !scheme.bytes().all(is_scheme) {
        return Err("has a wrong scheme");
    }
    if place.contains(['/', '?', '#', '\\']) {
        return Err("has a path, even if only a slash; leave it out");
    }
    if place.contains('@') {
        return Err("has a user; leave it out");
    }
    // The colons inside an address in brackets do not precede a port.
    let end = place.rfind(']').map_or(0, |end| end + 1);
    let (host, port) = match place[end..].rfind(':') {
        Some(at) => (&place[..end + at], Some(&place[end + at + 1..])),
        None => (place, None),
    };
    let is_web = matches!(scheme, "http" | "https");
    if !is_host(host) || host.is_empty() && (is_web || port.is_some()) {
        return Err("has no host or a wrong one");
    }
    let port = match port {
        Some(digits) if digits.bytes().all(|byte| byte.is_ascii_digit()) => {
            Some(digits.parse::<u16>().map_err(|_| "has a wrong port")?)
        }
        Some(_) => return Err("has a wrong port"),
        None => None,
    };
    Ok(match (scheme, port) {
        (_, None) | ("http", Some(80)) | ("https", Some(443)) => format!("{scheme}://{host}"),
        (_, Some(port)) => format!("{scheme}://{host}:{port}"),
    })
}

/// Whether a host contains only what a URL's host may contain. Schemes such as `file` have an empty host.
fn is_host(host: &str) -> bool {
    match host.strip_prefix('[').and_then(|host| host.strip_suffix(']')) {
        Some(address) => address.parse::<Ipv6Addr>().is_ok(),
        None => host.bytes().all(|byte| byte.is_ascii_graphic() && !b"\"<>[]^`{|},:".contains(&byte)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listed(origins: &[&str]) -> Origins {
        Origins::new(&origins.iter().map(|&origin| origin.to_owned()).collect::<Vec<_>>())
    }

    #[test]
    fn whatever_browsers_send_is_an_origin() {
        for origin in [
            "null",
            "https://play.example",
            "http://[::1]:8080",
            "http://tauri.localhost",
            "capacitor://localhost",
            "ionic://localhost",
            "tauri://localhost",
            "app://",
            "app://.",
            "file://",
            "chrome-extension://abcdefghijklmnop",
            "moz-extension://0b7bc6d4-24ec-4a1b-9b8a-57c5d95d3a5c",
        ] {
            assert_eq!(canonical(origin).as_deref(), Ok(origin));
            assert!(listed(&[origin]).permit(origin.as_bytes(), []), "{origin}");
            assert!(!listed(&["https://other.example"]).permit(origin.as_bytes(), []), "{origin}");
        }
    }

    #[test]
    fn case_and_the_default_port_of_a_scheme_make_no_difference() {
        for (one, other) in [
            ("https://Play.Example", "HTTPS://play.example:443"),
            ("http://play.example:80", "http://play.example"),
            ("NULL", "null"),
            ("http://a.example:08080", "http://a.example:8080"),
        ] {
            assert_eq!(canonical(one), canonical(other));
        }
        assert_ne!(canonical("http://play.example:443"), canonical("http://play.example"));
    }

    #[test]
    fn what_is_no_origin_is_told_why() {
        for (text, part) in [
            ("", "scheme"),
            ("play.example", "scheme"),
            ("://play.example", "scheme"),
            ("1a://play.example", "scheme"),
            ("*", "pattern"),
            ("https://*.example", "pattern"),
            ("https://play.example/", "path"),
            ("https://play.example/arena", "path"),
            ("file:///", "path"),
            ("https://play.example?a", "path"),
            ("https://ann@play.example", "user"),
            ("https://", "host"),
            ("app://:80", "host"),
            ("https://:443", "host"),
            ("https://[::1", "host"),
            ("https://::1", "host"),
            ("https://a b", "host"),
            ("https://pläy.example", "ASCII"),
            ("https://play.example:", "port"),
            ("https://play.example:x", "port"),
            ("https://play.example:+1", "port"),
            ("https://play.example:65536", "port"),
        ] {
            let why = canonical(text).expect_err(text);
            assert!(why.contains(part), "{text}: {why}");
        }
    }

    #[test]
    fn an_empty_list_permits_all_and_no_other_does() {
        assert!(listed(&[]).permit(b"https://evil.example", []));
        assert!(listed(&[]).permit(b"\xff", []));
        let origins = listed(&["https://play.example"]);
        for origin in ["https://evil.example", "http://play.example", "https://play.example:444", "null", ""]
        {
            assert!(!origins.permit(origin.as_bytes(), []), "{origin}");
        }
        assert!(!origins.permit(b"\xff", []));
    }

    #[test]
    fn pages_of_the_servers_host_may_connect() {
        let origins = listed(&["https://play.example"]);
        for (origin, host) in [
            ("http://game.example:8080", "game.example:8080"),
            ("https://game.example", "Game.example"),
            ("https://game.example", "game.example:443"),
            ("http://game.example", "game.example:80"),
            ("http://[::1]:8080", "[::1]:8080"),
        ] {
            assert!(origins.permit(origin.as_bytes(), [host]), "{origin} at {host}");
        }
        for (origin, host) in [
            ("http://game.example:8080", "game.example"),
            ("http://game.example", "game.example:8080"),
            ("https://evil.example", "game.example"),
            ("app://game.example", "game.example"),
            ("null", "null"),
            ("https://game.example", ""),
            ("https://game.example", "game.example/"),
        ] {
            assert!(!origins.permit(origin.as_bytes(), [host]), "{origin} at {host}");
        }
    }
}
