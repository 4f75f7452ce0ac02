//! The program from outside: start and stop, configuration, HTTP, TLS.
//!
//! One test binary for all of it, because linking takes the time.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod accounts;
mod configuration;
#[cfg(unix)]
mod descriptors;
mod http_front;
mod hung;
#[cfg(feature = "tls")]
mod key_address;
mod listings;
#[cfg(unix)]
mod log;
mod new_game;
mod operators;
mod own_program;
#[cfg(unix)]
mod panics;
mod program;
mod proxies;
#[cfg(unix)]
mod reload;
mod running;
#[cfg(target_os = "linux")]
mod service;
mod startup;
#[path = "../../src/web_client/stub.rs"]
#[allow(dead_code, reason = "a part of the unit tests")]
mod stub;
#[cfg(feature = "tls")]
mod tls;
#[cfg(not(feature = "tls"))]
mod tls_off;
mod webhooks;
