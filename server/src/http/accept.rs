//! The answer to a WebSocket key.

/// What `Sec-WebSocket-Accept` says for `key`.
pub(super) fn accept_key(key: &[u8]) -> String {
    tokio_tungstenite::tungstenite::handshake::derive_accept_key(key)
}
