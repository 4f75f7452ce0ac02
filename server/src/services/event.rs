//! What happened in a room, as the host's systems get it.

use serde_json::{Value, json};
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};
use tickwire_shared::game::{Account, LeaveReason, Report};
use tickwire_shared::id::{PlayerId, RoomId};
use tickwire_shared::room::Notice;
use tickwire_shared::wire::control::{GameName, Options};

/// Something that happened in a room.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct RoomEvent {
    /// Different for each event, and the same each time that one is delivered.
    pub id: String,
    /// When it happened.
    pub at: SystemTime,
    /// The room.
    pub room: RoomId,
    /// The name under which its game is hosted.
    pub game: GameName,
    /// The event's number in its room, from 1 without a gap.
    pub number: u64,
    /// What happened.
    pub what: Happened,
}

/// What happened.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Happened {
    /// The room was made, with these options.
    Opened {
        /// The options.
        options: Options,
    },
    /// A player joined.
    Joined {
        /// Its id in the room.
        player: PlayerId,
        /// As whom it plays.
        account: Arc<Account>,
    },
    /// A player left for good.
    Left {
        /// Its id in the room.
        player: PlayerId,
        /// As whom it played.
        account: Arc<Account>,
        /// Why.
        reason: LeaveReason,
    },
    /// The game reported something: see [`Stage::report`](tickwire_shared::game::Stage::report).
    Reported(Report),
    /// The game ended the room with a result: see [`Stage::end`](tickwire_shared::game::Stage::end). It comes
    /// before the players leave.
    Ended {
        /// What the players are told.
        text: Box<str>,
        /// The result; nothing if the game gave none.
        result: Report,
    },
    /// The room is over. Its last event.
    Closed {
        /// Why, in a word: `ended` by its game, `idle`, `closed` by the operator or as the server stops,
        /// `failed`.
        reason: &'static str,
    },
}

impl From<Notice> for Happened {
    fn from(notice: Notice) -> Self {
        match notice {
            Notice::Joined { player, account } => Self::Joined { player, account },
            Notice::Left { player, account, reason } => Self::Left { player, account, reason },
            Notice::Reported(report) => Self::Reported(report),
            Notice::Ended { text, result } => Self::Ended { text, result },
            // A kind of notice that is newer than this server is something to report.
            _ => Self::Reported(Report::default()),
        }
    }
}

impl Happened {
    /// Its type in a webhook, such as `room.ended`.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Opened { .. } => "room.opened",
            Self::Joined { .. } => "player.joined",
            Self::Left { .. } => "player.left",
            Self::Reported(_) => "room.reported",
            Self::Ended { .. } => "room.ended",
            Self::Closed { .. } => "room.closed",
        }
    }

    /// Whether the game itself says it. Of such an event more depends than of one about who is there.
    pub(super) const fn is_of_game(&self) -> bool {
        matches!(self, Self::Reported(_) | Self::Ended { .. })
    }
}

impl RoomEvent {
    /// The body of its webhook.
    pub(crate) fn to_json(&self) -> String {
        let mut data = json!({
            "room": self.room.to_string(),
            "game": &*self.game,
            "number": self.number,
        });
        let more = match &self.what {
            Happened::Opened { options } => json!({ "options": map_of(options) }),
            Happened::Joined { player, account } => player_json(*player, account),
            Happened::Left { player, account, reason } => {
                let mut left = player_json(*player, account);
                left["reason"] = reason_of(*reason).into();
                left
            }
            Happened::Reported(report) => json!({ "report": value_of(report) }),
            Happened::Ended { text, result } => json!({ "text": text, "result": value_of(result) }),
            Happened::Closed { reason } => json!({ "reason": reason }),
        };
        if let (Value::Object(data), Value::Object(more)) = (&mut data, more) {
            data.extend(more);
        }
        let timestamp = humantime::format_rfc3339_millis(self.at).to_string();
        json!({ "type": self.what.name(), "timestamp": timestamp, "data": data }).to_string()
    }

    /// When it happened, s since 1970.
    pub(crate) fn at_s(&self) -> u64 {
        self.at.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
    }
}

fn player_json(player: PlayerId, account: &Account) -> Value {
    let roles: Vec<&str> = account.roles.iter().map(|role| &**role).collect();
    json!({
        "player": player.0,
        "account": account.id.as_deref(),
        "name": &*account.name,
        "roles": roles,
    })
}

fn map_of(options: &Options) -> Value {
    options
        .iter()
        .map(|(key, value)| (key.to_owned(), Value::from(value)))
        .collect::<serde_json::Map<_, _>>()
        .into()
}

/// What the game gave; it was made from a value, so it is JSON.
fn value_of(report: &Report) -> Value {
    report.read().unwrap_or(Value::Null)
}

fn reason_of(reason: LeaveReason) -> &'static str {
    match reason {
        LeaveReason::Left => "left",
        LeaveReason::TimedOut => "timed_out",
        LeaveReason::Removed => "removed",
        LeaveReason::Kicked => "kicked",
        LeaveReason::Replaced => "replaced",
        LeaveReason::RoomClosed => "room_closed",
        _ => "other",
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use std::time::Duration;
    use tickwire_shared::wire::Text;

    fn body(what: Happened) -> Value {
        let event = RoomEvent {
            id: "msg_1".to_owned(),
            at: UNIX_EPOCH + Duration::from_millis(1_700_000_000_250),
            room: RoomId::from_bits(0x12_3456_789a),
            game: Text::cut("club"),
            number: 3,
            what,
        };
        serde_json::from_str(&event.to_json()).unwrap()
    }

    #[test]
    fn a_body_says_what_happened_where_and_when() {
        let account = Arc::new(Account::new(Text::cut("u-1"), Text::cut("ada")));
        let left = body(Happened::Left { player: PlayerId(2), account, reason: LeaveReason::TimedOut });
        let wanted = json!({
            "type": "player.left",
            "timestamp": "2023-11-14T22:13:20.250Z",
            "data": {
                "room": "28t5cy4t", "game": "club", "number": 3, "player": 2, "account": "u-1", "name": "ada",
                "roles": [], "reason": "timed_out",
            },
        });
        assert_eq!(left, wanted);
        let ended = Happened::Ended { text: "red wins".into(), result: Report::of(&[1, 2]).unwrap() };
        assert_eq!(body(ended)["data"]["result"], json!([1, 2]));
        let ended = Happened::Ended { text: "".into(), result: Report::default() };
        assert_eq!(body(ended)["data"]["result"], Value::Null);
        let options = Options::new(vec![(Text::cut("map"), Text::cut("duel"))]).unwrap();
        assert_eq!(body(Happened::Opened { options })["data"]["options"], json!({ "map": "duel" }));
    }
}
