//! Servers that share a directory, and what happens when it fails.

use crate::game::built;
use crate::lifecycle::settle;
use crate::player::Player;
use crate::raw::{Raw, hello};
use crate::shared_directory::{Fault, Shared};
use core::time::Duration;
use tickwire_server::{Limits, ServerHandle};
use tickwire_shared::id::{ResumeSecret, RoomId};
use tickwire_shared::wire::control::{Credential, Joined, OptionText, Options, Target};
use tickwire_shared::wire::{Advice, Close, CloseCode};
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::time::{Instant, sleep, timeout};

const NEW: Target = Target::Create(Options::none());
const ANY: Target = Target::Match(Options::none());

fn short_lived() -> Limits {
    let mut limits = Limits::default();
    limits.room_idle_ms = 50;
    limits.resume_grace_ms = 200;
    limits
}

async fn ask(handle: &ServerHandle, target: Target) -> Result<Joined, Close> {
    Raw::connect(handle).ask(target).await
}

async fn until(what: &str, mut done: impl FnMut() -> bool) {
    let waiting = async {
        while !done() {
            sleep(Duration::from_millis(5)).await;
        }
    };
    assert!(timeout(Duration::from_secs(60), waiting).await.is_ok(), "{what}");
}

#[tokio::test]
async fn two_servers_share_their_rooms() {
    let shared = Shared::default();
    let (_one, one) = shared.server("one", short_lived());
    let (_two, two) = shared.server("two", short_lived());
    let player = Player::join(&one, NEW).await;
    let other = Player::join(&two, NEW).await;
    let mut nodes: Vec<_> =
        shared.records().iter().map(|record| (record.room, record.node.to_string())).collect();
    nodes.sort_by(|a, b| a.1.cmp(&b.1));
    assert_eq!(nodes, [(player.room(), "one".to_owned()), (other.room(), "two".to_owned())]);
    for handle in [&one, &two] {
        assert_eq!(handle.rooms_in_directory().await.unwrap().len(), 2);
        assert_eq!(handle.rooms().len(), 1, "a server lists the rooms that it hosts");
    }
    let close = ask(&two, Target::Room(player.room())).await.unwrap_err();
    assert_eq!((close.code, close.advice), (CloseCode::NoSuchRoom, Advice::Stop));
    assert!(close.text.contains("on `one`"), "{close}");
    let nowhere = RoomId::from_bits(player.room().bits() ^ 1);
    let close = ask(&two, Target::Room(nowhere)).await.unwrap_err();
    assert_eq!((close.code, close.advice), (CloseCode::NoSuchRoom, Advice::RetryAfter(0)));
    ask(&one, Target::Room(player.room())).await.expect("a seat");
    drop((player, other));
    settle(&one, Duration::from_secs(5)).await;
    settle(&two, Duration::from_secs(5)).await;
    assert_eq!(shared.records(), [], "rooms that have ended are released");
}

#[tokio::test]
async fn one_who_resumes_at_another_server_learns_where_the_room_is() {
    let shared = Shared::default();
    let (_one, one) = shared.server("one", Limits::default());
    let (_two, two) = shared.server("two", Limits::default());
    let (raw, joined) = Raw::in_new_room(&one).await;
    let secret = joined.secret.unwrap();
    drop(raw);
    let resume = async |handle: &ServerHandle| {
        let mut raw = Raw::connect(handle);
        raw.send(hello(Credential::Resume { secret, events_received: 0 })).await;
        raw.joined().await
    };
    let close = resume(&two).await.unwrap_err();
    assert!(close.code == CloseCode::NoSuchRoom && close.text.contains("on `one`"), "{close}");
    shared.fault("locate", Fault::Fails, 1);
    let close = resume(&two).await.unwrap_err();
    assert_eq!((close.code, close.advice), (CloseCode::TryLater, Advice::Resume));
    assert!(resume(&one).await.unwrap().resumed, "the seat is still there");
}

#[tokio::test]
async fn one_address_that_guesses_secrets_does_not_keep_the_directory_busy() {
    let shared = Shared::default();
    let mut limits = Limits::default();
    limits.joins_per_address_per_min = 3;
    let (_server, handle) = shared.server("one", limits);
    let mut codes = Vec::new();
    for bits in 0..5 {
        let secret = ResumeSecret { room: RoomId::from_bits(bits), key: [0; 16] };
        let mut raw = Raw::connect_from(&handle, "192.0.2.7");
        raw.send(hello(Credential::Resume { secret, events_received: 0 })).await;
        codes.push(raw.joined().await.unwrap_err().code);
    }
    let (bad, limited) = (CloseCode::BadResume, CloseCode::RateLimited);
    assert_eq!(codes, [bad, bad, bad, limited, limited]);
    assert_eq!(shared.calls("locate"), 3);
}

#[tokio::test]
async fn a_record_of_an_earlier_run_is_no_room() {
    let shared = Shared::default();
    let room = {
        let (_server, handle) = shared.server("one", Limits::default());
        Raw::in_new_room(&handle).await.1.room
    };
    let (_server, handle) = shared.server("one", Limits::default());
    let close = ask(&handle, Target::Room(room)).await.unwrap_err();
    assert_eq!((close.code, close.advice), (CloseCode::NoSuchRoom, Advice::RetryAfter(0)));
}

#[tokio::test]
async fn another_id_is_drawn_if_one_is_taken() {
    let shared = Shared::default();
    let (_server, handle) = shared.server("one", short_lived());
    shared.fault("claim", Fault::IsTaken, 2);
    let player = Player::join(&handle, NEW).await;
    assert_eq!((shared.calls("claim"), shared.calls("release")), (3, 0), "nobody else's room is released");
    assert_eq!(handle.balance().rooms, 1);
    drop(player);
    settle(&handle, Duration::from_secs(5)).await;
}

#[tokio::test(start_paused = true)]
async fn one_that_fails_hangs_or_panics_closes_those_who_need_it_with_1013() {
    for fault in [Fault::Fails, Fault::Hangs, Fault::Panics, Fault::IsLate] {
        let shared = Shared::default();
        let builder = shared.builder("one", short_lived()).rooms_in_runtime();
        let (_server, handle) = built(builder);
        let (mut own, joined) = Raw::in_new_room(&handle).await;
        for call in ["claim", "locate", "list"] {
            shared.fault(call, fault, u32::MAX);
        }
        let nowhere = RoomId::from_bits(joined.room.bits() ^ 1);
        let began = Instant::now();
        for target in [NEW, Target::Match(other_mode()), Target::Room(nowhere)] {
            let close = ask(&handle, target).await.unwrap_err();
            assert_eq!(
                (close.code, close.advice),
                (CloseCode::TryLater, Advice::RetryAfter(10_000)),
                "{fault:?}"
            );
        }
        assert!(handle.rooms_in_directory().await.is_err(), "{fault:?}");
        assert!(began.elapsed() < Duration::from_secs(10), "{fault:?}: {:?}", began.elapsed());
        ask(&handle, Target::Room(joined.room)).await.expect("a server finds its own rooms");
        ask(&handle, ANY).await.expect("a match finds them too");
        assert!(own.recv().await.is_some(), "the room goes on");
        let metrics = handle.metrics_text();
        assert!(metrics.contains("tickwire_directory_failures_total{call=\"claim\"} 2"), "{metrics}");
        until("what was claimed in vain is released", || handle.balance().rooms == 1).await;
        assert_eq!(shared.records().len(), 1, "{fault:?}");
        drop(own);
        settle(&handle, Duration::from_secs(30)).await;
        assert_eq!(shared.records(), []);
    }
}

fn other_mode() -> Options {
    Options::new(vec![(OptionText::cut("mode"), OptionText::cut("duel"))]).unwrap()
}

#[tokio::test(start_paused = true)]
async fn many_who_look_for_a_match_while_it_hangs_are_all_answered() {
    let shared = Shared::default();
    let (_server, handle) = built(shared.builder("one", Limits::default()).rooms_in_runtime());
    shared.fault("claim", Fault::Hangs, u32::MAX);
    let asking: Vec<_> = (0..40)
        .map(|_| {
            let handle = handle.clone();
            tokio::spawn(async move { ask(&handle, ANY).await })
        })
        .collect();
    let began = Instant::now();
    for asked in asking {
        assert_eq!(asked.await.unwrap().unwrap_err().code, CloseCode::TryLater);
    }
    assert!(began.elapsed() < Duration::from_secs(15), "{:?}", began.elapsed());
}

#[tokio::test(start_paused = true)]
async fn a_room_that_cannot_be_released_is_tried_again() {
    let shared = Shared::default();
    let (_server, handle) = built(shared.builder("one", short_lived()).rooms_in_runtime());
    shared.fault("release", Fault::Fails, 3);
    drop(Raw::in_new_room(&handle).await);
    until("the room ends", || handle.rooms().is_empty()).await;
    settle(&handle, Duration::from_secs(60)).await;
    assert_eq!((shared.calls("release"), shared.records().len()), (4, 0));
    assert!(handle.metrics_text().contains("tickwire_directory_records_left_total 0"));
}

#[tokio::test(start_paused = true)]
async fn a_room_that_is_never_released_counts_for_half_a_minute() {
    let shared = Shared::default();
    let mut limits = short_lived();
    limits.rooms_max = 1;
    let (_server, handle) = built(shared.builder("one", limits).rooms_in_runtime());
    shared.fault("release", Fault::Hangs, u32::MAX);
    drop(Raw::in_new_room(&handle).await);
    until("the room ends", || handle.rooms().is_empty()).await;
    let close = ask(&handle, NEW).await.unwrap_err();
    assert!(close.code == CloseCode::TryLater && close.text.contains("limit of rooms"), "{close}");
    settle(&handle, Duration::from_secs(30)).await;
    assert_eq!((shared.calls("release"), shared.records().len()), (5, 1));
    assert!(handle.metrics_text().contains("tickwire_directory_records_left_total 1"));
    ask(&handle, NEW).await.expect("there is room again");
}

#[tokio::test(start_paused = true)]
async fn a_room_that_nobody_wants_any_more_is_released() {
    for fault in [Fault::IsSlow, Fault::IsLate] {
        let shared = Shared::default();
        let (server, handle) = built(shared.builder("one", Limits::default()).rooms_in_runtime());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (stop, stopped) = oneshot::channel::<()>();
        let running = tokio::spawn(server.run(listener, async {
            let _ = stopped.await;
        }));
        shared.fault("claim", fault, 1);
        let asking = tokio::spawn({
            let handle = handle.clone();
            async move { ask(&handle, NEW).await }
        });
        until("the room is claimed", || !shared.records().is_empty()).await;
        stop.send(()).unwrap();
        let close = asking.await.unwrap().unwrap_err();
        assert_eq!(close.code, CloseCode::GoingAway, "nobody waits for the directory");
        running.await.unwrap().unwrap();
        assert_eq!(shared.records(), [], "{fault:?}: the server released it before it stopped");
        settle(&handle, Duration::from_secs(1)).await;
    }
}
