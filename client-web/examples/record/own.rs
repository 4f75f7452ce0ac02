//! A game with owner-only fields, and what its room sends to a client without the game: a time in ms (f64),
//! the length of a message (u32), its bytes, and so on. For `tests/owner_only_fields.test.mjs`.

use super::{Mail, RATE, Result};
use core::time::Duration;
use tickwire_shared::id::{MemberId, ResumeSecret, RoomId, SessionId};
use tickwire_shared::prelude::*;
use tickwire_shared::room::{JoinRequest, MemberEvent, MemberFrame, Room, RoomConfig, game_schema_hash};
use tickwire_shared::wire::control::*;
use tickwire_shared::wire::frame::ClientFrame;

const TICKS: u32 = 70;
/// The delay of updates to the client.
const DELAY: Duration = Duration::from_millis(25);

/// A player with bombs, on whole tiles.
#[derive(Clone, Debug, PartialEq, Entity)]
struct Miner {
    #[entity(range = 0..=1023, predict = linear(way))]
    pos: IVec2,
    #[entity(range = -1..=1)]
    way: IVec2,
    #[entity(range = 0..=99, owner_only)]
    bombs: u8,
}

#[derive(Clone, Debug, Default, PartialEq, Input)]
struct Pad {
    go: Button,
}

struct Miners;

impl Game for Miners {
    type Settings = ();
    type Scene = ();
    type Input = Pad;
    type Entity = Miner;
    type State = ();
    type Context = ();
    type Event = ();
    type Command = ();

    fn scene((): &(), _: TickRate) -> core::result::Result<(), BadSettings> {
        Ok(())
    }

    fn new(_: &Setup<'_, Self>, _: &mut Stage<Self>) -> Self {
        Self
    }

    fn join(
        &mut self,
        stage: &mut Stage<Self>,
        joining: &Joining<'_, Self>,
    ) -> core::result::Result<EntityId, Refusal> {
        let way = IVec2::new(i32::from(joining.player.0 > 1), 0);
        Ok(stage.world.spawn(Miner { pos: IVec2::ZERO, way, bombs: 2 })?)
    }

    fn leave(&mut self, _: &mut Stage<Self>, _: PlayerId, _: LeaveReason) {}

    /// Gives every player a bomb each tenth tick.
    fn step(&mut self, stage: &mut Stage<Self>, turn: &Turn<'_, Self>) {
        for (_, miner) in stage.world.iter_mut() {
            miner.pos += miner.way;
            miner.bombs += u8::from(turn.tick.0.is_multiple_of(10));
        }
    }

    fn apply_input(_: &mut Miner, _: &Pad, _: &Step<'_, Self>) {}
}

/// The messages that the first of two miners gets.
pub(crate) fn record() -> Result<Vec<u8>> {
    let mut config = RoomConfig::new(RoomId::from_bits(7));
    config.tick_rate = RATE;
    let (mut room, mut mail, mut log) = (Room::<Miners>::new(config, (), 1)?, Mail::default(), Vec::new());
    let limits =
        SessionLimits { inbound_bytes_max: 4096, inbound_bytes_per_s: 65_536, resume_grace_ms: 30_000 };
    let game = GameInfo {
        name: GameName::cut("miners"),
        schema_hash: game_schema_hash::<Miners>(),
        tick_rate: RATE,
    };
    let welcome = Welcome { session: SessionId(1), limits, games: vec![game].try_into()? };
    keep(&mut log, Duration::ZERO, &ServerControl::Welcome(welcome).encode()?);
    for member in 1..=2_u8 {
        let secret = ResumeSecret { room: room.config().id, key: [member; 16] };
        let account = Account::guest(Name::cut("ada")).into();
        let mut request = JoinRequest::new(account, Role::Player, secret);
        request.wants_schema = member == 1;
        room.handle(Duration::ZERO, MemberId(member.into()), request.into(), &mut mail);
    }
    let mut newest = None;
    for tick in 1..=TICKS {
        let now = RATE.time_of(Tick(tick));
        let frame = MemberFrame {
            frame: ClientFrame { snapshot_ack: newest, ..ClientFrame::default() },
            commands: Vec::new(),
            timed: true,
        };
        room.handle(now, MemberId(1), MemberEvent::Frame(frame), &mut mail);
        room.step(now, &mut mail);
        for (_, message) in mail.0.drain(..).filter(|(to, _)| *to == MemberId(1)) {
            keep(&mut log, now + DELAY, &message);
            newest = Some(Tick(tick));
        }
    }
    Ok(log)
}

fn keep(log: &mut Vec<u8>, now: Duration, message: &[u8]) {
    log.extend((now.as_micros() as f64 / 1e3).to_le_bytes());
    log.extend((message.len() as u32).to_le_bytes());
    log.extend(message);
}
