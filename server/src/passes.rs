//! What opens one room: its password, and the invitations of its players.
//!
//! An invitation is signed with a key that only this room has, so it is kept nowhere until it is used:
//!
//! ```text
//! bytes 0..2    the player who invites        bytes 12..20   a number of its own, random
//! bytes 2..4    how often it may be used      bytes 20..52   HMAC-SHA-256 of the bytes before
//! bytes 4..12   when it expires, s since 1970                little-endian, then base64url
//! ```

use crate::charges::Bucket;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::hmac;
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tickwire_shared::id::PlayerId;
use tickwire_shared::room::Way;
use tickwire_shared::wire::terms::{Invitation, Invite, Pass};
use tickwire_shared::wire::{Advice, Close, CloseCode};
use tokio::time::Instant;

/// How long an invitation is valid at most.
const VALID_MAX: Duration = Duration::from_secs(7 * 24 * 3_600);
/// Used invitations that a room remembers until they expire. With more, the next has to wait.
const USED_MAX: usize = 1_024;
/// Wrong passwords of one room, 1/min. With more, nobody enters with one for a while.
const WRONG_PER_MIN: u32 = 60;
const SIGNED_BYTES: usize = 20;

/// What opens a room.
pub(crate) struct Passes {
    key: hmac::Key,
    password: Option<hmac::Tag>,
    /// By expiry and number: how often it was used.
    used: Mutex<BTreeMap<(u64, [u8; 8]), u16>>,
    wrong: Mutex<Bucket>,
}

/// A signed invitation.
struct Signed {
    by: PlayerId,
    uses: u16,
    expires_at_s: u64,
    number: [u8; 8],
}

impl Passes {
    /// For a new room, which from now on needs the password if there is one.
    ///
    /// # Errors
    /// The system has no randomness.
    pub(crate) fn new(password: Option<&str>) -> Result<Self, getrandom::Error> {
        let mut secret = [0; 32];
        getrandom::fill(&mut secret)?;
        let key = hmac::Key::new(hmac::HMAC_SHA256, &secret);
        let password = password.map(|password| hmac::sign(&key, password.as_bytes()));
        Ok(Self { key, password, used: Mutex::default(), wrong: Mutex::default() })
    }

    /// Whether nobody enters without a pass.
    pub(crate) fn has_password(&self) -> bool {
        self.password.is_some()
    }

    /// Looks at what a client shows that names the room. An invitation is used with it, until
    /// [`Passes::give_back`].
    ///
    /// # Errors
    /// The pass opens nothing, or one is missing.
    pub(crate) fn show(&self, pass: &Pass) -> Result<Way, Close> {
        match pass {
            Pass::Password(password) => self.show_password(password),
            Pass::Invitation(invitation) => self.show_invitation(invitation, SystemTime::now()),
            _ if self.has_password() => Err(refusal("the room is private: its password is needed")),
            _ => Ok(Way::Named),
        }
    }

    fn show_password(&self, shown: &str) -> Result<Way, Close> {
        let Some(password) = &self.password else { return Ok(Way::Named) };
        let mut wrong = self.wrong.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        let before = *wrong;
        if let Err(wait) = wrong.take(WRONG_PER_MIN, now) {
            let close =
                Close::new(CloseCode::RateLimited, "too many wrong passwords were tried for this room");
            let advice = Advice::RetryAfter(u32::try_from(wait.as_millis()).unwrap_or(u32::MAX));
            return Err(Close { advice, ..close });
        }
        if hmac::verify(&self.key, shown.as_bytes(), password.as_ref()).is_err() {
            return Err(refusal("the password is wrong"));
        }
        *wrong = before;
        Ok(Way::Entitled)
    }

    fn show_invitation(&self, shown: &Invitation, now: SystemTime) -> Result<Way, Close> {
        let signed = self.verified(shown).ok_or_else(|| refusal("the invitation is for another room"))?;
        let now_s = seconds(now);
        if signed.expires_at_s <= now_s {
            return Err(refusal("the invitation has expired; ask for a new one"));
        }
        let mut used = self.used.lock().unwrap_or_else(PoisonError::into_inner);
        let valid = used.split_off(&(now_s, [0; 8]));
        *used = valid;
        let id = (signed.expires_at_s, signed.number);
        if used.len() >= USED_MAX && !used.contains_key(&id) {
            return Err(Close::new(CloseCode::TryLater, "too many invitations to this room are in use"));
        }
        let uses = used.entry(id).or_default();
        if *uses >= signed.uses {
            return Err(refusal("the invitation is used up; ask for a new one"));
        }
        *uses += 1;
        Ok(Way::Invited(signed.by))
    }

    /// The client did not get in: what it showed may be shown again.
    pub(crate) fn give_back(&self, pass: &Pass) {
        let Pass::Invitation(invitation) = pass else { return };
        let Some(signed) = self.verified(invitation) else { return };
        let mut used = self.used.lock().unwrap_or_else(PoisonError::into_inner);
        let id = (signed.expires_at_s, signed.number);
        match used.get_mut(&id) {
            Some(uses) if *uses > 1 => *uses -= 1,
            _ => drop(used.remove(&id)),
        }
    }

    /// An invitation by this player; `None` if the system has no randomness.
    pub(crate) fn invitation(&self, by: PlayerId, Invite { uses, valid_s }: Invite) -> Option<Invitation> {
        let valid = Duration::from_secs(valid_s.max(1).into()).min(VALID_MAX);
        let mut number = [0; 8];
        getrandom::fill(&mut number).ok()?;
        let expires_at_s = seconds(SystemTime::now() + valid);
        let mut bytes = Vec::with_capacity(2 * SIGNED_BYTES);
        bytes.extend(by.0.to_le_bytes());
        bytes.extend(uses.to_le_bytes());
        bytes.extend(expires_at_s.to_le_bytes());
        bytes.extend(number);
        let tag = hmac::sign(&self.key, &bytes);
        bytes.extend(tag.as_ref());
        Invitation::new(URL_SAFE_NO_PAD.encode(bytes)).ok()
    }

    fn verified(&self, invitation: &Invitation) -> Option<Signed> {
        let bytes = URL_SAFE_NO_PAD.decode(invitation.as_bytes()).ok()?;
        let (signed, tag) = bytes.split_first_chunk::<SIGNED_BYTES>()?;
        hmac::verify(&self.key, signed, tag).ok()?;
        let (by, rest) = signed.split_first_chunk()?;
        let (uses, rest) = rest.split_first_chunk()?;
        let (expires_at_s, rest) = rest.split_first_chunk()?;
        Some(Signed {
            by: PlayerId(u16::from_le_bytes(*by)),
            uses: u16::from_le_bytes(*uses),
            expires_at_s: u64::from_le_bytes(*expires_at_s),
            number: *rest.first_chunk()?,
        })
    }
}

fn seconds(time: SystemTime) -> u64 {
    time.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

fn refusal(text: &str) -> Close {
    Close::new(CloseCode::PassNeeded, text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use tickwire_shared::wire::Text;

    fn invite(passes: &Passes, uses: u16, valid_s: u32) -> Pass {
        Pass::Invitation(passes.invitation(PlayerId(7), Invite { uses, valid_s }).unwrap())
    }

    fn password(text: &str) -> Pass {
        Pass::Password(Text::cut(text))
    }

    fn text(shown: Result<Way, Close>) -> String {
        let close = shown.unwrap_err();
        assert_eq!(close.code, CloseCode::PassNeeded, "{close}");
        close.text.to_string()
    }

    #[test]
    fn an_invitation_opens_its_room_as_often_as_it_says() {
        let passes = Passes::new(Some("sesame")).unwrap();
        let pass = invite(&passes, 2, 60);
        for _ in 0..2 {
            assert_eq!(passes.show(&pass).unwrap(), Way::Invited(PlayerId(7)));
        }
        assert!(text(passes.show(&pass)).contains("used up"));
        passes.give_back(&pass);
        assert!(passes.show(&pass).is_ok());
        for _ in 0..2 {
            passes.give_back(&pass);
        }
        assert!(passes.used.lock().unwrap().is_empty(), "one that nobody used is not remembered");
        assert!(text(Passes::new(None).unwrap().show(&pass)).contains("another room"));
    }

    #[test]
    fn an_invitation_expires_and_none_is_valid_for_more_than_a_week() {
        let passes = Passes::new(None).unwrap();
        let Pass::Invitation(invitation) = invite(&passes, 9, u32::MAX) else { unreachable!() };
        let at = |after| passes.show_invitation(&invitation, SystemTime::now() + after);
        assert!(at(VALID_MAX - Duration::from_secs(5)).is_ok());
        assert!(text(at(VALID_MAX + Duration::from_secs(5))).contains("expired"));
        // What was used until then is forgotten.
        let later = SystemTime::now() + Duration::from_secs(30);
        let _ = passes.show_invitation(&invitation, later);
        assert_eq!(passes.used.lock().unwrap().len(), 1);
    }

    #[test]
    fn a_changed_invitation_opens_nothing() {
        let passes = Passes::new(None).unwrap();
        let Pass::Invitation(invitation) = invite(&passes, 1, 60) else { unreachable!() };
        let bytes = URL_SAFE_NO_PAD.decode(invitation.as_bytes()).unwrap();
        for bit in 0..bytes.len() * 8 {
            let mut changed = bytes.clone();
            changed[bit / 8] ^= 1 << (bit % 8);
            let changed = Invitation::new(URL_SAFE_NO_PAD.encode(changed)).unwrap();
            assert!(passes.show(&Pass::Invitation(changed)).is_err(), "bit {bit}");
        }
        for length in 0..bytes.len() {
            let cut = Invitation::new(URL_SAFE_NO_PAD.encode(&bytes[..length])).unwrap();
            assert!(passes.show(&Pass::Invitation(cut)).is_err(), "{length} bytes");
        }
    }

    #[test]
    fn a_room_remembers_so_many_used_invitations() {
        let passes = Passes::new(None).unwrap();
        for _ in 0..USED_MAX {
            passes.show(&invite(&passes, 1, 60)).unwrap();
        }
        let close = passes.show(&invite(&passes, 1, 60)).unwrap_err();
        assert_eq!(close.code, CloseCode::TryLater);
    }

    #[tokio::test(start_paused = true)]
    async fn a_password_opens_its_room_and_cannot_be_guessed_by_trying() {
        let passes = Passes::new(Some("sesame")).unwrap();
        assert!(text(passes.show(&Pass::None)).contains("password is needed"));
        for _ in 0..WRONG_PER_MIN {
            assert_eq!(passes.show(&password("sesame")).unwrap(), Way::Entitled);
            assert!(text(passes.show(&password("sesam"))).contains("wrong"));
        }
        let close = passes.show(&password("sesame")).unwrap_err();
        assert!(close.code == CloseCode::RateLimited && close.text.contains("wrong passwords"), "{close}");
        assert!(passes.show(&invite(&passes, 1, 60)).is_ok(), "an invitation still opens it");
        tokio::time::advance(Duration::from_secs(2)).await;
        assert!(passes.show(&password("sesame")).is_ok());
        assert_eq!(Passes::new(None).unwrap().show(&password("any")).unwrap(), Way::Named);
    }
}
