//! The program against a real server: it watches, and it reports why it ends.

use std::net::SocketAddr;
use std::process::{Command, Output};
use std::time::Duration;
use tickwire_arena::Arena;
use tickwire_arena::bots::ArenaBehaviour;
use tickwire_client_bot::connect::{Sources, WebSocketConnect};
use tickwire_client_bot::plan::Plan;
use tickwire_client_bot::{FleetConfig, run};
use tickwire_server::{Config, GameOptions, Server};
use tickwire_shared::wire::control::GameName;
use tokio::net::TcpListener;
use tokio::sync::oneshot;

/// Runs the program next to the runtime.
async fn watch(address: SocketAddr, args: &'static [&'static str]) -> Output {
    let program = move || {
        let url = format!("ws://{address}/play");
        let mut command = Command::new(env!("CARGO_BIN_EXE_tickwire-client-terminal"));
        command.args(["--url", &url]).args(args).output().expect("it starts")
    };
    tokio::task::spawn_blocking(program).await.expect("it does not panic")
}

/// A server with the arena, and where it will listen.
async fn arena() -> (Server, TcpListener, SocketAddr) {
    let server = Server::builder()
        .config(Config::default())
        .game::<Arena>("arena", GameOptions::default())
        .build()
        .expect("the server builds");
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("it is bound");
    (server, listener, address)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_room_full_of_bots_is_watched() {
    let (server, listener, address) = arena().await;
    let handle = server.handle();
    let (stop, stopped) = oneshot::channel::<()>();
    let ended = tokio::spawn(server.run(listener, async {
        let _ = stopped.await;
    }));
    let url = format!("ws://{address}").parse().expect("a URL");
    let connect = WebSocketConnect::new(url, address, Sources::default(), None).expect("no TLS is asked for");
    let plan = Plan::steady(6, Duration::ZERO, Duration::from_secs(60));
    let game = GameName::new("arena").expect("a name");
    let mut config = FleetConfig::new(game, plan);
    config.seed = 3;
    config.threads = 2;
    let (enough, over) = oneshot::channel::<()>();
    let bots = tokio::spawn(run::<Arena, _, _>(
        config,
        connect,
        ArenaBehaviour::Mixed,
        async {
            let _ = over.await;
        },
        |_| {},
    ));
    while handle.rooms().first().is_none_or(|room| room.players < 6) {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let output = watch(address, &["--frames", "40"]).await;
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    for bot in 0..6 {
        assert!(text.contains(&format!("bot {bot}")), "\n{text}");
    }
    assert!(text.contains('█') && text.contains("round trip"), "\n{text}");
    let refused = watch(address, &["--frames", "9", "--room", "AAAAAAAA"]).await;
    let text = String::from_utf8_lossy(&refused.stderr);
    assert!(!refused.status.success() && text.contains("4010"), "\n{text}");
    enough.send(()).expect("the bots play");
    assert_eq!(bots.await.expect("they do not panic").failed(), 0);
    stop.send(()).expect("the server runs");
    ended.await.expect("it does not panic").expect("it ends well");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_plays_has_a_seat_and_gives_it_up_in_the_end() {
    let (server, listener, address) = arena().await;
    let handle = server.handle();
    tokio::spawn(server.run(listener, std::future::pending()));
    let players = || handle.rooms().iter().map(|room| room.players).sum::<u32>();
    let playing = tokio::spawn(watch(address, &["--frames", "60", "--play", "--name", "ada"]));
    while players() == 0 {
        assert!(!playing.is_finished(), "it has played");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let output = playing.await.expect("it does not panic");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(String::from_utf8_lossy(&output.stdout).contains("ada"));
    let gone = async {
        while players() > 0 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    // A seat that is not given up is held for 30 s.
    tokio::time::timeout(Duration::from_secs(15), gone).await.expect("the seat is given up");
}

#[tokio::test]
async fn it_can_be_quit_while_it_connects() {
    let silent = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let output = watch(silent.local_addr().expect("it is bound"), &["--frames", "5"]).await;
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(String::from_utf8_lossy(&output.stdout).contains("connecting"));
}

#[tokio::test]
async fn a_server_that_is_not_there_is_named() {
    let output = watch(([127, 0, 0, 1], 1).into(), &["--frames", "5"]).await;
    // The terminal library does not write cells that are already blank.
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(text.contains("127.0.0.1:1:") && text.contains("refused"), "{text}");
}

#[tokio::test]
async fn a_refusal_is_shown_with_the_servers_text() {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("it is bound");
    tokio::spawn(async move {
        while let Ok((mut socket, _)) = listener.accept().await {
            let _ = socket.read(&mut [0; 4_096]).await;
            let answer = "HTTP/1.1 429 Too Many Requests\r\ncontent-type: text/plain\r\n\r\ncrowded";
            let _ = socket.write_all(answer.as_bytes()).await;
        }
    });
    let output = watch(address, &["--frames", "30"]).await;
    let text = String::from_utf8_lossy(&output.stdout);
    // The terminal library does not write cells that are already blank.
    assert!(text.contains("429") && text.contains("crowded"), "{text}");
}
