// A player that leaves while the connection is broken would stay in the room for the grace time. So its seat
// is given up when the connection is back.
import { Reader } from "./codec.js";
import { COMES_BACK, LEAVES, Link } from "./link.js";

const LASTS_MS = 10_000;
const ATTEMPT_MS = 5_000;
const PAUSE_MS = { first: 250, max: 2_000 };

/**
 * Whether the server closed the WebSocket with an answer: then it knows about the leave. A server that shuts
 * down or is too busy does not.
 */
export const isAnswer = (code) => code === LEAVES || code >= 4000;

/**
 * Sends `words`, the messages that take the seat again and give it up, until the server has them. Stops after
 * `most_ms` or `LASTS_MS`, whichever is shorter.
 */
export function giveUpSeat(make, url, words, most_ms) {
  const until = performance.now() + Math.min(most_ms, LASTS_MS);
  let pause_ms = PAUSE_MS.first;
  const attempt = () => {
    let link = null;
    let timer = null;
    const end = (is_over) => {
      clearTimeout(timer);
      link?.drop(link.isOpen ? LEAVES : COMES_BACK);
      const wait_ms = pause_ms * (0.5 + Math.random() / 2);
      pause_ms = Math.min(2 * pause_ms, PAUSE_MS.max);
      if (!is_over && performance.now() + wait_ms < until) setTimeout(attempt, wait_ms);
    };
    const heard = {
      open: () => words.forEach((bytes) => link.send(bytes)),
      message: () => {},
      close: (code) => end(isAnswer(code)),
    };
    timer = setTimeout(end, ATTEMPT_MS);
    try {
      link = new Link(make, url, () => ({}), heard);
    } catch {
      // No more connections can be made.
      clearTimeout(timer);
    }
  };
  attempt();
}

/** How long a seat is kept, from a `Welcome`. */
export function graceOf(bytes) {
  const from = new Reader(bytes.subarray(2));
  try {
    from.u64();
    from.varint();
    from.varint();
    return from.varint();
  } catch {
    return null;
  }
}
