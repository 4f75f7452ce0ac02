//! The yard as the engine has it: lengths in metres, velocities in m/s, floats between the steps of the grid.

use super::{SIZE, YARD};
use rapier2d::prelude::{
    ColliderBuilder, PhysicsWorld, RigidBodyBuilder, RigidBodyHandle, SharedShape, Vector,
};
use tickwire_shared::prelude::*;

/// How fast crates slow down, 1/s.
const FRICTION: f32 = 3.0;

pub(super) struct Engine {
    world: PhysicsWorld,
    /// Which body is which entity. Lists: a hash map's order would differ from run to run.
    carts: Vec<(EntityId, RigidBodyHandle)>,
    crates: Vec<(EntityId, RigidBodyHandle)>,
}

/// Where a crate is.
pub(super) struct Moved {
    pub(super) crate_id: EntityId,
    pub(super) pos: Vec2,
    pub(super) vel: Vec2,
    pub(super) angle: f32,
}

impl Engine {
    pub(super) fn new(rate: TickRate) -> Self {
        let mut world = PhysicsWorld { gravity: Vector::ZERO, ..PhysicsWorld::new() };
        world.integration_parameters.dt = 1.0 / f32::from(rate.hz());
        for normal in [Vector::X, Vector::Y, -Vector::X, -Vector::Y] {
            let at = Vector::splat(YARD / 2.0) - normal * (YARD / 2.0);
            let wall = ColliderBuilder::new(SharedShape::halfspace(normal));
            world.insert(RigidBodyBuilder::fixed().translation(at), wall);
        }
        Self { world, carts: Vec::new(), crates: Vec::new() }
    }

    pub(super) fn add_crate(&mut self, crate_id: EntityId, pos: Vec2) {
        let body = RigidBodyBuilder::dynamic().translation(theirs(pos));
        let body = body.linear_damping(FRICTION).angular_damping(FRICTION);
        let (body, _) = self.world.insert(body, ColliderBuilder::cuboid(SIZE / 2.0, SIZE / 2.0));
        self.crates.push((crate_id, body));
    }

    pub(super) fn add_cart(&mut self, cart: EntityId, pos: Vec2) {
        let body = RigidBodyBuilder::kinematic_position_based().translation(theirs(pos));
        let (body, _) = self.world.insert(body, ColliderBuilder::ball(SIZE / 2.0));
        self.carts.push((cart, body));
    }

    pub(super) fn remove_cart(&mut self, cart: EntityId) {
        for (_, body) in self.carts.extract_if(.., |(id, _)| *id == cart) {
            self.world.remove_body(body);
        }
    }

    /// Steps once, during which carts go where `pos_of` says, and returns where the crates then are.
    pub(super) fn step(&mut self, pos_of: impl Fn(EntityId) -> Option<Vec2>) -> impl Iterator<Item = Moved> {
        for (cart, body) in &self.carts {
            if let (Some(pos), Some(body)) = (pos_of(*cart), self.world.bodies.get_mut(*body)) {
                body.set_next_kinematic_translation(theirs(pos));
            }
        }
        self.world.step();
        self.crates.iter().filter_map(|(crate_id, body)| {
            let body = self.world.bodies.get(*body)?;
            let (pos, vel, angle) = (body.translation(), body.linvel(), body.rotation().angle());
            Some(Moved { crate_id: *crate_id, pos: ours(pos), vel: ours(vel), angle })
        })
    }
}

// The engine has vectors of its own.
fn theirs(Vec2 { x, y }: Vec2) -> Vector {
    Vector::new(x, y)
}

fn ours(vector: Vector) -> Vec2 {
    Vec2::new(vector.x, vector.y)
}
