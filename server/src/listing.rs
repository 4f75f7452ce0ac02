//! Rooms and sessions as shown to people and to other programs.

use crate::directory::RoomHandle;
use crate::room_port::RoomListing;
use serde::Serialize;
use std::collections::BTreeMap;
use tickwire_shared::Rewinds;
use tickwire_shared::byte_profile::{ByteProfile, ProfileReport};
use tickwire_shared::tick::TickRate;
use tickwire_shared::wire::control::Options;

/// One room of `/api/rooms`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RoomView {
    /// The id that a Join names, eight characters.
    pub id: String,
    /// The game's name.
    pub game: String,
    /// Players in it.
    pub players: u32,
    /// How many players it takes.
    pub players_max: u32,
    /// Spectators in it.
    pub spectators: u32,
    /// How many spectators it takes.
    pub spectators_max: u32,
    /// How often it steps, Hz.
    pub tick_rate_hz: u16,
    /// The options that it was made with.
    pub options: BTreeMap<String, String>,
    /// Who may join, as the game decides: `open`, `no_matches` (only by naming the room), `invited` (only
    /// with an invitation) or `locked`.
    pub access: &'static str,
    /// Whether its password or an invitation is needed besides.
    pub password: bool,
    /// Whether it is in no listing for the public: only operators and the host see it.
    pub hidden: bool,
    /// What its game says about it, see [`metadata`](tickwire_shared::game::Game::metadata).
    pub metadata: BTreeMap<String, String>,
    /// How long it has been open, s.
    pub age_s: u64,
}

/// One session of the operator's `/sessions`.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct SessionView {
    /// The number that a kick names.
    pub(crate) id: u64,
    /// The client's address.
    pub(crate) peer: String,
    /// The room in which it has a seat, if it has one.
    pub(crate) room: Option<String>,
    /// The name with which it joined.
    pub(crate) player: Option<String>,
    /// The account with which it joined.
    pub(crate) account: Option<String>,
    /// How long it has lasted, s.
    pub(crate) seconds: u64,
    /// The rewinds for its player since joining the room; `None` if there were none.
    pub(crate) rewind: Option<RewindView>,
}

/// How far lag compensation went for one player.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub(crate) struct RewindView {
    /// Steps with a rewind.
    pub(crate) steps: u64,
    /// The mean rewind, ms.
    pub(crate) mean_ms: f64,
    /// The longest rewind, ms.
    pub(crate) max_ms: f64,
    /// How often the game's limit shortened a rewind.
    pub(crate) clamped: u64,
}

impl RewindView {
    pub(crate) fn new(rewinds: Rewinds, rate: TickRate) -> Self {
        let ms = |ticks: f64| (ticks * rate.period().as_secs_f64() * 1e4).round() / 10.0;
        let (mean_ms, max_ms) = (ms(rewinds.mean_ticks()), ms(rewinds.max_ticks()));
        Self { steps: rewinds.count, mean_ms, max_ms, clamped: rewinds.clamped }
    }
}

/// What the rooms of one game sent, for the operator's `/profile`.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct GameBytes {
    /// The game's name.
    pub(crate) game: String,
    /// Open rooms.
    pub(crate) rooms: u64,
    /// Updates that they sent since they started.
    pub(crate) updates: u64,
    /// Their bytes, without the heads of their WebSocket frames.
    pub(crate) update_bytes: u64,
    /// What the updates are made of: one update of each room per second.
    pub(crate) sampled: ProfileReport,
}

impl GameBytes {
    /// What `rooms`, all of one game, sent.
    pub(crate) fn of(game: &str, rooms: &[RoomHandle]) -> Self {
        let (mut updates, mut update_bytes, mut sampled) = (0, 0, ByteProfile::new());
        for room in rooms {
            let sent = room.bytes_sent();
            updates += sent.updates;
            update_bytes += sent.update_bytes;
            sampled.add(&sent.sampled);
        }
        let kinds = rooms.first().map(|room| room.kinds()).unwrap_or_default();
        let sampled = sampled.report(&kinds);
        Self { game: game.to_owned(), rooms: rooms.len() as u64, updates, update_bytes, sampled }
    }
}

impl RoomView {
    pub(crate) fn new(room: &RoomListing) -> Self {
        Self {
            id: room.id.to_string(),
            game: room.game.to_string(),
            players: u32::from(room.players),
            players_max: u32::from(room.players_max),
            spectators: u32::from(room.spectators),
            spectators_max: u32::from(room.spectators_max),
            tick_rate_hz: room.tick_rate_hz,
            options: texts(&room.options),
            access: room.access,
            password: room.password,
            hidden: room.hidden,
            metadata: texts(&room.metadata),
            age_s: room.age_s,
        }
    }
}

fn texts(options: &Options) -> BTreeMap<String, String> {
    options.iter().map(|(key, value)| (key.to_owned(), value.to_owned())).collect()
}
