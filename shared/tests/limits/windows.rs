//! The window of ticks in which inputs are accepted and baselines are stored.

use super::raw::{Raw, rate, read};
use super::yard::Plan;
use tickwire_shared::limits::{WINDOW_MS, WINDOW_TICKS_MAX, WINDOW_TICKS_MIN};
use tickwire_shared::room::InputTotals;
use tickwire_shared::tick::TickRate;
use tickwire_shared::wire::update::{Private, Update, UpdateWriter, encode_packet};
use tickwire_shared::wire::{DecodeError, update};

/// The fate of an input that is this many ticks after the next one.
fn input(hz: u16, ahead: i64) -> InputTotals {
    let mut raw = Raw::at_rate(Plan::default(), rate(hz));
    raw.steps(300);
    raw.input(raw.tick().next().offset(ahead), 1);
    raw.stats().inputs
}

/// Whether an update after this many ticks, in which none could be sent, has the previous one as its
/// baseline.
fn starts_from_a_baseline(hz: u16, ticks: u32) -> bool {
    let mut raw = Raw::at_rate(Plan { crates: 40, ..Plan::busy() }, rate(hz));
    raw.acknowledge(raw.tick());
    raw.out.full = true;
    raw.steps(ticks - 1);
    raw.out.full = false;
    let message = &raw.step()[0];
    let packet = read(message).streams[0];
    assert!(packet.baseline.is_none_or(|baseline| packet.target.since(baseline) == i64::from(ticks)));
    packet.baseline.is_some()
}

/// In a room of this rate the window has this many ticks for every use.
#[track_caller]
fn window_is(hz: u16, ticks: u32) {
    let refused = InputTotals { refused: 1, ..InputTotals::default() };
    assert_eq!(input(hz, i64::from(ticks) - 1), InputTotals::default(), "{hz} Hz: farthest ahead");
    assert_eq!(input(hz, i64::from(ticks)), refused, "{hz} Hz: one tick farther ahead");
    assert_eq!(input(hz, i64::from(u32::MAX)), refused, "{hz} Hz: the last possible tick");
    let late = InputTotals { late: 1, ..InputTotals::default() };
    assert_eq!(input(hz, -i64::from(ticks)), late, "{hz} Hz: the oldest");
    assert_eq!(input(hz, -i64::from(ticks) - 1), refused, "{hz} Hz: one tick older");
    assert!(starts_from_a_baseline(hz, ticks - 1), "{hz} Hz: the oldest baseline");
    assert!(!starts_from_a_baseline(hz, ticks), "{hz} Hz: one tick older means a keyframe");
}

#[test]
fn window_ticks() {
    for (hz, ticks) in [(30, 64), (32, 64), (33, 66), (60, 120), (100, 200)] {
        window_is(hz, ticks);
    }
}

#[test]
fn window_ms() {
    for hz in [40_u16, 50, 100, 125] {
        window_is(hz, (WINDOW_MS / (1_000 / u64::from(hz))) as u32);
    }
}

#[test]
fn window_ticks_min() {
    for hz in [TickRate::MIN, 11, 31] {
        window_is(hz, WINDOW_TICKS_MIN);
    }
}

#[test]
fn window_ticks_max() {
    window_is(TickRate::MAX, WINDOW_TICKS_MAX);
    let mut writer =
        UpdateWriter::new(&Private { tick: tickwire_shared::tick::Tick(1_000), ..Private::default() });
    writer.packet(&encode_packet(tickwire_shared::id::StreamId(1), 0, u8::MAX, &[0]));
    let message = writer.finish();
    let packet: update::StreamPacket<'_> = read(&message).streams[0];
    assert_eq!(packet.target.since(packet.baseline.unwrap()), i64::from(WINDOW_TICKS_MAX) - 1);
    for (quiet, is_read) in
        [(WINDOW_TICKS_MAX, Ok(WINDOW_TICKS_MAX)), (WINDOW_TICKS_MAX + 1, Err(DecodeError::TooMany))]
    {
        let message = UpdateWriter::new(&Private { quiet, ..Private::default() }).finish();
        assert_eq!(Update::decode(&message).map(|update| update.private.quiet), is_read);
    }
}
