//! The state of the room as received.

use super::{Client, ClientGame};
use crate::id::StreamId;
use crate::snapshot::{History, RowRef, Snapshot};
use crate::tick::Tick;

impl<G: ClientGame> Client<G> {
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

    /// The number of streams in view that have to wait, because the byte budget is used up or the view holds
    /// more than a client may see. Their content is old, or missing.
    #[must_use]
    pub fn streams_waiting(&self) -> usize {
        self.streams.waiting()
    }

    /// Every entity in view as the server sent it last, sorted by id. If an entity is in two streams for a
    /// moment, because one of them has to wait, the newer row counts. If it has left one and is not yet in
    /// the other, it continues as predicted. Owner-only fields are hidden in all of them; those of the
    /// player's own entity are in [`Client::own`].
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
