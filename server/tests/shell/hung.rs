//! Games that hang: players outside their rooms must not notice, and the operator can end the rooms.

#[cfg(unix)]
use crate::program::{Serving, serve_args, wait};
use crate::running::{Player, Running, UPGRADE, ask, assert_status, get};
use crate::startup::{masked, read_frame, read_head};
use core::num::NonZeroUsize;
use core::time::Duration;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::{Mutex, PoisonError};
use std::time::Instant;
use tickwire_server::{Config, GameOptions, Limits, Server, ServerBuilder, cli};
use tickwire_shared::client::Client;
use tickwire_shared::limits::PROTOCOL_VERSION;
use tickwire_shared::prelude::*;
use tickwire_shared::tick::TickRate;
use tickwire_shared::wire::CloseCode;
use tickwire_shared::wire::control::{
    ClientControl, Credential, GameName, Hello, Join, Name, OptionText, Options, Role, Target,
};

/// A game that hangs continues when its gate is in here.
static OPEN: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());

fn open(gate: &str) {
    OPEN.lock().unwrap_or_else(PoisonError::into_inner).insert(gate.to_owned());
}

fn wait_for(gate: &str) {
    while !OPEN.lock().unwrap_or_else(PoisonError::into_inner).contains(gate) {
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// Opens a gate at the end of a test, so that no thread is left over.
struct Gate(&'static str);

impl Drop for Gate {
    fn drop(&mut self) {
        open(self.0);
    }
}

#[derive(Clone, Debug, PartialEq, Entity)]
struct Dot {
    #[entity(range = 0..=1000, predict = hold)]
    ticks: i32,
}

#[derive(Clone, Debug, Default, PartialEq, Input)]
struct Stick {
    #[input(range = 0..=1)]
    push: i8,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
enum Ask {
    /// Each further step takes 2.5 s.
    BeSlow,
    /// This step takes until the gate opens.
    Hang,
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct Settings {
    gate: String,
    /// What takes until the gate opens: making the room, or each step.
    hangs: String,
}

struct Hanging {
    settings: Settings,
    slow: bool,
}

impl Game for Hanging {
    type Settings = Settings;
    type Scene = ();
    type Input = Stick;
    type Entity = Dot;
    type State = ();
    type Context = ();
    type Event = u32;
    type Command = Ask;

    fn settings(base: &Settings, options: &Options) -> Result<Settings, Refusal> {
        let mut settings = base.clone();
        for (key, value) in options.iter() {
            match key {
                "gate" => settings.gate = value.to_owned(),
                "hangs" => settings.hangs = value.to_owned(),
                _ => return Err(Refusal::bad_option(key)),
            }
        }
        Ok(settings)
    }

    fn scene(_: &Settings, _: TickRate) -> Result<(), BadSettings> {
        Ok(())
    }

    fn players_max(_: &Settings) -> u16 {
        8
    }

    fn new(setup: &Setup<'_, Self>, _: &mut Stage<Self>) -> Self {
        let settings = setup.settings;
        if settings.hangs == "made" {
            wait_for(&settings.gate);
        }
        Self { settings: settings.clone(), slow: false }
    }

    fn join(&mut self, stage: &mut Stage<Self>, _: &Joining<'_, Self>) -> Result<EntityId, Refusal> {
        Ok(stage.world.spawn(Dot { ticks: 0 })?)
    }

    fn leave(&mut self, _: &mut Stage<Self>, _: PlayerId, _: LeaveReason) {}

    fn step(&mut self, stage: &mut Stage<Self>, turn: &Turn<'_, Self>) {
        for player in turn.players {
            if let Some(dot) = stage.world.get_mut(player.entity) {
                dot.ticks = (dot.ticks + 1) % 1000;
            }
        }
        for (_, ask) in turn.commands {
            match ask {
                Ask::BeSlow => self.slow = true,
                Ask::Hang => wait_for(&self.settings.gate),
            }
        }
        if self.settings.hangs == "step" {
            wait_for(&self.settings.gate);
        }
        if self.slow {
            std::thread::sleep(Duration::from_millis(2500));
        }
    }

    fn apply_input(_: &mut Dot, _: &Stick, _: &Step<'_, Self>) {}
}

fn hosted(server: ServerBuilder) -> ServerBuilder {
    let mut options = GameOptions::default();
    options.tick_rate = TickRate::new(64).unwrap();
    server.game::<Hanging>("hanging", options)
}

/// A server on two threads for rooms.
async fn start(limits: Limits) -> Running {
    let mut config = Config::default();
    config.limits = limits;
    config.shutdown_deadline_s = 2;
    let two = NonZeroUsize::new(2).unwrap();
    Running::of(hosted(Server::builder().config(config).room_threads(two))).await
}

fn option(key: &str, value: &str) -> (OptionText, OptionText) {
    (OptionText::new(key).unwrap(), OptionText::new(value).unwrap())
}

fn new_room(gate: &str) -> Target {
    Target::Create(Options::new(vec![option("gate", gate)]).unwrap())
}

async fn join(server: &Running, target: Target) -> Player<Hanging> {
    Player::join_game(server, "hanging", target).await
}

async fn play_on(player: &mut Player<Hanging>, ticks: i64) {
    let tick = player.client().latest().unwrap().tick;
    player.play_until(|client| client.latest().is_some_and(|latest| latest.tick.since(tick) > ticks)).await;
}

/// Makes two rooms and lets their games hang, or be slow; waits until the server has noticed.
async fn two_hang(server: &Running, gate: &str, ask: Ask) -> [Player<Hanging>; 2] {
    let mut players = [join(server, new_room(gate)).await, join(server, new_room(gate)).await];
    for player in &mut players {
        player.command(ask.clone());
        let room = player.client().room().unwrap().to_string();
        let is_known = || {
            server
                .handle
                .metrics_text()
                .contains(&format!("tickwire_hung_step_seconds{{game=\"hanging\",room=\"{room}\""))
        };
        player.play_until(|_| is_known()).await;
    }
    players
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn games_that_never_return_hold_up_nobody_else() {
    let _gate = Gate("never");
    let server = start(Limits::default()).await;
    let mut witness = join(&server, new_room("other")).await;
    let [one, _two] = Box::pin(two_hang(&server, "never", Ask::Hang)).await;

    play_on(&mut witness, 64).await;
    assert_status(&ask(server.players, &get("/healthz")).await, 200);
    assert_status(&ask(server.players, &get("/readyz")).await, 200);
    let metrics = ask(server.admin, &get("/metrics")).await;
    assert!(metrics.contains("tickwire_hangs_total 2"), "{metrics}");
    assert!(metrics.contains("tickwire_room_threads_apart 2"), "{metrics}");
    let mut new = join(&server, new_room("another")).await;
    play_on(&mut new, 10).await;

    // No match leads to a room that hangs.
    let room = one.client().room().unwrap();
    let options = Options::new(vec![option("gate", "never")]).unwrap();
    let matched = join(&server, Target::Match(options)).await;
    assert_ne!(matched.client().room(), Some(room));
    let refused = Player::<Hanging>::connect(&server, "hanging", Target::Room(room)).closed().await;
    assert_eq!(refused.code, CloseCode::TryLater, "{refused}");
    drop((witness, new, matched));
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn games_that_take_2_5_s_a_step_hold_up_nobody_else() {
    let server = start(Limits::default()).await;
    let mut witness = join(&server, new_room("other")).await;
    let [mut one, two] = Box::pin(two_hang(&server, "slow", Ask::BeSlow)).await;
    // While the slow room makes one step, the witness makes many: 160 if it is not blocked, 1 if it has to
    // wait.
    let (slow_tick, tick) = (one.client().latest().unwrap().tick, witness.client().latest().unwrap().tick);
    let is_done = |client: &Client<Hanging>| client.latest().is_some_and(|latest| latest.tick > slow_tick);
    let mut step = Box::pin(one.play_until(is_done));
    while tokio::select! { () = &mut step => false, () = play_on(&mut witness, 1) => true } {}
    drop(step);
    let steps = witness.client().latest().unwrap().tick.since(tick);
    assert!(steps > 32, "the witness made {steps} steps meanwhile");
    assert_status(&ask(server.players, &get("/healthz")).await, 200);
    let mut new = join(&server, new_room("another")).await;
    play_on(&mut new, 10).await;
    drop((witness, new, one, two));
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_operator_ends_a_room_that_hangs_and_its_thread_ends_with_the_game() {
    let _gate = Gate("ended");
    let mut limits = Limits::default();
    limits.room_idle_ms = 100;
    limits.resume_grace_ms = 100;
    let server = start(limits).await;
    let [one, two] = Box::pin(two_hang(&server, "ended", Ask::Hang)).await;
    for player in [one, two] {
        let room = player.client().room().unwrap();
        let close = format!("POST /rooms/{room}/close HTTP/1.1\r\nHost: localhost\r\n\r\n");
        assert_status(&ask(server.admin, &close).await, 200);
        assert_eq!(player.closed().await.code, CloseCode::Internal);
        assert!(server.handle.rooms().iter().all(|listed| listed.id != room.to_string()));
        assert_status(&ask(server.admin, &close).await, 404);
        let gone = Player::<Hanging>::connect(&server, "hanging", Target::Room(room)).closed().await;
        assert_eq!(gone.code, CloseCode::NoSuchRoom);
    }
    server.counted("tickwire_sessions 0").await;
    assert!(server.handle.metrics_text().contains("tickwire_room_threads_apart 2"));
    open("ended");
    server.counted("tickwire_room_threads_apart 0").await;
    server.counted("tickwire_rooms 0").await;
    assert!(!server.handle.metrics_text().contains("tickwire_hung_step_seconds{"));
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_room_that_goes_on_has_its_players_still() {
    let _gate = Gate("while");
    let server = start(Limits::default()).await;
    let [mut one, mut two] = Box::pin(two_hang(&server, "while", Ask::Hang)).await;
    // Longer than the room's inbox has space for: 128 messages of each member, 64 a second.
    let opener = tokio::task::spawn_blocking(|| {
        std::thread::sleep(Duration::from_secs(4));
        open("while");
    });
    tokio::join!(play_on(&mut one, 64), play_on(&mut two, 64));
    opener.await.unwrap();
    server.counted("tickwire_sessions 2").await;
    drop((one, two));
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_game_that_hangs_when_its_room_is_made_refuses_its_maker_alone() {
    let _gate = Gate("made");
    let server = start(Limits::default()).await;
    let hanging =
        || Target::Create(Options::new(vec![option("gate", "made"), option("hangs", "made")]).unwrap());
    let makers = [(); 2].map(|()| Player::<Hanging>::connect(&server, "hanging", hanging()));
    let [one, two] = makers.map(Player::closed);
    let others = async {
        server.counted("tickwire_room_threads_apart 2").await;
        let mut other = join(&server, new_room("other")).await;
        play_on(&mut other, 10).await;
    };
    let (one, two, ()) = tokio::join!(one, two, others);
    for close in [one, two] {
        assert_eq!(close.code, CloseCode::Internal);
        assert!(close.text.contains("too long"), "{close}");
    }
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn at_the_bound_of_hanging_games_no_room_is_made_until_one_goes_on() {
    let _gate = Gate("bound");
    let server = start(Limits::default()).await;
    let mut hanging = Vec::new();
    loop {
        let mut player = Player::<Hanging>::connect(&server, "hanging", new_room("bound"));
        player.play_until(|client| client.latest().is_some()).await;
        if ask(server.players, &get("/readyz")).await.contains("games hang") {
            break;
        }
        player.command(Ask::Hang);
        let before = hanging.len();
        player
            .play_until(|_| {
                server.handle.metrics_text().contains(&format!("tickwire_hangs_total {}", before + 1))
            })
            .await;
        hanging.push(player);
    }
    assert_eq!(hanging.len(), 32);
    let refused = Player::<Hanging>::connect(&server, "hanging", new_room("other")).closed().await;
    assert_eq!(refused.code, CloseCode::TryLater);
    open("bound");
    let ready = async {
        while !ask(server.players, &get("/readyz")).await.contains("ready") {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), ready).await.unwrap();
    join(&server, new_room("other")).await;
    drop(hanging);
    server.stop().await;
}

/// Lets the program's rooms tick in its runtime.
#[cfg(unix)]
const IN_RUNTIME: &str = "HANGING_IN_RUNTIME";

#[cfg(unix)]
#[test]
#[ignore = "serves; other tests run it as a program of their own"]
fn serve_a_game_that_hangs() {
    if let Some(args) = serve_args() {
        let in_runtime = std::env::var_os(IN_RUNTIME).is_some();
        let code =
            cli::run_from(
                args,
                |server| {
                    if in_runtime { hosted(server).rooms_in_runtime() } else { hosted(server) }
                },
            );
        assert_eq!(code, std::process::ExitCode::SUCCESS);
    }
}

/// Starts the program and lets as many games hang in it as there are cores, and one more.
#[cfg(unix)]
fn hanging(in_runtime: bool) -> (Serving, SocketAddr) {
    let args = ["--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0", "--shutdown-deadline-s", "1"];
    let mut serving = Serving::start_test("hung::serve_a_game_that_hangs", &args, |command| {
        if in_runtime {
            command.env(IN_RUNTIME, "yes");
        }
    });
    let mut told = BufReader::new(serving.child.stderr.take().unwrap()).lines().map(Result::unwrap);
    let line = told.find(|line| line.starts_with("metrics at")).unwrap();
    let admin = line.split_once("http://").unwrap().1.strip_suffix("/metrics").unwrap().parse().unwrap();
    // Nothing else reads the program's log.
    std::thread::spawn(move || told.for_each(drop));
    let cores = std::thread::available_parallelism().unwrap().get();
    for _ in 0..=cores {
        let mut socket = TcpStream::connect(serving.address()).unwrap();
        socket.write_all(UPGRADE.as_bytes()).unwrap();
        let options = Options::new(vec![option("gate", "none"), option("hangs", "step")]).unwrap();
        for message in hello_and_join(Target::Create(options)) {
            socket.write_all(&masked(&message)).unwrap();
        }
        // The Welcome has arrived: the rest is up to the server.
        read_head(&mut socket);
        read_frame(&mut socket);
    }
    (serving, admin)
}

#[cfg(unix)]
fn hello_and_join(target: Target) -> [ClientControl; 2] {
    let name = Name::new("ann").unwrap();
    let hello = Hello { version: PROTOCOL_VERSION, name, credential: Credential::Guest };
    let game = GameName::new("hanging").unwrap();
    [ClientControl::Hello(hello), ClientControl::Join(Join::new(game, 0, Role::Player, target))]
}

#[cfg(unix)]
#[test]
fn the_operator_is_answered_and_a_signal_ends_the_program_whatever_hangs() {
    for in_runtime in [false, true] {
        let (mut serving, admin) = hanging(in_runtime);
        let started = Instant::now();
        let metrics = loop {
            let mut socket = TcpStream::connect(admin).unwrap();
            socket.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
            socket
                .write_all(b"GET /metrics HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")
                .unwrap();
            let mut answer = String::new();
            socket.read_to_string(&mut answer).unwrap();
            // In the runtime no watchdog looks after games that hang, and no further room can be made.
            if in_runtime || answer.contains("\ntickwire_hung_step_seconds{") {
                break answer;
            }
            assert!(started.elapsed() < Duration::from_secs(20), "{answer}");
        };
        assert!(metrics.starts_with("HTTP/1.1 200"), "{metrics}");
        let pid = rustix::process::Pid::from_child(&serving.child);
        rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
        wait(&mut serving.child, Duration::from_secs(10));
        assert_eq!(serving.child.wait().unwrap().code(), Some(0));
    }
}
