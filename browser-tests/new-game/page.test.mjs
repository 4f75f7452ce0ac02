// What `tickwire-server new` writes: its core is built, its server started, its page opened.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { test } from "node:test";
import { NO_COMPILER, cargo, emptyFolder, lock } from "../../client-web/tests/scratch.mjs";
import { keep, openBrowser, visit } from "../support/browser.mjs";
import { programPath, startNewGame } from "../support/processes.mjs";

const OWN = [0x5c, 0xc8, 0xff];
/** How often a page is looked at, 20 ms apart, until it is as wanted. */
const TRIES = 500;

/** Where the runner of this page is drawn, as parts of the field; `null` if it is not. */
function runner(colour) {
  const canvas = document.querySelector("canvas");
  const { width, height } = canvas;
  const copy = new OffscreenCanvas(width, height).getContext("2d", { willReadFrequently: true });
  copy.drawImage(canvas, 0, 0);
  const { data } = copy.getImageData(0, 0, width, height);
  const sum = { x: 0, y: 0, points: 0 };
  for (let at = 0; at < width * height; at++) {
    if (!colour.every((value, channel) => data[4 * at + channel] === value)) continue;
    sum.x += at % width;
    sum.y += Math.floor(at / width);
    sum.points++;
  }
  return sum.points === 0 ? null : { x: sum.x / sum.points / width, y: sum.y / sum.points / height };
}

test("the page of a new game moves its runner before the server answers", async (context) => {
  const folder = emptyFolder("new-game");
  const written = spawnSync(programPath("tickwire-server"), ["new", folder, "--game", "coins"]);
  assert.equal(written.status, 0, String(written.stderr));
  lock(folder);
  const core = cargo(folder, "run", "--quiet", "-p", "game-web");
  if (core.status === NO_COMPILER) return context.skip(core.told.trim());
  assert.equal(core.status, 0, core.told);
  const built = cargo(folder, "build", "--quiet");
  assert.equal(built.status, 0, built.told);

  const host = await startNewGame();
  context.after(() => host.stop());
  const browser = await openBrowser();
  context.after(() => browser.close());
  const page = await visit(browser, host.page);
  await page.waitForSelector("text=Run: take the coins.");
  const place = () => page.evaluate(runner, OWN);
  /** Looks until the runner is drawn where it is wanted. */
  const until = async (wanted) => {
    for (let tries = 0; tries < TRIES; tries++) {
      const at = await place();
      if (at !== null && wanted(at)) return at;
      await page.waitForTimeout(20);
    }
    assert.fail(`the runner is at ${JSON.stringify(await place())}`);
  };

  // It starts anywhere, and runs to the side where there is more room.
  const start = await until(() => true);
  const [key, direction] = start.x < 0.5 ? ["ArrowRight", 1] : ["ArrowLeft", -1];
  const isAhead = (of) => (at) => direction * (at.x - of.x) > 0.02;
  await page.keyboard.down(key);
  await until(isAhead(start));
  await keep(page, "new-game");
  await page.keyboard.up(key);
  await page.waitForTimeout(500);

  // Nothing comes from a server that is stopped.
  host.signal("SIGSTOP");
  try {
    await page.waitForTimeout(500);
    const rest = await until(() => true);
    await page.keyboard.down(key);
    await until(isAhead(rest));
  } finally {
    host.signal("SIGCONT");
  }
  await page.keyboard.up(key);
  page.assertClean();
  await page.context().close();
});
