//! One hosted game: how its rooms are made. A game is a type inside, a name outside.

use crate::config::{GameOptions, SameAccount};
use crate::context::ServerContext;
use crate::leak_audit::Audited;
use crate::passes::Passes;
use crate::room_task::{NewRoom, Port, RoomFacts, RoomParts, RoomPermit};
use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::{Arc, PoisonError, Weak};
use tickwire_shared::coding::codec;
use tickwire_shared::game::Game;
use tickwire_shared::id::RoomId;
use tickwire_shared::room::{Room, RoomError, RoomPlan, game_schema_hash};
use tickwire_shared::tick::TickRate;
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

    /// What happens when an account that plays comes again.
    fn same_account(&self) -> SameAccount;

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
        own: (RoomPermit, Passes),
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
    plans: Plans<G>,
}

/// The plans of the rooms that exist now by the bytes of their settings: rooms with equal settings share one.
struct Plans<G: Game>(std::sync::Mutex<HashMap<Vec<u8>, Weak<RoomPlan<G>>>>);

impl<G: Game> Plans<G> {
    /// The plan for these settings. It is made without holding the lock, because that runs the game's code.
    fn get(&self, settings: G::Settings, tick_rate: TickRate) -> Result<Arc<RoomPlan<G>>, RoomError> {
        let key = codec::encode(&settings).map_err(|_| RoomError::SettingsTooLarge)?;
        let plans = || self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(plan) = plans().get(&key).and_then(Weak::upgrade) {
            return Ok(plan);
        }
        let plan = Arc::new(RoomPlan::new(settings, tick_rate)?);
        let mut plans = plans();
        plans.retain(|_, plan| plan.strong_count() > 0);
        plans.insert(key, Arc::downgrade(&plan));
        Ok(plan)
    }
}

impl<G: Game> GameType<G> {
    /// Makes one room, so that a game that cannot make any is found when the server starts.
    pub(super) fn new(
        name: GameName,
        options: GameOptions<G::Settings>,
        context: G::Context,
    ) -> Result<Self, RoomError> {
        let info = GameInfo { name, schema_hash: game_schema_hash::<G>(), tick_rate: options.tick_rate };
        let config = options.room_config(RoomId::default());
        let plan = Arc::new(RoomPlan::new(options.settings.clone(), options.tick_rate)?);
        drop(Room::<G>::with_plan(config, plan, 0, &context));
        let making = [const { Mutex::const_new(()) }; MAKERS];
        Ok(Self { info, options, making, context, plans: Plans(Default::default()) })
    }
}

/// How a session ends whose options make no room. The game refuses them each time, so trying again is no use.
fn no_plan(error: &RoomError) -> Close {
    let code = match error {
        RoomError::Settings(_) => CloseCode::Policy,
        _ => CloseCode::Internal,
    };
    Close::new(code, &error.to_string())
}

impl<G: Game> GameHost for GameType<G> {
    fn info(&self) -> &GameInfo {
        &self.info
    }

    fn same_account(&self) -> SameAccount {
        self.options.same_account
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
        (permit, passes): (RoomPermit, Passes),
        id: RoomId,
        options: &Options,
    ) -> Result<Box<dyn NewRoom>, Close> {
        let seed = getrandom::u64().map_err(|_| super::no_randomness())?;
        let mut config = self.options.room_config(id);
        config.resume_grace = context.limits.resume_grace();
        let settings =
            G::settings(&self.options.settings, options).map_err(|refusal| Close::from(&refusal))?;
        let metadata = G::metadata(&settings);
        let plan = self.plans.get(settings, self.options.tick_rate);
        let plan = plan.map_err(|error| no_plan(&error))?;
        let mut room = Room::<G>::with_plan(config, plan, seed, &self.context);
        room.set_idle_limits(self.options.idle_limits(room.idle_limits()));
        let facts = RoomFacts {
            id,
            game: self.info.name.clone(),
            options: options.clone(),
            metadata: room.metadata().cloned().unwrap_or(metadata),
            tick_rate: self.options.tick_rate,
            players_max: room.players_max(),
            spectators_max: room.spectators_max(),
            born: Instant::now(),
            passes: Arc::new(passes),
        };
        let port = Arc::new(Port::new(facts, context.leak_audit.post(Audited::Room)));
        port.set_hidden(room.is_hidden());
        Ok(Box::new(RoomParts { port, room, permit, awaits_players: false }))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use tickwire_arena::{Arena, Settings};
    use tickwire_shared::game::BadSettings;
    use tickwire_shared::wire::Advice;

    #[test]
    fn options_that_the_game_refuses_are_not_worth_another_try() {
        let refused = no_plan(&RoomError::Settings(BadSettings("no such map".into())));
        assert_eq!((refused.code, refused.advice), (CloseCode::Policy, Advice::Stop));
        assert_eq!(no_plan(&RoomError::SettingsTooLarge).code, CloseCode::Internal);
    }

    #[test]
    fn rooms_with_equal_settings_share_a_plan_for_as_long_as_one_of_them_exists() {
        let plans = Plans::<Arena>(Default::default());
        let of = |players_max| {
            let settings = Settings { players_max, ..Settings::default() };
            plans.get(settings, TickRate::DEFAULT).unwrap()
        };
        let (first, same, other) = (of(8), of(8), of(9));
        assert!(Arc::ptr_eq(&first, &same) && !Arc::ptr_eq(&first, &other));
        drop((first, same));
        let _third = of(10);
        assert_eq!(plans.0.lock().unwrap().len(), 2, "the first is forgotten");
    }
}
