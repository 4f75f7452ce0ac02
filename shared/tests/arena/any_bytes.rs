//! Any bytes that arrive, on either side and in either profile, are refused, or they are the one legal
//! encoding of their content. The fuzz targets test the same at greater length.

use proptest::prelude::*;
use tickwire_arena::{Arena, ArenaInput};
use tickwire_shared::entity::{OnGrid, PacketProfile, Schema, Trainer};
use tickwire_shared::game::Game;
use tickwire_shared::harness::Harness;
use tickwire_shared::limits::ENTITIES_MAX;
use tickwire_shared::room::{MemberEvent, game_schema};
use tickwire_shared::snapshot::{Snapshot, decode_delta, encode_delta};
use tickwire_shared::tick::Tick;
use tickwire_shared::wire::control::{ClientControl, ServerControl};
use tickwire_shared::wire::frame::{ClientFrame, Numbered};
use tickwire_shared::wire::update::{Private, Update, UpdateWriter, encode_packet, encode_plain_packet};

/// Bytes that start with a valid one, many of them at the ends of their range.
fn message() -> impl Strategy<Value = Vec<u8>> {
    let byte = prop_oneof![Just(0_u8), Just(255), any::<u8>()];
    (0_u8..3, proptest::collection::vec(byte, 0..120)).prop_map(|(tag, rest)| [vec![tag], rest].concat())
}

/// A valid frame with some bits flipped.
fn bent_frame() -> impl Strategy<Value = Vec<u8>> {
    let inputs = proptest::collection::vec((0_u32..3, -127..=127_i8, 0..256_u16), 0..6);
    let commands = proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..9), 0..4);
    (inputs, commands, any::<u32>(), any::<bool>(), proptest::option::of(any::<prop::sample::Index>()))
        .prop_map(|(inputs, commands, tick, steady, flip)| {
            let mut next = tick / 2;
            let inputs = inputs.into_iter().map(|(skip, move_x, aim)| {
                next += 1 + skip;
                (Tick(next), OnGrid::new(&ArenaInput { move_x, aim, ..ArenaInput::default() }))
            });
            let items: Vec<_> = commands.into_iter().map(Into::into).collect();
            let first = u32::from(!items.is_empty());
            let frame = ClientFrame {
                steady,
                snapshot_ack: steady.then_some(Tick(tick)),
                commands: Numbered { first, items },
                inputs: inputs.collect(),
                ..ClientFrame::default()
            };
            bent(frame.encode(), flip)
        })
}

fn bent(mut bytes: Vec<u8>, flip: Option<prop::sample::Index>) -> Vec<u8> {
    if let Some(flip) = flip {
        let bit = flip.index(bytes.len() * 8);
        bytes[bit / 8] ^= 1 << (bit % 8);
    }
    bytes
}

/// Two states of an arena match, one tick apart.
fn states() -> &'static [Snapshot; 2] {
    static STATES: std::sync::OnceLock<[Snapshot; 2]> = std::sync::OnceLock::new();
    STATES.get_or_init(|| {
        let mut playing =
            Harness::<Arena>::new(Arena::settings(&Default::default(), &Default::default()).unwrap(), 5);
        for name in ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j"] {
            let client = playing.join(name);
            playing.drive(client, |_, rng| tickwire_shared::harness::random_input(rng));
        }
        playing.run_ticks(90);
        let before = playing.room().state().unwrap().clone();
        playing.run_ticks(1);
        [before, playing.room().state().unwrap().clone()]
    })
}

/// The arena's kinds in both profiles, and with tables of any bytes.
fn schemas(table: &[u8]) -> [Schema; 4] {
    let schema = || game_schema::<Arena>().rows(tickwire_shared::tick::TickRate::DEFAULT).unwrap();
    let mut any = Trainer::new(schema().kinds().to_vec()).table();
    for (own, byte) in any.iter_mut().skip(12).zip(table) {
        *own = *byte;
    }
    let ranged = |table: Option<&[u8]>| schema().with_profile(PacketProfile::Ranged, table).unwrap();
    [schema(), ranged(None), ranged(Arena::FEATURES.table()), ranged(Some(&any))]
}

proptest! {
    #[test]
    fn what_a_server_accepts_of_a_client_is_what_a_client_writes(
        bytes in prop_oneof![message(), bent_frame()],
    ) {
        let _ = MemberEvent::<Arena>::decode(&bytes);
        if let Ok(frame) = ClientFrame::<ArenaInput>::decode(&bytes) {
            prop_assert_eq!(frame.encode(), &bytes[..]);
        }
        if let Ok(control) = ClientControl::decode(&bytes) {
            prop_assert_eq!(control.encode().unwrap(), bytes);
        }
    }

    #[test]
    fn what_a_client_accepts_of_a_server_is_what_a_server_writes(
        bytes in message(),
        tick in any::<u32>(),
        flip in proptest::option::of(any::<prop::sample::Index>()),
        payloads in proptest::collection::vec(
            (any::<u16>(), 0_u8..64, proptest::collection::vec(any::<u8>(), 0..30)),
            0..5,
        ),
    ) {
        let private = Private { tick: Tick(tick), quiet: tick % 7, ..Private::default() };
        let mut writer = UpdateWriter::new(&private);
        for (stream, age, payload) in &payloads {
            writer.packet(&encode_packet(tickwire_shared::id::StreamId(*stream), 0, *age, payload));
        }
        for bytes in [bytes, bent(writer.finish(), flip)] {
            if let Ok(control) = ServerControl::decode(&bytes) {
                prop_assert_eq!(control.encode().unwrap(), &bytes[..]);
            }
            if let Ok(update) = Update::decode(&bytes) {
                let mut again = UpdateWriter::new(&update.private);
                for packet in &update.streams {
                    let behind = update.private.tick.since(packet.target) as u32;
                    let age = packet.baseline.map_or(0, |baseline| packet.target.since(baseline) as u8);
                    again.packet(&match packet.plain {
                        true => encode_plain_packet(packet.stream, behind, packet.payload),
                        false => encode_packet(packet.stream, behind, age, packet.payload),
                    });
                }
                prop_assert_eq!(again.finish(), bytes);
            }
        }
    }

    #[test]
    fn a_payload_of_any_bytes_in_any_table_is_refused_or_the_one_that_leads_to_its_state(
        payload in proptest::collection::vec(prop_oneof![Just(0_u8), Just(255), any::<u8>()], 0..60),
        table in proptest::collection::vec(any::<u8>(), 0..400),
        flip in any::<prop::sample::Index>(),
    ) {
        let [before, after] = states();
        for schema in schemas(&table) {
            for baseline in [None, Some(before)] {
                let real = bent(encode_delta(&schema, baseline, after), Some(flip));
                for payload in [&payload, &real] {
                    let Ok(decoded) = decode_delta(&schema, baseline, after.tick, payload) else { continue };
                    prop_assert!(decoded.snapshot.len() <= ENTITIES_MAX);
                    if decoded.hash.is_none_or(|hash| hash == decoded.snapshot.hash()) {
                        prop_assert_eq!(&encode_delta(&schema, baseline, &decoded.snapshot), payload);
                    }
                }
            }
        }
    }
}
