//! Which room a client gets into: by id, by match, or a new one. A room may refuse at its next tick; a match
//! then tries the next room.

use super::{GameHost, Hub, no_randomness};
use crate::charges::Payer;
use crate::directory::{DirectoryError, Located, RoomHandle};
use crate::room_port::{Answer, Entry, Membership, Parting};
use crate::room_task::{NewRoom, RoomPermit};
use crate::room_threads::Subject;
use crate::slot::Slot;
use crate::transport::peer::Peer;
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;
use tickwire_shared::game::{Account, LeaveReason};
use tickwire_shared::id::{ResumeSecret, RoomId};
use tickwire_shared::wire::control::{Join, Options, Role, Target};
use tickwire_shared::wire::{Advice, Close, CloseCode};
use tokio::sync::oneshot;
use tokio::time::timeout;

/// How often the id of a new room is drawn before giving up. With 40 bits, even a second draw is very rare.
const ID_DRAWS_MAX: usize = 8;
/// How many rooms a match tries before it makes a new one, which is its last try.
const MATCH_TRIES_MAX: usize = 3;
/// How long a room may take to answer. It answers at its next tick, unless its game hangs.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(5);
/// How long a match may wait while others that look for the same room make it.
const MATCH_TIMEOUT: Duration = Duration::from_secs(10);
/// How long a game may take to make a room.
const MAKING_TIMEOUT: Duration = Duration::from_secs(5);

/// A client that wants a seat.
struct Newcomer<'a> {
    account: Arc<Account>,
    role: Role,
    wants_schema: bool,
    matched: bool,
    payer: Option<Payer>,
    slot: &'a Arc<Slot>,
}

/// A client that waits for a room's answer. Dropping this withdraws the request.
struct Waiting {
    membership: Membership,
    answer: oneshot::Receiver<Answer>,
}

impl Hub {
    /// Finds or makes the room that `join` asks for and takes a seat in it.
    ///
    /// # Errors
    /// How the session is closed.
    pub(crate) async fn join(
        self: &Arc<Self>,
        join: &Join,
        account: Arc<Account>,
        peer: Peer,
        slot: &Arc<Slot>,
    ) -> Result<Membership, Close> {
        let payer = self.context.charges.payer(peer);
        self.context.charges.join(payer)?;
        let game = self.game_of(join)?;
        let newcomer = Newcomer {
            account,
            role: join.role,
            wants_schema: join.schema_hash == 0,
            matched: matches!(join.target, Target::Match(_)),
            payer,
            slot,
        };
        let placed = match &join.target {
            Target::Room(id) => {
                self.enter(&self.room_of(*id, join, slot).await?, &newcomer)?.settle(slot).await
            }
            Target::Match(options) => self.join_match(game, join, options, &newcomer).await,
            Target::Create(options) => self.create(game, options, &newcomer).await?.settle(slot).await,
        };
        placed.map(|(membership, _)| membership)
    }

    /// Takes back the seat of a session whose connection was lost. Also returns as whom it joined.
    ///
    /// # Errors
    /// How the session is closed.
    pub(crate) async fn resume(
        &self,
        shown: ResumeSecret,
        events_received: u32,
        peer: Peer,
        slot: &Arc<Slot>,
    ) -> Result<(Membership, Option<Arc<Account>>), Close> {
        let bad = || Close::new(CloseCode::BadResume, "the room no longer exists; join again");
        let payer = self.context.charges.payer(peer);
        let room = self.room_to_resume(shown.room, payer, slot).await?.ok_or_else(bad)?;
        let next = self.new_secret(shown.room)?;
        let entry = Entry::Resume { shown, events_received, next };
        let waiting = self.ask(&room, entry, payer, slot);
        let placed = waiting.map_err(|_| bad())?.settle(slot).await;
        placed.map_err(|close| if close.code == CloseCode::NoSuchRoom { bad() } else { close })
    }

    fn game_of(&self, join: &Join) -> Result<&Arc<dyn GameHost>, Close> {
        let Some(game) = self.games.get(&join.game) else {
            let games: Vec<_> = self.games().map(|name| format!("`{name}`")).collect();
            return Err(not_here(&format!(
                "no game `{}` is hosted here, only {}",
                join.game,
                games.join(", ")
            )));
        };
        let (theirs, ours) = (join.schema_hash, game.info().schema_hash);
        if theirs != 0 && theirs != ours {
            let text = format!(
                "this client was built for another version of `{}`: the schema is {ours:016x} here, \
                 {theirs:016x} there",
                join.game
            );
            return Err(Close::new(CloseCode::Mismatch, &text));
        }
        Ok(game)
    }

    /// The room in which a seat is held; `None` if this server has no such room.
    async fn room_to_resume(
        &self,
        id: RoomId,
        payer: Option<Payer>,
        slot: &Slot,
    ) -> Result<Option<RoomHandle>, Close> {
        if self.context.rooms.needs_directory(id) {
            self.context.charges.join(payer)?;
        }
        match slot.unless_closed(self.context.rooms.locate(id)).await? {
            Ok(Located::Here(room)) => Ok(Some(room)),
            Ok(Located::Elsewhere(node)) => Err(elsewhere(id, &node)),
            Ok(Located::Nowhere) => Ok(None),
            // The seat may well be there.
            Err(error) => Err(Close { advice: Advice::Resume, ..no_directory(&error) }),
        }
    }

    async fn room_of(&self, id: RoomId, join: &Join, slot: &Slot) -> Result<RoomHandle, Close> {
        let room = match slot.unless_closed(self.context.rooms.locate(id)).await? {
            Ok(Located::Here(room)) => room,
            Ok(Located::Elsewhere(node)) => return Err(elsewhere(id, &node)),
            Ok(Located::Nowhere) => {
                return Err(Close::new(CloseCode::NoSuchRoom, &format!("there is no room {id}")));
            }
            Err(error) => return Err(no_directory(&error)),
        };
        if *room.game() != join.game {
            return Err(not_here(&format!("room {id} plays `{}`, not `{}`", room.game(), join.game)));
        }
        Ok(room)
    }

    /// Joins the fullest room of the same game and options that accepts the player, so that rooms fill one
    /// after the other. After [`MATCH_TRIES_MAX`] refusals, or if there is no such room, makes a new one. The
    /// client sees only the last refusal.
    async fn join_match(
        self: &Arc<Self>,
        game: &Arc<dyn GameHost>,
        join: &Join,
        options: &Options,
        newcomer: &Newcomer<'_>,
    ) -> Result<(Membership, Option<Arc<Account>>), Close> {
        let mut tried = Vec::new();
        loop {
            let (waiting, is_last) = match self.find_match(join, options, newcomer, &tried)? {
                Some(waiting) => (waiting, false),
                None => {
                    // Two players who look for the same room at once must not make two.
                    let waiting = timeout(MATCH_TIMEOUT, game.making(options).lock());
                    let _making =
                        newcomer.slot.unless_closed(waiting).await?.map_err(|_| nobody_makes_one())?;
                    match self.find_match(join, options, newcomer, &tried)? {
                        Some(waiting) => (waiting, false),
                        None => (self.create(game, options, newcomer).await?, true),
                    }
                }
            };
            let room = waiting.membership.port.clone();
            match waiting.settle(newcomer.slot).await {
                Err(close) if !is_last && leads_on(close.code) => {
                    room.pass_over(close.code);
                    tried.push(room.id());
                }
                settled => return settled,
            }
        }
    }

    fn find_match(
        &self,
        join: &Join,
        options: &Options,
        newcomer: &Newcomer<'_>,
        tried: &[RoomId],
    ) -> Result<Option<Waiting>, Close> {
        if tried.len() >= MATCH_TRIES_MAX {
            return Ok(None);
        }
        let mut fitting: Vec<_> = self
            .context
            .rooms
            .list()
            .into_iter()
            .filter(|room| *room.game() == join.game && room.options() == options)
            .filter(|room| !tried.contains(&room.id()))
            .filter_map(|room| Some((room.players_if_matchable(newcomer.role)?, room)))
            .collect();
        fitting.sort_by_key(|(players, room)| (std::cmp::Reverse(*players), room.id()));
        for (_, room) in fitting {
            match self.enter(&room, newcomer) {
                Ok(waiting) => return Ok(Some(waiting)),
                // It filled up, was closed or ended since it was looked at.
                Err(close) if leads_on(close.code) => (),
                Err(close) => return Err(close),
            }
        }
        Ok(None)
    }

    /// Makes a room for a newcomer, who is in it before its task starts, so that the room does not end for
    /// being empty.
    async fn create(
        self: &Arc<Self>,
        game: &Arc<dyn GameHost>,
        options: &Options,
        newcomer: &Newcomer<'_>,
    ) -> Result<Waiting, Close> {
        if let Some(close) = self.close_of_all() {
            return Err(close);
        }
        for _ in 0..ID_DRAWS_MAX {
            let id = RoomId::from_bits(getrandom::u64().map_err(|_| no_randomness())?);
            let new = self.make(game, id, options, newcomer.payer).await?;
            let room: RoomHandle = new.port();
            let claimed = newcomer.slot.unless_closed(self.context.rooms.claim(room.clone(), new)).await?;
            let Some(new) = claimed.map_err(|error| no_directory(&error))? else { continue };
            let entered = self.enter(&room, newcomer);
            new.start(&self.context, self.next_room_number());
            if let Some(close) = self.close_of_all() {
                room.close(close);
            }
            return entered.map_err(|close| match close.code {
                CloseCode::Full => Close::new(CloseCode::Full, "the game accepts no one in this role"),
                _ => close,
            });
        }
        Err(Close::new(CloseCode::Internal, "no free room id was found"))
    }

    /// Makes a room on a room thread, so that a game that hangs while making it blocks no one else.
    async fn make(
        &self,
        game: &Arc<dyn GameHost>,
        id: RoomId,
        options: &Options,
        payer: Option<Payer>,
    ) -> Result<Box<dyn NewRoom>, Close> {
        if self.context.room_threads.is_exhausted() {
            return Err(Close::new(CloseCode::TryLater, "too many games hang for another room"));
        }
        let free = u32::try_from(self.room_permits.available_permits()).unwrap_or(u32::MAX);
        let room_permit = self
            .room_permits
            .clone()
            .try_acquire_owned()
            .map_err(|_| Close::new(CloseCode::TryLater, "the server has reached its limit of rooms"))?;
        // The rest runs the game's own code, so it is charged whatever the result.
        let used = self.context.limits.rooms_max.saturating_sub(free);
        let permit = RoomPermit { _permit: room_permit, _charge: self.context.charges.room(payer, used)? };
        let subject = Subject::Making(game.info().name.clone(), id);
        let (game, context, options) = (game.clone(), self.context.clone(), options.clone());
        let making =
            self.context.room_threads.run(subject, move || game.make(&context, permit, id, &options));
        match timeout(MAKING_TIMEOUT, making).await {
            Ok(Some(made)) => made,
            Ok(None) => Err(Close::new(CloseCode::Internal, "the room failed")),
            Err(_) => Err(Close::new(CloseCode::Internal, "the game took too long to make a room")),
        }
    }

    fn enter(&self, room: &RoomHandle, newcomer: &Newcomer<'_>) -> Result<Waiting, Close> {
        let entry = Entry::Join {
            account: newcomer.account.clone(),
            role: newcomer.role,
            secret: self.new_secret(room.id())?,
            wants_schema: newcomer.wants_schema,
            matched: newcomer.matched,
            from: newcomer.payer.map(Payer::number),
        };
        self.ask(room, entry, newcomer.payer, newcomer.slot)
    }

    fn ask(
        &self,
        room: &RoomHandle,
        entry: Entry,
        payer: Option<Payer>,
        slot: &Arc<Slot>,
    ) -> Result<Waiting, Close> {
        let asking = room.enter(entry, slot)?;
        let membership = Membership {
            port: room.clone(),
            member: asking.member,
            parting: Parting::Leave(LeaveReason::Left),
            payer,
            charges: self.context.charges.clone(),
        };
        Ok(Waiting { membership, answer: asking.answer })
    }
}

impl Waiting {
    /// Waits for the room's answer, for at most [`ANSWER_TIMEOUT`], and no longer than the session may go on.
    async fn settle(self, slot: &Slot) -> Result<(Membership, Option<Arc<Account>>), Close> {
        let Self { mut membership, mut answer } = self;
        let answered = {
            let mut timeout = pin!(tokio::time::sleep(ANSWER_TIMEOUT));
            poll_fn(|cx| {
                slot.register(cx.waker());
                if let Some(close) = slot.take_close() {
                    return Poll::Ready(Some(Err(close)));
                }
                if let Poll::Ready(answer) = pin!(&mut answer).poll(cx) {
                    return Poll::Ready(Some(answer.unwrap_or_else(|_| Err(CloseCode::Internal.into()))));
                }
                timeout.as_mut().poll(cx).map(|()| None)
            })
            .await
        };
        let answered = answered.unwrap_or_else(|| {
            // From here on the room sees that nobody waits. An answer that it gave before counts.
            answer.close();
            let late = Close::new(CloseCode::TryLater, "the room does not answer");
            answer.try_recv().unwrap_or(Err(late))
        });
        let account = answered?;
        membership.parting = Parting::Cut;
        Ok((membership, account))
    }
}

/// Whether a match tries another room after a refusal with this code: the room or its game refused.
fn leads_on(code: CloseCode) -> bool {
    matches!(code, CloseCode::Full | CloseCode::Policy | CloseCode::NoSuchRoom | CloseCode::TryLater)
}

/// The directory did not answer. What is wrong with it is in the log.
fn no_directory(_: &DirectoryError) -> Close {
    Close::new(CloseCode::TryLater, "the directory of rooms does not answer")
}

fn nobody_makes_one() -> Close {
    Close::new(CloseCode::TryLater, "too many look for a room like this one, and it takes long to make one")
}

/// The room is on another server. Another attempt here would not help.
fn elsewhere(id: RoomId, node: &str) -> Close {
    let text = format!("room {id} is not on this server but on `{node}`");
    Close { advice: Advice::Stop, ..Close::new(CloseCode::NoSuchRoom, &text) }
}

/// The game is not where the client looked for it: a newer client would not help.
fn not_here(text: &str) -> Close {
    Close { advice: Advice::Stop, ..Close::new(CloseCode::Mismatch, text) }
}
