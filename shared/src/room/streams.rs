//! The streams of a room: which entity is in which, tick by tick, and which of them a member sees.

use crate::entity::Schema;
use crate::game::{Game, Stage};
use crate::id::{EntityId, StreamId};
use crate::limits::{HASH_PERIOD_TICKS, VIEW_STREAMS_MAX, window_ticks};
use crate::snapshot::interest::{cell_of_stream, group_of_stream, is_of_all, stream_of, stream_of_all};
use crate::snapshot::{Group, Interest, Location, Packet, Reach, Snapshot, StreamEncoder, View};
use crate::tick::{Tick, TickRate};
use std::collections::VecDeque;

/// All streams of a room.
#[derive(Debug)]
pub(super) struct Streams {
    interest: Interest,
    rate: TickRate,
    /// Sorted by id.
    streams: Vec<Stream>,
    /// The stream of each entity, sorted by the entities' ids. Empty in a room of one stream.
    of_entity: Vec<(EntityId, StreamId)>,
    /// Memory for the next `of_entity`.
    spare: Vec<(EntityId, StreamId)>,
    whole: Snapshot,
    /// Entities encoded by streams that were removed.
    encoded_before: u64,
    /// Whether the room has a state, which is then the first row of `whole`.
    has_state: bool,
    /// Changes whenever a stream is made or removed.
    generation: u64,
    /// Whether crossings are recorded: only clients with a byte budget need them.
    keeps_crossings: bool,
}

/// What a client needs from a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Due {
    /// Its prediction is correct.
    Nothing,
    /// Its prediction is correct, but the baseline is getting old.
    Refresh,
    /// Its prediction is wrong.
    News,
}

/// One stream of a room.
#[derive(Debug)]
pub(super) struct Stream {
    id: StreamId,
    pub(super) encoder: StreamEncoder,
    /// The state of the tick in progress.
    next: Snapshot,
    /// The entities that moved from here to another stream, and when; the newest last.
    crossings: VecDeque<(EntityId, Tick)>,
    /// Since when it has been empty.
    empty_since: Option<Tick>,
}

/// The maximum number of crossings that a stream remembers.
const CROSSINGS_MAX: usize = 1_024;

impl Stream {
    fn new(id: StreamId, rate: TickRate) -> Self {
        Self {
            id,
            encoder: StreamEncoder::new(id, rate),
            next: Snapshot::default(),
            crossings: VecDeque::new(),
            empty_since: None,
        }
    }

    fn crossed(&mut self, entity: EntityId, tick: Tick) {
        if self.crossings.len() >= CROSSINGS_MAX {
            self.crossings.pop_front();
        }
        self.crossings.push_back((entity, tick));
    }

    fn close_tick(&mut self, tick: Tick) {
        let spare = self.encoder.take_spare();
        self.empty_since = self.next.is_empty().then(|| self.empty_since.unwrap_or(tick));
        self.encoder.push(core::mem::replace(&mut self.next, spare));
    }
}

impl Streams {
    pub(super) fn new(interest: Interest, rate: TickRate) -> Self {
        let streams = match interest {
            Interest::Whole => vec![Stream::new(StreamId::ROOM, rate)],
            Interest::Cells(_) => Vec::new(),
        };
        Self {
            interest,
            rate,
            streams,
            of_entity: Vec::new(),
            spare: Vec::new(),
            whole: Snapshot::default(),
            encoded_before: 0,
            has_state: false,
            generation: 0,
            keeps_crossings: false,
        }
    }

    /// Starts or stops recording crossings, for clients with a byte budget.
    pub(super) fn keep_crossings(&mut self, keeps: bool) {
        self.keeps_crossings = keeps;
        if !keeps {
            self.streams.iter_mut().for_each(|stream| stream.crossings = VecDeque::new());
        }
    }

    pub(super) fn interest(&self) -> &Interest {
        &self.interest
    }

    /// Captures the state of `tick`: every entity is added to its stream and quantized to its grid.
    pub(super) fn capture<G: Game>(&mut self, schema: &Schema, tick: Tick, stage: &mut Stage<G>) {
        if let (Interest::Whole, [stream]) = (self.interest, &mut self.streams[..]) {
            stream.next.reset(tick);
            stream.next.capture_state(schema, &mut stage.state);
            stream.next.capture(schema, &mut stage.world);
            return stream.close_tick(tick);
        }
        self.whole.reset(tick);
        self.whole.capture_state(schema, &mut stage.state);
        self.whole.capture(schema, &mut stage.world);
        self.streams.iter_mut().for_each(|stream| stream.next.reset(tick));
        let whole = core::mem::take(&mut self.whole);
        let mut rows = whole.rows();
        self.has_state = schema.first_state_kind().is_some();
        if self.has_state
            && let Some(row) = rows.next()
            && let Some(stream) = self.make(StreamId::STATE, tick)
        {
            stream.next.push(row.id, row.kind, row.values);
        }
        let mut placed = core::mem::take(&mut self.spare);
        placed.clear();
        let before = core::mem::take(&mut self.of_entity);
        let mut known = before.iter().copied().peekable();
        // The streams of whole groups have the largest ids.
        let has_all = self.streams.last().is_some_and(|stream| is_of_all(stream.id));
        for ((id, entity), row) in stage.world.iter().zip(rows) {
            while known.next_if(|(other, _)| *other < id).is_some() {}
            let was = known.next_if(|(other, _)| *other == id).map(|(_, stream)| stream);
            let is = self.stream_for(&(G::FEATURES.interest.location)(entity), was);
            if let Some(stream) = self.make(is, tick) {
                stream.next.push(id, row.kind, row.values);
            }
            if let Some(was) = was.filter(|was| self.keeps_crossings && *was != is) {
                self.cross(id, was, is, tick);
            }
            if has_all && let Some(stream) = self.get_mut(stream_of_all(group_of_stream(is))) {
                stream.next.push(id, row.kind, row.values);
            }
            placed.push((id, is));
        }
        self.spare = before;
        self.of_entity = placed;
        self.whole = whole;
        self.streams.iter_mut().for_each(|stream| stream.close_tick(tick));
    }

    /// Makes the stream of a whole group, if there is none. It is removed when no client has it any more.
    pub(super) fn make_of_all(&mut self, group: Group, tick: Tick) {
        let id = stream_of_all(group);
        if self.interest == Interest::Whole || self.get(id).is_some() {
            return;
        }
        let mut all = Snapshot::new(tick);
        for (row, (_, stream)) in self.whole.rows().skip(usize::from(self.has_state)).zip(&self.of_entity) {
            if group_of_stream(*stream) == group {
                all.push(row.id, row.kind, row.values);
            }
        }
        if let Some(stream) = self.make(id, tick) {
            stream.next = all;
            stream.close_tick(tick);
        }
    }

    /// The newest state of all streams together.
    pub(super) fn state(&self) -> Option<&Snapshot> {
        match self.interest {
            Interest::Whole => self.streams.first()?.encoder.history().newest(),
            Interest::Cells(_) => Some(&self.whole),
        }
    }

    fn stream_for(&self, place: &Location, was: Option<StreamId>) -> StreamId {
        let Interest::Cells(cells) = self.interest else { return StreamId::ROOM };
        let cell = place.at.map(|at| cells.follow(was.and_then(cell_of_stream), at));
        stream_of(cell, place.group)
    }

    fn make(&mut self, id: StreamId, tick: Tick) -> Option<&mut Stream> {
        let at = match self.streams.binary_search_by_key(&id, |stream| stream.id) {
            Ok(at) => at,
            Err(at) => {
                let mut stream = Stream::new(id, self.rate);
                stream.next.reset(tick);
                self.streams.insert(at, stream);
                self.generation += 1;
                at
            }
        };
        self.streams.get_mut(at)
    }

    pub(super) fn get(&self, id: StreamId) -> Option<&Stream> {
        self.streams.get(self.streams.binary_search_by_key(&id, |stream| stream.id).ok()?)
    }

    pub(super) fn get_mut(&mut self, id: StreamId) -> Option<&mut Stream> {
        let at = self.streams.binary_search_by_key(&id, |stream| stream.id).ok()?;
        self.streams.get_mut(at)
    }

    /// The stream of an entity. The stream of its whole group contains it as well.
    pub(super) fn of(&self, entity: EntityId) -> Option<StreamId> {
        let at = self.of_entity.binary_search_by_key(&entity, |(id, _)| *id).ok()?;
        self.of_entity.get(at).map(|(_, stream)| *stream)
    }

    /// Whether an entity is in one of the streams that `is` accepts.
    pub(super) fn find(&self, entity: EntityId, is: impl Fn(StreamId) -> bool) -> bool {
        self.of(entity).is_some_and(|stream| is(stream) || is(stream_of_all(group_of_stream(stream))))
    }

    fn cross(&mut self, entity: EntityId, was: StreamId, is: StreamId, tick: Tick) {
        if let Some(stream) = self.get_mut(was) {
            stream.crossed(entity, tick);
        }
        if group_of_stream(was) != group_of_stream(is)
            && let Some(stream) = self.get_mut(stream_of_all(group_of_stream(was)))
        {
            stream.crossed(entity, tick);
        }
    }

    /// The entities that moved from a stream to another one after `base`.
    pub(super) fn crossed_since(&self, id: StreamId, base: Tick) -> impl Iterator<Item = EntityId> {
        let crossings = self.get(id).into_iter().flat_map(|stream| stream.crossings.iter().rev());
        crossings.take_while(move |(_, tick)| *tick > base).map(|(entity, _)| *entity)
    }

    /// The entities of a stream.
    pub(super) fn entities_of(&self, id: StreamId) -> impl Iterator<Item = EntityId> {
        let state = self.get(id).and_then(|stream| stream.encoder.history().newest());
        state.into_iter().flat_map(|state| state.rows().map(|row| row.id))
    }

    /// A number that changes with the set of streams.
    pub(super) fn generation(&self) -> u64 {
        self.generation
    }

    /// The packet from `base` to the newest state of a stream.
    pub(super) fn packet(&mut self, schema: &Schema, id: StreamId, base: Option<Tick>) -> Option<Packet> {
        self.get_mut(id)?.encoder.packet(schema, base)
    }

    /// Fills `into` with the existing streams of a view, sorted by id, and with `own` in any case. `before`
    /// says whether the member saw a stream in the last tick. If there are more than [`VIEW_STREAMS_MAX`],
    /// the farthest are left out: the nearest of those go to `left_out`, at most [`VIEW_STREAMS_MAX`] of
    /// them. Returns how many are left out.
    pub(super) fn seen(
        &self,
        view: &View,
        own: Option<StreamId>,
        before: impl Fn(StreamId) -> bool,
        into: &mut Vec<StreamId>,
        left_out: &mut Vec<StreamId>,
    ) -> usize {
        into.clear();
        left_out.clear();
        self.interest.candidates(view, into);
        into.retain(|id| self.get(*id).is_some() && self.interest.permits(view, *id, before(*id)));
        into.extend(own);
        into.sort_unstable();
        into.dedup();
        let beyond = into.len().saturating_sub(VIEW_STREAMS_MAX);
        if beyond > 0 {
            into.sort_by_key(|id| (Some(*id) != own, self.distance_squared(view, *id)));
            left_out.extend(into.drain(VIEW_STREAMS_MAX..).take(VIEW_STREAMS_MAX));
            into.sort_unstable();
            left_out.sort_unstable();
        }
        beyond
    }

    /// The squared distance of a stream from the centre of a view; 0 if the stream has no cell or the view no
    /// centre.
    pub(super) fn distance_squared(&self, view: &View, stream: StreamId) -> i64 {
        match (self.interest, cell_of_stream(stream), view.reach) {
            (Interest::Cells(cells), Some(cell), Reach::Around(centre)) => {
                cells.distance_squared(cell, centre)
            }
            _ => 0,
        }
    }

    /// How much the urgency of a stream grows with each tick in which it is not served: half as much one cell
    /// away, a third two cells away.
    pub(super) fn urgency(&self, view: &View, stream: StreamId, importance: u32) -> u64 {
        let size = if let Interest::Cells(cells) = self.interest { cells.size } else { 1 };
        let cells =
            self.distance_squared(view, stream).isqrt() as u64 * 16 / size.unsigned_abs().max(1) as u64;
        u64::from(importance.clamp(1, 1_000)) * 1_024 / (16 + cells) + 1
    }

    /// Discards states that will not be a packet's baseline, and empty streams that no client has. `has` says
    /// whether a member has a stream, or a tick of it as its baseline.
    pub(super) fn forget(
        &mut self,
        tick: Tick,
        keeps_states: bool,
        has: impl Fn(StreamId, Option<Tick>) -> bool,
    ) {
        if !keeps_states {
            for stream in &mut self.streams {
                let id = stream.id;
                stream.encoder.retain(|state| has(id, Some(state)));
            }
        }
        if self.interest == Interest::Whole {
            return;
        }
        let (encoded_before, generation) = (&mut self.encoded_before, &mut self.generation);
        self.streams.retain(|stream| {
            let old = is_of_all(stream.id)
                || stream
                    .empty_since
                    .is_some_and(|since| tick.since(since) >= i64::from(window_ticks(self.rate)));
            let gone = old && !has(stream.id, None);
            if gone {
                *encoded_before += stream.encoder.entities_encoded();
                *generation += 1;
            }
            !gone
        });
    }

    /// The number of entities encoded so far, each counted once per packet.
    pub(super) fn entities_encoded(&self) -> u64 {
        self.encoded_before + self.streams.iter().map(|stream| stream.encoder.entities_encoded()).sum::<u64>()
    }

    /// What a client with a byte budget needs from a stream of which it has the state of `base`. A due hash
    /// is not news: otherwise all streams would need bytes in the same tick. Instead each stream is refreshed
    /// before its baseline expires.
    pub(super) fn due(&mut self, schema: &Schema, id: StreamId, base: Option<Tick>) -> Due {
        let window_ticks = i64::from(window_ticks(self.rate));
        let Some(stream) = self.get_mut(id) else { return Due::Nothing };
        let (Some(base), Some(now)) = (base, stream.encoder.history().newest().map(|state| state.tick))
        else {
            let is_empty = id != StreamId::ROOM && stream.empty_since.is_some();
            return if is_empty { Due::Nothing } else { Due::News };
        };
        let age = now.since(base);
        let is_hashed = now.0.is_multiple_of(HASH_PERIOD_TICKS) && age >= i64::from(HASH_PERIOD_TICKS);
        match stream.encoder.follows(schema, base) {
            false => Due::News,
            true if is_hashed || age >= window_ticks / 2 => Due::Refresh,
            true => Due::Nothing,
        }
    }

    /// Whether a client that has the state of `base` needs nothing of a stream. Without a base it needs
    /// nothing while the stream is empty.
    pub(super) fn is_as_predicted(&mut self, schema: &Schema, id: StreamId, base: Option<Tick>) -> bool {
        let Some(stream) = self.get_mut(id) else { return true };
        match base {
            Some(_) => stream.encoder.is_as_predicted(schema, base),
            None => id != StreamId::ROOM && stream.empty_since.is_some(),
        }
    }
}
