//! The connections of a harness: the sessions and sockets of a server, as plain data.

use crate::Rng;
use crate::entity::fnv1a_64;
use crate::game::Game;
use crate::id::{MemberId, PlayerId};
use crate::link::{LinkProfile, LinkSimulator};
use crate::room::{MemberEvent, Outbox};
use crate::wire::control::ServerControl;
use crate::wire::terms::{Invitation, Invite};
use crate::wire::{Close, Text};
use bytes::Bytes;
use core::time::Duration;
use std::collections::VecDeque;

/// The progress of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum LinkState {
    /// There is no connection.
    Cut,
    /// Connected; `Hello` has not arrived.
    Hello,
    /// `Welcome` was sent; `Join` has not arrived.
    Join,
    /// A member of the room.
    Member(MemberId),
    /// The server has sent its last message.
    Ended,
}

/// One client's connection: its member's slot, and the link to the client.
#[derive(Debug)]
pub(super) struct ClientConnection {
    pub(super) stage: LinkState,
    pub(super) link: LinkSimulator<Vec<u8>, Bytes>,
    /// When a client that its link has cut comes back by itself.
    pub(super) resume_at: Option<Duration>,
    /// The slot is not emptied, as if the peer's socket buffers were full.
    pub(super) blocked: bool,
    control: VecDeque<Bytes>,
    slot: Option<Bytes>,
    /// The time from which the arrival of a frame is timed.
    timed_from: Duration,
}

/// All connections; the room's outbox.
#[derive(Debug, Default)]
pub(super) struct ClientConnections {
    pub(super) wires: Vec<ClientConnection>,
    /// The connection of each member, by the member's number.
    of_member: Vec<usize>,
    pub(super) now: Duration,
    /// A running hash of all updates, to compare two runs.
    pub(super) sent_hash: u64,
    /// The updates of the last step, if updates are audited.
    pub(super) audited: Option<Vec<(MemberId, Bytes)>>,
}

impl ClientConnection {
    pub(super) fn new(mut rng: Rng) -> Self {
        Self {
            stage: LinkState::Hello,
            link: LinkSimulator::new(LinkProfile::CLEAN, rng.next_u64()),
            resume_at: None,
            blocked: false,
            control: VecDeque::new(),
            slot: None,
            timed_from: Duration::ZERO,
        }
    }

    /// Drops everything in flight.
    pub(super) fn reset(&mut self, stage: LinkState) {
        self.stage = stage;
        self.link.clear();
        self.resume_at = None;
        self.control.clear();
        self.slot = None;
    }

    /// Decodes a member's message that arrives now. As over sockets, the arrival of only one frame in four
    /// ticks is timed.
    pub(super) fn decode<G: Game>(
        &mut self,
        now: Duration,
        tick: Duration,
        message: &[u8],
    ) -> Result<MemberEvent<G>, Close> {
        let mut event = MemberEvent::decode(message)?;
        if let MemberEvent::Frame(frame) = &mut event {
            frame.timed = now >= self.timed_from;
            if frame.timed {
                self.timed_from = now + tick * 7 / 2;
            }
        }
        Ok(event)
    }

    pub(super) fn send_down(&mut self, now: Duration, message: Bytes) {
        self.control.push_back(message);
        self.flush(now);
    }

    /// Moves waiting messages into the link, as long as it accepts them.
    pub(super) fn flush(&mut self, now: Duration) {
        while !self.blocked && self.link.takes_down() {
            let Some(message) = self.control.pop_front().or_else(|| self.slot.take()) else { return };
            self.link.send_down(now, message);
        }
    }

    /// Sends the server's last message, which does not wait for the slot.
    pub(super) fn end(&mut self, now: Duration, close: Close) {
        self.slot = None;
        if let Ok(bytes) = ServerControl::Close(close).encode() {
            self.link.send_down(now, bytes.into());
        }
        self.stage = LinkState::Ended;
    }
}

impl ClientConnections {
    /// Assigns a number to a new member on connection `at`.
    pub(super) fn new_member(&mut self, at: usize) -> MemberId {
        self.of_member.push(at);
        MemberId(self.of_member.len() as u64)
    }

    fn wire(&self, member: MemberId) -> Option<&ClientConnection> {
        let at = *self.of_member.get((member.0 as usize).checked_sub(1)?)?;
        self.wires.get(at).filter(|wire| wire.stage == LinkState::Member(member))
    }

    fn wire_mut(&mut self, member: MemberId) -> Option<&mut ClientConnection> {
        let at = *self.of_member.get((member.0 as usize).checked_sub(1)?)?;
        self.wires.get_mut(at).filter(|wire| wire.stage == LinkState::Member(member))
    }
}

/// Who gave out an invitation: unsigned, since nobody cheats here.
pub(super) fn inviter_of(invitation: &Invitation) -> Option<PlayerId> {
    invitation.parse().ok().map(PlayerId)
}

impl Outbox for ClientConnections {
    fn ready(&self, member: MemberId) -> bool {
        self.wire(member).is_some_and(|wire| wire.slot.is_none())
    }

    fn control(&mut self, member: MemberId, message: Bytes) {
        let now = self.now;
        if let Some(wire) = self.wire_mut(member) {
            wire.send_down(now, message);
        }
    }

    fn invitation(&mut self, by: PlayerId, _: Invite) -> Option<Invitation> {
        Some(Text::cut(&by.0.to_string()))
    }

    fn update(&mut self, member: MemberId, message: &[u8]) {
        let now = self.now;
        self.sent_hash = self.sent_hash.rotate_left(5) ^ fnv1a_64(message);
        let message = Bytes::copy_from_slice(message);
        if let Some(audited) = &mut self.audited {
            audited.push((member, message.clone()));
        }
        if let Some(wire) = self.wire_mut(member) {
            debug_assert!(wire.slot.is_none(), "a queued update is never replaced");
            wire.slot = Some(message);
            wire.flush(now);
        }
    }

    fn close(&mut self, member: MemberId, close: Close) {
        let now = self.now;
        if let Some(wire) = self.wire_mut(member) {
            wire.end(now, close);
        }
    }
}
