//! Members that do not read.

use super::super::context::Attack;
use super::super::socket::message;
use super::super::wire::FrameContent;
use core::time::Duration;
use tokio::time::sleep;

/// How often a member that speaks sends a frame.
const FRAME_PERIOD: Duration = Duration::from_millis(100);

/// Joins and reads nothing more. Every second one goes on to send frames, without acks.
pub(super) async fn reader(attack: &Attack, number: u32) {
    let speaks = number.is_multiple_of(2);
    let frame = message(&attack.wire.frame(&FrameContent::default()));
    loop {
        let Some((_incoming, mut outgoing, _)) = attack.member(number).await else { continue };
        loop {
            sleep(FRAME_PERIOD).await;
            if speaks && attack.write(&mut outgoing, &frame).await.is_none() {
                break;
            }
        }
    }
}
