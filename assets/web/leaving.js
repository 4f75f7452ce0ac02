// Whoever leaves while the line is broken would stand about for the time of grace: so the place is given up when the line is back.
import { COMES_BACK, LEAVES, Link } from "./link.js";

const LASTS_MS = 10_000;
const ATTEMPT_MS = 5_000;
const PAUSE_MS = { first: 250, max: 2_000 };

/** Whether a WebSocket ended by the server's word: then it knows. A server that goes away or is too busy does not. */
export const isAnswer = (code) => code === LEAVES || code >= 4000;

/** Says `words`, which take the place again and give it up, until the server has them, for `most_ms` and `LASTS_MS` at most. */
export function giveUpPlace(make, url, words, most_ms) {
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
      // What makes connections gives none any more.
      clearTimeout(timer);
    }
  };
  attempt();
}
