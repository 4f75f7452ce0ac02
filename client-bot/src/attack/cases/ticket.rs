//! Tickets that must let nobody in.

use super::super::context::{Attack, add};
use core::time::Duration;
use std::time::SystemTime;
use tickwire_shared::wire::control::Credential;
use tickwire_tickets::{CLOCK_LEEWAY_S, Keys, Ticket};
use tokio::time::sleep;

/// How long a good ticket lives.
const LIFETIME: Duration = Duration::from_secs(60);
/// How long the others wait for the first one's checks: they would use up the address's limits before.
const HEAD_START: Duration = Duration::from_millis(500);

/// The first attacker shows each kind of bad ticket; after that all of them do, as fast as they can.
pub(super) async fn attacker(attack: &Attack, number: u32) {
    let Some(keys) = &attack.keys else { return };
    if number == 0 {
        check_replay(attack, keys).await;
    } else {
        sleep(HEAD_START).await;
    }
    loop {
        for (name, text) in bad_tickets(keys) {
            show_bad(attack, name, &text).await;
        }
    }
}

async fn check_replay(attack: &Attack, keys: &Keys) {
    let Some(good) = signed(keys, SystemTime::now() + LIFETIME) else {
        return attack.done.is_void("no ticket could be signed");
    };
    match enter(attack, &good).await {
        Ok(()) => show_bad(attack, "a ticket that was used before", &good).await,
        Err(reason) => attack.done.is_void(format!("a good ticket was refused: {reason}")),
    }
}

async fn show_bad(attack: &Attack, name: &str, text: &str) {
    match enter(attack, text).await {
        Ok(()) => attack.done.fault(format!("{name} let a client in")),
        Err(reason) => attack.turned_away(reason).await,
    }
}

/// Joins with this ticket and leaves at once.
async fn enter(attack: &Attack, text: &str) -> Result<(), String> {
    let ticket = text.as_bytes().to_vec().try_into().map_err(|_| "too long".to_owned())?;
    let mut socket = attack.connect().await.ok_or("no connection")?;
    let target = attack.wire.open_room();
    socket.enter(&attack.wire, Credential::Ticket(ticket), Some(target)).await?;
    add(&attack.done.joins, 1);
    Ok(())
}

fn signed(keys: &Keys, expires_at: SystemTime) -> Option<String> {
    keys.sign(&Ticket::new("mallory", "mallory", expires_at).ok()?).ok()
}

/// Tickets that no server may accept.
fn bad_tickets(keys: &Keys) -> Vec<(&'static str, String)> {
    let now = SystemTime::now();
    let good = signed(keys, now + LIFETIME).unwrap_or_default();
    let forged = good.rsplit_once('.').map(|(signed, _)| format!("{signed}.{}", "A".repeat(43)));
    let expired = now.checked_sub(LIFETIME + Duration::from_secs(CLOCK_LEEWAY_S));
    let expired = expired.and_then(|at| signed(keys, at));
    let foreign = Keys::new_secret().ok().zip(keys.ids().next()).and_then(|(secret, id)| {
        let foreign: Keys = format!("{id} {secret}").parse().ok()?;
        signed(&foreign, now + LIFETIME)
    });
    [("a forged ticket", forged), ("a ticket that has expired", expired), ("a foreign ticket", foreign)]
        .into_iter()
        .filter_map(|(name, text)| Some((name, text?)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_bad_ticket_is_refused_by_the_keys_themselves() {
        let keys: Keys = format!("k {}", Keys::new_secret().unwrap()).parse().unwrap();
        let bad = bad_tickets(&keys);
        assert_eq!(bad.len(), 3);
        for (name, text) in bad {
            assert!(keys.verify(text.as_bytes(), SystemTime::now()).is_err(), "{name}");
        }
        let good = signed(&keys, SystemTime::now() + LIFETIME).unwrap();
        assert!(keys.verify(good.as_bytes(), SystemTime::now()).is_ok());
    }
}
