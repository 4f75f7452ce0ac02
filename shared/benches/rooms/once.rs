//! One client compared with 256 that see the same: the work of encoding, and the time that it takes.

use crate::game::{COUNT, ClientView, Field, HZ, STEP_TIME};
use crate::room_bench::RoomBench;
use crate::workload::{Declared, Match, Style};
use std::time::{Duration, Instant};
use tickwire_shared::entity::PacketProfile;
use tickwire_shared::id::StreamId;
use tickwire_shared::snapshot::StreamEncoder;
use tickwire_shared::tick::Tick;
use tickwire_shared::tick::TickRate;

const MANY: usize = 256;
const RUNS: usize = 5;
const SETTLE_TICKS: u32 = 70;
const TICKS: u32 = 300;

/// What a run took per tick, µs.
struct Run {
    entities: u64,
    /// For making packets.
    encoding_us: f64,
    /// For everything that the room does besides the game's step.
    room_us: f64,
}

pub(crate) fn run() {
    println!(
        "\nOnce: {COUNT} things (SHOOTER), 1 client and {MANY} that see all of them; {RUNS} alternating runs"
    );
    println!("run   entities encoded         encoding, us per tick    the room's work, us per tick");
    println!("      1          {MANY}        1          {MANY}        1          {MANY}");
    let runs: Vec<[Run; 2]> = (0..RUNS).map(|_| [measure(1), measure(MANY)]).collect();
    for (number, [one, many]) in runs.iter().enumerate() {
        println!(
            "{number:<5} {:<10} {:<10} {:>8.1}   {:>8.1}   {:>8.1}   {:>8.1}",
            one.entities, many.entities, one.encoding_us, many.encoding_us, one.room_us, many.room_us
        );
        assert_eq!(one.entities, many.entities, "each entity is encoded once, however many see it");
    }
    for (at, name) in ["1 client", "256 clients"].into_iter().enumerate() {
        let mut times: Vec<f64> = runs.iter().map(|run| run[at].encoding_us).collect();
        times.sort_by(f64::total_cmp);
        println!(
            "encoding for {name}: {:.1} us ({:.1} to {:.1})",
            times[RUNS / 2],
            times[0],
            times[RUNS - 1]
        );
    }
}

fn measure(clients: usize) -> Run {
    let mut bench =
        RoomBench::<Field<9>>::new(ClientView::default(), Field::<9>::table(), 1, 1, clients - 1, 1);
    (0..SETTLE_TICKS).for_each(|_| bench.tick());
    (bench.spent, _) = (Duration::ZERO, STEP_TIME.replace(Duration::ZERO));
    let before = bench.room.stats().entities_encoded;
    for _ in 0..TICKS {
        bench.tick();
        assert_eq!(bench.clients[0].latest(), bench.room.state(), "the client has what the room has");
    }
    let room = bench.spent - STEP_TIME.get();
    let per_tick_us = |time: Duration| time.as_secs_f64() * 1e6 / f64::from(TICKS);
    Run {
        entities: bench.room.stats().entities_encoded - before,
        encoding_us: per_tick_us(encoding(clients)),
        room_us: per_tick_us(room),
    }
}

/// The time for making packets, as a room does it for this many clients that have the previous state. It does
/// not include handing out packets again.
fn encoding(clients: usize) -> Duration {
    let mut playing = Match::at_rate(Style::Shooter, COUNT, 1, f64::from(HZ));
    let table = Field::<9>::table();
    let schema =
        playing.schema(Declared::Steer).with_profile(PacketProfile::Ranged, Some(table)).expect("its table");
    let mut encoder = StreamEncoder::new(StreamId::ROOM, TickRate::new(HZ).expect("a rate"));
    let mut spent = Duration::ZERO;
    for tick in 1..=SETTLE_TICKS + TICKS {
        playing.step();
        encoder.push(playing.snapshot(tick, Declared::Steer));
        for _ in 0..clients {
            let (before, start) = (encoder.entities_encoded(), Instant::now());
            let packet = encoder.packet(&schema, Some(Tick(tick - 1)));
            let time = start.elapsed();
            assert!(packet.is_some(), "there is a state");
            if tick > SETTLE_TICKS && encoder.entities_encoded() > before {
                spent += time;
            }
        }
    }
    spent
}
