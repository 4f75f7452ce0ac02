//! The functions that JavaScript calls. They take and return only numbers: no generated glue, no table of
//! objects.
//!
//! A page has one instance of the module per client. Other values go through two buffers: JavaScript writes
//! `tw_in(len)` before a call that takes `len`, and reads `tw_out()` after a call that returns a length.
//! Addresses are valid until the next call. Times are milliseconds since an arbitrary start.
#![allow(unsafe_code)]

use crate::session::{FIGURES, Session};
use core::cell::RefCell;
use core::time::Duration;
use tickwire_shared::client::CommandError;
use tickwire_shared::id::PlayerId;
use tickwire_shared::limits::OUTBOUND_BYTES_MAX;

#[cfg(feature = "arena")]
type Hosted = tickwire_arena::Arena;
#[cfg(not(feature = "arena"))]
type Hosted = tickwire_shared::client::generic::AnyGame;

/// Raised when an export changes. `tickwire.js` refuses other values.
const ABI: u32 = 6;
/// The latest time; later ones count as this.
const TIME_MS_MAX: f64 = 1e15;

#[derive(Default)]
struct Page {
    session: Option<Session<Hosted>>,
    inbound: Vec<u8>,
    outbound: Vec<u8>,
    view: Vec<f64>,
    figures: [f64; FIGURES],
}

thread_local! {
    static PAGE: RefCell<Page> = RefCell::default();
}

fn with<T>(run: impl FnOnce(&mut Page) -> T) -> T {
    PAGE.with_borrow_mut(run)
}

/// Runs with the session, or returns `otherwise` if none was started.
fn session<T>(otherwise: T, run: impl FnOnce(&mut Page, &mut Session<Hosted>) -> T) -> T {
    with(|page| {
        let Some(mut session) = page.session.take() else { return otherwise };
        let result = run(page, &mut session);
        page.session = Some(session);
        result
    })
}

fn time(ms: f64) -> Duration {
    // A NaN becomes 0.
    Duration::from_micros((ms.clamp(0.0, TIME_MS_MAX) * 1e3).round() as u64)
}

impl Page {
    fn inbound(&self, len: u32) -> &[u8] {
        self.inbound.get(..len as usize).unwrap_or_default()
    }

    fn put(&mut self, bytes: Option<Vec<u8>>) -> u32 {
        self.outbound = bytes.unwrap_or_default();
        self.outbound.len() as u32
    }
}

/// The version of these exports.
#[unsafe(no_mangle)]
extern "C" fn tw_abi() -> u32 {
    ABI
}

/// 1 if this is built with a game, so that events, commands and settings are JSON.
#[unsafe(no_mangle)]
extern "C" fn tw_is_built_in() -> u32 {
    u32::from(<Hosted as crate::page_game::PageGame>::JSON)
}

/// A buffer for `len` bytes; null if that is longer than any message.
#[unsafe(no_mangle)]
extern "C" fn tw_in(len: u32) -> *mut u8 {
    if len as usize > OUTBOUND_BYTES_MAX {
        return core::ptr::null_mut();
    }
    with(|page| {
        page.inbound.clear();
        page.inbound.resize(len as usize, 0);
        page.inbound.as_mut_ptr()
    })
}

/// The address of the bytes whose length the last call returned.
#[unsafe(no_mangle)]
extern "C" fn tw_out() -> *const u8 {
    with(|page| page.outbound.as_ptr())
}

/// Starts a session; see [`Session::start`]. 0 if the bytes are not a configuration.
#[unsafe(no_mangle)]
extern "C" fn tw_start(len: u32) -> u32 {
    with(|page| {
        page.session = Session::start(page.inbound(len)).ok();
        u32::from(page.session.is_some())
    })
}

/// Resumes a saved seat; see [`Session::resume`]. 0 if the bytes are not one.
#[unsafe(no_mangle)]
extern "C" fn tw_resume(len: u32) -> u32 {
    with(|page| {
        page.session = Session::resume(page.inbound(len)).ok();
        u32::from(page.session.is_some())
    })
}

/// The length of [`Session::save_place`]; 0 if there is no seat to resume.
#[unsafe(no_mangle)]
extern "C" fn tw_save_place() -> u32 {
    session(0, |page, session| page.put(session.save_place()))
}

/// Takes a message from the server. 0: it was invalid and the session is over.
#[unsafe(no_mangle)]
extern "C" fn tw_receive(now_ms: f64, len: u32) -> u32 {
    session(0, |page, session| u32::from(session.receive(time(now_ms), page.inbound(len))))
}

/// Makes the inputs that are due. Returns when to call it next, or -1 outside a room.
#[unsafe(no_mangle)]
extern "C" fn tw_advance(now_ms: f64) -> f64 {
    session(-1.0, |_, session| session.advance(time(now_ms)).map_or(-1.0, |at| at.as_secs_f64() * 1e3))
}

/// The length of the next message for the server; 0 if there is none.
#[unsafe(no_mangle)]
extern "C" fn tw_transmit() -> u32 {
    session(0, |page, session| page.put(session.next_message()))
}

/// The length of the next event; 0 if there is none.
#[unsafe(no_mangle)]
extern "C" fn tw_event() -> u32 {
    session(0, |page, session| page.put(session.next_event()))
}

/// The length of [`Session::facts`]; 0 outside a room.
#[unsafe(no_mangle)]
extern "C" fn tw_facts() -> u32 {
    session(0, |page, session| page.put(session.facts()))
}

/// Sets the controls: `len` bytes of 32-bit integers. 0 if the number of fields is wrong.
#[unsafe(no_mangle)]
extern "C" fn tw_input(now_ms: f64, len: u32) -> u32 {
    session(0, |page, session| {
        let words = page.inbound(len).as_chunks::<4>().0;
        let row: Vec<i32> = words.iter().map(|bytes| i32::from_le_bytes(*bytes)).collect();
        u32::from(session.input(time(now_ms), &row))
    })
}

/// Queues a command. 0: done; 1: too many wait; 2: too long; 3: not a command of the game; 4: a spectator
/// sent it; 5: the session is over.
#[unsafe(no_mangle)]
extern "C" fn tw_command(len: u32) -> u32 {
    session(3, |page, session| match session.command(page.inbound(len)) {
        Ok(()) => 0,
        Err(Some(CommandError::QueueFull)) => 1,
        Err(Some(CommandError::TooLong)) => 2,
        Err(None) => 3,
        Err(Some(CommandError::Spectator)) => 4,
        Err(Some(CommandError::Ended)) => 5,
    })
}

/// How many numbers [`Session::view`] wrote at `tw_view_at()`.
#[unsafe(no_mangle)]
extern "C" fn tw_view(now_ms: f64) -> u32 {
    session(0, |page, session| {
        session.view(time(now_ms), &mut page.view);
        page.view.len() as u32
    })
}

/// How many numbers [`Session::room_state`] wrote at `tw_view_at()`.
#[unsafe(no_mangle)]
extern "C" fn tw_room_state() -> u32 {
    session(0, |page, session| {
        session.room_state(&mut page.view);
        page.view.len() as u32
    })
}

/// The address of the view, or of the room's state.
#[unsafe(no_mangle)]
extern "C" fn tw_view_at() -> *const f64 {
    with(|page| page.view.as_ptr())
}

/// The address of [`Session::figures`].
#[unsafe(no_mangle)]
extern "C" fn tw_figures(now_ms: f64) -> *const f64 {
    session((), |page, session| page.figures = session.figures(time(now_ms)));
    with(|page| page.figures.as_ptr())
}

/// See [`Session::state_hash`].
#[unsafe(no_mangle)]
extern "C" fn tw_state_hash() -> u32 {
    session(0, |_, session| session.state_hash())
}

/// Starts again after a cut. 0: there is no seat to resume.
#[unsafe(no_mangle)]
extern "C" fn tw_reconnect(now_ms: f64) -> u32 {
    session(0, |_, session| u32::from(session.reconnect(time(now_ms))))
}

/// As a spectator, asks for the view of the player with this number; a negative number asks for its own view
/// again.
#[unsafe(no_mangle)]
extern "C" fn tw_follow(player: i32) {
    session((), |_, session| session.follow(u16::try_from(player).ok().map(PlayerId)));
}

/// Whether the page is hidden (1) or visible (0).
#[unsafe(no_mangle)]
extern "C" fn tw_hidden(hidden: u32) {
    session((), |_, session| session.set_hidden(hidden != 0));
}

/// Gives the seat up permanently.
#[unsafe(no_mangle)]
extern "C" fn tw_leave() {
    session((), |_, session| session.leave());
}
