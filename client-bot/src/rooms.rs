//! The rooms that a fleet makes: the first bot of a room makes it, the others wait for its id.

use std::sync::Arc;
use tickwire_shared::id::RoomId;
use tokio::sync::watch;

/// The rooms of a fleet. Bot i belongs to room i modulo their number.
#[derive(Clone, Debug)]
pub(crate) struct Rooms {
    slots: Arc<[watch::Sender<RoomStatus>]>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum RoomStatus {
    /// No bot has made the room; the next one does.
    Vacant,
    /// A bot is making it.
    Making,
    /// It exists.
    Ready(RoomId),
}

/// What a bot has to do to get into its room.
#[derive(Debug)]
pub(crate) enum RoomTask {
    /// Make the room and report its id through [`RoomToCreate`].
    Create(RoomToCreate),
    /// Join this room.
    Join(RoomId),
}

/// The task to make a room. If it is dropped without a room, the next waiting bot gets the task.
#[derive(Debug)]
pub(crate) struct RoomToCreate {
    rooms: Rooms,
    at: usize,
    kept: bool,
}

impl Rooms {
    /// `count` rooms, at least one. The first is `standing` if that is given; the others have to be made.
    #[must_use]
    pub(crate) fn new(count: u32, standing: Option<RoomId>) -> Self {
        let slot = |at| match standing {
            Some(room) if at == 0 => RoomStatus::Ready(room),
            _ => RoomStatus::Vacant,
        };
        Self { slots: (0..count.max(1)).map(|at| watch::Sender::new(slot(at))).collect() }
    }

    /// How many rooms there are.
    #[must_use]
    pub(crate) fn len(&self) -> u32 {
        self.slots.len() as u32
    }

    /// Waits until it is known what `bot` has to do. Never `None` for rooms that [`Rooms::new`] made.
    pub(crate) async fn room_task(&self, bot: u32) -> Option<RoomTask> {
        let at = bot as usize % self.slots.len();
        let slot = self.slots.get(at)?;
        let mut seen = slot.subscribe();
        loop {
            let mut found = RoomStatus::Making;
            slot.send_if_modified(|slot| {
                found = *slot;
                let vacant = *slot == RoomStatus::Vacant;
                if vacant {
                    *slot = RoomStatus::Making;
                }
                vacant
            });
            match found {
                RoomStatus::Vacant => {
                    return Some(RoomTask::Create(RoomToCreate { rooms: self.clone(), at, kept: false }));
                }
                RoomStatus::Ready(room) => return Some(RoomTask::Join(room)),
                RoomStatus::Making => {
                    seen.wait_for(|slot| *slot != RoomStatus::Making).await.map(drop).ok()?
                }
            }
        }
    }

    /// `room` no longer exists: the next bot that asks makes another instead.
    pub(crate) fn forget(&self, bot: u32, room: RoomId) {
        self.change(bot as usize % self.slots.len(), |slot| {
            if *slot == RoomStatus::Ready(room) {
                *slot = RoomStatus::Vacant;
            }
        });
    }

    fn change(&self, at: usize, change: impl FnOnce(&mut RoomStatus)) {
        if let Some(slot) = self.slots.get(at) {
            slot.send_modify(change);
        }
    }
}

impl RoomToCreate {
    /// The room exists; all waiting bots join it.
    pub(crate) fn keep(mut self, room: RoomId) {
        self.kept = true;
        self.rooms.change(self.at, |slot| *slot = RoomStatus::Ready(room));
    }
}

impl Drop for RoomToCreate {
    fn drop(&mut self) {
        if !self.kept {
            self.rooms.change(self.at, |slot| *slot = RoomStatus::Vacant);
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
        let Some(RoomTask::Create(to_create)) = rooms.room_task(0).await else {
            panic!("bot 0 makes room 0")
        };
        assert!(matches!(rooms.room_task(1).await, Some(RoomTask::Create(_))), "bot 1 makes room 1");
        let waiting = {
            let rooms = rooms.clone();
            tokio::spawn(async move { rooms.room_task(2).await })
        };
        tokio::task::yield_now().await;
        assert!(!waiting.is_finished());
        to_create.keep(ROOM);
        assert!(matches!(waiting.await, Ok(Some(RoomTask::Join(ROOM)))));
    }

    #[tokio::test]
    async fn a_room_that_stands_is_joined_by_all() {
        let rooms = Rooms::new(1, Some(ROOM));
        assert!(matches!(rooms.room_task(0).await, Some(RoomTask::Join(ROOM))));
        assert!(matches!(rooms.room_task(1).await, Some(RoomTask::Join(ROOM))));
    }

    #[tokio::test]
    async fn a_maker_that_fails_passes_its_duty_on() {
        let rooms = Rooms::new(1, None);
        let first = rooms.room_task(0).await;
        let waiting = {
            let rooms = rooms.clone();
            tokio::spawn(async move { rooms.room_task(1).await })
        };
        tokio::task::yield_now().await;
        drop(first);
        assert!(matches!(waiting.await, Ok(Some(RoomTask::Create(_)))));
    }

    #[tokio::test]
    async fn a_room_that_is_gone_is_made_again() {
        let rooms = Rooms::new(1, None);
        let Some(RoomTask::Create(to_create)) = rooms.room_task(0).await else { panic!("no room to create") };
        to_create.keep(ROOM);
        rooms.forget(0, RoomId::from_bits(8));
        assert!(matches!(rooms.room_task(1).await, Some(RoomTask::Join(_))), "another room was meant");
        rooms.forget(0, ROOM);
        assert!(matches!(rooms.room_task(1).await, Some(RoomTask::Create(_))));
    }
}
