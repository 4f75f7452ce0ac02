//! A server that wants tickets: bots show theirs, nobody else comes in, and no log has a secret.

use crate::staged::{Stage, assert_hidden, line_of, play, printed, text};
use crate::{assert_sound, fleet};
use tickwire_client_bot::TicketSource;

const BOTS: u32 = 6;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bots_show_tickets_nobody_else_comes_in_and_no_log_has_a_secret() {
    let mut stage = Stage::new("tickets");
    let key = printed(&["ticket", "--new-key"]);
    let keys = stage.file("keys", &key);
    let ticket =
        |bot| printed(&["ticket", "--key", text(&keys), "--account", &format!("u-{bot}"), "--ttl", "1h"]);
    let tickets: Vec<String> = (0..BOTS).map(ticket).collect();
    let list = stage.file("tickets", &tickets.concat());
    let (address, log) = stage.serve(&["--auth", "tickets", "--ticket-keys", text(&keys)]);

    let mut config = fleet("arena", BOTS, 1);
    config.tickets = TicketSource::command(&line_of(&list));
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
    let log = log.join().expect("the log");
    assert!(log.contains("account=\"u-3\"") && log.contains("account=\"bot-3\""), "{log}");
    assert_hidden(&log, tickets.iter().map(String::as_str).chain(key.split_whitespace().nth(1)));
}
