//! Virtual time: one event after the other, in an order that depends only on the seed.

use super::connections::{LinkState, inviter_of};
use super::{ClientIndex, EVENTS_KEPT, Harness};
use crate::game::{Account, Game};
use crate::id::{ResumeSecret, SessionId};
use crate::limits::CATCH_UP_MS_MAX;
use crate::room::{JoinRequest, MemberEvent, Way, game_schema_hash};
use crate::wire::control::{
    ClientControl, Credential, GameInfo, GameName, Hello, Join, ServerControl, SessionLimits, Welcome,
};
use crate::wire::terms::Pass;
use crate::wire::{Close, CloseCode};
use core::time::Duration;
use std::sync::Arc;

/// The next event. Events at the same time happen in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Happening {
    ServerReceives(usize),
    ClientReceives(usize),
    ClientAdvances(usize),
    LinkCuts(usize),
    ClientResumes(usize),
    RoomSteps,
}

impl<G: Game> Harness<G> {
    /// Runs the room for `ticks` steps, with everything that happens between them.
    pub fn run_ticks(&mut self, ticks: u32) {
        let end = self.room.tick().0.saturating_add(ticks);
        while self.room.tick().0 < end {
            let (at, happening) = self.next_happening();
            self.now = self.now.max(at);
            self.wires.now = self.now;
            match happening {
                Happening::ServerReceives(client) => {
                    self.skip_lost_ticks();
                    self.server_receives(client);
                }
                Happening::ClientReceives(client) => self.client_receives(client),
                Happening::ClientAdvances(client) => self.client_advances(client),
                Happening::LinkCuts(client) => self.link_cuts(client),
                Happening::ClientResumes(client) => self.come_back(ClientIndex(client)),
                Happening::RoomSteps => {
                    self.skip_lost_ticks();
                    let due = self.rate.time_of(self.room.tick().next());
                    self.room.step(due, &mut self.wires);
                    self.audit();
                }
            }
        }
    }

    fn skip_lost_ticks(&mut self) {
        let behind = self.rate.ticks_floor(self.now).saturating_sub(self.room.tick().0);
        self.room.skip(behind.saturating_sub(self.rate.ticks_covering(CATCH_UP_MS_MAX)));
    }

    fn audit(&mut self) {
        let Some(updates) = &mut self.wires.audited else { return };
        for (member, update) in core::mem::take(updates) {
            if let Err(leak) = self.room.audit(member, &update) {
                self.fail(&format!("an update leaks to {member:?}: {leak}"));
            }
        }
    }

    fn next_happening(&self) -> (Duration, Happening) {
        let awake = |time: Duration| time.max(self.paused_until);
        let mut first = (awake(self.rate.time_of(self.room.tick().next())), Happening::RoomSteps);
        for (at, (seat, wire)) in self.seats.iter().zip(&self.wires.wires).enumerate() {
            if wire.stage == LinkState::Cut {
                let back = wire.resume_at.map(|time| (time, Happening::ClientResumes(at)));
                first = back.map_or(first, |back| first.min(back));
                continue;
            }
            let up = wire.link.up.next_at().map(|time| (awake(time), Happening::ServerReceives(at)));
            let down = wire.link.down.next_at().map(|time| (time, Happening::ClientReceives(at)));
            let due = match &seat.rendering {
                Some(rendering) => Some(rendering.next_at),
                None => seat.client.next_input_at(),
            };
            let due = due.map(|time| (time, Happening::ClientAdvances(at)));
            let cut = wire.link.next_cut(self.now).filter(|_| wire.stage != LinkState::Ended);
            let cut = cut.map(|(from, _)| (from, Happening::LinkCuts(at)));
            let awake = |(time, happening): (Duration, _)| (time.max(seat.asleep_until), happening);
            for next in [up, down.map(awake), due.map(awake), cut].into_iter().flatten() {
                first = first.min(next);
            }
        }
        first
    }

    /// The network cuts a client's connection; the client comes back when the network does.
    fn link_cuts(&mut self, at: usize) {
        let over = self.wires.wires.get(at).and_then(|wire| wire.link.next_cut(self.now));
        self.cut(ClientIndex(at));
        if let Some(wire) = self.wires.wires.get_mut(at) {
            wire.resume_at = over.map(|(_, until)| until);
        }
    }

    fn client_receives(&mut self, at: usize) {
        let (Some(seat), Some(wire)) = (self.seats.get_mut(at), self.wires.wires.get_mut(at)) else { return };
        let Some((_, message)) = wire.link.down.receive(self.now) else { return };
        wire.flush(self.now);
        if let Some((_, messages)) = self.recorded.as_mut().filter(|(of, _)| *of == at) {
            messages.push(message.clone());
        }
        if let Err(error) = seat.client.receive(self.now, &message) {
            self.fail(&format!("client {at} refuses a message from the room: {error}"));
        }
        while let Some(event) = seat.client.poll_event() {
            if seat.events.len() >= EVENTS_KEPT {
                seat.events.pop_front();
            }
            seat.events.push_back(event);
        }
        self.transmit(at);
    }

    fn client_advances(&mut self, at: usize) {
        let Some(seat) = self.seats.get_mut(at) else { return };
        if let Some(drive) = &mut seat.drive {
            drive(&mut seat.client, self.now, &mut seat.rng);
        }
        seat.client.advance(self.now);
        if let Some(rendering) = &mut seat.rendering {
            (rendering.draw)(&seat.client, self.now);
            rendering.next_at = (rendering.next_at + rendering.period).max(self.now);
        }
        self.transmit(at);
    }

    pub(super) fn transmit(&mut self, at: usize) {
        let (Some(seat), Some(wire)) = (self.seats.get_mut(at), self.wires.wires.get_mut(at)) else { return };
        if wire.stage == LinkState::Cut {
            return;
        }
        while let Some(message) = seat.client.poll_transmit() {
            wire.link.send_up(self.now, message);
        }
    }

    /// Handles a message as a server's session does.
    fn server_receives(&mut self, at: usize) {
        let Some(wire) = self.wires.wires.get_mut(at) else { return };
        // A socket reports when a message arrived, even if the server was paused then.
        let Some((came_at, message)) = wire.link.up.receive(self.now) else { return };
        let done = match wire.stage {
            LinkState::Cut | LinkState::Ended => Ok(()),
            LinkState::Hello => self.on_hello(at, &message),
            LinkState::Join => self.on_join(at, &message),
            LinkState::Member(member) => wire
                .decode(self.now, self.room.config().tick_rate.period(), &message)
                .map(|event| self.room.handle(came_at, member, event, &mut self.wires)),
        };
        if let Err(close) = done {
            self.fail(&format!("the server refuses a message from client {at}: {close}"));
        }
    }

    fn on_hello(&mut self, at: usize, message: &[u8]) -> Result<(), Close> {
        let Ok(ClientControl::Hello(Hello { credential, .. })) = ClientControl::decode(message) else {
            return Err(CloseCode::DecodeError.into());
        };
        let welcome = self.welcome()?;
        let next = self.new_secret();
        let member = self.wires.new_member(at);
        let Some(wire) = self.wires.wires.get_mut(at) else { return Ok(()) };
        wire.send_down(self.now, welcome.into());
        match credential {
            Credential::Resume { secret: shown, events_received } => {
                wire.stage = LinkState::Member(member);
                let resume = MemberEvent::Resume { shown, events_received, next };
                self.room.handle(self.now, member, resume, &mut self.wires);
            }
            _ => wire.stage = LinkState::Join,
        }
        Ok(())
    }

    fn on_join(&mut self, at: usize, message: &[u8]) -> Result<(), Close> {
        let Ok(ClientControl::Join(Join { role, schema_hash, terms, .. })) = ClientControl::decode(message)
        else {
            return Err(CloseCode::DecodeError.into());
        };
        let member = self.wires.new_member(at);
        let secret = self.new_secret();
        let (Some(wire), Some(seat)) = (self.wires.wires.get_mut(at), self.seats.get(at)) else {
            return Ok(());
        };
        wire.stage = LinkState::Member(member);
        let account = Arc::new(
            seat.account.clone().unwrap_or_else(|| Account::guest(seat.client.config().name.clone())),
        );
        let request = JoinRequest {
            wants_schema: schema_hash == 0,
            parameters: terms.parameters,
            places: terms.places,
            way: self.way_in(&terms.pass),
            ..JoinRequest::new(account, role, secret)
        };
        self.room.handle(self.now, member, request.into(), &mut self.wires);
        Ok(())
    }

    /// How a client comes to the room with this pass. The first one has made it.
    fn way_in(&self, pass: &Pass) -> Way {
        match pass {
            _ if self.room.stats().joins == 0 => Way::Entitled,
            Pass::Password(_) => Way::Entitled,
            Pass::Invitation(invitation) => inviter_of(invitation).map_or(Way::Named, Way::Invited),
            Pass::None => Way::Named,
        }
    }

    fn welcome(&self) -> Result<Vec<u8>, Close> {
        let internal = |_| Close::from(CloseCode::Internal);
        let game = GameInfo {
            name: GameName::cut("game"),
            schema_hash: game_schema_hash::<G>(),
            tick_rate: self.rate,
        };
        let games = vec![game].try_into().map_err(|_| Close::from(CloseCode::Internal))?;
        let limits =
            SessionLimits { inbound_bytes_max: 4096, inbound_bytes_per_s: 65_536, resume_grace_ms: 30_000 };
        ServerControl::Welcome(Welcome { session: SessionId(1), limits, games }).encode().map_err(internal)
    }

    fn new_secret(&mut self) -> ResumeSecret {
        let mut key = [0; 16];
        for byte in &mut key {
            *byte = self.rng.below(256) as u8;
        }
        ResumeSecret { room: self.room.config().id, key }
    }
}
