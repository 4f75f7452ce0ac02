//! Times that a room or a client uses, in simulated time.

use super::raw::{Raw, rate, read};
use super::yard::{Pad, Plan, Yard};
use core::time::Duration;
use tickwire_shared::entity::OnGrid;
use tickwire_shared::harness::Harness;
use tickwire_shared::id::PlayerId;
use tickwire_shared::limits::{
    CATCH_UP_MS_MAX, INPUT_HOLD_MS_MAX, MARGIN_MIN, MARGIN_MS_MAX, QUIET_MS_MAX, VIEW_SPARE_MS,
};
use tickwire_shared::tick::{Tick, TickRate};
use tickwire_shared::wire::frame::ClientFrame;

#[test]
fn input_hold_ms_max() {
    for hz in [10_u16, 30, 128] {
        let held = u64::from(INPUT_HOLD_MS_MAX) * u64::from(hz) / 1_000;
        let mut raw = Raw::at_rate(Plan::default(), rate(hz));
        let before = raw.x();
        raw.input(raw.tick().next(), 1);
        raw.steps(1 + held as u32);
        assert_eq!(raw.x() - before, 1 + held as i32, "{hz} Hz: the input, and while it is held");
        raw.steps(20);
        assert_eq!(raw.x() - before, 1 + held as i32, "{hz} Hz: then it is neutral");
    }
}

#[test]
fn catch_up_ms_max() {
    for hz in [10_u16, 30, 128] {
        let period = rate(hz).period();
        let lost_in = |pause: Duration| {
            let mut harness = Harness::<Yard>::at_rate(Plan::busy(), 4, rate(hz));
            harness.join("ada");
            harness.run_ticks(20);
            let counted = |harness: &Harness<Yard>| {
                let own = harness.room().world().controlled(PlayerId(1)).unwrap();
                (harness.tick().0, u32::from(harness.room().world().get(own).unwrap().age))
            };
            let (tick, steps) = counted(&harness);
            harness.pause_room(pause + Duration::from_micros(10));
            harness.run_ticks(3 * u32::from(hz));
            let (later, stepped) = counted(&harness);
            (later - tick) - (stepped - steps)
        };
        let most = Duration::from_millis(CATCH_UP_MS_MAX);
        assert_eq!(lost_in(most), 0, "{hz} Hz: everything is caught up");
        // A longer time loses its first ticks: the last ones are caught up.
        for more in [1, 2, 60] {
            let ticks = (most.as_nanos().div_ceil(period.as_nanos()) as u32) + more;
            assert_eq!(lost_in(period * ticks), more, "{hz} Hz, {more} ticks more");
        }
    }
}

/// Ada's room after a frame whose input arrives this long before its tick is due, and whether that had to be
/// reported at once.
fn told_of_margin(hz: u16, ahead: u32, after: Duration) -> (Raw, bool) {
    let mut raw = Raw::at_rate(Plan::default(), rate(hz));
    while raw.step().is_empty() {}
    raw.acknowledge(raw.tick());
    raw.steps(1);
    let inputs = [(Tick(raw.tick().0 + ahead), OnGrid::new(&Pad::default()))].into();
    let frame = ClientFrame { steady: true, inputs, ..ClientFrame::default() };
    raw.frame_after(after, frame, Vec::new());
    let told = raw.step().iter().any(|message| read(message).private.timing.is_some());
    (raw, told)
}

#[test]
fn margin_min() {
    // A tick of 20 ms has 256 parts of 78,125 ns.
    let before_due =
        |parts: i16| Duration::from_millis(20) - Duration::from_nanos(78_125 * parts as u64 + 10);
    let (raw, told) = told_of_margin(50, 1, before_due(MARGIN_MIN));
    assert_eq!((told, raw.stats().margins.narrow, raw.stats().margins.count), (false, 0, 1));
    let (raw, told) = told_of_margin(50, 1, before_due(MARGIN_MIN - 1));
    assert_eq!((told, raw.stats().margins.narrow, raw.stats().margins.count), (true, 1, 1));
}

#[test]
fn margin_ms_max() {
    // At 50 Hz it is covered by 14 ticks of 20 ms.
    let ahead = MARGIN_MS_MAX.div_ceil(20) as u32;
    assert!(!told_of_margin(50, ahead, Duration::ZERO).1);
    assert!(told_of_margin(50, ahead + 1, Duration::from_micros(19_900)).1, "1/256 tick more");
}

#[test]
fn view_spare_ms() {
    // Ada has acknowledged nothing, so her round trip counts as zero.
    let granted = |behind: i64| {
        let mut raw = Raw::at_rate(Plan { rewinds: true, ..Plan::default() }, rate(40));
        raw.steps(100);
        let next = raw.tick().next();
        let seen = i64::from(next.0) * 256 - behind;
        let view = Some((Tick((seen / 256) as u32), (seen % 256) as u8));
        let inputs = [(next, OnGrid::new(&Pad::default()))].into();
        raw.frame(ClientFrame { view, inputs, ..ClientFrame::default() });
        raw.steps(1);
        raw.room.rewinds().next().unwrap().2.max
    };
    let most = VIEW_SPARE_MS as i64 / 25 * 256;
    for behind in [0, 1, most - 1, most] {
        assert_eq!(i64::from(granted(behind)), behind);
    }
    for older in [most + 1, 30 * 256] {
        assert_eq!(i64::from(granted(older)), most, "an older tick counts as this old");
    }
}

#[test]
fn quiet_ms_max() {
    for hz in [TickRate::MIN, 30, 60, TickRate::MAX] {
        let mut harness = Harness::<Yard>::at_rate(Plan::default(), 4, rate(hz));
        harness.join("ada");
        harness.run_ticks(4 * u32::from(hz));
        let (mut gaps, mut since) = ([Vec::new(), Vec::new()], [None; 2]);
        let counts =
            |harness: &Harness<Yard>| [harness.room().stats().updates, harness.room().stats().frames];
        let mut before = counts(&harness);
        for _ in 0..10 * u32::from(hz) {
            harness.run_ticks(1);
            let now = counts(&harness);
            for way in (0..2).filter(|way| now[*way] > before[*way]) {
                let last = since[way].replace(harness.now());
                gaps[way].extend(last.map(|last| harness.now() - last));
            }
            before = now;
        }
        let (most, tick) = (Duration::from_millis(QUIET_MS_MAX), rate(hz).period());
        for (way, gaps) in ["updates", "frames"].into_iter().zip(gaps) {
            let longest = *gaps.iter().max().unwrap();
            assert!(longest <= most + Duration::from_nanos(9), "{hz} Hz: {way} come after {longest:?}");
            assert!(longest + tick > most, "{hz} Hz: {way} could wait for a tick more than {longest:?}");
        }
    }
}
