//! Rooms that not everybody enters, places for a party, and which room a match chooses.

#[path = "../../../shared/tests/games/club.rs"]
#[allow(dead_code)]
pub(crate) mod club;

use crate::game::built;
use crate::raw::{Raw, hello};
use club::{Club, House, Introduction, Team};
use core::time::Duration;
use tickwire_server::{Config, GameOptions, Limits, Server, ServerHandle};
use tickwire_shared::id::RoomId;
use tickwire_shared::limits::PLACES_MAX;
use tickwire_shared::prelude::*;
use tickwire_shared::wire::control::{
    ClientControl, Credential, GameName, Join, Joined, OptionText, Role, ServerControl, Target,
};
use tickwire_shared::wire::terms::{
    Invitation, Invite, JoinTerms, MatchOrder, Parameters, Pass, Range as NumberRange,
};
use tickwire_shared::wire::{Close, CloseCode};
use tokio::time::{Instant, sleep};

fn server(limits: Limits) -> (Server, ServerHandle) {
    let mut options = GameOptions::new(House::default());
    options.tick_rate = TickRate::new(60).unwrap();
    options.spectators_max = 2;
    let mut config = Config::default();
    config.limits = limits;
    built(Server::builder().config(config).game::<Club>("club", options))
}

fn options(pairs: &[(&str, &str)]) -> Options {
    Options::new(pairs.iter().map(|(key, value)| (Text::cut(key), Text::cut(value))).collect()).unwrap()
}

fn create(pairs: &[(&str, &str)]) -> Target {
    Target::Create(options(pairs))
}

fn any() -> Target {
    Target::Match(Options::none())
}

fn with(pass: Pass) -> JoinTerms {
    let mut terms = JoinTerms::default();
    terms.pass = pass;
    terms
}

fn password(text: &str) -> JoinTerms {
    with(Pass::Password(Text::cut(text)))
}

fn ranked(rank: i64) -> JoinTerms {
    let mut terms = JoinTerms::default();
    terms.parameters = Parameters::of(&Introduction { team: Team::Red, rank: Some(rank) }).unwrap();
    terms
}

fn within(mut terms: JoinTerms, from: i64, to: i64) -> JoinTerms {
    let range = NumberRange { key: Text::cut("rank"), from, to };
    terms.matching.ranges = vec![range].try_into().unwrap();
    terms
}

fn ordered(order: MatchOrder) -> JoinTerms {
    let mut terms = JoinTerms::default();
    terms.matching.order = order;
    terms
}

async fn ask_as(
    handle: &ServerHandle,
    role: Role,
    target: Target,
    terms: JoinTerms,
) -> Result<(Raw, Joined), Close> {
    let mut raw = Raw::connect(handle);
    raw.send(hello(Credential::Guest)).await;
    let mut join = Join::new(GameName::cut("club"), 0, role, target);
    join.terms = terms;
    raw.send(ClientControl::Join(join).encode().unwrap()).await;
    let joined = raw.joined().await?;
    Ok((raw, joined))
}

async fn ask(handle: &ServerHandle, target: Target, terms: JoinTerms) -> Result<(Raw, Joined), Close> {
    ask_as(handle, Role::Player, target, terms).await
}

async fn code(handle: &ServerHandle, target: Target, terms: JoinTerms) -> (CloseCode, String) {
    let close = ask(handle, target, terms).await.map(|(_, joined)| joined.room).expect_err("a refusal");
    (close.code, close.text.to_string())
}

async fn invitation(raw: &mut Raw, uses: u16) -> Option<Invitation> {
    raw.send(ClientControl::Invite(Invite { uses, valid_s: 60 }).encode().unwrap()).await;
    loop {
        if let ServerControl::Invitation(given) = raw.control().await {
            return given;
        }
    }
}

async fn until(mut holds: impl FnMut() -> bool) {
    let end = Instant::now() + Duration::from_secs(10);
    while !holds() {
        assert!(Instant::now() < end, "not within 10 s");
        sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test]
async fn a_room_with_a_password_opens_for_those_who_know_it() {
    let (_server, handle) = server(Limits::default());
    let (mut ada, joined) = ask(&handle, create(&[]), password("sesame")).await.unwrap();
    let room = Target::Room(joined.room);
    assert!(handle.rooms()[0].password);
    for (terms, part) in [(JoinTerms::default(), "is needed"), (password("sesam"), "is wrong")] {
        let (code, text) = code(&handle, room.clone(), terms).await;
        assert!(code == CloseCode::PassNeeded && text.contains(part), "{text}");
    }
    let spectator = ask_as(&handle, Role::Spectator, room.clone(), JoinTerms::default()).await;
    assert_eq!(spectator.map(|_| ()).unwrap_err().code, CloseCode::PassNeeded);
    ask_as(&handle, Role::Spectator, room.clone(), password("sesame")).await.unwrap();
    let bob = ask(&handle, room.clone(), password("sesame")).await.unwrap();
    let elsewhere = ask(&handle, any(), JoinTerms::default()).await.unwrap();
    assert_ne!(elsewhere.1.room, joined.room, "no match leads there");
    let invitation = invitation(&mut ada, 1).await.unwrap();
    let guest = ask(&handle, room, with(Pass::Invitation(invitation))).await;
    assert!(guest.is_ok(), "an invitation spares the password");
    drop((ada, bob));
}

#[tokio::test]
async fn an_invitation_opens_a_private_room_as_often_as_it_says() {
    let (_server, handle) = server(Limits::default());
    let (mut ada, joined) = ask(&handle, create(&[("private", "true")]), JoinTerms::default()).await.unwrap();
    let room = || Target::Room(joined.room);
    until(|| handle.rooms()[0].access == "invited").await;
    assert_eq!(code(&handle, room(), JoinTerms::default()).await.0, CloseCode::PassNeeded);
    let given = invitation(&mut ada, 2).await.expect("an invitation");
    let shown = || with(Pass::Invitation(given.clone()));
    let bob = ask(&handle, room(), shown()).await.unwrap();
    let eve = ask(&handle, room(), shown()).await.unwrap();
    let (used_up, text) = code(&handle, room(), shown()).await;
    assert!(used_up == CloseCode::PassNeeded && text.contains("used up"), "{text}");
    let (elsewhere, text) = code(&handle, any(), shown()).await;
    assert!(elsewhere == CloseCode::Policy && text.contains("by its id"), "{text}");
    let (other, _) =
        ask(&handle, create(&[]), JoinTerms::default()).await.map(|(_, of)| (of.room, ())).unwrap();
    let (foreign, text) = code(&handle, Target::Room(other), shown()).await;
    assert!(matches!(foreign, CloseCode::PassNeeded | CloseCode::NoSuchRoom), "{text}");
    drop((bob, eve));
}

#[tokio::test]
async fn an_invitation_is_not_used_up_by_a_join_that_fails() {
    let (_server, handle) = server(Limits::default());
    let small = create(&[("private", "true"), ("seats", "2")]);
    let (mut ada, joined) = ask(&handle, small, JoinTerms::default()).await.unwrap();
    let given = invitation(&mut ada, 2).await.unwrap();
    let shown = || with(Pass::Invitation(given.clone()));
    let room = || Target::Room(joined.room);
    let (bob, _) = ask(&handle, room(), shown()).await.unwrap();
    let mut wrong = shown();
    wrong.parameters = Parameters::of(&"green").unwrap();
    for terms in [shown(), wrong, shown()] {
        assert_eq!(code(&handle, room(), terms).await.0, CloseCode::Full);
    }
    drop(bob);
    let end = Instant::now() + Duration::from_secs(10);
    while ask(&handle, room(), shown()).await.is_err() {
        assert!(Instant::now() < end, "the last use is still there when a seat is free");
        sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test]
async fn places_are_held_for_a_party_that_a_match_brought() {
    let mut limits = Limits::default();
    limits.places_per_join_max = 2;
    let (_server, handle) = server(limits);
    let party = |places| {
        let mut terms = JoinTerms::default();
        terms.places = places;
        terms
    };
    let (alone, first) = ask(&handle, any(), JoinTerms::default()).await.unwrap();
    let second = ask(&handle, any(), JoinTerms::default()).await.unwrap();
    assert_eq!(second.1.room, first.room);
    let (mut leader, joined) = ask(&handle, any(), party(2)).await.unwrap();
    assert_ne!(joined.room, first.room, "three do not fit into two seats, so the match went on");
    let third = ask(&handle, any(), JoinTerms::default()).await.unwrap();
    assert_eq!(third.1.room, first.room, "the fullest");
    let fourth = ask(&handle, any(), JoinTerms::default()).await.unwrap();
    let fifth = ask(&handle, any(), JoinTerms::default()).await.unwrap();
    assert_eq!((fourth.1.room, fifth.1.room), (first.room, joined.room), "the last seat that is not held");
    let sixth = ask(&handle, any(), JoinTerms::default()).await.unwrap();
    assert!(![first.room, joined.room].contains(&sixth.1.room), "what is left there is held");
    let given = invitation(&mut leader, 2).await.unwrap();
    for _ in 0..2 {
        let friend = ask(&handle, Target::Room(joined.room), with(Pass::Invitation(given.clone()))).await;
        std::mem::forget(friend.expect("a friend takes a held place"));
    }
    let (too_many, text) = code(&handle, any(), party(3)).await;
    assert!(too_many == CloseCode::Policy && text.contains("at most 2 places"), "{text}");
    let spectator = ask_as(&handle, Role::Spectator, any(), party(1)).await;
    assert_eq!(spectator.map(|_| ()).unwrap_err().code, CloseCode::Policy);
    drop((alone, second, third, fourth, fifth, sixth));
}

/// An operator may permit as many places as this.
#[tokio::test]
async fn places_max() {
    let with = |places: u32, seats: &str| {
        let mut limits = Limits::default();
        limits.places_per_join_max = places;
        let target = create(&[("seats", seats)]);
        (limits, target)
    };
    let (limits, target) = with(PLACES_MAX.into(), "16");
    let (_server, handle) = server(limits);
    let mut terms = JoinTerms::default();
    terms.places = PLACES_MAX;
    ask(&handle, target, terms).await.expect("one and fifteen places");
    let (limits, _) = with(u32::from(PLACES_MAX) + 1, "16");
    let mut config = Config::default();
    config.limits = limits;
    let error = Server::builder().config(config).game::<Club>("club", GameOptions::default()).build();
    assert!(error.unwrap_err().to_string().contains("places_per_join_max"));
}

#[tokio::test]
async fn a_match_finds_a_room_by_a_number_of_its_metadata() {
    let (_server, handle) = server(Limits::default());
    let mut seated = Vec::new();
    let mut come = async |rank: i64| {
        let (raw, joined) = ask(&handle, any(), within(ranked(rank), rank - 100, rank + 100)).await.unwrap();
        seated.push(raw);
        joined.room
    };
    let (novice, expert) = (come(1_000).await, come(2_000).await);
    assert_ne!(novice, expert);
    assert_eq!((come(1_090).await, come(1_901).await), (novice, expert));
    assert_ne!(come(1_500).await, novice, "none is near, so it made its own");
    let mut existing = within(ranked(5_000), 4_900, 5_100);
    existing.matching.existing_only = true;
    let (none, text) = code(&handle, any(), existing).await;
    assert!(none == CloseCode::NoSuchRoom && text.contains("no room fits"), "{text}");
}

#[tokio::test]
async fn those_who_look_for_the_same_range_at_once_find_one_another() {
    let (_server, handle) = server(Limits::default());
    let asking: Vec<_> = (0..4)
        .map(|at| {
            let handle = handle.clone();
            let terms = within(ranked(700 + at), 600, 800);
            tokio::spawn(async move { ask(&handle, any(), terms).await.map(|(raw, of)| (raw, of.room)) })
        })
        .collect();
    let mut rooms = Vec::new();
    let mut seated = Vec::new();
    for asked in asking {
        let (raw, room) = asked.await.unwrap().unwrap();
        seated.push(raw);
        rooms.push(room);
    }
    rooms.dedup();
    assert_eq!(rooms.len(), 1, "{rooms:?}");
}

#[tokio::test]
async fn a_match_tries_the_rooms_in_the_order_that_the_client_wishes() {
    let (_server, handle) = server(Limits::default());
    let mut seated = Vec::new();
    let mut room = async |target: Target, terms: JoinTerms| -> RoomId {
        let (raw, joined) = ask(&handle, target, terms).await.unwrap();
        seated.push(raw);
        joined.room
    };
    let low = room(create(&[]), ranked(-5)).await;
    let high = room(create(&[]), ranked(9)).await;
    let plain = room(create(&[]), JoinTerms::default()).await;
    assert_eq!(room(any(), ordered(MatchOrder::Newest)).await, plain);
    let key = || OptionText::cut("rank");
    assert_eq!(room(any(), ordered(MatchOrder::Lowest(key()))).await, low);
    assert_eq!(room(any(), ordered(MatchOrder::Highest(key()))).await, high);
    assert_eq!(room(Target::Room(low), JoinTerms::default()).await, low);
    assert_eq!(room(any(), JoinTerms::default()).await, low, "the fullest");
    assert_ne!(room(any(), ordered(MatchOrder::Emptiest)).await, low);
}

#[tokio::test]
async fn a_range_in_which_no_number_lies_is_refused() {
    let (_server, handle) = server(Limits::default());
    let (refused, text) = code(&handle, any(), within(JoinTerms::default(), 10, 5)).await;
    assert!(refused == CloseCode::Policy && text.contains("`rank`, from 10 to 5"), "{text}");
    assert_eq!(handle.rooms(), [], "and makes no room");
}
