//! Assertions on a whole room.

use super::{ClientIndex, Harness};
use crate::game::Game;
use crate::id::StreamId;
use crate::snapshot::{Difference, Snapshot};

impl<G: Game> Harness<G> {
    /// Checks that every connected client's newest snapshot equals the room's state of that tick, value for
    /// value. A client that is so far behind that the room no longer has the tick passes;
    /// [`Harness::assert_caught_up`] rejects it.
    ///
    /// # Panics
    /// One differs; the text names the client, tick, entity and field.
    #[track_caller]
    pub fn assert_in_sync(&self) {
        for client in self.connected() {
            self.assert_client_in_sync(client);
        }
    }

    #[track_caller]
    fn assert_client_in_sync(&self, client: ClientIndex) {
        for (stream, ours) in self.client(client).streams() {
            self.assert_stream_in_sync(client, stream, ours);
        }
    }

    #[track_caller]
    fn assert_stream_in_sync(&self, client: ClientIndex, stream: StreamId, ours: &Snapshot) {
        if ours.tick > self.tick() {
            self.fail(&format!("{client:?} is at tick {}, which the room has not reached", ours.tick));
        }
        let Some(theirs) = self.room().history(stream).and_then(|history| history.get(ours.tick)) else {
            return;
        };
        if let Some(difference) = ours.first_difference(theirs) {
            let what = self.describe(ours, &difference);
            self.fail(&format!("{client:?} differs from the room at tick {}: {what}", ours.tick));
        }
    }

    /// Checks that every connected client is in sync and at most `ticks` behind the room.
    ///
    /// # Panics
    /// One is not.
    #[track_caller]
    pub fn assert_caught_up(&self, ticks: u32) {
        self.assert_in_sync();
        for client in self.connected() {
            let newest = self.client(client).newest_tick();
            let behind = newest.map(|newest| self.tick().since(newest));
            if behind.is_none_or(|behind| behind > i64::from(ticks)) {
                self.fail(&format!("{client:?} is {behind:?} ticks behind"));
            }
        }
    }

    /// Describes a difference with the names of the schema, in units.
    pub(super) fn describe(&self, ours: &Snapshot, difference: &Difference) -> String {
        let kind = ours.get(difference.id).and_then(|row| self.room().schema().kind(row.kind));
        let name = kind.map_or("?", |kind| &kind.name);
        let id = difference.id.0;
        match difference.field {
            Some(at) => {
                let Some(field) = kind.and_then(|kind| kind.fields.get(usize::from(at))) else {
                    return format!("entity {id} ({name}) has a field that is not in the schema");
                };
                let values = field.describe_two(difference.ours, difference.theirs);
                format!("entity {id} ({name}), field `{}`: {values}", field.name)
            }
            None => format!("entity {id} ({name}) is missing on one side or of another kind"),
        }
    }
}
