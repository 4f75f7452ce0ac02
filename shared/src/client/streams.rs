//! The snapshots of each stream: decoding, the state hash, repair.

use super::held::HeldEntities;
use super::left::Left;
use super::stats::ClientStats;
use crate::entity::Schema;
use crate::id::{EntityId, StreamId};
use crate::limits::{QUIET_MS_MAX, VIEW_ROWS_MAX, VIEW_STREAMS_MAX};
use crate::snapshot::{History, RowRef, Snapshot, decode_packet};
use crate::tick::{Tick, TickRate};
use crate::wire::DecodeError;
use crate::wire::control::{ClientControl, Desync};
use crate::wire::update::{StreamPacket, Waiting};
use core::time::Duration;

/// How long a client keeps states beyond the longest quiet time, ms: enough for interpolation. The next
/// baseline and the state that a repair is compared with are kept separately. (64 more states for each of a
/// thousand bots would overflow every cache.)
const KEPT_MS: u64 = 400;
const KEPT_TICKS_MIN: u32 = 12;
/// Streams that are kept, including those out of view whose last states are still to be shown. A view that
/// jumps about soon leaves more behind; then the first ones to leave it are forgotten.
const HELD_STREAMS_MAX: usize = 2 * VIEW_STREAMS_MAX;
/// A client asks for a repair at most this often.
const REPAIR_PERIOD: Duration = Duration::from_secs(1);
/// A stream that could not be decoded, and that no keyframe repairs within this time, ends the session.
const BROKEN_MAX: Duration = Duration::from_secs(5);

#[derive(Clone, Debug)]
struct ReceivedStream {
    id: StreamId,
    /// The state that the last packet led to, and the baseline of the next one.
    base: Snapshot,
    /// The last states, including those confirmed without a packet.
    history: History,
    /// The tick at which it left the view. Its earlier states are still to be shown.
    gone: Option<Tick>,
    /// It is from the previous connection, and is shown for as long as it waits.
    old: bool,
    /// Memory for the next snapshot.
    spare: Option<Snapshot>,
    /// Since when its packets cannot be decoded here; a keyframe ends that.
    broken: Option<Duration>,
}

/// All streams of a client view.
#[derive(Clone, Debug, Default)]
pub(super) struct StreamStates {
    streams: Vec<ReceivedStream>,
    newest: Option<Tick>,
    kept_ticks: usize,
    /// The longest time without a message about a stream that does not wait.
    quiet_ticks: u32,
    asked: Option<RepairRequest>,
    /// Streams that wait for bytes, sorted by id.
    waiting: Vec<StreamId>,
    held: Option<HeldEntities>,
    left: Left,
}

/// A requested repair.
#[derive(Clone, Debug)]
struct RepairRequest {
    stream: StreamId,
    at: Duration,
    /// The client's own state with the wrong hash; `None` after the comparison.
    ours: Option<Snapshot>,
}

impl StreamStates {
    /// Creates an empty set of streams for a room of this rate.
    pub(super) fn new(rate: TickRate) -> Self {
        let quiet_ticks = rate.ticks_covering(QUIET_MS_MAX);
        let kept = quiet_ticks + rate.ticks_covering(KEPT_MS).max(KEPT_TICKS_MIN);
        Self { kept_ticks: kept as usize, quiet_ticks, ..Self::default() }
    }

    /// The states of a stream.
    pub(super) fn history(&self, id: StreamId) -> Option<&History> {
        self.streams.iter().find(|stream| stream.id == id).map(|stream| &stream.history)
    }

    /// The states of all streams that are shown at `tick`, and of the held entities.
    pub(super) fn histories(&self, tick: Tick) -> impl Iterator<Item = &History> {
        let shown = move |stream: &&ReceivedStream| stream.gone.is_none_or(|gone| tick < gone);
        let streams = self.streams.iter().filter(shown).map(|stream| &stream.history);
        streams.chain(self.held.iter().map(HeldEntities::history))
    }

    /// The entities that are held between two streams.
    pub(super) fn held(&self) -> impl Iterator<Item = (Tick, RowRef<'_>)> {
        self.held.iter().flat_map(HeldEntities::rows)
    }

    /// Whether a row from the state of `since` is still valid for an entity at `tick`.
    pub(super) fn counts(&self, entity: EntityId, since: Tick, tick: Tick) -> bool {
        self.left.counts(entity, since, tick)
    }

    /// The number of streams that have to wait.
    pub(super) fn waiting(&self) -> usize {
        self.waiting.len()
    }

    /// The newest states of the streams in view.
    pub(super) fn latest(&self) -> impl Iterator<Item = (StreamId, &Snapshot)> {
        let in_view = self.streams.iter().filter(|stream| stream.gone.is_none());
        in_view.filter_map(|stream| Some((stream.id, stream.history.newest()?)))
    }

    /// The row of an entity at `tick`, whichever stream has it.
    pub(super) fn row(&self, tick: Tick, id: EntityId) -> Option<RowRef<'_>> {
        self.streams.iter().find_map(|stream| {
            let shown = stream.gone.is_none_or(|gone| tick < gone);
            shown.then(|| stream.history.get(tick)?.get(id))?
        })
    }

    /// The tick of the newest update.
    pub(super) fn newest(&self) -> Option<Tick> {
        self.newest
    }

    /// Records that everything went as predicted up to `tick`, for the streams in view that have no state for
    /// it yet, except those that have to wait.
    pub(super) fn confirm(&mut self, schema: &Schema, tick: Tick, stats: &mut ClientStats) {
        self.newest = Some(tick);
        for stream in self.streams.iter_mut().filter(|stream| stream.gone.is_none() && !stream.old) {
            if self.waiting.binary_search(&stream.id).is_err() && stream.broken.is_none() {
                stream.confirm(schema, tick, stats);
            }
        }
    }

    /// Records which streams wait from the update of `tick` on, and which entities are held because of it.
    /// The update's packets come next, then [`StreamStates::settle`].
    pub(super) fn wait(&mut self, schema: &Schema, tick: Tick, told: &Waiting) -> Result<(), DecodeError> {
        for stream in &told.changed {
            match self.waiting.binary_search(stream) {
                Ok(at) => _ = self.waiting.remove(at),
                Err(at) => self.waiting.insert(at, *stream),
            }
        }
        if self.waiting.len() > VIEW_STREAMS_MAX {
            return Err(DecodeError::TooMany);
        }
        if self.held.is_none() && told.held.is_empty() {
            return Ok(());
        }
        let streams = &self.streams;
        let latest = |entity| {
            let states =
                streams.iter().filter_map(|stream| Some((stream.base.tick, stream.base.get(entity)?)));
            states.max_by_key(|(tick, _)| *tick)
        };
        let kept_ticks = self.kept_ticks;
        self.held.get_or_insert_with(|| HeldEntities::new(kept_ticks)).hold(schema, tick, &told.held, latest)
    }

    /// Ends the update of `tick`. Entities that were found in a stream, or are in `released`, are no longer
    /// held. Streams of the previous connection leave the view unless they wait.
    pub(super) fn settle(&mut self, tick: Tick, released: &[EntityId]) {
        for stream in self.streams.iter_mut().filter(|stream| stream.old && stream.gone.is_none()) {
            if self.waiting.binary_search(&stream.id).is_err() {
                (stream.old, stream.gone) = (false, Some(tick));
            }
        }
        let oldest = self.latest().map(|(_, state)| state.tick).min();
        self.left.settle(tick, oldest.unwrap_or(tick), self.kept_ticks);
        let Some(held) = &mut self.held else { return };
        let none_waits = self.waiting.is_empty();
        let in_view = self.streams.iter().filter(|stream| stream.gone.is_none());
        let states: Vec<&Snapshot> = in_view.filter_map(|stream| stream.history.get(tick)).collect();
        held.settle(tick, |entity| {
            let is_found = states.iter().any(|state| state.get(entity).is_some());
            !none_waits && !is_found && released.binary_search(&entity).is_err()
        });
    }

    /// Starts a new connection: the server will say what is in view. Until then the last known state is
    /// shown.
    pub(super) fn resume(&mut self) {
        self.streams.iter_mut().for_each(|stream| stream.old = stream.gone.is_none());
        self.waiting.clear();
        self.held.iter_mut().for_each(HeldEntities::clear);
    }

    /// Removes `dropped` from the view with the update of `tick`, and forgets streams that left it long ago.
    pub(super) fn drop_streams(&mut self, tick: Tick, dropped: &[StreamId]) {
        for stream in self.streams.iter_mut().filter(|stream| dropped.contains(&stream.id)) {
            stream.gone = Some(tick);
        }
        let kept = self.kept_ticks as i64;
        self.streams.retain(|stream| stream.gone.is_none_or(|gone| tick.since(gone) < kept));
    }

    /// Processes one packet. Returns a message for the server, if there is one.
    pub(super) fn receive(
        &mut self,
        schema: &Schema,
        now: Duration,
        packet: &StreamPacket<'_>,
        stats: &mut ClientStats,
    ) -> Result<Option<ClientControl>, DecodeError> {
        if packet.repair {
            return self.repaired(schema, packet, stats);
        }
        let stream = self.stream_mut(packet.stream)?;
        let is_delta = packet.baseline.is_some();
        if stream.broken.is_none() || !is_delta {
            stream.broken = None;
            match self.decode_live(schema, packet, stats) {
                Ok(Some((theirs, ours))) => {
                    stats.hash_checks += 1;
                    if theirs == ours {
                        return Ok(None);
                    }
                    stats.hash_mismatches += 1;
                    return Ok(self.ask(now, packet.stream, packet.target, stats));
                }
                Ok(None) => return Ok(None),
                // The client has the baseline, but the delta does not fit it: its state must be wrong.
                Err(_) if is_delta && self.has(packet) => stats.deltas_refused += 1,
                Err(error) => return Err(error),
            }
        }
        self.wait_for_keyframe(now, packet.stream, stats)
    }

    /// Whether the client has the state from which a packet starts.
    fn has(&self, packet: &StreamPacket<'_>) -> bool {
        let stream = self.streams.iter().find(|stream| stream.id == packet.stream);
        stream.is_some_and(|stream| {
            packet.baseline == Some(stream.base.tick) && packet.target > stream.base.tick
        })
    }

    /// Whether every stream in view could be decoded.
    pub(super) fn is_whole(&self) -> bool {
        self.streams.iter().all(|stream| stream.gone.is_some() || stream.broken.is_none())
    }

    /// Handles a stream that cannot be decoded, so its state here must be wrong: asks for a repair, after
    /// which the server continues with a keyframe.
    fn wait_for_keyframe(
        &mut self,
        now: Duration,
        stream: StreamId,
        stats: &mut ClientStats,
    ) -> Result<Option<ClientControl>, DecodeError> {
        let broken = self.stream_mut(stream)?;
        let since = *broken.broken.get_or_insert(now);
        let tick = broken.base.tick;
        if now.saturating_sub(since) > BROKEN_MAX {
            return Err(DecodeError::BadSnapshot);
        }
        Ok(self.ask(now, stream, tick, stats))
    }

    fn decode_live(
        &mut self,
        schema: &Schema,
        packet: &StreamPacket<'_>,
        stats: &mut ClientStats,
    ) -> Result<Option<(u32, u32)>, DecodeError> {
        let stream = self.stream_mut(packet.stream)?;
        if (stream.gone.is_some() || stream.old) && packet.baseline.is_some() {
            return Err(DecodeError::UnknownBaseline);
        }
        (stream.gone, stream.old) = (None, false);
        let newest = stream.history.newest().map(|snapshot| snapshot.tick);
        let outdated = newest.is_some_and(|newest| match packet.baseline {
            Some(_) => packet.target <= newest,
            None => packet.target < newest,
        });
        if outdated {
            return Err(DecodeError::BadSnapshot);
        }
        let baseline = match packet.baseline {
            Some(tick) if newest.is_some() && tick == stream.base.tick => Some(&stream.base),
            Some(_) => return Err(DecodeError::UnknownBaseline),
            None => None,
        };
        let mut snapshot = stream.spare.take().unwrap_or_default();
        snapshot.reset(packet.target);
        let hash = match decode_packet(schema, baseline, packet, &mut snapshot) {
            Ok(hash) => hash,
            Err(error) => {
                stream.spare = Some(snapshot);
                return Err(error);
            }
        };
        let rows_before = stream.base.len();
        while snapshot.len() > rows_before && self.rows() - rows_before + snapshot.len() > VIEW_ROWS_MAX {
            if !self.forget_first_gone() {
                return Err(DecodeError::TooMany);
            }
        }
        if !self.waiting.is_empty()
            && let Some(before) = self.streams.iter().find(|stream| stream.id == packet.stream)
        {
            let seen = before.history.newest().map_or(before.base.tick, |newest| newest.tick);
            self.left.note(&before.base, seen, &snapshot);
        }
        let quiet_ticks = i64::from(self.quiet_ticks);
        let stream = self.stream_mut(packet.stream)?;
        stream.bridge(schema, packet.target.offset(-quiet_ticks));
        count(packet, schema, &snapshot, stats);
        let hashes = hash.map(|theirs| (theirs, snapshot.hash()));
        stream.base.copy_from(&snapshot);
        stream.spare = stream.history.push(snapshot);
        Ok(hashes)
    }

    /// The number of rows in all streams, including those out of view that are not forgotten yet.
    fn rows(&self) -> usize {
        self.streams.iter().map(|stream| stream.base.len()).sum()
    }

    fn ask(
        &mut self,
        now: Duration,
        stream: StreamId,
        tick: Tick,
        stats: &mut ClientStats,
    ) -> Option<ClientControl> {
        if self.asked.as_ref().is_some_and(|asked| now.saturating_sub(asked.at) < REPAIR_PERIOD) {
            return None;
        }
        let ours = self.history(stream).and_then(|history| history.get(tick)).cloned();
        self.asked = Some(RepairRequest { stream, at: now, ours });
        stats.repairs_asked += 1;
        Some(ClientControl::Repair { stream, tick })
    }

    /// Compares the keyframe of an old tick with the client's own state then, and names the first field that
    /// differs. The server repairs the live stream by continuing with a keyframe.
    fn repaired(
        &mut self,
        schema: &Schema,
        packet: &StreamPacket<'_>,
        stats: &mut ClientStats,
    ) -> Result<Option<ClientControl>, DecodeError> {
        let (stream, tick) = (packet.stream, packet.target);
        let asked = self.asked.as_mut().filter(|asked| asked.stream == stream);
        let Some(ours) = asked.and_then(|asked| asked.ours.take_if(|ours| ours.tick == tick)) else {
            return Ok(None);
        };
        let mut theirs = Snapshot::new(tick);
        decode_packet(schema, None, packet, &mut theirs)?;
        stats.repairs_received += 1;
        Ok(ours.first_difference(&theirs).map(|difference| {
            ClientControl::Desync(Desync {
                stream,
                tick,
                entity: difference.id,
                field: difference.field,
                client: difference.ours,
                server: difference.theirs,
            })
        }))
    }

    /// Forgets the stream that left the view first, although it may still be shown. `false` if all are in
    /// view.
    fn forget_first_gone(&mut self) -> bool {
        let gone = |(at, stream): (usize, &ReceivedStream)| {
            Some((stream.gone.or(stream.old.then_some(stream.base.tick))?, at))
        };
        let first = self.streams.iter().enumerate().filter_map(gone).min();
        if let Some((_, at)) = first {
            self.streams.swap_remove(at);
        }
        first.is_some()
    }

    fn stream_mut(&mut self, id: StreamId) -> Result<&mut ReceivedStream, DecodeError> {
        let at = match self.streams.iter().position(|stream| stream.id == id) {
            Some(at) => at,
            None => {
                let in_view = self.streams.iter().filter(|stream| stream.gone.is_none() && !stream.old);
                if in_view.count() >= VIEW_STREAMS_MAX {
                    return Err(DecodeError::TooMany);
                }
                if self.streams.len() >= HELD_STREAMS_MAX {
                    self.forget_first_gone();
                }
                let history = History::of_ticks(self.kept_ticks);
                self.streams.push(ReceivedStream {
                    id,
                    base: Snapshot::default(),
                    history,
                    gone: None,
                    old: false,
                    spare: None,
                    broken: None,
                });
                self.streams.len() - 1
            }
        };
        self.streams.get_mut(at).ok_or(DecodeError::TooMany)
    }

    /// Removes every second row of the newest state, as a worse fault would. For tests of repair.
    pub(super) fn lose_rows(&mut self) -> bool {
        let Some(ReceivedStream { base, history, .. }) = self.streams.first_mut() else { return false };
        let mut left = Snapshot::new(base.tick);
        for row in base.rows().step_by(2) {
            left.push(row.id, row.kind, row.values);
        }
        base.copy_from(&left);
        history.push(left);
        true
    }

    /// Changes one field of the newest state, as a fault would. For tests of repair.
    pub(super) fn corrupt(&mut self, schema: &Schema) -> bool {
        let seen = self.streams.iter_mut().find(|stream| stream.gone.is_none() && !stream.base.is_empty());
        let Some(ReceivedStream { history, base, .. }) = seen else { return false };
        let Some(newest) = history.newest().map(|newest| newest.tick) else { return false };
        let mut wrong = Snapshot::new(base.tick);
        let mut changed = false;
        for row in base.rows() {
            let mut values = row.values.to_vec();
            let grids = schema.kind(row.kind).map(|kind| &kind.fields[..]).unwrap_or_default();
            for (value, field) in values.iter_mut().zip(grids) {
                if !changed && field.grid.span() > 1 {
                    *value = if *value < field.grid.max { *value + 1 } else { *value - 1 };
                    changed = true;
                }
            }
            wrong.push(row.id, row.kind, &values);
        }
        if changed {
            base.copy_from(&wrong);
            wrong.predict(schema, base, newest);
            history.push(wrong);
        }
        changed
    }
}

impl ReceivedStream {
    /// Adds the predicted state of `since` if the newest is older. The rendered frame lags behind; without
    /// this state it would jump to the new one too early, once the old one is forgotten.
    fn bridge(&mut self, schema: &Schema, since: Tick) {
        if self.history.newest().is_some_and(|newest| newest.tick < since) {
            let mut state = self.spare.take().unwrap_or_default();
            state.predict(schema, &self.base, since);
            self.spare = self.history.push(state);
        }
    }

    fn confirm(&mut self, schema: &Schema, tick: Tick, stats: &mut ClientStats) {
        let Some(newest) = self.history.newest().filter(|newest| newest.tick < tick) else { return };
        let ticks = tick.since(newest.tick) as u64;
        stats.moving_entities += self.base.moving(schema) as u64 * ticks;
        stats.entities += self.base.len() as u64 * ticks;
        let mut snapshot = self.spare.take().unwrap_or_default();
        snapshot.predict(schema, &self.base, tick);
        self.spare = self.history.push(snapshot);
    }
}

/// Counts a packet that led to `snapshot`.
fn count(packet: &StreamPacket<'_>, schema: &Schema, snapshot: &Snapshot, stats: &mut ClientStats) {
    stats.stream_bytes += packet.payload.len() as u64;
    if packet.baseline.is_some() {
        stats.delta_bytes += packet.payload.len() as u64;
        stats.moving_entities += snapshot.moving(schema) as u64;
        stats.entities += snapshot.len() as u64;
    } else {
        stats.keyframes += 1;
    }
}
