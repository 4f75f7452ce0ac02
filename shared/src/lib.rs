//! Tickwire without sockets: everything that applies at both ends of a connection.
//!
//! This crate does no I/O, reads no clock and starts no thread: time is an argument, bytes enter and leave as
//! slices. The server drives a [`room::Room`], a game client a [`client::Client`], a test both at once in a
//! [`harness::Harness`].
//!
//! ```text
//!   client                                      server
//!   Client<G> --- ClientFrame (inputs, acks) ---> Room<G> --> Game::step
//!      ^                                            |
//!      |                                            v
//!   history <--- Update (private, streams) <--- StreamEncoder (encoded once) <-- Snapshot (rows)
//! ```

// Lets the derive macros, which name this crate from outside, also work inside it.
extern crate self as tickwire_shared;

pub mod bot;
pub mod byte_profile;
pub mod client;
pub mod coding;
pub mod entity;
mod events;
pub mod game;
pub mod harness;
mod hitbox;
pub mod id;
mod json;
pub mod limits;
pub mod link;
mod predicted_spawn;
mod rng;
pub mod room;
pub mod snapshot;
pub mod tick;
mod timers;
pub mod wire;
mod world;

pub use events::{EventRefused, Events, RefusedCounts};
pub use game::Access;
/// The vector types of positions and velocities. Its version is part of this API: use it from here.
pub use glam;
pub use hitbox::{Hitbox, Rewinds, Rewound};
pub use predicted_spawn::{SpawnContext, SpawnMotion};
pub use rng::Rng;
pub use tickwire_derive::{Choice, Entity, Input};
pub use timers::Timers;
pub use world::{World, WorldFull};

/// Everything that a game's source file needs.
pub mod prelude {
    pub use crate::entity::{
        Button, Choice, Entity, Grid, Input, KindOf, steer_divisor, steer_once, steer_toward,
    };
    pub use crate::game::{
        Access, Account, AccountId, BadSettings, Features, Game, IdleLimits, InterestRules, Joining,
        LagCompensation, LeaveReason, PlayerTurn, PredictedSpawn, PredictsSpawns, Refusal, Setup,
        SpawnPrediction, Stage, Step, Turn,
    };
    pub use crate::id::{EntityId, PlayerId};
    pub use crate::snapshot::{Cells, Group, Groups, Interest, Location, Reach, View};
    pub use crate::tick::{Tick, TickRate};
    pub use crate::wire::Text;
    pub use crate::wire::control::{List, Name, Options};
    pub use crate::{EventRefused, Events, Hitbox, Rewound, Rng, Timers, World};
    pub use glam::{IVec2, IVec3, Vec2};
}

#[cfg(doctest)]
#[doc = include_str!("../../docs/writing-a-client.md")]
struct WritingAClient;
