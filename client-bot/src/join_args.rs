//! On which terms bots join: the flags of `Join`'s terms.

use clap::Args;
use std::str::FromStr;
use tickwire_shared::limits::{INVITATION_BYTES_MAX, PASSWORD_BYTES_MAX};
use tickwire_shared::wire::terms::{Invitation, JoinTerms, Parameters, Pass};
use tickwire_shared::wire::{Text, TextError};

/// On which terms bots join.
#[derive(Args, Clone, Debug, Default)]
pub(crate) struct JoinArgs {
    /// What the game is told of each bot, such as '{"team":"red"}'.
    #[arg(long, value_name = "JSON", value_parser = Parameters::from_str)]
    parameters: Option<Parameters>,
    /// The password of the rooms: of those that the bots make, or of --room.
    #[arg(long, value_name = "TEXT", conflicts_with = "invitation",
        value_parser = text::<PASSWORD_BYTES_MAX>)]
    password: Option<Text<PASSWORD_BYTES_MAX>>,
    /// An invitation to --room.
    #[arg(long, value_name = "TEXT", requires = "room", value_parser = text::<INVITATION_BYTES_MAX>)]
    invitation: Option<Invitation>,
}

impl JoinArgs {
    /// The terms of each bot.
    pub(crate) fn terms(&self) -> JoinTerms {
        let mut terms = JoinTerms::default();
        terms.parameters = self.parameters.clone().unwrap_or_default();
        let password = self.password.clone().map(Pass::Password);
        terms.pass = password.or(self.invitation.clone().map(Pass::Invitation)).unwrap_or_default();
        terms
    }

    /// Whether no room but one with this password will do.
    pub(crate) fn has_password(&self) -> bool {
        self.password.is_some()
    }
}

fn text<const MAX: usize>(given: &str) -> Result<Text<MAX>, TextError> {
    Text::new(given)
}
