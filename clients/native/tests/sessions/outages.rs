//! Cuts, resumes, and a server that goes away and comes back.

use crate::support::{GameServer, Line, ended, joined, lost, next};
use std::time::{Duration, Instant};
use tickwire_arena::{Arena, Command, Event as News};
use tickwire_client_native::transport::ConnectError;
use tickwire_client_native::{Cause, Config, Connection, End, Event, connect};
use tickwire_server::Config as ServerConfig;
use tickwire_shared::client::ClientEvent;
use tickwire_shared::wire::CloseCode;

fn start(url: &str) -> Connection<Arena> {
    connect(url, Config::player("arena", "ada")).expect("it starts")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_a_cut_the_same_player_comes_back_and_its_commands_arrive() {
    let server = GameServer::start().await;
    let line = Line::to(server.address).await;
    let mut connection = start(&line.url());
    joined(&mut connection).await;
    let player = connection.with(|client, _| client.player());
    line.cut();
    let (cause, _) = lost(&mut connection).await;
    assert!(matches!(cause, Cause::Link(_)), "{cause}");
    connection.command(Command::Emote(2)).expect("it waits");
    joined(&mut connection).await;
    assert_eq!(connection.with(|client, _| client.player()), player);
    assert_eq!(connection.with(|client, _| client.stats().resumes), 1);
    loop {
        if let Event::Client(ClientEvent::Game(News::Emoted { .. })) = next(&mut connection).await {
            break;
        }
    }
    assert_eq!(server.players(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_goes_away_is_waited_for_as_it_advises_and_joined_when_it_is_back() {
    let server = GameServer::start().await;
    let address = server.address;
    let mut connection = start(&server.url());
    joined(&mut connection).await;
    let stopped = Instant::now();
    server.stop().await;
    let (Cause::Closed(close), wait) = lost(&mut connection).await else { panic!("it was closed") };
    assert_eq!(close.code, CloseCode::GoingAway);
    assert!(wait >= Cause::Closed(close).retry_after().expect("it may come back"), "{wait:?}");
    let (cause, _) = lost(&mut connection).await;
    assert!(matches!(cause, Cause::Connect(ConnectError::Unreachable { .. })), "{cause}");
    assert!(stopped.elapsed() >= wait);
    let server = GameServer::start_at(address, ServerConfig::default()).await;
    joined(&mut connection).await;
    server.wait_for_players(1).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_player_that_leaves_while_it_is_cut_gives_up_its_seat() {
    let server = GameServer::start().await;
    let line = Line::to(server.address).await;
    let mut connection = start(&line.url());
    joined(&mut connection).await;
    line.cut();
    lost(&mut connection).await;
    assert_eq!(server.players(), 1, "the seat is held");
    connection.leave();
    assert_eq!(ended(&mut connection).await, End::Left);
    server.wait_for_players(0).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_player_that_leaves_without_a_way_to_its_server_ends_soon() {
    let server = GameServer::start().await;
    let line = Line::to(server.address).await;
    let mut connection = start(&line.url());
    joined(&mut connection).await;
    line.cut_permanently();
    lost(&mut connection).await;
    connection.leave();
    assert_eq!(ended(&mut connection).await, End::Left);
}

#[tokio::test]
async fn attempts_end_at_their_bound() {
    let mut config = Config::player("arena", "ada");
    config.attempts_max = 3;
    // Port 1 of the loopback refuses.
    let mut connection = connect::<Arena>("ws://127.0.0.1:1", config).expect("it starts");
    for _ in 0..2 {
        let (_, wait) = lost(&mut connection).await;
        assert!(wait < Duration::from_secs(1), "{wait:?}");
    }
    let end = ended(&mut connection).await;
    let End::Failed(Cause::Connect(ConnectError::Unreachable { address, .. })) = &end else {
        panic!("{end:?}");
    };
    assert_eq!(address, "127.0.0.1:1");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_saved_seat_is_taken_again_by_another_connection() {
    let server = GameServer::start().await;
    let line = Line::to(server.address).await;
    let mut first = start(&line.url());
    joined(&mut first).await;
    let (player, saved) = first.with(|client, _| (client.player(), client.save_seat()));
    let mut config = Config::player("arena", "ada");
    config.saved = saved;
    let mut second = connect::<Arena>(&server.url(), config).expect("it starts");
    joined(&mut second).await;
    assert_eq!(second.with(|client, _| client.player()), player);
    // Advice to stop: the first connection does not try to take its seat back.
    let end = ended(&mut first).await;
    assert!(
        matches!(&end, End::Failed(Cause::Closed(close)) if close.code == CloseCode::Replaced),
        "{end:?}"
    );
    assert_eq!(server.players(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_saved_seat_that_no_longer_exists_is_replaced_by_a_join() {
    let server = GameServer::start().await;
    let mut first = start(&server.url());
    joined(&mut first).await;
    let saved = first.with(|client, _| client.save_seat());
    first.leave();
    assert_eq!(ended(&mut first).await, End::Left);
    let mut config = Config::player("arena", "ada");
    config.saved = saved;
    let mut second = connect::<Arena>(&server.url(), config).expect("it starts");
    let (Cause::Closed(close), _) = lost(&mut second).await else { panic!("the seat is gone") };
    assert_eq!(close.code, CloseCode::BadResume);
    joined(&mut second).await;
    server.wait_for_players(1).await;
}
