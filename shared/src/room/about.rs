//! What is known of a room from outside, and what a host sets while it runs.

use super::{Room, RoomConfig, RoomStats, Sampler};
use crate::byte_profile::ByteProfile;
use crate::entity::Schema;
use crate::game::{Access, Game};
use crate::hitbox::Rewinds;
use crate::id::{MemberId, PlayerId, StreamId};
use crate::tick::Tick;
use crate::wire::control::Options;
use crate::world::World;

impl<G: Game> Room<G> {
    /// The tick of the last step.
    #[must_use]
    pub fn tick(&self) -> Tick {
        self.time.tick
    }

    /// The room's configuration.
    #[must_use]
    pub fn config(&self) -> &RoomConfig {
        &self.config
    }

    /// Who may enter now, by the game's last decision.
    #[must_use]
    pub fn access(&self) -> Access {
        if self.end.is_some() { Access::Locked } else { self.stage.access() }
    }

    /// Whether the game hides the room from public listings.
    #[must_use]
    pub fn is_hidden(&self) -> bool {
        self.stage.is_hidden()
    }

    /// What the game says about the room in listings; `None` if it did not change what
    /// [`Game::metadata`] says.
    #[must_use]
    pub fn metadata(&self) -> Option<&Options> {
        self.stage.metadata()
    }

    /// How often the game has changed that.
    #[must_use]
    pub fn metadata_changes(&self) -> u32 {
        self.stage.metadata_changes()
    }

    /// The rewinds that each player was granted (see [`Turn::rewind`](crate::game::Turn::rewind)), with the
    /// player's current or last attachment.
    pub fn rewinds(&self) -> impl Iterator<Item = (MemberId, PlayerId, Rewinds)> {
        let players = self.members.iter().filter_map(|member| Some((member.id, member.player.as_ref()?)));
        players.map(|(member, player)| (member, player.id, player.rewinds))
    }

    /// The replicated entities.
    #[must_use]
    pub fn world(&self) -> &World<G::Entity> {
        &self.stage.world
    }

    /// The replicated state of the room itself.
    #[must_use]
    pub fn room_state(&self) -> &G::State {
        &self.stage.state
    }

    /// The scene, which never changes.
    #[must_use]
    pub fn scene(&self) -> &G::Scene {
        &self.plan.scene
    }

    /// The schema of the room's rows.
    #[must_use]
    pub fn schema(&self) -> &Schema {
        &self.plan.schema
    }

    /// Maximum bytes/s for one client from now on; 0 for no bound. See [`RoomConfig::client_bytes_per_s`].
    pub fn set_client_bytes_per_s(&mut self, bytes: u32) {
        self.config.client_bytes_per_s = bytes;
        self.streams.keep_crossings(bytes > 0);
    }

    /// Keeps every state of the last [`window_ticks`](crate::limits::window_ticks) from now on, so that a
    /// test can compare them. By default, states that can no longer be a packet's baseline are discarded.
    pub fn keep_states(&mut self) {
        self.keeps_states = true;
    }

    /// Meters one update a second from now on, for [`Room::byte_profile`]. This costs about one more encoding
    /// a second, after a tick's updates.
    pub fn sample_bytes(&mut self) {
        let seed = self.config.id.bits();
        self.sampler.get_or_insert_with(|| Box::new(Sampler::new(seed)));
    }

    /// The composition of the sampled updates; `None` without [`Room::sample_bytes`].
    #[must_use]
    pub fn byte_profile(&self) -> Option<&ByteProfile> {
        self.sampler.as_ref().map(|sampler| &sampler.profile)
    }

    /// The newest state of the whole room; `None` before the first step.
    #[must_use]
    pub fn state(&self) -> Option<&crate::snapshot::Snapshot> {
        (self.time.tick > Tick(0)).then(|| self.streams.state()).flatten()
    }

    /// The stored snapshots of a stream's last ticks; `None` if there is no such stream.
    #[must_use]
    pub fn history(&self, stream: StreamId) -> Option<&crate::snapshot::History> {
        self.streams.get(stream).map(|stream| stream.encoder.history())
    }

    /// The counters so far.
    #[must_use]
    pub fn stats(&self) -> &RoomStats {
        &self.stats
    }
}
