//! The end of a room's ticks.

use super::{NewRoom, Port, RoomFacts, RoomParts};
use crate::commons::Commons;
use crate::config::Limits;
use crate::ledger::Kind;
use crate::metrics::Metrics;
use crate::room_port::{Entry, NoPlace, RoomPort};
use crate::slot::Slot;
use std::sync::Arc;
use std::time::Duration;
use tickwire_shared::id::{ResumeSecret, RoomId};
use tickwire_shared::prelude::*;
use tickwire_shared::room::{FirstNumbers, Room, RoomConfig};
use tickwire_shared::wire::control::{GameName, Name, Role};
use tickwire_shared::wire::{Advice, CloseCode};
use tokio::sync::Semaphore;
use tokio::time::{Instant, sleep, timeout};

#[derive(Clone, Debug, PartialEq, Entity)]
struct Stone {
    on: bool,
}

#[derive(Clone, Debug, Default, PartialEq, Input)]
struct Touch {
    on: bool,
}

/// Stones that are touched.
struct Stones;

impl Game for Stones {
    type Settings = ();
    type Scene = ();
    type Input = Touch;
    type Entity = Stone;
    type Event = ();
    type Command = ();

    fn scene((): &(), _: TickRate) -> Result<(), BadSettings> {
        Ok(())
    }

    fn new(_: &Setup<'_, Self>, _: &mut World<Stone>) -> Self {
        Self
    }

    fn join(&mut self, world: &mut World<Stone>, (): &(), _: PlayerId, _: &Profile) -> Result<EntityId, Refusal> {
        Ok(world.spawn(Stone { on: false })?)
    }

    fn leave(&mut self, _: &mut World<Stone>, _: PlayerId) {}

    fn step(&mut self, _: &mut World<Stone>, _: &Turn<'_, Self>, _: &mut Events<()>) {}

    fn apply_input(own: &mut Stone, input: &Touch, _: &Step<'_, Self>) {
        own.on = input.on;
    }
}

#[tokio::test]
async fn a_room_at_its_last_tick_ends_for_everybody_and_takes_nobody_any_more() {
    let commons = Arc::new(Commons::new(Limits::default(), Arc::new(Metrics::new())));
    let id = RoomId::from_bits(7);
    let config = RoomConfig {
        id,
        tick_rate: TickRate::DEFAULT,
        spectators_max: 1,
        resume_grace: Duration::from_secs(30),
        client_bytes_per_s: 0,
    };
    let mut room = Room::<Stones>::new(config, (), 0).unwrap();
    room.start_at(FirstNumbers { tick: Tick(Tick::LAST.0 - 3), ..FirstNumbers::default() });
    let facts = RoomFacts {
        id,
        game: GameName::cut("stones"),
        options: Options::none(),
        tick_rate: TickRate::DEFAULT,
        players_max: 8,
        spectators_max: 1,
        born: Instant::now(),
    };
    let port = Arc::new(Port::new(facts, commons.ledger.post(Kind::Room)));
    assert!(commons.directory.claim(port.clone()).await);
    let permit = Arc::new(Semaphore::new(1)).try_acquire_owned().unwrap();
    let slot = Arc::new(Slot::new(&commons.ledger));
    let secret = ResumeSecret { room: id, key: [0; 16] };
    let entry = Entry::Join { name: Name::cut("ada"), role: Role::Player, secret, wants_schema: false };
    port.enter(entry.clone(), &slot).unwrap();
    Box::new(RoomParts { port: port.clone(), room, permit }).start(&commons, 0);

    let ended = async {
        while commons.directory.locate(id).await.is_some() {
            sleep(Duration::from_millis(5)).await;
        }
    };
    timeout(Duration::from_secs(60), ended).await.unwrap();
    let close = slot.take_close().unwrap();
    assert_eq!((close.code, &close.advice), (CloseCode::NoSuchRoom, &Advice::RetryAfter(0)));
    assert!(close.text.contains("last tick"), "{close}");
    assert_eq!(port.players_if_open(Role::Player), None, "no match comes here");
    assert_eq!(port.enter(entry, &slot), Err(NoPlace::Ended));
}
