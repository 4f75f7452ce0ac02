//! Assigns ids to new players.

use super::news::Event;
use crate::id::PlayerId;
use std::collections::BTreeMap;

/// The largest assigned id.
const LAST: u16 = u16::MAX - 1;
/// When this many players who left are remembered, those that every client knows to have left are removed.
const LEFT_KEPT: usize = 64;

/// The ids of a room's players. They are assigned cyclically, so that an id is reused as late as possible;
/// and never before every client, including disconnected ones that may resume, has learned that its previous
/// player left.
#[derive(Debug)]
pub(super) struct PlayerIds {
    next: u16,
    /// Players who left, with the event about it, which some client may still have to receive.
    left: BTreeMap<PlayerId, Event>,
    sweep_at: usize,
}

impl PlayerIds {
    /// The first id is `first`.
    pub(super) fn starting_at(first: u16) -> Self {
        Self { next: first.clamp(1, LAST), left: BTreeMap::new(), sweep_at: LEFT_KEPT }
    }

    /// The next free id; `None` if there is none at present. `is_taken` says which ids are in the room.
    pub(super) fn give(&mut self, is_taken: impl Fn(PlayerId) -> bool) -> Option<PlayerId> {
        for _ in 0..LAST {
            let id = PlayerId(self.next);
            self.next = if self.next >= LAST { 1 } else { self.next + 1 };
            let untold = self.left.get(&id).is_some_and(|news| !news.is_told());
            if !untold && !is_taken(id) {
                self.left.remove(&id);
                return Some(id);
            }
        }
        None
    }

    /// A player left; `news` is the event that every client that knows the player receives.
    pub(super) fn left(&mut self, id: PlayerId, news: Event) {
        self.left.insert(id, news);
        if self.left.len() >= self.sweep_at {
            self.left.retain(|_, news| !news.is_told());
            self.sweep_at = (2 * self.left.len()).max(LEFT_KEPT);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::testing::{DotSettings, Dots};
    use crate::harness::{ClientIndex, Harness, LinkProfile};
    use crate::room::FirstNumbers;

    fn room() -> Harness<Dots> {
        let mut harness = Harness::<Dots>::new(DotSettings::default(), 5);
        harness.start_at(FirstNumbers { player: LAST - 1, ..FirstNumbers::default() });
        harness
    }

    fn joined(harness: &mut Harness<Dots>, name: &str) -> (ClientIndex, u16) {
        let client = harness.join(name);
        harness.run_ticks(20);
        let player = harness.client(client).player().map(|player| player.0);
        (client, player.expect("it is in the room"))
    }

    #[test]
    fn ids_start_over_after_the_last_one_and_pass_over_who_is_there() {
        let mut harness = room();
        let players: Vec<_> = (0..4).map(|at| joined(&mut harness, &format!("p{at}"))).collect();
        assert_eq!(players.iter().map(|(_, id)| *id).collect::<Vec<_>>(), [LAST - 1, LAST, 1, 2]);
        harness.leave(players[2].0);
        harness.run_ticks(20);
        harness.room_mut().player_ids.next = LAST - 1;
        assert_eq!(joined(&mut harness, "late").1, 1, "a present player keeps its id");
        harness.settle();
        harness.assert_in_sync();
    }

    #[test]
    fn an_id_waits_until_who_was_cut_off_has_been_told() {
        let mut harness = room();
        let (ada, _) = joined(&mut harness, "ada");
        let (bob, gone) = joined(&mut harness, "bob");
        harness.cut(ada);
        harness.leave(bob);
        harness.run_ticks(20);
        harness.room_mut().player_ids.next = gone;
        assert_eq!(joined(&mut harness, "cleo").1, 1, "ada does not know yet that bob left");
        // It returns, and its connection breaks again before it learns of it.
        harness.link(ada, LinkProfile::MOBILE_4G);
        harness.resume(ada);
        while harness.room().stats().resumes == 0 {
            harness.run_ticks(1);
        }
        harness.cut(ada);
        harness.link(ada, LinkProfile::CLEAN);
        harness.room_mut().player_ids.next = gone;
        assert_eq!(joined(&mut harness, "dan").1, 2, "ada may not have heard of it");
        harness.resume(ada);
        harness.run_ticks(30);
        harness.room_mut().player_ids.next = gone;
        assert_eq!(joined(&mut harness, "eve").1, gone);
        let told: Vec<_> = harness.take_events(ada).iter().map(|event| format!("{event:?}")).collect();
        let left = told.iter().position(|event| event.contains(&format!("PlayerLeft(PlayerId({gone}))")));
        let came = told.iter().position(|event| event.contains("eve"));
        assert!(left.is_some() && left < came, "{told:?}");
        harness.settle();
        harness.assert_in_sync();
    }

    #[test]
    fn who_left_is_forgotten_once_it_is_told() {
        let mut ids = PlayerIds::starting_at(1);
        let news = |id| Event::of_players(&crate::wire::control::ReliableEvent::PlayerLeft(id)).unwrap();
        let untold: Vec<_> = (1..=100)
            .map(|_| {
                let id = ids.give(|_| false).unwrap();
                ids.left(id, news(id));
                news(id)
            })
            .collect();
        assert!(ids.left.len() <= LEFT_KEPT);
        for event in &untold {
            let id = ids.give(|_| false).unwrap();
            ids.left(id, event.clone());
        }
        assert!(ids.left.len() >= 100, "some client has yet to learn of all of them");
        ids.next = 101;
        assert_eq!(ids.give(|_| false), Some(PlayerId(201)));
    }

    #[test]
    fn a_room_in_which_no_id_is_free_takes_nobody_for_now() {
        let mut ids = PlayerIds::starting_at(7);
        assert_eq!(ids.give(|_| true), None);
        assert_eq!(ids.give(|id| id != PlayerId(3)), Some(PlayerId(3)));
    }
}
