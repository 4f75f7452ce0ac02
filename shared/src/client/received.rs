//! What a client has received of the room.

use super::Client;
use crate::game::Game;
use crate::id::StreamId;
use crate::snapshot::{History, RowRef, Snapshot};
use crate::tick::Tick;

impl<G: Game> Client<G> {
    /// The newest state of the whole room, as the server sent it, if the room is one stream.
    #[must_use]
    pub fn latest(&self) -> Option<&Snapshot> {
        self.history(StreamId::ROOM)?.newest()
    }

    /// The tick of the newest update.
    #[must_use]
    pub fn newest_tick(&self) -> Option<Tick> {
        self.streams.newest()
    }

    /// The newest states of the streams in view.
    pub fn streams(&self) -> impl Iterator<Item = (StreamId, &Snapshot)> {
        self.streams.latest()
    }

    /// How many streams in view have to wait, because the byte budget is used up or the view holds more than
    /// a client may see: what is in them is old, or missing.
    #[must_use]
    pub fn streams_waiting(&self) -> usize {
        self.streams.waiting()
    }

    /// Every entity in view as the server sent it last, in the order of their ids. Of one that is in two
    /// streams for a moment, because one of them has to wait, the newer row counts; one that is gone from one
    /// and not yet in the other goes on as predicted. Fields that only their owner gets are hidden in all of
    /// them; those of the own entity are in [`Client::own`].
    #[must_use]
    pub fn rows(&self) -> Vec<RowRef<'_>> {
        let told = self.streams.latest().flat_map(|(_, state)| state.rows().map(|row| (state.tick, row)));
        let newest = self.streams.newest().unwrap_or(Tick(0));
        let counts = |(since, row): &(Tick, RowRef<'_>)| self.streams.counts(row.id, *since, newest);
        let mut rows: Vec<_> = told.filter(counts).chain(self.streams.held()).collect();
        rows.sort_by_key(|(tick, row)| (row.id, core::cmp::Reverse(*tick)));
        rows.dedup_by_key(|(_, row)| row.id);
        rows.into_iter().map(|(_, row)| row).collect()
    }

    /// The last states of a stream.
    #[must_use]
    pub fn history(&self, stream: StreamId) -> Option<&History> {
        self.streams.history(stream)
    }
}
