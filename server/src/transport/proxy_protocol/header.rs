//! The header's bytes, version 1 (a line of text) and version 2 (binary):
//! <https://www.haproxy.org/download/3.2/doc/proxy-protocol.txt>.
//!
//! ```text
//! v1  "PROXY TCP4 203.0.113.5 198.51.100.2 51234 443\r\n"   or TCP6, or "PROXY UNKNOWN" and anything
//! v2  0..12   signature
//!     12      version 2 in the high half; command in the low half: 0 LOCAL, 1 PROXY
//!     13      family in the high half: 0 none, 1 IPv4, 2 IPv6, 3 Unix; transport in the low half, 0 to 2
//!     14..16  bytes that follow, big-endian
//!     16..    source address, destination address, source port, destination port; then anything
//! ```

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

/// Bytes of a line of version 1, with its end.
const LINE_BYTES_MAX: usize = 107;
const SIGNATURE: &[u8; 12] = b"\r\n\r\n\0\r\nQUIT\n";
/// Bytes of version 2 before the addresses.
const FIXED_BYTES: usize = 16;
/// Bytes of a header of either version.
pub(super) const BYTES_MAX: usize = 536;

/// Why bytes are no header.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum BadHeader {
    #[error("it does not begin with a PROXY protocol header")]
    Missing,
    #[error("its PROXY protocol header is longer than a header may be")]
    TooLong,
    #[error("its PROXY protocol header is malformed: {0}")]
    Malformed(&'static str),
}

/// A whole header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Header {
    /// The client; `None` if the connection is the proxy's own or the proxy does not know.
    pub(super) source: Option<IpAddr>,
    pub(super) bytes: usize,
}

/// The header that `bytes` begin with, or `None` if more of it must come first.
pub(super) fn parse(bytes: &[u8]) -> Result<Option<Header>, BadHeader> {
    if begins(bytes, SIGNATURE) {
        parse_binary(bytes)
    } else if begins(bytes, b"PROXY ") {
        parse_line(bytes)
    } else {
        Err(BadHeader::Missing)
    }
}

/// Whether `bytes` begin with `start`, as far as there are any.
fn begins(bytes: &[u8], start: &[u8]) -> bool {
    bytes.iter().zip(start).all(|(byte, wanted)| byte == wanted)
}

fn parse_line(bytes: &[u8]) -> Result<Option<Header>, BadHeader> {
    let Some(end) = bytes.iter().take(LINE_BYTES_MAX).position(|byte| *byte == b'\n') else {
        return if bytes.len() < LINE_BYTES_MAX { Ok(None) } else { Err(BadHeader::TooLong) };
    };
    let line = bytes.get(..end).and_then(|line| line.strip_suffix(b"\r"));
    let line = line.and_then(|line| std::str::from_utf8(line).ok());
    let mut words = line.ok_or(BadHeader::Malformed("its line has no proper end"))?.split(' ').skip(1);
    let source = match words.next() {
        Some("UNKNOWN") => None,
        Some("TCP4") => Some(addresses::<Ipv4Addr>(words)?),
        Some("TCP6") => Some(addresses::<Ipv6Addr>(words)?),
        _ => return Err(BadHeader::Malformed("neither TCP4, TCP6 nor UNKNOWN")),
    };
    Ok(Some(Header { source, bytes: end + 1 }))
}

/// The source of `SOURCE DESTINATION PORT PORT`.
fn addresses<'a, A: FromStr + Into<IpAddr>>(
    mut words: impl Iterator<Item = &'a str>,
) -> Result<IpAddr, BadHeader> {
    let mut address = || words.next().and_then(|word| word.parse::<A>().ok());
    let source = address().zip(address()).ok_or(BadHeader::Malformed("an address"))?.0;
    let mut port = || words.next().is_some_and(|word| word.parse::<u16>().is_ok());
    if port() && port() && words.next().is_none() {
        Ok(source.into())
    } else {
        Err(BadHeader::Malformed("a port"))
    }
}

fn parse_binary(bytes: &[u8]) -> Result<Option<Header>, BadHeader> {
    let Some((fixed, rest)) = bytes.split_first_chunk::<FIXED_BYTES>() else { return Ok(None) };
    let [.., command, family, high, low] = *fixed;
    let length = usize::from(u16::from_be_bytes([high, low]));
    if FIXED_BYTES + length > BYTES_MAX {
        return Err(BadHeader::TooLong);
    }
    let is_local = match command {
        0x20 => true,
        0x21 => false,
        _ => return Err(BadHeader::Malformed("the version or the command")),
    };
    if family & 0x0F > 2 {
        return Err(BadHeader::Malformed("the transport"));
    }
    let Some(body) = rest.get(..length) else { return Ok(None) };
    let short = BadHeader::Malformed("too short for its addresses");
    let source = match family >> 4 {
        _ if is_local => None,
        0 => None,
        1 if length >= 12 => Some(body.first_chunk::<4>().map(|ip| Ipv4Addr::from(*ip).into()).ok_or(short)?),
        2 if length >= 36 => {
            Some(body.first_chunk::<16>().map(|ip| Ipv6Addr::from(*ip).into()).ok_or(short)?)
        }
        3 if length >= 216 => None,
        1..=3 => return Err(short),
        _ => return Err(BadHeader::Malformed("the family of addresses")),
    };
    Ok(Some(Header { source, bytes: FIXED_BYTES + length }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn binary(command: u8, family: u8, body: &[u8]) -> Vec<u8> {
        let length = u16::try_from(body.len()).unwrap().to_be_bytes();
        [SIGNATURE, &[command, family][..], &length, body].concat()
    }

    fn source(bytes: &[u8]) -> Option<String> {
        let header = parse(bytes).unwrap().expect("a whole header");
        assert_eq!(header.bytes, bytes.len());
        header.source.map(|source| source.to_string())
    }

    #[test]
    fn both_versions_name_the_client() {
        let line = |text: &str| source(format!("PROXY {text}\r\n").as_bytes());
        assert_eq!(line("TCP4 203.0.113.5 10.0.0.1 51234 443").as_deref(), Some("203.0.113.5"));
        assert_eq!(line("TCP6 2001:db8::1 ::1 1 65535").as_deref(), Some("2001:db8::1"));
        assert_eq!((line("UNKNOWN"), line("UNKNOWN ff::1 whatever 1")), (None, None));
        let v4 = [203, 0, 113, 5, 10, 0, 0, 1, 200, 34, 1, 187];
        assert_eq!(source(&binary(0x21, 0x11, &v4)).as_deref(), Some("203.0.113.5"));
        let more = [&v4[..], &[4, 0, 1, 0]].concat();
        assert_eq!(source(&binary(0x21, 0x11, &more)).as_deref(), Some("203.0.113.5"));
        let v6 = [&[0x20, 1, 0xD, 0xB8][..], &[0; 32]].concat();
        assert_eq!(source(&binary(0x21, 0x21, &v6)).as_deref(), Some("2001:db8::"));
        assert_eq!(source(&binary(0x20, 0, &[])), None, "LOCAL");
        assert_eq!((source(&binary(0x21, 0, &[])), source(&binary(0x21, 0x31, &[0; 216]))), (None, None));
    }

    #[test]
    fn what_is_no_header_is_refused_with_its_cause() {
        let wrong = |bytes: &[u8]| parse(bytes).unwrap_err();
        assert_eq!(wrong(b"GET / HTTP/1.1\r\n"), BadHeader::Missing);
        assert_eq!(wrong(b"\r\n\r\n\0\r\nQUIT\r"), BadHeader::Missing);
        assert_eq!(wrong(&[b"PROXY UNKNOWN ", &[b'x'; 200][..]].concat()), BadHeader::TooLong);
        assert_eq!(wrong(&binary(0x21, 0x11, &[0; 521])), BadHeader::TooLong);
        for line in [
            "PROXY \r\n",
            "PROXY UDP4 1.2.3.4 1.2.3.4 1 2\r\n",
            "PROXY TCP4 1.2.3.4 1.2.3.4 1 2\n",
            "PROXY TCP4 ::1 ::1 1 2\r\n",
            "PROXY TCP4 1.2.3.4 1 2\r\n",
            "PROXY TCP4 1.2.3.4 1.2.3.4 1 65536\r\n",
            "PROXY TCP4 1.2.3.4 1.2.3.4 1 2 3\r\n",
            "PROXY TCP4  1.2.3.4 1.2.3.4 1 2\r\n",
        ] {
            assert!(matches!(wrong(line.as_bytes()), BadHeader::Malformed(_)), "{line:?}");
        }
        for (command, family, body) in
            [(0x11, 0x11, 12), (0x22, 0x11, 12), (0x21, 0x41, 12), (0x21, 0x13, 12), (0x21, 0x11, 11)]
        {
            let bytes = binary(command, family, &[0; 64][..body]);
            assert!(matches!(wrong(&bytes), BadHeader::Malformed(_)), "{command:x} {family:x} {body}");
        }
        assert!(matches!(wrong(&binary(0x21, 0x21, &[0; 35])), BadHeader::Malformed(_)));
    }

    #[test]
    fn the_largest_headers_are_read() {
        let v2 = binary(0x21, 0x11, &[1; 520]);
        assert_eq!((v2.len(), parse(&v2).unwrap().unwrap().bytes), (BYTES_MAX, BYTES_MAX));
        let line = format!("PROXY UNKNOWN {}\r\n", "x".repeat(LINE_BYTES_MAX - 16));
        assert_eq!(parse(line.as_bytes()).unwrap().unwrap().bytes, LINE_BYTES_MAX);
    }

    proptest! {
        /// Any split gives the same verdict, and what follows a header does not matter.
        #[test]
        fn a_header_is_the_same_in_pieces(v2: bool, ip: [u8; 4], port: u16, at in 0..28_usize, on: Vec<u8>) {
            let whole = if v2 {
                binary(0x21, 0x11, &[&ip[..], &[10, 0, 0, 1], &port.to_be_bytes(), &[1, 187]].concat())
            } else {
                format!("PROXY TCP4 {} 10.0.0.1 {port} 443\r\n", Ipv4Addr::from(ip)).into_bytes()
            };
            let wanted = Header { source: Some(Ipv4Addr::from(ip).into()), bytes: whole.len() };
            prop_assert_eq!(parse(&whole[..at.min(whole.len() - 1)]), Ok(None));
            prop_assert_eq!(parse(&[&whole[..], &on].concat()), Ok(Some(wanted)));
        }

        /// Whatever comes, the verdict is in by the longest header, and no header is longer than its bytes.
        #[test]
        fn any_bytes_get_a_verdict(
            start in prop::sample::select(vec![&b""[..], b"PROXY ", b"PROXY TCP4 ", SIGNATURE]),
            rest in prop::collection::vec(any::<u8>(), 0..700),
        ) {
            let bytes = [start, &rest].concat();
            match parse(&bytes) {
                Ok(None) => prop_assert!(bytes.len() < BYTES_MAX),
                Ok(Some(header)) => prop_assert!(header.bytes <= bytes.len().min(BYTES_MAX)),
                Err(_) => (),
            }
        }
    }
}
