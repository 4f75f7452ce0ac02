//! The load generator: many light clients on one thread, the same for the bare program and for Tickwire.
//!
//! It reports to the driver by lines on stdout, in this order:
//! ```text
//! rooms          every room has its first client (after a pause)
//! joined S       all clients play, after S seconds without that pause
//! steady         the measured time begins
//! done           it is over
//! result k=v ..  what was counted between `steady` and `done`
//! ```

use crate::client::{self, Client, Manner, State, Totals};
use crate::gaps::Gaps;
use crate::stalls::{StallPlan, Stalls};
use mio::{Events, Interest, Poll, Token};
use std::io;
use std::net::SocketAddr;
use std::time::{Duration, Instant};
use tickwire_shared::wire::control::Target;

/// Handshakes in progress at one time.
const HANDSHAKES_MAX: usize = 64;
/// Frames sent before messages are read again.
const SENDS_PER_TURN_MAX: usize = 64;
const JOIN_DEADLINE: Duration = Duration::from_secs(60);

/// The options of the generator.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct LoadPlan {
    /// Where the server listens.
    #[arg(long)]
    address: SocketAddr,
    /// Speak Tickwire; otherwise nothing is sent before the first frame.
    #[arg(long)]
    tickwire: bool,
    /// Clients.
    #[arg(long)]
    clients: usize,
    /// Clients per room.
    #[arg(long)]
    room: usize,
    /// Frames per client and second.
    #[arg(long)]
    rate_hz: u32,
    /// Send acknowledgements only, no inputs.
    #[arg(long)]
    silent: bool,
    /// Send few frames: the first client of each room moves straight on, the others rest.
    #[arg(long)]
    steady: bool,
    #[command(flatten)]
    stall: StallPlan,
    /// Pause after the rooms' first clients, and again after all have joined, seconds.
    #[arg(long)]
    settle: f64,
    /// The measured time, seconds.
    #[arg(long)]
    seconds: f64,
}

struct Load<'a> {
    plan: &'a LoadPlan,
    poll: Poll,
    events: Events,
    clients: Vec<Client>,
    start: Instant,
    /// The next turn to send: turn k belongs to client `k mod clients`.
    turn: u64,
    totals: Totals,
    /// Gaps between the updates of clients that do not stall.
    gaps: Gaps,
    stalls: Stalls,
    /// The newest tick of each room.
    newest: Vec<u32>,
    /// Whether all have joined.
    playing: bool,
    /// How late the generator itself sent its frames.
    lag: Gaps,
}

/// Connects, joins, plays, prints what it counted.
pub(crate) fn run(plan: &LoadPlan) -> io::Result<()> {
    let rooms = plan.clients.div_ceil(plan.room);
    let mut load = Load {
        plan,
        poll: Poll::new()?,
        events: Events::with_capacity(1024),
        clients: Vec::with_capacity(plan.clients),
        start: Instant::now(),
        turn: 0,
        totals: Totals::default(),
        gaps: Gaps::new(),
        stalls: Stalls::new(&plan.stall, plan.clients),
        newest: vec![0; rooms],
        playing: false,
        lag: Gaps::new(),
    };
    let mut paused = Duration::ZERO;
    if plan.tickwire {
        load.join(rooms, |_, _| client::new_room())?;
        let rooms_stand = Instant::now();
        load.play(Duration::from_secs_f64(plan.settle))?;
        paused = rooms_stand.elapsed();
        println!("rooms");
    }
    // The bare program reads no target: it fills its rooms in the order of arrival.
    load.join(plan.clients, |clients, at| {
        let room = clients.get(at % rooms).and_then(|first| first.room);
        room.map_or_else(client::new_room, Target::Room)
    })?;
    load.playing = true;
    println!("joined {:.2}", (load.start.elapsed() - paused).as_secs_f64());
    load.play(Duration::from_secs_f64(plan.settle))?;
    (load.totals, load.gaps, load.lag) = (Totals::default(), Gaps::new(), Gaps::new());
    println!("steady");
    let began = Instant::now();
    load.stalls.begin(began);
    load.play(Duration::from_secs_f64(plan.seconds))?;
    println!("done");
    load.report(began.elapsed());
    Ok(())
}

impl Load<'_> {
    /// Connects clients until there are `wanted` and all of them play.
    fn join(&mut self, wanted: usize, target: impl Fn(&[Client], usize) -> Target) -> io::Result<()> {
        let deadline = Instant::now() + JOIN_DEADLINE;
        loop {
            let playing = self.clients.iter().filter(|client| client.state == State::Playing).count();
            if playing >= wanted {
                return Ok(());
            }
            if Instant::now() > deadline {
                let ended = self.ended();
                return Err(io::Error::other(format!("only {playing} of {wanted} joined in time; {ended}")));
            }
            while self.clients.len() < wanted && self.clients.len() < playing + HANDSHAKES_MAX {
                let at = self.clients.len();
                self.connect(at, target(&self.clients, at))?;
            }
            self.turn(Duration::from_millis(1))?;
            if self.clients.iter().any(|client| client.ended().is_some()) {
                return Err(io::Error::other(format!("while others joined, {}", self.ended())));
            }
        }
    }

    fn connect(&mut self, at: usize, target: Target) -> io::Result<()> {
        let mut socket = client::connect(self.plan.address, at)?;
        self.poll.registry().register(&mut socket, Token(at), Interest::READABLE)?;
        let mut client = Client::new(socket, target, self.plan.tickwire, at as u64);
        if self.plan.tickwire {
            client.upgrade(&self.plan.address.to_string());
        }
        self.clients.push(client);
        Ok(())
    }

    fn play(&mut self, time: Duration) -> io::Result<()> {
        let end = Instant::now() + time;
        while Instant::now() < end {
            self.turn(end.saturating_duration_since(Instant::now()))?;
        }
        Ok(())
    }

    /// Sends the frames that are due, then waits for messages, at most `wait_max` or until the next frame is
    /// due.
    fn turn(&mut self, wait_max: Duration) -> io::Result<()> {
        // Clients send evenly spread over the period, in an order that mixes the rooms.
        let period = Duration::from_secs(1) / self.plan.rate_hz;
        let spread = self.plan.clients as u64;
        let spacing = period.div_f64(spread as f64);
        let mut wait = Duration::ZERO;
        for _ in 0..SENDS_PER_TURN_MAX {
            let due = self.start + spacing.mul_f64(self.turn as f64);
            let now = Instant::now();
            if due > now {
                wait = (due - now).min(wait_max);
                break;
            }
            if now - due > period {
                // Late frames are not caught up: a burst would be another load than the requested one.
                self.totals.skipped += spread;
                self.turn += spread;
                continue;
            }
            let at = (self.turn % spread) as usize;
            let manner = self.manner(at);
            if let Some(client) = self.clients.get_mut(at).filter(|_| !self.stalls.is_mute(at, now)) {
                client.send(now, now - self.start, manner, &mut self.totals);
                self.lag.record(now - due);
            }
            self.turn += 1;
        }
        self.poll.poll(&mut self.events, Some(wait))?;
        let now = Instant::now();
        for event in &self.events {
            let at = event.token().0;
            let Some(client) = self.clients.get_mut(at) else { continue };
            if self.stalls.is_stalled(at, now) && client.state == State::Playing && !event.is_read_closed() {
                continue;
            }
            read(client, at, now, &mut self.totals, &mut self.gaps, &mut self.newest, &self.stalls);
        }
        self.after_stalls(now)
    }

    /// Lets clients whose stall is over read again, and takes the seats of closed clients again.
    fn after_stalls(&mut self, now: Instant) -> io::Result<()> {
        for at in self.stalls.take_woken(now) {
            let Some(client) = self.clients.get_mut(at) else { continue };
            // What arrives now was in flight.
            read(client, at, now, &mut self.totals, &mut self.gaps, &mut self.newest, &self.stalls);
            client.catching = (client.state == State::Playing).then_some(0);
        }
        for at in self.stalls.take_resuming(now, &self.clients) {
            let Some(client) = self.clients.get_mut(at) else { continue };
            self.poll.registry().deregister(&mut client.socket)?;
            let mut socket = client::connect(self.plan.address, at)?;
            self.poll.registry().register(&mut socket, Token(at), Interest::READABLE)?;
            client.resume(socket, &self.plan.address.to_string());
        }
        Ok(())
    }

    fn manner(&self, at: usize) -> Manner {
        match self.plan {
            LoadPlan { silent: true, .. } => Manner::Silent,
            LoadPlan { steady: true, .. } => Manner::Steady { moves: self.playing && at < self.newest.len() },
            _ => Manner::Busy,
        }
    }

    fn ended(&self) -> String {
        let mut reasons: Vec<&str> = self.clients.iter().filter_map(|client| client.ended()).collect();
        let count = reasons.len();
        reasons.sort_unstable();
        reasons.dedup();
        format!("{count} ended: {}", reasons.join(", "))
    }

    fn report(&self, time: Duration) {
        let ended = self.clients.iter().filter(|client| client.ended().is_some()).count();
        self.stalls.report(&self.clients);
        let totals = &self.totals;
        println!(
            "result seconds={:.6} messages={} bytes={} sent={} blocked={} skipped={} bad={} ended={ended} \
             gap_p50_ms={:.2} gap_p99_ms={:.2} gap_max_ms={:.2} lag_p99_ms={:.2} lag_max_ms={:.2}",
            time.as_secs_f64(),
            totals.messages,
            totals.bytes,
            totals.sent,
            totals.blocked,
            totals.skipped,
            totals.bad,
            self.gaps.quantile_ms(0.5),
            self.gaps.quantile_ms(0.99),
            self.gaps.max_ms(),
            self.lag.quantile_ms(0.99),
            self.lag.max_ms(),
        );
        if ended > 0 {
            eprintln!("fanout: {}", self.ended());
        }
    }
}

/// Reads what is available for one client.
fn read(
    client: &mut Client,
    at: usize,
    now: Instant,
    totals: &mut Totals,
    gaps: &mut Gaps,
    newest: &mut [u32],
    stalls: &Stalls,
) {
    let room = at % newest.len().max(1);
    let stalls_at_times = stalls.is_one(at);
    client.room_newest = newest.get(room).copied().unwrap_or(0);
    client.read(now, totals, &mut |gap| {
        if !stalls_at_times {
            gaps.record(gap);
        }
    });
    if let (Some(room), Some(tick)) = (newest.get_mut(room), client.newest()) {
        *room = (*room).max(tick);
    }
}
