// Explains the end of a session to a player and what to do about it. The close codes are those of
// docs/protocol.md.

/**
 * Actions: again (a new session, in the same room if it still exists), other (another room), reload (the
 * page), lobby.
 */
const CLOSES = {
  1000: ["You left", "The session ended normally.", "lobby"],
  1001: ["The server is going away", "All players were asked to leave; it may be back soon.", "again"],
  1002: [
    "The connection was broken",
    "Something between you and the server damaged the WebSocket protocol.",
    "lobby",
  ],
  1003: [
    "The connection was broken",
    "The server received a text message; it understands only binary ones.",
    "lobby",
  ],
  1007: ["The connection was broken", "The server received text that is not UTF-8.", "lobby"],
  1008: ["Not permitted", "A rule of this server or game was broken.", "lobby"],
  1009: ["A message was too long", "A message was longer than the server accepts.", "lobby"],
  1011: [
    "The room failed",
    "The room or the server had an internal error. It was written to the server's log.",
    "again",
  ],
  1012: ["The server restarts", "It will be back soon.", "again"],
  1013: ["The server is busy", "It cannot take another room or player at the moment.", "again"],
  4001: ["This page is out of date", "Page and server no longer speak the same protocol.", "reload"],
  4002: ["This page is out of date", "The server could not read what this page sent.", "reload"],
  4003: ["Not signed in", "This server requires a ticket.", "lobby"],
  4004: ["Ticket refused", "The server did not accept your ticket.", "lobby"],
  4005: ["Joined twice", "This session already has a seat in a room.", "lobby"],
  4006: ["You now play elsewhere", "A newer session, perhaps in another tab, took over your ship.", "lobby"],
  4007: ["Your seat was given up", "You were away for too long, so your ship was removed.", "again"],
  4008: ["Too fast", "This page sent more than the server permits.", "again"],
  4009: ["Connection timed out", "The server received nothing from this page for too long.", "again"],
  4010: ["The room is closed", "There is no such room, or it was closed.", "other"],
  4011: ["The room is full", "All its seats are taken.", "other"],
  4012: ["This page is out of date", "Page and server have different versions of the game.", "reload"],
  4013: ["Connection too slow", "Your connection did not keep up with the game.", "again"],
  4014: ["You were removed", "The operator or the game removed you from the room.", "lobby"],
  4015: ["You were away", "You were idle for so long that your seat was given up.", "lobby"],
  4016: ["The room is private", "Only those who were invited can join it.", "lobby"],
};
/** Ends that the page itself decided, for codes that mean something else when the server sends them. */
const OWN = {
  1008: ["That is not possible", "This page was asked for something that it cannot do.", "lobby"],
  1011: [
    "The page failed",
    "This page cannot continue. Reload it; if that does not help, the browser is too old.",
    "reload",
  ],
  4002: ["The page is out of date", "This page could not read what the server sent.", "reload"],
  4009: ["No answer", "The server did not answer in time.", "again"],
  4012: ["The page is out of date", "Page and server have different versions of the game.", "reload"],
};
const REFUSED = [
  "You are not let in",
  "This server accepts no players from this page. Its operator must permit that, or the link is wrong.",
  "lobby",
];
/** Codes that mean something else if the advice is to stop. */
const STOPPED = {
  4012: [
    "There is no such game here",
    "This server does not host that game, or the room plays another.",
    "lobby",
  ],
};
const UNKNOWN = ["The connection ended", "The server could not be reached, or the network failed.", "again"];

/** With the advice `stop`, the code decides. */
const BY_ADVICE = { retry: "again", resume: "again", upgrade: "reload" };
const ACTIONS = {
  again: "Play again",
  other: "Play in another room",
  reload: "Reload the page",
  lobby: "To the lobby",
};
const ADVICE = {
  again: "Play again to start a new session.",
  other: "Join another room, or create one of your own.",
  reload: "Reload the page to get the matching version.",
  lobby: "Trying again at once will not help.",
};

/**
 * Explains a close reason to people: `close` is `{ code, reason, text, advice, retry_after_ms }` as far as
 * known.
 *
 * Returns `{ code, title, meaning, text, advice, action, label, wait_ms }`; `text` is what the server sent.
 */
export function explain(close) {
  const own = close.reason === "refused" ? REFUSED : OWN[close.code];
  const special = (close.advice === "stop" && STOPPED[close.code]) || (close.by_server === false && own);
  const [title, meaning, usual] = special || (CLOSES[close.code] ?? UNKNOWN);
  // The message's advice counts; the code only tells what is usual.
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
