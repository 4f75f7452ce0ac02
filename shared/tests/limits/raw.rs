//! A yard room without a harness around it: members' messages are written by hand, and everything that they
//! get is kept.

use super::yard::{Order, Pad, Plan, Yard};
use core::time::Duration;
use tickwire_shared::entity::OnGrid;
use tickwire_shared::id::{MemberId, PlayerId, ResumeSecret, RoomId};
use tickwire_shared::prelude::*;
use tickwire_shared::room::{JoinRequest, MemberEvent, MemberFrame, Outbox, Room, RoomConfig, RoomStats};
use tickwire_shared::wire::control::{Name, Role};
use tickwire_shared::wire::frame::{ClientFrame, Numbered};
use tickwire_shared::wire::update::Update;
use tickwire_shared::wire::{Close, CloseCode};

/// A room's output.
#[derive(Debug, Default)]
pub(crate) struct Out {
    /// No slot accepts an update now.
    pub(crate) full: bool,
    pub(crate) updates: Vec<(MemberId, Vec<u8>)>,
    pub(crate) controls: Vec<(MemberId, bytes::Bytes)>,
    pub(crate) closes: Vec<(MemberId, Close)>,
}

impl Outbox for Out {
    fn ready(&self, _: MemberId) -> bool {
        !self.full
    }
    fn control(&mut self, member: MemberId, message: bytes::Bytes) {
        self.controls.push((member, message));
    }
    fn update(&mut self, member: MemberId, message: &[u8]) {
        self.updates.push((member, message.to_vec()));
    }
    fn close(&mut self, member: MemberId, close: Close) {
        self.closes.push((member, close));
    }
}

/// A room whose first member is a player, and all its output.
pub(crate) struct Raw {
    pub(crate) room: Room<Yard>,
    pub(crate) out: Out,
    commands: u32,
    /// The tick of the last update.
    pub(crate) sent: Option<Tick>,
}

pub(crate) const ADA: MemberId = MemberId(1);

impl Raw {
    /// A room without members.
    pub(crate) fn empty(plan: Plan, rate: TickRate) -> Self {
        let mut config = RoomConfig::new(RoomId::from_bits(1));
        config.tick_rate = rate;
        config.spectators_max = 64;
        Self { room: Room::new(config, plan, 1).unwrap(), out: Out::default(), commands: 0, sent: None }
    }

    /// A room with one player, some ticks old.
    pub(crate) fn at_rate(plan: Plan, rate: TickRate) -> Self {
        let mut raw = Self::empty(plan, rate);
        raw.join(ADA, Role::Player);
        raw.steps(3);
        raw
    }

    pub(crate) fn new(plan: Plan) -> Self {
        Self::at_rate(plan, TickRate::DEFAULT)
    }

    pub(crate) fn now(&self) -> Duration {
        self.room.config().tick_rate.time_of(self.room.tick())
    }

    pub(crate) fn tick(&self) -> Tick {
        self.room.tick()
    }

    pub(crate) fn stats(&self) -> &RoomStats {
        self.room.stats()
    }

    pub(crate) fn handle(&mut self, member: MemberId, event: MemberEvent<Yard>) {
        self.room.handle(self.now(), member, event, &mut self.out);
    }

    pub(crate) fn secret(&self, member: MemberId) -> ResumeSecret {
        ResumeSecret { room: self.room.config().id, key: [member.0 as u8; 16] }
    }

    pub(crate) fn join(&mut self, member: MemberId, role: Role) {
        let (account, secret) = (Account::guest(Name::cut("ada")).into(), self.secret(member));
        self.handle(member, JoinRequest::new(account, role, secret).into());
    }

    /// Runs one tick. Returns its updates, as they were sent.
    pub(crate) fn step(&mut self) -> Vec<Vec<u8>> {
        let due = self.room.config().tick_rate.time_of(self.room.tick().next());
        self.out.updates.clear();
        self.room.step(due, &mut self.out);
        if let Some((_, message)) = self.out.updates.last() {
            self.sent = Some(read(message).private.tick);
        }
        self.out.updates.iter().map(|(_, message)| message.clone()).collect()
    }

    pub(crate) fn steps(&mut self, ticks: u32) {
        (0..ticks).for_each(|_| _ = self.step());
    }

    /// A frame that arrives `after` the last step.
    pub(crate) fn frame_after(&mut self, after: Duration, frame: ClientFrame<Pad>, orders: Vec<Order>) {
        let frame = MemberFrame { frame, commands: orders, timed: true };
        self.room.handle(self.now() + after, ADA, MemberEvent::Frame(frame), &mut self.out);
    }

    pub(crate) fn frame(&mut self, frame: ClientFrame<Pad>) {
        self.frame_after(Duration::ZERO, frame, Vec::new());
    }

    /// Ada acknowledges the update of this tick.
    pub(crate) fn acknowledge(&mut self, tick: Tick) {
        self.frame(ClientFrame { snapshot_ack: Some(tick), ..ClientFrame::default() });
    }

    /// Ada sends an input.
    pub(crate) fn input(&mut self, tick: Tick, x: i8) {
        self.frame(ClientFrame {
            inputs: [(tick, OnGrid::new(&Pad { x }))].into(),
            ..ClientFrame::default()
        });
    }

    /// Ada sends orders, to be executed in the next step.
    pub(crate) fn order(&mut self, orders: Vec<Order>) {
        let commands = Numbered { first: self.commands + 1, items: Vec::new() };
        self.commands += orders.len() as u32;
        self.frame_after(Duration::ZERO, ClientFrame { commands, ..ClientFrame::default() }, orders);
    }

    /// The close codes since the last call.
    pub(crate) fn closes(&mut self) -> Vec<CloseCode> {
        self.out.closes.drain(..).map(|(_, close)| close.code).collect()
    }

    /// The position of Ada's crate.
    pub(crate) fn x(&self) -> i32 {
        let own = self.room.world().controlled(PlayerId(1)).unwrap();
        self.room.world().get(own).unwrap().pos.x
    }
}

pub(crate) fn rate(hz: u16) -> TickRate {
    TickRate::new(hz).unwrap()
}

/// Reads an update that a test received as bytes.
pub(crate) fn read(message: &[u8]) -> Update<'_> {
    Update::decode(message).unwrap()
}
