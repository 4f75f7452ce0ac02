//! Honest players who make rooms and join them all the while, and measure how long that takes.

use super::socket::{RawSocket, message};
use super::target::Target;
use super::wire::{GameWire, control};
use crate::histogram::Spread;
use crate::tickets::TicketSource;
use core::future::Future;
use core::pin::pin;
use core::time::Duration;
use std::collections::BTreeMap;
use tickwire_shared::id::RoomId;
use tickwire_shared::wire::control::{ClientControl, Target as RoomTarget};
use tokio::time::{Instant, sleep, timeout};

/// With at least as many addresses, the honest ask often: each address is asked for two joins and a room in
/// a time in which a server's own limits permit many more.
const ADDRESSES_FOR_OFTEN: usize = 100;
const OFTEN: Duration = Duration::from_millis(200);
/// From one address: 15 rooms and 30 joins a minute.
const SELDOM: Duration = Duration::from_secs(4);
/// How long a player waits for the answer to a leave.
const LEAVE_TIMEOUT: Duration = Duration::from_secs(2);

/// Who probes, and how.
pub(super) struct Probe<'a> {
    pub(super) target: &'a Target,
    pub(super) wire: &'a GameWire,
    pub(super) tickets: &'a TicketSource,
}

/// What the probes saw.
#[derive(Clone, Debug, Default)]
pub(super) struct Probed {
    pub(super) creates: Spread,
    pub(super) joins: Spread,
    /// What failed, by reason.
    pub(super) failures: BTreeMap<String, u64>,
}

impl Probe<'_> {
    /// Makes a room, joins it, leaves, and so on until `stop` ends. What is under way then is ended.
    pub(super) async fn run(&self, stop: impl Future<Output = ()>) -> Probed {
        let mut stop = pin!(stop);
        let mut seen = Probed::default();
        let pause = if self.target.honest_addresses() >= ADDRESSES_FOR_OFTEN { OFTEN } else { SELDOM };
        let mut number = 0;
        loop {
            Box::pin(self.round(number, &mut seen)).await;
            number += 2;
            tokio::select! {
                () = &mut stop => return seen,
                () = sleep(pause) => {}
            }
        }
    }

    async fn round(&self, number: usize, seen: &mut Probed) {
        let fail = |failures: &mut BTreeMap<String, u64>, what, reason| {
            *failures.entry(format!("{what}: {reason}")).or_default() += 1;
        };
        let began = Instant::now();
        let (maker, room) = match self.enter(number, self.wire.new_room()).await {
            Ok(entered) => entered,
            Err(reason) => return fail(&mut seen.failures, "no room made", reason),
        };
        seen.creates.record(began.elapsed());
        let began = Instant::now();
        match self.enter(number + 1, RoomTarget::Room(room)).await {
            Ok((joiner, _)) => {
                seen.joins.record(began.elapsed());
                leave(joiner).await;
            }
            Err(reason) => fail(&mut seen.failures, "no room joined", reason),
        }
        leave(maker).await;
    }

    /// From nothing to a seat, as a player would come.
    async fn enter(&self, number: usize, target: RoomTarget) -> Result<(RawSocket, RoomId), String> {
        // Accounts of their own, far from those of the witness's bots.
        let account = 1_000 + (number % 1_000) as u32;
        let credential =
            self.tickets.credential(account, "probe").await.map_err(|error| error.to_string())?;
        let mut socket = RawSocket::open(self.target, self.target.next_honest()).await?;
        let joined = socket.enter(self.wire, credential, Some(target)).await?;
        Ok((socket, joined.room))
    }
}

async fn leave(mut socket: RawSocket) {
    let leave = message(&control(&ClientControl::Leave));
    if socket.outgoing.write(&leave).await.is_ok() {
        // The seat was measured; how the session ends is not.
        let _ = timeout(LEAVE_TIMEOUT, socket.incoming.end()).await;
    }
}
