//! What attackers hear of a room.

use super::super::context::{Done, add};
use super::super::socket::{Heard, Incoming};
use std::sync::{Mutex, PoisonError};
use tickwire_shared::tick::Tick;
use tickwire_shared::wire::update::{Private, TAG_UPDATE, Update};

/// The tick of the newest update of a connection; none before the first.
#[derive(Debug, Default)]
pub(super) struct Newest(Mutex<Option<Tick>>);

impl Newest {
    /// The tick.
    pub(super) fn get(&self) -> Option<Tick> {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// An update of this tick came.
    pub(super) fn set(&self, tick: Tick) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(tick);
    }
}

/// Reads to the end, whose reason it returns. Notes what updates say of inputs, and tells `each` of them.
pub(super) async fn listen(done: &Done, incoming: &mut Incoming, mut each: impl FnMut(&Private)) -> String {
    loop {
        match incoming.next().await {
            Heard::End(reason) => return reason,
            Heard::Message(bytes) if bytes.first() == Some(&TAG_UPDATE) => {
                let Ok(update) = Update::decode(&bytes) else { continue };
                let said = &update.private;
                each(said);
                add(&done.inputs_applied, u64::from(said.input_applied.is_some()));
                add(&done.inputs_refused, u64::from(said.counts.refused) + u64::from(said.counts.late));
            }
            Heard::Message(_) | Heard::Other => {}
        }
    }
}
