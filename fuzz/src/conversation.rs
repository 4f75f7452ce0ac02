//! A client in a room, and messages that a hostile server might send it.

use crate::game::Small;
use arbitrary::Arbitrary;
use std::time::Duration;
use tickwire_shared::client::{Client, ClientConfig};
use tickwire_shared::coding::codec;
use tickwire_shared::entity::PacketProfile;
use tickwire_shared::id::{EntityId, PlayerId, ResumeSecret, RoomId, SessionId, StreamId};
use tickwire_shared::room::game_schema_hash;
use tickwire_shared::tick::{Tick, TickRate};
use tickwire_shared::wire::control::{
    GameInfo, GameName, Joined, Name, ServerControl, SessionLimits, Welcome,
};
use tickwire_shared::wire::frame::Numbered;
use tickwire_shared::wire::update::{Private, UpdateWriter, encode_packet};

const FIRST_TICK: Tick = Tick(100);
/// Two messages are fewer ticks apart than this; a history is shorter.
const TICKS_MAX: u8 = 80;

/// Messages from a server to one client, some with a well-formed envelope.
#[derive(Arbitrary, Debug)]
pub struct Conversation<'a> {
    ranged: bool,
    messages: Vec<Message<'a>>,
}

#[derive(Arbitrary, Debug)]
enum Message<'a> {
    Raw(&'a [u8]),
    Update {
        ticks: u8,
        quiet: u8,
        applied: Option<u8>,
        events: Vec<&'a [u8]>,
        first_event: u32,
        dropped: u16,
        packets: Vec<Packet<'a>>,
    },
}

#[derive(Arbitrary, Debug)]
struct Packet<'a> {
    stream: u8,
    behind: u8,
    age: u8,
    payload: &'a [u8],
}

impl Conversation<'_> {
    /// The profile of the room.
    pub fn profile(&self) -> PacketProfile {
        if self.ranged { PacketProfile::Ranged } else { PacketProfile::Plain }
    }

    /// The messages and their arrival times.
    pub fn messages(&self) -> impl Iterator<Item = (Duration, Vec<u8>)> {
        let mut tick = FIRST_TICK;
        self.messages.iter().map(move |message| {
            let bytes = match message {
                Message::Raw(bytes) => bytes.to_vec(),
                Message::Update { ticks, .. } => {
                    tick = tick.offset(i64::from(*ticks % TICKS_MAX));
                    message.update(tick)
                }
            };
            (TickRate::DEFAULT.time_of(tick), bytes)
        })
    }
}

impl Message<'_> {
    fn update(&self, tick: Tick) -> Vec<u8> {
        let Self::Update { quiet, applied, events, first_event, dropped, packets, .. } = self else {
            return Vec::new();
        };
        let items = events.iter().map(|event| event.to_vec().into()).collect();
        let streams = (0..16).filter(|bit| dropped >> bit & 1 != 0).map(StreamId);
        let private = Private {
            tick,
            quiet: u32::from(*quiet),
            input_applied: applied.map(|back| tick.offset(-i64::from(back))),
            events: Numbered { first: *first_event, items },
            dropped: streams.collect(),
            ..Private::default()
        };
        let mut writer = UpdateWriter::new(&private);
        for Packet { stream, behind, age, payload } in packets.iter().take(255) {
            let stream = StreamId(u16::from(*stream));
            writer.packet(&encode_packet(stream, u32::from(*behind), *age, payload));
        }
        writer.finish()
    }
}

/// A client that has joined a room.
pub fn playing(profile: PacketProfile) -> Client<Small> {
    let game = GameName::cut("small");
    let mut client = Client::new(ClientConfig::new(game.clone(), Name::cut("fuzz")));
    let limits =
        SessionLimits { inbound_bytes_max: 4096, inbound_bytes_per_s: 65_536, resume_grace_ms: 30_000 };
    let info =
        GameInfo { name: game, schema_hash: game_schema_hash::<Small>(), tick_rate: TickRate::DEFAULT };
    let games = vec![info].try_into().expect("one game");
    let room = RoomId::from_bits(1);
    let joined = Joined {
        room,
        resumed: false,
        player: Some((PlayerId(1), EntityId(1))),
        tick_rate: TickRate::DEFAULT,
        tick: FIRST_TICK,
        secret: Some(ResumeSecret { room, key: [1; 16] }),
        commands_received: 0,
        events_start: 0,
        profile,
        table: None,
        schema: None,
        settings: codec::encode(&0_u8).expect("settings").try_into().expect("settings"),
        roster: Vec::new().try_into().expect("an empty roster"),
    };
    let welcome = Welcome { session: SessionId(7), limits, games };
    for message in [ServerControl::Welcome(welcome), ServerControl::Joined(joined)] {
        let bytes = message.encode().expect("a message");
        client.receive(Duration::ZERO, &bytes).expect("a seat");
        while client.poll_transmit().is_some() {}
    }
    client
}
