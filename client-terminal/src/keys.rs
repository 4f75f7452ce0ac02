//! The keys that are down. Most terminals report only presses, again and again while a key is down, so a key
//! counts as down for a moment after each. Where the terminal reports releases, they count.

use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyEventKind};
use std::time::{Duration, Instant};

/// How long a key counts as down after a press, where releases are not reported. Keys repeat some 30 times a
/// second, after a longer pause at first.
const HELD: Duration = Duration::from_millis(200);
/// Keys that count as down at a time; the oldest is forgotten for another.
const KEYS_MAX: usize = 16;

/// The keys that are down.
#[derive(Clone, Debug, Default)]
pub struct Keys {
    down: Vec<(KeyCode, Instant)>,
    reports_releases: bool,
}

impl Keys {
    /// Whether a key is down. Letters are meant in lower case.
    #[must_use]
    pub fn is_down(&self, key: KeyCode) -> bool {
        self.down.iter().any(|(down, _)| *down == key)
    }

    /// Whether the key of a letter is down, given in lower case.
    #[must_use]
    pub fn has(&self, letter: char) -> bool {
        self.is_down(KeyCode::Char(letter))
    }

    /// The way that the arrow keys and w, a, s, d point: right and down are positive, each -1, 0 or 1.
    #[must_use]
    pub fn direction(&self) -> (i8, i8) {
        let axis = |less, less_letter, more, more_letter| {
            let down = |key, letter| i8::from(self.is_down(key) || self.has(letter));
            down(more, more_letter) - down(less, less_letter)
        };
        (axis(KeyCode::Left, 'a', KeyCode::Right, 'd'), axis(KeyCode::Up, 'w', KeyCode::Down, 's'))
    }

    pub(crate) fn take(&mut self, event: KeyEvent, now: Instant) {
        let key = match event.code {
            KeyCode::Char(letter) => KeyCode::Char(letter.to_ascii_lowercase()),
            key => key,
        };
        self.down.retain(|(down, _)| *down != key);
        if event.kind == KeyEventKind::Release {
            self.reports_releases = true;
            return;
        }
        if self.down.len() >= KEYS_MAX {
            self.down.remove(0);
        }
        self.down.push((key, now));
    }

    /// Lets go of the keys that have not been pressed for a moment.
    pub(crate) fn settle(&mut self, now: Instant) {
        if !self.reports_releases {
            self.down.retain(|(_, at)| now.saturating_duration_since(*at) < HELD);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ratatui::crossterm::event::KeyModifiers;

    fn press(code: KeyCode) -> KeyEvent {
        KeyEvent::new(code, KeyModifiers::NONE)
    }

    fn release(code: KeyCode) -> KeyEvent {
        KeyEvent::new_with_kind(code, KeyModifiers::NONE, KeyEventKind::Release)
    }

    #[test]
    fn a_key_is_down_for_a_moment_after_each_press() {
        let (mut keys, start) = (Keys::default(), Instant::now());
        keys.take(press(KeyCode::Char('W')), start);
        keys.take(press(KeyCode::Right), start + HELD / 2);
        keys.settle(start + HELD / 2);
        assert_eq!(keys.direction(), (1, -1));
        keys.settle(start + HELD);
        assert_eq!(keys.direction(), (1, 0));
    }

    #[test]
    fn where_releases_are_reported_a_key_is_down_until_then() {
        let (mut keys, start) = (Keys::default(), Instant::now());
        keys.take(press(KeyCode::Left), start);
        keys.take(release(KeyCode::Left), start);
        keys.take(press(KeyCode::Left), start);
        keys.settle(start + 10 * HELD);
        assert_eq!(keys.direction(), (-1, 0));
        keys.take(release(KeyCode::Left), start + 10 * HELD);
        assert_eq!(keys.direction(), (0, 0));
    }

    #[test]
    fn more_keys_than_a_hand_has_fingers_push_out_the_oldest() {
        let (mut keys, now) = (Keys::default(), Instant::now());
        for letter in 'a'..='z' {
            keys.take(press(KeyCode::Char(letter)), now);
        }
        assert_eq!(('a'..='z').filter(|letter| keys.has(*letter)).count(), KEYS_MAX);
        assert!(keys.has('z') && !keys.has('a'));
    }
}
