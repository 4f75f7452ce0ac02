//! What a host's own systems hear of its rooms, and whom they let in: the seam for results, statistics and
//! moderation. No room waits for any of it.

mod event;
mod own;
mod queue;

pub use event::{Happened, RoomEvent};
pub(crate) use own::OwnServices;
pub(crate) use queue::{Queued, ServiceQueue, Stored};

use std::sync::Arc;
use tickwire_shared::game::Account;
use tickwire_shared::wire::control::{GameName, Role, Target};
use tickwire_shared::wire::terms::Parameters;

use crate::authenticator::AuthRefusal;

/// A host's own systems, given to [`ServerBuilder::services`](crate::ServerBuilder::services). Its functions
/// run in the host's runtime: they may wait for a database, but must not block a thread.
///
/// ```
/// use tickwire_server::{Happened, RoomEvent, Services};
///
/// struct Results;
///
/// impl Services for Results {
///     async fn happened(&self, event: &RoomEvent) {
///         if let Happened::Ended { result, .. } = &event.what {
///             println!("{} ended: {}", event.room, result.text());
///         }
///     }
/// }
/// ```
pub trait Services: Send + Sync + 'static {
    /// Whether this account may join what it asks for, after the authenticator has said who it is. Without an
    /// answer within 5 s the client is told to try later.
    ///
    /// # Errors
    /// The client is closed as the refusal says.
    fn admit(&self, _admission: &Admission) -> impl Future<Output = Result<(), AuthRefusal>> + Send {
        async { Ok(()) }
    }

    /// Something happened in a room. The events of one room come one after the other, in their order. A call
    /// that takes more than 10 s is dropped at its next await, and one that panics ends; the next event
    /// follows. When a room's game ends it, its players are told after this has returned for
    /// [`Happened::Ended`], or after two seconds.
    fn happened(&self, event: &RoomEvent) -> impl Future<Output = ()> + Send;
}

/// Who wants to join what.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Admission {
    /// Who.
    pub account: Arc<Account>,
    /// The game.
    pub game: GameName,
    /// As player or spectator.
    pub role: Role,
    /// One room, a match or a new room.
    pub target: Target,
    /// What the client says for the game.
    pub parameters: Parameters,
}

impl Admission {
    pub(crate) fn of(account: Arc<Account>, join: &tickwire_shared::wire::control::Join) -> Self {
        Self {
            account,
            game: join.game.clone(),
            role: join.role,
            target: join.target.clone(),
            parameters: join.terms.parameters.clone(),
        }
    }
}
