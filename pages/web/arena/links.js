// Links to a room: `#room=ID`, `#room=ID&watch` to spectate, `#room=ID&invite=TEXT` to a private one. Pasted
// links are checked before they are used.

// Crockford's base 32: no i, l, o, u.
const ROOM = /^[0-9a-hjkmnp-tv-z]{8}$/;
const INVITATION = /^[\w-]{1,96}$/;
const HASH_LENGTH_MAX = 160;

/**
 * Reads a page's hash: `null` if it is empty, `{ room, watch, invitation }`, or `{ problem }` with a text for
 * people.
 */
export function readHash(hash) {
  const text = hash.replace(/^#/, "");
  if (text === "") return null;
  const problem =
    "This link names no room: a room id has eight letters and digits, as in #room=4k7xw2mp. " +
    "Ask for the link again, or play in another room.";
  if (text.length > HASH_LENGTH_MAX) return { problem };
  const parts = new URLSearchParams(text);
  const known = [...parts.keys()].every((key) => ["room", "watch", "invite"].includes(key));
  const rooms = parts.getAll("room");
  if (!known || rooms.length !== 1) return { problem };
  const room = rooms[0].toLowerCase();
  const invitation = parts.get("invite") ?? undefined;
  if (!ROOM.test(room) || (invitation !== undefined && !INVITATION.test(invitation))) return { problem };
  return { room, watch: parts.has("watch"), invitation };
}

/** The hash of a room's link. */
export const hashOf = (room, watch = false, invitation = undefined) =>
  `#room=${room}${watch ? "&watch" : ""}${invitation === undefined ? "" : `&invite=${invitation}`}`;

/** A link to a room, to share; with an invitation if the room is private. */
export function linkTo(room, invitation = undefined) {
  const link = new URL(location.href);
  link.search = "";
  link.hash = hashOf(room, false, invitation);
  return link.href;
}

/** Whether the server runs on the player's own machine. */
export const isHome = () => /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(location.hostname);

/** The command that starts bots: in `room`, or in a room of their own. */
export const botsCommand = (room = null) => {
  const server = playUrl().replace(/\/play$/, "");
  const into = room === null ? "" : ` --room ${room}`;
  return `cargo run --release -p tickwire-client-bot -- --url ${server} --bots 30 --duration 10m${into}`;
};

/** The WebSocket address of this page's server. */
export function playUrl() {
  const url = new URL("play", location.href);
  url.protocol = location.protocol === "https:" ? "wss:" : "ws:";
  url.search = "";
  url.hash = "";
  return url.href;
}
