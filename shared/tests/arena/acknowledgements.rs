//! A client may acknowledge only what it was sent: over this connection, and at that tick.

use crate::fixtures::{Kept, config, join};
use core::time::Duration;
use tickwire_arena::{Arena, Settings};
use tickwire_shared::id::{MemberId, ResumeSecret, StreamId};
use tickwire_shared::room::{Hold, MemberEvent, MemberFrame, Room};
use tickwire_shared::tick::Tick;
use tickwire_shared::wire::CloseCode;
use tickwire_shared::wire::control::Role;
use tickwire_shared::wire::frame::ClientFrame;
use tickwire_shared::wire::update::Update;

const JOINED_AT: u32 = 40;

/// A room in which member 1 was present from the start and member 2 joined later, and the ticks of member 2's
/// updates.
fn room() -> (Room<Arena>, Kept, Vec<Tick>) {
    let mut room = Room::new(config(2), Settings::default(), 1).unwrap();
    let mut outbox = Kept::default();
    join(&mut room, 1, Role::Player, &mut outbox);
    step(&mut room, JOINED_AT, &mut outbox);
    join(&mut room, 2, Role::Player, &mut outbox);
    step(&mut room, 50, &mut outbox);
    let sent = sent(&outbox, 2);
    assert!(sent.len() > 5 && sent.len() < 50, "{sent:?}");
    (room, outbox, sent)
}

fn step(room: &mut Room<Arena>, ticks: u32, outbox: &mut Kept) {
    for _ in 0..ticks {
        room.step(Duration::ZERO, outbox);
    }
}

fn sent(outbox: &Kept, member: u64) -> Vec<Tick> {
    let of_member = outbox.updates.iter().filter(|(to, _)| *to == MemberId(member));
    of_member.map(|(_, message)| Update::decode(message).unwrap().private.tick).collect()
}

fn acknowledges(tick: Tick) -> MemberEvent<Arena> {
    let frame = ClientFrame { snapshot_ack: Some(tick), ..ClientFrame::default() };
    MemberEvent::Frame(MemberFrame { frame, commands: Vec::new(), timed: true })
}

fn repairs(tick: Tick) -> MemberEvent<Arena> {
    MemberEvent::Repair { stream: StreamId::ROOM, tick }
}

fn closes(member: u64, event: MemberEvent<Arena>) -> Vec<CloseCode> {
    let (mut room, mut outbox, _) = room();
    room.handle(Duration::ZERO, MemberId(member), event, &mut outbox);
    outbox.take_closes()
}

#[test]
fn each_update_may_be_acknowledged_and_more_than_once() {
    let (mut room, mut outbox, sent) = room();
    for &tick in sent.iter().chain(&sent) {
        room.handle(Duration::ZERO, MemberId(2), acknowledges(tick), &mut outbox);
    }
    assert_eq!(outbox.take_closes(), []);
    let (_, _, sent) = self::room();
    assert_eq!(closes(2, repairs(sent[1])), []);
}

#[test]
fn nothing_before_the_first_update_and_nothing_that_is_to_come_may_be() {
    let (_, _, sent) = room();
    let (first, last) = (sent[0], *sent.last().unwrap());
    assert!(first > Tick(JOINED_AT));
    let never = [Tick(0), Tick(1), Tick(JOINED_AT), first.offset(-1), last.next(), Tick(u32::MAX)];
    for tick in never {
        assert_eq!(closes(2, acknowledges(tick)), [CloseCode::DecodeError], "an acknowledgement of {tick}");
        assert_eq!(closes(2, repairs(tick)), [CloseCode::DecodeError], "a repair of {tick}");
    }
}

#[test]
fn nor_a_tick_in_between_of_which_no_update_was_sent() {
    let (_, _, sent) = room();
    let quiet: Vec<_> =
        (sent[0].0..sent[sent.len() - 1].0).map(Tick).filter(|tick| !sent.contains(tick)).collect();
    assert!(quiet.len() > 10, "{quiet:?}");
    for tick in quiet {
        assert_eq!(closes(2, acknowledges(tick)), [CloseCode::DecodeError], "an acknowledgement of {tick}");
    }
}

#[test]
fn nor_what_came_over_the_connection_before() {
    let (mut room, mut outbox, sent) = room();
    room.handle(Duration::ZERO, MemberId(2), MemberEvent::Cut(Hold::Firm), &mut outbox);
    let secret = |key| ResumeSecret { room: room.config().id, key: [key; 16] };
    let resume = MemberEvent::Resume { shown: secret(2), events_received: 0, next: secret(3) };
    room.handle(Duration::ZERO, MemberId(3), resume, &mut outbox);
    step(&mut room, 1, &mut outbox);
    assert_eq!(self::sent(&outbox, 3).len(), 1);
    room.handle(Duration::ZERO, MemberId(3), acknowledges(*sent.last().unwrap()), &mut outbox);
    assert_eq!(outbox.take_closes(), [CloseCode::DecodeError]);
}
