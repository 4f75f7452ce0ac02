//! Whether a case passed: what the honest may notice of an attack.

use super::report::{BeforeAndAfter, Honest};
use super::witness::WITNESSES;
use std::collections::BTreeSet;

/// A gap that no case fails for, ms: a room may be quiet for as long.
const GAP_MS_FLOOR: f64 = 250.0;

/// The longest gap with which a case passes, ms.
pub(super) fn gap_max_permitted_ms(calm: &Honest, margin_ms: u32) -> f64 {
    (calm.witness.gap_ms.p99.unwrap_or_default() + f64::from(margin_ms)).max(GAP_MS_FLOOR)
}

/// Why a case failed; empty if it passed.
pub(super) fn faults(
    honest: &Honest,
    server: Option<&BeforeAndAfter>,
    seen: BTreeSet<String>,
    gap_max_ms: f64,
) -> Vec<String> {
    let witness = &honest.witness;
    let mut faults: Vec<String> = seen.into_iter().collect();
    let mut unless = |holds: bool, text: String| {
        if !holds {
            faults.push(text);
        }
    };
    unless(witness.joined == WITNESSES, format!("{} of {WITNESSES} witnesses got a seat", witness.joined));
    let counts = [
        (witness.disconnects, "connections of witnesses were lost"),
        (witness.outages, "times a witness saw nothing for 5 s or lost its seat"),
        (witness.hash_mismatches, "states of witnesses had another hash"),
        (witness.decode_errors, "messages to witnesses could not be decoded"),
    ];
    for (count, text) in counts {
        unless(count == 0, format!("{count} {text}"));
    }
    match witness.gap_ms.max {
        Some(gap) => {
            let text =
                format!("a witness waited {gap:.0} ms for an update, {gap_max_ms:.0} ms are permitted");
            unless(gap <= gap_max_ms, text);
        }
        None => unless(false, "the witnesses got no updates".to_owned()),
    }
    unless(honest.probes.creates > 0, "no honest player could make a room".to_owned());
    unless(honest.probes.joins > 0, "no honest player could join a room".to_owned());
    for (reason, count) in &honest.probes.failures {
        unless(false, format!("{count} x an honest player was turned away, {reason}"));
    }
    if let Some(server) = server {
        faults.extend(server.before.excess(&server.after));
    }
    faults
}

#[cfg(test)]
mod tests {
    use super::super::report::{Probes, Witnessed};
    use super::super::server_watch::Reading;
    use super::*;
    use crate::histogram::Percentiles;

    fn spread(p99: f64, max: f64) -> Percentiles {
        Percentiles { p50: Some(p99), p99: Some(p99), max: Some(max), ..Percentiles::default() }
    }

    fn calm() -> Honest {
        let witness = Witnessed { joined: WITNESSES, gap_ms: spread(35.0, 40.0), ..Witnessed::default() };
        Honest { witness, probes: Probes { creates: 5, joins: 5, ..Probes::default() } }
    }

    fn fails(change: impl FnOnce(&mut Honest)) -> String {
        let mut honest = calm();
        change(&mut honest);
        faults(&honest, None, BTreeSet::new(), gap_max_permitted_ms(&calm(), 100)).join("\n")
    }

    #[test]
    fn what_the_honest_do_not_notice_passes() {
        assert_eq!(fails(|_| {}), "");
        assert_eq!(fails(|honest| honest.witness.gap_ms = spread(60.0, 249.0)), "");
    }

    #[test]
    fn the_margin_counts_from_calm_and_has_a_floor() {
        assert!((gap_max_permitted_ms(&calm(), 100) - GAP_MS_FLOOR).abs() < 0.01);
        assert!((gap_max_permitted_ms(&calm(), 500) - 535.0).abs() < 0.01);
    }

    #[test]
    fn whatever_the_honest_notice_fails_and_is_named() {
        let cases = [
            (fails(|h| h.witness.gap_ms = spread(60.0, 400.0)), "waited 400 ms for an update, 250 ms are"),
            (fails(|h| h.witness.gap_ms = Percentiles::default()), "got no updates"),
            (fails(|h| h.witness.disconnects = 1), "1 connections of witnesses were lost"),
            (fails(|h| h.witness.outages = 2), "2 times a witness saw nothing"),
            (fails(|h| h.witness.hash_mismatches = 3), "another hash"),
            (fails(|h| h.witness.decode_errors = 1), "decoded"),
            (fails(|h| h.witness.joined = 1), "1 of 2 witnesses"),
            (fails(|h| h.probes.joins = 0), "could join a room"),
            (fails(|h| h.probes.creates = 0), "could make a room"),
            (
                fails(|h| h.probes.failures = [("no room made: try_later".into(), 4)].into()),
                "4 x an honest player was turned away, no room made: try_later",
            ),
        ];
        for (text, part) in cases {
            assert!(text.contains(part) && text.lines().count() == 1, "{text:?} should name {part:?}");
        }
    }

    #[test]
    fn a_server_that_keeps_what_the_attack_took_fails() {
        let reading = |resident_bytes, open_fds, sessions| Reading {
            resident_bytes: Some(resident_bytes),
            open_fds: Some(open_fds),
            sessions,
        };
        let before = reading(50e6, 20.0, 0.0);
        let judge = |after| {
            let server = BeforeAndAfter { before, after };
            faults(&calm(), Some(&server), BTreeSet::new(), 250.0)
        };
        assert_eq!(judge(before), Vec::<String>::new());
        assert_eq!(judge(reading(150e6, 90.0, 45.0)).len(), 3);
    }

    #[test]
    fn what_attackers_were_permitted_fails() {
        let seen = BTreeSet::from(["a forged ticket let a client in".to_owned()]);
        assert_eq!(faults(&calm(), None, seen, 250.0), ["a forged ticket let a client in"]);
    }
}
