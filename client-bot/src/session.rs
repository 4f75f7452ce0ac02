//! One connection of one bot: a single future that reads, runs the bot's timer and writes.

use crate::clock::FleetClock;
use crate::connect::{Link, LinkEnd};
use crate::outage::{OUTAGE_MIN, OutageDetector};
use crate::tally::{Counts, Shard, Tally};
use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll};
use core::time::Duration;
use tickwire_client_native::{JOIN_TIMEOUT, SILENCE_MAX};
use tickwire_shared::Rng;
use tickwire_shared::bot::Behaviour;
use tickwire_shared::client::{Client, ClientEvent, State};
use tickwire_shared::game::Game;
use tickwire_shared::id::RoomId;
use tickwire_shared::wire::Close;
use tokio::time::Sleep;

/// How often a bot decides.
const DECIDE_PERIOD: Duration = Duration::from_millis(100);
/// How long a bot that leaves waits for the server's answer. A server silent until then counts as an outage.
pub(crate) const LEAVE_TIMEOUT: Duration = OUTAGE_MIN;
/// A command that the server has not confirmed for this long is lost.
const CONFIRM_TIMEOUT: Duration = Duration::from_secs(2);
/// Messages handled per poll, so that one bot's backlog does not delay other bots' timers.
const MESSAGES_PER_TURN: usize = 32;

/// How a session ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// The bot's stay ended and it left.
    Left,
    /// The server ended it with a close reason, or the client did because of a server fault.
    Closed(Close),
    /// The link ended without a close reason.
    Link(LinkEnd),
    /// The server did not take the bot into a room in time.
    JoinTimeout,
    /// The server fell silent.
    Silent,
}

/// What cut a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Loss {
    /// The simulated network.
    Simulated,
    /// The server, or the real network.
    Real,
}

/// One player: the state from joining a room until leaving it permanently, over several sessions.
pub(crate) struct BotPlayer<'a, G: Game> {
    pub(crate) bot: u32,
    pub(crate) client: Client<G>,
    pub(crate) behaviour: &'a mut dyn Behaviour<G>,
    pub(crate) rng: &'a mut Rng,
    pub(crate) tally: &'a Tally,
    pub(crate) clock: &'a FleetClock,
    /// When the bot's stay is over.
    pub(crate) until: Duration,
    /// When the first session began.
    pub(crate) began: Duration,
    /// For the whole stay.
    detector: &'a mut OutageDetector,
    decide_at: Duration,
    /// When and how the connection was lost, until the next snapshot.
    lost: Option<(Duration, Loss)>,
    /// When the bot said that it leaves.
    left_at: Option<Duration>,
    /// How many commands were confirmed, and since when none was although some wait.
    confirmed: u64,
    waiting_since: Option<Duration>,
    /// Since when the bot is in a room without interruption.
    playing_since: Option<Duration>,
    /// Called once, when the bot is in a room.
    on_joined: Option<Box<dyn FnOnce(RoomId) + Send + 'a>>,
}

impl<'a, G: Game> BotPlayer<'a, G> {
    pub(crate) fn new(
        bot: u32,
        client: Client<G>,
        (behaviour, rng): (&'a mut dyn Behaviour<G>, &'a mut Rng),
        (tally, clock): (&'a Tally, &'a FleetClock),
        detector: &'a mut OutageDetector,
        until: Duration,
        on_joined: Box<dyn FnOnce(RoomId) + Send + 'a>,
    ) -> Self {
        let began = clock.now();
        Self {
            bot,
            client,
            behaviour,
            rng,
            tally,
            clock,
            until,
            began,
            detector,
            decide_at: Duration::ZERO,
            lost: None,
            left_at: None,
            confirmed: 0,
            waiting_since: None,
            playing_since: None,
            on_joined: Some(on_joined),
        }
    }

    /// Whether the bot was in its room.
    pub(crate) fn has_joined(&self) -> bool {
        self.on_joined.is_none()
    }

    fn is_over(&self, now: Duration) -> bool {
        now >= self.until || self.clock.is_stopped()
    }

    /// A message arrived, `late` after the simulated network should have delivered it.
    fn receive(&mut self, now: Duration, late: Duration, message: &[u8]) -> Result<(), End> {
        let before = self.client.stats().snapshots;
        let result = self.client.receive(now, message);
        let fresh = self.client.stats().snapshots - before;
        // When it would have arrived without this machine's own lag, which is not the server's.
        let came_at = now.saturating_sub(late);
        let interval = self.client.tick_rate().map(|rate| rate.period());
        let gap = interval.and_then(|interval| self.detector.saw(came_at, fresh, interval));
        let lost = if fresh > 0 { self.lost.take() } else { None };
        let resumed_after = lost.map(|(at, _)| now.saturating_sub(at));
        let client = &mut self.client;
        self.tally.record(self.bot, |shard: &mut Shard| {
            let Counts { snapshots, messages, bytes, .. } = &mut shard.second;
            *snapshots += fresh;
            *messages += 1;
            *bytes += message.len() as u64;
            if let Some(gap) = gap {
                shard.gap(&gap);
            }
            if let Some(time) = resumed_after {
                shard.resumes.record(time);
            }
            shard.network_lags.record(late);
            client.drain_samples().for_each(|sample| shard.sample(sample));
        });
        self.receive_messages(now);
        match (result, self.client.state()) {
            (Err(error), _) => Err(End::Closed(error.close())),
            (Ok(()), State::Closed(close)) => Err(End::Closed(close.clone())),
            (Ok(()), _) => Ok(()),
        }
    }

    fn receive_messages(&mut self, now: Duration) {
        while let Some(event) = self.client.poll_event() {
            if matches!(event, ClientEvent::IdleWarning { .. }) {
                // An idle bot is still there: it reports its page as hidden and visible again.
                self.client.set_hidden(true);
                self.client.set_hidden(false);
            }
            if matches!(event, ClientEvent::Joined) && self.playing_since.is_none() {
                self.playing_since = Some(now);
                self.tally.joined(self.bot, now);
                if let (Some(joined), Some(room)) = (self.on_joined.take(), self.client.room()) {
                    joined(room);
                    let time = now.saturating_sub(self.began);
                    self.tally.record(self.bot, |shard| shard.joins.record(time));
                }
            }
        }
    }

    fn play(&mut self, now: Duration) {
        if now >= self.decide_at && self.client.own().is_some() {
            let input = self.behaviour.decide(&self.client, now, self.rng);
            self.client.set_input(input);
            if let Some(command) = self.behaviour.command(&self.client, self.rng) {
                // A full queue refuses the command; then the bot sends none, like a player who waits.
                let _ = self.client.command(command);
            }
            // The first decision is at a random time within a period, so that bots do not all decide at once.
            let first = self.decide_at.is_zero();
            let wait = if first { DECIDE_PERIOD.mul_f32(self.rng.unit()) } else { DECIDE_PERIOD };
            self.decide_at = now + wait;
        }
        self.watch_commands(now);
        self.client.advance(now);
    }

    fn watch_commands(&mut self, now: Duration) {
        let (sent, confirmed) = (self.client.stats().commands, self.client.stats().commands_confirmed);
        if sent <= confirmed {
            self.waiting_since = None;
        } else if confirmed != self.confirmed || self.waiting_since.is_none() {
            self.waiting_since = Some(now);
        }
        self.confirmed = confirmed;
    }

    /// The connection was lost.
    pub(crate) fn lose(&mut self, now: Duration, loss: Loss) {
        self.lost.get_or_insert((now, loss));
    }

    /// Whether a connection was lost and not resumed. A simulated cut shortly before the end of the stay
    /// does not count.
    fn has_lost_seat(&self, now: Duration) -> bool {
        self.lost.is_some_and(|(at, loss)| {
            loss == Loss::Real || !self.is_over(now) || now.saturating_sub(at) >= self.detector.outage_min()
        })
    }

    /// The bot is out of its room, for now or permanently. Returns whether it was in.
    pub(crate) fn pause(&mut self, now: Duration) -> bool {
        let Some(since) = self.playing_since.take() else { return false };
        self.tally.left();
        let time = now.saturating_sub(since);
        self.tally.record(self.bot, |shard| shard.time += time);
        true
    }
}

impl<G: Game> Drop for BotPlayer<'_, G> {
    /// Also after an abort: what was measured counts.
    fn drop(&mut self) {
        let now = self.clock.now();
        self.pause(now);
        let seen_until = self.left_at.unwrap_or(now);
        if let Some(left_at) = self.left_at {
            // A bot watches until the server answers its leave.
            let answered = matches!(self.client.state(), State::Closed(_));
            self.detector.ends_at(if answered { left_at } else { now });
        }
        let overdue = self.waiting_since.is_some_and(|since| seen_until > since + CONFIRM_TIMEOUT);
        let lost_seat = self.has_lost_seat(now);
        self.tally.record(self.bot, |shard| {
            let stats = self.client.stats();
            shard.client(stats);
            shard.cuts_not_resumed += u64::from(lost_seat);
            if overdue {
                shard.clients.events_lost += stats.commands.saturating_sub(stats.commands_confirmed);
            }
        });
    }
}

/// A session as a future.
pub(crate) struct BotSession<'s, 'a, G: Game, L> {
    player: &'s mut BotPlayer<'a, G>,
    link: L,
    timer: Pin<Box<Sleep>>,
    /// When the timer should fire.
    due: Duration,
    began: Duration,
    heard_at: Duration,
    leaving_since: Option<Duration>,
}

impl<'s, 'a, G: Game, L: Link> BotSession<'s, 'a, G, L> {
    pub(crate) fn new(player: &'s mut BotPlayer<'a, G>, link: L) -> Self {
        let now = player.clock.now();
        let timer = Box::pin(tokio::time::sleep_until(player.clock.instant(now)));
        Self { player, link, timer, due: now, began: now, heard_at: now, leaving_since: None }
    }

    fn read(&mut self, cx: &mut Context<'_>, now: Duration) -> Result<(), End> {
        for _ in 0..MESSAGES_PER_TURN {
            match self.link.poll_recv(cx) {
                Poll::Pending => return Ok(()),
                Poll::Ready(Ok(message)) => {
                    self.heard_at = now;
                    self.player.receive(now, self.link.lateness(), &message)?;
                }
                Poll::Ready(Err(end)) => return Err(End::Link(end)),
            }
        }
        cx.waker().wake_by_ref();
        Ok(())
    }

    /// Does what is due at `now`.
    fn keep_time(&mut self, now: Duration) -> Result<(), End> {
        let lag = now.saturating_sub(self.due);
        self.player.tally.record(self.player.bot, |shard| shard.second_lags.record(lag));
        if self.player.is_over(now) && self.leaving_since.is_none() {
            self.leaving_since = Some(now);
            if !self.player.client.is_playing() {
                return Err(End::Left);
            }
            self.player.client.leave();
            self.player.left_at = Some(now);
        }
        let limits = [
            (self.leaving_since.map(|since| since + LEAVE_TIMEOUT), End::Left),
            ((!self.player.client.is_playing()).then_some(self.began + JOIN_TIMEOUT), End::JoinTimeout),
            (Some(self.heard_at + SILENCE_MAX), End::Silent),
        ];
        if let Some((_, end)) = limits.into_iter().find(|(at, _)| at.is_some_and(|at| now >= at)) {
            return Err(end);
        }
        if self.leaving_since.is_none() && self.player.client.is_playing() {
            self.player.play(now);
        }
        Ok(())
    }

    fn write(&mut self, cx: &mut Context<'_>) -> Result<(), End> {
        loop {
            // While the link is full, messages wait in the client, within its limits.
            match self.link.poll_flush(cx) {
                Poll::Pending => return Ok(()),
                Poll::Ready(Err(end)) => return Err(End::Link(end)),
                Poll::Ready(Ok(())) => {}
            }
            let Some(message) = self.player.client.poll_transmit() else { return Ok(()) };
            self.link.send(message).map_err(End::Link)?;
        }
    }

    fn next_due(&self, now: Duration) -> Duration {
        let next = self.player.client.next_input_at().unwrap_or(now + DECIDE_PERIOD);
        // At least a little later: a timer in the past would starve reading.
        next.min(now + DECIDE_PERIOD).max(now + Duration::from_millis(1))
    }

    fn turn(&mut self, cx: &mut Context<'_>) -> Result<(), End> {
        let now = self.player.clock.now();
        let was_playing = self.player.client.is_playing();
        self.read(cx, now)?;
        let came_in = self.player.client.is_playing() && !was_playing;
        let fired = self.timer.as_mut().poll(cx).is_ready();
        if fired {
            self.keep_time(now)?;
        }
        if fired || came_in {
            self.due = self.next_due(now);
            self.timer.as_mut().reset(self.player.clock.instant(self.due));
            if self.timer.as_mut().poll(cx).is_ready() {
                cx.waker().wake_by_ref();
            }
        }
        self.write(cx)
    }
}

impl<G: Game, L: Link> Future for BotSession<'_, '_, G, L> {
    type Output = End;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<End> {
        let session = self.get_mut();
        match session.turn(cx) {
            Ok(()) => Poll::Pending,
            // Whatever happened while leaving, the bot wanted to leave.
            Err(_) if session.leaving_since.is_some() => Poll::Ready(End::Left),
            Err(end) => {
                // A client that cannot decode its server's messages still has to send its leave.
                let _ = session.write(cx);
                Poll::Ready(end)
            }
        }
    }
}
