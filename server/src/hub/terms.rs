//! What a client may ask for when it joins, before any room is looked at.

use tickwire_shared::wire::control::{Join, Role, Target};
use tickwire_shared::wire::terms::{Matching, Pass, Range};
use tickwire_shared::wire::{Close, CloseCode};

/// Whether the terms fit what is asked for.
///
/// # Errors
/// How the session is closed.
pub(super) fn check(join: &Join, places_max: u32) -> Result<(), Close> {
    let wrong = match (&join.terms.pass, &join.target) {
        (Pass::Invitation(_), Target::Match(_) | Target::Create(_)) => {
            "an invitation is for one room: join that room by its id"
        }
        (Pass::Password(_), Target::Match(_)) => {
            "a match leads to no room with a password: join the room by its id"
        }
        _ if join.terms.places > 0 && join.role == Role::Spectator => "a spectator holds no places",
        _ if u32::from(join.terms.places) > places_max => {
            let text = format!("a room holds at most {places_max} places for the others of a party");
            return Err(Close::new(CloseCode::Policy, &text));
        }
        _ => return check_ranges(&join.terms.matching),
    };
    Err(Close::new(CloseCode::Policy, wrong))
}

/// A range in which no number lies would lead to no room, or each time to a new one.
fn check_ranges(matching: &Matching) -> Result<(), Close> {
    match matching.ranges.iter().find(|range| range.from > range.to) {
        Some(Range { key, from, to }) => {
            let text = format!("no number lies in the range of `{key}`, from {from} to {to}: exchange them");
            Err(Close::new(CloseCode::Policy, &text))
        }
        None => Ok(()),
    }
}
