// Two thumbs on a phone: the left one flies, the right one aims and fires.

import assert from "node:assert/strict";
import { test } from "node:test";
import { PHONE, SIDEWAYS, drawn, enter, keep, openBrowser, visit } from "./support/browser.mjs";
import { stands } from "./support/playing.mjs";
import { startServer } from "./support/processes.mjs";
import { setStage } from "./support/stage.mjs";

const LEFT = { id: 1, x: 90, y: 700 };
const RIGHT = { id: 2, x: 300, y: 700 };

const stage = setStage(startServer, openBrowser);

test("the left thumb flies while the right one aims and fires, until both are lifted", async () => {
  const page = await visit(stage.browser, stage.server.page, PHONE);
  await enter(page, "thumbs");
  await page.until(() => window.tickwirePage.drawn.own?.alive);
  const screen = await page.context().newCDPSession(page);
  const touch = (type, ...touchPoints) => screen.send("Input.dispatchTouchEvent", { type, touchPoints });
  const from = (await drawn(page)).own;

  await touch("touchStart", LEFT);
  await touch("touchMove", { ...LEFT, x: LEFT.x + 50 });
  await page.until(({ x }) => window.tickwirePage.drawn.own.x > x + 0.5, from);
  assert.equal((await drawn(page)).shots, 0, "the left thumb fired");

  // Aims straight down while flying to the right.
  await touch("touchStart", { ...LEFT, x: LEFT.x + 50 }, RIGHT);
  await touch("touchMove", { ...LEFT, x: LEFT.x + 50 }, { ...RIGHT, y: RIGHT.y + 50 });
  await page.until(() => window.tickwirePage.drawn.shots > 0);
  const both = (await drawn(page)).own;
  assert.ok(Math.abs(both.angle - Math.PI / 2) < 0.1, `aims at ${both.angle}`);
  await keep(page, "play-phone-thumbs");

  await touch("touchEnd", RIGHT);
  await touch("touchEnd");
  await page.until(() => window.tickwirePage.drawn.shots === 0);
  await page.until(stands);
  page.assertClean();
  await page.context().close();
});

test("on a phone held sideways, the net graph can be closed, and the room left, by touch", async () => {
  for (const [width, height] of [[844, 390], [667, 375]]) {
    const page = await visit(stage.browser, stage.server.page, { ...PHONE, viewport: { width, height } });
    await enter(page, "sideways");
    await page.tap("#btn-net");
    await page.waitForSelector("#net:not([hidden])");
    await keep(page, `play-sideways-${width}`);
    await page.tap("#btn-net");
    await page.waitForSelector("#net", { state: "hidden" });
    await page.tap("#btn-net");
    await page.tap("#btn-leave");
    await page.waitForSelector("#enter");
    page.assertClean();
    await page.context().close();
  }
});

test("for a spectator on a phone the map covers most of the screen", async () => {
  for (const [way, options] of Object.entries({ upright: PHONE, sideways: SIDEWAYS })) {
    const page = await visit(stage.browser, stage.server.page, options);
    await enter(page, "eve", "#watch");
    await page.until(() => {
      const [{ scale }, before] = [window.tickwirePage.drawn, window.lastScale];
      window.lastScale = scale;
      return Math.abs(scale - before) < 1e-3;
    });
    const { part, covered } = await page.evaluate(() => {
      const { rows } = window.tickwirePage.client.settings;
      const { scale } = window.tickwirePage.drawn;
      const [short, long] = [rows.length, rows[0].length]
        .map((tiles) => tiles * scale)
        .sort((one, other) => one - other);
      return {
        part: (short * long) / (innerWidth * innerHeight),
        covered: short > Math.min(innerWidth, innerHeight) || long > Math.max(innerWidth, innerHeight),
      };
    });
    await keep(page, `watch-${way}`);
    assert.ok(
      await page.$eval("#spec-name", (name) => name.scrollWidth <= name.clientWidth),
      `${way}: the name is not cut off`,
    );
    assert.ok(part > 0.55, `${way}: the map takes ${part.toFixed(2)} of the screen`);
    assert.equal(covered, false, "the map fits on the screen");
    page.assertClean();
    await page.context().close();
  }
});

test("the spectators' bar has all its texts on a narrow phone", async () => {
  const page = await visit(stage.browser, stage.server.page, {
    ...PHONE,
    viewport: { width: 360, height: 640 },
  });
  await enter(page, "eve", "#watch");
  await page.waitForSelector("#spectate:not([hidden])");
  await keep(page, "spectator-phone");
  const cut = await page.$$eval("#spectate button", (buttons) =>
    buttons
      .filter(
        (button) =>
          button.scrollWidth > button.clientWidth || button.getBoundingClientRect().right > window.innerWidth,
      )
      .map((button) => button.textContent),
  );
  assert.deepEqual(cut, []);
  page.assertClean();
  await page.context().close();
});
