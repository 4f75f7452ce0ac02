//! Two synthetic matches, and how many bits of surprise they contain: no codec can take less than that.

use core::f64::consts::TAU;
use tickwire_shared::Rng;
use tickwire_shared::entity::{CustomStep, Field, Grid, Kind, Predictor, RowMut, Schema};
use tickwire_shared::id::EntityId;
use tickwire_shared::snapshot::Snapshot;
use tickwire_shared::tick::{Tick, TickRate};

const UNIT: i32 = 1024;
const HZ: f64 = 30.0;
/// Decay of the discretised Laplace draw of an aim.
const AIM_DECAY: f64 = 0.85;
/// Within this difference a velocity reaches its target at once, grid steps. Also the divisor of the
/// correction per tick.
const STEER: i32 = 4;

/// The declarations for a thing's fields.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Declared {
    /// The position grows by the velocity.
    Linear,
    /// The same, and the velocity moves toward a target velocity, which is replicated too.
    Steer,
    /// The target velocity is replicated, and the match's own step predicts everything else.
    Custom,
}

/// The kind of match.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Style {
    /// Turns at once, looks where it goes.
    Arena,
    /// Accelerates gradually, looks elsewhere.
    Shooter,
}

struct Thing {
    pos: [i32; 2],
    vel: [i32; 2],
    target: [i32; 2],
    heading: i32,
    hp: i32,
    score: i32,
    speed: f64,
    active: bool,
}

/// A running match.
pub(crate) struct Match {
    style: Style,
    side: i32,
    things: Vec<Thing>,
    rng: Rng,
    /// Ticks per second.
    hz: f64,
    /// Bits of all draws so far.
    pub(crate) surprise: f64,
}

impl Match {
    /// A match at 30 Hz.
    pub(crate) fn new(style: Style, count: usize, seed: u64) -> Self {
        Self::at_rate(style, count, seed, HZ)
    }

    pub(crate) fn at_rate(style: Style, count: usize, seed: u64, hz: f64) -> Self {
        let mut rng = Rng::new(seed);
        let side = (64.0 * count as f64).sqrt().ceil() as i32 * UNIT;
        let things = (0..count)
            .map(|_| Thing {
                pos: [rng.range(0, side), rng.range(0, side)],
                vel: [0; 2],
                target: [0; 2],
                heading: rng.range(0, 1023),
                hp: 100,
                score: 0,
                speed: (3.0 + 5.0 * f64::from(rng.unit())) * f64::from(UNIT) / hz,
                active: false,
            })
            .collect();
        Self { style, side, things, rng, hz, surprise: 0.0 }
    }

    /// A draw that is true with probability `chance`.
    fn happens(&mut self, chance: f64) -> bool {
        let happened = f64::from(self.rng.below(1 << 24)) < chance * f64::from(1 << 24);
        self.surprise -= (if happened { chance } else { 1.0 - chance }).log2();
        happened
    }

    fn uniform(&mut self, count: u32) -> i32 {
        self.surprise += f64::from(count).log2();
        self.rng.below(count) as i32
    }

    fn laplace(&mut self) -> i32 {
        let at_zero = (1.0 - AIM_DECAY) / (1.0 + AIM_DECAY);
        let mut left = f64::from(self.rng.below(1 << 24)) / f64::from(1 << 24);
        let (mut value, mut chance) = (0_i32, at_zero);
        while left >= chance && value < 200 {
            left -= chance;
            value = if value > 0 { -value } else { 1 - value };
            chance = at_zero * AIM_DECAY.powi(value.abs());
        }
        self.surprise -= chance.log2();
        value
    }

    /// One tick.
    pub(crate) fn step(&mut self) {
        let mut puts = Vec::new();
        for at in 0..self.things.len() {
            self.decide(at, &mut puts);
        }
        move_things(&mut self.things, self.style, self.side, &puts);
    }

    fn decide(&mut self, at: usize, puts: &mut Vec<(usize, [i32; 2])>) {
        if !self.things[at].active {
            if self.happens(0.6 / self.hz) {
                self.things[at].active = true;
                self.turn(at);
            }
        } else if self.happens(0.15 / self.hz) {
            self.things[at].active = false;
            self.things[at].target = [0; 2];
        } else if self.happens(1.0 / self.hz) {
            self.turn(at);
        }
        if self.style == Style::Shooter && self.happens(0.6) {
            let off = self.laplace();
            self.things[at].heading = (self.things[at].heading + off).rem_euclid(1024);
        }
        if self.happens(0.3 / self.hz) {
            self.things[at].hp -= 5 + self.uniform(20);
            if self.things[at].hp <= 0 {
                self.things[at].hp = 100;
                let lattice = f64::from(self.side) / 4096.0;
                let pos = [0; 2].map(|_: i32| (f64::from(self.uniform(4096)) * lattice) as i32);
                puts.push((at, pos));
            }
        }
        if self.happens(0.1 / self.hz) {
            self.things[at].score += 1 + self.uniform(10);
        }
    }

    fn turn(&mut self, at: usize) {
        let angle = match self.style {
            Style::Arena => {
                let by = self.uniform(512) - 256;
                let heading = (self.things[at].heading + by).rem_euclid(1024);
                self.things[at].heading = heading;
                f64::from(heading) * TAU / 1024.0
            }
            Style::Shooter => f64::from(self.uniform(16)) * TAU / 16.0,
        };
        let thing = &mut self.things[at];
        thing.target = [(angle.cos() * thing.speed) as i32, (angle.sin() * thing.speed) as i32];
    }

    /// The kinds of the match's rows.
    pub(crate) fn kinds(&self, declared: Declared) -> Vec<Kind> {
        let field = |name: &str, grid, predictor| Field {
            name: name.into(),
            grid,
            predictor,
            own: false,
            interpolate: true,
            meaning: Default::default(),
        };
        let pos = Grid::integers(0, self.side).with_per_unit(UNIT as u32);
        let vel = Grid::integers(-2048, 2047).with_per_unit(UNIT as u32);
        let place = |velocity| match declared {
            Declared::Linear | Declared::Steer => Predictor::Linear { velocity },
            Declared::Custom => Predictor::Custom,
        };
        let speed = |target| match declared {
            Declared::Linear => Predictor::Hold,
            Declared::Steer => {
                Predictor::Steer { target, lag_ms: ((STEER - 1) * 1_000 / self.hz as i32) as u16 }
            }
            Declared::Custom => Predictor::Custom,
        };
        let mut fields = vec![
            field("pos.x", pos, place(2)),
            field("pos.y", pos, place(3)),
            field("vel.x", vel, speed(7)),
            field("vel.y", vel, speed(8)),
            field("heading", Grid::angle(1024), Predictor::Hold),
            field("hp", Grid::integers(0, 127), Predictor::Hold),
            field("score", Grid::integers(0, 65_535), Predictor::Hold),
        ];
        if declared != Declared::Linear {
            fields.push(field("target.x", vel, Predictor::Hold));
            fields.push(field("target.y", vel, Predictor::Hold));
        }
        vec![Kind { name: "thing".into(), fields }]
    }

    /// The schema of the match's rows, in profile 0.
    pub(crate) fn schema(&self, declared: Declared) -> Schema {
        let (style, side) = (self.style, self.side);
        let rate = TickRate::new(self.hz as u16).expect("a tick rate");
        let step = CustomStep::new(move |rows: &mut [RowMut<'_>]| {
            let mut things: Vec<_> = rows.iter().map(|row| Thing::of(row.values)).collect();
            move_things(&mut things, style, side, &[]);
            for (row, thing) in rows.iter_mut().zip(&things) {
                row.values.copy_from_slice(&thing.row()[..row.values.len()]);
            }
        });
        Schema::with_step(self.kinds(declared), step, rate).expect("a schema")
    }

    /// The state as a snapshot.
    pub(crate) fn snapshot(&self, tick: u32, declared: Declared) -> Snapshot {
        let mut snapshot = Snapshot::new(Tick(tick));
        for (at, thing) in self.things.iter().enumerate() {
            let fields = if declared == Declared::Linear { 7 } else { 9 };
            snapshot.push(EntityId(at as u32 + 1), 0, &thing.row()[..fields]);
        }
        snapshot
    }
}

/// The part of a tick without randomness.
fn move_things(things: &mut [Thing], style: Style, side: i32, puts: &[(usize, [i32; 2])]) {
    for thing in &mut *things {
        thing.go(style, side);
    }
    for (at, pos) in puts {
        things[*at].pos = *pos;
    }
    collide(things, style, side);
}

fn collide(things: &mut [Thing], style: Style, side: i32) {
    let arena = style == Style::Arena;
    // Only neighbours in x can meet.
    let mut order: Vec<usize> = (0..things.len()).collect();
    order.sort_unstable_by_key(|&at| (things[at].pos[0], at));
    for first in 0..order.len() {
        for second in first + 1..order.len() {
            let (a, b) = (order[first].min(order[second]), order[first].max(order[second]));
            let (low, high) = things.split_at_mut(b);
            let (one, two) = (&mut low[a], &mut high[0]);
            let way = [two.pos[0] - one.pos[0], two.pos[1] - one.pos[1]];
            if way[0].abs() >= 2 * UNIT {
                break;
            }
            let squared = i64::from(way[0]) * i64::from(way[0]) + i64::from(way[1]) * i64::from(way[1]);
            if squared >= i64::from(UNIT) * i64::from(UNIT) {
                continue;
            }
            let distance = (squared as f64).sqrt();
            let half = (f64::from(UNIT) - distance) / 2.0;
            for axis in 0..2 {
                let part = if distance == 0.0 { 1.0 - axis as f64 } else { f64::from(way[axis]) / distance };
                one.pos[axis] = (one.pos[axis] - (part * half) as i32).clamp(0, side);
                two.pos[axis] = (two.pos[axis] + (part * half) as i32).clamp(0, side);
            }
            core::mem::swap(&mut one.vel, &mut two.vel);
            if arena {
                core::mem::swap(&mut one.target, &mut two.target);
            }
        }
    }
}

impl Thing {
    fn row(&self) -> [i32; 9] {
        let Self { pos: [x, y], vel: [vx, vy], target: [tx, ty], heading, hp, score, .. } = *self;
        [x, y, vx, vy, heading, hp.clamp(0, 127), score.min(65_535), tx, ty]
    }

    /// The part of a row, with its target, that the step needs.
    fn of(row: &[i32]) -> Self {
        Self {
            pos: [row[0], row[1]],
            vel: [row[2], row[3]],
            heading: row[4],
            hp: row[5],
            score: row[6],
            target: [row[7], row[8]],
            speed: 0.0,
            active: false,
        }
    }

    fn go(&mut self, style: Style, side: i32) {
        for axis in 0..2 {
            let off = self.target[axis] - self.vel[axis];
            self.vel[axis] = match style {
                Style::Arena => self.target[axis],
                Style::Shooter if off.abs() <= STEER => self.target[axis],
                Style::Shooter => self.vel[axis] + off / STEER,
            };
            let pos = self.pos[axis] + self.vel[axis];
            self.pos[axis] = if pos < 0 {
                -pos
            } else if pos > side {
                2 * side - pos
            } else {
                pos
            };
            if pos < 0 || pos > side {
                self.vel[axis] = -self.vel[axis];
                self.target[axis] = -self.target[axis];
            }
        }
    }
}
