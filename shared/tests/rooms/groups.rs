//! A room in one piece in which each team knows something that the other does not.

use crate::games::siege::*;
use tickwire_shared::client::ClientEvent;
use tickwire_shared::harness::{ClientIndex, Harness, Sandbox, check_determinism, check_prediction};
use tickwire_shared::prelude::*;

fn teams_seen(run: &Harness<Siege>, client: ClientIndex) -> Vec<u8> {
    let view = run.client(client).view(run.now());
    view.into_iter()
        .filter_map(|(_, thing)| if let Thing::Plan(plan) = thing { Some(plan.team) } else { None })
        .collect()
}

#[test]
fn a_team_sees_its_plan_and_hears_its_news_and_a_spectator_neither() {
    let mut run = Harness::<Siege>::new((), 3);
    run.audit_leaks();
    let clients = [run.join("ada"), run.join("bob"), run.spectate("eve")];
    run.drive(clients[0], |_, rng| Pad { go: rng.range(-1, 1) as i8 });
    run.run_ticks(130);
    run.cut(clients[1]);
    run.run_ticks(60);
    assert!(run.resume(clients[1]));
    run.run_ticks(60);
    let expected: [(&[u8], &[u32]); 3] = [(&[2], &[2, 3]), (&[1], &[1, 3]), (&[], &[3])];
    for (client, (teams, news)) in clients.into_iter().zip(expected) {
        assert_eq!(teams_seen(&run, client), teams);
        let bodies = run.client(client).view(run.now()).len() - teams.len();
        assert_eq!(bodies, 2, "everyone sees both players");
        let mut heard: Vec<u32> = run
            .take_events(client)
            .into_iter()
            .filter_map(|event| if let ClientEvent::Game(news) = event { Some(news) } else { None })
            .collect();
        assert_eq!(heard.len(), 4 * news.len() + heard.len() % news.len(), "none is lost by a cut");
        heard.sort_unstable();
        heard.dedup();
        assert_eq!(heard, news);
    }
    run.settle();
    run.assert_in_sync();
}

#[test]
fn news_of_a_group_reach_its_members_without_a_room_too() {
    let mut game = Sandbox::<Siege>::new(&(), TickRate::DEFAULT, 1).unwrap();
    for player in [1, 2] {
        game.join(PlayerId(player)).unwrap();
    }
    game.run_ticks(50);
    assert_eq!(game.heard(PlayerId(1)), [2, 3]);
    assert_eq!(game.heard(PlayerId(2)), [1, 3]);
}

#[test]
fn the_siege_is_deterministic_and_predicted() {
    check_determinism::<Siege>(&(), 5, 200, 3).unwrap();
    check_prediction::<Siege>(&(), 5, 200, 3).unwrap();
}
