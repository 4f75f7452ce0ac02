//! One bot: it joins, plays, resumes after cuts, and leaves when its stay ends.

use crate::connect::{Connect, ConnectError, LinkEnd};
use crate::context::FleetContext;
use crate::outage::{OutageDetector, OutageReporter};
use crate::rooms::RoomTask;
use crate::session::{BotPlayer, BotSession, End, Loss};
use crate::tally::GivenUp;
use crate::tickets::NoTicket;
use core::ops::Range;
use core::time::Duration;
use tickwire_client_native::retry_after;
use tickwire_shared::Rng;
use tickwire_shared::bot::{Behaviour, Behaviours};
use tickwire_shared::client::{Backoff, Client, ClientConfig};
use tickwire_shared::game::Game;
use tickwire_shared::wire::control::{Name, Target};
use tickwire_shared::wire::{Advice, CloseCode};

/// Attempts in a row that may fail before a bot gives up.
const ATTEMPTS_MAX: u32 = 5;
/// The same for a bot that can resume: its server has some 20 s to come back.
const RESUMES_MAX: u32 = 8;

/// A bot that had less time than this and met no refusal does not count as missing.
const SHORT_STAY_MAX: Duration = Duration::from_secs(1);

/// Why a bot is in no room.
#[derive(Debug)]
pub(crate) struct Trouble {
    /// The reason, for programs.
    reason: String,
    /// What the server said, for people; may be empty.
    text: String,
    /// When it may try again; `None` if trying again cannot help.
    wait: Option<Duration>,
}

impl Trouble {
    fn after(reason: impl Into<String>, wait: Duration) -> Self {
        Self { reason: reason.into(), text: String::new(), wait: Some(wait) }
    }

    fn hopeless(reason: impl Into<String>) -> Self {
        Self { reason: reason.into(), text: String::new(), wait: None }
    }

    /// Whether the bot only ran out of time.
    fn is_out_of_time(&self) -> bool {
        [RUN_OVER, NO_ROOM_MADE].contains(&&*self.reason)
    }
}

impl From<ConnectError> for Trouble {
    fn from(error: ConnectError) -> Self {
        tracing::debug!(%error, "no connection");
        let wait = error.retry_after();
        let reason = error.reason();
        let text = match error {
            ConnectError::Http { text, .. } => text,
            error => error.to_string(),
        };
        Self { reason, text, wait }
    }
}

impl From<NoTicket> for Trouble {
    fn from(error: NoTicket) -> Self {
        Self { text: error.to_string(), ..Self::after("no_ticket", Duration::ZERO) }
    }
}

impl From<&End> for Trouble {
    fn from(end: &End) -> Self {
        match end {
            End::Closed(close) => {
                let (reason, text) = (close.code.reason().into(), close.text.to_string());
                let next_room = is_of_game(end).then_some(Duration::ZERO);
                Self { reason, text, wait: next_room.or(retry_after(close.advice)) }
            }
            End::Link(end) => {
                let text = if let LinkEnd::Closed { text, .. } = end { text.clone() } else { String::new() };
                Self { text, ..Self::after(format!("closed_{}", end.code()), Duration::ZERO) }
            }
            End::JoinTimeout => Self::after("join_timeout", Duration::ZERO),
            End::Silent => Self::after("silent", Duration::ZERO),
            End::Left => Self::hopeless(RUN_OVER),
        }
    }
}

/// The reason of a bot whose stay ended before it joined a room.
const RUN_OVER: &str = "run_over";
/// The reason of a bot whose stay ended before another bot had made the room.
const NO_ROOM_MADE: &str = "no_room_made";

/// Whether the game ended its room, as a match may end: bots play on in the next one.
fn is_of_game(end: &End) -> bool {
    matches!(end, End::Closed(close) if close.code == CloseCode::Normal)
}

/// The close code under which an end is counted.
fn code_of(end: &End) -> u16 {
    match end {
        End::Closed(close) => close.code.code(),
        End::Link(end) => end.code(),
        End::JoinTimeout | End::Silent | End::Left => 1006,
    }
}

/// Runs one stay of bot number `bot`.
pub(crate) async fn live<G, C, B>(fleet: &FleetContext<C, B>, bot: u32, stay: Range<Duration>)
where
    G: Game,
    C: Connect,
    B: Behaviours<G>,
{
    let clock = &fleet.clock;
    clock.sleep_until(stay.start).await;
    if !clock.is_stopped() {
        fleet.tally.started(bot);
    }
    let mut rng = Rng::new(Rng::new(fleet.config.seed ^ (u64::from(bot) << 32)).next_u64());
    let mut behaviour = fleet.behaviours.of(bot);
    let mut failures = 0;
    let mut backoff = Backoff::new(rng.next_u64());
    let mut last = Trouble::hopeless(RUN_OVER);
    let detector = OutageDetector::new(bot, &fleet.config.networks.profile(bot), stay.end);
    let mut reporter = OutageReporter::new(detector, &fleet.tally, clock);
    while clock.now() < stay.end && !clock.is_stopped() {
        let (joined, trouble) =
            match visit(fleet, bot, &mut reporter.detector, stay.end, &mut *behaviour, &mut rng).await {
                Ok(()) => return,
                Err(trouble) => trouble,
            };
        tracing::debug!(bot, reason = trouble.reason, "out of the room");
        failures = if joined { 0 } else { failures + 1 };
        if joined {
            backoff.reset();
        }
        let retry = trouble.wait.filter(|_| failures < ATTEMPTS_MAX);
        // An attempt cut short by the end of the stay says less than the refusal before it.
        if last.is_out_of_time() || !trouble.is_out_of_time() {
            last = trouble;
        }
        let Some(wait) = retry else { break };
        clock.pause(backoff.pause(wait), stay.end).await;
    }
    let short = clock.now().min(stay.end).saturating_sub(stay.start) < SHORT_STAY_MAX;
    let out_of_time = short && last.is_out_of_time();
    fleet.tally.failed(bot, GivenUp { reason: last.reason, text: last.text, out_of_time });
}

/// From joining a room to leaving it, across resumes. On trouble, also returns whether the bot was in.
async fn visit<G, C, B>(
    fleet: &FleetContext<C, B>,
    bot: u32,
    detector: &mut OutageDetector,
    until: Duration,
    behaviour: &mut dyn Behaviour<G>,
    rng: &mut Rng,
) -> Result<(), (bool, Trouble)>
where
    G: Game,
    C: Connect,
    B: Behaviours<G>,
{
    let over = (false, Trouble::hopeless(NO_ROOM_MADE));
    let waiting = fleet.rooms.room_task(bot);
    let room_task = match fleet.clock.timeout_at(until, waiting).await {
        Some(room_task) => room_task.ok_or(over)?,
        None => return Err(over),
    };
    let (target, room, to_create) = match room_task {
        RoomTask::Create(to_create) if fleet.config.takes_open_room => {
            (Target::Match(fleet.config.options.clone()), None, Some(to_create))
        }
        RoomTask::Create(to_create) => (Target::Create(fleet.config.options.clone()), None, Some(to_create)),
        RoomTask::Join(room) => (Target::Room(room), Some(room), None),
    };
    let mut config = ClientConfig::new(fleet.config.game.clone(), Name::cut(&format!("bot {bot}")));
    (config.role, config.target) = (fleet.config.role_of(bot), target);
    config.terms = fleet.config.terms.clone();
    let ticket = fleet.config.tickets.credential(bot, &config.name).await;
    config.credential = ticket.map_err(|error| (false, Trouble::from(error)))?;
    let client = Client::new(config);
    let on_joined = Box::new(move |room| {
        if let Some(to_create) = to_create {
            to_create.keep(room);
        }
    });
    let tally_and_clock = (&fleet.tally, &fleet.clock);
    let mut player =
        BotPlayer::<G>::new(bot, client, (behaviour, rng), tally_and_clock, detector, until, on_joined);
    let end = match play(fleet, &mut player).await {
        Ok(()) => return Ok(()),
        Err(end) => end,
    };
    let joined = player.has_joined();
    match end {
        Lost::Connect(error) => Err((joined, error.into())),
        Lost::Session(end) => {
            let unknown = matches!(&end, End::Closed(close) if close.code == CloseCode::NoSuchRoom);
            let gone = unknown || is_of_game(&end);
            if let (true, Some(room)) = (gone, room.or_else(|| player.client.room())) {
                fleet.rooms.forget(bot, room);
            }
            Err((joined, (&end).into()))
        }
    }
}

/// How a seat was lost.
enum Lost {
    Connect(ConnectError),
    Session(End),
}

/// The sessions of one player, one after the other, as long as it can resume.
async fn play<G, C, B>(fleet: &FleetContext<C, B>, player: &mut BotPlayer<'_, G>) -> Result<(), Lost>
where
    G: Game,
    C: Connect,
    B: Behaviours<G>,
{
    let mut resumes_failed = 0;
    let mut backoff = Backoff::new(player.rng.next_u64());
    loop {
        let link = match fleet.connect.connect(player.bot).await {
            Ok(link) => link,
            Err(error) if player.has_joined() && resumes_failed < RESUMES_MAX => {
                resumes_failed += 1;
                tracing::debug!(bot = player.bot, %error, "no connection to resume");
                fleet.clock.pause(backoff.pause(error.retry_after().unwrap_or_default()), player.until).await;
                if fleet.clock.now() >= player.until {
                    return Ok(());
                }
                continue;
            }
            Err(error) => return Err(Lost::Connect(error)),
        };
        fleet.tally.connected();
        let end = BotSession::new(player, link).await;
        let now = fleet.clock.now();
        let was_in = player.pause(now);
        if end == End::Left {
            let joined = player.has_joined();
            return if joined { Ok(()) } else { Err(Lost::Session(end)) };
        }
        if was_in {
            tracing::debug!(bot = player.bot, ?end, "cut");
            let loss = if end == End::Link(LinkEnd::Cut) { Loss::Simulated } else { Loss::Real };
            if !is_of_game(&end) {
                player.lose(now, loss);
            }
            player.tally.record(player.bot, |shard| match &end {
                End::Link(LinkEnd::Cut) => shard.cuts += 1,
                end => shard.disconnected(code_of(end)),
            });
            let Trouble { reason, text, .. } = (&end).into();
            player.tally.said(reason, text);
            backoff.reset();
        }
        let may_resume = match &end {
            End::Closed(close) => close.advice == Advice::Resume,
            End::Link(_) | End::Silent => true,
            End::JoinTimeout | End::Left => false,
        };
        resumes_failed = if was_in { 0 } else { resumes_failed + 1 };
        if !may_resume || resumes_failed >= RESUMES_MAX || !player.client.reconnect(now) {
            return Err(Lost::Session(end));
        }
        // Many bots may have lost their server at the same moment.
        fleet.clock.pause(backoff.pause(Duration::ZERO), player.until).await;
        if fleet.clock.now() >= player.until {
            return Ok(());
        }
    }
}
