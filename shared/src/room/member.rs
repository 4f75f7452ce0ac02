//! A member of a room: a player or spectator, and its current connection.

use super::connection::MemberConnection;
use super::event::Hold;
use super::idle::Activity;
use super::inputs::InputRing;
use super::reliable::EventQueue;
use super::stats::RoomStats;
use crate::entity::{Input, OnGrid};
use crate::game::{Account, LeaveReason};
use crate::hitbox::Rewinds;
use crate::id::{EntityId, MemberId, PlayerId, ResumeSecret};
use crate::snapshot::Reach;
use crate::tick::{Tick, TickRate};
use crate::wire::terms::Invite;
use crate::wire::update::InputCounts;
use core::time::Duration;
use std::sync::Arc;

/// A seat in the room.
#[derive(Debug)]
pub(super) struct Member<I> {
    /// Its current or last attachment.
    pub(super) id: MemberId,
    /// `None` for a spectator.
    pub(super) player: Option<Player<I>>,
    /// The player, with its entity, whose view a spectator requests.
    pub(super) follows: Option<(PlayerId, EntityId)>,
    /// The reach of its last view.
    pub(super) reach: Reach,
    pub(super) events: EventQueue,
    /// `None` while the player is disconnected.
    pub(super) connection: Option<MemberConnection>,
    /// The tick at which the connection was lost.
    pub(super) cut_at: Tick,
    /// How the seat is held while there is no connection.
    pub(super) hold: Hold,
    /// It has left, and is removed as soon as the game has its last commands.
    pub(super) leaves: Option<LeaveReason>,
    pub(super) activity: Activity,
}

/// The part of a member that only players have.
#[derive(Debug)]
pub(super) struct Player<I> {
    pub(super) id: PlayerId,
    /// The entity that it controls, or [`EntityId::NONE`].
    pub(super) entity: EntityId,
    pub(super) account: Arc<Account>,
    /// The address that it came from, as a number.
    pub(super) from: Option<u64>,
    pub(super) secret: ResumeSecret,
    /// The secret that was presented to resume. It stays valid until a frame proves that the client has the
    /// new one: the connection may break again before `Joined` arrives.
    pub(super) shown_secret: Option<ResumeSecret>,
    pub(super) inputs: InputRing<I>,
    /// The number of the last command that was received in order.
    pub(super) commands_received: u32,
    /// The rewinds that the game used for it.
    pub(super) rewinds: Rewinds,
    /// The newest input that it sent; `None` if it never sent one.
    pub(super) seen_input: Option<OnGrid<I>>,
    /// How long its seat is held, if the game has set it.
    pub(super) grace: Option<Duration>,
    /// The invitation that it waits for, and when it may have the next.
    pub(super) invite: Option<Invite>,
    pub(super) next_invite_at: Tick,
}

impl<I: Input> Member<I> {
    /// Whether it is disconnected and its seat is available to others when the room is full.
    pub(super) fn gives_way(&self) -> bool {
        self.connection.is_none() && self.hold != Hold::Firm
    }

    /// Whether something that concerns this member alone must be sent at `tick`: reliable messages, inputs
    /// that were not on time, and an update after [`QUIET_MS_MAX`].
    pub(super) fn has_news(&self, tick: Tick, rate: TickRate) -> bool {
        self.events.has_unsent()
            || self.player.as_ref().is_some_and(|player| player.inputs.counts != InputCounts::default())
            || self.connection.as_ref().is_some_and(|connection| {
                connection.has_news(tick, rate) || self.has_other_entity(connection)
            })
    }

    fn has_other_entity(&self, connection: &MemberConnection) -> bool {
        self.player.as_ref().is_some_and(|player| player.entity != connection.controls)
    }

    /// The room skips `ticks`. The member did not cause it, so its countdowns do not advance.
    pub(super) fn skip(&mut self, ticks: u32) {
        let ticks = i64::from(ticks);
        self.cut_at = self.cut_at.offset(ticks);
        if let Some(deaf_since) =
            self.connection.as_mut().and_then(|connection| connection.delivery.deaf_since.as_mut())
        {
            *deaf_since = deaf_since.offset(ticks);
        }
    }

    /// Records that nothing is sent for `tick`: everything went as predicted.
    pub(super) fn pass(&mut self, tick: Tick) {
        if let Some(connection) = &mut self.connection {
            connection.delivery.pass(tick);
        }
    }

    /// Whether `tick` is one of those on which the member is served while it does not keep up.
    pub(super) fn is_due_by_pace(&self, tick: Tick) -> bool {
        self.connection.as_ref().is_some_and(|connection| connection.delivery.pace.is_due(tick))
    }

    /// Records that an update was due at `tick`, and was sent or skipped.
    pub(super) fn note(&mut self, tick: Tick, rate: TickRate, skipped: bool, stats: &mut RoomStats) {
        let Some(connection) = &mut self.connection else { return };
        let before = connection.delivery.pace.step();
        if connection.delivery.pace.note(tick, rate, skipped) {
            let slower = connection.delivery.pace.step() > before;
            *if slower { &mut stats.paced_slower } else { &mut stats.paced_faster } += 1;
        }
    }

    /// Whether the member is served at `tick`.
    pub(super) fn is_due(&self, tick: Tick, rate: TickRate) -> bool {
        self.connection.as_ref().is_some_and(|connection| connection.delivery.is_due(tick, rate))
    }
}

impl<I: Input> Player<I> {
    /// The secrets with which a client may come back.
    pub(super) fn secrets(&self) -> impl Iterator<Item = ResumeSecret> {
        core::iter::once(self.secret).chain(self.shown_secret)
    }

    /// Whether a client that presents `secret` is this player.
    pub(super) fn is_shown(&self, secret: &ResumeSecret) -> bool {
        let before = self.shown_secret.is_some_and(|before| before.matches(secret));
        self.secret.matches(secret) || before
    }

    pub(super) fn new(
        id: PlayerId,
        entity: EntityId,
        account: Arc<Account>,
        secret: ResumeSecret,
        rate: TickRate,
    ) -> Self {
        Self {
            id,
            entity,
            account,
            from: None,
            secret,
            shown_secret: None,
            inputs: InputRing::new(rate),
            commands_received: 0,
            rewinds: Rewinds::default(),
            seen_input: None,
            grace: None,
            invite: None,
            next_invite_at: Tick(0),
        }
    }
}
