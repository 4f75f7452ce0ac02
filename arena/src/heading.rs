//! Headings: 256 steps of a turn. Only integers are used, so all platforms give the same results.

use super::entities::HEADING_STEPS;
use tickwire_shared::glam::IVec2;

/// The length of the vectors that [`direction`] returns.
pub const DIRECTION_UNIT: i32 = 16_384;

const QUARTER: i32 = HEADING_STEPS as i32 / 4;

/// `round(16384 sin(2 pi i / 256))` for a quarter of a turn.
#[rustfmt::skip]
const SINES: [i32; QUARTER as usize + 1] = [
    0, 402, 804, 1205, 1606, 2006, 2404, 2801,
    3196, 3590, 3981, 4370, 4756, 5139, 5520, 5897,
    6270, 6639, 7005, 7366, 7723, 8076, 8423, 8765,
    9102, 9434, 9760, 10080, 10394, 10702, 11003, 11297,
    11585, 11866, 12140, 12406, 12665, 12916, 13160, 13395,
    13623, 13842, 14053, 14256, 14449, 14635, 14811, 14978,
    15137, 15286, 15426, 15557, 15679, 15791, 15893, 15986,
    16069, 16143, 16207, 16261, 16305, 16340, 16364, 16379,
    16384,
];

fn sine(step: i32) -> i32 {
    let at = step.rem_euclid(QUARTER * 4);
    let within = (at % QUARTER) as usize;
    match at / QUARTER {
        0 => SINES[within],
        1 => SINES[QUARTER as usize - within],
        2 => -SINES[within],
        _ => -SINES[QUARTER as usize - within],
    }
}

/// The direction of a heading, [`DIRECTION_UNIT`] long.
#[must_use]
pub fn direction(heading: u16) -> IVec2 {
    let step = i32::from(heading % HEADING_STEPS);
    IVec2::new(sine(step + QUARTER), sine(step))
}

/// A vector of `length` along a heading.
#[must_use]
pub fn along(heading: u16, length: i32) -> IVec2 {
    direction(heading) * length / DIRECTION_UNIT
}

/// The heading nearest to `way`; 0 if it has no length. For players and bots that aim.
#[must_use]
pub fn heading_of(way: IVec2) -> u16 {
    let (x, y) = (i64::from(way.x).abs(), i64::from(way.y).abs());
    // Positive once `step` (0 to a quarter) has turned past the way: the cross product of way and direction.
    let past = |step: i32| i64::from(sine(step)) * x - i64::from(sine(step + QUARTER)) * y;
    let (mut low, mut high) = (0, QUARTER);
    while low < high {
        let middle = (low + high) / 2;
        if past(middle) >= 0 { high = middle } else { low = middle + 1 }
    }
    if low > 0 && past(low).abs() > past(low - 1).abs() {
        low -= 1;
    }
    let step = match (way.x >= 0, way.y >= 0) {
        (true, true) => low,
        (false, true) => 2 * QUARTER - low,
        (false, false) => 2 * QUARTER + low,
        (true, false) => 4 * QUARTER - low,
    };
    (step % (4 * QUARTER)) as u16
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_the_sine() {
        for (at, &value) in SINES.iter().enumerate() {
            let exact = (at as f64 * core::f64::consts::TAU / 256.0).sin() * 16_384.0;
            assert!((exact - f64::from(value)).abs() <= 0.5, "{at}");
        }
    }

    #[test]
    fn the_heading_of_a_direction_is_the_heading() {
        for heading in 0..HEADING_STEPS {
            assert_eq!(heading_of(direction(heading)), heading);
        }
        assert_eq!(direction(64), IVec2::new(0, DIRECTION_UNIT));
        assert_eq!(heading_of(IVec2::ZERO), 0);
    }

    #[test]
    fn the_nearest_heading_is_found() {
        for degrees in 0..360_i32 {
            let turn = f64::from(degrees).to_radians();
            let way = IVec2::new((turn.cos() * 9e4) as i32, (turn.sin() * 9e4) as i32);
            let off = (f64::from(heading_of(way)) - turn / core::f64::consts::TAU * 256.0).abs();
            assert!(off.min(256.0 - off) <= 0.51, "{degrees}");
        }
    }
}
