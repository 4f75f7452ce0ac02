//! Which room someone gets into: by id, by match, or a new one.

use super::{GameHost, Hub, no_randomness};
use crate::directory::RoomHandle;
use crate::room_port::{Entry, NoPlace};
use crate::slot::Slot;
use std::sync::Arc;
use tickwire_shared::id::{MemberId, RoomId};
use tickwire_shared::wire::control::{Join, Name, Options, Role, Target};
use tickwire_shared::wire::{Close, CloseCode};

/// How often a new room's id is drawn before giving up. With 40 bits, twice is next to never.
const ID_DRAWS_MAX: usize = 8;

/// A room and the place in it.
type Place = (RoomHandle, MemberId);

/// Who wants a place.
struct Guest<'a> {
    name: Name,
    role: Role,
    wants_schema: bool,
    slot: &'a Arc<Slot>,
}

impl Hub {
    /// Finds or makes the room that `join` asks for and takes a place in it.
    ///
    /// # Errors
    /// How the session is closed.
    pub(crate) async fn join(
        self: &Arc<Self>,
        join: &Join,
        name: Name,
        slot: &Arc<Slot>,
    ) -> Result<Place, Close> {
        let game = self.game_of(join)?;
        let guest = Guest { name, role: join.role, wants_schema: join.schema_hash == 0, slot };
        match &join.target {
            Target::Room(id) => self.join_room(*id, join, &guest).await,
            Target::Match(options) => self.join_match(game, join, options, &guest).await,
            Target::Create(options) => self.create(game, options, &guest).await,
        }
    }

    fn game_of(&self, join: &Join) -> Result<&dyn GameHost, Close> {
        let Some(game) = self.games.get(&join.game) else {
            return Err(Close::new(CloseCode::Mismatch, &format!("no game `{}` is hosted here", join.game)));
        };
        let (theirs, ours) = (join.schema_hash, game.info().schema_hash);
        if theirs != 0 && theirs != ours {
            let text = format!("the schema of `{}` is {ours:016x} here, {theirs:016x} there", join.game);
            return Err(Close::new(CloseCode::Mismatch, &text));
        }
        Ok(&**game)
    }

    async fn join_room(&self, id: RoomId, join: &Join, guest: &Guest<'_>) -> Result<Place, Close> {
        let room = self.commons.directory.locate(id).await.ok_or_else(|| no_such_room(id))?;
        if *room.game() != join.game {
            let text = format!("room {id} plays `{}`, not `{}`", room.game(), join.game);
            return Err(Close::new(CloseCode::Mismatch, &text));
        }
        match self.enter(&room, guest)? {
            Ok(member) => Ok((room, member)),
            Err(NoPlace::Full) => Err(CloseCode::Full.into()),
            Err(NoPlace::Ended) => Err(no_such_room(id)),
        }
    }

    /// The fullest open room of the same game and options, so that rooms fill one after the other; else a new one.
    async fn join_match(
        self: &Arc<Self>,
        game: &dyn GameHost,
        join: &Join,
        options: &Options,
        guest: &Guest<'_>,
    ) -> Result<Place, Close> {
        let _matching = game.matching().lock().await;
        let mut open: Vec<_> = self
            .commons
            .directory
            .list()
            .into_iter()
            .filter(|room| *room.game() == join.game && room.options() == options)
            .filter_map(|room| Some((room.players_if_open(guest.role)?, room)))
            .collect();
        open.sort_by_key(|(players, room)| (std::cmp::Reverse(*players), room.id()));
        for (_, room) in open {
            // A room that filled up or ended since is passed over.
            if let Ok(member) = self.enter(&room, guest)? {
                return Ok((room, member));
            }
        }
        self.create(game, options, guest).await
    }

    async fn create(
        self: &Arc<Self>,
        game: &dyn GameHost,
        options: &Options,
        guest: &Guest<'_>,
    ) -> Result<Place, Close> {
        if let Some(close) = self.closing() {
            return Err(close);
        }
        for _ in 0..ID_DRAWS_MAX {
            let id = RoomId::from_bits(getrandom::u64().map_err(|_| no_randomness())?);
            let new = game.make(self, id, options)?;
            let room: RoomHandle = new.port();
            if !self.commons.directory.claim(room.clone()).await {
                continue;
            }
            // The first member is in before the room's task starts, so that it cannot end for being empty.
            let entered = self.enter(&room, guest);
            new.start(&self.commons, self.next_room_number());
            if let Some(close) = self.closing() {
                room.close(close);
            }
            return match entered? {
                Ok(member) => Ok((room, member)),
                Err(NoPlace::Full) => Err(Close::new(CloseCode::Full, "the game takes nobody in this role")),
                Err(NoPlace::Ended) => Err(no_such_room(id)),
            };
        }
        Err(Close::new(CloseCode::Internal, "no free room id was found"))
    }

    fn enter(&self, room: &RoomHandle, guest: &Guest<'_>) -> Result<Result<MemberId, NoPlace>, Close> {
        let secret = self.new_secret(room.id())?;
        let entry = Entry::Join {
            name: guest.name.clone(),
            role: guest.role,
            secret,
            wants_schema: guest.wants_schema,
        };
        Ok(room.enter(entry, guest.slot))
    }
}

fn no_such_room(id: RoomId) -> Close {
    Close::new(CloseCode::NoSuchRoom, &format!("there is no room {id}"))
}
