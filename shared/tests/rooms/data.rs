//! A host's own types cross the wire, also those whose bytes are not always the same.

use crate::games::market::{Market, Prices};
use std::collections::HashMap;
use tickwire_shared::client::ClientEvent;
use tickwire_shared::harness::{Harness, Sandbox, check_determinism, check_prediction};
use tickwire_shared::prelude::{PlayerId, TickRate};

const WARES: [&str; 8] = ["apple", "pear", "plum", "fig", "date", "lime", "kiwi", "melon"];

/// Each map has an order of its own, so each settings' bytes differ.
fn prices() -> Prices {
    let of = WARES.iter().map(|ware| ((*ware).to_owned(), ware.len() as u32)).collect();
    Prices { of, title: "  the fruit market ".into() }
}

#[test]
fn maps_and_sets_are_settings_commands_and_events() {
    for seed in 0..10 {
        let mut match_ = Harness::<Market>::new(prices(), seed);
        let ada = match_.join("ada");
        match_.run_ticks(30);
        let settings = match_.client(ada).settings().unwrap();
        assert_eq!(*settings, Prices { title: "the fruit market".into(), ..prices() });
        let wares = WARES.iter().map(|ware| (*ware).to_owned()).collect();
        match_.client_mut(ada).command(wares).unwrap();
        match_.run_ticks(30);
        let bills = match_.take_events(ada).into_iter().filter_map(|event| match event {
            ClientEvent::Game(bill) => Some(bill),
            _ => None,
        });
        assert_eq!(bills.collect::<Vec<HashMap<String, u32>>>(), [prices().of], "seed {seed}");
    }
}

#[test]
fn a_sandbox_reads_them_too() {
    for seed in 0..10 {
        let mut market = Sandbox::<Market>::new(&prices(), TickRate::DEFAULT, seed).unwrap();
        market.join(PlayerId(1)).unwrap();
        market.command(PlayerId(1), WARES.iter().map(|ware| (*ware).to_owned()).collect());
        market.step();
        assert_eq!(market.heard(PlayerId(1)), [prices().of]);
    }
}

#[test]
fn a_market_is_deterministic_and_predicted() {
    check_determinism::<Market>(&prices(), 1, 100, 3).unwrap();
    check_prediction::<Market>(&prices(), 1, 100, 3).unwrap();
}
