// Checks the values that a page passes in: a wrong value throws an error that names it and the remedy, and
// does not end the session.

const DELAY_MS_MAX = 5_000;
/** How far a frame's timestamp may be ahead of the clock: one frame of a slow screen, plus clock rounding. */
const AHEAD_MS_MAX = 250;
/** How much older than the previous call it may be, unless that call was for the same frame. */
const BEHIND_MS_MAX = 1_000;

export function told(value) {
  if (typeof value === "string") return JSON.stringify(value.slice(0, 40));
  if (typeof value === "function") return "a function";
  if (typeof value === "object" && value !== null) return Array.isArray(value) ? "an array" : "an object";
  return `${String(value)}${typeof value === "bigint" ? "n" : ""}`;
}

export function need(holds, name, wanted, value, kind = TypeError) {
  if (!holds) throw new kind(`${name} must be ${wanted}, not ${told(value)}`);
}

/** Returns an object's own entries. */
export function entriesOf(name, value) {
  need(value !== null && typeof value === "object" && !Array.isArray(value), name, "an object", value);
  return Object.entries(value);
}

export function within(name, value, least, most, wanted, fits = true) {
  need(typeof value === "number", name, wanted, value);
  need(fits && value >= least && value <= most, name, wanted, value, RangeError);
}

export const integer = (name, value, most) =>
  within(name, value, 0, most, `an integer from 0 to ${most}`, Number.isInteger(value));

/** The lag that a page sets, merged into what it set before. */
export function lagOf(before, options) {
  const lag = { ...before };
  for (const [name, value] of entriesOf("network", options)) {
    need(name === "delay_ms" || name === "jitter_ms", "network's fields", '"delay_ms" and "jitter_ms"', name);
    if (value === undefined) continue;
    within(`network.${name}`, value, 0, DELAY_MS_MAX, `from 0 to ${DELAY_MS_MAX} ms`);
    lag[name] = value;
  }
  return lag;
}

/**
 * Checks the moments that a page draws. While the page is busy, the timestamp of its next frame grows old,
 * but never older than its previous frame.
 */
export class Frames {
  #last = { now: NaN, at: performance.now() };

  check(now, real) {
    const { now: before, at } = this.#last;
    const is_again = now === before && real - at < BEHIND_MS_MAX;
    const accepted = is_again ? this.#last : { now, at: real };
    this.#last = { now: NaN, at: real };
    const clock = `performance.now() (${real.toFixed()} here)`;
    const wanted = `requestAnimationFrame's timestamp or ${clock}, or be left out`;
    within("entities(now): now", now, is_again ? now : at - BEHIND_MS_MAX, real + AHEAD_MS_MAX, wanted);
    this.#last = accepted;
  }
}
