//! Hostile clients next to a witness room, which must not notice them.
//!
//! Everything uses the in-memory transport: these tests check what a session does with whole messages.

use crate::game::{Ask, Dots, Stick, server};
use crate::player::Player;
use crate::raw::{Raw, hello, join};
use core::time::Duration;
use tickwire_server::{Limits, ServerHandle};
use tickwire_shared::coding::codec;
use tickwire_shared::entity::OnGrid;
use tickwire_shared::id::{EntityId, ResumeSecret, RoomId, StreamId};
use tickwire_shared::limits::{INBOUND_BYTES_MAX, PROTOCOL_VERSION};
use tickwire_shared::room::game_schema_hash;
use tickwire_shared::tick::Tick;
use tickwire_shared::wire::control::{
    ClientControl, Credential, Desync, GameName, Hello, Join, List, Name, OptionText, Options, Role,
    ServerControl, Target,
};
use tickwire_shared::wire::frame::{ClientFrame, Numbered};
use tickwire_shared::wire::{Advice, Close, CloseCode};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};

const AT_ONCE: usize = 200;

/// A server with a witness that plays in a room of its own while `attack` runs.
async fn beside_a_witness<F: Future<Output = ()>>(attack: impl FnOnce(ServerHandle, RoomId) -> F) {
    let mut limits = Limits::default();
    limits.resume_grace_ms = 0;
    limits.room_idle_ms = 1_000;
    limits.rooms_max = 5_000;
    let (_server, handle) = server(limits, 60, 500);
    let mut witness = Box::new(Player::join(&handle, Target::Create(Options::none())).await);
    let target = Player::join(&handle, Target::Create(Options::none())).await;
    let mut attack = Box::pin(attack(handle.clone(), target.room()));
    loop {
        tokio::select! {
            () = &mut attack => break,
            () = witness.play_for(Duration::from_millis(100)) => {
                assert!(witness.client.is_playing(), "{:?}", witness.client.state());
            }
        }
    }
    witness.play_for(Duration::from_millis(300)).await;
    let stats = witness.client.stats();
    assert!(witness.client.is_playing());
    assert!(witness.gap_max < Duration::from_millis(1_000), "a gap of {:?}", witness.gap_max);
    assert_eq!((stats.decode_errors, stats.hash_mismatches), (0, 0));
    assert!(stats.snapshots > 10 && witness.client.latest().unwrap().rows().count() == 1);
}

fn stick() -> OnGrid<Stick> {
    OnGrid::new(&Stick { push: -7, ..Stick::default() })
}

fn frame() -> ClientFrame<Stick> {
    let commands = [Ask::Echo(0xdead_beef), Ask::Echo(1)];
    let items = commands.iter().map(|ask| codec::encode(ask).unwrap().into()).collect();
    ClientFrame {
        stamp_ms: 0xaaaa,
        view: Some((Tick(3), 77)),
        commands: Numbered { first: 1, items },
        inputs: vec![(Tick(9), stick()), (Tick(10), stick()), (Tick(12), stick())].into(),
        ..ClientFrame::default()
    }
}

fn secret() -> ResumeSecret {
    ResumeSecret { room: RoomId::from_bits(0x12_3456_789a), key: [0x5a; 16] }
}

fn options() -> Options {
    Options::new(vec![(OptionText::new("mode").unwrap(), OptionText::new("duel").unwrap())]).unwrap()
}

/// Every kind of message that opens a session.
fn openings() -> Vec<Vec<u8>> {
    let ticket = List::try_from(vec![7; 9]).unwrap();
    vec![
        hello(Credential::Guest),
        hello(Credential::Ticket(ticket)),
        hello(Credential::Resume { secret: secret(), events_received: 300 }),
    ]
}

/// Every kind of message that asks for a room.
fn joins(room: RoomId) -> Vec<Vec<u8>> {
    vec![join(Target::Room(room)), join(Target::Match(options())), join(Target::Create(options()))]
}

/// Every kind of message that a member may send.
fn member_messages() -> Vec<Vec<u8>> {
    let desync = Desync {
        stream: StreamId::ROOM,
        tick: Tick(64),
        entity: EntityId(1),
        field: Some(1),
        client: -5,
        server: 70_000,
    };
    vec![
        frame().encode(),
        ClientFrame::<Stick>::default().encode(),
        ClientControl::Leave.encode().unwrap(),
        ClientControl::Repair { stream: StreamId::ROOM, tick: Tick(0) }.encode().unwrap(),
        ClientControl::Desync(desync).encode().unwrap(),
    ]
}

/// `message` with each single bit flipped.
fn flips(message: &[u8]) -> impl Iterator<Item = Vec<u8>> {
    (0..message.len() * 8).map(|bit| {
        let mut flipped = message.to_vec();
        flipped[bit / 8] ^= 1 << (bit % 8);
        flipped
    })
}

/// All proper prefixes of `message`.
fn prefixes(message: &[u8]) -> impl Iterator<Item = Vec<u8>> {
    (0..message.len()).map(|end| message[..end].to_vec())
}

/// The stage of a session at which a message is sent.
#[derive(Clone, Copy)]
enum Stage {
    First,
    AfterHello,
    InRoom(RoomId),
}

/// Sends `message` at its stage, then ends the session as an honest client would. Returns how the session
/// ended.
async fn outcome(handle: &ServerHandle, stage: Stage, message: Vec<u8>) -> Close {
    let leave = ClientControl::Leave.encode().unwrap();
    let mut raw = match stage {
        Stage::InRoom(room) => Raw::in_room(handle, room).await,
        _ => Raw::connect(handle),
    };
    match stage {
        Stage::First => {
            raw.send(message).await;
            raw.send(join(Target::Match(Options::none()))).await;
        }
        Stage::AfterHello => {
            raw.send(hello(Credential::Guest)).await;
            raw.send(message).await;
        }
        Stage::InRoom(_) => raw.send(message).await,
    }
    raw.send(leave).await;
    raw.close_message().await
}

/// Sends each message in its own session, many at once, and checks each outcome.
async fn attack(
    handle: &ServerHandle,
    stage: Stage,
    messages: impl Iterator<Item = Vec<u8>>,
    permitted: &'static [CloseCode],
) {
    let mut running = JoinSet::new();
    let check = |done: Option<Result<(Vec<u8>, Close), tokio::task::JoinError>>| {
        if let Some(done) = done {
            let (message, close) = done.unwrap();
            assert!(permitted.contains(&close.code), "{message:?} was answered with {close}");
        }
    };
    for message in messages {
        if running.len() >= AT_ONCE {
            check(running.join_next().await);
        }
        let handle = handle.clone();
        running.spawn(async move {
            let close = outcome(&handle, stage, message.clone()).await;
            (message, close)
        });
    }
    while let Some(done) = running.join_next().await {
        check(Some(done));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_beginning_of_every_message_is_a_decode_error() {
    beside_a_witness(|handle, room| async move {
        let only = &[CloseCode::DecodeError];
        for message in openings() {
            attack(&handle, Stage::First, prefixes(&message), only).await;
        }
        for message in joins(room) {
            attack(&handle, Stage::AfterHello, prefixes(&message), only).await;
        }
        for message in member_messages() {
            attack(&handle, Stage::InRoom(room), prefixes(&message), only).await;
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_flipped_bit_does_more_than_end_its_own_session() {
    use CloseCode::{
        AlreadyJoined, AuthFailed, BadResume, DecodeError, Mismatch, NoSuchRoom, Normal, Policy,
        UnknownMessage,
    };
    beside_a_witness(|handle, room| async move {
        for message in openings() {
            let permitted = &[Normal, DecodeError, UnknownMessage, Mismatch, AuthFailed, BadResume];
            attack(&handle, Stage::First, flips(&message), permitted).await;
        }
        for message in joins(room) {
            let permitted = &[Normal, DecodeError, UnknownMessage, Mismatch, NoSuchRoom, Policy];
            attack(&handle, Stage::AfterHello, flips(&message), permitted).await;
        }
        for message in member_messages() {
            let permitted = &[Normal, DecodeError, UnknownMessage, AlreadyJoined, Policy];
            attack(&handle, Stage::InRoom(room), flips(&message), permitted).await;
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn unknown_tags_leftovers_and_oversize_have_their_codes() {
    beside_a_witness(|handle, room| async move {
        let stages = [Stage::First, Stage::AfterHello, Stage::InRoom(room)];
        for stage in stages {
            let tags = (2..=255).map(|tag| vec![tag, 0, 0, 0]);
            attack(&handle, stage, tags, &[CloseCode::UnknownMessage]).await;
            let variants = (8..=250).step_by(7).map(|variant| vec![0, variant, 0, 0]);
            attack(&handle, stage, variants, &[CloseCode::UnknownMessage]).await;
            let of_more_bytes = [vec![0, 251, 251, 0], vec![0, 252, 0, 0, 1, 0]].into_iter();
            attack(&handle, stage, of_more_bytes, &[CloseCode::UnknownMessage]).await;
            // The number of Leave in a longer form; an option that begins with 2.
            let illegal = [vec![0, 251, 2, 0], vec![0, 5, 2, 7]].into_iter();
            attack(&handle, stage, illegal, &[CloseCode::DecodeError]).await;
            let long = [vec![1; INBOUND_BYTES_MAX + 1], vec![0; 1 << 20]].into_iter();
            attack(&handle, stage, long, &[CloseCode::TooBig]).await;
        }
        let with_leftover = |message: &Vec<u8>| [&message[..], &[0]].concat();
        let leftover = &[CloseCode::DecodeError];
        let messages: Vec<_> = openings().iter().map(with_leftover).collect();
        attack(&handle, Stage::First, messages.into_iter(), leftover).await;
        let messages: Vec<_> = joins(room).iter().map(with_leftover).collect();
        attack(&handle, Stage::AfterHello, messages.into_iter(), leftover).await;
        let messages: Vec<_> = member_messages().iter().map(with_leftover).collect();
        attack(&handle, Stage::InRoom(room), messages.into_iter(), leftover).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn huge_lengths_are_refused_without_memory() {
    beside_a_witness(|handle, room| async move {
        let refused = &[CloseCode::DecodeError];
        // The codec's longest form of a length, where a name, an option list or a ticket has its length.
        let huge = [253, 255, 255, 255, 255, 255, 255, 255, 127];
        let name = [&[0, 0, PROTOCOL_VERSION as u8][..], &huge, &[65; 40]].concat();
        let ticket = [&[0, 0, PROTOCOL_VERSION as u8, 1, 65, 1][..], &huge, &[65; 40]].concat();
        attack(&handle, Stage::First, [name, ticket].into_iter(), refused).await;
        let game = [&[0, 1][..], &huge, &[65; 40]].concat();
        let list = [&[0, 1, 4, b'd', b'o', b't', b's', 0, 0, 1][..], &huge, &[65; 40]].concat();
        attack(&handle, Stage::AfterHello, [game, list].into_iter(), refused).await;
        // Zeros make the longest Exp-Golomb prefixes.
        let counts = (7..40).map(|bytes| {
            let mut frame = vec![0; bytes];
            frame[0] = 1;
            frame
        });
        attack(&handle, Stage::InRoom(room), counts, refused).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn messages_out_of_order_have_their_codes() {
    beside_a_witness(|handle, room| async move {
        let frame = frame().encode();
        let leave = ClientControl::Leave.encode().unwrap();
        let hello = hello(Credential::Guest);
        let join = join(Target::Room(room));
        for (stage, message, code) in [
            (Stage::First, &frame, CloseCode::DecodeError),
            (Stage::First, &leave, CloseCode::DecodeError),
            (Stage::First, &join, CloseCode::DecodeError),
            (Stage::AfterHello, &frame, CloseCode::DecodeError),
            (Stage::AfterHello, &leave, CloseCode::DecodeError),
            (Stage::AfterHello, &hello, CloseCode::DecodeError),
            (Stage::InRoom(room), &hello, CloseCode::DecodeError),
            (Stage::InRoom(room), &join, CloseCode::AlreadyJoined),
        ] {
            let close = outcome(&handle, stage, message.clone()).await;
            assert_eq!(close.code, code, "{message:?}: {close}");
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hello_or_join_that_does_not_fit_is_told_what_would() {
    beside_a_witness(|handle, _| async move {
        let name = Name::new("mallory").unwrap();
        let hello = Hello { version: 99, name, credential: Credential::Guest };
        let close = outcome(&handle, Stage::First, ClientControl::Hello(hello).encode().unwrap()).await;
        assert_eq!(close.code, CloseCode::Mismatch);
        assert!(close.text.contains("99") && close.text.contains('1'), "{close}");
        let ask = |game: &str, schema_hash| {
            let target = Target::Match(Options::none());
            Join::new(GameName::new(game).unwrap(), schema_hash, Role::Player, target)
        };
        let unknown = ClientControl::Join(ask("chess", 0)).encode().unwrap();
        let close = outcome(&handle, Stage::AfterHello, unknown).await;
        assert_eq!(close.code, CloseCode::Mismatch);
        assert!(close.text.contains("`chess`") && close.text.contains("only `dots`"), "{close}");
        assert_eq!(close.advice, Advice::Stop, "a newer client would not find the game either");
        let other = ClientControl::Join(ask("dots", 0x1234_5678)).encode().unwrap();
        let close = outcome(&handle, Stage::AfterHello, other).await;
        assert_eq!(close.code, CloseCode::Mismatch);
        let ours = format!("{:016x}", game_schema_hash::<Dots>());
        assert!(close.text.contains("0000000012345678") && close.text.contains(&ours), "{close}");
        assert!(close.text.contains("another version"), "{close}");
        assert_eq!(close.advice, Advice::Upgrade);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn acks_of_what_was_never_sent_are_decode_errors() {
    beside_a_witness(|handle, room| async move {
        for frame in [
            ClientFrame::<Stick> { snapshot_ack: Some(Tick(u32::MAX)), ..ClientFrame::default() },
            ClientFrame::<Stick> { snapshot_ack: Some(Tick(1_000_000)), ..ClientFrame::default() },
            ClientFrame::<Stick> { event_ack: Some(1_000), ..ClientFrame::default() },
        ] {
            let close = outcome(&handle, Stage::InRoom(room), frame.encode()).await;
            assert_eq!(close.code, CloseCode::DecodeError, "{frame:?}");
        }
        let repair = ClientControl::Repair { stream: StreamId(9), tick: Tick(1) }.encode().unwrap();
        let close = outcome(&handle, Stage::InRoom(room), repair).await;
        assert_eq!(close.code, CloseCode::DecodeError);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn inputs_far_in_the_past_and_future_are_refused_and_counted_not_fatal() {
    beside_a_witness(|handle, room| async move {
        for tick in [0, 1, 100_000, u32::MAX - 40, u32::MAX] {
            let frame = ClientFrame { inputs: [(Tick(tick), stick())].into(), ..ClientFrame::default() };
            let close = outcome(&handle, Stage::InRoom(room), frame.encode()).await;
            assert_eq!(close.code, CloseCode::Normal, "{tick}: {close}");
        }
        let refused = || -> u32 {
            let metrics = handle.metrics_text();
            let line =
                metrics.lines().find(|line| line.starts_with("tickwire_inputs_total{fate=\"refused\"}"));
            line.unwrap().rsplit(' ').next().unwrap().parse().unwrap()
        };
        // A room publishes its numbers at intervals.
        let end = Instant::now() + Duration::from_secs(10);
        while refused() < 3 {
            assert!(Instant::now() < end, "{} of 3 at least", refused());
            sleep(Duration::from_millis(10)).await;
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn values_off_the_grid_are_decode_errors() {
    beside_a_witness(|handle, room| async move {
        // `push` has 21 values in 5 bits: all ones is not one of them.
        let mut bytes = frame().encode();
        let at = bytes.len() - 1;
        bytes[at] = 0xff;
        bytes[at - 1] = 0xff;
        let close = outcome(&handle, Stage::InRoom(room), bytes).await;
        assert_eq!(close.code, CloseCode::DecodeError);
        let mut raw = Raw::in_room(&handle, room).await;
        let text = ClientControl::Hello(Hello {
            version: PROTOCOL_VERSION,
            name: Name::new("a").unwrap(),
            credential: Credential::Guest,
        });
        // A control character where the name has its only letter.
        let mut bytes = text.encode().unwrap();
        let letter = bytes.iter().position(|&byte| byte == b'a').unwrap();
        bytes[letter] = 7;
        let close = outcome(&handle, Stage::First, bytes).await;
        assert_eq!(close.code, CloseCode::DecodeError);
        raw.send(ClientControl::Leave.encode().unwrap()).await;
        assert_eq!(raw.close_message().await.code, CloseCode::Normal);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flood_of_frames_is_slowed_down_and_delays_nobody() {
    beside_a_witness(|handle, room| async move {
        let mut raw = Raw::in_room(&handle, room).await;
        let frame = ClientFrame::<Stick>::default().encode();
        let flood = async {
            for _ in 0..400 {
                raw.send(frame.clone()).await;
                // The server's updates are read, so that only what is sent is too much.
                while let Ok(Some(_)) = tokio::time::timeout(Duration::ZERO, raw.recv()).await {}
            }
        };
        let began = Instant::now();
        flood.await;
        assert!(
            began.elapsed() > Duration::from_millis(1_500),
            "150 a second go through: {:?}",
            began.elapsed()
        );
        raw.send(ClientControl::Leave.encode().unwrap()).await;
        let ServerControl::Close(close) = raw.control().await else { panic!("a Close message") };
        assert_eq!(close.code, CloseCode::Normal, "it was slowed down, not ended");
    })
    .await;
}
