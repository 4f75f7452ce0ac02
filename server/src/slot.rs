//! The mailbox of one client. Limits what a room may have in flight to it.
//!
//! A room fills the slot, the session's task empties it. It has room for one update: while that is in the
//! slot, or is being written to the socket, the room skips this client. So a client that stalls costs no more
//! than this limit.
//!
//! While the slot is free (nothing waits, and the session writes nothing that it took from here), an update
//! takes the direct path, if there is one ([`direct`]): the room writes it to the socket without looking into
//! the slot.

use crate::leak_audit::{AuditEntry, Audited, LeakAudit};
use crate::transport::direct;
use bytes::Bytes;
use std::collections::VecDeque;
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::task::{Poll, Wake, Waker};
use tickwire_shared::wire::{Close, CloseCode};

/// Control messages that may wait besides the update. With one more, the client is too slow.
const CONTROL_MAX: usize = 4;

/// Where a room, the operator and the shutdown leave what a session has to send.
#[derive(Debug)]
pub(crate) struct Slot {
    content: Mutex<Content>,
    /// Something was added since the session last looked.
    filled: AtomicBool,
    /// The session's timer has elapsed since it last looked. The flag is here, next to what every wakeup
    /// reads anyway, so that no wakeup has to look at the timer itself.
    timer: AtomicBool,
    /// No update is in the slot, and the socket has taken what was sent before.
    ready: AtomicBool,
    /// The session's connection, if a room can write to it.
    direct: OnceLock<direct::Handle>,
    _audit_entry: AuditEntry,
}

#[derive(Debug, Default)]
struct Content {
    control: VecDeque<Bytes>,
    update: Option<Bytes>,
    /// The rest of an update has to be flushed, of which a part is sent.
    tail: bool,
    /// The session is writing something that it took from here.
    writing: bool,
    close: Option<Close>,
    /// A close reason was added, and possibly taken: nothing can be added after it.
    closed: bool,
    /// Kept once registered: a session's task stays the same, so it need not register again at each wakeup.
    waker: Option<Waker>,
}

/// What a session has to send next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Next {
    /// The session ends.
    Close(Close),
    /// A control message.
    Control(Bytes),
    /// An update of the room.
    Update(Bytes),
    /// The rest of an update, which the link has: it has to be flushed.
    Tail,
}

impl Slot {
    pub(crate) fn new(leak_audit: &Arc<LeakAudit>) -> Self {
        Self {
            content: Mutex::default(),
            filled: AtomicBool::new(false),
            timer: AtomicBool::new(true),
            ready: AtomicBool::new(true),
            direct: OnceLock::new(),
            _audit_entry: leak_audit.post(Audited::Slot),
        }
    }

    fn content(&self) -> MutexGuard<'_, Content> {
        self.content.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Unlocks the content, to which something was added, and wakes the session.
    fn notify(&self, content: MutexGuard<'_, Content>) {
        self.tell_direct(&content);
        self.filled.store(true, Ordering::Release);
        let waker = content.waker.clone();
        drop(content);
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    /// Whether the slot would take an update now.
    pub(crate) fn is_ready(&self) -> bool {
        self.ready.load(Ordering::Acquire)
    }

    /// Tells the room which connection the session has. It stays the same.
    pub(crate) fn attach(&self, direct: direct::Handle) {
        let content = self.content();
        let _ = self.direct.set(direct);
        self.tell_direct(&content);
    }

    /// Tells the connection whether an update may go to the socket at once: the slot is ready, nothing waits
    /// in it, and the session writes nothing that it took from here. Called under the lock after each change.
    fn tell_direct(&self, content: &Content) {
        if let Some(direct) = self.direct.get() {
            direct.set_free(self.is_ready() && !content.writing && content.is_empty());
        }
    }

    /// The session's connection, once it plays and if a room can use it.
    pub(crate) fn direct(&self) -> Option<&direct::Handle> {
        self.direct.get()
    }

    /// Adds an update, unless there is one already: then the new one is dropped.
    pub(crate) fn put_update(&self, message: &[u8]) {
        if self.is_ready() {
            self.add_to_send(|content| content.update = Some(Bytes::copy_from_slice(message)));
        }
    }

    /// A part of an update is written: the session has to flush the rest, which the link has.
    pub(crate) fn put_tail(&self) {
        self.add_to_send(|content| content.tail = true);
    }

    fn add_to_send(&self, add: impl FnOnce(&mut Content)) {
        let mut content = self.content();
        if !content.closed {
            add(&mut content);
            self.ready.store(false, Ordering::Release);
            self.notify(content);
        }
    }

    /// Adds a control message. At the limit the client is closed as too slow.
    pub(crate) fn put_control(&self, message: Bytes) {
        let mut content = self.content();
        if content.closed {
            return;
        }
        if content.control.len() < CONTROL_MAX {
            content.control.push_back(message);
        } else {
            content.shut(Close::new(CloseCode::TooSlow, "control messages were not read in time"));
        }
        self.notify(content);
    }

    /// Ends the session. The first close reason counts; waiting messages are dropped.
    pub(crate) fn put_close(&self, close: Close) {
        let mut content = self.content();
        content.shut(close);
        self.notify(content);
    }

    /// Takes what has to be sent next: a close reason before everything else, then control messages in order.
    pub(crate) fn take(&self) -> Option<Next> {
        if !self.filled.load(Ordering::Acquire) {
            return None;
        }
        let mut content = self.content();
        let next = if let Some(close) = content.close.take() {
            Some(Next::Close(close))
        } else if let Some(message) = content.control.pop_front() {
            Some(Next::Control(message))
        } else if std::mem::take(&mut content.tail) {
            Some(Next::Tail)
        } else {
            content.update.take().map(Next::Update)
        };
        content.writing |= next.is_some();
        if content.is_empty() {
            // Under the lock, so that nothing added after this is overlooked.
            self.filled.store(false, Ordering::Release);
        }
        next
    }

    /// Takes the close reason, if there is one.
    pub(crate) fn take_close(&self) -> Option<Close> {
        if self.filled.load(Ordering::Acquire) { self.content().close.take() } else { None }
    }

    /// Waits for `work` in the session's task, but no longer than the session may go on.
    ///
    /// # Errors
    /// How the session is closed.
    pub(crate) async fn unless_closed<T>(&self, work: impl Future<Output = T>) -> Result<T, Close> {
        let mut work = pin!(work);
        poll_fn(|cx| {
            self.register(cx.waker());
            match self.take_close() {
                Some(close) => Poll::Ready(Err(close)),
                None => work.as_mut().poll(cx).map(Ok),
            }
        })
        .await
    }

    /// The last thing taken has been written. If it was an update, the room may add the next one.
    pub(crate) fn written(&self, update: bool) {
        let mut content = self.content();
        content.writing = false;
        if update {
            self.ready.store(true, Ordering::Release);
        }
        self.tell_direct(&content);
    }

    /// Sets which task is woken when something is added, from now on. It is not woken for what was added
    /// before.
    pub(crate) fn register(&self, waker: &Waker) {
        let mut content = self.content();
        if !content.waker.as_ref().is_some_and(|known| known.will_wake(waker)) {
            content.waker = Some(waker.clone());
        }
    }

    /// Whether the session's timer has elapsed since this was last asked. True at first: the timer has to be
    /// started.
    pub(crate) fn take_timer(&self) -> bool {
        self.timer.load(Ordering::Acquire) && self.timer.swap(false, Ordering::AcqRel)
    }

    /// Bytes that wait.
    pub(crate) fn queued_bytes(&self) -> usize {
        let content = self.content();
        content.control.iter().chain(&content.update).map(Bytes::len).sum()
    }
}

/// This is how a timer wakes the session.
impl Wake for Slot {
    fn wake(self: Arc<Self>) {
        self.timer.store(true, Ordering::Release);
        self.notify(self.content());
    }
}

impl Content {
    fn shut(&mut self, close: Close) {
        if !self.closed {
            let waker = self.waker.take();
            *self = Self { close: Some(close), closed: true, waker, ..Self::default() };
        }
    }

    fn is_empty(&self) -> bool {
        self.control.is_empty() && self.update.is_none() && !self.tail && self.close.is_none()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn slot() -> Slot {
        Slot::new(&Arc::new(LeakAudit::default()))
    }

    #[test]
    fn an_update_that_was_put_in_is_never_replaced() {
        let slot = slot();
        slot.put_update(b"first");
        assert!(!slot.is_ready());
        slot.put_update(b"second");
        assert_eq!(slot.take(), Some(Next::Update(Bytes::from_static(b"first"))));
        assert!(!slot.is_ready(), "it is still being written");
        slot.written(true);
        assert!(slot.is_ready());
        assert_eq!(slot.take(), None);
    }

    #[test]
    fn control_messages_go_first_and_in_order() {
        let slot = slot();
        slot.put_update(b"update");
        slot.put_control(Bytes::from_static(b"one"));
        slot.put_control(Bytes::from_static(b"two"));
        assert_eq!(slot.queued_bytes(), 12);
        assert_eq!(slot.take(), Some(Next::Control(Bytes::from_static(b"one"))));
        assert_eq!(slot.take(), Some(Next::Control(Bytes::from_static(b"two"))));
        assert_eq!(slot.take(), Some(Next::Update(Bytes::from_static(b"update"))));
        assert_eq!(slot.queued_bytes(), 0);
    }

    #[test]
    fn a_timer_that_has_elapsed_is_told_once() {
        let slot = Arc::new(slot());
        assert!(slot.take_timer(), "it has to be started");
        assert!(!slot.take_timer());
        Waker::from(slot.clone()).wake_by_ref();
        assert!(slot.take_timer());
        assert!(!slot.take_timer());
        assert_eq!(slot.take(), None, "it is not a message");
    }

    #[test]
    fn the_first_close_counts_and_drops_what_waits() {
        let slot = slot();
        slot.put_control(Bytes::from_static(b"one"));
        slot.put_close(CloseCode::Kicked.into());
        slot.put_close(CloseCode::GoingAway.into());
        slot.put_control(Bytes::from_static(b"late"));
        assert_eq!(slot.take(), Some(Next::Close(CloseCode::Kicked.into())));
        assert_eq!(slot.take(), None);
    }

    #[test]
    fn too_many_control_messages_close_the_client_as_too_slow() {
        let slot = slot();
        for _ in 0..=CONTROL_MAX {
            slot.put_control(Bytes::from_static(b"message"));
        }
        let Some(Next::Close(close)) = slot.take() else { panic!("no close reason") };
        assert_eq!(close.code, CloseCode::TooSlow);
    }
}
