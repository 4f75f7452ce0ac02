//! Inputs for ticks that no honest clock would name.

use super::super::context::Attack;
use super::super::socket::{Outgoing, message};
use super::super::wire::FrameContent;
use super::listen::{Newest, listen};
use core::time::Duration;
use tickwire_shared::limits::INPUTS_PER_FRAME_MAX;
use tickwire_shared::tick::{Tick, TickRate};
use tickwire_shared::wire::control::Joined;
use tickwire_shared::wire::update::Private;
use tokio::time::{Instant, sleep};

/// For how long inputs are sent at once.
const AT_ONCE_S: u32 = 60;
/// Between one volley and the next.
const VOLLEY_PERIOD: Duration = Duration::from_millis(500);

/// A player whose inputs are applied at more than this many times the room's rate is too fast.
const SPEED_MAX: f64 = 1.2;
/// What a late first update and a room that catches up may be worth, s.
const SLACK_S: f64 = 0.5;

/// Sends inputs far in the past and the future, and those of a minute at once.
pub(super) async fn warp(attack: &Attack, number: u32) {
    loop {
        let Some((mut incoming, mut outgoing, joined)) = attack.member(number).await else { continue };
        let newest = Newest::default();
        let volleys = async {
            let rate = u32::from(joined.tick_rate.hz());
            while volley(attack, &mut outgoing, newest.get().unwrap_or(joined.tick), rate * AT_ONCE_S)
                .await
                .is_some()
            {
                sleep(VOLLEY_PERIOD).await;
            }
        };
        let reason = tokio::select! {
            reason = listen(&attack.done, &mut incoming, |said| newest.set(said.tick)) => reason,
            () = volleys => "cut".to_owned(),
        };
        attack.done.ended(reason);
    }
}

/// Frames with inputs for ticks far away, then for the next `minute` ticks.
async fn volley(attack: &Attack, outgoing: &mut Outgoing, now: Tick, minute: u32) -> Option<()> {
    let frame = |ticks: Vec<u32>| {
        let inputs = ticks.into_iter().map(Tick).collect();
        message(&attack.wire.frame(&FrameContent { ack: None, inputs, ..FrameContent::default() }))
    };
    let far = [0, 1, now.0.saturating_sub(10_000), now.0.saturating_add(100_000), u32::MAX - 40, u32::MAX];
    let mut bytes: Vec<u8> = far.into_iter().flat_map(|tick| frame(vec![tick])).collect();
    let ahead: Vec<u32> = (1..=minute).map(|ahead| now.0.saturating_add(ahead)).collect();
    bytes.extend(ahead.chunks(INPUTS_PER_FRAME_MAX).flat_map(|ticks| frame(ticks.to_vec())));
    attack.write(outgoing, &bytes).await
}

/// Sends two inputs for each tick that passes, and all of them several times.
pub(super) async fn speed_hack(attack: &Attack, number: u32) {
    loop {
        let Some((mut incoming, mut outgoing, joined)) = attack.member(number).await else { continue };
        let newest = Newest::default();
        let mut speed = Speed::new(joined.tick_rate);
        let each = |said: &Private| {
            newest.set(said.tick);
            if said.input_applied.is_some_and(|applied| speed.is_too_fast(applied, Instant::now())) {
                attack.done.fault("the server applied more inputs than ticks passed");
            }
        };
        let reason = tokio::select! {
            reason = listen(&attack.done, &mut incoming, each) => reason,
            () = run_fast(attack, &mut outgoing, &joined, &newest) => "cut".to_owned(),
        };
        attack.done.ended(reason);
    }
}

/// How fast a player's inputs are applied.
struct Speed {
    rate: TickRate,
    /// The first input that was applied, and when that was heard.
    first: Option<(Tick, Instant)>,
}

impl Speed {
    fn new(rate: TickRate) -> Self {
        Self { rate, first: None }
    }

    /// Whether the inputs up to `applied` are more than ticks passed, by far.
    fn is_too_fast(&mut self, applied: Tick, now: Instant) -> bool {
        let (first, since) = *self.first.get_or_insert((applied, now));
        let passed = now.duration_since(since).as_secs_f64() * f64::from(self.rate.hz());
        applied.since(first) as f64 > passed * SPEED_MAX + SLACK_S * f64::from(self.rate.hz())
    }
}

async fn run_fast(attack: &Attack, outgoing: &mut Outgoing, joined: &Joined, newest: &Newest) {
    let period = joined.tick_rate.period();
    let mut next = joined.tick.0.saturating_add(2);
    loop {
        let inputs: Vec<Tick> = [next, next.saturating_add(1)].map(Tick).to_vec();
        let content = FrameContent { ack: newest.get(), inputs, ..FrameContent::default() };
        let frame = message(&attack.wire.frame(&content));
        if attack.write(outgoing, &frame.repeat(3)).await.is_none() {
            return;
        }
        next = next.saturating_add(2);
        sleep(period).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_player_at_twice_the_speed_is_seen() {
        let start = Instant::now();
        let at = |ms| start + Duration::from_millis(ms);
        let mut honest = Speed::new(TickRate::DEFAULT);
        assert!((0..300).all(|n| !honest.is_too_fast(Tick(100 + n), at(u64::from(n) * 1_000 / 30))));
        let mut fast = Speed::new(TickRate::DEFAULT);
        assert!((0..300).any(|n| fast.is_too_fast(Tick(100 + 2 * n), at(u64::from(n) * 1_000 / 30))));
    }
}
