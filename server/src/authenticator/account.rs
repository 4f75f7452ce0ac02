//! The account that a service describes, whatever the form in which it does.

use serde_json::Value;
use tickwire_shared::game::{Account, AccountId, AccountRole};
use tickwire_shared::wire::control::Name;

/// An account as a service describes it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Described<'a> {
    pub(super) id: &'a str,
    /// The name that others see; `None`: the one that the client asks for.
    pub(super) name: Option<&'a str>,
    pub(super) roles: &'a [String],
    pub(super) claims: Option<&'a Value>,
}

/// What does not fit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unfit {
    Id,
    Roles,
    Claims,
}

impl Described<'_> {
    /// The account; its client asks for the name `asked`.
    pub(super) fn account(self, asked: &Name) -> Result<Account, Unfit> {
        let id = AccountId::new(self.id).ok().filter(|id| !id.is_empty()).ok_or(Unfit::Id)?;
        let name = self.name.map_or_else(|| asked.clone(), Name::cut);
        let roles =
            self.roles.iter().map(|role| AccountRole::new(role.as_str())).collect::<Result<Vec<_>, _>>();
        let roles = roles.ok().and_then(|roles| roles.try_into().ok()).ok_or(Unfit::Roles)?;
        let account = Account::new(id, name).with_roles(roles);
        match self.claims {
            Some(claims) => account.with_claims(claims).map_err(|_| Unfit::Claims),
            None => Ok(account),
        }
    }
}
