// Close reasons that this client makes itself, when the server gave none.

/** A close reason as an error. */
export class TickwireError extends Error {
  constructor(close) {
    super(close.text);
    this.name = "TickwireError";
    Object.assign(this, close);
  }
}

export const bad = (code, reason, text, advice = "stop", retry_after_ms = 0) => ({
  code,
  reason,
  text,
  advice,
  retry_after_ms,
  by_server: false,
});
export const unreachable = () => bad(1006, "unreachable", "The server cannot be reached.", "retry", 2_000);
export const lost = () =>
  bad(1006, "lost", "The connection broke and could not be restored.", "retry", 0);
export const left = () => bad(1000, "normal", "You left the room.");
export const kept = () =>
  bad(1000, "kept", "The page was closed; the seat is kept for its return.", "resume");
export const broken = (error) =>
  bad(1011, "internal_error", `The client failed: ${error.message}`, "upgrade");
export const noCore = (text, advice = "stop") =>
  new TickwireError(bad(1011, "no_core", `The client could not be loaded: ${text}`, advice, 2_000));

const refused = (text) => bad(1008, "refused", text);

/**
 * Why a server opened no WebSocket, from the HTTP status of its answer. If `status` is 0, a plain request to
 * the same address finds it out, if the page may read the response.
 */
export async function refusalOf(url, status) {
  try {
    status ||= (await fetch(url.replace(/^ws/, "http"), { cache: "no-store" })).status;
  } catch {
    // The server does not answer, or this page may not read its answer.
  }
  if (status === 429 || status === 503) {
    return bad(1013, "try_later", "The server accepts no more clients at the moment.", "retry", 10_000);
  }
  if (!(status >= 200 && status < 500) || status === 408) return unreachable();
  if (status !== 403 && status !== 426) {
    const remedy = "check the path, and that each proxy forwards WebSockets";
    return refused(`${url} is not a Tickwire server (HTTP ${status}): ${remedy}.`);
  }
  const origin = globalThis.location?.origin ?? "this program";
  const cause = "its `allowed_origins` or a proxy in front of it forbid them";
  return refused(`The server refuses WebSockets from ${origin}: ${cause}.`);
}
