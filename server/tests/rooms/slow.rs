//! Clients that stop reading. Time is virtual, so a minute passes at once.

use crate::game::virtual_server;
use crate::player::Player;
use core::time::Duration;
use tickwire_server::{Limits, ServerHandle};
use tickwire_shared::prelude::Options;
use tickwire_shared::wire::CloseCode;
use tickwire_shared::wire::control::Target;

const CLIENTS: usize = 6;

/// A room whose first player stops reading later; the others never do.
async fn room(handle: &ServerHandle) -> (Player, Vec<Player>) {
    let first = Player::join(handle, Target::Create(Options::none())).await;
    let mut others = Vec::new();
    for _ in 1..CLIENTS {
        others.push(Player::join(handle, Target::Room(first.room())).await);
    }
    (first, others)
}

async fn play_for(players: &mut [Player], time: Duration) {
    futures_util::future::join_all(players.iter_mut().map(|player| player.play_for(time))).await;
}

#[tokio::test(start_paused = true)]
async fn whoever_reads_nothing_for_4_s_stays_and_is_caught_up_within_3_messages() {
    for speaks in [false, true] {
        let (_server, handle) = virtual_server(Limits::default(), 30, 64);
        let (mut slow, mut others) = room(&handle).await;
        tokio::join!(slow.play_for(Duration::from_secs(2)), play_for(&mut others, Duration::from_secs(2)));
        let before = slow.client.newest_tick().unwrap();
        others.iter_mut().for_each(|other| other.gap_max = Duration::ZERO);
        let stall = Duration::from_secs(4);
        let silent = async {
            if speaks {
                slow.speak_for(stall).await;
            }
        };
        tokio::join!(silent, play_for(&mut others, stall));
        assert!(
            others.iter().all(|other| other.gap_max <= Duration::from_millis(300)),
            "another player noticed"
        );
        slow.read_waiting().await;
        let (updates, newest) = (slow.client.stats().updates, others[0].client.newest_tick().unwrap());
        assert!(newest.since(before) >= 110, "the others have continued");
        slow.play_until(|client| client.newest_tick().is_some_and(|tick| tick >= newest)).await;
        assert!(slow.client.stats().updates - updates <= 3, "{}", slow.client.stats().updates - updates);
        tokio::join!(slow.play_for(Duration::from_secs(1)), play_for(&mut others, Duration::from_secs(1)));
        assert!(slow.client.is_playing() && others.iter().all(|other| other.client.is_playing()));
        assert_eq!(slow.client.stats().hash_mismatches, 0);
    }
}

#[tokio::test(start_paused = true)]
async fn whoever_reads_nothing_for_longer_is_closed_and_comes_back_within_the_grace_time() {
    for speaks in [false, true] {
        let (_server, handle) = virtual_server(Limits::default(), 30, 64);
        let (mut slow, mut others) = room(&handle).await;
        let player = slow.client.player();
        let stop = Duration::from_secs(45);
        let silent = async {
            if speaks {
                slow.speak_for(stop).await;
            }
        };
        tokio::join!(silent, play_for(&mut others, stop));
        let code = slow.ending().await;
        let permitted = [CloseCode::TooSlow, CloseCode::Timeout].map(CloseCode::code);
        assert!(code.is_some_and(|code| permitted.contains(&code)), "{code:?}");
        slow.reconnect(&handle);
        let newest = others[0].client.newest_tick().unwrap();
        slow.play_until(|client| client.newest_tick().is_some_and(|tick| tick > newest)).await;
        assert_eq!(slow.client.player(), player);
        assert_eq!(slow.client.stats().resumes, 1);
        assert!(others.iter().all(|other| other.client.is_playing()));
    }
}
