//! Sessions that begin and end as fast as they can, and what they leave behind.

use super::super::context::{Attack, add};
use super::super::socket::message;
use super::super::wire::{FrameContent, control};
use tickwire_shared::id::ResumeSecret;
use tickwire_shared::tick::Tick;
use tickwire_shared::wire::control::{ClientControl, Credential};

/// Joins once, then is cut and resumes again and again.
pub(super) async fn reconnects(attack: &Attack, number: u32) {
    let mut secret: Option<ResumeSecret> = None;
    loop {
        let Some(shown) = secret.take() else {
            // The connection ends here, with the seat held.
            secret = play_a_moment(attack, number).await;
            continue;
        };
        let Some(mut socket) = attack.connect().await else {
            secret = Some(shown);
            continue;
        };
        let credential = Credential::Resume { secret: shown, events_received: 0 };
        match socket.enter(&attack.wire, credential, None).await {
            Ok(joined) => {
                add(&attack.done.joins, 1);
                secret = joined.secret;
            }
            Err(reason) => attack.turned_away(reason).await,
        }
    }
}

/// Joins and leaves, or is cut.
pub(super) async fn joins(attack: &Attack, number: u32) {
    let leave = message(&control(&ClientControl::Leave));
    let mut leaves = number.is_multiple_of(2);
    loop {
        let Some((mut incoming, mut outgoing, _)) = attack.member(number).await else { continue };
        if leaves && attack.write(&mut outgoing, &leave).await.is_some() {
            attack.done.ended(incoming.end().await);
        }
        leaves = !leaves;
    }
}

/// Makes a room, and leaves it behind.
pub(super) async fn rooms(attack: &Attack, number: u32) {
    loop {
        let Some(credential) = attack.credential(number).await else { continue };
        let Some(mut socket) = attack.connect().await else { continue };
        match socket.enter(&attack.wire, credential, Some(attack.wire.new_room())).await {
            Ok(_) => add(&attack.done.joins, 1),
            Err(reason) => attack.turned_away(reason).await,
        }
    }
}

/// Takes one seat after the other, and has each held.
pub(super) async fn seats(attack: &Attack, number: u32) {
    loop {
        // A refused attacker has waited already.
        let _ = play_a_moment(attack, number).await;
    }
}

/// Joins, sends an input, so that the seat is held for the whole time of grace, and is cut.
async fn play_a_moment(attack: &Attack, number: u32) -> Option<ResumeSecret> {
    let (_incoming, mut outgoing, joined) = attack.member(number).await?;
    let inputs = vec![Tick(joined.tick.0.wrapping_add(3))];
    let frame = attack.wire.frame(&FrameContent { inputs, ..FrameContent::default() });
    attack.write(&mut outgoing, &message(&frame)).await?;
    joined.secret
}
