use super::*;

const fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

type Numbers = LinkSimulator<[u8; 2], [u8; 2]>;

/// Sends a number every `period` for `count` times downwards and says when each arrived.
fn arrivals(profile: LinkProfile, seed: u64, count: u16, period: Duration) -> Vec<Duration> {
    let mut link = Numbers::new(profile, seed);
    (0..count).for_each(|n| link.send_down(period * u32::from(n), n.to_be_bytes()));
    let mut wanted = 0_u16;
    let mut times = Vec::new();
    while let Some((at, number)) = link.down.receive(Duration::MAX) {
        assert_eq!(u16::from_be_bytes(number), wanted, "in order and none lost");
        wanted += 1;
        times.push(at);
    }
    assert_eq!(wanted, count);
    assert!(times.is_sorted());
    times
}

/// How long each message was on the way, in ms.
fn delays(profile: LinkProfile, seed: u64, count: u16, period: Duration) -> Vec<f64> {
    let sent = (0..).map(|n| period * n);
    let arrived = arrivals(profile, seed, count, period);
    arrived.into_iter().zip(sent).map(|(at, sent)| (at - sent).as_secs_f64() * 1e3).collect()
}

const RARE: Duration = ms(100);

#[test]
fn a_clean_link_takes_no_time_and_keeps_nothing_back() {
    assert_eq!(delays(LinkProfile::CLEAN, 1, 50, RARE), [0.0; 50]);
}

#[test]
fn each_profile_has_the_round_trip_that_its_name_promises() {
    for (name, mean, deviation) in [("wifi", 20.0, 5.0), ("4g", 80.0, 20.0), ("bad-hotel", 150.0, 60.0)] {
        let profile = LinkProfile { stall: Outage::NEVER, ..LinkProfile::by_name(name).unwrap() };
        // Far enough apart that none waits for the one before.
        let one_way = delays(profile, 7, 2_000, ms(200));
        let (low, high) =
            one_way.iter().fold((f64::MAX, 0_f64), |(low, high), &at| (low.min(at), high.max(at)));
        let sum = one_way.iter().sum::<f64>() / one_way.len() as f64;
        assert!((2.0 * sum - mean).abs() < 0.02 * mean, "{name}: {sum}");
        assert!(2.0 * low >= mean - deviation && 2.0 * high <= mean + deviation, "{name}: {low} to {high}");
        assert!(2.0 * (high - low) > 1.9 * deviation, "{name}: {low} to {high}");
        assert_eq!(profile.up, profile.down);
    }
    assert_eq!(LinkProfile::by_name("5g"), None);
}

#[test]
fn a_stall_holds_all_that_would_arrive_in_it_and_then_lets_it_go_at_once() {
    let profile = LinkProfile { stall: Outage::millis(300, 5_000), ..LinkProfile::delayed(ms(50)) };
    let times = arrivals(profile, 3, 3_000, ms(10));
    let gaps: Vec<_> = times.windows(2).map(|pair| pair[1] - pair[0]).filter(|gap| *gap > ms(20)).collect();
    assert_eq!(gaps.len(), 6, "30 s have six periods: {gaps:?}");
    assert!(gaps.iter().all(|gap| (ms(290)..=ms(310)).contains(gap)), "{gaps:?}");
    let at_once = times.windows(2).filter(|pair| pair[0] == pair[1]).count();
    assert!((6 * 28..=6 * 31).contains(&at_once), "{at_once}");
}

#[test]
fn a_lost_segment_stalls_what_is_behind_it_for_a_retransmission() {
    let loss = PathProfile { delay: ms(30), loss_per_million: 10_000, ..PathProfile::CLEAN };
    let profile = LinkProfile::both(loss);
    assert_eq!(profile.retransmit(), ms(200));
    assert_eq!(LinkProfile::delayed(ms(150)).retransmit(), ms(300));
    let waits = delays(profile, 11, 10_000, ms(10));
    let late = waits.iter().filter(|&&wait| wait > 31.0).count();
    // About 100 losses, each of which holds back 20 messages; some meet.
    assert!((1_200..2_400).contains(&late), "{late}");
    let heads = waits.windows(2).filter(|pair| pair[0] <= 31.0 && pair[1] > 31.0);
    assert!(heads.clone().count() > 50);
    assert!(
        heads.clone().all(|pair| [230.0, 630.0, 1430.0].iter().any(|wait| (pair[1] - wait).abs() < 1e-6))
    );
}

#[test]
fn a_long_message_gets_lost_more_often_than_a_short_one() {
    let loss = PathProfile { loss_per_million: 10_000, ..PathProfile::CLEAN };
    let lost = |bytes: usize| {
        let mut link = LinkSimulator::<Vec<u8>, Vec<u8>>::new(LinkProfile::both(loss), 5);
        (0..2_000).for_each(|_| link.send_up(Duration::ZERO, vec![0; bytes]));
        link.up.lost()
    };
    let (short, long) = (lost(100), lost(10 * SEGMENT_BYTES));
    assert!((10..35).contains(&short) && (150..250).contains(&long), "{short} and {long}");
}

#[test]
fn a_narrow_path_lets_through_its_bandwidth_and_its_queue_is_bounded() {
    let narrow = PathProfile { bandwidth_bits_per_s: 80_000, queue_bytes_max: 3_000, ..PathProfile::CLEAN };
    let profile = LinkProfile { down: narrow, ..LinkProfile::CLEAN };
    let mut link = LinkSimulator::<Vec<u8>, Vec<u8>>::new(profile, 5);
    let mut bytes = 0;
    for at in 0..10_000 {
        while link.takes_down() {
            link.send_down(ms(at), vec![0; 444]);
        }
        while let Some((_, message)) = link.down.receive(ms(at)) {
            bytes += message.len() + HEADER_BYTES;
        }
    }
    // 10 s at 10,000 bytes a second.
    assert!((99_000..=100_000).contains(&bytes), "{bytes}");
    assert!(link.takes_up(), "the other direction is not concerned");
    assert_eq!(link.down.next_at().map(|at| at.as_secs()), Some(10));
}

#[test]
fn bursts_come_at_whole_multiples() {
    let path = PathProfile { delay: ms(25), jitter: ms(5), burst_every: ms(40), ..PathProfile::CLEAN };
    let times = arrivals(LinkProfile::both(path), 9, 400, ms(7));
    assert!(times.iter().all(|at| at.as_nanos() % ms(40).as_nanos() == 0));
    assert!(times.windows(2).any(|pair| pair[0] == pair[1]));
}

#[test]
fn outages_follow_from_seed_and_time_and_there_is_one_in_each_period() {
    let outages = Outages::new(Outage::millis(1_000, 60_000), 8);
    let mut at = Duration::ZERO;
    for number in 0..100 {
        let (from, until) = outages.at_or_after(at).unwrap();
        assert_eq!((from.as_secs() / 60, (until - from).as_secs()), (number, 1));
        assert_eq!(outages.at_or_after(from + ms(999)), Some((from, until)), "it goes on");
        at = until;
    }
    let other = Outages::new(Outage::millis(1_000, 60_000), 9);
    assert_ne!(other.at_or_after(Duration::ZERO), outages.at_or_after(Duration::ZERO));
    assert_eq!(Outages::new(Outage::NEVER, 8).at_or_after(ms(5)), None);
    let always = Outages::new(Outage::millis(2, 1), 8);
    assert!(always.at_or_after(ms(1)).is_some(), "a nonsense value does no harm");
}

#[test]
fn the_same_seed_gives_the_same_arrivals_and_another_does_not() {
    let path = PathProfile { delay: ms(40), jitter: ms(20), loss_per_million: 20_000, ..PathProfile::CLEAN };
    let profile = LinkProfile { stall: Outage::millis(60, 1_000), ..LinkProfile::both(path) };
    let run = |seed| arrivals(profile, seed, 500, ms(33));
    assert_eq!(run(1), run(1));
    assert_ne!(run(1), run(2));
}

#[test]
fn what_was_on_the_way_is_gone_with_the_connection() {
    let mut link = Numbers::new(LinkProfile::delayed(ms(50)), 1);
    link.send_up(ms(0), [1, 1]);
    link.send_down(ms(0), [2, 2]);
    link.stall(ms(500));
    assert_eq!((link.up.next_at(), link.down.next_at()), (Some(ms(500)), Some(ms(500))));
    link.clear();
    assert_eq!((link.up.next_at(), link.down.next_at()), (None, None));
    link.send_up(ms(10), [3, 3]);
    assert_eq!(link.up.receive(ms(60)), Some((ms(60), [3, 3])), "the stall went with it too");
}
