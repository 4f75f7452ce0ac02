//! What attackers do, a file for each family of cases. An attacker is a loop that its run ends.

mod flood;
mod half_open;
mod listen;
mod malformed;
mod pages;
mod slow;
mod storm;
mod ticket;
mod time;

use super::case::Case;
use super::context::Attack;
use core::sync::atomic::Ordering;

/// Runs attacker number `number` until it is aborted.
pub(super) async fn attacker(case: Case, attack: &Attack, number: u32) {
    match case {
        Case::SlowReader => slow::reader(attack, number).await,
        Case::FloodMessages
        | Case::FloodBytes
        | Case::FloodPings
        | Case::FloodCommands
        | Case::FloodControls
        | Case::FloodRepairs
        | Case::FloodDesyncs => flood::attacker(case, attack, number).await,
        Case::HalfOpen => half_open::attacker(attack, number).await,
        Case::Malformed => malformed::attacker(attack, number).await,
        Case::ReplayedTicket => ticket::attacker(attack, number).await,
        Case::TimeWarp => time::warp(attack, number).await,
        Case::SpeedHack => time::speed_hack(attack, number).await,
        Case::ReconnectStorm => storm::reconnects(attack, number).await,
        Case::JoinStorm => storm::joins(attack, number).await,
        Case::RoomStorm => storm::rooms(attack, number).await,
        Case::SeatSquat => storm::seats(attack, number).await,
        Case::TlsHandshakes => half_open::tls_handshakes(attack, number).await,
        Case::Listings => pages::listings(attack).await,
    }
}

/// Looks at what the attackers of a whole case saw.
pub(super) fn conclude(case: Case, attack: &Attack) {
    let count = |counter: &core::sync::atomic::AtomicU64| counter.load(Ordering::Relaxed);
    let done = &attack.done;
    if count(&done.connections) == 0 {
        done.is_void("no attacker got a connection");
    }
    let needs_members = !matches!(
        case,
        Case::HalfOpen | Case::Malformed | Case::ReplayedTicket | Case::TlsHandshakes | Case::Listings
    );
    if needs_members && count(&done.joins) == 0 {
        done.is_void("no attacker got a seat");
    }
    if matches!(case, Case::TimeWarp | Case::SpeedHack)
        && count(&done.inputs_applied) > 0
        && count(&done.inputs_refused) == 0
    {
        done.fault("the server refused none of the inputs that no honest player sends");
    }
}
