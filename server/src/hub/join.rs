//! Which room a client gets into: by id, by match, or a new one. A room may refuse at its next tick; a match
//! then tries the next room.

use super::{AccountSeat, GameHost, Hub, no_randomness, terms};
use crate::charges::Payer;
use crate::config::SameAccount;
use crate::directory::{DirectoryError, Located, RoomHandle};
use crate::passes::Passes;
use crate::room_port::{Answer, Entry, Membership, Parting};
use crate::room_task::{NewRoom, RoomPermit};
use crate::room_threads::Subject;
use crate::services::Admission;
use crate::slot::Slot;
use crate::transport::peer::Peer;
use std::cmp::Reverse;
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::{Arc, OnceLock};
use std::task::Poll;
use std::time::Duration;
use tickwire_shared::game::{Account, LeaveReason};
use tickwire_shared::id::{ResumeSecret, RoomId, SessionId};
use tickwire_shared::limits::PASSWORD_BYTES_MAX;
use tickwire_shared::room::{JoinRequest, Way};
use tickwire_shared::wire::control::{GameName, Join, Options, Role, Target};
use tickwire_shared::wire::terms::{MatchOrder, Pass};
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
    join: &'a Join,
    payer: Option<Payer>,
    slot: &'a Arc<Slot>,
    session: SessionId,
    /// What happens if its account plays already.
    same_account: SameAccount,
    /// Its claim that its account plays here.
    seat: OnceLock<AccountSeat>,
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
        (session, slot): (SessionId, &Arc<Slot>),
    ) -> Result<(Membership, Option<AccountSeat>), Close> {
        let payer = self.context.charges.payer(peer);
        self.context.charges.join(payer)?;
        let game = self.game_of(join)?;
        terms::check(join, self.context.limits.places_per_join_max)?;
        let (same_account, seat) = (game.same_account(), OnceLock::new());
        if let Some(services) = &self.services {
            slot.unless_closed(services.admit(Admission::of(account.clone(), join))).await??;
        }
        let newcomer = Newcomer { account, join, payer, slot, session, same_account, seat };
        // Who is refused for it makes no room. Who replaces the older session has to find a room first.
        if same_account == SameAccount::Refuse {
            self.claim_account(&newcomer)?;
        }
        let placed = match &join.target {
            Target::Room(id) => self.join_room(*id, &newcomer).await,
            Target::Match(options) => self.join_match(game, options, &newcomer).await,
            Target::Create(options) => self.create(game, options, &newcomer).await?.settle(slot).await,
        };
        placed.map(|(membership, _)| (membership, newcomer.seat.into_inner()))
    }

    /// Claims that the newcomer's account plays here, once, unless the same account may play twice.
    ///
    /// # Errors
    /// The game's rule refuses a second session of the account.
    fn claim_account(&self, newcomer: &Newcomer<'_>) -> Result<(), Close> {
        let Newcomer { account, join, slot, session, same_account, seat, .. } = newcomer;
        if seat.get().is_some() || join.role != Role::Player || *same_account == SameAccount::Both {
            return Ok(());
        }
        let Some(id) = account.id.clone() else { return Ok(()) };
        let (key, grace) = ((join.game.clone(), id), self.context.limits.resume_grace());
        let claimed = self.accounts.claim(key, *same_account, (*session, slot), grace)?;
        let _ = seat.set(claimed);
        Ok(())
    }

    /// Joins a room by its id, with what opens it.
    async fn join_room(
        &self,
        id: RoomId,
        newcomer: &Newcomer<'_>,
    ) -> Result<(Membership, Option<Arc<Account>>), Close> {
        let Newcomer { join, slot, .. } = newcomer;
        let room = self.room_of(id, join, slot).await?;
        let way = room.passes().show(&join.terms.pass)?;
        let settled = match self.enter(&room, way, newcomer) {
            Ok(waiting) => waiting.settle(slot).await,
            Err(close) => Err(close),
        };
        settled.inspect_err(|_| room.passes().give_back(&join.terms.pass))
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

    fn no_game(&self, name: &GameName) -> Close {
        let games: Vec<_> = self.games().map(|name| format!("`{name}`")).collect();
        not_here(&format!("no game `{name}` is hosted here, only {}", games.join(", ")))
    }

    fn game_of(&self, join: &Join) -> Result<&Arc<dyn GameHost>, Close> {
        let game = self.games.get(&join.game).ok_or_else(|| self.no_game(&join.game))?;
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

    /// Joins the first room, in the order that the client wishes, of the same game and options that accepts
    /// the player. After [`MATCH_TRIES_MAX`] refusals, or if there is no such room, makes a new one. The
    /// client sees only the last refusal.
    async fn join_match(
        self: &Arc<Self>,
        game: &Arc<dyn GameHost>,
        options: &Options,
        newcomer: &Newcomer<'_>,
    ) -> Result<(Membership, Option<Arc<Account>>), Close> {
        let matching = &newcomer.join.terms.matching;
        let mut tried = Vec::new();
        loop {
            let mut _making = None;
            let (waiting, is_last) = match self.find_match(options, newcomer, &tried)? {
                Some(waiting) => (waiting, false),
                None if matching.existing_only => return Err(no_room_fits()),
                None => {
                    // Two players who look for the same room at once must not make two.
                    let waiting = timeout(MATCH_TIMEOUT, game.making(options).lock());
                    let making =
                        newcomer.slot.unless_closed(waiting).await?.map_err(|_| nobody_makes_one())?;
                    match self.find_match(options, newcomer, &tried)? {
                        Some(waiting) => (waiting, false),
                        None => {
                            let waiting = self.create(game, options, newcomer).await?;
                            // Until the game has said what is special about the room.
                            _making = Some(making).filter(|_| !matching.ranges.is_empty());
                            (waiting, true)
                        }
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
        options: &Options,
        newcomer: &Newcomer<'_>,
        tried: &[RoomId],
    ) -> Result<Option<Waiting>, Close> {
        if tried.len() >= MATCH_TRIES_MAX {
            return Ok(None);
        }
        let join = newcomer.join;
        let (matching, count) = (&join.terms.matching, join.terms.places.saturating_add(1));
        let fits = |room: &RoomHandle| {
            let mut ranges = matching.ranges.iter();
            ranges.all(|range| room.number(&range.key).is_some_and(|value| range.contains(value)))
        };
        let mut fitting: Vec<_> = self
            .context
            .rooms
            .list()
            .into_iter()
            .filter(|room| *room.game() == join.game && room.options() == options)
            .filter(|room| !tried.contains(&room.id()))
            .filter(fits)
            .filter_map(|room| Some((room.players_if_matchable(join.role, count)?, room)))
            .collect();
        fitting.sort_by_cached_key(|(players, room)| rank(&matching.order, *players, room));
        for (_, room) in fitting {
            match self.enter(&room, Way::Matched, newcomer) {
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
        let password = match &newcomer.join.terms.pass {
            Pass::Password(password) => Some(&**password),
            _ => None,
        };
        let opening = self.open(game, options, password, newcomer.payer);
        let (room, new) = newcomer.slot.unless_closed(opening).await??;
        let entered = self.enter(&room, Way::Entitled, newcomer);
        self.start(&room, new);
        entered.map_err(|close| match close.code {
            CloseCode::Full => {
                Close::new(CloseCode::Full, "a new room has no seat for this client and those with it")
            }
            _ => close,
        })
    }

    /// Makes a room for the host, which stays open for a while although nobody is in it.
    ///
    /// # Errors
    /// No room can be made with these options, or none now.
    pub(crate) async fn create_for_host(
        &self,
        game: &str,
        options: &Options,
        password: Option<&str>,
    ) -> Result<RoomId, Close> {
        if password.is_some_and(|password| password.is_empty() || password.len() > PASSWORD_BYTES_MAX) {
            let text = format!("a password has 1 to {PASSWORD_BYTES_MAX} bytes: no client can show another");
            return Err(Close::new(CloseCode::Policy, &text));
        }
        let name = GameName::cut(game);
        let game = self.games.get(&name).ok_or_else(|| self.no_game(&name))?;
        let (room, mut new) = self.open(game, options, password, None).await?;
        new.await_players();
        self.start(&room, new);
        Ok(room.id())
    }

    /// Makes a room that does not run yet, and enters it in the directory.
    async fn open(
        &self,
        game: &Arc<dyn GameHost>,
        options: &Options,
        password: Option<&str>,
        payer: Option<Payer>,
    ) -> Result<(RoomHandle, Box<dyn NewRoom>), Close> {
        if let Some(close) = self.close_of_all() {
            return Err(close);
        }
        for _ in 0..ID_DRAWS_MAX {
            let id = RoomId::from_bits(getrandom::u64().map_err(|_| no_randomness())?);
            let passes = Passes::new(password).map_err(|_| no_randomness())?;
            let new = self.make(game, id, options, (payer, passes)).await?;
            let room: RoomHandle = new.port();
            let claimed = self.context.rooms.claim(room.clone(), new).await;
            if let Some(new) = claimed.map_err(|error| no_directory(&error))? {
                return Ok((room, new));
            }
        }
        Err(Close::new(CloseCode::Internal, "no free room id was found"))
    }

    fn start(&self, room: &RoomHandle, new: Box<dyn NewRoom>) {
        new.start(&self.context, self.next_room_number());
        if let Some(close) = self.close_of_all() {
            room.close(close);
        }
    }

    /// Makes a room on a room thread, so that a game that hangs while making it blocks no one else.
    async fn make(
        &self,
        game: &Arc<dyn GameHost>,
        id: RoomId,
        options: &Options,
        (payer, passes): (Option<Payer>, Passes),
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
        let made = move || game.make(&context, (permit, passes), id, &options);
        let making = self.context.room_threads.run(subject, made);
        match timeout(MAKING_TIMEOUT, making).await {
            Ok(Some(made)) => made,
            Ok(None) => Err(Close::new(CloseCode::Internal, "the room failed")),
            Err(_) => Err(Close::new(CloseCode::Internal, "the game took too long to make a room")),
        }
    }

    fn enter(&self, room: &RoomHandle, way: Way, newcomer: &Newcomer<'_>) -> Result<Waiting, Close> {
        self.claim_account(newcomer)?;
        let Newcomer { account, join, payer, slot, .. } = newcomer;
        let secret = self.new_secret(room.id())?;
        let mut request = Box::new(JoinRequest::new(account.clone(), join.role, secret));
        request.wants_schema = join.schema_hash == 0;
        request.way = way;
        request.from = payer.map(Payer::number);
        request.parameters = join.terms.parameters.clone();
        request.places = join.terms.places;
        self.ask(room, Entry::Join(request), *payer, slot)
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

/// Where a room stands in the order in which a match tries the rooms: the smallest first.
fn rank(order: &MatchOrder, players: u16, room: &RoomHandle) -> (bool, i64, Reverse<u16>, RoomId) {
    let (is_last, key) = match order {
        MatchOrder::Emptiest => (false, i64::from(players)),
        MatchOrder::Newest => (false, i64::try_from(room.born().elapsed().as_nanos()).unwrap_or(i64::MAX)),
        MatchOrder::Lowest(key) => room.number(key).map_or((true, 0), |value| (false, value)),
        // `!` turns the order of whole numbers around without overflow.
        MatchOrder::Highest(key) => room.number(key).map_or((true, 0), |value| (false, !value)),
        _ => (false, 0),
    };
    (is_last, key, Reverse(players), room.id())
}

fn no_room_fits() -> Close {
    let close = Close::new(CloseCode::NoSuchRoom, "no room fits, and none is to be made");
    Close { advice: Advice::RetryAfter(5_000), ..close }
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
