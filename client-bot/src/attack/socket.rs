//! A WebSocket that its user writes byte by byte, so that it can send what no library would.

use super::http;
use super::target::{ByteStream, Target};
use super::wire::{GameWire, hello};
use core::time::Duration;
use std::io;
use std::net::IpAddr;
use tickwire_shared::limits::{OUTBOUND_BYTES_MAX, SUBPROTOCOL};
use tickwire_shared::wire::control::{Credential, Joined, ServerControl, TAG_CONTROL, Target as RoomTarget};
use tokio::io::{AsyncReadExt, AsyncWriteExt, BufReader, ReadHalf, WriteHalf};
use tokio::time::timeout;

/// How long a server may take for a step of a handshake.
const STEP_TIMEOUT: Duration = Duration::from_secs(10);
/// The longest head of an answer.
const HEAD_BYTES_MAX: usize = 16 * 1024;
/// What is buffered of what arrives.
const READ_BYTES: usize = 4 * 1024;

pub(super) const OP_CONTINUATION: u8 = 0;
pub(super) const OP_TEXT: u8 = 1;
pub(super) const OP_BINARY: u8 = 2;
const OP_CLOSE: u8 = 8;
pub(super) const OP_PING: u8 = 9;

/// The last frame of a message.
pub(super) const FIN: u8 = 0x80;
const MASKED: u8 = 0x80;

/// Both halves of a connection.
pub(super) struct RawSocket {
    pub(super) incoming: Incoming,
    pub(super) outgoing: Outgoing,
}

/// What arrives.
pub(super) struct Incoming(BufReader<ReadHalf<Box<dyn ByteStream>>>);

/// What is sent.
pub(super) struct Outgoing(WriteHalf<Box<dyn ByteStream>>);

/// Something that arrived.
pub(super) enum Heard {
    /// A message.
    Message(Vec<u8>),
    /// A ping, a pong or a part of a message.
    Other,
    /// The end, with the code of the close frame.
    End(String),
}

/// A frame with a mask of zeros, which changes no byte.
pub(super) fn framed(head: u8, payload: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(payload.len() + 14);
    bytes.push(head);
    match payload.len() {
        short @ 0..=125 => bytes.push(MASKED | short as u8),
        medium @ 126..=0xffff => {
            bytes.push(MASKED | 126);
            bytes.extend_from_slice(&(medium as u16).to_be_bytes());
        }
        long => {
            bytes.push(MASKED | 127);
            bytes.extend_from_slice(&(long as u64).to_be_bytes());
        }
    }
    bytes.extend_from_slice(&[0; 4]);
    bytes.extend_from_slice(payload);
    bytes
}

/// A whole message.
pub(super) fn message(payload: &[u8]) -> Vec<u8> {
    framed(FIN | OP_BINARY, payload)
}

/// The request that turns a connection into a WebSocket.
pub(super) fn upgrade(target: &Target) -> String {
    format!(
        "GET {} HTTP/1.1\r\nHost: {}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
         Sec-WebSocket-Protocol: {SUBPROTOCOL}\r\n\r\n",
        target.path, target.host
    )
}

impl RawSocket {
    /// A WebSocket from this address.
    ///
    /// # Errors
    /// The reason, for programs.
    pub(super) async fn open(target: &Target, source: Option<IpAddr>) -> Result<Self, String> {
        let (read, write) = tokio::io::split(target.stream(source).await?);
        let incoming = Incoming(BufReader::with_capacity(READ_BYTES, read));
        let mut socket = Self { incoming, outgoing: Outgoing(write) };
        socket.outgoing.write(upgrade(target).as_bytes()).await.map_err(|error| error_of(&error))?;
        let head = timeout(STEP_TIMEOUT, socket.incoming.head()).await.map_err(|_| "timeout".to_owned())?;
        match head.map_err(|error| error_of(&error))? {
            101 => Ok(socket),
            status => Err(format!("http_{status}")),
        }
    }

    /// Asks for a seat, or for an earlier one with the credential's secret.
    ///
    /// # Errors
    /// The reason, for programs.
    pub(super) async fn enter(
        &mut self,
        wire: &GameWire,
        credential: Credential,
        target: Option<RoomTarget>,
    ) -> Result<Joined, String> {
        let mut bytes = message(&hello("mallory", credential));
        if let Some(target) = target {
            bytes.extend(message(&wire.join(target)));
        }
        self.outgoing.write(&bytes).await.map_err(|error| error_of(&error))?;
        timeout(STEP_TIMEOUT, self.incoming.joined()).await.unwrap_or_else(|_| Err("timeout".to_owned()))
    }
}

fn error_of(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::TimedOut => "timeout".to_owned(),
        _ => "cut".to_owned(),
    }
}

impl Outgoing {
    /// Writes bytes as they are.
    ///
    /// # Errors
    /// The connection has ended.
    pub(super) async fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.0.write_all(bytes).await?;
        self.0.flush().await
    }
}

impl Incoming {
    /// The status of an answer, after which the connection is a WebSocket if it is 101.
    async fn head(&mut self) -> io::Result<u16> {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            if head.len() >= HEAD_BYTES_MAX {
                return Err(io::ErrorKind::InvalidData.into());
            }
            head.push(self.0.read_u8().await?);
        }
        http::status_of(&String::from_utf8_lossy(&head)).ok_or(io::ErrorKind::InvalidData.into())
    }

    async fn joined(&mut self) -> Result<Joined, String> {
        loop {
            match self.next().await {
                Heard::End(reason) => return Err(reason),
                Heard::Message(bytes) if bytes.first() == Some(&TAG_CONTROL) => {
                    match ServerControl::decode(&bytes) {
                        Ok(ServerControl::Joined(joined)) => return Ok(joined),
                        Ok(ServerControl::Close(close)) => return Err(close.code.reason().to_owned()),
                        Ok(_) => {}
                        Err(_) => return Err("undecodable".to_owned()),
                    }
                }
                Heard::Message(_) | Heard::Other => {}
            }
        }
    }

    /// What arrives next. Not to be interrupted and called again.
    pub(super) async fn next(&mut self) -> Heard {
        self.frame().await.unwrap_or_else(|error| Heard::End(error_of(&error)))
    }

    async fn frame(&mut self) -> io::Result<Heard> {
        let (head, length) = (self.0.read_u8().await?, self.0.read_u8().await?);
        let length = match length {
            126 => u64::from(self.0.read_u16().await?),
            127 => self.0.read_u64().await?,
            short => u64::from(short),
        };
        let length = usize::try_from(length).ok().filter(|length| *length <= OUTBOUND_BYTES_MAX);
        let mut payload = vec![0; length.ok_or(io::ErrorKind::InvalidData)?];
        self.0.read_exact(&mut payload).await?;
        Ok(match head & 0x0f {
            OP_BINARY if head & FIN != 0 => Heard::Message(payload),
            OP_CLOSE => Heard::End(match payload.first_chunk() {
                Some(code) => format!("closed_{}", u16::from_be_bytes(*code)),
                None => "closed".to_owned(),
            }),
            _ => Heard::Other,
        })
    }

    /// Reads all until the end, and returns its reason.
    pub(super) async fn end(&mut self) -> String {
        loop {
            if let Heard::End(reason) = self.next().await {
                return reason;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_has_the_shortest_length_and_a_mask() {
        assert_eq!(message(&[7]), [0x82, 0x81, 0, 0, 0, 0, 7]);
        assert_eq!(framed(FIN | OP_PING, &[0; 126])[..4], [0x89, 0xfe, 0, 126]);
        assert_eq!(framed(OP_TEXT, &[0; 0x1_0000])[..2], [1, 0xff]);
    }

    #[tokio::test]
    async fn what_arrives_is_read_frame_by_frame() {
        let (ours, mut theirs) = tokio::io::duplex(1024);
        let (read, _write) = tokio::io::split(Box::new(ours) as Box<dyn ByteStream>);
        let mut incoming = Incoming(BufReader::new(read));
        let bytes = [&[0x82, 2, 1, 2][..], &[0x89, 0], &[0x88, 2, 0x0f, 0xa8]].concat();
        theirs.write_all(&bytes).await.unwrap();
        assert!(matches!(incoming.next().await, Heard::Message(bytes) if bytes == [1, 2]));
        assert!(matches!(incoming.next().await, Heard::Other));
        assert!(matches!(incoming.next().await, Heard::End(reason) if reason == "closed_4008"));
        drop(theirs);
    }
}
