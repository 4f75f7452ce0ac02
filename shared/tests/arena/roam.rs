//! A player for whole matches.

use tickwire_arena::{Arena, ArenaInput};
use tickwire_shared::client::Client;
use tickwire_shared::prelude::*;

/// Flies about and shoots; decides a few times a second.
pub(crate) fn roam() -> impl FnMut(&Client<Arena>, &mut Rng) -> ArenaInput {
    let mut input = ArenaInput::default();
    move |_, rng| {
        input.fire = Button::after(input.fire, input.fire.down);
        if rng.chance(8) {
            (input.move_x, input.move_y) = (rng.range(-127, 127) as i8, rng.range(-127, 127) as i8);
            input.aim = rng.below(256) as u16;
            input.fire = Button::after(input.fire, rng.chance(2));
        }
        input.clone()
    }
}
