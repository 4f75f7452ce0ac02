//! The end of a room's ticks.

use super::driver::NewRoom;
use super::{Port, RoomFacts, RoomParts, RoomPermit};
use crate::config::Limits;
use crate::context::ServerContext;
use crate::directory::{BoundedDirectory, Claim, Directory, DirectoryError, RoomRecord, Rooms};
use crate::leak_audit::Audited;
use crate::metrics::Metrics;
use crate::passes::Passes;
use crate::room_port::{Entry, RoomPort};
use crate::room_threads::RoomThreads;
use crate::services::ServiceQueue;
use crate::slot::Slot;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::task::{Context, Waker};
use std::time::Duration;
use tickwire_shared::harness::check_prediction;
use tickwire_shared::id::{ResumeSecret, RoomId};
use tickwire_shared::prelude::*;
use tickwire_shared::room::{FirstNumbers, JoinRequest, Room, RoomConfig, Way};
use tickwire_shared::wire::control::{GameName, Name, Role};
use tickwire_shared::wire::{Advice, CloseCode, Text};
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
    type State = ();
    type Context = ();
    type Event = ();
    type Command = ();

    fn scene((): &(), _: TickRate) -> Result<(), BadSettings> {
        Ok(())
    }

    fn new(_: &Setup<'_, Self>, _: &mut Stage<Self>) -> Self {
        Self
    }

    fn join(&mut self, stage: &mut Stage<Self>, _: &Joining<'_, Self>) -> Result<EntityId, Refusal> {
        Ok(stage.world.spawn(Stone { on: false })?)
    }

    fn leave(&mut self, _: &mut Stage<Self>, _: PlayerId, _: LeaveReason) {}

    fn step(&mut self, stage: &mut Stage<Self>, turn: &Turn<'_, Self>) {
        for player in turn.players {
            if let Some(stone) = stage.world.get_mut(player.entity) {
                Self::apply_input(stone, &player.input, &turn.step());
            }
        }
    }

    fn apply_input(own: &mut Stone, input: &Touch, _: &Step<'_, Self>) {
        own.on = input.on;
    }
}

#[test]
fn stones_are_predicted() {
    check_prediction::<Stones>(&(), 1, 100, 2).unwrap();
}

fn context(directory: Option<BoundedDirectory>) -> Arc<ServerContext> {
    let metrics = Arc::new(Metrics::new());
    let rooms = Rooms::new(Text::cut("here"), directory, metrics.clone());
    let (limits, threads) = (Limits::default(), RoomThreads::InRuntime);
    Arc::new(ServerContext::new(
        limits,
        Vec::new(),
        metrics.clone(),
        threads,
        rooms,
        ServiceQueue::nobody(metrics),
    ))
}

/// A new room near its last tick.
fn parts(context: &ServerContext, id: RoomId) -> RoomParts<Stones> {
    let mut room = Room::<Stones>::new(RoomConfig::new(id), (), 0).unwrap();
    room.start_at(FirstNumbers { tick: Tick(Tick::LAST.0 - 3), ..FirstNumbers::default() });
    let facts = RoomFacts {
        id,
        game: GameName::cut("stones"),
        options: Options::none(),
        metadata: Options::none(),
        tick_rate: TickRate::DEFAULT,
        players_max: 8,
        spectators_max: 1,
        born: Instant::now(),
        passes: Arc::new(Passes::new(None).unwrap()),
    };
    let port = Arc::new(Port::new(facts, context.leak_audit.post(Audited::Room)));
    let room_permit = Arc::new(Semaphore::new(1)).try_acquire_owned().unwrap();
    let permit = RoomPermit { _permit: room_permit, _charge: context.charges.room(None, 0).unwrap() };
    RoomParts { port, room, permit, awaits_players: false }
}

/// Counts claims and releases.
#[derive(Clone, Default)]
struct Counting(Arc<[AtomicU32; 2]>);

impl Directory for Counting {
    async fn claim(&self, _: &RoomRecord) -> Result<Claim, DirectoryError> {
        self.0[0].fetch_add(1, Ordering::SeqCst);
        Ok(Claim::Made)
    }
    async fn locate(&self, _: RoomId) -> Result<Option<RoomRecord>, DirectoryError> {
        Ok(None)
    }
    async fn release(&self, _: &RoomRecord) -> Result<(), DirectoryError> {
        self.0[1].fetch_add(1, Ordering::SeqCst);
        Ok(())
    }
    async fn list(&self) -> Result<Vec<RoomRecord>, DirectoryError> {
        Ok(Vec::new())
    }
}

#[tokio::test(start_paused = true)]
async fn a_claim_whose_answer_nobody_reads_is_released() {
    let counting = Counting::default();
    let context = context(Some(BoundedDirectory::new(counting.clone())));
    let counts = || [counting.0[0].load(Ordering::SeqCst), counting.0[1].load(Ordering::SeqCst)];
    {
        let new = Box::new(parts(&context, RoomId::from_bits(7)));
        let mut claiming = pin!(context.rooms.claim(new.port(), new));
        let mut nobody = Context::from_waker(Waker::noop());
        assert!(claiming.as_mut().poll(&mut nobody).is_pending());
        sleep(Duration::from_millis(1)).await;
        assert_eq!(counts(), [1, 0], "the answer is there, but not read");
    }
    context.leak_audit.settled().await;
    assert_eq!(counts(), [1, 1]);
    let new = Box::new(parts(&context, RoomId::from_bits(8)));
    assert!(context.rooms.claim(new.port(), new).await.unwrap().is_some());
    sleep(Duration::from_millis(1)).await;
    assert_eq!(counts(), [2, 1], "one that is read is not");
}

#[tokio::test]
async fn a_room_at_its_last_tick_ends_for_everybody_and_takes_nobody_any_more() {
    let (context, id) = (context(None), RoomId::from_bits(7));
    let new = Box::new(parts(&context, id));
    let port = new.port.clone();
    let slot = Arc::new(Slot::new(&context.leak_audit));
    let secret = ResumeSecret { room: id, key: [0; 16] };
    let account = Arc::new(Account::guest(Name::cut("ada")));
    let mut request = JoinRequest::new(account, Role::Player, secret);
    request.way = Way::Matched;
    let entry = Entry::Join(Box::new(request));
    let _seat = port.enter(entry.clone(), &slot).unwrap();
    context.rooms.claim(port.clone(), new).await.unwrap().unwrap().start(&context, 0);

    let ended = async {
        while context.rooms.get(id).is_some() {
            sleep(Duration::from_millis(5)).await;
        }
    };
    timeout(Duration::from_secs(60), ended).await.unwrap();
    let close = slot.take_close().unwrap();
    assert_eq!((close.code, &close.advice), (CloseCode::NoSuchRoom, &Advice::RetryAfter(0)));
    assert!(close.text.contains("last tick"), "{close}");
    assert_eq!(port.players_if_matchable(Role::Player, 1), None, "no match is led here");
    let refused = port.enter(entry, &slot).err().unwrap();
    assert_eq!(refused.code, CloseCode::NoSuchRoom, "the room admits no one: {refused}");
}
