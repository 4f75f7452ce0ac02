//! Honest players in a room that the attackers come to as well. They are bots that play as in any run.

use super::target::Target;
use crate::FleetConfig;
use crate::connect::{Connect, ConnectError, Link, LinkEnd, Sources, TlsRoots, WebSocketConnect};
use crate::fleet;
use crate::plan::Plan;
use crate::report::Report;
use crate::tickets::TicketSource;
use bytes::Bytes;
use core::future::Future;
use core::task::{Context, Poll};
use core::time::Duration;
use std::sync::Arc;
use tickwire_shared::bot::Behaviours;
use tickwire_shared::game::Game;
use tickwire_shared::id::RoomId;
use tickwire_shared::wire::control::{GameName, Options, ServerControl, TAG_CONTROL};
use tickwire_shared::wire::terms::JoinTerms;
use tokio::sync::watch;

/// How many witnesses play.
pub(super) const WITNESSES: u32 = 2;
/// A witness stays until it is told to leave; a run of attacks is shorter.
const STAY: Duration = Duration::from_secs(24 * 3_600);

/// The room in which the witnesses are, once they all are.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Seated {
    room: Option<RoomId>,
    seats: u32,
}

impl Seated {
    /// The room, once every witness has a seat.
    pub(super) fn room(self) -> Option<RoomId> {
        self.room.filter(|_| self.seats >= WITNESSES)
    }
}

/// Who the witnesses are.
pub(super) struct Witness<B> {
    pub(super) game: GameName,
    pub(super) options: Options,
    pub(super) terms: JoinTerms,
    pub(super) tickets: TicketSource,
    pub(super) roots: Option<TlsRoots>,
    pub(super) behaviours: B,
}

impl<B> Witness<B> {
    /// Lets the witnesses play in a new room until `stop` ends.
    pub(super) async fn run<G: Game>(
        &self,
        target: &Target,
        seated: watch::Sender<Seated>,
        stop: impl Future<Output = ()>,
    ) -> Result<Report, ConnectError>
    where
        B: Behaviours<G> + Clone,
    {
        let sources = Sources(target.next_of_honest(WITNESSES as usize));
        let inner = WebSocketConnect::new(target.url.clone(), target.address, sources, self.roots.clone())?;
        let connect = WatchedConnect { inner, seated: Arc::new(seated) };
        let mut config = FleetConfig::new(self.game.clone(), Plan::steady(WITNESSES, Duration::ZERO, STAY));
        (config.options, config.tickets) = (self.options.clone(), self.tickets.clone());
        config.terms = self.terms.clone();
        Ok(fleet::run::<G, _, _>(config, connect, self.behaviours.clone(), stop, |_| {}).await)
    }
}

/// Connections that tell which room their bots came into.
struct WatchedConnect {
    inner: WebSocketConnect,
    seated: Arc<watch::Sender<Seated>>,
}

struct WatchedLink<L> {
    inner: L,
    seated: Arc<watch::Sender<Seated>>,
}

impl Connect for WatchedConnect {
    type Link = WatchedLink<<WebSocketConnect as Connect>::Link>;

    async fn connect(&self, bot: u32) -> Result<Self::Link, ConnectError> {
        let inner = self.inner.connect(bot).await?;
        Ok(WatchedLink { inner, seated: Arc::clone(&self.seated) })
    }
}

impl<L: Link> Link for WatchedLink<L> {
    fn poll_recv(&mut self, cx: &mut Context<'_>) -> Poll<Result<Bytes, LinkEnd>> {
        let polled = self.inner.poll_recv(cx);
        if let Poll::Ready(Ok(bytes)) = &polled
            && bytes.first() == Some(&TAG_CONTROL)
            && let Ok(ServerControl::Joined(joined)) = ServerControl::decode(bytes)
            && !joined.resumed
        {
            self.seated.send_modify(|seated| {
                seated.room = Some(joined.room);
                seated.seats += 1;
            });
        }
        polled
    }

    fn send(&mut self, message: Vec<u8>) -> Result<(), LinkEnd> {
        self.inner.send(message)
    }

    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), LinkEnd>> {
        self.inner.poll_flush(cx)
    }
}
