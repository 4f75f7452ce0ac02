//! Accounts over real sockets, and what the operator sees of them.

use crate::running::{Player, Running, UPGRADE, ask, ask_on, assert_status, connect, get};
use core::future::pending;
use core::time::Duration;
use std::sync::{Arc, Mutex};
use tickwire_arena::Arena;
use tickwire_server::{Account, AccountId, AuthRefusal, AuthRequest, Authenticator, GameOptions, Server};
use tickwire_shared::limits::PROTOCOL_VERSION;
use tickwire_shared::wire::control::{
    ClientControl, Credential, GameName, Hello, Join, Name, Options, Role, Target,
};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::timeout;

/// Gives all an account, but cannot decide on browsers.
#[derive(Clone, Default)]
struct NoBrowsers(Arc<Mutex<Option<AuthRequest>>>);

impl Authenticator for NoBrowsers {
    async fn authenticate(&self, request: &AuthRequest) -> Result<Account, AuthRefusal> {
        *self.0.lock().unwrap() = Some(request.clone());
        match request.origin {
            Some(_) => pending().await,
            None => Ok(Account::new(AccountId::cut("u-17"), request.name.clone())),
        }
    }

    fn headers(&self) -> Vec<String> {
        vec!["cookie".to_owned(), "User-Agent".to_owned()]
    }
}

/// A frame of a client, with a zero mask.
fn masked(payload: &[u8]) -> Vec<u8> {
    let length = u8::try_from(payload.len()).unwrap();
    assert!(length < 126, "a short message");
    [&[0x82, 0x80 | length, 0, 0, 0, 0], payload].concat()
}

#[tokio::test]
async fn the_operator_sees_accounts_and_can_kick_one_who_waits() {
    let authenticator = NoBrowsers::default();
    let builder = Server::builder().game::<Arena>("arena", GameOptions::default());
    let server = Running::of(builder.authenticator(authenticator.clone())).await;
    let _player = Player::join(&server, Target::Create(Options::none())).await;
    let listed = ask(server.admin, &get("/sessions")).await;
    for part in ["\"player\":\"ann\"", "\"account\":\"u-17\""] {
        assert!(listed.contains(part), "{part} is missing in\n{listed}");
    }

    let mut socket = connect(server.players).await;
    let upgrade = UPGRADE.replacen(
        "\r\n\r\n",
        "\r\nOrigin: https://play.example\r\nCookie: a=1; sid=s3cr3t\r\n\r\n",
        1,
    );
    assert_status(&ask_on(&mut socket, &upgrade).await, 101);
    let (name, credential) = (Name::cut("eve"), Credential::Guest);
    let hello = ClientControl::Hello(Hello { version: PROTOCOL_VERSION, name, credential });
    socket.write_all(&masked(&hello.encode().unwrap())).await.unwrap();
    let (game, target) = (GameName::cut("arena"), Target::Match(Options::none()));
    let join = ClientControl::Join(Join::new(game, 0, Role::Player, target));
    socket.write_all(&masked(&join.encode().unwrap())).await.unwrap();
    let asked = async {
        loop {
            if let Some(request) =
                authenticator.0.lock().unwrap().clone().filter(|asked| *asked.name == *"eve")
            {
                return request;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    let request = timeout(Duration::from_secs(10), asked).await.expect("the authenticator is asked");
    assert_eq!(request.address, Some("127.0.0.1".parse().unwrap()));
    assert_eq!(request.origin.as_deref(), Some("https://play.example"));
    assert_eq!((request.cookie("sid"), request.header("user-agent")), (Some("s3cr3t"), None));

    let kick = "DELETE /sessions/2 HTTP/1.1\r\nHost: localhost\r\n\r\n";
    assert_status(&ask(server.admin, kick).await, 200);
    let mut rest = Vec::new();
    timeout(Duration::from_secs(4), socket.read_to_end(&mut rest)).await.expect("an end").unwrap();
    assert!(rest.windows(2).any(|two| two == 4014_u16.to_be_bytes()), "closed with 4014: {rest:?}");
    server.stop().await;
}
