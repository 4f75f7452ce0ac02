//! What one client has of the room's streams, and what it is sent next.

use super::budget::{Budget, Pending};
use super::held::Held;
use super::streams::{Due, Streams};
use crate::entity::Schema;
use crate::id::StreamId;
use crate::limits::VIEW_STREAMS_MAX;
use crate::snapshot::{Packet, View};
use crate::tick::{Tick, TickRate};
use crate::wire::update::Waiting;
use smallvec::SmallVec;

/// A stream in a client's view.
#[derive(Clone, Copy, Debug)]
struct StreamInView {
    stream: StreamId,
    /// The target of the last packet that was queued. The transport is ordered, so the client will have it.
    told: Option<Tick>,
    /// The client's state is wrong: the next packet is a keyframe, even of an empty stream.
    starts_over: bool,
    /// Grows with each tick in which the stream had to wait.
    urgency: u64,
}

impl StreamInView {
    /// The baseline of the next packet.
    fn base(&self) -> Option<Tick> {
        self.told.filter(|_| !self.starts_over)
    }

    /// What the client needs of this stream.
    fn due(&self, streams: &mut Streams, schema: &Schema, is_bounded: bool) -> Due {
        match is_bounded {
            _ if self.starts_over => Due::News,
            true => streams.due(schema, self.stream, self.told),
            false if streams.is_as_predicted(schema, self.stream, self.told) => Due::Nothing,
            false => Due::News,
        }
    }
}

/// A client's view and its byte budget.
#[derive(Clone, Debug, Default)]
pub(super) struct ClientView {
    /// Sorted by id. In an undivided room it is stored inline, because it is read in each tick.
    seen: SmallVec<[StreamInView; 1]>,
    /// Streams that left the view, with the tick that the client has of them. The client has not been
    /// notified yet.
    dropped: Vec<(StreamId, Tick)>,
    /// Only for a view that is bounded or covers a part of the room.
    pub(super) narrow: Option<Box<Narrow>>,
}

/// State of a client whose view covers a part of the room, or whose bytes are bounded.
#[derive(Clone, Debug, Default)]
pub(super) struct Narrow {
    /// The inputs from which the streams of the view were derived.
    looked: Option<Looked>,
    pub(super) budget: Option<Budget>,
    /// The waiting streams in the last update, sorted by id.
    told: Vec<StreamId>,
    /// The waiting streams in this update, sorted by id.
    waiting: Vec<StreamId>,
    /// Streams within the view that exceed the bound of a view. They wait until they no longer exceed it.
    left_out: Vec<StreamId>,
    held: Held,
}

/// Everything that the streams of a view depend on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Looked {
    pub(super) view: View,
    /// The stream that contains the player's entity.
    pub(super) own: Option<StreamId>,
    /// Changes with the room's set of streams.
    pub(super) generation: u64,
}

impl ClientView {
    /// Whether the client sees a stream.
    pub(super) fn sees(&self, stream: StreamId) -> bool {
        self.find(stream).is_ok()
    }

    /// The tick that the client has of a stream.
    pub(super) fn base(&self, stream: StreamId) -> Option<Tick> {
        self.seen.get(self.find(stream).ok()?)?.base()
    }

    /// The view in this tick; an undivided room has none.
    pub(super) fn view(&self) -> View {
        let looked = self.narrow.as_ref().and_then(|narrow| narrow.looked);
        looked.map_or(View::default(), |looked| looked.view)
    }

    /// Whether the client was notified of all streams that left its view.
    pub(super) fn is_told(&self) -> bool {
        self.dropped.is_empty()
    }

    /// How many streams were waiting in the last update.
    pub(super) fn waiting(&self) -> usize {
        self.narrow.as_ref().map_or(0, |narrow| narrow.told.len())
    }

    /// Whether the client has anything of a stream.
    pub(super) fn knows(&self, stream: StreamId) -> bool {
        self.find(stream).ok().and_then(|at| self.seen.get(at)).is_some_and(|seen| seen.told.is_some())
    }

    fn find(&self, stream: StreamId) -> Result<usize, usize> {
        self.seen.binary_search_by_key(&stream, |seen| seen.stream)
    }

    /// Whether `looked` equals what the current streams were derived from; it is recorded either way.
    pub(super) fn is_unchanged(&mut self, looked: Looked) -> bool {
        let narrow = self.narrow.get_or_insert_default();
        narrow.looked.replace(looked) == Some(looked)
    }

    /// Sets the streams of the view; `left_out` are those that exceed its bound. Both are sorted.
    pub(super) fn look(&mut self, streams: &[StreamId], left_out: &[StreamId]) {
        if let Some(narrow) = &mut self.narrow
            && narrow.left_out != left_out
        {
            narrow.left_out.clear();
            narrow.left_out.extend_from_slice(left_out);
        }
        if self.seen.iter().map(|seen| seen.stream).eq(streams.iter().copied()) {
            return;
        }
        let dropped = &mut self.dropped;
        self.seen.retain(|seen| {
            let stays = streams.binary_search(&seen.stream).is_ok();
            if !stays
                && let Some(base) = seen.told
                && dropped.len() < VIEW_STREAMS_MAX
            {
                dropped.push((seen.stream, base));
            }
            stays
        });
        for &stream in streams {
            if let Err(at) = self.find(stream) {
                // If it returns before the client was notified that it left, it receives both: then
                // the packet is a keyframe, or the stream is empty.
                self.seen.insert(at, StreamInView { stream, told: None, starts_over: false, urgency: 0 });
            }
        }
    }

    /// Starts a tick for a client that may get `bytes_per_s`; 0 means no bound.
    pub(super) fn earn(&mut self, bytes_per_s: u32, tick: Tick, rate: TickRate) {
        if bytes_per_s == 0 {
            if let Some(narrow) = &mut self.narrow {
                narrow.budget = None;
            }
            return;
        }
        let budget = &mut self.narrow.get_or_insert_default().budget;
        if budget.as_ref().is_none_or(|budget| budget.bytes_per_s() != bytes_per_s) {
            *budget = Some(Budget::new(bytes_per_s));
        }
        if let Some(budget) = budget {
            budget.earn(tick, rate);
        }
    }

    fn budget(&self) -> Option<&Budget> {
        self.narrow.as_ref()?.budget.as_ref()
    }

    /// What is always sent to this client, bytes/s; 0 without a budget.
    pub(super) fn floor_bytes_per_s(&self) -> u32 {
        self.budget().map_or(0, Budget::floor_bytes_per_s)
    }

    /// Whether the client predicts everything that it sees correctly.
    pub(super) fn is_as_predicted(&self, streams: &mut Streams, schema: &Schema) -> bool {
        let is_bounded = self.budget().is_some();
        self.dropped.is_empty()
            && self.waiting() == 0
            && self.seen.iter().all(|seen| seen.due(streams, schema, is_bounded) == Due::Nothing)
    }

    /// Takes the streams that left the client's view and that the client has not been notified of, in order.
    pub(super) fn take_dropped(&mut self) -> Vec<StreamId> {
        self.dropped.drain(..).map(|(stream, _)| stream).collect()
    }

    /// The client's state of a stream is wrong: it starts from scratch.
    pub(super) fn forget(&mut self, stream: StreamId) {
        if let Some(seen) = self.find(stream).ok().and_then(|at| self.seen.get_mut(at)) {
            seen.starts_over = true;
        }
    }

    /// Collects the packets of this tick in `work`: those of all streams that differ from their prediction.
    /// Under a budget the stream `own` and the room's state come first, then the most urgent ones while the
    /// budget permits.
    pub(super) fn pack(
        &mut self,
        streams: &mut Streams,
        schema: &Schema,
        tick: Tick,
        own: Option<StreamId>,
        urgency: impl Fn(&Streams, StreamId) -> u64,
        work: &mut Work,
    ) {
        work.clear();
        let is_bounded = self.budget().is_some();
        for (at, seen) in self.seen.iter_mut().enumerate() {
            let due = seen.due(streams, schema, is_bounded);
            if due == Due::Nothing {
                continue;
            }
            if is_bounded {
                let more = if is_floor(seen.stream, own) { u64::MAX } else { urgency(streams, seen.stream) };
                seen.urgency = seen.urgency.saturating_add(more);
            }
            work.due.push(InNeed { urgency: seen.urgency, at, due });
        }
        if is_bounded {
            work.due.sort_unstable_by_key(|need| (core::cmp::Reverse(need.urgency), need.at));
        }
        let budget = self.narrow.as_ref().and_then(|narrow| narrow.budget.as_ref());
        let mut served = 0;
        for (index, need) in work.due.iter().enumerate() {
            let Some(seen) = self.seen.get_mut(need.at) else { continue };
            let Some(packet) = streams.packet(schema, seen.stream, seen.base()) else { continue };
            let asks = is_bounded && !is_floor(seen.stream, own);
            // Stop at the first that does not fit: otherwise smaller packets would overtake it forever.
            if asks && budget.is_some_and(|budget| !budget.permits(packet.bytes.len(), work.pending)) {
                break;
            }
            served = index + 1;
            work.pending.all += packet.bytes.len();
            work.pending.asked += if asks { packet.bytes.len() } else { 0 };
            work.left.extend(seen.told.map(|told| (seen.stream, told)));
            (seen.told, seen.starts_over, seen.urgency) = (Some(tick), false, 0);
            work.packets.push(packet);
        }
        let Some(narrow) = &mut self.narrow else { return };
        narrow.waiting.clear();
        // A stream that only needs a refresh does not wait: the client predicts it correctly.
        let waiting = work.due.iter().skip(served).filter(|need| need.due == Due::News);
        let waiting = waiting.filter_map(|need| self.seen.get(need.at));
        narrow.waiting.extend(waiting.map(|seen| seen.stream));
        // Streams that the client has take precedence: it assumes that an unlisted stream is as predicted.
        let others_max = VIEW_STREAMS_MAX.saturating_sub(narrow.waiting.len());
        narrow.waiting.extend(narrow.left_out.iter().take(others_max));
        narrow.waiting.sort_unstable();
        self.dropped.sort_unstable();
    }

    /// What the update that is about to be sent reports about waiting streams.
    pub(super) fn tell_waiting(&mut self, streams: &Streams, work: &mut Work) -> Waiting {
        let Some(narrow) = &mut self.narrow else { return Waiting::default() };
        if narrow.waiting.is_empty() && narrow.told.is_empty() {
            return Waiting::default();
        }
        let changed = difference(&narrow.told, &narrow.waiting);
        narrow.told.clone_from(&narrow.waiting);
        let is_in = |list: &[StreamId], stream| list.binary_search(&stream).is_ok();
        let sees = |stream| self.seen.binary_search_by_key(&stream, |seen| seen.stream).is_ok();
        // If an entity is in two streams, the client finds it in the one that does not wait. Streams that are
        // left out are not visible.
        let is_told = |entity| streams.find(entity, |stream| sees(stream) && !is_in(&narrow.waiting, stream));
        let waits = |stream| is_in(&narrow.waiting, stream) && !is_in(&narrow.left_out, stream);
        let is_waiting = |entity| !is_told(entity) && streams.find(entity, waits);
        let (held, released) = narrow.held.change(streams, &work.left, &self.dropped, is_waiting, is_told);
        Waiting { changed, held, released }
    }

    /// Records an update of `bytes` with the packets of `work`. Under a budget, returns the update's floor.
    pub(super) fn spend(&mut self, bytes: usize, work: &Work) -> Option<Floor> {
        let budget = self.narrow.as_mut()?.budget.as_mut()?;
        budget.spend(Pending { all: bytes, asked: work.pending.asked });
        let is_above_budget = budget.floor_bytes_per_s() > budget.bytes_per_s();
        Some(Floor { bytes: bytes - work.pending.asked, is_above_budget })
    }

    /// The number of entities that could not be held since the last call because of a bound.
    pub(super) fn take_not_held(&mut self) -> u64 {
        self.narrow.as_mut().map_or(0, |narrow| core::mem::take(&mut narrow.held.missed))
    }
}

/// The part of an update that is always sent.
#[derive(Clone, Copy, Debug)]
pub(super) struct Floor {
    pub(super) bytes: usize,
    /// Whether the floor alone exceeded the budget over the last two seconds.
    pub(super) is_above_budget: bool,
}

/// Whether a stream is sent whatever the budget.
fn is_floor(stream: StreamId, own: Option<StreamId>) -> bool {
    Some(stream) == own || stream == StreamId::STATE
}

/// The symmetric difference of two sorted lists, sorted.
fn difference(a: &[StreamId], b: &[StreamId]) -> Vec<StreamId> {
    let only = |a: &[StreamId], b: &[StreamId]| -> Vec<StreamId> {
        a.iter().filter(|stream| b.binary_search(stream).is_err()).copied().collect()
    };
    let mut difference = only(a, b);
    difference.extend(only(b, a));
    difference.sort_unstable();
    difference
}

/// A stream for which something is due.
#[derive(Clone, Copy, Debug)]
struct InNeed {
    urgency: u64,
    /// Its index in the view.
    at: usize,
    due: Due,
}

/// Working memory for one update; kept to avoid allocation.
#[derive(Debug, Default)]
pub(super) struct Work {
    /// The packets of the update.
    pub(super) packets: Vec<Packet>,
    /// Their bytes.
    pub(super) pending: Pending,
    /// Streams for which something is due.
    due: Vec<InNeed>,
    /// The streams of this update, each with the tick that the client had of it.
    left: Vec<(StreamId, Tick)>,
    /// The streams of a view.
    pub(super) streams: Vec<StreamId>,
    /// The streams that exceed the bound of that view.
    pub(super) left_out: Vec<StreamId>,
}

impl Work {
    fn clear(&mut self) {
        self.packets.clear();
        self.pending = Pending::default();
        self.due.clear();
        self.left.clear();
    }
}
