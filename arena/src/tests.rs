//! The rules of the arena, one test each. The tests call the game as a room does.

mod rewind;

use super::*;
use core::ops::{Deref, DerefMut};
use tickwire_shared::entity::Entity;
use tickwire_shared::harness::Sandbox;
use tickwire_shared::room::game_schema;

/// The arena's rules without a room, checked after each step.
struct Match(Sandbox<Arena>);

impl Deref for Match {
    type Target = Sandbox<Arena>;

    fn deref(&self) -> &Sandbox<Arena> {
        &self.0
    }
}

impl DerefMut for Match {
    fn deref_mut(&mut self) -> &mut Sandbox<Arena> {
        &mut self.0
    }
}

const OPEN: [&str; 7] = [
    "#############",
    "#s.........s#",
    "#...........#",
    "#.....r.....#",
    "#...........#",
    "#h.........s#",
    "#############",
];

fn open() -> Settings {
    Settings { round_s: 60, ..Settings::default() }.with_map("open", &OPEN.join("\n"))
}

impl Match {
    fn new(settings: &Settings, seed: u64, players: u16) -> Self {
        let mut made = Self(Sandbox::new(settings, TickRate::DEFAULT, seed).unwrap());
        for player in 1..=players {
            made.join(PlayerId(player)).unwrap();
        }
        made
    }

    fn step(&mut self) {
        self.0.step();
        invariants(&self.stage.world, self.scene(), TickRate::DEFAULT).unwrap();
    }

    fn steps(&mut self, ticks: u32) {
        (0..ticks).for_each(|_| self.step());
    }

    fn input(&mut self, player: u16) -> &mut ArenaInput {
        self.0.input(PlayerId(player))
    }

    fn ship(&mut self, player: u16) -> &mut Ship {
        let entity = self.entity_of(PlayerId(player)).unwrap();
        match self.stage.world.get_mut(entity) {
            Some(ArenaEntity::Ship(ship)) => ship,
            other => panic!("{other:?}"),
        }
    }

    fn round(&self) -> Round {
        self.stage.state
    }

    fn shots(&self) -> Vec<Shot> {
        self.stage
            .world
            .iter()
            .filter_map(|(_, it)| if let ArenaEntity::Shot(it) = it { Some(*it) } else { None })
            .collect()
    }

    fn heard(&self, player: u16) -> Vec<Event> {
        self.0.heard(PlayerId(player))
    }

    /// Player 1 faces player 2 from five tiles away; neither has a shield.
    fn face_off(settings: &Settings) -> Self {
        let mut made = Self::new(settings, 1, 2);
        (made.ship(1).pos, made.ship(2).pos) = (centre_of(IVec2::new(2, 2)), centre_of(IVec2::new(7, 2)));
        made.steps(SHIELD_TICKS);
        assert!(!made.ship(1).shielded && !made.ship(2).shielded);
        made
    }
}

const SHIELD_TICKS: u32 = 45;
const SHOT_TICKS: u32 = 45;
const RAPID_TICKS: u32 = 8 * 30;
const PICKUP_TICKS: u32 = 12 * 30;

const DOWN: Button = Button { down: true, pressed: false };

#[test]
fn a_shot_hits_and_damages_and_both_are_told() {
    let mut game = Match::face_off(&open());
    game.input(1).fire = Button { down: false, pressed: true };
    game.step();
    game.input(1).fire = Button::default();
    assert_eq!(game.shots().len(), 1);
    game.steps(12);
    assert_eq!((game.ship(2).hp, game.shots().len()), (HP_MAX - HIT_DAMAGE, 0));
    let hit = Event::Hit { by: PlayerId(1), on: PlayerId(2), damage: HIT_DAMAGE };
    for told in [game.heard(1), game.heard(2)] {
        assert_eq!(told, core::slice::from_ref(&hit));
    }
    assert_eq!(game.heard(3), []);
}

#[test]
fn a_kill_scores_and_the_destroyed_ship_comes_back_shielded() {
    let mut game = Match::face_off(&open());
    game.input(1).fire = DOWN;
    game.steps(4 * 9 + 12);
    game.input(1).fire = Button::default();
    assert_eq!((game.ship(1).score, game.ship(1).deaths), (1, 0));
    let lost = *game.ship(2);
    assert_eq!((lost.alive, lost.hp, lost.score, lost.deaths), (false, 0, 0, 1));
    let killed = Event::Killed { by: PlayerId(1), of: PlayerId(2) };
    assert_eq!(game.heard(2).last(), Some(&killed));
    game.input(2).move_x = 127;
    game.step();
    assert_eq!(game.ship(2).pos, lost.pos, "a destroyed ship does not move");
    game.steps(3 * 30);
    let back = *game.ship(2);
    assert_eq!((back.alive, back.hp, back.shielded, back.deaths), (true, HP_MAX, true, 1));
}

#[test]
fn a_shielded_ship_is_not_hurt_until_it_shoots_itself() {
    let mut game = Match::face_off(&open());
    game.ship(2).shielded = true;
    game.game.seats[1].shield_ticks = 1000;
    game.input(1).fire = DOWN;
    game.steps(40);
    assert_eq!(game.ship(2).hp, HP_MAX);
    game.input(2).fire = DOWN;
    game.steps(40);
    assert!(game.ship(2).hp < HP_MAX);
}

#[test]
fn a_wall_stops_shots() {
    let mut rows = OPEN.map(str::to_owned);
    rows[2] = "#...#.......#".to_owned();
    let mut game = Match::face_off(&open().with_map("walled", &rows.join("\n")));
    game.input(1).fire = DOWN;
    game.steps(60);
    assert_eq!((game.ship(2).hp, game.ship(1).alive), (HP_MAX, true));
    assert!(!game.events().any(|event| matches!(event, Event::Hit { .. })));
}

#[test]
fn a_player_has_at_most_twelve_shots_under_way() {
    let long = format!(
        "{}\n#s{}#\n#{}#\n#{}#\n{}",
        "#".repeat(60),
        ".".repeat(57),
        ".".repeat(58),
        ".".repeat(58),
        "#".repeat(60)
    );
    let mut game = Match::new(&open().with_map("long", &long), 1, 1);
    game.ship(1).weapon = Weapon::Rapid;
    game.game.seats[0].rapid_ticks = 10_000;
    game.input(1).fire = DOWN;
    let mut most = 0;
    for _ in 0..200 {
        game.game.seats[0].pause = 0;
        game.step();
        most = most.max(game.shots().len());
    }
    assert_eq!(most, usize::from(SHOTS_PER_PLAYER_MAX));
    game.input(1).fire = Button::default();
    game.steps(SHOT_TICKS);
    assert_eq!((game.shots().len(), game.game.seats[0].shots), (0, 0));
}

#[test]
fn a_weapon_shoots_at_its_pace() {
    let mut game = Match::face_off(&open());
    game.input(1).aim = 128;
    game.input(1).fire = DOWN;
    let fired = |game: &mut Match| {
        (0..36)
            .filter(|_| {
                let before = game.game.shots.last().map(|shot| shot.id);
                game.step();
                game.game.shots.last().map(|shot| shot.id) > before
            })
            .count()
    };
    assert_eq!(fired(&mut game), 4);
    game.ship(1).weapon = Weapon::Rapid;
    game.game.seats[0].rapid_ticks = 1000;
    assert_eq!(fired(&mut game), 9);
}

#[test]
fn pickups_heal_and_arm_and_come_back() {
    let mut game = Match::new(&open(), 1, 1);
    let (health, rapid) = (centre_of(IVec2::new(1, 5)), centre_of(IVec2::new(6, 3)));
    let ready = |game: &Match, at: IVec2| {
        game.stage
            .world
            .iter()
            .any(|(_, it)| matches!(it, ArenaEntity::Pickup(it) if it.pos == at && it.ready))
    };
    game.ship(1).pos = health;
    game.step();
    assert!(ready(&game, health), "a ship with full hit points does not take it");
    game.ship(1).hp = 30;
    game.step();
    assert_eq!((game.ship(1).hp, ready(&game, health)), (30 + HEALTH_GIFT, false));
    game.ship(1).pos = rapid;
    game.step();
    assert_eq!((game.ship(1).weapon, ready(&game, rapid)), (Weapon::Rapid, false));
    assert_eq!(
        game.heard(1),
        [Event::PickedUp { gift: Gift::Health }, Event::PickedUp { gift: Gift::Rapid }]
    );
    game.ship(1).pos = game.scene().spawns()[0];
    game.steps(RAPID_TICKS);
    assert_eq!(game.ship(1).weapon, Weapon::Blaster);
    game.steps(PICKUP_TICKS - RAPID_TICKS);
    assert!(ready(&game, health) && ready(&game, rapid));
}

#[test]
fn a_round_ends_with_a_winner_at_the_score_limit_and_the_next_one_starts_over() {
    let mut game = Match::face_off(&Settings { score_limit: 1, break_s: 2, ..open() });
    game.input(1).fire = DOWN;
    game.steps(4 * 9 + 12);
    let top = [
        Standing { player: PlayerId(1), score: 1, deaths: 0 },
        Standing { player: PlayerId(2), score: 0, deaths: 1 },
    ];
    let ended =
        Event::RoundEnded { number: 1, winner: Some(PlayerId(1)), top: top.to_vec().try_into().unwrap() };
    let reports = game.reports();
    assert!(matches!(reports, [report] if report.read() == Ok(ended.clone())), "{reports:?}");
    assert_eq!(game.heard(9), [ended]);
    assert_eq!((game.round().phase, game.shots().len()), (Phase::Break, 0));
    game.steps(2 * 30);
    assert_eq!(game.round(), Round { number: 2, phase: Phase::Playing, seconds_left: 60 });
    assert_eq!(game.heard(9).last(), Some(&Event::RoundStarted { number: 2 }));
    for player in [1, 2] {
        let ship = game.ship(player);
        assert_eq!((ship.score, ship.deaths, ship.alive, ship.hp), (0, 0, true, HP_MAX));
    }
}

#[test]
fn a_round_ends_when_its_time_is_over() {
    let mut game = Match::new(&Settings { round_s: 10, ..open() }, 1, 2);
    game.steps(299);
    assert_eq!((game.round().phase, game.round().seconds_left), (Phase::Playing, 1));
    game.step();
    assert_eq!(game.round().phase, Phase::Break);
    assert!(matches!(game.heard(1).as_slice(), [Event::RoundEnded { number: 1, winner: None, .. }]));
}

#[test]
fn the_65th_player_is_refused_with_full_and_64_can_play() {
    let mut game = Match::new(&Settings::default(), 1, 64);
    assert_eq!(game.join(PlayerId(65)), Err(Refusal::Full));
    game.steps(100);
    game.leave(PlayerId(64));
    game.join(PlayerId(65)).unwrap();
    let mut few = Match::new(&Settings { players_max: 2, ..open() }, 1, 2);
    assert_eq!(few.join(PlayerId(3)), Err(Refusal::Full));
}

#[test]
fn who_leaves_takes_its_ship_and_shots_along() {
    let mut game = Match::face_off(&open());
    let before = game.stage.world.len();
    game.input(1).aim = 64;
    game.input(1).fire = DOWN;
    game.steps(2);
    assert_eq!(game.shots().len(), 1);
    game.leave(PlayerId(1));
    game.step();
    assert_eq!(game.stage.world.len(), before - 1);
}

#[test]
fn emotes_are_shown_to_all_but_rationed() {
    let mut game = Match::new(&open(), 1, 2);
    let emote = |player, emote| (PlayerId(player), Command::Emote(emote));
    [emote(1, EMOTES), emote(1, 3), emote(1, 4), emote(2, 5), emote(7, 1)]
        .into_iter()
        .for_each(|(player, command)| game.command(player, command));
    game.step();
    assert_eq!(game.heard(9), [Event::Emoted { player: PlayerId(1), emote: 3 }]);
    game.steps(30 * u32::from(ROOM_EMOTE_S));
    [emote(1, 4), emote(2, 5)].into_iter().for_each(|(player, command)| game.command(player, command));
    game.step();
    assert_eq!(game.heard(9).last(), Some(&Event::Emoted { player: PlayerId(2), emote: 5 }));
    assert_eq!(game.events().count(), 2);
}

#[test]
fn a_ship_comes_in_where_it_is_farthest_from_the_others() {
    let mut game = Match::new(&open(), 1, 1);
    game.ship(1).pos = centre_of(IVec2::new(2, 4));
    game.join(PlayerId(2)).unwrap();
    assert_eq!(game.ship(2).pos, centre_of(IVec2::new(11, 1)));
    game.join(PlayerId(3)).unwrap();
    assert_eq!(game.ship(3).pos, centre_of(IVec2::new(11, 5)));
}

#[test]
fn a_led_shot_meets_a_ship_that_flies_across() {
    let rows = ["#".repeat(20), format!("#s{}#", ".".repeat(17))];
    let hall = [&rows[..], &vec![format!("#{}#", ".".repeat(18)); 8], &rows[..1]].concat().join("\n");
    let mut game = Match::new(&open().with_map("hall", &hall), 1, 2);
    (game.ship(1).pos, game.ship(2).pos) = (centre_of(IVec2::new(2, 8)), centre_of(IVec2::new(9, 1)));
    game.game.seats[1].shield_ticks = 0;
    game.input(2).move_y = 127;
    game.steps(15);
    game.input(1).aim = lead(game.ship(1).pos, &game.ship(2).clone(), TickRate::DEFAULT);
    game.input(1).fire = Button { down: false, pressed: true };
    game.step();
    game.input(1).fire = Button::default();
    game.steps(25);
    assert_eq!(game.ship(2).hp, HP_MAX - HIT_DAMAGE);
}

#[test]
fn ones_own_shot_passes() {
    let mut game = Match::face_off(&open());
    game.input(1).fire = Button { down: false, pressed: true };
    game.step();
    game.input(1).fire = Button::default();
    game.ship(1).pos = centre_of(IVec2::new(4, 2));
    game.steps(12);
    assert_eq!((game.ship(1).hp, game.ship(2).hp), (HP_MAX, HP_MAX - HIT_DAMAGE));
}

#[test]
fn ships_that_meet_do_not_pass_through_each_other() {
    let mut game = Match::face_off(&open());
    game.input(1).move_x = 127;
    game.input(2).move_x = -127;
    for _ in 0..90 {
        game.step();
        let apart = game.ship(2).pos.x - game.ship(1).pos.x;
        assert!(apart >= 2 * SHIP_RADIUS - 4, "{apart}");
    }
}

/// Every player turns, shoots and aims at random.
fn play_wildly(game: &mut Match, rng: &mut Rng) {
    for player in game.players().collect::<Vec<_>>() {
        let input = game.0.input(player);
        if rng.chance(15) {
            (input.move_x, input.move_y) = (rng.range(-127, 127) as i8, rng.range(-127, 127) as i8);
            input.aim = rng.below(256) as u16;
        }
        input.fire = Button::after(input.fire, !rng.chance(5));
    }
}

#[test]
fn a_wild_match_of_64_keeps_the_invariants_and_its_bounds_of_events() {
    let settings = Settings { round_s: 10, break_s: 1, respawn_s: 1, ..Settings::default() };
    let (mut game, mut rng) = (Match::new(&settings, 3, 64), Rng::new(4));
    for tick in 0..3000_u32 {
        play_wildly(&mut game, &mut rng);
        if tick % 50 == 0 {
            let gone = game.players().nth(rng.below(64) as usize).unwrap();
            game.leave(gone);
            game.join(PlayerId(100 + tick as u16)).unwrap();
        }
        game.step();
    }
    assert!(game.events().any(|event| matches!(event, Event::Killed { .. })));
}

#[test]
fn the_same_seed_and_inputs_give_the_same_state() {
    let play = |seed| {
        let (mut game, mut rng) = (Match::new(&open(), seed, 8), Rng::new(9));
        for _ in 0..600 {
            play_wildly(&mut game, &mut rng);
            game.step();
        }
        (game.rows(), game.events().cloned().collect::<Vec<_>>())
    };
    assert_eq!(play(5), play(5));
    assert_ne!(play(5).0, play(6).0);
}

#[test]
fn every_state_lies_on_the_grid() {
    let (mut game, mut rng) = (Match::new(&open(), 2, 8), Rng::new(2));
    for _ in 0..600 {
        play_wildly(&mut game, &mut rng);
        game.step();
        for (_, entity) in game.stage.world.iter() {
            let mut row = Vec::new();
            entity.write_row(&mut row);
            assert_eq!(ArenaEntity::read_row(entity.kind(), &row), Some(*entity));
        }
    }
}

#[test]
fn the_declared_predictors_foretell_whoever_holds_its_controls() {
    let schema = game_schema::<Arena>().rows(TickRate::DEFAULT).unwrap();
    let (mut game, mut rng) = (Match::new(&Settings::default(), 2, 4), Rng::new(7));
    let (mut exact, mut all) = (0, 0);
    for tick in 0..1200 {
        let held = tick % 30 != 0;
        if !held {
            play_wildly(&mut game, &mut rng);
        }
        let before = game.stage.world.clone();
        game.step();
        for (id, was) in before.iter().filter(|_| held) {
            let (Some(is), moves) = (game.stage.world.get(id), schema.kind(was.kind()).unwrap().moves())
            else {
                continue;
            };
            let (mut foretold, mut row) = (Vec::new(), Vec::new());
            was.write_row(&mut foretold);
            is.write_row(&mut row);
            schema.plan(was.kind()).unwrap().run(&mut foretold, 1);
            if matches!(is, ArenaEntity::Shot(_)) {
                assert_eq!(foretold, row, "a shot that is still there flew straight");
            }
            all += usize::from(moves);
            exact += usize::from(moves && foretold == row);
        }
    }
    // The exceptions: first contacts with walls, pushes, hits, returns.
    assert!(exact * 100 >= all * 98, "{exact} of {all}");
}

#[test]
fn a_client_that_predicts_with_its_own_row_alone_is_exact_without_contact() {
    let (mut game, mut rng) = (Match::new(&Settings::default(), 2, 1), Rng::new(7));
    for _ in 0..600 {
        play_wildly(&mut game, &mut rng);
        game.input(1).fire = Button::default();
        let mut foretold = ArenaEntity::Ship(*game.ship(1));
        let input = game.input(1).clone();
        let step = Step::new(game.tick(), TickRate::DEFAULT, game.scene());
        Arena::apply_input(&mut foretold, &input, &step);
        game.step();
        let (ArenaEntity::Ship(foretold), is) = (foretold, *game.ship(1)) else { unreachable!() };
        assert_eq!((foretold.pos, foretold.vel, foretold.target), (is.pos, is.vel, is.target));
    }
}
