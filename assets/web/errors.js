// Why a session ended, or did not begin, if its server did not say so.

/** Why a session ended, as an error. */
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
  bad(1006, "lost", "The connection broke and could not be taken up again.", "retry", 0);
export const left = () => bad(1000, "normal", "You left the room.");
export const kept = () =>
  bad(1000, "kept", "The page was left; the place is kept for who comes back.", "resume");
export const broken = (error) =>
  bad(1011, "internal_error", `The client failed: ${error.message}`, "upgrade");
export const noCore = (text, advice = "stop") =>
  new TickwireError(bad(1011, "no_core", `The client could not be loaded: ${text}`, advice, 2_000));

const refused = (text) => bad(1008, "refused", text);

/** Why a server opened no WebSocket: `status` is its answer, else what it gives a plain request there, if a page may read that. */
export async function refusalOf(url, status) {
  try {
    status ||= (await fetch(url.replace(/^ws/, "http"), { cache: "no-store" })).status;
  } catch {
    // Nobody answers, or not to this page.
  }
  if (status === 429 || status === 503) {
    return bad(1013, "try_later", "The server takes nobody else at the moment.", "retry", 10_000);
  }
  if (!(status >= 200 && status < 500) || status === 408) return unreachable();
  if (status !== 403 && status !== 426) {
    return refused(
      `What answers at ${url} is no Tickwire (HTTP ${status}): is the path right, and does each proxy pass on WebSockets?`,
    );
  }
  const origin = globalThis.location?.origin ?? "this program";
  return refused(
    `The server takes no WebSocket of ${origin}: its \`allowed_origins\` or a proxy before it refuse that.`,
  );
}
