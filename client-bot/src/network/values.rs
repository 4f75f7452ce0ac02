//! Values of a network as they are written on a command line.

use core::str::FromStr;
use core::time::Duration;
use tickwire_shared::link::Outage;

/// A value of a network that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BadValue {
    /// No time.
    #[error("`{0}` is not a time, such as 40ms")]
    Time(String),
    /// More than a minute.
    #[error("`{0}` is more than a minute")]
    LongTime(String),
    /// No share of all segments.
    #[error("`{0}` is not a share of 0% to 50%")]
    Loss(String),
    /// No bandwidth.
    #[error("`{0}` is not a bandwidth, such as 200kbit or 5mbit")]
    Bandwidth(String),
    /// No number of bytes.
    #[error("`{0}` is not a number of bytes, such as 16kb")]
    Bytes(String),
    /// No time and period.
    #[error("`{0}` is neither TIME/PERIOD, such as 60ms/10s, nor none")]
    Outage(String),
    /// A period that is not longer than the time.
    #[error("`{0}`: the period must be longer than the time")]
    ShortPeriod(String),
}

/// A value for both directions, or one for each: `40ms`, or `30ms:50ms` for up and down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct EachWay<T> {
    /// Client to server.
    pub(super) up: T,
    /// Server to client.
    pub(super) down: T,
}

impl<T: Copy> EachWay<T> {
    pub(super) fn parse(text: &str, one: impl Fn(&str) -> Result<T, BadValue>) -> Result<Self, BadValue> {
        match text.split_once(':') {
            Some((up, down)) => Ok(Self { up: one(up)?, down: one(down)? }),
            None => one(text).map(|both| Self { up: both, down: both }),
        }
    }
}

/// A time that makes sense for a link: at most a minute.
pub(super) fn time(text: &str) -> Result<Duration, BadValue> {
    let time = match text {
        "0" => Duration::ZERO,
        text => humantime::parse_duration(text).map_err(|_| BadValue::Time(text.into()))?,
    };
    if time > Duration::from_secs(60) { Err(BadValue::LongTime(text.into())) } else { Ok(time) }
}

/// A share of all segments, in millionths: `1%`, `0.5%`.
pub(super) fn loss(text: &str) -> Result<u32, BadValue> {
    let percent = text.strip_suffix('%').and_then(|number| f64::from_str(number).ok());
    let percent = percent.filter(|percent| (0.0..=50.0).contains(percent));
    percent.map(|percent| (percent * 1e4).round() as u32).ok_or_else(|| BadValue::Loss(text.into()))
}

/// Bits per second with tc's units: `200kbit`, `2.5mbit`.
pub(super) fn bandwidth(text: &str) -> Result<u64, BadValue> {
    with_unit(text, &[("gbit", 1e9), ("mbit", 1e6), ("kbit", 1e3), ("bit", 1.0)])
        .filter(|rate| (1_000.0..=1e12).contains(rate))
        .map(|rate| rate as u64)
        .ok_or_else(|| BadValue::Bandwidth(text.into()))
}

/// Bytes with tc's units: `16kb`.
pub(super) fn bytes(text: &str) -> Result<usize, BadValue> {
    with_unit(text, &[("mb", 1024.0 * 1024.0), ("kb", 1024.0), ("b", 1.0)])
        .filter(|bytes| (1.0..=1e9).contains(bytes))
        .map(|bytes| bytes as usize)
        .ok_or_else(|| BadValue::Bytes(text.into()))
}

fn with_unit(text: &str, units: &[(&str, f64)]) -> Option<f64> {
    let (number, factor) =
        units.iter().find_map(|(unit, factor)| text.strip_suffix(unit).map(|number| (number, factor)))?;
    f64::from_str(number).ok().filter(|number| number.is_finite()).map(|number| number * factor)
}

/// How long and how often: `60ms/10s`; `none` for never.
pub(super) fn outage(text: &str) -> Result<Outage, BadValue> {
    if text == "none" {
        return Ok(Outage::NEVER);
    }
    let bad = || BadValue::Outage(text.into());
    let (time_text, every) = text.split_once('/').ok_or_else(bad)?;
    let outage =
        Outage { time: time(time_text)?, every: humantime::parse_duration(every).map_err(|_| bad())? };
    if outage.every <= outage.time {
        return Err(BadValue::ShortPeriod(text.into()));
    }
    Ok(outage)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_read_with_their_units() {
        let ms = Duration::from_millis;
        assert_eq!(EachWay::parse("40ms", time), Ok(EachWay { up: ms(40), down: ms(40) }));
        assert_eq!(EachWay::parse("30ms:0", time), Ok(EachWay { up: ms(30), down: ms(0) }));
        assert_eq!((loss("1%"), loss("0.25%")), (Ok(10_000), Ok(2_500)));
        assert_eq!((bandwidth("200kbit"), bandwidth("2.5mbit")), (Ok(200_000), Ok(2_500_000)));
        assert_eq!((bytes("16kb"), bytes("100b")), (Ok(16_384), Ok(100)));
        assert_eq!(outage("60ms/10s"), Ok(Outage::millis(60, 10_000)));
        assert_eq!(outage("none"), Ok(Outage::NEVER));
    }

    #[test]
    fn what_is_no_value_is_refused() {
        assert!(time("40").is_err() && time("2h").is_err() && EachWay::parse("1ms:", time).is_err());
        assert!(loss("1").is_err() && loss("90%").is_err() && loss("-1%").is_err());
        assert!(bandwidth("5").is_err() && bandwidth("0kbit").is_err() && bandwidth("infkbit").is_err());
        assert!(bytes("x").is_err() && bytes("0b").is_err());
        assert!(outage("60ms").is_err() && outage("2s/1s").is_err() && outage("1s/x").is_err());
    }
}
