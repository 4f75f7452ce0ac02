//! What one client has of the room's streams, and what it is given next.

use super::streams::Streams;
use crate::entity::Schema;
use crate::id::StreamId;
use crate::limits::VIEW_STREAMS_MAX;
use crate::snapshot::Packet;
use crate::tick::Tick;
use smallvec::SmallVec;

/// A stream in a client's view.
#[derive(Clone, Copy, Debug)]
struct Seen {
    stream: StreamId,
    /// The target of the last packet that was queued: over an ordered transport, what the client will start from.
    base: Option<Tick>,
    /// Grows with each tick in which it had to wait.
    urgency: u64,
}

/// A client's view and its byte budget.
#[derive(Clone, Debug, Default)]
pub(super) struct Sight {
    /// In the order of their ids. In a room that is not cut it is looked at in each tick where the member lies.
    seen: SmallVec<[Seen; 1]>,
    /// Streams that are out of the view, and of which the client was not told so yet, with what it has of them.
    dropped: Vec<(StreamId, Tick)>,
    /// Streams that had to wait in the last update.
    pub(super) deferred: Vec<StreamId>,
    /// Bytes that may be sent; below 0 when the last update took more than was left.
    credit_bytes: i64,
}

impl Sight {
    /// Whether the client sees a stream.
    pub(super) fn sees(&self, stream: StreamId) -> bool {
        self.find(stream).is_ok()
    }

    /// What the client has of a stream.
    pub(super) fn base(&self, stream: StreamId) -> Option<Tick> {
        self.seen.get(self.find(stream).ok()?)?.base
    }

    fn find(&self, stream: StreamId) -> Result<usize, usize> {
        self.seen.binary_search_by_key(&stream, |seen| seen.stream)
    }

    /// The view is now `streams`, in order.
    pub(super) fn look(&mut self, streams: &[StreamId]) {
        if self.seen.iter().map(|seen| seen.stream).eq(streams.iter().copied()) {
            return;
        }
        let dropped = &mut self.dropped;
        self.seen.retain(|seen| {
            let stays = streams.binary_search(&seen.stream).is_ok();
            if !stays
                && let Some(base) = seen.base
                && dropped.len() < VIEW_STREAMS_MAX
            {
                dropped.push((seen.stream, base));
            }
            stays
        });
        for &stream in streams {
            if let Err(at) = self.find(stream) {
                // If it is back before the client was told that it went, it is told both: then there is a keyframe, or
                // nothing in it.
                self.seen.insert(at, Seen { stream, base: None, urgency: 0 });
            }
        }
    }

    /// Whether the client predicts all that it sees.
    pub(super) fn is_as_predicted(&self, streams: &mut Streams, schema: &Schema) -> bool {
        self.dropped.is_empty()
            && self.deferred.is_empty()
            && self.seen.iter().all(|seen| streams.is_as_predicted(schema, seen.stream, seen.base))
    }

    /// Takes the streams of which the client has to be told that they are out of its view, in order.
    pub(super) fn take_dropped(&mut self) -> Vec<StreamId> {
        self.dropped.drain(..).map(|(stream, _)| stream).collect()
    }

    /// What the client has of a stream is wrong: it starts anew.
    pub(super) fn forget(&mut self, stream: StreamId) {
        if let Some(seen) = self.find(stream).ok().and_then(|at| self.seen.get_mut(at)) {
            seen.base = None;
        }
    }

    /// The bytes that may be sent grow by a tick's share, up to what a second permits.
    pub(super) fn earn(&mut self, bytes_per_s: u32, ticks_per_s: u16) {
        let share = i64::from(bytes_per_s) / i64::from(ticks_per_s.max(1));
        self.credit_bytes = (self.credit_bytes + share).min(i64::from(bytes_per_s));
    }

    /// Whether more was sent than may be.
    pub(super) fn is_overdrawn(&self) -> bool {
        self.credit_bytes < 0
    }

    /// So many bytes were sent.
    pub(super) fn spend(&mut self, bytes: usize) {
        self.credit_bytes -= bytes as i64;
    }

    /// Puts the packets of this tick into `work`: of every stream that is not as predicted; or, under a budget, of the
    /// most urgent ones while there is credit, one at least. Streams that have to wait are in `deferred` then.
    pub(super) fn pack(
        &mut self,
        streams: &mut Streams,
        schema: &Schema,
        tick: Tick,
        urgency: Option<impl Fn(&Streams, StreamId) -> u64>,
        work: &mut Work,
    ) {
        self.deferred.clear();
        work.clear();
        for (at, seen) in self.seen.iter_mut().enumerate() {
            if !streams.is_as_predicted(schema, seen.stream, seen.base) {
                if let Some(urgency) = &urgency {
                    seen.urgency = seen.urgency.saturating_add(urgency(streams, seen.stream));
                }
                work.due.push((seen.urgency, at));
            }
        }
        if urgency.is_some() {
            work.due.sort_unstable_by_key(|(urgency, at)| (core::cmp::Reverse(*urgency), *at));
        }
        let mut credit = self.credit_bytes;
        for index in 0..work.due.len() {
            let Some(seen) = work.due.get(index).and_then(|(_, at)| self.seen.get_mut(*at)) else { continue };
            if urgency.is_some() && credit <= 0 && index > 0 {
                self.deferred.push(seen.stream);
            } else {
                credit -= seen.give(streams, schema, tick, work);
            }
        }
        if !self.deferred.is_empty() {
            work.crossed.extend(&self.dropped);
            self.complete_crossings(streams, schema, tick, work);
            self.deferred.sort_unstable();
        }
        self.dropped.sort_unstable();
    }

    /// An entity never gets lost between streams: when the client hears that it left one, it hears of the one in which
    /// it is, whichever ones it passed in between, those among them that need not be served.
    fn complete_crossings(&mut self, streams: &mut Streams, schema: &Schema, tick: Tick, work: &mut Work) {
        work.followed.clear();
        while let Some((to, since)) = work.crossed.pop() {
            if work.followed.iter().any(|(stream, tick)| *stream == to && *tick <= since) {
                continue;
            }
            work.followed.push((to, since));
            if let Some(stream) = streams.get(to) {
                work.crossed.extend(stream.crossed_since(since));
            }
            let Some(at) = self.deferred.iter().position(|stream| *stream == to) else { continue };
            self.deferred.swap_remove(at);
            if let Some(seen) = self.find(to).ok().and_then(|at| self.seen.get_mut(at)) {
                seen.give(streams, schema, tick, work);
            }
        }
    }
}

impl Seen {
    /// Puts this stream's packet into `work`. Returns how many bytes it takes.
    fn give(&mut self, streams: &mut Streams, schema: &Schema, tick: Tick, work: &mut Work) -> i64 {
        let Some(stream) = streams.get_mut(self.stream) else { return 0 };
        work.crossed.extend(self.base.map(|base| (self.stream, base)));
        let Some(packet) = stream.encoder.packet(schema, self.base) else { return 0 };
        (self.base, self.urgency) = (Some(tick), 0);
        let bytes = packet.bytes.len() as i64;
        work.packets.push(packet);
        bytes
    }
}

/// What is worked with while one update is made; kept for its memory.
#[derive(Debug, Default)]
pub(super) struct Work {
    /// The packets of the update.
    pub(super) packets: Vec<Packet>,
    /// Streams that are not as predicted: how urgent they are, and where in the view.
    due: Vec<(u64, usize)>,
    /// Streams to be followed: whoever left one of them after that tick must be found.
    crossed: Vec<(StreamId, Tick)>,
    /// Those of them that were followed.
    followed: Vec<(StreamId, Tick)>,
    /// The streams of a view.
    pub(super) streams: Vec<StreamId>,
}

impl Work {
    fn clear(&mut self) {
        self.packets.clear();
        self.due.clear();
        self.crossed.clear();
    }
}
