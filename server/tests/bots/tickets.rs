//! A server that wants tickets: bots show theirs, nobody else comes in, and no log has a secret.

use crate::{assert_sound, fleet};
use core::future::pending;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use tickwire_arena::Arena;
use tickwire_arena::bots::ArenaBehaviour;
use tickwire_client_bot::connect::{Sources, WebSocketConnect};
use tickwire_client_bot::{FleetConfig, TicketSource, run};

const BOTS: u32 = 6;

/// A folder that is removed in the end, and a server that is killed.
struct Stage {
    folder: PathBuf,
    server: Option<Child>,
}

impl Drop for Stage {
    fn drop(&mut self) {
        if let Some(server) = &mut self.server {
            let _ = server.kill();
            let _ = server.wait();
        }
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

fn program(words: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tickwire-server"));
    command.args(words).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

fn printed(words: &[&str]) -> String {
    let output = program(words).output().expect("the program runs");
    assert!(output.status.success(), "{words:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("text")
}

fn text(path: &Path) -> &str {
    path.to_str().expect("a path in UTF-8")
}

async fn play(config: FleetConfig, address: &str) -> tickwire_client_bot::report::Report {
    let url = format!("ws://{address}").parse().expect("a URL");
    let connect = WebSocketConnect::new(
        url,
        address.parse::<std::net::SocketAddr>().expect("an address"),
        Sources::default(),
        None,
    )
    .expect("no TLS is asked for");
    run::<Arena, _, _>(config, connect, ArenaBehaviour::Mixed, pending(), |_| {}).await
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bots_show_tickets_nobody_else_comes_in_and_no_log_has_a_secret() {
    let folder = std::env::temp_dir().join(format!("tickwire-tickets-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder");
    let (keys, list) = (folder.join("keys"), folder.join("tickets"));
    let mut stage = Stage { folder, server: None };
    let key = printed(&["ticket", "--new-key"]);
    std::fs::write(&keys, &key).expect("a file");
    let ticket =
        |bot| printed(&["ticket", "--key", text(&keys), "--account", &format!("u-{bot}"), "--ttl", "1h"]);
    let tickets: Vec<String> = (0..BOTS).map(ticket).collect();
    std::fs::write(&list, tickets.concat()).expect("a file");

    let flags = ["--listen", "127.0.0.1:0", "--admin", "off", "--log-level", "trace"];
    let mut server = program(&flags);
    server.args(["--auth", "tickets", "--ticket-keys", text(&keys), "--log-lines-per-kind-max", "0"]);
    let server = stage.server.insert(server.spawn().expect("it starts"));
    let mut log = server.stderr.take().expect("its log");
    let reading = std::thread::spawn(move || {
        let mut all = String::new();
        let _ = log.read_to_string(&mut all);
        all
    });
    let lines = BufReader::new(server.stdout.take().expect("its output")).lines();
    let ready = lines
        .map_while(Result::ok)
        .find_map(|line| line.strip_prefix("listening on ws://").map(str::to_owned));
    let address = ready.expect("a ready line").trim_end_matches("/play").to_owned();

    let mut config = fleet("arena", BOTS, 1);
    config.tickets = TicketSource::command(&format!("sed -n \"$((TICKWIRE_BOT + 1))p\" {}", text(&list)));
    assert_sound(&play(config.clone(), &address).await, BOTS);
    let again = play(config, &address).await;
    assert_eq!(
        (again.bots_joined, again.bots_failed.get("auth_failed")),
        (0, Some(&u64::from(BOTS))),
        "each is good once"
    );
    let mut config = fleet("arena", BOTS, 1);
    let guests = play(config.clone(), &address).await;
    assert_eq!(
        guests.bots_failed.get("not_authenticated"),
        Some(&u64::from(BOTS)),
        "{:?}",
        guests.bots_failed
    );
    config.tickets = TicketSource::keys(key.parse().expect("a key"));
    assert_sound(&play(config, &address).await, BOTS);

    drop(stage);
    let log = reading.join().expect("the log");
    assert!(log.contains("account=\"u-3\"") && log.contains("account=\"bot-3\""), "{log}");
    let secrets = tickets.iter().map(|ticket| ticket.trim()).chain(key.split_whitespace().nth(1));
    for secret in secrets.flat_map(|secret| secret.split('.')).filter(|part| part.len() > 8) {
        assert!(!log.contains(secret), "a secret is in the log");
    }
}
