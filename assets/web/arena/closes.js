// What the end of a session means to a player, and what to do about it. The codes are those of docs/protocol.md.

/** Actions: again (a new session, same room if it stands), other (another room), reload (the page), lobby. */
const CLOSES = {
  1000: ["You left", "The session ended as it should.", "lobby"],
  1001: ["The server is going away", "Everyone was asked to leave; it may come back in a moment.", "again"],
  1002: [
    "The connection was broken",
    "Something between you and the server damaged the WebSocket protocol.",
    "lobby",
  ],
  1003: [
    "The connection was broken",
    "The server got a text message, and it understands binary ones only.",
    "lobby",
  ],
  1007: ["The connection was broken", "The server got text that is no UTF-8.", "lobby"],
  1008: ["Not permitted", "A rule of this server or game was broken.", "lobby"],
  1009: ["A message was too long", "A message was longer than the server takes.", "lobby"],
  1011: [
    "The room failed",
    "The room or the server had an internal error. It was written to the server's log.",
    "again",
  ],
  1012: ["The server restarts", "It will be back in a moment.", "again"],
  1013: ["The server is busy", "It has no place for another room or player just now.", "again"],
  4001: ["This page is out of date", "Page and server do not speak the same language any more.", "reload"],
  4002: ["This page is out of date", "The server could not read what this page sent.", "reload"],
  4003: ["Not signed in", "This server asks for a ticket first.", "lobby"],
  4004: ["Ticket refused", "The server did not accept your ticket.", "lobby"],
  4005: ["Joined twice", "This session has a place in a room already.", "lobby"],
  4006: ["You play elsewhere now", "A newer session, perhaps another tab, took over your ship.", "lobby"],
  4007: ["Your place is gone", "You were away for too long, so your ship was given up.", "again"],
  4008: ["Too fast", "More came from this page than the server permits.", "again"],
  4009: ["Connection timed out", "The server heard nothing from this page for too long.", "again"],
  4010: ["The room is closed", "There is no such room, or it was closed.", "other"],
  4011: ["The room is full", "All its places are taken.", "other"],
  4012: ["This page is out of date", "Page and server have different versions of the game.", "reload"],
  4013: ["Connection too slow", "Your connection did not keep up with the game.", "again"],
  4014: ["You were removed", "The operator or the game removed you from the room.", "lobby"],
  4015: ["You were away", "You did nothing for so long that your place was given up.", "lobby"],
};
/** What the page itself ended, for codes that mean another thing from a server. */
const OWN = {
  1008: ["That cannot be", "This page was asked for something that it cannot do.", "lobby"],
  1011: [
    "The page failed",
    "This page could not go on. Reload it; if that does not help, the browser is too old.",
    "reload",
  ],
  4002: ["The page is out of date", "This page could not read what the server sent.", "reload"],
  4009: ["No answer", "The server did not answer in time.", "again"],
  4012: ["The page is out of date", "Page and server have different versions of the game.", "reload"],
};
const REFUSED = [
  "You are not let in",
  "What answers here takes no players from this page. Its operator has to permit that, or the page's link is wrong.",
  "lobby",
];
/** Codes that mean another thing if it is advised to stop. */
const STOPPED = {
  4012: [
    "There is no such game here",
    "This server does not host that game, or the room plays another.",
    "lobby",
  ],
};
const UNKNOWN = ["The connection ended", "The server could not be reached, or the network failed.", "again"];

/** `stop` leaves it to the code. */
const BY_ADVICE = { retry: "again", resume: "again", upgrade: "reload" };
const ACTIONS = {
  again: "Play again",
  other: "Play in another room",
  reload: "Reload the page",
  lobby: "To the lobby",
};
const ADVICE = {
  again: "Play again to come in anew.",
  other: "Join another room, or make one of your own.",
  reload: "Reload the page to get the matching version.",
  lobby: "It would not help to try again at once.",
};

/**
 * A closing for people: `close` is `{ code, reason, text, advice, retry_after_ms }` as far as known.
 *
 * Gives `{ code, title, meaning, text, advice, action, label, wait_ms }`; `text` is the server's own.
 */
export function explain(close) {
  const own = close.reason === "refused" ? REFUSED : OWN[close.code];
  const special = (close.advice === "stop" && STOPPED[close.code]) || (close.by_server === false && own);
  const [title, meaning, usual] = special || (CLOSES[close.code] ?? UNKNOWN);
  // What the message advises counts; the code only says what is usual.
  const action = close.by_server && usual !== "other" ? (BY_ADVICE[close.advice] ?? usual) : usual;
  const waits = action === "again" || action === "other";
  const wait_ms = waits ? Math.min(Number(close.retry_after_ms) || 0, 60_000) : 0;
  const code = close.code in CLOSES ? `${close.code} ${close.reason ?? ""}`.trim() : "";
  return {
    code,
    title,
    meaning,
    text: close.text ?? "",
    advice: special === REFUSED ? "" : ADVICE[action],
    action,
    label: ACTIONS[action],
    wait_ms,
  };
}
