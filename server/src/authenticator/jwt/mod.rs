//! Accounts by JSON Web Tokens (RFC 7519) of an identity provider.
//!
//! A key says by which algorithm tokens are signed with it; what a token says of that only has to agree.

mod fetched;
#[cfg(test)]
mod issuer;
mod keys;
#[cfg(test)]
mod tests;
mod verifier;

pub use keys::{BadJwtKeys, JwtKeys};

use super::account::{Described, Unfit};
use super::{AuthRefusal, AuthRequest, Authenticator, Guests};
use crate::config::{ConfigError, WebAddress};
use crate::metrics::{By, Counter};
use fetched::FetchedKeys;
use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::{Algorithm, Validation, decode, decode_header};
use serde_json::{Map, Value};
use std::fmt;
use std::path::Path;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;
use tickwire_shared::game::Account;
use tickwire_shared::limits::TICKET_BYTES_MAX;

/// How far the clocks of an issuer and a server may differ, s.
const CLOCK_LEEWAY_S: u64 = 5;
/// When players are to try again while the issuer's keys are unknown.
const NO_KEYS_RETRY: Duration = Duration::from_secs(10);
/// What a token says of itself, not of the account.
const OF_THE_TOKEN: [&str; 6] = ["aud", "exp", "iat", "iss", "jti", "nbf"];

/// Lets in who shows a JWT that is signed with one of its keys, is for its audience and has not expired. It
/// is shown as the ticket, and may be shown again until it expires.
///
/// `sub` is the account's id, `name` or else `preferred_username` its name, `roles` its roles if it is an
/// array; all other claims about the account are the account's.
///
/// The crate `jsonwebtoken` has one cryptography per process. A program that installs one of its own
/// (`CryptoProvider::install_default`) does so before it makes a `Jwt`, which else installs ring.
///
/// ```
/// use tickwire_server::{Jwt, JwtKeys, Server};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let keys: JwtKeys = "fQ2zX7bVn0sKdU4yPq9mWc1tRg6hLe8J".parse()?; // better from a file
/// let players = Jwt::new(keys, "my-game").issued_by("https://id.example.com/");
/// let server = Server::builder().authenticator(players);
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Jwt {
    keys: Source,
    audience: String,
    issuer: Option<String>,
    guests: bool,
}

enum Source {
    Given(RwLock<Arc<JwtKeys>>),
    At(Arc<FetchedKeys>),
}

impl Jwt {
    /// Accepts tokens for `audience` that are signed with one of these keys, and nobody without a token.
    #[must_use]
    pub fn new(keys: JwtKeys, audience: &str) -> Self {
        Self::of(Source::Given(RwLock::new(Arc::new(keys))), audience)
    }

    /// The same with the JSON Web Key Set at `address`. It is asked for at most every 10 s: when players come
    /// and the set is older than 5 min, and for a token whose `kid` is not in it. A set stays in use while
    /// there is no newer one.
    ///
    /// # Errors
    /// The address is encrypted, and this system has no root certificates.
    pub fn with_keys_at(address: WebAddress, audience: &str) -> Result<Self, ConfigError> {
        Ok(Self::of(Source::At(Arc::new(FetchedKeys::new(address)?)), audience))
    }

    fn of(keys: Source, audience: &str) -> Self {
        verifier::install();
        Self { keys, audience: audience.to_owned(), issuer: None, guests: false }
    }

    /// Accepts tokens of this issuer (`iss`) only.
    #[must_use]
    pub fn issued_by(mut self, issuer: &str) -> Self {
        self.issuer = Some(issuer.to_owned());
        self
    }

    /// Also lets in guests, who show no token.
    #[must_use]
    pub const fn and_guests(mut self) -> Self {
        self.guests = true;
        self
    }

    /// Accepts tokens that are signed with one of these keys from now on, and no others. Keys from an address
    /// stay as they are.
    pub fn replace_keys(&self, keys: JwtKeys) {
        if let Source::Given(given) = &self.keys {
            *given.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(keys);
        }
    }

    /// The keys in a file of the configuration.
    pub(crate) fn read_keys(file: &Path) -> Result<JwtKeys, ConfigError> {
        let wrong = |error: &dyn fmt::Display| {
            ConfigError::about(&["jwt_keys"], format!("{}: {error}", file.display()))
        };
        std::fs::read_to_string(file).map_err(|error| wrong(&error))?.parse().map_err(|error| wrong(&error))
    }

    /// Counts questions for keys here.
    pub(super) fn count_in(&self, counters: By<Counter>) {
        if let Source::At(fetched) = &self.keys {
            fetched.count_in(counters);
        }
    }

    /// Asks for the keys, so that the first player need not wait. Needs a runtime.
    pub(super) fn start(&self) {
        if let Source::At(fetched) = &self.keys {
            drop(fetched.ask());
        }
    }

    /// Whether its keys are secrets.
    pub(crate) fn has_secret(&self) -> bool {
        match &self.keys {
            Source::Given(given) => given.read().unwrap_or_else(PoisonError::into_inner).has_secret(),
            Source::At(_) => false,
        }
    }

    async fn check(&self, token: &[u8], request: &AuthRequest) -> Result<Account, AuthRefusal> {
        let not_one = || AuthRefusal::bad_credentials("this is not a JWT that the server can read");
        if token.len() > TICKET_BYTES_MAX {
            return Err(not_one());
        }
        let id = decode_header(token).map_err(|_| not_one())?.kid;
        let keys = self.keys_for(id.as_deref()).await?;
        account_of(self.claims(token, id.as_deref(), &keys)?, request)
    }

    async fn keys_for(&self, id: Option<&str>) -> Result<Arc<JwtKeys>, AuthRefusal> {
        let fetched = match &self.keys {
            Source::Given(given) => return Ok(given.read().unwrap_or_else(PoisonError::into_inner).clone()),
            Source::At(fetched) => fetched,
        };
        let no_keys = || AuthRefusal::try_later(NO_KEYS_RETRY);
        let keys = fetched.current().await.ok_or_else(no_keys)?;
        if id.is_none() || keys.candidates(id).next().is_some() {
            return Ok(keys);
        }
        fetched.newer().await.ok_or_else(no_keys)
    }

    /// What a token says, if it is signed with one of these keys.
    fn claims(
        &self,
        token: &[u8],
        id: Option<&str>,
        keys: &JwtKeys,
    ) -> Result<Map<String, Value>, AuthRefusal> {
        let mut refused = None;
        for key in keys.candidates(id) {
            let kind = match decode::<Map<String, Value>>(token, &key.key, &self.expected(key.algorithm)) {
                Ok(told) => return Ok(told.claims),
                Err(error) => error.into_kind(),
            };
            // Another key may be the right one. What one for the token's algorithm says tells more.
            match kind {
                ErrorKind::InvalidAlgorithm if refused.is_some() => {}
                ErrorKind::InvalidAlgorithm | ErrorKind::InvalidSignature => refused = Some(kind),
                other => return Err(AuthRefusal::bad_credentials(&told(&other))),
            }
        }
        let no_key = || "no key of this server has the `kid` of the JWT".to_owned();
        Err(AuthRefusal::bad_credentials(&refused.as_ref().map_or_else(no_key, told)))
    }

    /// What must hold of a token that is signed with a key for this algorithm.
    fn expected(&self, algorithm: Algorithm) -> Validation {
        let mut expected = Validation::new(algorithm);
        expected.leeway = CLOCK_LEEWAY_S;
        expected.validate_nbf = true;
        expected.set_audience(&[&self.audience]);
        expected.set_required_spec_claims(&["exp", "aud", "sub"]);
        if let Some(issuer) = &self.issuer {
            expected.set_issuer(&[issuer]);
            expected.required_spec_claims.insert("iss".to_owned());
        }
        expected
    }
}

impl Authenticator for Jwt {
    async fn authenticate(&self, request: &AuthRequest) -> Result<Account, AuthRefusal> {
        match &request.ticket {
            Some(token) => self.check(token, request).await,
            None if self.guests => Guests.authenticate(request).await,
            None => Err(AuthRefusal::TicketRequired),
        }
    }
}

/// For the player or for the author of the issuer; it tells nothing that helps to forge a token.
fn told(kind: &ErrorKind) -> String {
    match kind {
        ErrorKind::InvalidSignature => "the JWT's signature is wrong".to_owned(),
        ErrorKind::InvalidAlgorithm => "the JWT's `alg` is not that of the server's key".to_owned(),
        ErrorKind::ExpiredSignature => "the JWT has expired, by this server's clock".to_owned(),
        ErrorKind::ImmatureSignature => "the JWT is not good yet, by this server's clock".to_owned(),
        ErrorKind::InvalidAudience => "the JWT is for another audience (`aud`)".to_owned(),
        ErrorKind::InvalidIssuer => "the JWT is of another issuer (`iss`)".to_owned(),
        ErrorKind::MissingRequiredClaim(claim) => format!("the JWT has no `{claim}`"),
        ErrorKind::InvalidClaimFormat(claim) => format!("the JWT's `{claim}` is not what it has to be"),
        _ => "this is not a JWT that the server can read".to_owned(),
    }
}

fn account_of(mut claims: Map<String, Value>, request: &AuthRequest) -> Result<Account, AuthRefusal> {
    let unfit = |what: &str| AuthRefusal::bad_credentials(&format!("the JWT's `{what}` does not fit"));
    let Some(Value::String(id)) = claims.remove("sub") else { return Err(unfit("sub")) };
    let named = if claims.contains_key("name") { "name" } else { "preferred_username" };
    let name = match claims.remove(named) {
        Some(Value::String(name)) => Some(name),
        None | Some(Value::Null) => None,
        Some(_) => return Err(unfit(named)),
    };
    // Another issuer's `roles` may be something else.
    let roles: Vec<String> = match claims.get("roles") {
        Some(Value::Array(_)) => {
            let roles = claims.remove("roles").unwrap_or_default();
            serde_json::from_value(roles).map_err(|_| unfit("roles"))?
        }
        _ => Vec::new(),
    };
    claims.retain(|claim, _| !OF_THE_TOKEN.contains(&claim.as_str()));
    let claims = if claims.is_empty() { None } else { Some(Value::Object(claims)) };
    let described = Described { id: &id, name: name.as_deref(), roles: &roles, claims: claims.as_ref() };
    described.account(&request.name).map_err(|what| match what {
        Unfit::Id => unfit("sub"),
        Unfit::Roles => unfit("roles"),
        Unfit::Claims => AuthRefusal::bad_credentials("the JWT's claims are too long"),
    })
}

/// Without the keys.
impl fmt::Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Given(keys) => keys.read().unwrap_or_else(PoisonError::into_inner).fmt(f),
            Self::At(fetched) => fetched.address().fmt(f),
        }
    }
}
