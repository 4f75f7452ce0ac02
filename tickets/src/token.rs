//! A ticket as text: `tw1.KEY.JSON.MAC`, the JSON and the MAC in base64 for addresses, without padding. The
//! MAC is HMAC-SHA-256 (RFC 2104, FIPS 180-4) under the key with this id, of everything before its dot.

use crate::keys::{Key, Keys};
use crate::ticket::{CLOCK_LEEWAY_S, LIFETIME_MAX, TICKET_BYTES_MAX, Ticket, TicketError, seconds};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use std::time::SystemTime;

/// The form. A later one has another number.
const FORM: &str = "tw1";
const ACCOUNT_BYTES_MAX: usize = 255;
const ID_BYTES_MAX: usize = 64;
const ROLES_MAX: usize = 16;
const ROLE_BYTES_MAX: usize = 64;

/// Why a ticket is refused. The text is for the player or for the author of the service; it tells nothing
/// that helps to forge one.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BadTicket {
    /// It is not the text of a ticket.
    #[error("this is not a ticket of the form `{FORM}.KEY.JSON.MAC`")]
    Form,
    /// No key of this server has its key's id.
    #[error("no key of this server has the id in the ticket")]
    UnknownKey,
    /// It was not signed with that key, or was changed since.
    #[error("the ticket's signature is wrong")]
    Signature,
    /// Its JSON is not a ticket: what is wrong, for the author of the service.
    #[error("the ticket is signed, but does not fit: {0}")]
    Json(String),
    /// Its account or its id is empty or too long.
    #[error("the ticket is signed, but its `sub` has to have 1 to 255 bytes, its `jti` 1 to 64")]
    Ids,
    /// It has too many roles, or one that is empty, too long or no text.
    #[error("the ticket is signed, but it may have up to 16 `roles`, each 1 to 64 bytes of text")]
    Roles,
    /// It has expired.
    #[error("the ticket expired {ago_s} s ago, by this server's clock")]
    Expired {
        /// How long ago.
        ago_s: u64,
    },
    /// It is good for longer than servers remember used tickets.
    #[error("the ticket is good for too long: `exp` is in seconds since 1970, a day ahead at most")]
    TooLongLived,
}

impl Keys {
    /// The ticket as text, signed with the first key.
    ///
    /// # Errors
    /// It is too long.
    pub fn sign(&self, ticket: &Ticket) -> Result<String, TicketError> {
        let too_long = |bytes| TicketError::TooLong { bytes };
        let json = serde_json::to_vec(ticket).map_err(|_| too_long(usize::MAX))?;
        let key = self.first().ok_or(too_long(usize::MAX))?;
        let signed = format!("{FORM}.{}.{}", key.id, URL_SAFE_NO_PAD.encode(json));
        let mac = key.mac(&signed).map_or_else(Vec::new, |mac| mac.finalize().into_bytes().to_vec());
        let text = format!("{signed}.{}", URL_SAFE_NO_PAD.encode(mac));
        if text.len() > TICKET_BYTES_MAX { Err(too_long(text.len())) } else { Ok(text) }
    }

    /// The ticket of a text, if it is signed with one of these keys and good at `now`. Whether it was used
    /// before, and what it is for, is for the caller to check.
    ///
    /// # Errors
    /// Why it is refused. A forged one costs one hash of it.
    pub fn verify(&self, text: &[u8], now: SystemTime) -> Result<Ticket, BadTicket> {
        // A program that prints a ticket ends the line.
        let text = text.trim_ascii();
        let text = Some(text).filter(|text| text.len() <= TICKET_BYTES_MAX);
        let text = text.and_then(|text| str::from_utf8(text).ok()).ok_or(BadTicket::Form)?;
        let (signed, mac) = text.rsplit_once('.').ok_or(BadTicket::Form)?;
        let mut parts = signed.split('.');
        let (Some(FORM), Some(id), Some(json), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(BadTicket::Form);
        };
        let key = self.of(id).ok_or(BadTicket::UnknownKey)?;
        let mac = URL_SAFE_NO_PAD.decode(mac).map_err(|_| BadTicket::Signature)?;
        let ours = key.mac(signed).ok_or(BadTicket::Signature)?;
        ours.verify_slice(&mac).map_err(|_| BadTicket::Signature)?;
        let json = URL_SAFE_NO_PAD.decode(json).map_err(|error| BadTicket::Json(error.to_string()))?;
        let ticket = serde_json::from_slice(&json).map_err(|error| BadTicket::Json(error.to_string()))?;
        check(ticket, seconds(now))
    }
}

impl Key {
    /// HMAC takes secrets of any length.
    fn mac(&self, signed: &str) -> Option<Hmac<Sha256>> {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.secret).ok()?;
        mac.update(signed.as_bytes());
        Some(mac)
    }
}

fn check(ticket: Ticket, now_s: u64) -> Result<Ticket, BadTicket> {
    let has = |text: &str, max| (1..=max).contains(&text.len());
    if !has(&ticket.account, ACCOUNT_BYTES_MAX) || !has(&ticket.id, ID_BYTES_MAX) {
        Err(BadTicket::Ids)
    } else if ticket.roles.len() > ROLES_MAX || !ticket.roles.iter().all(|role| is_role(role)) {
        Err(BadTicket::Roles)
    } else if ticket.expires_at_s.saturating_add(CLOCK_LEEWAY_S) <= now_s {
        Err(BadTicket::Expired { ago_s: now_s - ticket.expires_at_s })
    } else if ticket.expires_at_s.saturating_sub(now_s) > LIFETIME_MAX.as_secs() + CLOCK_LEEWAY_S {
        Err(BadTicket::TooLongLived)
    } else {
        Ok(ticket)
    }
}

fn is_role(role: &str) -> bool {
    (1..=ROLE_BYTES_MAX).contains(&role.len()) && !role.chars().any(char::is_control)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::time::{Duration, UNIX_EPOCH};

    const NOW_S: u64 = 1_800_000_000;
    /// 32 bytes from 100.
    const SECRET: &str = "ZGVmZ2hpamtsbW5vcHFyc3R1dnd4eXp7fH1+f4CBgoM=";

    fn at(second: u64) -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(second)
    }

    fn keys() -> Keys {
        format!("k1 {SECRET}").parse().unwrap()
    }

    fn ada() -> Ticket {
        Ticket::new("u-17", "Ada", at(NOW_S + 60)).unwrap()
    }

    /// The text that a service signs itself.
    fn signed(json: &str) -> String {
        let signed = format!("tw1.k1.{}", URL_SAFE_NO_PAD.encode(json));
        let mac = keys().of("k1").unwrap().mac(&signed).unwrap().finalize().into_bytes();
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(mac))
    }

    #[test]
    fn what_is_signed_is_read_back() {
        let mut ticket = ada();
        ticket.game = Some("arena".into());
        ticket.options = Some([("map".into(), "duel".into())].into());
        ticket.roles = vec!["moderator".into()];
        ticket.claims = Some(serde_json::json!({ "level": 7 }));
        let text = keys().sign(&ticket).unwrap();
        assert_eq!(keys().verify(text.as_bytes(), at(NOW_S)), Ok(ticket));
        assert_ne!(ada().id, ada().id, "each has an id of its own");
    }

    /// Made with Python's hmac; the docs' lines in other languages give the same.
    #[test]
    fn a_ticket_of_another_language_is_accepted() {
        let text: String = include_str!("../tests/ticket.txt").split_whitespace().collect();
        let ticket = keys().verify(text.as_bytes(), at(NOW_S)).unwrap();
        assert_eq!((ticket.account.as_str(), ticket.name.as_deref()), ("u-17", Some("Ada")));
    }

    #[test]
    fn a_wrong_ticket_is_refused_with_the_reason() {
        let refused = |text: &str| keys().verify(text.as_bytes(), at(NOW_S)).unwrap_err();
        let good = keys().sign(&ada()).unwrap();
        for text in ["", "tw1", "tw1.k1.e30", "tw2.k1.e30.AA", "tw1.k1.e30.AA.AA", &"a".repeat(2_049)] {
            assert_eq!(refused(text), BadTicket::Form, "{text}");
        }
        assert_eq!(refused(&good.replace(".k1.", ".k2.")), BadTicket::UnknownKey);
        assert_eq!(refused("tw1.k1.e30.AA"), BadTicket::Signature);
        assert_eq!(refused("tw1.k1.e30.!"), BadTicket::Signature);
        let json = |text: &str| match refused(&signed(text)) {
            BadTicket::Json(error) => error,
            other => panic!("{other}"),
        };
        assert!(json("{}").contains("missing field `sub`"));
        assert!(
            json(r#"{"sub":"a","exp":1800000010,"jti":"x","party":"p"}"#).contains("unknown field `party`")
        );
        let roles = |roles: &str| {
            refused(&signed(&format!(r#"{{"sub":"a","exp":1800000010,"jti":"x","roles":{roles}}}"#)))
        };
        assert_eq!(roles(&format!("[\"{}\"]", "r".repeat(65))), BadTicket::Roles);
        assert_eq!(roles(&format!("[{}]", vec!["\"r\""; 17].join(","))), BadTicket::Roles);
        assert_eq!(refused(&signed(r#"{"sub":"","exp":1800000010,"jti":"x"}"#)), BadTicket::Ids);
        assert_eq!(refused(&signed(r#"{"sub":"a","exp":1800000010,"jti":""}"#)), BadTicket::Ids);
    }

    #[test]
    fn a_ticket_is_good_until_it_expires_and_for_a_day_at_most() {
        let verify = |exp: u64| {
            let text = keys().sign(&Ticket::new("a", "b", at(exp)).unwrap()).unwrap();
            keys().verify(text.as_bytes(), at(NOW_S))
        };
        assert!(verify(NOW_S + 1).is_ok());
        assert!(verify(NOW_S - CLOCK_LEEWAY_S + 1).is_ok(), "clocks differ a little");
        assert_eq!(verify(NOW_S - CLOCK_LEEWAY_S), Err(BadTicket::Expired { ago_s: CLOCK_LEEWAY_S }));
        let day = LIFETIME_MAX.as_secs();
        assert!(verify(NOW_S + day + CLOCK_LEEWAY_S).is_ok());
        assert_eq!(verify(NOW_S + day + CLOCK_LEEWAY_S + 1), Err(BadTicket::TooLongLived));
        assert_eq!(verify(NOW_S * 1_000), Err(BadTicket::TooLongLived), "milliseconds");
    }

    #[test]
    fn a_ticket_that_no_hello_can_carry_is_not_made() {
        let mut ticket = ada();
        ticket.claims = Some("x".repeat(2_000).into());
        let error = keys().sign(&ticket).unwrap_err();
        assert!(error.to_string().contains("shorten its claims"), "{error}");
    }

    #[test]
    fn keys_are_changed_without_refusing_anybody() {
        let new = Keys::new_secret().unwrap();
        let text = keys().sign(&ada()).unwrap();
        let both: Keys = format!("k2 {new}\nk1 {SECRET}").parse().unwrap();
        assert!(both.verify(text.as_bytes(), at(NOW_S)).is_ok());
        let later = both.sign(&ada()).unwrap();
        assert_eq!(keys().verify(later.as_bytes(), at(NOW_S)), Err(BadTicket::UnknownKey));
    }

    proptest! {
        #[test]
        fn a_changed_ticket_is_refused(at_byte in 0_usize..200, to in any::<u8>()) {
            let mut text = keys().sign(&ada()).unwrap().into_bytes();
            let at_byte = at_byte % text.len();
            prop_assume!(text[at_byte] != to);
            text[at_byte] = to;
            prop_assert!(keys().verify(&text, at(NOW_S)).is_err());
        }

        #[test]
        fn any_bytes_are_refused(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
            prop_assert!(keys().verify(&bytes, at(NOW_S)).is_err());
        }
    }
}
