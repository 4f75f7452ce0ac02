//! 500 clients that each see what is around them: bytes, things and time, for cells of several sizes.

use crate::game::{COUNT, ClientView, Field, HZ, STEP_TIME, UNIT, side};
use crate::room_bench::RoomBench;
use std::time::Duration;
use tickwire_shared::client::Client;
use tickwire_shared::id::{MemberId, StreamId};
use tickwire_shared::prelude::*;
use tickwire_shared::snapshot::{Snapshot, encode_delta};
use tickwire_shared::wire::update::{Update, encode_packet};

const CLIENTS: usize = 500;
/// Clients that decode everything and are compared.
const WHOLE: usize = 40;
/// Things within the radius, on average, away from the walls.
const IN_RADIUS: f64 = 60.0;
const SETTLE_TICKS: u32 = 70;
const TICKS: u32 = 200;
/// WebSocket, TCP and IPv4 around one message.
const TRANSPORT_BYTES: usize = 4 + 52;
/// How far a thing must be beyond a border, as a part of the radius.
const SLACK: f64 = 0.03;

#[derive(Default)]
struct Sums {
    messages: usize,
    bytes: usize,
    /// As if each client's part of the room were one separate packet.
    own_bytes: usize,
    packets: usize,
    in_radius: usize,
    delivered: usize,
}

pub(crate) fn run() {
    println!(
        "\nInterest: {COUNT} things, {CLIENTS} clients, {HZ} Hz, about {IN_RADIUS} things in the radius of \
         each"
    );
    println!(
        "match    cell  per cell  in radius  delivered  ratio  packets  B/message  own packet  \
         ratio  with TCP/IP  CPU, % of a core"
    );
    for part in [0.6, 0.75, 0.85, 0.9, 1.0] {
        measure::<7>("ARENA", part);
    }
    for part in [0.6, 0.75, 0.85, 0.9, 1.0] {
        measure::<9>("SHOOTER", part);
    }
}

fn measure<const FIELDS: usize>(name: &str, part: f64) {
    let radius = (IN_RADIUS * 64.0 / core::f64::consts::PI).sqrt() * f64::from(UNIT);
    let view =
        ClientView { radius: radius as i32, cell: (radius * part) as i32, slack: (radius * SLACK) as i32 };
    let cells = (side() as usize).div_ceil(view.cell as usize).pow(2);
    let mut bench =
        RoomBench::<Field<FIELDS>>::new(view.clone(), Field::<FIELDS>::table(), 1, CLIENTS, 0, WHOLE);
    (0..SETTLE_TICKS).for_each(|_| bench.tick());
    (bench.spent, _) = (Duration::ZERO, STEP_TIME.replace(Duration::ZERO));
    let mut before = vec![None; WHOLE];
    let mut sums = Sums::default();
    for _ in 0..TICKS {
        bench.tick();
        for (at, before) in before.iter_mut().enumerate() {
            let to = MemberId(at as u64);
            if let Some((_, message)) = bench.inbox.messages.iter().find(|(member, _)| *member == to) {
                sums.add(&bench, &bench.clients[at], message, view.radius, before);
            }
        }
    }
    let own_work = bench.spent - STEP_TIME.get();
    let share = own_work.as_secs_f64() / (f64::from(TICKS) / f64::from(HZ)) * 100.0;
    let mean = |sum: usize| sum as f64 / sums.messages as f64;
    let transport = sums.messages * TRANSPORT_BYTES;
    let ratio = |more: usize| (sums.bytes + more) as f64 / (sums.own_bytes + more) as f64;
    println!(
        "{name:<8} {part:.2}R {:>8.1} {:>10.1} {:>10.1} {:>6.2} {:>8.1} {:>10.1} \
         {:>11.1} {:>6.2} {:>12.2} {share:>17.1}",
        COUNT as f64 / cells as f64,
        mean(sums.in_radius),
        mean(sums.delivered),
        sums.delivered as f64 / sums.in_radius as f64,
        mean(sums.packets),
        mean(sums.bytes),
        mean(sums.own_bytes),
        ratio(0),
        ratio(transport),
    );
}

impl Sums {
    /// Adds a client's received update, and compares its state with the room.
    fn add<G: Game>(
        &mut self,
        bench: &RoomBench<G>,
        client: &Client<G>,
        message: &[u8],
        radius: i32,
        before: &mut Option<Snapshot>,
    ) {
        let state = bench.room.state().expect("the room has stepped");
        assert_eq!(client.newest_tick(), Some(state.tick));
        let mut now = Snapshot::new(state.tick);
        for row in client.rows() {
            assert_eq!(state.get(row.id), Some(row), "the client has what the room has");
            now.push(row.id, row.kind, row.values);
        }
        let own = client.own_id().and_then(|own| state.get(own)).expect("its own thing");
        let is_near = |values: &[i32]| {
            let (x, y) = (i64::from(values[0] - own.values[0]), i64::from(values[1] - own.values[1]));
            x * x + y * y <= i64::from(radius) * i64::from(radius)
        };
        let near: Vec<_> = state.rows().filter(|row| is_near(row.values)).collect();
        assert!(near.iter().all(|row| now.get(row.id).is_some()), "everything in the radius is present");
        let update = Update::decode(message).expect("an update");
        let packets = update.streams.iter().map(|packet| {
            let age = packet.baseline.map_or(0, |baseline| packet.target.since(baseline) as u8);
            encode_packet(packet.stream, 0, age, packet.payload).len()
        });
        let packets_bytes: usize = packets.sum();
        if let Some(before) = &*before {
            let payload = encode_delta(bench.room.schema(), Some(before), &now);
            let own_packet = encode_packet(StreamId::ROOM, 0, 1, &payload);
            self.messages += 1;
            self.bytes += message.len();
            self.own_bytes += message.len() - packets_bytes + own_packet.len();
            self.packets += update.streams.len();
            self.in_radius += near.len();
            self.delivered += now.len();
        }
        *before = Some(now);
    }
}
