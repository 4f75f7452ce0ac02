// Accessibility: screen readers, keyboard only, reduced motion, colour blindness; and small screens.

import assert from "node:assert/strict";
import { test } from "node:test";
import { LAPTOP, PHONE, enter, keep, openBrowser, visit } from "./support/browser.mjs";
import { findings } from "./support/axe.mjs";
import { roomOf } from "./support/playing.mjs";
import { startBots, startOwnGame, startServer, startWithoutArena } from "./support/processes.mjs";
import { sampled, screensOf } from "./support/sample.mjs";
import { setStage } from "./support/stage.mjs";

const SMALL = { ...PHONE, viewport: { width: 320, height: 568 } };
const SCREENS = {
  laptop: LAPTOP,
  narrow: { viewport: SMALL.viewport },
  small: SMALL,
  "small-sideways": { ...SMALL, viewport: { width: 568, height: 320 } },
  // `zoomed` is a screen of 1,280 by 1,024 points at 400 %.
  low: { viewport: { width: 320, height: 480 } }, zoomed: { viewport: { width: 320, height: 256 } },
};

/** The widest, a phone and the smallest. */
const SAMPLE = ["laptop", "small", "zoomed"];

const stage = setStage(startServer, openBrowser);

/** Controls that cannot be brought into view: they are cut off at a side, or something covers them. */
function outOfReach() {
  const isShown = (element) =>
    !element.disabled && element.checkVisibility({ visibilityProperty: true, opacityProperty: true });
  const unreached = (element) => {
    element.scrollIntoView({ block: "nearest" });
    const { left, top, right, bottom } = element.getBoundingClientRect();
    const isOut = left < -0.5 || top < -0.5 || right > innerWidth + 0.5 || bottom > innerHeight + 0.5;
    const hit = document.elementFromPoint((left + right) / 2, (top + bottom) / 2);
    return isOut || !element.contains(hit);
  };
  const usable = [
    ...document.querySelectorAll("button, input:not([type=radio]), summary, a, label:has([type=radio])"),
  ].filter(isShown);
  return usable.filter(unreached).map((element) => element.id || element.textContent);
}

async function assertFit(page, where, reach = true) {
  await page.waitForTimeout(300);
  await keep(page, `access-${where}`.replaceAll(" ", "-"));
  if (reach) assert.deepEqual(await page.evaluate(outOfReach), [], `${where}: out of reach`);
  const [wide, width] = await page.evaluate(() => [document.documentElement.scrollWidth, innerWidth]);
  assert.ok(wide <= width, `${where}: ${wide} points wide`);
  assert.deepEqual(await findings(page), [], where);
}

async function kick(name) {
  const { sessions } = await (await fetch(`${stage.server.admin}sessions`)).json();
  await fetch(`${stage.server.admin}sessions/${sessions.find(({ player }) => player === name).id}`, {
    method: "DELETE",
  });
}

for (const [screen, options] of Object.entries(SCREENS)) {
  const when = sampled(SAMPLE.includes(screen));
  test(`${screen}: axe-core finds nothing, and every control can be reached`, when, async () => {
    const page = await visit(stage.browser, stage.server.page, options);
    await page.click("#create > summary");
    await assertFit(page, `${screen} lobby`);
    await enter(page, screen);
    await page.waitForSelector("#alone", { state: "visible", timeout: 20_000 });
    await assertFit(page, `${screen} play`);
    const ends = await page.$eval(
      "#alone",
      (alone) => (scrollTo(0, 0), alone.getBoundingClientRect().bottom - innerHeight),
    );
    assert.ok(ends <= 0, `${screen}: the hint ends ${ends} points below the screen, which does not scroll`);
    await page.click("#btn-scores");
    await assertFit(page, `${screen} scores`);
    await page.click("#btn-net");
    await assertFit(page, `${screen} net`);
    await page.click("#btn-net");
    await kick(screen);
    await page.waitForSelector("#closed[open]");
    await assertFit(page, `${screen} dialog`, false);
    await page.click("#closed-act");
    await enter(page, screen, "#watch");
    await page.waitForSelector("#spectate", { state: "visible" });
    await assertFit(page, `${screen} watch`);
    for (const panel of ["net", "scores"]) {
      await page.click(`#btn-${panel}`);
      await assertFit(page, `${screen} watch ${panel}`);
      await page.click(`#btn-${panel}`);
    }
    page.assertClean();
    await page.context().close();
  });
}

test("axe-core finds nothing on the page of a host without the arena", async (context) => {
  const host = await startWithoutArena();
  context.after(() => host.stop());
  const player = await visit(stage.browser, `${host.page}tag.html`);
  await player.evaluate(
    async () => (window.player = await (await import("./tickwire.js")).connect({ game: "tag", name: "bob" })),
  );
  for (const [screen, options] of screensOf(SCREENS, SAMPLE)) {
    const page = await visit(stage.browser, host.page, options);
    await page.waitForSelector("#games li button");
    await assertFit(page, `${screen} hosted`);
    await page.click("#games li button");
    await page.waitForSelector("#watch", { state: "visible" });
    assert.equal(await page.evaluate(() => document.activeElement.id), "back");
    await assertFit(page, `${screen} hosted watch`);
    await page.keyboard.press("Enter");
    await page.waitForSelector("#list", { state: "visible" });
    assert.equal(await page.evaluate(() => document.activeElement.id), "list");
    await page.context().close();
  }
  await player.context().close();
});

test("axe-core finds nothing on the list of rooms, and it fits", async () => {
  const player = await visit(stage.browser, stage.server.page);
  await enter(player, "ann");
  for (const [screen, options] of screensOf(SCREENS, SAMPLE)) {
    const page = await visit(stage.browser, `${stage.server.page}rooms`, options);
    await page.until(
      async (room) => document.body.textContent.includes(room) || location.reload(),
      await roomOf(player),
    );
    await assertFit(page, `${screen} rooms`);
    await page.context().close();
  }
  await player.context().close();
});

test("axe-core finds nothing on the page of the example game", async (context) => {
  const host = await startOwnGame();
  context.after(() => host.stop());
  for (const [screen, options] of screensOf(SCREENS, SAMPLE)) {
    const page = await visit(stage.browser, `${host.page}tag.html`, options);
    await page.waitForSelector("text=the red player is it");
    await assertFit(page, `${screen} own`);
    const lies = await page.$eval("#line", (line) => line.getBoundingClientRect().bottom <= innerHeight);
    assert.ok(lies, `${screen}: the status line is visible`);
    await page.context().close();
  }
});

test("with the keyboard alone: to the buttons, back to the ship, out of the room", async () => {
  const page = await visit(stage.browser, stage.server.page);
  const focused = () => page.evaluate(() => document.activeElement.id);
  await enter(page, "ann");
  assert.equal(await focused(), "view");
  for (const id of ["btn-leave", "btn-share", "btn-net", "btn-scores"]) {
    await page.keyboard.press("Shift+Tab");
    // A player alone in the room gets a command to copy.
    if ((await focused()) === "alone-copy") await page.keyboard.press("Shift+Tab");
    assert.equal(await focused(), id);
  }
  await page.keyboard.press("Escape");
  assert.equal(await focused(), "view");
  await page.keyboard.press("Shift+Tab");
  await page.keyboard.press("Tab");
  assert.equal(await focused(), "view", "the arena comes after its buttons");
  await page.keyboard.press("Shift+Tab");
  if ((await focused()) === "alone-copy") await page.keyboard.press("Shift+Tab");
  assert.equal(await focused(), "btn-leave");
  await page.keyboard.press("Enter");
  await page.waitForSelector("#lobby", { state: "visible" });
  assert.equal(await focused(), "play");
  page.assertClean();
  await page.context().close();
});

test("every button has a name, even on a screen too small to show it", async () => {
  const page = await visit(stage.browser, stage.server.page, SMALL);
  await enter(page, "eve", "#watch");
  for (const name of [
    "Scores", "Net", "Invite", "Leave", "Previous player", "Next player", "Whole map", "Play",
  ]) {
    assert.equal(await page.getByRole("button", { name, exact: true }).count(), 1, name);
  }
  await page.context().close();
});

test("a spectator's row keeps the focus while the table changes", async () => {
  const page = await visit(stage.browser, stage.server.page);
  await enter(page, "eve", "#watch");
  const bots = startBots(stage.server.play, 3, "--behaviour", "idle", "--room", await roomOf(page));
  const rows = () => page.locator("#scores-body tr").count();
  try {
    await page.click("#btn-scores");
    await page.until(() => document.querySelectorAll("#scores-body tr").length >= 3);
    const player = await page.$eval("#scores-body tr", (row) => (row.focus(), row.dataset.player));
    const [before, more] = [
      await rows(),
      startBots(stage.server.play, 1, "--behaviour", "idle", "--room", await roomOf(page)),
    ];
    await page.until((rows) => document.querySelectorAll("#scores-body tr").length > rows, before);
    assert.equal(await page.evaluate(() => document.activeElement.dataset.player), player);
    await more.stop();
  } finally {
    await bots.stop();
    await page.context().close();
  }
});

test("on a phone held sideways the player's own row is above the mark for more rows", async () => {
  const host = await visit(stage.browser, stage.server.page);
  await enter(host, "ann");
  const bots = startBots(stage.server.play, 12, "--behaviour", "idle", "--room", await roomOf(host));
  try {
    await host.until(() => window.tickwirePage.drawn.ships >= 13);
    for (const viewport of [{ width: 844, height: 390 }, { width: 568, height: 320 }]) {
      const page = await visit(stage.browser, host.url(), { ...PHONE, viewport });
      await enter(page, "zoe");
      await page.click("#btn-net");
      await page.click("#btn-scores");
      await page.until(() => document.querySelector("#scores-body .own"));
      await page.waitForTimeout(300);
      await keep(page, `access-own-row-${viewport.width}`);
      const { row, mark, head } = await page.evaluate(() => {
        const [panel, own] = ["#scores", "#scores-body .own"].map((part) =>
          document.querySelector(part).getBoundingClientRect(),
        );
        const isMore = document.querySelector("#scores").hasAttribute("data-more");
        return {
          row: own,
          mark: panel.bottom - (isMore ? 2.4 * 16 : 0),
          head: document.querySelector("#scores th").getBoundingClientRect().bottom,
        };
      });
      assert.ok(
        row.bottom <= mark && row.top >= head - 1,
        `the row is at ${row.top} to ${row.bottom}, the free space at ${head} to ${mark}`,
      );
      const pressed = await page.$$eval(".buttons [aria-pressed=true]", (buttons) =>
        buttons.map(({ id }) => id),
      );
      assert.deepEqual(pressed, ["btn-scores"], "the button of a hidden panel does not look pressed");
      await page.context().close();
    }
  } finally {
    await bots.stop();
    await host.context().close();
  }
});

test("with reduced motion there are no trails, sparks, shaking or gliding", async () => {
  const seen = {};
  for (const reducedMotion of ["no-preference", "reduce"]) {
    const page = await visit(stage.browser, stage.server.page, { ...LAPTOP, reducedMotion });
    await enter(page, "ann");
    seen[reducedMotion] = await page.evaluate(motions, reducedMotion === "reduce");
    // Also in the running page: a shot's trail is its only linear gradient.
    await page.until(() => window.tickwirePage.drawn.own?.alive);
    await page.evaluate(() => {
      window.trails = [];
      const { createLinearGradient } = CanvasRenderingContext2D.prototype;
      CanvasRenderingContext2D.prototype.createLinearGradient = function (x, y, to_x, to_y) {
        window.trails.push(Math.hypot(to_x - x, to_y - y));
        return createLinearGradient.call(this, x, y, to_x, to_y);
      };
    });
    await page.keyboard.down("Space");
    await page.until(() => window.trails.length > 20);
    await page.keyboard.up("Space");
    seen[reducedMotion].trail = Math.max(...(await page.evaluate(() => window.trails)));
    page.assertClean();
    await page.context().close();
  }
  const { "no-preference": lively, reduce: calm } = seen;
  assert.ok(
    lively.sparks > 40 && lively.rings > 1 && lively.steps > 1 && lively.trail > 0.5,
    JSON.stringify(lively),
  );
  assert.deepEqual(calm, { sparks: 0, rings: 1, steps: 1, trail: calm.trail });
  assert.ok(calm.trail < 0.1, `a trail of ${calm.trail} tiles`);
});

/** The number of sparks of a destroyed ship, of sizes of a ring, and of steps in which the view moves far. */
async function motions(calm) {
  const [{ Effects }, { Camera }] = await Promise.all([
    import("./arena/effects.js"),
    import("./arena/camera.js"),
  ]);
  const [effects, camera] = [Object.assign(new Effects(), { calm }), Object.assign(new Camera(), { calm })];
  const ship = { id: 1, player: 1, own: false, x: 5, y: 5, vx: 3, vy: 0, alive: true };
  effects.hear([{ type: "returned", ship }, { type: "destroyed", ship, at: ship }], [ship]);
  const radii = new Set();
  let sparks = 0;
  const context = {
    beginPath() {},
    stroke() {},
    drawImage: () => sparks++,
    arc: (x, y, radius) => radii.add(radius),
  };
  const view = { sees: () => true };
  for (let step = 0; step < 3; step++) {
    effects.update(0.03, [ship]);
    radii.clear();
    effects.draw(context, view);
  }
  const first = [...radii];
  effects.update(0.03, [ship]);
  radii.clear();
  effects.draw(context, view);
  const isGrown = first.some((radius) => !radii.has(radius));
  const [size, map, insets] = [
    { width: 800, height: 600 },
    { width: 60, height: 60 },
    { left: 0, right: 0, top: 0, bottom: 0 },
  ];
  camera.update(0.016, size, map, { x: 20, y: 20 }, insets);
  let steps = 0;
  for (let before = camera.x; steps < 50; before = camera.x, steps++) {
    camera.update(0.016, size, map, { x: 40, y: 40 }, insets);
    if (camera.x === before) break;
  }
  return { sparks, rings: isGrown ? 2 : 1, steps };
}
