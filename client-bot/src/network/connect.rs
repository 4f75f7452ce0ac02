//! A bad network between a bot and its connection: the simulator of `tickwire_shared::link`, in real time.

use super::Networks;
use crate::connect::{Connect, ConnectError, Link, LinkEnd};
use bytes::Bytes;
use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll};
use core::time::Duration;
use tickwire_shared::Rng;
use tickwire_shared::link::{LinkProfile, LinkSimulator};
use tokio::time::{Instant, Sleep};

/// Connections over the networks of a fleet.
#[derive(Clone, Debug)]
pub struct SimulatedConnect<C> {
    inner: C,
    networks: Networks,
    seed: u64,
    start: Instant,
}

impl<C> SimulatedConnect<C> {
    /// Connections of `inner`, each with its bot's network in front. Needs a tokio runtime with time.
    #[must_use]
    pub fn new(inner: C, networks: Networks, seed: u64) -> Self {
        Self { inner, networks, seed, start: Instant::now() }
    }
}

impl<C: Connect> Connect for SimulatedConnect<C> {
    type Link = SimulatedLink<C::Link>;

    async fn connect(&self, bot: u32) -> Result<Self::Link, ConnectError> {
        let profile = self.networks.profile(bot);
        if profile == LinkProfile::CLEAN {
            return Ok(SimulatedLink { inner: self.inner.connect(bot).await?, wire: None });
        }
        // One seed for all of a bot's connections: outages depend on the time, not on the connection.
        let seed = Rng::new(self.seed ^ (u64::from(bot) << 32) ^ 0x006c_696e_6b00).next_u64();
        let simulator = LinkSimulator::new(profile, seed);
        while let Some((from, until)) = simulator.next_cut(self.start.elapsed())
            && from <= self.start.elapsed()
        {
            tokio::time::sleep_until(self.start + until).await;
        }
        // TCP's handshake and the HTTP upgrade take a round trip each.
        tokio::time::sleep((profile.up.delay + profile.down.delay) * 2).await;
        let inner = self.inner.connect(bot).await?;
        let cut_at = simulator.next_cut(self.start.elapsed()).map(|(from, _)| from);
        let timer = Box::pin(tokio::time::sleep_until(self.start));
        let wire =
            Simulation { simulator, timer, start: self.start, cut_at, end: None, late: Duration::ZERO };
        Ok(SimulatedLink { inner, wire: Some(Box::new(wire)) })
    }
}

/// A connection with a simulated network in front; without one it costs nothing.
#[derive(Debug)]
pub struct SimulatedLink<L> {
    inner: L,
    wire: Option<Box<Simulation>>,
}

#[derive(Debug)]
struct Simulation {
    simulator: LinkSimulator<Vec<u8>, Bytes>,
    timer: Pin<Box<Sleep>>,
    /// The simulator's time 0.
    start: Instant,
    /// When the network cuts this connection.
    cut_at: Option<Duration>,
    /// How the connection ended; reported when all earlier messages have arrived.
    end: Option<LinkEnd>,
    /// How much later than simulated the last message was delivered.
    late: Duration,
}

impl Simulation {
    /// The time, unless the network has cut the connection.
    fn now(&self) -> Result<Duration, LinkEnd> {
        let now = self.start.elapsed();
        if self.cut_at.is_some_and(|at| at <= now) { Err(LinkEnd::Cut) } else { Ok(now) }
    }

    /// Wakes the task at the next arrival in either direction, or at the cut.
    fn arm(&mut self, cx: &mut Context<'_>) {
        let next = [self.simulator.up.next_at(), self.simulator.down.next_at(), self.cut_at];
        let Some(next) = next.into_iter().flatten().min() else { return };
        let at = self.start + next;
        if self.timer.deadline() != at || self.timer.is_elapsed() {
            self.timer.as_mut().reset(at);
        }
        if self.timer.as_mut().poll(cx).is_ready() {
            cx.waker().wake_by_ref();
        }
    }

    /// Takes messages from the server as long as the simulated downlink accepts them; else the server has to
    /// wait.
    fn take_in(&mut self, cx: &mut Context<'_>, inner: &mut impl Link, now: Duration) {
        while self.end.is_none() && self.simulator.takes_down() {
            match inner.poll_recv(cx) {
                Poll::Ready(Ok(message)) => self.simulator.send_down(now, message),
                Poll::Ready(Err(end)) => self.end = Some(end),
                Poll::Pending => return,
            }
        }
    }
}

impl<L: Link> Link for SimulatedLink<L> {
    fn poll_recv(&mut self, cx: &mut Context<'_>) -> Poll<Result<Bytes, LinkEnd>> {
        let Some(wire) = &mut self.wire else { return self.inner.poll_recv(cx) };
        let now = wire.now()?;
        wire.take_in(cx, &mut self.inner, now);
        if let Some((at, message)) = wire.simulator.down.receive(now) {
            wire.late = now - at;
            return Poll::Ready(Ok(message));
        }
        if wire.simulator.down.next_at().is_none()
            && let Some(end) = wire.end.take()
        {
            return Poll::Ready(Err(end));
        }
        wire.arm(cx);
        Poll::Pending
    }

    fn send(&mut self, message: Vec<u8>) -> Result<(), LinkEnd> {
        match &mut self.wire {
            None => self.inner.send(message),
            Some(wire) => {
                let now = wire.now()?;
                wire.simulator.send_up(now, message);
                Ok(())
            }
        }
    }

    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), LinkEnd>> {
        let Some(wire) = &mut self.wire else { return self.inner.poll_flush(cx) };
        let now = wire.now()?;
        while self.inner.poll_flush(cx)?.is_ready() {
            let Some((_, message)) = wire.simulator.up.receive(now) else { break };
            self.inner.send(message)?;
        }
        wire.arm(cx);
        if wire.simulator.takes_up() { Poll::Ready(Ok(())) } else { Poll::Pending }
    }

    fn lateness(&self) -> Duration {
        self.wire.as_ref().map_or(Duration::ZERO, |wire| wire.late)
    }
}
