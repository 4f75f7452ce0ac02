//! Who enters a room and on which terms, and what a game tells its host: parameters, invitations, places held
//! for a party, the time of grace, reports, results, messages of the host.

use crate::fixtures::{self, Kept};
use crate::games::club::{Club, Heard, House, Introduction, Notice as Title, Score, Team, Wish};
use core::time::Duration;
use serde::Serialize;
use tickwire_shared::client::{ClientEvent, State};
use tickwire_shared::game::{Account, HostMessage, Report};
use tickwire_shared::harness::{ClientIndex, Harness, Sandbox, check_determinism, check_prediction};
use tickwire_shared::id::{MemberId, ResumeSecret};
use tickwire_shared::limits::{
    HOST_MESSAGE_BYTES_MAX, HOST_MESSAGES_MAX, PLACES_HELD_MS, REPORT_BYTES_MAX, REPORTS_PER_STEP_MAX,
};
use tickwire_shared::prelude::{LeaveReason, PlayerId, TickRate};
use tickwire_shared::room::{Hold, JoinRequest, MemberEvent, Notice, Room};
use tickwire_shared::wire::control::Role;
use tickwire_shared::wire::terms::{Invitation, JoinTerms, Parameters, Pass, Range};
use tickwire_shared::wire::{CloseCode, Text};

fn club(house: House) -> (Harness<Club>, ClientIndex) {
    let mut club = Harness::<Club>::new(house, 5);
    club.room_mut().keep_notices();
    let ada = club.join_as(Account::new(Text::cut("u-1"), Text::cut("ada")));
    club.run_ticks(20);
    (club, ada)
}

fn said(value: &impl Serialize) -> JoinTerms {
    let mut terms = JoinTerms::default();
    terms.parameters = Parameters::of(value).unwrap();
    terms
}

fn invited(invitation: Invitation) -> JoinTerms {
    let mut terms = JoinTerms::default();
    terms.pass = Pass::Invitation(invitation);
    terms
}

/// One more member; what became of it.
fn comes(club: &mut Harness<Club>, terms: JoinTerms) -> Result<ClientIndex, (CloseCode, String)> {
    let client = club.join_with(Account::guest(Text::cut("one")), terms);
    club.run_ticks(20);
    match club.client(client).state() {
        State::Closed(close) => Err((close.code, close.text.to_string())),
        _ => Ok(client),
    }
}

/// What `client` heard of the game since the last call, and what invitations it got.
fn heard(club: &mut Harness<Club>, client: ClientIndex) -> (Vec<Heard>, Vec<Option<Invitation>>) {
    let (mut news, mut invitations) = (Vec::new(), Vec::new());
    for event in club.take_events(client) {
        match event {
            ClientEvent::Game(event) => news.push(event),
            ClientEvent::Invitation(given) => invitations.push(given),
            _ => (),
        }
    }
    (news, invitations)
}

fn wish(club: &mut Harness<Club>, client: ClientIndex, wish: Wish) {
    club.client_mut(client).command(wish).unwrap();
    club.run_ticks(10);
}

fn invitation(club: &mut Harness<Club>, client: ClientIndex) -> Option<Invitation> {
    club.client_mut(client).invite(1, Duration::from_secs(60));
    club.run_ticks(40);
    let (_, given) = heard(club, client);
    assert_eq!(given.len(), 1, "each question has one answer");
    given.into_iter().next().flatten()
}

#[test]
fn a_game_reads_what_a_client_says_and_refuses_what_it_cannot_read() {
    let (mut club, ada) = club(House::default());
    comes(&mut club, said(&Introduction { team: Team::Red, rank: None })).unwrap();
    let members = club.client(ada).view(club.now());
    assert_eq!(members.iter().filter(|(_, member)| member.is_red).count(), 1);
    let (code, text) = comes(&mut club, said(&"green")).unwrap_err();
    assert!(code == CloseCode::Policy && text.contains("cannot read what the client brings"), "{text}");
    club.assert_in_sync();
}

#[test]
fn a_private_room_takes_those_who_were_invited_while_its_game_permits_invitations() {
    let (mut club, ada) = club(House { private: true, ..House::default() });
    let (code, text) = comes(&mut club, JoinTerms::default()).unwrap_err();
    assert!(code == CloseCode::PassNeeded && text.contains("invitation"), "{text}");
    let given = invitation(&mut club, ada).expect("the game permits it");
    comes(&mut club, invited(given)).unwrap();
    wish(&mut club, ada, Wish::Invites(false));
    assert_eq!(invitation(&mut club, ada), None);
    wish(&mut club, ada, Wish::Invites(true));
    let watcher = club.spectate("eve");
    club.run_ticks(10);
    club.client_mut(watcher).invite(1, Duration::from_secs(60));
    club.run_ticks(10);
    assert!(heard(&mut club, watcher).1.is_empty(), "a spectator's client does not even ask");
}

#[test]
fn a_player_gets_at_most_one_invitation_a_second() {
    let (mut club, ada) = club(House::default());
    for _ in 0..30 {
        club.client_mut(ada).invite(1, Duration::from_secs(60));
        club.run_ticks(3);
    }
    let (_, given) = heard(&mut club, ada);
    assert!((3..=4).contains(&given.len()), "{} in 3 s", given.len());
}

/// Places are held for a party until the deadline.
#[test]
fn places_held_ms() {
    let (mut club, _) = club(House::default());
    let mut party = JoinTerms::default();
    party.places = 3;
    let (code, _) = comes(&mut club, party.clone()).unwrap_err();
    assert_eq!(code, CloseCode::Full, "ada and four others are too many for four seats");
    party.places = 2;
    let leader = comes(&mut club, party).unwrap();
    let (code, _) = comes(&mut club, JoinTerms::default()).unwrap_err();
    assert_eq!(code, CloseCode::Full, "two seats are free, but held");
    let given = invitation(&mut club, leader).unwrap();
    comes(&mut club, invited(given.clone())).expect("a friend takes a held place");
    assert_eq!(club.room().places_held(), 1);
    club.run_ticks(TickRate::DEFAULT.ticks_ceil(Duration::from_millis(PLACES_HELD_MS)));
    assert_eq!(club.room().places_held(), 0);
    comes(&mut club, JoinTerms::default()).expect("the place that nobody took is everybody's");
    let (code, _) = comes(&mut club, invited(given)).unwrap_err();
    assert_eq!(code, CloseCode::Full);
}

#[test]
fn places_of_a_leader_who_leaves_are_free() {
    let (mut club, _) = club(House::default());
    let mut party = JoinTerms::default();
    party.places = 2;
    let leader = comes(&mut club, party).unwrap();
    club.leave(leader);
    club.run_ticks(10);
    assert_eq!(club.room().places_held(), 0);
    comes(&mut club, JoinTerms::default()).unwrap();
}

#[test]
fn a_game_sets_how_long_a_seat_is_held() {
    let (mut club, ada) = club(House::default());
    comes(&mut club, JoinTerms::default()).unwrap();
    wish(&mut club, ada, Wish::Grace(1_000));
    club.cut(ada);
    club.run_ticks(25);
    assert_eq!(club.room().players(), 2, "within its second");
    club.run_ticks(10);
    assert_eq!(club.room().players(), 1);
    // No longer than the server permits.
    let bob = comes(&mut club, JoinTerms::default()).unwrap();
    wish(&mut club, bob, Wish::Grace(3_600_000));
    club.cut(bob);
    club.run_ticks(30 * 30 + 5);
    assert_eq!(club.room().players(), 1);
    let eve = comes(&mut club, JoinTerms::default()).unwrap();
    wish(&mut club, eve, Wish::Grace(0));
    club.cut(eve);
    club.run_ticks(2);
    assert_eq!(club.room().players(), 1, "given up at once");
}

#[test]
fn the_host_hears_who_comes_and_goes_what_is_reported_and_the_result() {
    let (mut club, ada) = club(House::default());
    let guest = comes(&mut club, JoinTerms::default()).unwrap();
    wish(&mut club, ada, Wish::Report(2));
    club.leave(guest);
    club.run_ticks(10);
    wish(&mut club, ada, Wish::Close(7));
    club.run_ticks(20);
    assert!(club.client(ada).is_playing(), "the host does not have the result yet");
    club.room_mut().release_end();
    club.run_ticks(10);
    assert!(matches!(club.client(ada).state(), State::Closed(close) if &*close.text == "closing time"));
    let mut told = Vec::new();
    for notice in club.room_mut().take_notices() {
        told.push(match notice {
            Notice::Joined { player, account } => format!("{player} {} joined", account.name),
            Notice::Left { player, reason, .. } => format!("{player} left: {reason:?}"),
            Notice::Reported(report) => format!("{:?}", report.read::<Score>().unwrap()),
            Notice::Ended { text, result } => format!("{text}: {}", result.text()),
            other => format!("{other:?}"),
        });
    }
    assert_eq!(
        told,
        [
            "1 ada joined",
            "2 one joined",
            "Score { score: 0 }",
            "Score { score: 1 }",
            "2 left: Left",
            "closing time: {\"score\":7}",
            "1 left: RoomClosed",
        ]
    );
    assert!(club.room_mut().take_notices().is_empty());
}

#[test]
fn a_host_that_does_not_take_the_result_holds_the_room_for_two_seconds() {
    let (mut club, ada) = club(House::default());
    wish(&mut club, ada, Wish::Close(7));
    club.run_ticks(45);
    assert!(club.client(ada).is_playing());
    club.run_ticks(20);
    assert!(matches!(club.client(ada).state(), State::Closed(_)));
}

#[test]
fn reports_per_step_max() {
    let mut club = Sandbox::<Club>::new(&House::default(), TickRate::DEFAULT, 1).unwrap();
    club.join(PlayerId(1)).unwrap();
    club.command(PlayerId(1), Wish::Report(REPORTS_PER_STEP_MAX as u32 + 3));
    club.step();
    assert_eq!(club.heard(PlayerId(1)), [Heard::Refused(3)]);
    assert_eq!(club.reports().len(), REPORTS_PER_STEP_MAX);
    club.command(PlayerId(1), Wish::Report(1));
    club.step();
    assert_eq!(club.reports().len(), REPORTS_PER_STEP_MAX + 1);
}

#[test]
fn report_bytes_max() {
    let text = "x".repeat(REPORT_BYTES_MAX - 2);
    assert!(Report::of(&text).is_ok() && Report::of(&format!("{text}x")).is_err());
    let mut club = Sandbox::<Club>::new(&House::default(), TickRate::DEFAULT, 1).unwrap();
    assert!(club.stage.end_with("too much", &format!("{text}x")).is_err());
    assert_eq!(club.ended(), None, "the room goes on");
    club.stage.end_with("enough", &text).unwrap();
    assert_eq!((club.ended(), club.result().unwrap().read::<String>()), (Some("enough"), Ok(text)));
}

#[test]
fn the_host_speaks_to_a_game() {
    let (mut club, ada) = club(House::default());
    let room = club.room_mut();
    assert!(room.send(HostMessage::of(&Title { title: "quiz night".to_owned() }).unwrap()));
    assert!(room.send(HostMessage::of(&7).unwrap()));
    club.run_ticks(10);
    let wanted = [Heard::Title("quiz night".to_owned()), Heard::Nonsense];
    assert_eq!(heard(&mut club, ada).0, wanted, "each once, in order");
}

#[test]
fn host_message_bytes_max() {
    let text = "x".repeat(HOST_MESSAGE_BYTES_MAX - 2);
    assert!(HostMessage::of(&text).is_ok() && HostMessage::of(&format!("{text}x")).is_err());
}

#[test]
fn host_messages_max() {
    let (mut club, ada) = club(House::default());
    let sent = (0..HOST_MESSAGES_MAX + 5).filter(|_| club.room_mut().send(HostMessage::of(&1).unwrap()));
    assert_eq!(sent.count(), HOST_MESSAGES_MAX);
    club.run_ticks(10);
    assert_eq!(heard(&mut club, ada).0.len(), HOST_MESSAGES_MAX);
}

#[test]
fn each_round_has_a_seed_that_follows_from_the_rooms() {
    let draw = |seed| {
        let mut club = Sandbox::<Club>::new(&House::default(), TickRate::DEFAULT, seed).unwrap();
        club.join(PlayerId(1)).unwrap();
        for _ in 0..3 {
            club.command(PlayerId(1), Wish::Draw);
            club.step();
        }
        club.heard(PlayerId(1))
    };
    assert_eq!(draw(4), draw(4));
    let (first, other) = (draw(4), draw(5));
    assert!(first[0] != first[1] && first[1] != first[2] && first[0] != other[0]);
}

#[test]
fn a_seat_that_times_out_is_told_to_the_host_as_such() {
    let (mut club, ada) = club(House::default());
    wish(&mut club, ada, Wish::Grace(0));
    club.cut(ada);
    club.run_ticks(3);
    let reasons: Vec<_> = club.room_mut().take_notices();
    assert!(
        matches!(reasons.last(), Some(Notice::Left { reason: LeaveReason::TimedOut, .. })),
        "{reasons:?}"
    );
}

#[test]
fn the_club_is_deterministic_and_predicted() {
    check_determinism::<Club>(&House::default(), 1, 100, 3).unwrap();
    check_prediction::<Club>(&House::default(), 1, 100, 1).unwrap();
}

#[test]
fn an_invitation_comes_although_each_tick_has_an_update_that_waits_until_the_next() {
    let (mut club, ada) = club(House::default());
    club.client_mut(ada).invite(1, Duration::from_secs(60));
    for _ in 0..30 {
        club.client_mut(ada).command(Wish::Draw).unwrap();
        club.block_slot(ada);
        club.run_ticks(1);
        club.unblock_slot(ada);
    }
    assert_eq!(heard(&mut club, ada).1.len(), 1);
}

#[test]
fn what_a_game_reports_as_its_players_leave_a_room_that_ends_is_heard() {
    let (mut club, ada) = club(House::default());
    wish(&mut club, ada, Wish::ReportLeaves);
    wish(&mut club, ada, Wish::Close(7));
    while club.room().ended().is_none() {
        club.run_ticks(1);
    }
    let notices = club.room_mut().take_notices();
    let reported = notices.iter().filter(|notice| matches!(notice, Notice::Reported(_))).count();
    assert_eq!(reported, 1, "{notices:?}");
}

#[test]
fn seats_give_way_to_a_whole_party_or_to_none_of_it() {
    let mut room = Room::<Club>::new(fixtures::config(0), House::default(), 1).unwrap();
    let mut outbox = Kept::default();
    for member in 1..=4 {
        fixtures::join(&mut room, member, Role::Player, &mut outbox);
    }
    for member in [2, 3] {
        room.handle(Duration::ZERO, MemberId(member), MemberEvent::Cut(Hold::Yielding), &mut outbox);
    }
    let mut comes = |member: u64, places| {
        let secret = ResumeSecret { room: room.config().id, key: [member as u8; 16] };
        let mut request = JoinRequest::new(fixtures::ada(), Role::Player, secret);
        request.places = places;
        room.handle(Duration::ZERO, MemberId(member), request.into(), &mut outbox);
        (outbox.take_closes(), room.players(), room.places_held())
    };
    assert_eq!(comes(5, 2), (vec![CloseCode::Full], 4, 0), "two seats are too few, so both stay held");
    assert_eq!(comes(6, 1), (vec![], 3, 1), "one for who comes, one for who is invited");
}

#[test]
fn both_ends_of_a_range_fit() {
    let range = Range { key: Text::cut("rank"), from: -2, to: 3 };
    let fitting: Vec<i64> = (-5..5).filter(|value| range.contains(*value)).collect();
    assert_eq!(fitting, [-2, -1, 0, 1, 2, 3]);
}
