//! Reliable events and commands.

use super::frames::{commands, refusal};
use super::raw::{Raw, read};
use super::yard::{Order, Plan, Yard};
use tickwire_shared::client::{ClientEvent, CommandError};
use tickwire_shared::coding::codec;
use tickwire_shared::harness::Harness;
use tickwire_shared::limits::{
    COMMANDS_PER_TICK_MAX, EVENT_EXTRA_BYTES, EVENTS_STEP_BYTES_MAX, EVENTS_WAITING_BYTES_MAX,
    RELIABLE_BYTES_MAX, RELIABLE_QUEUE_MAX,
};
use tickwire_shared::wire::control::ReliableEvent;
use tickwire_shared::wire::frame::ClientFrame;
use tickwire_shared::wire::{Advice, CloseCode};

fn say(count: u16, bytes: u16) -> Order {
    Order::Say { count, bytes, droppable: false }
}

/// What the game achieved with these orders in one step: events accepted, too long, and too many.
fn given(orders: Vec<Order>) -> (u64, u64, u64) {
    let mut raw = Raw::new(Plan::default());
    raw.order(orders);
    raw.steps(1);
    let refused = raw.stats().events_refused;
    (raw.stats().events_encoded, refused.too_long, refused.step_full)
}

#[test]
fn reliable_bytes_max() {
    let longest = RELIABLE_BYTES_MAX as u16;
    assert_eq!(given(vec![say(2, longest)]), (2, 0, 0));
    assert_eq!(given(vec![say(2, longest + 1), say(1, 60_000)]), (0, 3, 0));
    // A command: its variant and its length take four bytes.
    let note = |bytes: usize| Order::Note(vec![1; bytes - 4]);
    let mut harness = Harness::<Yard>::new(Plan::default(), 2);
    let ada = harness.join("ada");
    harness.run_ticks(10);
    assert_eq!(harness.client_mut(ada).command(note(RELIABLE_BYTES_MAX + 1)), Err(CommandError::TooLong));
    assert_eq!(harness.client_mut(ada).command(note(RELIABLE_BYTES_MAX)), Ok(()));
    assert_eq!(harness.client_mut(ada).command(say(1, longest)), Ok(()));
    harness.run_ticks(10);
    assert_eq!(harness.room().stats().commands, 2);
    let came = harness.take_events(ada);
    let is_longest = |said| codec::encode(said).unwrap().len() == RELIABLE_BYTES_MAX;
    assert!(came.iter().any(|event| matches!(event, ClientEvent::Game(said) if is_longest(said))));
    assert_eq!(refusal(&commands(&[RELIABLE_BYTES_MAX])), None);
    assert_eq!(refusal(&commands(&[RELIABLE_BYTES_MAX + 1])), Some(CloseCode::DecodeError));
}

#[test]
fn reliable_queue_max() {
    // Commands that the client's program sends while nothing is acknowledged.
    let mut harness = Harness::<Yard>::new(Plan::default(), 2);
    let ada = harness.join("ada");
    for _ in 0..RELIABLE_QUEUE_MAX {
        assert_eq!(harness.client_mut(ada).command(say(1, 9)), Ok(()));
    }
    assert_eq!(harness.client_mut(ada).command(say(1, 9)), Err(CommandError::QueueFull));
    harness.run_ticks(60);
    assert_eq!(harness.room().stats().events_encoded, RELIABLE_QUEUE_MAX as u64, "all others are done");
    // Commands that arrive at the room at once.
    for (count, closes) in
        [(RELIABLE_QUEUE_MAX, vec![]), (RELIABLE_QUEUE_MAX + 1, vec![CloseCode::RateLimited])]
    {
        let mut raw = Raw::new(Plan::default());
        for order in vec![say(1, 9); count].chunks(32) {
            raw.order(order.to_vec());
        }
        assert_eq!(raw.closes(), closes, "{count} commands");
    }
    // Events in flight to a client that acknowledges none.
    let mut raw = Raw::new(Plan::default());
    raw.order(vec![say(RELIABLE_QUEUE_MAX as u16 + 30, 9)]);
    let sent = |raw: &mut Raw| -> usize {
        (0..20).flat_map(|_| raw.step()).map(|message| read(&message).private.events.items.len()).sum()
    };
    assert_eq!(sent(&mut raw), RELIABLE_QUEUE_MAX);
    raw.frame(ClientFrame { event_ack: Some(7), ..ClientFrame::default() });
    assert_eq!(sent(&mut raw), 7, "each acknowledged event makes room for another");
    raw.frame(ClientFrame { event_ack: Some(RELIABLE_QUEUE_MAX as u32 + 8), ..ClientFrame::default() });
    assert_eq!(raw.closes(), [CloseCode::DecodeError], "it had not been sent yet");
}

#[test]
fn commands_per_tick_max() {
    let mut raw = Raw::new(Plan::default());
    raw.order(vec![say(1, 9); COMMANDS_PER_TICK_MAX]);
    raw.order(vec![say(1, 9)]);
    raw.steps(1);
    assert_eq!(raw.stats().events_encoded, COMMANDS_PER_TICK_MAX as u64);
    raw.steps(1);
    assert_eq!(
        raw.stats().events_encoded,
        COMMANDS_PER_TICK_MAX as u64 + 1,
        "the other one waits for the next"
    );
}

#[test]
fn event_extra_bytes() {
    let mut raw = Raw::new(Plan::default());
    raw.order(vec![say(20_000, 2)]);
    let message = &raw.step()[0];
    let on_the_way = read(message).private.events.items[0].len();
    let (given, cost) = (raw.stats().events_encoded as usize, on_the_way + EVENT_EXTRA_BYTES);
    assert!(given * cost <= EVENTS_STEP_BYTES_MAX, "{given} of the shortest events fit into a step");
    assert!((given + 1) * cost > EVENTS_STEP_BYTES_MAX, "and {given} is the maximum");
    assert_eq!(raw.stats().events_refused.step_full as usize, 20_000 - given);
}

/// As much as one step may send, to the byte: 239 of the longest events, each 516 bytes on the wire plus 32,
/// and one of 100.
fn full_step(droppable: bool) -> Vec<Order> {
    [(239, 512), (1, 66)].map(|(count, bytes)| Order::Say { count, bytes, droppable }).to_vec()
}

#[test]
fn events_step_bytes_max() {
    assert_eq!(given(full_step(false)), (240, 0, 0));
    assert_eq!(given(vec![say(239, 512), say(1, 67)]), (239, 0, 1), "one byte more");
    assert_eq!(given([full_step(false), vec![say(1, 2)]].concat()), (240, 0, 1), "another event");
    let mut raw = Raw::new(Plan::default());
    for _ in 0..2 {
        raw.order([full_step(true), vec![say(1, 2)]].concat());
        raw.steps(1);
    }
    assert_eq!(raw.stats().events_refused.step_full, 2, "the next step may send as much again");
}

/// Two full steps and one more short event: the resulting room, with its close.
fn overfull(droppable: bool) -> Raw {
    let mut raw = Raw::new(Plan::default());
    for _ in 0..2 {
        raw.order(full_step(droppable));
        raw.steps(1);
    }
    assert_eq!(2 * EVENTS_STEP_BYTES_MAX, EVENTS_WAITING_BYTES_MAX, "the maximum is waiting");
    raw.steps(20);
    let stats = raw.stats();
    assert_eq!((raw.out.closes.len(), stats.overflowed, stats.events_dropped), (0, 0, 0));
    raw.order(vec![Order::Say { count: 1, bytes: 2, droppable }]);
    raw.steps(1);
    raw
}

#[test]
fn events_waiting_bytes_max() {
    let raw = overfull(false);
    let (_, close) = &raw.out.closes[0];
    assert_eq!((close.code, close.advice), (CloseCode::TooSlow, Advice::RetryAfter(0)));
    assert_eq!((raw.stats().overflowed, raw.room.players()), (1, 0), "no seat is left to return to");
    // The oldest droppable events that were never sent are dropped, and their number is reported.
    let mut raw = overfull(true);
    assert_eq!((raw.closes(), raw.room.players()), (vec![], 1));
    let dropped = raw.stats().events_dropped;
    assert!(dropped > 0);
    let event_ack = Some(RELIABLE_QUEUE_MAX as u32);
    raw.frame(ClientFrame { snapshot_ack: raw.sent, event_ack, ..ClientFrame::default() });
    let message = &raw.step()[0];
    let told: ReliableEvent = codec::decode(&read(message).private.events.items[0]).unwrap();
    assert_eq!(told, ReliableEvent::EventsDropped(dropped as u32));
}
