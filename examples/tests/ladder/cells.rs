//! Step 4.

#[path = "../../04-cells.rs"]
#[expect(dead_code, unreachable_pub, reason = "its main is not called here")]
mod step;

use crate::playing::{play_anything, server};
use step::{Animal, BUDGET_BYTES_PER_S, Pasture, RADIUS, SHEEP};
use tickwire_server::GameOptions;
use tickwire_shared::harness::{Harness, check_determinism, check_prediction, random_input};
use tickwire_shared::prelude::*;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn four_dogs_herd_the_sheep() {
    let mut options = GameOptions::default();
    options.client_bytes_per_s = BUDGET_BYTES_PER_S;
    play_anything::<Pasture>("pasture", server().game::<Pasture>("pasture", options)).await;
}

#[test]
fn the_pasture_is_deterministic_and_dogs_are_predicted() {
    check_determinism::<Pasture>(&(), 1, 150, 3).expect("the same twice");
    check_prediction::<Pasture>(&(), 1, 150, 3).expect("no sheep pushes a dog");
}

#[test]
fn a_dog_sees_all_sheep_near_it_and_most_of_the_others_not_and_its_budget_is_kept() {
    let mut run = Harness::<Pasture>::new((), 2);
    run.audit_leaks();
    run.budget(BUDGET_BYTES_PER_S);
    let dogs = ["rex", "bo"].map(|name| run.join(name));
    for dog in dogs {
        run.drive(dog, |_, rng| random_input(rng));
    }
    run.run_ticks(300);
    run.settle();
    for dog in dogs {
        let client = run.client(dog);
        let centre = client.own().and_then(|(_, own)| Pasture::location(own).at).expect("a dog");
        let seen: Vec<EntityId> = client.view(run.now()).iter().map(|(id, _)| *id).collect();
        let near = run
            .room()
            .world()
            .iter_as::<step::Sheep>()
            .filter(|(_, sheep)| (sheep.pos - centre).as_vec2().length() < (RADIUS - 200) as f32);
        let unseen = near.filter(|(id, _)| !seen.contains(id)).count();
        assert_eq!(unseen, 0, "sheep near the dog are missing");
        assert!(seen.len() < SHEEP / 3, "{} of {SHEEP}", seen.len());
        assert!(client.view(run.now()).iter().any(|(_, animal)| matches!(animal, Animal::Sheep(_))));
    }
    let before = run.client(dogs[0]).stats().message_bytes;
    run.run_ticks(300);
    let bytes = run.client(dogs[0]).stats().message_bytes - before;
    assert!(bytes < u64::from(BUDGET_BYTES_PER_S) * 11, "{bytes} bytes in 10 s");
}
