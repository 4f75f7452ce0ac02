//! Who a player is, as the host's authenticator says.

use crate::json::{BadJson, Json};
use crate::wire::Text;
use crate::wire::control::{List, Name};
use serde::{Deserialize, Serialize};

/// Bytes of an account's id: what OpenID Connect permits for a subject.
pub const ACCOUNT_ID_BYTES_MAX: usize = 255;
/// Roles of an account.
pub const ACCOUNT_ROLES_MAX: usize = 16;
/// Bytes of a role's name.
pub const ROLE_BYTES_MAX: usize = 64;
/// Bytes of an account's claims as JSON.
pub const CLAIMS_BYTES_MAX: usize = 8 * 1024;

/// An account's id: stable, and the same for no two accounts.
pub type AccountId = Text<ACCOUNT_ID_BYTES_MAX>;

/// What an account may do besides playing, such as `moderator`. The words are the host's.
pub type AccountRole = Text<ROLE_BYTES_MAX>;

/// As whom a client plays.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Account {
    /// Which account; `None` for a guest, who has none. Operators see it in the log and in `/sessions`.
    pub id: Option<AccountId>,
    /// The name that other players see. A server removes characters that cannot be seen; if none is left, the
    /// player is called `Guest` and a number.
    pub name: Name,
    /// What it may do besides playing.
    pub roles: List<AccountRole, ACCOUNT_ROLES_MAX>,
    /// What else the host knows of it. No client sees it.
    pub claims: Claims,
}

impl Account {
    /// The account `id`, which plays under `name`.
    #[must_use]
    pub fn new(id: AccountId, name: Name) -> Self {
        Self { id: Some(id), name, roles: List::default(), claims: Claims::default() }
    }

    /// Someone without an account, who plays under `name`.
    #[must_use]
    pub fn guest(name: Name) -> Self {
        Self { id: None, name, roles: List::default(), claims: Claims::default() }
    }

    /// With these roles.
    #[must_use]
    pub fn with_roles(mut self, roles: List<AccountRole, ACCOUNT_ROLES_MAX>) -> Self {
        self.roles = roles;
        self
    }

    /// With these claims, of any type of the host's; [`Json::read`] gives them back.
    ///
    /// # Errors
    /// They have no JSON form, or one that is too long.
    pub fn with_claims(mut self, claims: &impl Serialize) -> Result<Self, BadJson> {
        self.claims = Claims::of(claims)?;
        Ok(self)
    }

    /// Whether it has this role.
    #[must_use]
    pub fn has_role(&self, role: &str) -> bool {
        self.roles.iter().any(|of| &**of == role)
    }
}

/// What a host knows of an account: a value of the host's type.
pub type Claims = Json<CLAIMS_BYTES_MAX>;

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Rank {
        level: u32,
        clan: Option<String>,
    }

    fn ada() -> Account {
        Account::new(Text::cut("42"), Text::cut("ada"))
    }

    #[test]
    fn claims_are_a_value_of_the_hosts_type() {
        let rank = Rank { level: 7, clan: None };
        let account = ada().with_claims(&rank).unwrap();
        assert_eq!(account.claims.read::<Rank>(), Ok(rank));
        assert!(account.claims.read::<Vec<u8>>().is_err());
        assert_eq!(ada().claims.read::<Option<Rank>>(), Ok(None));
        assert!(ada().claims.read::<Rank>().is_err());
    }

    #[test]
    fn claims_are_not_shown() {
        let account = ada().with_claims(&"ada@example.org").unwrap();
        assert!(!format!("{account:?}").contains("example"), "{account:?}");
    }

    #[test]
    fn claims_bytes_max() {
        let text = "x".repeat(CLAIMS_BYTES_MAX - 2);
        assert!(ada().with_claims(&text).is_ok());
        let error = ada().with_claims(&format!("{text}x")).unwrap_err();
        assert_eq!(error, BadJson::TooLong { bytes: CLAIMS_BYTES_MAX + 1, bytes_max: CLAIMS_BYTES_MAX });
    }

    #[test]
    fn an_account_has_the_roles_that_it_was_given() {
        let account = ada().with_roles(vec![Text::cut("moderator")].try_into().unwrap());
        assert!(account.has_role("moderator") && !account.has_role("admin") && !ada().has_role(""));
    }

    #[test]
    fn roles_and_ids_have_their_bounds() {
        let roles = |count| List::try_from(vec![AccountRole::cut("r"); count]);
        let made: Result<List<AccountRole, ACCOUNT_ROLES_MAX>, _> = roles(ACCOUNT_ROLES_MAX);
        assert!(made.is_ok());
        let made: Result<List<AccountRole, ACCOUNT_ROLES_MAX>, _> = roles(ACCOUNT_ROLES_MAX + 1);
        assert!(made.is_err());
        assert!(AccountRole::new("r".repeat(ROLE_BYTES_MAX)).is_ok());
        assert!(AccountRole::new("r".repeat(ROLE_BYTES_MAX + 1)).is_err());
        assert!(AccountId::new("a".repeat(ACCOUNT_ID_BYTES_MAX)).is_ok());
        assert!(AccountId::new("a".repeat(ACCOUNT_ID_BYTES_MAX + 1)).is_err());
    }
}
