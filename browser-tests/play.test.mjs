// Playing for real: the own ship answers at once, shots count, cuts heal, kicks are told, all see the same state.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { drawn, enter, keep, openBrowser, until, visit } from "./support/browser.mjs";
import { startBots, startServer, startWire } from "./support/processes.mjs";

let server;
let browser;
before(async () => {
  [server, browser] = await Promise.all([startServer(), openBrowser()]);
});
after(async () => {
  await browser?.close();
  await server?.stop();
});

const roomOf = (page) => page.evaluate(() => window.tickwirePage.client.room);
const stands = () => {
  const { own } = window.tickwirePage.drawn;
  const same = own && window.lastOwn && own.x === window.lastOwn.x && own.y === window.lastOwn.y;
  window.lastOwn = own;
  return same && own.alive;
};

/** Where the nearest other ship is on the screen. */
const nearest = () => {
  const ships = window.tickwirePage.ships();
  const own = ships.find((ship) => ship.own);
  const far = (ship) => Math.hypot(ship.x - own.x, ship.y - own.y);
  return own && ships.filter((ship) => !ship.own).sort((one, other) => far(one) - far(other))[0];
};

/** Notes what is drawn when a key goes down, and one animation frame later. */
const watchKey = () => {
  window.moved = new Promise((resolve) => {
    const pressed = () => {
      const { frames, own } = window.tickwirePage.drawn;
      // Asked for after the page asked for its own frame: it runs behind the page's, in the very next one.
      requestAnimationFrame(() => {
        const now = window.tickwirePage.drawn;
        resolve({ frames: now.frames - frames, before: own, after: now.own });
      });
    };
    window.addEventListener("keydown", pressed, { once: true });
  });
};

test("a key press moves the drawn ship in the next animation frame", async () => {
  const page = await visit(browser, server.page);
  await enter(page, "ann");
  const keys = { KeyD: ["x", 1], KeyA: ["x", -1], KeyS: ["y", 1], KeyW: ["y", -1] };
  for (const [key, [axis, sign]] of Object.entries(keys)) {
    await until(page, stands);
    await page.evaluate(watchKey);
    await page.keyboard.down(key);
    const { frames, before, after } = await page.evaluate(() => window.moved);
    await page.keyboard.up(key);
    const by = after[axis] - before[axis];
    assert.equal(frames, 1, key);
    assert.ok(by * sign > 0, `${key} moved the ship by ${by}`);
  }
  page.assertClean();
  await page.context().close();
});

test("shots at bots are drawn and cost health or bring a score", async () => {
  const page = await visit(browser, server.page);
  // The small map: everybody is near.
  await page.click("#create summary");
  await page.click("text=Duel");
  await enter(page, "hunter", "text=Create and play");
  const bots = startBots(server.play, 8, "--behaviour", "hunt", "--room", await roomOf(page));
  try {
    await until(page, () => window.tickwirePage.drawn.ships >= 9);
    await page.evaluate(() => {
      window.news = [];
      window.tickwirePage.client.on("event", (event) => window.news.push(event));
    });
    // Aims at the nearest ship with the mouse, as a player would, until it has hit one.
    await page.mouse.down();
    const hit = () => window.news.some((event) => event.type === "Hit" && event.by === window.tickwirePage.client.player);
    for (let tries = 0; tries < 1000 && !(await page.evaluate(hit)); tries++) {
      const aim = await page.evaluate(nearest);
      if (aim) await page.mouse.move(aim.x, aim.y);
      await page.waitForTimeout(50);
    }
    assert.ok(await page.evaluate(hit), "no shot hit");
    await until(page, () => window.tickwirePage.drawn.shots > 0);
    await keep(page, "play");
    await page.mouse.up();
    await page.keyboard.press("F3");
    await page.keyboard.down("Tab");
    await page.waitForTimeout(400);
    await keep(page, "scores-and-net-graph");
    await page.keyboard.up("Tab");
    page.assertClean();
  } finally {
    await bots.stop();
    await page.context().close();
  }
});

test("a cut is told and resumed as the same player", async () => {
  const wire = await startWire(server.page);
  const page = await visit(browser, wire.page);
  try {
    await enter(page, "phoenix");
    const who = () => page.evaluate(() => [window.tickwirePage.client.room, window.tickwirePage.client.player, window.tickwirePage.client.entityId]);
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
    await until(page, (from) => window.tickwirePage.drawn.frames > from && window.tickwirePage.drawn.own?.alive, frames);
    // The browser itself reports each refused connection; nothing else may be wrong.
    assert.deepEqual(page.faults.filter((fault) => !/WebSocket connection|ERR_/.test(fault)), []);
  } finally {
    await page.context().close();
    await wire.stop();
  }
});

test("a kick shows its text and what to do", async () => {
  const page = await visit(browser, server.page);
  await enter(page, "rascal");
  const { sessions } = await (await fetch(`${server.admin}sessions`)).json();
  const session = sessions.find((other) => other.player === "rascal");
  assert.equal((await fetch(`${server.admin}sessions/${session.id}`, { method: "DELETE" })).ok, true);
  await page.waitForSelector("#closed[open]");
  assert.match(await page.textContent("#closed-code"), /4014 kicked/);
  assert.match(await page.textContent("#closed"), /You were removed/);
  await keep(page, "kicked");
  await page.click("#closed-act");
  assert.equal(await page.isVisible("#lobby"), true);
  page.assertClean();
  await page.context().close();
});

test("a room that is closed leads to another room", async () => {
  const page = await visit(browser, server.page);
  await enter(page, "ann");
  const room = await roomOf(page);
  assert.equal((await fetch(`${server.admin}rooms/${room}`, { method: "DELETE" })).ok, true);
  await page.waitForSelector("#closed[open]");
  assert.match(await page.textContent("#closed"), /4010 no_such_room.*closed/s);
  await page.click("text=Play in another room");
  await enter(page, "ann");
  assert.notEqual(await roomOf(page), room);
  page.assertClean();
  await page.context().close();
});

test("a spectator sees the same state as a player at the same tick", async () => {
  const player = await visit(browser, server.page);
  await enter(player, "ann");
  const bots = startBots(server.play, 4, "--room", await roomOf(player));
  const watcher = await visit(browser, `${player.url()}&watch`);
  try {
    await enter(watcher, "eve", "#watch");
    assert.equal(await watcher.evaluate(() => window.tickwirePage.client.player), null);
    const note = () => {
      window.hashes = {};
      const look = () => {
        const { client } = window.tickwirePage;
        window.hashes[client.tick] = client.stateHash();
        setTimeout(look, 4);
      };
      look();
    };
    await Promise.all([player.evaluate(note), watcher.evaluate(note)]);
    const shared = async () => {
      const [one, other] = await Promise.all([player, watcher].map((page) => page.evaluate(() => window.hashes)));
      return Object.keys(one).filter((tick) => tick in other).map((tick) => [one[tick], other[tick]]);
    };
    let pairs = [];
    for (let tries = 0; tries < 100 && pairs.length < 30; tries++) {
      await player.waitForTimeout(100);
      pairs = await shared();
    }
    assert.ok(pairs.length >= 30, `${pairs.length} ticks were seen by both`);
    for (const [one, other] of pairs) assert.equal(one, other);
    assert.ok(new Set(pairs.map(([hash]) => hash)).size > 5, "the state did not change");

    await keep(watcher, "spectator");
    await watcher.click("#spec-next");
    await watcher.waitForFunction(() => document.querySelector("#spec-name").textContent !== "Watching everyone");
    await watcher.waitForTimeout(600);
    await keep(watcher, "spectator-following");
    for (const page of [player, watcher]) page.assertClean();
  } finally {
    await bots.stop();
    await Promise.all([player.context().close(), watcher.context().close()]);
  }
});
