//! The golden vectors: one message of each sort and shape, as bytes. Used by the command that writes
//! `assets/wire/vectors.txt` and by the test that checks it.

#![allow(clippy::unwrap_used, clippy::type_complexity)]

mod custom;
mod payloads;
mod refusals;

use std::fmt::{Debug, Write};
use tickwire_shared::coding::codec;
use tickwire_shared::entity::{
    Button, Entity as _, Field, GameSchema, Grid, Input as _, OnGrid, PacketProfile, Predictor, Schema,
};
use tickwire_shared::id::{EntityId, PlayerId, ResumeSecret, RoomId, SessionId, StreamId};
use tickwire_shared::prelude::{IVec2, Tick};
use tickwire_shared::snapshot::OwnTold;
use tickwire_shared::tick::TickRate;
use tickwire_shared::wire::control::*;
use tickwire_shared::wire::frame::{ClientFrame, Numbered};
use tickwire_shared::wire::terms::{Invite, JoinTerms, MatchOrder, Parameters, Pass, Range};
use tickwire_shared::wire::update::{
    InputCounts, Private, Timing, Update, UpdateWriter, Waiting, encode_packet, encode_plain_packet,
};
use tickwire_shared::wire::{Close, CloseCode, Text};
use tickwire_shared::{Choice, Entity, Input};

/// The entities of the vectors.
#[derive(Clone, Debug, PartialEq, Entity)]
enum Thing {
    Ship(Ship),
    Crate(Crate),
}

#[derive(Clone, Debug, PartialEq, Entity)]
struct Ship {
    #[entity(range = -65536..=65536, grid = 1024, predict = linear(vel))]
    pos: IVec2,
    #[entity(range = -512..=512, grid = 1024, predict = steer(target, 100))]
    vel: IVec2,
    #[entity(range = -512..=512, grid = 1024)]
    target: IVec2,
    #[entity(angle = 256)]
    heading: u16,
    #[entity(range = 1..=300, owner_only)]
    ammo: u16,
    #[entity(range = 0..=100)]
    hp: u8,
    #[entity(owner_only)]
    cloaked: bool,
}

#[derive(Clone, Debug, PartialEq, Entity)]
struct Crate {
    #[entity(range = -65536..=65536, grid = 1024)]
    pos: IVec2,
    content: Content,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Choice)]
enum Content {
    #[default]
    Health,
    Ammo,
    Shield,
}

/// The input of the vectors.
#[derive(Clone, Debug, Default, PartialEq, Input)]
pub(crate) struct Pad {
    #[input(range = -127..=127)]
    x: i8,
    #[input(range = -127..=127)]
    y: i8,
    #[input(angle = 256)]
    aim: u16,
    fire: Button,
}

/// The whole file.
pub(crate) fn text() -> String {
    let mut out = String::from(
        "# Golden vectors of protocol version 1. Written by \
         `cargo run -p tickwire-shared --example golden_vectors`;\n\
         # checked by `cargo test -p tickwire-shared --test wire`. See docs/protocol.md.\n",
    );
    controls(&mut out);
    frames(&mut out);
    updates(&mut out);
    refusals::write(&mut out);
    payloads::write(&mut out);
    custom::write(&mut out);
    out
}

/// The schema of the built-in game, one line per field: what a client in another language needs to play it.
pub(crate) fn arena_schema() -> String {
    use tickwire_arena::{Arena, ArenaInput};
    use tickwire_shared::room::{game_schema, game_schema_hash};
    let mut out = String::from(
        "# The arena's rows and inputs. Written by \
         `cargo run -p tickwire-shared --example golden_vectors`; checked by\n\
         # `cargo test -p tickwire-shared --test wire`. See docs/protocol.md, sections 4 and 11.\n\
         # index name min..max per_unit [wrap] [linear(index of the velocity)] \
         [steer(index of the target, lag in ms)] [own]\n",
    );
    let GameSchema { kinds, .. } = game_schema::<Arena>();
    let hash = game_schema_hash::<Arena>();
    writeln!(out, "schema_hash {hash:#018x}").unwrap();
    for (number, kind) in kinds.iter().enumerate() {
        writeln!(out, "\nkind {number} {}", kind.name).unwrap();
        fields(&mut out, &kind.fields);
    }
    writeln!(out, "\ninput").unwrap();
    fields(&mut out, &ArenaInput::schema().fields);
    out
}

fn fields(out: &mut String, fields: &[Field]) {
    for (index, field) in fields.iter().enumerate() {
        let Grid { min, max, per_unit, wrap } = field.grid;
        write!(out, "{index} {} {min}..{max} {per_unit}", field.name).unwrap();
        if wrap {
            write!(out, " wrap").unwrap();
        }
        match field.predictor {
            Predictor::Hold => {}
            Predictor::Linear { velocity } => write!(out, " linear({velocity})").unwrap(),
            Predictor::Steer { target, lag_ms } => write!(out, " steer({target}, {lag_ms})").unwrap(),
            Predictor::Custom => write!(out, " custom").unwrap(),
        }
        if field.own {
            write!(out, " own").unwrap();
        }
        writeln!(out).unwrap();
    }
}

fn vector(out: &mut String, name: &str, value: &dyn Debug, bytes: &[u8]) {
    writeln!(out, "\n[{name}]\nvalue = {value:?}\nhex = {}", hex(bytes)).unwrap();
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn secret() -> ResumeSecret {
    ResumeSecret { room: RoomId::from_bits(0x12_3456_789a), key: *b"0123456789abcdef" }
}

fn controls(out: &mut String) {
    let options =
        Options::new(vec![(Text::cut("map"), Text::cut("pillars")), (Text::cut("mode"), Text::cut("duel"))]);
    let hello = |credential| ClientControl::Hello(Hello { version: 1, name: Text::cut("Zoë"), credential });
    let join = |role, target| {
        ClientControl::Join(Join {
            game: Text::cut("arena"),
            schema_hash: 0x0123_4567_89ab_cdef,
            role,
            target,
            terms: JoinTerms::default(),
        })
    };
    let desync = |field| Desync {
        stream: StreamId(0),
        tick: Tick(640),
        entity: EntityId(7),
        field,
        client: -3,
        server: 5,
    };
    let client = [
        ("hello guest", hello(Credential::Guest)),
        ("hello ticket", hello(Credential::Ticket(List::try_from(b"ticket".to_vec()).unwrap()))),
        ("hello resume", hello(Credential::Resume { secret: secret(), events_received: 300 })),
        ("join room", join(Role::Player, Target::Room(RoomId::from_bits(0x12_3456_789a)))),
        ("join match", join(Role::Player, Target::Match(Options::none()))),
        ("join create", join(Role::Spectator, Target::Create(options.unwrap()))),
        ("join with a party", with_terms(party())),
        ("join with a password", with_terms(with_password())),
        ("join in ranges", with_terms(with_ranges())),
        ("invite", ClientControl::Invite(Invite { uses: 3, valid_s: 86_400 })),
        ("leave", ClientControl::Leave),
        ("follow", ClientControl::Follow(Some(PlayerId(7)))),
        ("hidden", ClientControl::Hidden(true)),
        ("repair", ClientControl::Repair { stream: StreamId(0), tick: Tick(640) }),
        ("desync field", ClientControl::Desync(desync(Some(3)))),
        ("desync row", ClientControl::Desync(desync(None))),
    ];
    for (name, message) in client {
        vector(out, &format!("client control: {name}"), &message, &message.encode().unwrap());
    }
    let limits =
        SessionLimits { inbound_bytes_max: 4096, inbound_bytes_per_s: 65_536, resume_grace_ms: 30_000 };
    let game = GameInfo {
        name: Text::cut("arena"),
        schema_hash: 0x0123_4567_89ab_cdef,
        tick_rate: TickRate::DEFAULT,
    };
    let games = List::try_from(vec![game]).unwrap();
    let entry = RosterEntry { player: PlayerId(1), entity: EntityId(12), name: Text::cut("Zoë") };
    let joined = Joined {
        room: RoomId::from_bits(0x12_3456_789a),
        resumed: false,
        player: Some((PlayerId(1), EntityId(12))),
        tick_rate: TickRate::DEFAULT,
        tick: Tick(70_000),
        secret: Some(secret()),
        commands_received: 0,
        events_start: 0,
        profile: PacketProfile::Ranged,
        table: Some(List::try_from(vec![1, 2, 3]).unwrap()),
        settings: List::try_from(vec![1, 2, 3]).unwrap(),
        roster: List::try_from(vec![entry]).unwrap(),
        schema: None,
    };
    let watching =
        Joined { player: None, secret: None, resumed: true, roster: List::default(), ..joined.clone() };
    let schema = GameSchema::of::<Thing, (), Pad>(3).encode().unwrap();
    let reading = Joined { schema: Some(List::try_from(schema).unwrap()), ..watching.clone() };
    let server = [
        ("welcome", ServerControl::Welcome(Welcome { session: SessionId(99), limits, games })),
        ("joined player", ServerControl::Joined(joined)),
        ("joined spectator", ServerControl::Joined(watching)),
        ("joined with the schema", ServerControl::Joined(reading)),
        ("close full", ServerControl::Close(CloseCode::Full.into())),
        ("invitation", ServerControl::Invitation(Some(Text::cut("dHdpMQ")))),
        ("no invitation", ServerControl::Invitation(None)),
        ("idle warning", ServerControl::IdleWarning { closes_in_ms: 30_000 }),
        ("close kicked", ServerControl::Close(Close::new(CloseCode::Kicked, "by the operator"))),
    ];
    for (name, message) in server {
        vector(out, &format!("server control: {name}"), &message, &message.encode().unwrap());
    }
}

fn with_terms(terms: JoinTerms) -> ClientControl {
    let target = Target::Match(Options::none());
    ClientControl::Join(Join { game: Text::cut("arena"), schema_hash: 0, role: Role::Player, target, terms })
}

fn party() -> JoinTerms {
    let mut terms = JoinTerms::default();
    terms.parameters = Parameters::of(&"red").unwrap();
    terms.pass = Pass::Invitation(Text::cut("dHdpMQ"));
    terms.places = 2;
    terms
}

fn with_password() -> JoinTerms {
    let mut terms = JoinTerms::default();
    terms.pass = Pass::Password(Text::cut("sesame"));
    terms
}

fn with_ranges() -> JoinTerms {
    let mut terms = JoinTerms::default();
    let range = Range { key: Text::cut("rank"), from: -5, to: 1_000 };
    terms.matching.ranges = List::try_from(vec![range]).unwrap();
    terms.matching.order = MatchOrder::Lowest(Text::cut("rank"));
    terms.matching.existing_only = true;
    terms
}

fn frames(out: &mut String) {
    let press = Button { down: true, pressed: true };
    let full = ClientFrame {
        stamp_ms: 51_966,
        steady: true,
        snapshot_ack: Some(Tick(1000)),
        event_ack: Some(4),
        view: Some((Tick(997), 128)),
        commands: Numbered { first: 1, items: vec![vec![1, 2, 3].into(), vec![].into()] },
        inputs: vec![
            (Tick(1003), OnGrid::new(&Pad { x: 127, y: -127, aim: 200, fire: press })),
            (Tick(1004), OnGrid::new(&Pad { x: 0, y: 1, aim: 201, fire: press.held_down() })),
            (Tick(1007), OnGrid::neutral()),
        ]
        .into(),
    };
    for (name, frame) in [("empty", ClientFrame::<Pad>::default()), ("full", full)] {
        let bytes = frame.encode();
        assert_eq!(ClientFrame::<Pad>::decode(&bytes).unwrap(), frame);
        vector(out, &format!("client frame: {name}"), &frame, &bytes);
    }
    writeln!(out, "\n# The input's fields: {:?}", Pad::schema().fields).unwrap();
}

trait HeldDown {
    fn held_down(self) -> Self;
}

impl HeldDown for Button {
    fn held_down(self) -> Self {
        Button { pressed: false, ..self }
    }
}

fn updates(out: &mut String) {
    let entry = RosterEntry { player: PlayerId(2), entity: EntityId(13), name: Text::cut("Bo") };
    let events = [
        ReliableEvent::Game(List::try_from(vec![9, 8]).unwrap()),
        ReliableEvent::PlayerJoined(entry),
        ReliableEvent::PlayerLeft(PlayerId(2)),
        ReliableEvent::PlayerControls { player: PlayerId(1), entity: EntityId(14) },
        ReliableEvent::EventsDropped(300),
        ReliableEvent::PlayerControls { player: PlayerId(2), entity: EntityId(44) },
        ReliableEvent::EventsDropped(300),
    ];
    let items = events.iter().map(|event| codec::encode(event).unwrap().into()).collect();
    let full = Private {
        tick: Tick(1001),
        quiet: 3,
        rate_step: 1,
        timing: Some(Timing { stamp_ms: 51_966, wait: 300, margin: -77 }),
        input_applied: Some(Tick(1000)),
        counts: InputCounts { late: 1, held: 2, folded: 1, refused: 0 },
        command_ack: Some(2),
        events: Numbered { first: 5, items },
        dropped: vec![StreamId(17), StreamId(64_015)],
        waiting: Waiting {
            changed: vec![StreamId(300)],
            held: vec![EntityId(7), EntityId(260)],
            released: vec![EntityId(8)],
        },
        controls: Some(EntityId(99)),
        own: OwnTold::default().update(
            &Schema::of::<Thing>(TickRate::DEFAULT).unwrap(),
            0,
            &ship_row(30, true),
        ),
    };
    let packets = [
        encode_packet(StreamId::ROOM, 9, 0, &[1, 2]),
        encode_packet(StreamId(300), 0, 1, &[0xff; 3]),
        encode_plain_packet(StreamId(301), 0, &[3]),
    ];
    for (name, private, packets) in [
        ("empty", Private { tick: Tick(1), ..Private::default() }, &packets[..0]),
        ("full", full, &packets[..]),
    ] {
        let mut writer = UpdateWriter::new(&private);
        packets.iter().for_each(|packet| writer.packet(packet));
        let bytes = writer.finish();
        vector(out, &format!("server update: {name}"), &Update::decode(&bytes).unwrap(), &bytes);
    }
}

/// A ship at rest with its owner-only fields.
fn ship_row(ammo: u16, cloaked: bool) -> Vec<i32> {
    let ship =
        Ship { pos: IVec2::ZERO, vel: IVec2::ZERO, target: IVec2::ZERO, heading: 0, ammo, hp: 100, cloaked };
    let mut row = Vec::new();
    ship.write_row(&mut row);
    row
}
