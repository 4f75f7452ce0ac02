//! Owner-only fields: the owner predicts with them exactly, and no other client learns anything about them.

use crate::fixtures::{Kept, config, join};
use crate::games::secrets::*;
use core::time::Duration;
use tickwire_shared::byte_profile::Part;
use tickwire_shared::harness::{
    Allowed, ClientIndex, Harness, LinkProfile, check_prediction, check_prediction_within,
};
use tickwire_shared::id::MemberId;
use tickwire_shared::link::PathProfile;
use tickwire_shared::prelude::*;
use tickwire_shared::room::{Leak, Room};
use tickwire_shared::tick::TickRate;
use tickwire_shared::wire::control::Role;
use tickwire_shared::wire::update::{PrivatePart, Update};

const OWN: Part = Part::Private(PrivatePart::Own);

fn table<const PLAIN: bool>(
    seed: u64,
    rules: Rules,
    players: usize,
) -> (Harness<Secrets<PLAIN>>, Vec<ClientIndex>) {
    let mut harness = Harness::new(rules, seed);
    harness.audit_leaks();
    let clients: Vec<_> = (0..players).map(|_| harness.join("ada")).collect();
    for &client in &clients {
        let mut pad = Pad::default();
        harness.drive(client, move |_, rng| {
            if rng.chance(8) {
                pad.x = rng.range(-60, 60) as i16;
            }
            pad.fire = Button::after(pad.fire, rng.chance(3));
            pad
        });
    }
    harness.run_ticks(20);
    (harness, clients)
}

/// For other players' entities every client sees what a stream contains; of its own entity it knows
/// everything.
fn assert_secrets<const PLAIN: bool>(harness: &Harness<Secrets<PLAIN>>, clients: &[ClientIndex]) {
    for &client in clients {
        let client = harness.client(client);
        for row in client.rows() {
            match Thing::read_row(row.kind, row.values) {
                Some(Thing::Soldier(soldier)) => {
                    assert_eq!((soldier.reload, soldier.ammo, soldier.card), (0, 1, 0));
                }
                Some(Thing::Ghost(ghost)) => assert!(!ghost.secret),
                None => panic!("a row of unknown kind"),
            }
        }
        for (id, shown) in client.view(harness.now()) {
            if let (false, Thing::Soldier(soldier)) = (Some(id) == client.own_id(), shown) {
                assert_eq!((soldier.reload, soldier.ammo, soldier.card), (0, 1, 0));
            }
        }
    }
}

fn exact<const PLAIN: bool>() {
    for (seed, cells) in [(1, false), (2, true)] {
        let rules = Rules { cells, deal: 11, ..Rules::default() };
        let (mut harness, clients) = table::<PLAIN>(seed, rules, 4);
        harness.link(
            clients[1],
            LinkProfile::both(PathProfile { delay: Duration::from_millis(80), ..PathProfile::CLEAN }),
        );
        harness.run_ticks(60);
        let wrong = |harness: &Harness<Secrets<PLAIN>>| {
            clients.iter().map(|&client| harness.client(client).stats().predictions_wrong).collect::<Vec<_>>()
        };
        let before = wrong(&harness);
        for _ in 0..300 {
            harness.run_ticks(1);
            harness.assert_in_sync();
            assert_secrets(&harness, &clients);
        }
        assert_eq!(wrong(&harness), before, "the owner knows everything that its own step reads");
        for &client in &clients {
            let stats = harness.client(client).stats();
            assert!(
                stats.predictions > 250 && stats.hash_checks > 5 && stats.hash_mismatches == 0,
                "{stats:?}"
            );
        }
    }
}

#[test]
fn players_predict_their_fields_but_those_that_only_the_server_changes() {
    check_prediction::<Secrets<true>>(&Rules { deal: 3, ..Rules::default() }, 1, 300, 2).unwrap();
    let dealt = Rules { deal: 3, deal_period: 7, ..Rules::default() };
    let wrong = check_prediction::<Secrets<false>>(&dealt, 1, 300, 2).unwrap_err();
    assert!(wrong.what.contains("field `card`"), "{wrong}");
    let allowed = Allowed { server_fields: &["card"], ..Allowed::default() };
    check_prediction_within::<Secrets<false>>(&dealt, 1, 300, 2, allowed).unwrap();
}

#[test]
fn the_owner_predicts_exactly_with_what_the_others_never_see() {
    exact::<false>();
}

#[test]
fn so_it_does_in_profile_0() {
    exact::<true>();
}

/// Each client knows its own entity as the room has it, including the server's own changes.
fn assert_known<const PLAIN: bool>(harness: &mut Harness<Secrets<PLAIN>>, clients: &[ClientIndex]) {
    for &client in clients {
        harness.drive(client, |_, _| Pad::default());
    }
    harness.settle();
    harness.run_ticks(12);
    harness.assert_caught_up(8);
    assert_secrets(harness, clients);
    for &client in clients {
        let client = harness.client(client);
        let id = client.own_id().unwrap();
        match (client.own().map(|(_, own)| *own), harness.room().world().get(id)) {
            (Some(Thing::Soldier(own)), Some(Thing::Soldier(theirs))) => {
                assert_eq!((own.ammo, own.card), (theirs.ammo, theirs.card), "{id:?}");
            }
            (own, theirs) => assert_eq!(own.as_ref(), theirs, "{id:?}"),
        }
    }
}

#[test]
fn what_the_server_changes_is_known_after_stalls_cuts_repairs_and_another_kind() {
    let (mut repairs, mut resumes) = (0, 0);
    for seed in 10..16 {
        let rules = Rules { cells: seed % 2 == 0, deal: 3, dies: true, deal_period: 9 };
        let (mut harness, clients) = table::<false>(seed, rules, 3);
        for round in 0..12 {
            let client = clients[round % clients.len()];
            match round % 5 {
                0 => harness.stall(client, Duration::from_millis(900)),
                1 => harness.cut(client),
                2 => harness.block_slot(client),
                3 => assert!(harness.corrupt(client)),
                _ => harness.link(client, LinkProfile::MOBILE_4G),
            }
            harness.run_ticks(37 + round as u32);
            harness.settle();
            assert_secrets(&harness, &clients);
        }
        repairs += harness.room().stats().repairs;
        resumes += harness.room().stats().resumes;
        let frozen = harness.tick().0.next_multiple_of(40) + 2;
        harness.run_ticks(frozen - harness.tick().0);
        for &client in &clients {
            let client = harness.client(client);
            let own = client.own().map(|(_, own)| own.kind());
            let theirs = harness.room().world().get(client.own_id().unwrap()).map(Entity::kind);
            assert_eq!(own, theirs, "seed {seed}");
        }
    }
    assert!(repairs > 3 && resumes > 3, "{repairs} repairs, {resumes} resumes");
}

#[test]
fn a_repair_tells_all_of_them_again() {
    let rules = Rules { deal: 5, ..Rules::default() };
    let (mut harness, clients) = table::<false>(7, rules, 2);
    harness.record(clients[0]);
    assert!(harness.corrupt(clients[0]));
    harness.run_ticks(100);
    // One kind's bit, and three fields with a bit before each: `reload`, `ammo`, `card`.
    let all = 1 + (1 + 3) + (1 + 5) + (1 + 11);
    let mut repairs = 0;
    for message in harness.take_recorded() {
        let Ok(update) = Update::decode(&message) else { continue };
        if update.streams.iter().any(|packet| packet.repair) {
            assert_eq!(update.private.own.map(|own| own.count()), Some(all));
            repairs += 1;
        }
    }
    assert_eq!(repairs, 1);
}

#[test]
fn under_a_byte_budget_the_owner_still_knows_its_own() {
    let rules = Rules { cells: true, deal: 5, dies: false, deal_period: 13 };
    let (mut harness, clients) = table::<false>(21, rules, 8);
    harness.room_mut().sample_bytes();
    harness.budget(400);
    harness.run_ticks(400);
    let deferred: u64 = clients.iter().map(|&client| harness.client(client).stats().streams_waiting).sum();
    assert!(deferred > 100, "{deferred}");
    harness.budget(0);
    harness.run_ticks(30);
    let profile = harness.room().byte_profile().unwrap();
    let own: f64 = profile.parts().filter(|(part, _)| *part == OWN).map(|(_, bits)| bits).sum();
    assert!(profile.streams().count() > 3, "{profile:?}");
    assert!(own > 2.0 * profile.messages() as f64, "{own} bits of owner-only fields");
    for &client in &clients {
        let client = harness.client(client);
        let Some((id, Thing::Soldier(own))) = client.own() else { panic!("no soldier") };
        let Some(Thing::Soldier(theirs)) = harness.room().world().get(id) else { panic!("no soldier") };
        assert!((own.card - theirs.card).abs() <= 7, "at most the newest card is in flight");
    }
}

#[test]
fn after_all_trouble_every_owner_knows_all_of_its_own() {
    for seed in 30..33 {
        let rules = Rules { cells: false, deal: 5, dies: false, deal_period: 0 };
        let (mut harness, clients) = table::<false>(seed, rules, 3);
        harness.cut(clients[0]);
        harness.stall(clients[1], Duration::from_secs(2));
        harness.run_ticks(90);
        assert_known(&mut harness, &clients);
    }
}

#[test]
fn a_quiet_room_tells_what_only_the_owner_gets_in_its_tick_and_is_quiet_again() {
    let rules = Rules { cells: false, deal: 5, dies: false, deal_period: 50 };
    let mut harness = Harness::<Secrets<false>>::new(rules, 4);
    let clients = [harness.join("ada"), harness.join("bob")];
    harness.run_ticks(60);
    let sent = |harness: &Harness<Secrets<false>>| harness.room().stats().updates;
    let mut per_tick = Vec::new();
    for _ in 0..100 {
        let before = sent(&harness);
        harness.run_ticks(1);
        per_tick.push((harness.tick().0, sent(&harness) - before));
        let card = |client: ClientIndex| match harness.client(client).own() {
            Some((_, Thing::Soldier(own))) => own.card,
            _ => panic!("no soldier"),
        };
        if harness.tick().0 % 50 == 2 {
            let dealt = harness.tick().0 as i16 / 50 * 7;
            assert_eq!(clients.map(card), [5 + dealt, 10 + dealt]);
        }
    }
    let at_deal: u64 = per_tick.iter().filter(|(tick, _)| tick % 50 == 0).map(|(_, sent)| sent).sum();
    let all: u64 = per_tick.iter().map(|(_, sent)| sent).sum();
    assert_eq!(at_deal, 4, "both players, at both deals");
    assert!(all < 50, "{all} updates in 100 ticks");
    harness.assert_in_sync();
}

fn bare<const PLAIN: bool>(rules: Rules, members: u64) -> (Room<Secrets<PLAIN>>, Kept) {
    let (mut room, mut kept) = (Room::new(config(4), rules, 9).unwrap(), Kept::default());
    for member in 1..=members {
        let role = if member == 3 { Role::Spectator } else { Role::Player };
        join(&mut room, member, role, &mut kept);
    }
    (room, kept)
}

/// All updates of a room in which no player does anything while cards are dealt, by member.
fn updates<const PLAIN: bool>(deal: i16, deal_period: u32) -> [Vec<Vec<u8>>; 3] {
    let rules = Rules { cells: false, deal, dies: false, deal_period };
    let (mut room, mut kept) = bare::<PLAIN>(rules, 3);
    for tick in 0..200 {
        room.step(TickRate::DEFAULT.time_of(Tick(tick)), &mut kept);
    }
    [1, 2, 3].map(|member| {
        kept.updates
            .iter()
            .filter(|(to, _)| *to == MemberId(member))
            .map(|(_, update)| update.clone())
            .collect()
    })
}

/// The packets of an update: everything that is not private.
fn packets(update: &[u8]) -> Vec<Vec<u8>> {
    Update::decode(update).unwrap().streams.iter().map(|packet| packet.payload.to_vec()).collect()
}

#[test]
fn no_byte_of_another_members_updates_depends_on_what_is_for_an_owner_alone() {
    fn check<const PLAIN: bool>() {
        let (one, other) = (updates::<PLAIN>(1, 7), updates::<PLAIN>(90, 7));
        assert_eq!(one[2], other[2], "a spectator, byte for byte");
        assert!(one[2].len() > 5, "{}", one[2].len());
        assert_ne!(one[0], other[0], "the owner learns it");
        let quiet = updates::<PLAIN>(1, 0);
        assert_eq!(one[2], quiet[2], "not even that something changed");
        for (one, other) in one[1].iter().zip(&other[1]) {
            assert_eq!(packets(one), packets(other), "another player's streams");
        }
    }
    check::<false>();
    check::<true>();
}

#[test]
fn the_audit_finds_what_was_told_to_the_wrong_member() {
    let rules = Rules { cells: false, deal: 4, dies: false, deal_period: 0 };
    let (mut room, mut kept) = bare::<false>(rules, 3);
    room.step(Duration::ZERO, &mut kept);
    let [(one, first), (two, second), (eye, third)] = &kept.updates[..] else { panic!("an update each") };
    for (member, update) in [(one, first), (two, second), (eye, third)] {
        assert_eq!(room.audit(*member, update), Ok(()));
    }
    assert_eq!(room.audit(*one, second), Err(Leak::Own));
    assert_eq!(room.audit(*eye, second), Err(Leak::Own));
    assert_eq!(room.audit(*two, third), Ok(()), "what everyone sees is not a leak");
}
