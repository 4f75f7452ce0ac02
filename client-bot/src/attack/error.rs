//! Why a run of attacks does not begin.

/// Why a run of attacks does not begin.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum AttackError {
    /// The command line asks for something that is not possible.
    #[error("{0}")]
    Usage(String),
    /// The server's owner has not permitted it.
    #[error(
        "{0} is not this machine: its owner has to permit attacks with `attack_consent = \"TOKEN\"` \
         (--attack-consent TOKEN); then give --consent TOKEN"
    )]
    NoConsent(String),
    /// The server does not accept the token.
    #[error("{0} does not permit attacks to who shows this token (HTTP {1}): nothing was attacked")]
    ConsentRefused(String, u16),
    /// The server, or its metrics, cannot be reached.
    #[error("{0}")]
    Unreachable(String),
}
