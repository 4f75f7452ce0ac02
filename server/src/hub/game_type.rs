//! One hosted game: how its rooms are made. A game is a type inside, a name outside.

use crate::config::GameOptions;
use crate::context::ServerContext;
use crate::leak_audit::Audited;
use crate::room_task::{NewRoom, Port, RoomFacts, RoomParts, RoomPermit};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;
use tickwire_shared::game::{BadSettings, Game};
use tickwire_shared::id::RoomId;
use tickwire_shared::room::{Room, game_schema_hash};
use tickwire_shared::wire::control::{GameInfo, GameName, Options};
use tickwire_shared::wire::{Close, CloseCode};
use tokio::sync::Mutex;
use tokio::time::Instant;

/// The most rooms of one game that matches make at one time.
const MAKERS: usize = 64;

/// A game that a server hosts.
pub(super) trait GameHost: Send + Sync {
    /// What a Welcome says about it.
    fn info(&self) -> &GameInfo;

    /// Held while a match makes a room with these options: two players who look for one at the same time must
    /// not make two. Few other options share this lock, so a game that is slow to make some rooms does not
    /// block others.
    fn making(&self, options: &Options) -> &Mutex<()>;

    /// Makes a room that does not run yet. This runs the game's own code: call it on a room thread.
    ///
    /// # Errors
    /// Options that the game does not permit, or a game that fails.
    fn make(
        &self,
        context: &ServerContext,
        permit: RoomPermit,
        id: RoomId,
        options: &Options,
    ) -> Result<Box<dyn NewRoom>, Close>;
}

/// Game `G` under its name.
pub(super) struct GameType<G: Game> {
    info: GameInfo,
    options: GameOptions<G::Settings>,
    making: [Mutex<()>; MAKERS],
    context: G::Context,
}

impl<G: Game> GameType<G> {
    /// Makes one room, so that a game that cannot make any is found when the server starts.
    pub(super) fn new(
        name: GameName,
        options: GameOptions<G::Settings>,
        context: G::Context,
    ) -> Result<Self, BadSettings> {
        let info = GameInfo { name, schema_hash: game_schema_hash::<G>(), tick_rate: options.tick_rate };
        let config = options.room_config(RoomId::default());
        Room::<G>::with_context(config, options.settings.clone(), 0, &context)
            .map_err(|error| BadSettings(error.to_string()))?;
        Ok(Self { info, options, making: [const { Mutex::const_new(()) }; MAKERS], context })
    }
}

impl<G: Game> GameHost for GameType<G> {
    fn info(&self) -> &GameInfo {
        &self.info
    }

    fn making(&self, options: &Options) -> &Mutex<()> {
        let mut hasher = DefaultHasher::new();
        options.hash(&mut hasher);
        let [first, ..] = &self.making;
        self.making.get(hasher.finish() as usize % MAKERS).unwrap_or(first)
    }

    fn make(
        &self,
        context: &ServerContext,
        permit: RoomPermit,
        id: RoomId,
        options: &Options,
    ) -> Result<Box<dyn NewRoom>, Close> {
        let seed = getrandom::u64().map_err(|_| super::no_randomness())?;
        let mut config = self.options.room_config(id);
        config.resume_grace = context.limits.resume_grace();
        let settings =
            G::settings(&self.options.settings, options).map_err(|refusal| Close::from(&refusal))?;
        let metadata = G::metadata(&settings);
        let mut room = Room::<G>::with_context(config, settings, seed, &self.context)
            .map_err(|error| Close::new(CloseCode::Internal, &error.to_string()))?;
        room.set_idle_limits(self.options.idle_limits(room.idle_limits()));
        let facts = RoomFacts {
            id,
            game: self.info.name.clone(),
            options: options.clone(),
            metadata,
            tick_rate: self.options.tick_rate,
            players_max: room.players_max(),
            spectators_max: room.spectators_max(),
            born: Instant::now(),
        };
        let port = Arc::new(Port::new(facts, context.leak_audit.post(Audited::Room)));
        Ok(Box::new(RoomParts { port, room, permit }))
    }
}
