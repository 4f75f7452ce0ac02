//! The room's state for one connection of a member.

use super::delivery::Delivery;
use super::reports::Repaired;
use super::view::ClientView;
use crate::id::{EntityId, StreamId};
use crate::limits::{MARGIN_MIN, MARGIN_MS_MAX};
use crate::snapshot::OwnTold;
use crate::tick::{Tick, TickRate};
use core::time::Duration;

/// The room's state for one connection of a member.
#[derive(Clone, Debug)]
pub(super) struct MemberConnection {
    /// Whether the client is served, and how well it keeps up.
    pub(super) delivery: Delivery,
    /// What the client has of the room's streams.
    pub(super) view: ClientView,
    /// The entity that its player controls, as last sent to the client.
    pub(super) controls: EntityId,
    /// The owner-only fields that the client was sent.
    pub(super) own: OwnTold,
    /// The newest frame since the last update whose arrival was timed.
    pub(super) arrival: Option<Arrival>,
    /// Whether a command came since the last update.
    pub(super) command_ack_due: bool,
    pub(super) repairs: Repairs,
}

/// The repairs of a client's state.
#[derive(Clone, Debug, Default)]
pub(super) struct Repairs {
    /// The repair that the client is waiting for.
    pub(super) wanted: Option<(StreamId, Tick)>,
    /// When the last one was asked for.
    pub(super) wanted_at: Option<Tick>,
    /// The state of the last one, until the client reports what differed.
    pub(super) sent: Option<Box<Repaired>>,
}

/// A frame's arrival, which the client's clock needs to know.
#[derive(Clone, Copy, Debug)]
pub(super) struct Arrival {
    pub(super) stamp_ms: u16,
    pub(super) at: Duration,
    /// In 1/256 tick.
    pub(super) margin: i16,
    /// Whether the frame had an input, so that the margin means something.
    pub(super) told: bool,
}

/// Whether a margin need not be reported at once.
fn is_usual(margin: i16, rate: TickRate) -> bool {
    let most = rate.ticks_covering(MARGIN_MS_MAX).max(8) * 256;
    margin >= MARGIN_MIN && i64::from(margin) <= i64::from(most)
}

impl MemberConnection {
    pub(super) fn new(rate: TickRate) -> Self {
        Self {
            delivery: Delivery::new(rate),
            view: ClientView::default(),
            controls: EntityId::NONE,
            own: OwnTold::default(),
            arrival: None,
            command_ack_due: false,
            repairs: Repairs::default(),
        }
    }

    /// Whether something that concerns this connection alone must be sent at `tick`.
    pub(super) fn has_news(&self, tick: Tick, rate: TickRate) -> bool {
        self.delivery.is_overdue(tick, rate)
            || self.command_ack_due
            || self.repairs.wanted.is_some()
            || self.arrival.is_some_and(|arrival| arrival.told && !is_usual(arrival.margin, rate))
    }
}
