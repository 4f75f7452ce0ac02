// Playing: the player's ship responds at once, shots count, cuts are survived, kicks are reported, and all
// clients have the same state.

import assert from "node:assert/strict";
import { test } from "node:test";
import { drawn, enter, keep, openBrowser, visit } from "./support/browser.mjs";
import { assertSameState, countHits, fireUntil, flyAndWatch, roomOf, stands } from "./support/playing.mjs";
import { startBots, startServer, startWire } from "./support/processes.mjs";
import { setStage } from "./support/stage.mjs";

const stage = setStage(startServer, openBrowser);

test("a key press moves the drawn ship in the next animation frame", async () => {
  const page = await visit(stage.browser, stage.server.page);
  await enter(page, "ann");
  await flyAndWatch(page);
  page.assertClean();
  await page.context().close();
});

test("after a click on a button the keys still fly the ship", async () => {
  const page = await visit(stage.browser, stage.server.page);
  await enter(page, "ann");
  await page.click("#btn-net");
  await flyAndWatch(page);
  page.assertClean();
  await page.context().close();
});

test("a tap shorter than a frame fires", async () => {
  const page = await visit(stage.browser, stage.server.page);
  await enter(page, "ann", "#play");
  await page.until(() => window.tickwirePage.drawn.own?.alive);
  assert.equal(await page.evaluate(() => window.tickwirePage.drawn.shots), 0);
  await page.evaluate(() => {
    for (const type of ["keydown", "keyup"]) {
      document.body.dispatchEvent(new KeyboardEvent(type, { code: "Space", bubbles: true }));
    }
  });
  await page.until(() => window.tickwirePage.drawn.shots > 0);
  page.assertClean();
  await page.context().close();
});

test("shots at bots hit, and a kill raises the score on the screen and in the table", async () => {
  const page = await visit(stage.browser, stage.server.page);
  // A small map, and bots that do not move: the hunter is never destroyed and always sees one.
  await page.click("#create summary");
  await page.click("text=Duel");
  await enter(page, "hunter", "text=Create and play");
  const bots = startBots(stage.server.play, 7, "--behaviour", "idle", "--room", await roomOf(page));
  try {
    await page.until(() => window.tickwirePage.drawn.ships >= 8);
    await countHits(page);
    await fireUntil(page, () => window.hits > 0 && window.tickwirePage.drawn.shots > 0, "hit");
    await keep(page, "play");
    await fireUntil(page, () => window.tickwirePage.drawn.own?.score > 0, "kill");
    await page.until(() => /hunterdestroyed/.test(document.querySelector("#feed").textContent));
    await page.keyboard.press("F3");
    await page.keyboard.down("Tab");
    await page.until(
      () => Number(document.querySelector("#scores-body .own td:nth-child(3)")?.textContent) > 0,
    );
    await page.waitForTimeout(400);
    await keep(page, "scores-and-net-graph");
    await page.keyboard.up("Tab");
    page.assertClean();
  } finally {
    await bots.stop();
    await page.context().close();
  }
});

test("the player's own row is visible when the table opens, below any number of pilots", async () => {
  const host = await visit(stage.browser, stage.server.page);
  await enter(host, "ann");
  const bots = startBots(stage.server.play, 20, "--behaviour", "idle", "--room", await roomOf(host));
  try {
    await host.until(() => window.tickwirePage.drawn.ships >= 21);
    const late = await visit(stage.browser, host.url(), { viewport: { width: 1000, height: 480 } });
    await enter(late, "zoe");
    await late.until(() => window.tickwirePage.drawn.ships >= 22);
    await late.click("#btn-scores");
    await late.until(() => {
      const own = document.querySelector("#scores-body .own")?.getBoundingClientRect();
      const panel = document.querySelector("#scores").getBoundingClientRect();
      return own && own.top >= panel.top && own.bottom <= panel.bottom;
    });
    await keep(late, "scores-own-row");
    for (const page of [host, late]) {
      page.assertClean();
      await page.context().close();
    }
  } finally {
    await bots.stop();
  }
});

test("a cut is reported, and the player is back as the same player", async () => {
  const wire = await startWire(stage.server.page);
  const page = await visit(stage.browser, wire.page);
  try {
    await enter(page, "phoenix");
    const who = () =>
      page.evaluate(() => [
        window.tickwirePage.client.room,
        window.tickwirePage.client.player,
        window.tickwirePage.client.entityId,
      ]);
    const before = await who();
    const { frames } = await drawn(page);
    wire.down = true;
    wire.cut();
    await page.waitForSelector("#link-lost:not([hidden])");
    assert.match(await page.textContent("#link-lost"), /Connection lost/);
    await keep(page, "cut");
    wire.down = false;
    await page.waitForSelector("#link-lost", { state: "hidden" });
    await page.waitForSelector("#toasts >> text=in the same ship");
    assert.deepEqual(await who(), before);
    await page.until(
      (from) => window.tickwirePage.drawn.frames > from && window.tickwirePage.drawn.own?.alive,
      frames,
    );
    // The browser itself reports each refused connection; there may be no other faults.
    assert.deepEqual(page.faults.filter((fault) => !/WebSocket connection|ERR_/.test(fault)), []);
  } finally {
    await page.context().close();
    await wire.stop();
  }
});

test("during a cut no ship drifts into a wall", async () => {
  const wire = await startWire(stage.server.page);
  const pilot = await visit(stage.browser, stage.server.page);
  const page = await visit(stage.browser, "about:blank");
  try {
    // Messages in flight when the wire breaks do not arrive.
    await page.addInitScript(() => {
      window.WebSocket = class extends WebSocket {
        set onmessage(hear) {
          super.onmessage = hear && ((message) => window.isDeaf || hear(message));
        }
      };
    });
    await page.exposeFunction("cutTheWire", () => {
      wire.down = true;
      wire.cut();
    });
    await page.goto(wire.page);
    await pilot.click("#create > summary");
    await pilot.check("[name=map][value=duel]", { force: true });
    await enter(pilot, "pilot", "#create-form [type=submit]");
    await page.evaluate((hash) => (location.hash = hash), new URL(pilot.url()).hash);
    await enter(page, "ann");
    // Up to the wall, then down towards the other one; the wire breaks just before it, at full speed.
    await pilot.keyboard.down("KeyW");
    await pilot.waitForTimeout(300);
    await pilot.until(stands);
    await pilot.keyboard.up("KeyW");
    await pilot.keyboard.down("KeyA");
    await pilot.until(() => window.tickwirePage.drawn.own.x < 1.6);
    await pilot.keyboard.up("KeyA");
    await page.evaluate(watchTheWall);
    await pilot.keyboard.down("KeyS");
    await page.waitForSelector("#link-lost:not([hidden])");
    await page.waitForTimeout(1500);
    await keep(page, "cut-at-a-wall");
    const { nearest, deepest } = await page.evaluate(() => window.wall);
    assert.ok(nearest < 1.7, `the ship was ${nearest} tiles from the wall when the wire was cut`);
    assert.ok(deepest <= 0.02, `it went ${deepest} tiles into the wall`);
  } finally {
    await Promise.all([page, pilot].map((each) => each.context().close()));
    await wire.stop();
  }
});

test("without updates, ships stop at walls and slide along them, and shots end there", async () => {
  const page = await visit(stage.browser, stage.server.page);
  const seen = await page.evaluate(async () => {
    const [{ World }, { ArenaMap }] = await Promise.all([
      import("./arena/world.js"),
      import("./arena/map.js"),
    ]);
    const [world, map] = [new World(), new ArenaMap(["#####", "#...#", "#...#", "#####"])];
    const ship = (x, y) => ({
      id: 1,
      kind: "ship",
      own: false,
      player: 1,
      pos: { x, y },
      vel: { x: 0, y: 0.2 },
      hp: 100,
      alive: true,
    });
    const shot = (x, y) => ({ id: 2, kind: "shot", owner: 1, pos: { x, y }, vel: { x: 0, y: 1 } });
    const places = [];
    for (let step = 0; step < 12; step++) {
      const { ships, shots } = world.see(
        [ship(1.5 + step * 0.05, 2 + step * 0.1), shot(2.5, 2.5 + step * 0.25)],
        map,
        30,
      );
      places.push([ships[0].x, ships[0].y, shots.length]);
    }
    return places;
  });
  const [x, y, shots] = seen.at(-1);
  assert.ok(y > 2.5 && y <= 3 - 0.385, `the ship is at ${y}, the wall at 3`);
  assert.ok(Math.abs(x - 2.05) < 1e-6, `it slides to ${x}`);
  assert.deepEqual([seen[0][2], shots], [1, 0]);
  await page.context().close();
});

/**
 * Cuts the wire when the other ship is close to the lowest wall, and records its distance then and how deep
 * it enters the wall.
 */
function watchTheWall() {
  const { client } = window.tickwirePage;
  const floor = client.settings.rows.length - 1;
  const HULL = 400 / 1024;
  window.wall = { nearest: Infinity, deepest: -Infinity };
  const look = () => {
    const { y } = window.tickwirePage.ships().find((ship) => !ship.own).at;
    const gap = floor - y - HULL;
    if (gap < 1.6 && window.wall.nearest === Infinity) {
      window.wall.nearest = gap;
      window.isDeaf = true;
      window.cutTheWire();
    }
    window.wall.deepest = Math.max(window.wall.deepest, -gap);
    requestAnimationFrame(look);
  };
  look();
}

test("a kick shows its text and what to do", async () => {
  const page = await visit(stage.browser, stage.server.page);
  await enter(page, "rascal");
  const { sessions } = await (await fetch(`${stage.server.admin}sessions`)).json();
  const session = sessions.find((other) => other.player === "rascal");
  assert.equal((await fetch(`${stage.server.admin}sessions/${session.id}`, { method: "DELETE" })).ok, true);
  await page.waitForSelector("#closed[open]");
  assert.match(await page.textContent("#closed-code"), /4014 kicked/);
  assert.match(await page.textContent("#closed"), /You were removed/);
  // The finished match is not visible behind the lobby's text.
  assert.equal(await page.isVisible("#view"), false);
  await keep(page, "kicked");
  await page.click("#closed-act");
  assert.equal(await page.isVisible("#lobby"), true);
  page.assertClean();
  await page.context().close();
});

test("after a room is closed, the page offers another room", async () => {
  const page = await visit(stage.browser, stage.server.page);
  await enter(page, "ann");
  const room = await roomOf(page);
  assert.equal((await fetch(`${stage.server.admin}rooms/${room}`, { method: "DELETE" })).ok, true);
  await page.waitForSelector("#closed[open]");
  assert.match(await page.textContent("#closed"), /4010 no_such_room.*closed/s);
  await page.click("text=Play in another room");
  await enter(page, "ann");
  assert.notEqual(await roomOf(page), room);
  page.assertClean();
  await page.context().close();
});

test("a spectator sees the same state as a player and as the bots", async () => {
  const player = await visit(stage.browser, stage.server.page);
  await enter(player, "ann");
  const bots = startBots(stage.server.play, 4, "--room", await roomOf(player));
  const watcher = await visit(stage.browser, `${player.url()}&watch`);
  let report;
  try {
    await watcher.until(() => window.tickwirePage.drawn.ships >= 5);
    assert.equal(await watcher.evaluate(() => window.tickwirePage.client.player), null);
    await watcher.until(() => document.querySelector("#spec-name").textContent === "Watching everyone");
    assert.ok(
      await watcher.$eval("#spec-name", (name) => name.scrollWidth <= name.clientWidth),
      "the text is not cut off",
    );
    await keep(watcher, "whole-map");
    await assertSameState(player, watcher);
    // Page and bots compare their state with the server's hash, every 32 ticks.
    await watcher.until(() => window.tickwirePage.client.stats().hash_checks >= 2);
    assert.equal(await watcher.evaluate(() => window.tickwirePage.client.stats().hash_mismatches), 0);

    await keep(watcher, "spectator");
    await watcher.click("#spec-next");
    await watcher.waitForFunction(
      () => document.querySelector("#spec-name").textContent !== "Watching everyone",
    );
    await watcher.waitForTimeout(600);
    await keep(watcher, "spectator-following");
    for (const page of [player, watcher]) page.assertClean();
  } finally {
    report = await bots.stop();
    await Promise.all([player.context().close(), watcher.context().close()]);
  }
  assert.ok(report.hash_checks >= 4, `${report.hash_checks} checks`);
  assert.equal(report.hash_mismatches, 0);
});

test("a spectator's cut is reported, and the spectator is back in the same room", async () => {
  const player = await visit(stage.browser, stage.server.page);
  await enter(player, "ann");
  const bots = startBots(stage.server.play, 4, "--room", await roomOf(player));
  const wire = await startWire(stage.server.page);
  const watcher = await visit(stage.browser, `${wire.page}#room=${await roomOf(player)}&watch`);
  try {
    await watcher.until(() => window.tickwirePage.drawn.ships >= 5);
    await watcher.click("#spec-next");
    await watcher.until(() => document.querySelector("#spec-name").textContent !== "Watching everyone");
    const followed = await watcher.textContent("#spec-name");
    wire.down = true;
    wire.cut();
    await watcher.waitForSelector("#link-lost:not([hidden])");
    wire.down = false;
    await watcher.waitForSelector("#toasts >> text=in the same room");
    assert.equal(await roomOf(watcher), await roomOf(player));
    assert.equal(await watcher.textContent("#spec-name"), followed);
    await assertSameState(player, watcher);
  } finally {
    await bots.stop();
    await Promise.all([player.context().close(), watcher.context().close()]);
    await wire.stop();
  }
});
