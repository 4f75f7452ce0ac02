//! The rooms that a fleet makes: the first bot of a room creates it, the others wait for its id.

use std::sync::Arc;
use tickwire_shared::id::RoomId;
use tokio::sync::watch;

/// The rooms of a fleet. Bot i belongs to room i modulo their number.
#[derive(Clone, Debug)]
pub(crate) struct Rooms {
    slots: Arc<[watch::Sender<Slot>]>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Slot {
    /// Nobody has made the room; the next bot does.
    Vacant,
    /// A bot is making it.
    Making,
    /// It stands.
    Ready(RoomId),
}

/// What a bot has to do to come into its room.
#[derive(Debug)]
pub(crate) enum Errand {
    /// Make the room, and say so through the promise.
    Create(Promise),
    /// Join this room.
    Join(RoomId),
}

/// The duty to make a room. Dropped unfulfilled, it passes to the next bot that waits.
#[derive(Debug)]
pub(crate) struct Promise {
    rooms: Rooms,
    at: usize,
    kept: bool,
}

impl Rooms {
    /// `count` rooms, at least one: the first is `standing` if that is given, the others have to be made.
    #[must_use]
    pub(crate) fn new(count: u32, standing: Option<RoomId>) -> Self {
        let slot = |at| match standing {
            Some(room) if at == 0 => Slot::Ready(room),
            _ => Slot::Vacant,
        };
        Self { slots: (0..count.max(1)).map(|at| watch::Sender::new(slot(at))).collect() }
    }

    /// How many rooms there are.
    #[must_use]
    pub(crate) fn len(&self) -> u32 {
        self.slots.len() as u32
    }

    /// Waits until it is clear what `bot` has to do. `None` never comes from rooms that [`Rooms::new`] made.
    pub(crate) async fn errand(&self, bot: u32) -> Option<Errand> {
        let at = bot as usize % self.slots.len();
        let slot = self.slots.get(at)?;
        let mut seen = slot.subscribe();
        loop {
            let mut found = Slot::Making;
            slot.send_if_modified(|slot| {
                found = *slot;
                let vacant = *slot == Slot::Vacant;
                if vacant {
                    *slot = Slot::Making;
                }
                vacant
            });
            match found {
                Slot::Vacant => {
                    return Some(Errand::Create(Promise { rooms: self.clone(), at, kept: false }));
                }
                Slot::Ready(room) => return Some(Errand::Join(room)),
                Slot::Making => seen.wait_for(|slot| *slot != Slot::Making).await.map(drop).ok()?,
            }
        }
    }

    /// `room` is gone: the next bot that asks makes another in its place.
    pub(crate) fn forget(&self, bot: u32, room: RoomId) {
        self.change(bot as usize % self.slots.len(), |slot| {
            if *slot == Slot::Ready(room) {
                *slot = Slot::Vacant;
            }
        });
    }

    fn change(&self, at: usize, change: impl FnOnce(&mut Slot)) {
        if let Some(slot) = self.slots.get(at) {
            slot.send_modify(change);
        }
    }
}

impl Promise {
    /// The room stands; all who wait join it.
    pub(crate) fn keep(mut self, room: RoomId) {
        self.kept = true;
        self.rooms.change(self.at, |slot| *slot = Slot::Ready(room));
    }
}

impl Drop for Promise {
    fn drop(&mut self) {
        if !self.kept {
            self.rooms.change(self.at, |slot| *slot = Slot::Vacant);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROOM: RoomId = RoomId::from_bits(7);

    #[tokio::test]
    async fn one_bot_makes_the_room_and_the_others_join_it() {
        let rooms = Rooms::new(2, None);
        let Some(Errand::Create(promise)) = rooms.errand(0).await else { panic!("bot 0 makes room 0") };
        assert!(matches!(rooms.errand(1).await, Some(Errand::Create(_))), "bot 1 makes room 1");
        let waiting = {
            let rooms = rooms.clone();
            tokio::spawn(async move { rooms.errand(2).await })
        };
        tokio::task::yield_now().await;
        assert!(!waiting.is_finished());
        promise.keep(ROOM);
        assert!(matches!(waiting.await, Ok(Some(Errand::Join(ROOM)))));
    }

    #[tokio::test]
    async fn a_room_that_stands_is_joined_by_all() {
        let rooms = Rooms::new(1, Some(ROOM));
        assert!(matches!(rooms.errand(0).await, Some(Errand::Join(ROOM))));
        assert!(matches!(rooms.errand(1).await, Some(Errand::Join(ROOM))));
    }

    #[tokio::test]
    async fn a_maker_that_fails_passes_its_duty_on() {
        let rooms = Rooms::new(1, None);
        let first = rooms.errand(0).await;
        let waiting = {
            let rooms = rooms.clone();
            tokio::spawn(async move { rooms.errand(1).await })
        };
        tokio::task::yield_now().await;
        drop(first);
        assert!(matches!(waiting.await, Ok(Some(Errand::Create(_)))));
    }

    #[tokio::test]
    async fn a_room_that_is_gone_is_made_again() {
        let rooms = Rooms::new(1, None);
        let Some(Errand::Create(promise)) = rooms.errand(0).await else { panic!("nobody made it") };
        promise.keep(ROOM);
        rooms.forget(0, RoomId::from_bits(8));
        assert!(matches!(rooms.errand(1).await, Some(Errand::Join(_))), "another room was meant");
        rooms.forget(0, ROOM);
        assert!(matches!(rooms.errand(1).await, Some(Errand::Create(_))));
    }
}
