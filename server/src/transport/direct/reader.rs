//! The session's half: when it may read, and what it leaves to the room meanwhile.

use super::lease::Lease;
use super::shared_socket::Handle;
use crate::messages_in::MessagesIn;
use crate::transport::inbound::Inbound;
use crate::transport::metered::Meter;
use crate::transport::{Link, LinkError};
use std::task::{Context, Waker};

/// What a link gives away while a room reads in its place.
pub(crate) struct Parts<'a> {
    pub(in crate::transport) handle: &'a Handle,
    /// Where the link reads frames. `None` while the room does.
    pub(in crate::transport) inbound: &'a mut Option<Box<Inbound>>,
    pub(in crate::transport) meter: &'a mut Meter,
    /// All that the link holds of a message is in `inbound`.
    pub(in crate::transport) in_place: bool,
}

impl Parts<'_> {
    fn lend(self, messages: u32) {
        let bytes = self.meter.allowance.left();
        if self.in_place
            && bytes > 0
            && messages > 0
            && let Some(inbound) = self.inbound.take()
        {
            self.handle.lend(Lease::new(inbound.pending(), messages, bytes));
        }
    }

    /// Returns the messages that were read under the lease.
    fn reclaim(self) -> MessagesIn {
        let Some(lease) = self.handle.reclaim() else { return MessagesIn::default() };
        self.meter.count(lease.bytes_in());
        self.inbound.insert(Box::default()).start_with(lease.pending());
        lease.messages_in()
    }
}

/// Says when a session may read. It may at any time if no room can read in its place.
#[derive(Debug)]
pub(crate) struct Reader {
    handle: Option<Handle>,
    /// Arriving bytes wake no task: the room reads, or asks the session to.
    on_tick: bool,
}

impl Reader {
    /// From now on a room may write and read, if the link has a direct path.
    ///
    /// # Errors
    /// The connection no longer exists.
    pub(crate) fn start(link: &mut impl Link) -> Result<Self, LinkError> {
        let Some(Parts { handle, .. }) = link.direct() else {
            return Ok(Self { handle: None, on_tick: false });
        };
        let on_tick = handle.poll_on_tick().map_err(|_| LinkError::Cut)?;
        Ok(Self { handle: Some(handle.clone()), on_tick })
    }

    /// The room's half.
    pub(crate) fn handle(&self) -> Option<Handle> {
        self.handle.clone()
    }

    fn on_tick(&self) -> Option<&Handle> {
        self.handle.as_ref().filter(|_| self.on_tick)
    }

    /// Sets which task reads.
    pub(crate) fn register(&self, waker: &Waker) {
        if let Some(handle) = self.on_tick() {
            handle.register(waker);
        }
    }

    /// Whether the session may read now.
    pub(crate) fn may_read(&self) -> bool {
        self.on_tick().is_none_or(Handle::take_request)
    }

    /// The session has not read everything: makes sure that it reads on.
    pub(crate) fn read_on(&self, cx: &Context<'_>) {
        // On ticks it will be asked to.
        if !self.on_tick {
            cx.waker().wake_by_ref();
        }
    }

    /// From now on only the session reads. Returns what was read in its place since it was last asked.
    pub(crate) fn begin(&self, link: &mut impl Link) -> MessagesIn {
        if !self.on_tick {
            return MessagesIn::default();
        }
        link.direct().map_or_else(MessagesIn::default, Parts::reclaim)
    }

    /// The session has read what it could. In its place the room may read as much as is left of its messages
    /// and of the link's bytes.
    pub(crate) fn pause(&self, link: &mut impl Link, messages_left: i64) {
        if self.on_tick
            && let Some(parts) = link.direct()
        {
            parts.lend(u32::try_from(messages_left).unwrap_or(0));
        }
    }

    /// The room no longer writes and reads, except for what it has begun. Returns what it has read since that
    /// was last asked, and how many updates it has written.
    pub(crate) fn stop(&self, link: &mut impl Link) -> (MessagesIn, u64) {
        let read = self.begin(link);
        let Some(handle) = &self.handle else { return (read, 0) };
        handle.end_writing();
        // An error means that the connection no longer exists; the next write will find that out too.
        let _ = handle.poll_on_wake();
        (read, handle.updates_sent())
    }
}
