//! Connections that stop half way, and TLS handshakes.

use super::super::context::{Attack, add};
use super::super::socket::{message, upgrade};
use super::super::wire::hello;
use core::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::sleep;

/// How long a byte of half a request takes.
const DRIBBLE_PERIOD: Duration = Duration::from_millis(500);
/// The beginning of a TLS record: a handshake of 512 bytes that never come.
const CLIENT_HELLO: [u8; 9] = [22, 3, 1, 2, 0, 1, 0, 1, 252];

/// Stops at one of four steps and waits until the server ends the connection.
pub(super) async fn attacker(attack: &Attack, number: u32) {
    loop {
        let done = match number % 4 {
            0 => silent(attack).await,
            1 => half_a_request(attack).await,
            step => handshake(attack, number, step == 3).await,
        };
        if done.is_none() {
            sleep(DRIBBLE_PERIOD).await;
        }
    }
}

async fn silent(attack: &Attack) -> Option<()> {
    let mut socket = attack.target.tcp(attack.source).await.ok()?;
    add(&attack.done.connections, 1);
    // The end is what is waited for, whatever it is called.
    let _ = socket.read_u8().await;
    attack.done.ended("silent".to_owned());
    Some(())
}

/// A request whose head grows byte by byte.
async fn half_a_request(attack: &Attack) -> Option<()> {
    let mut stream = attack.target.stream(attack.source).await.ok()?;
    add(&attack.done.connections, 1);
    let head = upgrade(&attack.target);
    let (begun, _) = head.split_at(head.len() / 2);
    stream.write_all(begun.as_bytes()).await.ok()?;
    while stream.write_all(b"x").await.is_ok() && stream.flush().await.is_ok() {
        sleep(DRIBBLE_PERIOD).await;
    }
    attack.done.ended("half a request".to_owned());
    Some(())
}

/// A WebSocket without a Hello, or without a Join.
async fn handshake(attack: &Attack, number: u32, says_hello: bool) -> Option<()> {
    let mut socket = attack.connect().await?;
    if says_hello {
        let credential = attack.credential(number).await?;
        attack.write(&mut socket.outgoing, &message(&hello("mallory", credential))).await?;
    }
    attack.done.ended(socket.incoming.end().await);
    Some(())
}

/// Handshakes as fast as possible: whole ones, and some that stop half way and wait.
pub(super) async fn tls_handshakes(attack: &Attack, number: u32) {
    loop {
        let done = if number.is_multiple_of(2) {
            whole_handshake(attack).await
        } else {
            half_a_handshake(attack).await
        };
        if done.is_none() {
            attack.turned_away("cut".to_owned()).await;
        }
    }
}

async fn whole_handshake(attack: &Attack) -> Option<()> {
    drop(attack.target.stream(attack.source).await.ok()?);
    add(&attack.done.connections, 1);
    Some(())
}

async fn half_a_handshake(attack: &Attack) -> Option<()> {
    let mut socket = attack.target.tcp(attack.source).await.ok()?;
    add(&attack.done.connections, 1);
    socket.write_all(&CLIENT_HELLO).await.ok()?;
    // The end is what is waited for, whatever it is called.
    let _ = socket.read_u8().await;
    None
}
