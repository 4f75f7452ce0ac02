//! The example of a host with accounts of its own: bots play there as guests, users by their tickets.

#[path = "../../../examples/05-accounts.rs"]
#[expect(dead_code, unreachable_pub, reason = "its main is not called here")]
mod own_accounts;

use crate::running::Memory;
use crate::{assert_sound, fleet};
use own_accounts::Users;
use tickwire_arena::Arena;
use tickwire_arena::bots::ArenaBehaviour;
use tickwire_client_bot::run;
use tickwire_server::{GameOptions, MemoryConnection, Server, ServerHandle};
use tickwire_shared::limits::PROTOCOL_VERSION;
use tickwire_shared::wire::control::{
    ClientControl, Credential, GameName, Hello, Join, List, Name, Options, Role, RosterEntry, ServerControl,
    Target,
};
use tickwire_shared::wire::{Close, CloseCode};

/// Signs in and looks for a match. The connection, and who is in the room.
async fn sign_in(server: &ServerHandle, ticket: &str) -> Result<(MemoryConnection, Vec<RosterEntry>), Close> {
    let mut link = server.connect_memory();
    let ticket = List::try_from(ticket.as_bytes().to_vec()).expect("a short ticket");
    let (name, credential) = (Name::cut("any name"), Credential::Ticket(ticket));
    let hello = ClientControl::Hello(Hello { version: PROTOCOL_VERSION, name, credential });
    let (game, target) = (GameName::cut("arena"), Target::Match(Options::none()));
    let join = ClientControl::Join(Join::new(game, 0, Role::Player, target));
    for message in [hello, join] {
        // A refused client cannot send its Join.
        let _ = link.send(message.encode().expect("a message")).await;
    }
    loop {
        match ServerControl::decode(&link.recv().await.expect("an answer")) {
            Ok(ServerControl::Joined(joined)) => return Ok((link, joined.roster.to_vec())),
            Ok(ServerControl::Close(close)) => return Err(close),
            _ => (),
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn guests_and_users_with_tickets_play_together() {
    let server = Server::builder()
        .authenticator(Users::default())
        .game::<Arena>("arena", GameOptions::default())
        .build()
        .expect("the server builds");
    let handle = server.handle();
    let mut names = Vec::new();
    let (config, connect) = (fleet("arena", 6, 1), Memory::to(&handle));
    let playing = run::<Arena, _, _>(config, connect, ArenaBehaviour::Mixed, core::future::pending(), |_| {});
    let signing_in = async {
        while handle.rooms().first().is_none_or(|room| room.players < 6) {
            tokio::time::sleep(core::time::Duration::from_millis(5)).await;
        }
        let (_ada, roster) = sign_in(&handle, "ticket of ada").await.expect("a seat");
        names.extend(roster.into_iter().map(|entry| entry.name.to_string()));
        for (ticket, code) in
            [("ticket of eve", CloseCode::Policy), ("ticket of mallory", CloseCode::AuthFailed)]
        {
            assert_eq!(sign_in(&handle, ticket).await.err().map(|close| close.code), Some(code), "{ticket}");
        }
    };
    let (report, ()) = tokio::join!(playing, signing_in);
    assert_sound(&report, 6);
    let (users, guests): (Vec<_>, Vec<_>) = names.iter().partition(|name| !name.starts_with('~'));
    assert_eq!((users, guests.len()), (vec![&"Ada".to_owned()], 6), "{names:?}");
}
