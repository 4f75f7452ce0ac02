//! Shots at what the shooter saw.

use super::*;

/// Player 2 flies down past player 1, who sees it `sees` ticks late and shoots where it sees it. The server
/// rewinds by `behind` ticks. Returns the hit points that player 2 lost.
fn shoot_at_what_is_seen(behind: u32, sees: u32) -> u8 {
    let mut game = Match::face_off(&open());
    (game.ship(1).pos, game.ship(2).pos) = (centre_of(IVec2::new(2, 3)), centre_of(IVec2::new(4, 1)));
    game.input(2).move_y = 127;
    let (mut path, mut hurt) = (Vec::new(), 0);
    for tick in 0..40 {
        path.push(*game.ship(2));
        let seen = path[path.len().saturating_sub(1 + sees as usize)];
        let fires = tick == 8 + sees;
        game.input(1).fire = Button { down: false, pressed: fires };
        game.input(1).aim = lead(game.ship(1).pos, &seen, TickRate::DEFAULT);
        // The others are as in the state before this step.
        game.see_late(PlayerId(1), f64::from(behind + 1));
        game.step();
        hurt = HP_MAX - game.ship(2).hp;
    }
    hurt
}

#[test]
fn a_shot_hits_what_its_player_saw_it_hit() {
    assert_eq!(shoot_at_what_is_seen(0, 0), HIT_DAMAGE, "near, and seen as it is");
    assert_eq!(shoot_at_what_is_seen(5, 5), HIT_DAMAGE, "seen 167 ms late, and rewound");
    assert_eq!(shoot_at_what_is_seen(0, 5), 0, "seen late, but not rewound: it has moved on");
}

#[test]
fn a_shot_is_as_far_ahead_as_it_was_rewound() {
    for behind in [0, 256, 700, 1_920, 9_000] {
        let mut game = Match::face_off(&open());
        game.ship(2).pos = centre_of(IVec2::new(11, 5));
        game.input(1).fire = Button { down: false, pressed: true };
        let ship = *game.ship(1);
        let muzzle = combat::muzzle(&ship, game.scene(), TickRate::DEFAULT).unwrap();
        game.see_late(PlayerId(1), behind as f64 / 256.0);
        game.step();
        let ahead = game.shots()[0].pos - muzzle.pos;
        let wanted = i64::from(shot_speed(TickRate::DEFAULT)) * behind.min(1_920) / 256;
        assert!((i64::from(ahead.x) - wanted).abs() <= 8, "{behind}: {ahead}, not {wanted}");
    }
}

#[test]
fn a_shot_reaches_as_far_at_every_rate_however_far_it_was_rewound() {
    for hz in [10, 30, 60, 128] {
        let rate = TickRate::new(hz).unwrap();
        let mut game = Sandbox::<Arena>::new(&hall(), rate, 1).unwrap();
        game.run_ticks(128);
        let map = game.scene();
        for behind in [0, 100, 384, 600] {
            let seen = game.rewound(f64::from(behind) / 256.0);
            let pos = map.spawns()[0];
            let shot = Shot { pos, vel: IVec2::new(shot_speed(rate), 0), owner: 1 };
            let combat::CaughtUp::Flies(shot, left) =
                combat::catch_up(shot, &game.game.seats, &seen, map, rate)
            else {
                panic!("the shot must fly on");
            };
            let reach = (shot.pos.x - pos.x + shot.vel.x * left as i32 / 256) as f64 / 1024.0;
            assert!((23.5..24.5).contains(&reach), "{hz} Hz, {behind}: {reach} tiles");
        }
    }
}

fn hall() -> Settings {
    let rows = ["#".repeat(60), format!("#s{}#", ".".repeat(57)), format!("#{}#", ".".repeat(58))];
    let rows = [&rows[0], &rows[1], &rows[2], &rows[2], &rows[0]].map(String::as_str);
    Settings::default().with_map("hall", &rows.join("\n"))
}

#[test]
fn a_shot_does_not_fly_through_a_wall_to_catch_up() {
    let rows = ["########", "#s.#..s#", "#..#...#", "#......#", "########"];
    let settings = Settings { round_s: 60, ..Settings::default() }.with_map("wall", &rows.join("\n"));
    let mut game = Match::new(&settings, 1, 2);
    (game.ship(1).pos, game.ship(2).pos) = (centre_of(IVec2::new(1, 1)), centre_of(IVec2::new(4, 1)));
    game.steps(SHIELD_TICKS);
    game.input(1).fire = Button { down: false, pressed: true };
    game.see_late(PlayerId(1), 7.5);
    game.steps(10);
    assert_eq!((game.ship(2).hp, game.shots().len()), (HP_MAX, 0));
}

#[test]
fn all_have_fired_before_the_first_is_hurt() {
    let mut game = Match::face_off(&open());
    (game.ship(1).pos, game.ship(2).pos) = (centre_of(IVec2::new(3, 2)), centre_of(IVec2::new(5, 2)));
    (game.ship(1).hp, game.ship(2).hp) = (HIT_DAMAGE, HIT_DAMAGE);
    game.input(2).aim = 128;
    game.steps(9);
    for player in [1, 2] {
        game.input(player).fire = Button { down: false, pressed: true };
        game.see_late(PlayerId(player), 4.0);
    }
    game.step();
    assert!(!game.ship(1).alive && !game.ship(2).alive, "each shot the other");
}
