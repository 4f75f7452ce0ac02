//! The time limits of a session, in virtual time, with a hand-written WebSocket client over a pipe.

use crate::config::{GameOptions, Limits};
use crate::hub::{Hub, Seams};
use crate::metrics::Metrics;
use crate::room_threads::RoomThreads;
use crate::transport::memory::MemoryConnection;
use crate::transport::peer::Peer;
use bytes::Bytes;
use std::sync::Arc;
use std::time::Duration;
use tickwire_arena::Arena;
use tickwire_shared::game::{Game, LeaveReason};
use tickwire_shared::limits::{HELLO_TIMEOUT_MS, PROTOCOL_VERSION};
use tickwire_shared::wire::control::{
    ClientControl, Credential, GameName, Hello, Join, Joined, Name, Options, Role, ServerControl, Target,
};
use tickwire_shared::wire::frame::{ClientFrame, TAG_FRAME};
use tickwire_shared::wire::{Advice, CloseCode};
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, ReadHalf, WriteHalf, split};
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep, timeout};

struct Client {
    metrics: Arc<Metrics>,
    reader: ReadHalf<DuplexStream>,
    writer: WriteHalf<DuplexStream>,
    session: JoinHandle<()>,
    began: Instant,
}

fn masked(first: u8, payload: &[u8]) -> Vec<u8> {
    let mut frame = vec![first, 0x80 | u8::try_from(payload.len()).unwrap(), 0, 0, 0, 0];
    frame.extend_from_slice(payload);
    frame
}

impl Client {
    /// A connection through a pipe that holds `pipe_bytes`.
    fn connect(pipe_bytes: usize) -> Self {
        let metrics = Arc::new(Metrics::new());
        let mut hub = Hub::new(
            Limits::default(),
            Vec::new(),
            metrics.clone(),
            RoomThreads::InRuntime,
            Seams::default(),
        );
        hub.add_game::<Arena>(GameName::new("arena").unwrap(), GameOptions::default(), ()).unwrap();
        let (near, far) = tokio::io::duplex(pipe_bytes);
        let session =
            tokio::spawn(super::serve_websocket(&Arc::new(hub), near, Bytes::new(), Peer::Memory.into()));
        let (reader, writer) = split(far);
        Self { metrics, reader, writer, session, began: Instant::now() }
    }

    async fn say(&mut self, message: &ClientControl) {
        self.writer.write_all(&masked(0x82, &message.encode().unwrap())).await.unwrap();
    }

    async fn hello(&mut self) {
        let name = Name::new("silent").unwrap();
        let hello = Hello { version: PROTOCOL_VERSION, name, credential: Credential::Guest };
        self.say(&ClientControl::Hello(hello)).await;
    }

    async fn join(pipe_bytes: usize) -> Self {
        let mut client = Self::connect(pipe_bytes);
        client.hello().await;
        let game = GameName::new("arena").unwrap();
        let target = Target::Match(Options::none());
        client.say(&ClientControl::Join(Join::new(game, 0, Role::Player, target))).await;
        client
    }

    /// Reads and discards until the session is over. Returns how long it lasted and how it was counted.
    async fn ended(mut self) -> (Duration, CloseCode) {
        let draining = async {
            let mut scratch = [0; 4096];
            while matches!(self.reader.read(&mut scratch).await, Ok(1..)) {}
        };
        draining.await;
        let lasted = self.began.elapsed();
        drop((self.reader, self.writer));
        self.session.await.unwrap();
        (lasted, counted(&self.metrics))
    }
}

fn counted(metrics: &Metrics) -> CloseCode {
    let text = metrics.render(crate::metrics::Form::OpenMetrics);
    let line = text.lines().find(|line| line.starts_with("tickwire_closes_total") && line.ends_with(" 1"));
    let code = line.and_then(|line| line.split('"').nth(1)).and_then(|code| code.parse().ok());
    CloseCode::from_code(code.expect("one session was closed with a code")).unwrap()
}

fn about(seconds: u64, lasted: Duration) -> bool {
    (Duration::from_secs(seconds)..Duration::from_secs(seconds + 6)).contains(&lasted)
}

/// The server's first message to a client that sends its `Hello` after `wait`, and when it arrived.
async fn answer_to_hello_after(wait: Duration) -> (ServerControl, Duration) {
    let mut client = Client::connect(4096);
    let mut bytes = [0; 1024];
    let read = match timeout(wait, client.reader.read(&mut bytes)).await {
        Ok(closed) => closed,
        Err(_) => {
            client.hello().await;
            client.reader.read(&mut bytes).await
        }
    };
    assert!(read.unwrap() > 2);
    (ServerControl::decode(&bytes[2..2 + usize::from(bytes[1])]).unwrap(), client.began.elapsed())
}

#[tokio::test(start_paused = true)]
async fn hello_timeout_ms() {
    let (most, spare) = (Duration::from_millis(HELLO_TIMEOUT_MS), Duration::from_millis(2));
    let (answer, _) = answer_to_hello_after(most - spare).await;
    assert!(matches!(answer, ServerControl::Welcome(_)), "{answer:?}");
    let (answer, came) = answer_to_hello_after(most + spare).await;
    assert!(matches!(&answer, ServerControl::Close(close) if close.code == CloseCode::Timeout), "{answer:?}");
    assert!(came >= most && came < most + spare, "{came:?}");
    let (lasted, code) = Client::connect(4096).ended().await;
    assert_eq!(code, CloseCode::Timeout);
    assert!(about(5, lasted), "{lasted:?}");
}

/// The server's answer to a `Hello` of this version.
async fn answer_to_version(version: u16) -> ServerControl {
    let hub =
        Hub::new(Limits::default(), Vec::new(), Arc::default(), RoomThreads::InRuntime, Seams::default());
    let mut link = super::connect_memory(&Arc::new(hub), Peer::Memory);
    let hello = Hello { version, name: Name::new("ada").unwrap(), credential: Credential::Guest };
    link.send(ClientControl::Hello(hello).encode().unwrap()).await.unwrap();
    ServerControl::decode(&link.recv().await.unwrap()).unwrap()
}

#[tokio::test(start_paused = true)]
async fn protocol_version() {
    assert!(matches!(answer_to_version(PROTOCOL_VERSION).await, ServerControl::Welcome(_)));
    for other in [0, PROTOCOL_VERSION + 1, 99, u16::MAX] {
        let answer = answer_to_version(other).await;
        let ServerControl::Close(close) = answer else { panic!("version {other}: {answer:?}") };
        assert_eq!((close.code, close.advice), (CloseCode::Mismatch, Advice::Upgrade), "version {other}");
        assert!(close.text.contains(&other.to_string()), "{close}");
    }
}

#[tokio::test(start_paused = true)]
async fn one_without_a_seat_is_not_advised_to_resume() {
    let mut client = Client::connect(4096);
    let mut bytes = Vec::new();
    client.reader.read_to_end(&mut bytes).await.unwrap();
    let length = usize::from(bytes[1]);
    let Ok(ServerControl::Close(close)) = ServerControl::decode(&bytes[2..2 + length]) else {
        panic!("the first message is no Close: {bytes:?}");
    };
    assert_eq!(close.code, CloseCode::Timeout);
    assert!(matches!(close.advice, Advice::RetryAfter(1..)), "{close}");
}

#[tokio::test(start_paused = true)]
async fn a_client_that_never_joins_is_closed_after_30_s() {
    let mut client = Client::connect(4096);
    client.hello().await;
    let (lasted, code) = client.ended().await;
    assert_eq!(code, CloseCode::Timeout);
    assert!(about(30, lasted), "{lasted:?}");
}

#[tokio::test(start_paused = true)]
async fn a_member_that_does_not_answer_pings_is_dead_after_30_s() {
    let (lasted, code) = Client::join(65_536).await.ended().await;
    assert_eq!(code, CloseCode::Timeout);
    assert!(about(30, lasted), "{lasted:?}");
}

#[tokio::test(start_paused = true)]
async fn a_client_that_only_pongs_lives_but_is_idle_after_60_s() {
    let mut client = Client::join(1 << 20).await;
    while !client.session.is_finished() {
        sleep(Duration::from_secs(4)).await;
        let _ = client.writer.write_all(&masked(0x8a, &[])).await;
        let mut scratch = [0; 65_536];
        while let Ok(Ok(1..)) = timeout(Duration::ZERO, client.reader.read(&mut scratch)).await {}
        assert!(client.began.elapsed() < Duration::from_secs(120));
    }
    assert!(about(60, client.began.elapsed()), "{:?}", client.began.elapsed());
    assert_eq!(counted(&client.metrics), CloseCode::Idle);
}

#[tokio::test(start_paused = true)]
async fn a_member_that_takes_nothing_for_30_s_is_too_slow() {
    let mut client = Client::join(64).await;
    while !client.session.is_finished() {
        sleep(Duration::from_secs(4)).await;
        let _ = timeout(Duration::from_secs(1), client.writer.write_all(&masked(0x89, &[]))).await;
        assert!(client.began.elapsed() < Duration::from_secs(60));
    }
    assert!(about(30, client.began.elapsed() - Duration::from_secs(4)), "{:?}", client.began.elapsed());
    assert_eq!(counted(&client.metrics), CloseCode::TooSlow);
}

#[tokio::test(start_paused = true)]
async fn a_flood_is_ended_with_4008_after_10_s() {
    let mut client = Client::join(1 << 20).await;
    let mut flood = Vec::new();
    for _ in 0..100 {
        // Empty frames: a stamp, and zeros for nothing of each kind.
        let frame = ClientFrame::<<Arena as Game>::Input>::default();
        let bytes = frame.encode();
        assert_eq!(bytes[0], TAG_FRAME);
        flood.extend(masked(0x82, &bytes));
    }
    let mut scratch = [0; 65_536];
    while !client.session.is_finished() {
        let _ = timeout(Duration::from_millis(50), client.writer.write_all(&flood)).await;
        while let Ok(Ok(1..)) = timeout(Duration::ZERO, client.reader.read(&mut scratch)).await {}
        sleep(Duration::from_millis(50)).await;
        assert!(client.began.elapsed() < Duration::from_secs(30));
    }
    assert!(client.began.elapsed() >= Duration::from_secs(10));
    assert_eq!(counted(&client.metrics), CloseCode::RateLimited);
}

async fn say_hello(link: &mut MemoryConnection, name: &str, credential: Credential) {
    let name = Name::new(name).unwrap();
    let hello = Hello { version: PROTOCOL_VERSION, name, credential };
    link.send(ClientControl::Hello(hello).encode().unwrap()).await.unwrap();
}

async fn joined(link: &mut MemoryConnection) -> Joined {
    loop {
        let message = link.recv().await.unwrap();
        if let Ok(ServerControl::Joined(joined)) = ServerControl::decode(&message) {
            return joined;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn one_who_resumes_goes_on_under_the_name_with_which_it_joined() {
    let mut hub =
        Hub::new(Limits::default(), Vec::new(), Arc::default(), RoomThreads::InRuntime, Seams::default());
    let game = GameName::new("arena").unwrap();
    hub.add_game::<Arena>(game.clone(), GameOptions::default(), ()).unwrap();
    let hub = Arc::new(hub);
    let mut first = super::connect_memory(&hub, Peer::Memory);
    say_hello(&mut first, "ada", Credential::Guest).await;
    let target = Target::Create(Options::none());
    let join = ClientControl::Join(Join::new(game, 0, Role::Player, target));
    first.send(join.encode().unwrap()).await.unwrap();
    let secret = joined(&mut first).await.secret.unwrap();
    drop(first);
    let mut second = super::connect_memory(&hub, Peer::Memory);
    say_hello(&mut second, "mallory", Credential::Resume { secret, events_received: 0 }).await;
    let again = joined(&mut second).await;
    assert_eq!(&*again.roster[0].name, "ada");
    // The listing and the log have it from the same call.
    let names = || hub.session_views(10).0.into_iter().map(|view| view.player).collect::<Vec<_>>();
    assert_eq!(names().last().unwrap().as_deref(), Some("ada"));
}

/// A joined, silent client may take 12 KiB in total; its session's future is one part of that.
#[tokio::test]
async fn the_future_of_a_session_is_small() {
    let hub = Arc::new(Hub::new(
        Limits::default(),
        Vec::new(),
        Arc::default(),
        RoomThreads::InRuntime,
        Seams::default(),
    ));
    let (near, _far) = tokio::io::duplex(64);
    let session = super::serve_websocket(&hub, near, Bytes::new(), Peer::Memory.into());
    let bytes = size_of_val(&session);
    assert!(bytes <= 1536, "{bytes} bytes");
}

#[test]
fn a_game_hears_whether_a_player_left_or_was_removed() {
    use super::{Ending, Parting};
    let of = |code: CloseCode| Ending::Closed(code.into()).parting();
    for code in [CloseCode::Kicked, CloseCode::DecodeError, CloseCode::RateLimited, CloseCode::Idle] {
        assert_eq!(of(code), Parting::Leave(LeaveReason::Removed), "{code:?}");
    }
    assert_eq!(of(CloseCode::GoingAway), Parting::Leave(LeaveReason::RoomClosed));
    let left = Parting::Leave(LeaveReason::Left);
    assert_eq!([of(CloseCode::Normal), Ending::ByPeer(Some(1000)).parting()], [left, left]);
    assert_eq!([Ending::ByPeer(Some(1001)).parting(), Ending::Cut.parting()], [Parting::Cut, Parting::Cut]);
}
