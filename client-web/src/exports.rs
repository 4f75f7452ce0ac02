//! The functions that JavaScript calls, [`export_client!`](crate::export_client), and the [`Page`] behind
//! them. They take and return only numbers: no generated glue, no table of objects.
//!
//! A page has one instance of the module per client. Other values go through two buffers: JavaScript writes
//! `tw_in(len)` before a call that takes `len`, and reads `tw_out()` after a call that returns a length.
//! Addresses are valid until the next call. Times are milliseconds since an arbitrary start.

use crate::page_game::PageGame;
use crate::session::{BadCommand, STATISTICS, Session};
use core::time::Duration;
use tickwire_shared::client::CommandError;
use tickwire_shared::id::PlayerId;
use tickwire_shared::limits::OUTBOUND_BYTES_MAX;

/// Raised when an export changes. `tickwire.js` refuses other values.
const ABI: u32 = 8;
/// The latest time; later ones count as this.
const TIME_MS_MAX: f64 = 1e15;

/// Makes the library that it is in a core for `tickwire.js`: exports the client of a game.
///
/// It stands alone in a crate with `crate-type = ["cdylib"]`; [`crate::build`] builds that crate. The game's
/// types may be in another crate.
///
/// ```ignore
/// tickwire_client_web::export_client!(tag::Tag);
/// ```
///
/// Events, settings and commands are JSON then. A page that needs another form of some of them implements
/// [`PageGame`] for a type of its own:
///
/// ```ignore
/// struct TagPage;
///
/// impl PageGame for TagPage {
///     type Game = tag::Tag;
///
///     fn event_bytes(event: &tag::News) -> Vec<u8> { .. }
/// }
///
/// tickwire_client_web::export_client!(page = TagPage);
/// ```
// The only `unsafe` of the crate: a name that the linker keeps must be unique, and each core has one client.
#[macro_export]
macro_rules! export_client {
    (page = $page:ty) => {
        const _: () = {
            ::std::thread_local! {
                static PAGE: ::core::cell::RefCell<$crate::exports::Page<$page>> =
                    const { ::core::cell::RefCell::new($crate::exports::Page::new()) };
            }
            $crate::export_client! { @each PAGE
                tw_abi = abi() -> u32;
                tw_is_built_in = is_built_in() -> u32;
                tw_in = inbound_at(len: u32) -> *mut u8;
                tw_out = outbound_at() -> *const u8;
                tw_start = start(len: u32) -> u32;
                tw_resume = resume(len: u32) -> u32;
                tw_save_seat = save_seat() -> u32;
                tw_receive = receive(now_ms: f64, len: u32) -> u32;
                tw_advance = advance(now_ms: f64) -> f64;
                tw_transmit = transmit() -> u32;
                tw_event = event() -> u32;
                tw_facts = facts() -> u32;
                tw_input = input(now_ms: f64, len: u32) -> u32;
                tw_command = command(len: u32) -> u32;
                tw_command_fault = command_fault() -> u32;
                tw_view = view(now_ms: f64) -> u32;
                tw_room_state = room_state() -> u32;
                tw_view_at = view_at() -> *const f64;
                tw_statistics = statistics(now_ms: f64) -> *const f64;
                tw_state_hash = state_hash() -> u32;
                tw_reconnect = reconnect(now_ms: f64) -> u32;
                tw_follow = follow(player: i32) -> ();
                tw_invite = invite(uses: u32, valid_s: u32) -> ();
                tw_hidden = set_hidden(hidden: u32) -> ();
                tw_leave = leave() -> ();
            }
        };
    };
    (@each $page:ident $($export:ident = $method:ident($($name:ident: $type:ty),*) -> $result:ty;)*) => {
        $(
            #[unsafe(no_mangle)]
            extern "C" fn $export($($name: $type),*) -> $result {
                $page.with_borrow_mut(|page| page.$method($($name),*))
            }
        )*
    };
    ($game:ty) => {
        $crate::export_client!(page = $crate::page_game::Json<$game>);
    };
}

/// What a core keeps between two calls: a session and the buffers. Each method is an export.
pub struct Page<P: PageGame> {
    session: Option<Session<P>>,
    inbound: Vec<u8>,
    outbound: Vec<u8>,
    view: Vec<f64>,
    statistics: [f64; STATISTICS],
}

impl<P: PageGame> core::fmt::Debug for Page<P> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Page").field("session", &self.session).finish_non_exhaustive()
    }
}

impl<P: PageGame> Default for Page<P> {
    fn default() -> Self {
        Self::new()
    }
}

fn time(ms: f64) -> Duration {
    // A NaN becomes 0.
    Duration::from_micros((ms.clamp(0.0, TIME_MS_MAX) * 1e3).round() as u64)
}

/// The first `len` bytes that JavaScript wrote; fewer if it wrote fewer.
fn written(inbound: &[u8], len: u32) -> &[u8] {
    inbound.get(..len as usize).unwrap_or_default()
}

impl<P: PageGame> Page<P> {
    /// A page without a session.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            session: None,
            inbound: Vec::new(),
            outbound: Vec::new(),
            view: Vec::new(),
            statistics: [0.0; STATISTICS],
        }
    }

    /// Puts into the outbound buffer what a session has. Returns its length; 0 if there is nothing.
    fn put(&mut self, take: impl FnOnce(&mut Session<P>) -> Option<Vec<u8>>) -> u32 {
        let Some(session) = &mut self.session else { return 0 };
        self.outbound = take(session).unwrap_or_default();
        self.outbound.len() as u32
    }

    /// The version of the exports.
    #[must_use]
    pub fn abi(&self) -> u32 {
        ABI
    }

    /// 1 if this is built with a game, so that events, commands and settings are JSON.
    #[must_use]
    pub fn is_built_in(&self) -> u32 {
        u32::from(P::JSON)
    }

    /// A buffer for `len` bytes; null if that is longer than any message.
    pub fn inbound_at(&mut self, len: u32) -> *mut u8 {
        if len as usize > OUTBOUND_BYTES_MAX {
            return core::ptr::null_mut();
        }
        self.inbound.clear();
        self.inbound.resize(len as usize, 0);
        self.inbound.as_mut_ptr()
    }

    /// The address of the bytes whose length the last call returned.
    #[must_use]
    pub fn outbound_at(&self) -> *const u8 {
        self.outbound.as_ptr()
    }

    /// Starts a session; see [`Session::start`]. 0 if the bytes are not a configuration.
    pub fn start(&mut self, len: u32) -> u32 {
        self.session = Session::start(written(&self.inbound, len)).ok();
        u32::from(self.session.is_some())
    }

    /// Resumes a saved seat; see [`Session::resume`]. 0 if the bytes are not one.
    pub fn resume(&mut self, len: u32) -> u32 {
        self.session = Session::resume(written(&self.inbound, len)).ok();
        u32::from(self.session.is_some())
    }

    /// The length of [`Session::save_seat`]; 0 if there is no seat to resume.
    pub fn save_seat(&mut self) -> u32 {
        self.put(|session| session.save_seat())
    }

    /// Takes a message from the server. 0: it was invalid and the session is over.
    pub fn receive(&mut self, now_ms: f64, len: u32) -> u32 {
        let Some(session) = &mut self.session else { return 0 };
        u32::from(session.receive(time(now_ms), written(&self.inbound, len)))
    }

    /// Makes the inputs that are due. Returns when to call it next, or -1 outside a room.
    pub fn advance(&mut self, now_ms: f64) -> f64 {
        let next = self.session.as_mut().and_then(|session| session.advance(time(now_ms)));
        next.map_or(-1.0, |at| at.as_secs_f64() * 1e3)
    }

    /// The length of the next message for the server; 0 if there is none.
    pub fn transmit(&mut self) -> u32 {
        self.put(Session::next_message)
    }

    /// The length of the next event; 0 if there is none.
    pub fn event(&mut self) -> u32 {
        self.put(Session::next_event)
    }

    /// The length of [`Session::facts`]; 0 outside a room.
    pub fn facts(&mut self) -> u32 {
        self.put(|session| session.facts())
    }

    /// Sets the controls: `len` bytes of 32-bit integers. 0 if the number of fields is wrong.
    pub fn input(&mut self, now_ms: f64, len: u32) -> u32 {
        let Some(session) = &mut self.session else { return 0 };
        let words = written(&self.inbound, len).as_chunks::<4>().0;
        let row: Vec<i32> = words.iter().map(|bytes| i32::from_le_bytes(*bytes)).collect();
        u32::from(session.input(time(now_ms), &row))
    }

    /// Queues a command. 0: done; 1: too many wait; 2: too long; 3: not a command of the game, see
    /// [`Page::command_fault`]; 4: a spectator sent it; 5: the session is over.
    pub fn command(&mut self, len: u32) -> u32 {
        self.outbound.clear();
        let Some(session) = &mut self.session else { return 3 };
        match session.command(written(&self.inbound, len)) {
            Ok(()) => 0,
            Err(BadCommand::Refused(CommandError::QueueFull)) => 1,
            Err(BadCommand::Refused(CommandError::TooLong)) => 2,
            Err(BadCommand::Refused(CommandError::Spectator)) => 4,
            Err(BadCommand::Refused(CommandError::Ended)) => 5,
            Err(BadCommand::NotOfGame(why)) => {
                self.outbound = why.into_bytes();
                3
            }
            Err(BadCommand::Refused(_)) => 3,
        }
    }

    /// The length of the text that says why the last command was not one of the game.
    pub fn command_fault(&mut self) -> u32 {
        self.outbound.len() as u32
    }

    /// How many numbers [`Session::view`] wrote at `tw_view_at()`.
    pub fn view(&mut self, now_ms: f64) -> u32 {
        let Some(session) = &mut self.session else { return 0 };
        session.view(time(now_ms), &mut self.view);
        self.view.len() as u32
    }

    /// How many numbers [`Session::room_state`] wrote at `tw_view_at()`.
    pub fn room_state(&mut self) -> u32 {
        let Some(session) = &mut self.session else { return 0 };
        session.room_state(&mut self.view);
        self.view.len() as u32
    }

    /// The address of the view, or of the room's state.
    #[must_use]
    pub fn view_at(&self) -> *const f64 {
        self.view.as_ptr()
    }

    /// The address of [`Session::statistics`].
    pub fn statistics(&mut self, now_ms: f64) -> *const f64 {
        if let Some(session) = &self.session {
            self.statistics = session.statistics(time(now_ms));
        }
        self.statistics.as_ptr()
    }

    /// See [`Session::state_hash`].
    #[must_use]
    pub fn state_hash(&self) -> u32 {
        self.session.as_ref().map_or(0, Session::state_hash)
    }

    /// Starts again after a cut. 0: there is no seat to resume.
    pub fn reconnect(&mut self, now_ms: f64) -> u32 {
        self.session.as_mut().map_or(0, |session| u32::from(session.reconnect(time(now_ms))))
    }

    /// As a spectator, asks for the view of the player with this number; a negative number asks for its own
    /// view again.
    pub fn follow(&mut self, player: i32) {
        if let Some(session) = &mut self.session {
            session.follow(u16::try_from(player).ok().map(PlayerId));
        }
    }

    /// Asks for an invitation that may be used so often and is valid for so long.
    pub fn invite(&mut self, uses: u32, valid_s: u32) {
        if let Some(session) = &mut self.session {
            let uses = u16::try_from(uses).unwrap_or(u16::MAX);
            session.invite(uses, Duration::from_secs(valid_s.into()));
        }
    }

    /// Whether the page is hidden (1) or visible (0).
    pub fn set_hidden(&mut self, hidden: u32) {
        if let Some(session) = &mut self.session {
            session.set_hidden(hidden != 0);
        }
    }

    /// Gives the seat up permanently.
    pub fn leave(&mut self) {
        if let Some(session) = &mut self.session {
            session.leave();
        }
    }
}
