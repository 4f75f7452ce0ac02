//! The members of a room: how many, for how long, and how often each is served.

use super::raw::{ADA, Raw, rate, read};
use super::yard::Plan;
use tickwire_shared::id::MemberId;
use tickwire_shared::limits::{
    ACK_AGE_MS_MAX, ACK_LOST_MS, MEMBERS_MAX, RATE_STEP_MAX, RESUME_GRACE_BRIEF_MS, RESUME_GRACE_MS,
};
use tickwire_shared::room::{Hold, MemberEvent};
use tickwire_shared::tick::TickRate;
use tickwire_shared::wire::control::{List, Role, RosterEntry, ServerControl};
use tickwire_shared::wire::frame::ClientFrame;
use tickwire_shared::wire::update::{Private, Update, UpdateWriter};
use tickwire_shared::wire::{CloseCode, DecodeError};

#[test]
fn members_max() {
    let mut raw = Raw::empty(Plan { players: 600, ..Plan::default() }, TickRate::DEFAULT);
    (1..=MEMBERS_MAX as u64).for_each(|member| raw.join(MemberId(member), Role::Player));
    assert_eq!((raw.closes(), raw.room.players()), (vec![], MEMBERS_MAX));
    let (_, last) = raw.out.controls.last().unwrap();
    let Ok(ServerControl::Joined(joined)) = ServerControl::decode(last) else { panic!("no Joined") };
    assert_eq!(joined.roster.len(), MEMBERS_MAX, "the last one knows all of them");
    for role in [Role::Player, Role::Spectator] {
        raw.join(MemberId(1_000 + raw.stats().joins), role);
        assert_eq!((raw.closes(), raw.room.players()), (vec![CloseCode::Full], MEMBERS_MAX));
    }
    let one_more = [joined.roster.to_vec(), vec![joined.roster[0].clone()]].concat();
    assert!(List::<RosterEntry, MEMBERS_MAX>::try_from(one_more).is_err(), "no Joined contains more");
}

/// Ada, who has sent an input or not, is disconnected for this many ticks and returns. The close codes since
/// then.
fn comes_back(after_ticks: u64, hold: Hold, played: bool) -> (Vec<CloseCode>, usize, u64) {
    let mut raw = Raw::new(Plan::default());
    if played {
        raw.input(raw.tick().next(), 1);
        raw.steps(2);
    }
    raw.handle(ADA, MemberEvent::Cut(hold));
    raw.steps(after_ticks as u32);
    let (shown, next) = (raw.secret(ADA), raw.secret(MemberId(2)));
    raw.handle(MemberId(2), MemberEvent::Resume { shown, events_received: 0, next });
    (raw.closes(), raw.room.players(), raw.stats().expired)
}

#[test]
fn resume_grace_ms() {
    let ticks = 30 * RESUME_GRACE_MS / 1_000;
    for hold in [Hold::Firm, Hold::Yielding] {
        assert_eq!(comes_back(ticks, hold, true), (vec![], 1, 0));
        assert_eq!(comes_back(ticks + 1, hold, true), (vec![CloseCode::BadResume], 0, 1));
    }
}

#[test]
fn resume_grace_brief_ms() {
    let ticks = 30 * RESUME_GRACE_BRIEF_MS / 1_000;
    for (hold, played) in [(Hold::Firm, false), (Hold::Brief, true), (Hold::Brief, false)] {
        assert_eq!(comes_back(ticks, hold, played), (vec![], 1, 0), "{hold:?}");
        assert_eq!(comes_back(ticks + 1, hold, played), (vec![CloseCode::BadResume], 0, 1), "{hold:?}");
    }
}

#[test]
fn ack_age_ms_max() {
    let tick_ms = 25;
    // At the bound nothing is sent in odd ticks; after it, only every second update is sent.
    for (wait, at_bound) in [(0, Some((250, 14))), (1, None)] {
        let mut raw = Raw::at_rate(Plan::busy(), rate(40));
        raw.steps(wait);
        raw.acknowledge(raw.tick());
        // Something happens in each tick, and Ada acknowledges none of it: the first unacknowledged update is
        // 0 ms old.
        let mut served = Vec::new();
        for age in (0..2 * ACK_AGE_MS_MAX).step_by(tick_ms) {
            if !raw.step().is_empty() {
                served.push((age, raw.tick().0));
            }
        }
        let (in_time, late): (Vec<_>, Vec<_>) = served.iter().partition(|(age, _)| *age < ACK_AGE_MS_MAX);
        assert_eq!(in_time.len(), 10, "none is skipped");
        assert!(late.iter().all(|(_, tick)| tick % 2 == 0) && late.len() == 5, "{late:?}");
        assert_eq!(late.iter().find(|(age, _)| *age == ACK_AGE_MS_MAX), at_bound.as_ref());
        assert_eq!(raw.stats().skips_lag, 5);
    }
    // A client that acknowledges is served in each tick.
    let mut raw = Raw::at_rate(Plan::busy(), rate(40));
    for _ in 0..40 {
        raw.acknowledge(raw.tick());
        assert_eq!(raw.step().len(), 1);
    }
}

#[test]
fn ack_lost_ms() {
    let mut raw = Raw::new(Plan::busy());
    // She keeps sending frames and acknowledges nothing.
    for _ in 0..=30 * ACK_LOST_MS / 1_000 {
        raw.frame(ClientFrame::default());
        raw.steps(1);
    }
    assert_eq!((raw.closes(), raw.stats().lost), (vec![], 0), "{ACK_LOST_MS} ms after the first frame");
    raw.frame(ClientFrame::default());
    raw.steps(1);
    assert_eq!((raw.closes(), raw.stats().lost), (vec![CloseCode::TooSlow], 1));
    let (shown, next) = (raw.secret(ADA), raw.secret(MemberId(2)));
    raw.handle(MemberId(2), MemberEvent::Resume { shown, events_received: 0, next });
    assert_eq!((raw.closes(), raw.stats().resumes), (vec![], 1), "her seat is kept");
}

#[test]
fn rate_step_max() {
    let mut raw = Raw::new(Plan::busy());
    let (mut steps, mut served_at) = (Vec::new(), Vec::new());
    for _ in 0..60 * 30 {
        // Her slot is full at half of her ticks, however few there are.
        raw.out.full = ((raw.tick().0 + 1) / 8).is_multiple_of(2);
        if let [message] = &raw.step()[..] {
            let private = read(message).private;
            raw.acknowledge(private.tick);
            steps.push(private.rate_step);
            served_at.push(private.tick.0);
        }
    }
    steps.dedup();
    assert_eq!(steps, (0..=RATE_STEP_MAX).collect::<Vec<_>>());
    let last = &served_at[served_at.len() - 50..];
    assert!(
        last.iter().all(|tick| tick % 8 == 0) && last.windows(2).all(|two| two[1] - two[0] == 16),
        "{last:?}"
    );
    assert_eq!(raw.stats().paced_slower, u64::from(RATE_STEP_MAX));
    for (rate_step, is_read) in
        [(RATE_STEP_MAX, Ok(RATE_STEP_MAX)), (RATE_STEP_MAX + 1, Err(DecodeError::TooMany))]
    {
        let message = UpdateWriter::new(&Private { rate_step, ..Private::default() }).finish();
        assert_eq!(Update::decode(&message).map(|update| update.private.rate_step), is_read);
    }
}
