//! Bots that play a step on a server of this process.

use core::time::Duration;
use std::net::SocketAddr;
use tickwire_client_bot::connect::{Sources, WebSocketConnect};
use tickwire_client_bot::plan::Plan;
use tickwire_client_bot::report::Report;
use tickwire_client_bot::{Behaviour, FleetConfig, run};
use tickwire_server::{Server, ServerBuilder};
use tickwire_shared::Rng;
use tickwire_shared::client::Client;
use tickwire_shared::game::Game;
use tickwire_shared::harness::random_input;
use tickwire_shared::wire::control::GameName;
use tokio::net::TcpListener;
use tokio::sync::oneshot;

pub(crate) const BOTS: u32 = 4;

/// Presses whatever the game has.
pub(crate) struct Presses;

impl<G: Game> Behaviour<G> for Presses {
    fn decide(&mut self, _: &Client<G>, _: Duration, rng: &mut Rng) -> G::Input {
        random_input(rng)
    }
}

/// Four bots that press anything, on a server that hosts the game under this name.
pub(crate) async fn play_anything<G: Game>(name: &str, host: ServerBuilder) -> Report {
    play::<G>(name, host, Duration::from_secs(3), |_| Box::new(Presses)).await
}

/// Four bots on a server that hosts the game under this name.
pub(crate) async fn play<G: Game>(
    name: &str,
    host: ServerBuilder,
    time: Duration,
    bots: fn(u32) -> Box<dyn Behaviour<G>>,
) -> Report {
    let server = host.build().expect("the server builds");
    let (listener, address) = listener().await;
    let (stop, stopped) = oneshot::channel::<()>();
    let ended = tokio::spawn(server.run(listener, async { drop(stopped.await) }));
    let report = send_bots::<G>(name, address, time, bots).await;
    stop.send(()).expect("the server runs");
    ended.await.expect("it does not panic").expect("it ends without an error");
    report
}

/// Sends the bots to a server that runs. What must be true on any machine, however slow, is checked here.
pub(crate) async fn send_bots<G: Game>(
    name: &str,
    address: SocketAddr,
    time: Duration,
    bots: fn(u32) -> Box<dyn Behaviour<G>>,
) -> Report {
    let url = format!("ws://{address}").parse().expect("a URL");
    let connect = WebSocketConnect::new(url, address, Sources::default(), None).expect("no TLS is asked for");
    let plan = Plan::steady(BOTS, Duration::from_millis(200), time);
    let fleet = FleetConfig::new(GameName::new(name).expect("a name"), plan);
    let report = run::<G, _, _>(fleet, connect, bots, core::future::pending(), |_| {}).await;
    assert_eq!(report.bots_joined, BOTS, "{:?}", report.bots_failed);
    assert_eq!(report.disconnected(), 0, "{:?}", report.disconnects);
    assert_eq!((report.hash_mismatches, report.decode_errors, report.events_lost), (0, 0, 0), "{report:?}");
    assert!(report.snapshots > 0 && report.hash_checks > 0, "{report:?}");
    report
}

pub(crate) async fn listener() -> (TcpListener, SocketAddr) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("it is bound");
    (listener, address)
}

pub(crate) fn server() -> ServerBuilder {
    Server::builder()
}
