//! Step 3.

#[path = "../../03-embedded.rs"]
#[expect(dead_code, unreachable_pub, reason = "its main is not called here")]
mod step;

use crate::playing::{BOTS, Presses, listener, send_bots};
use core::time::Duration;
use step::Lounge;
use tickwire_shared::harness::{check_determinism, check_prediction};
use tokio::sync::oneshot;
use tokio::time::timeout;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_guest_book_has_every_guest_and_the_program_ends_when_it_is_told_to() {
    let (listener, address) = listener().await;
    let (stop, stopped) = oneshot::channel::<()>();
    let program = tokio::spawn(step::run(listener, async { drop(stopped.await) }));
    let time = Duration::from_secs(1);
    send_bots::<Lounge>("lounge", address, time, |_| Box::new(Presses)).await;
    stop.send(()).expect("the program runs");
    let ended = timeout(Duration::from_secs(20), program).await.expect("it ends in time");
    let book = ended.expect("it does not panic").expect("it ends without an error");
    assert_eq!(book.came.len(), BOTS as usize, "{book:?}");
    assert_eq!(book.went, BOTS as usize, "{book:?}");
}

#[test]
fn guests_are_deterministic_and_predicted() {
    check_determinism::<Lounge>(&(), 1, 300, 4).expect("the same twice");
    check_prediction::<Lounge>(&(), 1, 300, 4).expect("nobody else waves for a guest");
}
