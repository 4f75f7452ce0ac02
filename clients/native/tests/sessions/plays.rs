//! What a connection is like while all goes well.

use crate::headless;
use crate::support::{GameServer, Line, ended, joined, next};
use std::time::Duration;
use tickwire_arena::{Arena, ArenaInput, Command, Event as News};
use tickwire_client_native::{Config, End, Event, connect, connect_task};
use tickwire_shared::client::ClientEvent;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_headless_example_plays_resumes_after_a_cut_and_leaves() {
    let server = GameServer::start().await;
    let line = Line::to(server.address).await;
    let url = line.url();
    let played = tokio::task::spawn_blocking(move || {
        let mut out = Vec::new();
        let config = Config::player("arena", "headless");
        let end = headless::play(&url, config, Duration::from_secs(4), &mut out);
        (end, String::from_utf8(out).expect("text"))
    });
    server.wait_for_players(1).await;
    tokio::time::sleep(Duration::from_millis(500)).await;
    line.cut();
    let (end, text) = played.await.expect("it does not panic");
    assert_eq!(end.expect("it starts"), End::Left, "{text}");
    let joined: Vec<&str> = text.lines().filter(|line| line.starts_with("joined: Some(PlayerId(")).collect();
    assert!(joined.len() == 2 && joined.first() == joined.last(), "{text}");
    assert!(text.contains("the connection was lost") && text.contains("again in"), "{text}");
    server.wait_for_players(0).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_headless_example_says_why_it_is_refused() {
    let server = GameServer::start().await;
    let url = server.url();
    let played = tokio::task::spawn_blocking(move || {
        let config = Config::player("arena", "headless").in_room("aaaaaaaa".parse().expect("an id"));
        headless::play(&url, config, Duration::from_secs(20), &mut Vec::new())
    });
    let end = played.await.expect("it does not panic").expect("it starts");
    assert!(end.to_string().starts_with("4010 no_such_room"), "{end}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_loop_that_never_waits_draws_its_own_entity_and_moves_it() {
    let server = GameServer::start().await;
    let mut connection = connect::<Arena>(&server.url(), Config::player("arena", "ada")).expect("it starts");
    assert!(connection.update(ArenaInput::default()).is_empty(), "nothing before the join");
    let drawn = tokio::task::spawn_blocking(move || {
        let mut places = Vec::new();
        for frame in 0..600 {
            let turn = if frame % 120 < 60 { 127 } else { -127 };
            connection.update(ArenaInput { move_x: turn, move_y: turn, ..ArenaInput::default() });
            while connection.poll_event().is_some() {}
            let own = connection.with(|client, _| client.own_id());
            let ship = connection.entities().iter().find(|(id, _)| Some(*id) == own);
            let ship = ship.and_then(|(_, entity)| entity.as_ship().map(|ship| ship.pos));
            places.extend(ship.filter(|place| !places.contains(place)));
            if places.len() > 30 {
                return true;
            }
            std::thread::sleep(Duration::from_millis(16));
        }
        false
    });
    assert!(drawn.await.expect("it does not panic"), "the ship was drawn in more than 30 places");
    // The handle is gone: that leaves.
    server.wait_for_players(0).await;
}

#[tokio::test]
async fn in_a_runtime_the_task_is_the_programs_and_ends_with_it() {
    let server = GameServer::start().await;
    let (mut connection, task) =
        connect_task::<Arena>(&server.url(), Config::spectator("arena", "eve")).expect("it starts");
    let task = tokio::spawn(task);
    joined(&mut connection).await;
    assert!(connection.with(|client, _| client.player()).is_none(), "a spectator");
    task.abort();
    assert_eq!(ended(&mut connection).await, End::Stopped);
    assert!(connection.next_event().await.is_none() && connection.poll_event().is_none());
    assert!(connection.wait_event(Duration::from_secs(60)).is_none(), "at once");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn commands_and_events_arrive() {
    let server = GameServer::start().await;
    let mut connection = connect::<Arena>(&server.url(), Config::player("arena", "ada")).expect("it starts");
    joined(&mut connection).await;
    connection.command(Command::Emote(1)).expect("it fits");
    loop {
        if let Event::Client(ClientEvent::Game(News::Emoted { .. })) = next(&mut connection).await {
            break;
        }
    }
    connection.leave();
    assert_eq!(ended(&mut connection).await, End::Left);
}
