//! Hosts fixed-tick multiplayer rooms over WebSockets.
//!
//! ```text
//! accept -> (TLS) -> HTTP: pages, or /play -> the bare stream -> hub: session, room, outbox
//! ```
//!
//! [`Server::builder`] takes a [`Config`] and games; [`Server::run`] serves on a listener that the caller
//! owns until the caller asks it to stop. `cli::run` (feature `cli`) is a whole program around that.
//! Everything that needs no socket is in [`tickwire_shared`].

mod accept;
mod admin;
mod admin_token;
mod admission;
#[cfg(feature = "cli")]
mod args;
mod assets;
mod authenticator;
mod bans;
mod charges;
#[cfg(feature = "cli")]
pub mod cli;
mod config;
mod context;
mod control;
mod descriptors;
mod directory;
mod host_call;
mod http;
mod hub;
mod leak_audit;
mod listing;
#[cfg(feature = "cli")]
mod logging;
mod messages_in;
mod metrics;
mod origin;
mod outbox;
mod passes;
mod reload;
mod room_port;
mod room_task;
mod room_threads;
mod server;
mod server_handle;
mod services;
mod session;
mod shutdown;
mod slot;
mod staggered_closes;
#[cfg(feature = "tls")]
mod tls;
#[cfg(not(feature = "tls"))]
#[path = "tls_off.rs"]
mod tls;
mod transport;
mod watched_file;
mod web_client;
mod webhooks;

#[cfg(feature = "cli")]
pub use args::Args;
pub use authenticator::{
    AuthRefusal, AuthRequest, Authenticator, BadJwtKeys, Guests, HttpHook, Jwt, JwtKeys, Tickets,
};
pub use config::{
    AddressRange, AdminListen, AuthFallback, AuthMode, Config, ConfigError, GameOptions, GameSection,
    KeySource, Limits, LogFormat, SameAccount, WebAddress,
};
pub use directory::{Claim, Directory, DirectoryError, NODE_NAME_BYTES_MAX, NodeName, RoomRecord};
pub use leak_audit::Balance;
pub use listing::RoomView;
pub use room_port::SendError;
pub use server::{Server, ServerBuilder};
pub use server_handle::ServerHandle;
pub use services::{Admission, Happened, RoomEvent, Services};
pub use shutdown::StopSignals;
pub use tickwire_shared::game::{Account, AccountId};
/// Tickets and their keys.
pub use tickwire_tickets as tickets;
pub use transport::memory::{Disconnected, MemoryConnection};
pub use web_client::{BadSigningSecret, SigningSecret};

#[cfg(doctest)]
#[doc = include_str!("../../docs/hosting-a-game.md")]
struct HostingAGame;
