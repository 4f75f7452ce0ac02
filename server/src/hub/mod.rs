//! The games, the rooms and the sessions of a server, and their limits. It knows no socket and no HTTP.
//!
//! Everything here happens when a client joins or leaves; nothing of it is touched within a tick.

mod account_seats;
mod game_type;
mod join;
mod terms;

use crate::authenticator::{AuthRequest, BoundedAuthenticator};
use crate::bans::Bans;
use crate::config::{AddressRange, GameOptions, Limits, SameAccount};
use crate::context::ServerContext;
use crate::directory::{BoundedDirectory, DirectoryError, NodeName, RoomHandle, RoomRecord, Rooms};
use crate::leak_audit::Balance;
use crate::listing::{GameBytes, RewindView, SessionView};
use crate::metrics::Metrics;
use crate::room_port::RoomListing;
use crate::room_threads::RoomThreads;
use crate::services::{OwnServices, ServiceQueue};
use crate::slot::Slot;
use crate::staggered_closes::StaggeredCloses;
use crate::transport::peer::Peer;
pub(crate) use account_seats::AccountSeat;
use account_seats::AccountSeats;
use axum::http::HeaderName;
use game_type::{GameHost, GameType};
use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tickwire_shared::game::{Account, AccountId, Game};
use tickwire_shared::id::{MemberId, ResumeSecret, RoomId, SessionId};
use tickwire_shared::limits::GAMES_MAX;
use tickwire_shared::room::RoomError;
use tickwire_shared::wire::control::{GameInfo, GameName, List};
use tickwire_shared::wire::{Close, CloseCode};
use tokio::sync::Semaphore;
use tokio::time::Instant;

/// Sessions that a listing copies while it holds the lock once.
const SESSIONS_AT_ONCE: usize = 128;

/// The games, the rooms and the sessions of a server.
pub(crate) struct Hub {
    context: Arc<ServerContext>,
    games: BTreeMap<GameName, Arc<dyn GameHost>>,
    authenticator: BoundedAuthenticator,
    /// What the authenticator reads of an upgrade request.
    headers_read: Vec<HeaderName>,
    room_permits: Arc<Semaphore>,
    /// The number of the next room of this server. At a million rooms a second, 64 bits last for half a
    /// million years.
    rooms_made: AtomicU64,
    sessions: Mutex<Sessions>,
    accounts: Arc<AccountSeats>,
    /// The host's own services.
    services: Option<OwnServices>,
    bans: Bans,
}

/// What the hub knows of a session.
struct Known {
    slot: Arc<Slot>,
    peer: Peer,
    began: Instant,
    /// Whose session it is, from before it asks for its seat.
    account: Option<AccountId>,
    current: Option<CurrentRoom>,
}

/// Where a session is.
#[derive(Clone, Debug)]
pub(crate) struct CurrentRoom {
    pub(crate) room: RoomId,
    pub(crate) member: MemberId,
    /// As whom it joined.
    pub(crate) account: Arc<Account>,
}

/// What a host may replace by its own.
#[derive(Default)]
pub(crate) struct Seams {
    /// Who may connect.
    pub(crate) authenticator: BoundedAuthenticator,
    /// What the authenticator reads of an upgrade request.
    pub(crate) headers_read: Vec<HeaderName>,
    /// Which room is on which server; `None` if this server is alone.
    pub(crate) directory: Option<BoundedDirectory>,
    /// This server's name in the directory.
    pub(crate) node: NodeName,
    /// The host's own services.
    pub(crate) services: Option<OwnServices>,
    /// Who may not play.
    pub(crate) bans: Bans,
    /// Where rooms leave what happened, for these or for webhooks; `None` if nobody hears it.
    pub(crate) queue: Option<ServiceQueue>,
}

#[derive(Default)]
struct Sessions {
    /// The last number that was given. See [`SessionId`] for why it cannot run out.
    last: u64,
    /// In ascending order: the listing shows the oldest first.
    known: BTreeMap<SessionId, Known>,
    /// Set when the server stops: no session is admitted after that.
    close: Option<Close>,
}

impl std::fmt::Debug for Hub {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Hub").field("games", &self.games.keys()).finish_non_exhaustive()
    }
}

impl Hub {
    /// No games, no rooms. The addresses `exempt` are charged nothing.
    pub(crate) fn new(
        limits: Limits,
        exempt: Vec<AddressRange>,
        metrics: Arc<Metrics>,
        room_threads: RoomThreads,
        seams: Seams,
    ) -> Self {
        let Seams { authenticator, headers_read, directory, node, services, bans, queue } = seams;
        let rooms = Rooms::new(node, directory, metrics.clone());
        let queue = queue.unwrap_or_else(|| ServiceQueue::nobody(metrics.clone()));
        let rooms_max = (limits.rooms_max as usize).min(Semaphore::MAX_PERMITS);
        Self {
            context: Arc::new(ServerContext::new(limits, exempt, metrics, room_threads, rooms, queue)),
            games: BTreeMap::new(),
            authenticator,
            headers_read,
            room_permits: Arc::new(Semaphore::new(rooms_max)),
            rooms_made: AtomicU64::new(0),
            sessions: Mutex::default(),
            accounts: Arc::default(),
            services,
            bans,
        }
    }

    /// Hosts `G` under `name`. Called before the hub is shared; names are distinct (the builder has checked).
    ///
    /// # Errors
    /// Settings with which the game cannot make a room, or more games than a Welcome can name.
    pub(crate) fn add_game<G: Game>(
        &mut self,
        name: GameName,
        options: GameOptions<G::Settings>,
        context: G::Context,
    ) -> Result<(), RoomError> {
        self.games.insert(name.clone(), Arc::new(GameType::<G>::new(name, options, context)?));
        Ok(())
    }

    /// What the hub shares with the rooms and sessions.
    pub(crate) fn context(&self) -> &Arc<ServerContext> {
        &self.context
    }

    /// The join for which this ticket was shown failed: a ticket is good for one seat, not for one try.
    pub(crate) fn give_back(&self, ticket: &[u8]) {
        if let Some(tickets) = self.authenticator.tickets() {
            tickets.give_back(ticket);
        }
    }

    /// Lets the authenticator fetch what it needs before the first player comes.
    pub(crate) fn start_authenticator(&self) {
        self.authenticator.start();
    }

    /// Whether there is an authenticator besides that of guests.
    pub(crate) fn has_authenticator(&self) -> bool {
        self.authenticator.is_hosts()
    }

    /// The headers of an upgrade request that the authenticator reads.
    pub(crate) fn headers_read(&self) -> &[HeaderName] {
        &self.headers_read
    }

    /// The account with which a client plays.
    ///
    /// # Errors
    /// How the session is closed.
    pub(crate) async fn authenticate(
        &self,
        request: AuthRequest,
        peer: Peer,
        slot: &Slot,
    ) -> Result<Account, Close> {
        if self.authenticator.is_hosts() {
            self.context.charges.authentication(self.context.charges.payer(peer))?;
        }
        slot.unless_closed(self.authenticator.ask(request, &self.context.metrics)).await?
    }

    /// The claim of a session that took back its seat, which is the account's; `None` for a guest, and if the
    /// same account may play twice.
    pub(crate) fn reclaim_account(
        &self,
        game: &GameName,
        account: &Account,
        session: SessionId,
        slot: &Arc<Slot>,
    ) -> Option<AccountSeat> {
        let is_single = self.games.get(game).is_some_and(|game| game.same_account() != SameAccount::Both);
        let id = account.id.clone().filter(|_| is_single)?;
        Some(self.accounts.reclaim((game.clone(), id), (session, slot), self.context.limits.resume_grace()))
    }

    /// The hosted games as a Welcome names them.
    pub(crate) fn game_infos(&self) -> List<GameInfo, GAMES_MAX> {
        let infos: Vec<_> = self.games.values().map(|game| game.info().clone()).collect();
        List::try_from(infos).unwrap_or_default()
    }

    /// The names of the hosted games.
    pub(crate) fn games(&self) -> impl Iterator<Item = &str> {
        self.games.keys().map(|name| &**name)
    }

    /// The open rooms.
    pub(crate) fn rooms(&self) -> Vec<RoomListing> {
        self.context.rooms.list().iter().map(|room| room.listing()).collect()
    }

    /// The rooms of all servers that share the directory.
    ///
    /// # Errors
    /// The directory did not answer.
    pub(crate) async fn rooms_of_all(&self) -> Result<Vec<RoomRecord>, DirectoryError> {
        self.context.rooms.list_all().await
    }

    /// What the open rooms sent, by game; only `room` if it is given. Empty if there is none.
    pub(crate) fn bytes_sent(&self, room: Option<RoomId>) -> Vec<GameBytes> {
        let mut games: BTreeMap<GameName, Vec<_>> = BTreeMap::new();
        let rooms = self.context.rooms.list();
        for handle in rooms.into_iter().filter(|handle| room.is_none_or(|room| handle.id() == room)) {
            games.entry(handle.game().clone()).or_default().push(handle);
        }
        games.iter().map(|(game, rooms)| GameBytes::of(game, rooms)).collect()
    }

    /// Ends a session with 4014. `false` if there is no session with this number.
    pub(crate) fn kick(&self, session: SessionId) -> bool {
        let slot = self.sessions().known.get(&session).map(|known| known.slot.clone());
        slot.inspect(|slot| slot.put_close(CloseCode::Kicked.into())).is_some()
    }

    /// Whose session it is. From here on a kick or a ban of the account finds the session, so say this before
    /// it is asked whether the account may play: of what is decided meanwhile, nothing is missed.
    pub(crate) fn identify(&self, session: SessionId, account: &Account) {
        if let Some(known) = self.sessions().known.get_mut(&session) {
            known.account = account.id.clone();
        }
    }

    /// Refuses a client that may not play, with this account or from this address.
    ///
    /// # Errors
    /// It is banned.
    pub(crate) fn refuse_banned(&self, account: Option<&AccountId>, peer: Peer) -> Result<(), Close> {
        self.bans.refusal(account, peer.address()).map_or(Ok(()), Err)
    }

    /// Ends the sessions of those who are banned now. Returns how many there were.
    pub(crate) fn enforce_bans(&self) -> usize {
        // Copied, because nobody should wait for the lock while all bans are looked at for each session.
        let known = |known: &Known| (known.slot.clone(), known.peer, known.account.clone());
        let sessions: Vec<_> = self.sessions().known.values().map(known).collect();
        let mut count = 0;
        for (slot, peer, account) in sessions {
            if let Some(close) = self.bans.refusal(account.as_ref(), peer.address()) {
                slot.put_close(close);
                count += 1;
            }
        }
        count
    }

    /// Ends the sessions of an account with 4014. Returns how many there were.
    pub(crate) fn kick_account(&self, account: &AccountId) -> usize {
        let is_of_account = |known: &&Known| known.account.as_ref() == Some(account);
        let slots: Vec<_> =
            self.sessions().known.values().filter(is_of_account).map(|known| known.slot.clone()).collect();
        for slot in &slots {
            slot.put_close(CloseCode::Kicked.into());
        }
        slots.len()
    }

    /// Ends a room and its sessions. `false` if there is no room with this id.
    ///
    /// A room whose game hangs is abandoned: its sessions are closed at once, and its thread is left to end
    /// by itself.
    pub(crate) fn close_room(&self, room: RoomId) -> bool {
        let Some(handle) = self.context.rooms.get(room) else { return false };
        if !handle.is_hung() {
            handle.close(Close::new(CloseCode::NoSuchRoom, "the operator closed the room"));
            return true;
        }
        let close = Close::new(CloseCode::Internal, "the operator closed the room: its game hung");
        handle.abandon(&close);
        tokio::spawn(self.context.rooms.release(&*handle));
        let is_in_it = |known: &&Known| known.current.as_ref().is_some_and(|current| current.room == room);
        let slots: Vec<_> =
            self.sessions().known.values().filter(is_in_it).map(|known| known.slot.clone()).collect();
        for slot in slots {
            slot.put_close(close.clone());
        }
        true
    }

    /// Closes every session, ends every room, refuses new ones.
    pub(crate) fn begin_shutdown(&self, close: Close) {
        let slots: Vec<_> = {
            let mut sessions = self.sessions();
            sessions.close.get_or_insert_with(|| close.clone());
            sessions.known.values().map(|known| known.slot.clone()).collect()
        };
        let mut closes = StaggeredCloses::new(close.clone(), slots.len());
        for slot in slots {
            slot.put_close(closes.next());
        }
        for room in self.context.rooms.list() {
            room.close(close.clone());
        }
    }

    /// Waits until no session and no room is left.
    pub(crate) async fn drained(&self) {
        self.context.leak_audit.settled().await;
    }

    /// What is alive now.
    pub(crate) fn balance(&self) -> Balance {
        let queued_bytes = self.sessions().known.values().map(|known| known.slot.queued_bytes()).sum();
        self.context.leak_audit.balance(queued_bytes)
    }

    fn sessions(&self) -> MutexGuard<'_, Sessions> {
        self.sessions.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Admits a session. If the server is stopping, the session finds a close reason in its slot at once.
    pub(crate) fn admit(&self, peer: Peer) -> (SessionId, Arc<Slot>) {
        let slot = Arc::new(Slot::new(&self.context.leak_audit));
        let mut sessions = self.sessions();
        sessions.last += 1;
        let id = SessionId(sessions.last);
        let known = Known { slot: slot.clone(), peer, began: Instant::now(), account: None, current: None };
        sessions.known.insert(id, known);
        if let Some(close) = &sessions.close {
            slot.put_close(close.clone());
        }
        drop(sessions);
        self.context.metrics.sessions.inc();
        (id, slot)
    }

    /// A session has its seat in a room.
    pub(crate) fn seat(&self, session: SessionId, current: CurrentRoom) {
        if let Some(known) = self.sessions().known.get_mut(&session) {
            known.current = Some(current);
        }
    }

    /// The oldest sessions, at most `count`, and how many there are in all.
    ///
    /// They are copied a few at a time, so that no client that joins or leaves waits for the whole listing.
    pub(crate) fn session_views(&self, count: usize) -> (Vec<SessionView>, usize) {
        let rewinds = self.rewinds();
        let mut views = Vec::new();
        let mut next = Some(SessionId(0));
        while let Some(from) = next.filter(|_| views.len() < count) {
            let copied: Vec<_> = {
                let sessions = self.sessions();
                let more = sessions.known.range(from..).take(SESSIONS_AT_ONCE.min(count - views.len()));
                more.map(|(id, known)| (*id, known.peer, known.began, known.current.clone())).collect()
            };
            next = copied.last().map(|(id, ..)| SessionId(id.0 + 1));
            views.extend(copied.into_iter().map(|(id, peer, began, current)| SessionView {
                id: id.0,
                peer: peer.to_string(),
                room: current.as_ref().map(|current| current.room.to_string()),
                player: current.as_ref().map(|current| current.account.name.to_string()),
                account:
                    current.as_ref().and_then(|current| current.account.id.as_ref()).map(ToString::to_string),
                seconds: began.elapsed().as_secs(),
                rewind: current.and_then(|current| rewinds.get(&(current.room, current.member)).copied()),
            }));
        }
        (views, self.sessions().known.len())
    }

    /// The rewinds for all players who have any.
    fn rewinds(&self) -> HashMap<(RoomId, MemberId), RewindView> {
        let rooms = self.context.rooms.list();
        let of_room = |room: &RoomHandle| {
            let (id, rate) = (room.id(), room.tick_rate());
            let used = room.rewinds().into_iter().filter(|(_, rewinds)| rewinds.count > 0);
            used.map(move |(member, rewinds)| ((id, member), RewindView::new(rewinds, rate)))
        };
        rooms.iter().flat_map(of_room).collect()
    }

    /// A session is over.
    pub(crate) fn dismiss(&self, session: SessionId) {
        self.sessions().known.remove(&session);
        self.context.metrics.sessions.dec();
    }

    fn close_of_all(&self) -> Option<Close> {
        self.sessions().close.clone()
    }

    fn next_room_number(&self) -> u64 {
        self.rooms_made.fetch_add(1, Ordering::Relaxed)
    }

    /// A secret for a member of `room`.
    ///
    /// # Errors
    /// The system has no randomness.
    pub(crate) fn new_secret(&self, room: RoomId) -> Result<ResumeSecret, Close> {
        let mut key = [0; 16];
        getrandom::fill(&mut key).map_err(|_| no_randomness())?;
        Ok(ResumeSecret { room, key })
    }
}

fn no_randomness() -> Close {
    Close::new(CloseCode::Internal, "the server has no randomness now")
}
