// A player's actions on the page, in either browser: a page is Playwright's or Puppeteer's, plus our `until`.

import assert from "node:assert/strict";

const KEYS = { KeyD: ["x", 1], KeyA: ["x", -1], KeyS: ["y", 1], KeyW: ["y", -1] };
const AIM_MS = 50;
const AIMS_MAX = 800;
const LOOK_MS = 100;
const LOOKS_MAX = 100;
const PAIRS = 30;

export const roomOf = (page) => page.evaluate(() => window.tickwirePage.client.room);

/** An element's text. */
export const textOf = (page, selector) => page.$eval(selector, (element) => element.textContent);

/** Presses each key that flies, and asserts that the drawn ship moves in the next animation frame. */
export async function flyAndWatch(page) {
  for (const [key, [axis, sign]] of Object.entries(KEYS)) {
    await page.until(stands);
    await page.evaluate(watchKey);
    await page.keyboard.down(key);
    const { frames, before, after } = await page.evaluate(() => window.moved);
    await page.keyboard.up(key);
    const by = after[axis] - before[axis];
    assert.equal(frames, 1, key);
    assert.ok(by * sign > 0, `${key} moved the ship by ${by}`);
  }
}

/** Fires at the nearest ship with the mouse, like a player, until `isDone` is true in the page. */
export async function fireUntil(page, isDone, what) {
  const [width, height] = await page.evaluate(() => [window.innerWidth, window.innerHeight]);
  await page.mouse.move(width / 2, height / 2);
  await page.mouse.down();
  try {
    for (let aims = 0; aims < AIMS_MAX; aims++) {
      if (await page.evaluate(isDone)) return;
      const aim = await page.evaluate(nearest);
      if (aim) await page.mouse.move(aim.x, aim.y);
      await new Promise((resolve) => setTimeout(resolve, AIM_MS));
    }
    assert.fail(`no ${what} after aiming ${AIMS_MAX} times`);
  } finally {
    await page.mouse.up();
  }
}

/** Counts this player's hits from now on, in `window.hits`. */
export const countHits = (page) =>
  page.evaluate(() => {
    const { client } = window.tickwirePage;
    window.hits = 0;
    client.on(
      "event",
      (event) => (window.hits += Number(event.type === "Hit" && event.by === client.player)),
    );
  });

/** Asserts that two pages have the same state at the same tick, many times, and that it changes. */
export async function assertSameState(one, other) {
  await Promise.all([one, other].map((page) => page.evaluate(noteHashes)));
  let pairs = [];
  for (let looks = 0; looks < LOOKS_MAX && pairs.length < PAIRS; looks++) {
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    const [ours, theirs] = await Promise.all([one, other].map((page) => page.evaluate(() => window.hashes)));
    pairs = Object.keys(ours).filter((tick) => tick in theirs).map((tick) => [ours[tick], theirs[tick]]);
  }
  assert.ok(pairs.length >= PAIRS, `${pairs.length} ticks were seen by both`);
  for (const [ours, theirs] of pairs) assert.equal(ours, theirs);
  assert.ok(new Set(pairs.map(([hash]) => hash)).size > 5, "the state did not change");
}

/** Records the state hash of each tick that the client reaches. */
function noteHashes() {
  window.hashes = {};
  const look = () => {
    const { client } = window.tickwirePage;
    window.hashes[client.tick] = client.stateHash();
    setTimeout(look, 4);
  };
  look();
}

/** Whether the player's own ship is where it was in an earlier frame. */
export function stands() {
  const { own, frames } = window.tickwirePage.drawn;
  const before = window.lastDrawn;
  if (before?.frames === frames) return false;
  window.lastDrawn = { own, frames };
  return own?.alive && own.x === before?.own?.x && own.y === before.own.y;
}

/** The nearest other ship on the screen, preferring those without a wall in between. */
function nearest() {
  const ships = window.tickwirePage.ships();
  const own = ships.find((ship) => ship.own);
  if (!own) return own;
  const { rows } = window.tickwirePage.client.settings;
  const far = (ship) => Math.hypot(ship.x - own.x, ship.y - own.y);
  const isHidden = ({ at }) => {
    const steps = Math.ceil(4 * Math.hypot(at.x - own.at.x, at.y - own.at.y));
    const along = (from, to, step) => Math.floor(from + ((to - from) * step) / steps);
    return Array.from(
      { length: steps },
      (_, step) => rows[along(own.at.y, at.y, step)][along(own.at.x, at.x, step)],
    ).includes("#");
  };
  const order = (ship) => far(ship) + (isHidden(ship) ? 1e6 : 0);
  return ships.filter((ship) => !ship.own).sort((one, other) => order(one) - order(other))[0];
}

/** Records what is drawn when a key goes down, and one animation frame later. */
function watchKey() {
  window.moved = new Promise((resolve) => {
    const pressed = () => {
      const { frames, own } = window.tickwirePage.drawn;
      // Requested after the page's own callback, so it runs after that, in the next animation frame.
      requestAnimationFrame(() => {
        const now = window.tickwirePage.drawn;
        resolve({ frames: now.frames - frames, before: own, after: now.own });
      });
    };
    window.addEventListener("keydown", pressed, { once: true });
  });
}
