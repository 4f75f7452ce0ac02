// Wherever the player's own ship is on the map, the interface does not hide it.

import assert from "node:assert/strict";
import { test } from "node:test";
import { LAPTOP, PHONE, SIDEWAYS, enter, keep, openBrowser, visit } from "./support/browser.mjs";
import { closeTo } from "./support/screenshots.mjs";
import { roomOf, stands } from "./support/playing.mjs";
import { startServer } from "./support/processes.mjs";
import { sampled } from "./support/sample.mjs";
import { setStage } from "./support/stage.mjs";

const OWN_COLOUR = [0x5e, 0xf2, 0xff];
/** The least part of a tile's area that must show the ship's colour; uncovered it is 0.17. */
const SEEN_MIN = 0.12;
/** From any spawn of the map "duel", these keys lead along its border from corner to corner. */
const WAYS = [
  ["KeyW"], ["KeyA", "top left"], ["KeyS", "bottom left"], ["KeyD", "bottom right"], ["KeyW", "top right"],
];
const LONG_NAME = "A pilot with quite a long name";

const stage = setStage(startServer, openBrowser);

/** Joins a small room alone; a second page can make news there. */
async function visitAlone(options) {
  const page = await visit(stage.browser, stage.server.page, options);
  await page.click("#create > summary");
  await page.check("[name=map][value=duel]", { force: true });
  await enter(page, "ann", "#create-form [type=submit]");
  const other = await visit(stage.browser, stage.server.page);
  await page.until(() => window.tickwirePage.drawn.own?.alive);
  return { page, other };
}

/** Other players join and leave, so that the feed is full of news. */
async function makeNews(page, other) {
  await other.evaluate(async ([room, name]) => {
    const { connect } = await import("./tickwire.js");
    for (let count = 0; count < 3; count++) (await connect({ room, name })).close();
  }, [await roomOf(page), LONG_NAME]);
  await page.until(() => document.querySelectorAll("#feed li:not(.old)").length >= 3);
}

async function flyUntilItStands(page, key) {
  await page.keyboard.down(key);
  await page.waitForTimeout(300);
  await page.until(stands);
  await page.keyboard.up(key);
}

/** The part of a tile's area at the player's own ship that shows its colour. */
async function shown(page, other) {
  await page.waitForTimeout(500);
  const { x, y } = await page.evaluate(() => window.tickwirePage.ships().find((ship) => ship.own));
  const { scale } = await page.evaluate(() => window.tickwirePage.drawn);
  const { width, height } = page.viewportSize();
  const inside = x > scale / 2 && y > scale / 2 && x < width - scale / 2 && y < height - scale / 2;
  if (!inside) return 0;
  const clip = { x: x - scale / 2, y: y - scale / 2, width: scale, height: scale };
  return closeTo(other, await page.screenshot({ clip }), OWN_COLOUR);
}

async function assertSeen(page, other, where) {
  const part = await shown(page, other);
  assert.ok(part >= SEEN_MIN, `${where}: ${part.toFixed(3)} of a tile shows the ship`);
}

for (const [screen, options] of Object.entries({
  laptop: LAPTOP,
  phone: PHONE,
  "phone sideways": SIDEWAYS,
})) {
  // The widest and the lowest.
  const when = sampled(screen !== "phone");
  test(`${screen}: the player's own ship is visible in each corner of the map`, when, async () => {
    const { page, other } = await visitAlone(options);
    if (options.hasTouch) await page.touchscreen.tap(120, options.viewport.height - 120);
    for (const [key, corner] of WAYS) {
      await flyUntilItStands(page, key);
      if (corner === undefined) continue;
      await assertSeen(page, other, `${corner}, alone`);
      await makeNews(page, other);
      await assertSeen(page, other, `${corner}, with news`);
      await keep(page, `corner-${screen}-${corner}`.replaceAll(" ", "-"));
    }
    page.assertClean();
    await Promise.all([page.context().close(), other.context().close()]);
  });

  test(`${screen}: a notice fades over the player's own ship`, when, async () => {
    const { page, other } = await visitAlone(options);
    // As at the start of a round, when a ship can be anywhere.
    await page.evaluate(() => {
      const [notice, below] = [document.createElement("span"), document.createElement("small")];
      below.append("Go!");
      notice.append("Round 2 of quite a long series of rounds", below);
      document.querySelector("#notice").append(notice);
    });
    for (const key of ["KeyW", "KeyA"]) await flyUntilItStands(page, key);
    await page.keyboard.down("KeyD");
    await page.until(() => {
      const own = window.tickwirePage.ships().find((ship) => ship.own);
      return own.x > innerWidth * 0.45;
    });
    await page.keyboard.up("KeyD");
    await page.until(stands);
    await page.keyboard.down("KeyS");
    await page.until(() => {
      const box = document.querySelector("#notice span").getBoundingClientRect();
      return window.tickwirePage.ships().find((ship) => ship.own).y > box.top + 5;
    });
    await page.keyboard.up("KeyS");
    await page.until(stands);
    await keep(page, `notice-${screen}`.replaceAll(" ", "-"));
    await assertSeen(page, other, "below a notice");
    await Promise.all([page.context().close(), other.context().close()]);
  });
}
