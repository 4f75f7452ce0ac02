//! Step 10.

#[path = "../../10-servers.rs"]
#[expect(dead_code, unreachable_pub, reason = "its main is not called here")]
mod step;

use crate::playing::{Presses, listener, send_bots};
use core::time::Duration;
use step::{NODES, Rooms, server};
use tickwire_arena::Arena;
use tickwire_server::{Claim, Directory, NodeName, RoomRecord};
use tokio::sync::oneshot;
use tokio::time::{sleep, timeout};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_room_is_known_to_both_servers_while_bots_play_in_it_and_then_to_none() {
    let rooms = Rooms::default();
    let [one, two] = NODES.map(|node| server(node, &rooms).expect("the server builds"));
    let other = two.handle();
    let (listener, address) = listener().await;
    let (stop, stopped) = oneshot::channel::<()>();
    let ended = tokio::spawn(one.run(listener, async { drop(stopped.await) }));
    let other_looks = async {
        let room = loop {
            let known = other.rooms_in_directory().await.expect("it answers");
            if let Some(room) = known.into_iter().next() {
                break room;
            }
            sleep(Duration::from_millis(10)).await;
        };
        assert_eq!((&*room.node, &*room.game), (NODES[0], "arena"));
        // Nobody else gets its id, and nobody else releases it.
        let of_other = NodeName::cut(NODES[1]);
        let foreign = RoomRecord::new(room.room, room.game.clone(), room.options.clone(), of_other);
        assert_eq!(rooms.claim(&foreign).await, Ok(Claim::Taken));
        rooms.release(&foreign).await.expect("it answers");
        assert_eq!(rooms.locate(room.room).await, Ok(Some(room)));
    };
    let bots = send_bots::<Arena>("arena", address, Duration::from_secs(2), |_| Box::new(Presses));
    tokio::join!(bots, other_looks);
    stop.send(()).expect("the server runs");
    ended.await.expect("it does not panic").expect("it ends without an error");
    let released = async {
        while rooms.list().await != Ok(Vec::new()) {
            sleep(Duration::from_millis(10)).await;
        }
    };
    timeout(Duration::from_secs(20), released).await.expect("the room is released");
}
